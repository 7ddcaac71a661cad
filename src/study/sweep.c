/* Sweeps: activations x widths x seeds, one flow each. */
#include <ntk/lab/sweep.h>

#include <math.h>
#include <string.h>

#include <ntk/architecture.h>
#include <ntk/data.h>
#include <ntk/flow.h>
#include <ntk/lab/context.h>
#include <ntk/lab/grid.h>
#include <ntk/lab/network_name.h>
#include <ntk/lab/problem.h>
#include <ntk/lab/table.h>
#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/models.h>
#include <ntk/random.h>
#include <ntk/stats.h>
#include <ntk/status.h>
#include <ntk/trajectory.h>

static const double first_log_time = -4;

/* ---- one run --------------------------------------------------------------------------------- */

enum { NETWORK, WIDTH, SEED }; /* axes, those of sweep.h */

/* What a run keeps of its path, at each time. */
enum { DISPLACEMENT, LOG_LOSS, SPREAD, DRIFT, CURVE, QUANTITIES };

typedef struct study {
    const ntk_context *context;
    const ntk_sweep_options *options;
    ntk_sweep_measure measure;
    const void *own;
    ntk_grid grid;
    ntk_digits digits;   /* what points are drawn from, or empty */
    const char **labels; /* (networks) */
    double *widths;      /* (networks, widths) */
} study;

static const ntk_network_name *network_of(const study *self, ntk_place at) {
    return &self->options->networks[at.at[NETWORK]];
}

static ntk_status describe_problem(const study *self, ntk_place at, ntk_training_options *out) {
    const ntk_sweep_options *options = self->options;
    const ntk_network_name *network = network_of(self, at);
    *out = options->problem;
    out->width = (size_t)ntk_grid_number(&self->grid, at, WIDTH);
    out->architecture.family = network->family;
    out->architecture.activation = network->activation;
    if (network->depth > 0) out->architecture.depth = network->depth;
    if (network->classes > 0) out->classes = network->classes;
    if (network->setting == NTK_SETTING_L2) out->epsilon = 0;
    if (network->setting == NTK_SETTING_BRIER) out->loss = NTK_LOSS_BRIER;
    if (network->setting == NTK_SETTING_POISSON) out->loss = NTK_LOSS_POISSON;
    if (out->loss == NTK_LOSS_LOGISTIC && out->classes > 2) out->loss = NTK_LOSS_SOFTMAX;
    out->given = ntk_context_given(self->context);
    if (!options->digits) return NTK_OK;
    out->digits = &self->digits;
    out->digit_classes = options->digit_classes;
    out->inputs = self->digits.rows * self->digits.columns;
    if (out->classes != options->digit_count)
        return ntk_fail(NTK_ERROR_ARGUMENT, "%zu digits for %zu classes", options->digit_count, out->classes);
    return NTK_OK;
}

/* count equal steps from low, which is not among the times, to high, which is to the bit. */
static void divide(double low, double high, size_t count, double *times) {
    for (size_t i = 1; i <= count; i++)
        times[i - 1] = i == count ? high : low + (high - low) * (double)i / (double)count;
}

static void choose_times(const study *self, ntk_place at, double *times) {
    const ntk_sweep_options *options = self->options;
    const bool smooth = ntk_grid_is_smooth(&self->grid, at.at[NETWORK]);
    const size_t count = options->time_count;
    const double fixed =
        smooth ? options->flow.log_horizon : fmin(options->flow.log_horizon, options->kinked_log_horizon);
    const double growth = options->horizon_growth * sqrt(ntk_grid_number(&self->grid, at, WIDTH));
    const size_t until_fixed = growth > 0 ? (count + 1) / 2 : count;
    times[0] = first_log_time;
    divide(first_log_time, fixed, until_fixed - 1, times + 1);
    divide(fixed, fixed + growth, count - until_fixed, times + until_fixed);
}

