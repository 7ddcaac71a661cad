/* The empirical tangent kernel Theta_hat = J J^T without J.
 *
 * The derivative of f_k(x_i) with respect to W^l is the outer product s_l delta^l_{ik} (a^l_i)^T,
 * and with respect to beta^l it is b_l delta^l_{ik}, where delta^l_{ik} = d f_k(x_i) / d h^l
 * (network.h; in a residual network W^0, every W^l and V^l and v are layers of their own). So
 *
 *     Theta_hat_{(i,k),(j,k')} = sum_l (s_l^2 <a^l_i, a^l_j> + b_l^2) <delta^l_{ik},
 *     delta^l_{jk'}>,
 *
 * two Gram matrices per layer, of n and of n K vectors. In the output layer delta_{ik} is the unit
 * vector e_k: its factor is the identity over the outputs and is not multiplied out. For two
 * batches both Gram matrices are rectangular. */
#include "network/network.h"

#include "network/convolution_layers.h"
#include "network/convolution_tangent.h"
#include "network/layer_kernel.h"

#include <ntk/linalg.h>

/* delta^l into batch->signal[l % 2], given delta^{l+1} in the other one. */
static ntk_status signals_down_to(const ntk_network *network, const network_batch *batch, size_t l,
                                  const double *theta) {
    double *out = batch->signal[l % 2].data;
    if (l < network->layer_count - 1)
        return network_propagate_back(network, batch, l, theta, network->outputs,
                                      batch->signal[(l + 1) % 2].data, out);
    network_output_signals(network, batch, theta, NULL, out);
    return NTK_OK;
}

/* The sum over the layers, from the output down. */
static ntk_status build(ntk_network *network, const kernel_sides *s, const double *theta) {
    double *inputs = network->input_gram.data, *signals = network->signal_gram.data;
    NTK_TRY(layer_kernel_start(s, inputs));
    for (size_t l = network->layer_count - 1; l >= 1; l--) {
        NTK_TRY(signals_down_to(network, s->rows, l, theta));
        if (!s->symmetric) NTK_TRY(signals_down_to(network, s->columns, l, theta));
        NTK_TRY(layer_kernel_add(s, l, inputs, signals));
    }
    return NTK_OK;
}

/* Activations of a batch, and room for its signals. */
static ntk_status prepare(ntk_network *network, network_batch *batch, const double *theta, size_t n,
                          const double *x) {
    NTK_TRY(network_forward_hidden(network, batch, theta, n, x));
    return network_reserve_signals(network, batch, network->outputs);
}

static ntk_status check_leading_dimension(const ntk_network *network, size_t ldk, size_t columns) {
    if (ldk / network->outputs >= columns) return NTK_OK;
    return ntk_fail(NTK_ERROR_SHAPE, "tangent kernel: leading dimension %zu, but %zu inputs x %zu outputs",
                    ldk, columns, network->outputs);
}

/* Checks the leading dimension, makes room for the Gram matrices, builds. */
static ntk_status run(ntk_network *network, kernel_sides s, const double *theta) {
    NTK_TRY(check_leading_dimension(network, s.ldk, s.columns->n));
    NTK_TRY(layer_kernel_reserve(network, &s));
    return build(network, &s, theta);
}

/* Of the batch at hand. */
static ntk_status symmetric_kernel(ntk_network *network, const double *theta, size_t n, const double *x,
                                   double *gram, size_t ldg) {
    network_batch *batch = &network->batch;
    if (network->convolution != NULL) {
        NTK_TRY(check_leading_dimension(network, ldg, n));
        return convolution_tangent_kernel(network, theta, batch, x, NULL, NULL, gram, ldg);
    }
    NTK_TRY(network_reserve_signals(network, batch, network->outputs));
    NTK_TRY(run(network, (kernel_sides){network, batch, batch, x, x, true, gram, ldg}, theta));
    ntk_symmetrise(n * network->outputs, gram, ldg);
    return NTK_OK;
}

static ntk_status convolution_cross(ntk_network *network, const double *theta, size_t n, const double *x,
                                    size_t q, const double *y, double *kernel, size_t ldk) {
    NTK_TRY(convolution_forward_hidden(network, &network->batch, theta, n, x));
    NTK_TRY(convolution_forward_hidden(network, &network->columns, theta, q, y));
    NTK_TRY(check_leading_dimension(network, ldk, q));
    return convolution_tangent_kernel(network, theta, &network->batch, x, &network->columns, y, kernel, ldk);
}

ntk_status ntk_network_tangent_kernel(ntk_network *network, const double *theta, size_t n, const double *x,
                                      double *gram, size_t ldg) {
    network_batch *batch = &network->batch;
    NTK_TRY(network->convolution != NULL ? convolution_forward_hidden(network, batch, theta, n, x)
                                         : network_forward_hidden(network, batch, theta, n, x));
    return symmetric_kernel(network, theta, n, x, gram, ldg);
}

ntk_status ntk_network_last_tangent_kernel(ntk_network *network, const double *theta, size_t n,
                                           const double *x, double *gram, size_t ldg) {
    NTK_TRY(network_check_batch(network, n, "ntk_network_last_tangent_kernel"));
    return symmetric_kernel(network, theta, n, x, gram, ldg);
}

ntk_status ntk_network_tangent_kernel_cross(ntk_network *network, const double *theta, size_t n,
                                            const double *x, size_t q, const double *y, double *kernel,
                                            size_t ldk) {
    if (network->convolution != NULL) return convolution_cross(network, theta, n, x, q, y, kernel, ldk);
    network_batch *rows = &network->batch, *columns = &network->columns;
    NTK_TRY(prepare(network, rows, theta, n, x));
    NTK_TRY(prepare(network, columns, theta, q, y));
    return run(network, (kernel_sides){network, rows, columns, x, y, false, kernel, ldk}, theta);
}
