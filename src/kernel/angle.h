/* The angle between two rows, carried without cancellation however close to parallel they are. */
#ifndef NTK_KERNEL_ANGLE_H
#define NTK_KERNEL_ANGLE_H

#include <stddef.h>

#include <ntk/architecture.h>

#include "kernel/kernel_points.h"

/* Of a covariance [[a, s], [s, c]], rho = s / sqrt(ac) = cos theta. */
typedef struct ntk_angle {
    double minus, plus;  /* 1 - rho, 1 + rho */
    double sine, cosine; /* of theta */
} ntk_angle;

/* From the squared sine and the sign of the cosine. */
ntk_angle ntk_angle_from_sine(double square, double sign);

/* From 1 - rho, in [0, 2] up to rounding. */
ntk_angle ntk_angle_from_minus(double minus);

/* theta, in [0, pi]. */
double ntk_angle_radians(const ntk_angle *angle);

/* The angle of supplementary rho: that of (x, -y). */
ntk_angle ntk_angle_supplement(ntk_angle angle);

/* Of the first layer (S^1, or S^0 of residual networks): the angle between X = (sqrt(f) x, b) and
 * Y, f the factor of the inner product; *gap = |X| - |Y|. A right angle where one of them is 0.
 * theta is right to a few units of rounding relative to itself, down to angles of rounding times
 * rounding; *gap to such a few of |X - Y|. */
ntk_angle ntk_angle_first(const ntk_architecture *architecture, const ntk_points *rows, size_t i,
                          const ntk_points *columns, size_t j, double *gap);

#endif
