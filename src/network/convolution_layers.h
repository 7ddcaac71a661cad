/* The layers of a convolutional network of finite width (architecture.h). l = 0 .. L - 1 here.
 *
 * With the patches of a position laid out as a row, P[u] = (a[t u + v])_v, a layer is a matrix
 * product:
 *
 *     h = s_l P W^T + b beta^T,      P: (positions, patch), W: (m, patch), patch = |V| channels,
 *
 * then phi, then the linear map of the pooling on positions. The readout is one more product, with
 * all of the last layer (flatten) or with its mean over positions (average). What a batch keeps,
 * layer by layer, image by image: a^l after pooling in batch.input, phi'(h^l) in batch.derivative.
 */
#ifndef NTK_NETWORK_CONVOLUTION_LAYERS_H
#define NTK_NETWORK_CONVOLUTION_LAYERS_H

#include "network/network.h"

typedef struct convolution_layer {
    size_t in, out, pooled;   /* positions: read, after the convolution, after pooling */
    size_t channels;          /* read */
    size_t offsets, patch;    /* |V|; |V| channels */
    ptrdiff_t *source;        /* (out, offsets): position read; -1: the zero outside */
    size_t *start, *position; /* pooled output j takes positions start[j] .. start[j + 1] ... */
    double *share;            /* ... with these weights */
    size_t weight, bias;      /* positions in theta of W (m, patch), beta (m) */
    double weight_scale;      /* s_l */
    size_t kept, derivative;  /* an image's doubles in the batch before this layer */
} convolution_layer;

struct network_convolution {
    size_t depth;
    convolution_layer layer[NTK_CONVOLUTION_DEPTH_MAX];
    size_t kept, derivatives; /* doubles of an image in batch.input and batch.derivative */
    bool average;
    size_t features;     /* of the readout: positions m, or m */
    size_t weight, bias; /* positions in theta of w (K, features), beta (K) */
    double weight_scale, output_bias_scale;
    double bias_scale; /* b of the layers */
    size_t widest;     /* pooled or read doubles of an image in any layer, for signals */
    network_buffer patches, products, hidden, features_of;
};

/* Geometry, and the places in theta, whose size is *parameters. Errors: NTK_ERROR_SHAPE, also where
 * the inputs are not height * width * channels; NTK_ERROR_MEMORY. */
ntk_status convolution_create(const ntk_network *network, network_convolution **out, size_t *parameters);
void convolution_destroy(network_convolution *convolution);

/* a^l of image i of the batch: (in, channels). */
const double *convolution_input(const ntk_network *network, const network_batch *batch, const double *x,
                                size_t l, size_t i);

/* phi'(h^l) of image i: (out, m). */
const double *convolution_derivative(const ntk_network *network, const network_batch *batch, size_t l,
                                     size_t i);

/* rows (out, patch) <- the patches of an image's a (in, channels). */
void convolution_gather(const convolution_layer *layer, const double *a, double *rows);

/* a (in, channels) <- the transpose: what of rows (out, patch) falls on each position. */
void convolution_scatter(const convolution_layer *layer, const double *rows, double *a);

/* out (out, m) <- what of the pooled signal (pooled, m) falls on each position. */
void convolution_unpool(const convolution_layer *layer, size_t m, const double *pooled, double *out);

/* features (count, features) of images first .. first + count of the batch. */
void convolution_features(const ntk_network *network, const network_batch *batch, size_t first, size_t count,
                          double *features);

/* d (sum_k c_k f_k) / d a^L of an image, (pooled, m). c: (K). */
void convolution_output_signal(const ntk_network *network, const double *theta, const double *c, double *out);

/* Layers of all images of x; sets batch->n. */
ntk_status convolution_forward_hidden(ntk_network *network, network_batch *batch, const double *theta,
                                      size_t n, const double *x);

/* What ntk_network_forward, pullback and pushforward do, checked by their callers. */
ntk_status convolution_forward(ntk_network *network, const double *theta, size_t n, const double *x,
                               double *f);
ntk_status convolution_pullback(ntk_network *network, const double *theta, size_t n, const double *x,
                                const double *cotangent, double *gradient);
ntk_status convolution_pushforward(ntk_network *network, const double *theta, size_t n, const double *x,
                                   const double *direction, double *tangent);

#endif
