/* The empirical NTK leaves every neighbourhood of its start, at a time T with log T = a + b sqrt(m).
 *
 * T is the first time at which ||Theta_t - Theta_0||_F = q ||Theta_0||_F. Why the law should hold
 * (docs/exit-time-law.md): a neuron's share of the kernel is of order 1/m and changes by a relative amount of
 * order 1 when its own parameters move by a distance of order 1. So a relative change q of the whole kernel
 * takes a distance of order sqrt(m) in parameter space, and the lazy parameters travel ||w_hat|| log t, w_hat
 * the solution of maximal margin. The constant b is predicted, too: by following the ascent of the hard
 * margin's own weighting of the points (ntk_exit_frozen), which knows neither the loss nor the time.
 *
 * Per seed and threshold three laws are fitted to log T against m: a + b sqrt(m), a + b m^gamma, and b
 * m^gamma. exit_sweep.h says how the networks of one seed are drawn, and why that matters. */
#include <math.h>
#include <stdio.h>

#include <ntk/ntk.h>

static const ntk_parameter parameters[] = {
    NTK_EXIT_SWEEP_PARAMETERS,
    {"clock-tolerance", NTK_PARAMETER_REAL, "1e-8", 1e-13, 0.1, NULL, "of the integrators of the two clocks"},
    {"clock-horizon", NTK_PARAMETER_REAL, "8", 0, 30, NULL, "log of the time up to which they are compared"},
    {0}};

/* What is emitted for one depth. */
typedef struct report {
    const ntk_exit_sweep *sweep;
    ntk_table *exits, *laws;
} report;

/* ---- the laws of one seed ---------------------------------------------------------------------------------
 */

typedef struct laws {
    ntk_power_fit root, free, pure; /* a + b sqrt(m), a + b m^gamma, b m^gamma */
} laws;

static ntk_status fit_laws(const ntk_exit_sweep *sweep, ntk_exit_place at, size_t threshold, laws *out) {
    double *m, *log_time;
    size_t n = 0;
    NTK_TRY(ntk_allocate_doubles(2 * sweep->width_count, &m));
    log_time = m + sweep->width_count;
    for (at.width = 0; at.width < sweep->width_count; at.width++) {
        if (!ntk_exit_sweep_in_law(sweep, at, threshold)) continue;
        m[n] = sweep->widths[at.width];
        log_time[n++] = ntk_exit_sweep_cells(sweep, at)[threshold].log_time;
    }
    ntk_status status = ntk_stats_power_fit(n, m, log_time, true, 0.5, 0.5, &out->root);
    if (status == NTK_OK) status = ntk_stats_power_fit(n, m, log_time, true, 0.02, 2, &out->free);
    if (status == NTK_OK) status = ntk_stats_power_fit(n, m, log_time, false, 0.02, 2, &out->pure);
    ntk_release(m);
    return status;
}

static double law_at(const ntk_power_fit *fit, double m) {
    return fit->offset + fit->factor * pow(m, fit->exponent);
}

/* How far log T lies above a fitted law at the ends of its widths and below it between: the mean residual of
 * the two ends less that of the others. Its mean over seeds is 0 for a law that holds. */
static double bend(const ntk_exit_sweep *sweep, ntk_exit_place at, size_t threshold,
                   const ntk_power_fit *fit) {
    double first = 0, last = 0, sum = 0;
    size_t count = 0;
    for (at.width = 0; at.width < sweep->width_count; at.width++) {
        if (!ntk_exit_sweep_in_law(sweep, at, threshold)) continue;
        last = ntk_exit_sweep_cells(sweep, at)[threshold].log_time - law_at(fit, sweep->widths[at.width]);
        if (count++ == 0) first = last;
        sum += last;
    }
    return 0.5 * (first + last) - (sum - first - last) / ((double)count - 2);
}

/* b by the hard margin; NaN with two hidden layers. */
static double predicted_slope(const ntk_exit_sweep *sweep, ntk_exit_place at, size_t threshold) {
    double slope = NAN;
    for (at.width = 0; at.width < sweep->width_count; at.width++) {
        const double log_time = ntk_exit_sweep_cells(sweep, at)[threshold].predicted;
        if (isfinite(log_time)) slope = log_time / sqrt(sweep->widths[at.width]);
    }
    return slope;
}

