/* The outputs at initialisation tend to a Gaussian process of covariance S^{L+1}, the NNGP kernel
 * (jacot-2018, chen-2025).
 *
 * Given the hidden layers, the K outputs at x_1 .. x_n are independent Gaussian vectors with the random
 * covariance C_ij = (w^2 / m) <a^L_i, a^L_j> + b^2. So f is Gaussian of covariance S^{L+1} as far as C is the
 * constant S^{L+1}: the mean of C is the covariance of f, and its spread is the excess kurtosis of f, 3
 * Var(C_ii) / (E C_ii)^2. Both are measured on f itself.
 *
 * For ReLU without biases the spread is known at every width. Given a^{l-1}, the preactivations h^l are m
 * independent N(0, s^2), s^2 proportional to ||a^{l-1}||^2. With E relu(h)^2 = s^2 / 2 and E relu(h)^4 = 3
 * s^4 / 2,
 *
 *     E ||a^l||^4 = (m 3/2 + m (m - 1) / 4) E s^4 = (1 + 5/m) (m/2)^2 E s^4,      E ||a^l||^2 = (m/2) E s^2.
 *
 * Each of the L hidden layers, the first too, multiplies E||a||^4 / (E||a||^2)^2 by 1 + 5/m, m its own width:
 *
 *     E f^4 = 3 (1 + 5/m)^L (S^{L+1}_ii)^2,      E f^2 = S^{L+1}_ii exactly.
 *
 * One sample is the mean over the outputs of a network; blocks of networks are the units. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <ntk/ntk.h>

static const ntk_parameter parameters[] = {
    {"activations", NTK_PARAMETER_CHOICE_LIST, "relu erf", 0, 0, "relu|erf|gelu",
     "activations; relu at every width, the others at the last"},
    {"depths", NTK_PARAMETER_INTEGER_LIST, "1 2 3", 1, 8, NULL, "hidden layers"},
    {"widths", NTK_PARAMETER_INTEGER_LIST, "16 32 64", 1, 65536, NULL, "hidden widths, ascending"},
    {"networks", NTK_PARAMETER_INTEGER_LIST, "1024 512 192", 1, 1e7, NULL,
     "in a block, one number per width"},
    {"blocks", NTK_PARAMETER_INTEGER, "64", 4, 100000, NULL, "of networks; even"},
    {"outputs", NTK_PARAMETER_INTEGER, "16", 1, 10000, NULL, "K, outputs of a network"},
    {"points", NTK_PARAMETER_INTEGER, "4", 2, 1000, NULL, "points on the unit sphere"},
    {"inputs", NTK_PARAMETER_INTEGER, "4", 2, 10000, NULL, "input dimension"},
    {"max-cosine", NTK_PARAMETER_REAL, "0.6", 0.01, 1, NULL, "largest |cosine| between two points"},
    {"bias-variance", NTK_PARAMETER_REAL, "0", 0, 100, NULL, "of networks and kernel"},
    {"extra-layers", NTK_PARAMETER_INTEGER, "0", 0, 8, NULL,
     "hidden layers that theory has beyond the networks"},
    {0}};

/* One activation, depth and width. */
typedef struct setting {
    const char *activation;
    ntk_architecture architecture;
    size_t width, networks;
    double *covariance; /* S^{L+1}, (n, n) */
    double *samples; /* (blocks, n n + 1): mean over a block of f_i f_j, and of f_i^4 / (3 (S^{L+1}_ii)^2) */
} setting;

typedef struct study {
    const ntk_context *context;
    size_t n, d, outputs, blocks, setting_count, extra_layers, widest;
    double *x;
    setting *settings;
} study;

/* ---- sampling --------------------------------------------------------------------------------- */

