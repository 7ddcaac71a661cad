/* Coefficients of zonal functions by rigorous integration: the independent path of what the
 * library says of the sphere. */
#ifndef TESTS_ZONAL_H
#define TESTS_ZONAL_H

#include <stddef.h>

#include "base/arb.h"

/* f(cos theta) at a complex theta; the convention of acb_calc_integrate: a value that is not
 * finite where f is not analytic on the ball and order > 0. */
typedef int (*zonal_integrand)(acb_ptr out, const acb_t theta, void *parameters, slong order, slong bits);

/* mu_k of f on S^{p-1} within 2^-bits or so, by Petras' adaptive Gauss-Legendre quadrature, the
 * Legendre polynomial from FLINT's Gegenbauer function (p > 2) or cos(k theta). */
void zonal_coefficient(arb_t out, zonal_integrand f, void *parameters, size_t p, size_t k, slong bits);

/* The same for functions that are analytic between the ends only: the double exponential rule
 * (Takahasi & Mori 1974), without a bound of its error, which is 10^-30 or so. */
void zonal_coefficient_between(arb_t out, zonal_integrand f, void *parameters, size_t p, size_t k);

/* Does [low, high] hold the number, all of its ball? */
int zonal_holds(double low, double high, const arb_t number);

#endif
