/* The divergence on real data: two digits of MNIST, dense and residual networks (chen-2025).
 *
 * The theorems ask nothing of the data but that the smallest eigenvalue of the kernel of the flow
 * (network.h, the sliding one) stays positive on them. Then, one-hot targets, no regulariser: by
 * the margin form of the loss law (trajectory.h) the loss vanishes, and below L = log(2) / n, which
 * leaves no loss of log 2 to any of them, every training image is classified; parameters and kernel
 * diverge, and the kernel
 * passes any threshold at a finite time T(m), which tends to infinity with m.
 *
 * Until then the network is near kernel logistic regression with the infinite-width NTK Theta, run
 * beside it from the same initial outputs: its accuracy on the test images, which were never
 * trained on, is recorded beside the network's at a fixed time and at the end. That comparison is a
 * trend, no theorem. */
#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_REAL("threshold", 0.25, 1e-3, 10, "drift at which the kernel counts as having left"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("exited-{activations}", "part of the runs in which the kernel left its neighbourhood"),
    NTK_METRIC("loss-law-{activations}", "largest left over right side of the margin form of the loss law"),
    NTK_METRIC("lambda-min-{activations}", "smallest eigenvalue of the kernel along a path"),
    NTK_METRIC("training-accuracy-{activations}", "smallest at the end, on the training images"),
    NTK_METRIC("test-accuracy-{activations}", "mean at log-horizon, widest networks, test images"),
    NTK_METRIC("regression-accuracy-{activations}", "that of kernel logistic regression with the NTK"),
    NTK_METRIC("shared-images-{activations}", "most test images that are training images"),
    NTK_METRIC_WHEN("exit-slope-{activations}", "slope of log T in sqrt(m), if all left",
                    ntk_sweep_all_exited),
    {0},
};

typedef struct options {
    double threshold;
    double fixed; /* log of the time up to which networks of all widths are compared */
} options;

enum { EXIT, LOSS_LAW, LAMBDA_MIN, TRAINED, TEST_FIXED, LIMIT_FIXED, TEST_END, LIMIT_END, SHARED };
static const char columns[] =
    "log-exit loss-law lambda-min training-accuracy test-accuracy-fixed "
    "regression-accuracy-fixed test-accuracy-end regression-accuracy-end shared-images";

static double test_accuracy(const ntk_training *problem, const ntk_trajectory *path, size_t time) {
    return ntk_solution_accuracy(problem, problem->points, problem->all_points,
                                 path->followed + time * path->followed_size);
}

/* Test images that are training images. Both have norm one, in coordinates that rounding moves by
 * 1e-13; images of 8 bits that are not parallel differ by 1e-5 and more. */
static double count_shared(const ntk_training *problem) {
    const size_t d = problem->inputs;
    size_t shared = 0;
    for (size_t i = problem->points; i < problem->all_points; i++) {
        bool found = false;
        for (size_t j = 0; j < problem->points; j++)
            found = found || ntk_distance(d, problem->x + i * d, problem->x + j * d) < 1e-6;
        shared += found ? 1 : 0;
    }
    return (double)shared;
}

/* The observation at log t = until, which is one of them. */
static size_t time_index(const ntk_trajectory *path, double until) {
    size_t i = 0;
    while (i + 1 < path->count && path->points[i].log_time < until - 1e-9) i++;
    return i;
}

static ntk_status measure(const ntk_sweep_run *run, double *values, const void *own) {
    const ntk_trajectory *path = run->trajectory;
    const ntk_training *problem = run->training;
    const options *chosen = own;
    const size_t end = path->count - 1, fixed = time_index(path, chosen->fixed);
    values[EXIT] = ntk_trajectory_exit_time(path, chosen->threshold);
    values[LOSS_LAW] = ntk_trajectory_margin_ratio(path, problem->points);
    values[LAMBDA_MIN] = path->min_lambda_min;
    values[TRAINED] = ntk_solution_accuracy(problem, 0, problem->points, path->outputs);
    values[TEST_FIXED] = test_accuracy(problem, path, fixed);
    values[TEST_END] = test_accuracy(problem, path, end);
    values[SHARED] = count_shared(problem);
    for (size_t i = 0; i < path->count; i++) run->curve[i] = test_accuracy(problem, path, i);

    ntk_trajectory regression;
    NTK_TRY(ntk_sweep_follow_linear(run, NTK_TRAINING_KERNEL_LIMIT, &regression));
    values[LIMIT_FIXED] = test_accuracy(problem, &regression, fixed);
    values[LIMIT_END] = test_accuracy(problem, &regression, end);
    ntk_trajectory_release(&regression);
    return NTK_OK;
}

static const ntk_reduction reductions[] = {
    {.prefix = "exited", .kind = NTK_REDUCE_SHARE_FINITE, .column = EXIT},
    {.prefix = "loss-law", .kind = NTK_REDUCE_LARGEST, .column = LOSS_LAW},
    {.prefix = "lambda-min", .kind = NTK_REDUCE_SMALLEST, .column = LAMBDA_MIN},
    {.prefix = "training-accuracy", .kind = NTK_REDUCE_SMALLEST, .column = TRAINED},
    {.prefix = "test-accuracy", .kind = NTK_REDUCE_MEAN_AT_LAST, .column = TEST_FIXED},
    {.prefix = "regression-accuracy", .kind = NTK_REDUCE_MEAN_AT_LAST, .column = LIMIT_FIXED},
    {.prefix = "shared-images", .kind = NTK_REDUCE_LARGEST, .column = SHARED},
    {.prefix = "exit-slope",
     .kind = NTK_REDUCE_SLOPE,
     .column = EXIT,
     .against = NTK_ROOT,
     .when = ntk_sweep_has_exit_law},
    {0}};

static ntk_status run(ntk_context *context) {
    ntk_sweep_options sweep;
    NTK_TRY(ntk_sweep_read(context, &sweep));
    sweep.flow.observe_hard_margin = NTK_FLOW_KERNEL_SLIDING;
    const options own = {.threshold = ntk_context_real(context, "threshold"),
                         .fixed = sweep.flow.log_horizon};
    return ntk_sweep_conduct(context, &sweep, columns, measure, &own, reductions);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, ntk_digits_parameters, ntk_sweep_parameters, parameters},
    .metrics = {metrics},
    .run = run,
};
