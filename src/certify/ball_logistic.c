/* Dual activations of tanh, sigmoid and softplus in ball arithmetic: a theorem, and sums that it
 * makes rigorous.
 *
 * All three are made of s(x) = sech^2 x, whose integrals are tanh x and log(2 cosh x):
 *
 *     sigmoid(x) = (1 + tanh(x/2)) / 2,        softplus(x) = x/2 + log(2 cosh(x/2)).
 *
 * (U, V) ~ N(0, [[a, c], [c, b]]) stands for (u, v) in tanh, for (u, v)/2 in the others. Define
 *
 *     T_0(c) = E[s(U) s(V)],      T_1(c) = int_0^c T_0,      T_2(c) = int_0^c T_1.
 *
 * Since d/dc E[f(U) g(V)] = E[f'(U) g'(V)] (Price 1958), and U, V are independent at c = 0,
 *
 *     E[tanh U tanh V]              = T_1,
 *     E[log(2 cosh U) log(2 cosh V)] = T_2 + M(a) M(b),      M(a) = E log(2 cosh U),
 *
 * and so, odd functions of one variable having mean 0 and E[u v] = 4 c,
 *
 *                E[phi(u) phi(v)]       E[phi'(u) phi'(v)]
 *     tanh       T_1                    T_0
 *     sigmoid    (1 + T_1) / 4          T_0 / 16
 *     softplus   c + M(a) M(b) + T_2    (1 + T_1) / 4
 *
 * Fourier. s(x) = (1 / 2 pi) int F(w) e^(iwx) dw with F(w) = pi w / sinh(pi w / 2), F(0) = 2: an
 * even, positive function that decreases in |w|. The expectation of e^(i(w_1 U + w_2 V)) is known.
 * Taking the even part in w_1, and integrating over c,
 *
 *     T_j = (1 / 4 pi^2) int int F(w_1) F(w_2) e^(-(a w_1^2 + b w_2^2)/2) k_j(c, w_1 w_2),
 *     k_0 = cosh(c x),     k_1 = sinh(c x) / x,     k_2 = (cosh(c x) - 1) / x^2.
 *
 * All factors are positive but for the sign of c: nothing cancels at any variance or angle.
 *
 * Theorem. Let h_i > 0 and H_i = 2 pi / h_i, and let kappa_0 = 1, kappa_1 = |c|, kappa_2 = c^2 / 2.
 * The sum of the integrand over the lattice (h_1 k, h_2 l), times h_1 h_2 / (4 pi^2), differs from
 * T_j by at most
 *
 *     kappa_j [C(H_2) D(a, H_1) + C(H_1) D(b, H_2)],
 *     C(H) = 1 + 2 / H,      D(a, H) = 8 e^(t^2 a/2 - t H) / (1 - e^(-t H))  for any t in (0, 2].
 *
 * Proof. s is a Schwartz function, so F is, and so is the integrand: Poisson's formula holds. With
 * the density of (U, V) written at covariance c' in place of c, j = 0 first, the lattice sum is
 *
 *     sum over integers k, l of  E_{c'}[s(U + H_1 k) s(V + H_2 l)],
 *
 * for c' = c and c' = -c, halved; its term k = l = 0 is T_0. For j = 1, 2 integrate over c':
 * k_1 is 1/2 the integral of e^(-c' x) over |c'| <= |c|, with the sign of c, and k_2 that of k_1.
 * All c' in question are covariances, |c'| <= |c| <= sqrt(a b), the marginals are those of U and V,
 * and the total mass is kappa_j. So it is enough to bound the terms other than 0 of any c'.
 *   (i) sum_l s(v + H l) <= C(H): s rises to 1 and falls again; each term but the larger of the two
 *   next to the peak is at most 1/H times the integral of s over an interval of its own, and int
 *   s = 2.
 *   (ii) s(x) <= 4 e^(-2|x|) <= 4 e^(-t x), hence E s(U + X) <= 4 e^(t^2 a/2 - t X), the same for
 * -X, and the sum over X = H, 2H, ... and their negatives is at most D(a, H).
 * The terms with k != 0 sum to at most C(H_2) D(a, H_1) by (i) and (ii), those with k = 0, l != 0
 * to at most D(b, H_2), as s <= 1. QED
 *
 * Lemma (what is left out). For w >= 0, with Delta = a - c^2 / b >= 0,
 *
 *     0 <= k_j e^(-(a w_1^2 + b w_2^2)/2)
 *        <= kappa_j e^(|c| w_1 w_2 - ...) = kappa_j e^(-Delta w_1^2 / 2 - b (w_2 - |c| w_1 / b)^2 /
 *       2),
 *
 * since |sinh y / y|, cosh y and 2 (cosh y - 1) / y^2 are at most e^|y|. Also h sum_k F(h k) <= 2
 * pi C(H) by Poisson's formula and (i), and, F decreasing,
 *
 *     h sum_{h k > R} F(h k) <= tail(R) = int_R^inf F <= (4 R + 8 / pi) e^(-pi R / 2) / (1 - e^(-pi
 *     R)).
 *
 * So, of the sum over the lattice times h_1 h_2 / (4 pi^2), at most kappa_j times
 *     C(H_2) tail(R_1) e^(-Delta R_1^2 / 2) / pi   lies at |w_1| > R_1, likewise 1 and 2 changed,
 *     C(H_1) C(H_2) e^(-b r^2 / 2)                 lies at w_1 w_2 != 0, ||w_2| - |c w_1| / b| > r.
 * By symmetry four times the quarter w_1, w_2 >= 0 is summed, its axes once for each half plane.
 *
 * A point with itself needs one dimension only. E s(U) = m_0(a) and E s(U)^2 are lattice sums of
 * F e^(-a w^2/2) and of that times (4 + w^2) / 6, because s'' = 4 s - 6 s^2; E tanh^2 = 1 - m_0, or
 * without cancellation the lattice sum of F (1 - e^(-a w^2/2)); and since M' = m_0 / 2, M = log 2 +
 * that of F (1 - e^(-a w^2/2)) / w^2. Each is h / (2 pi) times the sum, and the errors are at most
 * D(a, H) for the first two (s^2 <= s); 2 a D(a, H) for the third (a integral over a' <= a of
 * E s''/2, and |s''| <= 4 s); a D(a, H) / 2 for the last. What lies beyond R is at most the tail of
 * F, times e^(-a R^2/2) for E s, times a / 2 for M; of E s^2 a sixth of 4 tail(R) and the integral
 * of w^2 F, times e^(-a R^2/2), since (4 + w^2) F = 8 / prod_{k >= 2} (1 + w^2 / (4 k^2))
 * decreases; of E tanh^2 a / 2 times the integral of w^2 F, which decreases from w = 2 on. With p =
 * pi / 2
 *
 *     int_R^inf w^n F <= 2 pi e^(-p R) / (1 - e^(-pi R)) sum_{i = 0}^{n + 1} (n + 1)! / (n + 1 -
 *     i)!
 *                        R^(n + 1 - i) / p^(i + 1). */
