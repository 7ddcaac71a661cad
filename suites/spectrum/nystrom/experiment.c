/* Eigenvalues of kernel matrices on random points of the sphere, and how far they scatter.
 *
 * For n uniform points the eigenvalues of K / n tend to the mu_k, each N(p, k) times. Let Phi be
 * the (n, N) matrix of the harmonics of degree k at the points. To first order the N eigenvalues
 * near mu_k are those of mu_k G, G = Phi^T Phi / n, whose mean is I. By the addition theorem
 * sum_j Y_kj(x)^2 = N at every point, so
 *
 *     tr G = N exactly,     E |G - I|_F^2 = E[(sum_j Y_j^2)^2] / n - N / n = (N^2 - N) / n,
 *
 * and the relative deviations of the N eigenvalues have the root mean square sqrt((N - 1) / n).
 * Over several degrees together it is sqrt(sum N (N-1) / (n sum N)). Corrections of second
 * order, mu_l / (mu_k - mu_l) |G_kl|^2, are O(1/n).
 *
 * On S^2 with mu_3 = mu_5 = 0 the first clusters are k = 0, 1, 2, 4 with 1, 3, 5, 9 eigenvalues.
 * Measured are the root mean square over the clusters 1, 2 and 4, its exponent in n, and how many
 * eigenvalues each cluster has. Two clusters are parted where both are equally many of their
 * spreads s = sqrt(N / n) away: at mu_k (1 - z s_k) = mu_l (1 + z s_l). (N and not N - 1, since
 * that of degree 0 does move, in second order.) At n = 512 z is 3.5 or more, where semicircles end
 * at 2. */
#include <math.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_INTEGERS("points", "128 256 512", 32, 8192, "numbers n of points, ascending"),
    NTK_INTEGER("seeds", 48, 2, 10000, "draws of the points"),
    NTK_REAL("stretch", 1, 0.01, 1, "of the last coordinate before normalisation; 1 is uniform"),
    NTK_PLANTS("kernel-scale|kernel-trace"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("exponent", "of the spread of eigenvalues in the number of points"),
    NTK_METRIC("spread-over-theory", "the spread at the most points, over theory"),
    NTK_METRIC("multiplicity", "largest deviation of the eigenvalues in a cluster from 2k + 1"),
    {0},
};

enum { P = 3, CLUSTERS = 4, HIGHEST = 6, SPREAD = 0, OVER_THEORY, MISCOUNT, COLUMNS, KEPT = 18 };
/* What the last is parted from stands behind it. */
static const size_t degrees[CLUSTERS + 1] = {0, 1, 2, 4, HIGHEST}, sizes[CLUSTERS + 1] = {1, 3, 5, 9, 13};
static const size_t before[CLUSTERS] = {0, 1, 4, 9};

typedef struct study {
    const ntk_context *context;
    const ntk_grid *grid;
    double stretch;
    double mu[HIGHEST + 1];
} study;

/* n points, in ascending n the first ones of the same sequence. */
static ntk_status draw(const study *self, size_t seed, size_t n, double *x) {
    ntk_stream stream = ntk_context_stream(self->context, seed);
    NTK_TRY(ntk_data_sphere(&stream, n, P, x));
    for (size_t i = 0; i < n && self->stretch != 1; i++) {
        x[i * P + P - 1] *= self->stretch;
        const double norm = ntk_norm(P, x + i * P);
        for (size_t k = 0; k < P; k++) x[i * P + k] /= norm;
    }
    return NTK_OK;
}

/* Between clusters c and c + 1. */
static double gap(const study *self, size_t n, size_t c) {
    const double above = self->mu[degrees[c]], below = self->mu[degrees[c + 1]];
    const double s = sqrt((double)sizes[c] / (double)n), t = sqrt((double)sizes[c + 1] / (double)n);
    return above * (1 - (above - below) / (above * s + below * t) * s);
}

/* The largest deviation of a cluster's number of eigenvalues from its own. values: ascending
 * eigenvalues of 2 K, (n). */
static double miscount(const study *self, size_t n, const double *values) {
    double worst = 0;
    for (size_t c = 0, seen = 0; c < CLUSTERS; c++) {
        const double end = 2 * (double)n * gap(self, n, c);
        size_t count = 0;
        while (seen < n && values[n - 1 - seen] > end) {
            count++;
            seen++;
        }
        worst = ntk_larger(worst, fabs((double)count - (double)sizes[c]));
    }
    return worst;
}

