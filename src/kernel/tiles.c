#include "kernel/tiles.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <ntk/kernel.h>
#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/parallel.h>

#include "data/npy_blocks.h"

enum {
    HEIGHT = 256,     /* of a tile: those of gram.c, which are computed whole */
    FILE_WIDTH = 2048 /* wide where rows are read */
};

typedef enum source { MATRIX, KERNEL, FILE_BLOCKS } source;

struct ntk_tiles {
    source source;
    size_t order, width; /* of a tile: (HEIGHT, width) */
    const double *a;     /* a matrix in memory */
    size_t lda;
    ntk_kernel_blocks *blocks; /* a kernel that is computed */
    ntk_architecture architecture;
    ntk_kernel_type type;
    size_t d, ldx;
    const double *x;
    ntk_npy_blocks *file;
    int exponent; /* entries are those of the source times 2^-exponent */
};

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* ---- making ---------------------------------------------------------------------------------- */

static ntk_status allocate_tiles(source source, size_t n, ntk_tiles **out) {
    void *memory = NULL;
    NTK_TRY(ntk_allocate(1, sizeof(ntk_tiles), &memory));
    *out = memory;
    **out = (ntk_tiles){.source = source, .order = n, .width = source == FILE_BLOCKS ? FILE_WIDTH : HEIGHT};
    return NTK_OK;
}

ntk_status ntk_tiles_of_matrix(size_t n, const double *a, size_t lda, ntk_tiles **out) {
    *out = NULL;
    if (n == 0 || lda < n)
        return ntk_fail(NTK_ERROR_SHAPE, "a matrix of order %zu with leading dimension %zu", n, lda);
    NTK_TRY(allocate_tiles(MATRIX, n, out));
    (*out)->a = a;
    (*out)->lda = lda;
    return NTK_OK;
}

ntk_status ntk_tiles_of_kernel(const ntk_architecture *architecture, ntk_kernel_type type, size_t n, size_t d,
                               const double *x, size_t ldx, ntk_tiles **out) {
    *out = NULL;
    ntk_tiles *tiles = NULL;
    NTK_TRY(allocate_tiles(KERNEL, n, &tiles));
    tiles->architecture = *architecture;
    tiles->type = type;
    tiles->d = d, tiles->x = x, tiles->ldx = ldx;
    const ntk_status status =
        ntk_kernel_blocks_create(&tiles->architecture, type, n, n, d, x, ldx, NULL, 0, &tiles->blocks);
    if (status == NTK_OK)
        *out = tiles;
    else
        ntk_tiles_destroy(tiles);
    return status;
}

ntk_status ntk_tiles_of_file(const char *path, ntk_tiles **out) {
    ntk_npy_blocks *file = NULL;
    *out = NULL;
    NTK_TRY(ntk_npy_blocks_open(path, &file));
    const size_t n = ntk_npy_blocks_rows(file);
    ntk_status status = n == ntk_npy_blocks_columns(file)
                            ? allocate_tiles(FILE_BLOCKS, n, out)
                            : ntk_fail(NTK_ERROR_FORMAT, "%s: %zu x %zu, where a Gram matrix is square", path,
                                       n, ntk_npy_blocks_columns(file));
    if (status == NTK_OK)
        (*out)->file = file;
    else
        ntk_npy_blocks_close(file);
    return status;
}

void ntk_tiles_destroy(ntk_tiles *tiles) {
    if (tiles == NULL) return;
    ntk_kernel_blocks_destroy(tiles->blocks);
    ntk_npy_blocks_close(tiles->file);
    ntk_release(tiles);
}

ntk_status ntk_tiles_scale(const ntk_tiles *tiles, int exponent, ntk_tiles **view) {
    void *memory = NULL;
    *view = NULL;
    NTK_TRY(ntk_allocate(1, sizeof(ntk_tiles), &memory));
    *view = memory;
    **view = *tiles;
    (*view)->exponent += exponent;
    return NTK_OK;
}

void ntk_tiles_release_scaled(ntk_tiles *view) { ntk_release(view); }

size_t ntk_tiles_order(const ntk_tiles *tiles) { return tiles->order; }

/* ---- reading --------------------------------------------------------------------------------- */

static void scale_entries(const ntk_tiles *tiles, size_t rows, size_t columns, double *out, size_t ldo) {
    for (size_t i = 0; i < rows && tiles->exponent != 0; i++)
        for (size_t j = 0; j < columns; j++) out[i * ldo + j] = ldexp(out[i * ldo + j], -tiles->exponent);
}

static ntk_status read_source(const ntk_tiles *tiles, size_t row, size_t rows, size_t column, size_t columns,
                              double *out, size_t ldo) {
    if (tiles->source == KERNEL) return ntk_kernel_block(tiles->blocks, row, rows, column, columns, out, ldo);
    if (tiles->source == FILE_BLOCKS)
        return ntk_npy_blocks_read(tiles->file, row, rows, column, columns, out, ldo);
    for (size_t i = 0; i < rows; i++)
        memcpy(out + i * ldo, tiles->a + (row + i) * tiles->lda + column, columns * sizeof *out);
    return NTK_OK;
}