/* One network's contribution to the means of its block. f: (n, K). */
static void add_network(const study *self, const setting *s, const double *f, double *means) {
    const size_t n = self->n, K = self->outputs;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++)
            means[i * n + j] += ntk_dot(K, f + i * K, f + j * K) / (double)(K * s->networks);
        double fourth = 0;
        for (size_t k = 0; k < K; k++) {
            const double square = f[i * K + k] * f[i * K + k];
            fourth += square * square;
        }
        const double variance = s->covariance[i * n + i];
        means[n * n] += fourth / (3 * variance * variance * (double)(n * K * s->networks));
    }
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
    double *theta = NULL, *f = NULL;
    ntk_network *network;
    NTK_TRY(ntk_network_create(&s->architecture, self->d, s->width, self->outputs, &network));
    ntk_status status = ntk_allocate_doubles(ntk_network_parameters(network), &theta);
    if (status == NTK_OK) status = ntk_allocate_doubles(self->n * self->outputs, &f);
    for (size_t k = 0; k < s->networks && status == NTK_OK; k++) {
        ntk_network_initialise(network, &stream, theta);
        status = ntk_network_forward(network, theta, self->n, self->x, f);
        if (status == NTK_OK) add_network(self, s, f, s->samples + block * (self->n * self->n + 1));
    }
    ntk_release(f);
    ntk_release(theta);
    ntk_network_destroy(network);
    return status;
}

/* ---- the two laws ----------------------------------------------------------------------------- */

static const double *block_means(const study *self, const setting *s, size_t block) {
    return s->samples + block * (self->n * self->n + 1);
}

/* ||E f f^T - S||_F^2 / ||S||_F^2 without the sampling noise: the mean over pairs of blocks of <D, D'>, D and
 * D' the deviations of two independent block means. */
static ntk_status emit_covariance_error(ntk_context *context, const study *self, const setting *s,
                                        double *values) {
    const size_t gram = self->n * self->n, pairs = self->blocks / 2;
    const double norm = ntk_norm(gram, s->covariance);
    for (size_t p = 0; p < pairs; p++) {
        const double *first = block_means(self, s, 2 * p), *second = block_means(self, s, 2 * p + 1);
        values[p] = 0;
        for (size_t k = 0; k < gram; k++)
            values[p] += (first[k] - s->covariance[k]) * (second[k] - s->covariance[k]) / (norm * norm);
    }
    ntk_estimate error;
    char name[64];
    snprintf(name, sizeof name, "covariance-error-%s-%zu", s->activation, s->architecture.depth);
    NTK_TRY(ntk_stats_mean(pairs, values, ntk_context_level(context), &error));
    return ntk_emit_estimate(context, name, &error);
}

static ntk_status tabulate_covariance(const study *self, const setting *s, ntk_table *table) {
    for (size_t i = 0; i < self->n; i++)
        for (size_t j = 0; j <= i; j++) {
            double mean = 0;
            for (size_t b = 0; b < self->blocks; b++)
                mean += block_means(self, s, b)[i * self->n + j] / (double)self->blocks;
            const double row[] = {(double)s->architecture.depth, (double)s->width,
                                  s->covariance[i * self->n + j], mean};
            NTK_TRY(ntk_table_row(table, &s->activation, row));
        }
    return NTK_OK;
}

/* Interval of unit * (E f^4 / (3 S^2) - 1); unit = 3 gives the excess kurtosis. */
static ntk_status excess(const study *self, const setting *s, double unit, double *values,
                         ntk_estimate *out) {
    for (size_t b = 0; b < self->blocks; b++)
        values[b] = unit * (block_means(self, s, b)[self->n * self->n] - 1);
    return ntk_stats_mean(self->blocks, values, ntk_context_level(self->context), out);
}

/* The excess kurtosis, and its ratio to the law 3 ((1 + 5/m)^L - 1). */
static ntk_status emit_excess(ntk_context *context, const study *self, const setting *s, double *values,
                              ntk_table *table) {
    const size_t depth = s->architecture.depth;
    const double law = pow(1 + 5 / (double)s->width, (double)(depth + self->extra_layers)) - 1;
    ntk_estimate kurtosis, ratio;
    char name[64];
    NTK_TRY(excess(self, s, 3, values, &kurtosis));
    NTK_TRY(excess(self, s, 1 / law, values, &ratio));
    snprintf(name, sizeof name, "excess-kurtosis-%zu-%zu", depth, s->width);
    NTK_TRY(ntk_emit_estimate(context, name, &kurtosis));
    snprintf(name, sizeof name, "excess-ratio-%zu-%zu", depth, s->width);
    NTK_TRY(ntk_emit_estimate(context, name, &ratio));
    const double row[] = {(double)depth, (double)s->width, kurtosis.value,
                          kurtosis.low,  kurtosis.high,    3 * law};
    return ntk_table_row(table, NULL, row);
}

