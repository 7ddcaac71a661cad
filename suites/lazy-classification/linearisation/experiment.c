/* Where training is bounded a wide network follows its linearisation for all time (plenk-2026).
 *
 * Network f and linearised network g start together. With c = dL/df and J the gradient of the
 * outputs they obey, at any points, X the training points,
 *
 *     f' = -Theta_t(., X) c(f) - lambda J_t (theta - theta_0),
 *     g' = -Theta_0(., X) c(g) - lambda (g - f_0).
 *
 * L2 keeps ||theta_t - theta_0|| <= sqrt(2 L_0 / lambda); soft targets keep the logits and, where
 * lambda_min(Theta_t) stays positive, the parameters: within a distance that does not depend on the
 * width. Over it Theta and J change by O(m^{-1/2}), by O(1/m) for smooth activations, whose
 * first-order changes average out over neurons of random signs. Both flows contract at a rate that
 * does not depend on the width either, so that what differs between them is forgotten as fast as it
 * is made, and
 *
 *     sup_t |f_t - g_t| = O(m^{-1/2})     at training and test points.
 *
 * All time: where the objective's curvature is at least mu, a point with gradient norm G is within
 * G / mu of the minimiser, an output at x within |J(x)| G / mu of its limit. At the end of a flow
 *
 *     mu = (lambda + lambda_min(Theta) h / n) / 2,
 *
 * h = q (1 - q) for one output with the soft target q, the smallest q for K >= 3 (v^T (diag q - q
 * q^T) v is a variance, at least min q |v|^2 for the v that matter, which sum to zero), 0 for the
 * one-hot targets of L2; halved because p is only close to q, and for the second derivatives of f,
 * which take O(m^{-1/2}) off mu. g has none: for it this is a theorem, and its limit is known from
 * elsewhere, kernel logistic regression with Theta_0 solved by Newton's method. Without L2 and with
 * one-hot targets there is no bound, and the gap grows with the horizon. */
#include <math.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_PLANTS("lambda"), /* of the solution by Newton's method */
    {0},
};

/* Flows that come to rest: the first network's, on behalf of all. */
static bool rests(const ntk_context *context, const char *const *words) {
    size_t count;
    const ntk_network_setting setting = ntk_context_networks(context, "activations", &count)[0].setting;
    const bool l2 = setting != NTK_SETTING_SOFT && ntk_context_real(context, "lambda") > 0;
    const bool soft = setting != NTK_SETTING_L2 && ntk_context_real(context, "epsilon") > 0;
    return (l2 || soft) && (words[0] == NULL || ntk_sweep_has_kind(context, words));
}

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("rate-{activations}", "exponent in the width of the largest gap to the linearisation"),
    NTK_METRIC_WHEN("rate-{smooth,kinked}", "the highest of each kind", ntk_sweep_has_kind),
    NTK_METRIC_WHEN("left", "largest part of the gap that is still open, widest networks", rests),
    NTK_METRIC_WHEN("solution-ratio-{smooth,kinked}", "linear flow's distance to its end, of bound", rests),
    NTK_METRIC_WHEN("solution-ratio-{smooth,kinked}-at-{width,seed}", "its place", rests),
    {0},
};

enum { GAP, LEFT, SOLUTION_RATIO };

/* What Newton's method, stopped at a relative residual of 1e-10, leaves in outputs of order 10. */
static const double newton_error = 1e-8;

/* G / mu; NaN, which fails every check, where the kernel does not show that mu > 0. */
static double distance_left(const ntk_sweep_run *run, const ntk_trajectory *path) {
    const double n = (double)run->training->points, q = run->epsilon;
    const double h = run->training->outputs == 1 ? q * (1 - q) : q;
    const double mu = (run->lambda + path->min_lambda_min * h / n) / 2;
    return mu > 0 ? path->flow.gradient_norm / mu : NAN;
}

/* Largest |J(x)|: how far an output moves per unit of parameter distance. scratch: (all_points,
 * K). */
static ntk_status largest_reach(const ntk_training *problem, double *scratch, double *reach) {
    NTK_TRY(ntk_solution_norms(problem, scratch));
    *reach = 0;
    for (size_t i = 0; i < problem->all_points * problem->outputs; i++)
        *reach = ntk_larger(*reach, scratch[i]);
    return NTK_OK;
}

