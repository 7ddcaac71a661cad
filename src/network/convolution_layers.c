#include "network/convolution_layers.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>

#include "architecture/geometry.h"

/* Doubles of patches that go into one matrix product: enough rows for BLAS, and no more memory than
 * that. */
#define PATCHES ((size_t)1 << 20)

/* ---- geometry -------------------------------------------------------------------------------- */

static ntk_status allocate_sizes(size_t count, size_t **out) {
    void *memory = NULL;
    NTK_TRY(ntk_allocate(count, sizeof **out, &memory));
    *out = memory;
    return NTK_OK;
}

static void find_sources(const ntk_image_axis *vertical, const ntk_image_axis *horizontal,
                         ptrdiff_t *source) {
    for (size_t i = 0; i < vertical->out; i++)
        for (size_t j = 0; j < horizontal->out; j++)
            for (size_t v = 0; v < vertical->patch; v++)
                for (size_t w = 0; w < horizontal->patch; w++) {
                    const ptrdiff_t row = ntk_image_axis_source(vertical, i, v);
                    const ptrdiff_t column = ntk_image_axis_source(horizontal, j, w);
                    *source++ = row < 0 || column < 0 ? -1 : row * (ptrdiff_t)horizontal->in + column;
                }
}

/* The taps of the pooling on the grid: products of those of both axes. */
static ntk_status find_taps(const ntk_image_axis *vertical, const ntk_image_axis *horizontal,
                            convolution_layer *layer) {
    const size_t rows = ntk_image_axis_most_taps(vertical), columns = ntk_image_axis_most_taps(horizontal);
    size_t *at = NULL, count = 0;
    double *weight = NULL;
    NTK_TRY(allocate_sizes(layer->pooled + 1, &layer->start));
    NTK_TRY(allocate_sizes(layer->pooled * rows * columns, &layer->position));
    NTK_TRY(ntk_allocate_doubles(layer->pooled * rows * columns, &layer->share));
    ntk_status status = allocate_sizes(rows + columns, &at);
    if (status == NTK_OK) status = ntk_allocate_doubles(rows + columns, &weight);
    for (size_t j = 0; j < layer->pooled && status == NTK_OK; j++) {
        const size_t down = ntk_image_axis_taps(vertical, j / horizontal->pooled, at, weight);
        const size_t across =
            ntk_image_axis_taps(horizontal, j % horizontal->pooled, at + rows, weight + rows);
        for (size_t v = 0; v < down; v++)
            for (size_t w = 0; w < across; w++, count++) {
                layer->position[count] = at[v] * horizontal->out + at[rows + w];
                layer->share[count] = weight[v] * weight[rows + w];
            }
        layer->start[j + 1] = count;
    }
    ntk_release(at);
    ntk_release(weight);
    return status;
}

static ntk_status describe_layer(const ntk_network *network, size_t l, convolution_layer *layer) {
    const ntk_architecture *a = &network->architecture;
    const ntk_convolution *c = &a->convolution;
    ntk_image_axis vertical, horizontal;
    ntk_image_axes(a, l, &vertical, &horizontal);
    layer->in = vertical.in * horizontal.in;
    layer->out = vertical.out * horizontal.out;
    layer->pooled = vertical.pooled * horizontal.pooled;
    layer->channels = l == 0 ? c->channels : network->width;
    layer->offsets = vertical.patch * horizontal.patch;
    if (!network_multiply_sizes(layer->offsets, layer->channels, &layer->patch))
        return ntk_fail(NTK_ERROR_SHAPE, "network: patches of %zu x %zu are too large", layer->offsets,
                        layer->channels);
    double variance = a->weight_variance, fan = (double)layer->channels;
    if (l == 0 && c->first_weight_variance > 0) variance = c->first_weight_variance;
    if (l == 0 && a->input_scale == NTK_INPUT_SCALE_NONE) fan = 1;
    layer->weight_scale = sqrt(variance / (fan * ntk_patch_divisor(&c->layer[l], &vertical, &horizontal)));
    void *memory = NULL;
    NTK_TRY(ntk_allocate(layer->out * layer->offsets, sizeof *layer->source, &memory));
    layer->source = memory;
    find_sources(&vertical, &horizontal, layer->source);
    return find_taps(&vertical, &horizontal, layer);
}

