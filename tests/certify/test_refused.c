/* What must be refused, with a lower bound that is rigorous all the same. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/certify.h>
#include <ntk/linalg.h>

#include "ball.h"
#include "matrices.h"
#include "status.h"

enum { ORDER_MAX = 64 };
static double matrix[ORDER_MAX * ORDER_MAX];

/* lambda_min <= 0 is known; `distance` is how far below it the bound may lie. */
static void expect_refused(size_t n, double lambda_min, double distance, const char *name) {
    ntk_certificate certificate;
    assert_ok(ntk_linalg_start());
    cr_expect_eq(ntk_certify_positive_definite(n, matrix, n, &certificate), NTK_ERROR_NOT_POSITIVE_DEFINITE,
                 "%s, n = %zu", name, n);
    cr_expect(certificate.lambda_min_bound <= lambda_min, "%s, n = %zu: %.17g", name, n,
              certificate.lambda_min_bound);
    cr_expect(certificate.lambda_min_bound >= lambda_min - distance, "%s, n = %zu: %.17g", name, n,
              certificate.lambda_min_bound);
    cr_expect(ball_lambda_min_exceeds(n, matrix, n, certificate.lambda_min_bound), "%s, n = %zu", name, n);
}

Test(certify_refused, singular_integers) {
    for (size_t n = 1; n <= 60; n += n < 5 ? 1 : 11) {
        matrix_path_laplacian(n, matrix);
        if (n == 1) matrix[0] = 0;
        expect_refused(n, 0, 1e-13, "path Laplacian");
    }
}

/* The Gram matrix of ten integer points in three dimensions has rank 3. */
Test(certify_refused, rank_deficient_gram_matrix) {
    const int points[10][3] = {{1, 2, 3}, {-1, 0, 4}, {2, 2, 1}, {0, 1, 0}, {5, -3, 2},
                               {1, 1, 1}, {-2, 4, 0}, {3, 0, 3}, {1, 0, 0}, {2, -1, -6}};
    for (size_t i = 0; i < 10; i++)
        for (size_t j = 0; j < 10; j++) {
            double dot = 0;
            for (size_t k = 0; k < 3; k++) dot += points[i][k] * points[j][k];
            matrix[i * 10 + j] = j <= i ? dot : NAN;
        }
    expect_refused(10, 0, 1e-12, "Gram matrix of rank 3");
}

/* Two rows alike: the kernel matrix of a repeated input. */
Test(certify_refused, repeated_input) {
    matrix_hilbert(4, matrix);
    double repeated[25];
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j <= i; j++) repeated[i * 5 + j] = matrix[(i < 4 ? i : 3) * 4 + (j < 4 ? j : 3)];
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j <= i; j++) matrix[i * 5 + j] = repeated[i * 5 + j];
    expect_refused(5, 0, 1e-14, "repeated input");
}

Test(certify_refused, indefinite) {
    matrix_second_difference(5, matrix);
    matrix[3 * 5 + 3] = -4;
    expect_refused(5, ball_lambda_min(5, matrix, 5), 1e-13, "indefinite");
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j <= i; j++) matrix[i * 4 + j] = i == j ? 0 : 1;
    expect_refused(4, -1, 1e-13, "all ones off the diagonal");
    matrix[0] = -3;
    expect_refused(1, -3, 1e-14, "minus three");
}

/* The smallest violation: a negative eigenvalue far below rounding level. */
Test(certify_refused, slightly_indefinite) {
    const double smallest[] = {-1e-17, -1e-300, -0x1p-1074};
    for (size_t k = 0; k < sizeof smallest / sizeof *smallest; k++) {
        for (size_t i = 0; i < 3; i++)
            for (size_t j = 0; j <= i; j++) matrix[i * 3 + j] = i == j ? 1 : 0;
        matrix[2 * 3 + 2] = smallest[k];
        expect_refused(3, smallest[k], 1e-14, "slightly indefinite");
    }
}

/* Positive definite in truth, but out of reach of double precision even with the diagonal brought
 * to 1: lambda_min / ||A|| is 1e-19 at n = 18. */
Test(certify_refused, pascal_out_of_reach) {
    matrix_pascal(18, matrix);
    const double lambda_min = ball_lambda_min(18, matrix, 18);
    cr_assert(lambda_min > 0);
    expect_refused(18, lambda_min, 1e-14 * matrix[18 * 18 - 1], "Pascal");
}

Test(certify_refused, zero_matrix) {
    for (size_t k = 0; k < 9; k++) matrix[k] = 0;
    expect_refused(3, 0, 1e-14, "zero");
}
