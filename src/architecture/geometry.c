/* The equations are those of architecture.h. */
#include "architecture/geometry.h"

#include "base/vector.h"

static size_t ceiling(size_t a, size_t b) { return a / b + (a % b != 0); }

static size_t pooled_positions(const ntk_image_axis *axis) {
    const size_t whole = axis->pooling == NTK_POOLING_NONE ? axis->out : axis->out / axis->factor;
    switch (axis->pooling) {
    case NTK_POOLING_GAUSS:
        return whole > 0 ? whole - 1 : 0;
    case NTK_POOLING_GAUSS_SAME:
    case NTK_POOLING_GAUSS_CIRCULAR:
        return ceiling(axis->out, axis->factor);
    default:
        return whole;
    }
}

ntk_image_axis ntk_image_axis_create(const ntk_convolution_layer *layer, size_t in) {
    ntk_image_axis axis = {.in = in,
                           .out = ceiling(in, layer->stride),
                           .patch = in > 1 ? layer->patch : 1,
                           .stride = layer->stride,
                           .circular = layer->padding == NTK_PADDING_CIRCULAR,
                           .factor = layer->factor};
    axis.before = (axis.patch - 1) / 2;
    axis.pooling = axis.out > 1 ? layer->pooling : NTK_POOLING_NONE;
    axis.pooled = pooled_positions(&axis);
    return axis;
}

void ntk_image_axes(const ntk_architecture *architecture, size_t l, ntk_image_axis *vertical,
                    ntk_image_axis *horizontal) {
    const ntk_convolution *convolution = &architecture->convolution;
    *vertical = ntk_image_axis_create(&convolution->layer[0], convolution->height);
    *horizontal = ntk_image_axis_create(&convolution->layer[0], convolution->width);
    for (size_t k = 1; k <= l; k++) {
        *vertical = ntk_image_axis_create(&convolution->layer[k], vertical->pooled);
        *horizontal = ntk_image_axis_create(&convolution->layer[k], horizontal->pooled);
    }
}

ptrdiff_t ntk_image_axis_source(const ntk_image_axis *axis, size_t u, size_t k) {
    const ptrdiff_t n = (ptrdiff_t)axis->in;
    const ptrdiff_t at = (ptrdiff_t)(axis->stride * u + k) - (ptrdiff_t)axis->before;
    if (!axis->circular) return at >= 0 && at < n ? at : -1;
    return (at % n + n) % n;
}

size_t ntk_image_axis_most_taps(const ntk_image_axis *axis) {
    switch (axis->pooling) {
    case NTK_POOLING_NONE:
        return 1;
    case NTK_POOLING_BOX:
        return axis->factor;
    default:
        return 2 * axis->factor + 1;
    }
}

/* weight[s + i] <- exp(-i^2 / s^2) over the sum of them all, i = -s .. s. */
static void gaussian_weights(size_t s, double *weight) {
    double *half = weight + s, sum = 0; /* from i = 0 on */
    for (size_t i = 0; i <= s; i++) half[i] = -(double)(i * i) / (double)(s * s);
    ntk_vector_exp(s + 1, half, half);
    for (size_t i = s; i > 0; i--) sum += half[i];
    sum = 2 * sum + half[0];
    for (size_t i = 0; i <= s; i++) half[i] /= sum;
    for (size_t i = 0; i < s; i++) weight[i] = weight[2 * s - i];
}

static size_t gaussian_taps(const ntk_image_axis *axis, size_t centre, size_t *position, double *weight) {
    const ptrdiff_t n = (ptrdiff_t)axis->out, s = (ptrdiff_t)axis->factor;
    const bool wraps = axis->pooling == NTK_POOLING_GAUSS_CIRCULAR;
    size_t count = 0;
    gaussian_weights(axis->factor, weight);
    for (ptrdiff_t i = -s; i <= s; i++) {
        const ptrdiff_t at = (ptrdiff_t)centre + i;
        if (!wraps && (at < 0 || at >= n)) continue;
        position[count] = (size_t)((at % n + n) % n);
        weight[count++] = weight[i + s];
    }
    return count;
}

size_t ntk_image_axis_taps(const ntk_image_axis *axis, size_t j, size_t *position, double *weight) {
    const size_t s = axis->factor;
    switch (axis->pooling) {
    case NTK_POOLING_NONE:
        position[0] = j;
        weight[0] = 1;
        return 1;
    case NTK_POOLING_BOX:
        for (size_t i = 0; i < s; i++) {
            position[i] = s * j + i;
            weight[i] = 1 / (double)s;
        }
        return s;
    default:
        return gaussian_taps(axis, axis->pooling == NTK_POOLING_GAUSS ? s * (j + 1) : s * j, position,
                             weight);
    }
}

double ntk_patch_divisor(const ntk_convolution_layer *layer, const ntk_image_axis *vertical,
                         const ntk_image_axis *horizontal) {
    return layer->scale == NTK_PATCH_SUM ? 1 : (double)vertical->patch * (double)horizontal->patch;
}
