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
 *     E[phi' phi'] = (4 / pi) / sqrt(PQ - 4c^2). */
#include "certify/ball_dual.h"

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
