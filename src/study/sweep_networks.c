/* The networks of a sweep by their names, and where their runs stand. */
#include "study/sweep.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t sweep_run_index(const ntk_sweep *sweep, size_t activation, size_t width, size_t seed) {
    return (activation * sweep->width_count + width) * sweep->seed_count + seed;
}

bool sweep_has_setting(const char *network, const char *setting) {
    const char *last = strrchr(network, '-');
    return last && strcmp(last + 1, setting) == 0;
}

/* "relu", "relu-2", "relu-k3", "residual-2-k10-soft" (sweep.h). */
ntk_status sweep_describe_network(const char *name, ntk_training_options *out) {
    ntk_architecture *architecture = &out->architecture;
    char family[32];
    snprintf(family, sizeof family, "%.*s", (int)strcspn(name, "-"), name);
    for (const char *part = strchr(name, '-'); part; part = strchr(part + 1, '-')) {
        if (part[1] == 'k') out->classes = strtoul(part + 2, NULL, 10);
        if (isdigit((unsigned char)part[1])) architecture->depth = strtoul(part + 1, NULL, 10);
    }
    if (sweep_has_setting(name, "l2")) out->epsilon = 0;
    if (strcmp(family, "residual") != 0) return ntk_activation_parse(family, &architecture->activation);
    architecture->family = NTK_RESIDUAL;
    architecture->activation = NTK_RELU;
    return NTK_OK;
}

/* The names are choices of the parameter's table: each is known. */
static ntk_architecture architecture_of(const ntk_sweep *sweep, size_t activation) {
    ntk_training_options network = {.architecture.depth = sweep->depth};
    (void)sweep_describe_network(sweep->activations[activation], &network);
    return network.architecture;
}

const double *ntk_sweep_widths(const ntk_sweep *sweep, size_t activation) {
    return architecture_of(sweep, activation).depth > 1 ? sweep->deep_widths : sweep->widths;
}

bool ntk_sweep_is_smooth(const ntk_sweep *sweep, size_t activation) {
    return ntk_activation_is_smooth(architecture_of(sweep, activation).activation);
}
