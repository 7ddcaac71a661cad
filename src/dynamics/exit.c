/* Exit times: ntk_flow_run with one event whose level rises from threshold to threshold; and the same
 * thresholds along a straight line, where each point costs one kernel. */
#include <ntk/exit.h>

#include <math.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>

#include "dynamics/bracket.h"
#include "dynamics/vectors.h"

/* The march along a ray: from a hundredth of the size of theta outwards by factors, to a thousand times it.
 */
enum { RAY_STEPS = 64 };
static const double RAY_FIRST = 0.01, RAY_GROWTH = 1.2, RAY_TOLERANCE = 1e-9;

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
    watched.context = &self;
    NTK_TRY(ntk_flow_run(model, targets, &watched, theta, result));
    *largest_drift = self.largest_drift;
    return NTK_OK;
}

/* ---- along a ray ------------------------------------------------------------------------------------------
 */

typedef struct ray {
    const ntk_model *model;
    const double *origin, *direction;
    double *theta;         /* (p) */
    double *start, *there; /* (nK, nK) */
    double start_norm;
} ray;

static ntk_status drift_at(const ray *self, double distance, double *drift) {
    const size_t square =
        self->model->points * self->model->outputs * self->model->points * self->model->outputs;
    ntk_combine(self->model->dimension, self->origin, 1, &distance, &self->direction, self->theta);
    NTK_TRY(self->model->tangent_kernel(self->model->context, self->theta, self->there));
    *drift = ntk_distance(square, self->there, self->start) / self->start_norm;
    if (isfinite(*drift)) return NTK_OK;
    return ntk_fail(NTK_ERROR_NOT_FINITE, "exit: the drift is %g at distance %g along the ray", *drift,
                    distance);
}

/* Narrow down where the drift passes the threshold, between `low` and `high`. */
static ntk_status narrow(const ray *self, double threshold, double low, double low_drift, double high,
                         double high_drift, double *out) {
    ntk_bracket bracket = ntk_bracket_create(low, low_drift - threshold, high, high_drift - threshold);
    while (bracket.high - bracket.low > RAY_TOLERANCE * bracket.high) {
        const double trial = ntk_bracket_trial(&bracket);
        double drift;
        NTK_TRY(drift_at(self, trial, &drift));
        ntk_bracket_update(&bracket, trial, drift - threshold);
    }
    *out = bracket.high;
    return NTK_OK;
}

static ntk_status march(const ray *self, double first, size_t count, const double *thresholds,
                        double *distances) {
    double low = 0, low_drift = 0, high = first, high_drift;
    size_t passed = 0;
    for (size_t i = 0; i < RAY_STEPS && passed < count; i++, high *= RAY_GROWTH) {
        NTK_TRY(drift_at(self, high, &high_drift));
        for (; passed < count && high_drift >= thresholds[passed]; passed++)
            NTK_TRY(narrow(self, thresholds[passed], low, low_drift, high, high_drift, &distances[passed]));
        low = high;
        low_drift = high_drift;
    }
    for (; passed < count; passed++) distances[passed] = INFINITY;
    return NTK_OK;
}

ntk_status ntk_exit_along(const ntk_model *model, const double *theta, const double *direction, size_t count,
                          const double *thresholds, double *distances) {
    NTK_TRY(check_thresholds(count, thresholds));
    const size_t p = model->dimension, order = model->points * model->outputs;
    const double length = ntk_norm(p, direction);
    if (!model->tangent_kernel) return ntk_fail(NTK_ERROR_ARGUMENT, "exit: the model has no tangent kernel");
    if (!(length > 0 && isfinite(length)))
        return ntk_fail(NTK_ERROR_ARGUMENT, "exit: the direction has length %g", length);
    ray self = {.model = model, .origin = theta, .direction = direction};
    double *memory;
    NTK_TRY(ntk_allocate_doubles(p + 2 * order * order, &memory));
    self.start = memory;
    self.there = memory + order * order;
    self.theta = memory + 2 * order * order;
    ntk_status status = model->tangent_kernel(model->context, theta, self.start);
    self.start_norm = ntk_norm(order * order, self.start);
    const double first = RAY_FIRST * (1 + ntk_norm(p, theta)) / length;
    if (status == NTK_OK) status = march(&self, first, count, thresholds, distances);
    ntk_release(memory);
    return status;
}
