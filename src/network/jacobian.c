/* The explicit Jacobian, input by input: rows are d f_k(x_i) / d theta.
 *
 * For one input the derivatives with respect to h^l are the (K, fan-out) matrix D^l, D^N = I and
 * D^l = (s_{l+1} D^{l+1} W^{l+1} (+ D^{l+2} where a skip connection begins)) (diag phi'(h^l)); the
 * block of W^l in row k is s_l D^l_k (a^l)^T, that of beta^l is b_l D^l_k. It shares the forward
 * with the batched pullback and the structured tangent kernel, and nothing else: it is the path
 * against which they are checked. */
#include "network/network.h"

#include "network/convolution_layers.h"
#include "network/convolution_tangent.h"

#include <string.h>

#include "base/split.h"

/* Row k of D^l, the derivative of f_k with respect to h^l, spread over the parameters of layer
 * l. */
static void write_layer(const ntk_network *network, size_t l, const double *signal, const double *a,
                        double *row) {
    const network_layer *layer = &network->layers[l];
    for (size_t r = 0; r < layer->fan_out; r++) {
        double *weight = row + layer->weight + r * layer->fan_in;
        for (size_t c = 0; c < layer->fan_in; c++) weight[c] = layer->weight_scale * signal[r] * a[c];
    }
    if (!layer->has_bias) return;
    for (size_t r = 0; r < layer->fan_out; r++) row[layer->bias + r] = layer->bias_scale * signal[r];
}

/* D^l from D^{l+1} = signal, l = 1 .. N - 1. Plain sums, no matrix product. out: (K, m), D^{l+2}
 * before where a skip connection begins. derivative: (m), NULL where layer l is not activated. */
static void step_back(const ntk_network *network, size_t l, const double *theta, const double *derivative,
                      const double *signal, double *out) {
    const network_layer *above = &network->layers[l + 1];
    const size_t m = above->fan_in;
    if (!network_skip_begins(network, l)) memset(out, 0, network->outputs * m * sizeof *out);
    for (size_t k = 0; k < network->outputs; k++) {
        for (size_t r = 0; r < above->fan_out; r++) {
            const double *weight = theta + above->weight + r * m;
            const double scaled = above->weight_scale * signal[k * above->fan_out + r];
            for (size_t c = 0; c < m; c++) out[k * m + c] += scaled * weight[c];
        }
        for (size_t c = 0; derivative != NULL && c < m; c++) out[k * m + c] *= derivative[c];
    }
}

/* The K rows of input i. signal: two matrices with room for (K, max(m, K)). */
static void write_input(const ntk_network *network, const double *theta, size_t i, const double *x,
                        double *const signal[2], double *jacobian) {
    const network_batch *batch = &network->batch;
    const size_t K = network->outputs, last = network->layer_count;
    memset(signal[last % 2], 0, K * K * sizeof(double));
    for (size_t k = 0; k < K; k++) signal[last % 2][k * K + k] = 1.0;
    for (size_t l = last;; l--) {
        const network_layer *layer = &network->layers[l];
        const double *a = network_layer_input(network, batch, x, l) + i * layer->fan_in;
        const double *here = signal[l % 2];
        for (size_t k = 0; k < K; k++)
            write_layer(network, l, here + k * layer->fan_out, a,
                        jacobian + (i * K + k) * network->parameters);
        if (l == 1) return;
        const double *derivative = network_derivative(network, batch, l - 1);
        if (derivative != NULL) derivative += i * network->width;
        step_back(network, l - 1, theta, derivative, here, signal[(l - 1) % 2]);
    }
}

/* ---- in parts -------------------------------------------------------------------------------- */

/* Numbers of a range of inputs, at least: some 0.3 ms. */
#define PART ((size_t)1 << 19)

typedef struct jacobian_rows {
    const ntk_network *network;
    const double *theta, *x;
    size_t n, ranges, longest; /* longest: of D^l, in doubles */
    double *signal;            /* (ranges, 2, longest) */
    double *jacobian;
} jacobian_rows;

static ntk_status write_range(size_t range, void *context) {
    const jacobian_rows *j = context;
    double *first = j->signal + 2 * range * j->longest;
    double *const signal[2] = {first, first + j->longest};
    const size_t end = ntk_range_begin(j->n, j->ranges, range + 1);
    for (size_t i = ntk_range_begin(j->n, j->ranges, range); i < end; i++)
        write_input(j->network, j->theta, i, j->x, signal, j->jacobian);
    return NTK_OK;
}

/* At least 1; as many as the threads of any machine need. */
static size_t range_count(size_t n, size_t numbers_per_input) {
    enum { MOST = 256 };
    const size_t least = PART / numbers_per_input + 1, most = n < MOST ? n : MOST;
    return n / least < 1 ? 1 : n / least < most ? n / least : most;
}

ntk_status ntk_network_jacobian(ntk_network *network, const double *theta, size_t n, const double *x,
                                double *jacobian) {
    if (network->convolution != NULL) {
        NTK_TRY(convolution_forward_hidden(network, &network->batch, theta, n, x));
        return convolution_jacobian(network, theta, n, x, jacobian);
    }
    const size_t K = network->outputs, longest = K > network->width ? K : network->width;
    network_batch *batch = &network->batch;
    NTK_TRY(network_forward_hidden(network, batch, theta, n, x));
    jacobian_rows rows = {.network = network,
                          .theta = theta,
                          .x = x,
                          .n = n,
                          .ranges = range_count(n, K * network->parameters),
                          .longest = K * longest,
                          .jacobian = jacobian};
    NTK_TRY(network_reserve(&batch->signal[0], 2 * rows.ranges, K, longest));
    rows.signal = batch->signal[0].data;
    return rows.ranges == 1 ? write_range(0, &rows) : ntk_split(rows.ranges, write_range, &rows);
}
