/* Written from the definitions (include/ntk/architecture.h, src/kernel/convolution.c) without a
 * thought for speed: a covariance for each pair of positions of each pair of images among x, y;
 * patches and pooling as sums over all offsets; grids and weights found anew. */
#include "ball_convolution.h"

#include <stdlib.h>

#include "ball_kernel.h"

enum { XX, YY, XY, KINDS };

typedef struct {
    size_t height, width;
    arb_ptr s[KINDS], t[KINDS]; /* (height * width, height * width): S and Theta of x with x, y with
                                   y, x with y */
} field;

static size_t positions(const field *f) { return f->height * f->width; }

static field field_create(size_t height, size_t width) {
    field f = {.height = height, .width = width};
    const slong pairs = (slong)(height * width * height * width);
    for (size_t k = 0; k < KINDS; k++) {
        f.s[k] = _arb_vec_init(pairs);
        f.t[k] = _arb_vec_init(pairs);
    }
    return f;
}

static void field_destroy(field *f) {
    const slong pairs = (slong)(positions(f) * positions(f));
    for (size_t k = 0; k < KINDS; k++) {
        _arb_vec_clear(f->s[k], pairs);
        _arb_vec_clear(f->t[k], pairs);
    }
}

/* ---- patches --------------------------------------------------------------------------------- */

static long offset_low(long p) { return -((p - 1) / 2); }

/* Where offset v of output u reads on an axis of n; -1: outside. */
static long source(long n, long stride, bool circular, size_t u, long v) {
    const long at = stride * (long)u + v;
    if (circular) return ((at % n) + n) % n;
    return at < 0 || at >= n ? -1 : at;
}

/* out <- factor sum_v in[t u + v, t u' + v] + bias */
static void sum_patches(const ntk_convolution_layer *layer, const field *in, const field *out,
                        const arb_t factor, const arb_t bias, arb_srcptr from, arb_ptr to) {
    const long p = (long)layer->patch, t = (long)layer->stride, h = (long)in->height, w = (long)in->width;
    const bool circular = layer->padding == NTK_PADDING_CIRCULAR;
    const long vp = h > 1 ? p : 1, wp = w > 1 ? p : 1;
    for (size_t u = 0; u < positions(out); u++)
        for (size_t u2 = 0; u2 < positions(out); u2++) {
            arb_ptr sum = to + u * positions(out) + u2;
            arb_zero(sum);
            for (long a = offset_low(vp); a < offset_low(vp) + vp; a++)
                for (long b = offset_low(wp); b < offset_low(wp) + wp; b++) {
                    const long i = source(h, t, circular, u / out->width, a);
                    const long j = source(w, t, circular, u % out->width, b);
                    const long i2 = source(h, t, circular, u2 / out->width, a);
                    const long j2 = source(w, t, circular, u2 % out->width, b);
                    if (i < 0 || j < 0 || i2 < 0 || j2 < 0) continue;
                    arb_add(sum, sum, from + (i * w + j) * h * w + i2 * w + j2, BALL_BITS);
                }
            arb_mul(sum, sum, factor, BALL_BITS);
            arb_add(sum, sum, bias, BALL_BITS);
        }
}

static size_t convolved(size_t n, size_t stride) { return (n + stride - 1) / stride; }

/* w_0^2 / (c s) or w^2 / s */
static void factor_of(const ntk_architecture *a, size_t l, const field *in, arb_t factor) {
    const ntk_convolution *c = &a->convolution;
    const double first = c->first_weight_variance > 0 ? c->first_weight_variance : a->weight_variance;
    arb_set_d(factor, l == 0 ? first : a->weight_variance);
    if (l == 0 && a->input_scale == NTK_INPUT_SCALE_DIMENSION)
        arb_div_ui(factor, factor, c->channels, BALL_BITS);
    if (c->layer[l].scale == NTK_PATCH_SUM) return;
    if (in->height > 1) arb_div_ui(factor, factor, c->layer[l].patch, BALL_BITS);
    if (in->width > 1) arb_div_ui(factor, factor, c->layer[l].patch, BALL_BITS);
}

/* ---- activations ----------------------------------------------------------------------------- */

