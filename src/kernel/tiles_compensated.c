/* Products with a matrix in tiles as if in twice the working precision, with a proved bound of
 * their error.
 *
 * Symbols. u = 2^-53; eta = 2^-1074, the smallest positive number; p_j = theta_ij v_jk; S = sum_j
 * |p_j|.
 *
 * A sum is a pair (s, r). A product is split without error into its rounded value and a rest, a b =
 * p + e (Dekker), and each number a is added to a pair by
 *
 *     s + a = t + d   without error (Knuth);     s <- t,   r <- fl(r + fl(d + e)).
 *
 * Two pairs are joined in the same way, with the second's r for e. Both transformations are exact
 * in rounding to nearest as long as nothing overflows or underflows; an e that underflows is off by
 * at most 5 eta (Ogita, Rump and Oishi 2005, section 2).
 *
 * Lemma. Let a pair be the sum of n products, joined from parts in any order. Then
 *
 *     | sum_j p_j - (s + r) | <= (2 (n + 2) u)^2 S + 10 n eta        for n u <= 2^-10.
 *
 * Proof. Without the rounding of r the pair is exact. Each |e| <= u |p_j|; each d is at most u
 * times a computed partial sum, at most u (1 + u)^n S, and there are fewer than n of them that are
 * not 0, the first sum to a pair and to a part being exact. So the terms of r have absolute values
 * of at most (n + 1) u (1 + u)^n S in all. A term passes through at most 2 n roundings on its way
 * into r: fl(d + e), one addition for each product that follows and one for each part. So the
 * rounding of r is at most gamma_2n (n + 1) u (1 + u)^n S, which (2 n)(n + 1) u^2 times 1.01
 * bounds.
 *
 * S <= max_j |v_jk| sum_j |theta_ij|, and that sum is formed beside the products: n additions of
 * non-negative numbers, so that (1 + 2 n u) times the computed one is an upper bound. */
#include <fenv.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/parallel.h>

#include "kernel/tiles.h"

static const double unit_roundoff = DBL_EPSILON / 2;

enum { MOST_WIDTH = 2048 }; /* of a tile, either way */

/* Sums stand column after column, (columns, n), so that the innermost loops run over rows. */
typedef struct compensated {
    size_t order, columns, height;
    const double *v;                          /* (n, columns) */
    double *sum, *rest, *absolute;            /* of the whole */
    double *part, *part_rest, *part_absolute; /* (tiles of a band, columns, height), (...,
                                               * height) */
} compensated;

/* ---- sums ------------------------------------------------------------------------------------ */

/* 2^27 + 1; exact for |x| below 2^996. */
static inline double high_half(double x) {
    const double shifted = 0x8000001p0 * x;
    return shifted - (shifted - x);
}

/* sum_j + rest_j += row_j x, for j < count; high and low: the halves of the row. */
static void add_multiples(size_t count, const double *row, const double *high, const double *low, double x,
                          double *sum, double *rest) {
    const double x_high = high_half(x), x_low = x - x_high;
#pragma omp simd
    for (size_t j = 0; j < count; j++) {
        const double product = row[j] * x;
        const double error =
            low[j] * x_low - (((product - high[j] * x_high) - low[j] * x_high) - high[j] * x_low);
        const double total = sum[j] + product, moved = total - sum[j];
        rest[j] += ((sum[j] - (total - moved)) + (product - moved)) + error;
        sum[j] = total;
    }
}

/* sum_j + rest_j += other_j + other_rest_j. */
static void add_pairs(size_t count, const double *other, const double *other_rest, double *sum,
                      double *rest) {
    for (size_t j = 0; j < count; j++) {
        const double total = sum[j] + other[j], moved = total - sum[j];
        rest[j] += ((sum[j] - (total - moved)) + (other[j] - moved)) + other_rest[j];
        sum[j] = total;
    }
}

/* For each row i of t (rows, count): to the sums (columns, stride) the multiple v_ik of the row,
 * and to absolute the row's absolute values. */
static void add_rows(const compensated *c, size_t rows, size_t count, const double *t, size_t ldt,
                     const double *v, double *sum, double *rest, size_t stride, double *absolute) {
    double high[MOST_WIDTH], low[MOST_WIDTH];
    for (size_t i = 0; i < rows; i++) {
        const double *row = t + i * ldt;
        for (size_t j = 0; j < count; j++) {
            high[j] = high_half(row[j]);
            low[j] = row[j] - high[j];
            absolute[j] += fabs(row[j]);
        }
        for (size_t k = 0; k < c->columns; k++)
            add_multiples(count, row, high, low, v[i * c->columns + k], sum + k * stride, rest + k * stride);
    }
}

