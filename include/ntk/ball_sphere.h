/* Eigenvalues on the sphere as enclosures in ball arithmetic: the functions of sphere.h, whose
 * notation this is, with an interval that is certain to hold each mu_k (certify/ball_sphere.c).
 *
 * mu: (count), of the degrees 0 .. count - 1. Common errors: NTK_ERROR_ARGUMENT unless 2 <= p <=
 * 10^4 and 0 < count <= 10^6. */
#ifndef NTK_BALL_SPHERE_H
#define NTK_BALL_SPHERE_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/architecture.h>
#include <ntk/formula.h>
#include <ntk/interval.h>
#include <ntk/kernel.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* Closed forms: intervals of a few ulps, and exactly [0, 0] where mu_k vanishes. Errors: as of
 * sphere.h. */
ntk_status ntk_ball_sphere_arc_cosine(size_t p, unsigned degree, size_t count, ntk_interval *mu);
ntk_status ntk_ball_sphere_shallow(size_t p, size_t count, ntk_interval *mu);
ntk_status ntk_ball_sphere_power(size_t p, double alpha, size_t count, ntk_interval *mu);

/* The Laplace kernel exp(-scale |x - y|), by its power series. Errors: NTK_ERROR_ARGUMENT unless
 * 0 < scale <= 100. */
ntk_status ntk_ball_sphere_laplace(size_t p, double scale, size_t count, ntk_interval *mu);

/* Dense ReLU networks of any depth, with or without bias, by Gauss-Legendre quadrature with a
 * bound of its error; no parity is presupposed. Intervals of about 10^-30 of the kernel's
 * diagonal. count <= 1024, p <= 1024; about 3 us times count (count + p). Errors: those of
 * ntk_architecture_check; NTK_ERROR_UNSUPPORTED for another family or activation. */
ntk_status ntk_ball_sphere_network(const ntk_architecture *architecture, ntk_kernel_type type, size_t p,
                                   size_t count, ntk_interval *mu);

/* The same kernel as a formula in the angle x between two unit vectors of R^p, smooth on [0,
 * pi]. Errors: as above, and those of ntk_formula_define. */
ntk_status ntk_ball_sphere_formula(const ntk_architecture *architecture, ntk_kernel_type type, size_t p,
                                   ntk_formula *formula, const char *name);

NTK_END_DECLS

#endif
