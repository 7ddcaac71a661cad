/* Dual activations: closed forms against a tensor quadrature of our own, against ball arithmetic,
 * and against Monte Carlo; and the library's quadrature against the closed forms. */
#include <float.h>
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/ntk.h>

#include "ball_kernel.h"
#include "status.h"

/* phi and phi' from the C library: independent of ntk_activation_evaluate. */
static double phi(ntk_activation activation, double x, double *derivative) {
    const double cdf = 0.5 * erfc(-x * M_SQRT1_2), density = exp(-0.5 * x * x) / sqrt(2 * M_PI);
    switch (activation) {
    case NTK_RELU:
        *derivative = x > 0;
        return fmax(x, 0);
    case NTK_ERF:
        *derivative = M_2_SQRTPI * exp(-x * x);
        return erf(x);
    case NTK_GELU:
        *derivative = cdf + x * density;
        return x * cdf;
    case NTK_TANH:
        *derivative = 1 / (cosh(x) * cosh(x));
        return tanh(x);
    case NTK_SOFTPLUS:
        *derivative = 1 / (1 + exp(-x));
        return fmax(x, 0) + log1p(exp(-fabs(x)));
    case NTK_SIGMOID:
        *derivative = 0.25 / (cosh(x / 2) * cosh(x / 2));
        return 1 / (1 + exp(-x));
    case NTK_SIN:
        *derivative = cos(x);
        return sin(x);
    case NTK_COS:
        *derivative = -sin(x);
        return cos(x);
    case NTK_LEAKY_RELU:
        *derivative = x > 0 ? 1 : 0.01;
        return x > 0 ? x : 0.01 * x;
    case NTK_ABS:
        *derivative = x > 0 ? 1 : -1;
        return fabs(x);
    default:
        *derivative = 1;
        return x;
    }
}

/* Trapezoidal rule on a square grid of z: u = sqrt(a) z1, v = sqrt(c)(rho z1 + sqrt(1 - rho^2) z2).
 * For entire and meromorphic phi and variances up to 2 a step of 0.1 is beyond double precision
 * (poles at pi/2 / sqrt(2): error exp(-2 pi 1.11 / 0.1) = 1e-30). */
static void tensor(ntk_activation activation, double a, double c, double rho, double *value,
                   double *derivative) {
    const double h = 0.1;
    *value = *derivative = 0;
    for (int i = -90; i <= 90; i++) {
        double du, dv, row = 0, row_derivative = 0;
        const double z = i * h, u = phi(activation, sqrt(a) * z, &du);
        for (int j = -90; j <= 90; j++) {
            const double weight = h * h / (2 * M_PI) * exp(-0.5 * (z * z + j * h * (j * h)));
            const double v = phi(activation, sqrt(c) * (rho * z + sqrt(1 - rho * rho) * j * h), &dv);
            row += weight * v;
            row_derivative += weight * dv;
        }
        *value += u * row;
        *derivative += du * row_derivative;
    }
}

Test(dual, smooth_activations_agree_with_a_tensor_rule) {
    const double rho[] = {-1, -0.7, 0, 0.3, 0.999, 1}, variances[][2] = {{1, 1}, {0.3, 2}, {0.01, 0.5}};
    for (ntk_activation activation = NTK_ERF; activation <= NTK_COS; activation++)
        for (size_t i = 0; i < 3; i++)
            for (size_t j = 0; j < 6; j++) {
                const double a = variances[i][0], c = variances[i][1];
                double value, derivative, error, want, want_derivative;
                assert_ok(
                    ntk_dual_activation(activation, a, c, rho[j] * sqrt(a * c), &value, &derivative, &error));
                tensor(activation, a, c, rho[j], &want, &want_derivative);
                /* 1e-14: rounding of sums of 181 terms of size up to E[phi^2]. */
                cr_expect(fabs(value - want) <= error + 1e-14, "%s a %g c %g rho %g: %.17g, want %.17g",
                          ntk_activation_name(activation), a, c, rho[j], value, want);
                cr_expect(fabs(derivative - want_derivative) <= error + 1e-14,
                          "%s' a %g c %g rho %g: %.17g, want %.17g", ntk_activation_name(activation), a, c,
                          rho[j], derivative, want_derivative);
            }
}

Test(dual, closed_forms_agree_with_ball_arithmetic) {
    const double rho[] = {-1, -1 + 1e-15, -0.99, -0.2, 0, 0.6, 1 - 1e-8, 1 - 1e-15, 1};
    const double size[] = {1e-6, 0.3, 1, 50, 1e6};
    const ntk_activation activations[] = {NTK_RELU, NTK_ERF, NTK_GELU, NTK_LEAKY_RELU, NTK_ABS};
    arb_t a, c, s, value, derivative;
    arb_init(a), arb_init(c), arb_init(s), arb_init(value), arb_init(derivative);
    for (size_t k = 0; k < 5; k++)
        for (size_t i = 0; i < 5; i++)
            for (size_t j = 0; j < 9; j++) {
                const double sxx = size[i], syy = 4 * size[i], sxy = rho[j] * 2 * size[i];
                double got, got_derivative, error;
                assert_ok(ntk_dual_activation(activations[k], sxx, syy, sxy, &got, &got_derivative, &error));
                arb_set_d(a, sxx), arb_set_d(c, syy), arb_set_d(s, sxy);
                ball_dual(activations[k], a, c, s, value, derivative);
                cr_expect(ball_distance(value, got) <= error, "%s %g rho %.17g: off by %g, says %g",
                          ntk_activation_name(activations[k]), sxx, rho[j], ball_distance(value, got), error);
                cr_expect(ball_distance(derivative, got_derivative) <= error,
                          "%s' %g rho %.17g: off by %g, says %g", ntk_activation_name(activations[k]), sxx,
                          rho[j], ball_distance(derivative, got_derivative), error);
            }
    arb_clear(a), arb_clear(c), arb_clear(s), arb_clear(value), arb_clear(derivative);
}

