/* The distance of a stored Gram matrix from the exact NTK: against kernels that are known by
 * hand. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/certify.h>
#include <ntk/kernel.h>
#include <ntk/linalg.h>
#include <ntk/random.h>

#include "status.h"

/* Two orthogonal unit vectors and the antipode of the first. */
enum { POINTS = 3, INPUTS = 2 };
static const double points[POINTS * INPUTS] = {1, 0, 0, 1, -1, 0};

static ntk_architecture one_layer(ntk_activation activation) {
    ntk_architecture out = ntk_architecture_default();
    out.activation = activation;
    out.input_scale = NTK_INPUT_SCALE_NONE;
    return out;
}

/* ReLU, one layer, w^2 = 2, b = 0: S^1 = 2u, S^2 = 2 E[phi phi], Theta = S^2 + 2u * 2 E[phi' phi'],
 * which on the unit sphere is 2 (u kappa_0(u) + kappa_1(u)): 4 at u = 1, 2/pi at u = 0, 0 at u =
 * -1. */
static void relu_by_hand(double gram[POINTS * POINTS]) {
    const double off = 2 / acos(-1);
    const double exact[] = {4, off, 0, off, 4, off, 0, off, 4};
    for (int i = 0; i < POINTS * POINTS; i++) gram[i] = exact[i];
}

static double error_of(const ntk_architecture *architecture, const double *gram) {
    double bound = NAN;
    assert_ok(ntk_certify_kernel_error(architecture, POINTS, INPUTS, points, INPUTS, gram, POINTS, &bound));
    return bound;
}

Test(ball_kernel, relu_kernel_known_by_hand_is_within_rounding) {
    double gram[POINTS * POINTS];
    relu_by_hand(gram);
    const ntk_architecture architecture = one_layer(NTK_RELU);
    const double bound = error_of(&architecture, gram);
    /* four entries 2/pi, each rounded twice: 4 * (2 * 2^-53)^2 under the root */
    cr_assert(bound > 0 && bound < 1e-15, "%g", bound);
}

Test(ball_kernel, erf_kernel_known_by_hand_is_within_rounding) {
    /* p = q = 2, so PQ = 25. u = 1: S^2 = (4/pi) asin(4/5), derivative part 2 * 2 * (4/pi)/3; u =
     * 0: S^2 = 0 and Theta = 0; u = -1: the negative of u = 1 in S^2, and S^1 = -2. */
    const double pi = acos(-1), diagonal = 4 / pi * asin(0.8) + 16 / (3 * pi);
    const double gram[] = {diagonal, 0, -diagonal, 0, diagonal, 0, -diagonal, 0, diagonal};
    const ntk_architecture architecture = one_layer(NTK_ERF);
    const double bound = error_of(&architecture, gram);
    cr_assert(bound > 0 && bound < 1e-14, "%g", bound); /* five entries, a few ulps of 2.9 each */
}

Test(ball_kernel, a_known_perturbation_is_measured) {
    double gram[POINTS * POINTS];
    relu_by_hand(gram);
    const double shift = 1e-6;
    gram[1 * POINTS + 0] += shift; /* the lower triangle is read; symmetric by definition */
    const ntk_architecture architecture = one_layer(NTK_RELU);
    const double bound = error_of(&architecture, gram);
    const double exact = shift * sqrt(2.0); /* Frobenius norm of a symmetric pair of entries */
    cr_assert(fabs(bound - exact) < 1e-14, "%.17g", bound);
    cr_assert(bound >= shift, "less than the 2-norm");
}

Test(ball_kernel, deep_diagonal_stays_tight) {
    /* He initialisation without bias keeps S_xx = 2, so Theta_xx = 2 (L + 1). Roots of balls that
     * touch zero must not pile up. */
    ntk_architecture architecture = one_layer(NTK_RELU);
    architecture.depth = 6;
    const double gram = 2 * 7;
    double bound = NAN;
    assert_ok(ntk_certify_kernel_error(&architecture, 1, INPUTS, points, INPUTS, &gram, 1, &bound));
    cr_assert(bound >= 0 && bound < 1e-40, "%g", bound);
}

