/* The mean of the empirical NTK over initialisations differs from Theta by O(1/m) (jacot-2018 has the limit;
 * this is the next order of the same expansion).
 *
 * Let G^l be the Gram matrix of the activations of layer l. Given the layer below, E G^l = F(G^{l-1}), F the
 * dual activation, which off the diagonal is not linear. G^{l-1} is an average over m neurons, so that
 *
 *     E F(G^{l-1}) - F(E G^{l-1}) = F'' Var(G^{l-1}) / 2 + ... = O(1/m),
 *
 * and so for Theta_hat_0, which is built of such averages. Two cases have no bias at all:
 *
 *   L = 1, any activation: Theta_hat_0 is an average over independent neurons, each of mean Theta.
 *   The diagonal for ReLU without biases, any L: relu'(h) depends on the sign of h, which is independent of
 * |h| and, W and -W being alike, of the squared weights. So every factor of Theta_hat_ii = sum_l s_l^2
 * ||a^{l-1}||^2
 *   ||delta^l||^2 has its limit for a conditional mean.
 *
 * The bias is far below the spread of one network, so it is read off means over many; and ||E Theta_hat_0 -
 * Theta||^2 is estimated without the noise by <D, D'>, the deviations of two means over disjoint sets of
 * networks. The points stand at 120 degrees on a circle, where the bias is large beside the spread; by
 * symmetry E Theta_hat_0 has then one value on the diagonal and one off it. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include <ntk/ntk.h>

static const ntk_parameter parameters[] = {
    {"depths", NTK_PARAMETER_INTEGER_LIST, "2 3", 1, 8, NULL, "hidden layers of the deep networks, ReLU"},
    {"widths", NTK_PARAMETER_INTEGER_LIST, "8 12 24", 1, 65536, NULL, "hidden widths, ascending"},
    {"networks", NTK_PARAMETER_INTEGER_LIST, "3072 2048 4096", 1, 1e7, NULL,
     "in a block, one number per width"},
    {"blocks", NTK_PARAMETER_INTEGER, "64", 4, 100000, NULL, "of networks; even"},
    {"diagonal-activation", NTK_PARAMETER_CHOICE, "relu", 0, 0, "relu|softplus",
     "of the networks, deep and of the first width, whose diagonal is looked at"},
    {"shallow-activations", NTK_PARAMETER_CHOICE_LIST, "relu erf gelu", 0, 0, "relu|erf|gelu",
     "of the shallow networks, of the first width"},
    {"shallow-depth", NTK_PARAMETER_INTEGER, "1", 1, 8, NULL, "their hidden layers; 1 by rights"},
    {"kernel-weight-variance", NTK_PARAMETER_REAL, "2", 0.01, 100, NULL,
     "of the kernel; 2, the networks', by rights"},
    {0}};

enum { POINTS = 3, INPUTS = 2, GRAM = POINTS * POINTS };

/* One activation, depth and width. */
typedef struct setting {
    const char *activation;
    ntk_architecture architecture;
    size_t width, networks;
    double kernel[GRAM];
    double *deviations; /* (blocks, GRAM): mean over a block of Theta_hat_0 - Theta */
    double *spreads;    /* (blocks): mean over a block of ||Theta_hat_0 - Theta||^2 off the diagonal */
} setting;

typedef struct study {
    const ntk_context *context;
    size_t blocks, width_count, depth_count, setting_count;
    double x[POINTS * INPUTS];
    setting *settings; /* (depths, widths) for the rate; (depths) for the diagonal; the shallow ones */
} study;

/* ---- sampling --------------------------------------------------------------------------------- */

/* <A, B> off the diagonal. */
static double inner(const double *a, const double *b) {
    double sum = 0;
    for (size_t k = 0; k < GRAM; k++)
        if (k / POINTS != k % POINTS) sum += a[k] * b[k];
    return sum;
}

