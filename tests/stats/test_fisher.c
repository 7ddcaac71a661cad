/* Quantiles of Fisher's F against closed forms and against Student's t. */
#include <float.h>
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/stats.h>

#include "status.h"

static void expect_quantile(double p, double numerator, double denominator, double expected) {
    double f;
    assert_ok(ntk_stats_f_quantile(p, numerator, denominator, &f));
    cr_expect(isfinite(f) && fabs(f - expected) <= 4 * DBL_EPSILON * expected,
              "p = %.17g, %g and %g degrees: %.17g, expected %.17g", p, numerator, denominator, f, expected);
}

/* Two degrees above: Q(f) = (1 + 2 f / d)^(-d/2). Two below: P(F <= f) = (1 + 2 / (d f))^(-d/2). In
 * terms of the tails q and p; the first form cancels for q near 1, the second for p near 1. */
Test(fisher, closed_forms_with_two_degrees) {
    const double degrees[] = {1, 2, 7, 15.5, 200}, tails[] = {0.4, 0.05, 0x1p-20};
    for (size_t d = 0; d < 5; d++)
        for (size_t k = 0; k < 3; k++) {
            const long double power = -2 / (long double)degrees[d];
            const long double f =
                expm1l(power * logl(tails[k])) * (long double)degrees[d] / 2; /* Q(f) = tail */
            if (tails[k] != 0.4 && tails[k] != 0.05)                          /* 1 - p is exact */
                expect_quantile(1 - tails[k], 2, degrees[d], (double)f);
            expect_quantile(tails[k], degrees[d], 2, (double)(1 / f));
        }
}

/* T^2 of nu degrees is F of 1 and nu: P(F <= t^2) = 2 P(T <= t) - 1. */
Test(fisher, one_degree_is_the_square_of_student) {
    const double degrees[] = {1, 3, 7, 63}, tails[] = {0x1p-2, 0x1p-8, 0x1p-20};
    for (size_t d = 0; d < 4; d++)
        for (size_t k = 0; k < 3; k++) {
            double t;
            assert_ok(ntk_stats_t_quantile(1 - tails[k] / 2, degrees[d], &t));
            expect_quantile(1 - tails[k], 1, degrees[d], t * t);
        }
}

/* The median of equal degrees is 1, and 1/F exchanges the two. */
Test(fisher, the_reciprocal_exchanges_the_degrees) {
    double f, g;
    for (double d = 1; d < 100; d *= 3) expect_quantile(0.5, d, d, 1);
    assert_ok(ntk_stats_f_quantile(0x1p-10, 5, 11, &f));
    assert_ok(ntk_stats_f_quantile(1 - 0x1p-10, 11, 5, &g));
    cr_expect_eq(f, 1 / g);
    cr_expect_lt(f, g);
}

Test(fisher, arguments) {
    double f;
    const double bad[] = {0, -1, NAN, INFINITY};
    for (size_t k = 0; k < 4; k++) {
        cr_expect_eq(ntk_stats_f_quantile(bad[k], 3, 3, &f), NTK_ERROR_ARGUMENT);
        cr_expect_eq(ntk_stats_f_quantile(0.9, bad[k], 3, &f), NTK_ERROR_ARGUMENT);
        cr_expect_eq(ntk_stats_f_quantile(0.9, 3, bad[k], &f), NTK_ERROR_ARGUMENT);
        cr_expect(isnan(f));
    }
    cr_expect_eq(ntk_stats_f_quantile(1, 3, 3, &f), NTK_ERROR_ARGUMENT);
}
