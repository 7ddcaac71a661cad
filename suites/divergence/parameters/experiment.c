/* Without regularisation and with one-hot targets the parameters diverge (chen-2025).
 *
 * Hypothesis: lambda_min of the empirical NTK stays above some lambda > 0 along the path. Then, with p_i the
 * probability of the true class and L the mean logistic loss, the flow obeys
 *
 *     -dL/dt = ||grad L||^2 >= lambda ||dL/df||^2 >= (lambda / n) (mean_i (1 - p_i))^2 >= (lambda / n) (c
 * L)^2, c = (1 - e^{-n L_0}) / (n L_0),
 *
 * the last step because 1 - p_i = 1 - e^{-l_i} >= c l_i for a point's loss l_i <= n L_0 (concavity).
 * Integrated: t L(t) <= n / (lambda c^2) at every t. So the loss vanishes, the logits diverge, and ||theta_t
 * - theta_0|| grows: like log t while the network is lazy (slope: the norm of the hard-margin solution), and
 * like (log t)^{1/(L+1)} at least when a homogeneous network of L hidden layers has left the lazy regime. The
 * linearised network, run beside it, keeps the slope for ever. */
#include <math.h>

#include <ntk/ntk.h>

static const ntk_parameter parameters[] = {
    NTK_SWEEP_PARAMETERS,
    {"window-start", NTK_PARAMETER_REAL, "5", 0.1, 1000, NULL, "log of the time from which growth is fitted"},
    {"linearised", NTK_PARAMETER_FLAG, "true", 0, 0, NULL, "run the linearised network beside each run"},
    {0}};

enum { GROWTH, LOSS_BOUND, LOSS_RATIO, LAMBDA_MIN, SLOPE, LINEAR_SLOPE, COLUMNS };

/* Least-squares slopes over the observations from window-start on: of log displacement in log log t, and of
 * displacement in log t. */
static ntk_status fit_growth(const ntk_trajectory *path, double start, double *exponent, double *slope) {
    double log_t[NTK_SWEEP_TIMES], log_log_t[NTK_SWEEP_TIMES], distance[NTK_SWEEP_TIMES],
        log_distance[NTK_SWEEP_TIMES];
    size_t n = 0;
    for (size_t i = 0; i < path->count; i++) {
        if (path->points[i].log_time < start) continue;
        log_t[n] = path->points[i].log_time;
        log_log_t[n] = log(log_t[n]);
        distance[n] = path->points[i].displacement;
        log_distance[n] = log(distance[n]);
        n++;
    }
    double intercept;
    NTK_TRY(ntk_stats_slope(n, log_log_t, log_distance, exponent, &intercept));
    return ntk_stats_slope(n, log_t, distance, slope, &intercept);
}

/* n / (lambda c^2), what t L(t) cannot exceed on this path. */
static double loss_bound(const ntk_trajectory *path, size_t points) {
    const double n = (double)points, total = n * path->initial_loss;
    const double c = -expm1(-total) / total;
    return n / (path->min_lambda_min * c * c);
}

/* Largest t L(t) over the observations relative to `bound`. In logarithms: t may be e^1000. */
static double worst_loss_ratio(const ntk_trajectory *path, double bound) {
    double worst = -INFINITY;
    for (size_t i = 0; i < path->count; i++) {
        const double log_ratio = path->points[i].log_time + path->points[i].log_loss - log(bound);
        if (!(log_ratio <= worst)) worst = log_ratio;
    }
    return exp(worst);
}

static ntk_status run_linearised(const ntk_sweep_run *run, double start, double *slope) {
    ntk_model model;
    NTK_TRY(ntk_training_linearise(run->training, &model));
    ntk_flow_options flow = *run->flow;
    flow.kinked = false; /* linear in its parameters, whatever the activation */
    double *coordinates;
    ntk_trajectory path = {0};
    ntk_status status = ntk_allocate_doubles(model.dimension, &coordinates);
    if (status == NTK_OK)
        status = ntk_trajectory_run(&model, run->training->targets, &flow, coordinates, &path);
    double exponent;
    if (status == NTK_OK) status = fit_growth(&path, start, &exponent, slope);
    ntk_trajectory_release(&path);
    ntk_release(coordinates);
    ntk_model_release(&model);
    return status;
}

static ntk_status measure(const ntk_sweep_run *run, double *values, ntk_context *context) {
    const double start = ntk_context_real(context, "window-start");
    NTK_TRY(fit_growth(run->trajectory, start, &values[GROWTH], &values[SLOPE]));
    values[LOSS_BOUND] = loss_bound(run->trajectory, run->training->points);
    values[LOSS_RATIO] = worst_loss_ratio(run->trajectory, values[LOSS_BOUND]);
    values[LAMBDA_MIN] = run->trajectory->min_lambda_min;
    values[LINEAR_SLOPE] = NAN;
    if (!ntk_context_flag(context, "linearised")) return NTK_OK;
    return run_linearised(run, start, &values[LINEAR_SLOPE]);
}

static ntk_status emit(ntk_context *context, const ntk_sweep *sweep, size_t activation) {
    ntk_estimate growth, slope;
    NTK_TRY(ntk_sweep_worst_width(context, sweep, activation, GROWTH, &growth));
    NTK_TRY(ntk_sweep_worst_width(context, sweep, activation, SLOPE, &slope));
    NTK_TRY(ntk_sweep_emit_estimate(context, sweep, "growth", activation, &growth));
    NTK_TRY(ntk_sweep_emit_estimate(context, sweep, "slope", activation, &slope));
    NTK_TRY(ntk_sweep_emit_scalar(context, sweep, "loss-ratio", activation,
                                  ntk_sweep_largest(sweep, activation, LOSS_RATIO)));
    return ntk_sweep_emit_scalar(context, sweep, "lambda-min", activation,
                                 ntk_sweep_smallest(sweep, activation, LAMBDA_MIN));
}

static ntk_status run(ntk_context *context) {
    return ntk_sweep_conduct(context, "growth loss-bound loss-ratio lambda-min slope linear-slope", measure,
                             emit);
}

const ntk_experiment NTK_EXPERIMENT = {parameters, run};