/* *end += count; an error where that does not fit. */
static ntk_status place(size_t a, size_t b, size_t *end) {
    size_t count = 0;
    if (!network_multiply_sizes(a, b, &count) || count > SIZE_MAX - *end)
        return ntk_fail(NTK_ERROR_SHAPE, "network: too many parameters or activations");
    *end += count;
    return NTK_OK;
}

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

static ntk_status lay_out(const ntk_network *network, network_convolution *c, size_t *parameters) {
    const size_t m = network->width;
    size_t end = 0;
    for (size_t l = 0; l < c->depth; l++) {
        convolution_layer *layer = &c->layer[l];
        NTK_TRY(describe_layer(network, l, layer));
        layer->weight = end;
        NTK_TRY(place(m, layer->patch, &end));
        layer->bias = end;
        if (network->has_bias) NTK_TRY(place(m, 1, &end));
        layer->kept = c->kept;
        layer->derivative = c->derivatives;
        NTK_TRY(place(layer->pooled, m, &c->kept));
        NTK_TRY(place(layer->out, m, &c->derivatives));
        c->widest = larger(c->widest, larger(layer->pooled * m, layer->in * layer->channels));
    }
    c->features = c->average ? m : c->layer[c->depth - 1].pooled * m;
    c->weight = end;
    NTK_TRY(place(network->outputs, c->features, &end));
    c->bias = end;
    if (network->has_bias) NTK_TRY(place(network->outputs, 1, &end));
    *parameters = end;
    return NTK_OK;
}

static ntk_status fill(const ntk_network *network, network_convolution *c, size_t *parameters) {
    const ntk_architecture *a = &network->architecture;
    const ntk_convolution *image = &a->convolution;
    if (network->inputs != image->height * image->width * image->channels)
        return ntk_fail(NTK_ERROR_SHAPE, "network: %zu inputs, but images of %zu x %zu x %zu",
                        network->inputs, image->height, image->width, image->channels);
    const bool mean_field = a->parametrisation == NTK_PARAMETRISATION_MEAN_FIELD;
    const double divisor = mean_field ? sqrt((double)network->width) : 1;
    c->depth = a->depth;
    c->average = image->readout == NTK_READOUT_AVERAGE;
    c->bias_scale = sqrt(a->bias_variance);
    c->output_bias_scale = c->bias_scale / divisor;
    c->weight_scale = sqrt(a->weight_variance / (double)network->width) / divisor;
    return lay_out(network, c, parameters);
}

ntk_status convolution_create(const ntk_network *network, network_convolution **out, size_t *parameters) {
    void *memory = NULL;
    *out = NULL;
    NTK_TRY(ntk_allocate(1, sizeof **out, &memory));
    const ntk_status status = fill(network, memory, parameters);
    if (status == NTK_OK)
        *out = memory;
    else
        convolution_destroy(memory);
    return status;
}

void convolution_destroy(network_convolution *c) {
    if (c == NULL) return;
    for (size_t l = 0; l < c->depth; l++) {
        ntk_release(c->layer[l].source);
        ntk_release(c->layer[l].start);
        ntk_release(c->layer[l].position);
        ntk_release(c->layer[l].share);
    }
    ntk_release(c->patches.data);
    ntk_release(c->products.data);
    ntk_release(c->hidden.data);
    ntk_release(c->features_of.data);
    ntk_release(c);
}

/* ---- one image ------------------------------------------------------------------------------- */

const double *convolution_input(const ntk_network *network, const network_batch *batch, const double *x,
                                size_t l, size_t i) {
    if (l == 0) return x + i * network->inputs;
    const convolution_layer *below = &network->convolution->layer[l - 1];
    return batch->input.data + batch->n * below->kept + i * below->pooled * network->width;
}

