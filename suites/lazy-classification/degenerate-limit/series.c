/* Series of targets: cases x seeds, the flows of a unit one epsilon after the other. */
#include "series.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <ntk/architecture.h>
#include <ntk/flow.h>
#include <ntk/lab/context.h>
#include <ntk/lab/grid.h>
#include <ntk/lab/problem.h>
#include <ntk/lab/table.h>
#include <ntk/linalg.h>
#include <ntk/loss.h>
#include <ntk/memory.h>
#include <ntk/models.h>
#include <ntk/parallel.h>
#include <ntk/random.h>
#include <ntk/stats.h>
#include <ntk/status.h>
#include <ntk/targets.h>
#include <ntk/trajectory.h>

enum { TIMES = NTK_TARGET_SERIES_TIMES };

typedef struct task {
    ntk_context *context;
    ntk_target_series *series;
    ntk_target_measure measure;
} task;

static size_t run_count(const ntk_target_series *s) {
    return s->case_count * s->epsilon_count * s->seed_count;
}

bool ntk_target_series_is_kernel(const ntk_target_series *series, size_t which) {
    return strncmp(series->cases[which], "kernel", 6) == 0;
}

static size_t run_index(const ntk_target_series *s, size_t which, size_t epsilon, size_t seed) {
    return (which * s->epsilon_count + epsilon) * s->seed_count + seed;
}

static double *spreads_of(const ntk_target_series *s, size_t which, size_t epsilon, size_t seed) {
    return s->spreads + ((which * (s->epsilon_count + 1) + epsilon) * s->seed_count + seed) * TIMES;
}

/* ---- one case and seed --------------------------------------------------------------------------------- */

typedef struct unit {
    const task *task;
    size_t which, seed;
    ntk_training problem;
    ntk_model model, everywhere; /* the problem's own, or linear ones, which are released */
    double *gram;                /* (nK, nK), and workspace for its eigenvalues */
    ntk_target_run run;
} unit;

static ntk_status draw_problem(unit *u) {
    const ntk_context *context = u->task->context;
    ntk_training_options options = {.architecture = ntk_architecture_default(),
                                    .loss = u->run.loss,
                                    .width = (size_t)ntk_context_integer(context, "width"),
                                    .points = (size_t)ntk_context_integer(context, "points"),
                                    .inputs = (size_t)ntk_context_integer(context, "inputs"),
                                    .classes = u->run.classes,
                                    .max_cosine = ntk_context_real(context, "max-cosine")};
    options.architecture.input_scale = NTK_INPUT_SCALE_NONE; /* unit-sphere data */
    NTK_TRY(
        ntk_activation_parse(ntk_context_choice(context, "activation"), &options.architecture.activation));
    const ntk_stream stream = ntk_context_stream(context, u->seed);
    return ntk_training_create(&options, &stream, &u->problem);
}

static ntk_status choose_model(unit *u) {
    u->model = u->problem.model;
    u->everywhere = u->problem.everywhere;
    if (!u->run.is_kernel) return NTK_OK;
    return ntk_training_kernel_model(&u->problem, NTK_TRAINING_KERNEL_LIMIT, &u->model, &u->everywhere);
}

static ntk_status describe_kernel(unit *u) {
    const size_t order = u->model.points * u->model.outputs, square = order * order;
    NTK_TRY(ntk_allocate_doubles(2 * square + order, &u->gram));
    double *copy = u->gram + square, *eigenvalues = u->gram + 2 * square;
    NTK_TRY(u->model.tangent_kernel(u->model.context, u->problem.theta0, u->gram));
    memcpy(copy, u->gram, square * sizeof *copy);
    NTK_TRY(ntk_eigen_symmetric(order, copy, order, false, eigenvalues));
    u->run.gram = u->gram;
    u->run.smallest = eigenvalues[0];
    u->run.largest = eigenvalues[order - 1];
    return NTK_OK;
}

static void unit_release(unit *u) {
    if (u->run.is_kernel) {
        ntk_model_release(&u->model);
        ntk_model_release(&u->everywhere);
    }
    ntk_release(u->gram);
    ntk_training_release(&u->problem);
}

static ntk_flow_options describe_flow(const unit *u, double epsilon) {
    const ntk_context *context = u->task->context;
    ntk_flow_options flow = ntk_flow_options_default();
    flow.loss = u->run.loss;
    flow.tolerance = ntk_context_real(context, "tolerance");
    flow.observation_log_times = u->task->series->log_times;
    flow.observation_count = TIMES;
    flow.log_horizon = flow.observation_log_times[TIMES - 1];
    flow.time = epsilon > 0 ? NTK_TIME_PHYSICAL : NTK_TIME_LOG_LOSS;
    if (epsilon == 0) return flow;
    flow.lambda = ntk_context_real(context, "lambda");
    flow.gradient_tolerance = ntk_context_real(context, "gradient-tolerance") * fmax(epsilon, flow.lambda);
    return flow;
}

