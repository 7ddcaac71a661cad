/* Proofs that the empirical NTK never exits: a ball that the flow does not leave, in two cases.
 *
 * At a time t_1 let |theta - y| <= E, y the end of the tube, and B the ball of radius r > E around
 * y. If theta stays in B for all later times and R < q on B, as well as on the tube until t_1, then
 * R < q for ever.
 *
 * Theorem 1: a regulariser, P = L + (lambda / 2) |theta - c|^2, L squared or logistic with any
 * targets. Let mu >= lambda_max(sum_i g_i Hess f_i) on B, kappa = lambda - mu > 0, delta >= |grad
 * P(y)|. If max(E, delta / kappa) < r, then |theta - y| <= max(E, delta / kappa) for all later
 * times.
 *
 * Proof. Hess P = (1/n) sum_i l_i'' grad f_i grad f_i^T - sum_i g_i Hess f_i + lambda I >= kappa I
 * on B (tube.c). With e = theta - y and e != 0, while theta is in B,
 *
 *     <e, e>' / 2 = -<e, grad P(theta) - grad P(y)> - <e, grad P(y)> <= -kappa |e|^2 + delta |e|:
 *
 * |e|' <= delta - kappa |e|, so |e| cannot grow beyond the larger of E and delta / kappa, and that
 * is less than r. QED
 *
 * (mu counts the curvature of a block of one neuron, of the order of |g| / sqrt(m). At the minimum
 * g is lambda Theta^{-1} (f - f_0), nearly: mu < lambda is a matter of the width, and hardly of
 * lambda.)
 *
 * Theorem 2: no regulariser, and a loss whose targets can be reached. L = (1/n) sum_i psi_i(f_i) +
 * inf L, psi_i >= 0 convex with psi_i = 0 at f_i*: squared, f_i* = q_i; logistic, sigma(f_i*) =
 * q_i, 0 < q_i < 1. Let l <= lambda_min(K) on B and c <= psi_i'' between f_i* and the values of f_i
 * on B. With ng = -(psi_1', ..., psi_n') at t_1, what is left of the path is at most
 *
 *     n |g| / (c sqrt(l)),
 *
 * if E + this < r.
 *
 * Proof. psi'^2 / 2 = integral psi' psi'' over [f*, f] >= c psi, so V = L - inf L = (1/n) sum psi_i
 * <= n |g|^2 / (2c). theta' = sum_i g_i grad f_i, |theta'|^2 = g^T K g >= l |g|^2 and V' =
 * -|theta'|^2. Where V > 0,
 *
 *     -(sqrt V)' = |theta'|^2 / (2 sqrt V) >= |theta'| sqrt(l) |g| / (2 sqrt V)
 *                >= |theta'| sqrt(l c / (2n)),
 *
 * so the path is at most sqrt(2n / (l c)) sqrt V(t_1) <= n |g| / (c sqrt l); where V = 0 the flow
 * is at rest. The path leads out of B at no time, for it is too short. QED
 *
 * Squared loss: psi'' = 1 and n |g| is the norm of the residual. Logistic loss: psi'' = p (1 - p),
 * p = sigma(f), is concave in p, so that its least value on an interval of p is that at an end.
 * With q_i = 0 or 1 it has none, and there is no proof, as there should not be: the kernel leaves.
 *
 * How r is found: the bound with E in place of r, twice that, and then once more with r. */
#include <math.h>

#include "base/guard.h"
#include "certify/interval.h"
#include "certify/tube.h"

/* The network and b over the ball of radius `widen` around the end of the last step. */
static void look_around(ntk_tube *tube, const mag_t widen) {
    ntk_tube_evaluate(tube, tube->length, &tube->point);
    ntk_tube_series_neurons(&tube->p, &tube->point, widen);
    ntk_tube_series_margins(&tube->p, &tube->point, 0);
    ntk_tube_series_weights(&tube->p, &tube->point);
}

/* ---- theorem 1 ------------------------------------------------------------------------------- */

/* max(E, delta / kappa), mu over the ball of this radius; false where kappa is not positive. */
static bool held(ntk_tube *tube, const mag_t delta, const mag_t radius, mag_t out) {
    const double lambda = tube->p.lambda, mu = ntk_tube_curvature_near(tube, radius);
    if (!(mu < lambda)) return false;
    mag_t kappa;
    mag_init(kappa);
    mag_set_d_lower(kappa, nextafter(lambda - mu, 0));
    mag_div(out, delta, kappa);
    mag_max(out, out, tube->error);
    mag_clear(kappa);
    return true;
}

