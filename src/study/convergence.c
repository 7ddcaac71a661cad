/* Convergence at initialisation: seeds, each with its points, and on them the networks of every case and
 * width. Drawing the weights is most of the work, and cases of one name draw the same ones, so that it is
 * done once for all of them: fewer numbers of a stream are the beginning of more. */
#include <ntk/lab/convergence.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <ntk/data.h>
#include <ntk/kernel.h>
#include <ntk/lab/context.h>
#include <ntk/lab/table.h>
#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/network.h>
#include <ntk/parallel.h>
#include <ntk/random.h>
#include <ntk/stats.h>
#include <ntk/status.h>

typedef struct study {
    const ntk_context *context;
    ntk_convergence *found;
    ntk_convergence_measure measure;
    size_t points, inputs;
    size_t *draws, most; /* (cases, widths), weights that the cases of one's name need; the largest */
} study;

/* ---- weights ------------------------------------------------------------------------------------------- */

static const char *weights_of(const ntk_convergence *found, size_t which) {
    const char *name = found->cases[which].weights;
    return name ? name : "weights";
}

static bool same_weights(const ntk_convergence *found, size_t a, size_t b) {
    return strcmp(weights_of(found, a), weights_of(found, b)) == 0;
}

static ntk_status count_parameters(const study *self, size_t which, double width, size_t *out) {
    ntk_network *network;
    NTK_TRY(ntk_network_create(&self->found->cases[which].network, self->inputs, (size_t)width, 1, &network));
    *out = ntk_network_parameters(network);
    ntk_network_destroy(network);
    return NTK_OK;
}

/* How many weights are drawn for each case and width: as many as the largest network of its name has. */
static ntk_status count_draws(study *self) {
    const ntk_convergence *found = self->found;
    void *memory;
    NTK_TRY(ntk_allocate(found->case_count * found->width_count, sizeof *self->draws, &memory));
    self->draws = memory;
    for (size_t k = 0; k < found->case_count * found->width_count; k++)
        for (size_t c = 0; c < found->case_count; c++) {
            if (!same_weights(found, c, k / found->width_count)) continue;
            size_t parameters;
            NTK_TRY(count_parameters(self, c, found->widths[k % found->width_count], &parameters));
            if (parameters > self->draws[k]) self->draws[k] = parameters;
            if (parameters > self->most) self->most = parameters;
        }
    return NTK_OK;
}

static void draw_weights(const study *self, size_t which, size_t seed, size_t w, double *theta) {
    const ntk_convergence *found = self->found;
    const ntk_stream root = ntk_context_stream(self->context, seed);
    char purpose[96];
    snprintf(purpose, sizeof purpose, "%s at width %zu", weights_of(found, which), (size_t)found->widths[w]);
    ntk_stream stream = ntk_stream_fork(&root, purpose);
    ntk_stream_normal(&stream, self->draws[which * found->width_count + w], theta);
}

/* ---- one seed ------------------------------------------------------------------------------------------ */

typedef struct scratch {
    double *x, *limits /* (cases, n, n) */, *empirical, *values, *theta;
} scratch;

static ntk_status measure_network(const study *self, size_t which, size_t seed, size_t w, const scratch *s) {
    const size_t n = self->points, d = self->inputs;
    const ntk_convergence *found = self->found;
    const ntk_convergence_pair pair = {.which = &found->cases[which],
                                       .seed = seed,
                                       .width = (size_t)found->widths[w],
                                       .n = n,
                                       .d = d,
                                       .x = s->x,
                                       .theta = s->theta,
                                       .empirical = s->empirical,
                                       .limit = s->limits + which * n * n};
    ntk_network *network;
    NTK_TRY(ntk_network_create(&pair.which->network, d, pair.width, 1, &network));
    ntk_status status = ntk_network_tangent_kernel(network, s->theta, n, s->x, s->empirical, n);
    if (status == NTK_OK) status = self->measure(self->context, &pair, s->values);
    ntk_network_destroy(network);
    for (size_t c = 0; c < found->column_count; c++) {
        const size_t column = which * found->column_count + c;
        found->values[(column * found->seed_count + seed) * found->width_count + w] = s->values[c];
    }
    return status;
}

static ntk_status measure_seed(const study *self, size_t seed, const scratch *s) {
    const size_t n = self->points, d = self->inputs;
    const ntk_convergence *found = self->found;
    const ntk_stream root = ntk_context_stream(self->context, seed);
    ntk_stream points = ntk_stream_fork(&root, "points");
    NTK_TRY(ntk_data_sphere_separated(&points, n, d, ntk_context_real(self->context, "max-cosine"), s->x));
    for (size_t c = 0; c < found->case_count; c++)
        NTK_TRY(
            ntk_kernel_gram(&found->cases[c].limit, NTK_KERNEL_NTK, n, d, s->x, d, s->limits + c * n * n, n));
    for (size_t w = 0; w < found->width_count; w++)
        for (size_t c = 0; c < found->case_count; c++) {
            if (c == 0 || !same_weights(found, c, c - 1)) draw_weights(self, c, seed, w, s->theta);
            NTK_TRY(measure_network(self, c, seed, w, s));
        }
    return NTK_OK;
}

