/* The range of a positive semi-definite matrix that is known to rounding, and its
 * pseudo-inverse. */
#ifndef NTK_INFERENCE_RANGE_H
#define NTK_INFERENCE_RANGE_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/linalg.h>
#include <ntk/status.h>

/* Theta = D^{-1} V diag(values) V^T D^{-1}, D = diag(2^k_i) with the diagonal of D Theta D in [1/2,
 * 2), or 0. What is known of an eigenvalue of D Theta D is known to `rounding`; those below are
 * taken for 0. */
typedef struct ntk_range {
    size_t order, rank;
    double rounding;
    double smallest; /* the smallest eigenvalue of D Theta D, as computed */
    double *values;  /* (rank), ascending */
    double *vectors; /* (order, rank), V */
    double *scale;   /* (order), 2^k_i */
    void *memory;
} ntk_range;

/* matrix: (order, order), full symmetric. Errors: NTK_ERROR_MEMORY, those of
 * ntk_eigen_symmetric. */
ntk_status ntk_range_create(size_t order, const double *matrix, ntk_range *out);
void ntk_range_release(ntk_range *range);

/* True where the matrix has a negative direction that rounding does not explain. */
bool ntk_range_is_indefinite(const ntk_range *range);

/* x = D (D Theta D)^+ D b: of all x with Theta x = b, if there are any, the one of least ||D^{-1}
 * x||. b, x: (order, columns), which may be the same. */
ntk_status ntk_range_solve(const ntk_range *range, size_t columns, const double *b, double *x);

/* Of the matrix restricted to what is left of it: with W = diag(values)^{-1/2} V^T D, out = W b, of
 * which rows beyond the rank are 0, and out = W^T b, which reads the first `rank` rows. b, out:
 * (order, columns), which may be the same. root: (order, order), columns beyond the rank 0, root
 * root^T = the matrix. */
ntk_status ntk_range_whiten(const ntk_range *range, ntk_transpose transpose, size_t columns, const double *b,
                            double *out);
void ntk_range_root(const ntk_range *range, double *root);

#endif
