/* Convergence at initialisation: seeds, each with its points, and on them the networks of every
 * case and width. Drawing the weights is most of the work, and cases of one name draw the same
 * ones, so that it is done once for all of them: fewer numbers of a stream are the beginning of
 * more. */
#include <ntk/lab/convergence.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <ntk/data.h>
#include <ntk/kernel.h>
#include <ntk/lab/context.h>
#include <ntk/lab/grid.h>
#include <ntk/lab/plant.h>
#include <ntk/lab/table.h>
#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/network.h>
#include <ntk/random.h>
#include <ntk/stats.h>
#include <ntk/status.h>

const ntk_parameter ntk_convergence_parameters[] = {
    NTK_INTEGERS("widths", "64 128 256 512", 1, 65536, "hidden widths, ascending"),
    NTK_INTEGER("seeds", 100, 2, 1000000, "initialisations, each with its own points"),
    NTK_PLANTS("kernel-scale|kernel-entry|kernel-trace"), /* of the limit */
    {0},
};

enum { CASE, WIDTH, SEED };

typedef struct study {
    const ntk_context *context;
    const ntk_convergence_case *cases;
    ntk_grid grid; /* a unit is a seed, in every case at every width */
    ntk_convergence_measure measure;
    const void *own;
    double max_cosine;
    size_t columns, points, inputs;
    size_t *draws, most; /* (cases, widths), weights that the cases of one's name need; the
                          * largest */
} study;

static size_t case_count(const study *self) { return self->grid.axes[CASE].count; }

static size_t width_count(const study *self) { return self->grid.axes[WIDTH].count; }

static size_t width_of(const study *self, size_t w) { return (size_t)self->grid.axes[WIDTH].numbers[w]; }

/* ---- weights --------------------------------------------------------------------------------- */

static const char *weights_of(const ntk_convergence_case *which) {
    return which->weights ? which->weights : "weights";
}

static bool same_weights(const study *self, size_t a, size_t b) {
    return strcmp(weights_of(&self->cases[a]), weights_of(&self->cases[b])) == 0;
}

static ntk_status count_parameters(const study *self, size_t which, size_t width, size_t *out) {
    ntk_network *network;
    NTK_TRY(ntk_network_create(&self->cases[which].network, self->inputs, width, 1, &network));
    *out = ntk_network_parameters(network);
    ntk_network_destroy(network);
    return NTK_OK;
}

/* How many weights are drawn for each case and width: as many as the largest network of its name
 * has. */
static ntk_status count_draws(study *self) {
    const size_t cases = case_count(self), widths = width_count(self);
    NTK_TRY(ntk_allocate(cases * widths, sizeof *self->draws, (void **)&self->draws));
    for (size_t k = 0; k < cases * widths; k++)
        for (size_t c = 0; c < cases; c++) {
            if (!same_weights(self, c, k / widths)) continue;
            size_t parameters;
            NTK_TRY(count_parameters(self, c, width_of(self, k % widths), &parameters));
            if (parameters > self->draws[k]) self->draws[k] = parameters;
            if (parameters > self->most) self->most = parameters;
        }
    return NTK_OK;
}

static void draw_weights(const study *self, const ntk_place *at, double *theta) {
    const size_t c = at->at[CASE], w = at->at[WIDTH];
    const ntk_stream root = ntk_context_stream(self->context, at->at[SEED]);
    char purpose[96];
    snprintf(purpose, sizeof purpose, "%s at width %zu", weights_of(&self->cases[c]), width_of(self, w));
    ntk_stream stream = ntk_stream_fork(&root, purpose);
    ntk_stream_normal(&stream, self->draws[c * width_count(self) + w], theta);
}

/* ---- one seed -------------------------------------------------------------------------------- */

typedef struct scratch {
    double *x, *limits /* (cases, n, n) */, *empirical, *theta;
} scratch;

static ntk_status measure_network(const study *self, const ntk_slot *slot, const scratch *s) {
    const size_t n = self->points, d = self->inputs, c = slot->at.at[CASE], w = slot->at.at[WIDTH];
    const ntk_convergence_pair pair = {.which = &self->cases[c],
                                       .seed = slot->at.at[SEED],
                                       .width = width_of(self, w),
                                       .n = n,
                                       .d = d,
                                       .x = s->x,
                                       .theta = s->theta,
                                       .empirical = s->empirical,
                                       .limit = s->limits + c * n * n};
    double *values = slot->values + (c * width_count(self) + w) * self->columns;
    ntk_network *network;
    NTK_TRY(ntk_network_create(&pair.which->network, d, pair.width, 1, &network));
    ntk_status status = ntk_network_tangent_kernel(network, s->theta, n, s->x, s->empirical, n);
    if (status == NTK_OK) status = self->measure(&pair, values, self->own);
    ntk_network_destroy(network);
    return status;
}

