/* Kernels and functions on the sphere: their expansion in spherical harmonics.
 *
 * S^{p-1} is the unit sphere of R^p with its uniform probability measure, Y_kj (j = 1 .. N(p,
 * k)) an orthonormal basis of the harmonics of degree k, P_k the Legendre polynomial of R^p
 * (P_k(1) = 1; multiples of the Gegenbauer polynomials of order (p - 2) / 2). For f(<x, y>), a
 * kernel or a zonal function,
 *
 *     f(<x, y>) = sum_k mu_k sum_j Y_kj(x) Y_kj(y) = sum_k mu_k N(p, k) P_k(<x, y>),
 *     mu_k      = int f(t) P_k(t) dw(t),     dw(t) proportional to (1 - t^2)^{(p-3)/2}, of mass 1:
 *
 * mu_k is the eigenvalue of the integral operator with kernel f, N(p, k) times (Mercer;
 * Funk-Hecke). Derived in kernel/sphere.c; enclosures in ball arithmetic are in ball_sphere.h.
 *
 * Common errors: NTK_ERROR_ARGUMENT unless 2 <= p <= 10^6 and count > 0. */
#ifndef NTK_SPHERE_H
#define NTK_SPHERE_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/architecture.h>
#include <ntk/kernel.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* N(p, k), k = 0 .. count - 1: the integer itself while it is below 2^53, else within 2 p eps of
 * it. out: (count). */
ntk_status ntk_sphere_multiplicities(size_t p, size_t count, double *out);

/* P_k(u), k = 0 .. count - 1, |u| <= 1. out: (count). Errors: NTK_ERROR_ARGUMENT also for |u| >
 * 1 or NaN. */
ntk_status ntk_sphere_legendre(size_t p, size_t count, double u, double *out);

/* mu_0 .. mu_{count-1}. mu: (count). Closed forms, each within (2 k + p + 16) eps, relative. */

/* The arc-cosine kernels of kernel.h, kappa_0 (degree 0) and kappa_1 (degree 1): mu_k(kappa_0) =
 * 0 exactly for even k >= 2, mu_k(kappa_1) = 0 for odd k >= 3. Errors: NTK_ERROR_ARGUMENT for
 * another degree. */
ntk_status ntk_sphere_arc_cosine(size_t p, unsigned degree, size_t count, double *mu);

/* The NTK of one hidden ReLU layer without bias, kappa(u) = u kappa_0(u) + kappa_1(u)
 * (bietti-2019, eq. 7; half the NTK of the default architecture without input scale): 0 exactly
 * for odd k >= 3. */
ntk_status ntk_sphere_shallow(size_t p, size_t count, double *mu);

/* |t|^alpha, alpha > -1: 0 exactly for odd k. The error grows with alpha (10^3 eps more at 100).
 * Errors: NTK_ERROR_ARGUMENT for another alpha. */
ntk_status ntk_sphere_power(size_t p, double alpha, size_t count, double *mu);

/* The kernel of a network of any depth, activation and bias, by Gauss-Legendre quadrature in the
 * angle. The error is absolute: *error (may be NULL) is the largest difference between two
 * orders of the rule, plus rounding, a small multiple of eps times the kernel's diagonal. An
 * estimate; ball_sphere.h has bounds. Errors: those of ntk_kernel_cross. */
ntk_status ntk_sphere_network(const ntk_architecture *architecture, ntk_kernel_type type, size_t p,
                              size_t count, double *mu, double *error);

/* The Laplace kernel exp(-scale |x - y|) by the same rule. Errors: NTK_ERROR_ARGUMENT unless
 * scale > 0. */
ntk_status ntk_sphere_laplace(size_t p, double scale, size_t count, double *mu, double *error);

/* Any zonal function by the same rule, of `nodes` nodes: evaluate writes f(cos theta_i), i < n,
 * 0 < theta_i < pi; theta, values: (n). Errors: those that evaluate returns. */
typedef ntk_status (*ntk_zonal_function)(size_t n, const double *theta, double *values, const void *argument);
ntk_status ntk_sphere_project(ntk_zonal_function evaluate, const void *argument, size_t p, size_t count,
                              size_t nodes, double *mu);

NTK_END_DECLS

#endif
