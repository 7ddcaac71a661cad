/* How a flow comes to rest. Along theta' = -g, g the gradient and H the Hessian of the objective,
 *
 *     d||g|| / dt = -g^T H g / ||g|| = -curvature ||g||,
 *
 * so with a constant curvature the parameters travel integral ||g|| dt = ||g|| / curvature more. H
 * g is a difference of gradients, delta = (1 + ||theta - theta_0||) eps^{1/3} along u = g / ||g||:
 *
 *     u^T H u = u^T (g(theta + delta u) - g(theta - delta u)) / (2 delta),
 *
 * with a truncation of order delta^2 and a rounding of order eps / delta, both some 1e-10. */
#include <float.h>
#include <math.h>

#include <ntk/flow.h>
#include <ntk/linalg.h>
#include <ntk/memory.h>

#include "dynamics/field.h"
#include "dynamics/vectors.h"

typedef struct rest {
    ntk_field field;
    ntk_state state;   /* theta, rate and outputs */
    double *direction; /* u; before, theta - theta_0 */
} rest;

/* rate <- -g at theta + step * direction. */
static ntk_status evaluate_at(rest *self, const double *theta, double step) {
    ntk_combine(self->field.model->dimension, theta, 1, &step, (const double *const[]){self->direction},
                self->state.theta);
    NTK_TRY(ntk_field_evaluate(&self->field, &self->state));
    if (self->state.finite && ntk_all_finite(self->field.model->dimension, self->state.rate)) return NTK_OK;
    return ntk_fail(NTK_ERROR_DIVERGED, "the gradient is not finite where the flow is to rest");
}

static ntk_status measure(rest *self, const double *theta0, const double *theta, ntk_flow_rest *out) {
    const size_t p = self->field.model->dimension;
    const double minus = -1;
    ntk_combine(p, theta, 1, &minus, &theta0, self->direction);
    const double delta = (1 + ntk_norm(p, self->direction)) * cbrt(DBL_EPSILON);
    NTK_TRY(evaluate_at(self, theta, 0));
    out->gradient_norm = ntk_field_gradient_norm(&self->field, &self->state);
    const double length = ntk_norm(p, self->state.rate), scale = -1 / length;
    if (length == 0) return NTK_OK;
    ntk_combine(p, NULL, 1, &scale, (const double *const[]){self->state.rate}, self->direction);
    NTK_TRY(evaluate_at(self, theta, delta));
    double slope = -ntk_dot(p, self->direction, self->state.rate);
    NTK_TRY(evaluate_at(self, theta, -delta));
    slope += ntk_dot(p, self->direction, self->state.rate);
    out->curvature = slope / (2 * delta);
    return NTK_OK;
}

ntk_status ntk_flow_measure_rest(const ntk_model *model, const double *targets,
                                 const ntk_flow_options *options, const double *theta0, const double *theta,
                                 ntk_flow_rest *out) {
    const size_t p = model->dimension, outputs = model->points * model->outputs;
    if (model->norm)
        return ntk_fail(NTK_ERROR_UNSUPPORTED, "the rest of a flow is measured in Euclidean coordinates");
    *out = (ntk_flow_rest){.gradient_norm = NAN, .curvature = NAN};
    double *memory;
    NTK_TRY(ntk_allocate_doubles(3 * p + 2 * outputs, &memory));
    rest self = {.field = {.model = model,
                           .targets = targets,
                           .loss = options->loss,
                           .lambda = options->lambda,
                           .time_factor = 1,
                           .centre = options->centre == NTK_CENTRE_ZERO ? NULL : theta0,
                           .cotangent = memory + 3 * p + outputs},
                 .state = {.theta = memory, .rate = memory + p, .outputs = memory + 3 * p},
                 .direction = memory + 2 * p};
    const ntk_status status = measure(&self, theta0, theta, out);
    ntk_release(memory);
    return status;
}
