#include "kernel/covariance.h"

#include <float.h>
#include <math.h>

/* a c - s^2 = (a c - w) + (w - s^2) with w = s^2 rounded; each bracket is one rounding (Kahan). */
double ntk_covariance_determinant(double a, double c, double s) {
    const double w = s * s;
    return fmax(0, fma(a, c, -w) + fma(-s, s, w));
}

double ntk_covariance_reduce(double x, int *half_exponent) {
    int exponent = 0;
    frexp(x, &exponent);
    *half_exponent = (exponent - (exponent & 1)) / 2;
    return ldexp(x, -2 * *half_exponent);
}

double ntk_covariance_angle(double a, double c, double s) {
    int shift_a = 0, shift_c = 0;
    const double ra = ntk_covariance_reduce(a, &shift_a), rc = ntk_covariance_reduce(c, &shift_c);
    const double rs = ldexp(s, -shift_a - shift_c);
    return atan2(sqrt(ntk_covariance_determinant(ra, rc, rs)), rs);
}

ntk_status ntk_covariance_check(ntk_activation activation, double sxx, double syy, double sxy) {
    if ((int)activation < 0 || activation >= NTK_ACTIVATION_COUNT)
        return ntk_fail(NTK_ERROR_ARGUMENT, "dual activation: no activation has the number %d",
                        (int)activation);
    if (!(sxx > 0 && sxx <= DBL_MAX && syy > 0 && syy <= DBL_MAX))
        return ntk_fail(NTK_ERROR_ARGUMENT,
                        "dual activation: variances %g, %g; want them positive and finite", sxx, syy);
    /* The slack is what computing S_xy and the variances by a few roundings each can cost. */
    if (!(fabs(sxy) <= sqrt(sxx) * sqrt(syy) * (1 + 64 * DBL_EPSILON)))
        return ntk_fail(NTK_ERROR_ARGUMENT, "dual activation: |covariance| %.17g exceeds sqrt(%.17g * %.17g)",
                        fabs(sxy), sxx, syy);
    return NTK_OK;
}
