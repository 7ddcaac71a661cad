/* First derivatives of the outputs with respect to the parameters, in the notation of network.h.
 *
 * Pullback (reverse mode): with delta^l = d<c, f> / dh^l, (n, fan-out of layer l), and delta^N = c,
 *
 *     gradient of W^l = s_l (delta^l)^T a^l,     gradient of beta^l = b_l sum_i delta^l_i,
 *     delta^l = (s_{l+1} delta^{l+1} W^{l+1} (+ delta^{l+2})) (o phi'(h^l)).
 *
 * Pushforward (forward mode): along theta + t v, v made of U^l and u^l, with Dh and Da for d/dt at
 * t = 0,
 *
 *     Dh^l = s_l (a^l (U^l)^T + Da^l (W^l)^T) + b_l u^l,
 *     Da^{l+1} = Dh^l (+ Da^{l-1}) (o phi'(h^l)),  Da^1 = 0.
 *
 * One after the other they are the tangent kernel as an operator, Theta_hat v = J (J^T v). */
#include "network/network.h"

#include "network/convolution_layers.h"

ntk_status network_reserve_signals(const ntk_network *network, network_batch *batch, size_t rows_per_input) {
    NTK_TRY(network_reserve(&batch->signal[0], rows_per_input, batch->n, network->width));
    return network_reserve(&batch->signal[1], rows_per_input, batch->n, network->width);
}

bool network_skip_begins(const ntk_network *network, size_t l) {
    return l + 2 <= network->layer_count && network->layers[l + 2].added;
}

ntk_status network_propagate_back(const ntk_network *network, const network_batch *batch, size_t l,
                                  const double *theta, size_t rows_per_input, const double *signal,
                                  double *out) {
    /* One output: a product of rank one, in the same pass as the derivatives. */
    if (l == network->layer_count - 1 && network->outputs == 1) {
        network_output_signals(network, batch, theta, signal, out);
        return NTK_OK;
    }
    const double beta = network_skip_begins(network, l) ? 1.0 : 0.0;
    NTK_TRY(
        network_multiply_back(&network->layers[l + 1], theta, batch->n * rows_per_input, signal, beta, out));
    network_through_derivative(network, batch->n, rows_per_input, network_derivative(network, batch, l), out);
    return NTK_OK;
}

/* Gradients of W^l and beta^l, given delta^l = signal. */
static ntk_status layer_gradient(const ntk_network *network, size_t l, const double *x, const double *signal,
                                 double *gradient) {
    const network_layer *layer = &network->layers[l];
    const size_t n = network->batch.n;
    if (layer->has_bias) network_bias_gradient(layer, n, signal, gradient + layer->bias);
    return network_outer_product(layer, n, signal, network_layer_input(network, &network->batch, x, l),
                                 gradient);
}

ntk_status ntk_network_pullback(ntk_network *network, const double *theta, size_t n, const double *x,
                                const double *cotangent, double *gradient) {
    NTK_TRY(network_check_batch(network, n, "ntk_network_pullback"));
    if (network->convolution != NULL) return convolution_pullback(network, theta, n, x, cotangent, gradient);
    NTK_TRY(network_reserve_signals(network, &network->batch, 1));
    const double *signal = cotangent;
    for (size_t l = network->layer_count;; l--) {
        NTK_TRY(layer_gradient(network, l, x, signal, gradient));
        if (l == 1) return NTK_OK;
        double *next = network->batch.signal[(l - 1) % 2].data;
        NTK_TRY(network_propagate_back(network, &network->batch, l - 1, theta, 1, signal, next));
        signal = next;
    }
}

ntk_status ntk_network_pushforward(ntk_network *network, const double *theta, size_t n, const double *x,
                                   const double *direction, double *tangent) {
    NTK_TRY(network_check_batch(network, n, "ntk_network_pushforward"));
    if (network->convolution != NULL)
        return convolution_pushforward(network, theta, n, x, direction, tangent);
    NTK_TRY(network_reserve_signals(network, &network->batch, 1));
    const network_batch *batch = &network->batch;
    const size_t last = network->layer_count;
    const double *below = NULL; /* Da^l */
    for (size_t l = 1; l <= last; l++) {
        double *out = l == last ? tangent : batch->signal[l % 2].data;
        NTK_TRY(
            network_apply_layer(network, l, direction, n, network_layer_input(network, batch, x, l), out));
        if (below != NULL) NTK_TRY(network_multiply(&network->layers[l], theta, n, below, 1.0, out));
        network_through_derivative(network, n, 1, network_derivative(network, batch, l), out);
        below = out;
    }
    return NTK_OK;
}

ntk_status ntk_network_linearised(ntk_network *network, const double *theta0, const double *theta, size_t n,
                                  const double *x, double *f) {
    NTK_TRY(ntk_network_forward(network, theta0, n, x, f));
    NTK_TRY(network_reserve(&network->direction, network->parameters, 1, 1));
    NTK_TRY(network_reserve(&network->tangent, n, network->outputs, 1));
    /* The difference first: J theta - J theta_0 would cancel, theta being O(1) and moving
     * little. */
    double *direction = network->direction.data;
    network_subtract(network->parameters, theta, theta0, direction);
    const double *tangent = network->tangent.data;
    NTK_TRY(ntk_network_pushforward(network, theta0, n, x, direction, network->tangent.data));
    for (size_t i = 0; i < n * network->outputs; i++) f[i] += tangent[i];
    return NTK_OK;
}

ntk_status ntk_network_tangent_apply(ntk_network *network, const double *theta, size_t n, const double *x,
                                     const double *v, double *image) {
    NTK_TRY(network_reserve(&network->direction, network->parameters, 1, 1));
    NTK_TRY(network_reserve(&network->tangent, n, network->outputs, 1));
    NTK_TRY(ntk_network_forward(network, theta, n, x, network->tangent.data));
    NTK_TRY(ntk_network_pullback(network, theta, n, x, v, network->direction.data));
    return ntk_network_pushforward(network, theta, n, x, network->direction.data, image);
}
