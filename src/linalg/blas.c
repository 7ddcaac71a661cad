#include <ntk/linalg.h>

#include <cblas.h>

#include "linalg/size.h"

static CBLAS_TRANSPOSE blas_transpose(ntk_transpose transpose) {
    return transpose == NTK_TRANSPOSE ? CblasTrans : CblasNoTrans;
}

/* op(A) is (rows, columns); A as stored has them swapped under NTK_TRANSPOSE. */
static ntk_status check_operand(const char *what, ntk_transpose transpose, size_t rows, size_t columns,
                                size_t ld) {
    return transpose == NTK_TRANSPOSE ? ntk_check_matrix(what, columns, rows, ld)
                                      : ntk_check_matrix(what, rows, columns, ld);
}

ntk_status ntk_gemm(ntk_transpose transpose_a, ntk_transpose transpose_b, size_t m, size_t n, size_t k,
                    double alpha, const double *a, size_t lda, const double *b, size_t ldb, double beta,
                    double *c, size_t ldc) {
    NTK_TRY(check_operand("gemm, A", transpose_a, m, k, lda));
    NTK_TRY(check_operand("gemm, B", transpose_b, k, n, ldb));
    NTK_TRY(ntk_check_matrix("gemm, C", m, n, ldc));
    cblas_dgemm(CblasRowMajor, blas_transpose(transpose_a), blas_transpose(transpose_b), (lapack_int)m,
                (lapack_int)n, (lapack_int)k, alpha, a, ntk_blas_ld(lda), b, ntk_blas_ld(ldb), beta, c,
                ntk_blas_ld(ldc));
    return NTK_OK;
}

ntk_status ntk_syrk(size_t n, size_t k, double alpha, const double *a, size_t lda, double beta, double *c,
                    size_t ldc) {
    NTK_TRY(ntk_check_matrix("syrk, A", n, k, lda));
    NTK_TRY(ntk_check_matrix("syrk, C", n, n, ldc));
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, (lapack_int)n, (lapack_int)k, alpha, a,
                ntk_blas_ld(lda), beta, c, ntk_blas_ld(ldc));
    return NTK_OK;
}

ntk_status ntk_syrk_transposed(size_t n, size_t k, double alpha, const double *a, size_t lda, double beta,
                               double *c, size_t ldc) {
    NTK_TRY(ntk_check_matrix("syrk transposed, A", k, n, lda));
    NTK_TRY(ntk_check_matrix("syrk transposed, C", n, n, ldc));
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, (lapack_int)n, (lapack_int)k, alpha, a,
                ntk_blas_ld(lda), beta, c, ntk_blas_ld(ldc));
    return NTK_OK;
}

ntk_status ntk_gemv(ntk_transpose transpose, size_t m, size_t n, double alpha, const double *a, size_t lda,
                    const double *x, double beta, double *y) {
    NTK_TRY(ntk_check_matrix("gemv, A", m, n, lda));
    const size_t rows = transpose == NTK_TRANSPOSE ? n : m, columns = transpose == NTK_TRANSPOSE ? m : n;
    /* The reference BLAS returns at once where A is empty, without the scaling of y. */
    if (columns == 0)
        for (size_t i = 0; i < rows; i++) y[i] = beta == 0 ? 0 : beta * y[i];
    cblas_dgemv(CblasRowMajor, blas_transpose(transpose), (lapack_int)m, (lapack_int)n, alpha, a,
                ntk_blas_ld(lda), x, 1, beta, y, 1);
    return NTK_OK;
}

ntk_status ntk_symv(size_t n, double alpha, const double *a, size_t lda, const double *x, double beta,
                    double *y) {
    NTK_TRY(ntk_check_matrix("symv, A", n, n, lda));
    cblas_dsymv(CblasRowMajor, CblasLower, (lapack_int)n, alpha, a, ntk_blas_ld(lda), x, 1, beta, y, 1);
    return NTK_OK;
}
