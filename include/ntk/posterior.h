/* The posterior of the classifier of classifier.h, sampled. */
#ifndef NTK_POSTERIOR_H
#define NTK_POSTERIOR_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/inference_problem.h>
#include <ntk/random.h>
#include <ntk/slice.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* Prior and posterior at X and, one by one, at q new points. */
typedef struct ntk_posterior ntk_posterior;

/* cross: (q, n), diagonal: (q), Theta as for the Laplace approximation; q may be 0. The prior mean
 * is problem->f0, 0 at the new points. The problem and its arrays must outlive *out; it may be used
 * by several threads. A Theta that is singular to rounding, as that of points given twice, is none
 * to the prior: f lies in its range. */
ntk_status ntk_posterior_create(const ntk_inference_problem *problem, size_t q, const double *cross,
                                const double *diagonal, ntk_posterior **out);
void ntk_posterior_destroy(ntk_posterior *posterior);

/* A draw of the prior at X. f: (n, K). */
ntk_status ntk_posterior_prior(const ntk_posterior *posterior, ntk_stream *stream, double *f);

/* A draw at each new point given f (n, K) at X, under prior and posterior alike, since the
 * likelihood reads X only. Right at each point; independent of point to point, which the process is
 * not. f_new: (q, K). */
ntk_status ntk_posterior_extend(const ntk_posterior *posterior, ntk_stream *stream, const double *f,
                                double *f_new);

/* A chain of draws at X. f: (n, K), the start and the end. */
ntk_status ntk_posterior_chain(const ntk_posterior *posterior, const ntk_chain_options *options,
                               ntk_stream *stream, double *f, ntk_chain_visit visit, void *context);

/* *square = (f - f_0)^T (C^{-1} (x) I_K) (f - f_0): n K on average under the prior,
 * the rank of Theta in place of n where it is singular to rounding, C^{-1} being its
 * pseudo-inverse. */
ntk_status ntk_posterior_square(const ntk_posterior *posterior, const double *f, double *square);

NTK_END_DECLS

#endif
