/* Dual activations by the deviations of the two pre-activations and the angle between them, without
 * cancellation at any scale or angle: for the pairs that the vectorised recursion cannot be trusted
 * with. */
#ifndef NTK_KERNEL_POLAR_H
#define NTK_KERNEL_POLAR_H

#include <ntk/architecture.h>

#include "kernel/angle.h"
#include "kernel/dual.h"

/* Two pre-activations (u, v) of variances q^2 and r^2. */
typedef struct ntk_polar {
    double q, r;
    double gap; /* q - r */
    ntk_angle angle;
} ntk_polar;

/* E[phi(u) phi(v)] and E[phi'(u) phi'(v)]. Any activation but ReLU and
 * its like. */
ntk_dual ntk_polar_dual(ntk_activation activation, const ntk_polar *pair);

/* E[phi(q z) phi(r z)] - E[phi(u) phi(v)], z ~ N(0, 1): what the angle takes away. Relative
 * to itself right where E[phi' phi'] keeps its sign on the way, else to the sum of its parts. */
double ntk_polar_decrease(ntk_activation activation, const ntk_polar *pair);

/* With F(q, r) = E[phi(q z) phi(r z)]: what different deviations do. The angle has no part in
 * it. */
typedef struct ntk_polar_gap {
    double square;      /* F(q, q) - 2 F(q, r) + F(r, r) */
    double determinant; /* F(q, q) F(r, r) - F(q, r)^2 */
    double difference;  /* F(q, q) - F(r, r) */
    double product;     /* F(q, r) */
} ntk_polar_gap;

/* Right relative to themselves where q is near r, but for the determinant of nearly proportional
 * phi(q z), phi(r z), whose root is right to rounding times F. */
ntk_polar_gap ntk_polar_gap_of(ntk_activation activation, const ntk_polar *pair);

#endif