const double *convolution_derivative(const ntk_network *network, const network_batch *batch, size_t l,
                                     size_t i) {
    const convolution_layer *layer = &network->convolution->layer[l];
    return batch->derivative.data + batch->n * layer->derivative + i * layer->out * network->width;
}

void convolution_gather(const convolution_layer *layer, const double *a, double *rows) {
    const size_t bytes = layer->channels * sizeof *a;
    for (size_t k = 0; k < layer->out * layer->offsets; k++, rows += layer->channels) {
        if (layer->source[k] < 0)
            memset(rows, 0, bytes);
        else
            memcpy(rows, a + (size_t)layer->source[k] * layer->channels, bytes);
    }
}

void convolution_scatter(const convolution_layer *layer, const double *rows, double *a) {
    memset(a, 0, layer->in * layer->channels * sizeof *a);
    for (size_t k = 0; k < layer->out * layer->offsets; k++, rows += layer->channels) {
        if (layer->source[k] < 0) continue;
        double *to = a + (size_t)layer->source[k] * layer->channels;
        for (size_t c = 0; c < layer->channels; c++) to[c] += rows[c];
    }
}

static void pool(const convolution_layer *layer, size_t m, const double *in, double *pooled) {
    memset(pooled, 0, layer->pooled * m * sizeof *pooled);
    for (size_t j = 0; j < layer->pooled; j++)
        for (size_t k = layer->start[j]; k < layer->start[j + 1]; k++) {
            const double *from = in + layer->position[k] * m;
            for (size_t c = 0; c < m; c++) pooled[j * m + c] += layer->share[k] * from[c];
        }
}

void convolution_unpool(const convolution_layer *layer, size_t m, const double *pooled, double *out) {
    memset(out, 0, layer->out * m * sizeof *out);
    for (size_t j = 0; j < layer->pooled; j++)
        for (size_t k = layer->start[j]; k < layer->start[j + 1]; k++) {
            double *to = out + layer->position[k] * m;
            for (size_t c = 0; c < m; c++) to[c] += layer->share[k] * pooled[j * m + c];
        }
}

/* The mean over positions, or a copy of them all. */
static void features_of(const network_convolution *c, size_t m, const double *a, double *features) {
    const size_t positions = c->layer[c->depth - 1].pooled;
    memcpy(features, a, c->features * sizeof *a);
    if (!c->average) return;
    for (size_t u = 1; u < positions; u++)
        for (size_t k = 0; k < m; k++) features[k] += a[u * m + k];
    for (size_t k = 0; k < m; k++) features[k] /= (double)positions;
}

void convolution_features(const ntk_network *network, const network_batch *batch, size_t first, size_t count,
                          double *features) {
    const network_convolution *c = network->convolution;
    for (size_t i = 0; i < count; i++)
        features_of(c, network->width, convolution_input(network, batch, NULL, c->depth, first + i),
                    features + i * c->features);
}

void convolution_output_signal(const ntk_network *network, const double *theta, const double *cotangent,
                               double *out) {
    const network_convolution *c = network->convolution;
    const size_t m = network->width, positions = c->layer[c->depth - 1].pooled;
    memset(out, 0, positions * m * sizeof *out);
    for (size_t k = 0; k < network->outputs; k++) {
        const double scale = c->weight_scale * cotangent[k];
        const double *weight = theta + c->weight + k * c->features;
        for (size_t r = 0; r < c->features; r++) out[r] += scale * weight[r];
    }
    if (!c->average) return;
    for (size_t k = 0; k < m; k++) out[k] /= (double)positions;
    for (size_t u = 1; u < positions; u++) memcpy(out + u * m, out, m * sizeof *out);
}

/* ---- forward --------------------------------------------------------------------------------- */

/* Images that share a matrix product. */
static size_t images_at_once(const convolution_layer *layer, size_t n) {
    const size_t most = PATCHES / (layer->out * layer->patch);
    return most < 1 ? 1 : most < n ? most : n;
}

