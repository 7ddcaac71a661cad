#include <stdio.h>

#include <criterion/criterion.h>

#include "reference.h"
#include "start.h"

TestSuite(lapack, .init = start_linalg);

static const size_t sizes[] = {0, 1, 2, 5, 33, 150};
enum { SIZES = sizeof sizes / sizeof *sizes };

static const double PI = 3.14159265358979323846;

/* B B^T + n I in full, B of numbers below 1: condition number below n, entries below 2 n. */
static double *make_positive_definite(size_t n, size_t lda) {
    double *b = make_matrix(n, n, n, 20), *a = make_matrix(n, n, lda, 21);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            a[i * lda + j] = naive_product(b, n, 0, b, n, 1, n, i, j) + (i == j ? (double)n : 0);
    free(b);
    return a;
}

static void forget_upper_triangle(size_t n, double *a, size_t lda) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < lda; j++) a[i * lda + j] = (double)NAN;
}

/* --- Cholesky --------------------------------------------------------------------------------- */

/* Higham, theorem 10.3: |L L^T - A| <= gamma_{n+1} |L| |L^T|, at most gamma_{n+1} max A_ii
 * elementwise. */
Test(lapack, cholesky_factors_the_lower_triangle) {
    for (size_t s = 0; s < SIZES; s++) {
        const size_t n = sizes[s], lda = n + 2;
        double *a = make_positive_definite(n, lda), *l = make_positive_definite(n, lda);
        forget_upper_triangle(n, l, lda);
        assert_ok(ntk_cholesky(n, l, lda));
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j <= i; j++) {
                const double product = naive_product(l, lda, 0, l, lda, 1, j + 1, i, j);
                cr_assert(fabs(product - a[i * lda + j]) <= 2 * (double)(n + 2) * EPSILON * 2 * (double)n);
            }
            cr_assert(l[i * lda + i] > 0);
            cr_assert(all_nan(lda - i - 1, l + i * lda + i + 1), "the strict upper triangle is touched");
        }
        free(a), free(l);
    }
}

/* A negative k-th diagonal element spoils the leading minor of order k, and none before it. */
Test(lapack, cholesky_reports_the_failing_minor) {
    enum { N = 150 };
    for (size_t k = 1; k <= N; k += 37) {
        double *a = make_positive_definite(N, N);
        char want[64];
        a[(k - 1) * N + k - 1] = -1.0;
        snprintf(want, sizeof want, "minor of order %zu of 150", k);
        assert_fails(ntk_cholesky(N, a, N), NTK_ERROR_NOT_POSITIVE_DEFINITE, want);
        free(a);
    }
    double zero = 0;
    cr_assert(ntk_cholesky(1, &zero, 1) == NTK_ERROR_NOT_POSITIVE_DEFINITE);
}

Test(lapack, cholesky_never_passes_what_is_not_finite) {
    enum { N = 150 };
    const double bad[] = {(double)NAN, INFINITY, -INFINITY};
    for (size_t b = 0; b < 3; b++)
        for (size_t i = 0; i < N; i += 29)
            for (size_t j = 0; j <= i; j += 37) {
                double *a = make_positive_definite(N, N);
                a[i * N + j] = bad[b];
                const ntk_status status = ntk_cholesky(N, a, N);
                cr_assert(status == NTK_ERROR_NOT_FINITE || status == NTK_ERROR_NOT_POSITIVE_DEFINITE,
                          "%g at (%zu, %zu): %s", bad[b], i, j, ntk_status_name(status));
                free(a);
            }
}

/* --- triangular solves ------------------------------------------------------------------------ */

/* Residual against rounding: |A X - B| <= 3 n (n + 2) u |A| |X| or so (Higham, theorem 10.4); with
 * entries of A below 2 n and X below 1 that is 6 n^3 u. */
Test(lapack, cholesky_solve_solves) {
    for (size_t s = 0; s < SIZES; s++)
        for (size_t columns = 0; columns <= 40; columns += columns ? 39 : 1) {
            const size_t n = sizes[s], lda = n + 1, ldb = columns + 2;
            const double order = (double)n;
            double *a = make_positive_definite(n, lda), *l = make_positive_definite(n, lda);
            double *b = make_matrix(n, columns, ldb, 22), *x = make_matrix(n, columns, ldb, 22);
            assert_ok(ntk_cholesky(n, l, lda));
            forget_upper_triangle(n, l, lda);
            assert_ok(ntk_cholesky_solve(n, columns, l, lda, x, ldb));
            for (size_t i = 0; i < n; i++) {
                for (size_t j = 0; j < columns; j++)
                    cr_assert(fabs(naive_product(a, lda, 0, x, ldb, 0, n, i, j) - b[i * ldb + j]) <=
                              6 * order * (order + 2) * (order + 2) * EPSILON);
                cr_assert(all_nan(2, x + i * ldb + columns));
            }
            free(a), free(l), free(b), free(x);
        }
}

