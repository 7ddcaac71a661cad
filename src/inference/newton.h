/* The Newton system of kernel logistic regression, (lambda I + H Theta) delta = -r. */
#ifndef NTK_INFERENCE_NEWTON_H
#define NTK_INFERENCE_NEWTON_H

#include <stddef.h>

#include <ntk/status.h>

#include "inference/distinct.h"

typedef struct ntk_newton ntk_newton;

/* Conjugate gradients for one system; a step that is not quite Newton's is taken after so many. */
enum { NTK_NEWTON_MAX_ITERATIONS = 2000 };

/* For a problem with lambda > 0, which must outlive it. Errors: NTK_ERROR_NOT_POSITIVE_DEFINITE. */
ntk_status ntk_newton_create(const ntk_distinct *distinct, ntk_newton **out);
void ntk_newton_destroy(ntk_newton *newton);

/* Solve for the H of these weights (curvature.h) until ||J^T (lambda delta + H Theta delta +
 * r)|| <= tolerance
 * ||J^T r||, or until rounding or a limit ends it: delta is a direction of descent in any case.
 * weight, r: (n, K); delta, image = Theta delta: (n, K); *iterations is added to. */
ntk_status ntk_newton_solve(ntk_newton *newton, const double *weight, const double *r, double tolerance,
                            double *delta, double *image, size_t *iterations);

#endif
