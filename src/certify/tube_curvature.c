/* The curvature that expands, and the empirical NTK, in balls.
 *
 * sum_i g_i Hess f_i is block-diagonal: a block of order d + 1 per neuron,
 *
 *     M_j = [ sum_i u_ij x_i x_i^T    sum_i v_ij x_i ]    u_ij = s_2 s_1^2 a_j g_i phi''(h_ij),
 *           [ .                       0              ]    v_ij = s_2 s_1 g_i phi'(h_ij),
 *
 *     erf    phi'' = -2 h G,            phi''' = (4 h^2 - 2) G
 *     GELU   phi'' = (2 - h^2) G,       phi''' = (h^3 - 4 h) G.
 *
 * The step is cut into parts. Over a part, u and v are their values in its middle plus their
 * derivatives over the whole step times half the part's length; all hold for every theta' within
 * the radius. lambda_max <= mu is proved by a Cholesky factorisation of mu I - M_j in balls, which
 * succeeds only if every matrix of the ball is positive definite; the double that is tried for mu
 * needs no proof.
 *
 * K_il = s_2^2 sum_j [phi(h_ij) phi(h_lj) + s_1^2 <x_i, x_l> a_j^2 phi'(h_ij) phi'(h_lj)]. */
#include <math.h>

#include "certify/tube.h"

/* ---- blocks ---------------------------------------------------------------------------------- */

/* phi'' and phi''' from h and G. */
static void higher(const tube_problem *p, arb_t second, arb_t third, const arb_t h, const arb_t g) {
    arb_t square;
    arb_init(square);
    arb_sqr(square, h, p->bits);
    if (p->gelu) {
        arb_sub_ui(third, square, 4, p->bits);
        arb_mul(third, third, h, p->bits);
        arb_sub_ui(second, square, 2, p->bits);
        arb_neg(second, second);
    } else {
        arb_mul_2exp_si(third, square, 2);
        arb_sub_ui(third, third, 2, p->bits);
        arb_mul_2exp_si(second, h, 1);
        arb_neg(second, second);
    }
    arb_mul(third, third, g, p->bits);
    arb_mul(second, second, g, p->bits);
    arb_clear(square);
}

/* u_ij and v_ij in the middle of a part (`point`), widened by their derivatives over the step
 * (`whole`) times eta. */
typedef struct weights_uv {
    arb_t u, v, second, third, term, scale1, scale2;
    mag_ptr du, dv; /* (m, n): bounds of the derivatives over the step */
    size_t count;   /* m n */
} weights_uv;

static void weights_init(const tube_problem *p, weights_uv *w) {
    arb_init(w->u);
    arb_init(w->v);
    arb_init(w->second);
    arb_init(w->third);
    arb_init(w->term);
    arb_init(w->scale1);
    arb_init(w->scale2);
    arb_mul(w->scale1, p->s2, p->s1, p->bits);
    arb_mul(w->scale2, w->scale1, p->s1, p->bits);
    w->count = p->m * p->n;
    w->du = _mag_vec_init((slong)w->count);
    w->dv = _mag_vec_init((slong)w->count);
}

static void weights_clear(weights_uv *w) {
    arb_clear(w->u);
    arb_clear(w->v);
    _mag_vec_clear(w->du, (slong)w->count);
    _mag_vec_clear(w->dv, (slong)w->count);
    arb_clear(w->second);
    arb_clear(w->third);
    arb_clear(w->term);
    arb_clear(w->scale1);
    arb_clear(w->scale2);
}

/* u' / (s_2 s_1^2) = a' g phi'' + a g' phi'' + a g phi''' h', v' / (s_2 s_1) = g' phi' + g phi''
 * h', over the step; coefficient 1 of a series is the derivative. */
static void derivatives(const tube_problem *p, const tube_series *s, size_t j, size_t i, weights_uv *w) {
    const size_t at = (j * p->n + i) * s->length;
    arb_srcptr a = s->a + j * s->length, g = s->force + i * s->length, h = s->h + at, slope = s->slope + at;
    higher(p, w->second, w->third, h, s->g + at);
    arb_mul(w->u, a + 1, g, p->bits);
    arb_addmul(w->u, a, g + 1, p->bits);
    arb_mul(w->u, w->u, w->second, p->bits);
    arb_mul(w->term, a, g, p->bits);
    arb_mul(w->term, w->term, w->third, p->bits);
    arb_addmul(w->u, w->term, h + 1, p->bits);
    arb_mul(w->v, g + 1, slope, p->bits);
    arb_mul(w->term, g, w->second, p->bits);
    arb_addmul(w->v, w->term, h + 1, p->bits);
    arb_get_mag(w->du + j * p->n + i, w->u);
    arb_get_mag(w->dv + j * p->n + i, w->v);
}

