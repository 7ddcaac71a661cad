/* Forward: a batch through the layers, one matrix product each. Rows are inputs, so h = s a W^T + b
 * beta^T reads both matrices along their rows. Activations and derivatives are computed together,
 * in one pass, and kept: whatever is differentiated later needs both. A skip connection is a
 * product that adds to a copy of what it skips from. */
#include "network/network.h"

#include "network/convolution_layers.h"

ntk_status network_apply_layer(const ntk_network *network, size_t l, const double *theta, size_t n,
                               const double *a, double *h) {
    const network_layer *layer = &network->layers[l];
    if (layer->has_bias) network_put_bias(layer, theta, n, h);
    return network_multiply(layer, theta, n, a, layer->has_bias || layer->added ? 1.0 : 0.0, h);
}

/* a^{l+1} = out from a^l = a. skipped: a^{l-1}. */
static ntk_status pass_layer(const ntk_network *network, const network_batch *batch, size_t l,
                             const double *theta, size_t n, const double *skipped, const double *a,
                             double *out) {
    const network_layer *layer = &network->layers[l];
    const size_t size = n * network->width;
    if (layer->added) network_copy(size, skipped, out);
    NTK_TRY(network_apply_layer(network, l, theta, n, a, out));
    if (layer->activated)
        network_activate(network, size, out, batch->derivative.data + layer->activation * size);
    return NTK_OK;
}

ntk_status network_forward_hidden(const ntk_network *network, network_batch *batch, const double *theta,
                                  size_t n, const double *x) {
    batch->n = 0;
    if (n == 0) return ntk_fail(NTK_ERROR_SHAPE, "network: a batch needs at least one input");
    NTK_TRY(network_reserve(&batch->input, network->layer_count - 1, n, network->width));
    NTK_TRY(network_reserve(&batch->derivative, network->architecture.depth, n, network->width));
    const double *skipped = NULL, *a = x;
    for (size_t l = 1; l < network->layer_count; l++) {
        double *next = batch->input.data + (l - 1) * n * network->width;
        NTK_TRY(pass_layer(network, batch, l, theta, n, skipped, a, next));
        skipped = a;
        a = next;
    }
    batch->n = n;
    return NTK_OK;
}

ntk_status ntk_network_forward(ntk_network *network, const double *theta, size_t n, const double *x,
                               double *f) {
    if (network->convolution != NULL) return convolution_forward(network, theta, n, x, f);
    const size_t last = network->layer_count;
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