Test(lapack, triangular_solve_inverts_either_triangle) {
    for (size_t s = 0; s < SIZES; s++)
        for (int transposed = 0; transposed < 2; transposed++) {
            const size_t n = sizes[s], columns = 3, ldl = n + 1, ldb = 4;
            double *l = make_positive_definite(n, ldl), *b = make_matrix(n, columns, ldb, 23);
            double *x = make_matrix(n, columns, ldb, 23);
            assert_ok(ntk_cholesky(n, l, ldl));
            forget_upper_triangle(n, l, ldl);
            assert_ok(ntk_triangular_solve(transposed ? NTK_TRANSPOSE : NTK_NO_TRANSPOSE, n, columns, l, ldl,
                                           x, ldb));
            for (size_t i = 0; i < n; i++)
                for (size_t j = 0; j < columns; j++) {
                    double product = 0; /* over the triangle only: beyond it stands NaN */
                    for (size_t k = transposed ? i : 0; k < (transposed ? n : i + 1); k++)
                        product += element(l, ldl, transposed, i, k) * x[k * ldb + j];
                    /* |L| below sqrt(2 n), X below 1 */
                    cr_assert(fabs(product - b[i * ldb + j]) <=
                              2 * (double)((n + 2) * n) * sqrt(2 * (double)n) * EPSILON);
                }
            free(l), free(b), free(x);
        }
}

/* --- eigenvalues ------------------------------------------------------------------------------ */

/* The second difference: 2 on the diagonal, -1 beside it. Eigenvalues 2 - 2 cos(k pi / (n + 1)),
 * k = 1 .. n. */
static double *make_second_difference(size_t n, size_t lda) {
    double *a = make_matrix(n, n, lda, 24);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) a[i * lda + j] = i == j ? 2 : i + 1 == j || j + 1 == i ? -1 : 0;
    return a;
}

/* Backward error of a dense symmetric eigensolver: p(n) u ||A||, p(n) = n at the most seen; ||A|| <
 * 4. */
static double eigen_tolerance(size_t n) { return 4 * (double)(n + 10) * EPSILON; }

Test(lapack, eigenvalues_of_the_second_difference) {
    for (size_t s = 1; s < SIZES; s++)
        for (int vectors = 0; vectors < 2; vectors++) {
            const size_t n = sizes[s], lda = n + 3;
            double *a = make_second_difference(n, lda), *values = malloc(n * sizeof *values);
            forget_upper_triangle(n, a, lda);
            assert_ok(ntk_eigen_symmetric(n, a, lda, vectors, values));
            for (size_t k = 0; k < n; k++) {
                const double half = sin((double)(k + 1) * PI / (2.0 * (double)(n + 1)));
                cr_assert(fabs(values[k] - 4 * half * half) <= eigen_tolerance(n), "%zu of %zu: %.17g", k, n,
                          values[k]);
            }
            free(a), free(values);
        }
}

/* Vectors stand in columns: A v_k = lambda_k v_k, and V^T V = 1. An unsymmetric V tells columns
 * from rows. */
Test(lapack, eigenvectors_stand_in_columns) {
    for (size_t s = 1; s < SIZES; s++) {
        const size_t n = sizes[s], lda = n + 3;
        double *a = make_second_difference(n, lda), *v = make_second_difference(n, lda),
               *values = malloc(n * sizeof *values);
        for (size_t i = 0; i < n; i++) a[i * lda + i] = v[i * lda + i] = 2 + (double)i / (double)n;
        forget_upper_triangle(n, v, lda);
        assert_ok(ntk_eigen_symmetric(n, v, lda, true, values));
        for (size_t i = 0; i < n; i++) {
            for (size_t k = 0; k < n; k++) {
                const double image = naive_product(a, lda, 0, v, lda, 0, n, i, k);
                cr_assert(fabs(image - values[k] * v[i * lda + k]) <= 2 * eigen_tolerance(n));
                const double product = naive_product(v, lda, 1, v, lda, 0, n, i, k);
                cr_assert(fabs(product - (i == k)) <= 2 * eigen_tolerance(n));
            }
            cr_assert(all_nan(3, v + i * lda + n));
            cr_assert(i == 0 || values[i - 1] <= values[i]);
        }
        free(a), free(v), free(values);
    }
}

Test(lapack, eigenvalues_refuse_what_is_not_finite) {
    double a[] = {1, 0, 0, 1}, values[2];
    a[1] = (double)NAN; /* the upper triangle is not read */
    assert_ok(ntk_eigen_symmetric(2, a, 2, false, values));
    a[2] = (double)NAN;
    cr_assert(ntk_eigen_symmetric(2, a, 2, false, values) == NTK_ERROR_NOT_FINITE);
    double infinite[] = {1, 0, 0, INFINITY};
    cr_assert(ntk_eigen_symmetric(2, infinite, 2, true, values) == NTK_ERROR_NOT_FINITE);
    assert_ok(ntk_eigen_symmetric(0, NULL, 0, true, NULL));
}
