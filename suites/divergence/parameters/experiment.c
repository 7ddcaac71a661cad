/* Without regularisation and with one-hot targets the parameters diverge (chen-2025).
 *
 * Hypothesis: lambda_min of the kernel of the flow stays above some lambda > 0 along the path: of
 * the empirical NTK, or for ReLU, whose neurons slide along kinks, of the sliding flow (network.h).
 * Then the mean logistic loss L obeys the margin form of the loss law at every t (trajectory.h;
 * derived in its source), ||w_hat_s||^2 <= n / lambda: the loss vanishes, every margin is at least
 * log t - const, and since the outputs move by at most a polynomial of degree L + 1 in the distance
 * D = ||theta_t - theta_0||, D grows at least like (log t)^{1/(L+1)}. While the network is lazy it
 * grows like log t.
 *
 * The linearised network, run beside it, stays lazy for ever: D / log t tends to the norm ||w_hat||
 * of the hard-margin solution in the feature space of Theta_hat_0, and t L to its square
 * (hard_margin.h). With D = |log t w_hat + rho|, rho bounded, the slope differs from ||w_hat|| by a
 * relative ||rho||^2 / (2 ||w_hat||^2 log^2 t), besides terms of order t^{-delta} from points whose
 * margin exceeds the smallest by delta.
 *
 * For its loss, d(1/L)/dt = ||sum_i p_i y_i J_i||^2, p the points' weights in the gradient, which
 * tend to those of the hard margin, where this norm has its minimum 1 / ||w_hat||^2 over the
 * simplex. A weight t^{-delta} that a point of surplus margin delta still has raises it by a
 * relative 2 delta t^{-delta} <= 2 / (e log t). */
#include <math.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_REAL("late-window-start", 20, 0.1, 1000, "window-start for the linearised network's slope"),
    NTK_CHOICE("law-kernel", "sliding", "sliding|tangent",
               "of the loss law: that of the flow, or Theta_hat_t"),
    NTK_PLANTS("constant"), /* of the loss law */
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("slope-{activations}", "slope of the displacement in log t, at the worst width"),
    NTK_METRIC("loss-law-{activations}", "largest left over right side of the margin form of the loss law"),
    NTK_METRIC("lambda-min-{activations}", "smallest eigenvalue of the kernel along a path"),
    NTK_METRIC("slope-gap-{activations}", "largest error of the linearised network's slope"),
    NTK_METRIC("loss-gap-{activations}", "largest error of t L of the linearised network"),
    NTK_METRIC("{loss-law,lambda-min,slope-gap,loss-gap}-{activations}-at-{width,seed}", "their place"),
    {0},
};

typedef struct options {
    double factor;            /* of the loss law's left side: 1 but for what is planted */
    double start, late_start; /* of the windows: of the network and of its linearisation */
} options;

enum { SLOPE, LOSS_LAW, LAMBDA_MIN, LINEAR_SLOPE, MARGIN_NORM, SLOPE_GAP, LOSS_GAP, COLUMNS };

/* The linearised network beside the hard margin. log(t L) along its flow is the run's curve. */
static ntk_status measure_linearised(const ntk_sweep_run *run, double start, double *values) {
    ntk_trajectory linear;
    double exponent;
    NTK_TRY(ntk_sweep_follow_linear(run, NTK_TRAINING_KERNEL_EMPIRICAL, &linear));
    const size_t last = linear.count - 1;
    for (size_t i = 0; i <= last; i++) run->curve[i] = linear.points[i].log_time + linear.points[i].log_loss;
    const ntk_status status = ntk_sweep_fit_growth(&linear, NULL, start, &exponent, &values[LINEAR_SLOPE]);
    ntk_trajectory_release(&linear);
    NTK_TRY(status);
    ntk_hard_margin_result margin;
    NTK_TRY(ntk_training_hard_margin(run->training, NULL, &margin));
    values[MARGIN_NORM] = margin.norm;
    values[SLOPE_GAP] = fabs(values[LINEAR_SLOPE] / values[MARGIN_NORM] - 1);
    values[LOSS_GAP] = fabs(expm1(run->curve[last] - 2 * log(values[MARGIN_NORM])));
    return NTK_OK;
}

static ntk_status measure(const ntk_sweep_run *run, double *values, const void *own) {
    const ntk_trajectory *path = run->trajectory;
    const options *chosen = own;
    double exponent;
    NTK_TRY(ntk_sweep_fit_growth(path, NULL, chosen->start, &exponent, &values[SLOPE]));
    values[LOSS_LAW] = chosen->factor * ntk_trajectory_margin_ratio(path, run->training->points);
    values[LAMBDA_MIN] = path->min_lambda_min;
    return measure_linearised(run, chosen->late_start, values);
}

static const ntk_reduction reductions[] = {
    {.prefix = "slope", .kind = NTK_REDUCE_WORST, .column = SLOPE},
    {.prefix = "loss-law", .kind = NTK_REDUCE_LARGEST_AT, .column = LOSS_LAW},
    {.prefix = "lambda-min", .kind = NTK_REDUCE_SMALLEST_AT, .column = LAMBDA_MIN},
    {.prefix = "slope-gap", .kind = NTK_REDUCE_LARGEST_AT, .column = SLOPE_GAP},
    {.prefix = "loss-gap", .kind = NTK_REDUCE_LARGEST_AT, .column = LOSS_GAP},
    {0}};

static ntk_status run(ntk_context *context) {
    ntk_sweep_options sweep;
    NTK_TRY(ntk_sweep_read(context, &sweep));
    if (sweep.problem.classes != 2)
        return ntk_fail(NTK_ERROR_UNSUPPORTED, "the laws are written for two classes and the logistic loss");
    sweep.flow.observe_hard_margin =
        ntk_context_is(context, "law-kernel", "tangent") ? NTK_FLOW_KERNEL_TANGENT : NTK_FLOW_KERNEL_SLIDING;
    const options own = {.factor = ntk_plant_factor(context, NTK_PLANT_CONSTANT),
                         .start = ntk_context_real(context, "window-start"),
                         .late_start = ntk_context_real(context, "late-window-start")};
    return ntk_sweep_conduct(context, &sweep,
                             "slope loss-law lambda-min linear-slope margin-norm slope-gap loss-gap", measure,
                             &own, reductions);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, ntk_digits_parameters, ntk_sweep_parameters,
                   ntk_sweep_window_parameters, parameters},
    .metrics = {metrics},
    .run = run,
};
