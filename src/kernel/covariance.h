/* Two-dimensional Gaussian covariances [[a, s], [s, c]]: what the dual activations compute with. */
#ifndef NTK_KERNEL_COVARIANCE_H
#define NTK_KERNEL_COVARIANCE_H

#include <ntk/architecture.h>
#include <ntk/status.h>

/* The arguments of ntk_dual_activation. Errors: NTK_ERROR_ARGUMENT. */
ntk_status ntk_covariance_check(ntk_activation activation, double sxx, double syy, double sxy);

/* max(0, a c - s^2), with a relative error of a few roundings even where the products nearly
 * cancel. */
double ntk_covariance_determinant(double a, double c, double s);

/* arccos(s / sqrt(a c)) for a, c > 0: accurate at 0 and pi, no overflow. */
double ntk_covariance_angle(double a, double c, double s);

/* x 2^-e with e even, in [1/2, 2): exact, and so is the same shift by e/2 of what scales as its
 * root. */
double ntk_covariance_reduce(double x, int *half_exponent);

#endif
