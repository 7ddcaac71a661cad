/* Bayesian classification with a Gaussian process prior: what the regularised objective is the mode of.
 *
 * Kernel logistic regression (inference.h) minimises P(w) = m(f(X)) + (lambda / 2) ||w||^2, m the mean over n
 * points of the cross-entropies CE_i, f = f_0 + J w. Multiplied by n,
 *
 *     n P = sum_i CE_i(f(x_i)) + (n lambda / 2) ||w||^2 = -log likelihood - log prior + constant,
 *
 * with the likelihood prod_ik p_ik^{q_ik}, p = softmax f (or sigma(f) and 1 - sigma(f)), as it stands, and
 * the prior w ~ N(0, I / (n lambda)): in function space f ~ GP(f_0, C (x) I_K) with
 *
 *     C = Theta / (n lambda).
 *
 * So its minimiser is the mode (MAP) of the posterior of that process, exactly. (Seen with the prior
 * covariance Theta itself, the likelihood is raised to the power 1 / (n lambda).) A problem here is an
 * ntk_inference_problem with logistic or softmax loss, a shared kernel (order = points) and lambda > 0.
 *
 * Below g(f) = Q - p(f) is the gradient of the log-likelihood, W(f) = -dg/df its curvature, block diagonal
 * with sigma (1 - sigma), or diag p - p p^T, per point. Identities of the posterior, by parts (f_0 = 0):
 *
 *     E f(x) = C_xX E g(f(X)),         E [f^T C^{-1} f - f^T g(f)] = n K          (f = f(X)).
 *
 * Errors of every function here, beside those named: NTK_ERROR_ARGUMENT, NTK_ERROR_SHAPE,
 * NTK_ERROR_NOT_FINITE for a problem that is none, NTK_ERROR_MEMORY, NTK_ERROR_NOT_POSITIVE_DEFINITE. */
#ifndef NTK_BAYES_H
#define NTK_BAYES_H

#include <stddef.h>

#include <ntk/inference.h>
#include <ntk/random.h>
#include <ntk/status.h>

/* ---- probabilities ---- */

/* Of latent values f (q, K): (q, K), rows softmax f; for the logistic loss (q), sigma(f). */
void ntk_bayes_probabilities(ntk_loss loss, size_t q, size_t outputs, const double *f, double *probabilities);

/* E p(f) for latent values f ~ N(mean, covariance) at each of q points. mean: (q, K); covariance: (q, K, K).
 * Logistic: the trapezium rule, to rounding. Softmax: the mean over `draws` normal vectors and their
 * negatives, the same vectors at every point; the stream is not advanced. Errors: NTK_ERROR_ARGUMENT for
 * squared loss, or softmax without draws. */
ntk_status ntk_bayes_average(ntk_loss loss, size_t q, size_t outputs, const double *mean,
                             const double *covariance, size_t draws, const ntk_stream *stream,
                             double *probabilities);

/* ---- the Laplace approximation ---- */

/* The Gaussian of covariance (C^{-1} + W(f))^{-1}: about the mode, the Laplace approximation of the
 * posterior (Rasmussen and Williams 2006, sections 3.4 and 3.5). */
typedef struct ntk_laplace ntk_laplace;

/* With the curvature at f (n, K), which may be any. The problem and its arrays must outlive *out. */
ntk_status ntk_laplace_create(const ntk_inference_problem *problem, const double *f, ntk_laplace **out);
void ntk_laplace_destroy(ntk_laplace *laplace);

/* Its covariance at q points, over outputs. cross: (q, n), Theta between them and X; diagonal: (q), Theta at
 * them; covariance: (q, K, K). */
ntk_status ntk_laplace_covariance(const ntk_laplace *laplace, size_t q, const double *cross,
                                  const double *diagonal, double *covariance);

/* Effective number of parameters, tr W (C^{-1} + W)^{-1}, between 0 and n K: how many directions of function
 * space the data decide rather than the prior. */
ntk_status ntk_laplace_degrees(const ntk_laplace *laplace, double *degrees);

/* ---- elliptical slice sampling ---- */

/* A law proportional to N(f; mean, L L^T (x) I_columns) exp(log_likelihood(f)), f: (rows, columns). */
typedef struct ntk_slice_target {
    size_t rows, columns;
    const double *mean;   /* (rows, columns), NULL for 0 */
    const double *factor; /* (rows, rows), lower triangular, zeros above: L */
    double (*log_likelihood)(const double *f, const void *context); /* may be -infinity, not NaN */
    const void *context;
} ntk_slice_target;

typedef struct ntk_chain_options {
    size_t burn_in;  /* transitions before the first draw */
    size_t draws;    /* > 0 */
    size_t thinning; /* transitions from draw to draw, > 0 */
} ntk_chain_options;

/* Sees each draw f (rows, columns), which it may not change; a code other than NTK_OK ends the chain. */
typedef ntk_status (*ntk_chain_visit)(size_t draw, const double *f, void *context);

/* Run a chain (Murray, Adams and MacKay 2010) from f, which ends as its last state. Errors:
 * NTK_ERROR_NOT_FINITE where the log-likelihood is NaN, or minus infinity at the start;
 * NTK_ERROR_NO_CONVERGENCE where no point of an ellipse is accepted (a log-likelihood that is not
 * reproducible); those of `visit`. */
ntk_status ntk_slice_chain(const ntk_slice_target *target, const ntk_chain_options *options,
                           ntk_stream *stream, double *f, ntk_chain_visit visit, void *context);

/* ---- the posterior of the classifier ---- */

/* Prior and posterior at X and, one by one, at q new points. */
typedef struct ntk_posterior ntk_posterior;

/* cross: (q, n), diagonal: (q), Theta as for the Laplace approximation; q may be 0. The prior mean is
 * problem->f0, 0 at the new points. The problem and its arrays must outlive *out; it may be used by several
 * threads. Errors: NTK_ERROR_NOT_POSITIVE_DEFINITE where Theta is singular to rounding. */
ntk_status ntk_posterior_create(const ntk_inference_problem *problem, size_t q, const double *cross,
                                const double *diagonal, ntk_posterior **out);
void ntk_posterior_destroy(ntk_posterior *posterior);

/* A draw of the prior at X. f: (n, K). */
ntk_status ntk_posterior_prior(const ntk_posterior *posterior, ntk_stream *stream, double *f);

/* A draw at each new point given f (n, K) at X, under prior and posterior alike, since the likelihood reads X
 * only. Right at each point; independent of point to point, which the process is not. f_new: (q, K). */
ntk_status ntk_posterior_extend(const ntk_posterior *posterior, ntk_stream *stream, const double *f,
                                double *f_new);

/* A chain of draws at X. f: (n, K), the start and the end. */
ntk_status ntk_posterior_chain(const ntk_posterior *posterior, const ntk_chain_options *options,
                               ntk_stream *stream, double *f, ntk_chain_visit visit, void *context);

/* *square = (f - f_0)^T (C^{-1} (x) I_K) (f - f_0): n K on average under the prior. */
ntk_status ntk_posterior_square(const ntk_posterior *posterior, const double *f, double *square);

#endif
