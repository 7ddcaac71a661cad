/* Step control, shared by the methods.
 *
 * A method with an error estimate err (over tolerance, O(h^k)) accepts where err <= 1 and then
 * takes
 *
 *     h_next = h * 0.9 err^{-0.7/k} err_previous^{0.4/k},  within [0.2, 5]
 *
 * the proportional-integral controller (Gustafsson 1991), which does not oscillate where stability
 * limits the step. The first step is Hairer, Norsett, Wanner (Solving ODEs I, section II.4): an
 * Euler step that moves theta by 0.01 shows the second derivative.
 *
 * AUTOMATIC in physical time begins with the embedded pair, which needs far fewer evaluations while
 * accuracy limits the step. Where stability limits it, its steps stay at 3.3 / rho and it hovers
 * about a stationary point at the level of the tolerance instead of reaching it: from there on the
 * stabilised method goes on. In log-loss time stiffness is bounded (loss.c), and the pair is left
 * only where the flow seems to have come to rest (standstill.c), as it does on data that are not
 * separable. */
#include "dynamics/stepper.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>

#include "dynamics/bracket.h"
#include "dynamics/stiffness.h"
#include "dynamics/vectors.h"
#include "objective/curvature.h"

/* ---- memory ---------------------------------------------------------------------------------- */

enum { FIXED_VECTORS = 9 }; /* theta and rate of three states, origin, scratch, mode */

enum { SWITCH_INTERVAL = 16 }; /* accepted steps between two looks at what limits the pair */

static ntk_status allocate(ntk_stepper *s) {
    const size_t p = s->field.model->dimension, nk = s->field.model->points * s->field.model->outputs;
    /* `mode` lives in parameter or in output space. Rows start on aligned addresses. */
    const size_t width = (p > nk ? p : nk), stride = (width + 7) / 8 * 8;
    if (stride > SIZE_MAX / sizeof(double)) return ntk_fail(NTK_ERROR_SHAPE, "a flow of %zu parameters", p);
    NTK_TRY(ntk_allocate(FIXED_VECTORS + s->method->vectors, stride * sizeof(double), &s->memory[0]));
    NTK_TRY(ntk_allocate(4, nk * sizeof(double), &s->memory[1]));
    double *vector = s->memory[0];
    double **const places[FIXED_VECTORS] = {&s->begin.theta, &s->begin.rate, &s->end.theta,
                                            &s->end.rate,    &s->seen.theta, &s->seen.rate,
                                            &s->origin,      &s->scratch,    &s->mode};
    for (size_t i = 0; i < FIXED_VECTORS; ++i, vector += stride) *places[i] = vector;
    for (size_t i = 0; i < s->method->vectors; ++i, vector += stride) s->work[i] = vector;
    double *row = s->memory[1];
    s->begin.outputs = row;
    s->end.outputs = row + nk;
    s->seen.outputs = row + 2 * nk;
    s->field.cotangent = row + 3 * nk;
    return NTK_OK;
}

void ntk_stepper_release(ntk_stepper *s) {
    ntk_release(s->memory[0]);
    ntk_release(s->memory[1]);
    *s = (ntk_stepper){0};
}

/* ---- the first step -------------------------------------------------------------------------- */

static ntk_status choose_first_step(ntk_stepper *s) {
    const size_t p = s->field.model->dimension;
    const double speed = ntk_field_speed(&s->field, &s->begin), k = s->method->error_order;
    s->next = INFINITY;
    if (k == 0) return NTK_OK;
    s->next = 1;
    if (!(speed > 1e-100)) return NTK_OK; /* at rest: any step will do */
    const double trial = 0.01 / speed;
    ntk_combine(p, s->begin.theta, 1, &trial, (const double *const[]){s->begin.rate}, s->seen.theta);
    NTK_TRY(ntk_field_evaluate(&s->field, &s->seen));
    s->next = 1e-3 * trial;
    if (!s->seen.finite) return NTK_OK;
    ntk_combine(p, s->seen.rate, 1, (const double[]){-1}, (const double *const[]){s->begin.rate}, s->scratch);
    const double acceleration = ntk_field_norm(&s->field, s->scratch) / trial;
    const double larger = fmax(speed, acceleration) / s->tolerance;
    s->next = fmin(100 * trial, pow(0.01 / larger, 1 / k));
    return NTK_OK;
}

