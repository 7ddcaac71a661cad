/* Sweeps: activations x widths x seeds, one flow each. */
#include <ntk/sweep.h>

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/parallel.h>

#include "suite/table.h"

static const double first_log_time = -4;

/* ---- running ------------------------------------------------------------------------------------------- */

typedef struct sweep_task {
    ntk_context *context;
    ntk_sweep *sweep;
    ntk_sweep_measure measure;
} sweep_task;

static size_t run_count(const ntk_sweep *sweep) {
    return sweep->activation_count * sweep->width_count * sweep->seed_count;
}

static bool is_choice(const ntk_context *context, const char *name, const char *value) {
    return strcmp(ntk_context_choice(context, name), value) == 0;
}

static bool has_setting(const char *network, const char *setting) {
    const char *last = strrchr(network, '-');
    return last && strcmp(last + 1, setting) == 0;
}

/* "relu", "relu-2", "relu-k3", "residual-2-k10-soft" (sweep.h). */
static ntk_status describe_network(const char *name, ntk_training_options *out) {
    ntk_architecture *architecture = &out->architecture;
    char family[32];
    snprintf(family, sizeof family, "%.*s", (int)strcspn(name, "-"), name);
    for (const char *part = strchr(name, '-'); part; part = strchr(part + 1, '-')) {
        if (part[1] == 'k') out->classes = strtoul(part + 2, NULL, 10);
        if (isdigit((unsigned char)part[1])) architecture->depth = strtoul(part + 1, NULL, 10);
    }
    if (has_setting(name, "l2")) out->epsilon = 0;
    if (strcmp(family, "residual") != 0) return ntk_activation_parse(family, &architecture->activation);
    architecture->family = NTK_RESIDUAL;
    architecture->activation = NTK_RELU;
    return NTK_OK;
}

/* The names are choices of the parameter's table: each is known. */
static ntk_architecture architecture_of(const ntk_sweep *sweep, size_t activation) {
    ntk_training_options network = {.architecture.depth = sweep->depth};
    (void)describe_network(sweep->activations[activation], &network);
    return network.architecture;
}

const double *ntk_sweep_widths(const ntk_sweep *sweep, size_t activation) {
    return architecture_of(sweep, activation).depth > 1 ? sweep->deep_widths : sweep->widths;
}

bool ntk_sweep_is_smooth(const ntk_sweep *sweep, size_t activation) {
    return ntk_activation_is_smooth(architecture_of(sweep, activation).activation);
}

/* Where a unit stands among activations, widths and seeds. */
typedef struct place {
    const char *activation;
    double width;
    size_t series; /* position of activation and width together */
    size_t seed;
} place;

static place place_of(const ntk_sweep *sweep, size_t unit) {
    const size_t series = unit / sweep->seed_count, activation = series / sweep->width_count;
    return (place){sweep->activations[activation],
                   ntk_sweep_widths(sweep, activation)[series % sweep->width_count], series,
                   unit % sweep->seed_count};
}

static ntk_status describe_problem(const ntk_context *context, const ntk_sweep *sweep, const place *at,
                                   ntk_training_options *out) {
    *out = (ntk_training_options){.architecture = ntk_architecture_default(),
                                  .width = (size_t)at->width,
                                  .points = (size_t)ntk_context_integer(context, "points"),
                                  .inputs = (size_t)ntk_context_integer(context, "inputs"),
                                  .classes = (size_t)ntk_context_integer(context, "classes"),
                                  .test_points = (size_t)ntk_context_integer(context, "test-points"),
                                  .max_cosine = ntk_context_real(context, "max-cosine"),
                                  .epsilon = ntk_context_real(context, "epsilon"),
                                  .coordinates = ntk_context_flag(context, "coordinates")};
    out->architecture.depth = sweep->depth;
    out->architecture.input_scale = NTK_INPUT_SCALE_NONE; /* unit-sphere data */
    if (is_choice(context, "scaling", "mean-field"))
        out->architecture.parametrisation = NTK_PARAMETRISATION_MEAN_FIELD;
    if (sweep->digits.count > 0) {
        out->digits = &sweep->digits;
        out->digit_classes = sweep->classes;
        out->inputs = sweep->digits.rows * sweep->digits.columns;
    }
    NTK_TRY(describe_network(at->activation, out));
    const ntk_loss cross_entropy = out->classes == 2 ? NTK_LOSS_LOGISTIC : NTK_LOSS_SOFTMAX;
    out->loss = is_choice(context, "loss", "squared") ? NTK_LOSS_SQUARED : cross_entropy;
    if (sweep->digits.count > 0 && out->classes != sweep->class_count)
        return ntk_fail(NTK_ERROR_ARGUMENT, "sweep: %zu digits for the %zu classes of %s", sweep->class_count,
                        out->classes, at->activation);
    return NTK_OK;
}

