/* Means and their intervals: a worked example, coverage, and samples that are all equal. */
#include <math.h>
#include <stdint.h>

#include <criterion/criterion.h>

#include <ntk/random.h>
#include <ntk/stats.h>

#include "status.h"

static void expect_close(double found, double expected, double tolerance) {
    cr_expect(isfinite(found) && fabs(found - expected) <= tolerance, "%.17g, expected %.17g", found,
              expected);
}

/* 1 .. 5: mean 3, variance 5/2, standard error 1/sqrt(2). At 4 degrees t has the closed form
 * 2 sqrt(cos(acos(sqrt a) / 3) / sqrt a - 1), a = 4p(1 - p). */
static double t_of_four_degrees(double p) {
    const double root = sqrt(4 * p * (1 - p));
    return 2 * sqrt(cos(acos(root) / 3) / root - 1);
}

Test(mean, worked_example) {
    const double samples[] = {4, 1, 5, 2, 3};
    const double rounding = 1e-14; /* a few ulps of numbers below 8, amplified by the closed form */
    ntk_estimate e;
    assert_ok(ntk_stats_mean(5, samples, 0.95, &e));
    const double t = t_of_four_degrees(0.975), t_power = t_of_four_degrees(0.9), error = sqrt(0.5);
    expect_close(e.value, 3, rounding);
    expect_close(e.standard_error, error, rounding);
    expect_close(e.low, 3 - t * error, rounding);
    expect_close(e.high, 3 + t * error, rounding);
    expect_close(e.minimum_detectable_effect, (t + t_power) * error, rounding);
    cr_expect_eq(e.degrees, 4.0);
    cr_expect_eq(e.level, 0.95);
}

/* A large common offset must not cancel the spread away: the offset is a power of two, so that the
 * samples are exact. */
Test(mean, offset) {
    const double samples[] = {0x1p40 + 4, 0x1p40 + 1, 0x1p40 + 5, 0x1p40 + 2, 0x1p40 + 3};
    ntk_estimate e;
    assert_ok(ntk_stats_mean(5, samples, 0.95, &e));
    cr_expect_eq(e.value, 0x1p40 + 3);
    expect_close(e.standard_error, sqrt(0.5), 1e-15);
}

/* The first sample is an outlier. All are integers, so the sum is exact in integers; the mean is
 * right to an ulp. */
Test(mean, outlier_first) {
    enum { COUNT = 1000 };
    double samples[COUNT];
    int64_t sum = 0;
    for (int64_t k = 0; k < COUNT; k++) {
        const int64_t sample = k == 0 ? INT64_C(1) << 52 : (k * k * 7919) % 104729;
        samples[k] = (double)sample;
        sum += sample;
    }
    const double expected = (double)sum / COUNT;
    ntk_estimate e;
    assert_ok(ntk_stats_mean(COUNT, samples, 0.95, &e));
    expect_close(e.value, expected, nextafter(expected, INFINITY) - expected);
}

Test(mean, equal_samples) {
    const double values[] = {0.1, -1.0 / 3, 1e300, 0};
    double samples[7];
    for (size_t v = 0; v < 4; v++) {
        for (size_t k = 0; k < 7; k++) samples[k] = values[v];
        ntk_estimate e;
        assert_ok(ntk_stats_mean(7, samples, 0.9999, &e));
        cr_expect(e.value == values[v] && e.low == values[v] && e.high == values[v]);
        cr_expect(e.standard_error == 0 && e.minimum_detectable_effect == 0);
    }
}

/* Three normal samples, level 0.9, 400 times: coverage is binomial with standard deviation 6. A
 * normal interval in place of the t interval would cover 303 of 400. The seed is fixed; four
 * standard deviations leave 1 in 16,000 for an unlucky one. */
Test(mean, coverage) {
    enum { REPETITIONS = 400 };
    ntk_stream stream = ntk_stream_create(20250101, "coverage", 0);
    size_t covered = 0, above = 0;
    for (size_t r = 0; r < REPETITIONS; r++) {
        double samples[3];
        ntk_stream_normal(&stream, 3, samples);
        for (size_t k = 0; k < 3; k++) samples[k] = 10 + 2 * samples[k];
        ntk_estimate e;
        assert_ok(ntk_stats_mean(3, samples, 0.9, &e));
        covered += e.low <= 10 && 10 <= e.high;
        above += e.low > 10;
    }
    cr_expect(fabs((double)covered - 360) <= 4 * 6.0, "%zu of 400", covered);
    cr_expect(fabs((double)above - 20) <= 4 * 4.36, "%zu of 400 above", above);
}

Test(mean, errors) {
    double samples[] = {1, 2, NAN, 4};
    ntk_estimate e;
    cr_expect_eq(ntk_stats_mean(1, samples, 0.9, &e), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_stats_mean(2, samples, 1, &e), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_stats_mean(2, samples, 0, &e), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_stats_mean(2, samples, NAN, &e), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_stats_mean(4, samples, 0.9, &e), NTK_ERROR_NOT_FINITE);
    samples[2] = INFINITY;
    cr_expect_eq(ntk_stats_mean(4, samples, 0.9, &e), NTK_ERROR_NOT_FINITE);
    samples[2] = -1.7e308, samples[3] = 1.7e308;
    cr_expect_eq(ntk_stats_mean(4, samples, 0.9, &e), NTK_ERROR_NOT_FINITE, "the spread overflows");
}
