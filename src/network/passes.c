/* What goes over every number of a batch once: activations, their derivatives, biases. In a large
 * network a pass is cut into ranges that run on all workers where the network is not itself in a
 * unit of a map. Every number is computed by itself, or summed in an order of its own, so its bits
 * do not depend on the cut, let alone on the workers. */
#include "network/network.h"

#include <string.h>

#include "base/split.h"
#include "base/vector.h"

/* Numbers of a range, at least: 0.1 ms of a pass that memory bounds, and of an activation that
 * calls functions; what threads take to begin and to end is a tenth of that. */
enum { PLAIN = 1 << 17, COMPUTED = 1 << 15 };

/* Ranges cannot fail, and so a pass cannot. */
static void pass(size_t count, size_t least, ntk_range range, const void *context) {
    (void)ntk_split_range(count, count / least, range, (void *)context);
}

static size_t rows_of(size_t numbers, size_t width) { return (numbers + width - 1) / width; }

/* ---- activations ----------------------------------------------------------------------------- */

typedef struct activated {
    const ntk_architecture *architecture;
    double *h, *derivative;
} activated;

static ntk_status activate(size_t first, size_t count, void *context) {
    const activated *a = context;
    ntk_architecture_activate(a->architecture, count, a->h + first, a->h + first, a->derivative + first);
    return NTK_OK;
}

static bool is_piecewise_linear(ntk_activation activation) {
    return activation == NTK_RELU || activation == NTK_LINEAR || activation == NTK_LEAKY_RELU ||
           activation == NTK_ABS;
}

void network_activate(const ntk_network *network, size_t count, double *h, double *derivative) {
    const activated a = {&network->architecture, h, derivative};
    pass(count, is_piecewise_linear(network->architecture.activation) ? PLAIN : COMPUTED, activate, &a);
}

/* ---- biases ---------------------------------------------------------------------------------- */

typedef struct biased {
    const network_layer *layer;
    const double *beta;
    double *h;
} biased;

static ntk_status put_bias(size_t first, size_t count, void *context) {
    const biased *b = context;
    const size_t out = b->layer->fan_out;
    for (size_t i = first; i < first + count; i++) {
        double *h = b->h + i * out;
        for (size_t j = 0; b->layer->added && j < out; j++) h[j] += b->layer->bias_scale * b->beta[j];
        for (size_t j = 0; !b->layer->added && j < out; j++) h[j] = b->layer->bias_scale * b->beta[j];
    }
    return NTK_OK;
}

void network_put_bias(const network_layer *layer, const double *theta, size_t n, double *h) {
    const biased b = {layer, theta + layer->bias, h};
    pass(n, rows_of(PLAIN, layer->fan_out), put_bias, &b);
}

typedef struct bias_sum {
    const network_layer *layer;
    size_t n;
    const double *signal;
    double *beta;
} bias_sum;

/* By blocks of columns whose sums stay in cache. */
static ntk_status sum_columns(size_t begin, size_t count, void *context) {
    const bias_sum *b = context;
    const size_t block = 512, out = b->layer->fan_out;
    for (size_t first = begin; first < begin + count; first += block) {
        const size_t end = first + block < begin + count ? first + block : begin + count;
        for (size_t j = first; j < end; j++) b->beta[j] = 0.0;
        for (size_t i = 0; i < b->n; i++)
            for (size_t j = first; j < end; j++) b->beta[j] += b->signal[i * out + j];
        for (size_t j = first; j < end; j++) b->beta[j] *= b->layer->bias_scale;
    }
    return NTK_OK;
}

void network_bias_gradient(const network_layer *layer, size_t n, const double *signal, double *beta) {
    const bias_sum b = {layer, n, signal, beta};
    pass(layer->fan_out, rows_of(PLAIN, n), sum_columns, &b);
}

/* ---- signals --------------------------------------------------------------------------------- */

typedef struct signals {
    const ntk_network *network;
    size_t rows_per_input;
    const double *derivative; /* may be NULL in output_signals */
    const double *theta, *c;
    double *signal;
} signals;

static ntk_status multiply_rows(size_t first, size_t count, void *context) {
    const signals *s = context;
    const size_t width = s->network->width;
    for (size_t row = first; row < first + count; row++) {
        const double *factor = s->derivative + row / s->rows_per_input * width;
        ntk_vector_multiply(width, 1.0, s->signal + row * width, factor, s->signal + row * width);
    }
    return NTK_OK;
}

void network_through_derivative(const ntk_network *network, size_t n, size_t rows_per_input,
                                const double *derivative, double *signal) {
    const signals s = {network, rows_per_input, derivative, NULL, NULL, signal};
    if (derivative != NULL) pass(n * rows_per_input, rows_of(PLAIN, network->width), multiply_rows, &s);
}

static ntk_status output_signals(size_t first, size_t count, void *context) {
    const signals *s = context;
    const size_t K = s->network->outputs, m = s->network->width;
    const network_layer *layer = &s->network->layers[s->network->layer_count];
    for (size_t r = first; r < first + count; r++) {
        const double scale = layer->weight_scale * (s->c == NULL ? 1.0 : s->c[r]);
        const double *weight = s->theta + layer->weight + r % K * m;
        double *out = s->signal + r * m;
        if (s->derivative == NULL)
            for (size_t j = 0; j < m; j++) out[j] = scale * weight[j];
        else
            ntk_vector_multiply(m, scale, weight, s->derivative + r / K * m, out);
    }
    return NTK_OK;
}

void network_output_signals(const ntk_network *network, const network_batch *batch, const double *theta,
                            const double *c, double *out) {
    const signals s = {.network = network,
                       .derivative = network_derivative(network, batch, network->layer_count - 1),
                       .theta = theta,
                       .c = c,
                       .signal = out};
    pass(batch->n * network->outputs, rows_of(PLAIN, network->width), output_signals, &s);
}

/* ---- whole arrays ---------------------------------------------------------------------------- */

typedef struct arrays {
    const double *a, *b;
    double *out;
} arrays;

static ntk_status copy(size_t first, size_t count, void *context) {
    const arrays *x = context;
    memcpy(x->out + first, x->a + first, count * sizeof *x->out);
    return NTK_OK;
}

static ntk_status subtract(size_t first, size_t count, void *context) {
    const arrays *x = context;
    for (size_t i = first; i < first + count; i++) x->out[i] = x->a[i] - x->b[i];
    return NTK_OK;
}

static ntk_status add(size_t first, size_t count, void *context) {
    const arrays *x = context;
    for (size_t i = first; i < first + count; i++) x->out[i] += x->a[i];
    return NTK_OK;
}

void network_copy(size_t count, const double *a, double *out) {
    pass(count, PLAIN, copy, &(arrays){a, NULL, out});
}

void network_subtract(size_t count, const double *a, const double *b, double *out) {
    pass(count, PLAIN, subtract, &(arrays){a, b, out});
}

void network_add(size_t count, const double *a, double *out) {
    pass(count, PLAIN, add, &(arrays){a, NULL, out});
}
