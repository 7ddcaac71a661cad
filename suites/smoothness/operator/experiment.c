/* The layer of a network as a map of signals (bietti-2019, Lemma 10).
 *
 * x and y are signals over positions u, with values in Hilbert spaces. A layer takes them to
 *
 *     M(x, y)[u] = (phi_0(x[u]) (x) y[u], phi_1(x[u])),
 *
 * phi_0 and phi_1 the feature maps of kappa_0 (of directions) and of |z| |z'| kappa_1.
 *
 * Lemma. (a) |phi_1(z) - phi_1(z')| <= |z - z'|. (b) |phi_0(z) - phi_0(z')|^2 <= |z - z'| for
 * unit z and z', with equality at antipodes. (c) If |x[u]| = |x'[u]| = 1 and |y[u]|, |y'[u]| <=
 * 1 at every u, then in L^2
 *
 *     |M(x, y) - M(x', y')| <= sqrt(min(|y|, |y'|) |x - x'|) + |x - x'| + |y - y'|.
 *
 * Proof. (a) is kappa_1 >= cos theta, sin theta - theta cos theta >= 0. (b) is 2 theta / pi <= 2
 * sin(theta / 2). (c) With |phi_0| = 1 the difference of the first components is at most
 * |phi_0(x[u]) - phi_0(x'[u])| |y[u]| + |y[u] - y'[u]|, or the same with y' in the first place;
 * by (b) the square of the first term is at most |x[u] - x'[u]| |y[u]|^2 <= |x[u] - x'[u]|
 * |y[u]|, whose integral is at most |x - x'| |y| by Cauchy and Schwarz. The second component is
 * (a). QED
 *
 * (c) needs |y[u]| <= 1: y scaled by c multiplies the left side by c and the root by sqrt(c)
 * only. For y' = y of norm c and x' near x the sides are c sqrt(2 / pi) r^{1/2} and c^{1/2}
 * r^{1/2}: it fails for c > pi / 2.
 *
 * (a) and (b) are certified over all angles. (c) is held to random signals; what comes closest
 * is a constant distance |x[u] - x'[u]| and y' = y of norm 1, which the first signal at each
 * distance has. */
#include <math.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_REAL("step-factor", 1, 0.5, 2, "times the constant 1 of (b)"),
    NTK_INTEGER("step-power", 1, 1, 2, "of the distance in (b)"),
    NTK_REAL("y-norm", 1, 0.01, 100, "largest norm of y at a position"),
    NTK_INTEGER("positions", 6, 1, 1000, "of a signal"),
    NTK_INTEGER("channels", 4, 2, 1000, "dimension of the values of x, and of y"),
    NTK_REALS("distances", "0.001 0.01 0.1 0.5 1 2", 1e-6, 2, "largest |x[u] - x'[u]|"),
    NTK_INTEGER("signals", 40, 2, 100000, "pairs of signals at each distance"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("{step,second}-margin", "certified margin of (b) and of (a)"),
    NTK_METRIC("sharp-{step,second}", "certified violation with 0.99 of the constant"),
    NTK_METRIC("signals-ratio", "largest left side of (c) over its right side"),
    {0},
};

/* ---- certified ------------------------------------------------------------------------------- */

static ntk_status prove(ntk_proofs *proofs, const ntk_context *context) {
    ntk_formula *f = proofs->formula;
    const double factor = ntk_context_real(context, "step-factor");
    const long power = ntk_context_integer(context, "step-power");
    const unsigned end = factor == 1 && power == 1;
    NTK_TRY(ntk_formula_number(f, "c", factor));
    NTK_TRY(ntk_formula_define_as(f, "step", "c*(2*sin(x/2))^%ld - 2*x/pi", power));
    NTK_TRY(ntk_formula_define(f, "stepless", "0.99*2*sin(x/2) - 2*x/pi"));
    /* pi (kappa_1 - cos theta); kappa_1 - 1 + 0.99^2 (1 - cos theta) */
    NTK_TRY(ntk_formula_define(f, "second", "sin(x) - x*cos(x)"));
    NTK_TRY(ntk_formula_define(f, "secondless", "(cos(x)*(pi - x) + sin(x))/pi - 1 + 0.99^2*(1 - cos(x))"));
    NTK_TRY(ntk_proofs_positive(proofs, "step-margin", "step", (ntk_range){"0", "pi", 1, end}));
    NTK_TRY(ntk_proofs_positive(proofs, "second-margin", "second", (ntk_range){"0", "pi", 3, 0}));
    NTK_TRY(ntk_proofs_negative(proofs, "sharp-step", "stepless", (ntk_range){"0", "pi", 1, 0}));
    return ntk_proofs_negative(proofs, "sharp-second", "secondless", (ntk_range){"0", "pi", 2, 0});
}

