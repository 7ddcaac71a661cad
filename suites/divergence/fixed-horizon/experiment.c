/* Up to any fixed time the empirical NTK does stay near its start as the width grows (chen-2025).
 *
 * What diverges with one-hot targets diverges with t, not with m. By time T the parameters have
 * travelled
 *
 *     ||theta_t - theta_0|| <= integral_0^t ||grad L|| ds <= sqrt(t integral_0^t ||grad L||^2 ds)
 *                           <= sqrt(T L_0),
 *
 * because dL/dt = -||grad L||^2: a distance that does not depend on m. In the NTK parametrisation
 * the kernel's relative change over a distance R is O(R / sqrt(m)), each neuron moving by O(1 /
 * sqrt(m)) only. Hence
 *
 *     sup_{t <= T} ||Theta_t - Theta_0||_F / ||Theta_0||_F = O(m^{-1/2})     for every fixed T;
 *
 * what fails is uniformity in T. For smooth activations the first-order changes average out over
 * neurons of random signs and the rate is 1/m. With ReLU each neuron that crosses the kink of a
 * point changes the kernel by O(1/m), and the rate is 1/m at first and tends to m^{-1/2}. In the
 * mean-field scaling the distance grows like sqrt(m) and the drift does not fall at all. */
#include <math.h>

#include <ntk/lab/lab.h>

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("rate-{3,7,11}-{activations}", "exponent in the width of the drift until that log t"),
    NTK_METRIC("travel-ratio-{activations}", "largest displacement over its bound, sqrt(t L_0)"),
    {0},
};

/* The fixed times, as log t. The flow runs to the last (log-horizon), and all are observed. */
static const double log_times[] = {3, 7, 11};
enum { DRIFT_3, DRIFT_7, DRIFT_11, TIMES, TRAVEL_RATIO = TIMES };

static bool is_observed(const ntk_trajectory *path, double log_time) {
    for (size_t i = 0; i < path->count; i++)
        if (fabs(path->points[i].log_time - log_time) <= 1e-6) return true;
    return false;
}

/* Largest displacement relative to sqrt(t L_0), over the observations; in the mean-field scaling
 * the gradient flow is faster by the factor `speed`. */
static double worst_travel(const ntk_trajectory *path, double speed) {
    double worst = 0;
    for (size_t i = 0; i < path->count; i++) {
        const double bound = sqrt(speed * exp(path->points[i].log_time) * path->initial_loss);
        worst = ntk_larger(worst, path->points[i].displacement / bound);
    }
    return worst;
}

static ntk_status measure(const ntk_sweep_run *run, double *values, const void *own) {
    (void)own;
    for (size_t i = 0; i < TIMES; i++) {
        if (!is_observed(run->trajectory, log_times[i]))
            return ntk_fail(NTK_ERROR_ARGUMENT, "log t = %g is not among the observation times",
                            log_times[i]);
        values[i] = ntk_trajectory_largest_drift(run->trajectory, log_times[i]);
    }
    values[TRAVEL_RATIO] = worst_travel(run->trajectory, run->flow->time_factor);
    return NTK_OK;
}

static const ntk_reduction reductions[] = {
    {.prefix = "rate-3", .kind = NTK_REDUCE_RATE, .column = DRIFT_3},
    {.prefix = "rate-7", .kind = NTK_REDUCE_RATE, .column = DRIFT_7},
    {.prefix = "rate-11", .kind = NTK_REDUCE_RATE, .column = DRIFT_11},
    {.prefix = "travel-ratio", .kind = NTK_REDUCE_LARGEST, .column = TRAVEL_RATIO},
    {0}};

static ntk_status run(ntk_context *context) {
    ntk_sweep_options sweep;
    NTK_TRY(ntk_sweep_read(context, &sweep));
    return ntk_sweep_conduct(context, &sweep, "drift-3 drift-7 drift-11 travel-ratio", measure, NULL,
                             reductions);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, ntk_digits_parameters, ntk_sweep_parameters},
    .metrics = {metrics},
    .run = run,
};
