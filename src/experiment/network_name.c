/* Names of networks. */
#include <ntk/lab/network_name.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ntk/architecture.h>
#include <ntk/status.h>

/* ---- reading --------------------------------------------------------------------------------- */

static bool is_part(const char *part, size_t length, const char *wanted) {
    return strlen(wanted) == length && strncmp(part, wanted, length) == 0;
}

static ntk_status parse_classes(const char *name, const char *number, ntk_network_name *out) {
    if (out->classes != 0) return ntk_fail(NTK_ERROR_ARGUMENT, "'%s': classes are given twice", name);
    out->classes = strtoul(number, NULL, 10);
    if (out->classes < 2 || out->classes > NTK_NETWORK_CLASSES_MAX)
        return ntk_fail(NTK_ERROR_ARGUMENT, "'%s': classes should be 2 to %d", name, NTK_NETWORK_CLASSES_MAX);
    return NTK_OK;
}

static ntk_status parse_setting(const char *name, ntk_network_setting setting, ntk_network_name *out) {
    if (out->setting != NTK_SETTING_COMMON)
        return ntk_fail(NTK_ERROR_ARGUMENT, "'%s': one of l2, soft, brier and poisson should be given, once",
                        name);
    out->setting = setting;
    return NTK_OK;
}

static const char *const settings[] = {[NTK_SETTING_COMMON] = "",
                                       [NTK_SETTING_L2] = "l2",
                                       [NTK_SETTING_SOFT] = "soft",
                                       [NTK_SETTING_BRIER] = "brier",
                                       [NTK_SETTING_POISSON] = "poisson"};

/* What stands between two hyphens behind the architecture: "k10" or a setting. */
static ntk_status parse_part(const char *name, const char *part, size_t length, ntk_network_name *out) {
    if (length > 1 && part[0] == 'k' && strspn(part + 1, "0123456789") == length - 1)
        return parse_classes(name, part + 1, out);
    for (int k = NTK_SETTING_L2; k <= NTK_SETTING_POISSON; k++)
        if (is_part(part, length, settings[k])) return parse_setting(name, (ntk_network_setting)k, out);
    return ntk_fail(NTK_ERROR_ARGUMENT,
                    "'%s': '%.*s' should be a depth, k and the number of classes, l2, soft, brier or poisson",
                    name, (int)length, part);
}

static void print(ntk_network_name *name) {
    const ntk_architecture architecture = {
        .family = name->family, .activation = name->activation, .depth = name->depth};
    char start[NTK_ARCHITECTURE_NAME_SIZE], classes[24] = "";
    if (name->classes != 0) snprintf(classes, sizeof classes, "-k%zu", name->classes);
    snprintf(name->text, sizeof name->text, "%s%s%s%s", ntk_architecture_name(&architecture, start), classes,
             name->setting == NTK_SETTING_COMMON ? "" : "-", settings[name->setting]);
}

static ntk_status parse(const char *text, ntk_network_name *out) {
    ntk_architecture architecture = {0};
    const char *rest;
    NTK_TRY(ntk_architecture_parse(text, &architecture, &rest));
    out->family = architecture.family;
    out->activation = architecture.activation;
    out->depth = architecture.depth;
    for (; *rest == '-'; rest += 1 + strcspn(rest + 1, "-"))
        NTK_TRY(parse_part(text, rest + 1, strcspn(rest + 1, "-"), out));
    print(out);
    return NTK_OK;
}

ntk_status ntk_network_name_parse(const char *text, ntk_network_name *out) {
    *out = (ntk_network_name){0};
    const ntk_status status = parse(text, out);
    if (status != NTK_OK) *out = (ntk_network_name){0};
    return status;
}
