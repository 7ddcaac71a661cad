/* With L2 towards the initialisation training finds the kernel logistic regression (plenk-2026).
 *
 * A stationary point of L(theta) + (lambda/2) ||theta - theta_0||^2 has lambda (theta - theta_0) = -J^T c,
 * c = dL/df = (softmax f(X) - Q) / n. If the Jacobian J stays what it was, J_0, then so
 *
 *     f*(x) = f_0(x) - (1 / (n lambda)) Theta(x, X) (softmax f*(X) - Q),      Theta = J_0 J_0^T,
 *
 * the (multinomial) kernel logistic regression with the prior f_0: the minimiser of the linearised objective
 * P(w) = L(f_0 + J_0 w) + (lambda/2) ||w||^2, which is lambda-strongly convex. Hence for any point theta at
 * all, with w = theta - theta_0 and f_lin = f_0 + J_0 w,
 *
 *     |f(x) - f*(x)| <= |f(x) - f_lin(x)| + ||J_0(x)|| ||grad P(w)|| / lambda,
 *     grad P(w) = grad + J_0^T c(f_lin) - J^T c(f),     grad that of the network's own objective at theta.
 *
 * The first term and the difference in the second are O(m^{-1/2}), uniformly over the ball ||w|| <= sqrt(2
 * L_0 / lambda) that the flow never leaves: so is the error at the end of the flow (1/m for smooth
 * activations, whose first-order terms average out). What is left is ||J_0(x)|| ||grad|| / lambda: a run that
 * has not quite arrived adds no more than that. (Where the objective is as convex around the end as its
 * linearisation, it is also how far the outputs can still move.) With the infinite-width Theta in place of
 * Theta_hat_0, which differ by O(m^{-1/2}), the error is of that order and no smaller.
 *
 * Error: the largest |f_T - f*| over the outputs of all points, training and test points alike. */
#include <math.h>

#include <ntk/ntk.h>

static const ntk_parameter parameters[] = {NTK_SWEEP_PARAMETERS,
                                           {"lambda-factor", NTK_PARAMETER_REAL, "1", 1e-3, 1e3, NULL,
                                            "lambda in the formula, over that of the flow"},
                                           {0}};

enum { ERROR_EMPIRICAL, ERROR_LIMIT, BOUND_RATIO, UNFINISHED, RESIDUAL };

/* The distance to the solution with Theta_hat_0 at each time is the run's curve. */
static void draw(const ntk_sweep_run *run, const double *solution) {
    const ntk_trajectory *path = run->trajectory;
    for (size_t t = 0; t < path->count; t++)
        run->curve[t] = ntk_solution_distance(run->training, 0, run->training->all_points, false,
                                              path->followed + t * path->followed_size, solution);
}

static ntk_status measure(const ntk_sweep_run *run, double *values, ntk_context *context) {
    const double chosen = run->lambda * ntk_context_real(context, "lambda-factor");
    ntk_solution_comparison found;
    NTK_TRY(ntk_solution_compare(run->training, run->flow->loss, run->lambda, chosen, run->training->theta,
                                 &found));
    values[ERROR_EMPIRICAL] = found.error_empirical;
    values[ERROR_LIMIT] = found.error_limit;
    values[BOUND_RATIO] = found.bound_ratio;
    values[UNFINISHED] = found.unfinished;
    values[RESIDUAL] = found.relative_residual;
    draw(run, found.empirical);
    ntk_solution_comparison_release(&found);
    return NTK_OK;
}

/* All networks together, once. */
static ntk_status emit(ntk_context *context, const ntk_sweep *sweep, size_t network) {
    if (network > 0) return NTK_OK;
    NTK_TRY(ntk_sweep_emit_rates(context, sweep, "rate-empirical", ERROR_EMPIRICAL));
    NTK_TRY(ntk_sweep_emit_rates(context, sweep, "rate-limit", ERROR_LIMIT));
    NTK_TRY(ntk_sweep_emit_largest_by_kind(context, sweep, "bound-ratio", BOUND_RATIO));
    NTK_TRY(ntk_sweep_emit_largest_by_kind(context, sweep, "relative-residual", RESIDUAL));
    return ntk_sweep_emit_largest_by_kind(context, sweep, "unfinished", UNFINISHED);
}

static ntk_status run(ntk_context *context) {
    if (ntk_context_integer(context, "test-points") == 0 || !(ntk_context_real(context, "lambda") > 0))
        return ntk_fail(NTK_ERROR_ARGUMENT,
                        "the solution needs lambda > 0 and test points to be compared at");
    return ntk_sweep_conduct(context, "error-empirical error-limit bound-ratio unfinished relative-residual",
                             measure, emit);
}

const ntk_experiment NTK_EXPERIMENT = {parameters, run};
