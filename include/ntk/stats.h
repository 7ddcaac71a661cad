/* Statistics: estimates with t intervals, exponents from widths x seeds, tests, and what they could
 * have detected. */
#ifndef NTK_STATS_H
#define NTK_STATS_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/api.h>
#include <ntk/random.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* A value with a two-sided confidence interval. Samples that are all equal have standard error 0:
 * the interval collapses to the value, which is kept exactly, and the minimum detectable effect is
 * 0. */
typedef struct ntk_estimate {
    double value;
    double low, high; /* interval at `level` */
    double level;     /* confidence, 0 < level < 1; 0.9999 say */
    double standard_error;
    double degrees;                   /* of freedom of the t law */
    double minimum_detectable_effect; /* how far the truth must be from a bound for the interval to
                                       * clear it with probability 0.8 to 0.9 (stats/mean.c) */
} ntk_estimate;

/* t with P(T_degrees <= t) = p, 0 < p < 1, degrees > 0, by inverting the incomplete beta function
 * in ball arithmetic: within one ulp, rounded away from 0. Errors: NTK_ERROR_ARGUMENT;
 * NTK_ERROR_NO_CONVERGENCE where t overflows or the function cannot be evaluated (tested up to 1e6
 * degrees). */
ntk_status ntk_stats_t_quantile(double p, double degrees, double *out);

/* f with P(F <= f) = p, 0 < p < 1, of the ratio of two independent estimates of one variance with
 * `numerator` and `denominator` degrees of freedom, > 0: by the same inversion, within two ulp.
 * Errors: the same. */
ntk_status ntk_stats_f_quantile(double p, double numerator, double denominator, double *out);

/* Mean of n >= 2 independent samples with its t interval, n - 1 degrees of freedom. Errors:
 * NTK_ERROR_ARGUMENT; NTK_ERROR_NOT_FINITE, naming the sample. */
ntk_status ntk_stats_mean(size_t n, const double *samples, double level, ntk_estimate *out);

/* Least-squares slope of y against x. x, y: (n), n >= 2, x not all equal. Errors:
 * NTK_ERROR_ARGUMENT, NTK_ERROR_NOT_FINITE. */
ntk_status ntk_stats_slope(size_t n, const double *x, const double *y, double *slope, double *intercept);

/* Sum of the means of independent groups of samples, with Welch's t interval: of samples scaled
 * beforehand, any linear combination of means. The extrapolation of e(m) = e + c / m + ... to
 * infinite width, (4 e(4m) - e(m)) / 3, is one. counts: (groups), each >= 2; samples: (sum of
 * counts), group after group. Errors: NTK_ERROR_ARGUMENT; NTK_ERROR_NOT_FINITE, naming group and
 * sample. */
ntk_status ntk_stats_sum_of_means(size_t groups, const size_t *counts, const double *samples, double level,
                                  ntk_estimate *out);

/* Largest absolute value among `count` quantities, from their estimates at level
 * ntk_stats_family_level(1 - level, count) or above, dependent or not: the interval covers max_k
 * |truth_k| at `level`, as every |truth_k| lies between |value| - half-width and |value| +
 * half-width at once. degrees and standard_error are those of the largest value; the minimum
 * detectable effect is the largest of them. Errors: NTK_ERROR_ARGUMENT, also for an estimate whose
 * level is below that; NTK_ERROR_NOT_FINITE. */
ntk_status ntk_stats_largest(size_t count, const ntk_estimate *estimates, double level, ntk_estimate *out);

/* Exponent of values ~ width^e: one log-log slope per seed (a seed's data are shared by its
 * widths), and the t interval of their mean. widths: (width_count), positive, not all equal;
 * values: (seed_count, width_count), positive. Errors: NTK_ERROR_ARGUMENT (fewer than 2 widths or
 * seeds), NTK_ERROR_NOT_FINITE (a value that is not positive and finite, naming seed and width). */
ntk_status ntk_stats_rate(size_t width_count, const double *widths, size_t seed_count, const double *values,
                          double level, ntk_estimate *out);

/* y = offset + factor x^exponent, fitted by least squares in y. */
typedef struct ntk_power_fit {
    double offset, factor, exponent;
    double rms; /* sqrt(mean squared residual) */
} ntk_power_fit;

/* Fit of that law with its exponent in [low, high], 0 < low <= high; low = high fixes it.
 * with_offset = false keeps offset = 0. Where the best exponent is an end of the range, that end is
 * the answer. x, y: (n); x positive and not all equal; n >= 2. With as many parameters as points
 * the law interpolates, and rms says nothing. Errors: NTK_ERROR_ARGUMENT, NTK_ERROR_NOT_FINITE. */
ntk_status ntk_stats_power_fit(size_t n, const double *x, const double *y, bool with_offset, double low,
                               double high, ntk_power_fit *out);

