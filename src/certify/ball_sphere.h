/* The quadrature behind ntk_ball_sphere_network, for any formula and any number of panels. */
#ifndef CERTIFY_BALL_SPHERE_H
#define CERTIFY_BALL_SPHERE_H

#include <stddef.h>

#include <ntk/ball_sphere.h>
#include <ntk/formula.h>
#include <ntk/interval.h>
#include <ntk/status.h>

/* mu_0 .. mu_{count-1} of a formula in the angle that is smooth on [0, pi], on S^{p-1}. mu:
 * (count). Fewer panels give wider intervals, not wrong ones. Errors: NTK_ERROR_ARGUMENT for an
 * unknown name; NTK_ERROR_MEMORY. */
ntk_status ball_sphere_integrate(const ntk_formula *formula, const char *name, size_t p, size_t count,
                                 size_t panels, ntk_interval *mu);

#endif
