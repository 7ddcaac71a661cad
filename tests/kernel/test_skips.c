/* Residual networks with biases and any activation: by hand, against the sum with the coefficients
 * from the output backwards over expectations by quadrature, against enclosures where pairs are
 * near, and against networks of finite width. */
#include <float.h>
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/ntk.h>

#include "arrays.h"
#include "start.h"

TestSuite(skips, .init = start_linalg);

static ntk_architecture network(ntk_activation activation, size_t depth, double weight, double bias,
                                ntk_bias_start start) {
    ntk_architecture out = ntk_architecture_default();
    out.family = NTK_RESIDUAL;
    out.activation = activation;
    out.depth = depth;
    out.weight_variance = weight;
    out.bias_variance = bias;
    out.bias_start = start;
    out.residual_scale = 0.8;
    out.input_scale = NTK_INPUT_SCALE_NONE;
    return out;
}

/* One ReLU block on the unit circle with w^2 = 2 and b^2 = 1, as in chen-2025: S^0 = u + 1; V,
 * gamma,
 * W and beta of the block give kappa_1 and kappa_0 of S^0 + z. On the diagonal Theta = 2 S^0 + a (4
 * S^0 + 5) where the block's biases are drawn and 2 S^0 + a (4 S^0 + 2) where they begin at 0, a =
 * alpha^2. At u = -1, S^0 = 0 and pre-activations have the covariance 2 z over the variance 2 (2 +
 * z). */
Test(skips, one_block_by_hand) {
    const double x[] = {1, 0, -1, 0}, a = 0.64;
    double nngp[4], ntk[4];
    for (int z = 0; z <= 1; z++) {
        const ntk_architecture architecture =
            network(NTK_RELU, 1, 2, 1, z ? NTK_BIAS_START_RANDOM : NTK_BIAS_START_ZERO);
        assert_ok(ntk_kernel_gram_both(&architecture, 2, 2, x, 2, nngp, ntk, 2));
        cr_expect_float_eq(nngp[0], 2 + a * (2 + 2 * z), 4 * DBL_EPSILON);
        cr_expect_float_eq(ntk[0], 4 + a * (z ? 13 : 10), 16 * DBL_EPSILON);
        const double rho = z / (2.0 + z), angle = acos(rho), kappa_0 = 1 - angle / M_PI;
        const double e = (2 + z) * (rho * kappa_0 + sqrt(1 - rho * rho) / M_PI);
        cr_expect_float_eq(nngp[1], a * (e + z), 8 * DBL_EPSILON);
        cr_expect_float_eq(ntk[1], a * (e + 1 + kappa_0 + e + z), 16 * DBL_EPSILON);
    }
}

enum { N = 3, D = 2, BLOCKS = 2 };

/* Theta = S^L + sum_l B_l [..] + B_0 S^0 of one pair, written with B_l. s: S_ii, S_jj, S_ij. */
static double backwards(const ntk_architecture *a, double s[3]) {
    const double w2 = a->weight_variance, b2 = a->bias_variance, gain = pow(a->residual_scale, 2);
    const double started = a->bias_start == NTK_BIAS_START_ZERO ? 0 : b2, first = s[2];
    double value[BLOCKS], derivative[BLOCKS], before[BLOCKS], b = 1, sum = 0, own, ignored;
    for (size_t l = 0; l < a->depth; l++) {
        double p[3], e[2];
        for (size_t k = 0; k < 3; k++) p[k] = w2 * (s[k] + started);
        before[l] = s[2];
        assert_ok(
            ntk_dual_activation_quadrature(a->activation, p[0], p[1], p[2], &value[l], &derivative[l], NULL));
        for (size_t k = 0; k < 2; k++) {
            assert_ok(ntk_dual_activation_quadrature(a->activation, p[k], p[k], p[k], &own, &ignored, NULL));
            e[k] = own;
        }
        for (size_t k = 0; k < 2; k++) s[k] += gain * (e[k] + started);
        s[2] += gain * (value[l] + started);
    }
    for (size_t l = a->depth; l-- > 0;) {
        sum += b * gain * (value[l] + b2 + w2 * derivative[l] * (before[l] + b2));
        b *= 1 + gain * w2 * derivative[l];
    }
    return s[2] + sum + b * first;
}