static ntk_status reserve_layers(network_convolution *c, size_t m, size_t n) {
    for (size_t l = 0; l < c->depth; l++) {
        const convolution_layer *layer = &c->layer[l];
        const size_t count = images_at_once(layer, n);
        NTK_TRY(network_reserve(&c->patches, count, layer->out, layer->patch));
        NTK_TRY(network_reserve(&c->products, count, layer->out, layer->patch));
        NTK_TRY(network_reserve(&c->hidden, count, layer->out, m));
    }
    return network_reserve(&c->features_of, n, c->features, 1);
}

static void gather_images(const ntk_network *network, const network_batch *batch, const double *x, size_t l,
                          size_t first, size_t count, double *rows) {
    const convolution_layer *layer = &network->convolution->layer[l];
    for (size_t i = 0; i < count; i++)
        convolution_gather(layer, convolution_input(network, batch, x, l, first + i),
                           rows + i * layer->out * layer->patch);
}

/* h (rows, m) <- s rows W^T + b beta^T (+ h), W and beta at `at`. */
static ntk_status apply(const ntk_network *network, const convolution_layer *layer, const double *at,
                        size_t rows, const double *patches, bool add, bool bias, double *h) {
    const size_t m = network->width;
    const double b = network->convolution->bias_scale;
    for (size_t r = 0; r < rows && bias; r++)
        for (size_t k = 0; k < m; k++) h[r * m + k] = (add ? h[r * m + k] : 0) + b * at[layer->bias + k];
    return ntk_gemm(NTK_NO_TRANSPOSE, NTK_TRANSPOSE, rows, m, layer->patch, layer->weight_scale, patches,
                    layer->patch, at + layer->weight, layer->patch, add || bias ? 1 : 0, h, m);
}

static ntk_status forward_layer(ntk_network *network, network_batch *batch, const double *theta,
                                const double *x, size_t l) {
    network_convolution *c = network->convolution;
    const convolution_layer *layer = &c->layer[l];
    const size_t m = network->width, at_once = images_at_once(layer, batch->n);
    for (size_t first = 0; first < batch->n; first += at_once) {
        const size_t count = batch->n - first < at_once ? batch->n - first : at_once,
                     rows = count * layer->out;
        double *h = c->hidden.data;
        gather_images(network, batch, x, l, first, count, c->patches.data);
        NTK_TRY(apply(network, layer, theta, rows, c->patches.data, false, network->has_bias, h));
        ntk_activation_evaluate(network->architecture.activation, rows * m, h, h,
                                batch->derivative.data + batch->n * layer->derivative +
                                    first * layer->out * m);
        for (size_t i = 0; i < count; i++)
            pool(layer, m, h + i * layer->out * m,
                 batch->input.data + batch->n * layer->kept + (first + i) * layer->pooled * m);
    }
    return NTK_OK;
}

ntk_status convolution_forward_hidden(ntk_network *network, network_batch *batch, const double *theta,
                                      size_t n, const double *x) {
    network_convolution *c = network->convolution;
    batch->n = 0;
    if (n == 0) return ntk_fail(NTK_ERROR_SHAPE, "network: a batch needs at least one input");
    NTK_TRY(network_reserve(&batch->input, n, c->kept, 1));
    NTK_TRY(network_reserve(&batch->derivative, n, c->derivatives, 1));
    NTK_TRY(reserve_layers(c, network->width, n));
    batch->n = n;
    ntk_status status = NTK_OK;
    for (size_t l = 0; l < c->depth && status == NTK_OK; l++)
        status = forward_layer(network, batch, theta, x, l);
    if (status != NTK_OK) batch->n = 0;
    return status;
}

