/* Exit times of networks of growing width. */
#include "exits.h"

#include <math.h>
#include <string.h>

#include <ntk/architecture.h>
#include <ntk/exit.h>
#include <ntk/flow.h>
#include <ntk/hard_margin.h>
#include <ntk/lab/context.h>
#include <ntk/lab/grid.h>
#include <ntk/lab/problem.h>
#include <ntk/linalg.h>
#include <ntk/loss.h>
#include <ntk/memory.h>
#include <ntk/random.h>
#include <ntk/status.h>

const ntk_parameter ntk_exit_sweep_parameters[] = {
    NTK_CHOICES("activations", "erf relu", "erf|gelu|relu|tanh", "of the networks"),
    NTK_REALS("thresholds", "0.1 0.25 0.5 1", 0.001, 10, "relative drifts, ascending"),
    NTK_INTEGERS("widths", "64 128 256", 2, 65536, "one hidden layer, ascending"),
    NTK_INTEGERS("first-widths", "64 64 64 64", 2, 65536, "where each threshold's law begins"),
    NTK_INTEGERS("last-widths", "256 256 256 256", 2, 65536, "neurons that each uses; not ascending"),
    NTK_INTEGER("seeds", 4, 2, 100000, "draws of points and neurons"),
    NTK_INTEGER("step-seeds", 100000, 1, 100000, "of them, run with twice the step too, ReLU"),
    NTK_INTEGERS("deep-widths", "64 128", 2, 8192, "two hidden layers, ascending"),
    NTK_INTEGER("deep-thresholds", 2, 0, NTK_EXIT_SWEEP_THRESHOLDS, "with two layers; 0: no such networks"),
    NTK_INTEGER("deep-seeds", 2, 2, 100000, "draws, with two hidden layers"),
    NTK_INTEGER("points", 20, 2, 1000, "training points on the unit sphere"),
    NTK_CHOICE("loss", "logistic", "logistic|squared", "whose gradient flow is run"),
    NTK_REAL("epsilon", 0, 0, 0.49, "smallest target probability; 0: one-hot"),
    NTK_REAL("log-horizon", 5000, 1, 1e6, "log of the time at which waiting for an exit ends"),
    NTK_REAL("tolerance", 3e-4, 1e-13, 0.1, "of the integrator, smooth activations"),
    NTK_REAL("step", 0.5, 1e-4, 0.5, "of the bounded-step rule, ReLU"),
    {0},
};

enum { ACTIVATION, STEP, THRESHOLD, SEED, WIDTH }; /* axes, those of exits.h */

/* ---- one problem ----------------------------------------------------------------------------- */

static const ntk_axis *thresholds_of(const ntk_exit_sweep *self) { return &self->grid.axes[THRESHOLD]; }

static double width_of(const ntk_exit_sweep *self, ntk_place at) {
    return ntk_grid_number(&self->grid, at, WIDTH);
}

static ntk_training_options read_problem(const ntk_context *context, size_t depth) {
    ntk_training_options out = ntk_context_sphere_problem(context);
    out.loss = ntk_context_is(context, "loss", "squared") ? NTK_LOSS_SQUARED : NTK_LOSS_LOGISTIC;
    out.epsilon = ntk_context_real(context, "epsilon");
    out.architecture.depth = depth;
    return out;
}

static ntk_flow_options read_flow(const ntk_context *context, const ntk_training_options *problem,
                                  bool converges) {
    ntk_flow_options out = ntk_flow_options_default();
    out.loss = problem->loss;
    out.time = converges ? NTK_TIME_PHYSICAL : NTK_TIME_LOG_LOSS;
    out.tolerance = ntk_context_real(context, "tolerance");
    out.step = ntk_context_real(context, "step");
    if (converges)
        out.gradient_tolerance = 1e-8; /* followed to the end */
    else
        out.log_horizon = ntk_context_real(context, "log-horizon");
    return out;
}

