/* A .npy matrix that is written in blocks, in any order, and that another process can go on with.
 *
 * The matrix is made under its name and ".part" (base/file_lasting.h). Beside it stands a journal,
 * ".part.journal": a line with the key of everything that decides the content, then a line for each
 * number of leading rows that are finished. A line is written when what it tells of is on the disk,
 * so that a crash of the machine does not leave a journal that is ahead of the matrix. */
#ifndef NTK_DATA_NPY_PART_H
#define NTK_DATA_NPY_PART_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/data.h>
#include <ntk/status.h>

#include "base/digest.h"

typedef struct ntk_npy_part ntk_npy_part;

/* resume: go on with what an ended process left; where there is nothing, or without, begin. The
 * space is taken from the disk at once, where the file system can. *finished: rows to be kept.
 * Errors: NTK_ERROR_IO, also for a full disk and where another process is writing it;
 * NTK_ERROR_FORMAT where what was left has another key or shape, and stays; NTK_ERROR_MEMORY. */
ntk_status ntk_npy_part_open(const char *path, ntk_npy_type type, size_t rows, size_t columns, ntk_digest key,
                             bool resume, ntk_npy_part **out, size_t *finished);

/* Rows row .. row + rows, columns column .. column + columns: a (rows, columns), leading dimension
 * lda; transposed: a (columns, rows). From any thread. Errors: NTK_ERROR_IO; NTK_ERROR_NOT_FINITE,
 * with the position, where an element is not finite or overflows float32; NTK_ERROR_MEMORY. */
ntk_status ntk_npy_part_write(ntk_npy_part *part, size_t row, size_t column, size_t rows, size_t columns,
                              const double *a, size_t lda);
ntk_status ntk_npy_part_write_transposed(ntk_npy_part *part, size_t row, size_t column, size_t rows,
                                         size_t columns, const double *a, size_t lda);

/* The first `rows` rows, as far as they depend on blocks written so far, need not be computed
 * again. Waits for the disk, but for no more than a twentieth of the time: a line may be left out.
 * Errors: NTK_ERROR_IO. */
ntk_status ntk_npy_part_finish_rows(ntk_npy_part *part, size_t rows);

/* Sync and rename; the journal goes. */
ntk_status ntk_npy_part_commit(ntk_npy_part *part);

/* Remove all traces; NULL is allowed. */
void ntk_npy_part_discard(ntk_npy_part *part);

#endif
