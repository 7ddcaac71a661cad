#include <math.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include <ntk/linalg.h>

#include "reference.h"
#include "status.h"

#define DENSE(L, phi, weight, bias, scale, kind)                                                             \
    {                                                                                                        \
        .family = NTK_DENSE, .depth = L, .activation = NTK_##phi, .weight_variance = weight,                 \
        .bias_variance = bias, .input_scale = NTK_INPUT_SCALE_##scale,                                       \
        .parametrisation = NTK_PARAMETRISATION_##kind                                                        \
    }
#define LAYERS(L, phi, weights, biases, kind)                                                                \
    {                                                                                                        \
        .family = NTK_DENSE, .depth = L, .activation = NTK_##phi, .weight_variances = weights,               \
        .bias_variances = biases, .input_scale = NTK_INPUT_SCALE_DIMENSION,                                  \
        .parametrisation = NTK_PARAMETRISATION_##kind                                                        \
    }
#define RESIDUAL(L, alpha, scale, kind)                                                                      \
    {                                                                                                        \
        .family = NTK_RESIDUAL, .depth = L, .activation = NTK_RELU, .weight_variance = 2,                    \
        .residual_scale = alpha, .input_scale = NTK_INPUT_SCALE_##scale,                                     \
        .parametrisation = NTK_PARAMETRISATION_##kind                                                        \
    }

#define BLOCKS(L, phi, alpha, weight, bias, scale, kind)                                                     \
    {                                                                                                        \
        .family = NTK_RESIDUAL, .depth = L, .activation = NTK_##phi, .weight_variance = weight,              \
        .bias_variance = bias, .residual_scale = alpha, .input_scale = NTK_INPUT_SCALE_##scale,              \
        .parametrisation = NTK_PARAMETRISATION_##kind                                                        \
    }

#define CONV(p, t, where, how, kind, s)                                                                      \
    {                                                                                                        \
        .patch = p, .stride = t, .padding = NTK_PADDING_##where, .scale = NTK_PATCH_##how,                   \
        .pooling = NTK_POOLING_##kind, .factor = s                                                           \
    }
#define CONVOLUTIONAL(L, phi, weight, first, bias, kind, out, h, w, c, ...)                                  \
    {                                                                                                        \
        .family = NTK_CONVOLUTIONAL, .depth = L, .activation = NTK_##phi, .weight_variance = weight,         \
        .bias_variance = bias, .parametrisation = NTK_PARAMETRISATION_##kind, .convolution = {               \
            .height = h,                                                                                     \
            .width = w,                                                                                      \
            .channels = c,                                                                                   \
            .first_weight_variance = first,                                                                  \
            .readout = NTK_READOUT_##out,                                                                    \
            .layer = {__VA_ARGS__}                                                                           \
        }                                                                                                    \
    }

