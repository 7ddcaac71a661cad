/* The kernel of the sliding flow.
 *
 * Where the pre-activation h = h^l_k(x_i) of a ReLU neuron is 0, the gradient of the loss L jumps:
 * on the side h > 0 it has a further term push * grad h, push = dL/da^{l+1}_k(x_i). Gradient flow
 * is then a differential inclusion (Filippov), theta' = -g with g of the convex hull of both sides.
 * If push >
 * 0 and h moves towards 0 from either side, the neuron slides on the point: h stays 0. With g_0 the
 * gradient with all kinks at hand switched off and y_s in [0, push_s] what kink s adds, theta' =
 * -(g_0 + sum_s y_s grad h_s), so that
 *
 *     h' = q - G y,      q_s = -<grad h_s, g_0>,     G_st = <grad h_s, grad h_t>,
 *
 * and a kink is on (y = push) only if h' >= 0, off (y = 0) only if h' <= 0, and slides (h' = 0) in
 * between. These are the optimality conditions of the convex problem
 *
 *     minimise  y^T G y / 2 - q^T y     over     0 <= y <= push,
 *
 * which coordinate descent solves; those strictly between their bounds slide. For one hidden layer
 * that is exact, since no push depends on a kink; in deeper networks it is solved some times over,
 * with pushes from the parts y / push of the last time.
 *
 * The two sides of grad f_j differ by multiples of the grad h_s that slide, and theta' is
 * orthogonal to these. With P the projection on their orthogonal complement, P grad f_j has no
 * sides, and
 *
 *     theta' = -sum_j (dL/df_j) P grad f_j,     f_i' = -sum_j <P grad f_i, P grad f_j> dL/df_j:
 *
 * this Gram matrix is the kernel of the flow. With C_sj = <grad h_s, grad f_j> it is Theta_hat -
 * C^T G^{-1} C over the kinks that slide.
 *
 * G and C are sums over layers like Theta_hat itself (tangent_kernel.c): Gram of the inputs times
 * Gram of the signals, where the signal of kink s begins as the unit vector of its neuron.
 *
 * A flow in steps never stands on a kink: it crosses to and fro. Sliding, |h'| <= push G_ss on both
 * sides, so kinks are at hand where |h| <= reach push G_ss, reach the length of a step. */
#include "network/network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>

/* Kinks whose part of their push is closer than this to 0 or 1 are off or on. */
static const double inside = 1e-6;
enum { SWEEPS = 400, PASSES = 3 };

typedef struct kink {
    size_t layer, unit, point;
    double h, push;
} kink;

typedef struct kinks {
    ntk_network *network;
    const double *theta, *x;
    size_t n;
    double reach;
    kink *at; /* (count), with room for some more */
    size_t count, room;
    size_t at_hand;   /* count before those that do not slide were left out: the stride of G */
    double *inputs;   /* (n, n), of the layer at hand */
    double *gram;     /* (count, count): G */
    double *cross;    /* (count, n K): C */
    double *products; /* (count, max(count, n K)), of the layer at hand */
    double *y, *q;    /* (count) each */
} kinks;

/* ---- kinks at hand --------------------------------------------------------------------------- */

static ntk_status add_kink(kinks *self, kink found) {
    if (self->count == self->room) {
        const size_t room = 2 * self->room + 64;
        void *at = NULL;
        NTK_TRY(ntk_allocate(room, sizeof found, &at));
        if (self->count > 0) memcpy(at, self->at, self->count * sizeof found);
        ntk_release(self->at);
        self->at = at;
        self->room = room;
    }
    self->at[self->count++] = found;
    return NTK_OK;
}

/* push: (n, m), of the outputs of layer l; h: (n, m). Of ||grad h||^2 only the layer's own part is
 * known yet, for l = 1 all of it; with those below it is some l times as much. */