ntk_status ntk_stepper_create(const ntk_model *model, const double *targets, const ntk_flow_options *options,
                              const ntk_method *method, const ntk_method *stiff, const double *theta,
                              ntk_stepper *out) {
    *out = (ntk_stepper){.field = {.model = model,
                                   .targets = targets,
                                   .loss = options->loss,
                                   .lambda = options->lambda,
                                   .time_factor = options->time_factor,
                                   .log_loss_time = options->time == NTK_TIME_LOG_LOSS},
                         .method = method,
                         .stiff = stiff,
                         .tolerance = options->tolerance,
                         .step = options->step,
                         .max_steps = options->max_steps,
                         .previous_error = 1};
    ntk_status status = allocate(out);
    if (status != NTK_OK) goto fail;
    if (options->centre == NTK_CENTRE_INITIALISATION) out->field.centre = out->origin;
    memcpy(out->origin, theta, model->dimension * sizeof *theta);
    memcpy(out->begin.theta, theta, model->dimension * sizeof *theta);
    out->begin.clock = (ntk_clock){0, -INFINITY};
    NTK_TRY_OR(fail, status, ntk_field_evaluate(&out->field, &out->begin));
    if (!out->begin.finite || !isfinite(ntk_field_speed(&out->field, &out->begin))) {
        status =
            ntk_fail(NTK_ERROR_DIVERGED, "the flow cannot start: loss or gradient at theta_0 is not finite");
        goto fail;
    }
    NTK_TRY_OR(fail, status, choose_first_step(out));
    return NTK_OK;
fail:
    ntk_stepper_release(out);
    return status;
}

/* ---- time within a step ---------------------------------------------------------------------- */

double ntk_stepper_log_time(const ntk_stepper *s, double sigma) {
    if (sigma >= 1) return s->end.clock.log_time;
    if (!s->field.log_loss_time) return log(s->begin.clock.time + sigma * s->h);
    return ntk_log_add(s->begin.clock.log_time, s->begin.log_speed + log(s->method->elapsed_at(s, sigma)));
}

double ntk_stepper_time_error(const ntk_stepper *s, double elapsed_error) {
    if (!s->field.log_loss_time) return 0;
    const double before = exp(s->begin.clock.log_time - s->begin.log_speed);
    return fabs(elapsed_error) / (before + s->elapsed) / s->tolerance;
}

/* t(sigma) e^{-log_time} - 1: finite also where t_n = 0, and nearly linear in sigma. */
static double time_residual(const ntk_stepper *s, double sigma, double log_time) {
    const double before = exp(s->begin.clock.log_time - log_time);
    return before + s->method->elapsed_at(s, sigma) * exp(s->begin.log_speed - log_time) - 1;
}

double ntk_stepper_locate(const ntk_stepper *s, double log_time) {
    if (log_time >= s->end.clock.log_time) return 1;
    if (!s->field.log_loss_time) return fmin(1, fmax(0, (exp(log_time) - s->begin.clock.time) / s->h));
    const double first = time_residual(s, 0, log_time), last = time_residual(s, 1, log_time);
    if (!(first < 0)) return 0;
    if (!(last >= 0)) return 1;
    ntk_bracket bracket = ntk_bracket_create(0, first, 1, last);
    double sigma = 1;
    /* To rounding in log t; a bracket that cannot shrink further has arrived too. */
    for (int i = 0; i < 200 && bracket.high - bracket.low > DBL_EPSILON * bracket.high; ++i) {
        sigma = ntk_bracket_trial(&bracket);
        const double residual = time_residual(s, sigma, log_time);
        if (fabs(residual) <= 4 * DBL_EPSILON) break;
        ntk_bracket_update(&bracket, sigma, residual);
    }
    return sigma;
}

ntk_status ntk_stepper_look(ntk_stepper *s, double sigma, double log_time) {
    s->method->interpolate(s, sigma, s->seen.theta);
    NTK_TRY(ntk_field_evaluate(&s->field, &s->seen));
    s->seen.clock = (ntk_clock){exp(log_time), log_time};
    if (s->seen.finite) return NTK_OK;
    return ntk_fail(NTK_ERROR_DIVERGED, "the loss is not finite at log t = %g", log_time);
}

/* ---- cubic Hermite --------------------------------------------------------------------------- */

void ntk_hermite_interpolate(const ntk_stepper *s, double sigma, double *theta) {
    ntk_hermite(s->field.model->dimension, sigma, s->h, (const double *[]){s->begin.theta, s->begin.rate},
                (const double *[]){s->end.theta, s->end.rate}, theta);
}

double ntk_hermite_elapsed_at(const ntk_stepper *s, double sigma) {
    const ntk_hermite_weights w = ntk_hermite_weights_at(sigma);
    return w.change * s->elapsed + s->h * (w.begin + w.end * exp(s->end.log_speed - s->begin.log_speed));
}

/* ---- attempts -------------------------------------------------------------------------------- */

static double distance_to_origin(ntk_stepper *s, const double *theta) {
    const size_t p = s->field.model->dimension;
    if (!s->field.model->norm) return ntk_distance(p, theta, s->origin);
    ntk_combine(p, theta, 1, (const double[]){-1}, (const double *const[]){s->origin}, s->scratch);
    return ntk_field_norm(&s->field, s->scratch);
}

double ntk_stepper_displacement(ntk_stepper *s, ntk_state *state) {
    if (isnan(state->displacement)) state->displacement = distance_to_origin(s, state->theta);
    return state->displacement;
}