static ntk_flow_options describe_flow(const study *self, ntk_place at, const ntk_training_options *problem,
                                      const double *log_times) {
    const size_t time_count = self->options->time_count;
    const bool smooth = ntk_grid_is_smooth(&self->grid, at.at[NETWORK]);
    ntk_flow_options flow = self->options->flow;
    flow.loss = problem->loss;
    if (network_of(self, at)->setting == NTK_SETTING_SOFT) flow.lambda = 0;
    if (problem->architecture.parametrisation == NTK_PARAMETRISATION_MEAN_FIELD) {
        flow.time_factor = (double)problem->width;
        flow.lambda /= (double)problem->width;
    }
    const bool cross_entropy = problem->loss == NTK_LOSS_LOGISTIC || problem->loss == NTK_LOSS_SOFTMAX;
    const bool bounded = flow.lambda > 0 || problem->epsilon > 0 || !cross_entropy;
    flow.time = bounded ? NTK_TIME_PHYSICAL : NTK_TIME_LOG_LOSS;
    flow.kinked = !smooth;
    flow.log_horizon = log_times[time_count - 1];
    if (!(smooth && bounded)) flow.gradient_tolerance = 0;
    flow.observation_log_times = log_times;
    flow.observation_count = time_count;
    return flow;
}

/* kept: (QUANTITIES, times), but for the curve. */
static void keep_path(const ntk_trajectory *path, double *kept) {
    const size_t times = path->count;
    for (size_t t = 0; t < times; t++) {
        const ntk_trajectory_point *point = &path->points[t];
        kept[DISPLACEMENT * times + t] = point->displacement;
        kept[LOG_LOSS * times + t] = point->log_loss;
        kept[SPREAD * times + t] = point->largest_spread;
        kept[DRIFT * times + t] = point->kernel_drift;
    }
}

static ntk_status run_flow(const study *self, ntk_slot *slot, const ntk_training_options *problem,
                           const ntk_flow_options *flow, ntk_training *training) {
    ntk_trajectory path;
    NTK_TRY(ntk_trajectory_follow(&training->model, training->targets, flow,
                                  problem->test_points > 0 ? &training->everywhere : NULL, training->theta,
                                  &path));
    keep_path(&path, slot->kept);
    const ntk_sweep_run run = {.activation = problem->architecture.activation,
                               .width = problem->width,
                               .seed = slot->at.at[SEED],
                               .lambda = flow->lambda,
                               .epsilon = problem->epsilon,
                               .flow = flow,
                               .training = training,
                               .trajectory = &path,
                               .curve = slot->kept + CURVE * path.count};
    const ntk_status status = self->measure(&run, slot->values, self->own);
    ntk_trajectory_release(&path);
    return status;
}

