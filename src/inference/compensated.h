/* Theta v as if in twice the working precision. */
#ifndef NTK_INFERENCE_COMPENSATED_H
#define NTK_INFERENCE_COMPENSATED_H

#include <ntk/inference_problem.h>
#include <ntk/status.h>

/* image = Theta v, each entry off by at most
 *
 *     u |(Theta v)_i| + (order u)^2 sum_j |Theta_ij| |v_j|,     u = 2^-53,
 *
 * at some twenty times the work of ntk_inference_apply. v, image: (n, K), which must not
 * overlap. */
ntk_status ntk_inference_apply_compensated(const ntk_inference_problem *problem, const double *v,
                                           double *image);

#endif
