/* What becomes of the columns of a sweep: extremes, exponents, growth, and the metrics that they
 * are emitted as. */
#include <math.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>

#include "study/sweep.h"

double ntk_sweep_value(const ntk_sweep *sweep, size_t activation, size_t width, size_t seed, size_t column) {
    return sweep->values[sweep_run_index(sweep, activation, width, seed) * sweep->columns + column];
}

double ntk_sweep_mean(const ntk_sweep *sweep, size_t activation, size_t width, size_t column) {
    double sum = 0;
    for (size_t s = 0; s < sweep->seed_count; s++)
        sum += ntk_sweep_value(sweep, activation, width, s, column);
    return sum / (double)sweep->seed_count;
}

/* Where sign * value is largest over one activation; a NaN counts as larger than all. */
static size_t extreme_run(const ntk_sweep *sweep, size_t activation, size_t column, double sign) {
    const size_t runs = sweep->width_count * sweep->seed_count;
    const double *values = sweep->values + activation * runs * sweep->columns + column;
    size_t worst = 0;
    for (size_t run = 1; run < runs && !isnan(values[worst * sweep->columns]); run++)
        if (!(sign * values[run * sweep->columns] <= sign * values[worst * sweep->columns])) worst = run;
    return worst;
}

static double extreme(const ntk_sweep *sweep, size_t activation, size_t column, double sign) {
    const size_t run = extreme_run(sweep, activation, column, sign);
    return ntk_sweep_value(sweep, activation, run / sweep->seed_count, run % sweep->seed_count, column);
}

double ntk_sweep_largest(const ntk_sweep *sweep, size_t activation, size_t column) {
    return extreme(sweep, activation, column, 1);
}

double ntk_sweep_smallest(const ntk_sweep *sweep, size_t activation, size_t column) {
    return extreme(sweep, activation, column, -1);
}

ntk_status ntk_sweep_worst_width(const ntk_context *context, const ntk_sweep *sweep, size_t activation,
                                 size_t column, ntk_estimate *out) {
    double *smallest;
    NTK_TRY(ntk_allocate_doubles(sweep->seed_count, &smallest));
    for (size_t s = 0; s < sweep->seed_count; s++) {
        smallest[s] = ntk_sweep_value(sweep, activation, 0, s, column);
        for (size_t w = 1; w < sweep->width_count; w++)
            smallest[s] = ntk_smaller(smallest[s], ntk_sweep_value(sweep, activation, w, s, column));
    }
    const ntk_status status = ntk_stats_mean(sweep->seed_count, smallest, ntk_context_level(context), out);
    ntk_release(smallest);
    return status;
}

ntk_status ntk_sweep_rate(const ntk_context *context, const ntk_sweep *sweep, size_t activation,
                          size_t column, ntk_estimate *out) {
    double *values; /* (seeds, widths) */
    NTK_TRY(ntk_allocate_doubles(sweep->seed_count * sweep->width_count, &values));
    for (size_t s = 0; s < sweep->seed_count; s++)
        for (size_t w = 0; w < sweep->width_count; w++)
            values[s * sweep->width_count + w] = ntk_sweep_value(sweep, activation, w, s, column);
    const ntk_status status = ntk_stats_rate(sweep->width_count, ntk_sweep_widths(sweep, activation),
                                             sweep->seed_count, values, ntk_context_level(context), out);
    ntk_release(values);
    return status;
}

double ntk_sweep_exited(const ntk_sweep *sweep, size_t activation, size_t column) {
    size_t exited = 0;
    for (size_t w = 0; w < sweep->width_count; w++)
        for (size_t s = 0; s < sweep->seed_count; s++)
            if (isfinite(ntk_sweep_value(sweep, activation, w, s, column))) exited++;
    return (double)exited / (double)(sweep->width_count * sweep->seed_count);
}

