/* The Newton system of kernel logistic regression by factorisation, for problems that are too stiff
 * for conjugate gradients. */
#ifndef NTK_INFERENCE_DIRECT_H
#define NTK_INFERENCE_DIRECT_H

#include <stddef.h>

#include <ntk/status.h>

#include "inference/distinct.h"

typedef struct ntk_direct ntk_direct;

/* For a problem with lambda > 0, which must outlive it. Memory: K + 2 matrices like gram, or at
 * most 2 for a full kernel. Errors: NTK_ERROR_NO_CONVERGENCE for a problem too large for that. */
ntk_status ntk_direct_create(const ntk_distinct *distinct, ntk_direct **out);
void ntk_direct_destroy(ntk_direct *direct);

/* Newton's step for (lambda I + H Theta) delta = -r, with the H of these weights (curvature.h). The
 * rows of r and of delta sum to zero (softmax). weight, r, delta: (n, K). Errors:
 * NTK_ERROR_NOT_POSITIVE_DEFINITE where lambda H^{-1} does not lift Theta above its rounding. */
ntk_status ntk_direct_solve(ntk_direct *direct, const double *weight, const double *r, double *delta);

#endif