static void values(const tube_problem *p, const tube_series *s, size_t j, size_t i, weights_uv *w) {
    const size_t at = (j * p->n + i) * s->length;
    arb_srcptr g = s->force + i * s->length;
    higher(p, w->second, w->third, s->h + at, s->g + at);
    arb_mul(w->u, s->a + j * s->length, g, p->bits);
    arb_mul(w->u, w->u, w->second, p->bits);
    arb_mul(w->v, g, s->slope + at, p->bits);
}

static void widen(arb_t value, const mag_t derivative, const mag_t eta) {
    mag_t radius;
    mag_init(radius);
    mag_mul(radius, derivative, eta);
    arb_add_error_mag(value, radius);
    mag_clear(radius);
}

/* M_j over a part. */
static void block(const ntk_tube *self, size_t j, const mag_t eta, weights_uv *w, arb_mat_t out) {
    const tube_problem *p = &self->p;
    const size_t d = p->d;
    arb_mat_zero(out);
    for (size_t i = 0; i < p->n; i++) {
        values(p, &self->point, j, i, w);
        widen(w->u, w->du + j * p->n + i, eta);
        widen(w->v, w->dv + j * p->n + i, eta);
        arb_mul(w->u, w->u, w->scale2, p->bits);
        arb_mul(w->v, w->v, w->scale1, p->bits);
        arb_srcptr x = p->x + i * d;
        for (size_t r = 0; r < d; r++) {
            arb_mul(w->term, w->u, x + r, p->bits);
            for (size_t c = 0; c <= r; c++)
                arb_addmul(arb_mat_entry(out, (slong)r, (slong)c), w->term, x + c, p->bits);
            arb_addmul(arb_mat_entry(out, (slong)d, (slong)r), w->v, x + r, p->bits);
        }
    }
}

/* ---- the largest eigenvalue ------------------------------------------------------------------ */

/* Is mu I - M positive definite for every matrix of the ball? L L^T column by column, in place of a
 * copy; only the lower triangle is read. */
static bool exceeds(double mu, const arb_mat_t matrix, arb_mat_t factor, slong bits) {
    const slong order = arb_mat_nrows(matrix);
    arb_t at, shift;
    arb_init(at);
    arb_init(shift);
    arb_set_d(shift, mu);
    bool positive = true;
    for (slong c = 0; c < order && positive; c++) {
        for (slong r = c; r < order && positive; r++) {
            arb_neg(at, arb_mat_entry(matrix, r, c));
            if (r == c) arb_add(at, at, shift, bits);
            for (slong k = 0; k < c; k++)
                arb_submul(at, arb_mat_entry(factor, r, k), arb_mat_entry(factor, c, k), bits);
            if (r == c) {
                positive = arb_is_positive(at);
                if (positive) arb_sqrt(arb_mat_entry(factor, c, c), at, bits);
            } else
                arb_div(arb_mat_entry(factor, r, c), at, arb_mat_entry(factor, c, c), bits);
        }
    }
    arb_clear(at);
    arb_clear(shift);
    return positive;
}

/* Gershgorin: some mu that exceeds; a double, not proved. */
static double row_bound(const arb_mat_t matrix) {
    const slong order = arb_mat_nrows(matrix);
    double most = 0;
    mag_t one;
    mag_init(one);
    for (slong r = 0; r < order; r++) {
        double sum = 0;
        for (slong c = 0; c < order; c++) {
            arb_get_mag(one, r >= c ? arb_mat_entry(matrix, r, c) : arb_mat_entry(matrix, c, r));
            sum += mag_get_d(one);
        }
        if (!(sum <= most)) most = sum;
    }
    mag_clear(one);
    return most * 1.001;
}

/* The smallest mu >= low, but for 1 %, that exceeds this block too; infinite where none does. */
static double raise_mu(double low, const arb_mat_t matrix, arb_mat_t factor, slong bits) {
    if (low > 0 && exceeds(low, matrix, factor, bits)) return low;
    double high = row_bound(matrix);
    if (!isfinite(high) || !(high > 0) || !exceeds(high, matrix, factor, bits)) return INFINITY;
    for (double least = low; high - least > 0.01 * high;) {
        const double middle = (least + high) / 2;
        if (exceeds(middle, matrix, factor, bits))
            high = middle;
        else
            least = middle;
    }
    return fmax(low, high);
}

