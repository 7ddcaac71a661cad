/* Taylor polynomials over whole steps, and what they miss of a flow: shared by the tubes of
 * networks and of linear models. */
#ifndef CERTIFY_TAYLOR_H
#define CERTIFY_TAYLOR_H

#include <stddef.h>

#include "base/arb.h"

/* The coefficients u (length) of a polynomial about 0 become those about every point of [0, step]
 * at once: half = step / 2, eta at least that. middle: its value in the middle. */
void certify_taylor_cover(arb_ptr u, size_t length, const arb_t half, const mag_t eta, arb_t middle,
                          slong bits);

/* value <- value intersected with middle +- eta |derivative|; all three hold the exact values, so
 * that the intersection is not empty. */
void certify_taylor_sharpen(arb_t value, const arb_t middle, const arb_t derivative, const mag_t eta,
                            slong bits);

/* sum_{k < order} missed_k h^{k+1} / (k+1) + last h^{order+1} / (order+1): a bound of the integral
 * over [0, h] of a defect whose coefficients are bounded so. missed: (order), NULL for zeros. */
void certify_taylor_defect(size_t order, double h, mag_srcptr missed, const mag_t last, mag_t out);

/* Of 24 bits, so that its quarters and their middles are exact doubles too. */
double certify_taylor_short_length(double length);

#endif
