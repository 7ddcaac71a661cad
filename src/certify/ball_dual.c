/* Dual activations in ball arithmetic. For ReLU and a pair with covariance [[p, c], [c, q]] let D =
 * pq - c^2 and psi = pi - arccos(c / sqrt(pq)). Then
 *
 *     E[phi phi] = (sqrt(D) + c psi) / (2 pi),        E[phi' phi'] = psi / (2 pi),
 *
 * and psi = pi - atan2(sqrt D, c) for c >= 0, atan2(sqrt D, -c) for c < 0: an arccos of a ball that
 * reaches past 1 would be undefined, atan2 is not. For erf (Williams 1997), with P = 1 + 2p and Q =
 * 1 + 2q,
 *
 *     E[phi phi] = (2 / pi) asin(2c / sqrt(PQ)) = (2 / pi) atan(2c / sqrt(PQ - 4c^2)),
 *     E[phi' phi'] = (4 / pi) / sqrt(PQ - 4c^2).
 *
 * For GELU (derived in kernel/dual.c), with Delta = (1 + p)(1 + q) - c^2, O = 1/4 + atan(c / sqrt
 * Delta) / (2 pi), d = 1 / (2 pi sqrt Delta) and r = 1 / (1 + p) + 1 / (1 + q),
 *
 *     E[phi phi] = c O + d (D + c^2 r),        E[phi' phi'] = O + c d (r + 1 / Delta).
 *
 * For sin e^(-(p + q)/2) sinh c and the same with cosh, exchanged for cos; for leaky ReLU of slope
 * m m c + (1 - m)^2 E[relu relu] and m + (1 - m)^2 E[relu' relu'], m = -1 being |x|. For tanh,
 * sigmoid and softplus see ball_logistic.c. */
#include "certify/ball_dual.h"

#include "certify/ball_logistic.h"

void ball_dual_relu(ball_dual *out, const arb_t p, const arb_t q, const arb_t c, slong precision) {
    if (p == c && q == c) {
        arb_mul_2exp_si(out->value, c, -1);
        arb_set_d(out->derivative, 0.5);
        return;
    }
    arb_t root, angle, two_pi;
    arb_init(root);
    arb_init(angle);
    arb_init(two_pi);
    arb_mul(root, p, q, precision);
    arb_submul(root, c, c, precision);
    arb_sqrtpos(root, root, precision); /* D >= 0 by Cauchy-Schwarz */
    arb_const_pi(two_pi, precision);
    if (arb_is_negative(c)) {
        arb_neg(angle, c);
        arb_atan2(angle, root, angle, precision);
    } else {
        arb_atan2(angle, root, c, precision);
        arb_sub(angle, two_pi, angle, precision);
    }
    arb_mul_2exp_si(two_pi, two_pi, 1);
    arb_addmul(root, c, angle, precision);
    arb_div(out->value, root, two_pi, precision);
    arb_div(out->derivative, angle, two_pi, precision);
    arb_clear(root);
    arb_clear(angle);
    arb_clear(two_pi);
}

void ball_dual_erf(ball_dual *out, const arb_t p, const arb_t q, const arb_t c, slong precision) {
    arb_t root, other, pi;
    arb_init(root);
    arb_init(other);
    arb_init(pi);
    arb_const_pi(pi, precision);
    arb_mul_2exp_si(root, p, 1);
    arb_add_ui(root, root, 1, precision);
    arb_mul_2exp_si(other, q, 1);
    arb_add_ui(other, other, 1, precision);
    arb_mul(root, root, other, precision);
    arb_mul_2exp_si(other, c, 1);
    arb_submul(root, other, other, precision);
    arb_sqrt(root, root, precision);
    arb_div(other, other, root, precision);
    arb_atan(other, other, precision);
    arb_mul_2exp_si(other, other, 1);
    arb_div(out->value, other, pi, precision);
    arb_mul(root, root, pi, precision);
    arb_ui_div(out->derivative, 4, root, precision);
    arb_clear(root);
    arb_clear(other);
    arb_clear(pi);
}

/* E at the midpoints, where D is computed exactly; beyond |rho| = 1, where midpoints of parallel
 * pairs may lie, continued by its values there, s / 2 and 0. */
static void value_at_midpoints(arb_t value, const arb_t p, const arb_t q, const arb_t c, slong precision) {
    arb_t a, b, s, D, angle, two_pi;
    arb_struct *all[] = {a, b, s, D, angle, two_pi};
    for (size_t k = 0; k < 6; k++) arb_init(all[k]);
    arb_get_mid_arb(a, p);
    arb_get_mid_arb(b, q);
    arb_get_mid_arb(s, c);
    arb_mul(D, a, b, ARF_PREC_EXACT);
    arb_submul(D, s, s, ARF_PREC_EXACT);
    if (arb_is_nonpositive(D)) {
        arb_nonnegative_part(value, s);
        arb_mul_2exp_si(value, value, -1);
    } else {
        arb_sqrt(D, D, precision);
        arb_neg(angle, s);
        arb_atan2(angle, D, angle, precision); /* pi - theta */
        arb_addmul(D, s, angle, precision);
        arb_const_pi(two_pi, precision);
        arb_mul_2exp_si(two_pi, two_pi, 1);
        arb_div(value, D, two_pi, precision);
    }
    for (size_t k = 0; k < 6; k++) arb_clear(all[k]);
}