static ntk_status emit(ntk_context *context, const study *self, double *scratch) {
    ntk_table *covariance, *kurtosis;
    NTK_TRY(ntk_emit_table(context, "covariance", "$activation depth width kernel sample", &covariance));
    NTK_TRY(ntk_emit_table(context, "kurtosis", "depth width excess low high law", &kurtosis));
    for (size_t k = 0; k < self->setting_count; k++) {
        const setting *s = &self->settings[k];
        if (s->width == self->widest) NTK_TRY(emit_covariance_error(context, self, s, scratch));
        NTK_TRY(tabulate_covariance(self, s, covariance));
        if (s->architecture.activation == NTK_RELU) NTK_TRY(emit_excess(context, self, s, scratch, kurtosis));
    }
    return NTK_OK;
}

/* ---- settings --------------------------------------------------------------------------------- */

static ntk_status setting_create(const study *self, const char *activation, size_t depth, size_t width,
                                 size_t networks, setting *out) {
    *out = (setting){activation, ntk_architecture_default(), width, networks, NULL, NULL};
    out->architecture.depth = depth;
    out->architecture.bias_variance = ntk_context_real(self->context, "bias-variance");
    out->architecture.input_scale = NTK_INPUT_SCALE_NONE;
    NTK_TRY(ntk_activation_parse(activation, &out->architecture.activation));
    NTK_TRY(ntk_allocate_doubles(self->n * self->n, &out->covariance));
    NTK_TRY(ntk_allocate_doubles(self->blocks * (self->n * self->n + 1), &out->samples));
    ntk_architecture theory = out->architecture;
    theory.depth += self->extra_layers;
    return ntk_kernel_gram(&theory, NTK_KERNEL_NNGP, self->n, self->d, self->x, self->d, out->covariance,
                           self->n);
}

/* ReLU at every width, the other activations at the widest. */
static ntk_status create_settings(study *self) {
    size_t activations, depths, widths, counts;
    const char *const *activation = ntk_context_choices(self->context, "activations", &activations);
    const long *depth = ntk_context_integers(self->context, "depths", &depths);
    const long *width = ntk_context_integers(self->context, "widths", &widths);
    const long *networks = ntk_context_integers(self->context, "networks", &counts);
    if (counts != widths)
        return ntk_fail(NTK_ERROR_ARGUMENT, "%zu numbers of networks for %zu widths", counts, widths);
    self->widest = (size_t)width[widths - 1];
    NTK_TRY(ntk_allocate(activations * depths * widths, sizeof *self->settings, (void **)&self->settings));
    for (size_t a = 0; a < activations; a++)
        for (size_t l = 0; l < depths; l++)
            for (size_t w = strcmp(activation[a], "relu") == 0 ? 0 : widths - 1; w < widths; w++)
                NTK_TRY(setting_create(self, activation[a], (size_t)depth[l], (size_t)width[w],
                                       (size_t)networks[w], &self->settings[self->setting_count++]));
    return NTK_OK;
}

static void release_settings(study *self) {
    for (size_t k = 0; k < self->setting_count; k++) {
        ntk_release(self->settings[k].covariance);
        ntk_release(self->settings[k].samples);
    }
    ntk_release(self->settings);
}

static ntk_status run(ntk_context *context) {
    study self = {.context = context,
                  .n = (size_t)ntk_context_integer(context, "points"),
                  .d = (size_t)ntk_context_integer(context, "inputs"),
                  .outputs = (size_t)ntk_context_integer(context, "outputs"),
                  .blocks = (size_t)ntk_context_integer(context, "blocks"),
                  .extra_layers = (size_t)ntk_context_integer(context, "extra-layers")};
    const ntk_stream root = ntk_context_stream(context, 0);
    ntk_stream points = ntk_stream_fork(&root, "points");
    double *scratch = NULL;
    ntk_status status = ntk_allocate_doubles(self.n * self.d, &self.x);
    if (status == NTK_OK) status = ntk_allocate_doubles(self.blocks, &scratch);
    if (status == NTK_OK)
        status = ntk_data_sphere_separated(&points, self.n, self.d, ntk_context_real(context, "max-cosine"),
                                           self.x);
    if (status == NTK_OK) status = create_settings(&self);
    if (status == NTK_OK) status = ntk_map(self.setting_count * self.blocks, run_unit, &self);
    if (status == NTK_OK) status = emit(context, &self, scratch);
    release_settings(&self);
    ntk_release(scratch);
    ntk_release(self.x);
    return status;
}

const ntk_experiment NTK_EXPERIMENT = {parameters, run};
