/* Many tests at once. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/stats.h>

#include "status.h"

Test(family, bonferroni) {
    cr_expect_eq(ntk_stats_family_level(0.05, 1), 0.95);
    cr_expect(fabs(1 - ntk_stats_family_level(1e-3, 500) - 2e-6) <= 0x1p-53);
    const double bad[] = {0, 1, -1, NAN, INFINITY};
    for (size_t k = 0; k < 5; k++) cr_expect(isnan(ntk_stats_family_level(bad[k], 3)));
    cr_expect(isnan(ntk_stats_family_level(0.05, 0)));
}

static void expect_rejected(size_t n, const double *p, double error, const bool *expected) {
    bool rejected[8];
    assert_ok(ntk_stats_holm(n, p, error, rejected));
    for (size_t k = 0; k < n; k++) cr_expect_eq(rejected[k], expected[k], "hypothesis %zu", k);
}

/* By hand at 0.05: 0.005 <= 0.05/4, 0.01 <= 0.05/3, 0.03 > 0.05/2: stop; 0.04 <= 0.05/1 does not matter any
 * more. */
Test(holm, by_hand) {
    expect_rejected(4, (double[]){0.01, 0.04, 0.03, 0.005}, 0.05, (bool[]){true, false, false, true});
}

/* Here Bonferroni at 0.05/3 would reject the first only. */
Test(holm, steps_down) {
    expect_rejected(3, (double[]){0.016, 0.05, 0.025}, 0.05, (bool[]){true, true, true});
}

Test(holm, ends) {
    expect_rejected(3, (double[]){0.02, 0.02, 0.02}, 0.05, (bool[]){false, false, false});
    expect_rejected(3, (double[]){0, 0, 1}, 0.05, (bool[]){true, true, false});
    expect_rejected(1, (double[]){0.05}, 0.05, (bool[]){true});
}

Test(holm, errors) {
    bool rejected[2];
    const double bad[] = {NAN, -0.1, 1.1, INFINITY};
    for (size_t k = 0; k < 4; k++) {
        const double p[] = {0.1, bad[k]};
        cr_expect_eq(ntk_stats_holm(2, p, 0.05, rejected), NTK_ERROR_ARGUMENT);
    }
    const double p[] = {0.1, 0.2};
    cr_expect_eq(ntk_stats_holm(0, p, 0.05, rejected), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_stats_holm(2, p, NAN, rejected), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_stats_holm(2, p, 1, rejected), NTK_ERROR_ARGUMENT);
}
