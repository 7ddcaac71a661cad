/* Hermite (Mehler) expansion of the dual activation of a smooth activation. */
#ifndef NTK_KERNEL_MEHLER_H
#define NTK_KERNEL_MEHLER_H

#include <stddef.h>

#include <ntk/architecture.h>
#include <ntk/status.h>

#include "kernel/dual.h"

/* Largest variance of an expansion. */
#define NTK_MEHLER_LARGEST 1e4

typedef struct ntk_mehler ntk_mehler;

/* An expansion for variances up to max_variance. Errors: NTK_ERROR_UNSUPPORTED for an activation
 * without one or a variance beyond 1e4; NTK_ERROR_MEMORY. */
ntk_status ntk_mehler_create(ntk_activation activation, double max_variance, ntk_mehler **out);
void ntk_mehler_destroy(ntk_mehler *mehler);

/* Coefficients that are kept, K: a multiple of 8 that serves max_variance, 512 at most. */
size_t ntk_mehler_terms(const ntk_mehler *mehler);

/* For n variances (n): h_k in value (K, n) and g_k in derivative (K, n); the diagonal, E[phi^2] and
 * E[phi'^2], in dual (n); and in tail (n) what the K terms miss of the diagonal, relative, the
 * larger of the two; 0 where that is rounding. Errors: NTK_ERROR_MEMORY. */
ntk_status ntk_mehler_expand(const ntk_mehler *mehler, size_t n, const double *variance, double *value,
                             double *derivative, ntk_dual *dual, double *tail);

/* Two points with tails up to `tail` are served to a relative error of 1e-13 up to this |rho|;
 * infinite: always. */
double ntk_mehler_limit(const ntk_mehler *mehler, double tail);

#endif