ntk_status ntk_sweep_exit_slope(const ntk_context *context, const ntk_sweep *sweep, size_t activation,
                                size_t column, ntk_estimate *out) {
    const size_t widths = sweep->width_count;
    double *memory, intercept;
    NTK_TRY(ntk_allocate_doubles(2 * widths + sweep->seed_count, &memory));
    double *root = memory, *log_time = memory + widths, *slopes = memory + 2 * widths;
    ntk_status status = NTK_OK;
    for (size_t s = 0; s < sweep->seed_count && status == NTK_OK; s++) {
        for (size_t w = 0; w < widths; w++) {
            root[w] = sqrt(ntk_sweep_widths(sweep, activation)[w]);
            log_time[w] = ntk_sweep_value(sweep, activation, w, s, column);
        }
        status = ntk_stats_slope(widths, root, log_time, &slopes[s], &intercept);
    }
    if (status == NTK_OK) status = ntk_stats_mean(sweep->seed_count, slopes, ntk_context_level(context), out);
    ntk_release(memory);
    return status;
}

ntk_status ntk_sweep_fit_growth(const ntk_trajectory *trajectory, const double *values, double start,
                                double *exponent, double *slope) {
    double log_t[NTK_SWEEP_TIMES], log_log_t[NTK_SWEEP_TIMES], value[NTK_SWEEP_TIMES],
        log_value[NTK_SWEEP_TIMES], intercept;
    size_t n = 0;
    for (size_t i = 0; i < trajectory->count && n < NTK_SWEEP_TIMES; i++) {
        const ntk_trajectory_point *point = &trajectory->points[i];
        if (point->log_time < start) continue;
        log_t[n] = point->log_time;
        log_log_t[n] = log(point->log_time);
        value[n] = values ? values[i] : point->displacement;
        log_value[n] = log(value[n]);
        n++;
    }
    NTK_TRY(ntk_stats_slope(n, log_log_t, log_value, exponent, &intercept));
    return ntk_stats_slope(n, log_t, value, slope, &intercept);
}

ntk_status ntk_sweep_follow_linear(const ntk_sweep_run *run, ntk_training_kernel kernel,
                                   ntk_trajectory *out) {
    *out = (ntk_trajectory){0};
    ntk_model model, everywhere;
    NTK_TRY(ntk_training_kernel_model(run->training, kernel, &model, &everywhere));
    ntk_flow_options flow = *run->flow;
    flow.kinked = false; /* linear in its coordinates, whatever the activation */
    double *coordinates;
    ntk_status status = ntk_allocate_doubles(model.dimension, &coordinates);
    if (status == NTK_OK)
        status = ntk_trajectory_follow(&model, run->training->targets, &flow, &everywhere, coordinates, out);
    ntk_release(coordinates);
    ntk_model_release(&model);
    ntk_model_release(&everywhere);
    return status;
}

/* ---- emitting ------------------------------------------------------------------------------------------ */

ntk_status ntk_sweep_emit_scalar(ntk_context *context, const ntk_sweep *sweep, const char *prefix,
                                 size_t activation, double value) {
    return ntk_emit_scalar_as(context, value, "%s-%s", prefix, sweep->networks[activation].text);
}

/* The value of a column where it is extreme over one activation, with its place, as
 * "<prefix>-<label>". */
static ntk_status emit_extreme(ntk_context *context, const ntk_sweep *sweep, const char *prefix,
                               const char *label, size_t activation, size_t column, double sign) {
    const size_t run = extreme_run(sweep, activation, column, sign);
    const double width = ntk_sweep_widths(sweep, activation)[run / sweep->seed_count];
    NTK_TRY(ntk_emit_scalar_as(context, extreme(sweep, activation, column, sign), "%s-%s", prefix, label));
    NTK_TRY(ntk_emit_scalar_as(context, width, "%s-%s-at-width", prefix, label));
    return ntk_emit_scalar_as(context, (double)(run % sweep->seed_count), "%s-%s-at-seed", prefix, label);
}

ntk_status ntk_sweep_emit_largest(ntk_context *context, const ntk_sweep *sweep, const char *prefix,
                                  size_t activation, size_t column) {
    return emit_extreme(context, sweep, prefix, sweep->networks[activation].text, activation, column, 1);
}