ntk_status ntk_exit_sweep_problem(const ntk_exit_sweep *self, ntk_place at, ntk_training *training,
                                  ntk_flow_options *flow) {
    ntk_training_options problem = self->problem;
    problem.width = (size_t)width_of(self, at);
    NTK_TRY(
        ntk_activation_parse(ntk_grid_label(&self->grid, at, ACTIVATION), &problem.architecture.activation));
    const ntk_stream stream = ntk_context_stream(self->context, at.at[SEED]);
    NTK_TRY(ntk_training_create(&problem, &stream, training));
    *flow = self->flow;
    flow->kinked = !ntk_activation_is_smooth(problem.architecture.activation);
    flow->step *= self->depth > 1 ? 2 : ntk_grid_number(&self->grid, at, STEP);
    return NTK_OK;
}

/* ---- blocks of neurons ----------------------------------------------------------------------- */

/* The seed's neurons: input weights (last, inputs), then output weights (last). */
static ntk_status draw_neurons(const ntk_exit_sweep *self, ntk_place at, size_t inputs, double **out) {
    const size_t neurons = (size_t)self->last[0];
    const ntk_stream root = ntk_context_stream(self->context, at.at[SEED]);
    ntk_stream inner = ntk_stream_fork(&root, "input weights"),
               outer = ntk_stream_fork(&root, "output weights");
    NTK_TRY(ntk_allocate_doubles(neurons * (inputs + 1), out));
    ntk_stream_normal(&inner, neurons * inputs, *out);
    ntk_stream_normal(&outer, neurons, *out + neurons * inputs);
    return NTK_OK;
}

static void take_block(const ntk_exit_sweep *self, ntk_place at, size_t block, const double *neurons,
                       ntk_training *training) {
    const size_t m = (size_t)width_of(self, at), d = training->inputs;
    const double *outer = neurons + (size_t)self->last[0] * d;
    memcpy(training->theta0, neurons + block * m * d, m * d * sizeof *neurons);
    memcpy(training->theta0 + m * d, outer + block * m, m * sizeof *neurons);
    memcpy(training->theta, training->theta0, training->parameters * sizeof *neurons);
}

/* The thresholds, always the first ones, for which a block is followed: up to the last one that
 * uses its neurons, none if its width is below the laws of all these. */
static size_t followed(const ntk_exit_sweep *self, ntk_place at, size_t block) {
    const double m = width_of(self, at);
    size_t count = 0;
    bool in_a_law = block == 0;
    for (; count < thresholds_of(self)->count && ((double)block + 1) * m <= self->last[count]; count++)
        in_a_law = in_a_law || m >= self->first[count];
    return in_a_law ? count : 0;
}

/* ---- running --------------------------------------------------------------------------------- */

static void record(const ntk_exit *found, double gain, double largest_drift, double *row) {
    row[NTK_EXIT_NETWORKS]++;
    row[NTK_EXIT_DRIFT] = ntk_larger(row[NTK_EXIT_DRIFT], largest_drift);
    if (!isfinite(found->log_time)) return;
    if (row[NTK_EXIT_COUNT]++ == 0) {
        row[NTK_EXIT_LOG_TIME] = row[NTK_EXIT_LAZY_GAIN] = row[NTK_EXIT_TRAVEL] = 0;
        row[NTK_EXIT_LOG_TIME_LOW] = INFINITY;
        row[NTK_EXIT_LOG_TIME_HIGH] = -INFINITY;
    }
    const double exits = row[NTK_EXIT_COUNT];
    row[NTK_EXIT_LOG_TIME_LOW] = fmin(row[NTK_EXIT_LOG_TIME_LOW], found->log_time);
    row[NTK_EXIT_LOG_TIME_HIGH] = fmax(row[NTK_EXIT_LOG_TIME_HIGH], found->log_time);
    row[NTK_EXIT_LOG_TIME] += (found->log_time - row[NTK_EXIT_LOG_TIME]) / exits;
    row[NTK_EXIT_LAZY_GAIN] += (gain - row[NTK_EXIT_LAZY_GAIN]) / exits;
    row[NTK_EXIT_TRAVEL] += (found->displacement - row[NTK_EXIT_TRAVEL]) / exits;
}

