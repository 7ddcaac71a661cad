/* The gradient flow of the regularised objective.
 *
 * Objective over n points: mean loss L(theta) (loss.h) + (lambda / 2) ||theta - c||^2, c = theta_0
 * (or 0: a control, not a variant). Flow: theta' = -grad.
 *
 * Log-loss time s (lambda = 0, hard targets only): d theta / d s = -grad log L, dt = ds / L. One
 * unit of s multiplies the physical time by a factor while the network is lazy, so t = 10^18 is
 * reached in seconds. L, its gradient's weights and t are carried as logarithms: nothing underflows
 * at any margin. */
#ifndef NTK_FLOW_H
#define NTK_FLOW_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/api.h>
#include <ntk/loss.h>
#include <ntk/models.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

typedef enum ntk_time {
    NTK_TIME_PHYSICAL,
    NTK_TIME_LOG_LOSS /* internal variable s; horizons and observation times are still given in log
                       * t */
} ntk_time;

typedef enum ntk_integrator {
    /* Smooth model: embedded pair, and in physical time the stabilised method from where stability
     * limits the pair's steps; kinked model: bounded step. */
    NTK_INTEGRATOR_AUTOMATIC,
    /* Adaptive Dormand-Prince 5(4), dense output of order 4. */
    NTK_INTEGRATOR_EMBEDDED,
    /* Runge-Kutta-Chebyshev of order 2, adaptive, for stiff smooth flows; dense output cubic
     * Hermite. */
    NTK_INTEGRATOR_STABILISED,
    /* Heun, steps bounded by the change of log L and by lambda_max of the tangent kernel; no error
     * control: halve `step` and compare the observables. */
    NTK_INTEGRATOR_BOUNDED_STEP
} ntk_integrator;

typedef enum ntk_regulariser_centre { NTK_CENTRE_INITIALISATION, NTK_CENTRE_ZERO } ntk_regulariser_centre;

/* The kernel in the laws of a flow: f' = -Theta dL/df. Where the model slides along kinks that is
 * not its tangent kernel but that of the sliding flow (network.h). */
typedef enum ntk_flow_kernel {
    NTK_FLOW_KERNEL_NONE,
    NTK_FLOW_KERNEL_SLIDING, /* of smooth models the tangent kernel */
    NTK_FLOW_KERNEL_TANGENT  /* the tangent kernel, whether it slides or not */
} ntk_flow_kernel;

/* What was seen at one time. Pointers are valid during the call only; those not asked for are NULL,
 * scalars NaN. */
typedef struct ntk_observation {
    double log_time;        /* log t; -infinity at t = 0 */
    double time;            /* t; infinity where it overflows */
    double log_loss;        /* log of the mean loss L, without the regulariser */
    double objective;       /* L + (lambda/2)||theta - c||^2 */
    double displacement;    /* ||theta_t - theta_0|| */
    double gradient_norm;   /* ||grad of the objective|| */
    double smallest_margin; /* NaN for squared loss */
    double kernel_drift;    /* ||Theta_t - Theta_0||_F / ||Theta_0||_F, where asked for */
    /* Where asked for, else NaN: the smallest eigenvalue of Theta_t; ||w_hat_t||, its hard margin
     * (hard_margin.h) for the classes, each point's being the one with its largest target
     * (logistic: above 1/2). Both are of the kernel that observe_hard_margin names, if it names
     * one. A kernel that does not separate the classes, a singular one, has ||w_hat_t|| infinite;
     * where rounding hides which it is, the norm is NaN. */
    double kernel_lambda_min, kernel_margin_norm;
    const double *outputs; /* (n, K) */
    const double *theta;   /* (p) */
    const double *kernel;  /* (nK, nK), where the kernel is asked for */
} ntk_observation;

/* Return NTK_OK to go on, NTK_ERROR_CANCELLED to stop the flow here (which is no error of the
 * flow), another code to fail it. */
typedef ntk_status (*ntk_observer)(const ntk_observation *observation, void *context);

/* A function whose sign change from negative to non-negative is located along the path (to
 * event_tolerance in log t), on the later side of the sign change. Signs are compared at the ends
 * of steps. An event ends the flow, unless on_event lets it go on. */
typedef double (*ntk_event)(const ntk_observation *observation, void *context);

