/* Sweeps: one gradient flow per (activation, width, seed), the shape that experiments about training share.
 *
 * An experiment adds NTK_SWEEP_PARAMETERS to its parameter table, says in a `measure` function what is to be
 * read off each run, and reduces the values afterwards. Runs are units of one ntk_map; a seed's points are
 * the same at every width. */
#ifndef NTK_SWEEP_H
#define NTK_SWEEP_H

#include <ntk/experiment.h>
#include <ntk/training.h>
#include <ntk/trajectory.h>

/* The parameters that every sweep reads; claim.yaml gives the values of each tier. */
#define NTK_SWEEP_PARAMETERS                                                                                  \
    {"activations",        NTK_PARAMETER_CHOICE_LIST,    "erf", 0, 0,                                         \
     "erf|gelu|relu|tanh", "activations of the networks"},                                                    \
        {"depth", NTK_PARAMETER_INTEGER, "1", 1, 4, NULL, "hidden layers"},                                   \
        {"widths", NTK_PARAMETER_INTEGER_LIST, "64", 2, 65536, NULL, "hidden widths, ascending"},             \
        {"seeds",                                                                                             \
         NTK_PARAMETER_INTEGER,                                                                               \
         "2",                                                                                                 \
         1,                                                                                                   \
         100000,                                                                                              \
         NULL,                                                                                                \
         "initialisations (each with its own points) per width"},                                             \
        {"points", NTK_PARAMETER_INTEGER, "8", 2, 1000, NULL, "training points on the unit sphere"},          \
        {"inputs", NTK_PARAMETER_INTEGER, "10", 2, 10000, NULL, "input dimension"},                           \
        {"classes", NTK_PARAMETER_INTEGER, "2", 2, 10, NULL, "classes; 2: logistic loss, more: softmax"},     \
        {"max-cosine", NTK_PARAMETER_REAL, "0.6", 0.01, 1, NULL, "largest |cosine| between two points"},      \
        {"epsilon", NTK_PARAMETER_REAL, "0", 0, 0.49, NULL, "smallest target probability; 0: one-hot"},       \
        {"lambda", NTK_PARAMETER_REAL, "0", 0, 1e6, NULL, "strength of L2 towards the initialisation"},       \
        {"log-horizon", NTK_PARAMETER_REAL, "10", -10, 1000, NULL, "log of the time at which a flow ends"},   \
        {"tolerance", NTK_PARAMETER_REAL, "1e-6", 1e-13, 0.1, NULL, "of the integrator, smooth activations"}, \
        {"step", NTK_PARAMETER_REAL, "0.1", 1e-4, 1, NULL, "of the bounded-step rule, ReLU"}, {               \
        "gradient-tolerance", NTK_PARAMETER_REAL, "1e-8", 0, 1, NULL,                                         \
            "gradient norm that counts as stationary"                                                         \
    }

/* Observation times: log t = -4 .. log-horizon in NTK_SWEEP_TIMES equal steps. */
#define NTK_SWEEP_TIMES 61

/* One run, after its flow has ended. */
typedef struct ntk_sweep_run {
    ntk_activation activation;
    size_t width, seed;
    double lambda, epsilon;
    const ntk_flow_options *flow;
    const ntk_training *training;
    const ntk_trajectory *trajectory;
} ntk_sweep_run;

/* Read `columns` values off a run. values: (columns). */
typedef ntk_status (*ntk_sweep_measure)(const ntk_sweep_run *run, double *values, ntk_context *context);

typedef struct ntk_sweep {
    size_t activation_count, width_count, seed_count, columns;
    const char *const *activations;
    const double *widths;
    double *log_times;            /* (NTK_SWEEP_TIMES) */
    double *values;               /* (activations, widths, seeds, columns) */
    ntk_trajectory *trajectories; /* (activations, widths, seeds) */
} ntk_sweep;

/* Reduce the values of one activation and emit its metrics. */
typedef ntk_status (*ntk_sweep_reduce)(ntk_context *context, const ntk_sweep *sweep, size_t activation);

/* Run the sweep that the context's parameters describe, emit the tables `trajectories` (per activation, width
 * and time: the mean, smallest and largest over seeds of displacement, log loss and largest logit spread) and
 * `runs` (per run: the columns), then call `reduce` for each activation. columns: the names of the values
 * that `measure` reads, blank-separated. Time is log-loss time where nothing bounds the flow (lambda = 0,
 * epsilon = 0), physical otherwise; smooth physical flows end when stationary. Errors: those of the flows,
 * with activation, width and seed. */
ntk_status ntk_sweep_conduct(ntk_context *context, const char *columns, ntk_sweep_measure measure,
                             ntk_sweep_reduce reduce);

/* Value of a column at one run. */
double ntk_sweep_value(const ntk_sweep *sweep, size_t activation, size_t width, size_t seed, size_t column);

/* Largest (smallest) value of a column over widths and seeds of one activation; a NaN among them is the
 * result. */
double ntk_sweep_largest(const ntk_sweep *sweep, size_t activation, size_t column);
double ntk_sweep_smallest(const ntk_sweep *sweep, size_t activation, size_t column);

/* t interval, over seeds, of a column's smallest value over widths (the worst width of each seed), for one
 * activation. */
ntk_status ntk_sweep_worst_width(const ntk_context *context, const ntk_sweep *sweep, size_t activation,
                                 size_t column, ntk_estimate *out);

/* Emit a scalar named "<prefix>-<activation>". */
ntk_status ntk_sweep_emit_scalar(ntk_context *context, const ntk_sweep *sweep, const char *prefix,
                                 size_t activation, double value);
/* The same for an estimate. */
ntk_status ntk_sweep_emit_estimate(ntk_context *context, const ntk_sweep *sweep, const char *prefix,
                                   size_t activation, const ntk_estimate *estimate);

#endif
