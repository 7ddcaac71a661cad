/* Trajectories: a gradient flow run and recorded, the piece that every claim about training shares. */
#ifndef NTK_TRAJECTORY_H
#define NTK_TRAJECTORY_H

#include <stddef.h>

#include <ntk/dynamics.h>

/* Scalars at one observation time; NaN where not asked for or not defined (dynamics.h, ntk_observation). */
typedef struct ntk_trajectory_point {
    double log_time;
    double log_loss;
    double displacement;
    double smallest_margin;
    double largest_spread; /* max over points of (largest - smallest output); K = 1: largest |output| */
    double kernel_drift;
    double kernel_lambda_min;
} ntk_trajectory_point;

typedef struct ntk_trajectory {
    size_t count;
    ntk_trajectory_point *points; /* (count), at options->observation_log_times in order */
    double *outputs;              /* (n, K) at the end */
    double initial_loss;
    double initial_spread;
    /* Extremes over the start and every accepted step, not only over the points. */
    double max_displacement;
    double max_spread;
    double max_output_change; /* max |f_ik(t) - f_ik(0)| */
    double min_log_loss;
    double min_lambda_min; /* over the points; NaN without observe_kernel */
    ntk_flow_result flow;
} ntk_trajectory;

/* Run ntk_flow_run and record it. The observers and their context in `options` are ignored. theta (p) is
 * overwritten by the end point. A flow that becomes stationary before its last observation time stays where
 * it is: the points after its end repeat the end's values at their own times. Errors: those of ntk_flow_run;
 * NTK_ERROR_ARGUMENT where the flow ended before an observation time for any other reason. */
ntk_status ntk_trajectory_run(const ntk_model *model, const double *targets, const ntk_flow_options *options,
                              double *theta, ntk_trajectory *out);

/* Release and zero; a zeroed value is allowed. */
void ntk_trajectory_release(ntk_trajectory *trajectory);

#endif