/* radius <- radius of p times an upper bound of sqrt(q / p) / (4 pi), added. */
static void add_variance_radius(mag_t radius, const arb_t p, const arb_t q, slong precision) {
    arb_t slope;
    mag_t bound;
    arb_init(slope);
    mag_init(bound);
    arb_div(slope, q, p, precision);
    arb_sqrtpos(slope, slope, precision);
    arb_get_mag(bound, slope);
    mag_mul(bound, bound, arb_radref(p));
    mag_div_ui(bound, bound, 12); /* 4 pi > 12 */
    mag_add(radius, radius, bound);
    arb_clear(slope);
    mag_clear(bound);
}

void ball_dual_relu_smooth(ball_dual *out, const arb_t p, const arb_t q, const arb_t c, slong precision) {
    ball_dual_relu(out, p, q, c, precision);
    if (p == c && q == c) return;
    mag_t radius, half;
    mag_init(radius);
    mag_init(half);
    value_at_midpoints(out->value, p, q, c, precision);
    mag_mul_2exp_si(half, arb_radref(c), -1);
    mag_add(radius, radius, half);
    add_variance_radius(radius, p, q, precision);
    add_variance_radius(radius, q, p, precision);
    arb_add_error_mag(out->value, radius);
    mag_clear(radius);
    mag_clear(half);
}

static void dual_gelu(ball_dual *out, const arb_t p, const arb_t q, const arb_t c, slong precision) {
    arb_t one_p, one_q, delta, density, orthant, sum, square, pi;
    arb_struct *all[] = {one_p, one_q, delta, density, orthant, sum, square, pi};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) arb_init(all[i]);
    arb_add_ui(one_p, p, 1, precision);
    arb_add_ui(one_q, q, 1, precision);
    arb_mul(square, c, c, precision);
    arb_mul(delta, one_p, one_q, precision);
    arb_sub(delta, delta, square, precision);
    arb_const_pi(pi, precision);
    arb_mul_2exp_si(pi, pi, 1);
    arb_rsqrt(density, delta, precision);
    arb_mul(orthant, c, density, precision);
    arb_atan(orthant, orthant, precision);
    arb_div(orthant, orthant, pi, precision);
    arb_div(density, density, pi, precision);
    arb_set_d(sum, 0.25);
    arb_add(orthant, orthant, sum, precision);
    arb_inv(one_p, one_p, precision);
    arb_inv(one_q, one_q, precision);
    arb_add(sum, one_p, one_q, precision);

    arb_mul(out->value, p, q, precision);
    arb_sub(out->value, out->value, square, precision);
    arb_addmul(out->value, square, sum, precision);
    arb_mul(out->value, out->value, density, precision);
    arb_addmul(out->value, c, orthant, precision);

    arb_inv(delta, delta, precision);
    arb_add(sum, sum, delta, precision);
    arb_mul(sum, sum, density, precision);
    arb_mul(out->derivative, sum, c, precision);
    arb_add(out->derivative, out->derivative, orthant, precision);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) arb_clear(all[i]);
}

static void dual_sin(ball_dual *out, const arb_t p, const arb_t q, const arb_t c, slong precision) {
    arb_t peak;
    arb_init(peak);
    arb_add(peak, p, q, precision);
    arb_mul_2exp_si(peak, peak, -1);
    arb_neg(peak, peak);
    arb_exp(peak, peak, precision);
    arb_sinh_cosh(out->value, out->derivative, c, precision);
    arb_mul(out->value, out->value, peak, precision);
    arb_mul(out->derivative, out->derivative, peak, precision);
    arb_clear(peak);
}

static void dual_leaky(double slope, ball_dual *out, const arb_t p, const arb_t q, const arb_t c,
                       slong precision) {
    arb_t m, share;
    arb_init(m);
    arb_init(share);
    arb_set_d(m, slope);
    arb_sub_ui(share, m, 1, precision);
    arb_mul(share, share, share, precision);
    ball_dual_relu(out, p, q, c, precision);
    arb_mul(out->value, out->value, share, precision);
    arb_addmul(out->value, c, m, precision);
    arb_mul(out->derivative, out->derivative, share, precision);
    arb_add(out->derivative, out->derivative, m, precision);
    arb_clear(m);
    arb_clear(share);
}

void ball_dual_compute(const ntk_architecture *architecture, ball_dual *out, const arb_t p, const arb_t q,
                       const arb_t c, slong precision) {
    switch (architecture->activation) {
    case NTK_RELU:
        ball_dual_relu(out, p, q, c, precision);
        break;
    case NTK_LEAKY_RELU:
        dual_leaky(architecture->leaky_slope, out, p, q, c, precision);
        break;
    case NTK_ABS:
        dual_leaky(-1, out, p, q, c, precision);
        break;
    case NTK_ERF:
        ball_dual_erf(out, p, q, c, precision);
        break;
    case NTK_GELU:
        dual_gelu(out, p, q, c, precision);
        break;
    case NTK_SIN:
        dual_sin(out, p, q, c, precision);
        break;
    case NTK_COS:
        dual_sin(out, p, q, c, precision);
        arb_swap(out->value, out->derivative);
        break;
    case NTK_LINEAR:
        arb_set(out->value, c);
        arb_one(out->derivative);
        break;
    case NTK_TANH:
    case NTK_SIGMOID:
    case NTK_SOFTPLUS:
        ball_dual_logistic(architecture->activation, out, p, q, c, precision);
        break;
    default: /* not an activation; an enclosure of anything */
        arb_indeterminate(out->value);
        arb_indeterminate(out->derivative);
    }
}
