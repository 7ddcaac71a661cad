/* Laws of the exit time. */
#include "laws.h"

#include <math.h>

#include <ntk/exit.h>
#include <ntk/flow.h>
#include <ntk/lab/context.h>
#include <ntk/lab/problem.h>
#include <ntk/lab/table.h>
#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/parallel.h>
#include <ntk/stats.h>
#include <ntk/status.h>

#include "exits.h"

/* ---- the laws of one seed ------------------------------------------------------------------------------ */

/* Widths and times of one law, in the order of the widths. */
typedef struct series {
    size_t count;
    double *width, *log_time, *gain; /* (count) */
} series;

static ntk_status gather(const ntk_exit_sweep *sweep, ntk_exit_place at, size_t threshold, series *out) {
    *out = (series){0};
    NTK_TRY(ntk_allocate_doubles(3 * sweep->width_count, &out->width));
    out->log_time = out->width + sweep->width_count;
    out->gain = out->log_time + sweep->width_count;
    for (at.width = 0; at.width < sweep->width_count; at.width++) {
        if (!ntk_exit_sweep_in_law(sweep, at, threshold)) continue;
        const ntk_exit_cell *cell = &ntk_exit_sweep_cells(sweep, at)[threshold];
        out->width[out->count] = sweep->widths[at.width];
        out->gain[out->count] = cell->lazy_gain;
        out->log_time[out->count++] = cell->log_time;
    }
    if (out->count >= 3) return NTK_OK;
    ntk_release(out->width);
    return ntk_fail(NTK_ERROR_ARGUMENT, "exit laws: threshold %g has %zu widths with an exit, 3 are needed",
                    sweep->thresholds[threshold], out->count);
}

static double law_at(const ntk_power_fit *fit, double m) {
    return fit->offset + fit->factor * pow(m, fit->exponent);
}

static double bend(const series *s, const ntk_power_fit *fit) {
    double ends = 0, between = 0;
    for (size_t i = 0; i < s->count; i++)
        *(i == 0 || i + 1 == s->count ? &ends : &between) += s->log_time[i] - law_at(fit, s->width[i]);
    return 0.5 * ends - between / ((double)s->count - 2);
}

static const double lowest_gamma = 0.02, highest_gamma = 2;

static ntk_status fit_series(const series *s, ntk_exit_law *out) {
    ntk_power_fit plain;
    NTK_TRY(ntk_stats_power_fit(s->count, s->width, s->gain, true, 0.5, 0.5, &out->root));
    NTK_TRY(ntk_stats_power_fit(s->count, s->width, s->gain, true, lowest_gamma, highest_gamma, &out->free));
    NTK_TRY(ntk_stats_power_fit(s->count, s->width, s->log_time, true, 0.5, 0.5, &out->time));
    NTK_TRY(ntk_stats_power_fit(s->count, s->width, s->log_time, true, lowest_gamma, highest_gamma, &plain));
    NTK_TRY(
        ntk_stats_power_fit(s->count, s->width, s->log_time, false, lowest_gamma, highest_gamma, &out->pure));
    out->plain_gamma = plain.exponent;
    out->pure_bend = bend(s, &out->pure);
    return NTK_OK;
}

static ntk_status fit_place(const ntk_exit_sweep *sweep, ntk_exit_place at, size_t threshold,
                            ntk_exit_law *out) {
    series s;
    NTK_TRY(gather(sweep, at, threshold, &s));
    const ntk_status status = fit_series(&s, out);
    ntk_release(s.width);
    return status;
}

static double predicted_slope(const ntk_exit_sweep *sweep, ntk_exit_place at, size_t threshold) {
    double slope = NAN;
    for (at.width = 0; at.width < sweep->width_count; at.width++) {
        const double log_time = ntk_exit_sweep_cells(sweep, at)[threshold].predicted;
        if (isfinite(log_time)) slope = log_time / sqrt(sweep->widths[at.width]);
    }
    return slope;
}

ntk_status ntk_exit_law_fit(const ntk_exit_sweep *sweep, ntk_exit_place at, size_t threshold,
                            ntk_exit_law *out) {
    at.twice = false;
    at.width = 0;
    NTK_TRY(fit_place(sweep, at, threshold, out));
    out->predicted_slope = predicted_slope(sweep, at, threshold);
    out->slope_ratio = out->root.factor / out->predicted_slope;
    out->step_effect = 0;
    at.twice = true;
    out->stepped = ntk_exit_sweep_cells(sweep, at)[threshold].runs > 0;
    if (!out->stepped) return NTK_OK;
    ntk_exit_law coarse;
    NTK_TRY(fit_place(sweep, at, threshold, &coarse));
    out->step_effect = coarse.free.exponent - out->free.exponent;
    return NTK_OK;
}

/* ---- tables -------------------------------------------------------------------------------------------- */

