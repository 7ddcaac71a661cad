/* Tail probabilities against closed forms and 30-digit values of another implementation. */
#include <float.h>
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/stats.h>

#include "status.h"

static void expect_close(double found, double wanted, const char *what, double x, double degrees) {
    cr_expect(isfinite(found) && fabs(found - wanted) <= 4 * DBL_EPSILON * fabs(wanted),
              "%s tail at %g, %g degrees: %.17g, expected %.17g", what, x, degrees, found, wanted);
}

/* Two degrees: upper e^{-x/2}, lower -expm1(-x/2); four: (1 + x/2) e^{-x/2}; one: erf and erfc of
 * sqrt(x/2). */
Test(tails, chi_square_closed_forms) {
    const double points[] = {1e-8, 0.3, 1, 4.5, 30, 200, 1200};
    double lower, upper;
    for (size_t k = 0; k < sizeof points / sizeof *points; k++) {
        const double x = points[k];
        const long double half = 0.5L * (long double)x;
        assert_ok(ntk_stats_chi_square(x, 2, &lower, &upper));
        expect_close(upper, (double)expl(-half), "upper", x, 2);
        expect_close(lower, (double)-expm1l(-half), "lower", x, 2);
        assert_ok(ntk_stats_chi_square(x, 4, &lower, &upper));
        expect_close(upper, (double)((1 + half) * expl(-half)), "upper", x, 4);
        assert_ok(ntk_stats_chi_square(x, 1, &lower, &upper));
        expect_close(upper, (double)erfcl(sqrtl(half)), "upper", x, 1);
        expect_close(lower, (double)erfl(sqrtl(half)), "lower", x, 1);
    }
}

Test(tails, chi_square_high_precision_values) {
    const struct {
        double x, degrees, lower, upper;
    } values[] = {{560.25, 559.0, 0.52284400164957065668, 0.47715599835042934332},
                  {400.5, 559.0, 7.175687125861613283e-8, 0.99999992824312874138},
                  {800.125, 559.0, 0.99999999992004573338, 7.9954266615696621846e-11},
                  {12.5, 7.5, 0.89368901484445183564, 0.10631098515554816436},
                  {0.001, 12.0, 2.169209032785463042e-23, 1.0},
                  {100000.5, 100000.0, 0.50104073718245270005, 0.49895926281754729995},
                  {3000, 500.0, 1.0, 0},
                  {99000, 100000.0, 0.012478315638082798768, 0.98752168436191720123}};
    double lower, upper;
    for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
        assert_ok(ntk_stats_chi_square(values[k].x, values[k].degrees, &lower, &upper));
        expect_close(lower, values[k].lower, "lower", values[k].x, values[k].degrees);
        expect_close(upper, values[k].upper, "upper", values[k].x, values[k].degrees);
    }
}

Test(tails, normal) {
    const double points[] = {0, 0.5, -1, 2.3, 6, -9, 37};
    double lower, upper;
    for (size_t k = 0; k < sizeof points / sizeof *points; k++) {
        const long double x = points[k] / sqrtl(2.0L);
        assert_ok(ntk_stats_normal(points[k], &lower, &upper));
        expect_close(upper, (double)(0.5L * erfcl(x)), "upper", points[k], 0);
        expect_close(lower, (double)(0.5L * erfcl(-x)), "lower", points[k], 0);
    }
    assert_ok(ntk_stats_normal(INFINITY, &lower, &upper));
    cr_expect(lower == 1 && upper == 0);
    assert_ok(ntk_stats_normal(-INFINITY, &lower, &upper));
    cr_expect(lower == 0 && upper == 1);
}

Test(tails, what_underflows_is_zero_and_not_minus_zero) {
    double lower, upper;
    assert_ok(ntk_stats_chi_square(1e5, 4, &lower, &upper));
    cr_expect(lower == 1 && upper == 0 && !signbit(upper));
    assert_ok(ntk_stats_normal(-60, &lower, &upper));
    cr_expect(lower == 0 && !signbit(lower) && upper == 1);
}

Test(tails, arguments) {
    double lower, upper;
    cr_expect_eq(ntk_stats_chi_square(-1, 3, &lower, &upper), NTK_OK);
    cr_expect(lower == 0 && upper == 1);
    cr_expect_eq(ntk_stats_chi_square(1, 0, &lower, &upper), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_stats_chi_square(1, NAN, &lower, &upper), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_stats_chi_square(NAN, 3, &lower, &upper), NTK_ERROR_ARGUMENT);
    cr_expect(isnan(lower) && isnan(upper));
    cr_expect_eq(ntk_stats_normal(NAN, &lower, &upper), NTK_ERROR_ARGUMENT);
}