static const double weights[] = {1, 4, 0.5, 2}, hidden_biases[] = {0.3, 0.2, 0.1, 0},
                    some_biases[] = {0, 0.4, 0, 0.1};

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
    {DENSE(2, COS, 1.5, 0.1, DIMENSION, NTK), 3, 7, 2, 4},
    {DENSE(2, ABS, 1.0, 0.1, DIMENSION, NTK), 3, 7, 2, 4},
    {{.family = NTK_DENSE,
      .depth = 2,
      .activation = NTK_LEAKY_RELU,
      .leaky_slope = 0.3,
      .weight_variance = 2},
     3,
     7,
     1,
     4},
    {DENSE(0, RELU, 1.5, 0.0, DIMENSION, NTK), 3, 4, 2, 3}, /* a linear model */
    {DENSE(0, TANH, 1.5, 0.3, NONE, NTK), 3, 4, 1, 3},
    {LAYERS(3, RELU, weights, hidden_biases, NTK), 3, 7, 1, 4},
    {LAYERS(3, TANH, weights, some_biases, MEAN_FIELD), 3, 6, 2, 3},
    {LAYERS(0, ERF, weights, some_biases, NTK), 3, 4, 2, 3},
    {RESIDUAL(1, 1.0, DIMENSION, NTK), 3, 8, 1, 5},
    {RESIDUAL(1, 0.7, NONE, MEAN_FIELD), 4, 7, 3, 4},
    {RESIDUAL(2, 1.0, NONE, NTK), 3, 6, 3, 4},
    {RESIDUAL(3, 0.5, DIMENSION, NTK), 2, 5, 1, 4},
    {RESIDUAL(2, 0.0, DIMENSION, NTK), 4, 6, 3, 3}, /* the blocks switched off, their V still
                                                     * trained */
    {RESIDUAL(1, 2.0, DIMENSION, NTK), 3, 1, 2, 3},
    {BLOCKS(2, RELU, 0.8, 2.0, 1.0, NONE, NTK), 3, 6, 1, 4},
    {BLOCKS(2, ERF, 1.3, 1.5, 0.3, DIMENSION, NTK), 3, 6, 3, 3},
    {BLOCKS(1, TANH, 0.7, 1.0, 0.0, NONE, MEAN_FIELD), 2, 5, 2, 3},
    {CONVOLUTIONAL(1, RELU, 2.0, 0, 0.0, NTK, FLATTEN, 1, 6, 1, CONV(3, 1, ZERO, MEAN, NONE, 1)), 6, 5, 1, 4},
    {CONVOLUTIONAL(2, RELU, 2.0, 1.0, 0.1, NTK, FLATTEN, 1, 5, 2, CONV(3, 1, ZERO, MEAN, NONE, 1),
                   CONV(2, 1, ZERO, SUM, NONE, 1)),
     10, 3, 3, 3},
    {CONVOLUTIONAL(2, ERF, 1.5, 0, 0.2, NTK, AVERAGE, 4, 3, 1, CONV(3, 1, ZERO, MEAN, GAUSS_SAME, 2),
                   CONV(2, 1, CIRCULAR, MEAN, NONE, 1)),
     12, 3, 2, 4},
    {CONVOLUTIONAL(2, TANH, 1.0, 0.5, 0.1, MEAN_FIELD, FLATTEN, 4, 4, 1, CONV(3, 1, CIRCULAR, SUM, GAUSS, 2),
                   CONV(3, 1, ZERO, MEAN, NONE, 1)),
     16, 4, 2, 3},
    {CONVOLUTIONAL(3, GELU, 1.5, 0, 0.0, NTK, AVERAGE, 5, 4, 2, CONV(3, 2, ZERO, MEAN, NONE, 1),
                   CONV(2, 1, CIRCULAR, MEAN, BOX, 2), CONV(3, 1, ZERO, MEAN, NONE, 1)),
     40, 3, 1, 3},
    {CONVOLUTIONAL(1, ERF, 1.0, 0, 0.3, NTK, FLATTEN, 3, 3, 1, CONV(2, 2, CIRCULAR, MEAN, GAUSS_CIRCULAR, 2)),
     9, 12, 1, 5}, /* few positions and a wide layer: the kernel by positions */
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
    case NTK_COS:
        return cosl(x);
    case NTK_ABS:
        return fabsl(x);
    default:
        return x;
    }
}

/* theta with theta_p moved by `shift`, read from front to back: the layout is tested too. Shift and
 * sum in extended precision. */
typedef struct reader {
    const double *theta;
    size_t next, p;
    long double shift;
} reader;

static long double read_next(reader *r) {
    const size_t i = r->next++;
    return r->theta[i] + (i == r->p ? r->shift : 0);
}

/* out = scale W a, W (rows, columns). */
static void multiply(reader *r, size_t rows, size_t columns, long double scale, const long double *a,
                     long double *out) {
    for (size_t i = 0; i < rows; i++) {
        out[i] = 0;
        for (size_t c = 0; c < columns; c++) out[i] += scale * read_next(r) * a[c];
    }
}

/* f of one input, (K). Returned is the smallest |preactivation|. */
static long double residual_forward(const reference_case *shape, reader *r, const long double *x,
                                    long double *f) {
    const ntk_architecture *arch = &shape->architecture;
    const size_t m = shape->width;
    const bool plain = arch->input_scale == NTK_INPUT_SCALE_NONE;
    long double h[64], u[64], step[64], nearest = INFINITY;
    const long double b = sqrtl(arch->bias_variance), w = sqrtl(arch->weight_variance);
    multiply(r, m, shape->inputs, plain ? 1 : 1 / sqrtl(shape->inputs), x, h);
    for (size_t j = 0; b > 0 && j < m; j++) h[j] += b * read_next(r);
    for (size_t l = 1; l <= arch->depth; l++) {
        multiply(r, m, m, w / sqrtl(m), h, u);
        for (size_t j = 0; b > 0 && j < m; j++) u[j] += w * b * read_next(r);
        for (size_t j = 0; j < m; j++) {
            nearest = fminl(nearest, fabsl(u[j]));
            u[j] = phi(arch->activation, u[j]);
        }
        multiply(r, m, m, sqrtl(1.0L / m), u, step);
        for (size_t j = 0; b > 0 && j < m; j++) step[j] += b * read_next(r);
        for (size_t j = 0; j < m; j++) h[j] += arch->residual_scale * step[j];
    }
    multiply(r, shape->outputs, m, sqrtl(1.0L / m), h, f);
    return nearest;
}

