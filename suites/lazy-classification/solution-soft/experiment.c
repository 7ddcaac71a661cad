/* With soft targets training finds the interpolation of the centred log-probabilities (plenk-2026).
 *
 * Cross-entropy without regulariser, every q_ik >= epsilon > 0. The loss is smallest where softmax
 * f(X) = Q, that is, with P = I - 1 1^T / K acting on the K logits of each point, where P f(X) = P
 * log Q. Rows of dL/df = (softmax f - Q) / n sum to zero, so a flow with the frozen kernel Theta
 * moves along f = f_0 + Theta(., X) a with P a = a, and ends where P Theta P a = P (log Q -
 * f_0(X)):
 *
 *     f*(x) = f_0(x) + Theta(x, X) (P Theta P)^+ P (log Q - f_0(X)),
 *
 * which for the infinite-width kernel, Theta (x) I_K, is f_0(x) + Theta(x, X) Theta^{-1} (log Q -
 * f_0(X)) P: there the mean over the classes of a point never moves. With Theta_hat_0, which
 * couples the classes by O(m^{-1/2}), it does, by as much; softmax does not see it, and logits are
 * compared centred, their means by themselves. (One output, two classes: log(q / (1 - q)) in place
 * of log Q, and P = 1.)
 *
 * On the training points the centred logits end at P log Q at every width: an identity, which tests
 * that the flow has arrived. How close it must be then follows from G = ||grad L||: G^2 = r^T Theta
 * r with r = (softmax f - Q) / n, so every probability is within delta = n G / sqrt(lambda_min) of
 * its target, and a centred logit within 2 delta / (epsilon - delta). The theorem speaks of other
 * points. There the network's kernel Theta_t stands in the flow for Theta_hat_0, sup_t ||Theta_t -
 * Theta_hat_0|| = O(m^{-1/2}), and the flow contracts on the training points (the centred logits
 * are bounded and Theta_t is bounded below), so f_T
 * - f* is an integral of that order too (1/m for smooth activations). With the infinite-width
 * Theta, which differs from Theta_hat_0 by O(m^{-1/2}), the error is of that order and no smaller.
 *
 * What the flow had left to go at its end is the same formula with f_T in place of f_0. Error: the
 * largest |difference| of centred logits over the outputs of all test points. */
#include <math.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_REAL("formula-epsilon", 0, 0, 0.49, "smallest probability in the formula; 0: the targets' own"),
    NTK_PLANTS("targets"), /* of the formula */
    {0},
};

/* Networks with more than one output. */
static bool has_classes(const ntk_context *context, const char *const *words) {
    ntk_network_name network;
    if (ntk_network_name_parse(words[1], &network) != NTK_OK) return false;
    return (network.classes > 0 ? network.classes : ntk_context_size(context, "classes")) > 2;
}

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("rate-{empirical,limit}-{activations}", "exponent in the width of the error, either kernel"),
    NTK_METRIC_WHEN("rate-{empirical,limit}-{smooth,kinked}", "the highest of a kind", ntk_sweep_has_kind),
    NTK_METRIC_WHEN("rate-class-means{,-error}-{activations}", "of the classes' mean logit", has_classes),
    NTK_METRIC_WHEN("interpolation-{smooth,kinked}", "largest training error", ntk_sweep_has_kind),
    NTK_METRIC_WHEN("unfinished-{smooth,kinked}", "largest part of it still to go", ntk_sweep_has_kind),
    NTK_METRIC_WHEN("{interpolation,unfinished}-{smooth,kinked}-at-{width,seed}", "their place",
                    ntk_sweep_has_kind),
    {0},
};

enum { ERROR_EMPIRICAL, ERROR_LIMIT, CLASS_MEANS, INTERPOLATION, UNFINISHED, CLASS_MEANS_ERROR };

/* The outputs at all points that the formula predicts, with both kernels, and where the flow would
 * have gone from its end. All (all_points, K); targets is scratch. */
static ntk_status predict(const ntk_sweep_run *run, double epsilon, const double *end, double *targets,
                          double *limit, double *empirical, double *rest) {
    const ntk_training *problem = run->training;
    ntk_solution_formula formula = {
        .kernel = NTK_TRAINING_KERNEL_LIMIT, .loss = run->flow->loss, .targets = targets};
    NTK_TRY(ntk_targets_from_labels(formula.loss, problem->points, problem->outputs, problem->labels, epsilon,
                                    targets));
    NTK_TRY(ntk_solution_predict(problem, &formula, limit));
    formula.kernel = NTK_TRAINING_KERNEL_EMPIRICAL;
    NTK_TRY(ntk_solution_predict(problem, &formula, empirical));
    formula.targets = NULL; /* the problem's own */
    formula.f0 = end;
    return ntk_solution_predict(problem, &formula, rest);
}

