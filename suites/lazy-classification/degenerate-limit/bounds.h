/* What convexity says of one flow of a series (series.h): where it ends, how long it stays
 * beside the one-hot flow, and when it arrives. Derived in bounds.c, with the numbers of the
 * equations. (2) to (4) are theorems about linear models, the cases ntk_target_series_is_kernel. */
#ifndef NTK_SUITES_BOUNDS_H
#define NTK_SUITES_BOUNDS_H

#include <ntk/status.h>

#include "series.h"

/* (1) Largest |p - q| / (q (1 - q)) at the end of the flow: to first order, the distance of its
 * logits from the limit. epsilon: that of the limit, the flow's by rights. Errors: those of
 * ntk_targets_from_labels; NTK_ERROR_MEMORY. */
ntk_status ntk_target_limit_distance(const ntk_target_run *run, double epsilon, double *distance);

/* (1) ||w_I||, w_I the least-norm interpolant of the labels: logits that spread by 1 at every
 * training point. Errors: those of ntk_inference_logistic. */
ntk_status ntk_target_interpolant_norm(const ntk_target_run *run, double *norm);

/* (2) Largest |f_t - g_t| over the observations, relative to its bound plus `error`, that of the
 * integration. */
double ntk_target_bridge_ratio(const ntk_target_run *run, double error);

/* (3), (4) The earliest and the latest time after which all logits are within delta of their limit;
 * the latest if no target is below `epsilon`. 0 where (3) says nothing. */
double ntk_target_earliest(const ntk_target_run *run, double delta);
double ntk_target_latest(const ntk_target_run *run, double delta, double epsilon);

#endif
