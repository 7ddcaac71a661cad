/* Diagnostics of Markov chains.
 *
 * M sequences of N draws with means m_j and variances s_j^2 (N - 1 in the denominator):
 *
 *     W = mean of the s_j^2,     B = variance of the m_j (times N in the literature),
 *     V = (N - 1)/N W + B        overestimates the variance of the law while the chains differ.
 *
 * Split R-hat = sqrt(V / W) with each chain cut into two sequences, so that a drift within chains
 * shows too. Where all draws are from one law and a sequence has an effective size S, B / W is
 * about chi^2_{M-1} / ((M - 1) S): R-hat exceeds sqrt(1 + c / S) with the probability that
 * chi^2_{M-1} / (M - 1) exceeds c.
 *
 * Effective size of all M N draws: M N / tau, tau = 1 + 2 sum_{t >= 1} rho_t, with (Gelman et al.,
 * section 11.5; Stan)
 *
 *     rho_t = 1 - (W - mean_j c_j(t)) / V,
 *     c_j(t) = (1/N) sum_i (x_i - m_j)(x_{i+t} - m_j) (N/(N-1) at 0).
 *
 * The sum is noise at large t. For a reversible chain the sums of pairs rho_{2t} + rho_{2t+1} are
 * positive and decrease (Geyer 1992): it ends where an estimated pair is negative, and pairs above
 * an earlier one count as that one. */
#include <math.h>
#include <stdbool.h>

#include <ntk/stats.h>

#include "stats/estimate.h"

typedef struct pooled {
    double within, total; /* W, V */
} pooled;

static ntk_status check(const char *name, size_t chains, size_t length, const double *draws) {
    if (chains == 0 || length < 8)
        return ntk_fail(NTK_ERROR_ARGUMENT, "%s: %zu chains of %zu draws, at least 1 of 8 are needed", name,
                        chains, length);
    for (size_t i = 0; i < chains * length; ++i)
        if (!isfinite(draws[i]))
            return ntk_fail(NTK_ERROR_NOT_FINITE, "%s: draw %zu of chain %zu is %g", name, i % length,
                            i / length, draws[i]);
    return NTK_OK;
}

/* W and V of sequences that begin `stride` apart. */
static ntk_status pool(const char *name, size_t sequences, size_t length, size_t stride, const double *draws,
                       pooled *out) {
    double grand = 0, between = 0, within = 0;
    for (size_t j = 0; j < sequences; ++j) grand += stats_mean(length, draws + j * stride);
    grand /= (double)sequences;
    for (size_t j = 0; j < sequences; ++j) {
        const double offset = stats_mean(length, draws + j * stride) - grand;
        const double deviation = stats_standard_deviation(length, draws + j * stride);
        between += offset * offset;
        within += deviation * deviation;
    }
    out->within = within / (double)sequences;
    out->total = out->within * (1 - 1 / (double)length);
    if (sequences > 1) out->total += between / (double)(sequences - 1);
    if (out->within > 0) return NTK_OK;
    return ntk_fail(NTK_ERROR_NOT_FINITE, "%s: the draws do not vary within their sequences", name);
}

ntk_status ntk_stats_split_r_hat(size_t chains, size_t length, const double *draws, double *r_hat) {
    NTK_TRY(check("split R-hat", chains, length, draws));
    if (length % 2 != 0)
        return ntk_fail(NTK_ERROR_ARGUMENT, "split R-hat: %zu draws cannot be cut into halves", length);
    pooled halves;
    NTK_TRY(pool("split R-hat", 2 * chains, length / 2, length / 2, draws, &halves));
    *r_hat = sqrt(halves.total / halves.within);
    return NTK_OK;
}

/* Mean over chains of c_j(t). means: of each chain. */
static double autocovariance(size_t chains, size_t length, const double *draws, size_t lag) {
    double sum = 0;
    for (size_t j = 0; j < chains; ++j) {
        const double *x = draws + j * length, mean = stats_mean(length, x);
        for (size_t i = 0; i + lag < length; ++i) sum += (x[i] - mean) * (x[i + lag] - mean);
    }
    return sum / (double)(chains * length);
}

ntk_status ntk_stats_effective_size(size_t chains, size_t length, const double *draws, double *size) {
    pooled all;
    NTK_TRY(check("effective sample size", chains, length, draws));
    NTK_TRY(pool("effective sample size", chains, length, length, draws, &all));
    double sum = 0, smallest = INFINITY;
    for (size_t lag = 0; lag + 1 < length; lag += 2) {
        const double even =
            lag == 0 ? 1 : 1 - (all.within - autocovariance(chains, length, draws, lag)) / all.total;
        const double odd = 1 - (all.within - autocovariance(chains, length, draws, lag + 1)) / all.total;
        if (!(even + odd > 0)) break;
        smallest = fmin(smallest, even + odd);
        sum += smallest;
    }
    /* 1 + 2 (rho_1 + rho_2 + ...) = 2 (sum of pairs) - 1, with rho_0 = 1 in the first pair.
     * Anticorrelated draws may have more than their number; Stan's limit keeps a short noisy chain
     * from claiming too many. */
    const double draws_in_all = (double)(chains * length);
    const double tau = fmax(2 * sum - 1, 1 / log10(draws_in_all));
    *size = draws_in_all / tau;
    return NTK_OK;
}
