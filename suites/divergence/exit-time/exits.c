/* Exit times of networks of growing width. */
#include "exits.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <ntk/architecture.h>
#include <ntk/exit.h>
#include <ntk/flow.h>
#include <ntk/hard_margin.h>
#include <ntk/inference_problem.h>
#include <ntk/lab/context.h>
#include <ntk/lab/problem.h>
#include <ntk/linalg.h>
#include <ntk/loss.h>
#include <ntk/memory.h>
#include <ntk/models.h>
#include <ntk/parallel.h>
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

/* ---- one problem --------------------------------------------------------------------------------------- */

static bool is_squared(const ntk_context *context) {
    return strcmp(ntk_context_choice(context, "loss"), "squared") == 0;
}

static ntk_flow_options describe_flow(const ntk_exit_sweep *self, ntk_exit_place at,
                                      const ntk_training *training) {
    ntk_flow_options flow = ntk_flow_options_default();
    flow.loss = is_squared(self->context) ? NTK_LOSS_SQUARED : NTK_LOSS_LOGISTIC;
    flow.time = self->converges ? NTK_TIME_PHYSICAL : NTK_TIME_LOG_LOSS;
    flow.kinked = !ntk_activation_is_smooth(training->architecture.activation);
    flow.tolerance = ntk_context_real(self->context, "tolerance");
    flow.step = ntk_context_real(self->context, "step") * (at.twice || self->depth > 1 ? 2 : 1);
    if (self->converges)
        flow.gradient_tolerance = 1e-8; /* followed to the end */
    else
        flow.log_horizon = ntk_context_real(self->context, "log-horizon");
    return flow;
}

ntk_status ntk_exit_sweep_problem(const ntk_exit_sweep *self, ntk_exit_place at, ntk_training *training,
                                  ntk_flow_options *flow) {
    const ntk_context *context = self->context;
    ntk_training_options problem = {.architecture = ntk_architecture_default(),
                                    .loss = is_squared(context) ? NTK_LOSS_SQUARED : NTK_LOSS_LOGISTIC,
                                    .width = (size_t)self->widths[at.width],
                                    .points = (size_t)ntk_context_integer(context, "points"),
                                    .inputs = (size_t)ntk_context_integer(context, "inputs"),
                                    .classes = 2,
                                    .max_cosine = ntk_context_real(context, "max-cosine"),
                                    .epsilon = ntk_context_real(context, "epsilon")};
    problem.architecture.depth = self->depth;
    problem.architecture.input_scale = NTK_INPUT_SCALE_NONE; /* unit-sphere data */
    NTK_TRY(ntk_activation_parse(self->activations[at.activation], &problem.architecture.activation));
    const ntk_stream stream = ntk_context_stream(context, at.seed);
    NTK_TRY(ntk_training_create(&problem, &stream, training));
    *flow = describe_flow(self, at, training);
    return NTK_OK;
}

/* ---- blocks of neurons --------------------------------------------------------------------------------- */

/* The seed's neurons: input weights (last, inputs), then output weights (last). */
static ntk_status draw_neurons(const ntk_exit_sweep *self, ntk_exit_place at, size_t inputs, double **out) {
    const size_t neurons = (size_t)self->last[0];
    const ntk_stream root = ntk_context_stream(self->context, at.seed);
    ntk_stream inner = ntk_stream_fork(&root, "input weights"),
               outer = ntk_stream_fork(&root, "output weights");
    NTK_TRY(ntk_allocate_doubles(neurons * (inputs + 1), out));
    ntk_stream_normal(&inner, neurons * inputs, *out);
    ntk_stream_normal(&outer, neurons, *out + neurons * inputs);
    return NTK_OK;
}

static void take_block(const ntk_exit_sweep *self, ntk_exit_place at, size_t block, const double *neurons,
                       ntk_training *training) {
    const size_t m = (size_t)self->widths[at.width], d = training->inputs;
    const double *outer = neurons + (size_t)self->last[0] * d;
    memcpy(training->theta0, neurons + block * m * d, m * d * sizeof *neurons);
    memcpy(training->theta0 + m * d, outer + block * m, m * sizeof *neurons);
    memcpy(training->theta, training->theta0, training->parameters * sizeof *neurons);
}

/* The thresholds, always the first ones, for which a block is followed: up to the last one that uses its
 * neurons, none if its width is below the laws of all these. */
static size_t followed(const ntk_exit_sweep *self, ntk_exit_place at, size_t block) {
    const double m = self->widths[at.width];
    size_t count = 0;
    bool in_a_law = block == 0;
    for (; count < self->threshold_count && ((double)block + 1) * m <= self->last[count]; count++)
        in_a_law = in_a_law || m >= self->first[count];
    return in_a_law ? count : 0;
}

/* ---- running ------------------------------------------------------------------------------------------- */

