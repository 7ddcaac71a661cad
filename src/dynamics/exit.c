/* Exit times: ntk_flow_run with one event whose level rises from threshold to threshold; and the same
 * thresholds along the flow with frozen weights, which needs no loss. */
#include <ntk/exit.h>

#include <math.h>
#include <string.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>

#include "dynamics/bracket.h"
#include "dynamics/vectors.h"

typedef struct watch {
    const double *thresholds; /* (count) */
    size_t count, passed;
    ntk_exit *exits;
    double largest_drift;
} watch;

static double beyond_threshold(const ntk_observation *seen, void *context) {
    watch *self = context;
    if (!(seen->kernel_drift <= self->largest_drift)) self->largest_drift = seen->kernel_drift;
    return self->passed < self->count ? seen->kernel_drift - self->thresholds[self->passed] : -1;
}

/* A kernel that jumps may pass several thresholds at once. */
static ntk_status record_exit(const ntk_observation *seen, void *context) {
    watch *self = context;
    while (self->passed < self->count && seen->kernel_drift >= self->thresholds[self->passed])
        self->exits[self->passed++] = (ntk_exit){seen->log_time, seen->displacement, seen->log_loss};
    if (self->passed < self->count) return NTK_OK;
    self->largest_drift = seen->kernel_drift; /* the end of this step, seen already, is not on the path */
    return NTK_ERROR_CANCELLED;
}

static ntk_status check_thresholds(size_t count, const double *thresholds) {
    if (count == 0) return ntk_fail(NTK_ERROR_ARGUMENT, "exit: no threshold");
    for (size_t i = 0; i < count; i++)
        if (!(thresholds[i] > (i == 0 ? 0 : thresholds[i - 1]) && isfinite(thresholds[i])))
            return ntk_fail(NTK_ERROR_ARGUMENT, "exit: threshold %zu is %g; they must be positive and ascend",
                            i, thresholds[i]);
    return NTK_OK;
}

ntk_status ntk_exit_run(const ntk_model *model, const double *targets, const ntk_flow_options *options,
                        size_t count, const double *thresholds, double *theta, ntk_exit *exits,
                        double *largest_drift, ntk_flow_result *result) {
    NTK_TRY(check_thresholds(count, thresholds));
    watch self = {.thresholds = thresholds, .count = count, .exits = exits};
    for (size_t i = 0; i < count; i++) exits[i] = (ntk_exit){INFINITY, NAN, NAN};
    ntk_flow_options watched = *options;
    watched.observer = NULL;
    watched.every_step = NULL;
    watched.observation_count = 0;
    watched.event = beyond_threshold;
    watched.on_event = record_exit;
    watched.event_needs_kernel = true;
    watched.observe_lambda_min = false;
    watched.context = &self;
    NTK_TRY(ntk_flow_run(model, targets, &watched, theta, result));
    *largest_drift = self.largest_drift;
    return NTK_OK;
}

/* ---- with frozen weights ---------------------------------------------------------------------------------
 *
 * d theta / d s = J(theta)^T c by the classical Runge-Kutta method, in steps that move theta by 2 % of its
 * size at first: exits are then good to about 1e-6. A crossing is located by taking the same step in part.
 */

enum { FROZEN_STEPS = 10000 };
static const double FROZEN_MOVE = 0.02, FROZEN_TOLERANCE = 1e-9;

typedef struct frozen {
    const ntk_model *model;
    const double *weights;            /* (n, K), c */
    double *theta, *trial, *slope[4]; /* (p) */
    double *outputs, *start_outputs;  /* (n, K) */
    double *kernel, *start_kernel;    /* (nK, nK) */
    double start_norm, step;
} frozen;

static ntk_status rate_at(const frozen *self, const double *theta, double *rate) {
    const ntk_model *model = self->model;
    NTK_TRY(model->evaluate(model->context, theta, self->outputs));
    return model->pullback(model->context, theta, self->weights, rate);
}

/* trial <- theta after h. */
static ntk_status advance(const frozen *self, double h) {
    const size_t p = self->model->dimension;
    const double part[] = {0, 0.5 * h, 0.5 * h, h}, whole[] = {h / 6, h / 3, h / 3, h / 6};
    for (size_t i = 0; i < 4; i++) {
        const double *before[] = {i == 0 ? self->slope[0] : self->slope[i - 1]};
        ntk_combine(p, self->theta, i == 0 ? 0 : 1, &part[i], before, self->trial);
        NTK_TRY(rate_at(self, self->trial, self->slope[i]));
    }
    ntk_combine(p, self->theta, 4, whole, (const double *const *)self->slope, self->trial);
    return NTK_OK;
}