/* (S, T) <- (E, E + T D) at every pair; `variance` are copies of S's diagonals. */
static void activate(ntk_activation activation, field *f, arb_srcptr x_variance, arb_srcptr y_variance) {
    arb_t value, derivative;
    arb_init(value);
    arb_init(derivative);
    for (size_t k = 0; k < KINDS; k++)
        for (size_t u = 0; u < positions(f) * positions(f); u++) {
            arb_srcptr a = (k == YY ? y_variance : x_variance) + u / positions(f);
            arb_srcptr c = (k == XX ? x_variance : y_variance) + u % positions(f);
            if (arb_is_zero(a) || arb_is_zero(c)) { /* phi(0) = 0, and T is 0 too */
                arb_zero(f->s[k] + u);
                arb_zero(f->t[k] + u);
                continue;
            }
            ball_dual(activation, a, c, f->s[k] + u, value, derivative);
            arb_mul(f->t[k] + u, f->t[k] + u, derivative, BALL_BITS);
            arb_add(f->t[k] + u, f->t[k] + u, value, BALL_BITS);
            arb_set(f->s[k] + u, value);
        }
    arb_clear(value);
    arb_clear(derivative);
}

static void activate_all(ntk_activation activation, field *f) {
    const slong n = (slong)positions(f);
    arb_ptr x = _arb_vec_init(n), y = _arb_vec_init(n);
    for (slong u = 0; u < n; u++) {
        arb_set(x + u, f->s[XX] + u * n + u);
        arb_set(y + u, f->s[YY] + u * n + u);
    }
    activate(activation, f, x, y);
    _arb_vec_clear(x, n);
    _arb_vec_clear(y, n);
}

/* ---- pooling --------------------------------------------------------------------------------- */

static size_t pooled(const ntk_convolution_layer *layer, size_t n) {
    if (n == 1 || layer->pooling == NTK_POOLING_NONE) return n;
    if (layer->pooling == NTK_POOLING_BOX) return n / layer->factor;
    if (layer->pooling == NTK_POOLING_GAUSS) return n / layer->factor - 1;
    return convolved(n, layer->factor);
}

/* matrix (outputs, n): what output j takes of each position. */
static void axis_filter(const ntk_convolution_layer *layer, size_t n, size_t outputs, arb_ptr matrix) {
    const long s = (long)layer->factor;
    if (n == 1 || layer->pooling == NTK_POOLING_NONE) {
        for (size_t j = 0; j < n; j++) arb_one(matrix + j * n + j);
        return;
    }
    arb_t total, weight;
    arb_init(total);
    arb_init(weight);
    for (long i = -s; i <= s; i++) {
        arb_set_si(weight, -i * i);
        arb_div_si(weight, weight, s * s, BALL_BITS);
        arb_exp(weight, weight, BALL_BITS);
        arb_add(total, total, weight, BALL_BITS);
    }
    for (size_t j = 0; j < outputs; j++)
        for (long i = layer->pooling == NTK_POOLING_BOX ? 0 : -s;
             i <= (layer->pooling == NTK_POOLING_BOX ? s - 1 : s); i++) {
            const long centre = s * ((long)j + (layer->pooling == NTK_POOLING_GAUSS));
            const long at =
                source((long)n, 1, layer->pooling == NTK_POOLING_GAUSS_CIRCULAR, (size_t)centre, i);
            if (at < 0) continue;
            arb_set_si(weight, -i * i);
            arb_div_si(weight, weight, s * s, BALL_BITS);
            arb_exp(weight, weight, BALL_BITS);
            arb_div(weight, weight, total, BALL_BITS);
            if (layer->pooling == NTK_POOLING_BOX) {
                arb_one(weight);
                arb_div_si(weight, weight, s, BALL_BITS);
            }
            arb_add(matrix + j * n + (size_t)at, matrix + j * n + (size_t)at, weight, BALL_BITS);
        }
    arb_clear(total);
    arb_clear(weight);
}

/* weight (outputs, inputs): of the product of both axes. */
static arb_ptr grid_filter(const ntk_convolution_layer *layer, const field *in, const field *out) {
    const size_t h = in->height, w = in->width, rows = out->height, columns = out->width;
    arb_ptr vertical = _arb_vec_init((slong)(rows * h)), horizontal = _arb_vec_init((slong)(columns * w));
    arb_ptr both = _arb_vec_init((slong)(rows * columns * h * w));
    axis_filter(layer, h, rows, vertical);
    axis_filter(layer, w, columns, horizontal);
    for (size_t j = 0; j < rows * columns; j++)
        for (size_t u = 0; u < h * w; u++)
            arb_mul(both + j * h * w + u, vertical + j / columns * h + u / w,
                    horizontal + j % columns * w + u % w, BALL_BITS);
    _arb_vec_clear(vertical, (slong)(rows * h));
    _arb_vec_clear(horizontal, (slong)(columns * w));
    return both;
}

