/* Sweeps: one gradient flow per (activation, width, seed), the shape that experiments about
 * training share.
 *
 * An experiment lists ntk_sweep_parameters among its tables, says in a `measure` function what is
 * to be read off each run, and reduces the values afterwards. Runs are units of one ntk_map; a
 * seed's points are the same at every width. */
#ifndef NTK_LAB_SWEEP_H
#define NTK_LAB_SWEEP_H

#include <ntk/api.h>
#include <ntk/architecture.h>
#include <ntk/data.h>
#include <ntk/flow.h>
#include <ntk/lab/context.h>
#include <ntk/lab/network_name.h>
#include <ntk/lab/parameters.h>
#include <ntk/lab/problem.h>
#include <ntk/stats.h>
#include <ntk/status.h>
#include <ntk/trajectory.h>

NTK_BEGIN_DECLS

/* What every sweep reads, besides ntk_sphere_parameters and ntk_digits_parameters (problem.h);
 * claim.yaml gives the values of each tier. Networks go by their names (network_name.h), so that
 * one sweep can hold networks of several depths and numbers of outputs, under L2 and with soft
 * targets; what a name leaves out, the parameters say: `depth`, `classes`, and `lambda` and
 * `epsilon`, of which -l2 ignores the second and -soft the first. */
extern const ntk_parameter ntk_sweep_parameters[];

/* For sweeps that fit a growth: `window-start`, from when on. */
extern const ntk_parameter ntk_sweep_window_parameters[];

/* The same in effect, for code to read. A run has these with what its network's name says, and its
 * width. */
typedef struct ntk_sweep_options {
    const ntk_network_name *networks; /* (network_count) */
    size_t network_count, width_count, seed_count, time_count;
    const double *widths;         /* (width_count), of networks with one hidden layer */
    const double *deep_widths;    /* (width_count), of the others */
    ntk_training_options problem; /* loss: logistic stands for cross-entropy; digits: NULL */
    ntk_flow_options flow;        /* log_horizon: where nothing else counts, at width 0 */
    double kinked_log_horizon, horizon_growth;
    bool digits;                                    /* in place of points on the sphere */
    uint8_t digit_classes[NTK_NETWORK_CLASSES_MAX]; /* the digits that are the classes, digit_count of them */
    size_t digit_count;
} ntk_sweep_options;

/* The options that the context's parameters describe; arrays are the context's. Errors:
 * NTK_ERROR_ARGUMENT for lists that do not fit together. */
ntk_status ntk_sweep_read(const ntk_context *context, ntk_sweep_options *out);

/* Observation times, as many as the parameter `observations` says, equidistant in log t from -4 to
 * log-horizon, both included; where the horizon grows with the width, the first half of them (of
 * 61, NTK_SWEEP_FIXED_TIMES) end at log-horizon, at every width the same, and the rest at
 * log-horizon + horizon-growth * sqrt(m). */
#define NTK_SWEEP_TIMES       61 /* at most, and where nothing is said */
#define NTK_SWEEP_FIXED_TIMES 31

/* One run, after its flow has ended. */
typedef struct ntk_sweep_run {
    ntk_activation activation;
    size_t width, seed;
    double lambda, epsilon;
    const ntk_flow_options *flow;
    const ntk_training *training;
    const ntk_trajectory *trajectory;
    double
        *curve; /* (trajectory->count), NaN: a curve of the experiment's own, for `measure` to fill or not */
} ntk_sweep_run;

/* Read `columns` values off a run, and its curve where the experiment draws one. values: (columns).
 * own: what the experiment gave, its own options. */
typedef ntk_status (*ntk_sweep_measure)(const ntk_sweep_run *run, double *values, const void *own);

typedef struct ntk_sweep {
    const ntk_sweep_options *options;
    size_t network_count, width_count, seed_count, time_count, columns; /* the first four: as there */
    const ntk_network_name *networks;                                   /* likewise */
    ntk_digits digits;            /* what points are drawn from, or empty */
    double *log_times;            /* (activations, widths, time_count) */
    double *values;               /* (activations, widths, seeds, columns) */
    double *curves;               /* (activations, widths, seeds, time_count) */
    ntk_trajectory *trajectories; /* (activations, widths, seeds) */
} ntk_sweep;

/* Reduce the values of one activation and emit its metrics. */
typedef ntk_status (*ntk_sweep_reduce)(ntk_context *context, const ntk_sweep *sweep, size_t activation);

/* Run the sweep, emit the tables `trajectories` (per activation, width and time: the mean, smallest
 * and largest over seeds of displacement, log loss, largest logit spread, drift of the tangent
 * kernel and the experiment's curve) and `runs` (per run: the columns), then call `reduce` for each
 * activation. columns: the names of the values that `measure` reads, blank-separated. Time is
 * log-loss time where nothing bounds the flow (cross-entropy, lambda = 0, epsilon = 0), physical
 * otherwise; smooth physical flows end when stationary. Trajectories follow the network on all
 * points where there are test points. Errors: those of the flows, with activation, width and
 * seed. */
