/* Arguments, leading dimension, scale. */
#include <fenv.h>
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/certify.h>

#include "matrices.h"
#include "start.h"

TestSuite(certify_interface, .init = start_linalg);

enum { ORDER = 10 };

Test(certify_interface, shapes) {
    const double a[4] = {2, 0, 1, 2};
    ntk_certificate certificate;
    cr_expect_eq(ntk_certify_positive_definite(0, a, 1, &certificate), NTK_ERROR_SHAPE);
    cr_expect_eq(ntk_certify_positive_definite(2, a, 1, &certificate), NTK_ERROR_SHAPE);
    cr_expect(!(certificate.lambda_min_bound > 0));
    cr_expect_eq(ntk_certify_positive_definite((size_t)1 << 40, a, (size_t)1 << 40, &certificate),
                 NTK_ERROR_SHAPE);
}

Test(certify_interface, one_number) {
    const double values[] = {1, 3, 0.1, 1e-300, 0x1p-1074, 1.7e308};
    ntk_certificate certificate;
    for (size_t k = 0; k < 4; k++) {
        cr_expect_eq(ntk_certify_positive_definite(1, &values[k], 1, &certificate), NTK_OK);
        cr_expect(certificate.lambda_min_bound <= values[k], "%g", values[k]);
        cr_expect(certificate.lambda_min_bound >= values[k] * (1 - 1e-14), "%g", values[k]);
    }
    /* One unit of the subnormal range: its certificate rounds down to zero. */
    cr_expect_eq(ntk_certify_positive_definite(1, &values[4], 1, &certificate),
                 NTK_ERROR_NOT_POSITIVE_DEFINITE);
    cr_expect_eq(ntk_certify_positive_definite(1, &values[5], 1, &certificate), NTK_OK);
}

Test(certify_interface, not_finite) {
    double a[ORDER * ORDER];
    ntk_certificate certificate;
    const double bad[] = {NAN, INFINITY, -INFINITY};
    for (size_t k = 0; k < 3; k++) {
        matrix_second_difference(ORDER, a);
        a[7 * ORDER + 3] = bad[k];
        assert_fails(ntk_certify_positive_definite(ORDER, a, ORDER, &certificate), NTK_ERROR_NOT_FINITE,
                     "(7, 3)");
        cr_expect(!(certificate.lambda_min_bound > 0));
    }
}

/* A leading dimension beyond n, with NaN wherever nothing may be read: the same bits as the packed
 * matrix. */
Test(certify_interface, leading_dimension_and_upper_triangle) {
    double packed[ORDER * ORDER], full[ORDER * ORDER], wide[ORDER * (ORDER + 5)];
    ntk_certificate expected, found;
    matrix_hilbert(ORDER - 4, packed);
    const size_t n = ORDER - 4, ld = n + 5;
    for (size_t k = 0; k < ORDER * (ORDER + 5); k++) wide[k] = NAN;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++)
            wide[i * ld + j] = full[i * n + j] = full[j * n + i] = packed[i * n + j];
    assert_ok(ntk_certify_positive_definite(n, full, n, &expected));
    assert_ok(ntk_certify_positive_definite(n, packed, n, &found));
    cr_expect_eq(memcmp(&expected, &found, sizeof found), 0);
    assert_ok(ntk_certify_positive_definite(n, wide, ld, &found));
    cr_expect_eq(memcmp(&expected, &found, sizeof found), 0);
}

/* A power of two scales the certificate exactly, to both ends of the range. */
Test(certify_interface, scale) {
    double a[ORDER * ORDER], scaled[ORDER * ORDER];
    const int exponents[] = {-960, -500, 1, 500, 1022};
    ntk_certificate expected, found;
    matrix_second_difference(ORDER, a);
    assert_ok(ntk_certify_positive_definite(ORDER, a, ORDER, &expected));
    for (size_t e = 0; e < sizeof exponents / sizeof *exponents; e++) {
        for (size_t k = 0; k < ORDER * ORDER; k++) scaled[k] = ldexp(a[k], exponents[e]);
        cr_assert_eq(ntk_certify_positive_definite(ORDER, scaled, ORDER, &found), NTK_OK, "2^%d",
                     exponents[e]);
        cr_expect_eq(found.lambda_min_bound, ldexp(expected.lambda_min_bound, exponents[e]), "2^%d",
                     exponents[e]);
        cr_expect_eq(found.shift, ldexp(expected.shift, exponents[e]), "2^%d", exponents[e]);
    }
}

/* The error analysis is that of rounding to nearest. */
Test(certify_interface, rounding_mode) {
    double a[ORDER * ORDER];
    ntk_certificate certificate;
    matrix_second_difference(ORDER, a);
    cr_assert_eq(fesetround(FE_UPWARD), 0);
    const ntk_status status = ntk_certify_positive_definite(ORDER, a, ORDER, &certificate);
    cr_assert_eq(fesetround(FE_TONEAREST), 0);
    cr_expect_eq(status, NTK_ERROR_UNSUPPORTED);
}