ntk_status ntk_tiles_read(const ntk_tiles *tiles, size_t row, size_t rows, size_t column, size_t columns,
                          double *out, size_t ldo) {
    NTK_TRY(read_source(tiles, row, rows, column, columns, out, ldo));
    scale_entries(tiles, rows, columns, out, ldo);
    return NTK_OK;
}

static ntk_status kernel_rows(const ntk_tiles *tiles, size_t count, const size_t *index, double *out) {
    double *points = NULL;
    NTK_TRY(ntk_allocate_doubles(count * tiles->d, &points));
    for (size_t i = 0; i < count; i++)
        memcpy(points + i * tiles->d, tiles->x + index[i] * tiles->ldx, tiles->d * sizeof *points);
    const ntk_status status =
        ntk_kernel_cross(&tiles->architecture, tiles->type, count, tiles->order, tiles->d, points, tiles->d,
                         tiles->x, tiles->ldx, out, tiles->order);
    ntk_release(points);
    if (status == NTK_OK) scale_entries(tiles, count, tiles->order, out, tiles->order);
    return status;
}

ntk_status ntk_tiles_rows(const ntk_tiles *tiles, size_t count, const size_t *index, double *out) {
    if (tiles->source == KERNEL) return kernel_rows(tiles, count, index, out);
    for (size_t i = 0; i < count; i++)
        NTK_TRY(ntk_tiles_read(tiles, index[i], 1, 0, tiles->order, out + i * tiles->order, tiles->order));
    return NTK_OK;
}

/* ---- walking --------------------------------------------------------------------------------- */

size_t ntk_tiles_bands(const ntk_tiles *tiles) { return (tiles->order + HEIGHT - 1) / HEIGHT; }
size_t ntk_tiles_most(const ntk_tiles *tiles) { return (tiles->order + tiles->width - 1) / tiles->width; }
size_t ntk_tiles_height(const ntk_tiles *tiles) { return smaller(HEIGHT, tiles->order); }

bool ntk_tiles_are_computed(const ntk_tiles *tiles) { return tiles->source == KERNEL; }

size_t ntk_tiles_band_row(const ntk_tiles *tiles, size_t band, size_t *rows) {
    const size_t row = band * HEIGHT;
    *rows = smaller(HEIGHT, tiles->order - row);
    return row;
}

size_t ntk_tiles_in_band(const ntk_tiles *tiles, size_t band) {
    size_t rows;
    const size_t row = ntk_tiles_band_row(tiles, band, &rows);
    return (row + rows + tiles->width - 1) / tiles->width;
}

typedef struct band_walk {
    const ntk_tiles *tiles;
    size_t row, rows;
    ntk_tile_visit visit;
    void *context;
} band_walk;

/* The lower triangle counts. The square on the diagonal stands in one tile, since widths are
 * multiples of the height. */
static void mirror_square(const ntk_tile *t) {
    const size_t left = ntk_tile_left(t);
    if (left == t->columns) return;
    double *square = t->entries + left;
    for (size_t i = 0; i < t->rows; i++)
        for (size_t j = 0; j < i; j++) square[j * t->columns + i] = square[i * t->columns + j];
}

static ntk_status check_finite(const ntk_tile *t) {
    if (ntk_all_finite(t->rows * t->columns, t->entries)) return NTK_OK;
    for (size_t k = 0; k < t->rows * t->columns; k++)
        if (!isfinite(t->entries[k]))
            return ntk_fail(NTK_ERROR_NOT_FINITE, "the Gram matrix: row %zu, column %zu (from 0) is %g",
                            t->row + k / t->columns, t->column + k % t->columns, t->entries[k]);
    return NTK_OK;
}

static ntk_status visit_unit(size_t unit, void *context) {
    const band_walk *w = context;
    ntk_tile t = {.row = w->row, .rows = w->rows, .number = unit, .column = unit * w->tiles->width};
    t.columns = smaller(w->tiles->width, w->row + w->rows - t.column);
    NTK_TRY(ntk_allocate_doubles(t.rows * t.columns, &t.entries));
    ntk_status status = ntk_tiles_read(w->tiles, t.row, t.rows, t.column, t.columns, t.entries, t.columns);
    if (status == NTK_OK) mirror_square(&t);
    if (status == NTK_OK) status = check_finite(&t);
    if (status == NTK_OK) status = w->visit(&t, w->context);
    ntk_release(t.entries);
    return status;
}

ntk_status ntk_tiles_visit_band(const ntk_tiles *tiles, size_t band, ntk_tile_visit visit, void *context) {
    band_walk w = {.tiles = tiles, .visit = visit, .context = context};
    w.row = ntk_tiles_band_row(tiles, band, &w.rows);
    return ntk_map(ntk_tiles_in_band(tiles, band), visit_unit, &w);
}