ntk_status ntk_exit_tables_create(ntk_context *context, ntk_exit_tables *out) {
    NTK_TRY(ntk_emit_table(context, "exits",
                           "$activation depth seed width threshold networks exits log-time log-time-low "
                           "log-time-high lazy-gain travel largest-drift law pure-law",
                           &out->exits));
    return ntk_emit_table(context, "laws",
                          "$activation depth seed threshold offset slope rms gamma step-effect time-offset "
                          "time-slope time-rms plain-gamma pure-factor pure-gamma pure-rms predicted-slope",
                          &out->laws);
}

static ntk_status add_exits(const ntk_exit_tables *tables, const ntk_exit_sweep *sweep, ntk_exit_place at,
                            size_t threshold, const ntk_exit_law *law) {
    for (at.width = 0; at.width < sweep->width_count; at.width++) {
        const ntk_exit_cell *cell = &ntk_exit_sweep_cells(sweep, at)[threshold];
        if (cell->runs == 0) continue;
        const double m = sweep->widths[at.width];
        const bool in_law = law && ntk_exit_sweep_in_law(sweep, at, threshold);
        const double row[] = {(double)sweep->depth,
                              (double)at.seed,
                              m,
                              sweep->thresholds[threshold],
                              (double)cell->runs,
                              (double)cell->exits,
                              cell->log_time,
                              cell->low,
                              cell->high,
                              cell->lazy_gain,
                              cell->travel,
                              cell->largest_drift,
                              in_law ? law_at(&law->time, m) : NAN,
                              in_law ? law_at(&law->pure, m) : NAN};
        NTK_TRY(ntk_table_row(tables->exits, &sweep->activations[at.activation], row));
    }
    return NTK_OK;
}

ntk_status ntk_exit_tables_add(const ntk_exit_tables *tables, const ntk_exit_sweep *sweep, ntk_exit_place at,
                               size_t threshold, const ntk_exit_law *law) {
    NTK_TRY(add_exits(tables, sweep, at, threshold, law));
    if (!law) return NTK_OK;
    const double row[] = {(double)sweep->depth,
                          (double)at.seed,
                          sweep->thresholds[threshold],
                          law->root.offset,
                          law->root.factor,
                          law->root.rms,
                          law->free.exponent,
                          law->stepped ? law->step_effect : NAN,
                          law->time.offset,
                          law->time.factor,
                          law->time.rms,
                          law->plain_gamma,
                          law->pure.factor,
                          law->pure.exponent,
                          law->pure.rms,
                          law->predicted_slope};
    return ntk_table_row(tables->laws, &sweep->activations[at.activation], row);
}

/* ---- over the seeds ------------------------------------------------------------------------------------ */

/* offset: of a member of ntk_exit_law that is a double. */
static ntk_status mean_of(const ntk_exit_sweep *sweep, const ntk_exit_law *laws, size_t offset,
                          ntk_estimate *out) {
    double *values;
    NTK_TRY(ntk_allocate_doubles(sweep->seeds, &values));
    for (size_t s = 0; s < sweep->seeds; s++)
        values[s] = *(const double *)(const void *)((const char *)&laws[s] + offset);
    const ntk_status status = ntk_stats_mean(sweep->seeds, values, ntk_context_level(sweep->context), out);
    ntk_release(values);
    return status;
}

/* 0 where no seed was run with twice the step. */
static double mean_step_effect(size_t seeds, const ntk_exit_law *laws) {
    double sum = 0, count = 0;
    for (size_t s = 0; s < seeds; s++) {
        sum += laws[s].step_effect;
        count += laws[s].stepped;
    }
    return count > 0 ? sum / count : 0;
}

static ntk_status summarise(const ntk_exit_sweep *sweep, const ntk_exit_law *laws, ntk_exit_summary *out) {
    *out = (ntk_exit_summary){0};
    NTK_TRY(mean_of(sweep, laws, offsetof(ntk_exit_law, free.exponent), &out->gamma));
    NTK_TRY(mean_of(sweep, laws, offsetof(ntk_exit_law, root.factor), &out->slope));
    NTK_TRY(mean_of(sweep, laws, offsetof(ntk_exit_law, pure.exponent), &out->pure_gamma));
    NTK_TRY(mean_of(sweep, laws, offsetof(ntk_exit_law, pure_bend), &out->pure_bend));
    const double effect = fabs(mean_step_effect(sweep->seeds, laws));
    out->gamma.low -= effect;
    out->gamma.high += effect;
    if (sweep->depth > 1) return NTK_OK;
    return mean_of(sweep, laws, offsetof(ntk_exit_law, slope_ratio), &out->slope_ratio);
}

ntk_status ntk_exit_law_summarise(const ntk_exit_sweep *sweep, size_t activation, size_t threshold,
                                  const ntk_exit_tables *tables, ntk_exit_summary *out) {
    ntk_exit_law *laws;
    NTK_TRY(ntk_allocate(sweep->seeds, sizeof *laws, (void **)&laws));
    ntk_status status = NTK_OK;
    for (size_t s = 0; s < sweep->seeds && status == NTK_OK; s++) {
        const ntk_exit_place at = {activation, s, 0, false};
        status = ntk_exit_law_fit(sweep, at, threshold, &laws[s]);
        if (status == NTK_OK) status = ntk_exit_tables_add(tables, sweep, at, threshold, &laws[s]);
    }
    if (status == NTK_OK) status = summarise(sweep, laws, out);
    ntk_release(laws);
    return status;
}