/* f (n, K) <- s features w^T + b beta^T (+ f), w and beta at `at`. */
static ntk_status read_out(const ntk_network *network, const double *at, size_t n, const double *features,
                           bool add, bool bias, double *f) {
    const network_convolution *c = network->convolution;
    const size_t K = network->outputs;
    for (size_t r = 0; r < n * K && bias; r++)
        f[r] = (add ? f[r] : 0) + c->output_bias_scale * at[c->bias + r % K];
    return ntk_gemm(NTK_NO_TRANSPOSE, NTK_TRANSPOSE, n, K, c->features, c->weight_scale, features,
                    c->features, at + c->weight, c->features, add || bias ? 1 : 0, f, K);
}

ntk_status convolution_forward(ntk_network *network, const double *theta, size_t n, const double *x,
                               double *f) {
    network_convolution *c = network->convolution;
    NTK_TRY(convolution_forward_hidden(network, &network->batch, theta, n, x));
    convolution_features(network, &network->batch, 0, n, c->features_of.data);
    return read_out(network, theta, n, c->features_of.data, false, network->has_bias, f);
}

/* ---- backward -------------------------------------------------------------------------------- */

/* Sums of the rows, times scale. */
static void sum_rows(size_t rows, size_t m, const double *in, double scale, bool add, double *out) {
    for (size_t k = 0; k < m; k++) {
        double sum = 0;
        for (size_t r = 0; r < rows; r++) sum += in[r * m + k];
        out[k] = (add ? out[k] : 0) + scale * sum;
    }
}

/* d / d h^l of images first .. first + count from d / d a^{l+1}: (count, out, m). */
static void signals_through_phi(const ntk_network *network, size_t l, size_t first, size_t count,
                                const double *above, double *out) {
    const convolution_layer *layer = &network->convolution->layer[l];
    const size_t m = network->width, size = layer->out * m;
    for (size_t i = 0; i < count; i++) {
        const double *derivative = convolution_derivative(network, &network->batch, l, first + i);
        convolution_unpool(layer, m, above + (first + i) * layer->pooled * m, out + i * size);
        for (size_t k = 0; k < size; k++) out[i * size + k] *= derivative[k];
    }
}

/* below (n, in, channels) <- d / d a^l of the images, and the layer's gradient. below: NULL for the
 * images themselves. */
static ntk_status pull_layer(ntk_network *network, const double *theta, const double *x, size_t l,
                             const double *above, double *gradient, double *below) {
    network_convolution *c = network->convolution;
    const convolution_layer *layer = &c->layer[l];
    const size_t m = network->width, n = network->batch.n, at_once = images_at_once(layer, n);
    for (size_t first = 0; first < n; first += at_once) {
        const size_t count = n - first < at_once ? n - first : at_once, rows = count * layer->out;
        double *signal = c->hidden.data;
        gather_images(network, &network->batch, x, l, first, count, c->patches.data);
        signals_through_phi(network, l, first, count, above, signal);
        NTK_TRY(ntk_gemm(NTK_TRANSPOSE, NTK_NO_TRANSPOSE, m, layer->patch, rows, layer->weight_scale, signal,
                         m, c->patches.data, layer->patch, first > 0 ? 1 : 0, gradient + layer->weight,
                         layer->patch));
        if (network->has_bias) sum_rows(rows, m, signal, c->bias_scale, first > 0, gradient + layer->bias);
        if (below == NULL) continue;
        NTK_TRY(ntk_gemm(NTK_NO_TRANSPOSE, NTK_NO_TRANSPOSE, rows, layer->patch, m, layer->weight_scale,
                         signal, m, theta + layer->weight, layer->patch, 0, c->products.data, layer->patch));
        for (size_t i = 0; i < count; i++)
            convolution_scatter(layer, c->products.data + i * layer->out * layer->patch,
                                below + (first + i) * layer->in * layer->channels);
    }
    return NTK_OK;
}

