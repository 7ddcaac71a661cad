/* Ten digits with L2: the network, its linearisation and the NTK side by side (plenk-2026).
 *
 * As in solution-l2, on images: a network of ten outputs, trained with softmax cross-entropy, one-hot targets
 * and L2 towards its initialisation, ends near
 *
 *     f*(x) = f_0(x) - (1 / (n lambda)) Theta(x, X) (softmax f*(X) - Q),
 *
 * multinomial kernel logistic regression: within O(m^{-1/2}) with the empirical kernel Theta_hat_0, which is
 * where the linearised network ends, and with the infinite-width Theta. Nothing is asked of the data. At
 * every width, path by path,
 *
 *     |f(x) - f*(x)| <= |f(x) - f_lin(x)| + ||J_0(x)|| ||grad P|| / lambda          (solution.h)
 *
 * bounds the error by what convexity says of the parameters at which the run has ended.
 *
 * Error: the largest |difference| over the ten outputs of all training and test images. A network and a
 * solution that differ by less than half the solution's margin at an image call it the same digit, so their
 * accuracies on the test images, which are never trained on, agree ever better as m grows. */
#include <math.h>

#include <ntk/ntk.h>

static const ntk_parameter parameters[] = {NTK_SWEEP_PARAMETERS,
                                           {"lambda-factor", NTK_PARAMETER_REAL, "1", 1e-3, 1e3, NULL,
                                            "lambda in the formula, over that of the flow"},
                                           {0}};

enum { ERROR_EMPIRICAL, ERROR_LIMIT, BOUND_RATIO, UNFINISHED, RESIDUAL, NETWORK, LINEARISED, LIMIT };

static double test_accuracy(const ntk_training *problem, const double *f) {
    return ntk_solution_accuracy(problem, problem->points, problem->all_points, f);
}

/* Test accuracy at each time is the run's curve. */
static ntk_status measure(const ntk_sweep_run *run, double *values, ntk_context *context) {
    const ntk_training *problem = run->training;
    const ntk_trajectory *path = run->trajectory;
    const double chosen = run->lambda * ntk_context_real(context, "lambda-factor");
    ntk_solution_comparison found;
    NTK_TRY(ntk_solution_compare(problem, run->flow->loss, run->lambda, chosen, problem->theta, &found));
    values[ERROR_EMPIRICAL] = found.error_empirical;
    values[ERROR_LIMIT] = found.error_limit;
    values[BOUND_RATIO] = found.bound_ratio;
    values[UNFINISHED] = found.unfinished;
    values[RESIDUAL] = found.relative_residual;
    values[NETWORK] = test_accuracy(problem, found.end);
    values[LINEARISED] = test_accuracy(problem, found.empirical);
    values[LIMIT] = test_accuracy(problem, found.limit);
    ntk_solution_comparison_release(&found);
    for (size_t t = 0; t < path->count; t++)
        run->curve[t] = test_accuracy(problem, path->followed + t * path->followed_size);
    return NTK_OK;
}

static ntk_status emit(ntk_context *context, const ntk_sweep *sweep, size_t network) {
    static const char *const accuracies[] = {"accuracy-network", "accuracy-linearised", "accuracy-limit"};
    for (size_t c = NETWORK; c <= LIMIT; c++)
        NTK_TRY(ntk_sweep_emit_scalar(context, sweep, accuracies[c - NETWORK], network,
                                      ntk_sweep_mean(sweep, network, sweep->width_count - 1, c)));
    if (network > 0) return NTK_OK; /* the rest once, for all networks together */
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
    return ntk_sweep_conduct(
        context,
        "error-empirical error-limit bound-ratio unfinished relative-residual accuracy-network "
        "accuracy-linearised accuracy-limit",
        measure, emit);
}

const ntk_experiment NTK_EXPERIMENT = {parameters, run};
