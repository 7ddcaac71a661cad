/* Slopes, exponents, bootstrap. */
#include <math.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include <ntk/random.h>
#include <ntk/stats.h>

#include "status.h"

enum { WIDTHS = 4, SEEDS = 40 };
static const double widths[WIDTHS] = {64, 256, 1024, 4096};

Test(slope, known_line) {
    const double x[] = {-1, 0, 2, 5}, y[] = {5, 3, -1, -7};
    double slope, intercept;
    assert_ok(ntk_stats_slope(4, x, y, &slope, &intercept));
    cr_expect(fabs(slope + 2) <= 1e-15, "%.17g", slope);
    cr_expect(fabs(intercept - 3) <= 1e-15, "%.17g", intercept);
}

/* Normal equations by hand: x = 1 2 3 4, y = 2 1 4 3: xx = 5, xy = 3, means 5/2. */
Test(slope, scattered_points) {
    const double x[] = {1, 2, 3, 4}, y[] = {2, 1, 4, 3};
    double slope, intercept;
    assert_ok(ntk_stats_slope(4, x, y, &slope, &intercept));
    cr_expect(fabs(slope - 0.6) <= 1e-15, "%.17g", slope);
    cr_expect(fabs(intercept - 1) <= 1e-15, "%.17g", intercept);
}

Test(slope, errors) {
    double x[] = {3, 3, 3}, y[] = {1, 2, 3}, slope, intercept;
    cr_expect_eq(ntk_stats_slope(1, x, y, &slope, &intercept), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_stats_slope(3, x, y, &slope, &intercept), NTK_ERROR_ARGUMENT, "x all equal");
    x[1] = 0.1, x[2] = 0.1, x[0] = 0.1;
    cr_expect_eq(ntk_stats_slope(3, x, y, &slope, &intercept), NTK_ERROR_ARGUMENT, "x all equal, rounded");
    x[1] = NAN;
    cr_expect_eq(ntk_stats_slope(3, x, y, &slope, &intercept), NTK_ERROR_NOT_FINITE);
    x[1] = 0;
    y[2] = INFINITY;
    cr_expect_eq(ntk_stats_slope(3, x, y, &slope, &intercept), NTK_ERROR_NOT_FINITE);
}

/* Widths and values are powers of two: their logarithms are multiples of log 2, and each seed has
 * its own prefactor. */
Test(rate, exact_power_laws) {
    const double exponents[] = {-0.5, -1, 0, 2};
    double values[SEEDS * WIDTHS];
    for (size_t k = 0; k < 4; k++) {
        for (size_t s = 0; s < SEEDS; s++)
            for (size_t w = 0; w < WIDTHS; w++)
                values[s * WIDTHS + w] = ldexp(1 + (double)s, (int)(exponents[k] * log2(widths[w])));
        ntk_estimate e;
        assert_ok(ntk_stats_rate(WIDTHS, widths, SEEDS, values, 0.999998, &e));
        cr_expect(fabs(e.value - exponents[k]) <= 1e-14, "%.17g of %g", e.value, exponents[k]);
        cr_expect(e.high - e.low <= 1e-13, "[%.17g, %.17g]", e.low, e.high);
        cr_expect_eq(e.degrees, SEEDS - 1.0);
    }
}

/* Two widths: seed s has slope b_s exactly, so the estimate is the mean of b_s = -0.4, -0.5, -0.6
 * and its error 0.1 / sqrt 3. */
Test(rate, spread_of_the_slopes) {
    const double two[] = {16, 256}, slopes[] = {-0.4, -0.5, -0.6};
    double values[6];
    for (size_t s = 0; s < 3; s++)
        for (size_t w = 0; w < 2; w++) values[2 * s + w] = (1 + (double)s) * pow(two[w], slopes[s]);
    ntk_estimate e;
    assert_ok(ntk_stats_rate(2, two, 3, values, 0.9, &e));
    const double t = 0.9 / sqrt(2 * 0.95 * 0.05); /* the 0.95 quantile at 2 degrees */
    cr_expect(fabs(e.value + 0.5) <= 1e-14, "%.17g", e.value);
    cr_expect(fabs(e.standard_error - 0.1 / sqrt(3)) <= 1e-14, "%.17g", e.standard_error);
    cr_expect(fabs(e.high - e.value - t * 0.1 / sqrt(3)) <= 1e-13, "%.17g", e.high);
}

