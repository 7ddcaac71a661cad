#include "reference.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include <ntk/linalg.h>

#define DENSE(depth, activation, weight, bias, scale, parametrisation)                                       \
    {                                                                                                        \
        NTK_DENSE, depth, NTK_##activation, weight, bias, NTK_INPUT_SCALE_##scale,                           \
            NTK_PARAMETRISATION_##parametrisation                                                            \
    }

const reference_case reference_cases[] = {
    {DENSE(1, RELU, 2.0, 0.0, DIMENSION, NTK), 3, 9, 1, 5},
    {DENSE(2, RELU, 2.0, 0.1, DIMENSION, NTK), 4, 7, 3, 4},
    {DENSE(3, RELU, 1.7, 0.0, NONE, MEAN_FIELD), 2, 8, 3, 3},
    {DENSE(1, ERF, 1.5, 0.3, NONE, NTK), 1, 9, 3, 4},
    {DENSE(2, ERF, 1.5, 0.0, DIMENSION, MEAN_FIELD), 5, 8, 1, 4},
    {DENSE(3, ERF, 1.0, 0.2, DIMENSION, NTK), 3, 6, 3, 3},
    {DENSE(2, GELU, 2.0, 0.1, DIMENSION, NTK), 3, 7, 1, 5},
    {DENSE(3, GELU, 1.5, 0.0, DIMENSION, NTK), 3, 6, 3, 3},
    {DENSE(3, TANH, 1.5, 0.2, NONE, MEAN_FIELD), 3, 6, 1, 4},
    {DENSE(2, TANH, 1.0, 0.0, DIMENSION, NTK), 3, 5, 3, 3},
    {DENSE(2, SOFTPLUS, 1.2, 0.1, DIMENSION, MEAN_FIELD), 3, 7, 3, 4},
    {DENSE(1, SIGMOID, 3.0, 0.5, DIMENSION, MEAN_FIELD), 3, 7, 1, 4},
    {DENSE(2, SIN, 1.0, 0.1, DIMENSION, NTK), 3, 7, 3, 4},
    {DENSE(2, LINEAR, 1.0, 0.2, DIMENSION, NTK), 3, 7, 3, 1},
    {DENSE(1, TANH, 1.0, 0.1, DIMENSION, NTK), 3, 1, 2, 3}, /* one neuron, fewer than outputs */
};
const size_t reference_case_count = sizeof reference_cases / sizeof *reference_cases;

static long double phi(ntk_activation activation, long double x) {
    switch (activation) {
    case NTK_RELU:
        return x > 0 ? x : 0;
    case NTK_ERF:
        return erfl(x);
    case NTK_GELU:
        return x * erfcl(-x / sqrtl(2)) / 2;
    case NTK_TANH:
        return tanhl(x);
    case NTK_SOFTPLUS:
        return log1pl(expl(x));
    case NTK_SIGMOID:
        return 1 / (1 + expl(-x));
    case NTK_SIN:
        return sinl(x);
    default:
        return x;
    }
}

/* theta with theta_p moved by `shift`: shift and sum in extended precision. */
static long double forward_shifted(const reference_case *shape, const double *theta, size_t p,
                                   long double shift, const double *x, long double *f) {
    const ntk_architecture *arch = &shape->architecture;
    const long double w = sqrtl((long double)arch->weight_variance);
    const long double b = sqrtl((long double)arch->bias_variance);
    long double nearest = INFINITY;
    for (size_t i = 0; i < shape->n; i++) {
        long double a[64], h[64];
        for (size_t c = 0; c < shape->inputs; c++) a[c] = x[i * shape->inputs + c];
        size_t next = 0; /* the parameter to be read next: the layout is tested too */
        for (size_t l = 1; l <= arch->depth + 1; l++) {
            const size_t in = l == 1 ? shape->inputs : shape->width;
            const size_t out = l == arch->depth + 1 ? shape->outputs : shape->width;
            const bool plain = l == 1 && arch->input_scale == NTK_INPUT_SCALE_NONE;
            for (size_t r = 0; r < out; r++) {
                h[r] = 0;
                for (size_t c = 0; c < in; c++, next++)
                    h[r] += (theta[next] + (next == p ? shift : 0)) * a[c] * w / (plain ? 1 : sqrtl(in));
            }
            for (size_t r = 0; arch->bias_variance > 0 && r < out; r++, next++)
                h[r] += b * (theta[next] + (next == p ? shift : 0));
            for (size_t r = 0; l <= arch->depth && r < out; r++) {
                nearest = fminl(nearest, fabsl(h[r]));
                a[r] = phi(arch->activation, h[r]);
            }
        }
        const bool mean_field = arch->parametrisation == NTK_PARAMETRISATION_MEAN_FIELD;
        for (size_t k = 0; k < shape->outputs; k++)
            f[i * shape->outputs + k] = mean_field ? h[k] / sqrtl(shape->width) : h[k];
    }
    return nearest;
}

long double reference_forward(const reference_case *shape, const double *theta, const double *x,
                              long double *f) {
    return forward_shifted(shape, theta, 0, 0, x, f);
}

void reference_difference(const reference_case *shape, const double *theta, size_t p, double step,
                          const double *x, double *derivative) {
    const size_t count = shape->n * shape->outputs;
    long double up[64], down[64];
    cr_assert(count <= 64);
    forward_shifted(shape, theta, p, step, x, up);
    forward_shifted(shape, theta, p, -step, x, down);
    for (size_t i = 0; i < count; i++) derivative[i] = (double)((up[i] - down[i]) / (2 * step));
}

reference_draw reference_draw_create(const reference_case *shape) {
    reference_draw draw = {0};
    cr_assert_eq(ntk_linalg_start(), NTK_OK, "%s", ntk_error_detail());
    cr_assert_eq(
        ntk_network_create(&shape->architecture, shape->inputs, shape->width, shape->outputs, &draw.network),
        NTK_OK, "%s", ntk_error_detail());
    draw.parameters = ntk_network_parameters(draw.network);
    draw.rows = shape->n * shape->outputs;
    draw.theta = reference_doubles(draw.parameters);
    draw.x = reference_doubles(shape->n * shape->inputs);
    ntk_stream stream = ntk_stream_create(1, "tests/network", draw.parameters);
    ntk_network_initialise(draw.network, &stream, draw.theta);
    ntk_stream_normal(&stream, shape->n * shape->inputs, draw.x);
    return draw;
}

void reference_draw_destroy(reference_draw *draw) {
    ntk_network_destroy(draw->network);
    free(draw->theta);
    free(draw->x);
}

double reference_relative_error(size_t n, const double *a, const double *b) {
    double error = 0.0, scale = 0.0;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(a[i]) || !isfinite(b[i])) return NAN;
        error = fmax(error, fabs(a[i] - b[i]));
        scale = fmax(scale, fabs(b[i]));
    }
    return scale > 0.0 ? error / scale : error;
}

double *reference_doubles(size_t count) {
    double *memory = malloc(count * sizeof *memory);
    cr_assert_not_null(memory);
    return memory;
}
