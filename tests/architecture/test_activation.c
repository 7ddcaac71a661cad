/* Activations against ball arithmetic: the Taylor polynomial of phi at x, at a precision that
 * outlasts every cancellation, gives phi, phi' and phi'' without any of the formulas under test. */
#include <criterion/criterion.h>

#include <float.h>
#include <math.h>
#include <string.h>

#include <ntk/architecture.h>

#include "base/arb.h"

#define PRECISION 2400 /* bits; 1 + erf loses 1075 of them where its double underflows */
#define TERMS     3

/* Rounding, in units of 2^-53: the longest chain, gelu's, has 3 for erfc (1.5 ulp), 1 for the last
 * product and 2 in the argument, which the condition number |x phi' / phi| multiplies; softplus has
 * 2 each for exp and log and 4 elementary operations. */
#define UNITS (8 * 0x1p-53)
/* Below the normal range one unit is absolute; gelu multiplies it by |x| < 40. */
#define UNDERFLOW_UNIT (64 * 0x1p-1074)

static void scale(arb_poly_t out, const arb_poly_t h, slong factor) {
    arb_t ball;
    arb_init(ball);
    arb_set_si(ball, factor);
    arb_poly_scalar_mul(out, h, ball, PRECISION);
    arb_clear(ball);
}

static void series_exp_scaled(arb_poly_t out, const arb_poly_t h, slong factor) {
    scale(out, h, factor);
    arb_poly_exp_series(out, out, TERMS, PRECISION);
}

static void series_gelu(arb_poly_t out, const arb_poly_t h) {
    arb_t root;
    arb_init(root);
    arb_set_ui(root, 2);
    arb_rsqrt(root, root, PRECISION);
    arb_poly_scalar_mul(out, h, root, PRECISION);
    arb_hypgeom_erf_series(out, out, TERMS, PRECISION);
    arb_poly_add_si(out, out, 1, PRECISION);
    arb_poly_mullow(out, out, h, TERMS, PRECISION);
    arb_poly_scalar_mul_2exp_si(out, out, -1);
    arb_clear(root);
}

/* tanh(h) = 1 - 2 / (1 + exp(2h)) */
static void series_tanh(arb_poly_t out, const arb_poly_t h) {
    series_exp_scaled(out, h, 2);
    arb_poly_add_si(out, out, 1, PRECISION);
    arb_poly_inv_series(out, out, TERMS, PRECISION);
    scale(out, out, -2);
    arb_poly_add_si(out, out, 1, PRECISION);
}

/* jet: phi(x), phi'(x), phi''(x) */
static void reference(ntk_activation activation, double x, double jet[TERMS]) {
    arb_poly_t h, out;
    arb_t coefficient;
    arb_poly_init(h);
    arb_poly_init(out);
    arb_init(coefficient);
    arb_set_d(coefficient, x);
    arb_poly_set_coeff_arb(h, 0, coefficient);
    arb_poly_set_coeff_si(h, 1, 1);
    switch (activation) {
    case NTK_ERF:
        arb_hypgeom_erf_series(out, h, TERMS, PRECISION);
        break;
    case NTK_GELU:
        series_gelu(out, h);
        break;
    case NTK_TANH:
        series_tanh(out, h);
        break;
    case NTK_SOFTPLUS:
        series_exp_scaled(out, h, 1);
        arb_poly_add_si(out, out, 1, PRECISION);
        arb_poly_log_series(out, out, TERMS, PRECISION);
        break;
    case NTK_SIGMOID:
        series_exp_scaled(out, h, -1);
        arb_poly_add_si(out, out, 1, PRECISION);
        arb_poly_inv_series(out, out, TERMS, PRECISION);
        break;
    case NTK_SIN:
        arb_poly_sin_series(out, h, TERMS, PRECISION);
        break;
    case NTK_COS:
        arb_poly_cos_series(out, h, TERMS, PRECISION);
        break;
    default:
        cr_assert(false, "no series for %s", ntk_activation_name(activation));
    }
    for (slong k = 0; k < TERMS; k++) {
        arb_poly_get_coeff_arb(coefficient, out, k);
        jet[k] = arf_get_d(arb_midref(coefficient), ARF_RND_NEAR);
    }
    jet[2] *= 2;
    arb_clear(coefficient);
    arb_poly_clear(out);
    arb_poly_clear(h);
}