/* Mean log T over the seeds at each width. */
static void mean_times(const ntk_exit_sweep *sweep, size_t activation, size_t threshold, double *out) {
    for (size_t w = 0; w < sweep->width_count; w++) {
        out[w] = 0;
        for (size_t s = 0; s < sweep->seeds; s++) {
            const ntk_exit_place at = {activation, s, w, false};
            out[w] += ntk_exit_sweep_cells(sweep, at)[threshold].log_time / (double)sweep->seeds;
        }
    }
}

static double variance(size_t n, const double *values) {
    double mean = 0, sum = 0;
    for (size_t i = 0; i < n; i++) mean += values[i] / (double)n;
    for (size_t i = 0; i < n; i++) sum += (values[i] - mean) * (values[i] - mean) / (double)n;
    return sum;
}

ntk_status ntk_exit_law_explained(const ntk_exit_sweep *sweep, size_t activation, double *out) {
    const size_t n = sweep->width_count;
    double *log_time;
    NTK_TRY(ntk_allocate_doubles(n, &log_time));
    *out = 1;
    ntk_status status = NTK_OK;
    for (size_t q = 0; q < sweep->threshold_count && status == NTK_OK; q++) {
        ntk_power_fit fit;
        mean_times(sweep, activation, q, log_time);
        status = ntk_stats_power_fit(n, sweep->widths, log_time, true, 0.5, 0.5, &fit);
        if (status == NTK_OK)
            *out = ntk_smaller(*out, copysign(1 - fit.rms * fit.rms / variance(n, log_time), fit.factor));
    }
    ntk_release(log_time);
    return status;
}

ntk_exit_departure ntk_exit_departure_of(const ntk_exit_sweep *sweep, size_t activation) {
    const ntk_exit_cell *cells = ntk_exit_sweep_cells(sweep, (ntk_exit_place){activation, 0, 0, false});
    ntk_exit_departure out = {.latest = -INFINITY};
    for (size_t i = 0; i < 2 * sweep->seeds * sweep->width_count * sweep->threshold_count; i++) {
        out.runs += cells[i].runs;
        out.exits += cells[i].exits;
        out.largest_drift = ntk_larger(out.largest_drift, cells[i].largest_drift);
        if (cells[i].exits > 0) out.latest = ntk_larger(out.latest, cells[i].high);
    }
    return out;
}

/* ---- two clocks ---------------------------------------------------------------------------------------- */

typedef struct clocks {
    const ntk_exit_sweep *sweep;
    size_t activation;
    double tolerance, log_horizon;
    double *differences; /* (seeds) */
} clocks;

static ntk_status exits_by(const clocks *self, size_t seed, ntk_time time, ntk_exit *found) {
    const ntk_exit_sweep *sweep = self->sweep;
    ntk_training training;
    ntk_flow_options flow;
    NTK_TRY(
        ntk_exit_sweep_problem(sweep, (ntk_exit_place){self->activation, seed, 0, false}, &training, &flow));
    flow.time = time;
    flow.tolerance = flow.event_tolerance = self->tolerance;
    flow.log_horizon = self->log_horizon;
    double largest;
    ntk_flow_result result;
    const ntk_status status = ntk_exit_run(&training.model, training.targets, &flow, sweep->threshold_count,
                                           sweep->thresholds, training.theta, found, &largest, &result);
    ntk_training_release(&training);
    return status;
}

static ntk_status compare_clocks(size_t seed, void *argument) {
    const clocks *self = argument;
    ntk_exit physical[NTK_EXIT_SWEEP_THRESHOLDS], log_loss[NTK_EXIT_SWEEP_THRESHOLDS];
    NTK_TRY(exits_by(self, seed, NTK_TIME_PHYSICAL, physical));
    NTK_TRY(exits_by(self, seed, NTK_TIME_LOG_LOSS, log_loss));
    double largest = isfinite(physical[0].log_time) ? 0 : INFINITY;
    for (size_t q = 0; q < self->sweep->threshold_count; q++)
        if (isfinite(physical[q].log_time) || isfinite(log_loss[q].log_time))
            largest = ntk_larger(largest, fabs(physical[q].log_time - log_loss[q].log_time));
    self->differences[seed] = largest;
    return NTK_OK;
}

ntk_status ntk_exit_clock_difference(const ntk_exit_sweep *sweep, size_t activation, double tolerance,
                                     double log_horizon, double *out) {
    clocks both = {
        .sweep = sweep, .activation = activation, .tolerance = tolerance, .log_horizon = log_horizon};
    NTK_TRY(ntk_allocate_doubles(sweep->seeds, &both.differences));
    const ntk_status status = ntk_map(sweep->seeds, compare_clocks, &both);
    *out = 0;
    for (size_t s = 0; s < sweep->seeds && status == NTK_OK; s++)
        *out = ntk_larger(*out, both.differences[s]);
    ntk_release(both.differences);
    return status;
}
