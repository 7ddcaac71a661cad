/* Solutions of a training problem: its kernels handed to the solvers of logistic.h and
 * regression.h.
 *
 * The bound. With w = theta - theta_0 and f_lin = f_0 + J_0 w the linearised network's objective
 *
 *     P(w) = m(f_lin(X)) + (lambda / 2) ||w||^2,  grad P = J_0^T c(f_lin) + lambda w,  c = dm/df,
 *
 * is lambda-strongly convex with its minimum at the solution w* with the empirical NTK J_0 J_0^T.
 * So whatever theta is, ||w - w*|| <= ||grad P|| / lambda, and
 *
 *     |f(x) - f*(x)| <= |f(x) - f_lin(x)| + |J_0(x) (w - w*)|
 *                    <= |f(x) - f_lin(x)| + ||J_0(x)|| ||grad P|| / lambda. */
#include <ntk/lab/solution.h>

#include <math.h>

#include <ntk/inference_problem.h>
#include <ntk/kernel.h>
#include <ntk/lab/context.h>
#include <ntk/lab/grid.h>
#include <ntk/lab/parameters.h>
#include <ntk/lab/plant.h>
#include <ntk/lab/problem.h>
#include <ntk/lab/sweep.h>
#include <ntk/linalg.h>
#include <ntk/logistic.h>
#include <ntk/loss.h>
#include <ntk/memory.h>
#include <ntk/network.h>
#include <ntk/status.h>
#include <ntk/trajectory.h>

/* ---- prediction ------------------------------------------------------------------------------ */

/* Theta(all points, X); the training points come first, so its head is the Gram matrix. The
 * infinite-width NTK is one kernel for all outputs: order n in place of n K. */
static ntk_status create_kernel(const ntk_training *training, ntk_training_kernel which, size_t *order,
                                double **out) {
    const size_t q = training->all_points, n = training->points, d = training->inputs;
    const bool shared = which == NTK_TRAINING_KERNEL_LIMIT;
    const size_t outputs = shared ? 1 : training->outputs;
    *order = n * outputs;
    NTK_TRY(ntk_allocate_doubles(q * outputs * *order, out));
    if (shared)
        return ntk_kernel_cross(&training->architecture, NTK_KERNEL_NTK, q, n, d, training->x, d, training->x,
                                d, *out, n);
    return ntk_network_tangent_kernel_cross(training->network, training->theta0, q, training->x, n,
                                            training->x, *out, *order);
}

/* own: (all_points, K), a: (points, K), scratch. */
static ntk_status predict_with(const ntk_training *training, const ntk_solution_formula *formula,
                               const double *kernel, size_t order, double *own, double *a, double *f) {
    const size_t q = training->all_points;
    const double *f0 = formula->f0;
    if (!f0) {
        NTK_TRY(ntk_network_forward(training->network, training->theta0, q, training->x, own));
        f0 = own;
    }
    const ntk_inference_problem problem = {.loss = formula->loss,
                                           .points = training->points,
                                           .outputs = training->outputs,
                                           .order = order,
                                           .gram = kernel,
                                           .f0 = f0,
                                           .targets = formula->targets ? formula->targets : training->targets,
                                           .lambda = formula->lambda};
    ntk_logistic_result certificate;
    NTK_TRY(ntk_inference_logistic(&problem, NULL, a, NULL, &certificate));
    return ntk_inference_predict(&problem, q, kernel, f0, a, f);
}

ntk_status ntk_solution_predict(const ntk_training *training, const ntk_solution_formula *formula,
                                double *f) {
    double *kernel = NULL, *own = NULL, *a = NULL;
    size_t order = 0;
    ntk_status status = create_kernel(training, formula->kernel, &order, &kernel);
    if (status == NTK_OK) status = ntk_allocate_doubles(training->all_points * training->outputs, &own);
    if (status == NTK_OK) status = ntk_allocate_doubles(training->points * training->outputs, &a);
    if (status == NTK_OK) status = predict_with(training, formula, kernel, order, own, a, f);
    ntk_release(kernel);
    ntk_release(own);
    ntk_release(a);
    return status;
}

/* ---- the bound ------------------------------------------------------------------------------- */