static ntk_architecture residual(size_t blocks, double scale) {
    ntk_architecture out = one_layer(NTK_RELU);
    out.family = NTK_RESIDUAL;
    out.depth = blocks;
    out.residual_scale = scale;
    return out;
}

static double kappa_0(double u) { return 1 - acos(u) / acos(-1); }
static double kappa_1(double u) { return u * kappa_0(u) + sqrt(1 - u * u) / acos(-1); }

/* chen-2025's sum for two blocks of scale 1 on the unit sphere, with the coefficients B_2 = 1, B_1,
 * B_0. */
static double two_blocks(double u) {
    const double s1 = u + kappa_1(u), rho = s1 / 2, s2 = s1 + 2 * kappa_1(rho);
    const double b1 = 1 + kappa_0(rho), b0 = b1 * (1 + kappa_0(u));
    return s2 + (2 * kappa_1(rho) + s1 * kappa_0(rho)) + b1 * (kappa_1(u) + u * kappa_0(u)) + b0 * u;
}

Test(ball_kernel, residual_kernel_known_by_hand_is_within_rounding) {
    double gram[POINTS * POINTS];
    const ntk_architecture two = residual(2, 1);
    const double same = two_blocks(1), right = two_blocks(0), opposite = two_blocks(-1);
    const double expected[] = {same, right, opposite, right, same, right, opposite, right, same};
    for (int i = 0; i < POINTS * POINTS; i++) gram[i] = expected[i];
    double bound = error_of(&two, gram);
    cr_assert(bound > 0 && bound < 2e-14, "%g",
              bound); /* nine entries of up to 16, some ten roundings each */
    gram[1] = gram[3] = right + 1e-6;
    bound = error_of(&two, gram);
    cr_assert(fabs(bound - 1e-6 * sqrt(2.0)) < 2e-14, "%g", bound);
    const ntk_architecture other = residual(2, 1.001);
    cr_assert_gt(error_of(&other, expected), 1e-3);

    const double one[] = {6, 2 / acos(-1), -2, 2 / acos(-1), 6, 2 / acos(-1), -2, 2 / acos(-1), 6};
    const ntk_architecture single = residual(1, 1); /* 2u + 2 (kappa_1 + u kappa_0) */
    bound = error_of(&single, one);
    cr_assert(bound > 0 && bound < 1e-15, "%g", bound);
}

Test(ball_kernel, deep_residual_diagonal_stays_tight) {
    /* alpha = 1: Theta_xx = 2^L (2 + L). */
    const double gram = 64 * 8;
    double bound = NAN;
    const ntk_architecture architecture = residual(6, 1);
    assert_ok(ntk_certify_kernel_error(&architecture, 1, INPUTS, points, INPUTS, &gram, 1, &bound));
    cr_assert(bound >= 0 && bound < 1e-40, "%g", bound);
}

/* Variances of each layer: with 1, 4 and no bias the diagonal is S^2 = 2, Theta = 2 + 4/2 = 4; with
 * b^2 = 1, 0 it is S^1 = 2, S^2 = 4, Theta = 8. */
Test(ball_kernel, layers_that_differ_by_hand) {
    const double weights[] = {1, 4}, biases[] = {1, 0};
    double gram = 4, bound = NAN;
    ntk_architecture architecture = one_layer(NTK_RELU);
    architecture.weight_variances = weights;
    assert_ok(ntk_certify_kernel_error(&architecture, 1, INPUTS, points, INPUTS, &gram, 1, &bound));
    cr_expect(bound >= 0 && bound < 1e-40, "%g", bound);
    architecture.bias_variances = biases;
    gram = 8;
    assert_ok(ntk_certify_kernel_error(&architecture, 1, INPUTS, points, INPUTS, &gram, 1, &bound));
    cr_expect(bound >= 0 && bound < 1e-40, "%g", bound);
    architecture.depth = 0; /* <x, x> + 1 */
    gram = 2;
    assert_ok(ntk_certify_kernel_error(&architecture, 1, INPUTS, points, INPUTS, &gram, 1, &bound));
    cr_expect(bound >= 0 && bound < 1e-40, "%g", bound);
}