#include "certify/ball_logistic.h"

#include <math.h>
#include <stdbool.h>

#include "certify/interval.h"

/* Terms that are summed at most: a second or two. */
#define MOST_TERMS 6e6

/* Bounds are computed to so many bits, upwards. */
enum { BOUND_BITS = 64 };

/* ---- what is chosen: only how wide the balls become depends on it ---------------------------- */

/* One of the two variables: w = h k, k = 0 .. count, and t of the theorem. */
typedef struct grid {
    double h, t;
    slong count;
} grid;

static double upper(const arb_t x) { return fmax(0, certify_interval_of(x).high); }

/* Errors of about e^(-nats). `rest` is what is left of the variance in the worst direction, Delta
 * of the lemma; R is at least `least`. */
static grid choose_grid(double variance, double rest, double nats, double least) {
    const double H = variance <= nats / 2 ? nats / 2 + variance : sqrt(2 * nats * variance);
    const double reach = 2 * nats / (M_PI_2 + sqrt(M_PI_2 * M_PI_2 + 2 * nats * rest));
    const double h = 2 * M_PI / H, count = ceil(fmax(least, reach) / h) + 1;
    return (grid){h, fmin(2, H / fmax(variance, 1e-300)), count < MOST_TERMS ? (slong)count : -1};
}

