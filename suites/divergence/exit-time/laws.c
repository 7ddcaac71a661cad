/* Laws of the exit time. */
#include "laws.h"

#include <math.h>
#include <string.h>

#include <ntk/exit.h>
#include <ntk/flow.h>
#include <ntk/lab/context.h>
#include <ntk/lab/grid.h>
#include <ntk/lab/problem.h>
#include <ntk/lab/table.h>
#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/stats.h>
#include <ntk/status.h>

#include "exits.h"

enum { ACTIVATION, THRESHOLD, SEED }; /* of laws */

/* ---- the laws of one seed -------------------------------------------------------------------- */

/* A seed at one threshold, at all widths. */
static ntk_place widths_of(ntk_place law, size_t step) {
    return (ntk_place){{law.at[ACTIVATION], step, law.at[THRESHOLD], law.at[SEED], NTK_ALL}};
}

/* Widths and times of one law, in the order of the widths. */
typedef struct series {
    size_t count;
    double *width, *log_time, *gain; /* (count) */
} series;

static ntk_status gather(const ntk_exit_sweep *sweep, ntk_place part, series *out) {
    const size_t widths = ntk_grid_count(&sweep->grid, part);
    *out = (series){0};
    NTK_TRY(ntk_allocate_doubles(3 * widths, &out->width));
    out->log_time = out->width + widths;
    out->gain = out->log_time + widths;
    for (size_t w = 0; w < widths; w++) {
        const ntk_place at = ntk_grid_place(&sweep->grid, part, w);
        if (!ntk_exit_sweep_in_law(sweep, at)) continue;
        out->width[out->count] = ntk_grid_number(&sweep->grid, at, NTK_EXIT_WIDTH);
        out->gain[out->count] = ntk_grid_row(&sweep->grid, at)[NTK_EXIT_LAZY_GAIN];
        out->log_time[out->count++] = ntk_grid_row(&sweep->grid, at)[NTK_EXIT_LOG_TIME];
    }
    if (out->count >= 3) return NTK_OK;
    ntk_release(out->width);
    return ntk_fail(NTK_ERROR_ARGUMENT, "a law needs 3 widths with an exit; there are %zu", out->count);
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

static ntk_status fit_series(const series *s, double *row) {
    ntk_power_fit root, free, time, plain, pure;
    NTK_TRY(ntk_stats_power_fit(s->count, s->width, s->gain, true, 0.5, 0.5, &root));
    NTK_TRY(ntk_stats_power_fit(s->count, s->width, s->gain, true, lowest_gamma, highest_gamma, &free));
    NTK_TRY(ntk_stats_power_fit(s->count, s->width, s->log_time, true, 0.5, 0.5, &time));
    NTK_TRY(ntk_stats_power_fit(s->count, s->width, s->log_time, true, lowest_gamma, highest_gamma, &plain));
    NTK_TRY(ntk_stats_power_fit(s->count, s->width, s->log_time, false, lowest_gamma, highest_gamma, &pure));
    row[NTK_LAW_OFFSET] = root.offset;
    row[NTK_LAW_SLOPE] = root.factor;
    row[NTK_LAW_RMS] = root.rms;
    row[NTK_LAW_GAMMA] = free.exponent;
    row[NTK_LAW_TIME_OFFSET] = time.offset;
    row[NTK_LAW_TIME_SLOPE] = time.factor;
    row[NTK_LAW_TIME_RMS] = time.rms;
    row[NTK_LAW_PLAIN_GAMMA] = plain.exponent;
    row[NTK_LAW_PURE_FACTOR] = pure.factor;
    row[NTK_LAW_PURE_GAMMA] = pure.exponent;
    row[NTK_LAW_PURE_RMS] = pure.rms;
    row[NTK_LAW_PURE_BEND] = bend(s, &pure);
    return NTK_OK;
}

static ntk_status fit_widths(const ntk_exit_sweep *sweep, ntk_place part, double *row) {
    series s;
    NTK_TRY(gather(sweep, part, &s));
    const ntk_status status = fit_series(&s, row);
    ntk_release(s.width);
    return status;
}

static double predicted_slope(const ntk_exit_sweep *sweep, ntk_place part) {
    double slope = NAN;
    for (size_t w = 0; w < ntk_grid_count(&sweep->grid, part); w++) {
        const ntk_place at = ntk_grid_place(&sweep->grid, part, w);
        const double log_time = ntk_grid_row(&sweep->grid, at)[NTK_EXIT_PREDICTED];
        if (isfinite(log_time)) slope = log_time / sqrt(ntk_grid_number(&sweep->grid, at, NTK_EXIT_WIDTH));
    }
    return slope;
}

static ntk_status fit_seed(const void *argument, ntk_slot *slot) {
    const ntk_exit_sweep *sweep = argument;
    const ntk_place once = widths_of(slot->at, NTK_EXIT_ONE_STEP),
                    twice = widths_of(slot->at, NTK_EXIT_TWICE_THE_STEP);
    double *row = slot->values, coarse[NTK_LAW_COLUMNS];
    NTK_TRY(fit_widths(sweep, once, row));
    row[NTK_LAW_PREDICTED_SLOPE] = predicted_slope(sweep, once);
    row[NTK_LAW_SLOPE_RATIO] = row[NTK_LAW_SLOPE] / row[NTK_LAW_PREDICTED_SLOPE];
    /* it was not run */
    if (ntk_grid_mean(&sweep->grid, twice, NTK_EXIT_NETWORKS) == 0) return NTK_OK;
    NTK_TRY(fit_widths(sweep, twice, coarse));
    row[NTK_LAW_STEP_EFFECT] = coarse[NTK_LAW_GAMMA] - row[NTK_LAW_GAMMA];
    return NTK_OK;
}

ntk_status ntk_exit_laws_fit(const ntk_exit_sweep *sweep, ntk_grid *laws) {
    const ntk_axis *axes = sweep->grid.axes;
    *laws = (ntk_grid){.axes = {axes[NTK_EXIT_ACTIVATION], axes[NTK_EXIT_THRESHOLD], axes[NTK_EXIT_SEED]},
                       .columns =
                           "offset slope rms gamma step-effect time-offset time-slope time-rms plain-gamma "
                           "pure-factor pure-gamma pure-rms predicted-slope slope-ratio pure-bend",
                       .level = sweep->grid.level};
    laws->axes[THRESHOLD].inside = false;
    return ntk_grid_run(laws, fit_seed, sweep);
}

/* ---- tables ---------------------------------------------------------------------------------- */

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

/* law: the row of laws that belongs to the place, or NULL. */
static ntk_status add_exit(ntk_table *table, const ntk_exit_sweep *sweep, ntk_place at, const double *law) {
    enum { COPIED = NTK_EXIT_DRIFT + 1, PLACE = 4 };
    const double *found = ntk_grid_row(&sweep->grid, at),
                 m = ntk_grid_number(&sweep->grid, at, NTK_EXIT_WIDTH);
    if (found[NTK_EXIT_NETWORKS] == 0) return NTK_OK;
    const bool in_law = law && ntk_exit_sweep_in_law(sweep, at);
    double row[PLACE + COPIED + 2] = {(double)sweep->depth, (double)at.at[NTK_EXIT_SEED], m,
                                      ntk_grid_number(&sweep->grid, at, NTK_EXIT_THRESHOLD)};
    memcpy(row + PLACE, found, COPIED * sizeof *row);
    row[PLACE + COPIED] = in_law ? law[NTK_LAW_TIME_OFFSET] + law[NTK_LAW_TIME_SLOPE] * pow(m, 0.5) : NAN;
    row[PLACE + COPIED + 1] = in_law ? law[NTK_LAW_PURE_FACTOR] * pow(m, law[NTK_LAW_PURE_GAMMA]) : NAN;
    return ntk_table_row(table, &sweep->grid.axes[ACTIVATION].labels[at.at[ACTIVATION]], row);
}

static ntk_status add_law(ntk_table *table, const ntk_exit_sweep *sweep, ntk_place law, const double *found) {
    enum { COPIED = NTK_LAW_PREDICTED_SLOPE + 1, PLACE = 3 };
    double row[PLACE + COPIED] = {(double)sweep->depth, (double)law.at[SEED],
                                  sweep->grid.axes[NTK_EXIT_THRESHOLD].numbers[law.at[THRESHOLD]]};
    memcpy(row + PLACE, found, COPIED * sizeof *row);
    return ntk_table_row(table, &sweep->grid.axes[ACTIVATION].labels[law.at[ACTIVATION]], row);
}

ntk_status ntk_exit_tables_add(const ntk_exit_tables *tables, const ntk_exit_sweep *sweep,
                               const ntk_grid *laws, size_t activation) {
    const ntk_place part = {{activation, NTK_EXIT_ONE_STEP, NTK_ALL, NTK_ALL, NTK_ALL}};
    for (size_t k = 0; k < ntk_grid_count(&sweep->grid, part); k++) {
        const ntk_place at = ntk_grid_place(&sweep->grid, part, k);
        const ntk_place law = {{activation, at.at[NTK_EXIT_THRESHOLD], at.at[NTK_EXIT_SEED]}};
        const double *found = laws ? ntk_grid_row(laws, law) : NULL;
        NTK_TRY(add_exit(tables->exits, sweep, at, found));
        if (found && at.at[NTK_EXIT_WIDTH] == 0) NTK_TRY(add_law(tables->laws, sweep, law, found));
    }
    return NTK_OK;
}

/* ---- over the seeds -------------------------------------------------------------------------- */

/* 0 where no seed was run with twice the step. */
static double mean_step_effect(const ntk_grid *laws, ntk_place part) {
    double sum = 0, count = 0;
    for (size_t s = 0; s < ntk_grid_count(laws, part); s++) {
        const double effect = ntk_grid_row(laws, ntk_grid_place(laws, part, s))[NTK_LAW_STEP_EFFECT];
        if (isnan(effect)) continue;
        sum += effect;
        count++;
    }
    return count > 0 ? sum / count : 0;
}

ntk_status ntk_exit_laws_gamma(const ntk_grid *laws, size_t activation, size_t threshold, ntk_estimate *out) {
    const ntk_place part = {{activation, threshold, NTK_ALL}};
    NTK_TRY(ntk_grid_interval(laws, part, NTK_LAW_GAMMA, out));
    const double effect = fabs(mean_step_effect(laws, part));
    out->low -= effect;
    out->high += effect;
    return NTK_OK;
}

ntk_exit_departure ntk_exit_departure_of(const ntk_exit_sweep *sweep, size_t activation) {
    const ntk_place part = ntk_grid_case(activation);
    ntk_exit_departure out = {.latest = -INFINITY,
                              .largest_drift = ntk_grid_largest(&sweep->grid, part, NTK_EXIT_DRIFT).value};
    for (size_t k = 0; k < ntk_grid_count(&sweep->grid, part); k++) {
        const double *row = ntk_grid_row(&sweep->grid, ntk_grid_place(&sweep->grid, part, k));
        out.networks += (size_t)row[NTK_EXIT_NETWORKS];
        out.exits += (size_t)row[NTK_EXIT_COUNT];
        if (row[NTK_EXIT_COUNT] > 0) out.latest = ntk_larger(out.latest, row[NTK_EXIT_LOG_TIME_HIGH]);
    }
    return out;
}

/* ---- two clocks ------------------------------------------------------------------------------ */

typedef struct clocks {
    const ntk_exit_sweep *sweep;
    size_t activation;
    double tolerance, log_horizon, log_pace;
} clocks;

static ntk_status exits_by(const clocks *self, size_t seed, ntk_time time, ntk_exit *found) {
    const ntk_exit_sweep *sweep = self->sweep;
    const ntk_axis *thresholds = &sweep->grid.axes[NTK_EXIT_THRESHOLD];
    const ntk_place at = {{self->activation, NTK_EXIT_ONE_STEP, 0, seed, 0}};
    ntk_training training;
    ntk_flow_options flow;
    NTK_TRY(ntk_exit_sweep_problem(sweep, at, &training, &flow));
    flow.time = time;
    flow.tolerance = flow.event_tolerance = self->tolerance;
    flow.log_horizon = self->log_horizon;
    double largest;
    ntk_flow_result result;
    const ntk_status status = ntk_exit_run(&training.model, training.targets, &flow, thresholds->count,
                                           thresholds->numbers, training.theta, found, &largest, &result);
    ntk_training_release(&training);
    return status;
}

static ntk_status compare_clocks(const void *argument, ntk_slot *slot) {
    const clocks *self = argument;
    ntk_exit physical[NTK_EXIT_SWEEP_THRESHOLDS], log_loss[NTK_EXIT_SWEEP_THRESHOLDS];
    NTK_TRY(exits_by(self, slot->at.at[0], NTK_TIME_PHYSICAL, physical));
    NTK_TRY(exits_by(self, slot->at.at[0], NTK_TIME_LOG_LOSS, log_loss));
    double largest = isfinite(physical[0].log_time) ? 0 : INFINITY;
    for (size_t q = 0; q < self->sweep->grid.axes[NTK_EXIT_THRESHOLD].count; q++)
        if (isfinite(physical[q].log_time) || isfinite(log_loss[q].log_time))
            largest = ntk_larger(largest, fabs(physical[q].log_time + self->log_pace - log_loss[q].log_time));
    slot->values[0] = largest;
    return NTK_OK;
}

ntk_status ntk_exit_clock_difference(const ntk_exit_sweep *sweep, size_t activation, double tolerance,
                                     double log_horizon, double pace, double *out) {
    const clocks both = {sweep, activation, tolerance, log_horizon, log(pace)};
    ntk_grid seeds = {.axes = {sweep->grid.axes[NTK_EXIT_SEED]}, .columns = "difference"};
    const ntk_status status = ntk_grid_run(&seeds, compare_clocks, &both);
    if (status == NTK_OK) *out = ntk_grid_largest(&seeds, ntk_grid_whole(), 0).value;
    ntk_grid_release(&seeds);
    return status;
}
