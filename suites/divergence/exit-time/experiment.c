/* The empirical NTK leaves every neighbourhood of its start, at a time T with log T = a + b sqrt(m).
 *
 * T is the first time at which ||Theta_t - Theta_0||_F = q ||Theta_0||_F. Why the law should hold
 * (docs/exit-time-law.md): a neuron's share of the kernel is of order 1/m and changes by a relative amount of
 * order 1 when its own parameters move by a distance of order 1. So a relative change q of the whole kernel
 * takes a distance of order sqrt(m) in parameter space, and the lazy parameters travel ||w_hat|| log t, w_hat
 * the solution of maximal margin. The constant b is predicted, too: by following the ascent of the hard
 * margin's own weighting of the points (ntk_exit_frozen), which knows neither the loss nor the time. And how
 * far the lazy parameters have gone by the time T is known, without a parameter, from its first moment on
 * (ntk_exit_lazy_gain): G(T) = log T - C + o(1).
 *
 * Per seed and threshold the laws a + b sqrt(m) and a + b m^gamma are fitted to G(T), and b m^gamma to log T.
 * exit_sweep.h says how the networks of one seed are drawn, and why that matters. */
#include <math.h>

#include <ntk/lab/lab.h>

#include "exits.h"
#include "laws.h"

static const ntk_parameter parameters[] = {
    NTK_REAL("clock-tolerance", 1e-8, 1e-13, 0.1, "of the integrators of the two clocks"),
    NTK_REAL("clock-horizon", 8, 0, 30, "log of the time up to which they are compared"),
    {0},
};

/* ---- one hidden layer: the law ------------------------------------------------------------------------- */

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

/* gamma at every threshold ("gamma-erf-25" is of 0.25). Of the rest the threshold that says worst: a pure
 * power law at all of them, its bend where the offset is a large part of log T, the predicted slope where q
 * is small, as predicted. */
static ntk_status judge_law(const ntk_exit_sweep *sweep, size_t activation, const ntk_exit_tables *tables) {
    const char *name = sweep->activations[activation];
    ntk_exit_summary law;
    extreme gamma = {.badness = -INFINITY}, bend = gamma, ratio = gamma;
    for (size_t i = 0; i < sweep->threshold_count; i++) {
        const double q = sweep->thresholds[i];
        NTK_TRY(ntk_exit_law_summarise(sweep, activation, i, tables, &law));
        NTK_TRY(ntk_emit_estimate_as(sweep->context, &law.gamma, "gamma-%s-%.0f", name, 100 * q));
        NTK_TRY(ntk_emit_estimate_as(sweep->context, &law.slope, "slope-%s-%.0f", name, 100 * q));
        keep_worse(&gamma, law.pure_gamma.high, &law.pure_gamma);
        if (q <= 0.5) keep_worse(&bend, -law.pure_bend.low, &law.pure_bend);
        const double beyond_one = ntk_larger(law.slope_ratio.high - 1, 1 - law.slope_ratio.low);
        if (q <= 0.25) keep_worse(&ratio, beyond_one, &law.slope_ratio);
    }
    NTK_TRY(emit_worst(sweep->context, "pure-gamma", name, &gamma));
    NTK_TRY(emit_worst(sweep->context, "pure-bend", name, &bend));
    return emit_worst(sweep->context, "slope-ratio", name, &ratio);
}

/* ---- the whole ----------------------------------------------------------------------------------------- */

typedef struct study {
    ntk_context *context;
    ntk_exit_tables tables;
    size_t runs, exits;
    double deep_explained, clock_difference; /* +-infinity until there is one */
} study;

static ntk_status count_exits(study *self, const ntk_exit_sweep *sweep, size_t activation) {
    const ntk_exit_departure all = ntk_exit_departure_of(sweep, activation);
    const char *name = sweep->activations[activation], *depth = sweep->depth == 1 ? "" : "-2";
    self->runs += all.runs;
    self->exits += all.exits;
    NTK_TRY(ntk_emit_scalar_as(self->context, all.largest_drift, "largest-drift-%s%s", name, depth));
    if (all.exits == 0) return NTK_OK;
    return ntk_emit_scalar_as(self->context, all.latest / log(10), "latest-log10-time-%s%s", name, depth);
}

/* Of flows that converge there is no law, only whether they left. */
static ntk_status tabulate(const ntk_exit_sweep *sweep, size_t activation, const ntk_exit_tables *tables) {
    for (size_t q = 0; q < sweep->threshold_count; q++)
        for (size_t s = 0; s < sweep->seeds; s++)
            NTK_TRY(ntk_exit_tables_add(tables, sweep, (ntk_exit_place){activation, s, 0, false}, q, NULL));
    return NTK_OK;
}

static ntk_status judge_shallow(study *self, const ntk_exit_sweep *sweep, size_t activation) {
    ntk_activation kind;
    NTK_TRY(judge_law(sweep, activation, &self->tables));
    NTK_TRY(ntk_activation_parse(sweep->activations[activation], &kind));
    if (!ntk_activation_is_smooth(kind)) return NTK_OK;
    double difference;
    NTK_TRY(ntk_exit_clock_difference(sweep, activation, ntk_context_real(self->context, "clock-tolerance"),
                                      ntk_context_real(self->context, "clock-horizon"), &difference));
    self->clock_difference = ntk_larger(self->clock_difference, difference);
    return NTK_OK;
}

/* a + b sqrt(m) must describe log T; its exponent cannot be told from such widths. */
static ntk_status judge_deep(study *self, const ntk_exit_sweep *sweep, size_t activation) {
    ntk_exit_summary law;
    for (size_t q = 0; q < sweep->threshold_count; q++)
        NTK_TRY(ntk_exit_law_summarise(sweep, activation, q, &self->tables, &law));
    double explained;
    NTK_TRY(ntk_exit_law_explained(sweep, activation, &explained));
    self->deep_explained = ntk_smaller(self->deep_explained, explained);
    return NTK_OK;
}

static ntk_status judge(study *self, const ntk_exit_sweep *sweep) {
    for (size_t a = 0; a < sweep->activation_count && sweep->threshold_count > 0; a++) {
        NTK_TRY(count_exits(self, sweep, a));
        if (sweep->converges)
            NTK_TRY(tabulate(sweep, a, &self->tables));
        else
            NTK_TRY(sweep->depth == 1 ? judge_shallow(self, sweep, a) : judge_deep(self, sweep, a));
    }
    return NTK_OK;
}

static ntk_status run(ntk_context *context) {
    study self = {.context = context, .deep_explained = INFINITY, .clock_difference = -INFINITY};
    NTK_TRY(ntk_exit_tables_create(context, &self.tables));
    for (size_t depth = 1; depth <= 2; depth++) {
        ntk_exit_sweep sweep;
        NTK_TRY(ntk_exit_sweep_run(context, depth, &sweep));
        const ntk_status status = judge(&self, &sweep);
        ntk_exit_sweep_release(&sweep);
        NTK_TRY(status);
    }
    NTK_TRY(ntk_emit_scalar(context, "exits", (double)self.exits / (double)self.runs));
    if (self.deep_explained != INFINITY)
        NTK_TRY(ntk_emit_scalar(context, "deep-explained", self.deep_explained));
    if (self.clock_difference == -INFINITY) return NTK_OK;
    return ntk_emit_scalar(context, "clock-difference", self.clock_difference);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, ntk_exit_sweep_parameters, parameters},
    .run = run,
};
