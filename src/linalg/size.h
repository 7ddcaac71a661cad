/* Ranges: size_t outside, BLAS's int inside. */
#ifndef NTK_LINALG_SIZE_H
#define NTK_LINALG_SIZE_H

#include <lapacke.h>
#include <stddef.h>

#include <ntk/status.h>

/* Of a stored (rows, columns) matrix: everything fits into lapack_int and ld >= columns. `what`
 * names the matrix in the message. */
ntk_status ntk_check_matrix(const char *what, size_t rows, size_t columns, size_t ld);

/* Leading dimension for BLAS, which wants at least 1 even of an empty matrix. Checked before. */
static inline lapack_int ntk_blas_ld(size_t ld) { return ld > 0 ? (lapack_int)ld : 1; }

#endif
