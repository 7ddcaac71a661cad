/* Many tests at once. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/stats.h>

Test(family, bonferroni) {
    cr_expect_eq(ntk_stats_family_level(0.05, 1), 0.95);
    cr_expect(fabs(1 - ntk_stats_family_level(1e-3, 500) - 2e-6) <= 0x1p-53);
    const double bad[] = {0, 1, -1, NAN, INFINITY};
    for (size_t k = 0; k < 5; k++) cr_expect(isnan(ntk_stats_family_level(bad[k], 3)));
    cr_expect(isnan(ntk_stats_family_level(0.05, 0)));
}
