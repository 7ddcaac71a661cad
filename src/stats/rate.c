/* Exponents from widths x seeds.
 *
 * Each seed s gives one slope b_s, the least-squares slope of log value against log width over its
 * own widths; the estimate is the mean of the slopes with its t interval over seeds. The widths of
 * one seed may share their data, so that their errors are dependent; the slopes of different seeds
 * are independent, and only that is used. A pooled regression would take all points for independent
 * and report an interval that is too narrow.
 *
 * The slope is sum (x - mean x)(y - mean y) / sum (x - mean x)^2: the centred form, since the raw
 * normal equations cancel. */
#include "stats/estimate.h"

#include <math.h>

#include <ntk/memory.h>

/* --- slopes ----------------------------------------------------------------------------------- */

static ntk_status check_finite(const char *name, size_t n, const double *x) {
    for (size_t k = 0; k < n; k++)
        if (!isfinite(x[k])) return ntk_fail(NTK_ERROR_NOT_FINITE, "slope: %s[%zu] is %g", name, k, x[k]);
    return NTK_OK;
}

ntk_status ntk_stats_slope(size_t n, const double *x, const double *y, double *slope, double *intercept) {
    if (n < 2) return ntk_fail(NTK_ERROR_ARGUMENT, "slope: %zu points, at least 2 are needed", n);
    NTK_TRY(check_finite("x", n, x));
    NTK_TRY(check_finite("y", n, y));
    const double x_mean = stats_mean(n, x), y_mean = stats_mean(n, y);
    double xx = 0, xy = 0;
    for (size_t k = 0; k < n; k++) {
        xx += (x[k] - x_mean) * (x[k] - x_mean);
        xy += (x[k] - x_mean) * (y[k] - y_mean);
    }
    if (!(xx > 0)) return ntk_fail(NTK_ERROR_ARGUMENT, "slope: all %zu values of x equal %g", n, x[0]);
    *slope = xy / xx;
    *intercept = y_mean - *slope * x_mean;
    if (isfinite(*slope) && isfinite(*intercept)) return NTK_OK;
    return ntk_fail(NTK_ERROR_NOT_FINITE, "slope: sums over %zu points overflow", n);
}

static ntk_status check_rate(size_t width_count, const double *widths, size_t seed_count,
                             const double *values, double level) {
    if (width_count < 2 || seed_count < 2)
        return ntk_fail(NTK_ERROR_ARGUMENT, "rate: %zu widths and %zu seeds, at least 2 of each are needed",
                        width_count, seed_count);
    NTK_TRY(stats_check_level("rate", level));
    for (size_t w = 0; w < width_count; w++)
        if (!(isfinite(widths[w]) && widths[w] > 0))
            return ntk_fail(NTK_ERROR_ARGUMENT, "rate: width %zu is %g", w, widths[w]);
    for (size_t s = 0; s < seed_count; s++)
        for (size_t w = 0; w < width_count; w++) {
            const double value = values[s * width_count + w];
            if (!(isfinite(value) && value > 0))
                return ntk_fail(NTK_ERROR_NOT_FINITE, "rate: the value of seed %zu at width %g is %g", s,
                                widths[w], value);
        }
    return NTK_OK;
}

/* slopes <- the log-log slope of each seed, an array for ntk_release. */
static ntk_status rate_slopes(size_t width_count, const double *widths, size_t seed_count,
                              const double *values, double **slopes) {
    double *log_widths = NULL, *log_values = NULL, intercept;
    ntk_status status;
    *slopes = NULL;
    NTK_TRY_OR(done, status, ntk_allocate_doubles(width_count, &log_widths));
    NTK_TRY_OR(done, status, ntk_allocate_doubles(width_count, &log_values));
    NTK_TRY_OR(done, status, ntk_allocate_doubles(seed_count, slopes));
    for (size_t w = 0; w < width_count; w++) log_widths[w] = log(widths[w]);
    for (size_t s = 0; s < seed_count; s++) {
        for (size_t w = 0; w < width_count; w++) log_values[w] = log(values[s * width_count + w]);
        NTK_TRY_OR(done, status,
                   ntk_stats_slope(width_count, log_widths, log_values, &(*slopes)[s], &intercept));
    }
done:
    ntk_release(log_widths);
    ntk_release(log_values);
    if (status != NTK_OK) {
        ntk_release(*slopes);
        *slopes = NULL;
    }
    return status;
}

ntk_status ntk_stats_rate(size_t width_count, const double *widths, size_t seed_count, const double *values,
                          double level, ntk_estimate *out) {
    double *slopes;
    NTK_TRY(check_rate(width_count, widths, seed_count, values, level));
    NTK_TRY(rate_slopes(width_count, widths, seed_count, values, &slopes));
    const ntk_status status = ntk_stats_mean(seed_count, slopes, level, out);
    ntk_release(slopes);
    return status;
}