static double nats_of(slong precision) { return M_LN2 * (double)precision / 2 + 8; }

/* ---- the bounds of the theorem and of the lemma ---------------------------------------------- */

/* C(2 pi / h) = 1 + h / pi */
static void crowding(arb_t out, double h) {
    arb_t pi;
    arb_init(pi);
    arb_const_pi(pi, BOUND_BITS);
    arb_set_d(out, h);
    arb_div(out, out, pi, BOUND_BITS);
    arb_add_ui(out, out, 1, BOUND_BITS);
    arb_clear(pi);
}

/* e^-y / (1 - e^-z) */
static void falling(arb_t out, const arb_t y, const arb_t z) {
    arb_t e;
    arb_init(e);
    arb_neg(e, z);
    arb_expm1(e, e, BOUND_BITS);
    arb_neg(e, e);
    arb_neg(out, y);
    arb_exp(out, out, BOUND_BITS);
    arb_div(out, out, e, BOUND_BITS);
    arb_clear(e);
}

/* D(a, 2 pi / h) */
static void aliasing(arb_t out, const arb_t a, const grid *g) {
    arb_t t, th;
    arb_init(t);
    arb_init(th);
    arb_set_d(t, g->h);
    arb_const_pi(th, BOUND_BITS);
    arb_mul_2exp_si(th, th, 1);
    arb_div(th, th, t, BOUND_BITS);
    arb_set_d(t, g->t);
    arb_mul(th, th, t, BOUND_BITS);
    arb_mul(t, t, t, BOUND_BITS);
    arb_mul(t, t, a, BOUND_BITS);
    arb_mul_2exp_si(t, t, -1);
    arb_sub(t, th, t, BOUND_BITS);
    falling(out, t, th);
    arb_mul_2exp_si(out, out, 3);
    arb_clear(t);
    arb_clear(th);
}

/* The integral of F (power = 0) or w^2 F (2) beyond R = h count, times e^(-rest R^2 / 2) / pi. */
static void tail(arb_t out, const grid *g, int power, const arb_t rest) {
    arb_t R, p, x, sum;
    arb_struct *all[] = {R, p, x, sum};
    for (size_t k = 0; k < 4; k++) arb_init(all[k]);
    arb_set_d(R, g->h);
    arb_mul_si(R, R, g->count, BOUND_BITS);
    arb_const_pi(p, BOUND_BITS);
    arb_mul_2exp_si(p, p, -1);
    arb_mul(x, p, R, BOUND_BITS); /* pi R / 2 */
    /* 2 pi int w^(power + 1) e^(-p w): sum_{i} (power + 1)!/(power + 1 - i)! R^(power + 1 -
     * i)/p^(i + 1) */
    arb_zero(sum);
    for (int i = 0; i <= power + 1; i++) {
        arb_t term;
        arb_init(term);
        arb_pow_ui(term, R, (ulong)(power + 1 - i), BOUND_BITS);
        for (int k = 0; k < i; k++) arb_mul_si(term, term, power + 1 - k, BOUND_BITS);
        for (int k = 0; k <= i; k++) arb_div(term, term, p, BOUND_BITS);
        arb_add(sum, sum, term, BOUND_BITS);
        arb_clear(term);
    }
    arb_mul_2exp_si(sum, sum, 1); /* 2 pi / pi */
    arb_mul(R, R, R, BOUND_BITS);
    arb_mul(R, R, rest, BOUND_BITS);
    arb_mul_2exp_si(R, R, -1);
    arb_add(R, R, x, BOUND_BITS);
    arb_mul_2exp_si(x, x, 1);
    falling(out, R, x);
    arb_mul(out, out, sum, BOUND_BITS);
    for (size_t k = 0; k < 4; k++) arb_clear(all[k]);
}

