/* NNGP and NTK of a convolutional network in ball arithmetic, an entry at a time. */
#ifndef NTK_CERTIFY_BALL_CONVOLUTION_H
#define NTK_CERTIFY_BALL_CONVOLUTION_H

#include <stddef.h>

#include <ntk/architecture.h>
#include <ntk/status.h>

#include "base/arb.h"

typedef struct ball_convolution ball_convolution;

/* Images x (n, height * width * channels), leading dimension ldx; architecture and x are kept.
 * Arithmetic of `precision` bits.
 * Computes what every entry needs of single images, in parallel. A checked convolutional
 * architecture. Errors: NTK_ERROR_MEMORY. */
ntk_status ball_convolution_create(const ntk_architecture *architecture, size_t n, const double *x,
                                   size_t ldx, slong precision, ball_convolution **out);
void ball_convolution_destroy(ball_convolution *self);

/* Enclosures of S_ij and Theta_ij. */
void ball_convolution_entry(const ball_convolution *self, size_t i, size_t j, arb_t nngp, arb_t theta);

#endif
