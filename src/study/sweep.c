/* Sweeps: activations x widths x seeds, one flow each. */
#include "study/sweep.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ntk/lab/grid.h>
#include <ntk/memory.h>
#include <ntk/parallel.h>

static const double first_log_time = -4;

const ntk_parameter ntk_sweep_parameters[] = {
    NTK_NETWORKS("activations", "erf", NULL, "networks, by name"),
    NTK_INTEGER("depth", 1, 1, 4, "hidden layers or blocks, where the network's name does not say"),
    NTK_CHOICE("data", "sphere", "sphere|digits", "what the points are drawn from"),
    NTK_FLAG("coordinates", false, "give networks the points' coordinates in their span: the same law"),
    NTK_INTEGERS("digits", "3 8", 0, 9, "the digits that are the classes"),
    NTK_INTEGERS("widths", "64", 2, 65536, "hidden widths, ascending"),
    NTK_INTEGERS("deep-widths", "0", 0, 65536, "of networks with more than one layer, as many; 0: widths"),
    NTK_INTEGER("seeds", 2, 1, 100000, "initialisations (each with its own points) per width"),
    NTK_INTEGER("test-points", 0, 0, 1000, "points followed but never trained on"),
    NTK_INTEGER("classes", 2, 2, NTK_NETWORK_CLASSES_MAX, "where the name does not say; 2: one output"),
    NTK_CHOICE("loss", "cross-entropy", "cross-entropy|squared", "logistic for one output, else softmax"),
    NTK_CHOICE("scaling", "ntk", "ntk|mean-field", "mean-field: output / sqrt(m), time * m, lambda / m"),
    NTK_REAL("epsilon", 0, 0, 0.49, "smallest target probability; 0: one-hot"),
    NTK_REAL("lambda", 0, 0, 1e6, "strength of L2"),
    NTK_CHOICE("centre", "initialisation", "initialisation|zero", "what L2 pulls towards"),
    NTK_REAL("log-horizon", 10, -10, 1000, "log of the time at which a flow ends"),
    NTK_REAL("kinked-log-horizon", 1000, -10, 1000, "that of networks with kinks, never at rest, if nearer"),
    NTK_REAL("horizon-growth", 0, 0, 10, "c: it ends at log-horizon + c sqrt(m)"),
    NTK_INTEGER("observations", 61, 3, 61, "times at which a flow is observed"),
    NTK_FLAG("observe-lambda-min", true, "smallest eigenvalue of each observed kernel: (nK)^3 operations"),
    NTK_FLAG("observe-kernel", true, "record the drift of the tangent kernel"),
    NTK_REAL("tolerance", 1e-6, 1e-13, 0.1, "of the integrator, smooth activations"),
    NTK_REAL("step", 0.1, 1e-4, 1, "of the bounded-step rule, ReLU"),
    NTK_REAL("gradient-tolerance", 1e-8, 0, 1, "gradient norm that counts as stationary"),
    {0},
};

const ntk_parameter ntk_sweep_window_parameters[] = {
    NTK_REAL("window-start", 5, 0.1, 1000, "log of the time from which growth is fitted"),
    {0},
};

/* ---- options ------------------------------------------------------------------------------- */

static ntk_training_options read_problem(const ntk_context *context) {
    ntk_training_options out = {.architecture = ntk_architecture_default(),
                                .points = ntk_context_size(context, "points"),
                                .inputs = ntk_context_size(context, "inputs"),
                                .classes = ntk_context_size(context, "classes"),
                                .test_points = ntk_context_size(context, "test-points"),
                                .max_cosine = ntk_context_real(context, "max-cosine"),
                                .epsilon = ntk_context_real(context, "epsilon"),
                                .coordinates = ntk_context_flag(context, "coordinates")};
    out.architecture.depth = ntk_context_size(context, "depth");
    out.architecture.input_scale = NTK_INPUT_SCALE_NONE; /* unit-sphere data */
    if (ntk_context_is(context, "scaling", "mean-field"))
        out.architecture.parametrisation = NTK_PARAMETRISATION_MEAN_FIELD;
    out.loss = ntk_context_is(context, "loss", "squared") ? NTK_LOSS_SQUARED : NTK_LOSS_LOGISTIC;
    return out;
}

