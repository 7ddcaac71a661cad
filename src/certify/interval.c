/* Interval arithmetic on doubles: every operation of IEEE arithmetic is off by half an ulp at
 * most, so its neighbour further out is a bound. */
#include "certify/interval.h"

#include <math.h>

static const ntk_interval everything = {-INFINITY, INFINITY};

/* Rounded outwards; a NaN, also that of infinity - infinity, says nothing. */
static ntk_interval outwards(double low, double high) {
    if (!(low <= high)) return everything;
    return (ntk_interval){nextafter(low, -INFINITY), nextafter(high, INFINITY)};
}

ntk_interval ntk_interval_add(ntk_interval a, ntk_interval b) {
    return outwards(a.low + b.low, a.high + b.high);
}

ntk_interval ntk_interval_subtract(ntk_interval a, ntk_interval b) {
    return outwards(a.low - b.high, a.high - b.low);
}

ntk_interval ntk_interval_multiply(ntk_interval a, ntk_interval b) {
    const double products[] = {a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high};
    double low = products[0], high = products[0];
    for (int i = 0; i < 4; i++) {
        if (isnan(products[i])) return everything;
        low = fmin(low, products[i]);
        high = fmax(high, products[i]);
    }
    return outwards(low, high);
}

ntk_interval ntk_interval_divide(ntk_interval a, ntk_interval b) {
    if (!(b.low > 0 || b.high < 0)) return everything;
    const ntk_interval inverse = outwards(1 / b.high, 1 / b.low);
    return ntk_interval_multiply(a, inverse);
}

ntk_interval ntk_interval_sqrt(ntk_interval a) {
    if (!(a.low >= 0)) return everything;
    const ntk_interval out = outwards(sqrt(a.low), sqrt(a.high));
    return (ntk_interval){fmax(out.low, 0), out.high};
}

ntk_interval certify_interval_of(const arb_t ball) {
    if (!arb_is_finite(ball)) return everything;
    arf_t end;
    arf_init(end);
    ntk_interval out;
    arb_get_lbound_arf(end, ball, 64);
    out.low = arf_get_d(end, ARF_RND_FLOOR);
    arb_get_ubound_arf(end, ball, 64);
    out.high = arf_get_d(end, ARF_RND_CEIL);
    arf_clear(end);
    return out;
}
