/* Maclaurin coefficients of the arc-cosine kernels, enclosed. */
#ifndef NTK_MACLAURIN_H
#define NTK_MACLAURIN_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/interval.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* kappa_0(u) = (pi - arccos u) / pi = sum_k a_k u^k and kappa_1(u) = (u (pi - arccos u) + sqrt(1 -
 * u^2)) / pi = sum_k b_k u^k (chen-2025, Lemma 3): intervals that hold a_k and b_k, k < count, some
 * ulps wide, from the power series of the two functions themselves in ball arithmetic. kappa_0,
 * kappa_1: (count), either may be NULL. Errors: NTK_ERROR_SHAPE for a count of 0 or beyond 2^16. */
ntk_status ntk_maclaurin_kappas(size_t count, ntk_interval *kappa_0, ntk_interval *kappa_1);

NTK_END_DECLS

#endif