/* The flow for one epsilon, 0 for one-hot; the problem keeps its targets. spreads: (TIMES). */
static ntk_status follow(unit *u, double epsilon, ntk_trajectory *path, double *spreads) {
    ntk_training *problem = &u->problem;
    const ntk_flow_options flow = describe_flow(u, epsilon);
    NTK_TRY(ntk_targets_from_labels(flow.loss, problem->points, problem->outputs, problem->labels, epsilon,
                                    problem->targets));
    double *theta; /* zero: where a linear model starts */
    NTK_TRY(ntk_allocate_doubles(u->model.dimension, &theta));
    if (!u->run.is_kernel) memcpy(theta, problem->theta0, problem->parameters * sizeof *theta);
    const ntk_status status =
        ntk_trajectory_follow(&u->model, problem->targets, &flow, &u->everywhere, theta, path);
    for (size_t i = 0; status == NTK_OK && i < TIMES; i++) spreads[i] = path->points[i].largest_spread;
    ntk_release(theta);
    return status;
}

static ntk_status run_epsilon(unit *u, size_t e) {
    const ntk_target_series *s = u->task->series;
    ntk_trajectory soft;
    u->run.epsilon = s->epsilons[e];
    NTK_TRY(follow(u, s->epsilons[e], &soft, spreads_of(s, u->which, e, u->seed)));
    u->run.soft = &soft;
    double *values = s->values + run_index(s, u->which, e, u->seed) * s->columns;
    const ntk_status status = u->task->measure(&u->run, values, u->task->context);
    ntk_trajectory_release(&soft);
    return status;
}

static ntk_status run_flows(unit *u) {
    const ntk_target_series *s = u->task->series;
    NTK_TRY(draw_problem(u));
    NTK_TRY(choose_model(u));
    NTK_TRY(describe_kernel(u));
    ntk_trajectory hard;
    NTK_TRY(follow(u, 0, &hard, spreads_of(s, u->which, s->epsilon_count, u->seed)));
    u->run.hard = &hard;
    ntk_status status = NTK_OK;
    for (size_t e = 0; e < s->epsilon_count && status == NTK_OK; e++) status = run_epsilon(u, e);
    ntk_trajectory_release(&hard);
    return status;
}

static ntk_status run_unit(size_t index, void *argument) {
    const task *task = argument;
    const ntk_target_series *s = task->series;
    unit u = {.task = task, .which = index / s->seed_count, .seed = index % s->seed_count};
    const char *name = s->cases[u.which];
    u.run = (ntk_target_run){.is_kernel = ntk_target_series_is_kernel(s, u.which), .problem = &u.problem};
    u.run.classes = strstr(name, "-k3") ? 3 : 2;
    u.run.loss = u.run.classes == 2 ? NTK_LOSS_LOGISTIC : NTK_LOSS_SOFTMAX;
    const ntk_status status = run_flows(&u);
    unit_release(&u);
    if (status == NTK_OK) return NTK_OK;
    char reason[512];
    snprintf(reason, sizeof reason, "%s", ntk_error_detail());
    return ntk_fail(status, "%s, epsilon %g, seed %zu: %s", name, u.run.epsilon, u.seed, reason);
}

/* ---- reducing ------------------------------------------------------------------------------------------ */

double ntk_target_series_value(const ntk_target_series *series, size_t which, size_t epsilon, size_t seed,
                               size_t column) {
    return series->values[run_index(series, which, epsilon, seed) * series->columns + column];
}

double ntk_target_series_largest(const ntk_target_series *series, size_t which, size_t column) {
    double largest = -INFINITY;
    for (size_t e = 0; e < series->epsilon_count; e++)
        for (size_t s = 0; s < series->seed_count; s++)
            largest = ntk_larger(largest, ntk_target_series_value(series, which, e, s, column));
    return largest;
}

