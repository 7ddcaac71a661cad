/* The loss law along a tube: both sides enclosed, for one network, from its weights.
 *
 * K_t is the empirical NTK of theta(t), K~_ij = y_i y_j K_ij, x = nL, and W_t the norm of the hard
 * margin of K_t: the shortest w with <w, y_i grad f_i> >= 1 for all i. docs/loss-law.md derives
 *
 *     integral_0^t ds / (n W_s^2) <= F(n L_0) - F(n L_t),
 *     F(x) = x + log(1 - e^{-x}) - 1 / (e^x - 1).
 *
 * By duality 1 / W is the distance of the convex hull of the y_i grad f_i from 0. So with any p >=
 * 0, sum p > 0, and any beta with c = min_i (K~ beta)_i > 0,
 *
 *     c^2 / beta^T K~ beta <= 1 / W^2 <= p^T K~ p / (sum p)^2,
 *
 * the left one since sum_j beta_j y_j grad f_j / c has all margins at least 1. Both are evaluated
 * in balls, with beta = p; where p comes from does not matter. It is the solution for the kernel in
 * the middle, in doubles, for which both sides agree to rounding.
 *
 * Over a step: K along y is a polynomial with a remainder, K at the flow's parameters is within
 * `reach` of it (tube_curvature.c). The step is cut into parts of length 2 eta, on which, with
 * delta
 * = tau - middle,
 *
 *     K(tau) = K_0 + K_1 delta + K_2 delta^2,     |delta| <= eta,
 *
 * K_0 and K_1 in the middle, K_2 somewhere on the part. The upper bound is linear in K: with
 * phi_r = p^T K~_r p and T the time that passes, t' = n q,
 *
 *     integral p^T K~ p dt <= (phi_0 + |phi_2| eta^2) T + |phi_1| M,
 *     M = |integral delta t' d delta| <= n sup|q'| 2 eta^3 / 3:
 *
 * second order in eta. The lower bound takes c and the quotient at their worst on the part. The sum
 * over the parts encloses the left side, since theta(t(s)) is within the error of y(s). */
#include <math.h>

#include <ntk/memory.h>

#include "base/guard.h"
#include "certify/interval.h"
#include "certify/taylor.h"
#include "certify/tube.h"

enum { PARTS = 16 };

typedef struct law {
    ntk_tube *tube;
    arb_ptr series;      /* (n, n) series: K along the last step */
    arb_ptr moved;       /* one series */
    mag_ptr reach;       /* (n, n): how far K is from that */
    arb_ptr gram, slope; /* (n, n): K_0, with reach, and K_1 */
    mag_ptr bend;        /* (n, n): |K_2| */
    double *middle;      /* (n, n): K~_0 in doubles */
    double *p;           /* (n) */
    double *pull;        /* (n): K~ p */
    mag_t eta;           /* at least half of the part's length */
    arb_t low, high;     /* of 1 / W^2: at its worst on the part; in its mean, but for M */
    arb_t tilt;          /* |phi_1| */
    arb_t travelled;     /* the left side */
    arb_t start, now;    /* F(n L_0), F(n L_t) */
} law;

/* ---- the hard margin, in doubles ------------------------------------------------------------- */

static double sign_of(const tube_problem *p, size_t i) {
    const bool up = p->squared ? arb_is_positive(p->goal + i) : p->sign[i] > 0;
    return up ? 1 : -1;
}

/* p minimises p^T K~ p on the simplex, nearly: mass goes from where the pull is largest to where it
 * is smallest, as much as is best. */
static void solve_margin(const law *l) {
    enum { MOST = 2000 };
    const size_t n = l->tube->p.n;
    for (size_t i = 0; i < n; i++) {
        l->pull[i] = 0;
        for (size_t j = 0; j < n; j++) l->pull[i] += l->middle[i * n + j] * l->p[j];
    }
    for (int k = 0; k < MOST; k++) {
        size_t to = 0, from = n;
        for (size_t i = 0; i < n; i++) {
            if (l->pull[i] < l->pull[to]) to = i;
            if (l->p[i] > 0 && (from == n || l->pull[i] > l->pull[from])) from = i;
        }
        const double gap = from < n ? l->pull[from] - l->pull[to] : 0;
        const double bend =
            from < n ? l->middle[from * n + from] + l->middle[to * n + to] - 2 * l->middle[from * n + to] : 0;
        if (!(gap > 1e-13 * fabs(l->pull[to])) || !(bend > 0)) return;
        const double move = fmin(gap / bend, l->p[from]);
        l->p[to] += move;
        l->p[from] = move < l->p[from] ? l->p[from] - move : 0;
        for (size_t i = 0; i < n; i++) l->pull[i] += move * (l->middle[i * n + to] - l->middle[i * n + from]);
    }
}

