/* The empirical tangent kernel of a convolutional network without its Jacobian.
 *
 * With delta^l_{ik}[u] = d f_k(x_i) / d h^l[u] and P^l_i[u] the patches that layer l reads, the
 * derivative of f_k(x_i) with respect to W^l is G = s_l sum_u delta[u] P[u]^T, and with respect to
 * beta^l it is b sum_u delta[u]. Two ways lead from there to the sum over layers of inner products
 * of derivatives:
 *
 *     by weights     <G_{ik}, G_{jk'}> + b^2 <sum_u delta_{ik}, sum_u delta_{jk'}>, G formed
 *     by positions   sum_{u,u'} (s_l^2 <P_i[u], P_j[u']> + b^2) <delta_{ik}[u], delta_{jk'}[u']>
 *
 * The first forms n K matrices of m x |P| once and multiplies them, (n K)^2 m |P| operations for
 * the symmetric kernel, whatever the positions; the second needs n^2 N^2 (|P| + K^2 m): it is the
 * one for few positions and wide layers. Each layer takes the way with fewer operations. By
 * weights, a band of the m rows of all G is formed at a time: no Jacobian is in memory. */
#include "network/convolution_tangent.h"

#include <string.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>

#include "network/convolution_layers.h"

/* Doubles of the bands of derivatives of one side, which the second-level cache holds, and rows of
 * one at least. */
#define BAND      ((size_t)1 << 16)
#define BAND_ROWS ((size_t)32)
/* Doubles of the patches, and rows of the signals, of a block of inputs. */
#define PATCHES    ((size_t)1 << 21)
#define BLOCK_ROWS ((size_t)128)

/* One side of the kernel; d / d a^{l+1} and d / d h^l of the layer at hand: (n, K, positions, m).
 */
typedef struct {
    const network_batch *batch;
    const double *x;
    double *above, *signal;
    double *band; /* (n K, (rows of the band) (patch + 1)): the biases' stand last */
} side;

typedef struct {
    ntk_network *network;
    const double *theta;
    side rows, columns;
    bool symmetric;
    double *kernel;
    size_t ldk;
    double *patches, *other_patches; /* (out, patch), of a block of inputs by positions */
    double *products;                /* of signals of two blocks, or (out, patch) */
    double *position_products;       /* of patches of two blocks */
    double *features, *other_features, *feature_products;
} kernel_work;

static const side *other(const kernel_work *w) { return w->symmetric ? &w->rows : &w->columns; }

/* ---- signals --------------------------------------------------------------------------------- */

/* d f_k / d a^L of all inputs and outputs. */
static void start_signals(const kernel_work *w, const side *s) {
    const network_convolution *c = w->network->convolution;
    const size_t K = w->network->outputs, size = c->layer[c->depth - 1].pooled * w->network->width;
    for (size_t r = 0; r < s->batch->n * K; r++) {
        double *out = s->above + r * size;
        memset(out, 0, size * sizeof *out);
        const double *weight = w->theta + c->weight + r % K * c->features;
        const size_t positions = c->average ? c->layer[c->depth - 1].pooled : 1;
        const double scale = c->weight_scale / (double)positions;
        for (size_t u = 0; u < positions; u++)
            for (size_t k = 0; k < c->features; k++) out[u * c->features + k] = scale * weight[k];
    }
}

static void through_phi(const kernel_work *w, const side *s, size_t l) {
    const convolution_layer *layer = &w->network->convolution->layer[l];
    const size_t K = w->network->outputs, m = w->network->width, size = layer->out * m;
    for (size_t r = 0; r < s->batch->n * K; r++) {
        const double *derivative = convolution_derivative(w->network, s->batch, l, r / K);
        double *signal = s->signal + r * size;
        convolution_unpool(layer, m, s->above + r * layer->pooled * m, signal);
        for (size_t k = 0; k < size; k++) signal[k] *= derivative[k];
    }
}

/* d / d a^l from d / d h^l. */
static ntk_status to_the_layer_below(const kernel_work *w, const side *s, size_t l) {
    const convolution_layer *layer = &w->network->convolution->layer[l];
    const size_t m = w->network->width;
    for (size_t r = 0; r < s->batch->n * w->network->outputs; r++) {
        NTK_TRY(ntk_gemm(NTK_NO_TRANSPOSE, NTK_NO_TRANSPOSE, layer->out, layer->patch, m, layer->weight_scale,
                         s->signal + r * layer->out * m, m, w->theta + layer->weight, layer->patch, 0,
                         w->products, layer->patch));
        convolution_scatter(layer, w->products, s->above + r * layer->in * layer->channels);
    }
    return NTK_OK;
}

