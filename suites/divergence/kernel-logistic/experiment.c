/* Up to a fixed time the network follows kernel logistic regression, and leaves it as time goes on
 * (chen-2025).
 *
 * Network f and kernel logistic regression g start together, g_0 = f_0, and with c = dL/df obey
 *
 *     f' = -Theta_t(., X) c(f),  g' = -Theta(., X) c(g),  Theta the empirical NTK at the start,
 *
 * on any points, X the training points. On the training points let e = f - g. L is convex in f, so
 * e^T (c(f)
 * - c(g)) >= 0, and in the norm |e|^2 = e^T Theta^{-1} e
 *
 *     |e| d|e|/dt = -e^T (c(f) - c(g)) - e^T Theta^{-1} (Theta_t - Theta) c(f)
 *                <= |e| |(Theta_t - Theta) c(f)|,
 *
 * so |e_t| <= integral_0^t |(Theta_s - Theta) c(f_s)| ds: with ||c|| <= 1/sqrt(n), at most a
 * constant times T sup_{s <= T} ||Theta_s - Theta||, which is O(m^{-1/2}) for every fixed T (1/m
 * for smooth activations). On other points e is an integral of the same two differences. With the
 * infinite-width NTK in place of Theta the same holds, and m^{-1/2} is attained: the two kernels
 * differ by that much at the start.
 *
 * With one-hot targets the logits of both grow like log t for ever, those of g in proportion to the
 * maximum margin solution of Theta, those of f to that of features that have moved: the gap grows
 * like log t. After log t ~ sqrt(m) the parameters have travelled a distance of order sqrt(m), the
 * kernel has changed by a factor and the logits by O(sqrt(m)): on such a horizon the gap grows like
 * m^{1/2}. Soft targets are reached at finite logits; both flows stop, and so does the gap. */
#include <math.h>

#include <ntk/lab/lab.h>

static bool has_limit(const ntk_context *context, const char *const *words) {
    (void)words;
    return ntk_context_is(context, "scaling", "ntk");
}

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("growth-{activations}", "exponent of the gap in log t, at the worst width"),
    NTK_METRIC("rate-empirical-{activations}", "exponent in the width of the gap at log-horizon"),
    NTK_METRIC("rate-growing-{activations}", "that of the gap on a horizon that grows with the width"),
    NTK_METRIC_WHEN("rate-limit-{activations}", "that of the gap to the NTK; not mean-field", has_limit),
    {0},
};

enum { GAP_EMPIRICAL, GAP_LIMIT, GAP_GROWING, GROWTH, COLUMNS };

/* The gap up to each time, over training and test points, is the run's curve. */
static ntk_status compare_with_empirical(const ntk_sweep_run *run, double fixed, double *values) {
    ntk_trajectory regression;
    double slope;
    NTK_TRY(ntk_sweep_follow_linear(run, NTK_TRAINING_KERNEL_EMPIRICAL, &regression));
    const ntk_trajectory *path = run->trajectory;
    for (size_t i = 0; i < path->count; i++)
        run->curve[i] = ntk_trajectory_largest_gap(path, &regression, path->points[i].log_time);
    values[GAP_EMPIRICAL] = ntk_trajectory_largest_gap(path, &regression, fixed);
    values[GAP_GROWING] = ntk_trajectory_largest_gap(path, &regression, INFINITY);
    ntk_trajectory_release(&regression);
    return ntk_sweep_fit_growth(path, run->curve, fixed, &values[GROWTH], &slope);
}

static ntk_status compare_with_limit(const ntk_sweep_run *run, double fixed, double *values) {
    ntk_trajectory regression;
    values[GAP_LIMIT] = NAN;
    /* no limit */
    if (run->training->architecture.parametrisation != NTK_PARAMETRISATION_NTK) return NTK_OK;
    NTK_TRY(ntk_sweep_follow_linear(run, NTK_TRAINING_KERNEL_LIMIT, &regression));
    values[GAP_LIMIT] = ntk_trajectory_largest_gap(run->trajectory, &regression, fixed);
    ntk_trajectory_release(&regression);
    return NTK_OK;
}

static ntk_status measure(const ntk_sweep_run *run, double *values, const void *own) {
    const double fixed = *(const double *)own; /* log-horizon */
    NTK_TRY(compare_with_empirical(run, fixed, values));
    return compare_with_limit(run, fixed, values);
}

static const ntk_reduction reductions[] = {
    {.prefix = "growth", .kind = NTK_REDUCE_WORST, .column = GROWTH},
    {.prefix = "rate-empirical", .kind = NTK_REDUCE_RATE, .column = GAP_EMPIRICAL},
    {.prefix = "rate-growing", .kind = NTK_REDUCE_RATE, .column = GAP_GROWING},
    {.prefix = "rate-limit", .kind = NTK_REDUCE_RATE, .column = GAP_LIMIT, .when = ntk_grid_has},
    {0}};

static ntk_status run(ntk_context *context) {
    ntk_sweep_options sweep;
    NTK_TRY(ntk_sweep_read(context, &sweep));
    if (!(sweep.horizon_growth > 0))
        return ntk_fail(NTK_ERROR_ARGUMENT,
                        "growth is seen beyond log-horizon only: horizon-growth must be > 0");
    return ntk_sweep_conduct(context, &sweep, "gap-empirical gap-limit gap-growing growth", measure,
                             &sweep.flow.log_horizon, reductions);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, ntk_digits_parameters, ntk_sweep_parameters},
    .metrics = {metrics},
    .run = run,
};
