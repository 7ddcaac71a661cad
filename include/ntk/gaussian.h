/* Gaussian laws over random initialisations, from Gram matrices.
 *
 * n training points X, then q others x; Theta the tangent kernel, S the covariance of the initial
 * outputs (the NNGP kernel), both given on all n + q points together: (n + q, n + q), full
 * symmetric, training points first. Scalar kernels stand for Theta (x) I_K and S (x) I_K: the laws
 * below hold for each output by itself, and outputs are independent. (A full tangent kernel, (n +
 * q) K square, is as good: its rows are points of one output.)
 *
 * Linear model f(x) = f_0(x) + <J(x), theta - theta_0>, squared loss (1/2n) sum (f - y)^2 +
 * (lambda/2) ||theta - theta_0||^2, at the end of its gradient flow (Lee et al. 2019, eq. 13-16 for
 * lambda = 0; Plenk et al. 2026):
 *
 *     f(x) = f_0(x) + A (y - f_0(X)),        A = Theta_xX (Theta_XX + n lambda I)^{-1}.
 *
 * f_0 ~ N(0, S) is linear in, so f is Gaussian with
 *
 *     mean         A y                              (ensemble law)
 *     covariance   S_xx' - A S_Xx' - S_xX A^T + A S_XX A^T.
 *
 * With soft targets Q, cross-entropy and lambda = 0 the flow ends where centred logits equal
 * centred log Q: the same law holds for centred logits, y = log Q P, covariance (x) P, P = I - 1
 * 1^T / K.
 *
 * The Gaussian process of prior covariance Theta and noise variance n lambda has the posterior
 *
 *     mean         A y                              (posterior law)
 *     covariance   Theta_xx' - A Theta_Xx'.
 *
 * It is the ensemble law of an f_0 of covariance Theta and targets with noise of variance n lambda,
 * whose part of the covariance is n lambda A A^T: sample-then-optimise (Matthews et al. 2017). */
#ifndef NTK_GAUSSIAN_H
#define NTK_GAUSSIAN_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/random.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* A = Theta_xX (Theta_XX + ridge I)^{-1}, ridge = n lambda >= 0. theta: (n + q, n + q); map: (q,
 * n). Where that matrix
 * is singular to rounding, as for points given twice and no ridge, its pseudo-inverse
 * takes the place of the inverse: copies of a point have equal shares. Errors: NTK_ERROR_ARGUMENT;
 * NTK_ERROR_NOT_POSITIVE_DEFINITE where it is negative by more than rounding; NTK_ERROR_NOT_FINITE;
 * NTK_ERROR_MEMORY. */
ntk_status ntk_gaussian_map(size_t n, size_t q, const double *theta, double ridge, double *map);

/* mean = A targets. targets: (n, K); mean: (q, K). */
ntk_status ntk_gaussian_mean(size_t n, size_t q, size_t outputs, const double *map, const double *targets,
                             double *mean);

/* Covariance of the ensemble law, S_xx' - A S_Xx' - S_xX A^T + A S_XX A^T. s: (n + q, n + q);
 * covariance: (q, q), full symmetric. */
ntk_status ntk_gaussian_ensemble(size_t n, size_t q, const double *map, const double *s, double *covariance);

/* Covariance of the posterior law, Theta_xx' - A Theta_Xx'. Errors: as of ntk_gaussian_map. */
ntk_status ntk_gaussian_posterior(size_t n, size_t q, const double *theta, double ridge, double *covariance);

/* Columns of independent draws of N(mean, covariance): draws (q, columns), mean (q), NULL for 0. A
 * singular covariance is allowed. Errors: NTK_ERROR_NOT_POSITIVE_DEFINITE where an eigenvalue is
 * negative by more than rounding. */
ntk_status ntk_gaussian_draw(ntk_stream *stream, size_t q, size_t columns, const double *mean,
                             const double *covariance, double *draws);

NTK_END_DECLS

#endif
