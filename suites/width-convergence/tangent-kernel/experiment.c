/* The empirical NTK at initialisation tends to the infinite-width NTK (jacot-2018, chen-2025).
 *
 * Theta_hat_0 is, layer by layer, an average over m neurons, so its fluctuation about Theta is of order
 * m^{-1/2} and its bias of order 1/m: ||Theta_hat_0 - Theta||_F / ||Theta||_F ~ m^{-1/2}. The exponent is the
 * mean over seeds of one log-log slope per seed. */
#include <math.h>
#include <stdio.h>

#include <ntk/ntk.h>

static const ntk_parameter parameters[] = {
    {"activations", NTK_PARAMETER_CHOICE_LIST, "relu erf gelu", 0, 0, "relu|erf|gelu|tanh", "activations"},
    {"depths", NTK_PARAMETER_INTEGER_LIST, "1 2 3", 1, 8, NULL, "hidden layers"},
    {"widths", NTK_PARAMETER_INTEGER_LIST, "64 128 256 512", 2, 65536, NULL, "hidden widths, ascending"},
    {"seeds", NTK_PARAMETER_INTEGER, "100", 2, 1000000, NULL, "initialisations, each with its own points"},
    {"points", NTK_PARAMETER_INTEGER, "8", 1, 1000, NULL, "points on the unit sphere"},
    {"inputs", NTK_PARAMETER_INTEGER, "10", 2, 10000, NULL, "input dimension"},
    {"max-cosine", NTK_PARAMETER_REAL, "0.6", 0.01, 1, NULL, "largest |cosine| between two points"},
    {"weight-variance", NTK_PARAMETER_REAL, "2", 0.01, 100, NULL, "of the networks"},
    {"bias-variance", NTK_PARAMETER_REAL, "0.1", 0, 100, NULL, "of networks and kernel"},
    {"kernel-weight-variance", NTK_PARAMETER_REAL, "2", 0.01, 100, NULL,
     "of the kernel; equal to the networks' by rights"},
    {0}};

typedef struct study {
    const ntk_context *context;
    const char *const *activations;
    const long *depths, *widths;
    size_t activation_count, depth_count, width_count, seeds, points, inputs;
    double *errors; /* (activations, depths, seeds, widths) */
} study;

typedef struct scratch {
    double *x, *exact, *empirical, *theta;
} scratch;

static size_t largest_parameter_count(const study *self, size_t depth) {
    const size_t m = (size_t)self->widths[self->width_count - 1];
    return m * self->inputs + (depth - 1) * m * m + m + depth * m + 1;
}

static ntk_status draw_and_compare(const study *self, const ntk_architecture *architecture, size_t seed,
                                   const scratch *s, double *errors) {
    const size_t n = self->points, d = self->inputs;
    const ntk_stream root = ntk_context_stream(self->context, seed);
    ntk_stream points = ntk_stream_fork(&root, "points");
    NTK_TRY(ntk_data_sphere_separated(&points, n, d, ntk_context_real(self->context, "max-cosine"), s->x));

    ntk_architecture limit = *architecture;
    limit.weight_variance = ntk_context_real(self->context, "kernel-weight-variance");
    NTK_TRY(ntk_kernel_gram(&limit, NTK_KERNEL_NTK, n, d, s->x, d, s->exact, n));

    for (size_t w = 0; w < self->width_count; w++) {
        char purpose[64];
        snprintf(purpose, sizeof purpose, "weights at width %ld", self->widths[w]);
        ntk_stream weights = ntk_stream_fork(&root, purpose);
        ntk_network *network;
        NTK_TRY(ntk_network_create(architecture, d, (size_t)self->widths[w], 1, &network));
        ntk_network_initialise(network, &weights, s->theta);
        const ntk_status status = ntk_network_tangent_kernel(network, s->theta, n, s->x, s->empirical, n);
        ntk_network_destroy(network);
        NTK_TRY(status);
        errors[w] = ntk_distance(n * n, s->empirical, s->exact) / ntk_norm(n * n, s->exact);
    }
    return NTK_OK;
}

