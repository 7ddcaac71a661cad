/* Convergence at initialisation: cases x seeds, each seed with its points and one network per width. */
#include <ntk/convergence.h>

#include <math.h>
#include <stdio.h>

#include <ntk/data.h>
#include <ntk/kernel.h>
#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/network.h>
#include <ntk/parallel.h>

typedef struct study {
    const ntk_context *context;
    const ntk_convergence_case *cases;
    const double *widths;
    size_t case_count, width_count, seeds, points, inputs;
    double *errors; /* (cases, seeds, widths) */
} study;

/* ---- one seed of one case ------------------------------------------------------------------------------ */

typedef struct scratch {
    double *x, *exact, *empirical;
} scratch;

static ntk_status compare_at_width(const study *self, const ntk_architecture *architecture,
                                   const ntk_stream *root, size_t width, const scratch *s, double *error) {
    const size_t n = self->points;
    char purpose[64];
    snprintf(purpose, sizeof purpose, "weights at width %zu", width);
    ntk_stream weights = ntk_stream_fork(root, purpose);
    ntk_network *network;
    double *theta = NULL;
    NTK_TRY(ntk_network_create(architecture, self->inputs, width, 1, &network));
    ntk_status status = ntk_allocate_doubles(ntk_network_parameters(network), &theta);
    if (status == NTK_OK) {
        ntk_network_initialise(network, &weights, theta);
        status = ntk_network_tangent_kernel(network, theta, n, s->x, s->empirical, n);
    }
    ntk_release(theta);
    ntk_network_destroy(network);
    *error = ntk_distance(n * n, s->empirical, s->exact) / ntk_norm(n * n, s->exact);
    return status;
}

static ntk_status draw_and_compare(const study *self, const ntk_convergence_case *which, size_t seed,
                                   const scratch *s, double *errors) {
    const size_t n = self->points, d = self->inputs;
    const ntk_stream root = ntk_context_stream(self->context, seed);
    ntk_stream points = ntk_stream_fork(&root, "points");
    NTK_TRY(ntk_data_sphere_separated(&points, n, d, ntk_context_real(self->context, "max-cosine"), s->x));
    NTK_TRY(ntk_kernel_gram(&which->limit, NTK_KERNEL_NTK, n, d, s->x, d, s->exact, n));
    for (size_t w = 0; w < self->width_count; w++)
        NTK_TRY(compare_at_width(self, &which->network, &root, (size_t)self->widths[w], s, &errors[w]));
    return NTK_OK;
}

static ntk_status run_unit(size_t unit, void *argument) {
    study *self = argument;
    scratch s = {0};
    const size_t gram = self->points * self->points;
    ntk_status status = ntk_allocate_doubles(self->points * self->inputs, &s.x);
    if (status == NTK_OK) status = ntk_allocate_doubles(gram, &s.exact);
    if (status == NTK_OK) status = ntk_allocate_doubles(gram, &s.empirical);
    if (status == NTK_OK)
        status = draw_and_compare(self, &self->cases[unit / self->seeds], unit % self->seeds, &s,
                                  &self->errors[unit * self->width_count]);
    ntk_release(s.x);
    ntk_release(s.exact);
    ntk_release(s.empirical);
    return status;
}

/* ---- reducing ------------------------------------------------------------------------------------------ */

static ntk_status emit_widths(ntk_table *table, const study *self, const ntk_convergence_case *which,
                              const double *errors) {
    for (size_t w = 0; w < self->width_count; w++) {
        double sum = 0, low = INFINITY, high = 0;
        for (size_t s = 0; s < self->seeds; s++) {
            const double error = errors[s * self->width_count + w];
            sum += log(error);
            low = fmin(low, error);
            high = fmax(high, error);
        }
        const double row[] = {(double)which->network.depth, self->widths[w], exp(sum / (double)self->seeds),
                              low, high};
        NTK_TRY(ntk_table_row(table, &which->label, row));
    }
    return NTK_OK;
}

static ntk_status emit(ntk_context *context, const study *self) {
    ntk_table *table;
    NTK_TRY(ntk_emit_table(context, "errors", "$network depth width error error-low error-high", &table));
    for (size_t c = 0; c < self->case_count; c++) {
        const ntk_convergence_case *which = &self->cases[c];
        const double *errors = &self->errors[c * self->seeds * self->width_count];
        ntk_estimate exponent;
        char name[64];
        snprintf(name, sizeof name, "exponent-%s-%zu", which->label, which->network.depth);
        NTK_TRY(ntk_stats_rate(self->width_count, self->widths, self->seeds, errors,
                               ntk_context_level(context), &exponent));
        NTK_TRY(ntk_emit_estimate(context, name, &exponent));
        NTK_TRY(emit_widths(table, self, which, errors));
    }
    return NTK_OK;
}

ntk_status ntk_convergence_conduct(ntk_context *context, size_t count, const ntk_convergence_case *cases) {
    study self = {.context = context,
                  .cases = cases,
                  .case_count = count,
                  .seeds = (size_t)ntk_context_integer(context, "seeds"),
                  .points = (size_t)ntk_context_integer(context, "points"),
                  .inputs = (size_t)ntk_context_integer(context, "inputs")};
    self.widths = ntk_context_reals(context, "widths", &self.width_count);
    NTK_TRY(ntk_allocate_doubles(count * self.seeds * self.width_count, &self.errors));
    ntk_status status = ntk_map(count * self.seeds, run_unit, &self);
    if (status == NTK_OK) status = emit(context, &self);
    ntk_release(self.errors);
    return status;
}
