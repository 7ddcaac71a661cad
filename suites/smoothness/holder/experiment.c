/* The feature map of a ReLU network's NTK is Hoelder continuous of exponent 1/2 (bietti-2019,
 * Proposition 4), at every depth.
 *
 * Notation. x, y with |x| = s >= |y| = 1 (K is homogeneous, so the smaller norm may be 1), theta
 * the angle between them, r = |x - y|, r^2 = 1 + s^2 - 2 s cos theta. phi_0 is the feature map
 * of kappa_0, Phi that of K = |x| |y| Theta_L(theta) with L hidden layers. Layer by layer,
 * theta_0 = theta,
 *
 *     theta_l = arccos kappa_1(cos theta_{l-1}),     Theta_0 = cos theta,
 *     Theta_l = Theta_{l-1} (1 - theta_{l-1} / pi) + cos theta_l,     Theta_L(0) = L + 1.
 *
 * Lemma 1 (certified below on [0, pi]). sin theta - theta cos theta >= 0. Hence kappa_1(cos
 * theta) - cos theta = (sin theta - theta cos theta) / pi >= 0, and theta_l <= theta_{l-1} <=
 * theta.
 *
 * Lemma 2 (Jordan; certified). 2 theta / pi <= 2 sin(theta / 2) on [0, pi], with equality at pi.
 *
 * Theorem 1. |phi_0(x) - phi_0(y)|^2 = 2 (1 - kappa_0) = 2 theta / pi <= r. The constant 1 is
 * sharp. Proof. r grows with s, as (r^2)' = 2 (s - cos theta) >= 0, so r >= 2 sin(theta / 2);
 * Lemma 2.
 *
 * Theorem 2. For every L >= 1
 *
 *     |Phi(x) - Phi(y)|^2 <= (L (L+1) / pi) min(|x|, |y|) r + (L+1) r^2,
 *
 * and neither constant can be lowered. For L = 1 the constants are 2/pi and 2; it contains the
 * printed |Phi(x) - Phi(y)| <= sqrt(min r) + 2r, whose square has 1, 4 sqrt(r^3) and 4.
 *
 * Proof. |Phi(x) - Phi(y)|^2 = (L+1) (1 + s^2) - 2 s Theta_L = (L+1) r^2 + 2 s E_L with E_l =
 * (l+1) cos theta - Theta_l. The recursion gives E_0 = 0 and
 *
 *     E_l = E_{l-1} (1 - theta_{l-1} / pi) + (l / pi) theta_{l-1} cos theta
 *           - (cos theta_l - cos theta).
 *
 * The last bracket is >= 0 by Lemma 1. If theta >= pi / 2 then cos theta <= 0 and by induction
 * E_l <= 0. If theta < pi / 2 then theta_{l-1} cos theta <= theta cos theta <= sin theta by
 * Lemma 1 twice, and since 0 <= 1 - theta_{l-1} / pi <= 1, max(E_l, 0) <= max(E_{l-1}, 0) + (l /
 * pi) sin theta: by induction E_l <= l (l+1) / (2 pi) sin theta. Finally s sin theta <= r, the
 * distance of y from the line through x, times |x|. QED
 *
 * Sharpness. As theta -> 0 at s = 1, 2 E_L ~ L (L+1) theta / pi and r ~ theta: the first
 * constant. As s -> infinity at theta = 0 both sides are (L+1) s^2: the second. For L = 1 the
 * second is sharp for small r too: on the curve s = 1 / cos theta, where s sin theta = r = tan
 * theta, the difference of the sides is (4 / pi) (tan theta - theta), of third order.
 *
 * What is computed. The lemmas, Theorem 1 and, independently of the induction, Theorem 2 for
 * each L up to 8 as the inequality in theta that it reduces to, by the prover on the whole
 * range; each constant times 0.99 is refuted by a witness. For L = 1 the certified inequality is
 * that of the curve,
 *
 *     F(theta) = a tan theta + b tan^2 theta - (2 / pi) (2 theta - tan theta) - 2 tan^2 theta,
 *
 * times cos^2 theta, which knows both constants, a = 2 / pi and b = 2. (It implies the
 * inequality for all s if b >= 2: r / s >= sin theta, and the rest does not depend on s.) The
 * kernel engine itself is held to the theorem on random pairs. */
