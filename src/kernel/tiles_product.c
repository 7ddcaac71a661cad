/* What is asked of a whole matrix in tiles: its diagonal, whether it is one, products. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/parallel.h>

#include "kernel/tiles.h"

/* ---- diagonal -------------------------------------------------------------------------------- */

ntk_status ntk_tiles_diagonal(const ntk_tiles *tiles, double *diagonal) {
    double *square = NULL;
    ntk_status status = ntk_allocate_doubles(ntk_tiles_height(tiles) * ntk_tiles_height(tiles), &square);
    for (size_t band = 0; band < ntk_tiles_bands(tiles) && status == NTK_OK; band++) {
        size_t rows;
        const size_t row = ntk_tiles_band_row(tiles, band, &rows);
        status = ntk_tiles_read(tiles, row, rows, row, rows, square, rows);
        for (size_t i = 0; i < rows && status == NTK_OK; i++) {
            diagonal[row + i] = square[i * rows + i];
            if (!isfinite(diagonal[row + i]))
                status = ntk_fail(NTK_ERROR_NOT_FINITE, "the Gram matrix: row %zu, column %zu (from 0) is %g",
                                  row + i, row + i, diagonal[row + i]);
        }
    }
    ntk_release(square);
    return status;
}

/* ---- is it a Gram matrix? -------------------------------------------------------------------- */

typedef struct examination {
    const ntk_tiles *tiles;
    const double *roots; /* (n), of the diagonal */
    double difference, excess;
} examination;

/* What roundings of a known size may have done is told with that size. */
static ntk_status refuse_entry(const examination *e, size_t i, size_t j, double entry) {
    const double off = (fabs(entry) / e->roots[i] / e->roots[j] - 1) / 2;
    char hint[100] = "";
    if (off <= 0x1p-24 * (1 + 1e-6))
        snprintf(hint, sizeof hint, " (entries rounded to float32 want an entry_error of 6e-8)");
    else if (off <= 1e-3)
        snprintf(hint, sizeof hint, " (entries that are off want an entry_error of %.2g)", 1.01 * off);
    return ntk_fail(NTK_ERROR_NOT_POSITIVE_DEFINITE,
                    "the Gram matrix: row %zu, column %zu (from 0) is %.17g, more than its diagonals %.17g "
                    "and %.17g allow%s",
                    i, j, entry, e->roots[i] * e->roots[i], e->roots[j] * e->roots[j], hint);
}

static ntk_status examine_entry(const examination *e, size_t i, size_t j, double below, double above) {
    const double scale = e->roots[i] * e->roots[j];
    if (!isfinite(above))
        return ntk_fail(NTK_ERROR_NOT_FINITE, "the Gram matrix: row %zu, column %zu (from 0) is %g", j, i,
                        above);
    if (!(fabs(below - above) <= e->difference * scale))
        return ntk_fail(NTK_ERROR_ARGUMENT,
                        "the Gram matrix is not symmetric: row %zu, column %zu (from 0) is %.17g, row %zu, "
                        "column %zu is %.17g",
                        i, j, below, j, i, above);
    if (!(fabs(below) <= (1 + e->excess) * scale)) return refuse_entry(e, i, j, below);
    return NTK_OK;
}

static ntk_status examine_tile(const ntk_tile *t, void *context) {
    const examination *e = context;
    double *mirrored = NULL;
    NTK_TRY(ntk_allocate_doubles(t->rows * t->columns, &mirrored));
    ntk_status status = ntk_tiles_read(e->tiles, t->column, t->columns, t->row, t->rows, mirrored, t->rows);
    for (size_t i = 0; i < t->rows; i++)
        for (size_t j = 0; j < t->columns && t->column + j <= t->row + i && status == NTK_OK; j++)
            status = examine_entry(e, t->row + i, t->column + j, t->entries[i * t->columns + j],
                                   mirrored[j * t->rows + i]);
    ntk_release(mirrored);
    return status;
}

