/* How far a translation moves the features of a signal: as 1 / sigma_n, sigma_n the width of the
 * last pooling (bietti-2019, Proposition 12, |grad tau| = 0).
 *
 * n layers of stride 1 on a circle commute with translations L. So does the last pooling A before
 * it is subsampled, and with Psi, the features before it, Phi = A Psi has
 *
 *     |Phi(L x) - Phi(x)| = |A (L - 1) Psi(x)| <= |A (L - 1)| |Psi(x)|,
 *     |Psi(x)|^2 = (n+1) |x|^2 for the NTK, |x|^2 for the CKN.
 *
 * A is the convolution with h_i = exp(-i^2 / s^2) / Z, |i| <= s, so that the norm of A (L - 1) is
 * the largest |h^(w)| 2 |sin(w / 2)| over the frequencies w of the circle: the bound that is
 * checked here, without a free constant. For the whole Gaussian, sigma = s / sqrt 2, it is
 * max w exp(-sigma^2 w^2 / 2) = e^{-1/2} / sigma.
 *
 * The kernel sees A Psi at every s-th position. Of x moved by a = 0 .. s - 1 these are all
 * positions, so that
 *
 *     |A (L - 1) Psi(x)|^2 = sum_a |Phi_s(L^{a+1} x) - Phi_s(L^a x)|^2,
 *
 * Phi_s what the kernel sees. (At one a alone the edge of the filter, h_s = e^{-1} h_0, can leave
 * more: then the law is not that of the theorem, which does not subsample.)
 *
 * Signals on the circle: noise, whose features move less than the bound says, as 1 / sigma or
 * faster; and a noise whose amplitude is a wave of the frequency 1 / sigma, which the bound is
 * made for: Psi follows the amplitude 1 + cos(u / sigma), a third of its energy moves, and the
 * bound is attained up to 1 / sqrt 3. Digits, in the middle of a torus of 32 x 32 pixels, are
 * moved by one pixel, at one subsampling grid. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_INTEGERS("factors", "2 4 8 16", 1, 64, "of the last pooling on the circle, s"),
    NTK_INTEGERS("digit-factors", "2 4 8", 1, 16, "of the last pooling of digits"),
    NTK_INTEGER("positions", 128, 16, 4096, "of the circle"),
    NTK_INTEGER("seeds", 8, 2, 10000, "of the signals"),
    NTK_INTEGER("count", 8, 2, 5000, "digits"),
    NTK_FLAG("pooled", true, "pooling after the last layer"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("bound-{ckn,ntk}", "largest feature distance over its bound, of all signals"),
    NTK_METRIC("bound-exponent", "of the bound in the width of the pooling"),
    NTK_METRIC("attained-{ckn,ntk}", "smallest feature distance over its bound, of the waves"),
    NTK_METRIC("exponent-{ckn,ntk}", "of the feature distance of noise in the width of the pooling"),
    NTK_METRIC("digits-fall-{ckn,ntk}", "largest feature distance of a digit over what 1 / sigma leaves"),
    {0},
};

enum { SIGNAL, FACTOR, SEED };
enum { WAVE, NOISE, SIGNALS };
static const char *const signals[SIGNALS] = {"wave", "noise"};

enum { CKN, NTK, CKN_BOUND, NTK_BOUND, CKN_RELATIVE, NTK_RELATIVE };
#define COLUMNS "ckn ntk ckn-bound ntk-bound ckn-relative ntk-relative"

enum { LAYERS = 2, SIDE = 32 };

typedef struct study {
    const ntk_context *context;
    const ntk_grid *grid;
    size_t positions;
    bool pooled;
    const double *digits; /* (count, SIDE * SIDE) */
} study;

/* Of two layers on a circle or a torus, and the last pooling. */
static ntk_status network_of(const study *self, size_t rows, size_t columns, size_t factor,
                             ntk_architecture *out) {
    char layers[96];
    snprintf(layers, sizeof layers, "conv 3 circular, conv 3 circular, pool gauss-circular %zu", factor);
    NTK_TRY(ntk_stability_network(rows, columns, layers, out));
    if (!self->pooled) out->convolution.layer[LAYERS - 1].pooling = NTK_POOLING_NONE;
    return NTK_OK;
}

