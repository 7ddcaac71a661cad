/* Laws of the exit time: fits against the width, per seed, of what an exit sweep measured.
 *
 * A law of large T for log T is fitted to the lazy gain G(T) of exit.h: log T less a constant of
 * each network, known before training, and less what the beginning of the flow adds, which the
 * linearised network accounts for. It then holds from smaller T on. */
#ifndef NTK_SUITES_LAWS_H
#define NTK_SUITES_LAWS_H

#include <stddef.h>

#include <ntk/lab/context.h>
#include <ntk/lab/grid.h>
#include <ntk/lab/table.h>
#include <ntk/stats.h>
#include <ntk/status.h>

#include "exits.h"

/* The grid of laws: activations, thresholds, seeds. Its columns, of one seed at one threshold:
 * fits of G(T) = a + b sqrt(m), of G(T) = a + b m^gamma, of log T = a + b sqrt(m), of log T = a
 * + b m^gamma and of log T = b m^gamma; all but the last two stand in the table `laws`, in this
 * order. */
enum { NTK_LAW_ACTIVATION, NTK_LAW_THRESHOLD, NTK_LAW_SEED };
enum {
    NTK_LAW_OFFSET,
    NTK_LAW_SLOPE,
    NTK_LAW_RMS,
    NTK_LAW_GAMMA,
    NTK_LAW_STEP_EFFECT, /* by how much twice the step moves gamma; NaN where it was not run */
    NTK_LAW_TIME_OFFSET,
    NTK_LAW_TIME_SLOPE,
    NTK_LAW_TIME_RMS,
    NTK_LAW_PLAIN_GAMMA,
    NTK_LAW_PURE_FACTOR,
    NTK_LAW_PURE_GAMMA,
    NTK_LAW_PURE_RMS,
    NTK_LAW_PREDICTED_SLOPE, /* b by the hard margin (ntk_exit_frozen); NaN with two hidden
                              * layers */
    NTK_LAW_SLOPE_RATIO,     /* slope / predicted slope */
    NTK_LAW_PURE_BEND,       /* mean residual of b m^gamma at the first and the last width, less
                              * that between them: 0 on average over seeds, were that the law */
    NTK_LAW_COLUMNS
};

/* Fit the laws of all seeds. laws: to be released. Errors: NTK_ERROR_ARGUMENT for fewer than three
 * widths with an exit, with its place. */
ntk_status ntk_exit_laws_fit(const ntk_exit_sweep *sweep, ntk_grid *laws);

/* t interval of gamma over the seeds, widened on both sides by |mean step effect| of the seeds that
 * have one: across kinks the step rule is of first order, so that what halving the step has moved
 * is what is left to move. Errors: those of ntk_stats_mean. */
ntk_status ntk_exit_laws_gamma(const ntk_grid *laws, size_t activation, size_t threshold, ntk_estimate *out);

/* Tables `exits` (one row for each place) and `laws` (per seed and threshold). */
typedef struct ntk_exit_tables {
    ntk_table *exits, *laws;
} ntk_exit_tables;

ntk_status ntk_exit_tables_create(ntk_context *context, ntk_exit_tables *out);
/* The rows of an activation; laws: NULL where none were fitted. */
ntk_status ntk_exit_tables_add(const ntk_exit_tables *tables, const ntk_exit_sweep *sweep,
                               const ntk_grid *laws, size_t activation);

/* Over all networks and thresholds of an activation, whatever the step. */
typedef struct ntk_exit_departure {
    size_t networks, exits;
    double latest; /* log T; -infinity without an exit */
    double largest_drift;
} ntk_exit_departure;

ntk_exit_departure ntk_exit_departure_of(const ntk_exit_sweep *sweep, size_t activation);

/* Largest |difference of log T|, over seeds and the thresholds passed before log_horizon, between
 * the flow of the smallest width in physical and in log-loss time, both to `tolerance`; infinite
 * where one clock alone passes a threshold in time, and where neither passes any. pace: by what
 * physical times are multiplied, 1 by rights. Smooth activations. */
ntk_status ntk_exit_clock_difference(const ntk_exit_sweep *sweep, size_t activation, double tolerance,
                                     double log_horizon, double pace, double *out);

#endif
