/* What the parameters still travel after the end of a run, from what it has seen.
 *
 * L2. F = L + (lambda/2) ||theta - theta_0||^2, E what F has above its limit. In the lazy limit,
 * where the outputs are linear in theta and L is convex in them, F is lambda-convex and E falls
 * like e^{-2 lambda t}; a network adds O(m^{-1/2}) to the curvature of F, of either sign. What is
 * said here rests on how a run ends and is an estimate: a flatter direction that is excited only
 * afterwards is not seen.
 *
 * Smooth activations come to rest, and ||g|| / curvature of F along its gradient g is left.
 *
 * With kinks the gradient jumps and never vanishes, but -dE/dt = ||grad F||^2 holds all the same,
 * with theta' = -grad F the velocity with which a neuron slides. If from some time on ||grad F||^2
 * >= 2 r E, then
 *
 *     E falls at least like e^{-2 r t},
 *     d sqrt(E) / dt = -||grad F||^2 / (2 sqrt(E)) <= -sqrt(r / 2) ||theta'||,
 *
 * and after T at most sqrt(2 E_T / r) is travelled. F is observed at T_1, T_2, T, at least one unit
 * of log t from one to the next:
 *
 *     A = F(T_1) - F(T_2),     B = F(T_2) - F(T),     E_T <= B / (e^{2 r (T - T_2)} - 1),
 *
 * and an exponential has A / B <= e^{2 r (T_2 - T_1)}, as T_2 - T_1 <= T - T_2. So its rate is at
 * least
 *
 *     r = log(A / B) / (2 (T_2 - T_1)),
 *
 * that of what still moves; what moves no output has that of L2 alone, so no more than lambda is
 * taken. An integrator that goes to and fro across kinks adds to B: r is then smaller and the
 * result larger.
 *
 * Soft targets. Cross-entropy L, targets q >= epsilon > 0, p the network's probabilities, c = (p -
 * q) / n = dL/df, E = L - H(q) what is left of the loss, Theta_t >= lambda > 0 along the path. Let
 * every p be at least p_ from a time T on. With KL(q, p) <= sum (p - q)^2 / p (one output: (p -
 * q)^2 / (p (1 - p)), at most twice that over the smaller of p and 1 - p)
 *
 *     E <= 2 n ||c||^2 / p_,
 *     ||grad L||^2 = c^T Theta c >= lambda ||c||^2 >= kappa E,     kappa = lambda p_ / (2n),
 *     d sqrt(E) / dt = -||grad L||^2 / (2 sqrt(E)) <= -(sqrt(kappa) / 2) ||theta'||,
 *
 * so after T the parameters travel at most 2 sqrt(E_T / kappa) <= 4 n ||c_T|| / (p_ sqrt(lambda)).
 *
 * p_: at T every |p - q| is at most delta = n ||c_T||, hence E_T <= 2 n ||c_T||^2 / (epsilon -
 * delta). E decreases, one point's divergence is at most n E, and |p - q| <= sqrt(n E / 2) by
 * Pinsker's inequality: p_ = epsilon - delta / sqrt(epsilon - delta). */
#include <ntk/lab/drift.h>

#include <math.h>

#include <ntk/architecture.h>
#include <ntk/flow.h>
#include <ntk/lab/context.h>
#include <ntk/lab/grid.h>
#include <ntk/lab/problem.h>
#include <ntk/lab/sweep.h>
#include <ntk/linalg.h>
#include <ntk/loss.h>
#include <ntk/memory.h>
#include <ntk/status.h>
#include <ntk/trajectory.h>

static bool has_kinks(const ntk_context *context, const char *const *words) {
    (void)words;
    const char *const kinked[] = {"kinked", NULL};
    return ntk_sweep_has_kind(context, kinked);
}

const ntk_metric_declaration ntk_drift_metrics[] = {
    NTK_METRIC("rate-{activations}", "exponent of the largest drift of the tangent kernel in the width"),
    NTK_METRIC_WHEN("rate-{smooth,kinked}", "the highest of each kind", ntk_sweep_has_kind),
    NTK_METRIC_WHEN("travel-left-{smooth,kinked}", "largest part of a way still left", ntk_sweep_has_kind),
    NTK_METRIC_WHEN("travel-left-{smooth,kinked}-at-{width,seed}", "its place", ntk_sweep_has_kind),
    NTK_METRIC_WHEN("mean-travel-left-kinked", "mean over seeds, worst width", has_kinks),
    {0},
};

/* ---- what is left ---------------------------------------------------------------------------- */

/* The last observation not later than log_time, to rounding; none: the number of observations. */
static size_t last_until(const ntk_trajectory *path, double log_time) {
    size_t after = 0;
    while (after < path->count && path->points[after].log_time <= log_time + 1e-9) after++;
    return after > 0 ? after - 1 : path->count;
}

