/* The rigorous half of the certificate, apart so that it can be given any factor. */
#ifndef NTK_CERTIFY_CHOLESKY_H
#define NTK_CERTIFY_CHOLESKY_H

#include <float.h>
#include <stddef.h>

#include <ntk/status.h>

/* At least the exact value of a non-negative expression computed as x in `roundings` roundings
 * (cholesky.c, Lemma 3). */
static inline double certify_inflate(double x, size_t roundings) {
    return x * (1 + (double)(roundings + 1) * DBL_EPSILON);
}

/* Matrices are (n, n), row-major, leading dimension n. */
typedef struct certify_workspace {
    double *matrix;    /* A, lower triangle; entries at most 2 in absolute value */
    double *factor;    /* L, its strict upper triangle 0; overwritten with |L| by the bound */
    double *residual;  /* fl(L L^T) */
    double *magnitude; /* fl(|L| |L|^T) */
    double *row_sums;  /* (n) */
} certify_workspace;

ntk_status certify_workspace_create(size_t n, certify_workspace *out);
void certify_workspace_release(certify_workspace *workspace);

/* An upper bound of ||L L^T - (A - shift I)||_2 for any finite lower triangular L, in *out;
 * infinite or NaN where the computation overflows. Errors: those of ntk_syrk. */
ntk_status certify_residual_bound(size_t n, double shift, const certify_workspace *workspace, double *out);

#endif