static double *row_of(ntk_slot *slot, size_t threshold) {
    return slot->values + threshold * NTK_EXIT_COLUMNS;
}

/* Whether a threshold uses the neurons of this width's first block, no more and no less, and lacks
 * its prediction. */
static bool unpredicted(const ntk_exit_sweep *self, ntk_slot *slot, size_t threshold) {
    return width_of(self, slot->at) == self->last[threshold] &&
           isnan(row_of(slot, threshold)[NTK_EXIT_PREDICTED]);
}

/* log T with these weights held. */
static ntk_status predict(const ntk_exit_sweep *self, ntk_slot *slot, const ntk_training *training,
                          const double *weights) {
    const ntk_axis *thresholds = thresholds_of(self);
    double log_times[NTK_EXIT_SWEEP_THRESHOLDS];
    size_t count = 0; /* up to the last that is wanted */
    for (size_t q = 0; q < thresholds->count; q++)
        if (unpredicted(self, slot, q)) count = q + 1;
    if (count == 0 || slot->at.at[STEP] == NTK_EXIT_TWICE_THE_STEP || self->depth > 1) return NTK_OK;
    NTK_TRY(
        ntk_exit_frozen(&training->model, training->theta0, weights, count, thresholds->numbers, log_times));
    for (size_t q = 0; q < count; q++)
        if (unpredicted(self, slot, q)) row_of(slot, q)[NTK_EXIT_PREDICTED] = log_times[q];
    return NTK_OK;
}

/* What theory says of a network before it is trained: how far it has gone, were it lazy, by its
 * exits; and log T. */
static ntk_status predict_lazy(const ntk_exit_sweep *self, ntk_slot *slot, const ntk_training *training,
                               size_t count, const ntk_exit *exits, double *gains) {
    double log_times[NTK_EXIT_SWEEP_THRESHOLDS], *weights;
    size_t left = 0;
    for (; left < count && isfinite(exits[left].log_time); left++) log_times[left] = exits[left].log_time;
    NTK_TRY(ntk_allocate_doubles(training->points, &weights));
    ntk_hard_margin_result margin;
    ntk_status status = ntk_training_hard_margin(training, weights, &margin);
    if (status == NTK_OK) status = predict(self, slot, training, weights);
    if (status == NTK_OK)
        status = ntk_exit_lazy_gain(&training->model, training->theta0, training->targets, weights, left,
                                    log_times, gains);
    ntk_release(weights);
    return status;
}

/* Follow one network up to the threshold `count`. */
static ntk_status follow(const ntk_exit_sweep *self, ntk_slot *slot, const ntk_flow_options *flow,
                         size_t count, ntk_training *training) {
    ntk_exit found[NTK_EXIT_SWEEP_THRESHOLDS];
    double largest, gains[NTK_EXIT_SWEEP_THRESHOLDS] = {0};
    ntk_flow_result result;
    NTK_TRY(ntk_exit_run(&training->model, training->targets, flow, count, thresholds_of(self)->numbers,
                         training->theta, found, &largest, &result));
    if (!self->converges) NTK_TRY(predict_lazy(self, slot, training, count, found, gains));
    for (size_t q = 0; q < count; q++) record(&found[q], gains[q], largest, row_of(slot, q));
    return NTK_OK;
}

static ntk_status follow_blocks(const ntk_exit_sweep *self, ntk_slot *slot, const ntk_flow_options *flow,
                                ntk_training *training) {
    double *neurons;
    NTK_TRY(draw_neurons(self, slot->at, training->inputs, &neurons));
    ntk_status status = NTK_OK;
    for (size_t block = 0; status == NTK_OK; block++) {
        const size_t count = followed(self, slot->at, block);
        if (count == 0) break;
        take_block(self, slot->at, block, neurons, training);
        status = follow(self, slot, flow, count, training);
    }
    ntk_release(neurons);
    return status;
}

static bool is_left_out(const ntk_exit_sweep *self, ntk_place at) {
    const bool one_step = self->depth > 1 || ntk_grid_is_smooth(&self->grid, at.at[ACTIVATION]) ||
                          at.at[SEED] >= self->step_seeds;
    return at.at[STEP] == NTK_EXIT_TWICE_THE_STEP && one_step;
}