static ntk_exit_cell *cells_at(const ntk_exit_sweep *self, ntk_exit_place at) {
    const size_t row = (at.activation * 2 + (at.twice ? 1 : 0)) * self->seeds + at.seed;
    return &self->cells[(row * self->width_count + at.width) * self->threshold_count];
}

static void record(const ntk_exit *found, double gain, double largest_drift, ntk_exit_cell *out) {
    out->runs++;
    out->largest_drift = ntk_larger(out->largest_drift, largest_drift);
    if (!isfinite(found->log_time)) return;
    if (out->exits++ == 0) {
        out->log_time = out->lazy_gain = out->travel = 0;
        out->low = INFINITY;
        out->high = -INFINITY;
    }
    out->low = fmin(out->low, found->log_time);
    out->high = fmax(out->high, found->log_time);
    out->log_time += (found->log_time - out->log_time) / (double)out->exits;
    out->lazy_gain += (gain - out->lazy_gain) / (double)out->exits;
    out->travel += (found->displacement - out->travel) / (double)out->exits;
}

/* The weights that the hard margin of Theta_0 gives the points. weights: (points). */
static ntk_status hard_margin(const ntk_training *training, double *weights) {
    const size_t n = training->points;
    double *gram;
    NTK_TRY(ntk_allocate_doubles(n * n, &gram));
    const ntk_model *model = &training->model;
    const ntk_inference_problem problem = {.loss = NTK_LOSS_LOGISTIC,
                                           .points = n,
                                           .outputs = 1,
                                           .order = n,
                                           .gram = gram,
                                           .targets = training->targets};
    ntk_hard_margin_result margin;
    ntk_status status = model->tangent_kernel(model->context, training->theta0, gram);
    if (status == NTK_OK) status = ntk_inference_hard_margin(&problem, weights, NULL, &margin);
    ntk_release(gram);
    return status;
}

/* Whether a threshold uses the neurons of this width's first block, no more and no less, and lacks its
 * prediction. */
static bool unpredicted(const ntk_exit_sweep *self, ntk_exit_place at, size_t threshold) {
    return self->widths[at.width] == self->last[threshold] && isnan(cells_at(self, at)[threshold].predicted);
}

/* log T with these weights held. */
static ntk_status predict(const ntk_exit_sweep *self, ntk_exit_place at, const ntk_training *training,
                          const double *weights) {
    double log_times[NTK_EXIT_SWEEP_THRESHOLDS];
    size_t count = 0; /* up to the last that is wanted */
    for (size_t q = 0; q < self->threshold_count; q++)
        if (unpredicted(self, at, q)) count = q + 1;
    if (count == 0 || at.twice || self->depth > 1) return NTK_OK;
    NTK_TRY(ntk_exit_frozen(&training->model, training->theta0, weights, count, self->thresholds, log_times));
    for (size_t q = 0; q < count; q++)
        if (unpredicted(self, at, q)) cells_at(self, at)[q].predicted = log_times[q];
    return NTK_OK;
}

/* What theory says of a network before it is trained: how far it has gone, were it lazy, by its exits; and
 * log T. */
static ntk_status foretell(const ntk_exit_sweep *self, ntk_exit_place at, const ntk_training *training,
                           size_t count, const ntk_exit *exits, double *gains) {
    double log_times[NTK_EXIT_SWEEP_THRESHOLDS], *weights;
    size_t left = 0;
    for (; left < count && isfinite(exits[left].log_time); left++) log_times[left] = exits[left].log_time;
    NTK_TRY(ntk_allocate_doubles(training->points, &weights));
    ntk_status status = hard_margin(training, weights);
    if (status == NTK_OK) status = predict(self, at, training, weights);
    if (status == NTK_OK)
        status = ntk_exit_lazy_gain(&training->model, training->theta0, training->targets, weights, left,
                                    log_times, gains);
    ntk_release(weights);
    return status;
}

static ntk_status follow(const ntk_exit_sweep *self, ntk_exit_place at, const ntk_flow_options *flow,
                         size_t count, ntk_training *training) {
    ntk_exit found[NTK_EXIT_SWEEP_THRESHOLDS];
    double largest, gains[NTK_EXIT_SWEEP_THRESHOLDS] = {0};
    ntk_flow_result result;
    NTK_TRY(ntk_exit_run(&training->model, training->targets, flow, count, self->thresholds, training->theta,
                         found, &largest, &result));
    if (!self->converges) NTK_TRY(foretell(self, at, training, count, found, gains));
    for (size_t q = 0; q < count; q++) record(&found[q], gains[q], largest, &cells_at(self, at)[q]);
    return NTK_OK;
}

static ntk_status follow_blocks(const ntk_exit_sweep *self, ntk_exit_place at, const ntk_flow_options *flow,
                                ntk_training *training) {
    double *neurons;
    NTK_TRY(draw_neurons(self, at, training->inputs, &neurons));
    ntk_status status = NTK_OK;
    for (size_t block = 0; status == NTK_OK; block++) {
        const size_t count = followed(self, at, block);
        if (count == 0) break;
        take_block(self, at, block, neurons, training);
        status = follow(self, at, flow, count, training);
    }
    ntk_release(neurons);
    return status;
}

