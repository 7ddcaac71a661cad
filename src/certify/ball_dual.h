/* Dual activations in ball arithmetic. */
#ifndef NTK_CERTIFY_BALL_DUAL_H
#define NTK_CERTIFY_BALL_DUAL_H

#include <ntk/architecture.h>

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
/* The same with a value whose radius is at most proportional to theirs, also where p q - c^2 is a
 * ball around 0: of parallel points, layer after layer, whose digits a root would halve each time.
 * By the mean value theorem, from the midpoints, since
 *
 *     dE/dc = (pi - theta) / (2 pi)               <= 1/2
 *     dE/dp = sqrt(q / p) sin(theta) / (4 pi)     <= sqrt(q / p) / (4 pi)
 */
void ball_dual_relu_smooth(ball_dual *out, const arb_t p, const arb_t q, const arb_t c, slong precision);

void ball_dual_erf(ball_dual *out, const arb_t p, const arb_t q, const arb_t c, slong precision);

/* Of the architecture's activation. */
void ball_dual_compute(const ntk_architecture *architecture, ball_dual *out, const arb_t p, const arb_t q,
                       const arb_t c, slong precision);

#endif