/* The norm of A (L - 1) on a circle of `positions`. */
static double translation_norm(size_t positions, size_t factor) {
    double total = 0, largest = 0;
    const double s = (double)factor;
    for (double i = -s; i <= s; i++) total += exp(-i * i / (s * s));
    for (size_t k = 0; 2 * k <= positions; k++) {
        const double w = 2 * M_PI * (double)k / (double)positions;
        double response = 0;
        for (double i = -s; i <= s; i++) response += exp(-i * i / (s * s)) / total * cos(w * i);
        largest = ntk_larger(largest, fabs(response) * 2 * sin(w / 2));
    }
    return largest;
}

/* ---- the circle ------------------------------------------------------------------------------ */

/* x: (positions). The wave has a whole number of periods. */
static void draw_signal(const study *self, const ntk_place *at, double s, double *x) {
    const size_t n = self->positions;
    ntk_stream stream = ntk_context_stream(self->context, at->at[SEED] + 1);
    ntk_stream_normal(&stream, n, x);
    if (at->at[SIGNAL] == NOISE) return;
    const double periods = fmax(1, round((double)n / (2 * M_PI * s / sqrt(2))));
    for (size_t u = 0; u < n; u++)
        x[u] = (1 + cos(2 * M_PI * periods * (double)u / (double)n)) * (1 + x[u] / 2);
}

/* Sums over a of the squares of |Phi_s(L^a x)| and |Phi_s(L^{a+1} x) - Phi_s(L^a x)|. gram: (s + 1,
 * s + 1). */
static void add_up(size_t s, const double *gram, double *norm, double *moved) {
    const size_t n = s + 1;
    *norm = *moved = 0;
    for (size_t a = 0; a < s; a++) {
        *norm += gram[a * n + a];
        *moved += gram[a * n + a] + gram[(a + 1) * n + a + 1] - 2 * gram[a * n + a + 1];
    }
}

/* x: (s + 1, positions) of room, the first row filled; nngp, ntk: (s + 1, s + 1) of room. */
static ntk_status measure_signal(const study *self, size_t factor, size_t moves, double *x, double *nngp,
                                 double *ntk, double *row) {
    const size_t n = self->positions;
    const double size = ntk_norm(n, x), norm = translation_norm(n, factor);
    ntk_architecture network;
    double norms[2], moved[2];
    for (size_t a = 1; a <= moves; a++) NTK_TRY(ntk_deform_shift(1, n, x, 0, (long)a, true, x + a * n));
    NTK_TRY(network_of(self, 1, n, factor, &network));
    NTK_TRY(ntk_kernel_gram_both(&network, moves + 1, n, x, n, nngp, ntk, moves + 1));
    add_up(moves, nngp, &norms[0], &moved[0]);
    add_up(moves, ntk, &norms[1], &moved[1]);
    for (size_t kernel = 0; kernel < 2; kernel++) {
        row[CKN + kernel] = sqrt(moved[kernel]) / size;
        row[CKN_BOUND + kernel] = row[CKN + kernel] / (norm * (kernel == 0 ? 1 : sqrt(LAYERS + 1)));
        row[CKN_RELATIVE + kernel] = sqrt(moved[kernel] / norms[kernel]);
    }
    return NTK_OK;
}

static ntk_status compute_signal(const void *argument, ntk_slot *slot) {
    const study *self = argument;
    const size_t factor = (size_t)ntk_grid_number(self->grid, slot->at, FACTOR),
                 moves = self->pooled ? factor : 1, kernel = (moves + 1) * (moves + 1);
    double *memory;
    NTK_TRY(ntk_allocate_doubles((moves + 1) * self->positions + 2 * kernel, &memory));
    double *gram = memory + (moves + 1) * self->positions;
    draw_signal(self, &slot->at, (double)factor, memory);
    const ntk_status status = measure_signal(self, factor, moves, memory, gram, gram + kernel, slot->values);
    ntk_release(memory);
    return status;
}

