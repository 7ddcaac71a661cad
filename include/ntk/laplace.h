/* The Laplace approximation of the classifier of classifier.h. */
#ifndef NTK_LAPLACE_H
#define NTK_LAPLACE_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/inference_problem.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* The Gaussian of covariance (C^{-1} + W(f))^{-1}: about the mode, the Laplace approximation of the
 * posterior (Rasmussen and Williams 2006, sections 3.4 and 3.5). */
typedef struct ntk_laplace ntk_laplace;

/* With the curvature at f (n, K), which may be any. The problem and its arrays must outlive
 * *out. */
ntk_status ntk_laplace_create(const ntk_inference_problem *problem, const double *f, ntk_laplace **out);
void ntk_laplace_destroy(ntk_laplace *laplace);

/* Errors of the two below: NTK_ERROR_NO_CONVERGENCE where a variance is uncertain by more than 1e-6
 * of it or of 1: for a tiny lambda it is the difference of much larger numbers. Points that are the
 * same and have one f are one point, so that their contradictions cost nothing. */

/* Its covariance at q points, over outputs. cross: (q, n), Theta between them and X; diagonal: (q),
 * Theta at them; covariance: (q, K, K). */
ntk_status ntk_laplace_covariance(const ntk_laplace *laplace, size_t q, const double *cross,
                                  const double *diagonal, double *covariance);

/* Effective number of parameters, tr W (C^{-1} + W)^{-1}, between 0 and n K: how many directions of
 * function space the data decide rather than the prior. */
ntk_status ntk_laplace_degrees(const ntk_laplace *laplace, double *degrees);

NTK_END_DECLS

#endif
