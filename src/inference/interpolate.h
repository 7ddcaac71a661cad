/* Kernel logistic regression without a regulariser, for soft targets. */
#ifndef NTK_INFERENCE_INTERPOLATE_H
#define NTK_INFERENCE_INTERPOLATE_H

#include <ntk/inference_problem.h>
#include <ntk/logistic.h>
#include <ntk/status.h>

/* The case lambda = 0 of ntk_inference_logistic; the problem has been checked. */
ntk_status ntk_interpolate(const ntk_inference_problem *problem, double *a, double *f,
                           ntk_logistic_result *result);

#endif