static ntk_flow_options describe_flow(const ntk_context *context, const ntk_sweep *sweep, const place *at,
                                      const ntk_training_options *problem) {
    const size_t time_count = sweep->time_count;
    const double *log_times = &sweep->log_times[at->series * time_count];
    ntk_flow_options flow = ntk_flow_options_default();
    const bool smooth = ntk_activation_is_smooth(problem->architecture.activation);
    flow.loss = problem->loss;
    flow.lambda = has_setting(at->activation, "soft") ? 0 : ntk_context_real(context, "lambda");
    flow.centre = is_choice(context, "centre", "zero") ? NTK_CENTRE_ZERO : NTK_CENTRE_INITIALISATION;
    if (problem->architecture.parametrisation == NTK_PARAMETRISATION_MEAN_FIELD) {
        flow.time_factor = (double)problem->width;
        flow.lambda /= (double)problem->width;
    }
    const bool bounded = flow.lambda > 0 || problem->epsilon > 0 || problem->loss == NTK_LOSS_SQUARED;
    flow.time = bounded ? NTK_TIME_PHYSICAL : NTK_TIME_LOG_LOSS;
    flow.kinked = !smooth;
    flow.tolerance = ntk_context_real(context, "tolerance");
    flow.step = ntk_context_real(context, "step");
    flow.log_horizon = log_times[time_count - 1];
    if (smooth && bounded) flow.gradient_tolerance = ntk_context_real(context, "gradient-tolerance");
    flow.observation_log_times = log_times;
    flow.observation_count = time_count;
    flow.observe_kernel = ntk_context_flag(context, "observe-kernel");
    flow.observe_lambda_min = ntk_context_flag(context, "observe-lambda-min");
    return flow;
}

static ntk_status run_flow(const sweep_task *task, size_t unit) {
    ntk_sweep *sweep = task->sweep;
    const place at = place_of(sweep, unit);
    ntk_training_options problem;
    NTK_TRY(describe_problem(task->context, sweep, &at, &problem));
    const ntk_flow_options flow = describe_flow(task->context, sweep, &at, &problem);
    const ntk_stream stream = ntk_context_stream(task->context, at.seed);
    ntk_training training;
    NTK_TRY(ntk_training_create(&problem, &stream, &training));
    ntk_trajectory *trajectory = &sweep->trajectories[unit];
    ntk_status status = ntk_trajectory_follow(&training.model, training.targets, &flow,
                                              problem.test_points > 0 ? &training.everywhere : NULL,
                                              training.theta, trajectory);
    if (status == NTK_OK) {
        const ntk_sweep_run run = {.activation = problem.architecture.activation,
                                   .width = problem.width,
                                   .seed = at.seed,
                                   .lambda = flow.lambda,
                                   .epsilon = problem.epsilon,
                                   .flow = &flow,
                                   .training = &training,
                                   .trajectory = trajectory,
                                   .curve = &sweep->curves[unit * sweep->time_count]};
        status = task->measure(&run, &sweep->values[unit * sweep->columns], task->context);
    }
    ntk_training_release(&training);
    return status;
}

static ntk_status run_unit(size_t unit, void *argument) {
    const sweep_task *task = argument;
    const ntk_status status = run_flow(task, unit);
    if (status == NTK_OK) return NTK_OK;
    const place at = place_of(task->sweep, unit);
    char reason[512];
    snprintf(reason, sizeof reason, "%s", ntk_error_detail());
    return ntk_fail(status, "%s, width %g, seed %zu: %s", at.activation, at.width, at.seed, reason);
}

static void sweep_release(ntk_sweep *sweep) {
    if (sweep->trajectories)
        for (size_t i = 0; i < run_count(sweep); i++) ntk_trajectory_release(&sweep->trajectories[i]);
    ntk_release(sweep->trajectories);
    ntk_release(sweep->values);
    ntk_release(sweep->curves);
    ntk_release(sweep->log_times);
    ntk_digits_release(&sweep->digits);
    *sweep = (ntk_sweep){0};
}

/* count equal steps from low, which is not among the times, to high, which is to the bit. */
static void divide(double low, double high, size_t count, double *times) {
    for (size_t i = 1; i <= count; i++)
        times[i - 1] = i == count ? high : low + (high - low) * (double)i / (double)count;
}