static ntk_flow_options read_flow(const ntk_context *context) {
    ntk_flow_options out = ntk_flow_options_default();
    out.lambda = ntk_context_real(context, "lambda");
    out.centre = ntk_context_is(context, "centre", "zero") ? NTK_CENTRE_ZERO : NTK_CENTRE_INITIALISATION;
    out.tolerance = ntk_context_real(context, "tolerance");
    out.step = ntk_context_real(context, "step");
    out.log_horizon = ntk_context_real(context, "log-horizon");
    out.gradient_tolerance = ntk_context_real(context, "gradient-tolerance");
    out.observe_kernel = ntk_context_flag(context, "observe-kernel");
    out.observe_lambda_min = ntk_context_flag(context, "observe-lambda-min");
    return out;
}

static ntk_status read_widths(const ntk_context *context, ntk_sweep_options *out) {
    size_t count;
    out->widths = ntk_context_reals(context, "widths", &out->width_count);
    out->deep_widths = ntk_context_reals(context, "deep-widths", &count);
    if (count == 1 && out->deep_widths[0] == 0) {
        out->deep_widths = out->widths;
        return NTK_OK;
    }
    if (count != out->width_count)
        return ntk_fail(NTK_ERROR_ARGUMENT, "sweep: %zu deep-widths beside %zu widths", count,
                        out->width_count);
    for (size_t w = 0; w < count; w++)
        if (!(out->deep_widths[w] >= 2))
            return ntk_fail(NTK_ERROR_ARGUMENT, "sweep: a deep width is %g", out->deep_widths[w]);
    return NTK_OK;
}

ntk_status ntk_sweep_read(const ntk_context *context, ntk_sweep_options *out) {
    *out = (ntk_sweep_options){.seed_count = ntk_context_size(context, "seeds"),
                               .time_count = ntk_context_size(context, "observations"),
                               .problem = read_problem(context),
                               .flow = read_flow(context),
                               .kinked_log_horizon = ntk_context_real(context, "kinked-log-horizon"),
                               .horizon_growth = ntk_context_real(context, "horizon-growth"),
                               .digits = ntk_context_is(context, "data", "digits")};
    out->networks = ntk_context_networks(context, "activations", &out->network_count);
    NTK_TRY(read_widths(context, out));
    return ntk_context_digit_classes(context, out->digit_classes, &out->digit_count);
}

/* ---- running ------------------------------------------------------------------------------------------- */

typedef struct sweep_task {
    const ntk_context *context;
    ntk_sweep *sweep;
    ntk_sweep_measure measure;
    const void *own;
} sweep_task;

static size_t run_count(const ntk_sweep *sweep) {
    return sweep->network_count * sweep->width_count * sweep->seed_count;
}

/* Where a unit stands among activations, widths and seeds. */
typedef struct place {
    const ntk_network_name *network;
    double width;
    size_t series; /* position of activation and width together */
    size_t seed;
} place;

static place place_of(const ntk_sweep *sweep, size_t unit) {
    const size_t series = unit / sweep->seed_count, activation = series / sweep->width_count;
    return (place){&sweep->networks[activation],
                   ntk_sweep_widths(sweep, activation)[series % sweep->width_count], series,
                   unit % sweep->seed_count};
}

static ntk_status describe_problem(const ntk_sweep *sweep, const place *at, ntk_training_options *out) {
    const ntk_sweep_options *options = sweep->options;
    const ntk_network_name *network = at->network;
    *out = options->problem;
    out->width = (size_t)at->width;
    out->architecture.family = network->family;
    out->architecture.activation = network->activation;
    if (network->depth > 0) out->architecture.depth = network->depth;
    if (network->classes > 0) out->classes = network->classes;
    if (network->setting == NTK_SETTING_L2) out->epsilon = 0;
    if (out->loss == NTK_LOSS_LOGISTIC && out->classes > 2) out->loss = NTK_LOSS_SOFTMAX;
    if (!options->digits) return NTK_OK;
    out->digits = &sweep->digits;
    out->digit_classes = options->digit_classes;
    out->inputs = sweep->digits.rows * sweep->digits.columns;
    if (out->classes != options->digit_count)
        return ntk_fail(NTK_ERROR_ARGUMENT, "sweep: %zu digits for the %zu classes of %s",
                        options->digit_count, out->classes, network->text);
    return NTK_OK;
}