/* The blocks with the weights in `point`, widened by w's derivatives times eta: the smallest mu >=
 * low, about, that exceeds all of them. */
static double largest(const ntk_tube *self, double low, const mag_t eta, weights_uv *w) {
    enum { FACTOR_BITS = 64 };
    const slong order = (slong)self->p.d + 1;
    arb_mat_t matrix, factor;
    arb_mat_init(matrix, order, order);
    arb_mat_init(factor, order, order);
    for (size_t j = 0; j < self->p.m && isfinite(low); j++) {
        block(self, j, eta, w, matrix);
        low = raise_mu(low, matrix, factor, FACTOR_BITS);
    }
    arb_mat_clear(matrix);
    arb_mat_clear(factor);
    return low;
}

void ntk_tube_curvature(ntk_tube *self, double length, const mag_t radius, mag_t out) {
    enum { PARTS = 4 };
    const tube_problem *p = &self->p;
    weights_uv w;
    mag_t eta, part;
    weights_init(p, &w);
    for (size_t j = 0; j < p->m; j++)
        for (size_t i = 0; i < p->n; i++) derivatives(p, &self->whole, j, i, &w);
    mag_init(eta);
    mag_init(part);
    mag_set_d(eta, length / (2 * PARTS));
    mag_zero(out);
    for (int k = 0; k < PARTS; k++) {
        ntk_tube_evaluate(self, length * (2 * k + 1) / (2 * PARTS), &self->point);
        ntk_tube_series_start(p, &self->point, radius);
        double mu = largest(self, p->lambda, eta, &w);
        if (p->lambda > 0) mu = mu > p->lambda ? nextafter(mu - p->lambda, INFINITY) : 0;
        mag_set_d(part, mu); /* rounds up */
        mag_addmul(out, part, eta);
        mag_addmul(out, part, eta);
    }
    weights_clear(&w);
    mag_clear(eta);
    mag_clear(part);
}

double ntk_tube_curvature_near(ntk_tube *self, const mag_t radius) {
    weights_uv w;
    mag_t eta;
    weights_init(&self->p, &w); /* derivatives 0 */
    mag_init(eta);
    ntk_tube_evaluate(self, self->length, &self->point);
    ntk_tube_series_start(&self->p, &self->point, radius);
    const double mu = largest(self, 0, eta, &w);
    weights_clear(&w);
    mag_clear(eta);
    return mu;
}

/* ---- the empirical NTK ----------------------------------------------------------------------- */

void ntk_tube_gram(const tube_problem *p, const tube_series *s, arb_ptr gram) {
    const size_t n = p->n, l = s->length;
    arb_t features, slopes, term;
    arb_init(features);
    arb_init(slopes);
    arb_init(term);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k <= i; k++) {
            arb_zero(features);
            arb_zero(slopes);
            for (size_t j = 0; j < p->m; j++) {
                const size_t a = (j * n + i) * l, b = (j * n + k) * l;
                arb_addmul(features, s->phi + a, s->phi + b, p->bits);
                arb_mul(term, s->slope + a, s->slope + b, p->bits);
                arb_mul(term, term, s->a + j * l, p->bits);
                arb_addmul(slopes, term, s->a + j * l, p->bits);
            }
            arb_addmul(features, slopes, p->dots + i * n + k, p->bits);
            arb_mul(features, features, p->s2, p->bits);
            arb_mul(gram + i * n + k, features, p->s2, p->bits);
            arb_set(gram + k * n + i, gram + i * n + k);
        }
    arb_clear(features);
    arb_clear(slopes);
    arb_clear(term);
}

