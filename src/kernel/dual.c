/* Dual activations in closed form.
 *
 * (u, v) ~ N(0, [[a, s], [s, c]]),  rho = s / sqrt(a c),  theta = arccos rho,  det = a c - s^2.
 *
 *     relu    E[phi phi]   = sqrt(a c) (rho (pi - theta) + sin theta) / (2 pi)
 *             E[phi' phi'] = (pi - theta) / (2 pi)          (Cho & Saul 2009)
 *     erf     E[phi phi]   = (2 / pi) arcsin(2 s / sqrt((1 + 2 a)(1 + 2 c)))
 *             E[phi' phi'] = (4 / pi) / sqrt((1 + 2 a)(1 + 2 c) - 4 s^2)           (Williams 1997)
 *     sin     E[phi phi]   = exp(-(a + c) / 2) sinh s
 *             E[phi' phi'] = exp(-(a + c) / 2) cosh s
 *     cos     the two of sin exchanged
 *     linear  E[phi phi]   = s,  E[phi' phi'] = 1
 *
 * Leaky ReLU of slope m is m x + (1 - m) max(x, 0), and E[u max(v, 0)] = s / 2. So, with the two of
 * ReLU on the right,
 *
 *     leaky   E[phi phi]   = m s + (1 - m)^2 E[relu relu]
 *             E[phi' phi'] = m + (1 - m)^2 E[relu' relu'],
 *
 * and on the diagonal a (1 + m^2) / 2 and (1 + m^2) / 2.
 *
 * GELU, phi(x) = x Phi(x) with Phi' = p the normal density. Write
 *
 *     alpha = 1 / (1 + a),  gamma = 1 / (1 + c),  Delta = (1 + a)(1 + c) - s^2,
 *     O = E[Phi(u) Phi(v)] = 1/4 + arcsin(s sqrt(alpha gamma)) / (2 pi)     (orthant probability)
 *     D = E[p(u) p(v)]     = 1 / (2 pi sqrt Delta)     (Gaussian integral).
 *
 * Stein's lemma, E[u F] = a E[F_u] + s E[F_v], gives
 *
 *     E[u p(u) Phi(v)]    = -a E[u p(u) Phi(v)] + s D = s alpha D;  E[v p(v) Phi(u)] = s gamma D,
 *     E[p(u) v Phi(v)]    = c D - s E[u p(u) Phi(v)] = D (c - s^2 alpha),
 *     E[u v p(u) p(v)]    = D s / Delta,  since p(u) p(v) turns Sigma into Sigma (I + Sigma)^{-1}.
 *
 * Stein's lemma on the first factor of E[u Phi(u) v Phi(v)], and the product rule for phi' = Phi +
 * x p:
 *
 *     E[phi phi]   = a D (c - s^2 alpha) + s O + s^2 gamma D
 *                  = s O + D (det + s^2 (alpha + gamma))           (a alpha = 1 - alpha)
 *     E[phi' phi'] = O + s D (alpha + gamma + 1 / Delta).
 *
 * Numerical form. An arcsine or arccosine loses half the digits where its argument is near +-1;
 * here every angle is an atan2 of a sine and a cosine, and what vanishes there is built from det,
 * whose cancellation is kept exact by fused multiply-add. No other difference of large terms occurs
 * (s O < 0 apart, where the result is small compared with sqrt(E[phi(u)^2] E[phi(v)^2])). The
 * recursion for many pairs uses the same equations in faster forms: recursion.inc. */
#include "kernel/dual.h"

#include <float.h>
#include <math.h>

#include <ntk/kernel.h>

#include "kernel/covariance.h"

/* A variance of 0 makes the value 0 whatever the angle; the derivative takes phi'(0) phi'(v) as if
 * independent, 1/4. */
static ntk_dual relu(double a, double c, double s) {
    if (!(a > 0 && c > 0)) return (ntk_dual){0, 0.25};
    int shift_a = 0, shift_c = 0;
    const double ra = ntk_covariance_reduce(a, &shift_a), rc = ntk_covariance_reduce(c, &shift_c);
    const double rs = ldexp(s, -shift_a - shift_c);
    const double sine =
        sqrt(ntk_covariance_determinant(ra, rc, rs)); /* times sqrt(ra rc), as is the cosine rs */
    const double angle = atan2(sine, -rs);            /* pi - theta, accurate at both ends */
    return (ntk_dual){ldexp((rs * angle + sine) / (2 * M_PI), shift_a + shift_c), angle / (2 * M_PI)};
}

static ntk_dual leaky(double slope, double a, double c, double s) {
    const ntk_dual plain = relu(a, c, s);
    const double share = (1 - slope) * (1 - slope);
    return (ntk_dual){slope * s + share * plain.value, slope + share * plain.derivative};
}