static ntk_status emit_exits(const report *self, ntk_exit_place at, size_t threshold, const laws *fitted) {
    const ntk_exit_sweep *sweep = self->sweep;
    for (at.width = 0; at.width < sweep->width_count; at.width++) {
        const ntk_exit_cell *cell = &ntk_exit_sweep_cells(sweep, at)[threshold];
        if (cell->runs == 0) continue;
        const double m = sweep->widths[at.width];
        const bool in_law = fitted && ntk_exit_sweep_in_law(sweep, at, threshold);
        const double row[] = {(double)sweep->depth,
                              (double)at.seed,
                              m,
                              sweep->thresholds[threshold],
                              (double)cell->runs,
                              (double)cell->exits,
                              cell->log_time,
                              cell->low,
                              cell->high,
                              cell->travel,
                              cell->largest_drift,
                              in_law ? law_at(&fitted->root, m) : NAN,
                              in_law ? law_at(&fitted->pure, m) : NAN};
        NTK_TRY(ntk_table_row(self->exits, &sweep->activations[at.activation], row));
    }
    return NTK_OK;
}

enum { GAMMA, COARSE_GAMMA, PURE_GAMMA, BEND, PURE_BEND, SLOPE, CONSTANT, COLUMNS };

static ntk_status measure(const report *self, ntk_exit_place at, size_t threshold, double *values) {
    const ntk_exit_sweep *sweep = self->sweep;
    ntk_exit_place twice = at;
    twice.twice = true;
    laws fine, coarse;
    NTK_TRY(fit_laws(sweep, at, threshold, &fine));
    coarse = fine;
    if (ntk_exit_sweep_cells(sweep, twice)[threshold].runs > 0)
        NTK_TRY(fit_laws(sweep, twice, threshold, &coarse));
    const double predicted = predicted_slope(sweep, at, threshold);
    values[GAMMA] = fine.free.exponent;
    values[COARSE_GAMMA] = coarse.free.exponent;
    values[PURE_GAMMA] = fine.pure.exponent;
    values[BEND] = bend(sweep, at, threshold, &fine.root);
    values[PURE_BEND] = bend(sweep, at, threshold, &fine.pure);
    values[SLOPE] = fine.root.factor;
    values[CONSTANT] = fine.root.factor / predicted;
    const double row[] = {(double)sweep->depth, (double)at.seed,      sweep->thresholds[threshold],
                          fine.root.offset,     fine.root.factor,     fine.root.rms,
                          fine.free.exponent,   coarse.free.exponent, fine.pure.factor,
                          fine.pure.exponent,   fine.pure.rms,        predicted};
    NTK_TRY(ntk_table_row(self->laws, &sweep->activations[at.activation], row));
    return emit_exits(self, at, threshold, &fine);
}

/* ---- over the seeds ---------------------------------------------------------------------------------------
 */

static ntk_status emit_scalar(const ntk_exit_sweep *sweep, const char *name, size_t activation,
                              double value) {
    char metric[64];
    const char *deep = sweep->depth == 1 ? "" : "-2";
    snprintf(metric, sizeof metric, "%s-%s%s", name, sweep->activations[activation], deep);
    return ntk_emit_scalar(sweep->context, metric, value);
}

/* "gamma-erf-25" is of the threshold 0.25. */
static ntk_status emit_mean(const ntk_exit_sweep *sweep, const char *name, size_t activation,
                            size_t threshold, const double *values, double widening) {
    char metric[64];
    ntk_estimate estimate;
    snprintf(metric, sizeof metric, "%s-%s-%.0f", name, sweep->activations[activation],
             100 * sweep->thresholds[threshold]);
    NTK_TRY(ntk_stats_mean(sweep->seeds, values, ntk_context_level(sweep->context), &estimate));
    estimate.low -= widening;
    estimate.high += widening;
    return ntk_emit_estimate(sweep->context, metric, &estimate);
}

/* The step's whole effect on gamma widens its interval: across kinks the rule is of first order, so that what
 * halving the step has moved is what is left to move. */
static ntk_status emit_laws(const ntk_exit_sweep *sweep, size_t activation, size_t threshold,
                            double *const columns[]) {
    double step_effect = 0;
    for (size_t s = 0; s < sweep->seeds; s++)
        step_effect += (columns[GAMMA][s] - columns[COARSE_GAMMA][s]) / (double)sweep->seeds;
    NTK_TRY(emit_mean(sweep, "gamma", activation, threshold, columns[GAMMA], fabs(step_effect)));
    NTK_TRY(emit_mean(sweep, "pure-gamma", activation, threshold, columns[PURE_GAMMA], 0));
    NTK_TRY(emit_mean(sweep, "bend", activation, threshold, columns[BEND], 0));
    NTK_TRY(emit_mean(sweep, "pure-bend", activation, threshold, columns[PURE_BEND], 0));
    NTK_TRY(emit_mean(sweep, "slope", activation, threshold, columns[SLOPE], 0));
    return emit_mean(sweep, "constant", activation, threshold, columns[CONSTANT], 0);
}

