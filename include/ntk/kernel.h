/* Kernels of infinitely wide networks.
 *
 * Dense network (architecture.h), inputs x, x' (Jacot et al. 2018, Theorem 1; Lee et al. 2019, section 2):
 *
 *     S^1     = w^2 <x, x'> / d + b^2,                       Theta^1 = S^1
 *     S^{l+1} = w^2 E[phi(u) phi(v)] + b^2,                  (u, v) ~ N(0, S^l restricted to {x, x'})
 *     Sd^{l+1}= w^2 E[phi'(u) phi'(v)]
 *     Theta^{l+1} = S^{l+1} + Theta^l Sd^{l+1}
 *
 * NNGP = S^{L+1}, NTK = Theta^{L+1}; for K outputs the NTK is Theta (x) I_K. Without biases (b = 0) the terms
 * in b^2 are absent. The expectations are closed forms for ReLU, erf, GELU, sin and linear, Gauss quadrature
 * for the others.
 *
 * Accuracy (see kernel/dense.c for the derivation): for ReLU the error relative to sqrt(Theta_xx Theta_x'x')
 * is at most c eps sqrt(d) / sqrt(1 - rho^2) with rho the cosine of the layer's covariance; kappa_0 amplifies
 * the rounding of the inner product near rho = +-1. Diagonal entries come from norms and are exact to
 * rounding; so are pairs of identical rows (x equal to x' bit for bit). */
#ifndef NTK_KERNEL_H
#define NTK_KERNEL_H

#include <stddef.h>

#include <ntk/architecture.h>
#include <ntk/status.h>

typedef enum ntk_kernel_type { NTK_KERNEL_NTK, NTK_KERNEL_NNGP } ntk_kernel_type;

/* Gram matrix of n points. x: (n, d), leading dimension ldx; gram: (n, n), full symmetric, leading dimension
 * ldg. Errors: those of ntk_architecture_check; NTK_ERROR_SHAPE; NTK_ERROR_NOT_FINITE (an input, or a result
 * that overflows). */
ntk_status ntk_kernel_gram(const ntk_architecture *architecture, ntk_kernel_type type, size_t n, size_t d,
                           const double *x, size_t ldx, double *gram, size_t ldg);

/* Kernel between two sets. x: (n, d), y: (m, d); kernel: (n, m). Same errors. */
ntk_status ntk_kernel_cross(const ntk_architecture *architecture, ntk_kernel_type type, size_t n, size_t m,
                            size_t d, const double *x, size_t ldx, const double *y, size_t ldy,
                            double *kernel, size_t ldk);

/* Both kernels in one pass; either output may be NULL. Shapes as above. */
ntk_status ntk_kernel_gram_both(const ntk_architecture *architecture, size_t n, size_t d, const double *x,
                                size_t ldx, double *nngp, double *ntk, size_t ldg);

/* Dual activation at one covariance: *value = E[phi(u) phi(v)], *derivative = E[phi'(u) phi'(v)] for
 * (u, v) ~ N(0, [[sxx, sxy], [sxy, syy]]). *error (may be NULL): an estimate of the absolute error of the
 * worse of the two (rounding level for closed forms; difference of two orders for quadrature). Errors:
 * NTK_ERROR_ARGUMENT where sxx or syy is not positive or |sxy| exceeds sqrt(sxx syy) by more than rounding.
 */
ntk_status ntk_dual_activation(ntk_activation activation, double sxx, double syy, double sxy, double *value,
                               double *derivative, double *error);

/* The same by quadrature for every activation, closed form or not: an independent path for tests and for
 * users who add an activation. */
ntk_status ntk_dual_activation_quadrature(ntk_activation activation, double sxx, double syy, double sxy,
                                          double *value, double *derivative, double *error);

#endif
