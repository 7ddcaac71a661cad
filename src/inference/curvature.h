/* Curvature of the cross-entropies: H = d2m/df2, block diagonal with one (K, K) block for each
 * distinct point, of which m_i were given,
 *
 *     logistic   H_i = (m_i / n) h_i,                        h = sigma(f) sigma(-f)
 *     softmax    H_i = (m_i / n) (diag p_i - p_i p_i^T),     p = softmax f.
 *
 * `weight` (n, K) below holds h or p; it is all that H needs. */
#ifndef NTK_INFERENCE_CURVATURE_H
#define NTK_INFERENCE_CURVATURE_H

#include <stddef.h>

#include <ntk/inference_problem.h>

#include "inference/distinct.h"

/* weight at the outputs f; each entry to full relative accuracy at every margin. f, weight: (n,
 * K). */
void ntk_curvature_weights(const ntk_inference_problem *problem, const double *f, double *weight);

/* p = softmax f of one row. f, p: (K), which may be the same. */
void ntk_curvature_softmax(size_t outputs, const double *f, double *p);

/* out = H v. v, out: (n, K), which must not overlap. */
void ntk_curvature_apply(const ntk_distinct *distinct, const double *weight, const double *v, double *out);

/* An upper bound of the largest eigenvalue of H_i, for the point i. */
double ntk_curvature_bound(const ntk_distinct *distinct, const double *weight, size_t i);

#endif
