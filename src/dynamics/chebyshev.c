/* The stabilised explicit method RKC of order 2 (Sommeijer, Shampine, Verwer, "RKC: an explicit
 * solver for parabolic PDEs", J. Comput. Appl. Math. 88, 1998).
 *
 * With s stages the method is stable along the negative real axis to beta = (2/3)(s^2 - 1)(1 -
 * (2/15) eps), where the spectrum of a gradient flow lies; its cost grows like the square root of
 * the stiffness. T_j are the Chebyshev polynomials of the first kind, eps = 2/13 is the damping:
 *
 *     w_0 = 1 + eps/s^2,  w_1 = T_s'(w_0) / T_s''(w_0),
 *     b_j = T_j''(w_0) / T_j'(w_0)^2,   b_0 = b_1 = b_2
 *
 *     Y_0 = y_n,   Y_1 = Y_0 + mu~_1 h F_0,   mu~_1 = b_1 w_1
 *     Y_j = (1 - mu_j - nu_j) Y_0 + mu_j Y_{j-1} + nu_j Y_{j-2} + mu~_j h F_{j-1} + gamma~_j h F_0,
 *     mu_j = 2 b_j w_0 / b_{j-1},  nu_j = -b_j / b_{j-2},  mu~_j = 2 b_j w_1 / b_{j-1},
 *     gamma~_j = -(1 - b_{j-1} T_{j-1}(w_0)) mu~_j,   y_{n+1} = Y_s.
 *
 * Local error: (4/5)(y_n - y_{n+1}) + (2/5) h (F_n + F_{n+1}) = O(h^3). Stages: the least s with
 * beta >= h rho, s = 1 + floor(sqrt(1 + 1.54 h rho)); rounding grows like s^2, so 10 s^2
 * DBL_EPSILON <= tolerance.
 *
 * rho, the spectral radius of the Jacobian, is estimated in stiffness.c; an estimate that has
 * become too small shows as a rejected step, after which it is renewed. */
#include <float.h>
#include <math.h>
#include <string.h>

#include <ntk/linalg.h>

#include "dynamics/stepper.h"
#include "dynamics/stiffness.h"
#include "dynamics/vectors.h"

enum { SECOND = 0, STAGE_RATE = 1, WORK_VECTORS = 2 };
enum { RENEWAL = 25 }; /* accepted steps between two estimates of rho */

static size_t most_stages(const ntk_stepper *s) {
    return (size_t)fmax(2, sqrt(s->tolerance / (10 * DBL_EPSILON)));
}

static size_t stages_for(const ntk_stepper *s, double h) {
    const double wanted = 1 + floor(sqrt(1 + 1.54 * h * s->stiffness));
    return wanted < (double)most_stages(s) ? (size_t)fmax(2, wanted) : most_stages(s);
}

static ntk_status chebyshev_limit(ntk_stepper *s, double *h) {
    const bool rejected_since = !(s->error <= 1) && s->stiffness_age > 0;
    if (s->stiffness == 0 || s->stiffness_age >= RENEWAL || rejected_since)
        NTK_TRY(ntk_stepper_estimate_stiffness(s));
    const double stages = (double)most_stages(s) - 1;
    if (s->stiffness > 0) *h = fmin(*h, (stages * stages - 1) / (1.54 * s->stiffness));
    return NTK_OK;
}

/* ---- the recurrence -------------------------------------------------------------------------- */

/* T_j, T_j', T_j'' at w_0 and b_j, for two successive j. */
typedef struct chebyshev {
    double t, dt, ddt, b;
} chebyshev;

typedef struct recurrence {
    double w0, w1;
    chebyshev before, last; /* j - 2, j - 1 */
} recurrence;

/* w_1 in closed form from T_s(cosh x) = cosh(s x). */
static recurrence recurrence_start(size_t stages) {
    const double s = (double)stages, w0 = 1 + 2.0 / 13 / (s * s);
    const double excess = w0 * w0 - 1, root = sqrt(excess), angle = s * log(w0 + root);
    const double w1 = sinh(angle) * excess / (cosh(angle) * s * root - w0 * sinh(angle));
    const double b = 1 / (4 * w0 * w0);
    return (recurrence){w0, w1, {1, 0, 0, b}, {w0, 1, 0, b}};
}

typedef struct coefficients {
    double mu, nu, mu_rate, gamma_rate;
} coefficients;