#include <math.h>
#include <stdio.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_INTEGERS("depths", "1 2 3 4 5 6 7 8", 1, 32, "hidden layers L"),
    NTK_REAL("step-factor", 1, 0.5, 2, "times the constant 1 of Theorem 1"),
    NTK_REAL("first-factor", 1, 0.5, 2, "times the constant L (L+1) / pi of r"),
    NTK_REAL("second-factor", 1, 0.5, 2, "times the constant L + 1 of the square of r"),
    NTK_REAL("root-factor", 1, 0.25, 4, "times the printed root"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("{lemma,step,feature,printed}-margin", "certified margin of an inequality in the angle"),
    NTK_METRIC("sharp-{step,first,second}", "certified violation with 0.99 of a constant"),
    NTK_METRIC("layers-margin-{depths}", "certified margin of the bound for L hidden layers"),
    NTK_METRIC("sharp-layers-{depths}", "certified violation with 0.99 of its first constant"),
    NTK_METRIC("pairs-ratio-{depths}", "largest squared feature distance over its bound"),
    {0},
};

enum { DEPTHS_MAX = 32, LABEL = 8 };
static const double sharp = 0.99; /* of a constant, which is then too small */

static ntk_architecture network(size_t depth) {
    ntk_architecture out = ntk_architecture_default();
    out.input_scale = NTK_INPUT_SCALE_NONE;
    out.depth = depth;
    return out;
}

/* ---- one hidden layer ------------------------------------------------------------------------ */

static ntk_status define_shallow(ntk_formula *f, const ntk_context *context) {
    NTK_TRY(ntk_formula_number(f, "cstep", ntk_context_real(context, "step-factor")));
    NTK_TRY(ntk_formula_number(f, "ca", ntk_context_real(context, "first-factor")));
    NTK_TRY(ntk_formula_number(f, "cb", ntk_context_real(context, "second-factor")));
    NTK_TRY(ntk_formula_number(f, "croot", ntk_context_real(context, "root-factor")));
    NTK_TRY(ntk_formula_number(f, "less", sharp));
    NTK_TRY(ntk_formula_define(f, "lemma", "sin(x) - x*cos(x)"));
    NTK_TRY(ntk_formula_define(f, "step", "cstep*2*sin(x/2) - 2*x/pi"));
    NTK_TRY(ntk_formula_define(f, "stepless", "less*2*sin(x/2) - 2*x/pi"));
    /* cos^2 theta F(theta); a = ca 2 / pi, b = cb 2 */
    NTK_TRY(ntk_formula_define(f, "rest", "2/pi*(sin(x) - 2*x*cos(x))*cos(x) - 2*sin(x)^2"));
    NTK_TRY(ntk_formula_define(f, "first", "2/pi*sin(x)*cos(x)"));
    NTK_TRY(ntk_formula_define(f, "second", "2*sin(x)^2"));
    NTK_TRY(ntk_formula_define(f, "curve", "ca*first + cb*second + rest"));
    NTK_TRY(ntk_formula_define(f, "firstless", "less*first + second + rest"));
    NTK_TRY(ntk_formula_define(f, "secondless", "first + less*second + rest"));
    NTK_TRY(ntk_formula_define(f, "obtuse", "sin(x) - 2*x*cos(x)"));
    /* (c sqrt r + 2r)^2 - 2 r / pi - 2 r^2 over r at sqrt r = x / (1 - x), times (1 - x)^2 */
    NTK_TRY(ntk_formula_define(f, "printed", "(croot^2 - 2/pi)*(1-x)^2 + 4*croot*x*(1-x) + 2*x^2"));
    /* (c sqrt r + 2r)^2 - |Phi(x) - Phi(y)|^2 on the curve, r = tan theta = x^2 */
    return ntk_formula_define(f, "printedcurve",
                              "croot^2*x^2 + 4*croot*x^3 + 2*x^4 - 2/pi*(2*atan(x^2) - x^2)");
}