static ntk_status reduce_laws(const report *self, size_t activation, size_t threshold) {
    const ntk_exit_sweep *sweep = self->sweep;
    double *memory, *columns[COLUMNS], values[COLUMNS];
    NTK_TRY(ntk_allocate_doubles(COLUMNS * sweep->seeds, &memory));
    for (size_t c = 0; c < COLUMNS; c++) columns[c] = memory + c * sweep->seeds;
    ntk_status status = NTK_OK;
    for (size_t s = 0; s < sweep->seeds && status == NTK_OK; s++) {
        status = measure(self, (ntk_exit_place){activation, s, 0, false}, threshold, values);
        for (size_t c = 0; c < COLUMNS && status == NTK_OK; c++) columns[c][s] = values[c];
    }
    if (status == NTK_OK && sweep->depth == 1) status = emit_laws(sweep, activation, threshold, columns);
    ntk_release(memory);
    return status;
}

/* Fraction of the variance over widths of the seeds' mean log T that a + b sqrt(m) explains, the smallest
 * over the thresholds; negative where log T falls with m. */
static ntk_status emit_explained(const ntk_exit_sweep *sweep, size_t activation) {
    const size_t n = sweep->width_count;
    double *m, smallest = 1, mean, variance;
    NTK_TRY(ntk_allocate_doubles(2 * n, &m));
    double *log_time = m + n;
    ntk_status status = NTK_OK;
    for (size_t q = 0; q < sweep->threshold_count && status == NTK_OK; q++) {
        mean = variance = 0;
        for (size_t w = 0; w < n; w++) {
            m[w] = sweep->widths[w];
            log_time[w] = 0;
            for (size_t s = 0; s < sweep->seeds; s++) {
                const ntk_exit_place at = {activation, s, w, false};
                log_time[w] += ntk_exit_sweep_cells(sweep, at)[q].log_time / (double)sweep->seeds;
            }
            mean += log_time[w] / (double)n;
        }
        for (size_t w = 0; w < n; w++) variance += (log_time[w] - mean) * (log_time[w] - mean) / (double)n;
        ntk_power_fit fit;
        status = ntk_stats_power_fit(n, m, log_time, true, 0.5, 0.5, &fit);
        if (status == NTK_OK)
            smallest = fmin(smallest, copysign(1 - fit.rms * fit.rms / variance, fit.factor));
    }
    ntk_release(m);
    return status == NTK_OK ? emit_scalar(sweep, "explained", activation, smallest) : status;
}

/* Over all networks and thresholds: the fraction that left, the latest exit as log10 T, the largest drift. */
static ntk_status emit_departure(const ntk_exit_sweep *sweep, size_t activation) {
    const ntk_exit_cell *cells = ntk_exit_sweep_cells(sweep, (ntk_exit_place){activation, 0, 0, false});
    size_t runs = 0, exits = 0;
    double latest = -INFINITY, largest = 0;
    for (size_t i = 0; i < 2 * sweep->seeds * sweep->width_count * sweep->threshold_count; i++) {
        runs += cells[i].runs;
        exits += cells[i].exits;
        largest = fmax(largest, cells[i].largest_drift);
        latest = fmax(latest, cells[i].high); /* NaN without an exit is passed over */
    }
    NTK_TRY(emit_scalar(sweep, "exits", activation, (double)exits / (double)runs));
    NTK_TRY(emit_scalar(sweep, "largest-drift", activation, largest));
    return exits > 0 ? emit_scalar(sweep, "latest-log10-time", activation, latest / log(10)) : NTK_OK;
}

static ntk_status reduce(const report *self) {
    const ntk_exit_sweep *sweep = self->sweep;
    for (size_t a = 0; a < sweep->activation_count; a++) {
        NTK_TRY(emit_departure(sweep, a));
        if (sweep->depth > 1) NTK_TRY(emit_explained(sweep, a));
        for (size_t q = 0; q < sweep->threshold_count; q++) {
            if (!sweep->converges) NTK_TRY(reduce_laws(self, a, q));
            for (size_t s = 0; s < sweep->seeds && sweep->converges; s++)
                NTK_TRY(emit_exits(self, (ntk_exit_place){a, s, 0, false}, q, NULL));
        }
    }
    return NTK_OK;
}

