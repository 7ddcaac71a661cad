/* NNGP and NTK of stored points in ball arithmetic, an entry at a time. */
#ifndef NTK_CERTIFY_BALL_GRAM_H
#define NTK_CERTIFY_BALL_GRAM_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/architecture.h>
#include <ntk/status.h>

#include "base/arb.h"

typedef struct ball_gram ball_gram;

/* Points x (n, d), leading dimension ldx; architecture and x are kept. Arithmetic of `precision`
 * bits. needed: (n), the points of which entries will be asked for; NULL for all. Errors: those of
 * ntk_architecture_check; NTK_ERROR_UNSUPPORTED for the mean-field parametrisation;
 * NTK_ERROR_SHAPE; NTK_ERROR_MEMORY. */
ntk_status ball_gram_create(const ntk_architecture *architecture, size_t n, size_t d, const double *x,
                            size_t ldx, slong precision, const bool *needed, ball_gram **out);
void ball_gram_destroy(ball_gram *self);

/* Enclosures of S_ij and Theta_ij; initialised, of one's own thread. */
void ball_gram_entry(const ball_gram *self, size_t i, size_t j, arb_t nngp, arb_t theta);

#endif
