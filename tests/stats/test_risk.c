/* The chance that a fresh interval misses: against the central and the normal law, and against
 * drawing. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/random.h>
#include <ntk/stats.h>

#include "status.h"

/* An interval with value 0, standard error `error` and the critical value t. */
static ntk_estimate interval(double error, double degrees, double t) {
    return (ntk_estimate){
        .low = -t * error, .high = t * error, .level = 0.99, .standard_error = error, .degrees = degrees};
}

static void expect_relative(double found, double expected, double tolerance) {
    cr_expect(isfinite(found) && fabs(found - expected) <= tolerance * expected, "%.17g, expected %.17g",
              found, expected);
}

/* At its bound, a one-sided interval clears it with probability 1 - p where t is the quantile at
 * p. */
Test(risk, at_the_bound_is_the_central_t_law) {
    const double degrees[] = {1, 2, 7, 15, 63, 1000, 40000};
    for (size_t i = 0; i < sizeof degrees / sizeof *degrees; i++) {
        double t;
        assert_ok(ntk_stats_t_quantile(0.3, degrees[i], &t));
        const ntk_estimate e = interval(2, degrees[i], t);
        expect_relative(ntk_stats_risk(&e, 0), 0.3, 1e-12);
    }
}

/* One degree, t = 0: P(T <= 0) = Phi(-delta) whatever the degrees, far into the tail. */
Test(risk, keeps_its_relative_accuracy_in_the_tail) {
    const double deltas[] = {-3, 0.5, 5, 20};
    for (size_t i = 0; i < 4; i++)
        for (double degrees = 1; degrees < 1e5; degrees *= 7) {
            const ntk_estimate e = interval(0.25, degrees, 0);
            expect_relative(ntk_stats_risk(&e, deltas[i] * 0.25), erfc(deltas[i] / sqrt(2)) / 2, 1e-11);
        }
}

/* Few degrees of freedom have critical values up to 1e5, where the normal law rises within 1e-5:
 * values of another implementation, piecewise quadrature of 25 digits. */
Test(risk, high_precision_values) {
    static const struct {
        double degrees, critical, distance, risk;
    } values[] = {{1, 63.5, 66, 0.29869256414103914},      {1, 636, 640, 0.3142770203145181},
                  {2, 31, 20, 0.65941108280228173},        {3, 100, 120, 0.22898540233408686},
                  {7, 15.5, 17, 0.30251138099659234},      {3, 100, 400, 2.1439245930125102e-10},
                  {1, 318310, 100000, 0.75340016438595763}};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        const ntk_estimate e = interval(1, values[i].degrees, values[i].critical);
        expect_relative(ntk_stats_risk(&e, values[i].distance), values[i].risk, i < 6 ? 1e-11 : 1e-4);
    }
}

/* Nine samples of N(1, 1) against the bound 0, whose distance is 3 standard errors: 20,000
 * intervals drawn; four standard deviations of a binomial. */
Test(risk, is_the_frequency_of_failures) {
    enum { REPETITIONS = 20000, SAMPLES = 9 };
    ntk_stream stream = ntk_stream_create(20250102, "risk", 0);
    size_t failures = 0;
    double t;
    assert_ok(ntk_stats_t_quantile(0.99, SAMPLES - 1, &t));
    for (size_t r = 0; r < REPETITIONS; r++) {
        double samples[SAMPLES], sum = 0, squares = 0;
        ntk_stream_normal(&stream, SAMPLES, samples);
        for (size_t k = 0; k < SAMPLES; k++) sum += 1 + samples[k];
        for (size_t k = 0; k < SAMPLES; k++) squares += pow(1 + samples[k] - sum / SAMPLES, 2);
        failures += sum / SAMPLES <= t * sqrt(squares / (SAMPLES - 1) / SAMPLES);
    }
    const ntk_estimate e = interval(1.0 / 3, SAMPLES - 1, t);
    const double p = ntk_stats_risk(&e, 1), frequency = (double)failures / REPETITIONS;
    cr_expect(fabs(frequency - p) <= 4 * sqrt(p * (1 - p) / REPETITIONS), "%g, expected %g", frequency, p);
}

Test(risk, without_spread_or_interval) {
    ntk_estimate e = interval(0, 7, 3);
    cr_expect_eq(ntk_stats_risk(&e, 1), 0.0);
    cr_expect_eq(ntk_stats_risk(&e, 0), 0.0, "a value on its bound holds");
    cr_expect_eq(ntk_stats_risk(&e, -1), 1.0);
    e = interval(1, 7, 3);
    cr_expect(isnan(ntk_stats_risk(&e, NAN)));
    cr_expect(isnan(ntk_stats_risk(&e, INFINITY)));
    e.degrees = 0; /* a plain number's */
    cr_expect(isnan(ntk_stats_risk(&e, 1)));
}
