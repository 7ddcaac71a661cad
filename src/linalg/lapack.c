/* Factorisations and eigenvalues.
 *
 * LAPACK is column-major. LAPACKE's row-major entry copies and transposes the matrix twice; here
 * the column-major routine is called on the same memory with the other triangle instead. Row-major
 * storage of A is column-major storage of A^T = A, its lower triangle becomes the upper one, and
 *
 *   A = U^T U, U upper, column-major   is   A = L L^T, L = U^T lower, row-major. */
#include <ntk/linalg.h>

#include <cblas.h>
#include <math.h>

#include <ntk/memory.h>

#include "linalg/size.h"

/* OpenBLAS compares a pivot with `pivot <= 0`, which a NaN passes. Any NaN or infinity in row i of
 * A reaches the pivot L_ii = sqrt(A_ii - sum_k L_ik^2), so looking at the diagonal is enough. */
static ntk_status check_pivots(size_t n, const double *l, size_t ldl) {
    for (size_t i = 0; i < n; i++)
        if (!(isfinite(l[i * ldl + i]) && l[i * ldl + i] > 0))
            return ntk_fail(NTK_ERROR_NOT_FINITE, "Cholesky: pivot %zu of %zu is %g", i + 1, n,
                            l[i * ldl + i]);
    return NTK_OK;
}

ntk_status ntk_cholesky(size_t n, double *a, size_t lda) {
    NTK_TRY(ntk_check_matrix("Cholesky, A", n, n, lda));
    if (n == 0) return NTK_OK;
    /* The _work entry leaves out LAPACKE's search for NaN, a pass over the matrix. */
    const lapack_int info = LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'U', (lapack_int)n, a, ntk_blas_ld(lda));
    if (info < 0) return ntk_fail(NTK_ERROR_LIBRARY, "dpotrf refuses its argument %d", (int)-info);
    if (info > 0)
        return ntk_fail(NTK_ERROR_NOT_POSITIVE_DEFINITE,
                        "Cholesky: the leading minor of order %d of %zu is not positive", (int)info, n);
    return check_pivots(n, a, lda);
}

static void solve_triangular(CBLAS_TRANSPOSE transpose, size_t n, size_t columns, const double *l, size_t ldl,
                             double *b, size_t ldb) {
    cblas_dtrsm(CblasRowMajor, CblasLeft, CblasLower, transpose, CblasNonUnit, (lapack_int)n,
                (lapack_int)columns, 1.0, l, ntk_blas_ld(ldl), b, ntk_blas_ld(ldb));
}

ntk_status ntk_cholesky_solve(size_t n, size_t columns, const double *l, size_t ldl, double *b, size_t ldb) {
    NTK_TRY(ntk_check_matrix("Cholesky solve, L", n, n, ldl));
    NTK_TRY(ntk_check_matrix("Cholesky solve, B", n, columns, ldb));
    solve_triangular(CblasNoTrans, n, columns, l, ldl, b, ldb);
    solve_triangular(CblasTrans, n, columns, l, ldl, b, ldb);
    return NTK_OK;
}

ntk_status ntk_triangular_solve(ntk_transpose transpose, size_t n, size_t columns, const double *l,
                                size_t ldl, double *b, size_t ldb) {
    NTK_TRY(ntk_check_matrix("triangular solve, L", n, n, ldl));
    NTK_TRY(ntk_check_matrix("triangular solve, B", n, columns, ldb));
    solve_triangular(transpose == NTK_TRANSPOSE ? CblasTrans : CblasNoTrans, n, columns, l, ldl, b, ldb);
    return NTK_OK;
}

/* --- eigenvalues ------------------------------------------------------------------------------ */

/* dsyevd's workspace of 1 + 6 n + 2 n^2 doubles is counted in lapack_int. */
enum { MAX_EIGENVECTORS = 32764 };

/* dsyevd does not terminate, or gives nonsense, on input that is not finite. */
static ntk_status check_lower_triangle(size_t n, const double *a, size_t lda) {
    for (size_t i = 0; i < n; i++)
        if (!ntk_all_finite(i + 1, a + i * lda))
            return ntk_fail(NTK_ERROR_NOT_FINITE, "eigenvalues: row %zu of %zu is not finite", i + 1, n);
    return NTK_OK;
}

/* In place and in tiles: a column's elements lie a row apart, and a tile keeps both its rows and
 * its mirror image's in the cache. */
static void transpose_square(size_t n, double *a, size_t lda) {
    enum { TILE = 32 };
    for (size_t i0 = 0; i0 < n; i0 += TILE)
        for (size_t j0 = 0; j0 <= i0; j0 += TILE)
            for (size_t i = i0; i < n && i < i0 + TILE; i++)
                for (size_t j = j0; j < i && j < j0 + TILE; j++) {
                    const double kept = a[i * lda + j];
                    a[i * lda + j] = a[j * lda + i];
                    a[j * lda + i] = kept;
                }
}

/* With a workspace of our own: LAPACKE prints a line where it has no memory for one. */
static ntk_status run_dsyevd(size_t n, double *a, size_t lda, bool vectors, double *values,
                             lapack_int *info) {
    const char job = vectors ? 'V' : 'N';
    double size;
    lapack_int integer_size;
    *info = LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, job, 'U', (lapack_int)n, a, ntk_blas_ld(lda), values, &size,
                                -1, &integer_size, -1);
    if (*info != 0) return NTK_OK;
    double *work;
    void *integers;
    NTK_TRY(ntk_allocate_doubles((size_t)size, &work));
    const ntk_status status = ntk_allocate((size_t)integer_size, sizeof(lapack_int), &integers);
    if (status == NTK_OK)
        *info = LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, job, 'U', (lapack_int)n, a, ntk_blas_ld(lda), values,
                                    work, (lapack_int)size, integers, integer_size);
    ntk_release(integers);
    ntk_release(work);
    return status;
}

ntk_status ntk_eigen_symmetric(size_t n, double *a, size_t lda, bool vectors, double *values) {
    NTK_TRY(ntk_check_matrix("eigenvalues, A", n, n, lda));
    if (vectors && n > MAX_EIGENVECTORS)
        return ntk_fail(NTK_ERROR_SHAPE, "eigenvectors of order %zu: the workspace exceeds lapack_int", n);
    if (n == 0) return NTK_OK;
    NTK_TRY(check_lower_triangle(n, a, lda));
    lapack_int info;
    NTK_TRY(run_dsyevd(n, a, lda, vectors, values, &info));
    if (info < 0) return ntk_fail(NTK_ERROR_LIBRARY, "dsyevd refuses its argument %d", (int)-info);
    if (info > 0)
        return ntk_fail(NTK_ERROR_NO_CONVERGENCE, "eigenvalues of order %zu: dsyevd returns %d", n,
                        (int)info);
    /* Column-major columns are row-major rows. */
    if (vectors) transpose_square(n, a, lda);
    return NTK_OK;
}