static ntk_status find_in_layer(kinks *self, size_t l, const double *push, const double *h) {
    const ntk_network *network = self->network;
    const network_layer *layer = &network->layers[l];
    const double *a = network_layer_input(network, &network->batch, self->x, l);
    for (size_t i = 0; i < self->n; i++) {
        const double *row = a + i * layer->fan_in;
        const double bias = layer->bias_scale * layer->bias_scale; /* 0 without */
        const double own =
            layer->weight_scale * layer->weight_scale * ntk_dot(layer->fan_in, row, row) + bias;
        const double wide = (l == 1 ? 1.01 : 4 * (double)l) * self->reach * own;
        for (size_t k = 0; k < network->width; k++) {
            const kink found = {l, k, i, h[i * network->width + k], push[i * network->width + k]};
            if (found.push > 0 && fabs(found.h) <= wide * found.push) NTK_TRY(add_kink(self, found));
        }
    }
    return NTK_OK;
}

/* Back through the layers as in derivative.c, but with a look at dL/da before phi' multiplies it.
 * h: (n, m). */
static ntk_status find_kinks(kinks *self, const double *cotangent, double *h) {
    ntk_network *network = self->network;
    network_batch *batch = &network->batch;
    const size_t n = self->n, size = n * network->width;
    const double *signal = cotangent;
    for (size_t l = network->layer_count - 1; l >= 1; l--) {
        double *out = batch->signal[l % 2].data;
        const double *derivative = network_derivative(network, batch, l);
        NTK_TRY(network_multiply_back(&network->layers[l + 1], self->theta, n, signal,
                                      network_skip_begins(network, l) ? 1.0 : 0.0, out));
        if (derivative) {
            NTK_TRY(network_apply_layer(network, l, self->theta, n,
                                        network_layer_input(network, batch, self->x, l), h));
            NTK_TRY(find_in_layer(self, l, out, h));
            for (size_t j = 0; j < size; j++) out[j] *= derivative[j];
        }
        signal = out;
    }
    return NTK_OK;
}

/* ---- their products -------------------------------------------------------------------------- */

/* inputs: (n, n) <- s_l^2 <a, a'> + b_l^2 of layer l. */
static ntk_status multiply_inputs(const kinks *self, size_t l) {
    const ntk_network *network = self->network;
    const network_layer *layer = &network->layers[l];
    const double *a = network_layer_input(network, &network->batch, self->x, l);
    const double bias = layer->bias_scale * layer->bias_scale; /* 0 without */
    NTK_TRY(ntk_gemm(NTK_NO_TRANSPOSE, NTK_TRANSPOSE, self->n, self->n, layer->fan_in,
                     layer->weight_scale * layer->weight_scale, a, layer->fan_in, a, layer->fan_in, 0,
                     self->inputs, self->n));
    for (size_t k = 0; k < self->n * self->n; k++) self->inputs[k] += bias;
    return NTK_OK;
}

/* Kinks stand from the last layer to the first: how many are in layers after l. */
static size_t kinks_after(const kinks *self, size_t l) {
    size_t count = 0;
    while (count < self->count && self->at[count].layer > l) count++;
    return count;
}

/* Products of signals of the kinks, which in layer l are dense for those after it, unit vectors for
 * those in it and 0 for those before it. */
static ntk_status add_gram(kinks *self, size_t l) {
    const size_t m = self->network->width, S = self->count;
    const size_t after = kinks_after(self, l), end = kinks_after(self, l - 1);
    const double *signals = self->network->columns.signal[l % 2].data;
    if (after > 0) NTK_TRY(ntk_syrk(after, m, 1, signals, m, 0, self->products, S));
    for (size_t s = 0; s < end; s++)
        for (size_t t = 0; t <= s; t++) {
            const kink *a = &self->at[s], *b = &self->at[t];
            const double product = s < after   ? self->products[s * S + t]
                                   : t < after ? signals[t * m + a->unit]
                                               : (double)(a->unit == b->unit);
            self->gram[s * S + t] += self->inputs[a->point * self->n + b->point] * product;
        }
    return NTK_OK;
}

