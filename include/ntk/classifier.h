/* Bayesian classification with a Gaussian process prior: what the regularised objective is the mode
 * of.
 *
 * Kernel logistic regression (logistic.h) minimises P(w) = m(f(X)) + (lambda / 2) ||w||^2, m the
 * mean over n points of the cross-entropies CE_i, f = f_0 + J w. Multiplied by n,
 *
 *     n P = sum_i CE_i(f(x_i)) + (n lambda / 2) ||w||^2 = -log likelihood - log prior + constant,
 *
 * with the likelihood prod_ik p_ik^{q_ik}, p = softmax f (or sigma(f) and 1 - sigma(f)), as it
 * stands, and the prior w ~ N(0, I / (n lambda)): in function space f ~ GP(f_0, C (x) I_K) with
 *
 *     C = Theta / (n lambda).
 *
 * So its minimiser is the mode (MAP) of the posterior of that process, exactly. (Seen with the
 * prior covariance Theta itself, the likelihood is raised to the power 1 / (n lambda).) A problem
 * here is an ntk_inference_problem with logistic or softmax loss, a shared kernel (order = points)
 * and lambda > 0.
 *
 * Below g(f) = Q - p(f) is the gradient of the log-likelihood, W(f) = -dg/df its curvature, block
 * diagonal with sigma (1 - sigma), or diag p - p p^T, per point. Identities of the posterior, by
 * parts (f_0 = 0):
 *
 *     E f(x) = C_xX E g(f(X)),         E [f^T C^{-1} f - f^T g(f)] = n K          (f = f(X)).
 *
 * Errors of every function here, beside those named: NTK_ERROR_ARGUMENT, NTK_ERROR_SHAPE,
 * NTK_ERROR_NOT_FINITE for a problem that is none, NTK_ERROR_MEMORY,
 * NTK_ERROR_NOT_POSITIVE_DEFINITE. */
#ifndef NTK_CLASSIFIER_H
#define NTK_CLASSIFIER_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/inference_problem.h>
#include <ntk/random.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* Of latent values f (q, K): (q, K), rows softmax f; for the logistic loss (q), sigma(f). */
void ntk_bayes_probabilities(ntk_loss loss, size_t q, size_t outputs, const double *f, double *probabilities);

/* E p(f) for latent values f ~ N(mean, covariance) at each of q points. mean: (q, K); covariance:
 * (q, K, K). Logistic: the trapezium rule, to rounding. Softmax: the mean over `draws` normal
 * vectors and their negatives, the same vectors at every point; the stream is not advanced. Errors:
 * NTK_ERROR_ARGUMENT for squared loss, or softmax without draws. */
ntk_status ntk_bayes_average(ntk_loss loss, size_t q, size_t outputs, const double *mean,
                             const double *covariance, size_t draws, const ntk_stream *stream,
                             double *probabilities);

NTK_END_DECLS

#endif