static long double dense_forward(const reference_case *shape, reader *r, const long double *x,
                                 long double *f) {
    const ntk_architecture *arch = &shape->architecture;
    long double a[64], h[64], nearest = INFINITY;
    for (size_t c = 0; c < shape->inputs; c++) a[c] = x[c];
    for (size_t l = 1; l <= arch->depth + 1; l++) {
        const size_t in = l == 1 ? shape->inputs : shape->width;
        const size_t out = l == arch->depth + 1 ? shape->outputs : shape->width;
        const bool plain = l == 1 && arch->input_scale == NTK_INPUT_SCALE_NONE;
        const double *w2 = arch->weight_variances, *b2 = arch->bias_variances;
        const long double w = sqrtl(w2 != NULL ? w2[l - 1] : arch->weight_variance);
        const long double b = sqrtl(b2 != NULL ? b2[l - 1] : arch->bias_variance);
        multiply(r, out, in, w / (plain ? 1 : sqrtl(in)), a, h);
        for (size_t k = 0; b > 0 && k < out; k++) h[k] += b * read_next(r);
        for (size_t k = 0; l <= arch->depth && k < out; k++) {
            nearest = fminl(nearest, fabsl(h[k]));
            a[k] = arch->activation == NTK_LEAKY_RELU ? (h[k] > 0 ? h[k] : arch->leaky_slope * h[k])
                                                      : phi(arch->activation, h[k]);
        }
    }
    for (size_t k = 0; k < shape->outputs; k++) f[k] = h[k];
    return nearest;
}

/* Where offset v, counted from the first, of output u reads on an axis of n; -1: outside. */
static long source(long n, const ntk_convolution_layer *layer, size_t u, long v, long p) {
    const long at = (long)layer->stride * (long)u + v - (p - 1) / 2;
    if (layer->padding == NTK_PADDING_CIRCULAR) return ((at % n) + n) % n;
    return at >= 0 && at < n ? at : -1;
}

static size_t divide_up(size_t n, size_t s) { return (n + s - 1) / s; }

static size_t pooled(const ntk_convolution_layer *layer, size_t n) {
    if (n == 1 || layer->pooling == NTK_POOLING_NONE) return n;
    if (layer->pooling == NTK_POOLING_BOX) return n / layer->factor;
    return layer->pooling == NTK_POOLING_GAUSS ? n / layer->factor - 1 : divide_up(n, layer->factor);
}

/* What output j of a pooled axis takes of position i. */
static long double taken(const ntk_convolution_layer *layer, size_t n, size_t j, size_t i) {
    const long s = (long)layer->factor;
    if (n == 1 || layer->pooling == NTK_POOLING_NONE) return i == j;
    if (layer->pooling == NTK_POOLING_BOX) return (long)i / s == (long)j ? 1.0L / s : 0;
    const long centre = s * ((long)j + (layer->pooling == NTK_POOLING_GAUSS));
    long double total = 0, weight = 0;
    for (long k = -s; k <= s; k++) {
        const long double g = expl(-(long double)(k * k) / (long double)(s * s));
        long at = centre + k;
        if (layer->pooling == NTK_POOLING_GAUSS_CIRCULAR) at = ((at % (long)n) + (long)n) % (long)n;
        total += g;
        if (at == (long)i) weight += g;
    }
    return weight / total;
}