bool ntk_dual_is_homogeneous(ntk_activation activation) {
    return activation == NTK_RELU || activation == NTK_LEAKY_RELU || activation == NTK_ABS;
}

double ntk_dual_slope(const ntk_architecture *architecture) {
    if (architecture->activation == NTK_LEAKY_RELU) return architecture->leaky_slope;
    return architecture->activation == NTK_ABS ? -1 : 0;
}

/* A variance of 0 as in relu. */
ntk_dual ntk_dual_homogeneous_diagonal(double slope, double a) {
    if (!(a > 0)) return (ntk_dual){0, slope + (1 - slope) * (1 - slope) * 0.25};
    if (slope == 0) return relu(a, a, a); /* to the bit what it always was, in stored results too */
    const double half = 0.5 * (1 + slope * slope);
    return (ntk_dual){a * half, half};
}

static ntk_dual erf_(double a, double c, double s) {
    const double root = sqrt(1 + 2 * (a + c) + 4 * ntk_covariance_determinant(a, c, s));
    return (ntk_dual){2 / M_PI * atan2(2 * s, root), 4 / M_PI / root};
}

static ntk_dual gelu(double a, double c, double s) {
    const double det = ntk_covariance_determinant(a, c, s);
    const double delta = 1 + (a + c) + det;
    const double root = sqrt(delta);
    const double orthant = 0.25 + atan2(s, root) / (2 * M_PI);
    const double density = 1 / (2 * M_PI * root);
    const double sum = 1 / (1 + a) + 1 / (1 + c);
    return (ntk_dual){s * orthant + density * (det + s * s * sum), orthant + s * density * (sum + 1 / delta)};
}

/* exp(|s| - (a + c)/2) <= 1 is split off: sinh s and cosh s overflow long before the product
 * does. */
static ntk_dual sin_(double a, double c, double s) {
    const double peak = exp(fabs(s) - 0.5 * (a + c));
    const double fall = expm1(-2 * fabs(s));
    return (ntk_dual){copysign(0.5 * peak * -fall, s), 0.5 * peak * (2 + fall)};
}

static ntk_dual cos_(double a, double c, double s) {
    const ntk_dual exchanged = sin_(a, c, s);
    return (ntk_dual){exchanged.derivative, exchanged.value};
}

bool ntk_dual_has_closed_form(ntk_activation activation) {
    switch (activation) {
    case NTK_RELU:
    case NTK_ERF:
    case NTK_GELU:
    case NTK_SIN:
    case NTK_LINEAR:
    case NTK_COS:
    case NTK_LEAKY_RELU:
    case NTK_ABS:
        return true;
    default:
        return false;
    }
}

ntk_dual ntk_dual_closed_form(ntk_activation activation, double a, double c, double s) {
    switch (activation) {
    case NTK_RELU:
        return relu(a, c, s);
    case NTK_ERF:
        return erf_(a, c, s);
    case NTK_GELU:
        return gelu(a, c, s);
    case NTK_SIN:
        return sin_(a, c, s);
    case NTK_LINEAR:
        return (ntk_dual){s, 1};
    case NTK_COS:
        return cos_(a, c, s);
    case NTK_LEAKY_RELU:
        return leaky(NTK_LEAKY_SLOPE, a, c, s);
    case NTK_ABS:
        return leaky(-1, a, c, s);
    default:
        return (ntk_dual){NAN, NAN};
    }
}

/* Size of the terms that the closed forms add up, of which a few roundings are the error. sin: an
 * error of |s| - (a + c)/2 is relative in exp. */
static double magnitude(ntk_activation activation, double a, double c) {
    switch (activation) {
    case NTK_ERF:
        return 2;
    case NTK_SIN:
    case NTK_COS:
        return 1 + a + c;
    default:
        return 1 + sqrt(a) * sqrt(c);
    }
}

ntk_status ntk_dual_activation(ntk_activation activation, double sxx, double syy, double sxy, double *value,
                               double *derivative, double *error) {
    NTK_TRY(ntk_covariance_check(activation, sxx, syy, sxy));
    if (!ntk_dual_has_closed_form(activation))
        return ntk_dual_activation_quadrature(activation, sxx, syy, sxy, value, derivative, error);
    const ntk_dual dual = ntk_dual_closed_form(activation, sxx, syy, sxy);
    if (!(isfinite(dual.value) && isfinite(dual.derivative)))
        return ntk_fail(NTK_ERROR_NOT_FINITE, "dual activation of %s overflows at variances %g, %g",
                        ntk_activation_name(activation), sxx, syy);
    *value = dual.value;
    *derivative = dual.derivative;
    if (error) *error = 8 * DBL_EPSILON * magnitude(activation, sxx, syy);
    return NTK_OK;
}
