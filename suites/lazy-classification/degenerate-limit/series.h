/* Series of targets: models trained from the same start with soft targets of ever smaller epsilon,
 * and with one-hot targets, which are their limit.
 *
 * A case is a linear model with the infinite-width NTK ("kernel", "kernel-k3": two and three
 * classes) or a network of one hidden layer ("network", "network-k3"); with each seed it has its
 * own points on the sphere. An experiment lists ntk_target_series_parameters among its tables,
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

/* What every such experiment reads, besides ntk_sphere_parameters (problem.h). */
extern const ntk_parameter ntk_target_series_parameters[];

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
    const ntk_trajectory *hard;  /* the one-hot flow, in log-loss time, at the same observation
                                  * times */
} ntk_target_run;

/* Read `columns` values off a run. values: (columns). own: what the experiment gave, its
 * options. */
typedef ntk_status (*ntk_target_measure)(const ntk_target_run *run, double *values, const void *own);

/* Run all flows, emit the tables `runs` (per case, epsilon and seed: the columns) and `paths` (per
 * case, epsilon, 0 for one-hot, and time: the mean over seeds of the largest spread), and the
 * metrics of the list (grid.h; slopes are over the epsilons). columns: their names, separated by
 * blanks. Errors: those of the flows, with case, epsilon and seed. */
ntk_status ntk_target_series_conduct(ntk_context *context, const char *columns, ntk_target_measure measure,
                                     const void *own, const ntk_reduction *metrics);

/* Whether a case is a linear model, whatever the column. */
bool ntk_target_series_is_kernel(const ntk_grid *grid, size_t which, size_t column);

#endif