static ntk_status emit_signals(ntk_context *context, const ntk_grid *grid) {
    const ntk_place whole = ntk_grid_whole(), wave = ntk_grid_case(WAVE), noise = ntk_grid_case(NOISE);
    static const char *const kernels[] = {"ckn", "ntk"};
    ntk_estimate exponent;
    for (size_t kernel = 0; kernel < 2; kernel++) {
        const char *name = kernels[kernel];
        NTK_TRY(ntk_emit_scalar_as(context, ntk_grid_largest(grid, whole, CKN_BOUND + kernel).value,
                                   "bound-%s", name));
        NTK_TRY(ntk_emit_scalar_as(context, ntk_grid_smallest(grid, wave, CKN_BOUND + kernel).value,
                                   "attained-%s", name));
        NTK_TRY(ntk_grid_rate(grid, noise, FACTOR, CKN + kernel, &exponent));
        NTK_TRY(ntk_emit_estimate_as(context, &exponent, "exponent-%s", name));
    }
    return NTK_OK;
}

/* Means over seeds and digits, with the bound where there is one. */
static ntk_status emit_means(const ntk_grid *grid, size_t positions, ntk_table *table) {
    for (size_t signal = 0; signal < grid->axes[SIGNAL].count; signal++)
        for (size_t k = 0; k < grid->axes[FACTOR].count; k++) {
            const ntk_place part = {{signal, k, NTK_ALL}};
            const double factor = ntk_grid_number(grid, part, FACTOR);
            double row[8] = {factor, positions == 0 ? NAN : translation_norm(positions, (size_t)factor)};
            for (size_t column = 0; column < 6; column++) row[2 + column] = ntk_grid_mean(grid, part, column);
            NTK_TRY(ntk_table_row(table, &grid->axes[SIGNAL].labels[signal], row));
        }
    return NTK_OK;
}

static ntk_status emit_bound_exponent(ntk_context *context, const ntk_grid *grid, size_t positions) {
    enum { MOST = 64 };
    double x[MOST], y[MOST], slope, intercept;
    size_t count = 0;
    for (size_t k = 0; k < grid->axes[FACTOR].count && count < MOST; k++, count++) {
        x[count] = log(grid->axes[FACTOR].numbers[k]);
        y[count] = log(translation_norm(positions, (size_t)grid->axes[FACTOR].numbers[k]));
    }
    NTK_TRY(ntk_stats_slope(count, x, y, &slope, &intercept));
    return ntk_emit_scalar(context, "bound-exponent", slope);
}

static ntk_status run_signals(study *self, ntk_context *context, ntk_table *table) {
    ntk_grid grid = {.axes = {{.name = "signal", .count = SIGNALS, .labels = signals},
                              ntk_axis_of_numbers(context, "factor", "factors"),
                              ntk_axis_of_count(context, "seed", "seeds")},
                     .columns = COLUMNS,
                     .level = ntk_context_level(context)};
    grid.axes[FACTOR].costly = true;
    self->grid = &grid;
    NTK_TRY(ntk_grid_run(&grid, compute_signal, self));
    ntk_status status = emit_signals(context, &grid);
    if (status == NTK_OK) status = emit_bound_exponent(context, &grid, self->positions);
    if (status == NTK_OK) status = emit_means(&grid, self->positions, table);
    ntk_grid_release(&grid);
    return status;
}

/* ---- digits ---------------------------------------------------------------------------------- */