/* The readout's gradient, and d / d a^L of the images. */
static ntk_status pull_readout(ntk_network *network, const double *theta, const double *cotangent,
                               double *gradient, double *signal) {
    network_convolution *c = network->convolution;
    const size_t n = network->batch.n, K = network->outputs;
    convolution_features(network, &network->batch, 0, n, c->features_of.data);
    NTK_TRY(ntk_gemm(NTK_TRANSPOSE, NTK_NO_TRANSPOSE, K, c->features, n, c->weight_scale, cotangent, K,
                     c->features_of.data, c->features, 0, gradient + c->weight, c->features));
    if (network->has_bias) sum_rows(n, K, cotangent, c->output_bias_scale, false, gradient + c->bias);
    const size_t size = c->layer[c->depth - 1].pooled * network->width;
    for (size_t i = 0; i < n; i++)
        convolution_output_signal(network, theta, cotangent + i * K, signal + i * size);
    return NTK_OK;
}

static ntk_status reserve_signals(ntk_network *network, size_t n) {
    for (size_t s = 0; s < 2; s++)
        NTK_TRY(network_reserve(&network->batch.signal[s], n, network->convolution->widest, 1));
    return NTK_OK;
}

ntk_status convolution_pullback(ntk_network *network, const double *theta, size_t n, const double *x,
                                const double *cotangent, double *gradient) {
    network_batch *batch = &network->batch;
    const size_t depth = network->convolution->depth;
    NTK_TRY(reserve_signals(network, n));
    NTK_TRY(pull_readout(network, theta, cotangent, gradient, batch->signal[depth % 2].data));
    for (size_t l = depth; l-- > 0;)
        NTK_TRY(pull_layer(network, theta, x, l, batch->signal[(l + 1) % 2].data, gradient,
                           l > 0 ? batch->signal[l % 2].data : NULL));
    return NTK_OK;
}

/* ---- along a direction ----------------------------------------------------------------------- */

/* above (n, pooled, m) <- d a^{l+1} along the direction, below: d a^l, NULL for the images
 * themselves. */
static ntk_status push_layer(ntk_network *network, const double *theta, const double *direction,
                             const double *x, size_t l, const double *below, double *above) {
    network_convolution *c = network->convolution;
    const convolution_layer *layer = &c->layer[l];
    const size_t m = network->width, n = network->batch.n, at_once = images_at_once(layer, n);
    for (size_t first = 0; first < n; first += at_once) {
        const size_t count = n - first < at_once ? n - first : at_once, rows = count * layer->out;
        double *h = c->hidden.data;
        gather_images(network, &network->batch, x, l, first, count, c->patches.data);
        NTK_TRY(apply(network, layer, direction, rows, c->patches.data, false, network->has_bias, h));
        for (size_t i = 0; i < count && below != NULL; i++)
            convolution_gather(layer, below + (first + i) * layer->in * layer->channels,
                               c->patches.data + i * layer->out * layer->patch);
        if (below != NULL) NTK_TRY(apply(network, layer, theta, rows, c->patches.data, true, false, h));
        const double *derivative = convolution_derivative(network, &network->batch, l, first);
        for (size_t k = 0; k < rows * m; k++) h[k] *= derivative[k];
        for (size_t i = 0; i < count; i++)
            pool(layer, m, h + i * layer->out * m, above + (first + i) * layer->pooled * m);
    }
    return NTK_OK;
}

ntk_status convolution_pushforward(ntk_network *network, const double *theta, size_t n, const double *x,
                                   const double *direction, double *tangent) {
    network_convolution *c = network->convolution;
    network_batch *batch = &network->batch;
    const size_t m = network->width, size = c->layer[c->depth - 1].pooled * m;
    NTK_TRY(reserve_signals(network, n));
    const double *below = NULL;
    for (size_t l = 0; l < c->depth; l++) {
        double *above = batch->signal[l % 2].data;
        NTK_TRY(push_layer(network, theta, direction, x, l, below, above));
        below = above;
    }
    convolution_features(network, batch, 0, n, c->features_of.data);
    NTK_TRY(read_out(network, direction, n, c->features_of.data, false, network->has_bias, tangent));
    for (size_t i = 0; i < n; i++) features_of(c, m, below + i * size, c->features_of.data + i * c->features);
    return read_out(network, theta, n, c->features_of.data, true, false, tangent);
}
