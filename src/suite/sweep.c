/* Sweeps: activations x widths x seeds, one flow each. */
#include <ntk/sweep.h>

#include <math.h>
#include <stdio.h>

#include <ntk/memory.h>
#include <ntk/parallel.h>

static const double first_log_time = -4;

/* ---- running ----------------------------------------------------------------------------------------------
 */

typedef struct sweep_task {
    ntk_context *context;
    ntk_sweep *sweep;
    ntk_sweep_measure measure;
} sweep_task;

static size_t run_count(const ntk_sweep *sweep) {
    return sweep->activation_count * sweep->width_count * sweep->seed_count;
}

static ntk_status describe_problem(const ntk_context *context, const char *activation, double width,
                                   ntk_training_options *out) {
    const size_t classes = (size_t)ntk_context_integer(context, "classes");
    *out = (ntk_training_options){.architecture = ntk_architecture_default(),
                                  .loss = classes == 2 ? NTK_LOSS_LOGISTIC : NTK_LOSS_SOFTMAX,
                                  .width = (size_t)width,
                                  .points = (size_t)ntk_context_integer(context, "points"),
                                  .inputs = (size_t)ntk_context_integer(context, "inputs"),
                                  .classes = classes,
                                  .max_cosine = ntk_context_real(context, "max-cosine"),
                                  .epsilon = ntk_context_real(context, "epsilon")};
    out->architecture.depth = (size_t)ntk_context_integer(context, "depth");
    out->architecture.input_scale = NTK_INPUT_SCALE_NONE; /* unit-sphere data */
    return ntk_activation_parse(activation, &out->architecture.activation);
}

static ntk_flow_options describe_flow(const ntk_context *context, const ntk_sweep *sweep,
                                      const ntk_training_options *problem) {
    ntk_flow_options flow = ntk_flow_options_default();
    const bool smooth = ntk_activation_is_smooth(problem->architecture.activation);
    flow.loss = problem->loss;
    flow.lambda = ntk_context_real(context, "lambda");
    flow.time = flow.lambda > 0 || problem->epsilon > 0 ? NTK_TIME_PHYSICAL : NTK_TIME_LOG_LOSS;
    flow.kinked = !smooth;
    flow.tolerance = ntk_context_real(context, "tolerance");
    flow.step = ntk_context_real(context, "step");
    flow.log_horizon = sweep->log_times[NTK_SWEEP_TIMES - 1];
    if (smooth && flow.time == NTK_TIME_PHYSICAL)
        flow.gradient_tolerance = ntk_context_real(context, "gradient-tolerance");
    flow.observation_log_times = sweep->log_times;
    flow.observation_count = NTK_SWEEP_TIMES;
    flow.observe_kernel = true;
    return flow;
}

static ntk_status run_unit(size_t unit, void *argument) {
    const sweep_task *task = argument;
    ntk_sweep *sweep = task->sweep;
    const size_t seed = unit % sweep->seed_count;
    const double width = sweep->widths[unit / sweep->seed_count % sweep->width_count];
    const char *activation = sweep->activations[unit / sweep->seed_count / sweep->width_count];

    ntk_training_options problem;
    NTK_TRY(describe_problem(task->context, activation, width, &problem));
    const ntk_flow_options flow = describe_flow(task->context, sweep, &problem);
    const ntk_stream stream = ntk_context_stream(task->context, seed);
    ntk_training training;
    NTK_TRY(ntk_training_create(&problem, &stream, &training));
    ntk_trajectory *trajectory = &sweep->trajectories[unit];
    ntk_status status =
        ntk_trajectory_run(&training.model, training.targets, &flow, training.theta, trajectory);
    if (status == NTK_OK) {
        const ntk_sweep_run run = {.activation = problem.architecture.activation,
                                   .width = problem.width,
                                   .seed = seed,
                                   .lambda = flow.lambda,
                                   .epsilon = problem.epsilon,
                                   .flow = &flow,
                                   .training = &training,
                                   .trajectory = trajectory};
        status = task->measure(&run, &sweep->values[unit * sweep->columns], task->context);
    }
    ntk_training_release(&training);
    if (status == NTK_OK) return NTK_OK;
    char reason[512];
    snprintf(reason, sizeof reason, "%s", ntk_error_detail());
    return ntk_fail(status, "%s, width %g, seed %zu: %s", activation, width, seed, reason);
}