ntk_status ntk_sweep_conduct(ntk_context *context, const ntk_sweep_options *options, const char *columns,
                             ntk_sweep_measure measure, const void *own, ntk_sweep_reduce reduce);

/* The widths of one activation, (width_count): those of its depth. */
const double *ntk_sweep_widths(const ntk_sweep *sweep, size_t activation);
/* Whether it is smooth; otherwise its flows slide along kinks (dynamics.h). */
bool ntk_sweep_is_smooth(const ntk_sweep *sweep, size_t activation);

/* Value of a column at one run. */
double ntk_sweep_value(const ntk_sweep *sweep, size_t activation, size_t width, size_t seed, size_t column);

/* Mean of a column over the seeds of one activation and width. */
double ntk_sweep_mean(const ntk_sweep *sweep, size_t activation, size_t width, size_t column);

/* Largest (smallest) value of a column over widths and seeds of one activation; a NaN among them is
 * the result. */
double ntk_sweep_largest(const ntk_sweep *sweep, size_t activation, size_t column);
double ntk_sweep_smallest(const ntk_sweep *sweep, size_t activation, size_t column);

/* t interval, over seeds, of a column's smallest value over widths (the worst width of each seed),
 * for one activation. */
ntk_status ntk_sweep_worst_width(const ntk_context *context, const ntk_sweep *sweep, size_t activation,
                                 size_t column, ntk_estimate *out);

/* Exponent of a column in the width, for one activation (stats.h, ntk_stats_rate, at the context's
 * level). */
ntk_status ntk_sweep_rate(const ntk_context *context, const ntk_sweep *sweep, size_t activation,
                          size_t column, ntk_estimate *out);

/* Exit times: a column that holds log T per run, infinite where a run did not exit. */

/* Part of the runs of one activation that exited. */
double ntk_sweep_exited(const ntk_sweep *sweep, size_t activation, size_t column);
/* t interval, over seeds, of the least-squares slope of log T in sqrt(m). Errors: those of
 * ntk_stats_slope and ntk_stats_mean, also where a run did not exit. */
ntk_status ntk_sweep_exit_slope(const ntk_context *context, const ntk_sweep *sweep, size_t activation,
                                size_t column, ntk_estimate *out);

/* Growth of a quantity, or of ||theta_t - theta_0|| for NULL, over the observations with log t >=
 * start > 0: least-squares slopes of its logarithm in log log t (*exponent) and of itself in log t
 * (*slope). values: one for each observation. Errors: those of ntk_stats_slope. */
ntk_status ntk_sweep_fit_growth(const ntk_trajectory *trajectory, const double *values, double start,
                                double *exponent, double *slope);

/* Run the linear model with one of the problem's kernels (training.h) along a run's flow and record
 * it, as the run itself was, on all points. out: to be released. */
ntk_status ntk_sweep_follow_linear(const ntk_sweep_run *run, ntk_training_kernel kernel, ntk_trajectory *out);

/* Emit a scalar named "<prefix>-<activation>". */
ntk_status ntk_sweep_emit_scalar(ntk_context *context, const ntk_sweep *sweep, const char *prefix,
                                 size_t activation, double value);
/* The largest (smallest) value of a column over widths and seeds, as "<prefix>-<activation>", and
 * where it stands: "<prefix>-<activation>-at-width" and "-at-seed". */
ntk_status ntk_sweep_emit_largest(ntk_context *context, const ntk_sweep *sweep, const char *prefix,
                                  size_t activation, size_t column);
ntk_status ntk_sweep_emit_smallest(ntk_context *context, const ntk_sweep *sweep, const char *prefix,
                                   size_t activation, size_t column);
/* The same for an estimate. */
ntk_status ntk_sweep_emit_estimate(ntk_context *context, const ntk_sweep *sweep, const char *prefix,
                                   size_t activation, const ntk_estimate *estimate);

/* ntk_sweep_rate and ntk_sweep_worst_width, emitted so. */
ntk_status ntk_sweep_emit_rate(ntk_context *context, const ntk_sweep *sweep, const char *prefix,
                               size_t activation, size_t column);
ntk_status ntk_sweep_emit_worst_width(ntk_context *context, const ntk_sweep *sweep, const char *prefix,
                                      size_t activation, size_t column);

/* Over all networks of a kind, smooth or kinked: the largest (worst) value of a column, as
 * "<prefix>-smooth" and "<prefix>-kinked" with its width and seed as above. Nothing of a kind that
 * the sweep does not hold. */
ntk_status ntk_sweep_emit_largest_by_kind(ntk_context *context, const ntk_sweep *sweep, const char *prefix,
                                          size_t column);
/* The exponents of a column in the width (ntk_sweep_rate) of all networks, as
 * "<prefix>-<activation>", and of each kind the one whose interval reaches highest, as
 * "<prefix>-smooth" and "<prefix>-kinked": an upper bound of it is one of them all. */
ntk_status ntk_sweep_emit_rates(ntk_context *context, const ntk_sweep *sweep, const char *prefix,
                                size_t column);

NTK_END_DECLS

#endif