static void check_at(ntk_activation activation, double x, double value, double derivative) {
    double jet[TERMS];
    reference(activation, x, jet);
    const char *name = ntk_activation_name(activation);
    const double value_bound = UNITS * (fabs(jet[0]) + fabs(x * jet[1])) + UNDERFLOW_UNIT;
    cr_assert(fabs(value - jet[0]) <= value_bound, "%s(%.17g) = %.17g, true %.17g, off by %g bounds", name, x,
              value, jet[0], fabs(value - jet[0]) / value_bound);
    const double derivative_bound = UNITS * (fabs(jet[1]) + fabs(x * jet[2])) + UNDERFLOW_UNIT;
    cr_assert(fabs(derivative - jet[1]) <= derivative_bound,
              "%s'(%.17g) = %.17g, true %.17g, off by %g bounds", name, x, derivative, jet[1],
              fabs(derivative - jet[1]) / derivative_bound);
}

#define GRID 260

/* Even steps over [-reach, reach], and all magnitudes from 1e-300 to 1. */
static void check_against_series(ntk_activation activation, double reach) {
    double x[GRID], value[GRID], derivative[GRID];
    for (int i = 0; i < 200; i++) x[i] = reach * (2 * (double)i / 199 - 1);
    for (int i = 0; i < 60; i++) x[200 + i] = (i % 2 ? 1 : -1) * pow(10, -5 * (i / 2) * (1 + i / 30));
    ntk_activation_evaluate(activation, GRID, x, value, derivative);
    for (int i = 0; i < GRID; i++) check_at(activation, x[i], value[i], derivative[i]);
}

/* The reach is where value or derivative leaves the range of doubles, or a little short of it. */
Test(activation, erf) { check_against_series(NTK_ERF, 26); }
Test(activation, gelu) { check_against_series(NTK_GELU, 37.5); }
Test(activation, tanh) { check_against_series(NTK_TANH, 350); }
Test(activation, softplus) { check_against_series(NTK_SOFTPLUS, 700); }
Test(activation, sigmoid) { check_against_series(NTK_SIGMOID, 700); }
Test(activation, sin) { check_against_series(NTK_SIN, 50); }
Test(activation, cos) { check_against_series(NTK_COS, 50); }

/* The reduction modulo pi must be exact however large the argument: the bound here is 8 units of
 * the result without its condition number. */
Test(activation, sin_of_large_arguments) {
    const double x[] = {1e5,  -710.0, 1e10, 1e15, 1e22, -3e100, 0x1.921fb54442d18p1, 0x1.921fb54442d18p30,
                        1e300};
    enum { COUNT = sizeof x / sizeof *x };
    double value[COUNT], derivative[COUNT];
    ntk_activation_evaluate(NTK_SIN, COUNT, x, value, derivative);
    for (int i = 0; i < COUNT; i++) {
        double jet[TERMS];
        reference(NTK_SIN, x[i], jet);
        cr_assert(fabs(value[i] - jet[0]) <= UNITS * fabs(jet[0]), "sin(%g) = %.17g, true %.17g", x[i],
                  value[i], jet[0]);
        cr_assert(fabs(derivative[i] - jet[1]) <= UNITS * fabs(jet[1]), "cos(%g) = %.17g, true %.17g", x[i],
                  derivative[i], jet[1]);
    }
}

