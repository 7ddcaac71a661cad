/* Products against triple loops, with leading dimensions beyond the columns, degenerate sizes, and
 * NaN wherever nothing may be read. */
#include <limits.h>

#include <criterion/criterion.h>

#include "reference.h"
#include "start.h"

TestSuite(blas, .init = start_linalg);

static const size_t sizes[] = {0, 1, 2, 7, 33};
enum { SIZES = sizeof sizes / sizeof *sizes };

/* --- gemm ------------------------------------------------------------------------------------- */

static void check_gemm(int ta, int tb, size_t m, size_t n, size_t k, double alpha, double beta) {
    const size_t lda = (ta ? m : k) + 3, ldb = (tb ? k : n) + 1, ldc = n + 2;
    double *a = make_matrix(ta ? k : m, ta ? m : k, lda, 1), *b = make_matrix(tb ? n : k, tb ? k : n, ldb, 2);
    double *c = make_matrix(m, n, ldc, 3), *before = make_matrix(m, n, ldc, 3);
    if (beta == 0) /* then C is written, not read */
        for (size_t i = 0; i < m * ldc; i++) c[i] = (double)NAN;
    assert_ok(ntk_gemm(ta ? NTK_TRANSPOSE : NTK_NO_TRANSPOSE, tb ? NTK_TRANSPOSE : NTK_NO_TRANSPOSE, m, n, k,
                       alpha, a, lda, b, ldb, beta, c, ldc));
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            const double product = alpha == 0 ? 0 : alpha * naive_product(a, lda, ta, b, ldb, tb, k, i, j);
            const double want = product + (beta == 0 ? 0 : beta * before[i * ldc + j]);
            cr_assert(fabs(c[i * ldc + j] - want) <= 2 * product_tolerance(k),
                      "gemm %d%d (%zu, %zu, %zu): %g for %g", ta, tb, m, n, k, c[i * ldc + j], want);
        }
        cr_assert(all_nan(ldc - n, c + i * ldc + n));
    }
    free(a), free(b), free(c), free(before);
}

Test(blas, gemm_is_the_triple_loop) {
    for (int transposes = 0; transposes < 4; transposes++)
        for (size_t m = 0; m < SIZES; m++)
            for (size_t n = 0; n < SIZES; n++)
                for (size_t k = 0; k < SIZES; k++) {
                    check_gemm(transposes & 1, transposes >> 1, sizes[m], sizes[n], sizes[k], 1.5, 0);
                    check_gemm(transposes & 1, transposes >> 1, sizes[m], sizes[n], sizes[k], -1.0, 0.5);
                }
    check_gemm(0, 1, 7, 7, 7, 0.0, 0.5);
    check_gemm(0, 1, 150, 170, 300, 1.0, 1.0);
}

Test(blas, an_empty_inner_dimension_needs_no_operands) {
    double c[] = {1, 2, 3, 4};
    assert_ok(ntk_gemm(NTK_NO_TRANSPOSE, NTK_NO_TRANSPOSE, 2, 2, 0, 1, NULL, 0, NULL, 2, 0.5, c, 2));
    cr_assert(c[0] == 0.5 && c[1] == 1 && c[2] == 1.5 && c[3] == 2);
    assert_ok(ntk_gemm(NTK_NO_TRANSPOSE, NTK_TRANSPOSE, 0, 0, 5, 1, NULL, 5, NULL, 5, 0, NULL, 0));
}

/* --- syrk ------------------------------------------------------------------------------------- */

static void check_syrk(int transposed, size_t n, size_t k, double beta) {
    const size_t lda = (transposed ? n : k) + 2, ldc = n + 1;
    double *a = make_matrix(transposed ? k : n, transposed ? n : k, lda, 4);
    double *c = make_matrix(n, n, ldc, 5), *before = make_matrix(n, n, ldc, 5);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            if (j > i || beta == 0) c[i * ldc + j] = (double)NAN;
    const ntk_status status = transposed ? ntk_syrk_transposed(n, k, 2.0, a, lda, beta, c, ldc)
                                         : ntk_syrk(n, k, 2.0, a, lda, beta, c, ldc);
    cr_assert(status == NTK_OK);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j <= i; j++) {
            const double product = 2.0 * naive_product(a, lda, transposed, a, lda, !transposed, k, i, j);
            const double want = product + (beta == 0 ? 0 : beta * before[i * ldc + j]);
            cr_assert(fabs(c[i * ldc + j] - want) <= 2 * product_tolerance(k));
        }
        cr_assert(all_nan(ldc - i - 1, c + i * ldc + i + 1), "the strict upper triangle is touched");
    }
    free(a), free(c), free(before);
}