static void sweep_release(ntk_sweep *sweep) {
    if (sweep->trajectories)
        for (size_t i = 0; i < run_count(sweep); i++) ntk_trajectory_release(&sweep->trajectories[i]);
    ntk_release(sweep->trajectories);
    ntk_release(sweep->values);
    ntk_release(sweep->log_times);
    *sweep = (ntk_sweep){0};
}

static ntk_status create(ntk_context *context, size_t columns, ntk_sweep_measure measure, ntk_sweep *out) {
    *out = (ntk_sweep){.columns = columns, .seed_count = (size_t)ntk_context_integer(context, "seeds")};
    out->activations = ntk_context_choices(context, "activations", &out->activation_count);
    out->widths = ntk_context_reals(context, "widths", &out->width_count);
    sweep_task task = {context, out, measure};
    ntk_status status;
    NTK_TRY_OR(failed, status, ntk_allocate_doubles(NTK_SWEEP_TIMES, &out->log_times));
    NTK_TRY_OR(failed, status, ntk_allocate_doubles(run_count(out) * columns, &out->values));
    NTK_TRY_OR(failed, status,
               ntk_allocate(run_count(out), sizeof *out->trajectories, (void **)&out->trajectories));
    const double last = ntk_context_real(context, "log-horizon");
    for (size_t i = 0; i < NTK_SWEEP_TIMES; i++)
        out->log_times[i] = first_log_time + (last - first_log_time) * (double)i / (NTK_SWEEP_TIMES - 1);
    NTK_TRY_OR(failed, status, ntk_map(run_count(out), run_unit, &task));
    return NTK_OK;
failed:
    sweep_release(out);
    return status;
}

/* ---- reducing ---------------------------------------------------------------------------------------------
 */

static size_t run_index(const ntk_sweep *sweep, size_t activation, size_t width, size_t seed) {
    return (activation * sweep->width_count + width) * sweep->seed_count + seed;
}

double ntk_sweep_value(const ntk_sweep *sweep, size_t activation, size_t width, size_t seed, size_t column) {
    return sweep->values[run_index(sweep, activation, width, seed) * sweep->columns + column];
}

/* Extreme over one activation of sign * value; once a NaN, always a NaN. */
static double extreme(const ntk_sweep *sweep, size_t activation, size_t column, double sign) {
    double worst = -INFINITY;
    for (size_t w = 0; w < sweep->width_count; w++)
        for (size_t s = 0; s < sweep->seed_count; s++) {
            const double value = sign * ntk_sweep_value(sweep, activation, w, s, column);
            if (isnan(worst)) return worst;
            if (!(value <= worst)) worst = value;
        }
    return sign * worst;
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
        for (size_t w = 1; w < sweep->width_count; w++) {
            const double value = ntk_sweep_value(sweep, activation, w, s, column);
            if (!(value >= smallest[s])) smallest[s] = value;
        }
    }
    const ntk_status status = ntk_stats_mean(sweep->seed_count, smallest, ntk_context_level(context), out);
    ntk_release(smallest);
    return status;
}

/* ---- emitting ---------------------------------------------------------------------------------------------
 */

typedef struct summary {
    double sum, low, high;
    size_t count;
} summary;

static void summary_add(summary *self, double value) {
    self->low = self->count == 0 || !(value >= self->low) ? value : self->low;
    self->high = self->count == 0 || !(value <= self->high) ? value : self->high;
    self->sum += value;
    self->count++;
}

