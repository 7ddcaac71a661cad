/* Quantiles of Fisher's F law, of the ratio of two independent estimates of one variance.
 *
 * With d_1 and d_2 degrees of freedom of numerator and denominator the upper tail is, for f >= 0,
 *
 *     Q(f) = P(F > f) = I_x(d_2/2, d_1/2),              x = d_2 / (d_2 + d_1 f),
 *                     = 1 - I_y(d_1/2, d_2/2),          y = d_1 f / (d_2 + d_1 f) = 1 - x,
 *
 * I the regularised incomplete beta function (DLMF 8.17). The second form serves d_1 f < d_2, where
 * x is near 1. 1/F has the same law with the degrees exchanged. */
#include <math.h>
#include <stdbool.h>

#include <ntk/stats.h>

#include "base/guard.h"
#include "stats/quantile.h"

/* out <- tail - Q(f). */
static void tail_difference(arb_t out, double tail, double f, const double *degrees, slong precision) {
    arb_t scaled, a, b, x;
    arb_init(scaled);
    arb_init(a);
    arb_init(b);
    arb_init(x);
    const bool central = degrees[0] * f < degrees[1];
    arb_set_d(a, degrees[1]);
    arb_set_d(b, degrees[0]);
    arb_set_d(x, f);
    arb_mul(scaled, b, x, precision);
    arb_add(x, a, scaled, precision);
    arb_div(x, central ? scaled : a, x, precision);
    arb_mul_2exp_si(a, a, -1);
    arb_mul_2exp_si(b, b, -1);
    if (central) arb_swap(a, b);
    arb_hypgeom_beta_lower(out, a, b, x, 1, precision);
    if (!central) arb_neg(out, out);
    arb_set_d(x, tail);
    arb_add(out, out, x, precision);
    if (central) arb_sub_ui(out, out, 1, precision);
    arb_clear(scaled);
    arb_clear(a);
    arb_clear(b);
    arb_clear(x);
}

ntk_status ntk_stats_f_quantile(double p, double numerator, double denominator, double *out) {
    NTK_BALL_GUARD;
    *out = NAN;
    if (!(p > 0 && p < 1)) return ntk_fail(NTK_ERROR_ARGUMENT, "F quantile: p = %g is not in (0, 1)", p);
    if (!(isfinite(numerator) && numerator > 0 && isfinite(denominator) && denominator > 0))
        return ntk_fail(NTK_ERROR_ARGUMENT, "F quantile: %g and %g degrees of freedom", numerator,
                        denominator);
    const bool lower = p < 0.5;
    const stats_law law = {
        "F", tail_difference, {lower ? denominator : numerator, lower ? numerator : denominator}};
    NTK_TRY(stats_upper_quantile(&law, lower ? p : 1 - p, out)); /* exact: p >= 1/2 */
    if (lower) *out = 1 / *out;
    return NTK_OK;
}
