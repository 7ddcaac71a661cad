/* Dynamics: losses, the regularised objective, and its gradient flow.
 *
 * Objective over n points: mean loss L(theta) + (lambda / 2) ||theta - c||^2, c = theta_0 (or 0: a control,
 * not a variant). Flow: theta' = -grad. Losses, f the (n, K) outputs and Q the (n, K) targets:
 *
 *     squared    (1 / 2n) sum_ik (f_ik - q_ik)^2
 *     logistic   (1 / n)  sum_i  log(1 + e^{f_i}) - q_i f_i,              K = 1, q_i in [0, 1]
 *     softmax    (1 / n)  sum_ik q_ik (logsumexp_j f_ij - f_ik),   K >= 2, rows of Q probability vectors
 *
 * The infimum over f (the entropy of the targets; 0 for hard targets) is part of the loss, not subtracted.
 *
 * Log-loss time s (lambda = 0, hard targets only): d theta / d s = -grad log L, dt = ds / L. One unit of s
 * multiplies the physical time by a factor while the network is lazy, so t = 10^18 is reached in seconds. L,
 * its gradient's weights and t are carried as logarithms: nothing underflows at any margin. */
#ifndef NTK_DYNAMICS_H
#define NTK_DYNAMICS_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/network.h>
#include <ntk/status.h>

/* ---- losses ---- */

typedef enum ntk_loss { NTK_LOSS_SQUARED, NTK_LOSS_LOGISTIC, NTK_LOSS_SOFTMAX } ntk_loss;

/* Errors: NTK_ERROR_ARGUMENT / NTK_ERROR_NOT_FINITE naming the row: K = 1 for logistic, K >= 2 for softmax,
 * targets in range, rows of softmax targets sum to 1 within 1e-12. targets: (n, K). */
ntk_status ntk_loss_check(ntk_loss loss, size_t n, size_t outputs, const double *targets);

/* *value = L (may be NULL); cotangent = dL/df, (n, K) (may be NULL). f, targets: (n, K). Overflow-safe. */
void ntk_loss_evaluate(ntk_loss loss, size_t n, size_t outputs, const double *f, const double *targets,
                       double *value, double *cotangent);

/* *log_value = log L and cotangent = (dL/df) / L (may be NULL), accurate for every margin, L = e^{-10000}
 * included. */
void ntk_loss_evaluate_log(ntk_loss loss, size_t n, size_t outputs, const double *f, const double *targets,
                           double *log_value, double *cotangent);

/* Largest curvature of the loss: an upper bound of the largest eigenvalue of d2L/df2 over all f (squared 1/n,
 * logistic 1/(4n), softmax 1/(2n)). */
double ntk_loss_curvature(ntk_loss loss, size_t n);

/* Margin of point i: logistic (2q-1) f; softmax f_true - max of the others, true = argmax of the target.
 * margins: (n). */
void ntk_loss_margins(ntk_loss loss, size_t n, size_t outputs, const double *f, const double *targets,
                      double *margins);

/* ---- models: what a flow needs to know ---- */

/* A model on fixed inputs. The flow holds its coordinates theta (p); the model maps them to the outputs. One
 * thread at a time. */
typedef struct ntk_model {
    size_t dimension; /* p */
    size_t points;    /* n */
    size_t outputs;   /* K */
    void *context;
    /* f: (n, K) at theta. */
    ntk_status (*evaluate)(void *context, const double *theta, double *f);
    /* Direction of steepest ascent of <c, f> at the theta of the last evaluate. gradient: (p). */
    ntk_status (*pullback)(void *context, const double *theta, const double *cotangent, double *gradient);
    /* Norm of a difference of coordinates in parameter space; NULL: Euclidean. */
    double (*norm)(void *context, const double *difference);
    /* Tangent kernel at theta, (nK, nK) full; NULL: the model has none to observe. */
    ntk_status (*tangent_kernel)(void *context, const double *theta, double *gram);
} ntk_model;

/* The network on the inputs x (n, d), which stay the caller's, as does the network. The result is a plain
 * value; its context is owned and released by ntk_model_release. */