static ntk_status add_cross(kinks *self, size_t l) {
    const size_t m = self->network->width, K = self->network->outputs, columns = self->n * K;
    const size_t after = kinks_after(self, l), end = kinks_after(self, l - 1);
    const double *signals = self->network->columns.signal[l % 2].data;
    const double *outputs = self->network->batch.signal[l % 2].data;
    if (after > 0)
        NTK_TRY(ntk_gemm(NTK_NO_TRANSPOSE, NTK_TRANSPOSE, after, columns, m, 1, signals, m, outputs, m, 0,
                         self->products, columns));
    for (size_t s = 0; s < end; s++)
        for (size_t j = 0; j < columns; j++) {
            const double product =
                s < after ? self->products[s * columns + j] : outputs[j * m + self->at[s].unit];
            self->cross[s * columns + j] += self->inputs[self->at[s].point * self->n + j / K] * product;
        }
    return NTK_OK;
}

/* Signals of layer l of the kinks after it, from those of the layer above; the other rows are 0. */
static ntk_status propagate_kinks(kinks *self, size_t l) {
    ntk_network *network = self->network;
    network_batch *rows = &network->columns;
    const size_t count = kinks_after(self, l) * network->width;
    const double *derivative = network_derivative(network, rows, l);
    double *out = rows->signal[l % 2].data;
    NTK_TRY(network_multiply_back(&network->layers[l + 1], self->theta, kinks_after(self, l),
                                  rows->signal[(l + 1) % 2].data, network_skip_begins(network, l) ? 1.0 : 0.0,
                                  out));
    for (size_t j = 0; derivative && j < count; j++) out[j] *= derivative[j];
    return NTK_OK;
}

/* The kinks' signals of layer l. Those of the first layer go no further: a unit vector in their own
 * layer is all that they are, and they have no row. */
static ntk_status kink_signals(kinks *self, size_t l) {
    const ntk_network *network = self->network;
    double *out = network->columns.signal[l % 2].data;
    if (kinks_after(self, l) > 0) NTK_TRY(propagate_kinks(self, l));
    for (size_t s = kinks_after(self, l); l > 1 && s < kinks_after(self, l - 1); s++)
        out[s * network->width + self->at[s].unit] = 1;
    return NTK_OK;
}

static ntk_status output_signals(kinks *self, size_t l) {
    ntk_network *network = self->network;
    network_batch *batch = &network->batch;
    double *out = batch->signal[l % 2].data;
    if (l < network->layer_count - 1)
        return network_propagate_back(network, batch, l, self->theta, network->outputs,
                                      batch->signal[(l + 1) % 2].data, out);
    network_output_signals(network, batch, self->theta, NULL, out);
    return NTK_OK;
}

/* A batch with a row for each kink after the first layer: phi' of its point, and no signal yet. */
static ntk_status prepare_rows(kinks *self) {
    ntk_network *network = self->network;
    network_batch *rows = &network->columns;
    const size_t m = network->width, S = kinks_after(self, 1), layers = network->architecture.depth;
    rows->n = S;
    if (S == 0) return NTK_OK;
    NTK_TRY(network_reserve(&rows->derivative, layers, S, m));
    NTK_TRY(network_reserve_signals(network, rows, 1));
    for (size_t k = 0; k < 2; k++) memset(rows->signal[k].data, 0, S * m * sizeof(double));
    for (size_t l = 0; l < layers; l++)
        for (size_t s = 0; s < S; s++)
            memcpy(rows->derivative.data + (l * S + s) * m,
                   network->batch.derivative.data + (l * self->n + self->at[s].point) * m,
                   m * sizeof(double));
    return NTK_OK;
}

static ntk_status multiply_kinks(kinks *self) {
    NTK_TRY(prepare_rows(self));
    for (size_t l = self->network->layer_count - 1; l >= 1; l--) {
        NTK_TRY(kink_signals(self, l));
        NTK_TRY(output_signals(self, l));
        NTK_TRY(multiply_inputs(self, l));
        NTK_TRY(add_gram(self, l));
        NTK_TRY(add_cross(self, l));
    }
    ntk_symmetrise(self->count, self->gram, self->count);
    self->network->columns.n = 0; /* it has no inputs */
    return NTK_OK;
}