/* value = m^{-1/2} e^{noise}; the same noise level at each width. */
static void draw_values(uint64_t seed, double *values) {
    ntk_stream stream = ntk_stream_create(seed, "rate", 0);
    ntk_stream_normal(&stream, (size_t)SEEDS * WIDTHS, values);
    for (size_t s = 0; s < SEEDS; s++)
        for (size_t w = 0; w < WIDTHS; w++)
            values[s * WIDTHS + w] = exp(0.2 * values[s * WIDTHS + w]) / sqrt(widths[w]);
}

/* ---- bootstrap: an interval that assumes no law ---------------------------------------------- */

enum { RESAMPLES = 4000 };

/* Least squares of log value against log width, by the normal equations. */
static double slope_of(const double *values) {
    double x = 0, y = 0, xx = 0, xy = 0;
    for (size_t w = 0; w < WIDTHS; w++) {
        x += log(widths[w]), y += log(values[w]);
        xx += log(widths[w]) * log(widths[w]), xy += log(widths[w]) * log(values[w]);
    }
    return (WIDTHS * xy - x * y) / (WIDTHS * xx - x * x);
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Means of samples drawn from the seeds' slopes with replacement, in ascending order. */
static void resample(const double *values, uint64_t seed, double *means) {
    ntk_stream stream = ntk_stream_create(seed, "bootstrap", 0);
    for (size_t r = 0; r < RESAMPLES; r++) {
        means[r] = 0;
        for (size_t k = 0; k < SEEDS; k++)
            means[r] += slope_of(values + ntk_stream_below(&stream, SEEDS) * WIDTHS) / SEEDS;
    }
    qsort(means, RESAMPLES, sizeof *means, ascending);
}

/* At 95 % the percentile interval of 4,000 resamples has end points known to about 3 % of its
 * half-width, and its centre and its width differ from the t interval's by some percent at 40 seeds
 * (no 1/(n-1), normal tails): 15 % in all. */
Test(rate, bootstrap_agrees_at_95_percent) {
    double values[SEEDS * WIDTHS], means[RESAMPLES];
    for (uint64_t seed = 1; seed <= 5; seed++) {
        draw_values(seed, values);
        ntk_estimate t;
        assert_ok(ntk_stats_rate(WIDTHS, widths, SEEDS, values, 0.95, &t));
        resample(values, seed, means);
        const double half_width = (t.high - t.low) / 2, low = means[100], high = means[RESAMPLES - 101];
        cr_expect(fabs(low - t.low) <= 0.15 * half_width, "%g, t: %g", low, t.low);
        cr_expect(fabs(high - t.high) <= 0.15 * half_width, "%g, t: %g", high, t.high);
    }
}

Test(rate, errors) {
    double values[SEEDS * WIDTHS], zero_width[] = {0, 1, 2, 3};
    const double same[] = {64, 64, 64, 64}, bad[] = {0, -1, NAN, INFINITY};
    ntk_estimate e;
    draw_values(1, values);
    cr_expect_eq(ntk_stats_rate(1, widths, SEEDS, values, 0.9, &e), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_stats_rate(WIDTHS, widths, 1, values, 0.9, &e), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_stats_rate(WIDTHS, widths, SEEDS, values, 1, &e), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_stats_rate(WIDTHS, zero_width, SEEDS, values, 0.9, &e), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_stats_rate(WIDTHS, same, SEEDS, values, 0.9, &e), NTK_ERROR_ARGUMENT);
    for (size_t k = 0; k < 4; k++) {
        values[7 * WIDTHS + 2] = bad[k];
        assert_fails(ntk_stats_rate(WIDTHS, widths, SEEDS, values, 0.9, &e), NTK_ERROR_NOT_FINITE,
                     "seed 7 at width 1024");
    }
}