/* K_ik' over the step. */
static void gram_derivative(const tube_problem *p, const tube_series *s, size_t i, size_t k, arb_t out) {
    const size_t n = p->n, l = s->length;
    arb_t slopes, u, v;
    arb_init(slopes);
    arb_init(u);
    arb_init(v);
    arb_zero(out);
    for (size_t j = 0; j < p->m; j++) {
        const size_t at = (j * n + i) * l, other = (j * n + k) * l;
        arb_srcptr a = s->a + j * l, fi = s->phi + at, fk = s->phi + other, di = s->slope + at,
                   dk = s->slope + other;
        arb_addmul(out, fi + 1, fk, p->bits);
        arb_addmul(out, fi, fk + 1, p->bits);
        /* (a^2 d_i d_k)' = a [2 a' d_i d_k + a (d_i' d_k + d_i d_k')] */
        arb_mul(u, di + 1, dk, p->bits);
        arb_addmul(u, di, dk + 1, p->bits);
        arb_mul(u, u, a, p->bits);
        arb_mul(v, di, dk, p->bits);
        arb_mul(v, v, a + 1, p->bits);
        arb_mul_2exp_si(v, v, 1);
        arb_add(u, u, v, p->bits);
        arb_addmul(slopes, u, a, p->bits);
    }
    arb_addmul(out, slopes, p->dots + i * n + k, p->bits);
    arb_mul(out, out, p->s2, p->bits);
    arb_mul(out, out, p->s2, p->bits);
    arb_clear(slopes);
    arb_clear(u);
    arb_clear(v);
}

void ntk_tube_gram_near(ntk_tube *self, double tau, arb_ptr gram) {
    ntk_tube_evaluate(self, tau, &self->point);
    ntk_tube_series_neurons(&self->p, &self->point, self->error);
    ntk_tube_gram(&self->p, &self->point, gram);
}

/* ---- the empirical NTK as a polynomial ------------------------------------------------------- */

/* (u v)_k */
static void product(arb_t out, arb_srcptr u, arb_srcptr v, size_t k, slong bits) {
    arb_dot(out, NULL, 0, u, 1, v + k, -1, (slong)k + 1, bits);
}

/* a_j phi'_ij, (m, n) series up to `order`. */
static void weigh_slopes(const tube_problem *p, const tube_series *s, size_t order, arb_ptr out) {
    for (size_t j = 0; j < p->m; j++)
        for (size_t i = 0; i < p->n; i++) {
            const size_t at = (j * p->n + i) * s->length;
            for (size_t k = 0; k <= order; k++)
                product(out + at + k, s->a + j * s->length, s->slope + at, k, p->bits);
        }
}

/* (K_il)_k = s_2^2 sum_j [phi_ij phi_lj + (a_j phi'_ij) (a_j phi'_lj) s_1^2 <x_i, x_l>]_k */
static void gram_coefficient(const tube_problem *p, const tube_series *s, arb_srcptr weighed, size_t i,
                             size_t l, size_t k, arb_t out) {
    arb_t term, slopes;
    arb_init(term);
    arb_init(slopes);
    arb_zero(out);
    for (size_t j = 0; j < p->m; j++) {
        const size_t at = (j * p->n + i) * s->length, other = (j * p->n + l) * s->length;
        product(term, s->phi + at, s->phi + other, k, p->bits);
        arb_add(out, out, term, p->bits);
        product(term, weighed + at, weighed + other, k, p->bits);
        arb_add(slopes, slopes, term, p->bits);
    }
    arb_addmul(out, slopes, p->dots + i * p->n + l, p->bits);
    arb_mul(out, out, p->s2, p->bits);
    arb_mul(out, out, p->s2, p->bits);
    arb_clear(term);
    arb_clear(slopes);
}

void ntk_tube_gram_series(const ntk_tube *self, arb_ptr gram) {
    const tube_problem *p = &self->p;
    const size_t n = p->n, count = p->order + 1;
    arb_ptr taylor = _arb_vec_init((slong)(p->m * n * count)),
            whole = _arb_vec_init((slong)(p->m * n * count));
    weigh_slopes(p, &self->taylor, p->order - 1, taylor);
    weigh_slopes(p, &self->whole, p->order, whole);
    for (size_t i = 0; i < n; i++)
        for (size_t l = 0; l <= i; l++) {
            arb_ptr to = gram + (i * n + l) * count;
            for (size_t k = 0; k < p->order; k++) gram_coefficient(p, &self->taylor, taylor, i, l, k, to + k);
            gram_coefficient(p, &self->whole, whole, i, l, p->order, to + p->order);
            _arb_vec_set(gram + (l * n + i) * count, to, (slong)count);
        }
    _arb_vec_clear(taylor, (slong)(p->m * n * count));
    _arb_vec_clear(whole, (slong)(p->m * n * count));
}

/* |Hess f_i| over the step, at most: that of its largest block, which is at most s_1^2 s_2 |x_i|^2
 * |a_j phi''_ij| + s_1 s_2 |x_i| |phi'_ij|. phi'' = -2 h G of erf, (2 - h^2) G of GELU. */