/* Widest first, so that the map ends with short units. */
static ntk_exit_place place_of(const ntk_exit_sweep *self, size_t unit) {
    ntk_exit_place at = {.seed = unit % self->seeds};
    unit /= self->seeds;
    at.twice = unit % 2 == 1;
    at.activation = unit / 2 % self->activation_count;
    at.width = self->width_count - 1 - unit / 2 / self->activation_count;
    return at;
}

static ntk_status run_unit(size_t unit, void *argument) {
    const ntk_exit_sweep *self = argument;
    const ntk_exit_place at = place_of(self, unit);
    ntk_activation activation;
    NTK_TRY(ntk_activation_parse(self->activations[at.activation], &activation));
    const bool one_step =
        self->depth > 1 || ntk_activation_is_smooth(activation) || at.seed >= self->step_seeds;
    if (at.twice && one_step) return NTK_OK;
    ntk_training training;
    ntk_flow_options flow;
    NTK_TRY(ntk_exit_sweep_problem(self, at, &training, &flow));
    ntk_status status = self->depth == 1 ? follow_blocks(self, at, &flow, &training)
                                         : follow(self, at, &flow, self->threshold_count, &training);
    ntk_training_release(&training);
    if (status == NTK_OK) return NTK_OK;
    char reason[512];
    snprintf(reason, sizeof reason, "%s", ntk_error_detail());
    return ntk_fail(status, "%s, %zu hidden, width %g, seed %zu: %s", self->activations[at.activation],
                    self->depth, self->widths[at.width], at.seed, reason);
}

/* ---- the whole ----------------------------------------------------------------------------------------- */

static ntk_status read_lists(ntk_context *context, ntk_exit_sweep *out) {
    size_t first, last;
    out->activations = ntk_context_choices(context, "activations", &out->activation_count);
    out->thresholds = ntk_context_reals(context, "thresholds", &out->threshold_count);
    out->widths = ntk_context_reals(context, out->depth == 1 ? "widths" : "deep-widths", &out->width_count);
    out->first = ntk_context_reals(context, "first-widths", &first);
    out->last = ntk_context_reals(context, "last-widths", &last);
    if (out->threshold_count > NTK_EXIT_SWEEP_THRESHOLDS || first != out->threshold_count || last != first)
        return ntk_fail(NTK_ERROR_ARGUMENT, "%zu thresholds (at most %d), %zu first and %zu last widths",
                        out->threshold_count, NTK_EXIT_SWEEP_THRESHOLDS, first, last);
    for (size_t q = 1; q < last; q++)
        if (out->last[q] > out->last[q - 1])
            return ntk_fail(NTK_ERROR_ARGUMENT, "last-widths ascend at threshold %g", out->thresholds[q]);
    if (out->depth == 1) return NTK_OK;
    const size_t deep = (size_t)ntk_context_integer(context, "deep-thresholds");
    if (deep < out->threshold_count) out->threshold_count = deep;
    return NTK_OK;
}

ntk_status ntk_exit_sweep_run(ntk_context *context, size_t depth, ntk_exit_sweep *out) {
    *out = (ntk_exit_sweep){.context = context, .depth = depth};
    out->seeds = (size_t)ntk_context_integer(context, depth == 1 ? "seeds" : "deep-seeds");
    out->step_seeds = (size_t)ntk_context_integer(context, "step-seeds");
    out->converges = ntk_context_real(context, "epsilon") > 0 || is_squared(context);
    NTK_TRY(read_lists(context, out));
    const size_t units = out->activation_count * 2 * out->seeds * out->width_count;
    NTK_TRY(ntk_allocate(units * out->threshold_count, sizeof *out->cells, (void **)&out->cells));
    for (size_t i = 0; i < units * out->threshold_count; i++)
        out->cells[i] = (ntk_exit_cell){
            .log_time = NAN, .low = NAN, .high = NAN, .lazy_gain = NAN, .travel = NAN, .predicted = NAN};
    const ntk_status status = out->threshold_count == 0 ? NTK_OK : ntk_map(units, run_unit, out);
    if (status != NTK_OK) ntk_exit_sweep_release(out);
    return status;
}

void ntk_exit_sweep_release(ntk_exit_sweep *sweep) {
    ntk_release(sweep->cells);
    *sweep = (ntk_exit_sweep){0};
}

const ntk_exit_cell *ntk_exit_sweep_cells(const ntk_exit_sweep *sweep, ntk_exit_place at) {
    return cells_at(sweep, at);
}

bool ntk_exit_sweep_in_law(const ntk_exit_sweep *sweep, ntk_exit_place at, size_t threshold) {
    const bool wide = sweep->depth > 1 || sweep->widths[at.width] >= sweep->first[threshold];
    return wide && cells_at(sweep, at)[threshold].exits > 0;
}
