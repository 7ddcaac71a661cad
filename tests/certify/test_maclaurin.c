/* Maclaurin coefficients of the arc-cosine kernels: the first ones by hand, and sums of the series
 * at 60 degrees. */
#include <float.h>
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/ntk.h>

#include "status.h"

TestSuite(maclaurin);

enum { COUNT = 60 };

static void expect(ntk_interval found, double wanted) {
    cr_expect(found.low <= found.high);
    cr_expect(found.low >= wanted - 2 * DBL_EPSILON * wanted &&
                  found.high <= wanted + 2 * DBL_EPSILON * wanted,
              "[%.17g, %.17g], not %.17g", found.low, found.high, wanted);
}

Test(maclaurin, first_coefficients_by_hand) {
    const double pi = acos(-1);
    const double a[] = {0.5, 1 / pi, 0, 1 / (6 * pi), 0, 3 / (40 * pi), 0, 5 / (112 * pi)};
    const double b[] = {1 / pi, 0.5, 1 / (2 * pi), 0, 1 / (24 * pi), 0, 1 / (80 * pi), 0};
    ntk_interval zero[8], one[8];
    assert_ok(ntk_maclaurin_kappas(8, zero, one));
    for (size_t k = 0; k < 8; k++) {
        if (a[k] > 0) expect(zero[k], a[k]);
        if (b[k] > 0) expect(one[k], b[k]);
        if (a[k] == 0) cr_expect(fabs(zero[k].low) < 1e-70 && fabs(zero[k].high) < 1e-70);
        if (b[k] == 0) cr_expect(fabs(one[k].low) < 1e-70 && fabs(one[k].high) < 1e-70);
    }
}

/* kappa_0(1/2) = 2/3 and kappa_1(1/2) = 1/3 + sqrt(3) / (2 pi); what is left out is below 2^-60. */
Test(maclaurin, series_sum_to_the_functions) {
    ntk_interval zero[COUNT], one[COUNT];
    double kappa_0 = 0, kappa_1 = 0;
    assert_ok(ntk_maclaurin_kappas(COUNT, zero, NULL));
    assert_ok(ntk_maclaurin_kappas(COUNT, NULL, one));
    for (size_t k = COUNT; k-- > 0;) {
        kappa_0 = zero[k].high + 0.5 * kappa_0;
        kappa_1 = one[k].low + 0.5 * kappa_1;
    }
    cr_expect_float_eq(kappa_0, 2 / 3.0, 1e-15);
    cr_expect_float_eq(kappa_1, 1 / 3.0 + sqrt(3) / (2 * acos(-1)), 1e-15);
}

Test(maclaurin, refuses_no_coefficients_and_too_many) {
    ntk_interval one[1];
    cr_expect_eq(ntk_maclaurin_kappas(0, one, one), NTK_ERROR_SHAPE);
    cr_expect_eq(ntk_maclaurin_kappas(((size_t)1 << 16) + 1, NULL, NULL), NTK_ERROR_SHAPE);
    assert_ok(ntk_maclaurin_kappas(1, one, NULL));
    expect(one[0], 0.5);
}
