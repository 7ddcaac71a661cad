/* Feature distances of pairs of points, from the kernel engine:
 *
 *     |Phi(x) - Phi(y)|^2 = K(x, x) + K(y, y) - 2 K(x, y).
 *
 * The difference cancels: a rounding of K, eps K(x, x), is an error of eps K(x, x) / |Phi(x) -
 * Phi(y)|^2, relative, in the square. */
#include <ntk/lab/pairs.h>

#include <math.h>

#include <ntk/data.h>
#include <ntk/kernel.h>
#include <ntk/lab/plant.h>
#include <ntk/linalg.h>
#include <ntk/memory.h>

const ntk_parameter ntk_pairs_parameters[] = {
    NTK_INTEGER("inputs", 5, 2, 1000, "dimension of the points of a pair"),
    NTK_REALS("distances", "0.001 0.01 0.1 0.5 1 1.5 2", 1e-8, 100, "over the shorter point's norm"),
    NTK_INTEGER("pairs", 12, 2, 100000, "drawn at each distance"),
    NTK_PLANTS("kernel-scale|kernel-entry|kernel-trace"),
    {0},
};

enum { KERNEL, DISTANCE, PAIR };

/* Pairs of the whole grid are told apart by these two. */
typedef struct place {
    size_t distance, pair, pairs;
} place;

static ntk_status draw_direction(const ntk_pairs_study *study, const place *at, size_t d, double *x,
                                 double *direction) {
    ntk_stream stream = ntk_context_stream(study->context, at->distance * at->pairs + at->pair);
    NTK_TRY(ntk_data_sphere(&stream, 1, d, x));
    NTK_TRY(ntk_data_sphere(&stream, 1, d, direction));
    if (at->pair == 1 && !study->sphere)
        for (size_t k = 0; k < d; k++) direction[k] = x[k];
    if (at->pair > 0 && !study->sphere) return NTK_OK;
    const double along = ntk_dot(d, x, direction);
    for (size_t k = 0; k < d; k++) direction[k] -= along * x[k];
    const double norm = ntk_norm(d, direction);
    for (size_t k = 0; k < d; k++) direction[k] /= norm;
    return NTK_OK;
}

/* y from the unit vector x: on the sphere along a great circle (distance <= 2), else x + r
 * direction; then both are scaled, by one of three powers of 10, which changes nothing for a
 * homogeneous kernel. */
static ntk_status draw_pair(const ntk_pairs_study *study, const place *at, double r, size_t d, double *x,
                            double *y) {
    NTK_TRY(draw_direction(study, at, d, x, y));
    const double angle = 2 * asin(fmin(1, r / 2)),
                 scale = study->sphere ? 1 : pow(10, (double)(at->pair % 3) - 1);
    for (size_t k = 0; k < d; k++) {
        y[k] = study->sphere ? cos(angle) * x[k] + sin(angle) * y[k] : x[k] + r * y[k];
        x[k] *= scale;
        y[k] *= scale;
    }
    return NTK_OK;
}

/* K(x, x), K(y, y) and K(x, y). points: (2, d). */
static ntk_status evaluate(const ntk_pairs_study *study, const ntk_pairs_kernel *kernel, size_t d,
                           double *points, double *xx, double *yy, double *xy) {
    double gram[4], factor[2] = {1, 1};
    for (size_t i = 0; study->homogenised && i < 2; i++) {
        factor[i] = ntk_norm(d, points + i * d);
        for (size_t k = 0; k < d; k++) points[i * d + k] /= factor[i];
    }
    NTK_TRY(ntk_kernel_gram(&kernel->architecture, NTK_KERNEL_NTK, 2, d, points, d, gram, 2));
    ntk_plant_kernel(study->context, 2, gram, 2);
    *xx = kernel->factor * gram[0] * factor[0] * factor[0];
    *yy = kernel->factor * gram[3] * factor[1] * factor[1];
    *xy = kernel->factor * gram[1] * factor[0] * factor[1];
    return NTK_OK;
}

static ntk_status measure(const ntk_pairs_study *study, size_t kernel, size_t d, double *points,
                          ntk_pair *out) {
    double xx, yy, xy, squares = 0;
    const double first = ntk_norm(d, points), second = ntk_norm(d, points + d);
    for (size_t k = 0; k < d; k++) squares += (points[k] - points[d + k]) * (points[k] - points[d + k]);
    NTK_TRY(evaluate(study, &study->kernels[kernel], d, points, &xx, &yy, &xy));
    const double smaller = fmin(first, second);
    out->distance = sqrt(squares) / smaller;
    out->norm = fmax(first, second) / smaller;
    out->feature = sqrt(fmax(0, xx + yy - 2 * xy)) / smaller;
    return NTK_OK;
}

typedef struct run {
    const ntk_pairs_study *study;
    const ntk_grid *grid;
    size_t inputs;
} run;

static ntk_status compute(const void *argument, ntk_slot *slot) {
    const run *self = argument;
    const size_t d = self->inputs;
    const place at = {slot->at.at[DISTANCE], slot->at.at[PAIR], self->grid->axes[PAIR].count};
    double *points;
    ntk_pair pair;
    NTK_TRY(ntk_allocate_doubles(2 * d, &points));
    ntk_status status =
        draw_pair(self->study, &at, ntk_grid_number(self->grid, slot->at, DISTANCE), d, points, points + d);
    if (status == NTK_OK) status = measure(self->study, slot->at.at[KERNEL], d, points, &pair);
    ntk_release(points);
    NTK_TRY(status);
    slot->values[NTK_PAIRS_DISTANCE] = pair.distance;
    slot->values[NTK_PAIRS_NORM] = pair.norm;
    slot->values[NTK_PAIRS_FEATURE] = pair.feature;
    slot->values[NTK_PAIRS_RATIO] = self->study->ratio(self->study->argument, slot->at.at[KERNEL], &pair);
    return NTK_OK;
}

ntk_status ntk_pairs_run(const ntk_pairs_study *study, ntk_grid *out) {
    *out = (ntk_grid){.axes = {{.name = "kernel", .count = study->count, .labels = study->labels},
                               ntk_axis_of_numbers(study->context, "distance", "distances"),
                               ntk_axis_of_count(study->context, "pair", "pairs")},
                      .columns = "separation norm feature ratio",
                      .level = ntk_context_level(study->context)};
    const run self = {study, out, ntk_context_size(study->context, "inputs")};
    return ntk_grid_run(out, compute, &self);
}

ntk_status ntk_pairs_emit(ntk_context *context, const ntk_grid *grid, const char *name, double *worst) {
    ntk_table *table;
    NTK_TRY(ntk_emit_table(context, name, "$kernel distance norm feature ratio", &table));
    for (size_t kernel = 0; kernel < grid->axes[KERNEL].count; kernel++) {
        ntk_place part = ntk_grid_case(kernel);
        if (worst) worst[kernel] = ntk_grid_largest(grid, part, NTK_PAIRS_RATIO).value;
        for (size_t r = 0; r < grid->axes[DISTANCE].count; r++) {
            part.at[DISTANCE] = r;
            const double *row = ntk_grid_row(grid, ntk_grid_largest(grid, part, NTK_PAIRS_RATIO).at);
            NTK_TRY(ntk_table_row(table, &grid->axes[KERNEL].labels[kernel], row));
        }
    }
    return NTK_OK;
}
