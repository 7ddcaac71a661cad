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
 * a unit of a map. A part is a range of rows of W, or, where the sum is over those, of columns; of
 * inputs where there are more of them; for the gradient of a matrix that is short either way, of
 * the terms of the sum over the inputs, added up in their order. What is large, and where it is
 * cut, depends on the sizes alone. Each part packs what all of them read: 0.7 ns a number, where a
 * multiply-add takes 0.034, so that p parts of 1024 rows or columns cost 2 (p - 1) / p %. */
#include "network/network.h"

#include <ntk/linalg.h>
#include <ntk/memory.h>

#include "base/split.h"
#include "base/vector.h"

#define FEW_ROWS        32
#define BAND_OPERATIONS ((size_t)1 << 19)
#define BAND_RESULTS    ((size_t)1 << 10)
#define FEW_INPUT_ROWS  4
#define PART            ((size_t)1024) /* rows or columns: shorter ones pack too often */
#define MOST_SUMS       8              /* of which a gradient is made: they take memory */

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
    if (in <= NTK_VECTOR_FEW_INPUTS && p->n >= FEW_INPUT_ROWS && rows >= FEW_INPUT_ROWS) {
        ntk_vector_few_inputs(p->n, rows, in, layer->weight_scale, p->left,
                              p->theta + layer->weight + first * in, p->beta != 0, p->result + first, out);
        return NTK_OK;
    }
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
                         layer->weight_scale, p->left + r, out, p->right, in, 0.0, p->result + r * in, in));
    return NTK_OK;
}

/* ---- parts ----------------------------------------------------------------------------------- */

typedef ntk_status (*product_range)(const product *p, size_t first, size_t count);

typedef struct parts {
    const product *product;
    product_range compute;
    size_t count; /* rows or columns of W */
} parts;

/* Sizes are bounded: a layer's weights and its rows fit into memory. */
static bool is_large(const product *p) {
    return p->n * p->layer->fan_out * p->layer->fan_in >= NETWORK_SPLIT_OPERATIONS;
}

/* Two from 1536 rows or columns on, and an even number, for two cores, of at least PART. */
static size_t part_count(size_t count) {
    if (count < PART + PART / 2) return 1;
    return count < 2 * PART ? 2 : count / (2 * PART) * 2;
}

static ntk_status compute_part(size_t first, size_t count, void *context) {
    const parts *all = context;
    return all->compute(all->product, first, count);
}

/* In parts of rows or columns of W. */
static ntk_status compute(const product *p, size_t count, product_range range) {
    parts all = {.product = p, .compute = range};
    return ntk_split_range(count, is_large(p) ? part_count(count) : 1, compute_part, &all);
}

/* ---- parts of the inputs --------------------------------------------------------------------- */

/* Rows of `left`, and of the result. */
static ntk_status compute_inputs(size_t first, size_t n, void *context) {
    const parts *all = context;
    const network_layer *layer = all->product->layer;
    const bool back = all->compute == multiply_columns;
    product part = *all->product;
    part.n = n;
    part.left += first * (back ? layer->fan_out : layer->fan_in);
    part.result += first * (back ? layer->fan_in : layer->fan_out);
    return all->compute(&part, 0, all->count);
}

/* In parts along the longer side of the result. */
static ntk_status compute_longer(const product *p, size_t count, product_range range) {
    if (!is_large(p) || part_count(p->n) == 1 || p->n <= count) return compute(p, count, range);
    parts all = {.product = p, .compute = range, .count = count};
    return ntk_split_range(p->n, part_count(p->n), compute_inputs, &all);
}

ntk_status network_multiply(const network_layer *layer, const double *theta, size_t n, const double *a,
                            double beta, double *h) {
    const product p = {.layer = layer, .n = n, .theta = theta, .left = a, .beta = beta, .result = h};
    return compute_longer(&p, layer->fan_out, multiply_rows);
}

ntk_status network_multiply_back(const network_layer *layer, const double *theta, size_t rows,
                                 const double *signal, double beta, double *result) {
    const product p = {
        .layer = layer, .n = rows, .theta = theta, .left = signal, .beta = beta, .result = result};
    return compute_longer(&p, layer->fan_in, multiply_columns);
}

/* ---- the gradient ---------------------------------------------------------------------------- */

static ntk_status fill_columns(const product *p, size_t first, size_t columns) {
    const network_layer *layer = p->layer;
    const size_t in = layer->fan_in, out = layer->fan_out;
    return ntk_gemm(NTK_TRANSPOSE, NTK_NO_TRANSPOSE, out, columns, p->n, layer->weight_scale, p->left, out,
                    p->right + first, in, 0.0, p->result + first, in);
}

/* Sums over ranges of the inputs: the first one in the place of the gradient, then others. */
typedef struct sums {
    const product *product;
    size_t count;
    double *others; /* (count - 1, fan-out, fan-in) */
} sums;

static ntk_status fill_sum(size_t range, void *context) {
    const sums *s = context;
    const network_layer *layer = s->product->layer;
    const size_t first = ntk_range_begin(s->product->n, s->count, range);
    product part = *s->product;
    part.n = ntk_range_begin(s->product->n, s->count, range + 1) - first;
    part.left += first * layer->fan_out;
    part.right += first * layer->fan_in;
    if (range > 0) part.result = s->others + (range - 1) * layer->fan_out * layer->fan_in;
    return fill_rows(&part, 0, layer->fan_out);
}

static ntk_status add_sums(const product *p, size_t count) {
    const size_t size = p->layer->fan_out * p->layer->fan_in;
    sums s = {.product = p, .count = count};
    NTK_TRY(ntk_allocate_doubles((count - 1) * size, &s.others));
    const ntk_status status = ntk_split(count, fill_sum, &s);
    for (size_t k = 0; k + 1 < count && status == NTK_OK; k++)
        network_add(size, s.others + k * size, p->result);
    ntk_release(s.others);
    return status;
}

/* A sum written and added once more costs as much as packing: parts of twice as many terms. */
static size_t sum_count(size_t n) {
    const size_t count = n / (2 * PART) * 2;
    return count < MOST_SUMS ? count : MOST_SUMS;
}

ntk_status network_outer_product(const network_layer *layer, size_t n, const double *signal, const double *a,
                                 double *gradient) {
    const product p = {
        .layer = layer, .n = n, .left = signal, .right = a, .result = gradient + layer->weight};
    const size_t in = layer->fan_in, out = layer->fan_out;
    if (!is_large(&p) || n <= FEW_ROWS || part_count(out) > 1) return compute(&p, out, fill_rows);
    if (part_count(in) > 1) return compute(&p, in, fill_columns);
    return sum_count(n) > 1 ? add_sums(&p, sum_count(n)) : fill_rows(&p, 0, out);
}