static ntk_status compute_digit(const void *argument, ntk_slot *slot) {
    const study *self = argument;
    enum { PIXELS = SIDE * SIDE };
    const double factor = ntk_grid_number(self->grid, slot->at, FACTOR),
                 scale = self->pooled ? factor : 1; /* two axes: the root of s^2 positions for
                                                     * one */
    ntk_architecture network;
    ntk_feature_distance found[2];
    double images[2 * PIXELS];
    memcpy(images, self->digits + slot->at.at[SEED] * PIXELS, PIXELS * sizeof *images);
    NTK_TRY(ntk_deform_shift(SIDE, SIDE, images, 0, 1, true, images + PIXELS));
    NTK_TRY(network_of(self, SIDE, SIDE, (size_t)factor, &network));
    NTK_TRY(ntk_stability_distances(&network, 2, PIXELS, images, found));
    slot->values[CKN] = scale * found[1].ckn / found[0].image;
    slot->values[NTK] = scale * found[1].ntk / found[0].image;
    slot->values[CKN_BOUND] = slot->values[NTK_BOUND] = 0; /* one subsampling grid has none */
    slot->values[CKN_RELATIVE] = found[1].ckn / found[0].ckn;
    slot->values[NTK_RELATIVE] = found[1].ntk / found[0].ntk;
    return NTK_OK;
}

/* The largest distance, times the factor, over that of the smallest factor. */
static double fall(const ntk_grid *grid, size_t column) {
    double largest = 0;
    for (size_t digit = 0; digit < grid->axes[SEED].count; digit++) {
        const double *first = ntk_grid_row(grid, (ntk_place){{0, 0, digit}});
        for (size_t k = 1; k < grid->axes[FACTOR].count; k++) {
            const double wider = grid->axes[FACTOR].numbers[k] / grid->axes[FACTOR].numbers[0],
                         *row = ntk_grid_row(grid, (ntk_place){{0, k, digit}});
            largest = ntk_larger(largest, wider * row[column] / first[column]);
        }
    }
    return largest;
}

/* *out: (count, SIDE * SIDE), to be released: digits in the middle of their torus. */
static ntk_status place_digits(const ntk_context *context, size_t count, double **out) {
    double *digits;
    size_t rows, columns;
    ntk_stream stream = ntk_context_stream(context, 0);
    NTK_TRY(ntk_stability_digits(context, &stream, count, &digits, &rows, &columns));
    ntk_status status = rows <= SIDE && columns <= SIDE
                            ? ntk_allocate_doubles(count * SIDE * SIDE, out)
                            : ntk_fail(NTK_ERROR_SHAPE, "digits of %zu x %zu pixels, at most %d are wanted",
                                       rows, columns, SIDE);
    for (size_t k = 0; status == NTK_OK && k < count; k++)
        for (size_t i = 0; i < rows; i++)
            memcpy(*out + (k * SIDE + i + (SIDE - rows) / 2) * SIDE + (SIDE - columns) / 2,
                   digits + (k * rows + i) * columns, columns * sizeof **out);
    ntk_release(digits);
    return status;
}

static ntk_status run_digits(study *self, ntk_context *context, ntk_table *table) {
    static const char *const label[] = {"digits"};
    double *digits;
    ntk_grid grid = {.axes = {{.name = "signal", .count = 1, .labels = label},
                              ntk_axis_of_numbers(context, "factor", "digit-factors"),
                              ntk_axis_of_count(context, "digit", "count")},
                     .columns = COLUMNS,
                     .level = ntk_context_level(context)};
    NTK_TRY(place_digits(context, grid.axes[SEED].count, &digits));
    self->grid = &grid;
    self->digits = digits;
    ntk_status status = ntk_grid_run(&grid, compute_digit, self);
    ntk_release(digits);
    NTK_TRY(status);
    status = ntk_emit_scalar(context, "digits-fall-ckn", fall(&grid, CKN));
    if (status == NTK_OK) status = ntk_emit_scalar(context, "digits-fall-ntk", fall(&grid, NTK));
    if (status == NTK_OK) status = emit_means(&grid, 0, table);
    ntk_grid_release(&grid);
    return status;
}

static ntk_status run(ntk_context *context) {
    ntk_table *table;
    study self = {.context = context,
                  .positions = ntk_context_size(context, "positions"),
                  .pooled = ntk_context_flag(context, "pooled")};
    NTK_TRY(ntk_emit_table(context, "means", "$signal factor bound " COLUMNS, &table));
    NTK_TRY(run_signals(&self, context, table));
    return run_digits(&self, context, table);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_digits_parameters, parameters}, .metrics = {metrics}, .run = run};
