/* What the files of this folder share: the layers of a network, and the batch whose activations are kept.
 *
 * Layer l = 1 .. L + 1 maps the activations a^{l-1} to the preactivations h^l of architecture.h:
 *
 *     h^l = s_l W^l a^{l-1} + b_l beta^l,      a^0 = x,  a^l = phi(h^l),  f = h^{L+1},
 *
 * s_l = w / sqrt(fan-in) (w alone in the first layer with NTK_INPUT_SCALE_NONE), b_l = b. Mean-field scaling
 * divides the whole output by a further sqrt(m), that is s_{L+1} and b_{L+1}. */
#ifndef NETWORK_NETWORK_H
#define NETWORK_NETWORK_H

#include <stdbool.h>

#include <ntk/network.h>

#define NETWORK_MAX_DEPTH 64

typedef struct network_layer {
    size_t fan_in, fan_out;
    size_t weight;                   /* position in theta of W^l, (fan_out, fan_in) */
    size_t bias;                     /* position in theta of beta^l, (fan_out), where there are biases */
    double weight_scale, bias_scale; /* s_l, b_l */
} network_layer;

/* Doubles that grow on demand; what was in them is lost then. */
typedef struct network_buffer {
    double *data;
    size_t capacity;
} network_buffer;

/* A batch of n inputs after its way through the hidden layers. */
typedef struct network_batch {
    size_t n;                  /* 0 before the first forward */
    network_buffer activation; /* (L, n, m): a^1 .. a^L */
    network_buffer derivative; /* (L, n, m): phi'(h^1) .. phi'(h^L) */
    network_buffer signal[2];  /* derivatives of outputs with respect to h^l, or tangents of h^l; by turns */
} network_batch;

struct ntk_network {
    ntk_architecture architecture;
    size_t inputs, width, outputs, parameters;
    bool has_bias;
    network_layer layers[NETWORK_MAX_DEPTH + 2]; /* 1 .. L + 1 */
    network_batch batch;                         /* of the last forward */
    network_batch columns;                       /* second batch of a rectangular tangent kernel */
    network_buffer input_gram, signal_gram;      /* of the layer at hand, for the tangent kernel */
    network_buffer direction, tangent;           /* theta - theta_0 and J (theta - theta_0) */
};

/* Room for a * b * c doubles. Errors: NTK_ERROR_SHAPE where that overflows size_t; NTK_ERROR_MEMORY. */
ntk_status network_reserve(network_buffer *buffer, size_t a, size_t b, size_t c);

/* Room for both signals of a batch, (rows_per_input * n, m) each. */
ntk_status network_reserve_signals(const ntk_network *network, network_batch *batch, size_t rows_per_input);

/* a^{l-1} of the batch, l = 1 .. L + 1: (n, fan-in of layer l); x: the inputs of the batch. */
const double *network_layer_input(const ntk_network *network, const network_batch *batch, const double *x,
                                  size_t l);

/* phi'(h^l) of the batch, l = 1 .. L: (n, m). */
const double *network_derivative(const ntk_network *network, const network_batch *batch, size_t l);

/* h <- s_l a W^T + beta h. a: (n, fan-in), h: (n, fan-out); beta: 0 or 1. */
ntk_status network_multiply(const network_layer *layer, const double *theta, size_t n, const double *a,
                            double beta, double *h);

/* result <- s_l signal W. signal: (rows, fan-out), result: (rows, fan-in). */
ntk_status network_multiply_back(const network_layer *layer, const double *theta, size_t rows,
                                 const double *signal, double *result);

/* Gradient of W^l <- s_l signal^T a. signal: (n, fan-out), a: (n, fan-in), gradient: (p). */
ntk_status network_outer_product(const network_layer *layer, size_t n, const double *signal, const double *a,
                                 double *gradient);

/* h <- s_l a W^T + b_l beta^T, layer l at theta. a: (n, fan-in), h: (n, fan-out). */
ntk_status network_apply_layer(const ntk_network *network, size_t l, const double *theta, size_t n,
                               const double *a, double *h);

/* Activations and derivatives of all hidden layers; sets batch->n. x: (n, d). */
ntk_status network_forward_hidden(const ntk_network *network, network_batch *batch, const double *theta,
                                  size_t n, const double *x);

/* NTK_ERROR_ARGUMENT unless the last forward had n inputs. */
ntk_status network_check_batch(const ntk_network *network, size_t n, const char *caller);

/* Row (i, k) of out: c_ik s_{L+1} W^{L+1}_k o phi'(h^L_i), the derivative of c_ik f_k(x_i) with respect to
 * h^L. c: (n, K), NULL for ones; out: (n K, m). */
void network_output_signals(const ntk_network *network, const network_batch *batch, const double *theta,
                            const double *c, double *out);

/* From the derivatives with respect to h^{l+1} to those with respect to h^l, l = 1 .. L:
 * out = (s_{l+1} signal W^{l+1}) o phi'(h^l). signal: (rows, fan-out of layer l + 1), out: (rows, m), rows =
 * rows_per_input * n, input by input. */
ntk_status network_propagate_back(const ntk_network *network, const network_batch *batch, size_t l,
                                  const double *theta, size_t rows_per_input, const double *signal,
                                  double *out);

#endif
