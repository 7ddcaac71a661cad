/* Statistics: estimates with t intervals, exponents from widths x seeds, tests, and what they could have
 * detected. */
#ifndef NTK_STATS_H
#define NTK_STATS_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/random.h>
#include <ntk/status.h>

/* A value with a two-sided confidence interval. */
typedef struct ntk_estimate {
    double value;
    double low, high; /* interval at `level` */
    double level;     /* confidence, 0.9999 say */
    double standard_error;
    double degrees;                   /* of freedom of the t law */
    double minimum_detectable_effect; /* the distance from a bound that a one-sided test at this level sees
                                         with power 0.9 */
} ntk_estimate;

/* t with P(T_degrees <= t) = p, 0 < p < 1, by inverting the incomplete beta function in ball arithmetic:
 * correct to the last few ulps. Errors: NTK_ERROR_ARGUMENT. */
ntk_status ntk_stats_t_quantile(double p, double degrees, double *out);

/* Mean of n >= 2 independent samples with its t interval. Errors: NTK_ERROR_ARGUMENT, NTK_ERROR_NOT_FINITE.
 */
ntk_status ntk_stats_mean(size_t n, const double *samples, double level, ntk_estimate *out);

/* Least-squares slope of y against x. x, y: (n), n >= 2, x not all equal. */
ntk_status ntk_stats_slope(size_t n, const double *x, const double *y, double *slope, double *intercept);

/* Exponent of values ~ width^e: one log-log slope per seed (a seed's data are shared by its widths), and the
 * t interval of their mean. widths: (width_count); values: (seed_count, width_count), positive. Errors:
 * NTK_ERROR_ARGUMENT (fewer than 2 widths or seeds), NTK_ERROR_NOT_FINITE (a value that is not positive and
 * finite, naming seed and width). */
ntk_status ntk_stats_rate(size_t width_count, const double *widths, size_t seed_count, const double *values,
                          double level, ntk_estimate *out);

/* Percentile bootstrap of the same mean slope: a cross-check, too coarse for the levels that verdicts need.
 */
ntk_status ntk_stats_rate_bootstrap(size_t width_count, const double *widths, size_t seed_count,
                                    const double *values, double level, size_t resamples, ntk_stream *stream,
                                    ntk_estimate *out);

typedef enum ntk_decision {
    NTK_DECISION_HOLDS,
    NTK_DECISION_VIOLATED,
    NTK_DECISION_INCONCLUSIVE
} ntk_decision;

/* The interval against a bound; NaN anywhere gives VIOLATED.
 * at most: HOLDS when high <= bound, VIOLATED when low > bound; at least: mirrored; equivalent: HOLDS when
 * the interval lies inside bound +- margin, VIOLATED when it lies outside it altogether. */
ntk_decision ntk_decide_at_most(const ntk_estimate *estimate, double bound);
ntk_decision ntk_decide_at_least(const ntk_estimate *estimate, double bound);
ntk_decision ntk_decide_equivalent(const ntk_estimate *estimate, double bound, double margin);

/* Per-interval confidence that keeps the chance of any false alarm among `tests` two-sided intervals below
 * `family_error` (Bonferroni: no independence assumed): 1 - family_error / tests. */
double ntk_stats_family_level(double family_error, size_t tests);

/* Holm's step-down procedure. p: (n); rejected: (n). */
ntk_status ntk_stats_holm(size_t n, const double *p, double family_error, bool *rejected);

#endif
