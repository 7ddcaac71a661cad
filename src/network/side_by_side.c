/* Empirical tangent kernels of many networks of one shape.
 *
 * In narrow networks at few points a matrix product is a few hundred operations, and a call of BLAS
 * takes longer than they do. Eight networks are packed side by side instead: every number of the
 * computation becomes eight in a row, one of each network, and each sum of a single network is one
 * of vectors (ntk_vector_products). The formulas are those of network.h and tangent_kernel.c. What
 * a network's kernel is does not depend on which networks stand beside it; where fewer than eight
 * are left, the first of them fills the other places.
 *
 * Together, networks of width 8 to 16 take a half to a quarter of the time (bench/bench_network).
 * At width 32, or 64 and one hidden layer, BLAS's fused products of a single network catch up. */
#include "network/network.h"

#include <string.h>

#include <ntk/linalg.h>

#include "base/vector.h"

enum { SIDE = NTK_VECTOR_SIDE_BY_SIDE, FEW_POINTS = 16, NARROW = 32, NARROW_SHALLOW = 64 };

/* Eight networks at n points: every array has eight numbers at each place. */
typedef struct pack {
    const ntk_network *network;
    size_t n;
    double *theta, *x;                 /* (p), (n, d) */
    double *input, *derivative;        /* (N - 1, n, m): a^2 .. a^N; phi' of h^1 .. h^{N-1} */
    double *signal[2];                 /* (n, m) each, as in a batch */
    double *inputs, *signals, *kernel; /* (n, n) */
} pack;

static bool is_packed(const ntk_network *network, size_t n) {
    const ntk_architecture *architecture = &network->architecture;
    return architecture->family == NTK_DENSE && network->outputs == 1 && n > 0 && n <= FEW_POINTS &&
           network->width <= (architecture->depth > 1 ? NARROW : NARROW_SHALLOW);
}

/* Sizes are small, but for those of the inputs. */
static ntk_status pack_create(ntk_network *network, size_t n, pack *out) {
    const size_t m = network->width, d = network->inputs, hidden = network->layer_count - 1;
    const size_t own = 2 * hidden * n * m + 2 * n * m + 3 * n * n;
    NTK_TRY(network_reserve(&network->packed, network->parameters + n * d + own, SIDE, 1));
    double *next = network->packed.data;
    *out = (pack){.network = network, .n = n};
    double **const part[] = {&out->theta,     &out->x,      &out->input,   &out->derivative, &out->signal[0],
                             &out->signal[1], &out->inputs, &out->signals, &out->kernel};
    const size_t size[] = {
        network->parameters, n * d, hidden * n * m, hidden * n * m, n * m, n * m, n * n, n * n, n * n};
    for (size_t k = 0; k < sizeof size / sizeof *size; k++) {
        *part[k] = next;
        next += size[k] * SIDE;
    }
    return NTK_OK;
}

/* `count` vectors of `size` numbers side by side. */
static void interleave(size_t size, size_t count, const double *vectors, double *out) {
    const double *from[SIDE];
    for (size_t s = 0; s < SIDE; s++) from[s] = vectors + (s < count ? s : 0) * size;
    for (size_t k = 0; k < size; k++)
        for (size_t s = 0; s < SIDE; s++) out[k * SIDE + s] = from[s][k];
}

static void separate(size_t size, size_t count, const double *packed, double *out) {
    for (size_t s = 0; s < count; s++)
        for (size_t k = 0; k < size; k++) out[s * size + k] = packed[k * SIDE + s];
}

static const double *layer_input(const pack *p, size_t l) {
    return l == 1 ? p->x : p->input + (l - 2) * p->n * p->network->width * SIDE;
}

/* Layer l: h = s_l a W^T + b_l beta^T, activated. */
static void pass_layer(const pack *p, size_t l) {
    const network_layer *layer = &p->network->layers[l];
    const size_t in = layer->fan_in, m = layer->fan_out, at = (l - 1) * p->n * m * SIDE, step[] = {in, 1};
    double *h = p->input + at;
    ntk_vector_products(p->n, m, in, layer_input(p, l), step, p->theta + layer->weight * SIDE, step, h);
    for (size_t i = 0; i < p->n; i++) {
        double *row = h + i * m * SIDE;
        const double *beta = p->theta + layer->bias * SIDE;
        for (size_t k = 0; k < m * SIDE; k++) row[k] *= layer->weight_scale;
        for (size_t k = 0; layer->has_bias && k < m * SIDE; k++) row[k] += layer->bias_scale * beta[k];
    }
    ntk_architecture_activate(&p->network->architecture, p->n * m * SIDE, h, h, p->derivative + at);
}

