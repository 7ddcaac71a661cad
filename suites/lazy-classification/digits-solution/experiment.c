/* Ten digits with L2: the network, its linearisation and the NTK side by side (plenk-2026).
 *
 * As in solution-l2, on images: a network of ten outputs, trained with softmax cross-entropy,
 * one-hot targets and L2 towards its initialisation, ends near
 *
 *     f*(x) = f_0(x) - (1 / (n lambda)) Theta(x, X) (softmax f*(X) - Q),
 *
 * multinomial kernel logistic regression: within O(m^{-1/2}) with the empirical kernel Theta_hat_0,
 * which is where the linearised network ends, and with the infinite-width Theta. Nothing is asked
 * of the data. At every width, path by path,
 *
 *     |f(x) - f*(x)| <= |f(x) - f_lin(x)| + ||J_0(x)|| ||grad P|| / lambda          (solution.h)
 *
 * bounds the error by what convexity says of the parameters at which the run has ended.
 *
 * Error: the largest |difference| over the ten outputs of all training and test images. A network
 * and a solution that differ by less than half the solution's margin at an image call it the same
 * digit, so their accuracies on the test images, which are never trained on, agree ever better as m
 * grows. */
#include <ntk/lab/lab.h>

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("accuracy-{network,linearised,limit}-{activations}", "mean on test images, widest networks"),
    {0},
};

enum { NETWORK = NTK_SOLUTION_SWEEP_OWN, LINEARISED, LIMIT };

static double test_accuracy(const ntk_training *problem, const double *f) {
    return ntk_solution_accuracy(problem, problem->points, problem->all_points, f);
}

/* Test accuracy at each time is the run's curve. */
static ntk_status measure(const ntk_sweep_run *run, double *values, const void *own) {
    const ntk_training *problem = run->training;
    const ntk_trajectory *path = run->trajectory;
    ntk_solution_comparison found;
    NTK_TRY(ntk_solution_sweep_compare(run, own, values, &found));
    values[NETWORK] = test_accuracy(problem, found.end);
    values[LINEARISED] = test_accuracy(problem, found.empirical);
    values[LIMIT] = test_accuracy(problem, found.limit);
    ntk_solution_comparison_release(&found);
    for (size_t t = 0; t < path->count; t++)
        run->curve[t] = test_accuracy(problem, path->followed + t * path->followed_size);
    return NTK_OK;
}

static const ntk_reduction reductions[] = {
    {.prefix = "accuracy-network", .kind = NTK_REDUCE_MEAN_AT_LAST, .column = NETWORK},
    {.prefix = "accuracy-linearised", .kind = NTK_REDUCE_MEAN_AT_LAST, .column = LINEARISED},
    {.prefix = "accuracy-limit", .kind = NTK_REDUCE_MEAN_AT_LAST, .column = LIMIT},
    {.prefix = "solution", .kind = NTK_REDUCE_OWN, .own = ntk_solution_sweep_reduce},
    {0}};

static ntk_status run(ntk_context *context) {
    return ntk_solution_sweep_conduct(
        context, NTK_SOLUTION_SWEEP_COLUMNS " accuracy-network accuracy-linearised accuracy-limit", measure,
        reductions);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, ntk_digits_parameters, ntk_sweep_parameters,
                   ntk_solution_parameters},
    .metrics = {metrics, ntk_solution_metrics},
    .run = run,
};
