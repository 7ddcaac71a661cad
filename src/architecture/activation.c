/* Activations and their derivatives.
 *
 *     relu      max(x, 0)                       1 for x > 0, else 0
 *     erf       erf(x)                          2/sqrt(pi) exp(-x^2)
 *     gelu      x Phi(x)                        Phi(x) + x p(x)
 *     tanh      tanh(x)                         4 t / (1 + t)^2,  t = exp(-2|x|)
 *     softplus  max(x, 0) + log(1 + t)          s(x),             t = exp(-|x|)
 *     sigmoid   s(x) = 1 / (1 + t) for x >= 0,  t / (1 + t)^2
 *                      t / (1 + t) for x < 0
 *     sin       sin(x)                          cos(x)
 *     linear    x                               1
 *     cos       cos(x)                          -sin(x)
 *     leaky     x for x > 0, else s x           1 for x > 0, else s; |x| is that of s = -1
 *
 * with Phi(x) = erfc(-x / sqrt(2)) / 2 and p(x) = exp(-x^2 / 2) / sqrt(2 pi). These forms neither
 * overflow nor cancel: 1 - tanh(x)^2, s(x) (1 - s(x)) and (1 + erf(x / sqrt(2))) / 2 would lose
 * every digit in a tail. Phi and x p have opposite signs for x < 0; there |x| p / Phi grows as 1 +
 * x^2 in the tail, and their sum loses digits only next to its own zero at x = -0.7518.
 *
 * -x^2 is rounded before exp: that is an error of x^2 units of rounding, what rounding x itself
 * costs, and not worth a longer product.
 *
 * sincos comes from SLEEF's scalar functions of the same bit-stable family as base/vector.h, which
 * reduces its argument exactly, however large it is.
 *
 * Work goes block by block, so that the passes over a block stay in the first-level cache. A pass
 * reads x[i] before it writes value[i] and the derivative comes first: value may be x. */
#include <ntk/architecture.h>

#include <math.h>
#include <sleef.h>
#include <string.h>

#include "base/vector.h"

#define BLOCK 512

/* Beyond this p(x) and Phi(-x) are 0 in double precision; a bound here keeps infinity * 0 out. */
#define GAUSSIAN_REACH 40.0

#define ONE_OVER_SQRT_TWO_PI 0.39894228040143267794
#define SQRT_HALF            0.70710678118654752440

/* phi and, unless derivative is NULL, phi' on a block: 1 <= n <= BLOCK. */
typedef void (*block_function)(size_t n, const double *x, double *value, double *derivative);

/* Written so that a NaN goes through. */
static double at_least(double low, double x) { return x < low ? low : x; }

static double at_most(double high, double x) { return x > high ? high : x; }

static void gelu(size_t n, const double *x, double *value, double *derivative) {
    double cdf[BLOCK] = {0};
    for (size_t i = 0; i < n; i++) cdf[i] = -SQRT_HALF * x[i];
    ntk_vector_erfc(n, cdf, cdf);
    for (size_t i = 0; i < n; i++) cdf[i] *= 0.5;
    if (derivative) {
        for (size_t i = 0; i < n; i++) derivative[i] = -0.5 * (x[i] * x[i]);
        ntk_vector_exp(n, derivative, derivative);
        for (size_t i = 0; i < n; i++) {
            const double bounded = at_most(GAUSSIAN_REACH, at_least(-GAUSSIAN_REACH, x[i]));
            derivative[i] = cdf[i] + bounded * (ONE_OVER_SQRT_TWO_PI * derivative[i]);
        }
    }
#pragma omp simd
    for (size_t i = 0; i < n; i++) value[i] = at_least(-GAUSSIAN_REACH, x[i]) * cdf[i];
}

static void tanh_(size_t n, const double *x, double *value, double *derivative) {
    if (derivative) {
        for (size_t i = 0; i < n; i++) derivative[i] = -2 * fabs(x[i]);
        ntk_vector_exp(n, derivative, derivative);
        for (size_t i = 0; i < n; i++) {
            const double t = derivative[i], s = 1 + t;
            derivative[i] = 4 * t / (s * s);
        }
    }
    ntk_vector_tanh(n, x, value);
}

static void exp_minus_abs(size_t n, const double *x, double *t) {
    for (size_t i = 0; i < n; i++) t[i] = -fabs(x[i]);
    ntk_vector_exp(n, t, t);
}

