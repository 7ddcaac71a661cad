/* What the files of this folder share: the layers of a network, and the batch whose activations are
 * kept.
 *
 * Both families of architecture.h are chains of affine layers l = 1 .. N, whose output is the input
 * of the next one as it is, or after phi, or after a skip connection around this layer and the one
 * before it:
 *
 *     h^l = s_l W^l a^l + b_l beta^l,    a^1 = x,    f = h^N,
 *     a^{l+1} = phi(h^l)        where layer l is `activated`,
 *     a^{l+1} = h^l + a^{l-1}   where layer l is `added`,
 *     a^{l+1} = h^l             elsewhere.
 *
 * beta^l only where b_l > 0. Dense: N = L + 1, all but the last are activated. Residual: N = 2 L +
 * 2, layer 1 is W^0 of architecture.h, layers 2 l and 2 l + 1 are W^l (activated) and V^l (added)
 * of block l, layer N is
 * v. Scales s_l and b_l are those of architecture.h, alpha included; mean-field scaling divides the
 * whole output by a further sqrt(m), that is s_N and b_N.
 *
 * With delta^l = d f / d a^{l+1} o (phi'(h^l) or 1), the derivative with respect to h^l, going back
 * is
 *
 *     delta^l = s_{l+1} delta^{l+1} W^{l+1} (+ delta^{l+2} where layer l + 2 is added) (o
 *     phi'(h^l)).
 *
 * Signals of two neighbouring layers are kept in two buffers by turns: that of layer l + 2 lies
 * where that of layer l goes, so that the skip connection is a product that adds to what is
 * there. */
#ifndef NTK_NETWORK_NETWORK_H
#define NTK_NETWORK_NETWORK_H

#include <stdbool.h>

#include <ntk/network.h>

#define NETWORK_MAX_LAYERS (2 * NTK_DEPTH_MAX + 2)

/* Multiply-adds from which on matrix products are split over the workers: some 0.3 ms. */
#define NETWORK_SPLIT_OPERATIONS ((size_t)1 << 23)

typedef struct network_layer {
    size_t fan_in, fan_out;
    size_t weight;                   /* position in theta of W^l, (fan_out, fan_in) */
    size_t bias;                     /* position in theta of beta^l, (fan_out), where there are
                                      * biases */
    double weight_scale, bias_scale; /* s_l, b_l */
    bool has_bias;
    bool activated, added; /* what becomes of h^l */
    size_t activation;     /* position of an activated layer among such layers, from 0 */
} network_layer;

/* Doubles that grow on demand; what was in them is lost then. */
typedef struct network_buffer {
    double *data;
    size_t capacity;
} network_buffer;

/* A batch of n inputs after its way through the hidden layers. */
typedef struct network_batch {
    size_t n;                  /* 0 before the first forward */
    network_buffer input;      /* (N - 1, n, m): a^2 .. a^N */
    network_buffer derivative; /* (L, n, m): phi' of the h^l that are activated */
    network_buffer signal[2];  /* delta^l, or tangents of a^{l+1}; of layer l in signal[l % 2] */
} network_batch;

typedef struct network_convolution network_convolution;

struct ntk_network {
    ntk_architecture architecture;
    size_t inputs, width, outputs, parameters;
    bool has_bias;                                /* some layer has */
    network_convolution *convolution;             /* convolution_layers.h; else NULL */
    size_t layer_count;                           /* N */
    network_layer layers[NETWORK_MAX_LAYERS + 1]; /* 1 .. N */
    network_batch batch;                          /* of the last forward */
    network_batch columns;                        /* second batch of a rectangular tangent kernel */
    network_buffer input_gram, signal_gram;       /* of the layer at hand, for the tangent kernel */
    network_buffer direction;                     /* in parameter space: theta - theta_0, or J^T
                                                   * v */
    network_buffer packed;                        /* of eight networks (side_by_side.c) */
    network_buffer tangent; /* (n, K): J (theta - theta_0), or outputs nobody asked for */
};

/* False where the product does not fit into size_t. */
bool network_multiply_sizes(size_t a, size_t b, size_t *product);

/* Room for a * b * c doubles. Errors: NTK_ERROR_SHAPE where that overflows size_t;
 * NTK_ERROR_MEMORY. */
