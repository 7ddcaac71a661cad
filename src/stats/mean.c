/* Means with t intervals.
 *
 * For n independent samples with mean m, standard error e = sd / sqrt(n) and nu = n - 1 degrees of
 * freedom, the two-sided interval at a confidence level is m +- t_c e, t_c the quantile of
 * Student's law at (1 + level)/2. It is exact for normal samples.
 *
 * Minimum detectable effect. A check against a bound B holds when the interval lies on its side of
 * B: m + t_c e <= B, say. If the true mean is mu, this happens with probability 0.9 as soon as B -
 * mu is about
 *
 *     (t_c + t_0.9) e,
 *
 * t_0.9 the 0.9 quantile: m exceeds mu by more than t_0.9 e with probability 0.1. Exactly, the
 * power is a noncentral t probability; the sum of quantiles takes the estimated e for the true one
 * and overstates the power where t_c is large: 0.81 in place of 0.9 at 15 degrees of freedom and
 * level 1 - 2e-6. It is stated for planning, and no verdict depends on it. */
#include "stats/estimate.h"

#include <math.h>

ntk_status stats_check_level(const char *caller, double level) {
    if (level > 0 && level < 1) return NTK_OK;
    return ntk_fail(NTK_ERROR_ARGUMENT, "%s: confidence level %g is not in (0, 1)", caller, level);
}

/* Deviations from the first sample, so that equal samples give it back exactly; then once more,
 * from the mean found, since the first sample may be an outlier. */
double stats_mean(size_t n, const double *samples) {
    double mean = samples[0];
    for (int pass = 0; pass < 2; pass++) {
        double sum = 0;
        for (size_t k = 0; k < n; k++) sum += samples[k] - mean;
        mean += sum / (double)n;
    }
    return mean;
}

double stats_standard_deviation(size_t n, const double *samples) {
    const double mean = stats_mean(n, samples);
    double squares = 0;
    for (size_t k = 0; k < n; k++) squares += (samples[k] - mean) * (samples[k] - mean);
    return sqrt(squares / (double)(n - 1));
}

ntk_status stats_t_interval(double value, double standard_error, double degrees, double level,
                            ntk_estimate *out) {
    double critical, power;
    NTK_TRY(ntk_stats_t_quantile((1 + level) / 2, degrees, &critical));
    NTK_TRY(ntk_stats_t_quantile(0.9, degrees, &power));
    *out = (ntk_estimate){.value = value,
                          .low = value - critical * standard_error,
                          .high = value + critical * standard_error,
                          .level = level,
                          .standard_error = standard_error,
                          .degrees = degrees,
                          .minimum_detectable_effect = (critical + power) * standard_error};
    if (isfinite(out->low) && isfinite(out->high)) return NTK_OK;
    return ntk_fail(NTK_ERROR_NOT_FINITE, "t interval: %g with standard error %g overflows", value,
                    standard_error);
}

ntk_status ntk_stats_mean(size_t n, const double *samples, double level, ntk_estimate *out) {
    if (n < 2) return ntk_fail(NTK_ERROR_ARGUMENT, "mean: %zu samples, at least 2 are needed", n);
    NTK_TRY(stats_check_level("mean", level));
    for (size_t k = 0; k < n; k++)
        if (!isfinite(samples[k]))
            return ntk_fail(NTK_ERROR_NOT_FINITE, "mean: sample %zu of %zu is %g", k, n, samples[k]);
    const double standard_error = stats_standard_deviation(n, samples) / sqrt((double)n);
    return stats_t_interval(stats_mean(n, samples), standard_error, (double)(n - 1), level, out);
}
