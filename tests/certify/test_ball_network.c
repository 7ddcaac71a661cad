/* The distance of a stored empirical NTK from the exact one: against a network that is worked out
 * by hand, a perturbation of known size, and kernels computed in doubles. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/certify.h>
#include <ntk/network.h>
#include <ntk/random.h>

#include "status.h"

static ntk_architecture plain(size_t depth, ntk_activation activation) {
    ntk_architecture out = ntk_architecture_default();
    out.depth = depth;
    out.activation = activation;
    out.input_scale = NTK_INPUT_SCALE_NONE;
    return out;
}

/* One input, two neurons, w^2 = 2, x = 1: h = sqrt 2 (3, -1), a = (3 sqrt 2, 0), f = v . a with
 * s_2 = 1. Theta_hat = |a|^2 + w^2 v_1^2 x^2 = 18 + 2 * 25 = 68. */
Test(ball_network, one_layer_by_hand) {
    const ntk_architecture architecture = plain(1, NTK_RELU);
    const double theta[] = {3, -1, 5, 7}, x = 1, gram = 68;
    double bound = NAN;
    assert_ok(ntk_certify_network_error(&architecture, 1, 2, theta, 1, &x, &gram, 1, &bound));
    cr_assert(bound >= 0 && bound < 1e-30, "%g", bound);
}

/* b^2 = 4, biases (1, 1) and 1: h = sqrt 2 (3, -1) + 2 is positive in its first and in its second
 * component: a = (3 sqrt 2 + 2, 2 - sqrt 2), Theta_hat = |a|^2 + b^2 + (w^2 x^2 + b^2)(v_1^2 +
 * v_2^2)
 * = (22 + 12 sqrt 2) + (6 - 4 sqrt 2) + 4 + 6 * 74 = 476 + 8 sqrt 2. */
Test(ball_network, biases_by_hand) {
    ntk_architecture architecture = plain(1, NTK_RELU);
    architecture.bias_variance = 4;
    const double theta[] = {3, -1, 1, 1, 5, 7, 1}, x = 1, gram = 476 + 8 * sqrt(2.0);
    double bound = NAN;
    assert_ok(ntk_certify_network_error(&architecture, 1, 2, theta, 1, &x, &gram, 1, &bound));
    cr_assert(bound > 0 && bound < 2e-13, "%g", bound); /* two roundings at 487 */
}

/* w_l^2 = 2, 8 and hidden biases alone, b^2 = 4, 0; a = (3 sqrt 2 + 2, 2 - sqrt 2) as above.
 * s_2^2 = 4: Theta_hat = 4 |a|^2 + 4 (w_1^2 x^2 + b_1^2)(v_1^2 + v_2^2) = 4 (28 + 8 sqrt 2) + 4 *
 * 6 * 74. Depth
 * 0: s_1^2 x^2 + b^2. */
Test(ball_network, layers_that_differ_by_hand) {
    const double weights[] = {2, 8}, biases[] = {4, 0};
    ntk_architecture architecture = plain(1, NTK_RELU);
    architecture.weight_variances = weights;
    architecture.bias_variances = biases;
    const double theta[] = {3, -1, 1, 1, 5, 7}, x = 1, gram = 112 + 32 * sqrt(2.0) + 1776;
    double bound = NAN;
    assert_ok(ntk_certify_network_error(&architecture, 1, 2, theta, 1, &x, &gram, 1, &bound));
    cr_assert(bound > 0 && bound < 1e-12, "%g", bound); /* three roundings at 1933 */
    architecture.depth = 0;
    const double linear = 6;
    assert_ok(ntk_certify_network_error(&architecture, 1, 2, theta, 1, &x, &linear, 1, &bound));
    cr_assert(bound >= 0 && bound < 1e-30, "%g", bound);
}

/* The input 0 stops every ReLU without bias at 0 exactly: the kernel vanishes, and no slope is in
 * doubt. */
Test(ball_network, zero_input_is_exact) {
    const ntk_architecture architecture = plain(2, NTK_RELU);
    const double theta[] = {3, -1, 1, 2, 3, 4, 5, 7}, x = 0, gram = 0;
    double bound = NAN;
    assert_ok(ntk_certify_network_error(&architecture, 1, 2, theta, 1, &x, &gram, 1, &bound));
    cr_assert_eq(bound, 0);
}