static void hessian_norm(const tube_problem *p, const tube_series *s, size_t i, mag_t out) {
    arb_t second;
    mag_t block, term, scale;
    arb_init(second);
    mag_init(block);
    mag_init(term);
    mag_init(scale);
    mag_zero(out);
    for (size_t j = 0; j < p->m; j++) {
        const size_t at = (j * p->n + i) * s->length;
        if (p->gelu) {
            arb_sqr(second, s->h + at, p->bits);
            arb_sub_ui(second, second, 2, p->bits);
        } else
            arb_mul_2exp_si(second, s->h + at, 1);
        arb_mul(second, second, s->g + at, p->bits);
        arb_mul(second, second, s->a + j * s->length, p->bits);
        arb_get_mag(block, second);
        mag_mul(block, block, p->size + i);
        arb_get_mag(term, s->slope + at);
        mag_add(block, block, term);
        mag_mul(block, block, p->size + i);
        if (mag_cmp(block, out) > 0) mag_set(out, block);
    }
    arb_get_mag(scale, p->s2);
    mag_mul(out, out, scale);
    arb_clear(second);
    mag_clear(block);
    mag_clear(term);
    mag_clear(scale);
}

/* |K_il(theta') - K_il(y)| <= |J_i' - J_i| |J_l'| + |J_i| |J_l' - J_l|, |J_i' - J_i| <= H_i E,
 * H_i >= |Hess f_i|, and |J_i|^2 = K_ii on the polynomial. */
void ntk_tube_gram_reach(const ntk_tube *self, arb_srcptr gram, mag_ptr reach) {
    const tube_problem *p = &self->p;
    const size_t n = p->n, count = p->order + 1;
    mag_ptr moved = flint_malloc(n * sizeof *moved), size = flint_malloc(n * sizeof *size);
    arb_t value, tau;
    arb_init(value);
    arb_init(tau);
    arb_set_d(tau, self->length / 2);
    mag_set_d(arb_radref(tau), self->length / 2);
    for (size_t i = 0; i < n; i++) {
        mag_init(moved + i);
        mag_init(size + i);
        hessian_norm(p, &self->whole, i, moved + i);
        mag_mul(moved + i, moved + i, self->error);
        _arb_poly_evaluate(value, gram + (i * n + i) * count, (slong)count, tau, p->bits);
        arb_get_mag(size + i, value);
        mag_sqrt(size + i, size + i);
    }
    mag_t term;
    mag_init(term);
    for (size_t i = 0; i < n; i++)
        for (size_t l = 0; l < n; l++) {
            mag_add(term, size + l, moved + l);
            mag_mul(reach + i * n + l, moved + i, term);
            mag_addmul(reach + i * n + l, size + i, moved + l);
        }
    for (size_t i = 0; i < n; i++) {
        mag_clear(moved + i);
        mag_clear(size + i);
    }
    flint_free(moved);
    flint_free(size);
    mag_clear(term);
    arb_clear(value);
    arb_clear(tau);
}

void ntk_tube_drift_square(ntk_tube *self, double low, double high, arb_t out) {
    const tube_problem *p = &self->p;
    const size_t n = p->n;
    arb_ptr gram = _arb_vec_init((slong)(n * n));
    arb_t derivative, sum;
    mag_t eta, change;
    arb_init(derivative);
    arb_init(sum);
    mag_init(eta);
    mag_init(change);
    const double middle = low + (high - low) / 2;
    mag_set_d(eta, fmax(middle - low, high - middle) * (1 + 0x1p-40)); /* more than was rounded */
    ntk_tube_gram_near(self, middle, gram);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k <= i; k++) {
            arb_ptr entry = gram + i * n + k;
            arb_sub(entry, entry, self->gram0 + i * n + k, p->bits);
            if (high > low) {
                gram_derivative(p, &self->whole, i, k, derivative);
                arb_get_mag(change, derivative);
                widen(entry, change, eta);
            }
            arb_sqr(entry, entry, p->bits);
            if (k < i) arb_mul_2exp_si(entry, entry, 1);
            arb_add(sum, sum, entry, p->bits);
        }
    arb_div(out, sum, self->gram0_square, p->bits);
    arb_nonnegative_part(out, out);
    _arb_vec_clear(gram, (slong)(n * n));
    arb_clear(derivative);
    arb_clear(sum);
    mag_clear(eta);
    mag_clear(change);
}