/* Tail probabilities in ball arithmetic, each right to its last bit or two, the small one too:
 * *lower = P(X <= x), *upper = P(X > x). Chi-square with 0 < degrees <= 1e7; the standard normal.
 * Errors: NTK_ERROR_ARGUMENT, also for a chi-square of x > 1e8; NTK_ERROR_NO_CONVERGENCE where a
 * tail lies far below the smallest double. */
ntk_status ntk_stats_chi_square(double x, double degrees, double *lower, double *upper);
ntk_status ntk_stats_normal(double x, double *lower, double *upper);

/* The same of the number of successes in `trials` independent trials of probability p, 0 < p < 1:
 * *lower = P(X <= successes), *upper = P(X > successes). trials: up to 2^40; the terms of a tail
 * are summed, some multiple of its standard deviation. Errors: the same. */
ntk_status ntk_stats_binomial(size_t successes, size_t trials, double p, double *lower, double *upper);

/* Tests of N(0, I) against n independent samples of q coordinates (samples of N(mu, C) whitened by
 * L^{-1}(x - mu), C = L L^T). Each is a p-value that holds at every n, adjusted for the number of
 * its comparisons (Bonferroni): under the law P(p <= a) <= a. */
typedef struct ntk_gaussian_test {
    double mean;       /* n |mean|^2 against chi-square with q degrees: 1 comparison */
    double covariance; /* Bartlett's decomposition of the scatter matrix: q (q + 1) / 2
                        * comparisons */
    double normality;  /* Kolmogorov's distance of each coordinate from the normal law: q
                        * comparisons */
    /* What each would have found with probability 0.9 at p = 1e-6, by normal approximation: a shift
     * of the mean in standard deviations; a relative change of one standard deviation; a Kolmogorov
     * distance. */
    double detectable_shift, detectable_spread, detectable_distance;
} ntk_gaussian_test;

/* samples: (n, q), n > q. Errors: NTK_ERROR_ARGUMENT; NTK_ERROR_NOT_FINITE;
 * NTK_ERROR_NOT_POSITIVE_DEFINITE where the samples lie in a subspace. */
ntk_status ntk_stats_gaussian_test(size_t n, size_t q, const double *samples, ntk_gaussian_test *out);

/* ---- Markov chains ---- */

/* Diagnostics of one scalar along several chains (stats/chains.c). draws: (chains, length),
 * length >= 8. Errors: NTK_ERROR_ARGUMENT; NTK_ERROR_NOT_FINITE, also where the draws do not
 * vary. */

/* Split R-hat (Gelman et al., Bayesian Data Analysis, 3rd ed., section 11.4): near 1 where halves
 * of chains agree among each other as well as a common law makes them; large where they have not
 * mixed. length even. */
ntk_status ntk_stats_split_r_hat(size_t chains, size_t length, const double *draws, double *r_hat);

/* Effective sample size: how many independent draws would have the same error of the mean, by
 * Geyer's initial monotone sequence of the autocorrelations pooled over chains. */
ntk_status ntk_stats_effective_size(size_t chains, size_t length, const double *draws, double *size);

typedef enum ntk_decision {
    NTK_DECISION_HOLDS,
    NTK_DECISION_VIOLATED,
    NTK_DECISION_INCONCLUSIVE
} ntk_decision;

/* The interval against a bound. VIOLATED where value, low, high, bound or margin is NaN or
 * infinite, where not low <= value <= high, or where margin < 0; otherwise at most: HOLDS when
 * high <= bound, VIOLATED when low > bound; at least: mirrored; equivalent: HOLDS when the interval
 * lies inside bound +- margin, VIOLATED when it lies outside it altogether. */
ntk_decision ntk_decide_at_most(const ntk_estimate *estimate, double bound);
ntk_decision ntk_decide_at_least(const ntk_estimate *estimate, double bound);
ntk_decision ntk_decide_equivalent(const ntk_estimate *estimate, double bound, double margin);

/* Chance that another sample of the same size would give an interval that does not lie on the good
 * side of a bound, taking the estimate's value and standard error for the true ones: a noncentral t
 * probability (stats/risk.c). distance: of the value from the bound, positive on the good side. 0
 * or 1 where the standard error is 0; NaN for what is no t interval. */
double ntk_stats_risk(const ntk_estimate *estimate, double distance);

/* How many samples, in place of the degrees + 1 that there were, would give an interval that does
 * not reach as far as `distance` from its value, with probability 0.9, taking the estimate's
 * standard error for the true one (stats/sample_size.c). Infinite beyond a million; NaN for what is
 * no t interval or has standard error 0. */
double ntk_stats_sample_size(const ntk_estimate *estimate, double distance);

/* Per-interval confidence that keeps the chance of any false alarm among `tests` two-sided
 * intervals below `family_error` (Bonferroni: no independence assumed): 1 - family_error / tests.
 * NaN, which no estimate accepts as its level, unless 0 < family_error < 1 and tests > 0. */
double ntk_stats_family_level(double family_error, size_t tests);

NTK_END_DECLS

#endif