/* ---- by weights ------------------------------------------------------------------------------ */

static size_t largest_batch(const kernel_work *w) {
    return w->rows.batch->n > other(w)->batch->n ? w->rows.batch->n : other(w)->batch->n;
}

static size_t band_rows(const kernel_work *w, const convolution_layer *layer) {
    const size_t most = largest_batch(w);
    size_t rows = BAND / (most * w->network->outputs * (layer->patch + 1));
    if (rows < BAND_ROWS) rows = BAND_ROWS;
    return rows < w->network->width ? rows : w->network->width;
}

/* Rows first .. first + count of all derivatives. */
static ntk_status form_band(const kernel_work *w, const side *s, size_t l, size_t first, size_t count) {
    const network_convolution *c = w->network->convolution;
    const convolution_layer *layer = &c->layer[l];
    const size_t K = w->network->outputs, m = w->network->width, size = count * (layer->patch + 1);
    for (size_t i = 0; i < s->batch->n; i++) {
        convolution_gather(layer, convolution_input(w->network, s->batch, s->x, l, i), w->patches);
        for (size_t k = 0; k < K; k++) {
            const double *signal = s->signal + (i * K + k) * layer->out * m + first;
            double *row = s->band + (i * K + k) * size, *bias = row + count * layer->patch;
            NTK_TRY(ntk_gemm(NTK_TRANSPOSE, NTK_NO_TRANSPOSE, count, layer->patch, layer->out,
                             layer->weight_scale, signal, m, w->patches, layer->patch, 0, row, layer->patch));
            memset(bias, 0, count * sizeof *bias);
            for (size_t u = 0; u < layer->out && w->network->has_bias; u++)
                for (size_t j = 0; j < count; j++) bias[j] += c->bias_scale * signal[u * m + j];
        }
    }
    return NTK_OK;
}

static ntk_status add_by_weights(const kernel_work *w, size_t l) {
    const convolution_layer *layer = &w->network->convolution->layer[l];
    const size_t K = w->network->outputs, m = w->network->width, step = band_rows(w, layer);
    const size_t rows = w->rows.batch->n * K, columns = other(w)->batch->n * K;
    for (size_t first = 0; first < m; first += step) {
        const size_t count = m - first < step ? m - first : step, size = count * (layer->patch + 1);
        NTK_TRY(form_band(w, &w->rows, l, first, count));
        if (w->symmetric) {
            NTK_TRY(ntk_syrk(rows, size, 1, w->rows.band, size, 1, w->kernel, w->ldk));
            continue;
        }
        NTK_TRY(form_band(w, &w->columns, l, first, count));
        NTK_TRY(ntk_gemm(NTK_NO_TRANSPOSE, NTK_TRANSPOSE, rows, columns, size, 1, w->rows.band, size,
                         w->columns.band, size, 1, w->kernel, w->ldk));
    }
    return NTK_OK;
}

/* ---- by positions ---------------------------------------------------------------------------- */

/* Inputs from `first` on. */
typedef struct {
    size_t first, count;
} block;

/* Inputs that share a matrix product: some hundred rows, and no more memory than those need. */
static size_t block_size(const kernel_work *w, const convolution_layer *layer) {
    const size_t K = w->network->outputs, N = layer->out;
    size_t most = BLOCK_ROWS / (K * N);
    if (most > PATCHES / (N * layer->patch)) most = PATCHES / (N * layer->patch);
    if (most > largest_batch(w)) most = largest_batch(w);
    return most < 1 ? 1 : most;
}

/* Kernel of inputs i of one block and j of the other, from the products of all of both. */
static void add_pair(const kernel_work *w, const convolution_layer *layer, block rows, block columns,
                     size_t i, size_t j) {
    const network_convolution *c = w->network->convolution;
    const size_t K = w->network->outputs, N = layer->out, ld = columns.count * N;
    const double b2 = w->network->has_bias ? c->bias_scale * c->bias_scale : 0;
    const double *positions = w->position_products + i * N * ld + j * N;
    for (size_t k = 0; k < K; k++)
        for (size_t k2 = 0; k2 < K; k2++) {
            const size_t row = (rows.first + i) * K + k, column = (columns.first + j) * K + k2;
            if (w->symmetric && column > row) continue;
            const double *products = w->products + (i * K + k) * N * K * ld + (j * K + k2) * N;
            double sum = 0;
            for (size_t u = 0; u < N; u++) {
                double part = 0;
                for (size_t v = 0; v < N; v++)
                    part += (positions[u * ld + v] + b2) * products[u * K * ld + v];
                sum += part;
            }
            w->kernel[row * w->ldk + column] += sum;
        }
}

