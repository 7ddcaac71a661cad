/* Exit times of networks of growing width: per seed one set of points, and networks of all widths
 * that are compared neuron for neuron.
 *
 * A seed draws one long list of neurons. Its networks of one hidden layer and width m are the
 * consecutive blocks of m neurons of that list, and what is measured at width m is averaged over
 * its blocks. Every network has i.i.d. N(0, 1) parameters. But what the blocks' empirical averages
 * deviate by from the limit adds up, at every width, to what the whole list deviates by. What is
 * linear in these deviations, m^{1/2} times a mean of m independent terms, is then the same
 * multiple of m^{1/2} at every width: it changes the slope of a law in m^{1/2}, and neither its
 * exponent nor its offset. (Independent networks scatter about such a law by an amount that does
 * not fall with m, and measure its exponent some 7 times less well.) Networks of more hidden layers
 * have no such blocks: there is one of them per seed and width. */
#ifndef NTK_SUITES_EXITS_H
#define NTK_SUITES_EXITS_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/exit.h>
#include <ntk/flow.h>
#include <ntk/lab/context.h>
#include <ntk/lab/grid.h>
#include <ntk/lab/parameters.h>
#include <ntk/lab/problem.h>
#include <ntk/status.h>

#define NTK_EXIT_SWEEP_THRESHOLDS 8

/* What every such experiment reads, besides ntk_sphere_parameters (problem.h), which stand before
 * them. */
extern const ntk_parameter ntk_exit_sweep_parameters[];

/* The grid: activations, steps (1 or 2 times the parameter's), thresholds, seeds, widths. A unit is
 * an activation, step, seed and width, for all thresholds; with two hidden layers, with smooth
 * activations and beyond the first `step-seeds` seeds nothing is run with twice the step. */
enum { NTK_EXIT_ACTIVATION, NTK_EXIT_STEP, NTK_EXIT_THRESHOLD, NTK_EXIT_SEED, NTK_EXIT_WIDTH };
enum { NTK_EXIT_ONE_STEP, NTK_EXIT_TWICE_THE_STEP };

/* Its columns. */
enum {
    NTK_EXIT_NETWORKS, /* followed */
    NTK_EXIT_COUNT,    /* those that left */
    NTK_EXIT_LOG_TIME, /* log T: mean and extremes over the exits; NaN where there are none */
    NTK_EXIT_LOG_TIME_LOW,
    NTK_EXIT_LOG_TIME_HIGH,
    NTK_EXIT_LAZY_GAIN, /* mean over the exits of the lazy network's gain at T (exit.h); NaN
                         * likewise */
    NTK_EXIT_TRAVEL,    /* mean ||theta_T - theta_0|| over the exits; NaN likewise */
    NTK_EXIT_DRIFT,     /* the largest of all networks */
    NTK_EXIT_PREDICTED, /* log T by ntk_exit_frozen, with the weights that the hard margin of
                         * Theta_0 gives the points: of the network of all neurons that the
                         * threshold uses; otherwise NaN */
    NTK_EXIT_COLUMNS
};

typedef struct ntk_exit_sweep {
    const ntk_context *context;
    ntk_training_options problem; /* of every network, but for its activation and width */
    ntk_flow_options flow;        /* likewise; step: the single one */
    size_t step_seeds;            /* how many seeds run with twice the step too */
    size_t depth;
    ntk_grid grid;
    const double *first, *last; /* (thresholds): the widths of each one's law, by the parameters */
    bool converges;             /* squared loss or soft targets: physical time, until stationary */
} ntk_exit_sweep;

/* Run the networks of `depth` (1 or 2; the grid is to be released) that the context's parameters
 * describe. Errors: NTK_ERROR_ARGUMENT for lists that do not fit together; those of the flows, with
 * their place. */
ntk_status ntk_exit_sweep_run(const ntk_context *context, size_t depth, ntk_exit_sweep *out);

/* Whether a place belongs to its threshold's law: there is an exit, and the width is within its
 * range. */
bool ntk_exit_sweep_in_law(const ntk_exit_sweep *sweep, ntk_place at);

/* The problem of a place, whatever the threshold, with weights of its own instead of a block's, and
 * the options of its flow. */
ntk_status ntk_exit_sweep_problem(const ntk_exit_sweep *sweep, ntk_place at, ntk_training *training,
                                  ntk_flow_options *flow);

#endif
