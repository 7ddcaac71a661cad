/* Dual activations at given deviations q = sqrt(a), r = sqrt(c) and angle theta, s = q r cos theta.
 *
 * erf and GELU. With alpha = 1 / (1 + k a), gamma = 1 / (1 + k c), k = 2 for erf and 1 for GELU,
 * both are functions of the correlation u of the two noisy variables, u = cos theta sqrt((1 -
 * alpha)(1 - gamma)), and
 *
 *     1 - u^2 = alpha + gamma (1 - alpha) + (1 - alpha)(1 - gamma) sin^2 theta =: w^2
 *
 * has no cancellation. In these terms (dual.c)
 *
 *     erf    E[phi phi] = (2/pi) arcsin u,       E[phi' phi'] = (4/pi) sqrt(alpha gamma) / w,
 *     GELU   E[phi phi] = q r {cos theta O + sqrt((1 - alpha)(1 - gamma)) B / (2 pi w)},
 *            B = sin^2 theta + cos^2 theta (alpha + gamma),     O = 1/4 + arcsin(u) / (2 pi),
 *            E[phi' phi'] = O + u [alpha + gamma + alpha gamma / w^2] / (2 pi w),
 *
 * arcsin u = atan2(u, w). Nothing here overflows before q r does.
 *
 * sin, and cos with the two exchanged. E[phi phi] = (e^(-D/2) - e^(-P/2)) / 2 and E[phi' phi'] =
 * (e^(-D/2) + e^(-P/2)) / 2, with D, P = a + c -+ 2s = (q - r)^2 + 2 q r (1 -+ rho). The smaller of
 * the two decides; the other is
 * taken relative to it.
 *
 * The decrease of E[phi phi] from angle 0 to theta. d/d rho E[phi phi] = q r E[phi' phi'], so that
 *
 *     decrease = q r int_0^theta E[phi' phi'](psi) sin psi d psi,
 *
 * positive throughout up to a right angle. E[phi' phi'] changes at psi of the size p = 1 / sqrt(1 +
 * max(a, c)), where 1 - u^2 leaves its least value: with psi = p sinh x the integrand is analytic
 * in |Im x| < pi/2, and Gauss's rule with 12 nodes on panels of length at most 1 is off by 6.4^-24.
 * Beyond a right angle the same happens at pi, and pi - psi takes the place of psi. There the panel
 * that ends at pi/2 comes as near as 0.55 to the singularities at the other end: 4^-24 at worst.
 *
 * For sin (+) and cos (-) it is e^(-(q - r)^2 / 2) (1 - e^(-q r (1 - rho))) (1 +- e^(-q r (1 +
 * rho)))
 * / 2.
 *
 * The gap. F(q, q), F(q, r), F(r, r) are nearly equal where q is near r, and nearly proportional
 * where phi is nearly homogeneous. So all combinations are integrals of differences that are formed
 * at each node, with psi = phi(r z), delta = phi(q z) - psi, P = E psi^2 and t = E[delta psi] / P
 * as rounded:
 *
 *     square = E delta^2,     difference = E delta (2 psi + delta),
 *     determinant = P E e^2 - (E e psi)^2,     e = delta - t psi.
 *
 * Where q and r differ by less than a sixteenth, delta = z int_r^q phi'(x z) dx by Gauss's rule of
 * 4 nodes, which keeps its digits however near they are; else it is the plain difference. phi(q z)
 * turns within 1/q of 0 and the density at 1: with z = sinh(y) / max(1, q, r) the integrand is
 * analytic for |Im y| < pi/4 and the trapezoidal rule of step h off by e^(-pi^2 / (2h)), relative
 * to itself: 4e-22 for h = 0.1. sin wants a step that resolves its oscillations; for q, r > 8 the
 * closed forms have lost all terms but those in q - r. */
#include "kernel/polar.h"

#include <float.h>
#include <math.h>

#include "kernel/mixture.h"

/* ---- dual activations ------------------------------------------------------------------------ */

/* alpha, 1 - alpha, gamma, 1 - gamma, u and w above. */
typedef struct noisy_pair {
    double alpha, gamma, both /* sqrt((1 - alpha)(1 - gamma)) */, u, w;
} noisy_pair;

static noisy_pair add_unit_noise(double k, const ntk_polar *pair) {
    const double root = sqrt(k), x = hypot(1, root * pair->q), y = hypot(1, root * pair->r);
    const double signal_x = root * pair->q / x, signal_y = root * pair->r / y;
    noisy_pair out = {.alpha = 1 / x / x, .gamma = 1 / y / y, .both = signal_x * signal_y};
    const double sine = out.both * pair->angle.sine;
    out.u = out.both * pair->angle.cosine;
    out.w = sqrt(out.alpha + out.gamma * (signal_x * signal_x) + sine * sine);
    return out;
}

