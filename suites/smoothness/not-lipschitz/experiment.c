/* The feature map of the ReLU NTK is not Lipschitz (bietti-2019, Proposition 3): exponent and
 * constant.
 *
 * On the sphere, with the angle theta and the chord r = 2 sin(theta / 2), one hidden layer has K
 * = 2 cos theta + (sin theta - 2 theta cos theta) / pi, so that
 *
 *     |Phi(x) - Phi(y)|^2 = 2 r^2 + (2 / pi) (2 theta cos theta - sin theta).
 *
 * Theorem. (2 / pi) r <= |Phi(x) - Phi(y)|^2 <= (2 / pi) r + 2 r^2 on the whole sphere. Hence
 *
 *     |Phi(x) - Phi(y)| / r = sqrt(2 / pi) r^{-1/2} sqrt(1 + e),     0 <= e <= pi r,
 *
 * which has the exponent -1/2 and the constant sqrt(2 / pi), with a bound of the remainder.
 *
 * Both sides are certified over all angles. At theta = 0 the lower difference is 2 r^2 + O(r^3),
 * of order 2, the upper one (2 / pi) (r - 2 theta cos theta + sin theta) = (2 / pi) (19 / 24)
 * theta^3 + ..., of order 3.
 *
 * In the RKHS f = (Phi(x) - Phi(y)) / |Phi(x) - Phi(y)| has norm 1 and f(x) - f(y) = |Phi(x) -
 * Phi(y)|: at a distance r a function of norm 1 is as steep as |Phi(x) - Phi(y)| / r, without
 * bound.
 *
 * The same numbers from the kernel engine: on pairs at distances down to 10^-6 the exponent is
 * fitted and the constant read off. By the theorem log(|Phi(x) - Phi(y)| / r) differs from a
 * line of slope -1/2 in log r by at most pi r / 2. */
#include <math.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_CHOICE("activation", "relu", "relu|erf", "of the one hidden layer"),
    NTK_REAL("lower-factor", 1, 0.5, 2, "times the constant 2 / pi of the lower bound"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("{lower,upper}-margin", "certified margin of a bound"),
    NTK_METRIC("sharp-{lower,upper}", "certified violation with a constant that is off by 0.01"),
    NTK_METRIC("exponent", "of |Phi(x) - Phi(y)| / r in r"),
    NTK_METRIC("constant", "|Phi(x) - Phi(y)| / sqrt r at the smallest r"),
    NTK_METRIC("steepest", "|Phi(x) - Phi(y)| / r at the smallest r"),
    {0},
};

/* With w^2 = 2 for ReLU, whose NTK is then twice K; 1 for erf. */
static ntk_pairs_kernel kernel_of(const ntk_context *context) {
    ntk_pairs_kernel out = {ntk_architecture_default(), 0.5};
    out.architecture.input_scale = NTK_INPUT_SCALE_NONE;
    if (ntk_context_is(context, "activation", "relu")) return out;
    out.architecture.activation = NTK_ERF;
    out.architecture.weight_variance = 1;
    out.factor = 1;
    return out;
}

/* ---- certified ------------------------------------------------------------------------------- */

/* K of the angle x; of erf (2 / pi) asin(2u / 3) + (4u / pi) / sqrt(9 - 4u^2). */
static ntk_status define_kernel(ntk_formula *f, bool relu) {
    if (relu) return ntk_formula_define(f, "square", "2*r^2 + 2/pi*(2*x*cos(x) - sin(x))");
    NTK_TRY(ntk_formula_define(f, "u", "cos(x)"));
    NTK_TRY(ntk_formula_define(f, "k", "2/pi*asin(2*u/3) + 4*u/(pi*sqrt(9 - 4*u^2))"));
    return ntk_formula_define(f, "square", "2*(2/pi*asin(2/3) + 4/(pi*sqrt(5)) - k)");
}