Test(blas, syrk_is_the_lower_triangle_of_the_product) {
    for (int transposed = 0; transposed < 2; transposed++)
        for (size_t n = 0; n < SIZES; n++)
            for (size_t k = 0; k < SIZES; k++) {
                check_syrk(transposed, sizes[n], sizes[k], 0);
                check_syrk(transposed, sizes[n], sizes[k], -0.5);
            }
    check_syrk(0, 260, 130, 0);
    check_syrk(1, 260, 130, 1);
}

/* --- matrix times vector ---------------------------------------------------------------------- */

static void check_gemv(int transposed, size_t m, size_t n, double beta) {
    const size_t lda = n + 3, rows = transposed ? n : m, columns = transposed ? m : n;
    double *a = make_matrix(m, n, lda, 6), *x = make_matrix(1, columns, columns, 7);
    double *y = make_matrix(1, rows, rows, 8), *before = make_matrix(1, rows, rows, 8);
    if (beta == 0)
        for (size_t i = 0; i < rows; i++) y[i] = (double)NAN;
    assert_ok(ntk_gemv(transposed ? NTK_TRANSPOSE : NTK_NO_TRANSPOSE, m, n, 0.5, a, lda, x, beta, y));
    for (size_t i = 0; i < rows; i++) {
        const double product = 0.5 * naive_product(a, lda, transposed, x, 1, 0, columns, i, 0);
        const double want = product + (beta == 0 ? 0 : beta * before[i]);
        cr_assert(fabs(y[i] - want) <= 2 * product_tolerance(columns), "gemv %d (%zu, %zu): %g for %g",
                  transposed, m, n, y[i], want);
    }
    free(a), free(x), free(y), free(before);
}

Test(blas, gemv_is_the_double_loop) {
    for (int transposed = 0; transposed < 2; transposed++)
        for (size_t m = 0; m < SIZES; m++)
            for (size_t n = 0; n < SIZES; n++) {
                check_gemv(transposed, sizes[m], sizes[n], 0);
                check_gemv(transposed, sizes[m], sizes[n], 2.0);
            }
    check_gemv(0, 500, 300, 1);
}

static void check_symv(size_t n, double beta) {
    const size_t lda = n + 1;
    double *a = make_matrix(n, n, lda, 9), *x = make_matrix(1, n, n, 10);
    double *y = make_matrix(1, n, n, 11), *before = make_matrix(1, n, n, 11);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = i + 1; j < n; j++) a[i * lda + j] = (double)NAN;
        if (beta == 0) y[i] = (double)NAN;
    }
    assert_ok(ntk_symv(n, 2.0, a, lda, x, beta, y));
    for (size_t i = 0; i < n; i++) {
        double want = beta == 0 ? 0 : beta * before[i];
        for (size_t j = 0; j < n; j++) want += 2.0 * (j <= i ? a[i * lda + j] : a[j * lda + i]) * x[j];
        cr_assert(fabs(y[i] - want) <= 2 * product_tolerance(n));
    }
    free(a), free(x), free(y), free(before);
}

Test(blas, symv_reads_the_lower_triangle) {
    for (size_t n = 0; n < SIZES; n++) check_symv(sizes[n], n % 2 ? 0 : 3);
    check_symv(300, 0);
}

Test(blas, symmetrise_copies_the_lower_triangle) {
    for (size_t n = 0; n < 140; n += n < 3 ? 1 : 31) {
        const size_t lda = n + 2;
        double *a = make_matrix(n, n, lda, 12), *before = make_matrix(n, n, lda, 12);
        ntk_symmetrise(n, a, lda);
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j < n; j++)
                cr_assert(a[i * lda + j] == (j <= i ? before[i * lda + j] : before[j * lda + i]));
            cr_assert(all_nan(2, a + i * lda + n));
        }
        free(a), free(before);
    }
}

