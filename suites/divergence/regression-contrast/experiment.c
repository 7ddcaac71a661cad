/* With squared loss the empirical NTK stays near its start for all time, wide networks more so
 * (chen-2025).
 *
 * Let r = f - y be the residual on n points and lambda > 0 a lower bound of lambda_min of the
 * empirical NTK along the path. From f' = -Theta r / n and theta' = -J^T r / n
 *
 *     d||r||/dt = -||J^T r||^2 / (n ||r||) <= -sqrt(lambda) ||J^T r|| / n = -sqrt(lambda)
 *     ||theta'||,
 *
 * so what the parameters travel from time T to infinity is at most ||r_T|| / sqrt(lambda), and from
 * the start ||r_0|| / sqrt(lambda): bounded for all time and at every width, because the target is
 * reached. In the NTK parametrisation a kernel's relative change over a bounded distance is
 * O(m^{-1/2}) (1/m for smooth activations, whose first-order changes average out). Cross-entropy
 * with the same one-hot targets never reaches them; the parameters travel like log t, and on a
 * horizon log t ~ sqrt(m) no width keeps the kernel.
 *
 * The flow is run until what is left of its travel is a small part of what it has travelled: the
 * supremum up to there is the supremum over all time. */
#include <math.h>

#include <ntk/lab/lab.h>

static bool is_squared(const ntk_context *context, const char *const *words) {
    (void)words;
    return ntk_context_is(context, "loss", "squared");
}

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("rate-{activations}", "exponent of the largest drift in the width"),
    NTK_METRIC_WHEN("travel-ratio-{activations}", "largest displacement over its bound", is_squared),
    NTK_METRIC_WHEN("travel-left-{activations}", "largest part of it that is still left", is_squared),
    {0},
};

enum { DRIFT, TRAVEL_RATIO, TRAVEL_LEFT, COLUMNS };

static ntk_status measure(const ntk_sweep_run *run, double *values, const void *own) {
    (void)own;
    const ntk_trajectory *path = run->trajectory;
    values[DRIFT] = ntk_trajectory_largest_drift(path, INFINITY);
    values[TRAVEL_RATIO] = values[TRAVEL_LEFT] = NAN;
    if (run->flow->loss != NTK_LOSS_SQUARED) return NTK_OK;
    /* ||r||^2 = 2 n L */
    const double n = (double)run->training->points, root = sqrt(path->min_lambda_min);
    const double left = sqrt(2 * n) * exp(0.5 * path->flow.log_loss) / root;
    values[TRAVEL_RATIO] = path->max_displacement / (sqrt(2 * n * path->initial_loss) / root);
    values[TRAVEL_LEFT] = left / path->max_displacement;
    return NTK_OK;
}

static const ntk_reduction reductions[] = {
    {.prefix = "rate", .kind = NTK_REDUCE_RATE, .column = DRIFT},
    {.prefix = "travel-ratio", .kind = NTK_REDUCE_LARGEST, .column = TRAVEL_RATIO, .when = ntk_grid_has},
    {.prefix = "travel-left", .kind = NTK_REDUCE_LARGEST, .column = TRAVEL_LEFT, .when = ntk_grid_has},
    {0}};

static ntk_status run(ntk_context *context) {
    ntk_sweep_options sweep;
    NTK_TRY(ntk_sweep_read(context, &sweep));
    return ntk_sweep_conduct(context, &sweep, "drift travel-ratio travel-left", measure, NULL, reductions);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, ntk_digits_parameters, ntk_sweep_parameters},
    .metrics = {metrics},
    .run = run,
};
