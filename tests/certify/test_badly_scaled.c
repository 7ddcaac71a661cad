/* Rows in different units: what decides is the matrix with its diagonal brought to 1, and the bound
 * speaks of the matrix as it stands. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/certify.h>

#include "ball.h"
#include "matrices.h"
#include "pseudo_random.h"
#include "start.h"

TestSuite(certify_badly_scaled, .init = start_linalg);

enum { ORDER_MAX = 16 };
static double matrix[ORDER_MAX * ORDER_MAX];

static void stretch(size_t n, const int *exponents) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++)
            matrix[i * n + j] = ldexp(matrix[i * n + j], exponents[i] + exponents[j]);
}

/* Certified, true, and at most `factor` below the truth. */
static void expect_within(size_t n, double factor, const char *name) {
    ntk_certificate certificate;
    assert_ok(ntk_certify_positive_definite(n, matrix, n, &certificate));
    const double bound = certificate.lambda_min_bound;
    cr_expect(bound > 0 && bound <= certificate.lambda_min, "%s: %g %g", name, bound, certificate.lambda_min);
    cr_expect(ball_lambda_min_exceeds(n, matrix, n, bound), "%s: %.17g is too much", name, bound);
    cr_expect(!ball_lambda_min_exceeds(n, matrix, n, factor * bound), "%s: %.17g is little", name, bound);
}

static void expect_certified(size_t n, const char *name) { expect_within(n, 1.001, name); }

Test(certify_badly_scaled, diagonals) {
    const double diagonals[][3] = {{1e-20, 1, 1},      {1e-300, 1, 1e300}, {1, 1e-20, 3},  {5e-308, 1, 1},
                                   {3, 1e-17, 1e-200}, {1e-16, 1, 1e16},   {2, 2, 1.6e-17}};
    for (size_t k = 0; k < sizeof diagonals / sizeof *diagonals; k++) {
        for (size_t i = 0; i < 9; i++) matrix[i] = i % 4 ? 0 : diagonals[k][i / 4];
        expect_certified(3, "diagonal");
    }
}

Test(certify_badly_scaled, stretched_by_powers_of_two) {
    const int exponents[] = {0, -40, 90, -300, 17, 260, -111, 3, -55, 200, -7, 31};
    matrix_second_difference(12, matrix);
    stretch(12, exponents);
    expect_certified(12, "second difference");
    for (size_t n = 2; n <= 8; n++) {
        matrix_hilbert(n, matrix);
        stretch(n, exponents);
        expect_certified(n, "Hilbert");
    }
}

/* lambda_min / ||A|| is 2e-17 at n = 16, beyond rounding, but the diagonal grows from 1 to 2e8. */
Test(certify_badly_scaled, pascal) {
    matrix_pascal(16, matrix);
    expect_within(16, 2.1, "Pascal");
}

/* What is singular or indefinite stays so in any units, and the bound refused is rigorous. */
Test(certify_badly_scaled, never_more_than_the_truth) {
    unsigned state = 5;
    size_t certified = 0, refused = 0;
    for (unsigned trial = 0; trial < 3000; trial++) {
        const size_t n = 2 + trial % 5, rank = 1 + trial / 5 % (n + 3);
        int exponents[6];
        double x[6][9];
        for (size_t i = 0; i < n; i++) {
            exponents[i] = (int)(pseudo_random(&state) * (trial % 7 ? 200 : 400));
            for (size_t r = 0; r < rank; r++)
                x[i][r] = pseudo_random(&state) * (trial % 3 ? 1 : 1 + 1e-7 * (double)i);
            for (size_t r = 0; r < rank && trial % 11 == 0 && i > 0; r++) x[i][r] = x[0][r] + 1e-7 * x[i][r];
        }
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j <= i; j++) {
                double dot = 0;
                for (size_t r = 0; r < rank; r++) dot += x[i][r] * x[j][r];
                matrix[i * n + j] = dot;
            }
        if (trial % 13 == 0) matrix[n] = 1.5 * sqrt(matrix[0] * matrix[n + 1]);
        stretch(n, exponents);
        ntk_certificate certificate;
        const ntk_status status = ntk_certify_positive_definite(n, matrix, n, &certificate);
        cr_assert(status == NTK_OK || status == NTK_ERROR_NOT_POSITIVE_DEFINITE);
        cr_assert_eq(status == NTK_OK, certificate.lambda_min_bound > 0);
        cr_assert(ball_lambda_min_exceeds(n, matrix, n, certificate.lambda_min_bound), "trial %u: %.17g",
                  trial, certificate.lambda_min_bound);
        *(status == NTK_OK ? &certified : &refused) += 1;
    }
    cr_expect(certified > 1000 && refused > 500, "%zu, %zu", certified, refused);
}

/* A negative minor that overflows once its diagonal is about 1. */
Test(certify_badly_scaled, indefinite_beyond_the_range) {
    const double indefinite[] = {1e-300, NAN, NAN, 1e20, 1e-290, NAN, 0, 0, 1};
    for (size_t i = 0; i < 9; i++) matrix[i] = indefinite[i];
    ntk_certificate certificate;
    cr_expect_eq(ntk_certify_positive_definite(3, matrix, 3, &certificate), NTK_ERROR_NOT_POSITIVE_DEFINITE);
    cr_expect(certificate.lambda_min_bound <= -1e20 && certificate.lambda_min_bound >= -1.001e20);
}
