/* Laws of the exit time: fits against the width, per seed, of what an exit sweep measured.
 *
 * A law of large T for log T is fitted to the lazy gain G(T) of exit.h: log T less a constant of each
 * network, known before training, and less what the beginning of the flow adds, which the linearised network
 * accounts for. It then holds from smaller T on. */
#ifndef NTK_SUITES_LAWS_H
#define NTK_SUITES_LAWS_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/lab/context.h>
#include <ntk/lab/table.h>
#include <ntk/stats.h>
#include <ntk/status.h>

#include "exits.h"

/* What one seed says at one threshold. */
typedef struct ntk_exit_law {
    ntk_power_fit root; /* G(T) = a + b sqrt(m) */
    ntk_power_fit free; /* G(T) = a + b m^gamma */
    ntk_power_fit time; /* log T = a + b sqrt(m) */
    ntk_power_fit pure; /* log T = b m^gamma */
    double plain_gamma; /* of log T = a + b m^gamma */
    bool stepped;       /* the seed was run with twice the step too */
    double step_effect; /* by how much that moves free.exponent; 0 where it was not run */
    double pure_bend;   /* mean residual of `pure` at the first and the last width, less that between them:
                           0 on average over seeds, were that the law */
    double predicted_slope; /* b by the hard margin (ntk_exit_frozen); NaN with two hidden layers */
    double slope_ratio;     /* root.factor / predicted_slope */
} ntk_exit_law;

/* Fit the laws of a seed at one threshold; of `at` the width is ignored. Errors: NTK_ERROR_ARGUMENT for fewer
 * than three widths with an exit. */
ntk_status ntk_exit_law_fit(const ntk_exit_sweep *sweep, ntk_exit_place at, size_t threshold,
                            ntk_exit_law *out);

/* Tables `exits` (one row for each cell) and `laws` (per seed and threshold). */
typedef struct ntk_exit_tables {
    ntk_table *exits, *laws;
} ntk_exit_tables;

ntk_status ntk_exit_tables_create(ntk_context *context, ntk_exit_tables *out);
/* The rows of a seed at one threshold; law: NULL where none was fitted. */
ntk_status ntk_exit_tables_add(const ntk_exit_tables *tables, const ntk_exit_sweep *sweep, ntk_exit_place at,
                               size_t threshold, const ntk_exit_law *law);

/* What all seeds say at one threshold: t intervals, at the context's level, of the means of their laws. */
typedef struct ntk_exit_summary {
    ntk_estimate gamma; /* of free, widened on both sides by |mean step_effect| of the seeds that have one:
                           across kinks the step rule is of first order, so that what halving the step has
                           moved is what is left to move */
    ntk_estimate slope; /* of root */
    ntk_estimate pure_gamma; /* of pure */
    ntk_estimate pure_bend;
    ntk_estimate slope_ratio; /* one hidden layer; otherwise zero */
} ntk_exit_summary;

/* Fit the laws of all seeds of an activation, add them to the tables, and summarise them. Errors: those of
 * ntk_exit_law_fit and ntk_stats_mean. */
ntk_status ntk_exit_law_summarise(const ntk_exit_sweep *sweep, size_t activation, size_t threshold,
                                  const ntk_exit_tables *tables, ntk_exit_summary *out);

/* Fraction of the variance over widths of the seeds' mean log T that a + b sqrt(m) explains, the smallest
 * over the thresholds; negative where log T falls with m. For thresholds that use every width. */
ntk_status ntk_exit_law_explained(const ntk_exit_sweep *sweep, size_t activation, double *out);

/* Over all networks and thresholds of an activation, whatever the step. */
typedef struct ntk_exit_departure {
    size_t runs, exits;
    double latest; /* log T; -infinity without an exit */
    double largest_drift;
} ntk_exit_departure;

ntk_exit_departure ntk_exit_departure_of(const ntk_exit_sweep *sweep, size_t activation);

/* Largest |difference of log T|, over seeds and the thresholds passed before log_horizon, between the flow of
 * the smallest width in physical and in log-loss time, both to `tolerance`; infinite where one clock alone
 * passes a threshold in time, and where neither passes any. Smooth activations. */
ntk_status ntk_exit_clock_difference(const ntk_exit_sweep *sweep, size_t activation, double tolerance,
                                     double log_horizon, double *out);

#endif
