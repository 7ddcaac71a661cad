/* Walking over a matrix in tiles. */
#ifndef NTK_KERNEL_TILES_H
#define NTK_KERNEL_TILES_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/status.h>
#include <ntk/tiles.h>

/* Rows row .. row + rows and columns column .. column + columns of the lower triangle, leading
 * dimension `columns`. What stands right of column `row` belongs to the square on the diagonal, and
 * both its triangles are there. */
typedef struct ntk_tile {
    size_t row, rows, column, columns;
    size_t number; /* of the tile in its band, from the left */
    double *entries;
} ntk_tile;

/* A view of 2^-exponent times the matrix, which must stay; to be released. Entries that become
 * smaller than 2^-1022 are rounded, off by 2^-1075 at most. Errors: NTK_ERROR_MEMORY. */
ntk_status ntk_tiles_scale(const ntk_tiles *tiles, int exponent, ntk_tiles **view);
void ntk_tiles_release_scaled(ntk_tiles *view);

/* How many of the columns lie left of the square on the diagonal. */
static inline size_t ntk_tile_left(const ntk_tile *tile) {
    if (tile->column >= tile->row) return 0;
    return tile->column + tile->columns <= tile->row ? tile->columns : tile->row - tile->column;
}

typedef ntk_status (*ntk_tile_visit)(const ntk_tile *tile, void *context);

/* Bands of rows, from the top, and the tiles of one, at most. */
size_t ntk_tiles_bands(const ntk_tiles *tiles);
size_t ntk_tiles_most(const ntk_tiles *tiles);
size_t ntk_tiles_height(const ntk_tiles *tiles);

size_t ntk_tiles_in_band(const ntk_tiles *tiles, size_t band);

/* Whether its entries are computed when they are wanted. */
bool ntk_tiles_are_computed(const ntk_tiles *tiles);

/* The rows of a band. */
size_t ntk_tiles_band_row(const ntk_tiles *tiles, size_t band, size_t *rows);

/* Visit the tiles of a band, as units of ntk_map; the entries may be changed. */
ntk_status ntk_tiles_visit_band(const ntk_tiles *tiles, size_t band, ntk_tile_visit visit, void *context);

/* Any block of the matrix, from both triangles: out (rows, columns), leading dimension ldo. */
ntk_status ntk_tiles_read(const ntk_tiles *tiles, size_t row, size_t rows, size_t column, size_t columns,
                          double *out, size_t ldo);

/* Rows of the matrix, up to rounding and from both triangles: out (count, n). */
ntk_status ntk_tiles_rows(const ntk_tiles *tiles, size_t count, const size_t *index, double *out);

/* image = |Theta| v, entrywise absolute values; as ntk_tiles_apply. */
ntk_status ntk_tiles_apply_absolute(const ntk_tiles *tiles, size_t columns, const double *v, double *image);

#endif