/* to <- filter from filter^T; from: (n, n), to: (m, m), filter: (m, n). */
static void pool_pairs(size_t m, size_t n, arb_srcptr filter, arb_srcptr from, arb_ptr to) {
    arb_ptr half = _arb_vec_init((slong)(m * n));
    for (size_t j = 0; j < m; j++)
        for (size_t u = 0; u < n; u++)
            arb_dot(half + j * n + u, NULL, 0, filter + j * n, 1, from + u, (slong)n, (slong)n, BALL_BITS);
    for (size_t j = 0; j < m; j++)
        for (size_t k = 0; k < m; k++)
            arb_dot(to + j * m + k, NULL, 0, half + j * n, 1, filter + k * n, 1, (slong)n, BALL_BITS);
    _arb_vec_clear(half, (slong)(m * n));
}

static field pool(const ntk_convolution_layer *layer, field *in) {
    field out = field_create(pooled(layer, in->height), pooled(layer, in->width));
    arb_ptr filter = grid_filter(layer, in, &out);
    for (size_t k = 0; k < KINDS; k++) {
        pool_pairs(positions(&out), positions(in), filter, in->s[k], out.s[k]);
        pool_pairs(positions(&out), positions(in), filter, in->t[k], out.t[k]);
    }
    _arb_vec_clear(filter, (slong)(positions(&out) * positions(in)));
    field_destroy(in);
    return out;
}

/* ---- the recursion --------------------------------------------------------------------------- */

static field inner_products(const ntk_convolution *c, const double *x, const double *y) {
    field f = field_create(c->height, c->width);
    arb_t product, number;
    arb_init(product);
    arb_init(number);
    for (size_t k = 0; k < KINDS; k++)
        for (size_t u = 0; u < positions(&f); u++)
            for (size_t u2 = 0; u2 < positions(&f); u2++)
                for (size_t b = 0; b < c->channels; b++) {
                    arb_set_d(product, (k == YY ? y : x)[u * c->channels + b]);
                    arb_set_d(number, (k == XX ? x : y)[u2 * c->channels + b]);
                    arb_addmul(f.s[k] + u * positions(&f) + u2, product, number, BALL_BITS);
                }
    arb_clear(product);
    arb_clear(number);
    return f;
}

static field next_layer(const ntk_architecture *a, size_t l, field *in) {
    const ntk_convolution_layer *layer = &a->convolution.layer[l];
    field out = field_create(convolved(in->height, layer->stride), convolved(in->width, layer->stride));
    arb_t factor, bias;
    arb_init(factor);
    arb_init(bias);
    factor_of(a, l, in, factor);
    arb_set_d(bias, a->bias_variance);
    for (size_t k = 0; k < KINDS; k++) {
        sum_patches(layer, in, &out, factor, bias, in->s[k], out.s[k]);
        sum_patches(layer, in, &out, factor, bias, l == 0 ? in->s[k] : in->t[k], out.t[k]);
    }
    arb_clear(factor);
    arb_clear(bias);
    field_destroy(in);
    activate_all(a->activation, &out);
    return pool(layer, &out);
}

static void read_out(const ntk_architecture *a, const field *f, arb_srcptr values, arb_t out) {
    const bool average = a->convolution.readout == NTK_READOUT_AVERAGE;
    arb_t number;
    arb_init(number);
    arb_zero(out);
    for (size_t u = 0; u < positions(f); u++)
        for (size_t u2 = 0; u2 < positions(f); u2++)
            if (average || u == u2) arb_add(out, out, values + u * positions(f) + u2, BALL_BITS);
    if (average) arb_div_ui(out, out, positions(f) * positions(f), BALL_BITS);
    arb_set_d(number, a->weight_variance);
    arb_mul(out, out, number, BALL_BITS);
    arb_set_d(number, a->bias_variance);
    arb_add(out, out, number, BALL_BITS);
    arb_clear(number);
}

void ball_convolution_compute(const ntk_architecture *architecture, const double *x, const double *y,
                              arb_t nngp, arb_t ntk) {
    field f = inner_products(&architecture->convolution, x, y);
    for (size_t l = 0; l < architecture->depth; l++) f = next_layer(architecture, l, &f);
    read_out(architecture, &f, f.s[XY], nngp);
    read_out(architecture, &f, f.t[XY], ntk);
    field_destroy(&f);
}