/* ---- signals --------------------------------------------------------------------------------- */

typedef struct study {
    const ntk_context *context;
    const ntk_grid *grid;
    size_t positions, channels, signals;
    double y_norm;
} study;

/* Values at one position, each of so many channels. */
typedef struct values {
    double *x, *x_other, *y, *y_other;
} values;

/* A unit x, and x' at a chord r from it along a random great circle. */
static ntk_status draw_x(ntk_stream *stream, size_t d, double r, const values *v) {
    NTK_TRY(ntk_data_sphere(stream, 1, d, v->x));
    NTK_TRY(ntk_data_sphere(stream, 1, d, v->x_other));
    const double along = ntk_dot(d, v->x, v->x_other), angle = 2 * asin(r / 2);
    for (size_t k = 0; k < d; k++) v->x_other[k] -= along * v->x[k];
    const double norm = ntk_norm(d, v->x_other);
    for (size_t k = 0; k < d; k++) v->x_other[k] = cos(angle) * v->x[k] + sin(angle) / norm * v->x_other[k];
    return NTK_OK;
}

/* y of at most the largest norm, and y' = y moved by r in a random direction and brought back to
 * it; worst: y' = y of that norm. */
static ntk_status draw_y(ntk_stream *stream, size_t d, double r, double largest, bool worst,
                         const values *v) {
    double share[2];
    ntk_stream_uniform(stream, 2, share);
    NTK_TRY(ntk_data_sphere(stream, 1, d, v->y));
    NTK_TRY(ntk_data_sphere(stream, 1, d, v->y_other));
    for (size_t k = 0; k < d; k++) {
        v->y[k] *= largest * (worst ? 1 : share[0]);
        v->y_other[k] = v->y[k] + (worst ? 0 : r * share[1] * v->y_other[k]);
    }
    const double norm = ntk_norm(d, v->y_other);
    for (size_t k = 0; k < d && norm > largest; k++) v->y_other[k] *= largest / norm;
    return NTK_OK;
}

/* Sums over positions of squares: of M - M', x - x', y - y', y and y'. */
typedef struct sums {
    double layer, x, y, first, second;
} sums;

static ntk_status add_position(size_t d, const values *v, sums *out) {
    double kappa_1, kappa_0;
    /* both are of norm 1 but for rounding */
    const double cosine = fmin(1, ntk_dot(d, v->x, v->x_other));
    NTK_TRY(ntk_dual_activation(NTK_RELU, 1, 1, fmax(-1, cosine), &kappa_1, &kappa_0, NULL));
    const double first = ntk_dot(d, v->y, v->y), second = ntk_dot(d, v->y_other, v->y_other);
    out->layer += first + second - 4 * kappa_0 * ntk_dot(d, v->y, v->y_other) + 2 - 4 * kappa_1;
    out->first += first;
    out->second += second;
    for (size_t k = 0; k < d; k++) {
        out->x += (v->x[k] - v->x_other[k]) * (v->x[k] - v->x_other[k]);
        out->y += (v->y[k] - v->y_other[k]) * (v->y[k] - v->y_other[k]);
    }
    return NTK_OK;
}

