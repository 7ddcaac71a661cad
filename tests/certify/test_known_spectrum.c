/* Matrices of known spectrum: the certified bound lies below the true smallest eigenvalue, proved
 * in ball arithmetic, and not far below it. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/certify.h>
#include <ntk/linalg.h>

#include "ball.h"
#include "matrices.h"
#include "status.h"

enum { ORDER_MAX = 128 };
static double matrix[ORDER_MAX * ORDER_MAX];
static const double u = 0x1p-53;

static double trace(size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += matrix[i * n + i];
    return sum;
}

/* Certify `matrix`, prove the bound in balls, and require it within the promised distance of
 * lambda_min: n u trace for the residual's bound and a few u trace for the residual itself, and at
 * most 4^4 u ||A|| <= 256 u trace for the retreat of the shift. */
static void expect_certified(size_t n, double lambda_min, const char *name) {
    ntk_certificate certificate;
    assert_ok(ntk_linalg_start());
    const ntk_status status = ntk_certify_positive_definite(n, matrix, n, &certificate);
    cr_assert_eq(status, NTK_OK, "%s, n = %zu: %s", name, n, ntk_error_detail());
    cr_expect(certificate.lambda_min_bound > 0, "%s, n = %zu", name, n);
    cr_expect(ball_lambda_min_exceeds(n, matrix, n, certificate.lambda_min_bound), "%s, n = %zu: %.17g", name,
              n, certificate.lambda_min_bound);
    const double allowed = ((double)(n + 8) + 256) * u * trace(n);
    cr_expect(lambda_min - certificate.lambda_min_bound <= allowed,
              "%s, n = %zu: bound %.17g of %.17g, allowed loss %g", name, n, certificate.lambda_min_bound,
              lambda_min, allowed);
    cr_expect(certificate.residual_bound <= (double)(n + 8) * u * trace(n), "%s, n = %zu: %g", name, n,
              certificate.residual_bound);
}

Test(certify, second_difference) {
    const size_t orders[] = {1, 2, 3, 5, 20, 100};
    for (size_t k = 0; k < sizeof orders / sizeof *orders; k++) {
        const size_t n = orders[k];
        const double sine = sin(acos(-1.0) / (2 * (double)(n + 1)));
        matrix_second_difference(n, matrix);
        expect_certified(n, 4 * sine * sine, "second difference");
    }
}

/* lambda_min / ||A|| of the Pascal matrix falls to 2e-13 at n = 10. */
Test(certify, pascal) {
    for (size_t n = 1; n <= 10; n++) {
        matrix_pascal(n, matrix);
        expect_certified(n, ball_lambda_min(n, matrix, n), "Pascal");
    }
}

Test(certify, hilbert) {
    for (size_t n = 1; n <= 9; n++) {
        matrix_hilbert(n, matrix);
        expect_certified(n, ball_lambda_min(n, matrix, n), "Hilbert");
    }
}

Test(certify, diagonal_over_many_orders_of_magnitude) {
    const double smallest[] = {1, 1e-3, 1e-10, 1e-13, 1e-14};
    const size_t n = 6;
    for (size_t k = 0; k < sizeof smallest / sizeof *smallest; k++) {
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++) matrix[i * n + j] = j < i ? 0 : j == i ? 1 : NAN;
        matrix[3 * n + 3] = smallest[k];
        expect_certified(n, smallest[k], "diagonal");
    }
}

/* Dense matrices at a relative smallest eigenvalue of 1e-10 and 1e-13; the eigenvalue of what is
 * stored is found in balls. */
Test(certify, dense_near_the_edge) {
    const double smallest[] = {0.5, 1e-10, 1e-13};
    const size_t n = 24;
    double d[24];
    for (size_t k = 0; k < sizeof smallest / sizeof *smallest; k++)
        for (uint64_t seed = 1; seed <= 5; seed++) {
            for (size_t i = 0; i < n; i++) d[i] = i == 0 ? 1 : smallest[k] * (1 + 0.1 * (double)i);
            matrix_householder(n, d, seed, matrix);
            expect_certified(n, ball_lambda_min(n, matrix, n), "Householder");
        }
}

/* Where the spectrum ends in rounding noise either answer is right, but whatever is certified must
 * be true. */
Test(certify, never_more_than_the_truth) {
    assert_ok(ntk_linalg_start());
    const double smallest[] = {1e-14, 3e-15, 1e-15, 1e-16, 0, -1e-17, -1e-15};
    const size_t n = 8;
    size_t certified = 0, refused = 0;
    double d[8];
    for (size_t k = 0; k < sizeof smallest / sizeof *smallest; k++)
        for (uint64_t seed = 1; seed <= 40; seed++) {
            for (size_t i = 0; i < n; i++) d[i] = i == 0 ? smallest[k] : 1 / (double)i;
            matrix_householder(n, d, seed, matrix);
            ntk_certificate certificate;
            const ntk_status status = ntk_certify_positive_definite(n, matrix, n, &certificate);
            cr_assert(status == NTK_OK || status == NTK_ERROR_NOT_POSITIVE_DEFINITE);
            cr_expect_eq(status == NTK_OK, certificate.lambda_min_bound > 0);
            cr_expect(ball_lambda_min_exceeds(n, matrix, n, certificate.lambda_min_bound),
                      "lambda_min %g, seed %zu: %.17g", smallest[k], (size_t)seed,
                      certificate.lambda_min_bound);
            *(status == NTK_OK ? &certified : &refused) += 1;
        }
    cr_expect(certified >= 40, "%zu certified", certified);
    cr_expect(refused >= 120, "%zu refused", refused);
}
