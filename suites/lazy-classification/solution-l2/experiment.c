/* With L2 towards the initialisation training finds the kernel logistic regression (plenk-2026).
 *
 * A stationary point of L(theta) + (lambda/2) ||theta - theta_0||^2 has lambda (theta - theta_0) =
 * -J^T c, c = dL/df = (softmax f(X) - Q) / n. If the Jacobian J stays what it was, J_0, then so
 *
 *     f*(x) = f_0(x) - (1 / (n lambda)) Theta(x, X) (softmax f*(X) - Q),      Theta = J_0 J_0^T,
 *
 * the (multinomial) kernel logistic regression with the prior f_0: the minimiser of the linearised
 * objective P(w) = L(f_0 + J_0 w) + (lambda/2) ||w||^2, which is lambda-strongly convex. Hence for
 * any point theta at all, with w = theta - theta_0 and f_lin = f_0 + J_0 w,
 *
 *     |f(x) - f*(x)| <= |f(x) - f_lin(x)| + ||J_0(x)|| ||grad P(w)|| / lambda,
 *     grad P(w) = grad + J_0^T c(f_lin) - J^T c(f),  grad that of the network's objective.
 *
 * The first term and the difference in the second are O(m^{-1/2}), uniformly over the ball ||w|| <=
 * sqrt(2 L_0 / lambda) that the flow never leaves: so is the error at the end of the flow (1/m for
 * smooth activations, whose first-order terms average out). What is left is ||J_0(x)|| ||grad|| /
 * lambda: a run that has not quite arrived adds no more than that. (Where the objective is as
 * convex around the end as its linearisation, it is also how far the outputs can still move.) With
 * the infinite-width Theta in place of Theta_hat_0, which differ by O(m^{-1/2}), the error is of
 * that order and no smaller.
 *
 * Error: the largest |f_T - f*| over the outputs of all points, training and test points alike. */
#include <ntk/lab/lab.h>

/* The distance to the solution with Theta_hat_0 at each time is the run's curve. */
static ntk_status measure(const ntk_sweep_run *run, double *values, const void *own) {
    ntk_solution_comparison found;
    NTK_TRY(ntk_solution_sweep_compare(run, own, values, &found));
    ntk_solution_sweep_draw(run, 0, false, found.empirical);
    ntk_solution_comparison_release(&found);
    return NTK_OK;
}

static const ntk_reduction reductions[] = {
    {.prefix = "solution", .kind = NTK_REDUCE_OWN, .own = ntk_solution_sweep_reduce}, {0}};

static ntk_status run(ntk_context *context) {
    return ntk_solution_sweep_conduct(context, NTK_SOLUTION_SWEEP_COLUMNS, measure, reductions);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, ntk_digits_parameters, ntk_sweep_parameters,
                   ntk_solution_parameters},
    .metrics = {ntk_solution_metrics},
    .run = run,
};