/* Point by point: all of them at once would take a matrix of order all_points K. */
ntk_status ntk_solution_norms(const ntk_training *training, double *norms) {
    const size_t outputs = training->outputs, d = training->inputs;
    double *block;
    NTK_TRY(ntk_allocate_doubles(outputs * outputs, &block));
    ntk_status status = NTK_OK;
    for (size_t i = 0; i < training->all_points && status == NTK_OK; i++) {
        status = ntk_network_tangent_kernel(training->network, training->theta0, 1, training->x + i * d,
                                            block, outputs);
        for (size_t k = 0; k < outputs && status == NTK_OK; k++)
            norms[i * outputs + k] = sqrt(block[k * outputs + k]);
    }
    ntk_release(block);
    return status;
}

/* Norm of J(at)^T c + lambda (theta - theta_0), J the Jacobian at the parameters `at` and c = dm/df
 * at the outputs f (all_points, K): the gradient of the network's objective for at = theta and its
 * own outputs, and of P for at = theta_0 and f_lin. */
static ntk_status gradient_norm(const ntk_training *training, ntk_loss loss, double lambda,
                                const double *theta, const double *at, const double *f, double *norm) {
    const size_t n = training->points, p = training->parameters;
    double *memory;
    NTK_TRY(ntk_allocate_doubles(n * training->outputs + p, &memory));
    double *cotangent = memory, *gradient = memory + n * training->outputs;
    ntk_status status = ntk_network_forward(training->network, at, n, training->x, cotangent);
    if (status == NTK_OK) {
        ntk_loss_evaluate(loss, n, training->outputs, f, training->targets, NULL, cotangent);
        status = ntk_network_pullback(training->network, at, n, training->x, cotangent, gradient);
    }
    for (size_t i = 0; i < p && status == NTK_OK; i++)
        gradient[i] += lambda * (theta[i] - training->theta0[i]);
    if (status == NTK_OK) *norm = ntk_norm(p, gradient);
    ntk_release(memory);
    return status;
}

/* The bounds from the outputs f at theta and the norms at theta_0, both (all_points, K); bounds may
 * be norms. */
static ntk_status bound(const ntk_training *training, ntk_loss loss, double lambda, const double *theta,
                        const double *f, const double *norms, double *bounds) {
    const size_t q = training->all_points, size = q * training->outputs;
    double *lin, gradient;
    NTK_TRY(ntk_allocate_doubles(size, &lin));
    ntk_status status =
        ntk_network_linearised(training->network, training->theta0, theta, q, training->x, lin);
    if (status == NTK_OK)
        status = gradient_norm(training, loss, lambda, theta, training->theta0, lin, &gradient);
    for (size_t i = 0; i < size && status == NTK_OK; i++)
        bounds[i] = fabs(f[i] - lin[i]) + norms[i] * gradient / lambda;
    ntk_release(lin);
    return status;
}

ntk_status ntk_solution_bound(const ntk_training *training, ntk_loss loss, double lambda, const double *theta,
                              double *bounds) {
    const size_t q = training->all_points;
    double *f;
    NTK_TRY(ntk_allocate_doubles(q * training->outputs, &f));
    ntk_status status = ntk_network_forward(training->network, theta, q, training->x, f);
    if (status == NTK_OK) status = ntk_solution_norms(training, bounds);
    if (status == NTK_OK) status = bound(training, loss, lambda, theta, f, bounds, bounds);
    ntk_release(f);
    return status;
}

/* ---- comparison ------------------------------------------------------------------------------ */

static ntk_status predict_both(const ntk_training *training, ntk_loss loss, double lambda,
                               ntk_solution_comparison *out) {
    ntk_solution_formula formula = {.kernel = NTK_TRAINING_KERNEL_LIMIT, .loss = loss, .lambda = lambda};
    NTK_TRY(ntk_solution_predict(training, &formula, out->limit));
    formula.kernel = NTK_TRAINING_KERNEL_EMPIRICAL;
    NTK_TRY(ntk_solution_predict(training, &formula, out->empirical));
    const size_t q = training->all_points;
    out->error_limit = ntk_solution_distance(training, 0, q, false, out->end, out->limit);
    out->error_empirical = ntk_solution_distance(training, 0, q, false, out->end, out->empirical);
    return NTK_OK;
}