typedef struct ntk_flow_options {
    ntk_loss loss;
    double lambda; /* >= 0; 0 in log-loss time */
    ntk_regulariser_centre centre;
    ntk_time time;
    double time_factor; /* physical time runs this many times faster: theta' = -time_factor * grad
                         * (m for mean field); 1 */
    ntk_integrator integrator;
    bool kinked;               /* the model has kinks (ReLU): AUTOMATIC picks the bounded-step
                                * rule */
    double tolerance;          /* local error per step, 2-norm of the parameter change relative to
                                * 1 + ||theta - theta_0||; embedded and stabilised */
    double step;               /* bounded step: largest change of log L per step, and largest step *
                       * stiffness; 0.1 */
    double horizon;            /* end, in physical time t; use log_horizon where t overflows */
    double log_horizon;        /* end, as log t: the earlier of the two ends; +infinity for none */
    double gradient_tolerance; /* ends when ||grad objective|| falls to this; 0 for never */
    size_t max_steps;
    /* Observation times as log t, ascending, (observation_count); -infinity observes the start. The
     * observer also sees the end. */
    const double *observation_log_times;
    size_t observation_count;
    bool observe_kernel;                 /* Theta at each observation: drift and lambda_min */
    bool observe_lambda_min;             /* where Theta is observed, its smallest eigenvalue too:
                                          * (nK)^3 operations and a third kernel in memory; true */
    ntk_flow_kernel observe_hard_margin; /* where Theta is observed, whose hard margin too: NONE */
    ntk_observer every_step;             /* called after each accepted step with scalars and outputs
                                          * (no kernel); NULL for none */
    ntk_observer observer;
    ntk_event event; /* NULL for none; evaluated at each step, with the kernel if
                      * event_needs_kernel */
    /* Shown the state at each event (its kernel if event_needs_kernel), before the observations of
     * that step: NTK_OK goes on from there, with the event function evaluated anew, so that it may
     * have moved to its next level; NTK_ERROR_CANCELLED ends the flow. NULL: the first event ends
     * it. */
    ntk_observer on_event;
    bool event_needs_kernel;
    double event_tolerance; /* in log t */
    void *context;
} ntk_flow_options;

/* One-hot-friendly defaults: softmax, no regulariser, physical time, AUTOMATIC, tolerance 1e-6,
 * step 0.1, both horizons infinite, 10^6 steps. */
ntk_flow_options ntk_flow_options_default(void);

/* A flow that stands still as far as rounding lets one see goes to its horizon in one step. Without
 * a horizon it ends there as stationary, also where gradient_tolerance is below what rounding
 * leaves of the gradient: the result says how large that is. */
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
 * Errors: NTK_ERROR_ARGUMENT for options that contradict (in log-loss time a regulariser, soft
 * targets or squared loss, whose stiffness in that time grows like 1/L; no end; kernels of a model
 * that has none); NTK_ERROR_NOT_FINITE where the event function is not finite;
 * NTK_ERROR_DIVERGED where a number stops being finite; NTK_ERROR_STALLED where steps shrink to
 * rounding or max_steps is reached before the end: a run that did not arrive is never reported as a
 * number: theta and *result are then as they were. In physical time t must not overflow; in
 * log-loss time log t may be anything. */
ntk_status ntk_flow_run(const ntk_model *model, const double *targets, const ntk_flow_options *options,
                        double *theta, ntk_flow_result *result);

/* What a flow still does when it stands at theta (p), having begun at theta0: g = grad of the
 * objective, and the curvature of the objective along it, g^T H g / ||g||^2 = -d log||g|| / dt
 * (with time_factor 1), by one central difference of the gradient. Near rest g lies along the
 * slowest of the directions that are left; with that curvature for all of them the parameters
 * travel ||g|| / curvature more. Of `options`, loss, lambda and centre count. curvature is NaN
 * where g = 0. Errors: those of the model; NTK_ERROR_MEMORY; NTK_ERROR_DIVERGED where the gradient
 * is not finite; NTK_ERROR_UNSUPPORTED for a model with a norm of its own. */
typedef struct ntk_flow_rest {
    double gradient_norm, curvature;
} ntk_flow_rest;
ntk_status ntk_flow_measure_rest(const ntk_model *model, const double *targets,
                                 const ntk_flow_options *options, const double *theta0, const double *theta,
                                 ntk_flow_rest *out);

NTK_END_DECLS

#endif