static double sigmoid_of(double x, double t) { return (x < 0 ? t : 1) / (1 + t); }

static void softplus(size_t n, const double *x, double *value, double *derivative) {
    double t[BLOCK] = {0}, log_s[BLOCK] = {0};
    exp_minus_abs(n, x, t);
    for (size_t i = 0; i < n; i++) log_s[i] = 1 + t[i];
    ntk_vector_log(n, log_s, log_s);
    if (derivative) {
        for (size_t i = 0; i < n; i++) derivative[i] = sigmoid_of(x[i], t[i]);
    }
    /* log(1 + t) from log(s), s = 1 + t rounded: s - 1 is exact, and log(s) / (s - 1) varies so
     * little near s = 1 that its value at the rounded s serves for the true one. */
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        const double rounded = (1 + t[i]) - 1;
        const double log1p = rounded == 0 ? t[i] : log_s[i] * (t[i] / rounded);
        value[i] = at_least(0, x[i]) + log1p;
    }
}

static void sigmoid(size_t n, const double *x, double *value, double *derivative) {
    double t[BLOCK] = {0};
    exp_minus_abs(n, x, t);
    if (derivative) {
        for (size_t i = 0; i < n; i++) {
            const double s = 1 + t[i];
            derivative[i] = t[i] / (s * s);
        }
    }
#pragma omp simd
    for (size_t i = 0; i < n; i++) value[i] = sigmoid_of(x[i], t[i]);
}

static void sin_(size_t n, const double *x, double *value, double *derivative) {
    for (size_t i = 0; i < n; i++) {
        const Sleef_double_2 sine_cosine = Sleef_cinz_sincosd1_u10purec(x[i]);
        if (derivative) derivative[i] = sine_cosine.y;
        value[i] = sine_cosine.x;
    }
}

static void linear(size_t n, const double *x, double *value, double *derivative) {
    if (derivative) {
        for (size_t i = 0; i < n; i++) derivative[i] = 1;
    }
    if (value != x) memcpy(value, x, n * sizeof *x);
}

static void cos_(size_t n, const double *x, double *value, double *derivative) {
    for (size_t i = 0; i < n; i++) {
        const Sleef_double_2 sine_cosine = Sleef_cinz_sincosd1_u10purec(x[i]);
        if (derivative) derivative[i] = -sine_cosine.x;
        value[i] = sine_cosine.y;
    }
}

/* A slope of 0 would make a NaN of infinity. */
static void leaky(double slope, size_t n, const double *x, double *value, double *derivative) {
    if (slope == 0) {
        ntk_vector_relu(n, x, value, derivative);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const double at = x[i];
        if (derivative) derivative[i] = at > 0 ? 1 : at <= 0 ? slope : at;
        value[i] = at > 0 ? at : slope * at;
    }
}

static void leaky_relu(size_t n, const double *x, double *value, double *derivative) {
    leaky(NTK_LEAKY_SLOPE, n, x, value, derivative);
}

static void abs_(size_t n, const double *x, double *value, double *derivative) {
    leaky(-1, n, x, value, derivative);
}

void ntk_architecture_activate(const ntk_architecture *architecture, size_t n, const double *x, double *value,
                               double *derivative) {
    if (architecture->activation == NTK_LEAKY_RELU)
        leaky(architecture->leaky_slope, n, x, value, derivative);
    else
        ntk_activation_evaluate(architecture->activation, n, x, value, derivative);
}

void ntk_activation_evaluate(ntk_activation activation, size_t n, const double *x, double *value,
                             double *derivative) {
    static const block_function functions[NTK_ACTIVATION_COUNT] = {
        [NTK_RELU] = ntk_vector_relu,
        [NTK_ERF] = ntk_vector_erf,
        [NTK_GELU] = gelu,
        [NTK_TANH] = tanh_,
        [NTK_SOFTPLUS] = softplus,
        [NTK_SIGMOID] = sigmoid,
        [NTK_SIN] = sin_,
        [NTK_LINEAR] = linear,
        [NTK_COS] = cos_,
        [NTK_LEAKY_RELU] = leaky_relu,
        [NTK_ABS] = abs_,
    };
    const block_function function = functions[activation];
    for (size_t i = 0; i < n; i += BLOCK) {
        const size_t length = n - i < BLOCK ? n - i : BLOCK;
        function(length, x + i, value + i, derivative ? derivative + i : NULL);
    }
}
