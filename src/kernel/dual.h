/* Closed forms of the dual activations. */
#ifndef NTK_KERNEL_DUAL_H
#define NTK_KERNEL_DUAL_H

#include <stdbool.h>

#include <ntk/architecture.h>
#include <ntk/status.h>

/* E[phi(u) phi(v)] and E[phi'(u) phi'(v)]. */
typedef struct ntk_dual {
    double value;
    double derivative;
} ntk_dual;

/* ReLU, leaky ReLU or |x|, all of them x for x > 0 and s x else. */
bool ntk_dual_is_homogeneous(ntk_activation activation);

/* s of such an activation. */
double ntk_dual_slope(const ntk_architecture *architecture);

/* Of such a one with a point itself, (u, u) of variance a. */
ntk_dual ntk_dual_homogeneous_diagonal(double slope, double a);

bool ntk_dual_has_closed_form(ntk_activation activation);

/* For an activation that has one; (u, v) ~ N(0, [[a, s], [s, c]]), a, c >= 0, s^2 <= a c up to
 * rounding. */
ntk_dual ntk_dual_closed_form(ntk_activation activation, double a, double c, double s);

#endif
