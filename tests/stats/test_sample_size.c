/* Samples that settle a check: against the normal law, against drawing, and where there is no
 * answer. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/random.h>
#include <ntk/stats.h>

#include "status.h"

static ntk_estimate estimate(double error, double degrees) {
    return (ntk_estimate){.level = 0.99, .standard_error = error, .degrees = degrees};
}

/* Of many samples t is normal: N = ((z_0.995 + z_0.9) s / D)^2, the quantiles from tables.
 * Those of 1000 degrees are larger by a part of (z^2 + 1) / 4000, N by twice that. */
Test(sample_size, many_samples_obey_the_normal_law) {
    const ntk_estimate e = estimate(1, 99); /* s = 10 */
    const double z = 2.5758293035489004 + 1.2815515655446004;
    const double found = ntk_stats_sample_size(&e, 0.1), expected = z * z * 1e4;
    cr_expect(fabs(found - expected) <= 4e-3 * expected, "%.17g, expected %.17g", found, expected);
    cr_expect_eq(ntk_stats_sample_size(&e, -0.1), found, "either side of the bound");
}

/* With that many samples the interval clears the bound nine times in ten, up to what the sum of two
 * quantiles neglects; with a third of them it mostly does not. */
static double frequency_of_clearing(size_t n, double distance) {
    enum { REPETITIONS = 4000, MOST = 400 };
    double samples[MOST];
    size_t clear = 0;
    cr_assert_leq(n, MOST);
    for (uint64_t k = 0; k < REPETITIONS; k++) {
        ntk_stream stream = ntk_stream_create(5, "sample size", k);
        ntk_estimate drawn;
        ntk_stream_normal(&stream, n, samples);
        assert_ok(ntk_stats_mean(n, samples, 0.99, &drawn));
        clear += drawn.high < distance;
    }
    return (double)clear / REPETITIONS;
}

Test(sample_size, so_many_samples_settle_it) {
    const ntk_estimate e = estimate(1 / sqrt(8), 7); /* s = 1 */
    const double n = ntk_stats_sample_size(&e, 0.5);
    const double often = frequency_of_clearing((size_t)n, 0.5),
                 seldom = frequency_of_clearing((size_t)n / 3, 0.5);
    cr_expect(often > 0.85 && often < 0.95, "%g samples: %g", n, often);
    cr_expect_lt(seldom, 0.5);
}

/* An answer below the million is found also where doubling would jump over it. (To 0.4 %, as
 * above.) */
Test(sample_size, up_to_the_million) {
    const ntk_estimate e = estimate(1 / sqrt(6e5), 599999); /* s = 1 */
    const double z = 2.5758293035489004 + 1.2815515655446004;
    cr_expect_float_eq(ntk_stats_sample_size(&e, z / sqrt(7e5)), 7e5, 4e-3 * 7e5);
    cr_expect_eq(ntk_stats_sample_size(&e, z / sqrt(1.1e6)), (double)INFINITY);
}

Test(sample_size, there_need_not_be_an_answer) {
    const ntk_estimate e = estimate(1, 7), none = estimate(0, 7), no_t = estimate(1, NAN);
    cr_expect_eq(ntk_stats_sample_size(&e, 1e-6), (double)INFINITY);
    cr_expect_eq(ntk_stats_sample_size(&e, 0), (double)INFINITY);
    cr_expect(isnan(ntk_stats_sample_size(&none, 1)));
    cr_expect(isnan(ntk_stats_sample_size(&no_t, 1)));
    cr_expect(isnan(ntk_stats_sample_size(&e, NAN)));
}
