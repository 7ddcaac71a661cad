/* Fused updates of long vectors: one pass over memory for any number of terms. Elementwise and in a
 * fixed order of terms, so the bits do not depend on the width of the vector unit. */
#ifndef NTK_DYNAMICS_VECTORS_H
#define NTK_DYNAMICS_VECTORS_H

#include <stddef.h>

/* out = base + sum_j weight[j] direction[j]; base NULL for 0; out may be base or one of the
 * directions. Terms of weight 0 are left out (their vectors need not hold numbers). Vectors:
 * (p). */
void ntk_combine(size_t p, const double *base, size_t terms, const double *weight,
                 const double *const *direction, double *out);

/* ||sum_j weight[j] direction[j]||: to the bit ntk_norm of what ntk_combine gives, without writing
 * it down. */
double ntk_combination_norm(size_t p, size_t terms, const double *weight, const double *const *direction);

/* Cubic Hermite interpolation on a step h: y(sigma) = y_0 + change (y_1 - y_0) + h (begin y'_0 +
 * end y'_1). */
typedef struct ntk_hermite_weights {
    double change, begin, end;
} ntk_hermite_weights;
ntk_hermite_weights ntk_hermite_weights_at(double sigma);

/* out <- y(sigma) between `begin` and `end`, value and slope each. (p) each; out may be none of
 * them. */
void ntk_hermite(size_t p, double sigma, double h, const double *const begin[2], const double *const end[2],
                 double *out);

#endif