static void add_error(arb_t out, const arb_t bound) {
    mag_t m;
    mag_init(m);
    arb_get_mag(m, bound);
    arb_add_error_mag(out, m);
    mag_clear(m);
}

/* ---- one dimension --------------------------------------------------------------------------- */

/* F(w), w > 0 */
static void transform(arb_t out, const arb_t w, slong precision) {
    arb_t x;
    arb_init(x);
    arb_const_pi(x, precision);
    arb_mul(x, x, w, precision);
    arb_mul_2exp_si(out, x, -1);
    arb_sinh(out, out, precision);
    arb_div(out, x, out, precision);
    arb_clear(x);
}

typedef enum moment { SECH2, SECH4, TANH2, LOG_COSH } moment;

/* The summand but for F, of w > 0; y = a w^2 / 2, square = w^2. */
static void summand(arb_t out, moment which, const arb_t y, const arb_t square, slong precision) {
    arb_neg(out, y);
    if (which == TANH2 || which == LOG_COSH) {
        arb_expm1(out, out, precision);
        arb_neg(out, out);
        if (which == LOG_COSH) arb_div(out, out, square, precision);
        return;
    }
    arb_exp(out, out, precision);
    if (which == SECH2) return;
    arb_t factor;
    arb_init(factor);
    arb_add_ui(factor, square, 4, precision);
    arb_mul(out, out, factor, precision);
    arb_div_ui(out, out, 6, precision);
    arb_clear(factor);
}

/* At w = 0, half of it, F(0) = 2 included. */
static void half_at_zero(arb_t out, moment which, const arb_t a, slong precision) {
    arb_zero(out);
    if (which == SECH2) arb_one(out);
    if (which == SECH4) {
        arb_set_ui(out, 2);
        arb_div_ui(out, out, 3, precision);
    }
    if (which == LOG_COSH) arb_mul_2exp_si(out, a, -1);
}

static void add_multiple(arb_t sum, const arb_t bound, double factor) {
    arb_t f;
    arb_init(f);
    arb_set_d(f, factor);
    arb_mul(f, f, bound, BOUND_BITS);
    add_error(sum, f);
    arb_clear(f);
}

/* Aliases, and what lies beyond the end. */
static void moment_error(arb_t sum, moment which, const arb_t a, const grid *g) {
    arb_t bound, rest;
    arb_init(bound);
    arb_init(rest);
    if (which == SECH2 || which == SECH4) arb_set(rest, a);
    aliasing(bound, a, g);
    if (which == TANH2 || which == LOG_COSH) arb_mul(bound, bound, a, BOUND_BITS);
    add_multiple(sum, bound, which == TANH2 ? 2 : which == LOG_COSH ? 0.5 : 1);
    tail(bound, g, which == TANH2 ? 2 : 0, rest);
    if (which == TANH2 || which == LOG_COSH) arb_mul(bound, bound, a, BOUND_BITS);
    add_multiple(sum, bound, which == TANH2 || which == LOG_COSH ? 0.5 : 1); /* 1 >= 4 / 6 */
    if (which == SECH4) {
        tail(bound, g, 2, rest);
        add_multiple(sum, bound, 0.25); /* >= 1 / 6 */
    }
    arb_clear(bound);
    arb_clear(rest);
}

/* The summands of E s and E s^2 fall with the Gaussian too, the others with F alone. */
static void compute_moment(arb_t out, moment which, const arb_t a, slong precision) {
    const double variance = upper(a);
    const bool falls = which == SECH2 || which == SECH4;
    const grid g = choose_grid(variance, falls ? variance : 0, nats_of(precision), which == TANH2 ? 2.1 : 0);
    if (g.count < 0) {
        arb_indeterminate(out);
        return;
    }
    arb_t w, square, y, term;
    arb_struct *all[] = {w, square, y, term};
    for (size_t k = 0; k < 4; k++) arb_init(all[k]);
    half_at_zero(out, which, a, precision);
    for (slong k = 1; k <= g.count; k++) {
        arb_set_d(w, g.h);
        arb_mul_si(w, w, k, precision);
        arb_mul(square, w, w, precision);
        arb_mul(y, square, a, precision);
        arb_mul_2exp_si(y, y, -1);
        summand(term, which, y, square, precision);
        transform(y, w, precision);
        arb_addmul(out, y, term, precision);
    }
    arb_set_d(w, g.h);
    arb_mul(out, out, w, precision);
    arb_const_pi(w, precision);
    arb_div(out, out, w, precision);
    moment_error(out, which, a, &g);
    if (which == LOG_COSH) {
        arb_const_log2(w, precision);
        arb_add(out, out, w, precision);
    }
    for (size_t k = 0; k < 4; k++) arb_clear(all[k]);
}