/* ---- which of them slide --------------------------------------------------------------------- */

/* Leave out kink number s: the last one takes its place. */
static void drop(kinks *self, size_t s, size_t stride, size_t columns) {
    const size_t last = --self->count;
    self->at[s] = self->at[last];
    memcpy(self->gram + s * stride, self->gram + last * stride, stride * sizeof(double));
    for (size_t t = 0; t < self->count; t++) self->gram[t * stride + s] = self->gram[t * stride + last];
    memcpy(self->cross + s * columns, self->cross + last * columns, columns * sizeof(double));
}

/* phi' at a kink. */
static double *derivative_of(const kinks *self, const kink *at) {
    const network_batch *batch = &self->network->batch;
    const size_t row = self->network->layers[at->layer].activation * self->n + at->point;
    return batch->derivative.data + row * self->network->width + at->unit;
}

/* y, by coordinate descent; q becomes h' = q - G y. */
static void solve_box(kinks *self, const double *cotangent, size_t stride, size_t columns) {
    double *y = self->y, *q = self->q;
    for (size_t s = 0; s < self->count; s++) {
        y[s] = *derivative_of(self, &self->at[s]) * self->at[s].push;
        q[s] = -ntk_dot(columns, self->cross + s * columns, cotangent);
    }
    double change = 1;
    for (size_t sweep = 0; sweep < SWEEPS && change > 1e-12; sweep++) {
        change = 0;
        for (size_t s = 0; s < self->count; s++) {
            const double *row = self->gram + s * stride, push = self->at[s].push;
            const double next = fmin(fmax(y[s] + q[s] / row[s], 0), push), step = next - y[s];
            if (step == 0) continue;
            for (size_t t = 0; t < self->count; t++) q[t] -= step * row[t];
            y[s] = next;
            change = fmax(change, fabs(step) / push);
        }
    }
}

static void keep_sliding(kinks *self, const double *cotangent) {
    const size_t stride = self->count, columns = self->n * self->network->outputs;
    for (size_t s = self->count; s-- > 0;) {
        const double norm = self->gram[s * (stride + 1)];
        if (!(fabs(self->at[s].h) <= self->reach * self->at[s].push * norm)) drop(self, s, stride, columns);
    }
    solve_box(self, cotangent, stride, columns);
    for (size_t s = 0; s < self->count; s++)
        *derivative_of(self, &self->at[s]) = self->y[s] / self->at[s].push;
    for (size_t s = self->count; s-- > 0;) {
        const double part = self->y[s] / self->at[s].push;
        if (part > inside && part < 1 - inside) continue;
        self->y[s] = self->y[self->count - 1];
        drop(self, s, stride, columns);
    }
}

/* Theta_hat -= C^T G^{-1} C. Gradients of one neuron may depend on each other; C then has no part
 * in what they do not span, and a little on the diagonal of G changes nothing else. */
static ntk_status project(kinks *self, size_t stride, double *theta_hat, size_t ldg) {
    const size_t columns = self->n * self->network->outputs;
    double largest = 0;
    for (size_t s = 0; s < self->count; s++) largest = fmax(largest, self->gram[s * (stride + 1)]);
    for (size_t s = 0; s < self->count; s++) self->gram[s * (stride + 1)] += 1e-12 * largest;
    NTK_TRY(ntk_cholesky(self->count, self->gram, stride));
    NTK_TRY(ntk_triangular_solve(NTK_NO_TRANSPOSE, self->count, columns, self->gram, stride, self->cross,
                                 columns));
    NTK_TRY(ntk_syrk_transposed(columns, self->count, -1, self->cross, columns, 1, theta_hat, ldg));
    ntk_symmetrise(columns, theta_hat, ldg);
    return NTK_OK;
}

