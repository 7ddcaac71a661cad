/* When a flow is at rest. Steps of an explicit method are bounded by stability, a constant over the
 * stiffness, however little there is left to do: a solution that has arrived would be followed to
 * t = 10^16 in 10^10 steps, and the rounding of F, once steps are long, is taken for an error of
 * theirs. So every 16 steps, where a step moves theta by less than the tolerance and more than a
 * thousand of them would follow (under the bounded rule: more than are allowed), F is compared with
 * its own rounding: with the number F' that it is where each component of theta, and each of dL/df,
 * has been moved by about an ulp.
 *
 *     ||F|| <= 16 ||F' - F||     and     h ||F' - F|| <= tolerance (1 + ||theta - theta_0||)
 *
 * say that F is 0 as far as one can see, and that what cannot be seen is less than the tolerance
 * over a step, 3 times the reciprocal of the stiffness or more. A motion that is slower than the
 * rounding of the fast ones cannot be followed by any step, and is not. (A flow towards infinity
 * has F of order 1/t, and would need t of order 10^14 over the stiffness for that, which no number
 * of steps allowed reaches.) F = 0 is rest at once.
 *
 * The embedded pair hovers about a stationary point at the level of its tolerance, above that of
 * rounding. In log-loss time, where nothing else takes a flow from it, that is where the stabilised
 * method takes over. */
#include "dynamics/standstill.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "dynamics/vectors.h"

enum { INTERVAL = 16, MANY_STEPS = 1000 };

/* out = x, moved by an ulp or two up or down, without a pattern in the signs. May be x itself. */
static void jitter(size_t count, const double *x, double *out) {
    uint32_t signs = 0x9e3779b9u;
    for (size_t i = 0; i < count; i++) {
        signs = signs * 1664525u + 1013904223u;
        out[i] = x[i] * (1 + (signs >> 31 ? DBL_EPSILON : -DBL_EPSILON));
    }
}

/* ||F' - F||. */
static ntk_status measure_rounding(ntk_stepper *s, double *rounding) {
    const size_t p = s->field.model->dimension, outputs = s->field.model->points * s->field.model->outputs;
    jitter(p, s->begin.theta, s->seen.theta);
    *rounding = 0;
    NTK_TRY(ntk_field_evaluate(&s->field, &s->seen));
    if (!s->seen.finite) return NTK_OK;
    jitter(outputs, s->field.cotangent, s->field.cotangent);
    NTK_TRY(ntk_field_pull_back(&s->field, &s->seen));
    ntk_combine(p, s->seen.rate, 1, (const double[]){-1}, (const double *const[]){s->begin.rate}, s->scratch);
    *rounding = ntk_field_norm(&s->field, s->scratch);
    return NTK_OK;
}

/* What is left to the limit, in s at the present speed. */
static double time_left(const ntk_stepper *s, const ntk_clock *limit) {
    if (!s->field.log_loss_time) return limit->time - s->begin.clock.time;
    return exp(limit->log_time - s->begin.log_speed) - exp(s->begin.clock.log_time - s->begin.log_speed);
}

/* Steps of the bounded rule do not grow: it is known whether they arrive. */
static double many_steps(const ntk_stepper *s) {
    const size_t used = s->steps + s->rejected;
    if (s->method->error_order > 0) return MANY_STEPS;
    return used < s->max_steps ? (double)(s->max_steps - used) : 0;
}

ntk_status ntk_stepper_is_at_rest(ntk_stepper *s, const ntk_clock *limit, bool *at_rest) {
    const double speed = ntk_field_speed(&s->field, &s->begin), left = time_left(s, limit);
    const bool endless = !isfinite(limit->log_time);
    *at_rest = speed == 0;
    if (!endless && !isfinite(left)) *at_rest = false; /* in log-loss time, beyond the range */
    if (*at_rest || s->steps == 0 || s->steps % INTERVAL != 0) return NTK_OK;
    const double tolerated = s->tolerance * (1 + ntk_stepper_displacement(s, &s->begin));
    if (!(s->h * speed <= tolerated) || !(endless || (isfinite(left) && left > many_steps(s) * s->h)))
        return NTK_OK;
    double rounding;
    NTK_TRY(measure_rounding(s, &rounding));
    *at_rest = speed <= 16 * rounding && s->h * rounding <= tolerated;
    if (!*at_rest && s->field.log_loss_time && s->stiff) ntk_stepper_switch(s);
    return NTK_OK;
}

/* ---- the last step --------------------------------------------------------------------------- */

static void stand(const ntk_stepper *s, double sigma, double *theta) {
    (void)sigma;
    memcpy(theta, s->begin.theta, s->field.model->dimension * sizeof *theta);
}

static double elapsed_at(const ntk_stepper *s, double sigma) { return sigma * s->elapsed; }

static const ntk_method rest = {.interpolate = stand, .elapsed_at = elapsed_at};

void ntk_stepper_hold(ntk_stepper *s, const ntk_clock *limit) {
    const ntk_state *begin = &s->begin;
    const size_t p = s->field.model->dimension, outputs = s->field.model->points * s->field.model->outputs;
    s->elapsed = s->h = time_left(s, limit);
    memcpy(s->end.theta, begin->theta, p * sizeof *begin->theta);
    memcpy(s->end.rate, begin->rate, p * sizeof *begin->rate);
    memcpy(s->end.outputs, begin->outputs, outputs * sizeof *begin->outputs);
    s->end.log_loss = begin->log_loss;
    s->end.log_speed = begin->log_speed;
    s->end.speed = begin->speed;
    s->end.displacement = begin->displacement;
    s->end.serial = 0; /* never the last */
    s->end.finite = true;
    s->end.clock = *limit;
    s->method = &rest;
    s->stiff = NULL;
}