/* scratch: (all_points, K). */
static ntk_status judge(const ntk_training *training, ntk_loss loss, double lambda, const double *theta,
                        double *scratch, ntk_solution_comparison *out) {
    const size_t size = training->all_points * training->outputs;
    double gradient, reach = 0;
    NTK_TRY(gradient_norm(training, loss, lambda, theta, theta, out->end, &gradient));
    NTK_TRY(ntk_solution_norms(training, scratch));
    for (size_t i = 0; i < size; i++) reach = ntk_larger(reach, scratch[i]);
    out->unfinished = reach * gradient / lambda / out->error_empirical;
    out->relative_residual =
        gradient / (lambda * ntk_distance(training->parameters, theta, training->theta0));
    NTK_TRY(bound(training, loss, lambda, theta, out->end, scratch, scratch));
    for (size_t i = 0; i < size; i++)
        out->bound_ratio = ntk_larger(out->bound_ratio, fabs(out->end[i] - out->empirical[i]) / scratch[i]);
    return NTK_OK;
}

ntk_status ntk_solution_compare(const ntk_training *training, ntk_loss loss, double lambda,
                                double formula_lambda, const double *theta, ntk_solution_comparison *out) {
    const size_t q = training->all_points, size = q * training->outputs;
    double *scratch = NULL;
    *out = (ntk_solution_comparison){0};
    ntk_status status = ntk_allocate_doubles(3 * size, &out->end);
    if (status == NTK_OK) status = ntk_allocate_doubles(size, &scratch);
    if (status == NTK_OK) {
        out->empirical = out->end + size;
        out->limit = out->empirical + size;
        status = ntk_network_forward(training->network, theta, q, training->x, out->end);
    }
    if (status == NTK_OK) status = predict_both(training, loss, formula_lambda, out);
    if (status == NTK_OK) status = judge(training, loss, lambda, theta, scratch, out);
    ntk_release(scratch);
    if (status != NTK_OK) ntk_solution_comparison_release(out);
    return status;
}

void ntk_solution_comparison_release(ntk_solution_comparison *comparison) {
    ntk_release(comparison->end);
    *comparison = (ntk_solution_comparison){0};
}

/* ---- measures -------------------------------------------------------------------------------- */

/* Mean of f - g over the outputs of point i. */
static double mean_difference(size_t outputs, size_t i, const double *f, const double *g) {
    double mean = 0;
    for (size_t k = 0; k < outputs; k++) mean += (f[i * outputs + k] - g[i * outputs + k]) / (double)outputs;
    return mean;
}

double ntk_solution_distance(const ntk_training *training, size_t first, size_t last, bool centred,
                             const double *f, const double *g) {
    const size_t outputs = training->outputs;
    double largest = 0;
    for (size_t i = first; i < last; i++) {
        const double mean = centred && outputs > 1 ? mean_difference(outputs, i, f, g) : 0;
        for (size_t k = i * outputs; k < (i + 1) * outputs; k++)
            largest = ntk_larger(largest, fabs(f[k] - g[k] - mean));
    }
    return largest;
}

double ntk_solution_mean_distance(const ntk_training *training, size_t first, size_t last, const double *f,
                                  const double *g) {
    double largest = 0;
    for (size_t i = first; i < last; i++)
        largest = ntk_larger(largest, fabs(mean_difference(training->outputs, i, f, g)));
    return largest;
}

static bool is_right(size_t outputs, const double *f, size_t label) {
    if (outputs == 1) return label == 1 ? f[0] > 0 : f[0] < 0;
    bool right = true;
    for (size_t k = 0; k < outputs; k++) right = right && (k == label || f[label] > f[k]);
    return right;
}

double ntk_solution_accuracy(const ntk_training *training, size_t first, size_t last, const double *f) {
    size_t right = 0;
    for (size_t i = first; i < last; i++)
        if (is_right(training->outputs, f + i * training->outputs, training->labels[i])) right++;
    return (double)right / (double)(last - first);
}

/* ---- sweeps ---------------------------------------------------------------------------------- */