/* The products of two blocks, whose patches stand ready. */
static ntk_status add_blocks(const kernel_work *w, size_t l, block rows, block columns) {
    const convolution_layer *layer = &w->network->convolution->layer[l];
    const size_t K = w->network->outputs, m = w->network->width, N = layer->out;
    const size_t a = rows.count * N, b = columns.count * N, step = K * N * m;
    NTK_TRY(ntk_gemm(NTK_NO_TRANSPOSE, NTK_TRANSPOSE, a, b, layer->patch,
                     layer->weight_scale * layer->weight_scale, w->patches, layer->patch, w->other_patches,
                     layer->patch, 0, w->position_products, b));
    NTK_TRY(ntk_gemm(NTK_NO_TRANSPOSE, NTK_TRANSPOSE, K * a, K * b, m, 1, w->rows.signal + rows.first * step,
                     m, other(w)->signal + columns.first * step, m, 0, w->products, K * b));
    for (size_t i = 0; i < rows.count; i++)
        for (size_t j = 0; j < columns.count; j++)
            if (!w->symmetric || columns.first + j <= rows.first + i) add_pair(w, layer, rows, columns, i, j);
    return NTK_OK;
}

static block gather_block(const kernel_work *w, const side *s, size_t l, size_t first, double *patches) {
    const convolution_layer *layer = &w->network->convolution->layer[l];
    const size_t size = block_size(w, layer), left = s->batch->n - first;
    const block b = {first, left < size ? left : size};
    for (size_t i = 0; i < b.count; i++)
        convolution_gather(layer, convolution_input(w->network, s->batch, s->x, l, first + i),
                           patches + i * layer->out * layer->patch);
    return b;
}

static ntk_status add_by_positions(const kernel_work *w, size_t l) {
    const size_t step = block_size(w, &w->network->convolution->layer[l]);
    for (size_t i = 0; i < w->rows.batch->n; i += step) {
        const block rows = gather_block(w, &w->rows, l, i, w->patches);
        for (size_t j = 0; j < (w->symmetric ? i + 1 : other(w)->batch->n); j += step)
            NTK_TRY(add_blocks(w, l, rows, gather_block(w, other(w), l, j, w->other_patches)));
    }
    return NTK_OK;
}

/* Multiplications of either way. */
static bool positions_are_cheaper(const kernel_work *w, const convolution_layer *layer) {
    const double n = (double)w->rows.batch->n, q = (double)other(w)->batch->n,
                 K = (double)w->network->outputs;
    const double m = (double)w->network->width, N = (double)layer->out, patch = (double)layer->patch;
    const double pairs = w->symmetric ? 0.5 * n * (n + 1) : n * q, sides = w->symmetric ? n : n + q;
    return pairs * N * N * (patch + K * K * m) < sides * K * N * m * patch + pairs * K * K * m * patch;
}

/* ---- the kernel ------------------------------------------------------------------------------ */

/* Kernel <- (s^2 <features_i, features_j> + b^2) (x) I_K, its lower triangle where it is symmetric.
 */
static ntk_status start_with_readout(const kernel_work *w) {
    const network_convolution *c = w->network->convolution;
    const size_t n = w->rows.batch->n, q = other(w)->batch->n, K = w->network->outputs;
    convolution_features(w->network, w->rows.batch, 0, n, w->features);
    convolution_features(w->network, other(w)->batch, 0, q, w->other_features);
    NTK_TRY(ntk_gemm(NTK_NO_TRANSPOSE, NTK_TRANSPOSE, n, q, c->features, c->weight_scale * c->weight_scale,
                     w->features, c->features, w->other_features, c->features, 0, w->feature_products, q));
    const double b2 = w->network->has_bias ? c->output_bias_scale * c->output_bias_scale : 0;
    for (size_t r = 0; r < n * K; r++)
        for (size_t k = 0; k < (w->symmetric ? r + 1 : q * K); k++)
            w->kernel[r * w->ldk + k] = r % K == k % K ? w->feature_products[r / K * q + k / K] + b2 : 0;
    return NTK_OK;
}

