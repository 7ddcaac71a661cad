/* Largest eigenvalue by power iteration. */
#ifndef NTK_DYNAMICS_POWER_ITERATION_H
#define NTK_DYNAMICS_POWER_ITERATION_H

#include <stddef.h>

#include <ntk/status.h>

/* image <- A v; v has unit length. */
typedef ntk_status (*ntk_operator)(void *context, const double *v, double *image);

/* *value = |largest eigenvalue| of an operator with real eigenvalues, from below, until it changes
 * by less than 1 % or `iterations` are spent. On entry *value is what was found before where v is
 * the direction found then, or 0. v (n): the start, not zero; overwritten with the direction found,
 * of unit length. image: (n), scratch. 0 where the operator annihilates v; NaN
 * where an image is not finite. */
ntk_status ntk_power_iteration(size_t n, ntk_operator apply, void *context, size_t iterations, double *v,
                               double *image, double *value);

#endif
