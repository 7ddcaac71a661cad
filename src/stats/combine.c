/* Means of several groups, and several means at once.
 *
 * Groups g of n_g independent samples with means m_g and variances of those means v_g = sd_g^2 /
 * n_g. Their sum has standard error sqrt(V), V = sum v_g, and by Welch and Satterthwaite the t law
 * with
 *
 *     V^2 / sum_g v_g^2 / (n_g - 1)
 *
 * degrees of freedom, the number that gives V the first two moments of a scaled chi-square. */
#include "stats/estimate.h"

#include <math.h>

static ntk_status check_groups(size_t groups, const size_t *counts, const double *samples) {
    if (groups == 0) return ntk_fail(NTK_ERROR_ARGUMENT, "sum of means: no groups");
    for (size_t g = 0; g < groups; g++) {
        if (counts[g] < 2)
            return ntk_fail(NTK_ERROR_ARGUMENT,
                            "sum of means: %zu samples in group %zu, at least 2 are needed", counts[g], g);
        for (size_t k = 0; k < counts[g]; k++)
            if (!isfinite(samples[k]))
                return ntk_fail(NTK_ERROR_NOT_FINITE, "sum of means: sample %zu of group %zu is %g", k, g,
                                samples[k]);
        samples += counts[g];
    }
    return NTK_OK;
}

ntk_status ntk_stats_sum_of_means(size_t groups, const size_t *counts, const double *samples, double level,
                                  ntk_estimate *out) {
    NTK_TRY(stats_check_level("sum of means", level));
    NTK_TRY(check_groups(groups, counts, samples));
    double sum = 0, variance = 0, shares = 0, degrees = 0;
    for (size_t g = 0; g < groups; samples += counts[g], g++) {
        const double sd = stats_standard_deviation(counts[g], samples);
        const double part = sd * sd / (double)counts[g];
        sum += stats_mean(counts[g], samples);
        variance += part;
        shares += part * part / (double)(counts[g] - 1);
        degrees += (double)(counts[g] - 1);
    }
    if (shares > 0) degrees = variance * variance / shares;
    return stats_t_interval(sum, sqrt(variance), degrees, level, out);
}

ntk_status ntk_stats_largest(size_t count, const ntk_estimate *estimates, double level, ntk_estimate *out) {
    NTK_TRY(stats_check_level("largest", level));
    if (count == 0) return ntk_fail(NTK_ERROR_ARGUMENT, "largest: no estimates");
    const double wanted = ntk_stats_family_level(1 - level, count);
    ntk_estimate found = {.value = -1, .level = level};
    for (size_t k = 0; k < count; k++) {
        const ntk_estimate *e = &estimates[k];
        if (!(e->level >= wanted))
            return ntk_fail(NTK_ERROR_ARGUMENT, "largest: estimate %zu has level %.17g, %.17g is needed", k,
                            e->level, wanted);
        if (!(isfinite(e->low) && isfinite(e->high) && isfinite(e->value)))
            return ntk_fail(NTK_ERROR_NOT_FINITE, "largest: estimate %zu is %g", k, e->value);
        const double size = fabs(e->value), half_width = fmax(e->high - e->value, e->value - e->low);
        if (size > found.value) {
            found.value = size;
            found.standard_error = e->standard_error;
            found.degrees = e->degrees;
        }
        found.low = fmax(found.low, size - half_width);
        found.high = fmax(found.high, size + half_width);
        found.minimum_detectable_effect = fmax(found.minimum_detectable_effect, e->minimum_detectable_effect);
    }
    *out = found;
    return NTK_OK;
}
