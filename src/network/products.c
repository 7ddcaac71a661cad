/* The three products with the weights W (fan-out, fan-in) of a layer that everything here is made
 * of.
 *
 * With few rows on the other side such a product is bound by memory: it reads (or, for the
 * gradient, writes) fan-out x fan-in numbers and does little with each. One call would then pack W
 * into a copy, or clear the whole gradient before adding to it. W is walked in bands of its rows
 * instead, small enough for BLAS's kernels without packing and for a band to be still in cache when
 * it is touched again: 1.5 to 1.8 times faster with AVX-512 at 8 rows, no slower on kernels without
 * that. Bands depend on the sizes alone, so the bits do.
 *
 * The product with W^T needs bands that are narrower still: OpenBLAS takes its kernels without
 * packing for it only up to some 1200 numbers of the result (two to three times faster at 8 rows
 * and 256 x 256 weights; kernels that always pack lose 15 % at 32 rows and nothing at 8).
 *
 * A large product is split into parts, which run on all workers where the network is not itself in
 * a unit of a map. A part is a range of rows of W, or, where the sum is over those, of columns.
 * What is large, and where it is cut, depends on the sizes alone. */
#include "network/network.h"

#include <ntk/linalg.h>

#include "base/split.h"

#define FEW_ROWS         32
#define BAND_OPERATIONS  ((size_t)1 << 19)
#define BAND_RESULTS     ((size_t)1 << 10)
#define SPLIT_OPERATIONS ((size_t)1 << 23) /* from here on: some 0.3 ms */
#define PART             1024              /* rows or columns of W: shorter ones pack too often */

/* One of the three products: matrices beside W, in their order as arguments. */
typedef struct product {
    const network_layer *layer;
    size_t n;
    const double *theta, *left, *right;
    double beta, *result;
} product;

/* Rows of W that one call takes beside a matrix of n rows; `columns` of them. */
static size_t band_rows(size_t n, size_t rows, size_t columns) {
    if (n > FEW_ROWS) return rows;
    const size_t band = BAND_OPERATIONS / n / columns;
    return band < 8 ? 8 : band;
}

/* The same for the product with W^T. */
static size_t transposed_band_rows(size_t n, size_t rows, size_t columns) {
    const size_t band = band_rows(n, rows, columns);
    return n > FEW_ROWS || band * n <= BAND_RESULTS ? band : BAND_RESULTS / n;
}

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* Rows first .. first + rows - 1 of W. */
static ntk_status multiply_rows(const product *p, size_t first, size_t rows) {
    const network_layer *layer = p->layer;
    const size_t in = layer->fan_in, out = layer->fan_out, band = transposed_band_rows(p->n, rows, in);
    for (size_t r = first; r < first + rows; r += band)
        NTK_TRY(ntk_gemm(NTK_NO_TRANSPOSE, NTK_TRANSPOSE, p->n, smaller(band, first + rows - r), in,
                         layer->weight_scale, p->left, in, p->theta + layer->weight + r * in, in, p->beta,
                         p->result + r, out));
    return NTK_OK;
}

/* Columns first .. first + columns - 1 of W. */
static ntk_status multiply_columns(const product *p, size_t first, size_t columns) {
    const network_layer *layer = p->layer;
    const size_t in = layer->fan_in, out = layer->fan_out, band = band_rows(p->n, out, columns);
    for (size_t r = 0; r < out; r += band)
        NTK_TRY(ntk_gemm(NTK_NO_TRANSPOSE, NTK_NO_TRANSPOSE, p->n, columns, smaller(band, out - r),
                         layer->weight_scale, p->left + r, out, p->theta + layer->weight + r * in + first, in,
                         r == 0 ? p->beta : 1.0, p->result + first, in));
    return NTK_OK;
}

static ntk_status fill_rows(const product *p, size_t first, size_t rows) {
    const network_layer *layer = p->layer;
    const size_t in = layer->fan_in, out = layer->fan_out, band = band_rows(p->n, rows, in);
    for (size_t r = first; r < first + rows; r += band)
        NTK_TRY(ntk_gemm(NTK_TRANSPOSE, NTK_NO_TRANSPOSE, smaller(band, first + rows - r), in, p->n,
                         layer->weight_scale, p->left + r, out, p->right, in, 0.0,
                         p->result + layer->weight + r * in, in));
    return NTK_OK;
}

/* ---- parts ----------------------------------------------------------------------------------- */

typedef struct parts {
    const product *product;
    ntk_status (*compute)(const product *p, size_t first, size_t count);
    size_t count; /* rows or columns, of all parts */
} parts;

static ntk_status compute_part(size_t part, void *context) {
    const parts *all = context;
    const size_t first = part * PART;
    return all->compute(all->product, first, smaller(PART, all->count - first));
}

/* Sizes are bounded: a layer's weights and its rows fit into memory. */
static ntk_status compute(const product *p, size_t count,
                          ntk_status (*range)(const product *p, size_t first, size_t count)) {
    if (p->n * p->layer->fan_out * p->layer->fan_in < SPLIT_OPERATIONS) return range(p, 0, count);
    parts all = {.product = p, .compute = range, .count = count};
    return ntk_split((count + PART - 1) / PART, compute_part, &all);
}

ntk_status network_multiply(const network_layer *layer, const double *theta, size_t n, const double *a,
                            double beta, double *h) {
    const product p = {.layer = layer, .n = n, .theta = theta, .left = a, .beta = beta, .result = h};
    return compute(&p, layer->fan_out, multiply_rows);
}

ntk_status network_multiply_back(const network_layer *layer, const double *theta, size_t rows,
                                 const double *signal, double beta, double *result) {
    const product p = {
        .layer = layer, .n = rows, .theta = theta, .left = signal, .beta = beta, .result = result};
    return compute(&p, layer->fan_in, multiply_columns);
}

ntk_status network_outer_product(const network_layer *layer, size_t n, const double *signal, const double *a,
                                 double *gradient) {
    const product p = {.layer = layer, .n = n, .left = signal, .right = a, .result = gradient};
    return compute(&p, layer->fan_out, fill_rows);
}