Test(activation, relu_and_linear) {
    const double x[] = {-2, -0x1p-1074, -0.0, 0, 0x1p-1074, 3};
    double value[6], derivative[6];
    ntk_activation_evaluate(NTK_RELU, 6, x, value, derivative);
    const double relu[] = {0, 0, 0, 0, 0x1p-1074, 3}, step[] = {0, 0, 0, 0, 1, 1};
    for (int i = 0; i < 6; i++) {
        cr_assert_eq(value[i], relu[i], "relu(%g) = %g", x[i], value[i]);
        cr_assert_eq(derivative[i], step[i], "relu'(%g) = %g", x[i], derivative[i]);
    }
    ntk_activation_evaluate(NTK_LINEAR, 6, x, value, derivative);
    cr_assert_eq(memcmp(value, x, sizeof x), 0);
    for (int i = 0; i < 6; i++) cr_assert_eq(derivative[i], 1.0);
}

Test(activation, leaky_relu_of_any_slope) {
    const double x[] = {-INFINITY, -2, -0.0, 0, 3, INFINITY}, slopes[] = {0, 0.25, -1, 2, -0.5};
    double value[6], derivative[6];
    ntk_architecture a = ntk_architecture_default();
    a.activation = NTK_LEAKY_RELU;
    for (size_t k = 0; k < 5; k++) {
        a.leaky_slope = slopes[k];
        ntk_architecture_activate(&a, 6, x, value, derivative);
        for (size_t i = 0; i < 6; i++) {
            const double below = slopes[k] == 0 ? 0 : slopes[k] * x[i];
            cr_expect_eq(value[i], x[i] > 0 ? x[i] : below, "%g: %g", slopes[k], x[i]);
            cr_expect_eq(derivative[i], x[i] > 0 ? 1 : slopes[k], "%g: %g", slopes[k], x[i]);
        }
    }
    a.activation = NTK_COS; /* the others as they are */
    ntk_architecture_activate(&a, 1, x + 3, value, derivative);
    cr_expect(value[0] == 1 && derivative[0] == 0);
    ntk_activation_evaluate(NTK_ABS, 6, x, value, derivative);
    for (size_t i = 0; i < 6; i++) cr_expect_eq(value[i], fabs(x[i]));
    a.activation = NTK_LEAKY_RELU;
    a.leaky_slope = INFINITY;
    cr_expect_eq(ntk_architecture_check(&a), NTK_ERROR_ARGUMENT);
}

Test(activation, values_at_zero) {
    const double at_zero[NTK_ACTIVATION_COUNT] = {[NTK_SOFTPLUS] = M_LN2, [NTK_SIGMOID] = 0.5, [NTK_COS] = 1};
    const double slope[NTK_ACTIVATION_COUNT] = {
        [NTK_ERF] = M_2_SQRTPI, [NTK_GELU] = 0.5,        [NTK_TANH] = 1,
        [NTK_SOFTPLUS] = 0.5,   [NTK_SIGMOID] = 0.25,    [NTK_SIN] = 1,
        [NTK_LINEAR] = 1,       [NTK_LEAKY_RELU] = 0.01, [NTK_ABS] = -1,
    };
    for (int i = 0; i < NTK_ACTIVATION_COUNT; i++) {
        const double zero = 0;
        double value, derivative;
        ntk_activation_evaluate((ntk_activation)i, 1, &zero, &value, &derivative);
        const char *name = ntk_activation_name((ntk_activation)i);
        cr_assert(fabs(value - at_zero[i]) <= 2 * DBL_EPSILON * at_zero[i], "%s(0) = %.17g", name, value);
        cr_assert(fabs(derivative - slope[i]) <= DBL_EPSILON * fabs(slope[i]), "%s'(0) = %.17g", name,
                  derivative);
    }
}

/* Limits at -infinity and infinity; finite arguments that overflow a square or an exponential reach
 * them too. */