const ntk_parameter ntk_solution_parameters[] = {
    NTK_REAL("lambda-factor", 1, 1e-3, 1e3, "lambda in the formula, over that of the flow"),
    NTK_PLANTS("lambda"), /* of the formula */
    {0},
};

const ntk_metric_declaration ntk_solution_metrics[] = {
    NTK_METRIC("rate-{empirical,limit}-{activations}", "exponent in the width of the error, either kernel"),
    NTK_METRIC_WHEN("rate-{empirical,limit}-{smooth,kinked}", "the highest of a kind", ntk_sweep_has_kind),
    NTK_METRIC_WHEN("bound-ratio-{smooth,kinked}", "largest error over its bound", ntk_sweep_has_kind),
    NTK_METRIC_WHEN("relative-residual-{smooth,kinked}", "largest at the end", ntk_sweep_has_kind),
    NTK_METRIC_WHEN("unfinished-{smooth,kinked}", "largest part of it still to go", ntk_sweep_has_kind),
    NTK_METRIC_WHEN("{bound-ratio,relative-residual,unfinished}-{smooth,kinked}-at-{width,seed}",
                    "their place", ntk_sweep_has_kind),
    {0},
};

ntk_status ntk_solution_sweep_compare(const ntk_sweep_run *run, const void *own, double *values,
                                      ntk_solution_comparison *found) {
    const double chosen = run->lambda * *(const double *)own;
    NTK_TRY(ntk_solution_compare(run->training, run->flow->loss, run->lambda, chosen, run->training->theta,
                                 found));
    values[NTK_SOLUTION_ERROR_EMPIRICAL] = found->error_empirical;
    values[NTK_SOLUTION_ERROR_LIMIT] = found->error_limit;
    values[NTK_SOLUTION_BOUND_RATIO] = found->bound_ratio;
    values[NTK_SOLUTION_UNFINISHED] = found->unfinished;
    values[NTK_SOLUTION_RESIDUAL] = found->relative_residual;
    return NTK_OK;
}

ntk_status ntk_solution_sweep_reduce(ntk_context *context, const ntk_grid *grid, size_t which) {
    static const ntk_reduction list[] = {
        {.prefix = "rate-empirical", .kind = NTK_REDUCE_RATES, .column = NTK_SOLUTION_ERROR_EMPIRICAL},
        {.prefix = "rate-limit", .kind = NTK_REDUCE_RATES, .column = NTK_SOLUTION_ERROR_LIMIT},
        {.prefix = "bound-ratio", .kind = NTK_REDUCE_LARGEST_BY_KIND, .column = NTK_SOLUTION_BOUND_RATIO},
        {.prefix = "relative-residual", .kind = NTK_REDUCE_LARGEST_BY_KIND, .column = NTK_SOLUTION_RESIDUAL},
        {.prefix = "unfinished", .kind = NTK_REDUCE_LARGEST_BY_KIND, .column = NTK_SOLUTION_UNFINISHED},
        {0}};
    /* all networks together, once */
    return which > 0 ? NTK_OK : ntk_grid_emit(context, grid, list);
}

ntk_status ntk_solution_sweep_conduct(ntk_context *context, const char *columns, ntk_sweep_measure measure,
                                      const ntk_reduction *metrics) {
    ntk_sweep_options sweep;
    NTK_TRY(ntk_sweep_read(context, &sweep));
    const double lambda_factor =
        ntk_context_real(context, "lambda-factor") * ntk_plant_factor(context, NTK_PLANT_LAMBDA);
    if (sweep.problem.test_points == 0 || !(sweep.flow.lambda > 0))
        return ntk_fail(NTK_ERROR_ARGUMENT,
                        "the solution needs lambda > 0 and test points to be compared at");
    return ntk_sweep_conduct(context, &sweep, columns, measure, &lambda_factor, metrics);
}

void ntk_solution_sweep_draw(const ntk_sweep_run *run, size_t first, bool centred, const double *solution) {
    const ntk_trajectory *path = run->trajectory;
    for (size_t t = 0; t < path->count; t++)
        run->curve[t] = ntk_solution_distance(run->training, first, run->training->all_points, centred,
                                              path->followed + t * path->followed_size, solution);
}