static ntk_status examine(const ntk_tiles *tiles, double entry_error, double *roots) {
    const examination e = {.tiles = tiles,
                           .roots = roots,
                           .difference = ntk_larger(2e-13, 2 * entry_error),
                           .excess = ntk_larger(1e-12, 2 * entry_error)};
    NTK_TRY(ntk_tiles_diagonal(tiles, roots));
    for (size_t i = 0; i < ntk_tiles_order(tiles); i++) {
        if (!(roots[i] >= 0))
            return ntk_fail(NTK_ERROR_NOT_POSITIVE_DEFINITE,
                            "the Gram matrix: row %zu, column %zu (from 0) is %g, and negative", i, i,
                            roots[i]);
        roots[i] = sqrt(roots[i]);
    }
    for (size_t band = 0; band < ntk_tiles_bands(tiles); band++)
        NTK_TRY(ntk_tiles_visit_band(tiles, band, examine_tile, (void *)&e));
    return NTK_OK;
}

ntk_status ntk_tiles_check(const ntk_tiles *tiles, double entry_error) {
    double *roots = NULL;
    if (!(entry_error >= 0))
        return ntk_fail(NTK_ERROR_ARGUMENT, "entries of a Gram matrix that are off by %g", entry_error);
    if (ntk_tiles_are_computed(tiles)) return NTK_OK;
    NTK_TRY(ntk_allocate_doubles(ntk_tiles_order(tiles), &roots));
    const ntk_status status = examine(tiles, entry_error, roots);
    ntk_release(roots);
    return status;
}

/* ---- products -------------------------------------------------------------------------------- */

typedef struct product {
    size_t columns, height;
    const double *v;
    double *image;
    double *parts; /* (tiles of a band, height, columns): what each adds to the band's own rows */
    bool absolute; /* |Theta| for Theta */
} product;

/* C <- alpha op(A) B + beta C, where B has few columns. */
static ntk_status multiply(ntk_transpose transpose, size_t m, size_t k, const double *a, size_t lda,
                           const double *b, size_t columns, double beta, double *c) {
    if (columns == 1)
        return transpose == NTK_TRANSPOSE ? ntk_gemv(transpose, k, m, 1, a, lda, b, beta, c)
                                          : ntk_gemv(transpose, m, k, 1, a, lda, b, beta, c);
    return ntk_gemm(transpose, NTK_NO_TRANSPOSE, m, columns, k, 1, a, lda, b, columns, beta, c, columns);
}

/* The rows above the band, which mirror what is left of the square, are each touched by one
 * tile. */
static ntk_status multiply_tile(const ntk_tile *t, void *context) {
    const product *p = context;
    const size_t left = ntk_tile_left(t), at = t->column * p->columns;
    for (size_t k = 0; p->absolute && k < t->rows * t->columns; k++) t->entries[k] = fabs(t->entries[k]);
    NTK_TRY(multiply(NTK_NO_TRANSPOSE, t->rows, t->columns, t->entries, t->columns, p->v + at, p->columns, 0,
                     p->parts + t->number * p->height * p->columns));
    if (left == 0) return NTK_OK;
    return multiply(NTK_TRANSPOSE, left, t->rows, t->entries, t->columns, p->v + t->row * p->columns,
                    p->columns, 1, p->image + at);
}

static ntk_status multiply_bands(const ntk_tiles *tiles, product *p) {
    for (size_t band = 0; band < ntk_tiles_bands(tiles); band++) {
        size_t rows;
        const size_t row = ntk_tiles_band_row(tiles, band, &rows);
        const size_t count = ntk_tiles_in_band(tiles, band);
        NTK_TRY(ntk_tiles_visit_band(tiles, band, multiply_tile, p));
        for (size_t number = 0; number < count; number++)
            for (size_t k = 0; k < rows * p->columns; k++)
                p->image[row * p->columns + k] += p->parts[number * p->height * p->columns + k];
    }
    return NTK_OK;
}

static ntk_status apply(const ntk_tiles *tiles, size_t columns, const double *v, double *image,
                        bool absolute) {
    product p = {
        .columns = columns, .height = ntk_tiles_height(tiles), .v = v, .image = image, .absolute = absolute};
    NTK_TRY(ntk_allocate_doubles(ntk_tiles_most(tiles) * p.height * columns, &p.parts));
    memset(image, 0, ntk_tiles_order(tiles) * columns * sizeof *image);
    const ntk_status status = multiply_bands(tiles, &p);
    ntk_release(p.parts);
    return status;
}

ntk_status ntk_tiles_apply(const ntk_tiles *tiles, size_t columns, const double *v, double *image) {
    return apply(tiles, columns, v, image, false);
}

ntk_status ntk_tiles_apply_absolute(const ntk_tiles *tiles, size_t columns, const double *v, double *image) {
    return apply(tiles, columns, v, image, true);
}