static ntk_status compute_signals(const study *self, ntk_slot *slot, double *memory) {
    const size_t d = self->channels;
    const values v = {memory, memory + d, memory + 2 * d, memory + 3 * d};
    const double largest = ntk_grid_number(self->grid, slot->at, 0);
    const bool worst = slot->at.at[1] == 0;
    ntk_stream stream = ntk_context_stream(self->context, slot->at.at[0] * self->signals + slot->at.at[1]);
    sums s = {0};
    for (size_t u = 0; u < self->positions; u++) {
        double share;
        ntk_stream_uniform(&stream, 1, &share);
        const double r = largest * (worst ? 1 : share);
        NTK_TRY(draw_x(&stream, d, r, &v));
        NTK_TRY(draw_y(&stream, d, r, self->y_norm, worst, &v));
        NTK_TRY(add_position(d, &v, &s));
    }
    const double bound = sqrt(sqrt(fmin(s.first, s.second) * s.x)) + sqrt(s.x) + sqrt(s.y);
    slot->values[0] = sqrt(s.x);
    slot->values[1] = sqrt(fmax(0, s.layer));
    slot->values[2] = slot->values[1] / bound;
    return NTK_OK;
}

static ntk_status compute(const void *argument, ntk_slot *slot) {
    const study *self = argument;
    double *memory;
    NTK_TRY(ntk_allocate_doubles(4 * self->channels, &memory));
    const ntk_status status = compute_signals(self, slot, memory);
    ntk_release(memory);
    return status;
}

/* Of the signals at each distance the first and the worst of all. */
static ntk_status emit(ntk_context *context, const ntk_grid *grid) {
    ntk_table *table;
    NTK_TRY(ntk_emit_table(context, "signals", "distance constant largest", &table));
    for (size_t k = 0; k < grid->axes[0].count; k++) {
        const ntk_place first = {{k, 0}}, all = {{k, NTK_ALL}};
        const double row[] = {ntk_grid_number(grid, first, 0), ntk_grid_row(grid, first)[2],
                              ntk_grid_largest(grid, all, 2).value};
        NTK_TRY(ntk_table_row(table, NULL, row));
    }
    return ntk_emit_scalar(context, "signals-ratio", ntk_grid_largest(grid, ntk_grid_whole(), 2).value);
}

/* The square of the step of kappa_0 and its bound, against the distance of two unit vectors. */
static ntk_status emit_step(ntk_context *context) {
    enum { POINTS = 100 };
    ntk_table *table;
    NTK_TRY(ntk_emit_table(context, "step", "distance first second", &table));
    for (int i = 0; i <= POINTS; i++) {
        double kappa_0, kappa_1;
        const double angle = M_PI * i / POINTS;
        NTK_TRY(ntk_dual_activation(NTK_RELU, 1, 1, cos(angle), &kappa_1, &kappa_0, NULL));
        const double row[] = {2 * sin(angle / 2), 2 - 4 * kappa_0, 2 - 4 * kappa_1};
        NTK_TRY(ntk_table_row(table, NULL, row));
    }
    return NTK_OK;
}

static ntk_status run(ntk_context *context) {
    ntk_proofs proofs;
    NTK_TRY(ntk_proofs_begin(context, &proofs));
    ntk_status status = prove(&proofs, context);
    ntk_proofs_end(&proofs);
    NTK_TRY(status);

    ntk_grid grid = {.axes = {ntk_axis_of_numbers(context, "distance", "distances"),
                              ntk_axis_of_count(context, "signal", "signals")},
                     .columns = "separation layer ratio",
                     .level = ntk_context_level(context)};
    const study self = {context,
                        &grid,
                        ntk_context_size(context, "positions"),
                        ntk_context_size(context, "channels"),
                        ntk_context_size(context, "signals"),
                        ntk_context_real(context, "y-norm")};
    NTK_TRY(ntk_grid_run(&grid, compute, &self));
    status = emit(context, &grid);
    ntk_grid_release(&grid);
    NTK_TRY(status);
    return emit_step(context);
}

const ntk_experiment NTK_EXPERIMENT = {.parameters = {parameters}, .metrics = {metrics}, .run = run};