/* a^1 = (sqrt 2, sqrt 2), known as balls, so h^2 = (0, 2 sqrt 2) has a first component whose sign
 * is in doubt. With slope t there, delta^2 = (5t, 7), delta^1 = (7 + 5t, 7 - 5t), Theta_hat = 8 + 4
 * (25 t^2 + 49) + 2 (50 t^2 + 98): 400 at t = 0, 600 at t = 1, and the bound must reach to both. */
Test(ball_network, a_sign_in_doubt_is_covered) {
    const ntk_architecture architecture = plain(2, NTK_RELU);
    const double theta[] = {1, 1, 1, -1, 1, 1, 5, 7}, x = 1, without = 400, with = 600;
    double bound = NAN;
    assert_ok(ntk_certify_network_error(&architecture, 1, 2, theta, 1, &x, &without, 1, &bound));
    cr_assert(bound >= 200 && bound < 500, "%g", bound);
    assert_ok(ntk_certify_network_error(&architecture, 1, 2, theta, 1, &x, &with, 1, &bound));
    cr_assert(bound >= 200 && bound < 500, "%g", bound);
}

enum { POINTS = 5, INPUTS = 3, WIDTH = 40, PARAMETERS_MAX = WIDTH * (INPUTS + 2 * WIDTH + 4) + 1 };

/* A random network's kernel as computed in doubles, then moved by `shift` in one off-diagonal
 * pair. */
static double bound_of_computed(ntk_architecture architecture, double shift) {
    static double theta[PARAMETERS_MAX];
    double x[POINTS * INPUTS], gram[POINTS * POINTS], bound = NAN;
    ntk_stream stream = ntk_stream_create(1, "ball-network", 0);
    ntk_network *network;
    assert_ok(ntk_network_create(&architecture, INPUTS, WIDTH, 1, &network));
    ntk_stream_normal(&stream, POINTS * INPUTS, x);
    ntk_network_initialise(network, &stream, theta);
    assert_ok(ntk_network_tangent_kernel(network, theta, POINTS, x, gram, POINTS));
    ntk_network_destroy(network);
    gram[3 * POINTS + 1] += shift; /* the lower triangle is read */
    assert_ok(
        ntk_certify_network_error(&architecture, INPUTS, WIDTH, theta, POINTS, x, gram, POINTS, &bound));
    return bound;
}

/* Rounding of 40-term sums through four layers, entries up to some hundreds: 1e-11 is far above it,
 * and a wrong term is of order one. */
Test(ball_network, computed_kernels_are_within_rounding) {
    for (size_t depth = 1; depth <= 3; depth++)
        for (int biased = 0; biased <= 1; biased++)
            for (int scaled = 0; scaled <= 1; scaled++) {
                ntk_architecture architecture = plain(depth, biased ? NTK_ERF : NTK_RELU);
                architecture.bias_variance = biased ? 0.3 : 0;
                architecture.input_scale = scaled ? NTK_INPUT_SCALE_DIMENSION : NTK_INPUT_SCALE_NONE;
                const double bound = bound_of_computed(architecture, 0);
                cr_assert(bound > 0 && bound < 1e-11, "depth %zu: %g", depth, bound);
            }
}

Test(ball_network, a_known_perturbation_is_measured) {
    const double bound = bound_of_computed(plain(2, NTK_RELU), 1e-6);
    cr_assert(fabs(bound - 1e-6 * sqrt(2.0)) < 1e-11, "%.17g", bound);
}

Test(ball_network, refusals) {
    ntk_architecture architecture = plain(1, NTK_TANH);
    const double theta[] = {3, -1, 5, 7}, x = 1, gram = 68, wrong = NAN;
    double bound;
    cr_assert_eq(ntk_certify_network_error(&architecture, 1, 2, theta, 1, &x, &gram, 1, &bound),
                 NTK_ERROR_UNSUPPORTED);
    architecture = plain(1, NTK_RELU);
    architecture.parametrisation = NTK_PARAMETRISATION_MEAN_FIELD;
    cr_assert_eq(ntk_certify_network_error(&architecture, 1, 2, theta, 1, &x, &gram, 1, &bound),
                 NTK_ERROR_UNSUPPORTED);
    architecture = plain(1, NTK_RELU);
    cr_assert_eq(ntk_certify_network_error(&architecture, 1, 2, theta, 1, &x, &gram, 0, &bound),
                 NTK_ERROR_SHAPE);
    cr_assert_eq(ntk_certify_network_error(&architecture, 1, 2, theta, 1, &x, &wrong, 1, &bound),
                 NTK_ERROR_NOT_FINITE);
}
