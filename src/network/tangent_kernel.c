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

#include <ntk/linalg.h>

/* The two sides of a kernel: the same batch twice for a symmetric one, of which the lower half is
 * built. */
typedef struct sides {
    const ntk_network *network;
    const network_batch *rows, *columns;
    const double *row_inputs, *column_inputs;
    bool symmetric;
    double *kernel;
    size_t ldk;
} sides;

/* Up to order 16 a product of all elements, by a kernel without packing, is faster than one of a
 * triangle: ten times at order 2, twice at 8. A handful of short dot products is faster than any
 * call of BLAS. */
enum { SMALL_GRAM = 16, TINY_GRAM = 4, TINY_SUM = 32 };

/* Lower triangle of out <- scale A A^T, (n, n). */
static void multiply_rows(size_t n, size_t k, double scale, const double *a, double *out) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) out[i * n + j] = scale * ntk_dot(k, a + i * k, a + j * k);
}

/* out <- scale A B^T, (n, q), or at least its lower triangle where A is B. */
static ntk_status multiply_sides(bool symmetric, size_t n, size_t q, size_t k, double scale, const double *a,
                                 const double *b, double *out) {
    if (symmetric && n > SMALL_GRAM) return ntk_syrk(n, k, scale, a, k, 0.0, out, n);
    if (symmetric && n <= TINY_GRAM && k <= TINY_SUM) {
        multiply_rows(n, k, scale, a, out);
        return NTK_OK;
    }
    return ntk_gemm(NTK_NO_TRANSPOSE, NTK_TRANSPOSE, n, q, k, scale, a, k, b, k, 0.0, out, q);
}

/* Columns of row r of the kernel that are built. */
static size_t row_end(const sides *s, size_t r) {
    return s->symmetric ? r + 1 : s->columns->n * s->network->outputs;
}

/* out <- s_l^2 <a^l_i, a^l_j> + b_l^2, (n, q). */
static ntk_status input_gram(const sides *s, size_t l, double *out) {
    const network_layer *layer = &s->network->layers[l];
    const size_t n = s->rows->n, q = s->columns->n;
    NTK_TRY(multiply_sides(s->symmetric, n, q, layer->fan_in, layer->weight_scale * layer->weight_scale,
                           network_layer_input(s->network, s->rows, s->row_inputs, l),
                           network_layer_input(s->network, s->columns, s->column_inputs, l), out));
    if (!layer->has_bias) return NTK_OK;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < (s->symmetric ? i + 1 : q); j++)
            out[i * q + j] += layer->bias_scale * layer->bias_scale;
    return NTK_OK;
}

/* Kernel <- input Gram (x) I_K: the output layer. */
static void start_with_output_layer(const sides *s, const double *inputs) {
    const size_t K = s->network->outputs, q = s->columns->n;
    for (size_t r = 0; r < s->rows->n * K; r++) {
        double *row = s->kernel + r * s->ldk;
        for (size_t c = 0; c < row_end(s, r); c++) row[c] = 0.0;
        for (size_t c = r % K; c < row_end(s, r); c += K) row[c] = inputs[r / K * q + c / K];
    }
}

/* Kernel += (input Gram (x) 1 1^T) o signal Gram: a hidden layer. `expanded`: (q K), scratch for
 * the rows of the first factor. */
static void add_hidden_layer(const sides *s, const double *inputs, const double *signals, double *expanded) {
    const size_t K = s->network->outputs, q = s->columns->n;
    for (size_t r = 0; r < s->rows->n * K; r++) {
        if (r % K == 0)
            for (size_t c = 0; c < row_end(s, r + K - 1); c++) expanded[c] = inputs[r / K * q + c / K];
        double *row = s->kernel + r * s->ldk;
        for (size_t c = 0; c < row_end(s, r); c++) row[c] += expanded[c] * signals[r * q * K + c];
    }
}

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

/* The sum over the layers, from the output down. inputs: (n, q); signals: (n K + 1, q K), its last
 * row for the rows expanded. */
static ntk_status build(const sides *s, const double *theta, double *inputs, double *signals) {
    const ntk_network *network = s->network;
    const size_t K = network->outputs, rows = s->rows->n * K, columns = s->columns->n * K;
    double *expanded = signals + rows * columns;
    NTK_TRY(input_gram(s, network->layer_count, inputs));
    start_with_output_layer(s, inputs);
    for (size_t l = network->layer_count - 1; l >= 1; l--) {
        NTK_TRY(signals_down_to(network, s->rows, l, theta));
        if (!s->symmetric) NTK_TRY(signals_down_to(network, s->columns, l, theta));
        NTK_TRY(input_gram(s, l, inputs));
        NTK_TRY(multiply_sides(s->symmetric, rows, columns, network->width, 1.0, s->rows->signal[l % 2].data,
                               s->columns->signal[l % 2].data, signals));
        add_hidden_layer(s, inputs, signals, expanded);
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
static ntk_status run(ntk_network *network, sides s, const double *theta) {
    const size_t K = network->outputs, n = s.rows->n, q = s.columns->n;
    NTK_TRY(check_leading_dimension(network, s.ldk, q));
    NTK_TRY(network_reserve(&network->input_gram, n, q, 1));
    NTK_TRY(network_reserve(&network->signal_gram, n * K + 1, q, K));
    return build(&s, theta, network->input_gram.data, network->signal_gram.data);
}

/* y: NULL for the symmetric kernel. */
static ntk_status convolution_kernel(ntk_network *network, const double *theta, size_t n, const double *x,
                                     size_t q, const double *y, double *kernel, size_t ldk) {
    NTK_TRY(convolution_forward_hidden(network, &network->batch, theta, n, x));
    if (y != NULL) NTK_TRY(convolution_forward_hidden(network, &network->columns, theta, q, y));
    NTK_TRY(check_leading_dimension(network, ldk, y != NULL ? q : n));
    return convolution_tangent_kernel(network, theta, &network->batch, x,
                                      y != NULL ? &network->columns : NULL, y, kernel, ldk);
}

ntk_status ntk_network_tangent_kernel(ntk_network *network, const double *theta, size_t n, const double *x,
                                      double *gram, size_t ldg) {
    network_batch *batch = &network->batch;
    if (network->convolution != NULL) return convolution_kernel(network, theta, n, x, 0, NULL, gram, ldg);
    NTK_TRY(prepare(network, batch, theta, n, x));
    NTK_TRY(run(network, (sides){network, batch, batch, x, x, true, gram, ldg}, theta));
    ntk_symmetrise(n * network->outputs, gram, ldg);
    return NTK_OK;
}

ntk_status ntk_network_tangent_kernel_cross(ntk_network *network, const double *theta, size_t n,
                                            const double *x, size_t q, const double *y, double *kernel,
                                            size_t ldk) {
    if (network->convolution != NULL) return convolution_kernel(network, theta, n, x, q, y, kernel, ldk);
    network_batch *rows = &network->batch, *columns = &network->columns;
    NTK_TRY(prepare(network, rows, theta, n, x));
    NTK_TRY(prepare(network, columns, theta, q, y));
    return run(network, (sides){network, rows, columns, x, y, false, kernel, ldk}, theta);
}
