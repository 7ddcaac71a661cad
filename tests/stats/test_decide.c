/* Decisions: boundaries, and what NaN, infinities and improper intervals must not pass. */
#include <criterion/criterion.h>
#include <math.h>
#include <ntk/stats.h>

static ntk_estimate interval(double low, double value, double high) {
    return (ntk_estimate){.value = value, .low = low, .high = high, .level = 0.99};
}

Test(decide, one_sided) {
    const struct {
        double low, high;
        ntk_decision at_most, at_least;
    } cases[] = {/* against the bound 1 */
                 {-1, 0, NTK_DECISION_HOLDS, NTK_DECISION_VIOLATED},
                 {0, 1, NTK_DECISION_HOLDS, NTK_DECISION_INCONCLUSIVE},
                 {0, 2, NTK_DECISION_INCONCLUSIVE, NTK_DECISION_INCONCLUSIVE},
                 {1, 2, NTK_DECISION_INCONCLUSIVE, NTK_DECISION_HOLDS},
                 {1.5, 2, NTK_DECISION_VIOLATED, NTK_DECISION_HOLDS},
                 {1, 1, NTK_DECISION_HOLDS, NTK_DECISION_HOLDS},
                 {2, 2, NTK_DECISION_VIOLATED, NTK_DECISION_HOLDS}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const ntk_estimate e = interval(cases[k].low, (cases[k].low + cases[k].high) / 2, cases[k].high);
        cr_expect_eq(ntk_decide_at_most(&e, 1), cases[k].at_most, "at most, case %zu", k);
        cr_expect_eq(ntk_decide_at_least(&e, 1), cases[k].at_least, "at least, case %zu", k);
    }
}

Test(decide, equivalent) {
    const struct {
        double low, high;
        ntk_decision decision;
    } cases[] = {/* against -1/2 +- 1/8 */
                 {-0.625, -0.375, NTK_DECISION_HOLDS},    {-0.5, -0.5, NTK_DECISION_HOLDS},
                 {-0.7, -0.6, NTK_DECISION_INCONCLUSIVE}, {-0.4, -0.3, NTK_DECISION_INCONCLUSIVE},
                 {-1, 0, NTK_DECISION_INCONCLUSIVE},      {-0.9, -0.7, NTK_DECISION_VIOLATED},
                 {-0.3, 0.2, NTK_DECISION_VIOLATED},      {-0.375, -0.25, NTK_DECISION_INCONCLUSIVE}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const ntk_estimate e = interval(cases[k].low, (cases[k].low + cases[k].high) / 2, cases[k].high);
        cr_expect_eq(ntk_decide_equivalent(&e, -0.5, 0.125), cases[k].decision, "case %zu", k);
    }
}

static void expect_violated(ntk_estimate e, double bound, double margin) {
    cr_expect_eq(ntk_decide_at_most(&e, bound), NTK_DECISION_VIOLATED, "at most %g", bound);
    cr_expect_eq(ntk_decide_at_least(&e, bound), NTK_DECISION_VIOLATED, "at least %g", bound);
    cr_expect_eq(ntk_decide_equivalent(&e, bound, margin), NTK_DECISION_VIOLATED, "%g +- %g", bound, margin);
}

Test(decide, nothing_improper_passes) {
    const double bad[] = {NAN, INFINITY, -INFINITY};
    for (size_t k = 0; k < 3; k++) {
        expect_violated(interval(bad[k], 0, 1), 0.5, 10);
        expect_violated(interval(-1, bad[k], 1), 0.5, 10);
        expect_violated(interval(-1, 0, bad[k]), 0.5, 10);
        expect_violated(interval(-1, 0, 1), bad[k], 10);
        const ntk_estimate e = interval(-1, 0, 1);
        cr_expect_eq(ntk_decide_equivalent(&e, 0, bad[k]), NTK_DECISION_VIOLATED);
    }
    expect_violated(interval(1, 0, -1), 0, 10);
    expect_violated(interval(-1, 2, 1), 0, 10);
    expect_violated(interval(1, 0, 2), 0, 10);
    const ntk_estimate wide = interval(-5, 0, 5), point = interval(0, 0, 0);
    cr_expect_eq(ntk_decide_equivalent(&wide, 0, -1), NTK_DECISION_VIOLATED, "a negative margin");
    cr_expect_eq(ntk_decide_equivalent(&point, 0, 0), NTK_DECISION_HOLDS, "a margin of zero");
}