static ntk_status drift_after(const frozen *self, double h, double *drift) {
    const size_t order = self->model->points * self->model->outputs;
    NTK_TRY(advance(self, h));
    NTK_TRY(self->model->tangent_kernel(self->model->context, self->trial, self->kernel));
    *drift = ntk_distance(order * order, self->kernel, self->start_kernel) / self->start_norm;
    if (isfinite(*drift)) return NTK_OK;
    return ntk_fail(NTK_ERROR_DIVERGED, "exit: the tangent kernel is not finite with frozen weights");
}

/* <c, f - f_0> / ||c||_1 where the drift passes the threshold within the next step. */
static ntk_status gain_at_exit(const frozen *self, double threshold, double begin, double end, double *gain) {
    const size_t order = self->model->points * self->model->outputs;
    ntk_bracket bracket = ntk_bracket_create(0, begin - threshold, self->step, end - threshold);
    while (bracket.high - bracket.low > FROZEN_TOLERANCE * self->step) {
        const double h = ntk_bracket_trial(&bracket);
        double drift;
        NTK_TRY(drift_after(self, h, &drift));
        ntk_bracket_update(&bracket, h, drift - threshold);
    }
    NTK_TRY(advance(self, bracket.high));
    NTK_TRY(self->model->evaluate(self->model->context, self->trial, self->outputs));
    double sum = 0, absolute = 0;
    for (size_t i = 0; i < order; i++) {
        sum += self->weights[i] * (self->outputs[i] - self->start_outputs[i]);
        absolute += fabs(self->weights[i]);
    }
    *gain = sum / absolute;
    return NTK_OK;
}

static ntk_status ascend(frozen *self, size_t count, const double *thresholds, double *gains) {
    size_t passed = 0;
    double begin = 0, end;
    for (size_t i = 0; i < count; i++) gains[i] = INFINITY;
    for (size_t i = 0; i < FROZEN_STEPS && passed < count; i++, begin = end) {
        NTK_TRY(drift_after(self, self->step, &end));
        const double whole_step_end = end;
        const bool crosses = whole_step_end >= thresholds[passed];
        for (; passed < count && whole_step_end >= thresholds[passed]; passed++)
            NTK_TRY(gain_at_exit(self, thresholds[passed], begin, whole_step_end, &gains[passed]));
        if (crosses) NTK_TRY(advance(self, self->step)); /* locating has moved the trial */
        memcpy(self->theta, self->trial, self->model->dimension * sizeof *self->theta);
    }
    return NTK_OK;
}

static ntk_status frozen_start(frozen *self, const double *theta) {
    const size_t p = self->model->dimension, order = self->model->points * self->model->outputs;
    memcpy(self->theta, theta, p * sizeof *theta);
    NTK_TRY(self->model->tangent_kernel(self->model->context, theta, self->start_kernel));
    self->start_norm = ntk_norm(order * order, self->start_kernel);
    NTK_TRY(rate_at(self, theta, self->slope[0]));
    memcpy(self->start_outputs, self->outputs, order * sizeof *self->outputs);
    const double speed = ntk_norm(p, self->slope[0]);
    if (!(speed > 0 && isfinite(speed)))
        return ntk_fail(NTK_ERROR_ARGUMENT, "exit: the frozen weights give the speed %g", speed);
    self->step = FROZEN_MOVE * (1 + ntk_norm(p, theta)) / speed;
    return NTK_OK;
}

ntk_status ntk_exit_frozen(const ntk_model *model, const double *theta, const double *weights, size_t count,
                           const double *thresholds, double *gains) {
    NTK_TRY(check_thresholds(count, thresholds));
    if (!model->tangent_kernel) return ntk_fail(NTK_ERROR_ARGUMENT, "exit: the model has no tangent kernel");
    const size_t p = model->dimension, order = model->points * model->outputs;
    double *memory;
    NTK_TRY(ntk_allocate_doubles(6 * p + 2 * order * (order + 1), &memory));
    frozen self = {.model = model, .weights = weights, .theta = memory, .trial = memory + p};
    for (size_t i = 0; i < 4; i++) self.slope[i] = memory + (2 + i) * p;
    self.outputs = memory + 6 * p;
    self.start_outputs = self.outputs + order;
    self.kernel = self.start_outputs + order;
    self.start_kernel = self.kernel + order * order;
    ntk_status status = frozen_start(&self, theta);
    if (status == NTK_OK) status = ascend(&self, count, thresholds, gains);
    ntk_release(memory);
    return status;
}