static ntk_flow_options describe_flow(const ntk_sweep *sweep, const place *at,
                                      const ntk_training_options *problem) {
    const size_t time_count = sweep->time_count;
    const double *log_times = &sweep->log_times[at->series * time_count];
    const bool smooth = ntk_activation_is_smooth(problem->architecture.activation);
    ntk_flow_options flow = sweep->options->flow;
    flow.loss = problem->loss;
    if (at->network->setting == NTK_SETTING_SOFT) flow.lambda = 0;
    if (problem->architecture.parametrisation == NTK_PARAMETRISATION_MEAN_FIELD) {
        flow.time_factor = (double)problem->width;
        flow.lambda /= (double)problem->width;
    }
    const bool bounded = flow.lambda > 0 || problem->epsilon > 0 || problem->loss == NTK_LOSS_SQUARED;
    flow.time = bounded ? NTK_TIME_PHYSICAL : NTK_TIME_LOG_LOSS;
    flow.kinked = !smooth;
    flow.log_horizon = log_times[time_count - 1];
    if (!(smooth && bounded)) flow.gradient_tolerance = 0;
    flow.observation_log_times = log_times;
    flow.observation_count = time_count;
    return flow;
}

static ntk_status run_flow(const sweep_task *task, size_t unit) {
    ntk_sweep *sweep = task->sweep;
    const place at = place_of(sweep, unit);
    ntk_training_options problem;
    NTK_TRY(describe_problem(sweep, &at, &problem));
    const ntk_flow_options flow = describe_flow(sweep, &at, &problem);
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
        status = task->measure(&run, &sweep->values[unit * sweep->columns], task->own);
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
    return ntk_fail(status, "%s, width %g, seed %zu: %s", at.network->text, at.width, at.seed, reason);
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

static void choose_times(const ntk_sweep_options *options, bool smooth, double width, double *times) {
    const size_t count = options->time_count;
    const double fixed =
        smooth ? options->flow.log_horizon : fmin(options->flow.log_horizon, options->kinked_log_horizon);
    const double growth = options->horizon_growth * sqrt(width);
    const size_t until_fixed = growth > 0 ? (count + 1) / 2 : count;
    times[0] = first_log_time;
    divide(first_log_time, fixed, until_fixed - 1, times + 1);
    divide(fixed, fixed + growth, count - until_fixed, times + until_fixed);
}

static ntk_status create(const sweep_task *task, const ntk_sweep_options *options, size_t columns,
                         ntk_sweep *out) {
    *out = (ntk_sweep){.options = options,
                       .network_count = options->network_count,
                       .width_count = options->width_count,
                       .seed_count = options->seed_count,
                       .time_count = options->time_count,
                       .columns = columns,
                       .networks = options->networks};
    const size_t times = out->time_count, series = out->network_count * out->width_count;
    if (options->digits) NTK_TRY(ntk_context_digits(task->context, &out->digits));
    NTK_TRY(ntk_allocate_doubles(series * times, &out->log_times));
    NTK_TRY(ntk_allocate_doubles(run_count(out) * columns, &out->values));
    NTK_TRY(ntk_allocate_doubles(run_count(out) * times, &out->curves));
    for (size_t i = 0; i < run_count(out) * times; i++) out->curves[i] = NAN;
    NTK_TRY(ntk_allocate(run_count(out), sizeof *out->trajectories, (void **)&out->trajectories));
    for (size_t i = 0; i < series; i++)
        choose_times(options, ntk_sweep_is_smooth(out, i / out->width_count),
                     place_of(out, i * out->seed_count).width, &out->log_times[i * times]);
    return ntk_map(run_count(out), run_unit, (void *)task);
}

/* ---- the whole ----------------------------------------------------------------------------------------- */

static ntk_table_place table_place(const void *sweep, size_t run) {
    const place at = place_of(sweep, run);
    return (ntk_table_place){at.network->text, at.width, (double)at.seed};
}

ntk_status ntk_sweep_conduct(ntk_context *context, const ntk_sweep_options *options, const char *columns,
                             ntk_sweep_measure measure, const void *own, ntk_sweep_reduce reduce) {
    ntk_sweep sweep;
    const sweep_task task = {context, &sweep, measure, own};
    ntk_status status = create(&task, options, ntk_table_count_columns(columns), &sweep);
    if (status == NTK_OK) status = sweep_emit_trajectories(context, &sweep);
    if (status == NTK_OK)
        status = ntk_table_emit_runs(context, "$activation width seed", columns, run_count(&sweep),
                                     sweep.values, table_place, &sweep);
    for (size_t a = 0; a < sweep.network_count && status == NTK_OK; a++) status = reduce(context, &sweep, a);
    sweep_release(&sweep);
    return status;
}
