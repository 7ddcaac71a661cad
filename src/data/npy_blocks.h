/* A .npy matrix that is read in blocks, by position: one that does not fit into memory. */
#ifndef NTK_DATA_NPY_BLOCKS_H
#define NTK_DATA_NPY_BLOCKS_H

#include <stddef.h>

#include <ntk/status.h>

typedef struct ntk_npy_blocks ntk_npy_blocks;

/* A regular file of two axes in C order, of any type that ntk_array_read takes; its size must be
 * the one that the header tells. Errors: NTK_ERROR_IO; NTK_ERROR_FORMAT, with what to do;
 * NTK_ERROR_MEMORY. */
ntk_status ntk_npy_blocks_open(const char *path, ntk_npy_blocks **out);

/* NULL is allowed. */
void ntk_npy_blocks_close(ntk_npy_blocks *file);

const char *ntk_npy_blocks_path(const ntk_npy_blocks *file);
size_t ntk_npy_blocks_rows(const ntk_npy_blocks *file);
size_t ntk_npy_blocks_columns(const ntk_npy_blocks *file);

/* Rows row .. row + rows, columns column .. column + columns, which must be in the matrix. out:
 * (rows, columns), leading dimension ldo. From any thread. Errors: NTK_ERROR_IO, also where the
 * file has changed since it was opened (its size or the time of its last change, which writes set
 * and stores through a mapping may not); NTK_ERROR_MEMORY. */
ntk_status ntk_npy_blocks_read(const ntk_npy_blocks *file, size_t row, size_t rows, size_t column,
                               size_t columns, double *out, size_t ldo);

#endif