/* T_1(a) at c = a = b: E tanh^2. */
static void tanh_squared(arb_t out, const arb_t a, slong precision) {
    if (upper(a) < 1) {
        compute_moment(out, TANH2, a, precision);
        return;
    }
    compute_moment(out, SECH2, a, precision);
    arb_sub_ui(out, out, 1, precision);
    arb_neg(out, out);
}

/* ---- two dimensions -------------------------------------------------------------------------- */

/* W = F(w) e^(-variance w^2 / 2), W / w and W / w^2 at w = h k, k = 0 .. count (k = 0: W only). */
typedef struct weights {
    grid g;
    arb_ptr plain, once, twice;
    arb_t total; /* of `plain` from 1 on */
} weights;

static void weights_init(weights *self, const arb_t variance, slong precision) {
    const slong n = self->g.count + 1;
    arb_t w, y;
    arb_init(w);
    arb_init(y);
    arb_init(self->total);
    self->plain = _arb_vec_init(n);
    self->once = _arb_vec_init(n);
    self->twice = _arb_vec_init(n);
    arb_set_ui(self->plain, 2);
    for (slong k = 1; k < n; k++) {
        arb_set_d(w, self->g.h);
        arb_mul_si(w, w, k, precision);
        arb_mul(y, w, w, precision);
        arb_mul(y, y, variance, precision);
        arb_mul_2exp_si(y, y, -1);
        arb_neg(y, y);
        arb_exp(y, y, precision);
        transform(self->plain + k, w, precision);
        arb_mul(self->plain + k, self->plain + k, y, precision);
        arb_div(self->once + k, self->plain + k, w, precision);
        arb_div(self->twice + k, self->once + k, w, precision);
        arb_add(self->total, self->total, self->plain + k, precision);
    }
    arb_clear(w);
    arb_clear(y);
}

static void weights_clear(weights *self) {
    _arb_vec_clear(self->plain, self->g.count + 1);
    _arb_vec_clear(self->once, self->g.count + 1);
    _arb_vec_clear(self->twice, self->g.count + 1);
    arb_clear(self->total);
}

typedef struct plane {
    int order; /* j: T_j and T_{j+1} are wanted, j = 0 or 1 */
    arb_srcptr a, b, c;
    weights x, y;
    double centre, half_width; /* of the band in row k: k centre +- half_width, in steps of y */
    slong precision;
    arb_t low, high; /* T_j, T_{j+1} */
    mag_t edge;      /* of e^(-b r^2 / 2) over all rows */
} plane;

static bool choose_plane(plane *self) {
    const double nats = nats_of(self->precision);
    const double a = upper(self->a), b = upper(self->b), c = certify_interval_of(self->c).high;
    const double least = certify_interval_of(self->c).low, size = fmax(fabs(c), fabs(least));
    if (!isfinite(a) || !isfinite(b) || !isfinite(size)) return false;
    const double rest_a = b > 0 ? fmax(0, a - size * (size / b)) : a;
    const double rest_b = a > 0 ? fmax(0, b - size * (size / a)) : b;
    self->x.g = choose_grid(a, rest_a, nats, 0);
    self->y.g = choose_grid(b, rest_b, nats, 0);
    self->centre = b > 0 ? size / b * self->x.g.h / self->y.g.h : 0;
    self->half_width = b > 0 ? fmin(1e9, sqrt(2 * nats / b) / self->y.g.h + 1) : 1e9;
    const double rows = (double)self->x.g.count, columns = (double)self->y.g.count;
    return rows >= 0 && columns >= 0 && rows * fmin(columns, 2 * self->half_width) <= MOST_TERMS;
}

