/* What the estimates share. */
#ifndef NTK_STATS_ESTIMATE_H
#define NTK_STATS_ESTIMATE_H

#include <ntk/stats.h>

/* Errors: NTK_ERROR_ARGUMENT unless 0 < level < 1. */
ntk_status stats_check_level(const char *caller, double level);

/* Mean of n >= 1 samples: exactly the sample where all are equal. */
double stats_mean(size_t n, const double *samples);

/* Their standard deviation, with n - 1 in the denominator; n >= 2. */
double stats_standard_deviation(size_t n, const double *samples);

/* The t interval around a value: half-width t * standard_error. Errors: NTK_ERROR_NOT_FINITE where
 * it overflows. */
ntk_status stats_t_interval(double value, double standard_error, double degrees, double level,
                            ntk_estimate *out);

#endif