static ntk_status run_unit(const void *argument, ntk_slot *slot) {
    const ntk_exit_sweep *self = argument;
    const size_t count = thresholds_of(self)->count;
    for (size_t q = 0; q < count; q++) {
        double *row = row_of(slot, q);
        row[NTK_EXIT_NETWORKS] = row[NTK_EXIT_COUNT] = row[NTK_EXIT_DRIFT] = 0;
    }
    if (is_left_out(self, slot->at)) return NTK_OK;
    ntk_training training;
    ntk_flow_options flow;
    NTK_TRY(ntk_exit_sweep_problem(self, slot->at, &training, &flow));
    const ntk_status status = self->depth == 1 ? follow_blocks(self, slot, &flow, &training)
                                               : follow(self, slot, &flow, count, &training);
    ntk_training_release(&training);
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static ntk_status check_lists(const ntk_context *context, ntk_exit_sweep *out) {
    ntk_axis *thresholds = &out->grid.axes[THRESHOLD];
    size_t first, last;
    out->first = ntk_context_reals(context, "first-widths", &first);
    out->last = ntk_context_reals(context, "last-widths", &last);
    if (thresholds->count > NTK_EXIT_SWEEP_THRESHOLDS || first != thresholds->count || last != first)
        return ntk_fail(NTK_ERROR_ARGUMENT, "%zu thresholds (at most %d), %zu first and %zu last widths",
                        thresholds->count, NTK_EXIT_SWEEP_THRESHOLDS, first, last);
    for (size_t q = 1; q < last; q++)
        if (out->last[q] > out->last[q - 1])
            return ntk_fail(NTK_ERROR_ARGUMENT, "last-widths ascend at threshold %g", thresholds->numbers[q]);
    if (out->depth == 1) return NTK_OK;
    const size_t deep = ntk_context_size(context, "deep-thresholds");
    if (deep < thresholds->count) thresholds->count = deep;
    return NTK_OK;
}

static bool is_smooth(const char *name) {
    ntk_activation activation = NTK_RELU;
    (void)ntk_activation_parse(name, &activation); /* a choice of the parameter */
    return ntk_activation_is_smooth(activation);
}

static const char columns[] =
    "networks exits log-time log-time-low log-time-high lazy-gain travel largest-drift predicted";

ntk_status ntk_exit_sweep_run(const ntk_context *context, size_t depth, ntk_exit_sweep *out) {
    static const double steps[] = {1, 2};
    const bool deep = depth > 1;
    *out = (ntk_exit_sweep){
        .context = context,
        .depth = depth,
        .problem = read_problem(context, depth),
        .step_seeds = ntk_context_size(context, "step-seeds"),
        .grid = {.axes = {ntk_axis_of_choices(context, "activation", "activations"),
                          {.name = "step", .count = 2, .numbers = steps},
                          ntk_axis_of_numbers(context, "threshold", "thresholds"),
                          ntk_axis_of_count(context, "seed", deep ? "deep-seeds" : "seeds"),
                          ntk_axis_of_numbers(context, "width", deep ? "deep-widths" : "widths")},
                 .columns = columns,
                 .level = ntk_context_level(context)}};
    out->grid.axes[ACTIVATION].is_smooth = is_smooth;
    out->grid.axes[THRESHOLD].inside = true;
    out->grid.axes[WIDTH].costly = true;
    out->converges = out->problem.epsilon > 0 || out->problem.loss == NTK_LOSS_SQUARED;
    out->flow = read_flow(context, &out->problem, out->converges);
    NTK_TRY(check_lists(context, out));
    return ntk_grid_run(&out->grid, run_unit, out);
}

bool ntk_exit_sweep_in_law(const ntk_exit_sweep *sweep, ntk_place at) {
    const bool wide = sweep->depth > 1 || width_of(sweep, at) >= sweep->first[at.at[THRESHOLD]];
    return wide && ntk_grid_row(&sweep->grid, at)[NTK_EXIT_COUNT] > 0;
}