ntk_status ntk_model_network(ntk_network *network, size_t n, const double *x, ntk_model *out);

/* A linear model with fixed tangent kernel gram (nK, nK) and initial outputs f0 (n, K), both copied: f = f0 +
 * Theta a. Its coordinates are a (nK), theta - theta_0 = J^T a: the flow of a is a' = -cotangent - lambda a,
 * and the norm of a difference is sqrt(a^T Theta a), the parameter distance. Start it at a = 0, where the two
 * centres of the regulariser are the same. */
ntk_status ntk_model_linear(size_t n, size_t outputs, const double *gram, const double *f0, ntk_model *out);

/* What coordinates a (nK) of a linear model of n points predict at q other points: f = f0 + kernel a, kernel
 * (qK, nK) between the q points and those n, f0 (q, K); both are copied. It can be followed along a flow
 * (trajectory.h), not trained: its pullback fails with NTK_ERROR_UNSUPPORTED. */
ntk_status ntk_model_linear_prediction(size_t q, size_t n, size_t outputs, const double *kernel,
                                       const double *f0, ntk_model *out);

void ntk_model_release(ntk_model *model);

/* ---- the flow ---- */

typedef enum ntk_time {
    NTK_TIME_PHYSICAL,
    NTK_TIME_LOG_LOSS /* internal variable s; horizons and observation times are still given in log t */
} ntk_time;

typedef enum ntk_integrator {
    /* Smooth model: embedded pair, and in physical time the stabilised method from where stability limits the
     * pair's steps; kinked model: bounded step. */
    NTK_INTEGRATOR_AUTOMATIC,
    /* Adaptive Dormand-Prince 5(4), dense output of order 4. */
    NTK_INTEGRATOR_EMBEDDED,
    /* Runge-Kutta-Chebyshev of order 2, adaptive, for stiff smooth flows; dense output cubic Hermite. */
    NTK_INTEGRATOR_STABILISED,
    /* Heun, steps bounded by the change of log L and by lambda_max of the tangent kernel; no error control:
     * halve `step` and compare the observables. */
    NTK_INTEGRATOR_BOUNDED_STEP
} ntk_integrator;

typedef enum ntk_regulariser_centre { NTK_CENTRE_INITIALISATION, NTK_CENTRE_ZERO } ntk_regulariser_centre;

/* What was seen at one time. Pointers are valid during the call only; those not asked for are NULL, scalars
 * NaN. */
typedef struct ntk_observation {
    double log_time;          /* log t; -infinity at t = 0 */
    double time;              /* t; infinity where it overflows */
    double log_loss;          /* log of the mean loss L, without the regulariser */
    double objective;         /* L + (lambda/2)||theta - c||^2 */
    double displacement;      /* ||theta_t - theta_0|| */
    double gradient_norm;     /* ||grad of the objective|| */
    double smallest_margin;   /* NaN for squared loss */
    double kernel_drift;      /* ||Theta_t - Theta_0||_F / ||Theta_0||_F, where asked for */
    double kernel_lambda_min; /* smallest eigenvalue of Theta_t, where asked for, else NaN */
    const double *outputs;    /* (n, K) */
    const double *theta;      /* (p) */
    const double *kernel;     /* (nK, nK), where the kernel is asked for */
} ntk_observation;

/* Return NTK_OK to go on, NTK_ERROR_CANCELLED to stop the flow here (which is no error of the flow), another
 * code to fail it. */
typedef ntk_status (*ntk_observer)(const ntk_observation *observation, void *context);

/* A function whose sign change from negative to non-negative is located along the path (to event_tolerance in
 * log t), on the later side of the sign change. Signs are compared at the ends of steps. An event ends the
 * flow, unless on_event lets it go on. */
typedef double (*ntk_event)(const ntk_observation *observation, void *context);