/* Column k of row w_1, the first that is left out on its side of the centre: e^(-b r^2 / 2) into
 * the edge. slope = |c| / b. */
static void note_edge(plane *self, const arb_t w, const arb_t slope, slong k, bool above) {
    arb_t r;
    mag_t m;
    arb_init(r);
    mag_init(m);
    arb_set_d(r, self->y.g.h);
    arb_mul_si(r, r, k, BOUND_BITS);
    arb_submul(r, slope, w, BOUND_BITS);
    if (!above) arb_neg(r, r);
    if (arb_is_positive(r)) {
        arb_mul(r, r, r, BOUND_BITS);
        arb_mul(r, r, self->b, BOUND_BITS);
        arb_mul_2exp_si(r, r, -1);
        arb_neg(r, r);
        arb_exp(r, r, BOUND_BITS);
        arb_get_mag(m, r);
    } else {
        mag_inf(m); /* not beyond the centre for certain */
    }
    mag_max(self->edge, self->edge, m);
    arb_clear(r);
    mag_clear(m);
}

/* Columns first .. last of row k that are summed. */
static void choose_columns(plane *self, slong k, const arb_t w, const arb_t slope, slong *first,
                           slong *last) {
    const double at = self->centre * (double)k;
    *first = (slong)fmax(1, floor(fmin(at - self->half_width, (double)self->y.g.count)));
    *last = (slong)fmin(ceil(at + self->half_width), (double)self->y.g.count);
    if (*first > 1) note_edge(self, w, slope, *first - 1, false);
    if (*last < self->y.g.count) note_edge(self, w, slope, *last + 1, true);
}

/* sinh and cosh of c w_1 w_2 / 2, from column to column by the addition theorem: all terms are of
 * one sign. */
typedef struct hyperbolic {
    arb_t sinh, cosh, sinh_step, cosh_step, other;
} hyperbolic;

static void hyperbolic_start(hyperbolic *self, const arb_t step, slong first, slong precision) {
    arb_sinh_cosh(self->sinh_step, self->cosh_step, step, precision);
    arb_mul_si(self->other, step, first, precision);
    arb_sinh_cosh(self->sinh, self->cosh, self->other, precision);
}

static void hyperbolic_next(hyperbolic *self, slong precision) {
    arb_mul(self->other, self->sinh, self->cosh_step, precision);
    arb_addmul(self->other, self->cosh, self->sinh_step, precision);
    arb_mul(self->cosh, self->cosh, self->cosh_step, precision);
    arb_addmul(self->cosh, self->sinh, self->sinh_step, precision);
    arb_swap(self->sinh, self->other);
}

/* Row k: sums over its columns of W_2 k_0, W_2 k_1 w_1 and W_2 k_2 w_1^2, those two that are
 * wanted. k_0 = 1 + 2 sinh^2, k_1 = 2 sinh cosh / x, k_2 = 2 sinh^2 / x^2 of c x / 2. */
static void sum_row(const plane *self, hyperbolic *e, slong first, slong last, arb_t low, arb_t high) {
    const slong precision = self->precision;
    arb_t f;
    arb_init(f);
    arb_zero(low);
    arb_zero(high);
    for (slong l = first; l <= last; l++) {
        arb_mul(f, e->sinh, e->cosh, precision);
        arb_addmul(self->order == 0 ? high : low, f, self->y.once + l, precision);
        arb_mul(f, e->sinh, e->sinh, precision);
        if (self->order == 0) {
            arb_mul_2exp_si(f, f, 1);
            arb_add_ui(f, f, 1, precision);
            arb_addmul(low, f, self->y.plain + l, precision);
        } else {
            arb_addmul(high, f, self->y.twice + l, precision);
        }
        hyperbolic_next(e, precision);
    }
    arb_mul_2exp_si(high, high, 1);
    if (self->order == 1) arb_mul_2exp_si(low, low, 1);
    arb_clear(f);
}

