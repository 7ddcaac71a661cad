/* Dual activations of tanh, sigmoid and softplus in ball arithmetic. */
#ifndef NTK_CERTIFY_BALL_LOGISTIC_H
#define NTK_CERTIFY_BALL_LOGISTIC_H

#include <ntk/architecture.h>

#include "certify/ball_dual.h"

/* (u, v) ~ N(0, [[p, c], [c, q]]), p, q >= 0; p, q and c one and the same object: a point with
 * itself. Activation: NTK_TANH, NTK_SIGMOID or NTK_SOFTPLUS. To about precision / 2 bits; some
 * milliseconds. Nothing is known, and the balls are not finite, where the sum would have too many
 * terms: at variances beyond about 10^6 for nearly parallel points, or for softplus. */
void ball_dual_logistic(ntk_activation activation, ball_dual *out, const arb_t p, const arb_t q,
                        const arb_t c, slong precision);

#endif
