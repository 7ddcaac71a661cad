/* Soft targets: what is still travelled. Cross-entropy L, targets q >= epsilon > 0, p the network's
 * probabilities, c = (p - q) / n = dL/df, E = L - H(q) what is left of the loss, Theta_t >= lambda > 0 along
 * the path. Let every p be at least p_ from a time T on. With KL(q, p) <= sum (p - q)^2 / p (one output: (p -
 * q)^2 / (p (1 - p)), at most twice that over the smaller of p and 1 - p)
 *
 *     E <= 2 n ||c||^2 / p_,     ||grad L||^2 = c^T Theta c >= lambda ||c||^2 >= kappa E,     kappa = lambda
 * p_ / (2n), d sqrt(E) / dt = -||grad L||^2 / (2 sqrt(E)) <= -(sqrt(kappa) / 2) ||theta'||,
 *
 * so after T the parameters travel at most 2 sqrt(E_T / kappa) <= 4 n ||c_T|| / (p_ sqrt(lambda)).
 *
 * p_: at T every |p - q| is at most delta = n ||c_T||, hence E_T <= 2 n ||c_T||^2 / (epsilon - delta). E
 * decreases, one point's divergence is at most n E, and |p - q| <= sqrt(n E / 2) by Pinsker's inequality: p_
 * = epsilon - delta / sqrt(epsilon - delta). */
#include <ntk/drift.h>

#include <math.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>

/* ---- what is left ----------------------------------------------------------------------------------------
 */

static double travelled_late(const ntk_trajectory *path) {
    const ntk_trajectory_point *end = &path->points[path->count - 1];
    double change = 0;
    for (size_t i = 0; i < path->count; i++)
        if (path->points[i].log_time >= end->log_time - 1)
            change = ntk_larger(change, fabs(path->points[i].displacement - end->displacement));
    return change;
}

ntk_status ntk_drift_left_under_l2(const ntk_sweep_run *run, double *left) {
    const ntk_training *problem = run->training;
    *left = travelled_late(run->trajectory);
    if (!ntk_activation_is_smooth(run->activation)) return NTK_OK;
    ntk_flow_rest rest;
    NTK_TRY(ntk_flow_measure_rest(&problem->model, problem->targets, run->flow, problem->theta0,
                                  problem->theta, &rest));
    *left = rest.curvature > 0 ? rest.gradient_norm / rest.curvature : INFINITY;
    return NTK_OK;
}

ntk_status ntk_drift_left_under_soft_targets(const ntk_sweep_run *run, double *left) {
    const ntk_training *problem = run->training;
    const size_t outputs = problem->points * problem->outputs;
    const double n = (double)problem->points, lambda = run->trajectory->min_lambda_min;
    double *c;
    NTK_TRY(ntk_allocate_doubles(outputs, &c));
    ntk_loss_evaluate(run->flow->loss, problem->points, problem->outputs, run->trajectory->outputs,
                      problem->targets, NULL, c);
    const double delta = n * ntk_norm(outputs, c), at_end = run->epsilon - delta;
    const double smallest = run->epsilon - delta / sqrt(at_end); /* NaN where at_end < 0 */
    ntk_release(c);
    *left = smallest > 0 && lambda > 0 ? 4 * delta / (smallest * sqrt(lambda)) : INFINITY;
    return NTK_OK;
}

/* ---- columns ---------------------------------------------------------------------------------------------
 */

void ntk_drift_read(const ntk_sweep_run *run, double left, double *values) {
    values[NTK_DRIFT_LARGEST] = ntk_trajectory_largest_drift(run->trajectory, INFINITY);
    values[NTK_DRIFT_TRAVEL_LEFT] = left / run->trajectory->max_displacement;
}

ntk_status ntk_drift_reduce(ntk_context *context, const ntk_sweep *sweep, size_t activation) {
    if (activation > 0) return NTK_OK;
    NTK_TRY(ntk_sweep_emit_rates(context, sweep, "rate", NTK_DRIFT_LARGEST));
    return ntk_sweep_emit_largest_by_kind(context, sweep, "travel-left", NTK_DRIFT_TRAVEL_LEFT);
}