static ntk_status run_unit(size_t unit, void *argument) {
    study *self = argument;
    const setting *s = &self->settings[unit / self->blocks];
    const size_t block = unit % self->blocks;
    const ntk_stream root = ntk_context_stream(self->context, block);
    char purpose[96];
    snprintf(purpose, sizeof purpose, "%s depth %zu width %zu", s->activation, s->architecture.depth,
             s->width);
    ntk_stream stream = ntk_stream_fork(&root, purpose);
    double *theta = NULL, *mean = s->deviations + block * GRAM;
    ntk_network *network;
    NTK_TRY(ntk_network_create(&s->architecture, INPUTS, s->width, 1, &network));
    ntk_status status = ntk_allocate_doubles(ntk_network_parameters(network), &theta);
    for (size_t k = 0; k < s->networks && status == NTK_OK; k++) {
        double gram[GRAM];
        ntk_network_initialise(network, &stream, theta);
        status = ntk_network_tangent_kernel(network, theta, POINTS, self->x, gram, POINTS);
        for (size_t e = 0; e < GRAM && status == NTK_OK; e++) {
            gram[e] -= s->kernel[e];
            mean[e] += gram[e] / (double)s->networks;
        }
        if (status == NTK_OK) s->spreads[block] += inner(gram, gram) / (double)s->networks;
    }
    ntk_release(theta);
    ntk_network_destroy(network);
    return status;
}

/* ---- the bias that decays --------------------------------------------------------------------- */

/* Exponent of ||E Theta_hat_0 - Theta|| off the diagonal: each pair of blocks is one sample. Where a product
 * is negative, for want of networks, its root is NaN and there is no estimate. values: (blocks / 2, widths).
 */
static ntk_status emit_exponent(ntk_context *context, const study *self, const setting *row, double *values) {
    size_t count;
    const double *widths = ntk_context_reals(context, "widths", &count);
    for (size_t p = 0; p < self->blocks / 2; p++)
        for (size_t w = 0; w < count; w++) {
            const double *first = row[w].deviations + 2 * p * GRAM;
            values[p * count + w] = sqrt(inner(first, first + GRAM));
        }
    ntk_estimate exponent;
    char name[64];
    snprintf(name, sizeof name, "exponent-%zu", row->architecture.depth);
    NTK_TRY(ntk_stats_rate(count, widths, self->blocks / 2, values, ntk_context_level(context), &exponent));
    return ntk_emit_estimate(context, name, &exponent);
}

/* Relative to the norm of Theta off the diagonal: the bias, and the root mean square deviation of one
 * network. */
static ntk_status tabulate(const study *self, const setting *s, ntk_table *table) {
    double bias = 0, spread = 0;
    for (size_t b = 0; b + 1 < self->blocks; b += 2)
        bias += inner(s->deviations + b * GRAM, s->deviations + (b + 1) * GRAM) / (double)(self->blocks / 2);
    for (size_t b = 0; b < self->blocks; b++) spread += s->spreads[b] / (double)self->blocks;
    const double norm = inner(s->kernel, s->kernel);
    const double row[] = {(double)s->architecture.depth, (double)s->width, sqrt(bias / norm),
                          sqrt(spread / norm)};
    return ntk_table_row(table, NULL, row);
}

/* ---- the means without bias ------------------------------------------------------------------- */

/* Mean deviation on the diagonal, or off it, relative to Theta_ii. values: (blocks). */
static ntk_status emit_mean(ntk_context *context, const study *self, const setting *s, bool diagonal,
                            double *values, ntk_table *table) {
    const double count = diagonal ? POINTS : GRAM - POINTS;
    for (size_t b = 0; b < self->blocks; b++) {
        values[b] = 0;
        for (size_t k = 0; k < GRAM; k++)
            if ((k / POINTS == k % POINTS) == diagonal)
                values[b] += s->deviations[b * GRAM + k] / (count * s->kernel[0]);
    }
    ntk_estimate mean;
    char name[64];
    const char *part = diagonal ? "diagonal" : "off-diagonal";
    if (diagonal)
        snprintf(name, sizeof name, "diagonal-%zu", s->architecture.depth);
    else
        snprintf(name, sizeof name, "shallow-%s", s->activation);
    NTK_TRY(ntk_stats_mean(self->blocks, values, ntk_context_level(context), &mean));
    NTK_TRY(ntk_emit_estimate(context, name, &mean));
    const char *labels[] = {s->activation, part};
    const double row[] = {(double)s->architecture.depth, (double)s->width, mean.value, mean.low, mean.high};
    return ntk_table_row(table, labels, row);
}