Test(activation, limits) {
    static const struct {
        ntk_activation activation;
        double low, high; /* phi; INFINITY: x itself */
        double low_slope, high_slope;
    } limits[] = {
        {NTK_RELU, 0, INFINITY, 0, 1}, {NTK_ERF, -1, 1, 0, 0},    {NTK_GELU, 0, INFINITY, 0, 1},
        {NTK_TANH, -1, 1, 0, 0},       {NTK_SIGMOID, 0, 1, 0, 0}, {NTK_SOFTPLUS, 0, INFINITY, 0, 1},
    };
    const double magnitudes[] = {1000, 1e200, DBL_MAX, INFINITY};
    for (size_t k = 0; k < sizeof limits / sizeof *limits; k++) {
        for (size_t i = 0; i < 4; i++) {
            const double x[2] = {-magnitudes[i], magnitudes[i]};
            double value[2], derivative[2];
            ntk_activation_evaluate(limits[k].activation, 2, x, value, derivative);
            const char *name = ntk_activation_name(limits[k].activation);
            const double high = isinf(limits[k].high) ? x[1] : limits[k].high;
            cr_assert_eq(value[0], limits[k].low, "%s(%g) = %g", name, x[0], value[0]);
            cr_assert_eq(value[1], high, "%s(%g) = %g", name, x[1], value[1]);
            cr_assert_eq(derivative[0], limits[k].low_slope, "%s'(%g) = %g", name, x[0], derivative[0]);
            cr_assert_eq(derivative[1], limits[k].high_slope, "%s'(%g) = %g", name, x[1], derivative[1]);
        }
    }
}

Test(activation, nan_stays_nan) {
    for (int i = 0; i < NTK_ACTIVATION_COUNT; i++) {
        double x = NAN, value = 0, derivative = 0;
        ntk_activation_evaluate((ntk_activation)i, 1, &x, &value, &derivative);
        const char *name = ntk_activation_name((ntk_activation)i);
        cr_assert(isnan(value), "%s(NaN) = %g", name, value);
        cr_assert(isnan(derivative) || i == NTK_LINEAR, "%s'(NaN) = %g", name, derivative);
    }
}

#define LENGTH 1337 /* more than two blocks, and no multiple of a vector's width */

/* Neither the position, nor n, nor in-place use, nor asking for the derivative changes a bit. */
Test(activation, elementwise_and_in_place) {
    static double x[LENGTH], value[LENGTH], derivative[LENGTH], again[LENGTH];
    for (int i = 0; i < LENGTH; i++) x[i] = 6 * sin(i * i * 0.7) + 1e-3 * i;
    for (int a = 0; a < NTK_ACTIVATION_COUNT; a++) {
        const ntk_activation activation = (ntk_activation)a;
        const char *name = ntk_activation_name(activation);
        ntk_activation_evaluate(activation, LENGTH, x, value, derivative);
        ntk_activation_evaluate(activation, LENGTH, x, again, NULL);
        cr_assert_eq(memcmp(value, again, sizeof value), 0, "%s without derivative", name);
        memcpy(again, x, sizeof x);
        ntk_activation_evaluate(activation, LENGTH, again, again, NULL);
        cr_assert_eq(memcmp(value, again, sizeof value), 0, "%s in place", name);
        double slope[LENGTH];
        memcpy(again, x, sizeof x);
        ntk_activation_evaluate(activation, LENGTH, again, again, slope);
        cr_assert_eq(memcmp(value, again, sizeof value), 0, "%s in place with derivative", name);
        cr_assert_eq(memcmp(derivative, slope, sizeof slope), 0, "%s' in place", name);
        for (int i = 0; i < LENGTH; i++) {
            double one, one_slope;
            ntk_activation_evaluate(activation, 1, x + i, &one, &one_slope);
            cr_assert(one == value[i] && one_slope == derivative[i], "%s alone at %d", name, i);
        }
    }
}

/* Nothing beyond n is written, and n = 0 is allowed. */
Test(activation, touches_n_elements) {
    for (int a = 0; a < NTK_ACTIVATION_COUNT; a++) {
        double x[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9}, value[9], derivative[9];
        for (int i = 0; i < 9; i++) value[i] = derivative[i] = -77;
        ntk_activation_evaluate((ntk_activation)a, 0, x, value, derivative);
        cr_assert(value[0] == -77 && derivative[0] == -77);
        ntk_activation_evaluate((ntk_activation)a, 5, x, value, derivative);
        cr_assert(value[4] != -77 && derivative[4] != -77);
        for (int i = 5; i < 9; i++) cr_assert(value[i] == -77 && derivative[i] == -77);
    }
}