/* --- refusals --------------------------------------------------------------------------------- */

/* NULL operands: a routine that computed would crash. */
Test(blas, what_exceeds_lapack_int_is_refused_without_computing) {
    const size_t large = (size_t)INT_MAX + 1;
    cr_assert(ntk_gemm(NTK_NO_TRANSPOSE, NTK_NO_TRANSPOSE, large, 1, 1, 1, NULL, 1, NULL, 1, 0, NULL, 1) ==
              NTK_ERROR_SHAPE);
    assert_says("2147483648");
    cr_assert(ntk_gemm(NTK_NO_TRANSPOSE, NTK_NO_TRANSPOSE, 1, 1, large, 1, NULL, large, NULL, 1, 0, NULL,
                       1) == NTK_ERROR_SHAPE);
    cr_assert(ntk_gemm(NTK_NO_TRANSPOSE, NTK_NO_TRANSPOSE, 1, 1, 1, 1, NULL, 1, NULL, 1, 0, NULL, large) ==
              NTK_ERROR_SHAPE);
    cr_assert(ntk_syrk(large, 1, 1, NULL, 1, 0, NULL, large) == NTK_ERROR_SHAPE);
    cr_assert(ntk_syrk_transposed(1, large, 1, NULL, 1, 0, NULL, 1) == NTK_ERROR_SHAPE);
    cr_assert(ntk_gemv(NTK_NO_TRANSPOSE, large, 1, 1, NULL, 1, NULL, 0, NULL) == NTK_ERROR_SHAPE);
    cr_assert(ntk_symv(large, 1, NULL, large, NULL, 0, NULL) == NTK_ERROR_SHAPE);
    cr_assert(ntk_cholesky(large, NULL, large) == NTK_ERROR_SHAPE);
    cr_assert(ntk_cholesky_solve(1, large, NULL, 1, NULL, large) == NTK_ERROR_SHAPE);
    cr_assert(ntk_triangular_solve(NTK_TRANSPOSE, large, 1, NULL, large, NULL, 1) == NTK_ERROR_SHAPE);
    cr_assert(ntk_eigen_symmetric(large, NULL, large, false, NULL) == NTK_ERROR_SHAPE);
    /* 2 n^2 overflows */
    cr_assert(ntk_eigen_symmetric(40000, NULL, 40000, true, NULL) == NTK_ERROR_SHAPE);
}

Test(blas, a_leading_dimension_below_the_columns_is_refused) {
    double x[9] = {0};
    cr_assert(ntk_gemm(NTK_NO_TRANSPOSE, NTK_NO_TRANSPOSE, 3, 2, 2, 1, x, 1, x, 2, 0, x, 2) ==
              NTK_ERROR_SHAPE);
    assert_says("gemm, A");
    cr_assert(ntk_gemm(NTK_TRANSPOSE, NTK_NO_TRANSPOSE, 3, 2, 2, 1, x, 2, x, 2, 0, x, 2) == NTK_ERROR_SHAPE);
    cr_assert(ntk_gemm(NTK_NO_TRANSPOSE, NTK_TRANSPOSE, 3, 2, 2, 1, x, 2, x, 1, 0, x, 2) == NTK_ERROR_SHAPE);
    cr_assert(ntk_gemm(NTK_NO_TRANSPOSE, NTK_NO_TRANSPOSE, 3, 2, 2, 1, x, 2, x, 2, 0, x, 1) ==
              NTK_ERROR_SHAPE);
    cr_assert(ntk_syrk(3, 3, 1, x, 2, 0, x, 3) == NTK_ERROR_SHAPE);
    cr_assert(ntk_syrk_transposed(3, 1, 1, x, 2, 0, x, 3) == NTK_ERROR_SHAPE);
    cr_assert(ntk_gemv(NTK_TRANSPOSE, 1, 3, 1, x, 2, x, 0, x) == NTK_ERROR_SHAPE);
    cr_assert(ntk_symv(3, 1, x, 2, x, 0, x) == NTK_ERROR_SHAPE);
    cr_assert(ntk_cholesky(3, x, 2) == NTK_ERROR_SHAPE);
}
