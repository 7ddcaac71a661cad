/* The empirical NTK leaves its start, past every threshold within reach, at a time T with log T =
 * a + b sqrt(m).
 *
 * T is the first time at which ||Theta_t - Theta_0||_F = q ||Theta_0||_F. Why the law should hold
 * (docs/exit-time-law.md): a neuron's share of the kernel is of order 1/m and changes by a relative
 * amount of order 1 when its own parameters move by a distance of order 1. So a relative change q
 * of the whole kernel takes a distance of order sqrt(m) in parameter space, and the lazy parameters
 * travel ||w_hat|| log t, w_hat the solution of maximal margin. The constant b is predicted, too:
 * by following the ascent of the hard margin's own weighting of the points (ntk_exit_frozen), which
 * knows neither the loss nor the time. And how far the lazy parameters have gone by the time T is
 * known, without a parameter, from its first moment on (ntk_exit_lazy_gain): G(T) = log T - C +
 * o(1).
 *
 * Per seed and threshold the laws a + b sqrt(m) and a + b m^gamma are fitted to G(T), and b m^gamma
 * to log T. exits.h says how the networks of one seed are drawn, and why that matters. */
#include <math.h>

#include <ntk/lab/lab.h>

#include "exits.h"
#include "laws.h"

static const ntk_parameter parameters[] = {
    NTK_REAL("clock-tolerance", 1e-8, 1e-13, 0.1, "of the integrators of the two clocks"),
    NTK_REAL("clock-horizon", 8, 0, 30, "log of the time up to which they are compared"),
    NTK_PLANTS("time"), /* of the clock of physical time */
    {0},
};

/* A law is fitted to flows that diverge; with two hidden layers, where there are such networks. */
static bool diverges(const ntk_context *context, const char *const *words) {
    (void)words;
    return ntk_context_is(context, "loss", "logistic") && !(ntk_context_real(context, "epsilon") > 0);
}

static bool diverges_smooth(const ntk_context *context, const char *const *words) {
    size_t count, smooth = 0;
    const char *const *names = ntk_context_choices(context, "activations", &count);
    for (size_t i = 0; i < count; i++) {
        ntk_activation activation;
        smooth +=
            ntk_activation_parse(names[i], &activation) == NTK_OK && ntk_activation_is_smooth(activation);
    }
    return smooth > 0 && diverges(context, words);
}

/* Of thresholds that ascend: where there is one that is so small. */
static bool diverges_to(const ntk_context *context, double largest) {
    size_t count;
    return ntk_context_reals(context, "thresholds", &count)[0] <= largest && diverges(context, NULL);
}

static bool diverges_to_half(const ntk_context *context, const char *const *words) {
    (void)words;
    return diverges_to(context, 0.5);
}

static bool diverges_to_quarter(const ntk_context *context, const char *const *words) {
    (void)words;
    return diverges_to(context, 0.25);
}

/* words: activation, and "" or "-2", of networks with two hidden layers. */
static bool is_run(const ntk_context *context, const char *const *words) {
    return *words[1] == '\0' || ntk_context_size(context, "deep-thresholds") > 0;
}

static bool some_exit(const ntk_context *context, const char *const *words) {
    size_t count;
    const double smallest = ntk_context_reals(context, "thresholds", &count)[0];
    const ntk_metric *drift = ntk_context_metric(context, "largest-drift-%s%s", words[0], words[1]);
    return is_run(context, words) && (!drift || drift->estimate.value >= smallest);
}

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("exits", "part of all networks and thresholds at which the kernel left"),
    NTK_METRIC_WHEN("largest-drift-{activations}{,-2}", "-2: with two hidden layers", is_run),
    NTK_METRIC_WHEN("latest-log10-time-{activations}{,-2}", "of the exits, where there are any", some_exit),
    NTK_METRIC_WHEN("gamma-{activations}-{thresholds%}", "of G(T) = a + b m^gamma", diverges),
    NTK_METRIC_WHEN("slope-{activations}-{thresholds%}", "b of G(T) = a + b sqrt(m)", diverges),
    NTK_METRIC_WHEN("pure-gamma-{activations}", "of log T = b m^gamma, the worst threshold", diverges),
    NTK_METRIC_WHEN("pure-bend-{activations}", "bend of that law, the worst q <= 0.5", diverges_to_half),
    NTK_METRIC_WHEN("slope-ratio-{activations}", "b over its prediction, q <= 0.25", diverges_to_quarter),
    NTK_METRIC_WHEN("clock-difference", "of log T between the two clocks", diverges_smooth),
    {0},
};

/* ---- one hidden layer: the law --------------------------------------------------------------- */

/* The estimate that says worst so far; -infinity: none yet. */
typedef struct extreme {
    double badness;
    ntk_estimate estimate;
} extreme;

/* A NaN is worse than anything, and stays. */
static void keep_worse(extreme *worst, double badness, const ntk_estimate *estimate) {
    if (isnan(worst->badness) || badness <= worst->badness) return;
    *worst = (extreme){badness, *estimate};
}

/* Without a threshold that says anything the metric is missing, which is an error of its check. */
static ntk_status emit_worst(ntk_context *context, const char *name, const char *activation,
                             const extreme *worst) {
    if (worst->badness == -INFINITY) return NTK_OK;
    return ntk_emit_estimate_as(context, &worst->estimate, "%s-%s", name, activation);
}

/* gamma at every threshold ("gamma-erf-25" is of 0.25). Of the rest the threshold that says worst:
 * a pure power law at all of them, its bend where the offset is a large part of log T, the
 * predicted slope where q is small, as predicted. */
