/* The bounded-step rule for models with kinks: Heun's method with steps that are bounded, not
 * error-controlled.
 *
 * Where activations have kinks the flow is a differential inclusion: neurons slide along kinks, the
 * field jumps, and an error estimate drives the step to zero. Steps are bounded instead, by two
 * quantities that stay meaningful across a kink. With G = grad L + lambda (theta - c), F = d
 * theta / d s and `step` the option:
 *
 *     h |d log L / ds| <= step     |d log L / ds| <= ||F|| (||G|| + lambda ||theta - c||) / L
 *     h rho <= step                rho = v (C lambda_max(Theta) + lambda)
 *
 * rho bounds the Gauss-Newton part of the Jacobian: v is the speed (kappa, or 1/L in log-loss time)
 * and C the largest curvature of the loss at the present outputs; in log-loss time v C <= 2
 * (objective/loss.c), so steps do not shrink with the loss. In log-loss time |d log L / ds| =
 * ||F||^2 exactly.
 *
 * Together they bound the change of log L over a step by step + step^2 / 2 in the linearised model.
 * Heun's method is stable to h rho = 2, so step <= 1 is stable with a margin for the growth of
 * Theta within and between steps. Both bounds scale with `step`: halving it halves the steps, and
 * the change of the observables is the error.
 *
 * lambda_max(Theta) comes from power iteration on c -> Theta c, which needs no kernel matrix: J^T c
 * is a pullback, and J w is the difference of the outputs at theta + delta w. (Outputs are
 * continuous at a kink; the field is not.) It is renewed every few steps from the last direction
 * and value, 1.1 times what is found because it is approached from below. */
#include <math.h>

#include <ntk/linalg.h>

#include "dynamics/power_iteration.h"
#include "dynamics/stepper.h"
#include "dynamics/vectors.h"
#include "objective/curvature.h"

enum { RENEWAL = 8, FIRST_ITERATIONS = 100, RENEWAL_ITERATIONS = 3 };
static const double MARGIN = 1.1;

/* image <- Theta v at begin.theta. seen is scratch. */
static ntk_status apply_tangent_kernel(void *context, const double *v, double *image) {
    ntk_stepper *s = context;
    ntk_field *field = &s->field;
    const ntk_model *model = field->model;
    const size_t p = model->dimension, nk = model->points * model->outputs;
    if (!ntk_field_is_last(field, &s->begin)) {
        NTK_TRY(ntk_field_outputs(field, s->begin.theta, s->seen.outputs));
        s->begin.serial = field->serial;
    }
    NTK_TRY(model->pullback(model->context, s->begin.theta, v, s->seen.rate));
    const double length = ntk_norm(p, s->seen.rate);
    const double delta = length > 0 ? 1e-6 * (1 + ntk_norm(p, s->begin.theta)) / length : 1;
    ntk_combine(p, s->begin.theta, 1, &delta, (const double *const[]){s->seen.rate}, s->seen.theta);
    s->seen.displacement = s->seen.speed = NAN; /* theta is another */
    NTK_TRY(ntk_field_outputs(field, s->seen.theta, image));
    for (size_t i = 0; i < nk; ++i) image[i] = (image[i] - s->begin.outputs[i]) / delta;
    return NTK_OK;
}

static ntk_status estimate_stiffness(ntk_stepper *s) {
    const size_t nk = s->field.model->points * s->field.model->outputs;
    const bool first = s->stiffness == 0;
    double largest = s->stiffness / MARGIN;
    /* A start without symmetry, of one sign: the dominant direction of a kernel mostly is. */
    for (size_t i = 0; first && i < nk; ++i) s->mode[i] = 1 + 0.1 * (double)(i % 7);
    NTK_TRY(ntk_power_iteration(nk, apply_tangent_kernel, s, first ? FIRST_ITERATIONS : RENEWAL_ITERATIONS,
                                s->mode, s->scratch, &largest));
    if (!isfinite(largest))
        return ntk_fail(NTK_ERROR_DIVERGED, "the tangent kernel is not finite at log t = %g",
                        s->begin.clock.log_time);
    s->stiffness = MARGIN * largest;
    s->stiffness_age = 0;
    return NTK_OK;
}

/* ||theta - c||. */
static double distance_to_centre(ntk_stepper *s) {
    return s->field.centre ? ntk_stepper_displacement(s, &s->begin)
                           : ntk_field_norm(&s->field, s->begin.theta);
}

static ntk_status bounded_limit(ntk_stepper *s, double *h) {
    const ntk_field *field = &s->field;
    if (s->stiffness == 0 || s->stiffness_age >= RENEWAL) NTK_TRY(estimate_stiffness(s));
    const double log_loss = s->begin.log_loss;
    const double log_curvature =
        ntk_loss_log_curvature_at(field->loss, field->model->points, field->model->outputs, s->begin.outputs);
    const double rate = ntk_field_speed(field, &s->begin);
    double stiffness, log_loss_rate;
    if (field->log_loss_time) {
        stiffness = exp(log_curvature - log_loss) * s->stiffness;
        log_loss_rate = rate * rate;
    } else {
        const double gradient = rate / field->time_factor + field->lambda * distance_to_centre(s);
        stiffness = field->time_factor * (exp(log_curvature) * s->stiffness + field->lambda);
        /* A loss of exactly 0 cannot change by a factor. */
        log_loss_rate = gradient > 0 && rate > 0 ? exp(log(rate) + log(gradient) - log_loss) : 0;
        if (log_loss == -INFINITY) log_loss_rate = 0;
    }
    *h = fmin(*h, s->step / fmax(stiffness, log_loss_rate));
    return NTK_OK;
}

/* A loss that rises by more than the bounds allow: rho was too small, a direction that the power
 * iteration had not seen having grown in between. The step is taken again, much shorter, and with
 * rho found anew. From a loss of 0 there is no rise by a factor. */
static bool rises(ntk_stepper *s) {
    const double allowed = s->step + 0.5 * s->step * s->step;
    if (!(isfinite(s->begin.log_loss) && s->end.log_loss - s->begin.log_loss > allowed)) return false;
    s->stiffness = 0;
    return true;
}

/* y_{n+1} = y_n + (h/2) (F(y_n) + F(y_n + h F(y_n))). */
static ntk_status heun_attempt(ntk_stepper *s) {
    const size_t p = s->field.model->dimension;
    const double *const rates[] = {s->begin.rate, s->end.rate};
    s->error = NAN;
    ntk_combine(p, s->begin.theta, 1, &s->h, rates, s->end.theta);
    NTK_TRY(ntk_field_evaluate(&s->field, &s->end));
    if (!s->end.finite) return NTK_OK;
    const double slope = exp(s->end.log_speed - s->begin.log_speed);
    s->elapsed = s->field.log_loss_time ? 0.5 * s->h * (1 + slope) : s->h;
    ntk_combine(p, s->begin.theta, 2, (const double[]){0.5 * s->h, 0.5 * s->h}, rates, s->end.theta);
    NTK_TRY(ntk_field_evaluate(&s->field, &s->end));
    if (s->end.finite && !rises(s)) s->error = 0;
    return NTK_OK;
}

const ntk_method ntk_method_bounded = {.error_order = 0,
                                       .limit = bounded_limit,
                                       .attempt = heun_attempt,
                                       .interpolate = ntk_hermite_interpolate,
                                       .elapsed_at = ntk_hermite_elapsed_at};
