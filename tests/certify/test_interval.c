/* Intervals of doubles: every operation encloses, and says nothing where it is not defined. */
#include <float.h>
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/interval.h>

static bool holds(ntk_interval a, double low, double high) {
    return a.low <= low && high <= a.high &&
           a.high - a.low <= high - low + 16 * DBL_EPSILON * fmax(1, fabs(high));
}

static bool is_everything(ntk_interval a) { return a.low == -INFINITY && a.high == INFINITY; }

Test(interval, encloses_results_of_both_ends) {
    const ntk_interval a = {-2, 3}, b = {0.5, 4}, c = {-3, -1};
    cr_expect(holds(ntk_interval_add(a, b), -1.5, 7));
    cr_expect(holds(ntk_interval_subtract(a, b), -6, 2.5));
    cr_expect(holds(ntk_interval_multiply(a, c), -9, 6));
    cr_expect(holds(ntk_interval_divide(a, b), -4, 6));
    cr_expect(holds(ntk_interval_divide(a, c), -3, 2));
    cr_expect(holds(ntk_interval_sqrt(b), sqrt(0.5), 2));
}

/* 0.1 + 0.2 is not 0.3 in doubles; the exact sum of the two doubles is inside. */
Test(interval, rounds_outwards) {
    const ntk_interval sum = ntk_interval_add((ntk_interval){0.1, 0.1}, (ntk_interval){0.2, 0.2});
    cr_expect(sum.low <= 0.3 && 0.30000000000000004 < sum.high);
    const ntk_interval third = ntk_interval_divide((ntk_interval){1, 1}, (ntk_interval){3, 3});
    cr_expect(fma(third.low, 3, -1) < 0 && fma(third.high, 3, -1) > 0);
    const ntk_interval root = ntk_interval_sqrt((ntk_interval){2, 2});
    cr_expect(fma(root.low, root.low, -2) < 0 && fma(root.high, root.high, -2) > 0);
}

Test(interval, undefined_is_everything) {
    const ntk_interval one = {1, 1}, across = {-1, 1}, nothing = {NAN, NAN}, huge = {INFINITY, INFINITY};
    cr_expect(is_everything(ntk_interval_divide(one, across)));
    cr_expect(is_everything(ntk_interval_sqrt(across)));
    cr_expect(is_everything(ntk_interval_add(one, nothing)));
    cr_expect(is_everything(ntk_interval_multiply(one, nothing)));
    cr_expect(is_everything(ntk_interval_subtract(huge, huge)));
    cr_expect(is_everything(ntk_interval_multiply((ntk_interval){0, 0}, huge)));
}