/* (height, width, channels) <- a layer of it, after phi and pooling. */
static long double convolve(const reference_case *shape, size_t l, reader *r, size_t grid[2],
                            long double *a) {
    const ntk_architecture *arch = &shape->architecture;
    const ntk_convolution_layer *layer = &arch->convolution.layer[l];
    const size_t C = l == 0 ? arch->convolution.channels : shape->width, m = shape->width;
    const long p[2] = {grid[0] > 1 ? (long)layer->patch : 1, grid[1] > 1 ? (long)layer->patch : 1};
    const size_t out[2] = {divide_up(grid[0], layer->stride), divide_up(grid[1], layer->stride)};
    const size_t patch = (size_t)(p[0] * p[1]) * C;
    const double first = arch->convolution.first_weight_variance;
    long double W[1024], h[1024] = {0}, nearest = INFINITY;
    long double scale = l == 0 && first > 0 ? (long double)first : (long double)arch->weight_variance;
    if (l > 0 || arch->input_scale == NTK_INPUT_SCALE_DIMENSION) scale /= C;
    if (layer->scale == NTK_PATCH_MEAN) scale /= p[0] * p[1];
    cr_assert(m * patch <= 1024 && out[0] * out[1] * m <= 1024);
    for (size_t k = 0; k < m * patch; k++) W[k] = sqrtl(scale) * read_next(r);
    for (size_t k = 0; k < m && arch->bias_variance > 0; k++) {
        const long double beta = sqrtl((long double)arch->bias_variance) * read_next(r);
        for (size_t u = 0; u < out[0] * out[1]; u++) h[u * m + k] = beta;
    }
    for (size_t u = 0; u < out[0] * out[1]; u++)
        for (size_t k = 0; k < m; k++) {
            for (size_t q = 0; q < patch; q++) {
                const long v = (long)(q / C) / p[1], w = (long)(q / C) % p[1];
                const long i = source((long)grid[0], layer, u / out[1], v, p[0]);
                const long j = source((long)grid[1], layer, u % out[1], w, p[1]);
                if (i >= 0 && j >= 0)
                    h[u * m + k] += W[k * patch + q] * a[((size_t)i * grid[1] + (size_t)j) * C + q % C];
            }
            nearest = fminl(nearest, fabsl(h[u * m + k]));
            h[u * m + k] = phi(arch->activation, h[u * m + k]);
        }
    grid[0] = pooled(layer, out[0]);
    grid[1] = pooled(layer, out[1]);
    for (size_t J = 0; J < grid[0] * grid[1]; J++)
        for (size_t k = 0; k < m; k++) {
            a[J * m + k] = 0;
            for (size_t u = 0; u < out[0] * out[1]; u++)
                a[J * m + k] += taken(layer, out[0], J / grid[1], u / out[1]) *
                                taken(layer, out[1], J % grid[1], u % out[1]) * h[u * m + k];
        }
    return nearest;
}

static long double convolutional_forward(const reference_case *shape, reader *r, const long double *x,
                                         long double *f) {
    const ntk_architecture *arch = &shape->architecture;
    const size_t m = shape->width;
    const long double w = sqrtl((long double)arch->weight_variance / m);
    size_t grid[2] = {arch->convolution.height, arch->convolution.width};
    long double a[1024], nearest = INFINITY;
    for (size_t c = 0; c < shape->inputs; c++) a[c] = x[c];
    for (size_t l = 0; l < arch->depth; l++) nearest = fminl(nearest, convolve(shape, l, r, grid, a));
    const size_t N = grid[0] * grid[1];
    if (arch->convolution.readout == NTK_READOUT_AVERAGE) {
        long double mean[64];
        for (size_t k = 0; k < m; k++) mean[k] = 0;
        for (size_t u = 0; u < N * m; u++) mean[u % m] += a[u] / N;
        multiply(r, shape->outputs, m, w, mean, f);
    } else {
        multiply(r, shape->outputs, N * m, w, a, f);
    }
    for (size_t k = 0; arch->bias_variance > 0 && k < shape->outputs; k++)
        f[k] += sqrtl((long double)arch->bias_variance) * read_next(r);
    return nearest;
}

static long double forward_shifted(const reference_case *shape, const double *theta, size_t p,
                                   long double shift, const double *x, long double *f) {
    const ntk_architecture *arch = &shape->architecture;
    const size_t K = shape->outputs;
    long double nearest = INFINITY, input[64];
    for (size_t i = 0; i < shape->n; i++) {
        reader r = {theta, 0, p, shift};
        for (size_t c = 0; c < shape->inputs; c++) input[c] = x[i * shape->inputs + c];
        const long double distance =
            arch->family == NTK_RESIDUAL ? residual_forward(shape, &r, input, f + i * K)
            : arch->family == NTK_DENSE  ? dense_forward(shape, &r, input, f + i * K)
                                         : convolutional_forward(shape, &r, input, f + i * K);
        nearest = fminl(nearest, distance);
        for (size_t k = 0; arch->parametrisation == NTK_PARAMETRISATION_MEAN_FIELD && k < K; k++)
            f[i * K + k] /= sqrtl(shape->width);
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
    assert_ok(ntk_linalg_start());
    assert_ok(
        ntk_network_create(&shape->architecture, shape->inputs, shape->width, shape->outputs, &draw.network));
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
