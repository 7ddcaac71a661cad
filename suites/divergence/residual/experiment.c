/* Residual networks diverge too (chen-2025).
 *
 * One-hot targets, no regulariser, lambda_min of the kernel of the flow (network.h, the sliding
 * one) bounded below along the path. Nothing in the proof knows the architecture: the margin form
 * of the loss law (trajectory.h) makes the loss vanish, the logits grow like log t, and the
 * parameters diverge. f is a sum of terms homogeneous of degree 2, 4, ..., 2 L + 2 in them, so
 * ||theta_t - theta_0|| grows like a power of log t between 1/(2 L + 2) and, while the network is
 * lazy, 1.
 *
 * Theta_hat grows with the parameters (by degree 2, 6, ..., 4 L + 2), so it leaves every
 * neighbourhood of its start, at
 *
 *     T(m) = inf {t : ||Theta_hat_t - Theta_hat_0||_F / ||Theta_hat_0||_F >= threshold} < infinity
 *
 * at every width m; and since the drift up to any fixed time vanishes as m grows, T(m) ->
 * infinity. */
#include <math.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_REALS("thresholds", "0.1 0.25 0.5", 1e-3, 10, "three drifts, ascending, whose times are taken"),
    NTK_PLANTS("constant"), /* of the loss law */
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("growth-{activations}", "exponent of the displacement in log t, at the worst width"),
    NTK_METRIC("loss-law-{activations}", "largest left over right side of the margin form of the loss law"),
    NTK_METRIC("lambda-min-{activations}", "smallest eigenvalue of the kernel along a path"),
    NTK_METRIC("exited-{activations}", "part of the runs that passed the last threshold"),
    NTK_METRIC_WHEN("exit-slope-{activations}", "slope of log T in sqrt(m), if all did",
                    ntk_sweep_all_exited),
    NTK_METRIC_WHEN("largest-log-exit-{activations}", "largest log T, if all did", ntk_sweep_all_exited),
    {0},
};

enum { EXIT, EXIT_COUNT = 3, LAST_EXIT = EXIT_COUNT - 1, GROWTH = EXIT_COUNT, LOSS_LAW, LAMBDA_MIN };
static const char columns[] = "log-exit-small log-exit-middle log-exit-large growth loss-law lambda-min";

typedef struct options {
    double factor;            /* of the loss law's left side: 1 but for what is planted */
    const double *thresholds; /* (EXIT_COUNT) */
    double window_start;
} options;

static ntk_status measure(const ntk_sweep_run *run, double *values, const void *own) {
    const ntk_trajectory *path = run->trajectory;
    const options *chosen = own;
    double slope;
    for (size_t k = 0; k < EXIT_COUNT; k++)
        values[EXIT + k] = ntk_trajectory_exit_time(path, chosen->thresholds[k]);
    values[LOSS_LAW] = chosen->factor * ntk_trajectory_margin_ratio(path, run->training->points);
    values[LAMBDA_MIN] = path->min_lambda_min;
    return ntk_sweep_fit_growth(path, NULL, chosen->window_start, &values[GROWTH], &slope);
}

static const ntk_reduction reductions[] = {
    {.prefix = "growth", .kind = NTK_REDUCE_WORST, .column = GROWTH},
    {.prefix = "loss-law", .kind = NTK_REDUCE_LARGEST, .column = LOSS_LAW},
    {.prefix = "lambda-min", .kind = NTK_REDUCE_SMALLEST, .column = LAMBDA_MIN},
    {.prefix = "exited", .kind = NTK_REDUCE_SHARE_FINITE, .column = LAST_EXIT},
    {.prefix = "exit-slope",
     .kind = NTK_REDUCE_SLOPE,
     .column = LAST_EXIT,
     .against = NTK_ROOT,
     .when = ntk_sweep_has_exit_law},
    {.prefix = "largest-log-exit",
     .kind = NTK_REDUCE_LARGEST,
     .column = LAST_EXIT,
     .when = ntk_sweep_has_exit_law},
    {0}};

static ntk_status run(ntk_context *context) {
    ntk_sweep_options sweep;
    NTK_TRY(ntk_sweep_read(context, &sweep));
    size_t count;
    const options own = {.factor = ntk_plant_factor(context, NTK_PLANT_CONSTANT),
                         .thresholds = ntk_context_reals(context, "thresholds", &count),
                         .window_start = ntk_context_real(context, "window-start")};
    if (count != EXIT_COUNT)
        return ntk_fail(NTK_ERROR_ARGUMENT, "thresholds: %zu are given, and three are taken", count);
    sweep.flow.observe_hard_margin = NTK_FLOW_KERNEL_SLIDING;
    return ntk_sweep_conduct(context, &sweep, columns, measure, &own, reductions);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, ntk_digits_parameters, ntk_sweep_parameters,
                   ntk_sweep_window_parameters, parameters},
    .metrics = {metrics},
    .run = run,
};