static void choose_times(const ntk_context *context, bool smooth, double width, size_t count, double *times) {
    const double kinked = smooth ? INFINITY : ntk_context_real(context, "kinked-log-horizon");
    const double fixed = fmin(ntk_context_real(context, "log-horizon"), kinked);
    const double growth = ntk_context_real(context, "horizon-growth") * sqrt(width);
    const size_t until_fixed = growth > 0 ? (count + 1) / 2 : count;
    times[0] = first_log_time;
    divide(first_log_time, fixed, until_fixed - 1, times + 1);
    divide(fixed, fixed + growth, count - until_fixed, times + until_fixed);
}

static ntk_status read_digits(const ntk_context *context, ntk_sweep *sweep) {
    if (!is_choice(context, "data", "digits")) return NTK_OK;
    NTK_TRY(ntk_context_digit_classes(context, sweep->classes, &sweep->class_count));
    return ntk_context_digits(context, &sweep->digits);
}

static ntk_status read_widths(const ntk_context *context, ntk_sweep *sweep) {
    size_t count;
    sweep->widths = ntk_context_reals(context, "widths", &sweep->width_count);
    sweep->deep_widths = ntk_context_reals(context, "deep-widths", &count);
    if (count == 1 && sweep->deep_widths[0] == 0) {
        sweep->deep_widths = sweep->widths;
        return NTK_OK;
    }
    if (count != sweep->width_count)
        return ntk_fail(NTK_ERROR_ARGUMENT, "sweep: %zu deep-widths beside %zu widths", count,
                        sweep->width_count);
    for (size_t w = 0; w < count; w++)
        if (!(sweep->deep_widths[w] >= 2))
            return ntk_fail(NTK_ERROR_ARGUMENT, "sweep: a deep width is %g", sweep->deep_widths[w]);
    return NTK_OK;
}

static ntk_status create(ntk_context *context, size_t columns, ntk_sweep_measure measure, ntk_sweep *out) {
    *out = (ntk_sweep){.columns = columns,
                       .seed_count = (size_t)ntk_context_integer(context, "seeds"),
                       .time_count = (size_t)ntk_context_integer(context, "observations"),
                       .depth = (size_t)ntk_context_integer(context, "depth")};
    out->activations = ntk_context_choices(context, "activations", &out->activation_count);
    sweep_task task = {context, out, measure};
    const size_t times = out->time_count;
    ntk_status status;
    NTK_TRY_OR(failed, status, read_widths(context, out));
    NTK_TRY_OR(failed, status, read_digits(context, out));
    const size_t series = out->activation_count * out->width_count;
    NTK_TRY_OR(failed, status, ntk_allocate_doubles(series * times, &out->log_times));
    NTK_TRY_OR(failed, status, ntk_allocate_doubles(run_count(out) * columns, &out->values));
    NTK_TRY_OR(failed, status, ntk_allocate_doubles(run_count(out) * times, &out->curves));
    for (size_t i = 0; i < run_count(out) * times; i++) out->curves[i] = NAN;
    NTK_TRY_OR(failed, status,
               ntk_allocate(run_count(out), sizeof *out->trajectories, (void **)&out->trajectories));
    for (size_t i = 0; i < series; i++)
        choose_times(context, ntk_sweep_is_smooth(out, i / out->width_count),
                     place_of(out, i * out->seed_count).width, times, &out->log_times[i * times]);
    NTK_TRY_OR(failed, status, ntk_map(run_count(out), run_unit, &task));
    return NTK_OK;
failed:
    sweep_release(out);
    return status;
}

/* ---- reducing ------------------------------------------------------------------------------------------ */

static size_t run_index(const ntk_sweep *sweep, size_t activation, size_t width, size_t seed) {
    return (activation * sweep->width_count + width) * sweep->seed_count + seed;
}

double ntk_sweep_value(const ntk_sweep *sweep, size_t activation, size_t width, size_t seed, size_t column) {
    return sweep->values[run_index(sweep, activation, width, seed) * sweep->columns + column];
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
        const size_t run = run_index(sweep, activation, width, s);
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
    return ntk_table_row(table, &sweep->activations[activation], row);
}

static ntk_status emit_trajectories(ntk_context *context, const ntk_sweep *sweep) {
    ntk_table *table;
    NTK_TRY(
        ntk_emit_table(context, "trajectories",
                       "$activation width log-time displacement displacement-low displacement-high log-loss "
                       "log-loss-low log-loss-high spread spread-low spread-high drift drift-low drift-high "
                       "curve curve-low curve-high",
                       &table));
    for (size_t a = 0; a < sweep->activation_count; a++)
        for (size_t w = 0; w < sweep->width_count; w++)
            for (size_t t = 0; t < sweep->time_count; t++) NTK_TRY(emit_time(table, sweep, a, w, t));
    return NTK_OK;
}

static ntk_table_place table_place(const void *sweep, size_t run) {
    const place at = place_of(sweep, run);
    return (ntk_table_place){at.activation, at.width, (double)at.seed};
}

