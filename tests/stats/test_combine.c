/* Sums of means against numbers worked out by hand and by their coverage; the largest of
 * several. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/stats.h>

#include "status.h"

/* v_1 = 5/12, v_2 = 133/9: standard error sqrt(v_1 + v_2), Welch's degrees (v_1 + v_2)^2 /
 * (v_1^2/3 + v_2^2/2).
 */
Test(combine, two_groups_by_hand) {
    const double samples[] = {1, 2, 3, 4, 10, 20, 33};
    const size_t counts[] = {4, 3};
    const double v1 = 5.0 / 12, v2 = (11.0 * 11 + 1 + 12 * 12) / 2 / 3;
    ntk_estimate e;
    assert_ok(ntk_stats_sum_of_means(2, counts, samples, 0.95, &e));
    cr_expect_float_eq(e.value, 23.5, 1e-13);
    cr_expect_float_eq(e.standard_error, sqrt(v1 + v2), 1e-13);
    cr_expect_float_eq(e.degrees, (v1 + v2) * (v1 + v2) / (v1 * v1 / 3 + v2 * v2 / 2), 1e-12);
    double t;
    assert_ok(ntk_stats_t_quantile(0.975, e.degrees, &t));
    cr_expect_float_eq(e.high - e.value, t * e.standard_error, 1e-12);
    cr_expect_float_eq(e.value - e.low, t * e.standard_error, 1e-12);
}

Test(combine, one_group_is_the_mean) {
    const double samples[] = {0.3, -1, 2.5, 0.75, 1e-3};
    const size_t count = 5;
    ntk_estimate a, b;
    assert_ok(ntk_stats_sum_of_means(1, &count, samples, 0.999, &a));
    assert_ok(ntk_stats_mean(5, samples, 0.999, &b));
    cr_expect_float_eq(a.value, b.value, 1e-15);
    cr_expect_float_eq(a.degrees, 4, 1e-13);
    cr_expect_float_eq(a.low, b.low, 1e-13);
}

/* Groups of 3 and 40 with standard deviations 3 and 1: of 600 intervals at level 0.9 about 0.9
 * cover (five standard errors are 0.06). Pooled degrees, 41, would give the interval of a normal
 * law, which covers 0.76. */
Test(combine, covers_with_unequal_variances) {
    const size_t counts[] = {3, 40};
    ntk_stream stream = ntk_stream_create(7, "welch", 0);
    size_t covered = 0;
    for (int run = 0; run < 600; run++) {
        double samples[43];
        ntk_estimate e;
        ntk_stream_normal(&stream, 43, samples);
        for (size_t k = 0; k < 3; k++) samples[k] = 3 * samples[k] + 2;
        assert_ok(ntk_stats_sum_of_means(2, counts, samples, 0.9, &e));
        covered += e.low <= 2 && 2 <= e.high;
    }
    cr_expect_float_eq((double)covered / 600, 0.9, 0.06, "%zu of 600", covered);
}

Test(combine, equal_samples) {
    const double samples[] = {2, 2, 5, 5, 5};
    const size_t counts[] = {2, 3};
    ntk_estimate e;
    assert_ok(ntk_stats_sum_of_means(2, counts, samples, 0.9, &e));
    cr_expect(e.value == 7 && e.low == 7 && e.high == 7 && e.degrees == 3);
}

Test(combine, refuses) {
    const double samples[] = {2, 2, NAN, 5, 5};
    size_t counts[] = {2, 3};
    ntk_estimate e;
    cr_expect_eq(ntk_stats_sum_of_means(2, counts, samples, 0.9, &e), NTK_ERROR_NOT_FINITE);
    cr_expect_eq(ntk_stats_sum_of_means(0, counts, samples, 0.9, &e), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_stats_sum_of_means(1, counts, samples, 1, &e), NTK_ERROR_ARGUMENT);
    counts[0] = 1;
    cr_expect_eq(ntk_stats_sum_of_means(1, counts, samples, 0.9, &e), NTK_ERROR_ARGUMENT);
}

static ntk_estimate estimate(double value, double half_width, double level) {
    return (ntk_estimate){.value = value,
                          .low = value - half_width,
                          .high = value + half_width,
                          .level = level,
                          .standard_error = half_width / 5,
                          .minimum_detectable_effect = half_width + 0.25};
}

/* The widest interval bounds the largest value from above; the narrow one of another quantity from
 * below. */
Test(largest, takes_each_end_where_it_is) {
    const double level = ntk_stats_family_level(0.01, 3);
    const ntk_estimate e[] = {estimate(-2, 0.5, level), estimate(1, 3, level), estimate(1.75, 0.125, level)};
    ntk_estimate out;
    assert_ok(ntk_stats_largest(3, e, 0.99, &out));
    cr_expect_eq(out.value, 2);
    cr_expect_eq(out.standard_error, 0.1);
    cr_expect_eq(out.low, 1.625);
    cr_expect_eq(out.high, 4);
    cr_expect_eq(out.level, 0.99);
    cr_expect_eq(out.minimum_detectable_effect, 3.25);
    const ntk_estimate wide = estimate(0.5, 2, ntk_stats_family_level(0.01, 1));
    assert_ok(ntk_stats_largest(1, &wide, 0.99, &out));
    cr_expect(out.value == 0.5 && out.low == 0 && out.high == 2.5);
}

Test(largest, refuses_a_level_that_is_not_simultaneous) {
    const ntk_estimate e[] = {estimate(1, 1, 0.99), estimate(1, 1, 0.99)};
    ntk_estimate broken = estimate(NAN, 1, 0.999), out;
    cr_expect_eq(ntk_stats_largest(2, e, 0.99, &out), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_stats_largest(2, e, 0.98, &out), NTK_OK, "%s", ntk_error_detail());
    cr_expect_eq(ntk_stats_largest(0, e, 0.9, &out), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_stats_largest(1, &broken, 0.9, &out), NTK_ERROR_NOT_FINITE);
}