/* Largest |g - g*| over all points, g at the end of the linear flow, g* for lambda. scratch:
 * (all_points, K). */
static ntk_status distance_to_solution(const ntk_sweep_run *run, double lambda, const ntk_trajectory *linear,
                                       double *scratch, double *distance) {
    const ntk_solution_formula formula = {
        .kernel = NTK_TRAINING_KERNEL_EMPIRICAL, .loss = run->flow->loss, .lambda = lambda};
    NTK_TRY(ntk_solution_predict(run->training, &formula, scratch));
    *distance = ntk_largest_difference(
        linear->followed_size, linear->followed + (linear->count - 1) * linear->followed_size, scratch);
    return NTK_OK;
}

/* What both flows have still to go, and the linear one's distance to where it must end. */
static ntk_status judge_ends(const ntk_sweep_run *run, double lambda, const ntk_trajectory *linear,
                             double *values) {
    double *scratch, reach, distance;
    NTK_TRY(ntk_allocate_doubles(linear->followed_size, &scratch));
    ntk_status status = largest_reach(run->training, scratch, &reach);
    if (status == NTK_OK) status = distance_to_solution(run, lambda, linear, scratch, &distance);
    ntk_release(scratch);
    NTK_TRY(status);
    const double left = reach * distance_left(run, linear);
    values[LEFT] = (reach * distance_left(run, run->trajectory) + left) / values[GAP];
    values[SOLUTION_RATIO] = distance / (left + newton_error);
    return NTK_OK;
}

static ntk_status measure(const ntk_sweep_run *run, double *values, const void *own) {
    const double lambda = run->lambda * *(const double *)own; /* with what is planted */
    const ntk_trajectory *path = run->trajectory;
    ntk_trajectory linear;
    NTK_TRY(ntk_sweep_follow_linear(run, NTK_TRAINING_KERNEL_EMPIRICAL, &linear));
    for (size_t i = 0; i < path->count; i++)
        run->curve[i] = ntk_trajectory_largest_gap(path, &linear, path->points[i].log_time);
    values[GAP] = ntk_trajectory_largest_gap(path, &linear, INFINITY);
    values[LEFT] = values[SOLUTION_RATIO] = INFINITY;
    ntk_status status = NTK_OK;
    if (run->lambda > 0 || run->epsilon > 0) status = judge_ends(run, lambda, &linear, values);
    ntk_trajectory_release(&linear);
    return status;
}

/* Of what is bounded; one-hot targets without L2 are never stationary. */
static bool is_bounded(const ntk_grid *grid, size_t which, size_t column) {
    (void)which, (void)column;
    return ntk_grid_row(grid, (ntk_place){{0, 0, 0}})[LEFT] != INFINITY;
}

/* At the widest networks, all of them together. */
static ntk_status emit_left(ntk_context *context, const ntk_grid *grid, size_t which) {
    const ntk_place widest = {{NTK_ALL, grid->axes[NTK_SWEEP_WIDTH].count - 1, NTK_ALL}};
    if (which > 0) return NTK_OK;
    return ntk_emit_scalar(context, "left", ntk_grid_largest(grid, widest, LEFT).value);
}

static const ntk_reduction reductions[] = {
    {.prefix = "rate", .kind = NTK_REDUCE_RATES, .column = GAP},
    {.prefix = "left", .kind = NTK_REDUCE_OWN, .own = emit_left, .when = is_bounded},
    {.prefix = "solution-ratio",
     .kind = NTK_REDUCE_LARGEST_BY_KIND,
     .column = SOLUTION_RATIO,
     .when = is_bounded},
    {0}};

static ntk_status run(ntk_context *context) {
    ntk_sweep_options sweep;
    NTK_TRY(ntk_sweep_read(context, &sweep));
    const double factor = ntk_plant_factor(context, NTK_PLANT_LAMBDA);
    return ntk_sweep_conduct(context, &sweep, "gap left solution-ratio", measure, &factor, reductions);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, ntk_digits_parameters, ntk_sweep_parameters, parameters},
    .metrics = {metrics},
    .run = run,
};