/* ---- two clocks -------------------------------------------------------------------------------------------
 */

typedef struct clocks {
    const ntk_exit_sweep *sweep;
    size_t activation;
    double *differences; /* (seeds) */
} clocks;

static ntk_status exits_by(const clocks *self, size_t seed, ntk_time time, ntk_exit *found) {
    const ntk_exit_sweep *sweep = self->sweep;
    ntk_training training;
    ntk_flow_options flow;
    NTK_TRY(
        ntk_exit_sweep_problem(sweep, (ntk_exit_place){self->activation, seed, 0, false}, &training, &flow));
    flow.time = time;
    flow.tolerance = flow.event_tolerance = ntk_context_real(sweep->context, "clock-tolerance");
    flow.log_horizon = ntk_context_real(sweep->context, "clock-horizon");
    double largest;
    ntk_flow_result result;
    const ntk_status status = ntk_exit_run(&training.model, training.targets, &flow, sweep->threshold_count,
                                           sweep->thresholds, training.theta, found, &largest, &result);
    ntk_training_release(&training);
    return status;
}

/* Largest |difference of log T| over the thresholds; infinite where one clock alone passes one in time, and
 * where neither passes any. */
static ntk_status compare_clocks(size_t seed, void *argument) {
    const clocks *self = argument;
    ntk_exit physical[NTK_EXIT_SWEEP_THRESHOLDS], log_loss[NTK_EXIT_SWEEP_THRESHOLDS];
    NTK_TRY(exits_by(self, seed, NTK_TIME_PHYSICAL, physical));
    NTK_TRY(exits_by(self, seed, NTK_TIME_LOG_LOSS, log_loss));
    double largest = isfinite(physical[0].log_time) ? 0 : INFINITY;
    for (size_t q = 0; q < self->sweep->threshold_count; q++)
        if (isfinite(physical[q].log_time) || isfinite(log_loss[q].log_time))
            largest = fmax(largest, fabs(physical[q].log_time - log_loss[q].log_time));
    self->differences[seed] = largest;
    return NTK_OK;
}

static ntk_status emit_clocks(const ntk_exit_sweep *sweep, size_t activation) {
    ntk_activation kind;
    NTK_TRY(ntk_activation_parse(sweep->activations[activation], &kind));
    if (!ntk_activation_is_smooth(kind)) return NTK_OK;
    clocks both = {.sweep = sweep, .activation = activation};
    NTK_TRY(ntk_allocate_doubles(sweep->seeds, &both.differences));
    ntk_status status = ntk_map(sweep->seeds, compare_clocks, &both);
    double largest = 0;
    for (size_t s = 0; s < sweep->seeds; s++) largest = fmax(largest, both.differences[s]);
    if (status == NTK_OK) status = emit_scalar(sweep, "clock-difference", activation, largest);
    ntk_release(both.differences);
    return status;
}

/* ---- the whole --------------------------------------------------------------------------------------------
 */

static ntk_status study(ntk_context *context, size_t depth, report *self) {
    ntk_exit_sweep sweep;
    NTK_TRY(ntk_exit_sweep_run(context, depth, &sweep));
    self->sweep = &sweep;
    ntk_status status = sweep.threshold_count == 0 ? NTK_OK : reduce(self);
    for (size_t a = 0; a < sweep.activation_count && status == NTK_OK; a++)
        if (depth == 1 && !sweep.converges) status = emit_clocks(&sweep, a);
    ntk_exit_sweep_release(&sweep);
    return status;
}

static ntk_status run(ntk_context *context) {
    report both = {0};
    NTK_TRY(ntk_emit_table(context, "exits",
                           "$activation depth seed width threshold networks exits log-time log-time-low "
                           "log-time-high travel largest-drift law pure-law",
                           &both.exits));
    NTK_TRY(ntk_emit_table(context, "laws",
                           "$activation depth seed threshold offset slope rms gamma coarse-gamma pure-factor "
                           "pure-gamma pure-rms predicted-slope",
                           &both.laws));
    NTK_TRY(study(context, 1, &both));
    return study(context, 2, &both);
}

const ntk_experiment NTK_EXPERIMENT = {parameters, run};
