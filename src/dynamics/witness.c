#include "dynamics/witness.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include <ntk/hard_margin.h>
#include <ntk/inference_problem.h>
#include <ntk/linalg.h>
#include <ntk/loss.h>
#include <ntk/memory.h>

static size_t order_of(const ntk_witness *w) {
    const ntk_model *model = w->stepper->field.model;
    return model->points * model->outputs;
}

/* After a step the model stands at its end, and has the activations there. */
static ntk_status compute_kernel(const ntk_witness *w, const ntk_state *state, double *kernel) {
    ntk_field *field = &w->stepper->field;
    const ntk_model *model = field->model;
    if (model->last_tangent_kernel && ntk_field_is_last(field, state)) {
        NTK_TRY(model->last_tangent_kernel(model->context, state->theta, kernel));
    } else {
        ntk_field_forget(field);
        NTK_TRY(model->tangent_kernel(model->context, state->theta, kernel));
    }
    if (ntk_all_finite(order_of(w) * order_of(w), kernel)) return NTK_OK;
    return ntk_fail(NTK_ERROR_DIVERGED, "the tangent kernel is not finite");
}

/* Each row its largest target; for one output, which side of the middle it is on. */
static void harden_targets(const ntk_witness *w) {
    const ntk_model *model = w->stepper->field.model;
    for (size_t i = 0; i < model->points; ++i) {
        const double *row = w->targets + i * model->outputs;
        double *class = w->classes + i * model->outputs;
        size_t largest = 0;
        for (size_t k = 1; k < model->outputs; ++k)
            if (row[k] > row[largest]) largest = k;
        for (size_t k = 0; k < model->outputs; ++k) class[k] = k == largest;
        if (model->outputs == 1) class[0] = row[0] > 0.5;
    }
}

/* Whether laws of the flow are those of another kernel than Theta_hat. */
static bool slides(const ntk_witness *w, const ntk_flow_options *options) {
    return options->kinked && options->observe_hard_margin == NTK_FLOW_KERNEL_SLIDING &&
           w->stepper->field.model->sliding_kernel;
}

static ntk_status prepare_kernels(ntk_witness *w, const ntk_flow_options *options, double *memory) {
    const size_t order = order_of(w), square = order * order;
    if (!w->stepper->field.model->tangent_kernel)
        return ntk_fail(NTK_ERROR_ARGUMENT,
                        "kernels are to be observed, but the model has no tangent kernel");
    w->kernel = memory;
    w->initial_kernel = memory + square;
    memory += 2 * square;
    if (options->observe_hard_margin) {
        w->classes = memory;
        w->coefficients = memory + order;
        memory += 2 * order;
        harden_targets(w);
        if (slides(w, options)) {
            w->sliding = memory;
            memory += square;
        }
    }
    if (options->observe_lambda_min) {
        w->eigen = memory;
        w->eigenvalues = memory + square;
    }
    NTK_TRY(compute_kernel(w, &w->stepper->begin, w->initial_kernel));
    w->initial_norm = ntk_norm(square, w->initial_kernel);
    return NTK_OK;
}