static ntk_status emit_time(ntk_table *table, const ntk_sweep *sweep, size_t activation, size_t width,
                            size_t time) {
    summary displacement = {0}, log_loss = {0}, spread = {0};
    for (size_t s = 0; s < sweep->seed_count; s++) {
        const ntk_trajectory_point *point =
            &sweep->trajectories[run_index(sweep, activation, width, s)].points[time];
        summary_add(&displacement, point->displacement);
        summary_add(&log_loss, point->log_loss);
        summary_add(&spread, point->largest_spread);
    }
    const double n = (double)sweep->seed_count;
    const double row[] = {sweep->widths[width], sweep->log_times[time],
                          displacement.sum / n, displacement.low,
                          displacement.high,    log_loss.sum / n,
                          log_loss.low,         log_loss.high,
                          spread.sum / n,       spread.low,
                          spread.high};
    return ntk_table_row(table, &sweep->activations[activation], row);
}

static ntk_status emit_trajectories(ntk_context *context, const ntk_sweep *sweep) {
    ntk_table *table;
    NTK_TRY(
        ntk_emit_table(context, "trajectories",
                       "$activation width log-time displacement displacement-low displacement-high log-loss "
                       "log-loss-low log-loss-high spread spread-low spread-high",
                       &table));
    for (size_t a = 0; a < sweep->activation_count; a++)
        for (size_t w = 0; w < sweep->width_count; w++)
            for (size_t t = 0; t < NTK_SWEEP_TIMES; t++) NTK_TRY(emit_time(table, sweep, a, w, t));
    return NTK_OK;
}

static ntk_status emit_runs(ntk_context *context, const ntk_sweep *sweep, const char *names) {
    char columns[512];
    snprintf(columns, sizeof columns, "$activation width seed %s", names);
    ntk_table *table;
    NTK_TRY(ntk_emit_table(context, "runs", columns, &table));
    double *row;
    NTK_TRY(ntk_allocate_doubles(2 + sweep->columns, &row));
    ntk_status status = NTK_OK;
    for (size_t run = 0; run < run_count(sweep) && status == NTK_OK; run++) {
        row[0] = sweep->widths[run / sweep->seed_count % sweep->width_count];
        row[1] = (double)(run % sweep->seed_count);
        for (size_t c = 0; c < sweep->columns; c++) row[2 + c] = sweep->values[run * sweep->columns + c];
        status = ntk_table_row(table, &sweep->activations[run / sweep->seed_count / sweep->width_count], row);
    }
    ntk_release(row);
    return status;
}

static void metric_name(const ntk_sweep *sweep, const char *prefix, size_t activation, char *out,
                        size_t size) {
    snprintf(out, size, "%s-%s", prefix, sweep->activations[activation]);
}

ntk_status ntk_sweep_emit_scalar(ntk_context *context, const ntk_sweep *sweep, const char *prefix,
                                 size_t activation, double value) {
    char name[128];
    metric_name(sweep, prefix, activation, name, sizeof name);
    return ntk_emit_scalar(context, name, value);
}

ntk_status ntk_sweep_emit_estimate(ntk_context *context, const ntk_sweep *sweep, const char *prefix,
                                   size_t activation, const ntk_estimate *estimate) {
    char name[128];
    metric_name(sweep, prefix, activation, name, sizeof name);
    return ntk_emit_estimate(context, name, estimate);
}

/* ---- the whole --------------------------------------------------------------------------------------------
 */

static size_t count_names(const char *names) {
    size_t count = 0;
    for (const char *c = names; *c; c++)
        if (*c != ' ' && (c == names || c[-1] == ' ')) count++;
    return count;
}

ntk_status ntk_sweep_conduct(ntk_context *context, const char *columns, ntk_sweep_measure measure,
                             ntk_sweep_reduce reduce) {
    ntk_sweep sweep;
    NTK_TRY(create(context, count_names(columns), measure, &sweep));
    ntk_status status = emit_trajectories(context, &sweep);
    if (status == NTK_OK) status = emit_runs(context, &sweep, columns);
    for (size_t a = 0; a < sweep.activation_count && status == NTK_OK; a++)
        status = reduce(context, &sweep, a);
    sweep_release(&sweep);
    return status;
}