static void sum_interior(plane *self) {
    const slong precision = self->precision;
    hyperbolic e;
    arb_t w, slope, step, low, high;
    arb_struct *all[] = {w, slope, step, low, high, e.sinh, e.cosh, e.sinh_step, e.cosh_step, e.other};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) arb_init(all[k]);
    arb_abs(slope, self->c);
    arb_div(slope, slope, self->b, BOUND_BITS);
    for (slong k = 1; k <= self->x.g.count; k++) {
        slong first, last;
        arb_set_d(w, self->x.g.h);
        arb_mul_si(w, w, k, precision);
        choose_columns(self, k, w, slope, &first, &last);
        arb_set_d(step, self->y.g.h / 2);
        arb_mul(step, step, w, precision);
        arb_mul(step, step, self->c, precision);
        hyperbolic_start(&e, step, first, precision);
        sum_row(self, &e, first, last, low, high);
        const weights *x = &self->x;
        arb_addmul(self->low, low, (self->order == 0 ? x->plain : x->once) + k, precision);
        arb_addmul(self->high, high, (self->order == 0 ? x->once : x->twice) + k, precision);
    }
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) arb_clear(all[k]);
}

/* low, high: k_j on the axes. Half of each axis belongs to the quarter. */
static void add_axes(plane *self, const arb_t low, const arb_t high) {
    arb_t sum;
    arb_init(sum);
    arb_add(sum, self->x.total, self->y.total, self->precision); /* 2 / 2 */
    arb_add_ui(sum, sum, 1, self->precision);                    /* 4 / 4 */
    arb_addmul(self->low, sum, low, self->precision);
    arb_addmul(self->high, sum, high, self->precision);
    arb_clear(sum);
}

/* max(0, a - c^2 / b) from below; 0 where nothing is known. */
static void rest_of(arb_t out, const arb_t a, const arb_t b, const arb_t c) {
    arb_mul(out, c, c, BOUND_BITS);
    arb_div(out, out, b, BOUND_BITS);
    arb_sub(out, a, out, BOUND_BITS);
    if (!arb_is_positive(out)) arb_zero(out);
}

/* The error but for kappa_j. */
static void plane_error(const plane *self, arb_t out) {
    arb_t cx, cy, part, rest;
    arb_struct *all[] = {cx, cy, part, rest};
    for (size_t k = 0; k < 4; k++) arb_init(all[k]);
    crowding(cx, self->x.g.h);
    crowding(cy, self->y.g.h);
    arf_set_mag(arb_midref(part), self->edge);
    arb_mul(out, part, cx, BOUND_BITS);
    arb_mul(out, out, cy, BOUND_BITS);
    aliasing(part, self->a, &self->x.g);
    arb_addmul(out, part, cy, BOUND_BITS);
    aliasing(part, self->b, &self->y.g);
    arb_addmul(out, part, cx, BOUND_BITS);
    rest_of(rest, self->a, self->b, self->c);
    tail(part, &self->x.g, 0, rest);
    arb_addmul(out, part, cy, BOUND_BITS);
    rest_of(rest, self->b, self->a, self->c);
    tail(part, &self->y.g, 0, rest);
    arb_addmul(out, part, cx, BOUND_BITS);
    for (size_t k = 0; k < 4; k++) arb_clear(all[k]);
}

static void scale_and_widen(arb_t sum, const arb_t unit, const arb_t kappa, const arb_t error,
                            slong precision) {
    arb_t bound;
    arb_init(bound);
    arb_mul(sum, sum, unit, precision);
    arb_mul(bound, error, kappa, BOUND_BITS);
    add_error(sum, bound);
    arb_clear(bound);
}

/* k_j at x = 0, which is kappa_j with the sign of c^j. */
static void peak(arb_t out, const arb_t c, int j, slong precision) {
    arb_pow_ui(out, c, (ulong)j, precision);
    if (j == 2) arb_mul_2exp_si(out, out, -1);
}