static ntk_status judge_law(ntk_context *context, const ntk_grid *laws, size_t activation) {
    const char *name = laws->axes[NTK_LAW_ACTIVATION].labels[activation];
    extreme gamma = {.badness = -INFINITY}, bend = gamma, ratio = gamma;
    for (size_t i = 0; i < laws->axes[NTK_LAW_THRESHOLD].count; i++) {
        const ntk_place seeds = {{activation, i, NTK_ALL}};
        const double q = laws->axes[NTK_LAW_THRESHOLD].numbers[i];
        ntk_estimate found;
        NTK_TRY(ntk_exit_laws_gamma(laws, activation, i, &found));
        NTK_TRY(ntk_emit_estimate_as(context, &found, "gamma-%s-%.0f", name, 100 * q));
        NTK_TRY(ntk_grid_interval(laws, seeds, NTK_LAW_SLOPE, &found));
        NTK_TRY(ntk_emit_estimate_as(context, &found, "slope-%s-%.0f", name, 100 * q));
        NTK_TRY(ntk_grid_interval(laws, seeds, NTK_LAW_PURE_GAMMA, &found));
        keep_worse(&gamma, found.high, &found);
        NTK_TRY(ntk_grid_interval(laws, seeds, NTK_LAW_PURE_BEND, &found));
        if (q <= 0.5) keep_worse(&bend, -found.low, &found);
        NTK_TRY(ntk_grid_interval(laws, seeds, NTK_LAW_SLOPE_RATIO, &found));
        if (q <= 0.25) keep_worse(&ratio, ntk_larger(found.high - 1, 1 - found.low), &found);
    }
    NTK_TRY(emit_worst(context, "pure-gamma", name, &gamma));
    NTK_TRY(emit_worst(context, "pure-bend", name, &bend));
    return emit_worst(context, "slope-ratio", name, &ratio);
}

/* ---- the whole ------------------------------------------------------------------------------- */

typedef struct study {
    ntk_context *context;
    ntk_exit_tables tables;
    size_t networks, exits;
    double clock_difference; /* -infinity until there is one */
} study;

static ntk_status count_exits(study *self, const ntk_exit_sweep *sweep, size_t activation) {
    const ntk_exit_departure all = ntk_exit_departure_of(sweep, activation);
    const char *name = sweep->grid.axes[NTK_EXIT_ACTIVATION].labels[activation];
    const char *depth = sweep->depth == 1 ? "" : "-2";
    self->networks += all.networks;
    self->exits += all.exits;
    NTK_TRY(ntk_emit_scalar_as(self->context, all.largest_drift, "largest-drift-%s%s", name, depth));
    if (all.exits == 0) return NTK_OK;
    return ntk_emit_scalar_as(self->context, all.latest / log(10), "latest-log10-time-%s%s", name, depth);
}

/* Smooth activations: both clocks. */
static ntk_status judge_shallow(study *self, const ntk_exit_sweep *sweep, const ntk_grid *laws,
                                size_t activation) {
    double difference;
    NTK_TRY(judge_law(self->context, laws, activation));
    if (!ntk_grid_is_smooth(&sweep->grid, activation)) return NTK_OK;
    NTK_TRY(ntk_exit_clock_difference(sweep, activation, ntk_context_real(self->context, "clock-tolerance"),
                                      ntk_context_real(self->context, "clock-horizon"),
                                      ntk_plant_factor(self->context, NTK_PLANT_TIME), &difference));
    self->clock_difference = ntk_larger(self->clock_difference, difference);
    return NTK_OK;
}

/* laws: NULL for flows that converge, of which there is no law, only whether they left. */
static ntk_status judge(study *self, const ntk_exit_sweep *sweep, const ntk_grid *laws) {
    for (size_t a = 0; a < sweep->grid.axes[NTK_EXIT_ACTIVATION].count; a++) {
        NTK_TRY(count_exits(self, sweep, a));
        NTK_TRY(ntk_exit_tables_add(&self->tables, sweep, laws, a));
        if (laws && sweep->depth == 1) NTK_TRY(judge_shallow(self, sweep, laws, a));
    }
    return NTK_OK;
}

static ntk_status judge_sweep(study *self, const ntk_exit_sweep *sweep) {
    if (sweep->grid.axes[NTK_EXIT_THRESHOLD].count == 0) return NTK_OK;
    if (sweep->converges) return judge(self, sweep, NULL);
    ntk_grid laws;
    NTK_TRY(ntk_exit_laws_fit(sweep, &laws));
    const ntk_status status = judge(self, sweep, &laws);
    ntk_grid_release(&laws);
    return status;
}

static ntk_status run(ntk_context *context) {
    study self = {.context = context, .clock_difference = -INFINITY};
    NTK_TRY(ntk_exit_tables_create(context, &self.tables));
    for (size_t depth = 1; depth <= 2; depth++) {
        ntk_exit_sweep sweep;
        NTK_TRY(ntk_exit_sweep_run(context, depth, &sweep));
        const ntk_status status = judge_sweep(&self, &sweep);
        ntk_grid_release(&sweep.grid);
        NTK_TRY(status);
    }
    NTK_TRY(ntk_emit_scalar(context, "exits", (double)self.exits / (double)self.networks));
    if (self.clock_difference == -INFINITY) return NTK_OK;
    return ntk_emit_scalar(context, "clock-difference", self.clock_difference);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, ntk_exit_sweep_parameters, parameters},
    .metrics = {metrics},
    .run = run,
};