/* Kernels in doubles, which tests/kernel checks against balls of its own, Monte Carlo and
 * quadrature:
 * 6 separated points, four layers, every activation; and one entry moved by 1e-9. */
Test(ball_kernel, doubles_of_every_closed_form_are_near) {
    enum { N = 6, D = 3 };
    double x[N * D], gram[N * N], bound = NAN;
    assert_ok(ntk_linalg_start());
    ntk_stream stream = ntk_stream_create(1, "closed-forms", 0);
    ntk_stream_normal(&stream, N * D, x);
    for (int activation = 0; activation < NTK_ACTIVATION_COUNT; activation++) {
        if (activation >= NTK_TANH && activation <= NTK_SIGMOID) continue;
        ntk_architecture a = ntk_architecture_default();
        a.activation = (ntk_activation)activation;
        a.depth = 4;
        a.bias_variance = 0.1;
        a.leaky_slope = -0.3;
        assert_ok(ntk_kernel_gram(&a, NTK_KERNEL_NTK, N, D, x, D, gram, N));
        assert_ok(ntk_certify_kernel_error(&a, N, D, x, D, gram, N, &bound));
        cr_expect(bound > 0 && bound < 1e-12 * gram[0], "%s: %g of %g", ntk_activation_name(a.activation),
                  bound, gram[0]);
        const double shift = 1e-9 * gram[0];
        gram[N] += shift;
        assert_ok(ntk_certify_kernel_error(&a, N, D, x, D, gram, N, &bound));
        cr_expect(fabs(bound - sqrt(2) * shift) < 1e-12 * gram[0], "%s: %g",
                  ntk_activation_name(a.activation), bound);
    }
}

/* One layer, w^2 = 2, no bias: S^1 = 2u. |x|: S^2 = 4 (2 kappa_1 - u), Sd = 2 (2 kappa_0 - 1), so
 * that Theta = 8, 8/pi, 8 at u = 1, 0, -1. cos: S^2 = 2 e^-2 cosh 2u, Sd = 2 e^-2 sinh 2u. */
Test(ball_kernel, abs_and_cos_known_by_hand_are_within_rounding) {
    const double pi = acos(-1), same = 2 * exp(-2) * (cosh(2) + 2 * sinh(2)), right = 2 * exp(-2);
    const double gram[] = {8, 8 / pi, 8, 8 / pi, 8, 8 / pi, 8, 8 / pi, 8};
    ntk_architecture a = one_layer(NTK_ABS);
    double bound = error_of(&a, gram);
    cr_expect(bound < 1e-14, "%g", bound);
    const double wave[] = {same, right, same, right, same, right, same, right, same};
    a = one_layer(NTK_COS);
    bound = error_of(&a, wave);
    cr_expect(bound < 1e-14, "%g", bound);
}

Test(ball_kernel, another_architecture_is_far) {
    double gram[POINTS * POINTS];
    relu_by_hand(gram);
    ntk_architecture architecture = one_layer(NTK_RELU);
    architecture.bias_variance = 0.1;
    cr_assert_gt(error_of(&architecture, gram), 0.1);
}

Test(ball_kernel, refusals) {
    double gram[POINTS * POINTS], bound;
    relu_by_hand(gram);
    ntk_architecture architecture = one_layer(NTK_RELU);
    architecture.parametrisation = NTK_PARAMETRISATION_MEAN_FIELD;
    cr_assert_eq(
        ntk_certify_kernel_error(&architecture, POINTS, INPUTS, points, INPUTS, gram, POINTS, &bound),
        NTK_ERROR_UNSUPPORTED);
    architecture = one_layer(NTK_RELU);
    cr_assert_eq(ntk_certify_kernel_error(&architecture, POINTS, INPUTS, points, INPUTS, gram, 2, &bound),
                 NTK_ERROR_SHAPE);
    gram[4] = NAN;
    cr_assert_eq(
        ntk_certify_kernel_error(&architecture, POINTS, INPUTS, points, INPUTS, gram, POINTS, &bound),
        NTK_ERROR_NOT_FINITE);
}
