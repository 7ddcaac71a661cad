#include "certify/taylor.h"

#include <math.h>

/* The coefficients of a polynomial re-expanded at every point within eta of the middle: those in
 * the middle, u_k, and radii sum_{l > k} C(l, k) |u_l| eta^{l-k}. */
static void spread(arb_ptr u, size_t length, const mag_t eta) {
    mag_t radius, term, power;
    mag_init(radius);
    mag_init(term);
    mag_init(power);
    for (size_t k = 0; k + 1 < length; k++) {
        mag_zero(radius);
        mag_one(power); /* C(l, k) eta^{l-k} */
        for (size_t l = k + 1; l < length; l++) {
            mag_mul(power, power, eta);
            mag_mul_ui(power, power, l);
            mag_div_ui(power, power, l - k);
            arb_get_mag(term, u + l); /* u_l, l > k, is not yet spread */
            mag_addmul(radius, power, term);
        }
        mag_add(arb_radref(u + k), arb_radref(u + k), radius);
    }
    mag_clear(radius);
    mag_clear(term);
    mag_clear(power);
}

void certify_taylor_cover(arb_ptr u, size_t length, const arb_t half, const mag_t eta, arb_t middle,
                          slong bits) {
    _arb_poly_taylor_shift(u, half, (slong)length, bits);
    arb_set(middle, u);
    spread(u, length, eta);
}

void certify_taylor_sharpen(arb_t value, const arb_t middle, const arb_t derivative, const mag_t eta,
                            slong bits) {
    mag_t radius;
    arb_t other;
    mag_init(radius);
    arb_init(other);
    arb_get_mag(radius, derivative);
    mag_mul(radius, radius, eta);
    arb_set(other, middle);
    arb_add_error_mag(other, radius);
    if (arb_is_finite(other) && (!arb_is_finite(value) || !arb_intersection(value, value, other, bits)))
        arb_set(value, other);
    mag_clear(radius);
    arb_clear(other);
}

void certify_taylor_defect(size_t order, double h, mag_srcptr missed, const mag_t last, mag_t out) {
    mag_t step, power, term;
    mag_init(step);
    mag_init(power);
    mag_init(term);
    mag_set_d(step, h);
    mag_one(power);
    mag_zero(out);
    for (size_t k = 0; k <= order; k++) {
        mag_mul(power, power, step);
        if (k < order && !missed) continue;
        mag_mul(term, k < order ? missed + k : last, power);
        mag_div_ui(term, term, k + 1);
        mag_add(out, out, term);
    }
    mag_clear(step);
    mag_clear(power);
    mag_clear(term);
}

double certify_taylor_short_length(double length) {
    int exponent;
    const double mantissa = frexp(length, &exponent);
    return ldexp(floor(ldexp(mantissa, 24)), exponent - 24);
}