static bool regularised_stays(ntk_tube *tube, mag_t radius, mag_t reach) {
    mag_t delta;
    mag_init(delta);
    ntk_tube_evaluate(tube, tube->length, &tube->point);
    ntk_tube_series_start(&tube->p, &tube->point, delta);
    ntk_tube_field_norm(&tube->p, &tube->point, 0, delta);
    bool stays = held(tube, delta, tube->error, radius);
    mag_mul_2exp_si(radius, radius, 1);
    stays = stays && held(tube, delta, radius, reach) && mag_cmp(reach, radius) < 0;
    mag_clear(delta);
    return stays;
}

/* ---- theorem 2 ------------------------------------------------------------------------------- */

/* Is gram - shift I positive definite for every matrix of the ball? */
static bool gram_exceeds(arb_srcptr gram, size_t n, double shift, slong bits) {
    arb_mat_t matrix;
    arb_mat_init(matrix, (slong)n, (slong)n);
    arb_t s;
    arb_init(s);
    arb_set_d(s, shift);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++) {
            arb_ptr at = arb_mat_entry(matrix, (slong)i, (slong)k);
            arb_set(at, gram + i * n + k);
            if (i == k) arb_sub(at, at, s, bits);
        }
    const bool out = arb_mat_cho(matrix, matrix, bits);
    arb_mat_clear(matrix);
    arb_clear(s);
    return out;
}