/* ---- 1 / W^2 on a part ----------------------------------------------------------------------- */

/* K_0, K_1 and K_2 of [low, high] of the last step; p. */
static void enclose_gram(law *l, double low, double high) {
    const tube_problem *p = &l->tube->p;
    const size_t n = p->n, count = p->order + 1;
    const double middle = low + (high - low) / 2;
    arb_t at, value;
    arb_init(at);
    arb_init(value);
    arb_set_d(at, middle);
    /* more than was rounded */
    mag_set_d(l->eta, fmax(middle - low, high - middle) * (1 + 0x1p-40));
    for (size_t k = 0; k < n * n; k++) {
        _arb_vec_set(l->moved, l->series + k * count, (slong)count);
        _arb_poly_taylor_shift(l->moved, at, (slong)count, p->bits);
        arb_set(l->gram + k, l->moved);
        arb_set(l->slope + k, l->moved + 1);
        arb_zero(at);
        certify_taylor_cover(l->moved, count, at, l->eta, value, p->bits);
        arb_set_d(at, middle);
        arb_get_mag(l->bend + k, l->moved + 2);
        arb_add_error_mag(l->gram + k, l->reach + k);
        l->middle[k] =
            sign_of(p, k / n) * sign_of(p, k % n) * arf_get_d(arb_midref(l->gram + k), ARF_RND_NEAR);
    }
    solve_margin(l);
    arb_clear(at);
    arb_clear(value);
}

/* (K~_r p)_i for r = 0, 1, and a bound of it for r = 2, times eta^2. */
typedef struct row {
    arb_t value, slope, weight;
    mag_t bend, one;
} row;

static void row_init(row *r) {
    arb_init(r->value);
    arb_init(r->slope);
    arb_init(r->weight);
    mag_init(r->bend);
    mag_init(r->one);
}

static void row_clear(row *r) {
    arb_clear(r->value);
    arb_clear(r->slope);
    arb_clear(r->weight);
    mag_clear(r->bend);
    mag_clear(r->one);
}

static void set_row(const law *l, size_t i, row *r) {
    const tube_problem *p = &l->tube->p;
    arb_zero(r->value);
    arb_zero(r->slope);
    mag_zero(r->bend);
    for (size_t j = 0; j < p->n; j++) {
        arb_set_d(r->weight, sign_of(p, i) * sign_of(p, j) * l->p[j]);
        arb_addmul(r->value, l->gram + i * p->n + j, r->weight, p->bits);
        arb_addmul(r->slope, l->slope + i * p->n + j, r->weight, p->bits);
        mag_set_d(r->one, l->p[j]);
        mag_addmul(r->bend, l->bend + i * p->n + j, r->one);
    }
    mag_mul(r->bend, r->bend, l->eta);
    mag_mul(r->bend, r->bend, l->eta);
}

/* worst <- value with all of the part's changes */
static void at_worst(const law *l, row *r, arb_t worst) {
    arb_set(worst, r->value);
    arb_get_mag(r->one, r->slope);
    mag_mul(r->one, r->one, l->eta);
    mag_add(r->one, r->one, r->bend);
    arb_add_error_mag(worst, r->one);
}