ntk_status ntk_witness_create(ntk_stepper *stepper, const ntk_flow_options *options, ntk_witness *out) {
    const ntk_model *model = stepper->field.model;
    const bool kernels = options->observe_kernel || options->event_needs_kernel;
    *out = (ntk_witness){.stepper = stepper,
                         .targets = stepper->field.targets,
                         .kernel_log_time = NAN,
                         .drift = NAN,
                         .lambda_min = NAN,
                         .margin_norm = NAN};
    const size_t order = order_of(out);
    if (kernels && order > SIZE_MAX / 8 / sizeof(double) / order)
        return ntk_fail(NTK_ERROR_SHAPE, "a tangent kernel of order %zu is too large", order);
    const size_t per_kernel = 4 * order + 3; /* four kernels, eigenvalues, classes and scratch */
    double *memory = NULL;
    NTK_TRY(ntk_allocate_doubles(model->points + (kernels ? per_kernel * order : 0), &memory));
    out->memory = memory;
    out->margins = memory;
    const ntk_status status = kernels ? prepare_kernels(out, options, memory + model->points) : NTK_OK;
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

/* The kernel that a law of this flow is about, at a state. */
static ntk_status find_sliding_kernel(ntk_witness *w, const ntk_state *state) {
    ntk_field *field = &w->stepper->field;
    ntk_field_forget(field);
    const size_t n = field->model->points, outputs = field->model->outputs;
    double *cotangent = w->coefficients;
    if (field->log_loss_time)
        ntk_loss_evaluate_log(field->loss, n, outputs, state->outputs, w->targets, &(double){0}, cotangent);
    else
        ntk_loss_evaluate(field->loss, n, outputs, state->outputs, w->targets, NULL, cotangent);
    for (size_t i = 0; i < n * outputs && !field->log_loss_time; ++i) cotangent[i] *= field->time_factor;
    return field->model->sliding_kernel(field->model->context, state->theta, cotangent, 2 * w->stepper->h,
                                        w->sliding);
}

/* Infinite where the kernel does not separate the classes (which are single ones, so that nothing
 * else can be wrong with them); not observed, NaN, where rounding leaves the norm open. */
static ntk_status find_hard_margin(ntk_witness *w) {
    const ntk_model *model = w->stepper->field.model;
    const ntk_inference_problem problem = {.loss = model->outputs == 1 ? NTK_LOSS_LOGISTIC : NTK_LOSS_SOFTMAX,
                                           .points = model->points,
                                           .outputs = model->outputs,
                                           .order = order_of(w),
                                           .gram = w->sliding ? w->sliding : w->kernel,
                                           .targets = w->classes};
    ntk_hard_margin_result margin;
    const ntk_status status = ntk_inference_hard_margin(&problem, w->coefficients, NULL, &margin);
    w->margin_norm = status == NTK_OK ? margin.norm : status == NTK_ERROR_ARGUMENT ? INFINITY : NAN;
    if (status == NTK_ERROR_ARGUMENT || status == NTK_ERROR_NO_CONVERGENCE ||
        status == NTK_ERROR_NOT_POSITIVE_DEFINITE)
        return NTK_OK;
    return status;
}

/* Times ascend along the path, so that a time tells its kernel; points of a step that are so near
 * each other that they have one log t have one kernel, to rounding. */
static ntk_status renew_kernel(ntk_witness *w, const ntk_state *state) {
    const size_t order = order_of(w), square = order * order;
    if (w->kernel_log_time == state->clock.log_time) return NTK_OK;
    w->kernel_log_time = NAN; /* until all is known */
    NTK_TRY(compute_kernel(w, state, w->kernel));
    w->drift = ntk_distance(square, w->kernel, w->initial_kernel) / w->initial_norm;
    if (w->sliding) NTK_TRY(find_sliding_kernel(w, state));
    if (w->eigen) {
        memcpy(w->eigen, w->sliding ? w->sliding : w->kernel, square * sizeof *w->eigen);
        NTK_TRY(ntk_eigen_symmetric(order, w->eigen, order, false, w->eigenvalues));
        w->lambda_min = w->eigenvalues[0];
    }
    if (w->classes) NTK_TRY(find_hard_margin(w));
    w->kernel_log_time = state->clock.log_time;
    return NTK_OK;
}

static ntk_status observe_kernel(ntk_witness *w, const ntk_state *state, ntk_observation *out) {
    NTK_TRY(renew_kernel(w, state));
    out->kernel = w->kernel;
    out->kernel_drift = w->drift;
    out->kernel_lambda_min = w->lambda_min;
    out->kernel_margin_norm = w->margin_norm;
    return NTK_OK;
}

ntk_status ntk_witness_observe(ntk_witness *w, ntk_state *state, bool kernel, ntk_observation *out) {
    const double displacement = ntk_stepper_displacement(w->stepper, state);
    *out = (ntk_observation){.log_time = state->clock.log_time,
                             .time = state->clock.time,
                             .log_loss = state->log_loss,
                             .objective = objective(w, state, displacement),
                             .displacement = displacement,
                             .gradient_norm = ntk_field_gradient_norm(&w->stepper->field, state),
                             .smallest_margin = smallest_margin(w, state),
                             .kernel_drift = NAN,
                             .kernel_lambda_min = NAN,
                             .kernel_margin_norm = NAN,
                             .outputs = state->outputs,
                             .theta = state->theta};
    return kernel ? observe_kernel(w, state, out) : NTK_OK;
}
