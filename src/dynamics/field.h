/* The vector field of a flow.
 *
 * G = grad L + lambda (theta - c), and s is the variable that the integrators step:
 *
 *     physical time     s = t,    d theta / d s = -kappa G,           dt / ds = 1
 *     log-loss time               d theta / d s = -grad log L,        dt / ds = 1 / (kappa L)
 *
 * kappa is the time factor. The field is autonomous: s itself never enters, so a step may be as
 * small as a double can be, and in log-loss time t is a quadrature along the path, carried as log
 * t. */
#ifndef NTK_DYNAMICS_FIELD_H
#define NTK_DYNAMICS_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/loss.h>
#include <ntk/models.h>
#include <ntk/status.h>

typedef struct ntk_field {
    const ntk_model *model;
    const double *targets; /* (n, K) */
    ntk_loss loss;
    double lambda, time_factor;
    bool log_loss_time;
    const double *centre; /* (p), or NULL for zero */
    double *cotangent;    /* (n, K), of the last evaluation */
    size_t evaluations;
    size_t serial; /* of what the model did last; ntk_field_is_last */
} ntk_field;

typedef struct ntk_clock {
    double time, log_time; /* the same t; log_time is the one that never overflows */
} ntk_clock;

/* A point of the path. The arrays belong to whoever made the state. */
typedef struct ntk_state {
    double *theta;   /* (p) */
    double *rate;    /* (p) d theta / d s */
    double *outputs; /* (n, K) */
    double log_loss;
    double log_speed;    /* log dt/ds */
    double speed;        /* ||rate||; NaN until ntk_field_speed is asked for it */
    double displacement; /* ||theta - theta_0||; NaN until it is asked for */
    size_t serial;       /* of its evaluation */
    bool finite;         /* outputs and loss are numbers */
    ntk_clock clock;
} ntk_state;

/* Fill everything but theta and the clock from theta. Where the outputs or the loss are no numbers,
 * `finite` is false and the rate is not computed. Errors: those of the model. */
ntk_status ntk_field_evaluate(ntk_field *field, ntk_state *state);

/* The rate alone, at the theta evaluated last, from what is in the field's cotangent: the rate in
 * output space, sign and speed included. */
ntk_status ntk_field_pull_back(ntk_field *field, ntk_state *state);

/* Outputs alone, (n, K). */
ntk_status ntk_field_outputs(ntk_field *field, const double *theta, double *outputs);

/* Whether the model was evaluated last at this state, so that it may use what that has left. */
bool ntk_field_is_last(const ntk_field *field, const ntk_state *state);

/* To be told where others have had the model, or what it is made of, in hand. */
void ntk_field_forget(ntk_field *field);

/* The model's norm of a difference of coordinates. */
double ntk_field_norm(const ntk_field *field, const double *difference);

/* The model's norm of sum_j weight[j] direction[j]; scratch: (dimension), overwritten perhaps. */
double ntk_field_norm_of_sum(const ntk_field *field, size_t terms, const double *weight,
                             const double *const *direction, double *scratch);

/* ||rate|| at an evaluated state: summed once, however often it is asked for. */
double ntk_field_speed(const ntk_field *field, ntk_state *state);

/* ||G|| at an evaluated state. */
double ntk_field_gradient_norm(const ntk_field *field, const ntk_state *state);

#endif