static ntk_status measure_seed(const study *self, ntk_slot *slot, const scratch *s) {
    const size_t n = self->points, d = self->inputs, square = n * n;
    const ntk_stream root = ntk_context_stream(self->context, slot->at.at[SEED]);
    ntk_stream points = ntk_stream_fork(&root, "points");
    NTK_TRY(ntk_data_sphere_separated(&points, n, d, self->max_cosine, s->x));
    for (size_t c = 0; c < case_count(self); c++) {
        slot->at.at[CASE] = c;
        NTK_TRY(
            ntk_kernel_gram(&self->cases[c].limit, NTK_KERNEL_NTK, n, d, s->x, d, s->limits + c * square, n));
        ntk_plant_kernel(self->context, n, s->limits + c * square, n);
    }
    for (size_t w = 0; w < width_count(self); w++)
        for (size_t c = 0; c < case_count(self); c++) {
            slot->at.at[CASE] = c;
            slot->at.at[WIDTH] = w;
            if (c == 0 || !same_weights(self, c, c - 1)) draw_weights(self, &slot->at, s->theta);
            NTK_TRY(measure_network(self, slot, s));
        }
    return NTK_OK;
}

static ntk_status run_seed(const void *argument, ntk_slot *slot) {
    const study *self = argument;
    scratch s = {0};
    const size_t square = self->points * self->points;
    ntk_status status = ntk_allocate_doubles(self->points * self->inputs, &s.x);
    if (status == NTK_OK) status = ntk_allocate_doubles(case_count(self) * square, &s.limits);
    if (status == NTK_OK) status = ntk_allocate_doubles(square, &s.empirical);
    if (status == NTK_OK) status = ntk_allocate_doubles(self->most, &s.theta);
    if (status == NTK_OK) status = measure_seed(self, slot, &s);
    ntk_release(s.x);
    ntk_release(s.limits);
    ntk_release(s.empirical);
    ntk_release(s.theta);
    return status;
}

/* labels: (cases). */
static ntk_grid describe_grid(const ntk_context *context, size_t count, const char *const *labels,
                              const char *columns) {
    ntk_grid grid = {.axes = {{.name = "case", .count = count, .labels = labels},
                              ntk_axis_of_numbers(context, "width", "widths"),
                              ntk_axis_of_count(context, "seed", "seeds")},
                     .columns = columns,
                     .level = ntk_context_level(context)};
    grid.axes[CASE].inside = grid.axes[WIDTH].inside = true;
    return grid;
}

ntk_status ntk_convergence_conduct(ntk_context *context, size_t count, const ntk_convergence_case *cases,
                                   const char *columns, ntk_convergence_measure measure, const void *own,
                                   ntk_convergence_reduce reduce) {
    const char **labels;
    NTK_TRY(ntk_allocate(count, sizeof *labels, (void **)&labels));
    for (size_t c = 0; c < count; c++) labels[c] = cases[c].label;
    study self = {.context = context,
                  .cases = cases,
                  .grid = describe_grid(context, count, labels, columns),
                  .measure = measure,
                  .own = own,
                  .columns = ntk_table_count_columns(columns),
                  .points = ntk_context_size(context, "points"),
                  .inputs = ntk_context_size(context, "inputs"),
                  .max_cosine = ntk_context_real(context, "max-cosine")};
    ntk_status status = count_draws(&self);
    if (status == NTK_OK) status = ntk_grid_run(&self.grid, run_seed, &self);
    if (status == NTK_OK) status = reduce(context, cases, &self.grid);
    ntk_grid_release(&self.grid);
    ntk_release(self.draws);
    ntk_release(labels);
    return status;
}

/* ---- the relative error ---------------------------------------------------------------------- */

static ntk_status measure_error(const ntk_convergence_pair *pair, double *error, const void *own) {
    (void)own;
    const size_t gram = pair->n * pair->n;
    *error = ntk_distance(gram, pair->empirical, pair->limit) / ntk_norm(gram, pair->limit);
    return NTK_OK;
}

/* Of one case and width: the geometric mean over seeds, and the extremes. */
static ntk_status tabulate(ntk_table *table, const ntk_grid *errors, const ntk_convergence_case *which,
                           ntk_place part) {
    const size_t seeds = errors->axes[SEED].count;
    double sum = 0;
    for (size_t s = 0; s < seeds; s++) sum += log(ntk_grid_row(errors, ntk_grid_place(errors, part, s))[0]);
    const double row[] = {(double)which->network.depth, ntk_grid_number(errors, part, WIDTH),
                          exp(sum / (double)seeds), ntk_grid_smallest(errors, part, 0).value,
                          ntk_grid_largest(errors, part, 0).value};
    return ntk_table_row(table, &which->label, row);
}

static ntk_status emit_errors(ntk_context *context, const ntk_convergence_case *cases,
                              const ntk_grid *errors) {
    ntk_table *table;
    NTK_TRY(ntk_emit_table(context, "errors", "$network depth width error error-low error-high", &table));
    for (size_t c = 0; c < errors->axes[CASE].count; c++) {
        const ntk_convergence_case *it = &cases[c];
        ntk_estimate exponent;
        NTK_TRY(ntk_grid_rate(errors, ntk_grid_case(c), WIDTH, 0, &exponent));
        NTK_TRY(ntk_emit_estimate_as(context, &exponent, "exponent-%s-%zu", it->label, it->network.depth));
        for (size_t w = 0; w < errors->axes[WIDTH].count; w++)
            NTK_TRY(tabulate(table, errors, it, (ntk_place){{c, w, NTK_ALL}}));
    }
    return NTK_OK;
}

ntk_status ntk_convergence_of_errors(ntk_context *context, size_t count, const ntk_convergence_case *cases) {
    return ntk_convergence_conduct(context, count, cases, "error", measure_error, NULL, emit_errors);
}
