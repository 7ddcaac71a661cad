/* Kernel regression, which is the posterior mean of a Gaussian process. */
#ifndef NTK_REGRESSION_H
#define NTK_REGRESSION_H

#include <ntk/api.h>
#include <ntk/inference_problem.h>

NTK_BEGIN_DECLS

/* Squared loss: a = (Theta + n lambda I)^{-1} (Y - f_0(X)), the minimiser of P and, as f_0(x) + Theta(x, X)
 * a, the posterior mean of a Gaussian process with prior mean f_0, covariance Theta and noise variance n
 * lambda. f: (n, K), may be NULL. relative_residual (may be NULL): ||Y - f_0 - (Theta + n lambda I) a|| / ||Y
 * - f_0||. Errors: NTK_ERROR_NOT_POSITIVE_DEFINITE where Theta + n lambda I is singular to rounding. */
ntk_status ntk_inference_regression(const ntk_inference_problem *problem, double *a, double *f,
                                    double *relative_residual);

NTK_END_DECLS

#endif