/* The printed bound follows from the sharp one; where it does not, is it false? */
static ntk_status prove_printed(ntk_proofs *proofs) {
    ntk_proof proof;
    const ntk_range all = {"0", "1", 0, 0}, small = {"0", "0.2", 2, 0};
    NTK_TRY(ntk_prove_positive(proofs->formula, "printed", &all, &proof));
    const bool follows = proof.result == NTK_PROOF_PROVED;
    return ntk_proofs_positive(proofs, "printed-margin", follows ? "printed" : "printedcurve",
                               follows ? all : small);
}

static ntk_status prove_shallow(ntk_proofs *proofs, const ntk_context *context) {
    const bool step = ntk_context_real(context, "step-factor") == 1;
    const bool first = ntk_context_real(context, "first-factor") == 1;
    const bool second = ntk_context_real(context, "second-factor") == 1;
    NTK_TRY(define_shallow(proofs->formula, context));
    NTK_TRY(ntk_proofs_positive(proofs, "lemma-margin", "lemma", (ntk_range){"0", "pi", 3, 0}));
    NTK_TRY(ntk_proofs_positive(proofs, "step-margin", "step", (ntk_range){"0", "pi", 1, step}));
    NTK_TRY(ntk_proofs_negative(proofs, "sharp-step", "stepless", (ntk_range){"0", "pi", 1, 0}));
    const char *names[] = {"curve", "obtuse"};
    const ntk_range ranges[] = {{"0", "pi/2",
                                 first && second ? 3
                                 : first         ? 2
                                                 : 1,
                                 second},
                                {"pi/2", "pi", 0, 0}};
    NTK_TRY(ntk_proofs_all_positive(proofs, "feature-margin", 2, names, ranges));
    NTK_TRY(ntk_proofs_negative(proofs, "sharp-first", "firstless", (ntk_range){"0", "pi/2", 1, 1}));
    NTK_TRY(ntk_proofs_negative(proofs, "sharp-second", "secondless", (ntk_range){"0", "pi/2", 2, 0}));
    return prove_printed(proofs);
}

/* ---- every depth ----------------------------------------------------------------------------- */

/* c L (L+1) / (2 pi) sin theta - E_L on [0, pi/2], with the constant as it is set and 0.99 of
 * it; -E_L beyond. The kernel is twice Theta_L, with w^2 = 2. */
static ntk_status prove_depth(ntk_proofs *proofs, const ntk_context *context, size_t depth) {
    ntk_formula *f = proofs->formula;
    char kernel[LABEL], bound[16], less[16], excess[16], metric[32];
    const ntk_architecture architecture = network(depth);
    snprintf(kernel, sizeof kernel, "k%zu", depth);
    snprintf(bound, sizeof bound, "bound%zu", depth);
    snprintf(less, sizeof less, "less%zu", depth);
    snprintf(excess, sizeof excess, "minus%zu", depth);
    NTK_TRY(ntk_ball_sphere_formula(&architecture, NTK_KERNEL_NTK, 2, f, kernel));
    NTK_TRY(ntk_formula_define_as(f, excess, "%s/2 - %zu*cos(x)", kernel, depth + 1));
    NTK_TRY(ntk_formula_define_as(f, bound, "ca*%zu*sin(x)/(2*pi) + %s", depth * (depth + 1), excess));
    NTK_TRY(ntk_formula_define_as(f, less, "less*%zu*sin(x)/(2*pi) + %s", depth * (depth + 1), excess));

    const unsigned zero = ntk_context_real(context, "first-factor") != 1 ? 1 : depth == 1 ? 3 : 2;
    const char *names[] = {bound, excess};
    const ntk_range ranges[] = {{"0", "pi/2", zero, 0}, {"pi/2", "pi", 0, 0}};
    snprintf(metric, sizeof metric, "layers-margin-%zu", depth);
    NTK_TRY(ntk_proofs_all_positive(proofs, metric, 2, names, ranges));
    snprintf(metric, sizeof metric, "sharp-layers-%zu", depth);
    return ntk_proofs_negative(proofs, metric, less, (ntk_range){"0", "pi/2", 1, 0});
}

