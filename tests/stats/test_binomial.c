/* Tails of the binomial law against sums of few terms and 40-digit values of another
 * implementation. */
#include <float.h>
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/stats.h>

#include "status.h"

static void expect_tails(size_t successes, size_t trials, double p, double lower, double upper) {
    double found[2];
    assert_ok(ntk_stats_binomial(successes, trials, p, &found[0], &found[1]));
    cr_expect(fabs(found[0] - lower) <= 2 * DBL_EPSILON * lower, "P(X <= %zu), %zu of %g: %.17g, not %.17g",
              successes, trials, p, found[0], lower);
    cr_expect(fabs(found[1] - upper) <= 2 * DBL_EPSILON * upper, "P(X > %zu), %zu of %g: %.17g, not %.17g",
              successes, trials, p, found[1], upper);
}

/* Exact fractions: p is a power of two. */
Test(binomial, few_trials) {
    expect_tails(0, 1, 0.25, 0.75, 0.25);
    expect_tails(1, 1, 0.25, 1, 0);
    expect_tails(0, 3, 0.5, 0.125, 0.875);
    expect_tails(1, 3, 0.5, 0.5, 0.5);
    expect_tails(2, 3, 0.5, 0.875, 0.125);
    expect_tails(3, 10, 0.25, 0.775875091552734375, 0.224124908447265625);
    expect_tails(7, 3, 0.5, 1, 0);
}

/* On either side of the mean and next to it, both tails, the small one too. */
Test(binomial, many_trials) {
    expect_tails(0, 5000000, 2e-6, 4.5399475764851908901e-5, 0.99995460052423514809);
    expect_tails(28, 5000000, 2e-6, 0.99999923556016201498, 7.6443983798502206711e-7);
    expect_tails(36, 20000, 0.002, 0.29613005240181051271, 0.70386994759818948729);
    expect_tails(17800, 20000, 0.9, 1.7530780232920055795e-6, 0.99999824692197670799);
    expect_tails(18300, 20000, 0.9, 0.99999999999978923301, 2.107669863460864311e-13);
    expect_tails(500, 1000, 0.5, 0.51261250908918040095, 0.48738749091081959905);
    expect_tails(999, 1000, 0.5, 1, 9.3326361850321887899e-302);
    expect_tails(0, 1000, 0.875, 0, 1); /* 8e-904 */
}

Test(binomial, arguments) {
    double lower, upper;
    const double bad[] = {0, 1, -0.5, NAN, INFINITY};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
        cr_expect_eq(ntk_stats_binomial(1, 3, bad[k], &lower, &upper), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_stats_binomial(0, 0, 0.5, &lower, &upper), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_stats_binomial(0, SIZE_MAX, 0.5, &lower, &upper), NTK_ERROR_ARGUMENT);
    cr_expect(isnan(lower) && isnan(upper));
}
