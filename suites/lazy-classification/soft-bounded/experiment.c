/* Soft targets bound the logits (plenk-2026).
 *
 * Cross-entropy CE, targets with every q_ik >= epsilon, no regulariser. The mean loss L decreases along the
 * flow, and for any outputs
 *
 *     n L(theta_0) >= n L(theta_t) >= CE_i(f) >= epsilon (max_k f_ik - min_k f_ik)          at every point i,
 *
 * because CE_i = sum_k q_ik (logsumexp f_i - f_ik), in which every term is positive and the one of the
 * smallest logit is at least q_ik (max f_i - min f_i). Hence the spread of the logits is at most n L(theta_0)
 * / epsilon, path by path. The limit of the flow interpolates: centred logits = centred log q; how near the
 * end of a run is to it follows from its gradient norm. */
#include <math.h>

#include <ntk/ntk.h>

static const ntk_parameter parameters[] = {
    NTK_SWEEP_PARAMETERS,
    {"bound-epsilon", NTK_PARAMETER_REAL, "0.1", 1e-12, 0.49, NULL, "epsilon in the bound"},
    {0}};

enum { SPREAD_RATIO, LIMIT_RATIO, COLUMNS };

/* Largest difference between centred logits and centred log q. */
static double distance_to_limit(const ntk_training *problem, const double *f) {
    const size_t classes = problem->outputs;
    double largest = 0;
    for (size_t i = 0; i < problem->points; i++) {
        const double *fi = f + i * classes, *qi = problem->targets + i * classes;
        double centre = 0;
        for (size_t k = 0; k < classes; k++) centre += (fi[k] - log(qi[k])) / (double)classes;
        for (size_t k = 0; k < classes; k++) {
            const double distance = fabs(fi[k] - log(qi[k]) - centre);
            if (!(distance <= largest)) largest = distance;
        }
    }
    return largest;
}

/* At gradient norm G the residual r = (softmax f - Q) / n obeys ||r|| <= G / sqrt(lambda), lambda the
 * smallest eigenvalue of the empirical NTK, since G^2 = r^T Theta r. So every probability is within delta = n
 * G / sqrt(lambda) of its target q >= epsilon, its logarithm within delta / (epsilon - delta), and a centred
 * logit within twice that. */
static double allowed_distance(const ntk_sweep_run *run) {
    const double lambda = run->trajectory->min_lambda_min;
    const double delta = (double)run->training->points * run->trajectory->flow.gradient_norm / sqrt(lambda);
    return delta < run->epsilon ? 2 * delta / (run->epsilon - delta) : NAN;
}

static ntk_status measure(const ntk_sweep_run *run, double *values, ntk_context *context) {
    const ntk_trajectory *path = run->trajectory;
    const double bound =
        (double)run->training->points * path->initial_loss / ntk_context_real(context, "bound-epsilon");
    values[SPREAD_RATIO] = path->max_spread / bound;
    values[LIMIT_RATIO] = path->flow.end == NTK_END_STATIONARY
                              ? distance_to_limit(run->training, path->outputs) / allowed_distance(run)
                              : NAN;
    return NTK_OK;
}

static ntk_status emit(ntk_context *context, const ntk_sweep *sweep, size_t activation) {
    NTK_TRY(ntk_sweep_emit_scalar(context, sweep, "spread-ratio", activation,
                                  ntk_sweep_largest(sweep, activation, SPREAD_RATIO)));
    ntk_activation which;
    NTK_TRY(ntk_activation_parse(sweep->activations[activation], &which));
    if (!ntk_activation_is_smooth(which)) return NTK_OK; /* a flow with kinks is never stationary */
    return ntk_sweep_emit_scalar(context, sweep, "limit-ratio", activation,
                                 ntk_sweep_largest(sweep, activation, LIMIT_RATIO));
}

static ntk_status run(ntk_context *context) {
    return ntk_sweep_conduct(context, "spread-ratio limit-ratio", measure, emit);
}

const ntk_experiment NTK_EXPERIMENT = {parameters, run};
