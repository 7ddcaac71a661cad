/* Exit times of networks of growing width: per seed one set of points, and networks of all widths that are
 * compared neuron for neuron.
 *
 * A seed draws one long list of neurons. Its networks of one hidden layer and width m are the consecutive
 * blocks of m neurons of that list, and what is measured at width m is averaged over its blocks. Every
 * network has i.i.d. N(0, 1) parameters. But what the blocks' empirical averages deviate by from the limit
 * adds up, at every width, to what the whole list deviates by. What is linear in these deviations, m^{1/2}
 * times a mean of m independent terms, is then the same multiple of m^{1/2} at every width: it changes the
 * slope of a law in m^{1/2}, and neither its exponent nor its offset. (Independent networks scatter about
 * such a law by an amount that does not fall with m, and measure its exponent some 7 times less well.)
 * Networks of more hidden layers have no such blocks: there is one of them per seed and width. */
#ifndef NTK_SUITES_EXITS_H
#define NTK_SUITES_EXITS_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/exit.h>
#include <ntk/flow.h>
#include <ntk/lab/context.h>
#include <ntk/lab/parameters.h>
#include <ntk/lab/problem.h>
#include <ntk/status.h>

#define NTK_EXIT_SWEEP_THRESHOLDS 8

/* What every such experiment reads, besides ntk_sphere_parameters (problem.h), which stand before them. */
extern const ntk_parameter ntk_exit_sweep_parameters[];

/* One (activation, step, seed, width, threshold). */
typedef struct ntk_exit_cell {
    size_t runs, exits;         /* networks followed; those that left */
    double log_time, low, high; /* log T: mean and extremes over the exits; NaN where there are none */
    double lazy_gain;           /* mean over the exits of the lazy network's gain at T (exit.h) */
    double travel;              /* mean ||theta_T - theta_0|| over the exits; NaN likewise */
    double largest_drift;       /* of all runs */
    double predicted; /* log T by ntk_exit_frozen, with the weights that the hard margin of Theta_0 gives the
                         points: of the network of all neurons that the threshold uses; otherwise NaN */
} ntk_exit_cell;

typedef struct ntk_exit_sweep {
    ntk_context *context;
    size_t depth, activation_count, threshold_count, width_count, seeds;
    size_t step_seeds; /* the first ones: run with twice the step too */
    const char *const *activations;
    const double *thresholds, *widths;
    const double *first, *last; /* (thresholds): the widths of each one's law, by the parameters */
    bool converges;             /* squared loss or soft targets: physical time, until stationary */
    ntk_exit_cell *cells;       /* (activations, 2 steps, seeds, widths, thresholds) */
} ntk_exit_sweep;

/* One unit of work: the networks of one width of a seed. `twice`: run with twice the step (ReLU, the
 * first step_seeds only). */
typedef struct ntk_exit_place {
    size_t activation, seed, width; /* positions in the lists */
    bool twice;
} ntk_exit_place;

/* Run the networks of `depth` (1 or 2) that the context's parameters describe. Errors: NTK_ERROR_ARGUMENT for
 * lists that do not fit together; those of the flows. */
ntk_status ntk_exit_sweep_run(ntk_context *context, size_t depth, ntk_exit_sweep *out);
void ntk_exit_sweep_release(ntk_exit_sweep *sweep);

/* The cells of a place, (thresholds). */
const ntk_exit_cell *ntk_exit_sweep_cells(const ntk_exit_sweep *sweep, ntk_exit_place at);

/* Whether a width belongs to a threshold's law at this place: there is an exit, and the width is within its
 * range. */
bool ntk_exit_sweep_in_law(const ntk_exit_sweep *sweep, ntk_exit_place at, size_t threshold);

/* The problem of a place, with weights of its own in place of a block's, and the options of its flow. */
ntk_status ntk_exit_sweep_problem(const ntk_exit_sweep *sweep, ntk_exit_place at, ntk_training *training,
                                  ntk_flow_options *flow);

#endif
