/* Forward: a batch through the layers, one matrix product each. Rows are inputs, so h = s a W^T + b beta^T
 * reads both matrices along their rows. Activations and derivatives are computed together, in one pass, and
 * kept: whatever is differentiated later needs both. */
#include "network/network.h"

#include <string.h>

const double *network_layer_input(const ntk_network *network, const network_batch *batch, const double *x,
                                  size_t l) {
    return l == 1 ? x : batch->activation.data + (l - 2) * batch->n * network->width;
}

const double *network_derivative(const ntk_network *network, const network_batch *batch, size_t l) {
    return batch->derivative.data + (l - 1) * batch->n * network->width;
}

static void fill_bias(const network_layer *layer, const double *theta, size_t n, double *h) {
    const double *beta = theta + layer->bias;
    for (size_t j = 0; j < layer->fan_out; j++) h[j] = layer->bias_scale * beta[j];
    for (size_t i = 1; i < n; i++) memcpy(h + i * layer->fan_out, h, layer->fan_out * sizeof *h);
}

ntk_status network_apply_layer(const ntk_network *network, size_t l, const double *theta, size_t n,
                               const double *a, double *h) {
    const network_layer *layer = &network->layers[l];
    if (network->has_bias) fill_bias(layer, theta, n, h);
    return network_multiply(layer, theta, n, a, network->has_bias ? 1.0 : 0.0, h);
}

ntk_status network_forward_hidden(const ntk_network *network, network_batch *batch, const double *theta,
                                  size_t n, const double *x) {
    const size_t depth = network->architecture.depth;
    batch->n = 0;
    if (n == 0) return ntk_fail(NTK_ERROR_SHAPE, "network: a batch needs at least one input");
    NTK_TRY(network_reserve(&batch->activation, depth, n, network->width));
    NTK_TRY(network_reserve(&batch->derivative, depth, n, network->width));
    const double *a = x;
    for (size_t l = 1; l <= depth; l++) {
        double *h = batch->activation.data + (l - 1) * n * network->width;
        double *derivative = batch->derivative.data + (l - 1) * n * network->width;
        NTK_TRY(network_apply_layer(network, l, theta, n, a, h));
        ntk_activation_evaluate(network->architecture.activation, n * network->width, h, h, derivative);
        a = h;
    }
    batch->n = n;
    return NTK_OK;
}

ntk_status ntk_network_forward(ntk_network *network, const double *theta, size_t n, const double *x,
                               double *f) {
    const size_t last = network->architecture.depth + 1;
    NTK_TRY(network_forward_hidden(network, &network->batch, theta, n, x));
    return network_apply_layer(network, last, theta, n,
                               network_layer_input(network, &network->batch, x, last), f);
}

ntk_status network_check_batch(const ntk_network *network, size_t n, const char *caller) {
    if (n == 0 || network->batch.n != n)
        return ntk_fail(NTK_ERROR_ARGUMENT, "%s: %zu inputs, but the last forward had %zu", caller, n,
                        network->batch.n);
    return NTK_OK;
}
