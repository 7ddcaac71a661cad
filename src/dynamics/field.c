/* One evaluation: outputs, loss, its cotangent scaled to the speed of the flow, one pullback, and
 * one pass over the parameters where there is a regulariser. */
#include "dynamics/field.h"

#include <math.h>

#include <ntk/linalg.h>

#include "dynamics/vectors.h"
#include "objective/curvature.h"

/* cotangent <- (d theta / d s) in output space, sign and speed included: the pullback is linear, so
 * scaling nK numbers saves a pass over p. */
static void prepare_cotangent(ntk_field *field, ntk_state *state) {
    const size_t n = field->model->points, outputs = field->model->outputs;
    double *cotangent = field->cotangent;
    const double scale = field->log_loss_time ? -1 : -field->time_factor;
    if (field->log_loss_time) {
        ntk_loss_evaluate_log(field->loss, n, outputs, state->outputs, field->targets, &state->log_loss,
                              cotangent);
        state->log_speed = -state->log_loss - log(field->time_factor);
    } else {
        ntk_loss_evaluate_log(field->loss, n, outputs, state->outputs, field->targets, &state->log_loss,
                              NULL);
        ntk_loss_evaluate(field->loss, n, outputs, state->outputs, field->targets, NULL, cotangent);
        state->log_speed = 0;
    }
    for (size_t i = 0; i < n * outputs; ++i) cotangent[i] *= scale;
}

static void add_regulariser(const ntk_field *field, ntk_state *state) {
    const double weight = field->time_factor * field->lambda;
    const size_t p = field->model->dimension;
    double *restrict rate = state->rate;
    const double *restrict theta = state->theta, *restrict centre = field->centre;
    if (centre)
        for (size_t i = 0; i < p; ++i) rate[i] -= weight * (theta[i] - centre[i]);
    else
        for (size_t i = 0; i < p; ++i) rate[i] -= weight * theta[i];
}

/* A loss of exactly 0 has the logarithm -infinity: a number in physical time, none in log-loss
 * time. */
static bool is_finite(const ntk_field *field, const ntk_state *state) {
    const size_t count = field->model->points * field->model->outputs;
    if (!ntk_all_finite(count, state->outputs) || !ntk_all_finite(count, field->cotangent)) return false;
    return isfinite(state->log_loss) || (!field->log_loss_time && state->log_loss == -INFINITY);
}

ntk_status ntk_field_outputs(ntk_field *field, const double *theta, double *outputs) {
    field->evaluations++;
    field->serial++;
    return field->model->evaluate(field->model->context, theta, outputs);
}

bool ntk_field_is_last(const ntk_field *field, const ntk_state *state) {
    return state->serial == field->serial;
}

void ntk_field_forget(ntk_field *field) { field->serial++; }

ntk_status ntk_field_evaluate(ntk_field *field, ntk_state *state) {
    NTK_TRY(ntk_field_outputs(field, state->theta, state->outputs));
    state->serial = field->serial;
    state->speed = state->displacement = NAN;
    prepare_cotangent(field, state);
    state->finite = is_finite(field, state);
    return state->finite ? ntk_field_pull_back(field, state) : NTK_OK;
}

ntk_status ntk_field_pull_back(ntk_field *field, ntk_state *state) {
    const ntk_model *model = field->model;
    state->speed = NAN;
    NTK_TRY(model->pullback(model->context, state->theta, field->cotangent, state->rate));
    if (field->lambda > 0) add_regulariser(field, state);
    return NTK_OK;
}

double ntk_field_norm(const ntk_field *field, const double *difference) {
    const ntk_model *model = field->model;
    return model->norm ? model->norm(model->context, difference) : ntk_norm(model->dimension, difference);
}

double ntk_field_norm_of_sum(const ntk_field *field, size_t terms, const double *weight,
                             const double *const *direction, double *scratch) {
    const ntk_model *model = field->model;
    if (!model->norm) return ntk_combination_norm(model->dimension, terms, weight, direction);
    ntk_combine(model->dimension, NULL, terms, weight, direction, scratch);
    return model->norm(model->context, scratch);
}

double ntk_field_speed(const ntk_field *field, ntk_state *state) {
    if (isnan(state->speed)) state->speed = ntk_field_norm(field, state->rate);
    return state->speed;
}

double ntk_field_gradient_norm(const ntk_field *field, const ntk_state *state) {
    const double factor = field->log_loss_time ? exp(state->log_loss) : 1 / field->time_factor;
    return (isnan(state->speed) ? ntk_field_norm(field, state->rate) : state->speed) * factor;
}
