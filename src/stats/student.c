/* Quantiles of Student's t law.
 *
 * With nu degrees of freedom and t >= 0 the upper tail is
 *
 *     Q(t) = P(T > t) = I_x(nu/2, 1/2) / 2,                x = nu / (nu + t^2),
 *                     = 1/2 - I_y(1/2, nu/2) / 2,          y = t^2 / (nu + t^2) = 1 - x,
 *
 * I the regularised incomplete beta function (DLMF 8.17). The second form serves t^2 < nu, where x
 * is near 1. */
#include <math.h>
#include <stdbool.h>

#include <ntk/stats.h>

#include "base/guard.h"
#include "stats/quantile.h"

/* out <- tail - Q(t). */
static void tail_difference(arb_t out, double tail, double t, const double *degrees, slong precision) {
    arb_t square, sum, x, a, b;
    arb_init(square);
    arb_init(sum);
    arb_init(x);
    arb_init(a);
    arb_init(b);
    const bool central = t * t < *degrees;
    arb_set_d(square, t);
    arb_sqr(square, square, precision);
    arb_set_d(a, *degrees);
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

/* ---- quantiles found before ------------------------------------------------------------------ */

/* The last ones of this thread: a study asks for the same two of each of its intervals. */
typedef struct known_quantile {
    double p, degrees, t;
} known_quantile;

enum { KNOWN = 8 };
static _Thread_local known_quantile known[KNOWN]; /* p = 0: none */
static _Thread_local unsigned known_next;

static const known_quantile *recall(double p, double degrees) {
    for (unsigned k = 0; k < KNOWN; k++)
        if (known[k].p == p && known[k].degrees == degrees) return &known[k];
    return NULL;
}

ntk_status ntk_stats_t_quantile(double p, double degrees, double *out) {
    NTK_BALL_GUARD;
    *out = NAN;
    if (!(p > 0 && p < 1)) return ntk_fail(NTK_ERROR_ARGUMENT, "t quantile: p = %g is not in (0, 1)", p);
    if (!(isfinite(degrees) && degrees > 0))
        return ntk_fail(NTK_ERROR_ARGUMENT, "t quantile: %g degrees of freedom", degrees);
    const known_quantile *before = recall(p, degrees);
    if (before != NULL || p == 0.5) {
        *out = before != NULL ? before->t : 0;
        return NTK_OK;
    }
    const stats_law law = {"t", tail_difference, {degrees}};
    const double tail = p < 0.5 ? p : 1 - p; /* exact: p >= 1/2 */
    double t;
    NTK_TRY(stats_upper_quantile(&law, tail, &t)); /* Q(0) = 1/2 > tail */
    if (p < 0.5) t = -t;
    known[known_next++ % KNOWN] = (known_quantile){p, degrees, t};
    *out = t;
    return NTK_OK;
}