static ntk_status run_unit(const void *argument, ntk_slot *slot) {
    const study *self = argument;
    double log_times[NTK_SWEEP_TIMES];
    ntk_training_options problem;
    ntk_training training;
    NTK_TRY(describe_problem(self, slot->at, &problem));
    choose_times(self, slot->at, log_times);
    const ntk_flow_options flow = describe_flow(self, slot->at, &problem, log_times);
    const ntk_stream stream = ntk_context_stream(self->context, slot->at.at[SEED]);
    NTK_TRY(ntk_training_create(&problem, &stream, &training));
    const ntk_status status = run_flow(self, slot, &problem, &flow, &training);
    ntk_training_release(&training);
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static bool is_smooth(const char *name) {
    ntk_network_name network;
    (void)ntk_network_name_parse(name, &network); /* a value of the parameter */
    return ntk_activation_is_smooth(network.activation);
}

static const double *widths_of(const ntk_sweep_options *options, const ntk_network_name *network) {
    const size_t depth = network->depth > 0 ? network->depth : options->problem.architecture.depth;
    return depth > 1 ? options->deep_widths : options->widths;
}

static ntk_status describe_axes(study *self) {
    const ntk_sweep_options *options = self->options;
    const size_t networks = options->network_count, widths = options->width_count;
    NTK_TRY(ntk_allocate(networks, sizeof *self->labels, (void **)&self->labels));
    NTK_TRY(ntk_allocate_doubles(networks * widths, &self->widths));
    for (size_t k = 0; k < networks; k++) {
        self->labels[k] = options->networks[k].text;
        memcpy(self->widths + k * widths, widths_of(options, &options->networks[k]), widths * sizeof(double));
    }
    ntk_axis *axes = self->grid.axes;
    axes[NETWORK] =
        (ntk_axis){.name = "activation", .count = networks, .labels = self->labels, .is_smooth = is_smooth};
    axes[WIDTH] = (ntk_axis){.name = "width", .count = widths, .numbers = self->widths, .by = "activation"};
    axes[SEED] = (ntk_axis){.name = "seed", .count = options->seed_count};
    return NTK_OK;
}

/* Of one time: the mean over seeds and the two ends of the range. */
static ntk_status emit_time(ntk_table *table, const study *self, ntk_place seeds, size_t time,
                            double log_time) {
    const size_t count = ntk_grid_count(&self->grid, seeds);
    double row[2 + 3 * QUANTITIES] = {ntk_grid_number(&self->grid, seeds, WIDTH), log_time};
    for (size_t q = 0; q < QUANTITIES; q++) {
        double *mean = row + 2 + 3 * q, *low = mean + 1, *high = mean + 2;
        for (size_t s = 0; s < count; s++) {
            const ntk_place at = ntk_grid_place(&self->grid, seeds, s);
            const double value = ntk_grid_kept(&self->grid, at)[q * self->options->time_count + time];
            *low = s == 0 ? value : ntk_smaller(*low, value);
            *high = s == 0 ? value : ntk_larger(*high, value);
            *mean += value;
        }
        *mean /= (double)count;
    }
    return ntk_table_row(table, &self->labels[seeds.at[NETWORK]], row);
}

static ntk_status emit_trajectories(ntk_context *context, const study *self) {
    ntk_table *table;
    NTK_TRY(
        ntk_emit_table(context, "trajectories",
                       "$activation width log-time displacement displacement-low displacement-high log-loss "
                       "log-loss-low log-loss-high spread spread-low spread-high drift drift-low drift-high "
                       "curve curve-low curve-high",
                       &table));
    const size_t widths = self->options->width_count;
    for (size_t k = 0; k < self->options->network_count * widths; k++) {
        const ntk_place seeds = {{k / widths, k % widths, NTK_ALL}};
        double log_times[NTK_SWEEP_TIMES];
        choose_times(self, seeds, log_times);
        for (size_t t = 0; t < self->options->time_count; t++)
            NTK_TRY(emit_time(table, self, seeds, t, log_times[t]));
    }
    return NTK_OK;
}

static ntk_status conduct(ntk_context *context, study *self, const ntk_reduction *metrics) {
    if (self->options->digits) NTK_TRY(ntk_context_digits(context, &self->digits));
    NTK_TRY(describe_axes(self));
    NTK_TRY(ntk_grid_run(&self->grid, run_unit, self));
    NTK_TRY(emit_trajectories(context, self));
    NTK_TRY(ntk_grid_emit_table(context, &self->grid, "runs"));
    return ntk_grid_emit(context, &self->grid, metrics);
}

ntk_status ntk_sweep_conduct(ntk_context *context, const ntk_sweep_options *options, const char *columns,
                             ntk_sweep_measure measure, const void *own, const ntk_reduction *metrics) {
    study self = {.context = context,
                  .options = options,
                  .measure = measure,
                  .own = own,
                  .grid = {.columns = columns,
                           .kept = QUANTITIES * options->time_count,
                           .level = ntk_context_level(context)}};
    const ntk_status status = conduct(context, &self, metrics);
    ntk_grid_release(&self.grid);
    ntk_digits_release(&self.digits);
    ntk_release(self.labels);
    ntk_release(self.widths);
    return status;
}

/* ---- what measures share --------------------------------------------------------------------- */

bool ntk_sweep_has_exit_law(const ntk_grid *grid, size_t which, size_t column) {
    const bool all_left = ntk_grid_share_finite(grid, ntk_grid_case(which), column) == 1;
    return all_left && grid->axes[WIDTH].count > 1 && grid->axes[SEED].count > 1;
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
