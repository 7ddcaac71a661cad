/* Where training is bounded a wide network follows its linearisation for all time (plenk-2026).
 *
 * Network f and linearised network g start together. With c = dL/df and J the gradient of the outputs they
 * obey, at any points, X the training points,
 *
 *     f' = -Theta_t(., X) c(f) - lambda J_t (theta - theta_0),
 *     g' = -Theta_0(., X) c(g) - lambda (g - f_0).
 *
 * L2 keeps ||theta_t - theta_0|| <= sqrt(2 L_0 / lambda); soft targets keep the logits and, where
 * lambda_min(Theta_t) stays positive, the parameters: within a distance that does not depend on the width.
 * Over it Theta and J change by O(m^{-1/2}), by O(1/m) for smooth activations, whose first-order changes
 * average out over neurons of random signs. Both flows contract at a rate that does not depend on the width
 * either, so that what differs between them is forgotten as fast as it is made, and
 *
 *     sup_t |f_t - g_t| = O(m^{-1/2})     at training and test points.
 *
 * All time: where the objective's curvature is at least mu, a point with gradient norm G is within G / mu of
 * the minimiser, an output at x within |J(x)| G / mu of its limit. At the end of a flow
 *
 *     mu = (lambda + lambda_min(Theta) h / n) / 2,
 *
 * h = q (1 - q) for one output with the soft target q, the smallest q for K >= 3 (v^T (diag q - q q^T) v is a
 * variance, at least min q |v|^2 for the v that matter, which sum to zero), 0 for the one-hot targets of L2;
 * halved because p is only close to q, and for the second derivatives of f, which take O(m^{-1/2}) off mu. g
 * has none: for it this is a theorem, and its limit is known from elsewhere, kernel logistic regression with
 * Theta_0 solved by Newton's method. Without L2 and with one-hot targets there is no bound, and the gap grows
 * with the horizon. */
#include <math.h>

#include <ntk/ntk.h>

static const ntk_parameter parameters[] = {NTK_SWEEP_PARAMETERS, {0}};

enum { GAP, LEFT, SOLUTION_RATIO, COLUMNS };

/* What Newton's method, stopped at a relative residual of 1e-10, leaves in outputs of order 10. */
static const double newton_error = 1e-8;

/* Once a NaN, always a NaN. */
static void raise_to(double *extreme, double value) {
    if (!isnan(*extreme) && !(value <= *extreme)) *extreme = value;
}

/* Largest |J(x)|: how far an output moves per unit of parameter distance. */
static ntk_status largest_reach(const ntk_training *problem, double *reach) {
    const size_t order = problem->all_points * problem->outputs;
    double *gram;
    NTK_TRY(ntk_allocate_doubles(order * order, &gram));
    const ntk_status status = ntk_network_tangent_kernel(problem->network, problem->theta0,
                                                         problem->all_points, problem->x, gram, order);
    *reach = 0;
    for (size_t i = 0; i < order; i++) raise_to(reach, sqrt(gram[i * order + i]));
    ntk_release(gram);
    return status;
}

/* G / mu. */
static double distance_left(const ntk_sweep_run *run, const ntk_trajectory *path) {
    const double n = (double)run->training->points, q = run->epsilon;
    const double h = run->training->outputs == 1 ? q * (1 - q) : q;
    return 2 * path->flow.gradient_norm / (run->lambda + path->min_lambda_min * h / n);
}

/* Coefficients of kernel logistic regression with the linear model's kernel, from its own initial outputs. */
static ntk_status solve(const ntk_sweep_run *run, const ntk_model *linear, double *a) {
    const size_t order = linear->points * linear->outputs;
    double *memory;
    NTK_TRY(ntk_allocate_doubles(order * order + order, &memory));
    double *gram = memory, *f0 = memory + order * order;
    const ntk_inference_problem problem = {.loss = run->flow->loss,
                                           .points = linear->points,
                                           .outputs = linear->outputs,
                                           .order = order,
                                           .gram = gram,
                                           .f0 = f0,
                                           .targets = run->training->targets,
                                           .lambda = run->lambda};
    ntk_logistic_result result;
    ntk_status status;
    NTK_TRY_OR(done, status, linear->evaluate(linear->context, a, f0)); /* a = 0 */
    NTK_TRY_OR(done, status, linear->tangent_kernel(linear->context, a, gram));
    status = ntk_inference_logistic(&problem, NULL, a, NULL, &result);
done:
    ntk_release(memory);
    return status;
}

