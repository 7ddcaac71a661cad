/* Feature maps of deep ReLU networks: their norm, and how their Hoelder constant grows with
 * depth (bietti-2019, Lemma 11, for the dense network).
 *
 * With n hidden layers, no bias and the weight variance 2 that keeps norms, K_n(x, x) = (n + 1)
 * |x|^2: every layer adds cos theta_l = 1 and multiplies by kappa_0(1) = 1. The printed bounds
 * are
 *
 *     |Phi_n(x)| <= sqrt(n + 1) |x|,
 *     |Phi_n(x) - Phi_n(x')| <= (n + 1) r + O(n^{5/4}) sqrt(|x| r);
 *
 * the first is an equality here. For the second, Theorem 2 of smoothness/holder says more: with
 * the smaller norm, r = |x - x'| and for every n
 *
 *     |Phi_n(x) - Phi_n(x')| <= sqrt(n (n+1) / pi) sqrt(min(|x|, |x'|) r) + sqrt(n + 1) r,
 *
 * by sqrt(a + b) <= sqrt(a) + sqrt(b); and since both of its constants are sharp the constant of
 * the root grows like n, not like n^{5/4}. As r -> 0 at a fixed n, |Phi_n(x) - Phi_n(x')| /
 * sqrt(r) tends to sqrt(n (n+1) / pi), whose logarithm has the slope 1/2 + n / (2 (n+1)) in log
 * n: between 0.9 and 1 for n >= 4. */
#include <math.h>
#include <stdio.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_INTEGERS("depths", "1 2 4 8 16 32", 1, 64, "hidden layers n"),
    NTK_REAL("weight-variance", 2, 0.1, 10, "of all layers; 2 keeps norms"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("norm-residual", "largest deviation of K_n(x, x) from (n + 1) |x|^2, relative"),
    NTK_METRIC("pairs-ratio", "largest feature distance over its bound"),
    NTK_METRIC("growth", "exponent in n of the constant of the root"),
    {0},
};

enum { DEPTHS_MAX = 16, LABEL = 8, FROM = 4 /* depth from which growth is fitted */ };

static ntk_pairs_kernel kernel_of(const ntk_context *context, long depth) {
    ntk_pairs_kernel out = {ntk_architecture_default(), 0.5};
    out.architecture.input_scale = NTK_INPUT_SCALE_NONE;
    out.architecture.depth = (size_t)depth;
    out.architecture.weight_variance = ntk_context_real(context, "weight-variance");
    return out;
}

/* Largest |K_n(x, x) / ((n + 1) |x|^2) - 1|, over depths and a few points. */
static ntk_status emit_norms(ntk_context *context, size_t count, const long *depths) {
    enum { POINTS = 16 };
    const size_t d = ntk_context_size(context, "inputs");
    double *x, gram[POINTS * POINTS], residual = 0;
    ntk_stream stream = ntk_context_stream(context, UINT64_MAX);
    NTK_TRY(ntk_allocate_doubles(POINTS * d, &x));
    ntk_stream_normal(&stream, POINTS * d, x);
    ntk_status status = NTK_OK;
    for (size_t i = 0; i < count && status == NTK_OK; i++) {
        const ntk_pairs_kernel kernel = kernel_of(context, depths[i]);
        status = ntk_kernel_gram(&kernel.architecture, NTK_KERNEL_NTK, POINTS, d, x, d, gram, POINTS);
        if (status == NTK_OK) ntk_plant_kernel(context, POINTS, gram, POINTS);
        for (size_t k = 0; k < POINTS && status == NTK_OK; k++) {
            const double square = ntk_dot(d, x + k * d, x + k * d),
                         expected = (double)(depths[i] + 1) * square;
            residual = ntk_larger(residual, fabs(kernel.factor * gram[k * POINTS + k] / expected - 1));
        }
    }
    ntk_release(x);
    NTK_TRY(status);
    return ntk_emit_scalar(context, "norm-residual", residual);
}

/* |Phi_n(x) - Phi_n(y)| over the bound. */
static double ratio(const void *depths, size_t kernel, const ntk_pair *pair) {
    const double n = (double)((const long *)depths)[kernel], r = pair->distance;
    return pair->feature / (sqrt(n * (n + 1) / M_PI * r) + sqrt(n + 1) * r);
}

/* The slope of log(|Phi_n(x) - Phi_n(y)| / sqrt r) in log n at the smallest distance, and the
 * table it is fitted to. */
static ntk_status emit_growth(ntk_context *context, const ntk_grid *grid, const long *depths) {
    double x[DEPTHS_MAX], y[DEPTHS_MAX], slope, intercept;
    size_t count = 0, nearest = 0;
    ntk_table *table;
    NTK_TRY(ntk_emit_table(context, "growth", "depth constant", &table));
    for (size_t k = 1; k < grid->axes[1].count; k++)
        if (grid->axes[1].numbers[k] < grid->axes[1].numbers[nearest]) nearest = k;
    for (size_t i = 0; i < grid->axes[0].count; i++) {
        const ntk_place part = {{i, nearest, NTK_ALL}};
        const double *pair = ntk_grid_row(grid, ntk_grid_largest(grid, part, NTK_PAIRS_RATIO).at);
        const double row[] = {(double)depths[i], pair[NTK_PAIRS_FEATURE] / sqrt(pair[NTK_PAIRS_DISTANCE])};
        NTK_TRY(ntk_table_row(table, NULL, row));
        if (depths[i] < FROM) continue;
        x[count] = log(row[0]);
        y[count++] = log(row[1]);
    }
    NTK_TRY(ntk_stats_slope(count, x, y, &slope, &intercept));
    return ntk_emit_scalar(context, "growth", slope);
}

static ntk_status measure_pairs(ntk_context *context, size_t count, const long *depths) {
    ntk_pairs_kernel kernels[DEPTHS_MAX];
    char labels[DEPTHS_MAX][LABEL];
    const char *names[DEPTHS_MAX];
    ntk_grid grid;
    for (size_t i = 0; i < count; i++) {
        kernels[i] = kernel_of(context, depths[i]);
        snprintf(labels[i], LABEL, "%ld", depths[i]);
        names[i] = labels[i];
    }
    const ntk_pairs_study study = {.context = context,
                                   .count = count,
                                   .labels = names,
                                   .kernels = kernels,
                                   .ratio = ratio,
                                   .argument = depths};
    NTK_TRY(ntk_pairs_run(&study, &grid));
    ntk_status status = ntk_pairs_emit(context, &grid, "pairs", NULL);
    if (status == NTK_OK)
        status = ntk_emit_scalar(context, "pairs-ratio",
                                 ntk_grid_largest(&grid, ntk_grid_whole(), NTK_PAIRS_RATIO).value);
    if (status == NTK_OK) status = emit_growth(context, &grid, depths);
    ntk_grid_release(&grid);
    return status;
}

static ntk_status run(ntk_context *context) {
    size_t count;
    const long *depths = ntk_context_integers(context, "depths", &count);
    if (count > DEPTHS_MAX) return ntk_fail(NTK_ERROR_ARGUMENT, "more than %d depths", (int)DEPTHS_MAX);
    NTK_TRY(emit_norms(context, count, depths));
    return measure_pairs(context, count, depths);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_pairs_parameters, parameters}, .metrics = {metrics}, .run = run};