static ntk_status emit(ntk_context *context, const study *self, double *scratch) {
    ntk_table *rates, *means;
    NTK_TRY(ntk_emit_table(context, "bias", "depth width bias spread", &rates));
    NTK_TRY(ntk_emit_table(context, "means", "$activation $part depth width mean low high", &means));
    const setting *s = self->settings, *end = s + self->setting_count;
    for (size_t l = 0; l < self->depth_count; l++, s += self->width_count) {
        for (size_t w = 0; w < self->width_count; w++) NTK_TRY(tabulate(self, &s[w], rates));
        NTK_TRY(emit_exponent(context, self, s, scratch));
    }
    const setting *shallow = s + self->depth_count;
    for (; s < end; s++) NTK_TRY(emit_mean(context, self, s, s < shallow, scratch, means));
    return NTK_OK;
}

/* ---- settings --------------------------------------------------------------------------------- */

static ntk_status add_setting(study *self, const char *activation, long depth, long width, long networks) {
    setting *s = &self->settings[self->setting_count++];
    *s = (setting){.activation = activation,
                   .architecture = ntk_architecture_default(),
                   .width = (size_t)width,
                   .networks = (size_t)networks};
    s->architecture.depth = (size_t)depth;
    s->architecture.input_scale = NTK_INPUT_SCALE_NONE;
    NTK_TRY(ntk_activation_parse(activation, &s->architecture.activation));
    NTK_TRY(ntk_allocate_doubles(self->blocks * GRAM, &s->deviations));
    NTK_TRY(ntk_allocate_doubles(self->blocks, &s->spreads));
    ntk_architecture limit = s->architecture;
    limit.weight_variance = ntk_context_real(self->context, "kernel-weight-variance");
    return ntk_kernel_gram(&limit, NTK_KERNEL_NTK, POINTS, INPUTS, self->x, INPUTS, s->kernel, POINTS);
}

static ntk_status create_settings(study *self) {
    const ntk_context *context = self->context;
    size_t counts, shallow;
    const long *depths = ntk_context_integers(context, "depths", &self->depth_count);
    const long *widths = ntk_context_integers(context, "widths", &self->width_count);
    const long *networks = ntk_context_integers(context, "networks", &counts);
    const char *const *activations = ntk_context_choices(context, "shallow-activations", &shallow);
    if (counts != self->width_count)
        return ntk_fail(NTK_ERROR_ARGUMENT, "%zu numbers of networks for %zu widths", counts,
                        self->width_count);
    NTK_TRY(ntk_allocate(self->depth_count * (self->width_count + 1) + shallow, sizeof *self->settings,
                         (void **)&self->settings));
    for (size_t l = 0; l < self->depth_count; l++)
        for (size_t w = 0; w < self->width_count; w++)
            NTK_TRY(add_setting(self, "relu", depths[l], widths[w], networks[w]));
    for (size_t l = 0; l < self->depth_count; l++)
        NTK_TRY(add_setting(self, ntk_context_choice(context, "diagonal-activation"), depths[l], widths[0],
                            networks[0]));
    for (size_t a = 0; a < shallow; a++)
        NTK_TRY(add_setting(self, activations[a], ntk_context_integer(context, "shallow-depth"), widths[0],
                            networks[0]));
    return NTK_OK;
}

static void release_settings(study *self) {
    for (size_t k = 0; k < self->setting_count; k++) {
        ntk_release(self->settings[k].deviations);
        ntk_release(self->settings[k].spreads);
    }
    ntk_release(self->settings);
}

static ntk_status run(ntk_context *context) {
    const double height = sqrt(0.75);
    study self = {.context = context,
                  .blocks = (size_t)ntk_context_integer(context, "blocks"),
                  .x = {1, 0, -0.5, height, -0.5, -height}};
    double *scratch = NULL;
    ntk_status status = create_settings(&self);
    if (status == NTK_OK) status = ntk_allocate_doubles(self.blocks * self.width_count, &scratch);
    if (status == NTK_OK) status = ntk_map(self.setting_count * self.blocks, run_unit, &self);
    if (status == NTK_OK) status = emit(context, &self, scratch);
    release_settings(&self);
    ntk_release(scratch);
    return status;
}

const ntk_experiment NTK_EXPERIMENT = {parameters, run};