/* A proved lower bound of lambda_min over the ball, good to 1 %; 0 where there is none. */
static double gram_floor(arb_srcptr gram, size_t n, slong bits) {
    if (!gram_exceeds(gram, n, 0, bits)) return 0;
    double low = 0, high = arf_get_d(arb_midref(gram), ARF_RND_UP);
    for (size_t i = 1; i < n; i++) high = fmin(high, arf_get_d(arb_midref(gram + i * n + i), ARF_RND_UP));
    for (int k = 0; k < 60 && high - low > 0.01 * high; k++) {
        const double middle = (low + high) / 2;
        if (gram_exceeds(gram, n, middle, bits))
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* n |g| at the end of the last step, an upper bound. */
static void residual_norm(ntk_tube *tube, mag_t out) {
    const tube_problem *p = &tube->p;
    arb_t r;
    mag_t one;
    arb_init(r);
    mag_init(one);
    look_around(tube, tube->error);
    mag_zero(out);
    for (size_t i = 0; i < p->n; i++) {
        const size_t at = i * tube->point.length;
        if (p->squared)
            arb_sub(r, p->goal + i, tube->point.z + at, p->bits);
        else {
            arb_sub_ui(r, p->goal + i, 1, p->bits);
            arb_add(r, r, tube->point.b + at, p->bits);
        }
        arb_get_mag(one, r);
        mag_addmul(out, one, one);
    }
    mag_sqrt(out, out);
    arb_clear(r);
    mag_clear(one);
}

/* *least <- min(*least, x (1 - x)), from below */
static void lower_to(double *least, const arf_t x, slong bits) {
    arb_t at, one;
    arf_t low;
    arb_init(at);
    arb_init(one);
    arf_init(low);
    arb_set_arf(at, x);
    arb_sub_ui(one, at, 1, bits);
    arb_neg(one, one);
    arb_mul(at, at, one, bits);
    arb_get_lbound_arf(low, at, bits);
    const double value = arf_get_d(low, ARF_RND_DOWN);
    *least = value > 0 ? fmin(*least, value) : 0;
    arb_clear(at);
    arb_clear(one);
    arf_clear(low);
}

/* c of the values of f in `point`, b = 1 - sigma(f) there; 0 where there is none. */
static double loss_curvature(const ntk_tube *tube) {
    const tube_problem *p = &tube->p;
    double out = 1;
    arf_t end;
    arf_init(end);
    for (size_t i = 0; !p->squared && i < p->n; i++) {
        arb_srcptr b = tube->point.b + i * tube->point.length;
        lower_to(&out, arb_midref(p->goal + i), p->bits);
        arb_get_lbound_arf(end, b, p->bits);
        lower_to(&out, end, p->bits);
        arb_get_ubound_arf(end, b, p->bits);
        lower_to(&out, end, p->bits);
    }
    arf_clear(end);
    return out;
}

/* E + n |g| / (c sqrt(l)), c and l over the ball of radius `widen`; false where one of them is
 * 0. */
static bool led(ntk_tube *tube, const mag_t residual, const mag_t widen, mag_t out) {
    const tube_problem *p = &tube->p;
    arb_ptr gram = _arb_vec_init((slong)(p->n * p->n));
    look_around(tube, widen);
    ntk_tube_gram(p, &tube->point, gram);
    const double floor = gram_floor(gram, p->n, p->bits), curvature = loss_curvature(tube);
    mag_t divisor;
    mag_init(divisor);
    mag_set_d_lower(divisor, floor);
    mag_rsqrt(divisor, divisor); /* rounds up */
    mag_mul(out, residual, divisor);
    mag_set_d_lower(divisor, curvature);
    if (curvature < 1) mag_div(out, out, divisor);
    mag_add(out, out, tube->error);
    mag_clear(divisor);
    _arb_vec_clear(gram, (slong)(p->n * p->n));
    return floor > 0 && curvature > 0;
}

static bool reached_stays(ntk_tube *tube, mag_t radius, mag_t reach) {
    mag_t residual;
    mag_init(residual);
    residual_norm(tube, residual);
    bool stays = led(tube, residual, tube->error, radius);
    mag_mul_2exp_si(radius, radius, 1);
    stays = stays && led(tube, residual, radius, reach) && mag_cmp(reach, radius) < 0;
    mag_clear(residual);
    return stays;
}

/* ---- never ----------------------------------------------------------------------------------- */

/* sup R over the balls of `gram`, and over the past. */
static double largest_drift(const ntk_tube *tube, arb_srcptr gram) {
    const tube_problem *p = &tube->p;
    arb_t one, sum;
    arf_t high;
    arb_init(one);
    arb_init(sum);
    arf_init(high);
    for (size_t k = 0; k < p->n * p->n; k++) {
        arb_sub(one, gram + k, tube->gram0 + k, p->bits);
        arb_addmul(sum, one, one, p->bits);
    }
    arb_div(sum, sum, tube->gram0_square, p->bits);
    arb_get_ubound_arf(high, sum, p->bits);
    if (arf_is_nan(tube->largest_high) || arf_cmp(tube->largest_high, high) > 0)
        arf_set(high, tube->largest_high);
    arb_set_arf(one, high);
    arb_sqrt(one, one, p->bits);
    const double out = certify_interval_of(one).high;
    arb_clear(one);
    arb_clear(sum);
    arf_clear(high);
    return out;
}

/* After a step: a bound of R for ever, infinite where nothing is proved yet. */
static ntk_status bound_for_ever(ntk_tube *tube, double *bound) {
    NTK_BALL_GUARD;
    const tube_problem *p = &tube->p;
    *bound = INFINITY;
    mag_t radius, reach;
    mag_init(radius);
    mag_init(reach);
    const bool stays =
        p->lambda > 0 ? regularised_stays(tube, radius, reach) : reached_stays(tube, radius, reach);
    if (stays) {
        arb_ptr gram = _arb_vec_init((slong)(p->n * p->n));
        look_around(tube, radius);
        ntk_tube_gram(p, &tube->point, gram);
        *bound = largest_drift(tube, gram);
        mag_set(tube->rest, reach);
        _arb_vec_clear(gram, (slong)(p->n * p->n));
    }
    mag_clear(radius);
    mag_clear(reach);
    return NTK_OK;
}

/* Has R certainly been above q? */
static bool passed(const ntk_tube *tube, double q) {
    arf_t square;
    arf_init(square);
    arf_set_d(square, q);
    arf_mul(square, square, square, ARF_PREC_EXACT, ARF_RND_NEAR);
    const bool out = arf_cmp(tube->largest_low, square) > 0;
    arf_clear(square);
    return out;
}

static bool has_minimum(const tube_problem *p) {
    bool inside = true;
    for (size_t i = 0; i < p->n; i++)
        inside = inside && arf_sgn(arb_midref(p->goal + i)) > 0 && arf_cmp_d(arb_midref(p->goal + i), 1) < 0;
    return p->squared || p->lambda > 0 || inside;
}

ntk_status ntk_tube_never(ntk_tube *tube, double threshold, double horizon, double *margin) {
    NTK_TRY(ntk_tube_usable(tube));
    if (!has_minimum(&tube->p))
        return ntk_fail(NTK_ERROR_ARGUMENT,
                        "tube: the logistic loss with a target of 0 or 1 and lambda = 0 has "
                        "no minimum, and its flow no end");
    if (!(threshold > 0) || !(horizon > 0))
        return ntk_fail(NTK_ERROR_ARGUMENT, "tube: threshold and horizon are positive");
    double bound = INFINITY;
    while (!(bound < threshold) && !(tube->s > horizon) && !passed(tube, threshold)) {
        NTK_TRY(ntk_tube_step(tube));
        NTK_TRY(bound_for_ever(tube, &bound));
    }
    *margin = threshold - bound; /* by Sterbenz exact, or off by half an ulp of itself */
    if (bound < threshold) *margin = nextafter(*margin, 0);
    return NTK_OK;
}