/* ---- tiles ----------------------------------------------------------------------------------- */

static ntk_status check_rounding(void) {
    if (fegetround() == FE_TONEAREST) return NTK_OK;
    return ntk_fail(NTK_ERROR_UNSUPPORTED, "compensated products: the rounding mode is not to nearest");
}

/* Tiles are units of a map, each of which may have a rounding mode of its own (base/rounding.h). */
static ntk_status add_tile(const ntk_tile *t, void *context) {
    const compensated *c = context;
    NTK_TRY(check_rounding());
    const size_t part = t->number * c->columns * c->height;
    double *turned = NULL;
    NTK_TRY(ntk_allocate_doubles(t->rows * t->columns, &turned));
    for (size_t i = 0; i < t->rows; i++)
        for (size_t j = 0; j < t->columns; j++) turned[j * t->rows + i] = t->entries[i * t->columns + j];
    add_rows(c, t->columns, t->rows, turned, t->rows, c->v + t->column * c->columns, c->part + part,
             c->part_rest + part, c->height, c->part_absolute + t->number * c->height);
    add_rows(c, t->rows, ntk_tile_left(t), t->entries, t->columns, c->v + t->row * c->columns,
             c->sum + t->column, c->rest + t->column, c->order, c->absolute + t->column);
    ntk_release(turned);
    return NTK_OK;
}

static ntk_status add_band(const ntk_tiles *tiles, size_t band, compensated *c) {
    size_t rows;
    const size_t row = ntk_tiles_band_row(tiles, band, &rows), count = ntk_tiles_in_band(tiles, band);
    memset(c->part, 0, count * c->columns * c->height * sizeof *c->part);
    memset(c->part_rest, 0, count * c->columns * c->height * sizeof *c->part);
    memset(c->part_absolute, 0, count * c->height * sizeof *c->part);
    NTK_TRY(ntk_tiles_visit_band(tiles, band, add_tile, c));
    for (size_t number = 0; number < count; number++) {
        for (size_t k = 0; k < c->columns; k++) {
            const size_t from = (number * c->columns + k) * c->height, to = k * c->order + row;
            add_pairs(rows, c->part + from, c->part_rest + from, c->sum + to, c->rest + to);
        }
        for (size_t i = 0; i < rows; i++) c->absolute[row + i] += c->part_absolute[number * c->height + i];
    }
    return NTK_OK;
}

/* ---- the product ----------------------------------------------------------------------------- */

static void deliver(const compensated *c, double *high, double *low, double *error, double *row_sums) {
    const double steps = (double)(c->order + 2) * unit_roundoff;
    for (size_t i = 0; i < c->order; i++) row_sums[i] = c->absolute[i] * (1 + 4 * steps);
    for (size_t k = 0; k < c->columns; k++) {
        double largest = 0;
        for (size_t i = 0; i < c->order; i++) largest = ntk_larger(largest, fabs(c->v[i * c->columns + k]));
        for (size_t i = 0; i < c->order; i++) {
            high[i * c->columns + k] = c->sum[k * c->order + i];
            low[i * c->columns + k] = c->rest[k * c->order + i];
            error[i * c->columns + k] =
                4 * steps * steps * largest * row_sums[i] + (double)(c->order + 2) * DBL_MIN;
        }
    }
}

static ntk_status multiply(const ntk_tiles *tiles, compensated *c) {
    for (size_t band = 0; band < ntk_tiles_bands(tiles); band++) NTK_TRY(add_band(tiles, band, c));
    return NTK_OK;
}

ntk_status ntk_tiles_apply_compensated(const ntk_tiles *tiles, size_t columns, const double *v, double *high,
                                       double *low, double *error, double *row_sums) {
    NTK_TRY(check_rounding());
    compensated c = {
        .order = ntk_tiles_order(tiles), .columns = columns, .height = ntk_tiles_height(tiles), .v = v};
    const size_t whole = c.order * columns, most = ntk_tiles_most(tiles) * c.height;
    double *memory = NULL;
    NTK_TRY(ntk_allocate_doubles(2 * whole + c.order + 2 * most * columns + most, &memory));
    c.sum = memory;
    c.rest = c.sum + whole;
    c.absolute = c.rest + whole;
    c.part = c.absolute + c.order;
    c.part_rest = c.part + most * columns;
    c.part_absolute = c.part_rest + most * columns;
    const ntk_status status = multiply(tiles, &c);
    if (status == NTK_OK) deliver(&c, high, low, error, row_sums);
    ntk_release(memory);
    return status;
}