static void compare_backwards(const ntk_architecture *architecture) {
    const double x[N * D] = {1, 0.2, -0.4, 0.9, 0.6, -1.1};
    double nngp[N * N], ntk[N * N];
    assert_ok(ntk_kernel_gram_both(architecture, N, D, x, D, nngp, ntk, N));
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j <= i; j++) {
            const double *u = x + i * D, *v = x + j * D, b2 = architecture->bias_variance;
            double s[] = {ntk_dot(D, u, u) + b2, ntk_dot(D, v, v) + b2, ntk_dot(D, u, v) + b2};
            const double theta = backwards(architecture, s), scale = ntk[i * N + i] + ntk[j * N + j];
            cr_expect(fabs(ntk[i * N + j] - theta) <= 1e-9 * scale, "%s (%zu, %zu): %.15g, not %.15g",
                      ntk_activation_name(architecture->activation), i, j, ntk[i * N + j], theta);
            cr_expect(fabs(nngp[i * N + j] - s[2]) <= 1e-9 * scale);
        }
}

/* The quadrature is right to 1e-9 for ReLU, whose kinks it splits at, and better for the others. */
Test(skips, the_sum_from_the_output_backwards) {
    const ntk_activation activations[] = {NTK_RELU, NTK_ERF, NTK_TANH};
    for (size_t k = 0; k < sizeof activations / sizeof *activations; k++)
        for (int kind = k == 0 ? 0 : 2; kind < 3; kind++) {
            const ntk_architecture architecture =
                network(activations[k], BLOCKS, 1.3, kind == 0 ? 0 : 0.7,
                        kind == 2 ? NTK_BIAS_START_ZERO : NTK_BIAS_START_RANDOM);
            compare_backwards(&architecture);
        }
}

/* Pairs that are near, proportional, antipodal and nearly so, beside enclosures: 1e-13 is some
 * hundred roundings. */
Test(skips, near_pairs_are_within_enclosures) {
    enum { P = 8, PAIRS = P * P };
    const double x[P * D] = {1,  0.5,  1 + 1e-3, 0.5,         1,   0.5 + 1e-7, 2,         1,
                             -1, -0.5, -1,       -0.5 + 1e-6, 0.3, -2,         1 + 1e-12, 0.5};
    const ntk_activation activations[] = {NTK_RELU, NTK_LEAKY_RELU, NTK_ABS, NTK_ERF,
                                          NTK_GELU, NTK_SIN,        NTK_COS, NTK_LINEAR};
    size_t pairs[2 * PAIRS];
    double nngp[PAIRS], ntk[PAIRS];
    ntk_interval nngps[PAIRS], ntks[PAIRS];
    for (size_t k = 0; k < PAIRS; k++) pairs[2 * k] = k / P, pairs[2 * k + 1] = k % P;
    for (size_t k = 0; k < sizeof activations / sizeof *activations; k++)
        for (int kind = 0; kind < 4; kind++) {
            ntk_architecture a = network(activations[k], 3, kind == 3 ? 2.5 : 2, kind == 0 ? 0 : 1,
                                         kind == 2 ? NTK_BIAS_START_ZERO : NTK_BIAS_START_RANDOM);
            if (kind == 3) a.residual_scale = 0.01; /* weak: antipodal points stay nearly so */
            if (kind == 3) a.bias_variance = 0;
            assert_ok(ntk_kernel_gram_both(&a, P, D, x, D, nngp, ntk, P));
            assert_ok(ntk_enclosure_entries(&a, P, D, x, D, PAIRS, pairs, nngps, ntks));
            for (size_t e = 0; e < PAIRS; e++) {
                const size_t i = e / P, j = e % P;
                const double scale = sqrt(ntk[i * (P + 1)] * ntk[j * (P + 1)]);
                const double own = sqrt(nngp[i * (P + 1)] * nngp[j * (P + 1)]);
                cr_expect(fabs(ntk[e] - ntks[e].low) <= 1e-13 * scale &&
                              fabs(ntk[e] - ntks[e].high) <= 1e-13 * scale,
                          "%s %d (%zu, %zu): %.17g in [%.17g, %.17g]", ntk_activation_name(activations[k]),
                          kind, i, j, ntk[e], ntks[e].low, ntks[e].high);
                cr_expect(fabs(nngp[e] - nngps[e].low) <= 1e-13 * own);
            }
        }
}

