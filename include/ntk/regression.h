/* Kernel regression, which is the posterior mean of a Gaussian process. */
#ifndef NTK_REGRESSION_H
#define NTK_REGRESSION_H

#include <ntk/api.h>
#include <ntk/inference_problem.h>

NTK_BEGIN_DECLS

/* Squared loss: a = (Theta + n lambda I)^{-1} (Y - f_0(X)), the minimiser of P and, as f_0(x) +
 * Theta(x, X) a, the posterior mean of a Gaussian process with prior mean f_0, covariance Theta and
 * noise variance n lambda. At equal points (inference_problem.h) Y stands for the mean of their
 * targets and n lambda for its share of them: f is the same, and a tiny lambda loses nothing. A
 * singular Theta is no error for lambda = 0 where Y - f_0 lies in its range: a is then the solution
 * of least norm, weighed by about sqrt(Theta_ii).
 *
 * f: (n, K), may be NULL. relative_residual (may be NULL): ||Y - f_0 - (Theta + n lambda I) a|| /
 * ||Y - f_0|| over the distinct points. NTK_OK means that f differs from the exact solution by at
 * most 1e-6 max |Y - f_0|, whatever the last bits of Theta are. Errors:
 * NTK_ERROR_NOT_POSITIVE_DEFINITE where that cannot be said, since Theta + n lambda I is singular
 * to rounding, with its rank and what is left. */
ntk_status ntk_inference_regression(const ntk_inference_problem *problem, double *a, double *f,
                                    double *relative_residual);

NTK_END_DECLS

#endif
