/* The paths of a sweep as a table: what its figures draw against time. */
#include <ntk/linalg.h>

#include "study/sweep.h"

typedef struct summary {
    double sum, low, high;
    size_t count;
} summary;

static void summary_add(summary *self, double value) {
    self->low = self->count == 0 ? value : ntk_smaller(self->low, value);
    self->high = self->count == 0 ? value : ntk_larger(self->high, value);
    self->sum += value;
    self->count++;
}

static ntk_status emit_time(ntk_table *table, const ntk_sweep *sweep, size_t activation, size_t width,
                            size_t time) {
    summary displacement = {0}, log_loss = {0}, spread = {0}, drift = {0}, curve = {0};
    for (size_t s = 0; s < sweep->seed_count; s++) {
        const size_t run = sweep_run_index(sweep, activation, width, s);
        const ntk_trajectory_point *point = &sweep->trajectories[run].points[time];
        summary_add(&curve, sweep->curves[run * sweep->time_count + time]);
        summary_add(&displacement, point->displacement);
        summary_add(&log_loss, point->log_loss);
        summary_add(&spread, point->largest_spread);
        summary_add(&drift, point->kernel_drift);
    }
    const double n = (double)sweep->seed_count;
    const size_t series = activation * sweep->width_count + width;
    const double row[] = {ntk_sweep_widths(sweep, activation)[width],
                          sweep->log_times[series * sweep->time_count + time],
                          displacement.sum / n,
                          displacement.low,
                          displacement.high,
                          log_loss.sum / n,
                          log_loss.low,
                          log_loss.high,
                          spread.sum / n,
                          spread.low,
                          spread.high,
                          drift.sum / n,
                          drift.low,
                          drift.high,
                          curve.sum / n,
                          curve.low,
                          curve.high};
    const char *label = sweep->networks[activation].text;
    return ntk_table_row(table, &label, row);
}

ntk_status sweep_emit_trajectories(ntk_context *context, const ntk_sweep *sweep) {
    ntk_table *table;
    NTK_TRY(
        ntk_emit_table(context, "trajectories",
                       "$activation width log-time displacement displacement-low displacement-high log-loss "
                       "log-loss-low log-loss-high spread spread-low spread-high drift drift-low drift-high "
                       "curve curve-low curve-high",
                       &table));
    for (size_t a = 0; a < sweep->network_count; a++)
        for (size_t w = 0; w < sweep->width_count; w++)
            for (size_t t = 0; t < sweep->time_count; t++) NTK_TRY(emit_time(table, sweep, a, w, t));
    return NTK_OK;
}