/* The input 0 beside a large one, whose size flags every pair: phi(0) is not 0 for some. */
Test(skips, the_input_0_is_no_special_case) {
    enum { P = 4, PAIRS = P * P };
    const double x[P * D] = {0, 0, 1000, 0, 1, 0.5, -1e-3, 2e-3};
    const ntk_activation activations[] = {NTK_SIGMOID, NTK_SOFTPLUS, NTK_TANH, NTK_COS, NTK_GELU, NTK_RELU};
    size_t pairs[2 * PAIRS];
    double nngp[PAIRS], ntk[PAIRS];
    ntk_interval nngps[PAIRS], ntks[PAIRS];
    for (size_t k = 0; k < PAIRS; k++) pairs[2 * k] = k / P, pairs[2 * k + 1] = k % P;
    for (size_t k = 0; k < sizeof activations / sizeof *activations; k++) /* slow beyond */
        for (size_t depth = 1; depth <= (activations[k] == NTK_SOFTPLUS ? 1 : 2); depth++)
            for (int biased = 0; biased < 2; biased++) {
                const ntk_architecture a =
                    network(activations[k], depth, 1, biased ? 0.5 : 0, NTK_BIAS_START_ZERO);
                assert_ok(ntk_kernel_gram_both(&a, P, D, x, D, nngp, ntk, P));
                assert_ok(ntk_enclosure_entries(&a, P, D, x, D, PAIRS, pairs, nngps, ntks));
                for (size_t e = 0; e < PAIRS; e++) {
                    const double scale = sqrt(ntk[e / P * (P + 1)] * ntk[e % P * (P + 1)]);
                    cr_expect(fabs(ntk[e] - ntks[e].low) <= 1e-12 * scale &&
                                  fabs(nngp[e] - nngps[e].low) <= 1e-12 * scale,
                              "%s, depth %zu, biased %d, entry %zu: %.17g, %.17g, not %.17g, %.17g",
                              ntk_activation_name(activations[k]), depth, biased, e, nngp[e], ntk[e],
                              nngps[e].low, ntks[e].low);
                }
            }
}

/* The mean kernel of networks is Theta but for O(1/m): five standard errors, and 4/m of Theta. */
static void compare_networks(const ntk_architecture *architecture) {
    enum { M = 128, SEEDS = 100 };
    const double x[N * D] = {1, 0.2, -0.4, 0.9, 2, 0.4};
    double theta[N * N], sum[N * N] = {0}, square[N * N] = {0}, kernel[N * N], *parameters;
    ntk_network *finite;
    assert_ok(ntk_kernel_gram(architecture, NTK_KERNEL_NTK, N, D, x, D, theta, N));
    assert_ok(ntk_network_create(architecture, D, M, 1, &finite));
    assert_ok(ntk_allocate_doubles(ntk_network_parameters(finite), &parameters));
    for (size_t seed = 0; seed < SEEDS; seed++) {
        ntk_stream stream = ntk_stream_create(3, "tests/kernel/skips", seed);
        ntk_network_initialise(finite, &stream, parameters);
        assert_ok(ntk_network_tangent_kernel(finite, parameters, N, x, kernel, N));
        for (size_t e = 0; e < N * N; e++) sum[e] += kernel[e], square[e] += kernel[e] * kernel[e];
    }
    for (size_t e = 0; e < N * N; e++) {
        const double mean = sum[e] / SEEDS, variance = square[e] / SEEDS - mean * mean;
        const double scale = sqrt(theta[e / N * (N + 1)] * theta[e % N * (N + 1)]);
        cr_expect(fabs(mean - theta[e]) <= 5 * sqrt(variance / SEEDS) + 4.0 / M * scale,
                  "%s, entry %zu: %g of networks, %g", ntk_activation_name(architecture->activation), e, mean,
                  theta[e]);
    }
    ntk_release(parameters);
    ntk_network_destroy(finite);
}

Test(skips, networks_have_it_as_their_mean) {
    const ntk_activation activations[] = {NTK_RELU, NTK_ERF};
    for (size_t k = 0; k < 2; k++)
        for (int zero = 0; zero < 2; zero++) {
            const ntk_architecture architecture =
                network(activations[k], 2, 2, 1, zero ? NTK_BIAS_START_ZERO : NTK_BIAS_START_RANDOM);
            compare_networks(&architecture);
        }
}

/* With ReLU, w^2 = 2 and no biases a network is the plain one, whose recursion is another; a bias
 * of 1e-30 takes it to this one. */
Test(skips, joins_the_plain_network) {
    const double x[N * D] = {1, 0.2, -0.4, 0.9, 0.6, -1.1};
    double plain[N * N], here[N * N];
    ntk_architecture architecture = network(NTK_RELU, 3, 2, 0, NTK_BIAS_START_RANDOM);
    assert_ok(ntk_kernel_gram(&architecture, NTK_KERNEL_NTK, N, D, x, D, plain, N));
    architecture.bias_variance = 1e-30;
    assert_ok(ntk_kernel_gram(&architecture, NTK_KERNEL_NTK, N, D, x, D, here, N));
    for (size_t e = 0; e < N * N; e++) cr_expect_float_eq(here[e], plain[e], 1e-14 * plain[0]);
}