static ntk_status prove_law(ntk_proofs *proofs, const ntk_context *context) {
    ntk_formula *f = proofs->formula;
    const bool relu = ntk_context_is(context, "activation", "relu");
    const double factor = ntk_context_real(context, "lower-factor");
    const unsigned lower = relu && factor == 1 ? 2 : 1, upper = relu ? 3 : 1;
    NTK_TRY(ntk_formula_number(f, "c", factor));
    NTK_TRY(ntk_formula_define(f, "r", "2*sin(x/2)"));
    NTK_TRY(define_kernel(f, relu));
    NTK_TRY(ntk_formula_define(f, "lower", "square - c*2/pi*r"));
    NTK_TRY(ntk_formula_define(f, "upper", "2/pi*r + 2*r^2 - square"));
    NTK_TRY(ntk_formula_define(f, "more", "square - 1.01*2/pi*r"));
    NTK_TRY(ntk_formula_define(f, "less", "0.99*2/pi*r + 2*r^2 - square"));
    NTK_TRY(ntk_proofs_positive(proofs, "lower-margin", "lower", (ntk_range){"0", "pi", lower, 0}));
    NTK_TRY(ntk_proofs_positive(proofs, "upper-margin", "upper", (ntk_range){"0", "pi", upper, 0}));
    NTK_TRY(ntk_proofs_negative(proofs, "sharp-lower", "more", (ntk_range){"0", "pi", 1, 0}));
    return ntk_proofs_negative(proofs, "sharp-upper", "less", (ntk_range){"0", "pi", 1, 0});
}

/* ---- measured -------------------------------------------------------------------------------- */

/* |Phi(x) - Phi(y)| / r. */
static double steepness(const void *argument, size_t kernel, const ntk_pair *pair) {
    (void)argument, (void)kernel;
    return pair->feature / pair->distance;
}

/* The slope of log(|Phi(x) - Phi(y)| / r) in log r over distances up to 10^-3; at the smallest one
 * the constant and the steepest unit function. */
static ntk_status emit_law(ntk_context *context, const ntk_grid *grid) {
    enum { MOST = 64 };
    double x[MOST], y[MOST], slope, intercept, nearest = INFINITY, steepest = NAN;
    size_t count = 0;
    for (size_t k = 0; k < grid->axes[1].count && count < MOST; k++) {
        const ntk_place part = {{0, k, NTK_ALL}};
        const double *row = ntk_grid_row(grid, ntk_grid_largest(grid, part, NTK_PAIRS_RATIO).at);
        if (row[NTK_PAIRS_DISTANCE] < nearest) {
            nearest = row[NTK_PAIRS_DISTANCE];
            steepest = row[NTK_PAIRS_RATIO];
        }
        if (row[NTK_PAIRS_DISTANCE] > 1.001e-3) continue;
        x[count] = log(row[NTK_PAIRS_DISTANCE]);
        y[count++] = log(row[NTK_PAIRS_RATIO]);
    }
    NTK_TRY(ntk_stats_slope(count, x, y, &slope, &intercept));
    NTK_TRY(ntk_emit_scalar(context, "exponent", slope));
    NTK_TRY(ntk_emit_scalar(context, "constant", steepest * sqrt(nearest)));
    return ntk_emit_scalar(context, "steepest", steepest);
}

/* The kernel over its value at 0, along a great circle, from -2 to 2. */
static ntk_status emit_kink(ntk_context *context, const ntk_pairs_kernel *kernel) {
    enum { HALF = 100 };
    ntk_table *table;
    NTK_TRY(ntk_emit_table(context, "kink", "angle kernel", &table));
    for (int i = -HALF; i <= HALF; i++) {
        const double angle = 2.0 * i / HALF, points[] = {1, 0, cos(angle), sin(angle)};
        double gram[4];
        NTK_TRY(ntk_kernel_gram(&kernel->architecture, NTK_KERNEL_NTK, 2, 2, points, 2, gram, 2));
        const double row[] = {angle, gram[1] / gram[0]};
        NTK_TRY(ntk_table_row(table, NULL, row));
    }
    return NTK_OK;
}

static ntk_status run(ntk_context *context) {
    ntk_proofs proofs;
    NTK_TRY(ntk_proofs_begin(context, &proofs));
    ntk_status status = prove_law(&proofs, context);
    ntk_proofs_end(&proofs);
    NTK_TRY(status);

    const ntk_pairs_kernel kernel = kernel_of(context);
    const char *label = ntk_context_choice(context, "activation");
    const ntk_pairs_study study = {.context = context,
                                   .count = 1,
                                   .labels = &label,
                                   .kernels = &kernel,
                                   .sphere = true,
                                   .ratio = steepness};
    ntk_grid grid;
    NTK_TRY(ntk_pairs_run(&study, &grid));
    status = ntk_pairs_emit(context, &grid, "pairs", NULL);
    if (status == NTK_OK) status = emit_law(context, &grid);
    ntk_grid_release(&grid);
    NTK_TRY(status);
    return emit_kink(context, &kernel);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_pairs_parameters, parameters}, .metrics = {metrics}, .run = run};
