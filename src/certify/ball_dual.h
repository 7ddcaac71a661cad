/* Dual activations in ball arithmetic. */
#ifndef NTK_CERTIFY_BALL_DUAL_H
#define NTK_CERTIFY_BALL_DUAL_H

#include "base/arb.h"

/* Bits: the exact kernel is known to far below an ulp of a double, even where the angle of a pair
 * vanishes. Not after many layers at such a pair, each of which takes the bits that its angle has
 * lost: whoever needs those takes more. */
enum { BALL_DUAL_PRECISION = 192 };

/* E[phi(u) phi(v)] and E[phi'(u) phi'(v)]; both initialised. */
typedef struct ball_dual {
    arb_t value, derivative;
} ball_dual;

/* (u, v) ~ N(0, [[p, c], [c, q]]), p, q > 0. p, q and c may be one and the same object: a point
 * with itself. Arithmetic of `precision` bits. */
void ball_dual_relu(ball_dual *out, const arb_t p, const arb_t q, const arb_t c, slong precision);
void ball_dual_erf(ball_dual *out, const arb_t p, const arb_t q, const arb_t c, slong precision);

#endif