ntk_status ntk_sweep_emit_smallest(ntk_context *context, const ntk_sweep *sweep, const char *prefix,
                                   size_t activation, size_t column) {
    return emit_extreme(context, sweep, prefix, sweep->networks[activation].text, activation, column, -1);
}

ntk_status ntk_sweep_emit_estimate(ntk_context *context, const ntk_sweep *sweep, const char *prefix,
                                   size_t activation, const ntk_estimate *estimate) {
    return ntk_emit_estimate_as(context, estimate, "%s-%s", prefix, sweep->networks[activation].text);
}

ntk_status ntk_sweep_emit_rate(ntk_context *context, const ntk_sweep *sweep, const char *prefix,
                               size_t activation, size_t column) {
    ntk_estimate rate;
    NTK_TRY(ntk_sweep_rate(context, sweep, activation, column, &rate));
    return ntk_sweep_emit_estimate(context, sweep, prefix, activation, &rate);
}

ntk_status ntk_sweep_emit_worst_width(ntk_context *context, const ntk_sweep *sweep, const char *prefix,
                                      size_t activation, size_t column) {
    ntk_estimate worst;
    NTK_TRY(ntk_sweep_worst_width(context, sweep, activation, column, &worst));
    return ntk_sweep_emit_estimate(context, sweep, prefix, activation, &worst);
}

/* Where `value` of an activation is largest among those of a kind, network_count where there is
 * none; a NaN counts as larger than all. */
static size_t largest_of_kind(const ntk_sweep *sweep, bool smooth, const double *value) {
    size_t worst = sweep->network_count;
    for (size_t a = 0; a < sweep->network_count; a++) {
        if (ntk_sweep_is_smooth(sweep, a) != smooth) continue;
        if (worst == sweep->network_count || (!isnan(value[worst]) && !(value[a] <= value[worst]))) worst = a;
    }
    return worst;
}

static const char *kind_text(bool smooth) { return smooth ? "smooth" : "kinked"; }

ntk_status ntk_sweep_emit_largest_by_kind(ntk_context *context, const ntk_sweep *sweep, const char *prefix,
                                          size_t column) {
    double *largest;
    NTK_TRY(ntk_allocate_doubles(sweep->network_count, &largest));
    for (size_t a = 0; a < sweep->network_count; a++) largest[a] = ntk_sweep_largest(sweep, a, column);
    ntk_status status = NTK_OK;
    for (int smooth = 1; smooth >= 0 && status == NTK_OK; smooth--) {
        const size_t worst = largest_of_kind(sweep, smooth, largest);
        if (worst < sweep->network_count)
            status = emit_extreme(context, sweep, prefix, kind_text(smooth), worst, column, 1);
    }
    ntk_release(largest);
    return status;
}

static ntk_status emit_rates(ntk_context *context, const ntk_sweep *sweep, const char *prefix, size_t column,
                             ntk_estimate *rates, double *highest) {
    for (size_t a = 0; a < sweep->network_count; a++) {
        NTK_TRY(ntk_sweep_rate(context, sweep, a, column, &rates[a]));
        NTK_TRY(ntk_sweep_emit_estimate(context, sweep, prefix, a, &rates[a]));
        highest[a] = rates[a].high;
    }
    for (int smooth = 1; smooth >= 0; smooth--) {
        const size_t worst = largest_of_kind(sweep, smooth, highest);
        if (worst < sweep->network_count)
            NTK_TRY(ntk_emit_estimate_as(context, &rates[worst], "%s-%s", prefix, kind_text(smooth)));
    }
    return NTK_OK;
}

ntk_status ntk_sweep_emit_rates(ntk_context *context, const ntk_sweep *sweep, const char *prefix,
                                size_t column) {
    ntk_estimate *rates = NULL;
    double *highest = NULL;
    ntk_status status = ntk_allocate(sweep->network_count, sizeof *rates, (void **)&rates);
    if (status == NTK_OK) status = ntk_allocate_doubles(sweep->network_count, &highest);
    if (status == NTK_OK) status = emit_rates(context, sweep, prefix, column, rates, highest);
    ntk_release(rates);
    ntk_release(highest);
    return status;
}
