/* How many samples would take an interval to one side of a bound.
 *
 * n = nu + 1 samples with standard error e have the standard deviation s = e sqrt(n). With N of
 * them, of the same mean and deviation, the interval clears a bound at the distance D with
 * probability about 0.9 (mean.c) when
 *
 *     (t_c + t_0.9) s / sqrt(N) <= D,    both quantiles at N - 1 degrees of freedom.
 *
 * The left side falls with N: the least N is found by doubling and halving. */
#include <math.h>

#include <ntk/stats.h>

static const double most = 1e6; /* samples */

/* From here on quantiles are those of the normal law to a part of (z^2 + 1) / 4000. */
static const double most_degrees = 1000;

/* How far an interval of `samples` reaches at that power; infinite where it cannot be told. */
static double reach(const ntk_estimate *estimate, double deviation, double samples) {
    const double degrees = fmin(samples - 1, most_degrees);
    double critical, power;
    if (ntk_stats_t_quantile((1 + estimate->level) / 2, degrees, &critical) != NTK_OK ||
        ntk_stats_t_quantile(0.9, degrees, &power) != NTK_OK)
        return INFINITY;
    return (critical + power) * deviation / sqrt(samples);
}

double ntk_stats_sample_size(const ntk_estimate *estimate, double distance) {
    const double error = estimate->standard_error, degrees = estimate->degrees;
    if (!(error > 0 && degrees >= 1 && isfinite(error) && isfinite(degrees) && isfinite(distance)))
        return NAN;
    const double now = floor(degrees + 1.5), deviation = error * sqrt(now);
    if (!(now < most && reach(estimate, deviation, most) <= fabs(distance))) return INFINITY;
    double low = now, high = fmin(2 * now, most);
    while (!(reach(estimate, deviation, high) <= fabs(distance))) {
        low = high;
        high = fmin(2 * high, most);
    }
    while (high - low > 1) {
        const double middle = floor((low + high) / 2);
        if (reach(estimate, deviation, middle) <= fabs(distance))
            high = middle;
        else
            low = middle;
    }
    return high;
}
