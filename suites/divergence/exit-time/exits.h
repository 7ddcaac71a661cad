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

/* The parameters that every such experiment reads. */
#define NTK_EXIT_SWEEP_PARAMETERS                                                                             \
    {"activations", NTK_PARAMETER_CHOICE_LIST, "erf relu", 0, 0, "erf|gelu|relu|tanh", "of the networks"},    \
        {"thresholds", NTK_PARAMETER_REAL_LIST,     "0.1 0.25 0.5 1", 0.001, 10,                              \
         NULL,         "relative drifts, ascending"},                                                         \
        {"widths", NTK_PARAMETER_INTEGER_LIST, "64 128 256", 2, 65536, NULL, "one hidden layer, ascending"},  \
        {"first-widths", NTK_PARAMETER_INTEGER_LIST,         "64 64 64 64", 2, 65536,                         \
         NULL,           "where each threshold's law begins"},                                                \
        {"last-widths",                                                                                       \
         NTK_PARAMETER_INTEGER_LIST,                                                                          \
         "256 256 256 256",                                                                                   \
         2,                                                                                                   \
         65536,                                                                                               \
         NULL,                                                                                                \
         "neurons of a seed that each threshold uses; not ascending"},                                        \
        {"seeds", NTK_PARAMETER_INTEGER, "4", 2, 100000, NULL, "draws of points and neurons"},                \
        {"step-seeds",                                                                                        \
         NTK_PARAMETER_INTEGER,                                                                               \
         "100000",                                                                                            \
         1,                                                                                                   \
         100000,                                                                                              \
         NULL,                                                                                                \
         "how many of them (all, if fewer) are run with twice the step too, ReLU"},                           \
        {"deep-widths", NTK_PARAMETER_INTEGER_LIST, "64 128", 2, 8192, NULL, "two hidden layers, ascending"}, \
        {"deep-thresholds",                                                                                   \
         NTK_PARAMETER_INTEGER,                                                                               \
         "2",                                                                                                 \
         0,                                                                                                   \
         NTK_EXIT_SWEEP_THRESHOLDS,                                                                           \
         NULL,                                                                                                \
         "how many of them with two hidden layers; 0: no such networks"},                                     \
        {"deep-seeds", NTK_PARAMETER_INTEGER, "2", 2, 100000, NULL, "draws, with two hidden layers"},         \
        NTK_SPHERE_PARAMETERS("20"),                                                                          \
        {"loss", NTK_PARAMETER_CHOICE, "logistic", 0, 0, "logistic|squared", "whose gradient flow is run"},   \
        {"epsilon", NTK_PARAMETER_REAL, "0", 0, 0.49, NULL, "smallest target probability; 0: one-hot"},       \
        {"log-horizon",                                                                                       \
         NTK_PARAMETER_REAL,                                                                                  \
         "5000",                                                                                              \
         1,                                                                                                   \
         1e6,                                                                                                 \
         NULL,                                                                                                \
         "log of the time at which waiting for an exit ends"},                                                \
        {"tolerance", NTK_PARAMETER_REAL, "3e-4", 1e-13, 0.1, NULL, "of the integrator, smooth activations"}, \
    {                                                                                                         \
        "step", NTK_PARAMETER_REAL, "0.5", 1e-4, 0.5, NULL, "of the bounded-step rule, ReLU"                  \
    }

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