/* ---- the kernel ------------------------------------------------------------------------------ */

static ntk_status reserve(kinks *self) {
    const size_t count = self->count, columns = self->n * self->network->outputs;
    const size_t widest = columns > count ? columns : count;
    if (count > (size_t)1 << 15)
        return ntk_fail(NTK_ERROR_SHAPE, "sliding kernel: %zu kinks at hand are too many", count);
    ntk_release(self->inputs);
    self->inputs = NULL;
    self->at_hand = count;
    NTK_TRY(ntk_allocate_doubles(self->n * self->n + count * (count + columns + widest + 2), &self->inputs));
    self->gram = self->inputs + self->n * self->n;
    self->cross = self->gram + count * count;
    self->products = self->cross + count * columns;
    self->y = self->products + count * widest;
    self->q = self->y + count;
    return NTK_OK;
}

/* The kinks that slide, in the first places, and their products: those of the last find. */
static ntk_status select_sliding(kinks *self, const double *cotangent, double *h) {
    self->count = 0;
    NTK_TRY(find_kinks(self, cotangent, h));
    if (self->count == 0) return NTK_OK;
    NTK_TRY(reserve(self));
    NTK_TRY(multiply_kinks(self));
    keep_sliding(self, cotangent);
    return NTK_OK;
}

static int compare_layers(const void *a, const void *b) {
    const kink *x = a, *y = b;
    return x->layer < y->layer ? 1 : x->layer > y->layer ? -1 : 0;
}

/* In deeper networks what a kink lets through is part of the pushes of those below it: again with
 * phi' = y / push, also where none slid at first. The products of the end are those of one side
 * again, that of Theta_hat. */
static ntk_status refine_sliding(kinks *self, const double *cotangent, double *h) {
    for (size_t pass = 1; pass < PASSES && self->at_hand > 0; pass++)
        NTK_TRY(select_sliding(self, cotangent, h));
    if (self->count == 0) return NTK_OK;
    qsort(self->at, self->count, sizeof *self->at, compare_layers);
    NTK_TRY(network_forward_hidden(self->network, &self->network->batch, self->theta, self->n, self->x));
    NTK_TRY(reserve(self));
    return multiply_kinks(self);
}

static ntk_status slide(kinks *self, const double *cotangent, double *h, double *theta_hat, size_t ldg) {
    NTK_TRY(select_sliding(self, cotangent, h));
    size_t stride = self->at_hand;
    if (self->network->architecture.depth > 1) {
        NTK_TRY(refine_sliding(self, cotangent, h));
        stride = self->count;
    }
    return self->count > 0 ? project(self, stride, theta_hat, ldg) : NTK_OK;
}

ntk_status ntk_network_sliding_kernel(ntk_network *network, const double *theta, size_t n, const double *x,
                                      const double *cotangent, double reach, double *gram, size_t ldg,
                                      size_t *sliding) {
    *sliding = 0;
    if (!(reach >= 0 && isfinite(reach)))
        return ntk_fail(NTK_ERROR_ARGUMENT, "sliding kernel: the reach is %g", reach);
    const bool smooth = ntk_activation_is_smooth(network->architecture.activation);
    if (!smooth && (network->architecture.activation != NTK_RELU || network->convolution != NULL))
        return ntk_fail(
            NTK_ERROR_UNSUPPORTED,
            "sliding kernel: of networks with kinks, dense and residual ones with relu, no others");
    NTK_TRY(ntk_network_tangent_kernel(network, theta, n, x, gram, ldg));
    if (smooth) return NTK_OK;
    kinks self = {.network = network, .theta = theta, .x = x, .n = n, .reach = reach};
    double *h = NULL;
    NTK_TRY(ntk_allocate_doubles(n * network->width, &h));
    const ntk_status status = slide(&self, cotangent, h, gram, ldg);
    if (status == NTK_OK) *sliding = self.count;
    ntk_release(self.at);
    ntk_release(self.inputs);
    ntk_release(h);
    return status;
}