/* sqrt(2 E_T / r), T the last observation. */
static double left_by_decay(const ntk_sweep_run *run) {
    const ntk_trajectory *path = run->trajectory;
    const ntk_trajectory_point *at = path->points, *end = at + path->count - 1;
    const size_t second = last_until(path, end->log_time - 1);
    if (second == path->count) return INFINITY;
    const size_t first = last_until(path, at[second].log_time - 1);
    if (first == path->count) return INFINITY;
    const double t1 = exp(at[first].log_time), t2 = exp(at[second].log_time), t = exp(end->log_time);
    const double speed = run->flow->time_factor; /* theta' = -speed grad F */
    const double early = at[first].objective - at[second].objective;
    double late = 0; /* B; of either sign where the integrator's to and fro is all that there is */
    for (size_t i = second; i < path->count; i++)
        late = ntk_larger(late, fabs(at[i].objective - end->objective));
    const double r = ntk_smaller(log(early / late) / (2 * speed * (t2 - t1)), run->lambda);
    return r > 0 ? sqrt(2 * late / (r * expm1(2 * r * speed * (t - t2)))) : INFINITY;
}

static ntk_status left_at_rest(const ntk_sweep_run *run, double *left) {
    const ntk_training *problem = run->training;
    ntk_flow_rest rest;
    NTK_TRY(ntk_flow_measure_rest(&problem->model, problem->targets, run->flow, problem->theta0,
                                  problem->theta, &rest));
    *left = rest.curvature > 0 ? rest.gradient_norm / rest.curvature : INFINITY;
    return NTK_OK;
}

ntk_status ntk_drift_left_under_l2(const ntk_sweep_run *run, double *left) {
    if (ntk_activation_is_smooth(run->activation)) return left_at_rest(run, left);
    *left = left_by_decay(run);
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

/* ---- columns --------------------------------------------------------------------------------- */

static void read_run(const ntk_sweep_run *run, double left, double *values) {
    values[NTK_DRIFT_LARGEST] = ntk_trajectory_largest_drift(run->trajectory, INFINITY);
    values[NTK_DRIFT_TRAVEL_LEFT] = left / run->trajectory->max_displacement;
}

ntk_status ntk_drift_measure_under_l2(const ntk_sweep_run *run, double *values, const void *own) {
    (void)own;
    double left;
    NTK_TRY(ntk_drift_left_under_l2(run, &left));
    read_run(run, left, values);
    return NTK_OK;
}

ntk_status ntk_drift_measure_under_soft_targets(const ntk_sweep_run *run, double *values, const void *own) {
    (void)own;
    double left;
    NTK_TRY(ntk_drift_left_under_soft_targets(run, &left));
    read_run(run, left, values);
    return NTK_OK;
}

/* Mean over seeds of what is left, at most 1 for a run that does not show it: the largest over
 * widths and kinked networks; nothing where there are none. */
static ntk_status emit_mean_left(ntk_context *context, const ntk_grid *grid, size_t which) {
    const size_t widths = grid->axes[NTK_SWEEP_WIDTH].count, seeds = grid->axes[NTK_SWEEP_SEED].count;
    double largest = -1;
    if (which > 0) return NTK_OK; /* of all networks, once */
    for (size_t k = 0; k < grid->axes[NTK_SWEEP_NETWORK].count * widths; k++) {
        if (ntk_grid_is_smooth(grid, k / widths)) continue;
        double sum = 0;
        for (size_t s = 0; s < seeds; s++) {
            const double *row = ntk_grid_row(grid, (ntk_place){{k / widths, k % widths, s}});
            sum += ntk_smaller(1, row[NTK_DRIFT_TRAVEL_LEFT]);
        }
        largest = ntk_larger(largest, sum / (double)seeds);
    }
    return largest < 0 ? NTK_OK : ntk_emit_scalar(context, "mean-travel-left-kinked", largest);
}

const ntk_reduction ntk_drift_reductions[] = {
    {.prefix = "rate", .kind = NTK_REDUCE_RATES, .column = NTK_DRIFT_LARGEST},
    {.prefix = "travel-left", .kind = NTK_REDUCE_LARGEST_BY_KIND, .column = NTK_DRIFT_TRAVEL_LEFT},
    {.prefix = "mean-travel-left-kinked", .kind = NTK_REDUCE_OWN, .own = emit_mean_left},
    {0}};

ntk_status ntk_drift_conduct_under_l2(ntk_context *context) {
    ntk_sweep_options sweep;
    NTK_TRY(ntk_sweep_read(context, &sweep));
    if (!(sweep.flow.lambda > 0))
        return ntk_fail(NTK_ERROR_ARGUMENT, "lambda is 0: there is no L2 whose drift is to be measured");
    return ntk_sweep_conduct(context, &sweep, NTK_DRIFT_COLUMNS, ntk_drift_measure_under_l2, NULL,
                             ntk_drift_reductions);
}

ntk_status ntk_drift_conduct_under_soft_targets(ntk_context *context) {
    ntk_sweep_options sweep;
    NTK_TRY(ntk_sweep_read(context, &sweep));
    if (!(sweep.problem.epsilon > 0))
        return ntk_fail(NTK_ERROR_ARGUMENT, "epsilon is 0: these targets are not soft");
    return ntk_sweep_conduct(context, &sweep, NTK_DRIFT_COLUMNS, ntk_drift_measure_under_soft_targets, NULL,
                             ntk_drift_reductions);
}
