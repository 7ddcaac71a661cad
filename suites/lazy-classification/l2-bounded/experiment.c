/* L2 towards the initialisation bounds parameters, logits and the loss (plenk-2026).
 *
 * Along the flow of L(theta) + (lambda/2) ||theta - theta_0||^2 the objective decreases from
 * L(theta_0) =: L_0, so at every t
 *
 *     ||theta_t - theta_0|| <= R = sqrt(2 L_0 / lambda).
 *
 * Within that ball the outputs cannot leave a bounded set. For one hidden layer, f_k = (w / sqrt m)
 * v_k . phi(w W x), |x| = 1, phi Lipschitz with constant ell: the features obey ||phi - phi_0|| <=
 * ell w R and ||phi|| <= ||phi_0|| + ell w R, so
 *
 *     |f_k - f_k0| <= B = (w / sqrt m) (max_k ||v_k0|| ell w R + R (||phi_0|| + ell w R)).
 *
 * So neither does the loss vanish. With S_0 the largest spread max_k f - min_k f of the initial
 * logits at a point, the cross-entropy of K classes is at least log(1 + (K - 1) exp(-(S_0 + 2
 * B))) > 0; with one output (two classes) at least log(1 + exp(-(max |f_0| + B))). */
#include <math.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_NETWORKS("activations", "erf", "erf|gelu|relu|tanh", "networks of one hidden layer, by name"),
    NTK_REAL("bound-lambda", 0, 0, 1e6, "lambda in the bound; 0: the flow's own"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("displacement-ratio-{activations}", "largest displacement over R"),
    NTK_METRIC("logit-ratio-{activations}", "largest change of a logit over B"),
    NTK_METRIC("loss-floor-ratio-{activations}", "smallest loss over its lower bound"),
    NTK_METRIC("{displacement-ratio,logit-ratio,loss-floor-ratio}-{activations}-at-{width,seed}",
               "the place of each"),
    {0},
};

enum { DISPLACEMENT_RATIO, LOGIT_RATIO, FLOOR_RATIO, COLUMNS };

/* Lipschitz constants: ReLU 1; erf phi'(0) = 2/sqrt(pi); GELU at most 1.1290 (phi' = Phi + x pdf is
 * largest at x = sqrt 2). */
static double lipschitz(ntk_activation activation) {
    switch (activation) {
    case NTK_RELU:
        return 1;
    case NTK_TANH:
        return 1;
    case NTK_ERF:
        return 2 / sqrt(acos(-1));
    case NTK_GELU:
        return 1.129;
    default:
        return NAN;
    }
}

/* B for the worst training point, from the initial weights W (m, d) and v (K, m). */
static ntk_status logit_bound(const ntk_sweep_run *run, double radius, double *bound) {
    const ntk_training *problem = run->training;
    const size_t m = run->width, d = problem->inputs, n = problem->points, K = problem->outputs;
    const double w = sqrt(ntk_architecture_default().weight_variance);
    const double reach = lipschitz(run->activation) * w * radius; /* of the features */
    const double *v = problem->theta0 + m * d;
    double *features;
    NTK_TRY(ntk_allocate_doubles(m, &features));
    double largest = 0, largest_v = 0;
    for (size_t k = 0; k < K; k++) largest_v = fmax(largest_v, ntk_norm(m, v + k * m));
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < m; j++)
            features[j] = w * ntk_dot(d, problem->theta0 + j * d, problem->x + i * d);
        ntk_activation_evaluate(run->activation, m, features, features, NULL);
        largest = fmax(largest, ntk_norm(m, features));
    }
    *bound = w / sqrt((double)m) * (largest_v * reach + radius * (largest + reach));
    ntk_release(features);
    return NTK_OK;
}

static ntk_status measure(const ntk_sweep_run *run, double *values, const void *own) {
    if (run->training->architecture.family != NTK_DENSE || run->training->architecture.depth != 1)
        return ntk_fail(NTK_ERROR_UNSUPPORTED, "the logits' bound is written for one hidden layer");
    const ntk_trajectory *path = run->trajectory;
    const double chosen = *(const double *)own; /* bound-lambda */
    const double radius = sqrt(2 * path->initial_loss / (chosen > 0 ? chosen : run->lambda));
    double bound;
    NTK_TRY(logit_bound(run, radius, &bound));
    values[DISPLACEMENT_RATIO] = path->max_displacement / radius;
    values[LOGIT_RATIO] = path->max_output_change / bound;
    const double K = (double)run->training->outputs, sides = K > 1 ? 2 : 1;
    const double floor = fmax(K - 1, 1) * exp(-(path->initial_spread + sides * bound));
    values[FLOOR_RATIO] = exp(path->min_log_loss) / log1p(floor);
    return NTK_OK;
}

static const ntk_reduction reductions[] = {
    {.prefix = "displacement-ratio", .kind = NTK_REDUCE_LARGEST_AT, .column = DISPLACEMENT_RATIO},
    {.prefix = "logit-ratio", .kind = NTK_REDUCE_LARGEST_AT, .column = LOGIT_RATIO},
    {.prefix = "loss-floor-ratio", .kind = NTK_REDUCE_SMALLEST_AT, .column = FLOOR_RATIO},
    {0}};

static ntk_status run(ntk_context *context) {
    ntk_sweep_options sweep;
    NTK_TRY(ntk_sweep_read(context, &sweep));
    const double bound_lambda = ntk_context_real(context, "bound-lambda");
    if (!(sweep.flow.lambda + bound_lambda > 0))
        return ntk_fail(NTK_ERROR_ARGUMENT,
                        "lambda and bound-lambda are both 0: there is no bound to compare with");
    return ntk_sweep_conduct(context, &sweep, "displacement-ratio logit-ratio loss-floor-ratio", measure,
                             &bound_lambda, reductions);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, ntk_digits_parameters, ntk_sweep_parameters, parameters},
    .metrics = {metrics},
    .run = run,
};