static ntk_status run_unit(size_t seed, void *argument) {
    const study *self = argument;
    scratch s = {0};
    const size_t gram = self->points * self->points;
    ntk_status status = ntk_allocate_doubles(self->points * self->inputs, &s.x);
    if (status == NTK_OK) status = ntk_allocate_doubles(self->found->case_count * gram, &s.limits);
    if (status == NTK_OK) status = ntk_allocate_doubles(gram, &s.empirical);
    if (status == NTK_OK) status = ntk_allocate_doubles(self->found->column_count, &s.values);
    if (status == NTK_OK) status = ntk_allocate_doubles(self->most, &s.theta);
    if (status == NTK_OK) status = measure_seed(self, seed, &s);
    ntk_release(s.x);
    ntk_release(s.limits);
    ntk_release(s.empirical);
    ntk_release(s.values);
    ntk_release(s.theta);
    return status;
}

ntk_status ntk_convergence_conduct(ntk_context *context, size_t count, const ntk_convergence_case *cases,
                                   size_t columns, ntk_convergence_measure measure,
                                   ntk_convergence_reduce reduce) {
    ntk_convergence found = {.cases = cases,
                             .case_count = count,
                             .column_count = columns,
                             .seed_count = (size_t)ntk_context_integer(context, "seeds")};
    found.widths = ntk_context_reals(context, "widths", &found.width_count);
    study self = {.context = context,
                  .found = &found,
                  .measure = measure,
                  .points = (size_t)ntk_context_integer(context, "points"),
                  .inputs = (size_t)ntk_context_integer(context, "inputs")};
    ntk_status status = count_draws(&self);
    if (status == NTK_OK)
        status = ntk_allocate_doubles(count * columns * found.seed_count * found.width_count, &found.values);
    if (status == NTK_OK) status = ntk_map(found.seed_count, run_unit, &self);
    if (status == NTK_OK) status = reduce(context, &found);
    ntk_release(self.draws);
    ntk_release(found.values);
    return status;
}

/* ---- reducing ------------------------------------------------------------------------------------------ */

const double *ntk_convergence_column(const ntk_convergence *found, size_t which, size_t column) {
    return &found->values[(which * found->column_count + column) * found->seed_count * found->width_count];
}

ntk_status ntk_convergence_mean(const ntk_context *context, const ntk_convergence *found, size_t which,
                                size_t column, size_t width, ntk_estimate *out) {
    const double *all = ntk_convergence_column(found, which, column);
    double *values;
    NTK_TRY(ntk_allocate_doubles(found->seed_count, &values));
    for (size_t s = 0; s < found->seed_count; s++) values[s] = all[s * found->width_count + width];
    const ntk_status status = ntk_stats_mean(found->seed_count, values, ntk_context_level(context), out);
    ntk_release(values);
    return status;
}

ntk_status ntk_convergence_rate(const ntk_context *context, const ntk_convergence *found, size_t which,
                                size_t column, ntk_estimate *out) {
    return ntk_stats_rate(found->width_count, found->widths, found->seed_count,
                          ntk_convergence_column(found, which, column), ntk_context_level(context), out);
}

double ntk_convergence_smallest(const ntk_convergence *found, size_t column) {
    double smallest = INFINITY;
    for (size_t c = 0; c < found->case_count; c++) {
        const double *values = ntk_convergence_column(found, c, column);
        for (size_t k = 0; k < found->seed_count * found->width_count; k++)
            smallest = ntk_smaller(smallest, values[k]);
    }
    return smallest;
}

/* ---- the relative error -------------------------------------------------------------------------------- */

static ntk_status measure_error(const ntk_context *context, const ntk_convergence_pair *pair, double *error) {
    (void)context;
    const size_t gram = pair->n * pair->n;
    *error = ntk_distance(gram, pair->empirical, pair->limit) / ntk_norm(gram, pair->limit);
    return NTK_OK;
}

static ntk_status emit_widths(ntk_table *table, const ntk_convergence *found, size_t which) {
    const ntk_convergence_case *it = &found->cases[which];
    const double *errors = ntk_convergence_column(found, which, 0);
    for (size_t w = 0; w < found->width_count; w++) {
        double sum = 0, low = INFINITY, high = 0;
        for (size_t s = 0; s < found->seed_count; s++) {
            const double error = errors[s * found->width_count + w];
            sum += log(error);
            low = ntk_smaller(low, error);
            high = ntk_larger(high, error);
        }
        const double row[] = {(double)it->network.depth, found->widths[w],
                              exp(sum / (double)found->seed_count), low, high};
        NTK_TRY(ntk_table_row(table, &it->label, row));
    }
    return NTK_OK;
}

static ntk_status emit_errors(ntk_context *context, const ntk_convergence *found) {
    ntk_table *table;
    NTK_TRY(ntk_emit_table(context, "errors", "$network depth width error error-low error-high", &table));
    for (size_t c = 0; c < found->case_count; c++) {
        const ntk_convergence_case *it = &found->cases[c];
        ntk_estimate exponent;
        NTK_TRY(ntk_convergence_rate(context, found, c, 0, &exponent));
        NTK_TRY(ntk_emit_estimate_as(context, &exponent, "exponent-%s-%zu", it->label, it->network.depth));
        NTK_TRY(emit_widths(table, found, c));
    }
    return NTK_OK;
}

ntk_status ntk_convergence_of_errors(ntk_context *context, size_t count, const ntk_convergence_case *cases) {
    return ntk_convergence_conduct(context, count, cases, 1, measure_error, emit_errors);
}
