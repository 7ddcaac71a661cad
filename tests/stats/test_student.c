/* Quantiles of Student's t against closed forms and against 40-digit values. */
#include <float.h>
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/stats.h>

#include "status.h"

static void expect_quantile(double p, double degrees, double expected, double tolerance) {
    double t;
    assert_ok(ntk_stats_t_quantile(p, degrees, &t));
    cr_expect(isfinite(t) && fabs(t - expected) <= tolerance * fabs(expected),
              "p = %.17g, %g degrees: %.17g, expected %.17g", p, degrees, t, expected);
}

/* Bisection of 40-digit values of the incomplete beta function at the stored p, by another
 * implementation; one ulp of t and half an ulp of the constant. */
Test(student, high_precision_values) {
    const struct {
        double p, degrees, t;
    } values[] = {{0.975, 3, 3.1824463052837084359},        {0.975, 10, 2.2281388519862742245},
                  {0.995, 30, 2.7499956535672249664},       {0.999, 100, 3.1737394937387826548},
                  {1 - 1e-7, 7, 19.933902249446191452},     {1 - 1e-6, 15, 7.4643849400784859254},
                  {1 - 1e-6, 199, 4.89804405939151254},     {0.6, 2.5, 0.28145951274854759175},
                  {1e-12, 5, -393.95695957760377025},       {0.9, 1e6, 1.2815524121299386069},
                  {0.5000001, 9, 2.5770877222914437675e-7}, {1 - 1e-7, 0.5, 10284911573990.446818}};
    for (size_t k = 0; k < sizeof values / sizeof *values; k++)
        expect_quantile(values[k].p, values[k].degrees, values[k].t, 1.5 * DBL_EPSILON);
}

/* In terms of the tail q: cot(pi q) at 1 degree, (1 - 2q) / sqrt(2q(1 - q)) at 2, and at 4
 * 2 sqrt(cos(acos(sqrt a) / 3) / sqrt a - 1), a = 4q(1 - q). In long double, so that a few ulps of
 * double remain; the form at 4 degrees cancels near q = 1/2, hence q <= 0.3. */
Test(student, closed_forms) {
    const double tails[] = {0.3, 0.1, 0.025, 1e-3, 1e-7, 1e-15, 1e-40};
    for (size_t k = 0; k < sizeof tails / sizeof *tails; k++) {
        const long double q = tails[k];
        const long double root = sqrtl(4 * q * (1 - q));
        expect_quantile(tails[k], 1, (double)-(1 / tanl(acosl(-1.0L) * q)), 2 * DBL_EPSILON);
        expect_quantile(tails[k], 2, (double)-((1 - 2 * q) / sqrtl(2 * q * (1 - q))), 2 * DBL_EPSILON);
        expect_quantile(tails[k], 4, (double)-(2 * sqrtl(cosl(acosl(root) / 3) / root - 1)), 2 * DBL_EPSILON);
    }
}

Test(student, symmetry_and_centre) {
    double left, right;
    assert_ok(ntk_stats_t_quantile(0.5, 7, &left));
    cr_expect_eq(left, 0.0);
    const double tails[] = {0.25, 0x1p-10, 0x1p-40};
    for (size_t k = 0; k < 3; k++) {
        assert_ok(ntk_stats_t_quantile(tails[k], 11, &left));
        assert_ok(ntk_stats_t_quantile(1 - tails[k], 11, &right));
        cr_expect_eq(left, -right);
    }
}

Test(student, arguments) {
    double t;
    const double bad_p[] = {0, 1, -0.1, 1.1, NAN, INFINITY};
    const double bad_degrees[] = {0, -1, NAN, INFINITY};
    for (size_t k = 0; k < sizeof bad_p / sizeof *bad_p; k++)
        cr_expect_eq(ntk_stats_t_quantile(bad_p[k], 3, &t), NTK_ERROR_ARGUMENT);
    for (size_t k = 0; k < sizeof bad_degrees / sizeof *bad_degrees; k++)
        cr_expect_eq(ntk_stats_t_quantile(0.9, bad_degrees[k], &t), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_stats_t_quantile(1e-300, 0.5, &t), NTK_ERROR_NO_CONVERGENCE, "t is about 1e600");
    cr_expect(isnan(t));
}

/* Eight quantiles are kept for each thread; asked for again, after others, each is itself. */
Test(student, what_is_kept_is_what_was_found) {
    enum { COUNT = 13 };
    double first[COUNT], again;
    expect_quantile(0.975, 3, 3.1824463052837084359, 1.5 * DBL_EPSILON);
    expect_quantile(0.975, 10, 2.2281388519862742245, 1.5 * DBL_EPSILON);
    expect_quantile(0.025, 3, -3.1824463052837084359, 1e-14); /* 0.025 is not 1 - 0.975 */
    for (int round = 0; round < 3; round++)
        for (size_t k = 0; k < COUNT; k++) {
            const double p = k % 2 ? 0.9 : 0.0625, degrees = 3 + (double)(k / 2 * (1 + k % 3));
            assert_ok(ntk_stats_t_quantile(p, degrees, &again));
            if (round == 0) first[k] = again;
            cr_expect_eq(again, first[k]);
            assert_ok(ntk_stats_t_quantile(p, degrees, &again));
            cr_expect_eq(again, first[k]);
        }
}
