/* Sweeps: one gradient flow per (activation, width, seed), the shape that experiments about
 * training share.
 *
 * An experiment lists ntk_sweep_parameters among its tables, says in a `measure` function what is
 * to be read off each run, and lists what becomes of the values. Runs are units of one grid; a
 * seed's points are the same at every width. */
#ifndef NTK_LAB_SWEEP_H
#define NTK_LAB_SWEEP_H

#include <ntk/api.h>
#include <ntk/architecture.h>
#include <ntk/data.h>
#include <ntk/flow.h>
#include <ntk/lab/context.h>
#include <ntk/lab/grid.h>
#include <ntk/lab/network_name.h>
#include <ntk/lab/parameters.h>
#include <ntk/lab/problem.h>
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
    uint8_t digit_classes[NTK_NETWORK_CLASSES_MAX]; /* the digits that are the classes, digit_count
                                                     * of them */
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
    double *curve; /* (trajectory->count), NaN: a curve of the experiment's own, for `measure` to
                    * fill or not */
} ntk_sweep_run;

/* Read `columns` values off a run, and its curve where the experiment draws one. values: (columns).
 * own: what the experiment gave, its own options. */
typedef ntk_status (*ntk_sweep_measure)(const ntk_sweep_run *run, double *values, const void *own);

/* The grid of a sweep. */
enum { NTK_SWEEP_NETWORK, NTK_SWEEP_WIDTH, NTK_SWEEP_SEED };

/* Run the sweep, emit the tables `trajectories` (per network, width and time: the mean, smallest
 * and largest over seeds of displacement, log loss, largest logit spread, drift of the tangent
 * kernel and the experiment's curve) and `runs` (per run: the columns), and the metrics of the list
 * (grid.h). columns: the names of the values that `measure` reads, separated by blanks. Time is
 * log-loss time where nothing bounds the flow (cross-entropy, lambda = 0, epsilon = 0), physical
 * otherwise; smooth physical flows end when stationary. Trajectories follow the network on all
 * points where there are test points. Errors: those of the flows, with network, width and seed. */
ntk_status ntk_sweep_conduct(ntk_context *context, const ntk_sweep_options *options, const char *columns,
                             ntk_sweep_measure measure, const void *own, const ntk_reduction *metrics);

/* For `when` of a law of exit times, a column that holds log T and is infinite where a run did not
 * exit: whether all did, at two widths and for two seeds at least. */
bool ntk_sweep_has_exit_law(const ntk_grid *grid, size_t which, size_t column);

/* Growth of a quantity, or of ||theta_t - theta_0|| for NULL, over the observations with log t >=
 * start > 0: least-squares slopes of its logarithm in log log t (*exponent) and of itself in log t
 * (*slope). values: one for each observation. Errors: those of ntk_stats_slope. */
ntk_status ntk_sweep_fit_growth(const ntk_trajectory *trajectory, const double *values, double start,
                                double *exponent, double *slope);

/* Run the linear model with one of the problem's kernels (problem.h) along a run's flow and record
 * it, as the run itself was, on all points. out: to be released. */
ntk_status ntk_sweep_follow_linear(const ntk_sweep_run *run, ntk_training_kernel kernel, ntk_trajectory *out);

/* For declared metrics whose name has a word "smooth" or "kinked": whether the sweep holds networks
 * of that kind. */
bool ntk_sweep_has_kind(const ntk_context *context, const char *const *words);

/* words: an activation. Whether every network of it exited ("exited-erf", emitted before, is 1), at
 * two widths and two seeds or more: otherwise there is no law of exit times. */
bool ntk_sweep_all_exited(const ntk_context *context, const char *const *words);

NTK_END_DECLS

#endif