static coefficients recurrence_next(recurrence *r) {
    const chebyshev *last = &r->last, *before = &r->before;
    chebyshev next = {.t = 2 * r->w0 * last->t - before->t,
                      .dt = 2 * r->w0 * last->dt - before->dt + 2 * last->t,
                      .ddt = 2 * r->w0 * last->ddt - before->ddt + 4 * last->dt};
    next.b = next.ddt / (next.dt * next.dt);
    coefficients c = {.mu = 2 * next.b * r->w0 / last->b,
                      .nu = -next.b / before->b,
                      .mu_rate = 2 * next.b * r->w1 / last->b};
    c.gamma_rate = -(1 - last->b * last->t) * c.mu_rate;
    r->before = r->last;
    r->last = next;
    return c;
}

/* The stages alternate between end.theta and a work vector; each overwrites the one before the
 * last. The elapsed time runs through the same recurrence (its Y_0 is 0). */
typedef struct stages {
    double *last, *before; /* Y_{j-1}, Y_{j-2} */
    double elapsed_last, elapsed_before;
} stages;

static void first_stage(ntk_stepper *s, const recurrence *r, stages *y) {
    const double mu_rate = r->last.b * r->w1, weight = mu_rate * s->h;
    y->last = s->end.theta;
    y->before = s->work[SECOND];
    memcpy(y->before, s->begin.theta, s->field.model->dimension * sizeof *y->before);
    ntk_combine(s->field.model->dimension, s->begin.theta, 1, &weight, (const double *const[]){s->begin.rate},
                y->last);
    y->elapsed_before = 0;
    y->elapsed_last = weight;
}

static void next_stage(ntk_stepper *s, const coefficients *c, double speed, stages *y) {
    const double h = s->h;
    const double weights[] = {-c->mu - c->nu, c->mu, c->nu, c->mu_rate * h, c->gamma_rate * h};
    const double *const terms[] = {s->begin.theta, y->last, y->before, s->work[STAGE_RATE], s->begin.rate};
    ntk_combine(s->field.model->dimension, s->begin.theta, 5, weights, terms, y->before);
    const double elapsed =
        c->mu * y->elapsed_last + c->nu * y->elapsed_before + c->mu_rate * h * speed + c->gamma_rate * h;
    *y = (stages){y->before, y->last, elapsed, y->elapsed_last};
}

/* theta and elapsed at the end; end.finite is false where a stage is not finite. */
static ntk_status run_stages(ntk_stepper *s) {
    const size_t count = stages_for(s, s->h);
    recurrence r = recurrence_start(count);
    stages y;
    first_stage(s, &r, &y);
    s->end.finite = true;
    for (size_t j = 2; j <= count && s->end.finite; ++j) {
        ntk_state stage = s->end;
        stage.theta = y.last;
        stage.rate = s->work[STAGE_RATE];
        NTK_TRY(ntk_field_evaluate(&s->field, &stage));
        s->end.finite = stage.finite;
        const coefficients c = recurrence_next(&r);
        if (stage.finite) next_stage(s, &c, exp(stage.log_speed - s->begin.log_speed), &y);
    }
    s->end.theta = y.last;
    s->work[SECOND] = y.before;
    s->elapsed = s->field.log_loss_time ? y.elapsed_last : s->h;
    return NTK_OK;
}

static ntk_status chebyshev_attempt(ntk_stepper *s) {
    s->error = NAN;
    NTK_TRY(run_stages(s));
    if (!s->end.finite) return NTK_OK;
    NTK_TRY(ntk_field_evaluate(&s->field, &s->end));
    if (!s->end.finite) return NTK_OK;
    const double weights[] = {0.8, -0.8, 0.4 * s->h, 0.4 * s->h};
    const double *const terms[] = {s->begin.theta, s->end.theta, s->begin.rate, s->end.rate};
    const double length = ntk_field_norm_of_sum(&s->field, 4, weights, terms, s->scratch);
    const double slopes = 1 + exp(s->end.log_speed - s->begin.log_speed);
    const double time = ntk_stepper_time_error(s, -0.8 * s->elapsed + 0.4 * s->h * slopes);
    s->error = length / (s->tolerance * (1 + ntk_stepper_displacement(s, &s->begin))) + time;
    return NTK_OK;
}

const ntk_method ntk_method_stabilised = {.vectors = WORK_VECTORS,
                                          .error_order = 3,
                                          .limit = chebyshev_limit,
                                          .attempt = chebyshev_attempt,
                                          .interpolate = ntk_hermite_interpolate,
                                          .elapsed_at = ntk_hermite_elapsed_at};