static ntk_dual erf_(const ntk_polar *pair) {
    const noisy_pair n = add_unit_noise(2, pair);
    return (ntk_dual){M_2_PI * atan2(n.u, n.w), 2 * M_2_PI * sqrt(n.alpha) * sqrt(n.gamma) / n.w};
}

static ntk_dual gelu(const ntk_polar *pair) {
    const noisy_pair n = add_unit_noise(1, pair);
    const double sine = pair->angle.sine, cosine = pair->angle.cosine, scale = 1 / (2 * M_PI * n.w);
    const double orthant = 0.25 + atan2(n.u, n.w) / (2 * M_PI), sum = n.alpha + n.gamma;
    const double bracket = cosine * orthant + n.both * scale * (sine * sine + cosine * cosine * sum);
    return (ntk_dual){pair->q * pair->r * bracket,
                      orthant + n.u * scale * (sum + sqrt(n.alpha) / n.w * (sqrt(n.alpha) / n.w) * n.gamma)};
}

static ntk_dual sin_(const ntk_polar *pair) {
    const double size = pair->q * pair->r, cosine = pair->angle.cosine;
    const double least = fmin(pair->angle.minus, pair->angle.plus);
    const double half_peak = 0.5 * exp(-0.5 * pair->gap * pair->gap - size * least);
    const double fall = expm1(-2 * size * fabs(cosine)); /* in (-1, 0] */
    return (ntk_dual){copysign(half_peak * -fall, cosine), half_peak * (2 + fall)};
}

static ntk_dual cos_(const ntk_polar *pair) {
    const ntk_dual exchanged = sin_(pair);
    return (ntk_dual){exchanged.derivative, exchanged.value};
}

ntk_dual ntk_polar_dual(ntk_activation activation, const ntk_polar *pair) {
    switch (activation) {
    case NTK_ERF:
        return erf_(pair);
    case NTK_GELU:
        return gelu(pair);
    case NTK_SIN:
        return sin_(pair);
    case NTK_COS:
        return cos_(pair);
    case NTK_LINEAR:
        return (ntk_dual){pair->q * pair->r * pair->angle.cosine, 1};
    default:
        return ntk_mixture_dual(activation, pair->q, pair->r, &pair->angle);
    }
}

/* ---- the decrease with the angle ------------------------------------------------------------- */

/* Gauss-Legendre, 12 nodes on [-1, 1]: the positive half. */
static const double gauss_node[6] = {0.1252334085114689154724, 0.3678314989981801937527,
                                     0.5873179542866174472967, 0.7699026741943046870369,
                                     0.9041172563704748566785, 0.9815606342467192506906};
static const double gauss_weight[6] = {0.2491470458134027850006, 0.2334925365383548087608,
                                       0.2031674267230659217491, 0.1600783285433462263347,
                                       0.1069393259953184309603, 0.0471753363865118271946};

/* E[phi' phi'](psi) sin psi d psi / dx; of the supplement, E[phi' phi'](pi - psi). */
static double decrease_rate(ntk_activation activation, const ntk_polar *pair, bool supplement, double unit,
                            double x) {
    const double psi = unit * sinh(x), half = sin(0.5 * psi);
    ntk_polar at = *pair;
    at.angle = ntk_angle_from_minus(2 * half * half);
    if (supplement) at.angle = ntk_angle_supplement(at.angle);
    return ntk_polar_dual(activation, &at).derivative * at.angle.sine * unit * cosh(x);
}

/* From psi = low to high, both at most pi/2. */
static double decrease_between(ntk_activation activation, const ntk_polar *pair, bool supplement, double low,
                               double high) {
    const double unit = 1 / hypot(1, fmax(pair->q, pair->r));
    const double start = asinh(low / unit), end = asinh(high / unit);
    const int panels = (int)ceil(end - start);
    double sum = 0;
    for (int p = 0; p < panels; p++) {
        const double half = 0.5 * (end - start) / panels, middle = start + (2 * p + 1) * half;
        for (int i = 0; i < 6; i++)
            sum += half * gauss_weight[i] *
                   (decrease_rate(activation, pair, supplement, unit, middle - half * gauss_node[i]) +
                    decrease_rate(activation, pair, supplement, unit, middle + half * gauss_node[i]));
    }
    return pair->q * pair->r * sum;
}

static double oscillating_decrease(ntk_activation activation, const ntk_polar *pair) {
    const double size = pair->q * pair->r, peak = exp(-0.5 * pair->gap * pair->gap);
    const double rest =
        activation == NTK_SIN ? 1 + exp(-size * pair->angle.plus) : -expm1(-size * pair->angle.plus);
    return -0.5 * expm1(-size * pair->angle.minus) * peak * rest;
}