/* The distance to the solution with Theta_hat_0 at each time is the run's curve. memory: (5,
 * all_points, K). */
static ntk_status compare(const ntk_sweep_run *run, double epsilon, double *memory, double *values) {
    const ntk_training *problem = run->training;
    const ntk_trajectory *path = run->trajectory;
    const size_t n = problem->points, all = problem->all_points, size = path->followed_size;
    const double *end = path->followed + (path->count - 1) * size;
    double *start = memory, *limit = start + size, *empirical = limit + size, *rest = empirical + size;
    NTK_TRY(ntk_network_forward(problem->network, problem->theta0, all, problem->x, start));
    NTK_TRY(predict(run, epsilon, end, rest + size, limit, empirical, rest));
    values[ERROR_EMPIRICAL] = ntk_solution_distance(problem, n, all, true, end, empirical);
    values[ERROR_LIMIT] = ntk_solution_distance(problem, n, all, true, end, limit);
    values[INTERPOLATION] = ntk_solution_distance(problem, 0, n, true, end, empirical);
    values[UNFINISHED] = ntk_solution_distance(problem, n, all, true, end, rest) / values[ERROR_EMPIRICAL];
    const bool means = problem->outputs > 1;
    values[CLASS_MEANS] = means ? ntk_solution_mean_distance(problem, 0, all, end, start) : NAN;
    values[CLASS_MEANS_ERROR] = means ? ntk_solution_mean_distance(problem, 0, all, end, empirical) : NAN;
    ntk_solution_sweep_draw(run, n, true, empirical);
    return NTK_OK;
}

typedef struct options {
    double epsilon; /* formula-epsilon */
    double factor;  /* of it: 1 but for what is planted */
} options;

static ntk_status measure(const ntk_sweep_run *run, double *values, const void *own) {
    const options *chosen = own;
    const double epsilon = chosen->epsilon > 0 ? chosen->epsilon : run->epsilon;
    double *memory;
    NTK_TRY(ntk_allocate_doubles(5 * run->trajectory->followed_size, &memory));
    const ntk_status status = compare(run, epsilon * chosen->factor, memory, values);
    ntk_release(memory);
    return status;
}

/* Class means: where there is more than one output. */
static const ntk_reduction reductions[] = {
    {.prefix = "rate-class-means", .kind = NTK_REDUCE_RATE, .column = CLASS_MEANS, .when = ntk_grid_has},
    {.prefix = "rate-class-means-error",
     .kind = NTK_REDUCE_RATE,
     .column = CLASS_MEANS_ERROR,
     .when = ntk_grid_has},
    {.prefix = "rate-empirical", .kind = NTK_REDUCE_RATES, .column = ERROR_EMPIRICAL},
    {.prefix = "rate-limit", .kind = NTK_REDUCE_RATES, .column = ERROR_LIMIT},
    {.prefix = "interpolation", .kind = NTK_REDUCE_LARGEST_BY_KIND, .column = INTERPOLATION},
    {.prefix = "unfinished", .kind = NTK_REDUCE_LARGEST_BY_KIND, .column = UNFINISHED},
    {0}};

static ntk_status run(ntk_context *context) {
    ntk_sweep_options sweep;
    NTK_TRY(ntk_sweep_read(context, &sweep));
    const options own = {.epsilon = ntk_context_real(context, "formula-epsilon"),
                         .factor = ntk_plant_factor(context, NTK_PLANT_TARGETS)};
    if (sweep.problem.test_points == 0 || !(sweep.problem.epsilon > 0))
        return ntk_fail(NTK_ERROR_ARGUMENT,
                        "the solution needs epsilon > 0 and test points to be compared at");
    return ntk_sweep_conduct(
        context, &sweep, "error-empirical error-limit class-means interpolation unfinished class-means-error",
        measure, &own, reductions);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, ntk_digits_parameters, ntk_sweep_parameters, parameters},
    .metrics = {metrics},
    .run = run,
};
