/* The degenerate limit: soft targets epsilon -> 0 join the bounded regime to the divergent one
 * (plenk-2026).
 *
 * Targets q = 1 - (K - 1) epsilon for the true class, epsilon for each other; cross-entropy, no
 * regulariser; a linear model f on n points, and networks beside it. With constants that its kernel
 * gives (bounds.c has them, and the proofs):
 *
 * (1) The flow ends at a spread of the logits of x = log((1 - (K - 1) epsilon) / epsilon) at every
 *     point, at a distance from its start of x ||w_I|| for large x, w_I the least-norm interpolant
 *     of the labels.
 * (2) The one-hot flow g from the same start, whose logits grow like log t, is within C epsilon t
 *     of f.
 * (3) No flow has all its logits within delta of their limit before a constant times 1 / epsilon,
 * (4) and every one by a constant times log(1 / epsilon) / epsilon.
 *
 * On the way the spread is at most n L_0 / epsilon, for any model, as in soft-bounded. That bound
 * and (4) are those of targets that are at least epsilon; a control takes an epsilon below which
 * targets fall. */
#include <math.h>
#include <string.h>

#include <ntk/lab/lab.h>

#include "bounds.h"
#include "series.h"

static const ntk_parameter parameters[] = {
    NTK_REAL("delta", 0.1, 1e-4, 1, "distance of the logits that counts as arrived"),
    NTK_REAL("bound-epsilon", 0, 0, 0.3, "epsilon of the upper bounds; 0: that of the targets"),
    NTK_PLANTS("targets"), /* of the limit */
    {0},
};

static bool of_kernels(const ntk_context *context, const char *const *words) {
    (void)context;
    return strncmp(words[0], "kernel", strlen("kernel")) == 0;
}

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("logits-{cases}", "slope of the final spread in x"),
    NTK_METRIC("time-{cases}", "slope of the log arrival time in log(1 / epsilon)"),
    NTK_METRIC("limit-{cases}", "largest distance of the final logits from their limit"),
    NTK_METRIC("bound-ratio-{cases}", "largest spread over n L_0 / epsilon"),
    NTK_METRIC_WHEN("travel-{cases}", "slope of the final distance in x, over ||w_I||", of_kernels),
    NTK_METRIC_WHEN("early-{cases}", "largest earliest possible arrival over the arrival", of_kernels),
    NTK_METRIC_WHEN("late-{cases}", "largest arrival over the latest possible one", of_kernels),
    NTK_METRIC_WHEN("bridge-{cases}", "largest distance to the one-hot flow over C epsilon t", of_kernels),
    {0},
};

enum { X, LOG_INVERSE, SPREAD, LIMIT, LOG_TIME, TRAVEL, BOUND, EARLY, LATE, BRIDGE };
static const char columns[] = "x log-inverse spread limit log-time travel bound-ratio early late bridge";

/* Of the difference between two flows' logits: a tolerance of 1e-7 a step, relative to 1 + travel <
 * 100, over some ten steps that have not been forgotten. */
static const double integration_error = 1e-4;

typedef struct options {
    double delta, bound_epsilon, factor; /* factor: of epsilon in the limit, 1 but for what is
                                          * planted */
} options;

static ntk_status measure(const ntk_target_run *run, double *values, const void *own) {
    const options *chosen = own;
    const ntk_trajectory *path = run->soft;
    const double delta = chosen->delta, others = (double)run->classes - 1;
    const double least = chosen->bound_epsilon > 0 ? chosen->bound_epsilon : run->epsilon;
    double interpolant;
    NTK_TRY(ntk_target_interpolant_norm(run, &interpolant));
    NTK_TRY(ntk_target_limit_distance(run, run->epsilon * chosen->factor, &values[LIMIT]));
    values[X] = log((1 - others * run->epsilon) / run->epsilon);
    values[LOG_INVERSE] = -log(run->epsilon);
    values[SPREAD] = path->points[path->count - 1].largest_spread;
    values[LOG_TIME] = ntk_trajectory_arrival(path, delta);
    values[TRAVEL] = path->flow.displacement / interpolant;
    values[BOUND] = path->max_spread * least / ((double)run->problem->points * path->initial_loss);
    values[EARLY] = ntk_target_earliest(run, delta) / exp(values[LOG_TIME]);
    values[LATE] = exp(values[LOG_TIME]) / ntk_target_latest(run, delta, least);
    values[BRIDGE] = ntk_target_bridge_ratio(run, integration_error);
    return NTK_OK;
}

/* (2) to (4), and the distance of (1), which is linear in x once x is large, are theorems about
 * linear models. */
static const ntk_reduction reductions[] = {
    {.prefix = "logits", .kind = NTK_REDUCE_SLOPE, .column = SPREAD, .against = X},
    {.prefix = "time", .kind = NTK_REDUCE_SLOPE, .column = LOG_TIME, .against = LOG_INVERSE},
    {.prefix = "limit", .kind = NTK_REDUCE_LARGEST, .column = LIMIT},
    {.prefix = "bound-ratio", .kind = NTK_REDUCE_LARGEST, .column = BOUND},
    {.prefix = "travel",
     .kind = NTK_REDUCE_SLOPE,
     .column = TRAVEL,
     .against = X,
     .most = 1e-4,
     .when = ntk_target_series_is_kernel},
    {.prefix = "early", .kind = NTK_REDUCE_LARGEST, .column = EARLY, .when = ntk_target_series_is_kernel},
    {.prefix = "late", .kind = NTK_REDUCE_LARGEST, .column = LATE, .when = ntk_target_series_is_kernel},
    {.prefix = "bridge", .kind = NTK_REDUCE_LARGEST, .column = BRIDGE, .when = ntk_target_series_is_kernel},
    {0}};

static ntk_status run(ntk_context *context) {
    const options own = {.delta = ntk_context_real(context, "delta"),
                         .bound_epsilon = ntk_context_real(context, "bound-epsilon"),
                         .factor = ntk_plant_factor(context, NTK_PLANT_TARGETS)};
    return ntk_target_series_conduct(context, columns, measure, &own, reductions);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, ntk_target_series_parameters, parameters},
    .metrics = {metrics},
    .run = run,
};