ntk_status ntk_target_series_slope(const ntk_context *context, const ntk_target_series *series, size_t which,
                                   size_t x, size_t y, double largest, ntk_estimate *out) {
    const size_t most = series->epsilon_count;
    double *memory, intercept;
    NTK_TRY(ntk_allocate_doubles(2 * most + series->seed_count, &memory));
    double *abscissa = memory, *ordinate = memory + most, *slopes = memory + 2 * most;
    ntk_status status = NTK_OK;
    for (size_t seed = 0; seed < series->seed_count && status == NTK_OK; seed++) {
        size_t n = 0;
        for (size_t e = 0; e < most; e++) {
            if (!(series->epsilons[e] <= largest)) continue;
            abscissa[n] = ntk_target_series_value(series, which, e, seed, x);
            ordinate[n++] = ntk_target_series_value(series, which, e, seed, y);
        }
        status = ntk_stats_slope(n, abscissa, ordinate, &slopes[seed], &intercept);
    }
    if (status == NTK_OK)
        status = ntk_stats_mean(series->seed_count, slopes, ntk_context_level(context), out);
    ntk_release(memory);
    return status;
}

ntk_status ntk_target_series_emit_slope(ntk_context *context, const ntk_target_series *series, size_t which,
                                        const char *prefix, size_t x, size_t y, double largest) {
    ntk_estimate slope;
    NTK_TRY(ntk_target_series_slope(context, series, which, x, y, largest, &slope));
    return ntk_emit_estimate_as(context, &slope, "%s-%s", prefix, series->cases[which]);
}

ntk_status ntk_target_series_emit_largest(ntk_context *context, const ntk_target_series *series, size_t which,
                                          const char *prefix, size_t column) {
    return ntk_emit_scalar_as(context, ntk_target_series_largest(series, which, column), "%s-%s", prefix,
                              series->cases[which]);
}

/* ---- tables -------------------------------------------------------------------------------------------- */

static ntk_table_place table_place(const void *series, size_t run) {
    const ntk_target_series *s = series;
    const size_t place = run / s->seed_count;
    return (ntk_table_place){s->cases[place / s->epsilon_count], s->epsilons[place % s->epsilon_count],
                             (double)(run % s->seed_count)};
}

static ntk_status emit_paths(ntk_context *context, const ntk_target_series *s) {
    ntk_table *table;
    NTK_TRY(ntk_emit_table(context, "paths", "$case epsilon log-time spread", &table));
    const size_t curves = s->epsilon_count + 1;
    for (size_t i = 0; i < s->case_count * curves * TIMES; i++) {
        const size_t which = i / TIMES / curves, e = i / TIMES % curves, time = i % TIMES;
        double row[] = {e < s->epsilon_count ? s->epsilons[e] : 0, s->log_times[time], 0};
        for (size_t seed = 0; seed < s->seed_count; seed++)
            row[2] += spreads_of(s, which, e, seed)[time] / (double)s->seed_count;
        NTK_TRY(ntk_table_row(table, &s->cases[which], row));
    }
    return NTK_OK;
}

/* ---- the whole ----------------------------------------------------------------------------------------- */

static void choose_times(ntk_target_series *s) {
    double smallest = s->epsilons[0];
    for (size_t e = 1; e < s->epsilon_count; e++) smallest = fmin(smallest, s->epsilons[e]);
    const double begin = -4, end = 9 - log(smallest);
    for (size_t i = 0; i < TIMES; i++)
        s->log_times[i] = i == TIMES - 1 ? end : begin + (end - begin) * (double)i / (TIMES - 1);
}

static ntk_status create(ntk_context *context, const char *columns, ntk_target_series *out) {
    *out = (ntk_target_series){.columns = ntk_table_count_columns(columns),
                               .seed_count = (size_t)ntk_context_integer(context, "seeds")};
    out->cases = ntk_context_choices(context, "cases", &out->case_count);
    out->epsilons = ntk_context_reals(context, "epsilons", &out->epsilon_count);
    choose_times(out);
    const size_t curves = out->case_count * (out->epsilon_count + 1) * out->seed_count;
    NTK_TRY(ntk_allocate_doubles(run_count(out) * out->columns, &out->values));
    return ntk_allocate_doubles(curves * TIMES, &out->spreads);
}

ntk_status ntk_target_series_conduct(ntk_context *context, const char *columns, ntk_target_measure measure,
                                     ntk_target_reduce reduce) {
    ntk_target_series series;
    task task = {context, &series, measure};
    ntk_status status = create(context, columns, &series);
    if (status == NTK_OK) status = ntk_map(series.case_count * series.seed_count, run_unit, &task);
    if (status == NTK_OK)
        status = ntk_table_emit_runs(context, "$case epsilon seed", columns, run_count(&series),
                                     series.values, table_place, &series);
    if (status == NTK_OK) status = emit_paths(context, &series);
    for (size_t c = 0; c < series.case_count && status == NTK_OK; c++) status = reduce(context, &series, c);
    ntk_release(series.values);
    ntk_release(series.spreads);
    return status;
}