/* delta^l, from delta^{l+1} in the other of the two places. */
static void signals_down_to(const pack *p, size_t l) {
    const network_layer *above = &p->network->layers[l + 1];
    const size_t m = above->fan_in, out = above->fan_out, left[] = {out, 1}, right[] = {1, m};
    const double *W = p->theta + above->weight * SIDE;
    const double *derivative = p->derivative + (l - 1) * p->n * m * SIDE;
    double *delta = p->signal[l % 2];
    if (l + 1 < p->network->layer_count)
        ntk_vector_products(p->n, m, out, p->signal[(l + 1) % 2], left, W, right, delta);
    else
        for (size_t i = 0; i < p->n; i++) memcpy(delta + i * m * SIDE, W, m * SIDE * sizeof *delta);
    for (size_t k = 0; k < p->n * m * SIDE; k++) delta[k] *= above->weight_scale * derivative[k];
}

/* s_l^2 <a^l_i, a^l_j> + b_l^2. */
static void input_gram(const pack *p, size_t l, double *out) {
    const network_layer *layer = &p->network->layers[l];
    const size_t step[] = {layer->fan_in, 1};
    const double *a = layer_input(p, l), square = layer->weight_scale * layer->weight_scale;
    const double bias = layer->has_bias ? layer->bias_scale * layer->bias_scale : 0;
    ntk_vector_products(p->n, p->n, layer->fan_in, a, step, a, step, out);
    for (size_t k = 0; k < p->n * p->n * SIDE; k++) out[k] = square * out[k] + bias;
}

/* The sum over the layers, from the output down; that of the output layer stays in p->inputs until
 * the others are added. */
static void add_layers(const pack *p) {
    const size_t m = p->network->width, step[] = {m, 1}, size = p->n * p->n * SIDE;
    for (size_t l = p->network->layer_count - 1; l >= 1; l--) {
        const double *delta = p->signal[l % 2];
        signals_down_to(p, l);
        input_gram(p, l, p->inputs);
        ntk_vector_products(p->n, p->n, m, delta, step, delta, step, p->signals);
        for (size_t k = 0; k < size; k++) p->kernel[k] += p->inputs[k] * p->signals[k];
    }
}

/* The kernels of at most eight networks. */
static void evaluate(const pack *p, size_t count, const double *theta, double *kernels, double *readout) {
    interleave(p->network->parameters, count, theta, p->theta);
    for (size_t l = 1; l < p->network->layer_count; l++) pass_layer(p, l);
    input_gram(p, p->network->layer_count, p->kernel);
    if (readout != NULL) separate(p->n * p->n, count, p->kernel, readout);
    add_layers(p);
    separate(p->n * p->n, count, p->kernel, kernels);
}

static ntk_status evaluate_all(ntk_network *network, size_t count, const double *theta, size_t n,
                               const double *x, double *kernels, double *readout) {
    pack p;
    NTK_TRY(pack_create(network, n, &p));
    interleave(n * network->inputs, 1, x, p.x);
    for (size_t first = 0; first < count; first += SIDE)
        evaluate(&p, count - first < SIDE ? count - first : SIDE, theta + first * network->parameters,
                 kernels + first * n * n, readout != NULL ? readout + first * n * n : NULL);
    return NTK_OK;
}

/* ---- one by one ------------------------------------------------------------------------------ */

/* Of the batch that the kernel was built of. */
static ntk_status read_out(const ntk_network *network, size_t n, const double *x, double *out) {
    const size_t last = network->layer_count;
    const network_layer *layer = &network->layers[last];
    const double *a = network_layer_input(network, &network->batch, x, last);
    NTK_TRY(ntk_gemm(NTK_NO_TRANSPOSE, NTK_TRANSPOSE, n, n, layer->fan_in,
                     layer->weight_scale * layer->weight_scale, a, layer->fan_in, a, layer->fan_in, 0.0, out,
                     n));
    for (size_t k = 0; layer->has_bias && k < n * n; k++) out[k] += layer->bias_scale * layer->bias_scale;
    return NTK_OK;
}

ntk_status ntk_network_tangent_kernels(ntk_network *network, size_t count, const double *theta, size_t n,
                                       const double *x, double *kernels, double *readout) {
    if (readout != NULL && network->convolution != NULL)
        return ntk_fail(NTK_ERROR_ARGUMENT, "tangent kernels: no readout of convolutional networks");
    if (is_packed(network, n)) return evaluate_all(network, count, theta, n, x, kernels, readout);
    const size_t rows = n * network->outputs;
    for (size_t k = 0; k < count; k++) {
        NTK_TRY(ntk_network_tangent_kernel(network, theta + k * network->parameters, n, x,
                                           kernels + k * rows * rows, rows));
        if (readout != NULL) NTK_TRY(read_out(network, n, x, readout + k * n * n));
    }
    return NTK_OK;
}
