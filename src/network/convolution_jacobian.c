/* The explicit Jacobian of a convolutional network: for each input and output the signals position
 * by position, one weight after the other, as architecture.h writes the layers. */
#include <string.h>

#include <ntk/memory.h>

#include "architecture/geometry.h"
#include "network/convolution_layers.h"
#include "network/convolution_tangent.h"

/* What one row of the Jacobian is made with. */
typedef struct {
    const ntk_network *network;
    const double *theta, *x;
    size_t i, k;
    double *row;
    double *above, *signal; /* d f / d a^{l+1}: (pooled, m); d f / d h^l: (out, m) */
    size_t *tap[2];
    double *share[2];
} walk;

static void start(const walk *w) {
    const network_convolution *c = w->network->convolution;
    const size_t m = w->network->width, positions = c->layer[c->depth - 1].pooled;
    const double *a = convolution_input(w->network, &w->network->batch, w->x, c->depth, w->i);
    double *weights = w->row + c->weight + w->k * c->features;
    if (w->network->has_bias) w->row[c->bias + w->k] = c->output_bias_scale;
    for (size_t u = 0; u < positions; u++)
        for (size_t r = 0; r < m; r++) {
            const size_t at = c->average ? r : u * m + r;
            const double share = c->average ? 1 / (double)positions : 1;
            weights[at] += c->weight_scale * share * a[u * m + r];
            w->above[u * m + r] = c->weight_scale * share * w->theta[c->weight + w->k * c->features + at];
        }
}

static void back_through_pooling(const walk *w, size_t l) {
    const size_t m = w->network->width;
    const convolution_layer *layer = &w->network->convolution->layer[l];
    ntk_image_axis vertical, horizontal;
    ntk_image_axes(&w->network->architecture, l, &vertical, &horizontal);
    memset(w->signal, 0, layer->out * m * sizeof *w->signal);
    for (size_t i = 0; i < vertical.pooled; i++)
        for (size_t j = 0; j < horizontal.pooled; j++) {
            const size_t down = ntk_image_axis_taps(&vertical, i, w->tap[0], w->share[0]);
            const size_t across = ntk_image_axis_taps(&horizontal, j, w->tap[1], w->share[1]);
            for (size_t v = 0; v < down; v++)
                for (size_t h = 0; h < across; h++)
                    for (size_t r = 0; r < m; r++)
                        w->signal[(w->tap[0][v] * horizontal.out + w->tap[1][h]) * m + r] +=
                            w->share[0][v] * w->share[1][h] * w->above[(i * horizontal.pooled + j) * m + r];
        }
    const double *derivative = convolution_derivative(w->network, &w->network->batch, l, w->i);
    for (size_t k = 0; k < layer->out * m; k++) w->signal[k] *= derivative[k];
}

/* Offset (v, h) of position (i, j): its part of the weights' derivatives, and of d f / d a^l. */
static void back_through_offset(const walk *w, size_t l, size_t position, size_t offset, size_t from) {
    const convolution_layer *layer = &w->network->convolution->layer[l];
    const size_t m = w->network->width, C = layer->channels;
    const double *a = convolution_input(w->network, &w->network->batch, w->x, l, w->i) + from * C;
    const double *signal = w->signal + position * m;
    for (size_t r = 0; r < m; r++) {
        const size_t weight = layer->weight + r * layer->patch + offset * C;
        for (size_t b = 0; b < C; b++) {
            w->row[weight + b] += layer->weight_scale * signal[r] * a[b];
            if (l > 0) w->above[from * C + b] += layer->weight_scale * signal[r] * w->theta[weight + b];
        }
    }
}

static void back_through_layer(const walk *w, size_t l) {
    const network_convolution *c = w->network->convolution;
    const size_t m = w->network->width;
    ntk_image_axis vertical, horizontal;
    ntk_image_axes(&w->network->architecture, l, &vertical, &horizontal);
    back_through_pooling(w, l);
    if (l > 0) memset(w->above, 0, c->layer[l].in * c->layer[l].channels * sizeof *w->above);
    for (size_t u = 0; u < c->layer[l].out; u++) {
        for (size_t r = 0; r < m && w->network->has_bias; r++)
            w->row[c->layer[l].bias + r] += c->bias_scale * w->signal[u * m + r];
        for (size_t v = 0; v < vertical.patch; v++)
            for (size_t h = 0; h < horizontal.patch; h++) {
                const ptrdiff_t i = ntk_image_axis_source(&vertical, u / horizontal.out, v);
                const ptrdiff_t j = ntk_image_axis_source(&horizontal, u % horizontal.out, h);
                if (i >= 0 && j >= 0)
                    back_through_offset(w, l, u, v * horizontal.patch + h,
                                        (size_t)i * horizontal.in + (size_t)j);
            }
    }
}

static ntk_status allocate_taps(walk *w) {
    size_t most = 1;
    for (size_t l = 0; l < w->network->convolution->depth; l++) {
        ntk_image_axis axis[2];
        ntk_image_axes(&w->network->architecture, l, &axis[0], &axis[1]);
        for (size_t a = 0; a < 2; a++)
            if (ntk_image_axis_most_taps(&axis[a]) > most) most = ntk_image_axis_most_taps(&axis[a]);
    }
    for (size_t a = 0; a < 2; a++) {
        void *memory = NULL;
        NTK_TRY(ntk_allocate(most, sizeof *w->tap[a], &memory));
        w->tap[a] = memory;
        NTK_TRY(ntk_allocate_doubles(most, &w->share[a]));
    }
    return NTK_OK;
}

ntk_status convolution_jacobian(ntk_network *network, const double *theta, size_t n, const double *x,
                                double *jacobian) {
    const network_convolution *c = network->convolution;
    const size_t K = network->outputs, p = network->parameters;
    walk w = {.network = network, .theta = theta, .x = x};
    size_t widest = 0;
    for (size_t l = 0; l < c->depth; l++)
        if (c->layer[l].out > widest) widest = c->layer[l].out;
    ntk_status status = ntk_allocate_doubles(c->widest, &w.above);
    if (status == NTK_OK) status = ntk_allocate_doubles(widest * network->width, &w.signal);
    if (status == NTK_OK) status = allocate_taps(&w);
    for (size_t r = 0; r < n * K && status == NTK_OK; r++) {
        w.i = r / K;
        w.k = r % K;
        w.row = jacobian + r * p;
        memset(w.row, 0, p * sizeof *w.row);
        start(&w);
        for (size_t l = c->depth; l-- > 0;) back_through_layer(&w, l);
    }
    ntk_release(w.above);
    ntk_release(w.signal);
    for (size_t a = 0; a < 2; a++) {
        ntk_release(w.tap[a]);
        ntk_release(w.share[a]);
    }
    return status;
}