/* Largest |g - g*| over all points, g at the end of the linear flow. */
static ntk_status distance_to_solution(const ntk_sweep_run *run, const ntk_trajectory *flow, double *out) {
    const double *end = flow->followed + (flow->count - 1) * flow->followed_size;
    ntk_model linear, everywhere;
    NTK_TRY(ntk_training_kernel_model(run->training, NTK_TRAINING_KERNEL_EMPIRICAL, &linear, &everywhere));
    double *memory;
    ntk_status status = ntk_allocate_doubles(linear.dimension + flow->followed_size, &memory);
    double *a = memory, *solution = memory + linear.dimension;
    if (status == NTK_OK) status = solve(run, &linear, a);
    if (status == NTK_OK) status = everywhere.evaluate(everywhere.context, a, solution);
    *out = 0;
    for (size_t i = 0; status == NTK_OK && i < flow->followed_size; i++)
        raise_to(out, fabs(end[i] - solution[i]));
    ntk_release(memory);
    ntk_model_release(&linear);
    ntk_model_release(&everywhere);
    return status;
}

static ntk_status measure(const ntk_sweep_run *run, double *values, ntk_context *context) {
    (void)context;
    const ntk_trajectory *path = run->trajectory;
    ntk_trajectory linear;
    double reach, distance;
    NTK_TRY(ntk_sweep_follow_linear(run, NTK_TRAINING_KERNEL_EMPIRICAL, &linear));
    for (size_t i = 0; i < path->count; i++)
        run->curve[i] = ntk_trajectory_largest_gap(path, &linear, path->points[i].log_time);
    values[GAP] = ntk_trajectory_largest_gap(path, &linear, INFINITY);
    values[LEFT] = values[SOLUTION_RATIO] = NAN;
    ntk_status status = NTK_OK;
    if (run->lambda > 0 || run->epsilon > 0) {
        NTK_TRY_OR(done, status, largest_reach(run->training, &reach));
        NTK_TRY_OR(done, status, distance_to_solution(run, &linear, &distance));
        values[LEFT] = reach * (distance_left(run, path) + distance_left(run, &linear)) / values[GAP];
        values[SOLUTION_RATIO] = distance / (reach * distance_left(run, &linear) + newton_error);
    }
done:
    ntk_trajectory_release(&linear);
    return status;
}

/* Largest value of a column at the widest networks; a NaN is the result. */
static double largest_at_widest(const ntk_sweep *sweep, size_t column) {
    double largest = 0;
    for (size_t a = 0; a < sweep->activation_count; a++)
        for (size_t s = 0; s < sweep->seed_count; s++)
            raise_to(&largest, ntk_sweep_value(sweep, a, sweep->width_count - 1, s, column));
    return largest;
}

/* All networks at once, when the first is reduced. */
static ntk_status emit(ntk_context *context, const ntk_sweep *sweep, size_t activation) {
    if (activation > 0) return NTK_OK;
    NTK_TRY(ntk_sweep_emit_rates(context, sweep, "rate", GAP));
    if (isnan(ntk_sweep_value(sweep, 0, 0, 0, LEFT))) return NTK_OK; /* one-hot targets: never stationary */
    NTK_TRY(ntk_emit_scalar(context, "left", largest_at_widest(sweep, LEFT)));
    return ntk_sweep_emit_largest_by_kind(context, sweep, "solution-ratio", SOLUTION_RATIO);
}

static ntk_status run(ntk_context *context) {
    return ntk_sweep_conduct(context, "gap left solution-ratio", measure, emit);
}

const ntk_experiment NTK_EXPERIMENT = {parameters, run};