typedef struct ntk_flow_options {
    ntk_loss loss;
    double lambda; /* >= 0; 0 in log-loss time */
    ntk_regulariser_centre centre;
    ntk_time time;
    double time_factor; /* physical time runs this many times faster: theta' = -time_factor * grad (m for mean
                           field); 1 */
    ntk_integrator integrator;
    bool kinked;      /* the model has kinks (ReLU): AUTOMATIC picks the bounded-step rule */
    double tolerance; /* local error per step, 2-norm of the parameter change relative to 1 + ||theta -
                         theta_0||; embedded and stabilised */
    double step;      /* bounded step: largest change of log L per step, and largest step * stiffness; 0.1 */
    double horizon;   /* end, in physical time t; use log_horizon where t overflows */
    double log_horizon;        /* end, as log t: the earlier of the two ends; +infinity for none */
    double gradient_tolerance; /* ends when ||grad objective|| falls to this; 0 for never */
    size_t max_steps;
    /* Observation times as log t, ascending, (observation_count); -infinity observes the start. The observer
     * also sees the end. */
    const double *observation_log_times;
    size_t observation_count;
    bool observe_kernel;     /* Theta at each observation: drift and lambda_min */
    bool observe_lambda_min; /* where Theta is observed, its smallest eigenvalue too: (nK)^3 operations and a
                                third kernel in memory; true */
    ntk_observer
        every_step; /* called after each accepted step with scalars and outputs (no kernel); NULL for none */
    ntk_observer observer;
    ntk_event event; /* NULL for none; evaluated at each step, with the kernel if event_needs_kernel */
    /* Shown the state at each event (its kernel if event_needs_kernel), before the observations of that step:
     * NTK_OK goes on from there, with the event function evaluated anew, so that it may have moved to its
     * next level; NTK_ERROR_CANCELLED ends the flow. NULL: the first event ends it. */
    ntk_observer on_event;
    bool event_needs_kernel;
    double event_tolerance; /* in log t */
    void *context;
} ntk_flow_options;

/* One-hot-friendly defaults: softmax, no regulariser, physical time, AUTOMATIC, tolerance 1e-6, step 0.1,
 * both horizons infinite, 10^6 steps. */
ntk_flow_options ntk_flow_options_default(void);

typedef enum ntk_flow_end {
    NTK_END_HORIZON,
    NTK_END_EVENT,
    NTK_END_STATIONARY,
    NTK_END_OBSERVER
} ntk_flow_end;

typedef struct ntk_flow_result {
    ntk_flow_end end;
    double log_time; /* where it ended */
    double log_loss, displacement, gradient_norm;
    size_t steps, rejected, evaluations;
} ntk_flow_result;

/* Run the flow from theta (p), overwritten by the end point. targets: (n, K).
 * Errors: NTK_ERROR_ARGUMENT for options that contradict (in log-loss time a regulariser, soft targets or
 * squared loss, whose stiffness in that time grows like 1/L; no end; kernels of a model that has none);
 * NTK_ERROR_NOT_FINITE where the event function is not finite;
 * NTK_ERROR_DIVERGED where a number stops being finite; NTK_ERROR_STALLED where steps shrink to rounding or
 * max_steps is reached before the end: a run that did not arrive is never reported as a number: theta and
 * *result are then as they were. In physical time t must not overflow; in log-loss time log t may be
 * anything. */
ntk_status ntk_flow_run(const ntk_model *model, const double *targets, const ntk_flow_options *options,
                        double *theta, ntk_flow_result *result);

/* What a flow still does when it stands at theta (p), having begun at theta0: g = grad of the objective, and
 * the curvature of the objective along it, g^T H g / ||g||^2 = -d log||g|| / dt (with time_factor 1), by one
 * central difference of the gradient. Near rest g lies along the slowest of the directions that are left;
 * with that curvature for all of them the parameters travel ||g|| / curvature more. Of `options`, loss,
 * lambda and centre count. curvature is NaN where g = 0. Errors: those of the model; NTK_ERROR_MEMORY;
 * NTK_ERROR_DIVERGED where the gradient is not finite; NTK_ERROR_UNSUPPORTED for a model with a norm of its
 * own. */
typedef struct ntk_flow_rest {
    double gradient_norm, curvature;
} ntk_flow_rest;
ntk_status ntk_flow_measure_rest(const ntk_model *model, const double *targets,
                                 const ntk_flow_options *options, const double *theta0, const double *theta,
                                 ntk_flow_rest *out);

#endif
