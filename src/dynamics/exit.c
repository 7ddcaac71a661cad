/* Exit times: ntk_flow_run with one event whose level rises from threshold to threshold; and the
 * same thresholds along the flow with frozen weights, which needs no loss. */
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
    self->largest_drift = ntk_larger(self->largest_drift, seen->kernel_drift);
    return self->passed < self->count ? seen->kernel_drift - self->thresholds[self->passed] : -1;
}

/* A kernel that jumps may pass several thresholds at once. */
static ntk_status record_exit(const ntk_observation *seen, void *context) {
    watch *self = context;
    while (self->passed < self->count && seen->kernel_drift >= self->thresholds[self->passed])
        self->exits[self->passed++] = (ntk_exit){seen->log_time, seen->displacement, seen->log_loss};
    if (self->passed < self->count) return NTK_OK;
    self->largest_drift = seen->kernel_drift; /* the end of this step, seen already, is not on the
                                               * path */
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

/* ---- with frozen weights ---------------------------------------------------------------------
 *
 * d theta / d s = J(theta)^T c by the classical Runge-Kutta method, in steps that move theta by 2 %
 * of its size at first, and between their ends by the cubic that has the values and slopes there.
 * Both leave errors of the fourth power of the step: on networks, exits move by about 1e-6 of
 * themselves when it is halved. */

enum { FROZEN_STEPS = 10000, STAGES = 3 };
static const double FROZEN_MOVE = 0.02, FROZEN_TOLERANCE = 1e-7; /* a crossing's, in steps */

typedef struct frozen {
    const ntk_model *model;
    const double *weights;                 /* (n, K), c */
    double *theta, *rate, *end, *end_rate; /* (p), the ends of a step */
    double *trial, *stage[STAGES];         /* (p) */
    double *outputs, *start_outputs;       /* (n, K) */
    double *kernel, *start_kernel;         /* (nK, nK) */
    double start_norm, step, drift, end_drift;
} frozen;

static ntk_status rate_at(const frozen *self, const double *theta, double *rate) {
    const ntk_model *model = self->model;
    NTK_TRY(model->evaluate(model->context, theta, self->outputs));
    return model->pullback(model->context, theta, self->weights, rate);
}

static ntk_status drift_at(const frozen *self, const double *theta, double *drift) {
    const size_t order = self->model->points * self->model->outputs;
    NTK_TRY(self->model->tangent_kernel(self->model->context, theta, self->kernel));
    *drift = ntk_distance(order * order, self->kernel, self->start_kernel) / self->start_norm;
    if (isfinite(*drift)) return NTK_OK;
    return ntk_fail(NTK_ERROR_DIVERGED, "exit: the tangent kernel is not finite with frozen weights");
}

/* The end of the step that begins at theta. */
static ntk_status take_step(frozen *self) {
    const size_t p = self->model->dimension;
    const double h = self->step, part[STAGES] = {0.5 * h, 0.5 * h, h};
    const double *const slopes[] = {self->rate, self->stage[0], self->stage[1], self->stage[2]};
    for (size_t i = 0; i < STAGES; i++) {
        ntk_combine(p, self->theta, 1, &part[i], &slopes[i], self->trial);
        NTK_TRY(rate_at(self, self->trial, self->stage[i]));
    }
    ntk_combine(p, self->theta, 4, (const double[]){h / 6, h / 3, h / 3, h / 6}, slopes, self->end);
    NTK_TRY(rate_at(self, self->end, self->end_rate));
    return drift_at(self, self->end, &self->end_drift);
}

/* trial <- theta within the step. */
static void look(const frozen *self, double sigma) {
    ntk_hermite(self->model->dimension, sigma, self->step, (const double *[]){self->theta, self->rate},
                (const double *[]){self->end, self->end_rate}, self->trial);
}

/* <c, f - f_0> / ||c||_1 where the drift passes the threshold within the step. */
static ntk_status gain_at_exit(const frozen *self, double threshold, double *gain) {
    ntk_bracket bracket = ntk_bracket_create(0, self->drift - threshold, 1, self->end_drift - threshold);
    while (bracket.high - bracket.low > FROZEN_TOLERANCE) {
        const double sigma = ntk_bracket_trial(&bracket);
        double drift;
        look(self, sigma);
        NTK_TRY(drift_at(self, self->trial, &drift));
        ntk_bracket_update(&bracket, sigma, drift - threshold);
    }
    look(self, bracket.high);
    NTK_TRY(self->model->evaluate(self->model->context, self->trial, self->outputs));
    double sum = 0, absolute = 0;
    for (size_t i = 0; i < self->model->points * self->model->outputs; i++) {
        sum += self->weights[i] * (self->outputs[i] - self->start_outputs[i]);
        absolute += fabs(self->weights[i]);
    }
    *gain = sum / absolute;
    return NTK_OK;
}

/* Make the end of the step the beginning of the next. */
static void accept_step(frozen *self) {
    double *const theta = self->theta, *const rate = self->rate;
    self->theta = self->end;
    self->rate = self->end_rate;
    self->drift = self->end_drift;
    self->end = theta;
    self->end_rate = rate;
}

static ntk_status ascend(frozen *self, size_t count, const double *thresholds, double *gains) {
    size_t passed = 0;
    for (size_t i = 0; i < count; i++) gains[i] = INFINITY;
    for (size_t i = 0; i < FROZEN_STEPS && passed < count; i++) {
        NTK_TRY(take_step(self));
        for (; passed < count && self->end_drift >= thresholds[passed]; passed++)
            NTK_TRY(gain_at_exit(self, thresholds[passed], &gains[passed]));
        accept_step(self);
    }
    return NTK_OK;
}

static ntk_status frozen_start(frozen *self, const double *theta) {
    const size_t p = self->model->dimension, order = self->model->points * self->model->outputs;
    memcpy(self->theta, theta, p * sizeof *theta);
    NTK_TRY(self->model->tangent_kernel(self->model->context, theta, self->start_kernel));
    self->start_norm = ntk_norm(order * order, self->start_kernel);
    NTK_TRY(rate_at(self, theta, self->rate));
    memcpy(self->start_outputs, self->outputs, order * sizeof *self->outputs);
    const double speed = ntk_norm(p, self->rate);
    if (!(speed > 0 && isfinite(speed)))
        return ntk_fail(NTK_ERROR_ARGUMENT, "exit: the frozen weights give the speed %g", speed);
    self->step = FROZEN_MOVE * (1 + ntk_norm(p, theta)) / speed;
    return NTK_OK;
}

/* The vectors of `self` in one allocation, whose start is returned in *out. */
static ntk_status frozen_allocate(frozen *self, double **out) {
    const size_t p = self->model->dimension, order = self->model->points * self->model->outputs;
    double **const vectors[] = {&self->theta, &self->rate,     &self->end,      &self->end_rate,
                                &self->trial, &self->stage[0], &self->stage[1], &self->stage[2]};
    const size_t count = sizeof vectors / sizeof *vectors;
    NTK_TRY(ntk_allocate_doubles(count * p + 2 * order * (order + 1), out));
    for (size_t i = 0; i < count; i++) *vectors[i] = *out + i * p;
    self->outputs = *out + count * p;
    self->start_outputs = self->outputs + order;
    self->kernel = self->start_outputs + order;
    self->start_kernel = self->kernel + order * order;
    return NTK_OK;
}

ntk_status ntk_exit_frozen(const ntk_model *model, const double *theta, const double *weights, size_t count,
                           const double *thresholds, double *gains) {
    NTK_TRY(check_thresholds(count, thresholds));
    if (!model->tangent_kernel) return ntk_fail(NTK_ERROR_ARGUMENT, "exit: the model has no tangent kernel");
    frozen self = {.model = model, .weights = weights};
    double *memory;
    NTK_TRY(frozen_allocate(&self, &memory));
    ntk_status status = frozen_start(&self, theta);
    if (status == NTK_OK) status = ascend(&self, count, thresholds, gains);
    ntk_release(memory);
    return status;
}
