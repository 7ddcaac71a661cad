/* Gradient descent on the vector field of the flow: the rate of change that a flow would have,
 * times the length of a step. */
#include <ntk/descent.h>

#include <math.h>
#include <string.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>

#include "dynamics/field.h"
#include "dynamics/vectors.h"

typedef struct descent {
    const ntk_descent_options *options;
    ntk_field field;
    ntk_state state;
    double *difference; /* (p) scratch */
    const double *origin;
    size_t step, observed;
} descent;

static ntk_status check(const ntk_model *model, const double *targets, const ntk_descent_options *o) {
    if (!(o->rate > 0 && isfinite(o->rate)))
        return ntk_fail(NTK_ERROR_ARGUMENT, "descent: the rate %g is not a number > 0", o->rate);
    if (!(o->lambda >= 0 && isfinite(o->lambda)))
        return ntk_fail(NTK_ERROR_ARGUMENT, "descent: lambda is %g, not a number >= 0", o->lambda);
    for (size_t i = 1; i < o->observation_count; i++)
        if (o->observation_steps[i] <= o->observation_steps[i - 1])
            return ntk_fail(NTK_ERROR_ARGUMENT, "descent: observations do not ascend at %zu", i);
    return ntk_loss_check(o->loss, model->points, model->outputs, targets);
}

static ntk_status evaluate(descent *self) {
    NTK_TRY(ntk_field_evaluate(&self->field, &self->state));
    if (self->state.finite) return NTK_OK;
    return ntk_fail(NTK_ERROR_DIVERGED, "descent: after %zu steps an output is not finite", self->step);
}

static ntk_status observe(descent *self) {
    const ntk_descent_options *o = self->options;
    if (self->observed == o->observation_count || o->observation_steps[self->observed] != self->step)
        return NTK_OK;
    self->observed++;
    if (!o->observer) return NTK_OK;
    const double minus = -1;
    ntk_combine(self->field.model->dimension, self->state.theta, 1, &minus, &self->origin, self->difference);
    const ntk_descent_observation seen = {.step = self->step,
                                          .log_loss = self->state.log_loss,
                                          .displacement = ntk_field_norm(&self->field, self->difference),
                                          .gradient_norm =
                                              ntk_field_gradient_norm(&self->field, &self->state),
                                          .outputs = self->state.outputs,
                                          .theta = self->state.theta};
    return o->observer(&seen, o->context);
}

static ntk_status descend(descent *self) {
    const ntk_descent_options *o = self->options;
    NTK_TRY(evaluate(self));
    ntk_status status = observe(self);
    while (status == NTK_OK && self->step < o->steps) {
        ntk_combine(self->field.model->dimension, self->state.theta, 1, &o->rate,
                    (const double *const[]){self->state.rate}, self->state.theta);
        self->step++;
        NTK_TRY(evaluate(self));
        status = observe(self);
    }
    return status == NTK_ERROR_CANCELLED ? NTK_OK : status;
}

ntk_status ntk_descent_run(const ntk_model *model, const double *targets, const ntk_descent_options *options,
                           double *theta, size_t *steps) {
    NTK_TRY(check(model, targets, options));
    const size_t p = model->dimension, outputs = model->points * model->outputs;
    double *memory;
    NTK_TRY(ntk_allocate_doubles(3 * p + 2 * outputs, &memory));
    descent self = {.options = options,
                    .field = {.model = model,
                              .targets = targets,
                              .loss = options->loss,
                              .lambda = options->lambda,
                              .time_factor = 1,
                              .centre = theta,
                              .cotangent = memory + 3 * p + outputs},
                    .state = {.theta = memory, .rate = memory + p, .outputs = memory + 3 * p},
                    .difference = memory + 2 * p,
                    .origin = theta};
    memcpy(self.state.theta, theta, p * sizeof *theta);
    const ntk_status status = descend(&self);
    if (status == NTK_OK) memcpy(theta, self.state.theta, p * sizeof *theta);
    if (status == NTK_OK && steps) *steps = self.step;
    ntk_release(memory);
    return status;
}
