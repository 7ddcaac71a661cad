/* Series of targets: models trained from the same start with soft targets of ever smaller epsilon,
 * and with one-hot targets, which are their limit.
 *
 * A case is a linear model with the infinite-width NTK ("kernel", "kernel-k3": two and three
 * classes) or a network of one hidden layer ("network", "network-k3"); with each seed it has its
 * own points on the sphere. An experiment adds NTK_TARGET_SERIES_PARAMETERS to its parameter table,
 * says in a `measure` function what is to be read off the flow of each epsilon, and reduces the
 * values afterwards. */
#ifndef NTK_SUITES_SERIES_H
#define NTK_SUITES_SERIES_H

#include <ntk/lab/context.h>
#include <ntk/lab/grid.h>
#include <ntk/lab/parameters.h>
#include <ntk/lab/problem.h>
#include <ntk/loss.h>
#include <ntk/status.h>
#include <ntk/trajectory.h>

#define NTK_TARGET_SERIES_PARAMETERS                                                                         \
    {"cases",                                                                                                \
     NTK_PARAMETER_CHOICE_LIST,                                                                              \
     "kernel",                                                                                               \
     0,                                                                                                      \
     0,                                                                                                      \
     "kernel|kernel-k3|network|network-k3",                                                                  \
     "models, two classes or three"},                                                                        \
        {"activation", NTK_PARAMETER_CHOICE, "erf", 0, 0, "erf|gelu", "of kernel and network; smooth"},      \
        {"epsilons",                                                                                         \
         NTK_PARAMETER_REAL_LIST,                                                                            \
         "1e-1 1e-2",                                                                                        \
         1e-13,                                                                                              \
         0.3,                                                                                                \
         NULL,                                                                                               \
         "smallest target probabilities, descending"},                                                       \
        {"width",                                                                                            \
         NTK_PARAMETER_INTEGER,                                                                              \
         "32",                                                                                               \
         2,                                                                                                  \
         65536,                                                                                              \
         NULL,                                                                                               \
         "hidden width (of a kernel: of the network whose outputs it starts from)"},                         \
        {"seeds", NTK_PARAMETER_INTEGER, "2", 2, 100000, NULL, "initialisations, each with its own points"}, \
        NTK_SPHERE_PARAMETERS("8"),                                                                          \
        {"lambda", NTK_PARAMETER_REAL, "0", 0, 1e6, NULL, "strength of L2 (not of the one-hot flow)"},       \
        {"tolerance", NTK_PARAMETER_REAL, "1e-7", 1e-13, 0.1, NULL, "of the integrator"}, {                  \
        "gradient-tolerance", NTK_PARAMETER_REAL, "1e-7", 0, 1, NULL,                                        \
            "stationary gradient norm, relative to epsilon or lambda, whichever is larger"                   \
    }

/* Observation times, equidistant in log t from -4 to 9 - log(smallest epsilon): the slowest mode
 * has a time constant of n / (lambda_min epsilon). A flow that becomes stationary stays where it
 * is. */
#define NTK_TARGET_SERIES_TIMES 181

/* One model after its flow with one epsilon. */
typedef struct ntk_target_run {
    bool is_kernel;
    size_t classes;
    double epsilon;
    ntk_loss loss;
    const ntk_training *problem; /* targets: those of this epsilon */
    const double *gram;          /* (nK, nK), tangent kernel at the start */
    double smallest, largest;    /* its extreme eigenvalues */
    const ntk_trajectory *soft;  /* its flow, followed at the training points */
    const ntk_trajectory *hard;  /* the one-hot flow, in log-loss time, at the same observation times */
} ntk_target_run;

/* Read `columns` values off a run. values: (columns). */
typedef ntk_status (*ntk_target_measure)(const ntk_target_run *run, double *values,
                                         const ntk_context *context);

/* Run all flows, emit the tables `runs` (per case, epsilon and seed: the columns) and `paths` (per
 * case, epsilon, 0 for one-hot, and time: the mean over seeds of the largest spread), and the
 * metrics of the list (grid.h; slopes are over the epsilons). columns: their names, separated by
 * blanks. Errors: those of the flows, with case, epsilon and seed. */
ntk_status ntk_target_series_conduct(ntk_context *context, const char *columns, ntk_target_measure measure,
                                     const ntk_reduction *metrics);

/* Whether a case is a linear model, whatever the column. */
bool ntk_target_series_is_kernel(const ntk_grid *grid, size_t which, size_t column);

#endif