static double next_after_acceptance(const ntk_stepper *s) {
    if (s->method->error_order == 0) return INFINITY;
    const double k = s->method->error_order, error = fmax(s->error, 1e-10);
    const double factor = 0.9 * pow(error, -0.7 / k) * pow(s->previous_error, 0.4 / k);
    return s->h * fmin(5, fmax(0.2, factor));
}

static double next_after_rejection(const ntk_stepper *s) {
    if (!isfinite(s->error)) return 0.25 * s->h;
    return s->h * fmax(0.1, 0.9 * pow(s->error, -1 / s->method->error_order));
}

/* A rejected step that moves theta by less than its rounding cannot be made good by a smaller
 * one. */
static ntk_status check_progress(ntk_stepper *s) {
    const double move = s->next * ntk_field_speed(&s->field, &s->begin);
    if (move > DBL_EPSILON * (1 + ntk_stepper_displacement(s, &s->begin))) return NTK_OK;
    if (!isfinite(s->error))
        return ntk_fail(NTK_ERROR_DIVERGED,
                        "the flow leaves what is finite at log t = %g, log L = %g (step %zu)",
                        s->begin.clock.log_time, s->begin.log_loss, s->steps);
    return ntk_fail(NTK_ERROR_STALLED, "steps shrank to rounding at log t = %g, log L = %g (step %zu)",
                    s->begin.clock.log_time, s->begin.log_loss, s->steps);
}

static void set_end_clock(ntk_stepper *s, const ntk_clock *limit, bool reaches_limit) {
    if (reaches_limit) {
        s->end.clock = *limit;
    } else if (s->field.log_loss_time) {
        const double log_time = ntk_log_add(s->begin.clock.log_time, s->begin.log_speed + log(s->elapsed));
        s->end.clock = (ntk_clock){exp(log_time), log_time};
    } else {
        const double time = s->begin.clock.time + s->h;
        s->end.clock = (ntk_clock){time, log(time)};
    }
}

/* Steps that would end just before the limit are stretched by up to 1 %: the last one is never
 * tiny. */
static bool clip_to(ntk_stepper *s, const ntk_clock *limit) {
    const double left = limit->time - s->begin.clock.time;
    if (s->field.log_loss_time || !(1.01 * s->h >= left)) return false;
    s->h = left;
    return true;
}

static ntk_status attempt(ntk_stepper *s, const ntk_clock *limit) {
    s->h = s->next;
    if (s->method->limit) NTK_TRY(s->method->limit(s, &s->h));
    const bool reaches_limit = clip_to(s, limit);
    if (!(s->h > 0 && isfinite(s->h)))
        return ntk_fail(NTK_ERROR_STALLED, "no step can be chosen at log t = %g, log L = %g",
                        s->begin.clock.log_time, s->begin.log_loss);
    NTK_TRY(s->method->attempt(s));
    /* Elapsed time is positive; a quadrature that says otherwise was taken too coarsely. */
    if (!(s->elapsed > 0)) s->error = NAN;
    if (isfinite(s->error)) set_end_clock(s, limit, reaches_limit);
    return NTK_OK;
}

void ntk_stepper_switch(ntk_stepper *s) {
    s->method = s->stiff;
    s->stiff = NULL;
    s->previous_error = 1;
}

/* The pair is stable to h rho = 3.3; the estimate of rho is 1.2 times what was found. */
static ntk_status switch_where_stiff(ntk_stepper *s) {
    if (s->stiff == NULL || s->field.log_loss_time || s->steps == 0 || s->steps % SWITCH_INTERVAL != 0)
        return NTK_OK;
    NTK_TRY(ntk_stepper_estimate_stiffness(s));
    if (s->h * s->stiffness >= 3) ntk_stepper_switch(s);
    return NTK_OK;
}

ntk_status ntk_stepper_advance(ntk_stepper *s, const ntk_clock *limit) {
    NTK_TRY(switch_where_stiff(s));
    for (bool retry = false;; retry = true) {
        if (s->steps + s->rejected >= s->max_steps)
            return ntk_fail(NTK_ERROR_STALLED, "%zu steps were not enough: log t = %g, log L = %g",
                            s->max_steps, s->begin.clock.log_time, s->begin.log_loss);
        NTK_TRY(attempt(s, limit));
        if (isfinite(s->error) && s->error <= 1) {
            s->next = next_after_acceptance(s);
            if (retry) s->next = fmin(s->next, s->h);
            break;
        }
        s->rejected++;
        s->next = next_after_rejection(s);
        NTK_TRY(check_progress(s));
    }
    if (s->end.clock.log_time > s->begin.clock.log_time && s->end.clock.log_time < INFINITY) return NTK_OK;
    return ntk_fail(NTK_ERROR_STALLED, "time no longer advances at log t = %g, log L = %g",
                    s->begin.clock.log_time, s->begin.log_loss);
}

void ntk_stepper_accept(ntk_stepper *s) {
    const ntk_state begin = s->begin;
    s->begin = s->end;
    s->end = begin;
    s->previous_error = fmax(s->error, 1e-4);
    s->stiffness_age++;
    s->steps++;
}
