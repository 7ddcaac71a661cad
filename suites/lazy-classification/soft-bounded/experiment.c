/* Soft targets bound the logits (plenk-2026).
 *
 * Cross-entropy CE, targets with every q_ik >= epsilon, no regulariser. The mean loss L decreases
 * along the flow, and for any outputs
 *
 *     n L(theta_0) >= n L(theta_t) >= CE_i(f) >= epsilon (max_k f_ik - min_k f_ik)  at each i,
 *
 * because CE_i = sum_k q_ik (logsumexp f_i - f_ik), in which every term is positive and the one of
 * the smallest logit is at least q_ik (max f_i - min f_i). Hence the spread of the logits is at
 * most n L(theta_0) / epsilon, path by path.
 *
 * If the empirical NTK stays above some lambda > 0, the flow converges to centred logits = centred
 * log q. How close a run must be that ended at gradient norm G follows from G^2 = r^T Theta r, r =
 * (softmax f - Q) / n: ||r|| <= G / sqrt(lambda), so every probability is within delta = n G /
 * sqrt(lambda) of its target, its logarithm within delta / (epsilon - delta), and a centred logit
 * within twice that. */
#include <math.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_REAL("bound-epsilon", 0, 0, 0.49, "epsilon in the bound; 0: the targets' own"),
    NTK_PLANTS("targets"), /* of the limit */
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("spread-ratio-{activations}", "largest spread of the logits over n L_0 / epsilon"),
    NTK_METRIC("final-spread-{activations}", "largest spread at the end"),
    NTK_METRIC("limit-distance-{activations}", "largest distance of the final logits from log q, centred"),
    NTK_METRIC("{spread-ratio,final-spread,limit-distance}-{activations}-at-{width,seed}",
               "the place of each"),
    {0},
};

enum { SPREAD_RATIO, LIMIT_DISTANCE, FINAL_SPREAD };

typedef struct options {
    double bound_epsilon, factor; /* of epsilon in the limit: 1 but for what is planted */
} options;

/* Largest |f - log Q| on the training points, centred: what softmax sees. */
static ntk_status distance_to_limit(const ntk_sweep_run *run, double epsilon, double *distance) {
    const ntk_training *problem = run->training;
    const size_t n = problem->points, outputs = problem->outputs;
    double *limit;
    NTK_TRY(ntk_allocate_doubles(n * outputs, &limit));
    const ntk_status status =
        ntk_targets_from_labels(run->flow->loss, n, outputs, problem->labels, epsilon, limit);
    if (status == NTK_OK) {
        ntk_targets_logits(n, outputs, limit, limit);
        *distance = ntk_solution_distance(problem, 0, n, true, run->trajectory->outputs, limit);
    }
    ntk_release(limit);
    return status;
}

static ntk_status measure(const ntk_sweep_run *run, double *values, const void *own) {
    const ntk_trajectory *path = run->trajectory;
    const options *chosen = own;
    const double bound = (double)run->training->points * path->initial_loss /
                         (chosen->bound_epsilon > 0 ? chosen->bound_epsilon : run->epsilon);
    values[SPREAD_RATIO] = path->max_spread / bound;
    values[FINAL_SPREAD] = path->points[path->count - 1].largest_spread;
    values[LIMIT_DISTANCE] = INFINITY; /* one-hot targets */
    if (run->epsilon == 0) return NTK_OK;
    return distance_to_limit(run, run->epsilon * chosen->factor, &values[LIMIT_DISTANCE]);
}

static const ntk_reduction reductions[] = {
    {.prefix = "spread-ratio", .kind = NTK_REDUCE_LARGEST_AT, .column = SPREAD_RATIO},
    {.prefix = "final-spread", .kind = NTK_REDUCE_LARGEST_AT, .column = FINAL_SPREAD},
    {.prefix = "limit-distance", .kind = NTK_REDUCE_LARGEST_AT, .column = LIMIT_DISTANCE},
    {0}};

static ntk_status run(ntk_context *context) {
    ntk_sweep_options sweep;
    NTK_TRY(ntk_sweep_read(context, &sweep));
    const options own = {.bound_epsilon = ntk_context_real(context, "bound-epsilon"),
                         .factor = ntk_plant_factor(context, NTK_PLANT_TARGETS)};
    if (!(sweep.problem.epsilon + own.bound_epsilon > 0))
        return ntk_fail(NTK_ERROR_ARGUMENT,
                        "epsilon and bound-epsilon are both 0: there is no bound to compare with");
    return ntk_sweep_conduct(context, &sweep, "spread-ratio limit-distance final-spread", measure, &own,
                             reductions);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, ntk_digits_parameters, ntk_sweep_parameters, parameters},
    .metrics = {metrics},
    .run = run,
};
