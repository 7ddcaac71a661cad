/* Tail probabilities of the chi-square and the normal law.
 *
 * With a = nu/2 and y = x/2 the chi-square law has P(X <= x) = P(a, y), the regularised lower
 * incomplete gamma function (DLMF 8.2.4), and by DLMF 8.7.1
 *
 *     P(a, y) = y^a e^{-y} / Gamma(a + 1)  sum_k  y^k / ((a + 1) ... (a + k)).
 *
 * All terms are positive, and once the ratio y / (a + k) is below 1/2 the rest is at most the last
 * term. The upper tail is 1 - P, whose cancellation more bits make good: the sum is evaluated in
 * ball arithmetic at a precision that is doubled until both tails are known to a double (or proved
 * to underflow). The normal law is P(Z > x) = erfc(x / sqrt 2) / 2. */
#include <math.h>
#include <stdbool.h>

#include <ntk/stats.h>

#include "base/arb.h"
#include "base/guard.h"

enum { PRECISION_MIN = 128, PRECISION_MAX = 1 << 13, DOUBLE_BITS = 60, UNDERFLOW_BITS = -1100 };

static bool is_accurate(const arb_t value) {
    mag_t largest;
    mag_init(largest);
    arb_get_mag(largest, value);
    const bool vanishes = mag_cmp_2exp_si(largest, UNDERFLOW_BITS) < 0;
    mag_clear(largest);
    return arb_is_finite(value) && (vanishes || arb_rel_accuracy_bits(value) >= DOUBLE_BITS);
}

/* + 0: a tail that underflows is 0, not -0. */
static double to_double(const arb_t value) { return arf_get_d(arb_midref(value), ARF_RND_NEAR) + 0.0; }

/* sum <- sum_k y^k / ((a + 1) ... (a + k)). */
static void sum_series(arb_t sum, const arb_t a, const arb_t y, double ratio_scale, slong precision) {
    arb_t term, divisor;
    arb_init(term);
    arb_init(divisor);
    arb_one(term);
    arb_one(sum);
    const double shape = arf_get_d(arb_midref(a), ARF_RND_NEAR);
    for (ulong k = 1;; k++) {
        arb_add_ui(divisor, a, k, precision);
        arb_mul(term, term, y, precision);
        arb_div(term, term, divisor, precision);
        arb_add(sum, sum, term, precision);
        const bool halves = ratio_scale / (shape + (double)k) < 0.49;
        if (halves && arf_cmpabs_2exp_si(arb_midref(term), -precision) < 0) break;
    }
    arb_add_error(sum, term);
    arb_clear(term);
    arb_clear(divisor);
}

static void lower_gamma(arb_t out, double x, double degrees, slong precision) {
    arb_t a, y, factor, gamma;
    arb_init(a);
    arb_init(y);
    arb_init(factor);
    arb_init(gamma);
    arb_set_d(a, degrees);
    arb_mul_2exp_si(a, a, -1);
    arb_set_d(y, x);
    arb_mul_2exp_si(y, y, -1);
    sum_series(out, a, y, x / 2, precision);
    arb_log(factor, y, precision);
    arb_mul(factor, factor, a, precision);
    arb_sub(factor, factor, y, precision);
    arb_add_ui(a, a, 1, precision);
    arb_lgamma(gamma, a, precision);
    arb_sub(factor, factor, gamma, precision);
    arb_exp(factor, factor, precision);
    arb_mul(out, out, factor, precision);
    arb_clear(a);
    arb_clear(y);
    arb_clear(factor);
    arb_clear(gamma);
}

ntk_status ntk_stats_chi_square(double x, double degrees, double *lower, double *upper) {
    NTK_BALL_GUARD;
    *lower = *upper = NAN;
    if (!(degrees > 0 && degrees <= 1e7))
        return ntk_fail(NTK_ERROR_ARGUMENT, "chi-square: %g degrees of freedom, not in (0, 1e7]", degrees);
    if (!(x <= 1e8)) return ntk_fail(NTK_ERROR_ARGUMENT, "chi-square: x = %g is not below 1e8", x);
    if (x <= 0) {
        *lower = 0;
        *upper = 1;
        return NTK_OK;
    }
    arb_t below, above;
    arb_init(below);
    arb_init(above);
    bool found = false;
    for (slong precision = PRECISION_MIN; precision <= PRECISION_MAX && !found; precision *= 2) {
        lower_gamma(below, x, degrees, precision);
        arb_sub_ui(above, below, 1, precision);
        arb_neg(above, above);
        found = is_accurate(below) && is_accurate(above);
    }
    *lower = to_double(below);
    *upper = to_double(above);
    arb_clear(below);
    arb_clear(above);
    if (found) return NTK_OK;
    *lower = *upper = NAN;
    return ntk_fail(NTK_ERROR_NO_CONVERGENCE, "chi-square: the tail at %g with %g degrees", x, degrees);
}

static double normal_upper(double x) {
    arb_t value, root;
    arb_init(value);
    arb_init(root);
    arb_set_d(value, x);
    arb_sqrt_ui(root, 2, PRECISION_MIN);
    arb_div(value, value, root, PRECISION_MIN);
    arb_hypgeom_erfc(value, value, PRECISION_MIN);
    arb_mul_2exp_si(value, value, -1);
    const double result = to_double(value);
    arb_clear(value);
    arb_clear(root);
    return result;
}

ntk_status ntk_stats_normal(double x, double *lower, double *upper) {
    NTK_BALL_GUARD;
    *lower = *upper = NAN;
    if (isnan(x)) return ntk_fail(NTK_ERROR_ARGUMENT, "normal law: x is NaN");
    *upper = isinf(x) ? (x < 0) : normal_upper(x);
    *lower = isinf(x) ? (x > 0) : normal_upper(-x);
    return NTK_OK;
}
