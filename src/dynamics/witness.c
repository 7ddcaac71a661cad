#include "dynamics/witness.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>

static size_t order_of(const ntk_witness *w) {
    const ntk_model *model = w->stepper->field.model;
    return model->points * model->outputs;
}

static ntk_status compute_kernel(const ntk_witness *w, const double *theta, double *kernel) {
    const ntk_model *model = w->stepper->field.model;
    NTK_TRY(model->tangent_kernel(model->context, theta, kernel));
    if (ntk_all_finite(order_of(w) * order_of(w), kernel)) return NTK_OK;
    return ntk_fail(NTK_ERROR_DIVERGED, "the tangent kernel is not finite");
}

static ntk_status prepare_kernels(ntk_witness *w, bool lambda_min, double *memory) {
    const size_t order = order_of(w), square = order * order;
    if (!w->stepper->field.model->tangent_kernel)
        return ntk_fail(NTK_ERROR_ARGUMENT,
                        "kernels are to be observed, but the model has no tangent kernel");
    w->kernel = memory;
    w->initial_kernel = memory + square;
    if (lambda_min) {
        w->eigen = memory + 2 * square;
        w->eigenvalues = memory + 3 * square;
    }
    NTK_TRY(compute_kernel(w, w->stepper->begin.theta, w->initial_kernel));
    w->initial_norm = ntk_norm(square, w->initial_kernel);
    return NTK_OK;
}

ntk_status ntk_witness_create(ntk_stepper *stepper, bool kernels, bool lambda_min, ntk_witness *out) {
    const ntk_model *model = stepper->field.model;
    *out = (ntk_witness){.stepper = stepper,
                         .targets = stepper->field.targets,
                         .kernel_log_time = NAN,
                         .drift = NAN,
                         .lambda_min = NAN};
    const size_t order = order_of(out);
    if (kernels && order > SIZE_MAX / 8 / sizeof(double) / order)
        return ntk_fail(NTK_ERROR_SHAPE, "a tangent kernel of order %zu is too large", order);
    const size_t per_kernel = lambda_min ? 3 * order + 1 : 2 * order;
    double *memory = NULL;
    NTK_TRY(ntk_allocate_doubles(model->points + (kernels ? per_kernel * order : 0), &memory));
    out->memory = memory;
    out->margins = memory;
    const ntk_status status = kernels ? prepare_kernels(out, lambda_min, memory + model->points) : NTK_OK;
    if (status != NTK_OK) ntk_witness_release(out);
    return status;
}

void ntk_witness_release(ntk_witness *w) {
    ntk_release(w->memory);
    *w = (ntk_witness){0};
}

static double smallest_margin(ntk_witness *w, const ntk_state *state) {
    const ntk_field *field = &w->stepper->field;
    const size_t n = field->model->points;
    if (field->loss == NTK_LOSS_SQUARED) return NAN;
    ntk_loss_margins(field->loss, n, field->model->outputs, state->outputs, w->targets, w->margins);
    double smallest = w->margins[0];
    for (size_t i = 1; i < n; ++i) smallest = ntk_smaller(smallest, w->margins[i]);
    return smallest;
}

static double objective(ntk_witness *w, const ntk_state *state, double displacement) {
    const ntk_field *field = &w->stepper->field;
    const double loss = exp(state->log_loss);
    if (field->lambda == 0) return loss;
    const double distance = field->centre ? displacement : ntk_field_norm(field, state->theta);
    return loss + 0.5 * field->lambda * distance * distance;
}

/* Times ascend along the path, so that a time tells its kernel. */
static ntk_status renew_kernel(ntk_witness *w, const ntk_state *state) {
    const size_t order = order_of(w), square = order * order;
    if (w->kernel_log_time == state->clock.log_time) return NTK_OK;
    w->kernel_log_time = NAN; /* until all is known */
    NTK_TRY(compute_kernel(w, state->theta, w->kernel));
    w->drift = ntk_distance(square, w->kernel, w->initial_kernel) / w->initial_norm;
    if (w->eigen) {
        memcpy(w->eigen, w->kernel, square * sizeof *w->eigen);
        NTK_TRY(ntk_eigen_symmetric(order, w->eigen, order, false, w->eigenvalues));
        w->lambda_min = w->eigenvalues[0];
    }
    w->kernel_log_time = state->clock.log_time;
    return NTK_OK;
}

static ntk_status observe_kernel(ntk_witness *w, const ntk_state *state, ntk_observation *out) {
    NTK_TRY(renew_kernel(w, state));
    out->kernel = w->kernel;
    out->kernel_drift = w->drift;
    out->kernel_lambda_min = w->lambda_min;
    return NTK_OK;
}

ntk_status ntk_witness_observe(ntk_witness *w, const ntk_state *state, bool kernel, ntk_observation *out) {
    const double displacement = ntk_stepper_displacement(w->stepper, state->theta);
    *out = (ntk_observation){.log_time = state->clock.log_time,
                             .time = state->clock.time,
                             .log_loss = state->log_loss,
                             .objective = objective(w, state, displacement),
                             .displacement = displacement,
                             .gradient_norm = ntk_field_gradient_norm(&w->stepper->field, state),
                             .smallest_margin = smallest_margin(w, state),
                             .kernel_drift = NAN,
                             .kernel_lambda_min = NAN,
                             .outputs = state->outputs,
                             .theta = state->theta};
    return kernel ? observe_kernel(w, state, out) : NTK_OK;
}