double ntk_polar_decrease(ntk_activation activation, const ntk_polar *pair) {
    if (activation == NTK_SIN || activation == NTK_COS) return oscillating_decrease(activation, pair);
    const double theta = ntk_angle_radians(&pair->angle);
    if (theta <= M_PI_2) return decrease_between(activation, pair, false, 0, theta);
    return decrease_between(activation, pair, false, 0, M_PI_2) +
           decrease_between(activation, pair, true, M_PI - theta, M_PI_2);
}

/* ---- the gap --------------------------------------------------------------------------------- */

#define STEP  0.1
#define FAST  8.0  /* deviation beyond which sin is treated apart */
#define REACH 12.5 /* the normal density, times z^2, has fallen to 1e-32 there */

enum { NODES = 2 * 3600 + 1 }; /* asinh(12.5 q) = 358 at the largest q, 1e154 */

/* z = sinh(y) / q, y equidistant, and the weights of E. Returns their number. */
static size_t make_rule(double q, double step, double *z, double *weight) {
    const double unit = 1 / fmax(1, q);
    const long half = (long)ceil(asinh(REACH / unit) / step);
    size_t count = 0;
    for (long i = -half; i <= half; i++) {
        const double y = step * (double)i, at = unit * sinh(y);
        const double density = exp(-0.5 * at * at) / sqrt(2 * M_PI);
        z[count] = at;
        weight[count++] = step * unit * cosh(y) * density;
    }
    return count;
}

/* sin and cos where they oscillate too fast for the rule: e^(-2 a) is below 1e-55. */
static ntk_polar_gap fast_gap(double gap) {
    return (ntk_polar_gap){.square = -expm1(-0.5 * gap * gap),
                           .determinant = -0.25 * expm1(-gap * gap),
                           .product = 0.5 * exp(-0.5 * gap * gap)};
}

/* delta at n nodes; phi and psi: (n), x and slope: scratch. */
static void take_differences(ntk_activation activation, const ntk_polar *pair, size_t n, const double *z,
                             const double *psi, double *delta, double *slope) {
    static const double node[2] = {0.3399810435848562648027, 0.8611363115940525752239};
    static const double weight[2] = {0.6521451548625461426269, 0.3478548451374538573731};
    const double middle = pair->r + 0.5 * pair->gap;
    if (!(fabs(pair->gap) < 0.0625 * middle)) {
        for (size_t i = 0; i < n; i++) delta[i] = pair->q * z[i];
        ntk_activation_evaluate(activation, n, delta, delta, NULL);
        for (size_t i = 0; i < n; i++) delta[i] -= psi[i];
        return;
    }
    double at[NODES];
    for (size_t i = 0; i < n; i++) delta[i] = 0;
    for (int k = -2; k < 2; k++) {
        const int index = k < 0 ? -k - 1 : k;
        const double x = middle + (k < 0 ? -0.5 : 0.5) * pair->gap * node[index];
        for (size_t i = 0; i < n; i++) at[i] = x * z[i];
        ntk_activation_evaluate(activation, n, at, at, slope);
        for (size_t i = 0; i < n; i++) delta[i] += 0.5 * pair->gap * weight[index] * z[i] * slope[i];
    }
}

ntk_polar_gap ntk_polar_gap_of(ntk_activation activation, const ntk_polar *pair) {
    const double most = fmax(pair->q, pair->r);
    const bool oscillates = activation == NTK_SIN || activation == NTK_COS;
    if (oscillates && fmin(pair->q, pair->r) > FAST) return fast_gap(pair->gap);
    double z[NODES] = {0}, weight[NODES] = {0}, psi[NODES] = {0}, delta[NODES], slope[NODES];
    const double step = oscillates ? STEP / fmin(FAST, fmax(1, most)) : STEP;
    const size_t n = make_rule(most, step, z, weight);
    for (size_t i = 0; i < n; i++) psi[i] = pair->r * z[i];
    ntk_activation_evaluate(activation, n, psi, psi, NULL);
    take_differences(activation, pair, n, z, psi, delta, slope);
    ntk_polar_gap out = {0};
    double power = 0, along = 0, residual = 0, left = 0;
    for (size_t i = 0; i < n; i++) {
        power += weight[i] * psi[i] * psi[i];
        along += weight[i] * delta[i] * psi[i];
        out.square += weight[i] * delta[i] * delta[i];
    }
    const double t = power > 0 ? along / power : 0;
    for (size_t i = 0; i < n; i++) {
        const double e = delta[i] - t * psi[i];
        residual += weight[i] * e * e;
        left += weight[i] * e * psi[i];
    }
    out.product = power + along;
    out.difference = 2 * along + out.square;
    out.determinant = fmax(0, power * residual - left * left);
    return out;
}
