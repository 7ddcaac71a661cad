/* Exit times: when, along a flow, the empirical tangent kernel leaves a neighbourhood of where it
 * started. */
#ifndef NTK_EXIT_H
#define NTK_EXIT_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/flow.h>
#include <ntk/models.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* Where ||Theta_t - Theta_0||_F / ||Theta_0||_F first passes a threshold. */
typedef struct ntk_exit {
    double log_time;     /* log T, to options->event_tolerance; +infinity where the flow ended
                          * without it */
    double displacement; /* ||theta_T - theta_0||; NaN there */
    double log_loss;     /* log L(theta_T); NaN there */
} ntk_exit;

/* Run ntk_flow_run until the drift has passed the last threshold, or to the end that the options
 * set. The observers, the event and their context in `options` are ignored. thresholds: (count),
 * positive, ascending; exits: (count). *largest_drift is the largest seen at the ends of steps and
 * at exits. theta (p) is overwritten by the end point. Signs are compared at the ends of steps: an
 * exit is missed that is undone within one step. Errors: NTK_ERROR_ARGUMENT; those of
 * ntk_flow_run. */
ntk_status ntk_exit_run(const ntk_model *model, const double *targets, const ntk_flow_options *options,
                        size_t count, const double *thresholds, double *theta, ntk_exit *exits,
                        double *largest_drift, ntk_flow_result *result);

/* The flow with frozen weights, d theta / d s = J(theta)^T c with c (n, K) constant: the gradient
 * flow of a loss at large margins moves like this for as long as the relative weights of the points
 * in its gradient do not change. gains[i] is the mean gain of the outputs, <c, f - f_0> / ||c||_1,
 * where the drift first passes thresholds[i]; +infinity where it has not in 10000 steps, the first
 * of 2 % of 1 + ||theta||. With c the coefficients of the hard margin (hard_margin.h) the gain is
 * that of -log L, and so the lazy prediction of log T up to what stays bounded. theta: (p); gains:
 * (count). Errors: NTK_ERROR_ARGUMENT, NTK_ERROR_DIVERGED; those of the model. */
ntk_status ntk_exit_frozen(const ntk_model *model, const double *theta, const double *weights, size_t count,
                           const double *thresholds, double *gains);

/* How far a lazy network has gone by a time: the gain <c, f - f_0> / ||c||_1 of the linearised
 * network at theta, trained with the logistic loss, at log_times[i]. With c the coefficients of the
 * hard margin of its kernel (hard_margin.h) it is, up to what vanishes as t grows (derived in
 * dynamics/exit_lazy_gain.c),
 *
 *     log t - C,      C = sum_i |c_i| / ||c||_1 log(n |c_i|) + <c, f_0> / ||c||_1,
 *
 * and so log t itself without its beginning. One output. weights: c (n); log_times: (count),
 * finite, none smaller than the one before; gains: (count). Errors: NTK_ERROR_ARGUMENT; those of
 * the model and of ntk_flow_run, also where targets are soft. */
ntk_status ntk_exit_lazy_gain(const ntk_model *model, const double *theta, const double *targets,
                              const double *weights, size_t count, const double *log_times, double *gains);

NTK_END_DECLS

#endif