ntk_status network_reserve(network_buffer *buffer, size_t a, size_t b, size_t c);

/* Room for both signals of a batch, (rows_per_input * n, m) each. */
ntk_status network_reserve_signals(const ntk_network *network, network_batch *batch, size_t rows_per_input);

/* a^l of the batch, l = 1 .. N: (n, fan-in of layer l); x: the inputs of the batch. */
const double *network_layer_input(const ntk_network *network, const network_batch *batch, const double *x,
                                  size_t l);

/* phi'(h^l) of the batch: (n, m); NULL where layer l is not activated. */
const double *network_derivative(const ntk_network *network, const network_batch *batch, size_t l);

/* h <- s_l a W^T + beta h. a: (n, fan-in), h: (n, fan-out); beta: 0 or 1. */
ntk_status network_multiply(const network_layer *layer, const double *theta, size_t n, const double *a,
                            double beta, double *h);

/* result <- s_l signal W + beta result. signal: (rows, fan-out), result: (rows, fan-in); beta: 0 or
 * 1. */
ntk_status network_multiply_back(const network_layer *layer, const double *theta, size_t rows,
                                 const double *signal, double beta, double *result);

/* Gradient of W^l <- s_l signal^T a. signal: (n, fan-out), a: (n, fan-in), gradient: (p). */
ntk_status network_outer_product(const network_layer *layer, size_t n, const double *signal, const double *a,
                                 double *gradient);

/* h <- s_l a W^T + b_l beta^T (+ h where layer l is added), layer l at theta. a: (n, fan-in), h:
 * (n, fan-out).
 */
ntk_status network_apply_layer(const ntk_network *network, size_t l, const double *theta, size_t n,
                               const double *a, double *h);

/* Inputs of all layers, and derivatives; sets batch->n. x: (n, d). */
ntk_status network_forward_hidden(const ntk_network *network, network_batch *batch, const double *theta,
                                  size_t n, const double *x);

/* NTK_ERROR_ARGUMENT unless the last forward had n inputs. */
ntk_status network_check_batch(const ntk_network *network, size_t n, const char *caller);

/* delta^l is kept in the place of delta^{l+2} and adds to it: layer l + 2 is an added one. */
bool network_skip_begins(const ntk_network *network, size_t l);

/* Passes over a batch (passes.c), on all workers where it is large.
 *
 * h <- phi(h), derivative <- phi'(h), `count` numbers. */
void network_activate(const ntk_network *network, size_t count, double *h, double *derivative);

/* h <- b_l beta^T, or h + b_l beta^T where the layer is added to what stands there; (n,
 * fan-out). */
void network_put_bias(const network_layer *layer, const double *theta, size_t n, double *h);

/* beta <- b_l times the sum of the rows of signal (n, fan-out). */
void network_bias_gradient(const network_layer *layer, size_t n, const double *signal, double *beta);

/* Each row of `signal` (n rows_per_input, m) times the row of `derivative` (n, m) of its input;
 * nothing where that is NULL. */
void network_through_derivative(const ntk_network *network, size_t n, size_t rows_per_input,
                                const double *derivative, double *signal);

/* out <- a; out <- a - b; out <- out + a. */
void network_copy(size_t count, const double *a, double *out);
void network_subtract(size_t count, const double *a, const double *b, double *out);
void network_add(size_t count, const double *a, double *out);

/* delta^{N-1} of the products c_ik f_k, row (i, k) of out: c_ik s_N W^N_k (o phi'(h^{N-1}_i)). c:
 * (n, K), NULL for ones; out: (n K, m). */
void network_output_signals(const ntk_network *network, const network_batch *batch, const double *theta,
                            const double *c, double *out);

/* delta^l from delta^{l+1} = signal, l = 1 .. N - 1, as above; out holds delta^{l+2} where a skip
 * connection begins. signal: (rows, fan-out of layer l + 1), out: (rows, m), rows =
 * rows_per_input * n, input by input. */
ntk_status network_propagate_back(const ntk_network *network, const network_batch *batch, size_t l,
                                  const double *theta, size_t rows_per_input, const double *signal,
                                  double *out);

#endif
