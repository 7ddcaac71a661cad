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

bool ntk_dual_has_closed_form(ntk_activation activation);

/* For an activation that has one; (u, v) ~ N(0, [[a, s], [s, c]]), a, c >= 0, s^2 <= a c up to rounding. */
ntk_dual ntk_dual_closed_form(ntk_activation activation, double a, double c, double s);

/* The arguments of ntk_dual_activation. Errors: NTK_ERROR_ARGUMENT. */
ntk_status ntk_dual_check(ntk_activation activation, double sxx, double syy, double sxy);

/* max(0, a c - s^2), with a relative error of a few roundings even where the products nearly cancel. */
double ntk_dual_determinant(double a, double c, double s);

/* arccos(s / sqrt(a c)) for a, c > 0: accurate at 0 and pi, no overflow. */
double ntk_dual_angle(double a, double c, double s);

#endif