static ntk_status add_layers(const kernel_work *w) {
    start_signals(w, &w->rows);
    if (!w->symmetric) start_signals(w, &w->columns);
    for (size_t l = w->network->convolution->depth; l-- > 0;) {
        through_phi(w, &w->rows, l);
        if (!w->symmetric) through_phi(w, &w->columns, l);
        NTK_TRY(positions_are_cheaper(w, &w->network->convolution->layer[l]) ? add_by_positions(w, l)
                                                                             : add_by_weights(w, l));
        if (l == 0) break;
        NTK_TRY(to_the_layer_below(w, &w->rows, l));
        if (!w->symmetric) NTK_TRY(to_the_layer_below(w, &w->columns, l));
    }
    return NTK_OK;
}

/* Doubles, refused where they do not fit. */
static ntk_status reserve(size_t a, size_t b, double **out) {
    size_t count = 0;
    if (!network_multiply_sizes(a, b, &count))
        return ntk_fail(NTK_ERROR_SHAPE, "tangent kernel: scratch of %zu x %zu numbers is too large", a, b);
    return ntk_allocate_doubles(count, out);
}

typedef struct {
    size_t signal, patches, products, positions, band; /* the largest of any layer */
} sizes;

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

static sizes find_sizes(const kernel_work *w) {
    const network_convolution *c = w->network->convolution;
    const size_t K = w->network->outputs;
    sizes s = {0};
    for (size_t l = 0; l < c->depth; l++) {
        const convolution_layer *layer = &c->layer[l];
        s.signal = larger(s.signal, layer->out * w->network->width);
        s.patches = larger(s.patches, layer->out * layer->patch);
        s.products = larger(s.products, layer->out * layer->patch);
        if (!positions_are_cheaper(w, layer)) {
            s.band = larger(s.band, band_rows(w, layer) * (layer->patch + 1));
            continue;
        }
        const size_t rows = block_size(w, layer) * layer->out;
        s.patches = larger(s.patches, rows * layer->patch);
        s.products = larger(s.products, K * rows * K * rows);
        s.positions = larger(s.positions, rows * rows);
    }
    return s;
}

static ntk_status reserve_side(const kernel_work *w, const sizes *size, side *s) {
    const size_t rows = s->batch->n * w->network->outputs;
    NTK_TRY(reserve(rows, w->network->convolution->widest, &s->above));
    NTK_TRY(reserve(rows, size->signal, &s->signal));
    return reserve(rows, size->band, &s->band);
}

static ntk_status reserve_work(kernel_work *w) {
    const sizes size = find_sizes(w);
    const size_t features = w->network->convolution->features;
    NTK_TRY(reserve_side(w, &size, &w->rows));
    if (!w->symmetric) NTK_TRY(reserve_side(w, &size, &w->columns));
    NTK_TRY(reserve(size.patches, 1, &w->patches));
    NTK_TRY(reserve(size.patches, 1, &w->other_patches));
    NTK_TRY(reserve(size.products, 1, &w->products));
    NTK_TRY(reserve(size.positions, 1, &w->position_products));
    NTK_TRY(reserve(w->rows.batch->n, features, &w->features));
    NTK_TRY(reserve(other(w)->batch->n, features, &w->other_features));
    return reserve(w->rows.batch->n, other(w)->batch->n, &w->feature_products);
}

static void release_work(kernel_work *w) {
    double *const memory[] = {w->rows.above,       w->rows.signal,  w->rows.band,      w->columns.above,
                              w->columns.signal,   w->columns.band, w->patches,        w->other_patches,
                              w->products,         w->features,     w->other_features, w->feature_products,
                              w->position_products};
    for (size_t k = 0; k < sizeof memory / sizeof *memory; k++) ntk_release(memory[k]);
}

ntk_status convolution_tangent_kernel(ntk_network *network, const double *theta, const network_batch *rows,
                                      const double *x, const network_batch *columns, const double *y,
                                      double *kernel, size_t ldk) {
    kernel_work w = {.network = network,
                     .theta = theta,
                     .rows = {.batch = rows, .x = x},
                     .columns = {.batch = columns, .x = y},
                     .symmetric = columns == NULL,
                     .kernel = kernel,
                     .ldk = ldk};
    ntk_status status = reserve_work(&w);
    if (status == NTK_OK) status = start_with_readout(&w);
    if (status == NTK_OK) status = add_layers(&w);
    if (status == NTK_OK && w.symmetric) ntk_symmetrise(rows->n * network->outputs, kernel, ldk);
    release_work(&w);
    return status;
}