/* The library's quadrature, kinks and steep variances included: within its own estimate. */
Test(dual, quadrature_agrees_with_closed_forms) {
    const double rho[] = {-1, -0.4, 0.999999, 1};
    const ntk_activation activations[] = {NTK_RELU, NTK_ERF, NTK_LINEAR, NTK_LEAKY_RELU, NTK_ABS};
    for (size_t k = 0; k < 5; k++)
        for (size_t j = 0; j < 4; j++) {
            const double a = 0.5, c = j == 1 ? 1e3 : 2, s = rho[j] * sqrt(a * c);
            double value, derivative, error, want, want_derivative;
            assert_ok(ntk_dual_activation_quadrature(activations[k], a, c, s, &value, &derivative, &error));
            assert_ok(ntk_dual_activation(activations[k], a, c, s, &want, &want_derivative, NULL));
            const double allowed = error + 8 * DBL_EPSILON * (1 + sqrt(a * c));
            cr_expect(fabs(value - want) <= allowed, "%s rho %g: %g, estimate %g",
                      ntk_activation_name(activations[k]), rho[j], value - want, error);
            cr_expect(fabs(derivative - want_derivative) <= allowed);
            cr_expect(error <= 1e-11 * sqrt(1 + a * c));
        }
}

/* A coarse check that no formula can share: 6 standard errors of 10^6 draws, a false alarm in 10^7
 * or so. */
Test(dual, monte_carlo) {
    enum { DRAWS = 1000000 };
    static double z[2 * DRAWS];
    const double a = 1.5, c = 0.6, rho = -0.35;
    ntk_stream stream = ntk_stream_create(3, "monte-carlo", 0);
    ntk_stream_normal(&stream, 2 * DRAWS, z);
    for (ntk_activation activation = 0; activation < NTK_ACTIVATION_COUNT; activation++) {
        double sum = 0, square = 0, derivative_sum = 0, derivative_square = 0, value, derivative;
        const size_t draws = activation == NTK_RELU || activation == NTK_GELU ? DRAWS : DRAWS / 4;
        for (size_t i = 0; i < draws; i++) {
            double du, dv;
            const double u = phi(activation, sqrt(a) * z[2 * i], &du);
            const double v =
                phi(activation, sqrt(c) * (rho * z[2 * i] + sqrt(1 - rho * rho) * z[2 * i + 1]), &dv);
            sum += u * v, square += u * v * u * v;
            derivative_sum += du * dv, derivative_square += du * dv * du * dv;
        }
        assert_ok(ntk_dual_activation(activation, a, c, rho * sqrt(a * c), &value, &derivative, NULL));
        const double n = (double)draws, mean = sum / n, derivative_mean = derivative_sum / n;
        cr_expect(fabs(mean - value) <= 6 * sqrt((square / n - mean * mean) / n), "%s",
                  ntk_activation_name(activation));
        cr_expect(fabs(derivative_mean - derivative) <=
                      6 * sqrt((derivative_square / n - derivative_mean * derivative_mean) / n) + 1e-15,
                  "%s'", ntk_activation_name(activation));
    }
}

Test(dual, arguments_are_checked) {
    double value, derivative;
    const double bad[][3] = {{0, 1, 0},   {1, -1, 0},  {1, 1, 1.001},
                             {NAN, 1, 0}, {1, 1, NAN}, {1, INFINITY, 0}};
    for (size_t i = 0; i < 6; i++) {
        cr_expect_eq(
            ntk_dual_activation(NTK_RELU, bad[i][0], bad[i][1], bad[i][2], &value, &derivative, NULL),
            NTK_ERROR_ARGUMENT);
        cr_expect_eq(ntk_dual_activation_quadrature(NTK_TANH, bad[i][0], bad[i][1], bad[i][2], &value,
                                                    &derivative, NULL),
                     NTK_ERROR_ARGUMENT);
    }
    cr_expect_eq(ntk_dual_activation(NTK_ACTIVATION_COUNT, 1, 1, 0, &value, &derivative, NULL),
                 NTK_ERROR_ARGUMENT);
    /* What quadrature cannot resolve is a failure, not a number: sin at a standard deviation of
     * 1000. */
    cr_expect_eq(ntk_dual_activation_quadrature(NTK_SIN, 1e6, 1e6, 0, &value, &derivative, NULL),
                 NTK_ERROR_NO_CONVERGENCE);
}