static void sum_plane(plane *self) {
    const slong precision = self->precision;
    arb_t low, high, unit, number, error;
    arb_struct *all[] = {low, high, unit, number, error};
    for (size_t k = 0; k < 5; k++) arb_init(all[k]);
    peak(low, self->c, self->order, precision);
    peak(high, self->c, self->order + 1, precision);
    weights_init(&self->x, self->a, precision);
    weights_init(&self->y, self->b, precision);
    sum_interior(self);
    add_axes(self, low, high);
    arb_set_d(unit, self->x.g.h);
    arb_set_d(number, self->y.g.h);
    arb_mul(unit, unit, number, precision);
    arb_const_pi(number, precision);
    arb_mul(number, number, number, precision);
    arb_div(unit, unit, number, precision); /* 4 h_1 h_2 / (4 pi^2) */
    plane_error(self, error);
    scale_and_widen(self->low, unit, low, error, precision);
    scale_and_widen(self->high, unit, high, error, precision);
    weights_clear(&self->x);
    weights_clear(&self->y);
    for (size_t k = 0; k < 5; k++) arb_clear(all[k]);
}

/* T_order into low, T_{order + 1} into high. */
static void compute_plane(int order, const arb_t a, const arb_t b, const arb_t c, slong precision, arb_t low,
                          arb_t high) {
    plane self = {.order = order, .a = a, .b = b, .c = c, .precision = precision};
    if (!choose_plane(&self)) {
        arb_indeterminate(low);
        arb_indeterminate(high);
        return;
    }
    arb_init(self.low);
    arb_init(self.high);
    mag_init(self.edge);
    sum_plane(&self);
    arb_swap(low, self.low);
    arb_swap(high, self.high);
    arb_clear(self.low);
    arb_clear(self.high);
    mag_clear(self.edge);
}

/* ---- the activations ------------------------------------------------------------------------- */

static void dual_tanh(ball_dual *out, const arb_t a, const arb_t b, const arb_t c, bool same,
                      slong precision) {
    if (same) {
        tanh_squared(out->value, a, precision);
        compute_moment(out->derivative, SECH4, a, precision);
    } else {
        compute_plane(0, a, b, c, precision, out->derivative, out->value);
    }
}

/* x <- (1 + x) / 4 */
static void quarter_of_one_and(arb_t x, slong precision) {
    arb_add_ui(x, x, 1, precision);
    arb_mul_2exp_si(x, x, -2);
}

static void dual_softplus(ball_dual *out, const arb_t a, const arb_t b, const arb_t c, slong precision) {
    arb_t x, y;
    arb_init(x);
    arb_init(y);
    compute_plane(1, a, b, c, precision, out->derivative, out->value);
    quarter_of_one_and(out->derivative, precision);
    compute_moment(x, LOG_COSH, a, precision);
    compute_moment(y, LOG_COSH, b, precision);
    arb_addmul(out->value, x, y, precision);
    arb_add(out->value, out->value, c, precision);
    arb_clear(x);
    arb_clear(y);
}

void ball_dual_logistic(ntk_activation activation, ball_dual *out, const arb_t p, const arb_t q,
                        const arb_t c, slong precision) {
    const bool same = p == c && q == c;
    if (activation == NTK_TANH) {
        dual_tanh(out, p, q, c, same, precision);
        return;
    }
    arb_t a, b, s; /* of (u, v) / 2 */
    arb_init(a);
    arb_init(b);
    arb_init(s);
    arb_mul_2exp_si(a, p, -2);
    arb_mul_2exp_si(b, q, -2);
    arb_mul_2exp_si(s, c, -2);
    if (activation == NTK_SOFTPLUS) {
        dual_softplus(out, a, b, s, precision);
    } else {
        dual_tanh(out, a, b, s, same, precision);
        quarter_of_one_and(out->value, precision);
        arb_mul_2exp_si(out->derivative, out->derivative, -4);
    }
    arb_clear(a);
    arb_clear(b);
    arb_clear(s);
}