/* values: as above. The eigenvalue of degree 0 does not spread in first order. */
static void measure(const study *self, size_t n, const double *values, ntk_slot *slot) {
    double squares = 0, expected = 0;
    size_t counted = 0;
    for (size_t c = 0; c < CLUSTERS; c++) {
        for (size_t j = 0; j < sizes[c]; j++) {
            const double value = values[n - 1 - before[c] - j] / (2 * (double)n) / self->mu[degrees[c]];
            if (c > 0) squares += (value - 1) * (value - 1);
            slot->kept[before[c] + j] = value;
        }
        expected += (double)(sizes[c] * (sizes[c] - 1)) / (double)n;
        if (c > 0) counted += sizes[c];
    }
    slot->values[SPREAD] = sqrt(squares / (double)counted);
    slot->values[OVER_THEORY] = sqrt(squares / expected);
    slot->values[MISCOUNT] = miscount(self, n, values);
}

static ntk_status compute_points(const study *self, ntk_slot *slot, size_t n, double *x, double *gram,
                                 double *values) {
    ntk_architecture network = ntk_architecture_default();
    network.input_scale = NTK_INPUT_SCALE_NONE;
    NTK_TRY(draw(self, slot->at.at[1], n, x));
    NTK_TRY(ntk_kernel_gram(&network, NTK_KERNEL_NTK, n, P, x, P, gram, n));
    ntk_plant_kernel(self->context, n, gram, n);
    NTK_TRY(ntk_eigen_symmetric(n, gram, n, false, values));
    measure(self, n, values, slot);
    return NTK_OK;
}

static ntk_status compute(const void *argument, ntk_slot *slot) {
    const study *self = argument;
    const size_t n = (size_t)ntk_grid_number(self->grid, slot->at, 0);
    double *memory;
    NTK_TRY(ntk_allocate_doubles(n * (P + n + 1), &memory));
    const ntk_status status = compute_points(self, slot, n, memory, memory + n * P, memory + n * (P + n));
    ntk_release(memory);
    return status;
}

/* The eigenvalues of the first seed over theirs, in the order of the clusters. */
static ntk_status emit_eigenvalues(ntk_context *context, const ntk_grid *grid) {
    ntk_table *table;
    NTK_TRY(ntk_emit_table(context, "eigenvalues", "points index ratio", &table));
    for (size_t i = 0; i < grid->axes[0].count; i++) {
        const ntk_place at = {{i, 0}};
        for (size_t j = 0; j < KEPT; j++) {
            const double row[] = {ntk_grid_number(grid, at, 0), (double)j + 1, ntk_grid_kept(grid, at)[j]};
            NTK_TRY(ntk_table_row(table, NULL, row));
        }
    }
    return NTK_OK;
}

/* Of all draws. */
static double worst_count(const ntk_grid *grid, ntk_place part) {
    double worst = 0;
    for (size_t s = 0; s < ntk_grid_count(grid, part); s++)
        worst = ntk_larger(worst, ntk_grid_row(grid, ntk_grid_place(grid, part, s))[MISCOUNT]);
    return worst;
}

static ntk_status emit(ntk_context *context, const ntk_grid *grid) {
    ntk_estimate rate, over_theory, spread;
    ntk_table *table;
    NTK_TRY(ntk_emit_table(context, "spread", "points mean low high over-theory miscount", &table));
    double missed = 0;
    for (size_t i = 0; i < grid->axes[0].count; i++) {
        const ntk_place part = {{i, NTK_ALL}};
        NTK_TRY(ntk_grid_interval(grid, part, SPREAD, &spread));
        NTK_TRY(ntk_grid_interval(grid, part, OVER_THEORY, &over_theory));
        missed = worst_count(grid, part);
        const double row[] = {
            ntk_grid_number(grid, part, 0), spread.value, spread.low, spread.high, over_theory.value, missed};
        NTK_TRY(ntk_table_row(table, NULL, row));
    }
    NTK_TRY(ntk_grid_rate(grid, ntk_grid_whole(), 0, SPREAD, &rate));
    NTK_TRY(ntk_emit_estimate(context, "exponent", &rate));
    /* of the most points */
    NTK_TRY(ntk_emit_estimate(context, "spread-over-theory", &over_theory));
    return ntk_emit_scalar(context, "multiplicity", missed);
}

static ntk_status run(ntk_context *context) {
    ntk_grid grid = {.axes = {ntk_axis_of_numbers(context, "points", "points"),
                              ntk_axis_of_count(context, "seed", "seeds")},
                     .columns = "spread over-theory miscount",
                     .kept = KEPT,
                     .level = ntk_context_level(context)};
    grid.axes[0].costly = true;
    study self = {.context = context, .grid = &grid, .stretch = ntk_context_real(context, "stretch")};
    NTK_TRY(ntk_sphere_shallow(P, HIGHEST + 1, self.mu));
    NTK_TRY(ntk_grid_run(&grid, compute, &self));
    ntk_status status = emit(context, &grid);
    if (status == NTK_OK) status = emit_eigenvalues(context, &grid);
    ntk_grid_release(&grid);
    return status;
}

const ntk_experiment NTK_EXPERIMENT = {.parameters = {parameters}, .metrics = {metrics}, .run = run};