static ntk_status run_unit(size_t unit, void *argument) {
    study *self = argument;
    const size_t seed = unit % self->seeds, depth = unit / self->seeds % self->depth_count;
    ntk_architecture architecture = ntk_architecture_default();
    architecture.depth = (size_t)self->depths[depth];
    architecture.weight_variance = ntk_context_real(self->context, "weight-variance");
    architecture.bias_variance = ntk_context_real(self->context, "bias-variance");
    architecture.input_scale = NTK_INPUT_SCALE_NONE;
    NTK_TRY(ntk_activation_parse(self->activations[unit / self->seeds / self->depth_count],
                                 &architecture.activation));

    scratch s = {0};
    const size_t gram = self->points * self->points;
    ntk_status status = ntk_allocate_doubles(self->points * self->inputs, &s.x);
    if (status == NTK_OK) status = ntk_allocate_doubles(gram, &s.exact);
    if (status == NTK_OK) status = ntk_allocate_doubles(gram, &s.empirical);
    if (status == NTK_OK)
        status = ntk_allocate_doubles(largest_parameter_count(self, architecture.depth), &s.theta);
    if (status == NTK_OK)
        status = draw_and_compare(self, &architecture, seed, &s, &self->errors[unit * self->width_count]);
    ntk_release(s.x);
    ntk_release(s.exact);
    ntk_release(s.empirical);
    ntk_release(s.theta);
    return status;
}

/* Geometric mean over seeds, the mean that the exponent is a slope of; and the extremes. */
static ntk_status emit_widths(ntk_table *table, const study *self, const char *activation, double depth,
                              const double *errors) {
    for (size_t w = 0; w < self->width_count; w++) {
        double sum = 0, low = INFINITY, high = 0;
        for (size_t s = 0; s < self->seeds; s++) {
            const double error = errors[s * self->width_count + w];
            sum += log(error);
            low = fmin(low, error);
            high = fmax(high, error);
        }
        const double row[] = {depth, (double)self->widths[w], exp(sum / (double)self->seeds), low, high};
        NTK_TRY(ntk_table_row(table, &activation, row));
    }
    return NTK_OK;
}

static ntk_status emit(ntk_context *context, const study *self) {
    size_t count;
    const double *widths = ntk_context_reals(context, "widths", &count);
    ntk_table *table;
    NTK_TRY(ntk_emit_table(context, "errors", "$activation depth width error error-low error-high", &table));
    for (size_t a = 0; a < self->activation_count; a++)
        for (size_t l = 0; l < self->depth_count; l++) {
            const double *errors =
                &self->errors[(a * self->depth_count + l) * self->seeds * self->width_count];
            ntk_estimate exponent;
            char name[64];
            snprintf(name, sizeof name, "exponent-%s-%ld", self->activations[a], self->depths[l]);
            NTK_TRY(
                ntk_stats_rate(count, widths, self->seeds, errors, ntk_context_level(context), &exponent));
            NTK_TRY(ntk_emit_estimate(context, name, &exponent));
            NTK_TRY(emit_widths(table, self, self->activations[a], (double)self->depths[l], errors));
        }
    return NTK_OK;
}

static ntk_status run(ntk_context *context) {
    study self = {.context = context,
                  .seeds = (size_t)ntk_context_integer(context, "seeds"),
                  .points = (size_t)ntk_context_integer(context, "points"),
                  .inputs = (size_t)ntk_context_integer(context, "inputs")};
    self.activations = ntk_context_choices(context, "activations", &self.activation_count);
    self.depths = ntk_context_integers(context, "depths", &self.depth_count);
    self.widths = ntk_context_integers(context, "widths", &self.width_count);
    const size_t units = self.activation_count * self.depth_count * self.seeds;
    NTK_TRY(ntk_allocate_doubles(units * self.width_count, &self.errors));
    ntk_status status = ntk_map(units, run_unit, &self);
    if (status == NTK_OK) status = emit(context, &self);
    ntk_release(self.errors);
    return status;
}

const ntk_experiment NTK_EXPERIMENT = {parameters, run};