ntk_status ntk_sweep_emit_scalar(ntk_context *context, const ntk_sweep *sweep, const char *prefix,
                                 size_t activation, double value) {
    return ntk_emit_scalar_as(context, value, "%s-%s", prefix, sweep->activations[activation]);
}

/* The value of a column where it is extreme over one activation, with its place, as "<prefix>-<label>". */
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
    return emit_extreme(context, sweep, prefix, sweep->activations[activation], activation, column, 1);
}

ntk_status ntk_sweep_emit_smallest(ntk_context *context, const ntk_sweep *sweep, const char *prefix,
                                   size_t activation, size_t column) {
    return emit_extreme(context, sweep, prefix, sweep->activations[activation], activation, column, -1);
}

ntk_status ntk_sweep_emit_estimate(ntk_context *context, const ntk_sweep *sweep, const char *prefix,
                                   size_t activation, const ntk_estimate *estimate) {
    return ntk_emit_estimate_as(context, estimate, "%s-%s", prefix, sweep->activations[activation]);
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

/* Where `value` of an activation is largest among those of a kind, activation_count where there is none; a
 * NaN counts as larger than all. */
static size_t largest_of_kind(const ntk_sweep *sweep, bool smooth, const double *value) {
    size_t worst = sweep->activation_count;
    for (size_t a = 0; a < sweep->activation_count; a++) {
        if (ntk_sweep_is_smooth(sweep, a) != smooth) continue;
        if (worst == sweep->activation_count || (!isnan(value[worst]) && !(value[a] <= value[worst])))
            worst = a;
    }
    return worst;
}

static const char *kind_text(bool smooth) { return smooth ? "smooth" : "kinked"; }

ntk_status ntk_sweep_emit_largest_by_kind(ntk_context *context, const ntk_sweep *sweep, const char *prefix,
                                          size_t column) {
    double *largest;
    NTK_TRY(ntk_allocate_doubles(sweep->activation_count, &largest));
    for (size_t a = 0; a < sweep->activation_count; a++) largest[a] = ntk_sweep_largest(sweep, a, column);
    ntk_status status = NTK_OK;
    for (int smooth = 1; smooth >= 0 && status == NTK_OK; smooth--) {
        const size_t worst = largest_of_kind(sweep, smooth, largest);
        if (worst < sweep->activation_count)
            status = emit_extreme(context, sweep, prefix, kind_text(smooth), worst, column, 1);
    }
    ntk_release(largest);
    return status;
}

static ntk_status emit_rates(ntk_context *context, const ntk_sweep *sweep, const char *prefix, size_t column,
                             ntk_estimate *rates, double *highest) {
    for (size_t a = 0; a < sweep->activation_count; a++) {
        NTK_TRY(ntk_sweep_rate(context, sweep, a, column, &rates[a]));
        NTK_TRY(ntk_sweep_emit_estimate(context, sweep, prefix, a, &rates[a]));
        highest[a] = rates[a].high;
    }
    for (int smooth = 1; smooth >= 0; smooth--) {
        const size_t worst = largest_of_kind(sweep, smooth, highest);
        if (worst < sweep->activation_count)
            NTK_TRY(ntk_emit_estimate_as(context, &rates[worst], "%s-%s", prefix, kind_text(smooth)));
    }
    return NTK_OK;
}

ntk_status ntk_sweep_emit_rates(ntk_context *context, const ntk_sweep *sweep, const char *prefix,
                                size_t column) {
    ntk_estimate *rates = NULL;
    double *highest = NULL;
    ntk_status status = ntk_allocate(sweep->activation_count, sizeof *rates, (void **)&rates);
    if (status == NTK_OK) status = ntk_allocate_doubles(sweep->activation_count, &highest);
    if (status == NTK_OK) status = emit_rates(context, sweep, prefix, column, rates, highest);
    ntk_release(rates);
    ntk_release(highest);
    return status;
}

/* ---- the whole ----------------------------------------------------------------------------------------- */

ntk_status ntk_sweep_conduct(ntk_context *context, const char *columns, ntk_sweep_measure measure,
                             ntk_sweep_reduce reduce) {
    ntk_sweep sweep;
    NTK_TRY(create(context, ntk_table_count_columns(columns), measure, &sweep));
    ntk_status status = emit_trajectories(context, &sweep);
    if (status == NTK_OK)
        status = ntk_table_emit_runs(context, "$activation width seed", columns, run_count(&sweep),
                                     sweep.values, table_place, &sweep);
    for (size_t a = 0; a < sweep.activation_count && status == NTK_OK; a++)
        status = reduce(context, &sweep, a);
    sweep_release(&sweep);
    return status;
}
