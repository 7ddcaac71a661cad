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
 * with Phi(x) the normal law and p(x) = exp(-x^2 / 2) / sqrt(2 pi) its density. All but linear and
 * leaky are vector code, base/vector.h, in forms that neither overflow nor cancel: 1 - tanh(x)^2,
 * s(x) (1 - s(x)) and (1 + erf(x / sqrt(2))) / 2 would lose every digit in a tail.
 *
 * A pass reads x[i] before it writes value[i] and the derivative comes first: value may be x. */
#include <ntk/architecture.h>

#include <math.h>
#include <string.h>

#include "base/vector.h"

/* phi and, unless derivative is NULL, phi'. */
typedef void (*function_of_arrays)(size_t n, const double *x, double *value, double *derivative);

static void linear(size_t n, const double *x, double *value, double *derivative) {
    if (derivative) {
        for (size_t i = 0; i < n; i++) derivative[i] = 1;
    }
    if (value != x) memcpy(value, x, n * sizeof *x);
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
    static const function_of_arrays functions[NTK_ACTIVATION_COUNT] = {
        [NTK_RELU] = ntk_vector_relu,
        [NTK_ERF] = ntk_vector_erf,
        [NTK_GELU] = ntk_vector_gelu,
        [NTK_TANH] = ntk_vector_tanh,
        [NTK_SOFTPLUS] = ntk_vector_softplus,
        [NTK_SIGMOID] = ntk_vector_sigmoid,
        [NTK_SIN] = ntk_vector_sin,
        [NTK_LINEAR] = linear,
        [NTK_COS] = ntk_vector_cos,
        [NTK_LEAKY_RELU] = leaky_relu,
        [NTK_ABS] = abs_,
    };
    functions[activation](n, x, value, derivative);
}
