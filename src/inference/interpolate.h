/* Kernel logistic regression without a regulariser, for soft targets. */
#ifndef NTK_INFERENCE_INTERPOLATE_H
#define NTK_INFERENCE_INTERPOLATE_H

#include <ntk/logistic.h>
#include <ntk/status.h>

#include "inference/distinct.h"

/* The case lambda = 0 of ntk_inference_logistic. a, f: of all points; f may be NULL. */
ntk_status ntk_interpolate(const ntk_distinct *distinct, double *a, double *f, ntk_logistic_result *result);

#endif