/* The sums over i of p_i times the rows are phi_0, phi_1, phi_2. */
static void bound_margin(law *l) {
    const tube_problem *p = &l->tube->p;
    const slong bits = p->bits;
    row r;
    arf_t end; /* the lower one: what was taken at its worst is a bound, and no enclosure */
    arb_t least, worst, largest, sum;
    row_init(&r);
    arf_init(end);
    arb_init(least);
    arb_init(worst);
    arb_init(largest); /* phi on the part */
    arb_init(sum);
    arb_zero(l->high);
    arb_zero(l->tilt);
    for (size_t i = 0; i < p->n; i++) {
        set_row(l, i, &r);
        at_worst(l, &r, worst);
        if (i == 0)
            arb_set(least, worst);
        else
            arb_min(least, least, worst, bits);
        arb_set_d(r.weight, l->p[i]);
        arb_addmul(largest, worst, r.weight, bits);
        arb_addmul(l->tilt, r.slope, r.weight, bits);
        arb_add_error_mag(r.value, r.bend);
        arb_addmul(l->high, r.value, r.weight, bits);
        arb_add(sum, sum, r.weight, bits);
    }
    arb_sqr(l->low, least, bits);
    arb_div(l->low, l->low, largest, bits);
    if (arb_is_positive(least) && arb_is_finite(l->low)) {
        arb_get_lbound_arf(end, l->low, bits);
        arb_set_arf(l->low, end);
    } else
        arb_zero(l->low);
    /* K's remainder may be another number at each tau, and with it phi_1. */
    mag_mul(r.one, arb_radref(l->tilt), l->eta);
    arb_add_error_mag(l->high, r.one);
    arb_sqr(sum, sum, bits);
    arb_div(l->high, l->high, sum, bits);
    arb_div(l->tilt, l->tilt, sum, bits);
    row_clear(&r);
    arf_clear(end);
    arb_clear(least);
    arb_clear(worst);
    arb_clear(largest);
    arb_clear(sum);
}

/* ---- along the path -------------------------------------------------------------------------- */

/* |phi_1| M = |phi_1| n sup|q'| 2 eta^3 / 3; 0 where s is the time. */
static void moment(const law *l, mag_t out) {
    const ntk_tube *tube = l->tube;
    mag_t one;
    mag_init(one);
    mag_zero(out);
    if (!tube->p.timed) {
        arb_get_mag(out, tube->whole.q + 1);
        mag_mul_ui(out, out, 2 * tube->p.n);
        mag_div_ui(out, out, 3);
        arb_get_mag(one, l->tilt);
        mag_mul(out, out, one);
        for (int k = 0; k < 3; k++) mag_mul(out, out, l->eta);
    }
    mag_clear(one);
}

static void add_part(law *l, double from, double to) {
    const slong bits = l->tube->p.bits;
    arb_t passed, low, high;
    mag_t error;
    arb_init(passed);
    arb_init(low);
    arb_init(high);
    mag_init(error);
    enclose_gram(l, from, to);
    bound_margin(l);
    ntk_tube_elapsed(l->tube, to, passed);
    ntk_tube_elapsed(l->tube, from, low);
    arb_sub(passed, passed, low, bits);
    arb_mul(low, l->low, passed, bits);
    arb_mul(high, l->high, passed, bits);
    moment(l, error);
    arb_add_error_mag(high, error);
    arb_union(low, low, high, bits);
    arb_div_ui(low, low, l->tube->p.n, bits);
    arb_add(l->travelled, l->travelled, low, bits);
    arb_clear(passed);
    arb_clear(low);
    arb_clear(high);
    mag_clear(error);
}

static void add_step(law *l) {
    const double length = l->tube->length;
    ntk_tube_gram_series(l->tube, l->series);
    ntk_tube_gram_reach(l->tube, l->series, l->reach);
    for (int k = 0; k < PARTS; k++) add_part(l, length * k / PARTS, length * (k + 1) / PARTS);
}

/* F(n L) at the end of the last step, of the logistic loss whatever the flow's is. */
static void potential(const law *l, arb_t out) {
    ntk_tube *tube = l->tube;
    const tube_problem *p = &tube->p;
    const slong bits = p->bits;
    arb_t x, one;
    arb_init(x);
    arb_init(one);
    ntk_tube_margins_at_end(tube);
    for (size_t i = 0; i < p->n; i++) {
        arb_set(one, tube->point.z + i * tube->point.length);
        if (!p->timed || sign_of(p, i) > 0) arb_neg(one, one);
        arb_exp(one, one, bits);
        arb_log1p(one, one, bits);
        arb_add(x, x, one, bits);
    }
    arb_expm1(out, x, bits);
    arb_inv(out, out, bits); /* 1 / (e^x - 1) */
    arb_neg(one, x);
    arb_expm1(one, one, bits);
    arb_neg(one, one);
    arb_log(one, one, bits);
    arb_sub(one, one, out, bits);
    arb_add(out, one, x, bits);
    arb_clear(x);
    arb_clear(one);
}

