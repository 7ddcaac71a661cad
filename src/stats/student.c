/* Quantiles of Student's t law.
 *
 * With nu degrees of freedom and t >= 0 the upper tail is
 *
 *     Q(t) = P(T > t) = I_x(nu/2, 1/2) / 2,                x = nu / (nu + t^2),
 *                     = 1/2 - I_y(1/2, nu/2) / 2,          y = t^2 / (nu + t^2) = 1 - x,
 *
 * I the regularised incomplete beta function (DLMF 8.17). The second form serves t^2 < nu, where x
 * is near 1.
 *
 * Q is evaluated in ball arithmetic, and the quantile is found by bisection over the doubles
 * themselves: two neighbours with Q above and not above the tail wanted, each comparison proved.
 * That is 62 evaluations, some milliseconds, and nothing to tune: no starting value, no stopping
 * rule, no case where Newton's method leaves the range. */
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <ntk/stats.h>

#include "base/arb.h"
#include "base/guard.h"

enum { PRECISION_MIN = 128, PRECISION_MAX = 1 << 13 }; /* bits */

/* out <- tail - Q(t). */
static void tail_difference(arb_t out, double tail, double t, double degrees, slong precision) {
    arb_t square, sum, x, a, b;
    arb_init(square);
    arb_init(sum);
    arb_init(x);
    arb_init(a);
    arb_init(b);
    const bool central = t * t < degrees;
    arb_set_d(square, t);
    arb_sqr(square, square, precision);
    arb_set_d(a, degrees);
    arb_add(sum, square, a, precision);
    arb_div(x, central ? square : a, sum, precision);
    arb_mul_2exp_si(a, a, -1);
    arb_set_d(b, 0.5);
    if (central) arb_swap(a, b);
    arb_hypgeom_beta_lower(out, a, b, x, 1, precision);
    arb_mul_2exp_si(out, out, -1);
    if (!central) arb_neg(out, out);
    arb_set_d(x, tail);
    arb_add(out, out, x, precision);
    arb_set_d(x, central ? 0.5 : 0);
    arb_sub(out, out, x, precision);
    arb_clear(square);
    arb_clear(sum);
    arb_clear(x);
    arb_clear(a);
    arb_clear(b);
}

/* Whether Q(t) <= tail, proved; at a tie beyond all precision it is called true. */
static ntk_status tail_at_most(double tail, double t, double degrees, bool *out) {
    arb_t difference;
    arb_init(difference);
    bool finite = false;
    *out = true;
    for (slong precision = PRECISION_MIN; precision <= PRECISION_MAX; precision *= 2) {
        tail_difference(difference, tail, t, degrees, precision);
        finite = arb_is_finite(difference);
        if (finite && !arb_contains_zero(difference)) {
            *out = arb_is_positive(difference);
            break;
        }
    }
    arb_clear(difference);
    if (!finite)
        return ntk_fail(NTK_ERROR_NO_CONVERGENCE,
                        "t quantile: the incomplete beta function at t = %g with %g degrees", t, degrees);
    return NTK_OK;
}

static double double_of(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint64_t bits_of(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* The smallest double t >= 0 with Q(t) <= tail; 0 < tail < 1/2. Non-negative doubles are ordered as
 * their bits. */
static ntk_status upper_quantile(double tail, double degrees, double *out) {
    uint64_t above = bits_of(0), at_most = bits_of(DBL_MAX); /* Q(0) = 1/2 > tail */
    bool reached;
    NTK_TRY(tail_at_most(tail, DBL_MAX, degrees, &reached));
    if (!reached)
        return ntk_fail(NTK_ERROR_NO_CONVERGENCE, "t quantile: tail %g with %g degrees overflows", tail,
                        degrees);
    while (at_most - above > 1) {
        const uint64_t middle = above + (at_most - above) / 2;
        NTK_TRY(tail_at_most(tail, double_of(middle), degrees, &reached));
        *(reached ? &at_most : &above) = middle;
    }
    *out = double_of(at_most);
    return NTK_OK;
}

ntk_status ntk_stats_t_quantile(double p, double degrees, double *out) {
    NTK_BALL_GUARD;
    *out = NAN;
    if (!(p > 0 && p < 1)) return ntk_fail(NTK_ERROR_ARGUMENT, "t quantile: p = %g is not in (0, 1)", p);
    if (!(isfinite(degrees) && degrees > 0))
        return ntk_fail(NTK_ERROR_ARGUMENT, "t quantile: %g degrees of freedom", degrees);
    if (p == 0.5) {
        *out = 0;
        return NTK_OK;
    }
    const double tail = p < 0.5 ? p : 1 - p; /* exact: p >= 1/2 */
    NTK_TRY(upper_quantile(tail, degrees, out));
    if (p < 0.5) *out = -*out;
    return NTK_OK;
}
