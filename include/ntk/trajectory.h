/* Trajectories: a gradient flow run and recorded, the piece that every claim about training
 * shares. */
#ifndef NTK_TRAJECTORY_H
#define NTK_TRAJECTORY_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/flow.h>
#include <ntk/models.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* Scalars at one observation time; NaN where not asked for or not defined (flow.h,
 * ntk_observation). */
typedef struct ntk_trajectory_point {
    double log_time;
    double log_loss;
    double objective; /* L + (lambda/2) ||theta - c||^2 */
    double displacement;
    double smallest_margin;
    double largest_spread; /* max over points of (largest - smallest output); K = 1: largest
                            * |output| */
    double kernel_drift;
    double kernel_lambda_min;
    double kernel_margin_norm;
} ntk_trajectory_point;

typedef struct ntk_trajectory {
    size_t count;
    ntk_trajectory_point *points; /* (count), at options->observation_log_times in order */
    double *outputs;              /* (n, K) at the end */
    size_t followed_size;         /* outputs of the model that was followed, qK; 0 without one */
    double *followed;             /* (count, q, K): its outputs at each of the points */
    double initial_loss;
    double initial_spread;
    /* Extremes over the start and every accepted step, not only over the points. */
    double max_displacement;
    double max_spread;
    double max_output_change; /* max |f_ik(t) - f_ik(0)| */
    double min_log_loss;
    double min_lambda_min; /* over the points; NaN where not observed */
    ntk_flow_result flow;
} ntk_trajectory;

/* Run ntk_flow_run and record it, with the outputs of `everywhere` at each observation time: a
 * model of the same coordinates on other points (problem.h), or NULL. The observers and their
 * context in `options` are ignored. theta (p) is overwritten by the end point. A flow that becomes
 * stationary before its last observation time stays where it is: the points after its end repeat
 * the end's values at their own times. Errors: those of ntk_flow_run and of the evaluations;
 * NTK_ERROR_SHAPE where the dimension of `everywhere` is another; NTK_ERROR_ARGUMENT where the flow
 * ended before an observation time for any other reason. */
ntk_status ntk_trajectory_follow(const ntk_model *model, const double *targets,
                                 const ntk_flow_options *options, const ntk_model *everywhere, double *theta,
                                 ntk_trajectory *out);

/* Suprema over the observations up to a time, log t <= until; infinite for all of them, NaN where
 * one is NaN or there is none. */

/* Largest drift of the tangent kernel. */
double ntk_trajectory_largest_drift(const ntk_trajectory *trajectory, double until);
/* Largest |difference| between the outputs that two trajectories followed; NaN also where their
 * times or sizes are not the same. */
double ntk_trajectory_largest_gap(const ntk_trajectory *a, const ntk_trajectory *b, double until);

/* log T at which the drift of the tangent kernel first reaches a threshold: by linear interpolation
 * between the two observations that bracket it; infinite where it does not, NaN where a drift
 * before it is NaN. (exit.h locates it to a tolerance, at the price of a kernel at every step.) */
double ntk_trajectory_exit_time(const ntk_trajectory *trajectory, double threshold);

/* log T of the last time at which a followed output is farther than `distance` > 0 from its value
 * at the last observation: between two observations, where that difference is taken to fall
 * exponentially in t. NaN where it never was, where the last observation but one still is (the
 * arrival was not seen), where nothing was followed, and where one is NaN. */
double ntk_trajectory_arrival(const ntk_trajectory *trajectory, double distance);

/* What t L(t) cannot exceed on this path for the logistic loss with hard targets on n points: n /
 * (lambda c^2), lambda the smallest eigenvalue of the tangent kernel seen (derived in
 * dynamics/trajectory.c). */
double ntk_trajectory_loss_bound(const ntk_trajectory *trajectory, size_t points);
/* Largest t L(t) over the observations, relative to that bound. */
double ntk_trajectory_loss_ratio(const ntk_trajectory *trajectory, size_t points);

/* The margin form of the loss law, ours: along the flow of a cross-entropy with hard targets on n
 * points,
 *
 *     int_0^t ds / ||w_hat_s||^2 <= n (F(n L_0) - F(n L_t)),
 *     F(x) = x + log(1 - e^-x) - 1 / (e^x - 1),
 *
 * w_hat_s the hard margin of Theta_s (derived in dynamics/trajectory_law.c). Returned is the
 * largest left side over right side at the observations, at finite log t, whose hard margins were
 * observed; NaN where one is NaN or there are fewer than three. Steps next to an infinite one add
 * nothing to the left side. */
double ntk_trajectory_margin_ratio(const ntk_trajectory *trajectory, size_t points);

/* F(S) = S + log(1 - e^-S) - 1/(e^S - 1), S > 0 the sum of the losses of all points, whose
 * derivative is (1 - e^-S)^-2: with dS/dt <= -c (1 - e^-S)^2 along a flow, F(S_t) <= F(S_0) - c
 * t. */
double ntk_trajectory_loss_potential(double sum);

/* Release and zero; a zeroed value is allowed. */
void ntk_trajectory_release(ntk_trajectory *trajectory);

NTK_END_DECLS

#endif