static void report(const law *l, ntk_tube_law *out) {
    const slong bits = l->tube->p.bits;
    arb_t ball;
    arb_init(ball);
    arb_log(ball, l->tube->t, bits);
    out->log_time = certify_interval_of(ball);
    out->left = certify_interval_of(l->travelled);
    arb_sub(ball, l->start, l->now, bits);
    out->right = certify_interval_of(ball);
    arb_div(ball, l->travelled, ball, bits);
    out->ratio = certify_interval_of(ball);
    arb_union(ball, l->low, l->high, bits);
    out->margin_norm = certify_interval_of(ball);
    out->margin_norm = ntk_interval_sqrt(ntk_interval_divide((ntk_interval){1, 1}, out->margin_norm));
    arb_clear(ball);
}

/* 1 / W^2 at the end alone. */
static void end_margin(law *l) {
    enclose_gram(l, l->tube->length, l->tube->length);
    bound_margin(l);
}

static bool reaches(const ntk_tube *tube, double log_time) {
    arb_t now, end;
    arb_init(now);
    arb_init(end);
    arb_log(now, tube->t, tube->p.bits);
    arb_set_d(end, log_time);
    const bool out = tube->steps > 0 && arb_ge(now, end);
    arb_clear(now);
    arb_clear(end);
    return out;
}

static ntk_status follow(law *l, size_t count, const double *log_times, ntk_tube_law *out) {
    NTK_BALL_GUARD;
    potential(l, l->start);
    for (size_t k = 0; k < count; k++) {
        while (!reaches(l->tube, log_times[k])) {
            NTK_TRY(ntk_tube_step(l->tube));
            if (!arb_is_positive(l->tube->t))
                return ntk_fail(NTK_ERROR_NO_CONVERGENCE, "tube: nothing is known of the time at s = %g",
                                l->tube->s);
            add_step(l);
        }
        end_margin(l);
        potential(l, l->now);
        report(l, out + k);
    }
    return NTK_OK;
}

static ntk_status begin(ntk_tube *tube, law *l) {
    NTK_BALL_GUARD;
    const size_t n = tube->p.n;
    l->gram = _arb_vec_init((slong)(n * n));
    l->slope = _arb_vec_init((slong)(n * n));
    l->bend = flint_malloc(n * n * sizeof *l->bend);
    l->reach = flint_malloc(n * n * sizeof *l->reach);
    for (size_t k = 0; k < n * n; k++) {
        mag_init(l->bend + k);
        mag_init(l->reach + k);
    }
    l->series = _arb_vec_init((slong)(n * n * (tube->p.order + 1)));
    l->moved = _arb_vec_init((slong)(tube->p.order + 1));
    mag_init(l->eta);
    arb_init(l->low);
    arb_init(l->high);
    arb_init(l->tilt);
    arb_init(l->travelled);
    arb_init(l->start);
    arb_init(l->now);
    for (size_t i = 0; i < n; i++) l->p[i] = 1 / (double)n;
    return NTK_OK;
}

static void end(law *l) {
    const size_t n = l->tube->p.n;
    _arb_vec_clear(l->gram, (slong)(n * n));
    _arb_vec_clear(l->slope, (slong)(n * n));
    for (size_t k = 0; k < n * n; k++) {
        mag_clear(l->bend + k);
        mag_clear(l->reach + k);
    }
    flint_free(l->bend);
    flint_free(l->reach);
    _arb_vec_clear(l->series, (slong)(n * n * (l->tube->p.order + 1)));
    _arb_vec_clear(l->moved, (slong)(l->tube->p.order + 1));
    mag_clear(l->eta);
    arb_clear(l->low);
    arb_clear(l->high);
    arb_clear(l->tilt);
    arb_clear(l->travelled);
    arb_clear(l->start);
    arb_clear(l->now);
}

ntk_status ntk_tube_loss_law(ntk_tube *tube, size_t count, const double *log_times, ntk_tube_law *out) {
    const size_t n = tube->p.n;
    if (tube->steps > 0) return ntk_fail(NTK_ERROR_ARGUMENT, "tube: the law is followed from the start on");
    for (size_t k = 0; k < count; k++)
        if (!(log_times[k] > (k == 0 ? -INFINITY : log_times[k - 1]) && isfinite(log_times[k])))
            return ntk_fail(NTK_ERROR_ARGUMENT, "tube: times are finite and ascend");
    law l = {.tube = tube};
    NTK_TRY(ntk_allocate_doubles(n * n + 2 * n, &l.middle));
    l.p = l.middle + n * n;
    l.pull = l.p + n;
    ntk_status status = begin(tube, &l);
    if (status == NTK_OK) {
        status = follow(&l, count, log_times, out);
        end(&l);
    }
    ntk_release(l.middle);
    return status;
}