/* ---- the kernel engine on pairs -------------------------------------------------------------- */

/* |Phi(x) - Phi(y)|^2 over the bound. */
static double ratio(const void *depths, size_t kernel, const ntk_pair *pair) {
    const double depth = (double)((const long *)depths)[kernel], r = pair->distance;
    return pair->feature * pair->feature / (depth * (depth + 1) / M_PI * r + (depth + 1) * r * r);
}

static ntk_status measure_pairs(ntk_context *context, size_t count, const long *depths) {
    ntk_pairs_kernel kernels[DEPTHS_MAX];
    char labels[DEPTHS_MAX][LABEL];
    const char *names[DEPTHS_MAX];
    double worst[DEPTHS_MAX];
    ntk_grid grid;
    for (size_t i = 0; i < count; i++) {
        kernels[i] = (ntk_pairs_kernel){network((size_t)depths[i]), 0.5};
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
    ntk_status status = ntk_pairs_emit(context, &grid, "pairs", worst);
    for (size_t i = 0; i < count && status == NTK_OK; i++)
        status = ntk_emit_scalar_as(context, worst[i], "pairs-ratio-%ld", depths[i]);
    ntk_grid_release(&grid);
    return status;
}

/* ---- curves of the figure -------------------------------------------------------------------- */

/* Squares of feature distances over their bounds along the curve on which they come closest, of the
 * step (s = 1) and of the NTK. */
static ntk_status emit_curves(ntk_context *context) {
    enum { POINTS = 200 };
    ntk_table *table;
    NTK_TRY(ntk_emit_table(context, "curves", "angle distance step feature sharp printed", &table));
    for (size_t i = 1; i < POINTS; i++) {
        const double angle = M_PI / 2 * pow((double)i / POINTS, 3), r = tan(angle);
        const double feature = 2 * r * r + 2 / M_PI * (2 * angle - r), root = sqrt(r) + 2 * r;
        /* at the angle 2 theta, up to pi */
        const double step = 2 * (2 * angle) / M_PI / (2 * sin(angle));
        const double row[] = {
            angle, r, step, feature, feature / (2 / M_PI * r + 2 * r * r), feature / (root * root)};
        NTK_TRY(ntk_table_row(table, NULL, row));
    }
    return NTK_OK;
}

static ntk_status prove_all(ntk_proofs *proofs, ntk_context *context, size_t count, const long *depths) {
    NTK_TRY(prove_shallow(proofs, context));
    for (size_t i = 0; i < count; i++) NTK_TRY(prove_depth(proofs, context, (size_t)depths[i]));
    return NTK_OK;
}

static ntk_status run(ntk_context *context) {
    size_t count;
    ntk_proofs proofs;
    const long *depths = ntk_context_integers(context, "depths", &count);
    if (count > DEPTHS_MAX) return ntk_fail(NTK_ERROR_ARGUMENT, "more than %d depths", (int)DEPTHS_MAX);
    NTK_TRY(ntk_proofs_begin(context, &proofs));
    const ntk_status status = prove_all(&proofs, context, count, depths);
    ntk_proofs_end(&proofs);
    NTK_TRY(status);
    NTK_TRY(measure_pairs(context, count, depths));
    return emit_curves(context);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_pairs_parameters, parameters}, .metrics = {metrics}, .run = run};
