/* The embedded explicit pair of order 5(4) of Dormand and Prince (1980), with the continuous
 * extension of order 4 of Shampine (Hairer, Norsett, Wanner, Solving ODEs I, sections II.5 and
 * II.6).
 *
 *     k_i = F(y_n + h sum_{j<i} a_ij k_j),   i = 1 .. 7
 *     y_{n+1} = y_n + h sum_i b_i k_i,       k_7 = F(y_{n+1}) is k_1 of the next step: 6 a step
 *     h sum_i e_i k_i = O(h^5)               estimates the local error
 *     y(sigma) = y_n + h sum_i b_i(sigma) k_i,   0 <= sigma <= 1
 *
 * The elapsed time is the same scheme for one more component whose derivative is e^{l_i - l_n}. */
#include <math.h>

#include "dynamics/stepper.h"
#include "dynamics/vectors.h"

enum { STAGES = 7 };

static const double a[STAGES][STAGES] = {
    {0},
    {1.0 / 5},
    {3.0 / 40, 9.0 / 40},
    {44.0 / 45, -56.0 / 15, 32.0 / 9},
    {19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729},
    {9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656},
    {35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84},
};
static const double *const b = a[6]; /* b_7 = 0 */

static const double e[STAGES] = {71.0 / 57600,      0,          -71.0 / 16695, 71.0 / 1920,
                                 -17253.0 / 339200, 22.0 / 525, -1.0 / 40};

static const double d[STAGES] = {-12715105075.0 / 11282082432.0,  0,
                                 87487479700.0 / 32700410799.0,   -10690763975.0 / 1880347072.0,
                                 701980252875.0 / 199316789632.0, -1453857185.0 / 822651844.0,
                                 69997945.0 / 29380423.0};

/* k_1 belongs to the beginning of the step, k_7 to its end, the others are work vectors. */
static void stage_rates(const ntk_stepper *s, const double *k[STAGES]) {
    k[0] = s->begin.rate;
    for (size_t i = 1; i < STAGES - 1; ++i) k[i] = s->work[i - 1];
    k[STAGES - 1] = s->end.rate;
}

static void scaled(double h, const double *weights, size_t count, double *out) {
    for (size_t i = 0; i < count; ++i) out[i] = h * weights[i];
}

static double quadrature(const ntk_stepper *s, const double *weights) {
    double sum = 0;
    for (size_t i = 0; i < STAGES; ++i) sum += weights[i] * exp(s->log_speeds[i] - s->log_speeds[0]);
    return s->h * sum;
}

/* Stage i (2 .. 7, counted from 1); the last one is the state at the end of the step. */
static ntk_status evaluate_stage(ntk_stepper *s, size_t i, const double *k[STAGES]) {
    double weights[STAGES];
    scaled(s->h, a[i], i, weights);
    ntk_combine(s->field.model->dimension, s->begin.theta, i, weights, k, s->end.theta);
    ntk_state stage = s->end;
    if (i < STAGES - 1) stage.rate = s->work[i - 1];
    NTK_TRY(ntk_field_evaluate(&s->field, &stage));
    if (i == STAGES - 1) s->end = stage;
    s->log_speeds[i] = stage.log_speed;
    if (!stage.finite) s->error = NAN;
    return NTK_OK;
}

static ntk_status embedded_attempt(ntk_stepper *s) {
    const double *k[STAGES];
    double weights[STAGES];
    stage_rates(s, k);
    s->log_speeds[0] = s->begin.log_speed;
    s->error = 0;
    for (size_t i = 1; i < STAGES; ++i) {
        NTK_TRY(evaluate_stage(s, i, k));
        if (isnan(s->error)) return NTK_OK;
    }
    s->elapsed = s->field.log_loss_time ? quadrature(s, b) : s->h;
    scaled(s->h, e, STAGES, weights);
    const double length = ntk_field_norm_of_sum(&s->field, STAGES, weights, k, s->scratch);
    const double change = length / (s->tolerance * (1 + ntk_stepper_displacement(s, &s->begin)));
    const double time = ntk_stepper_time_error(s, quadrature(s, e));
    /* A sum keeps NaN, which fmax would drop. */
    s->error = change + time;
    return NTK_OK;
}

/* b_i(sigma): the quartic that matches both ends in value and slope and carries Shampine's free
 * term d. */
static void continuous_weights(double sigma, double out[STAGES]) {
    const double rest = 1 - sigma;
    for (size_t i = 0; i < STAGES; ++i) {
        const double first = i == 0, last = i == STAGES - 1;
        const double cubic = (2 * b[i] - last - first) + rest * d[i];
        out[i] = sigma * (b[i] + rest * ((first - b[i]) + sigma * cubic));
    }
}

static void embedded_interpolate(const ntk_stepper *s, double sigma, double *theta) {
    const double *k[STAGES];
    double weights[STAGES];
    stage_rates(s, k);
    continuous_weights(sigma, weights);
    scaled(s->h, weights, STAGES, weights);
    ntk_combine(s->field.model->dimension, s->begin.theta, STAGES, weights, k, theta);
}

static double embedded_elapsed_at(const ntk_stepper *s, double sigma) {
    double weights[STAGES];
    continuous_weights(sigma, weights);
    return quadrature(s, weights);
}

const ntk_method ntk_method_embedded = {.vectors = STAGES - 2,
                                        .error_order = 5,
                                        .attempt = embedded_attempt,
                                        .interpolate = embedded_interpolate,
                                        .elapsed_at = embedded_elapsed_at};
