/* One hidden layer, f_i = s_2 sum_j a_j phi(h_ij), h_ij = s_1 <W_j, x_i>, and the field
 *
 *     F_{a_j} = s_2 sum_i g_i phi(h_ij),      F_{W_j} = s_1 s_2 a_j sum_i g_i phi'(h_ij) x_i.
 *
 * Logistic loss, F = -grad log L: with z_i = y_i f_i, b = 1 / (1 + e^z), l = log(1 + e^{-z}),
 * rho = b / l, omega_i = l_i / sum l, q = 1 / sum l,
 *
 *     g_i = y_i rho_i omega_i,         b' = -z' b (1 - b),          rho' = z' rho (rho - 1 + b),
 *     omega_i' = omega_i (T - rho_i z_i'),      q' = q T,      T = sum_k omega_k rho_k z_k'.
 *
 * All of these are of the size of 1 but q, of which only relative changes matter: nothing cancels
 * and nothing underflows, however large the margins.
 *
 * Where s is the time, F = -grad P: the same sums less lambda (theta - c), and
 *
 *     squared     g_i = (q_i - f_i) / n
 *     logistic    g_i = (q_i - sigma(f_i)) / n = (q_i - 1 + b_i) / n, with z_i = f_i in b.
 *
 * Activations, G the Gaussian and I its integral:
 *
 *     erf    G = (2 / sqrt pi) e^e,   e = -h^2,       phi = I = erf(h),      phi' = G
 *     GELU   G = e^e / sqrt(2 pi),    e = -h^2 / 2,   phi = h I, I = Phi(h), phi' = I + h G
 *
 * with G' = e' G and I' = h' G in time: the coefficients of every function follow from products of
 * series, one order at a time, with no power series of a special function. Each line below is one
 * of these equations at order k: (u v)_k = sum_l u_l v_{k-l}, and u_k = (u')_{k-1} / k. */
#include "certify/tube_series.h"

/* ---- memory ---------------------------------------------------------------------------------- */

void ntk_tube_series_init(const tube_problem *p, tube_series *s) {
    const size_t l = p->order + 1, mn = p->m * p->n * l, md = p->m * p->d * l, m = p->m * l, n = p->n * l;
    struct {
        arb_ptr *at;
        size_t size;
    } parts[] = {{&s->w, md},    {&s->a, m},      {&s->fw, md},    {&s->fa, m},    {&s->h, mn},
                 {&s->dh, mn},   {&s->e, mn},     {&s->de, mn},    {&s->g, mn},    {&s->i, mn},
                 {&s->phi, mn},  {&s->slope, mn}, {&s->pull, mn},  {&s->back, md}, {&s->z, n},
                 {&s->dz, n},    {&s->b, n},      {&s->bc, n},     {&s->rho, n},   {&s->rhoc, n},
                 {&s->omega, n}, {&s->pace, n},   {&s->excess, n}, {&s->total, l}, {&s->q, l},
                 {&s->force, n}};
    const size_t count = sizeof parts / sizeof *parts;
    s->length = l;
    s->stored = 0;
    for (size_t k = 0; k < count; k++) s->stored += parts[k].size;
    s->all = _arb_vec_init((slong)s->stored);
    arb_ptr at = s->all;
    for (size_t k = 0; k < count; k++) {
        *parts[k].at = at;
        at += parts[k].size;
    }
}

void ntk_tube_series_clear(tube_series *s) {
    if (s->all) _arb_vec_clear(s->all, (slong)s->stored);
    s->all = NULL;
}

/* ---- products of series ---------------------------------------------------------------------- */

/* out <- (u v)_k */
static void product(arb_t out, arb_srcptr u, arb_srcptr v, size_t k, slong bits) {
    arb_dot(out, NULL, 0, u, 1, v + k, -1, (slong)k + 1, bits);
}

/* out <- out + (u v)_k */
static void add_product(arb_t out, arb_srcptr u, arb_srcptr v, size_t k, slong bits) {
    arb_dot(out, out, 0, u, 1, v + k, -1, (slong)k + 1, bits);
}

/* u_k <- (v w)_{k-1} / k, where u' = v w. */
static void integrate(arb_ptr u, arb_srcptr v, arb_srcptr w, size_t k, slong bits) {
    product(u + k, v, w, k - 1, bits);
    arb_div_ui(u + k, u + k, k, bits);
}

/* du_{k-1} <- k u_k */
static void differentiate(arb_ptr du, arb_srcptr u, size_t k, slong bits) {
    arb_mul_ui(du + k - 1, u + k, k, bits);
}

/* ---- neurons --------------------------------------------------------------------------------- */

static void exponent(const tube_problem *p, arb_ptr e, arb_srcptr h, size_t k) {
    product(e + k, h, h, k, p->bits);
    arb_neg(e + k, e + k);
    if (p->gelu) arb_mul_2exp_si(e + k, e + k, -1);
}

/* phi_k and phi'_k from h, G and I up to k. */
static void activate(const tube_problem *p, tube_series *s, size_t at, size_t k) {
    if (!p->gelu) {
        arb_set(s->phi + at + k, s->i + at + k);
        arb_set(s->slope + at + k, s->g + at + k);
        return;
    }
    product(s->phi + at + k, s->h + at, s->i + at, k, p->bits);
    product(s->slope + at + k, s->h + at, s->g + at, k, p->bits);
    arb_add(s->slope + at + k, s->slope + at + k, s->i + at + k, p->bits);
}

/* h_k = s_1 <W_k, x_i> */
static void preactivation(const tube_problem *p, tube_series *s, size_t j, size_t i, size_t k) {
    arb_ptr h = s->h + (j * p->n + i) * s->length + k;
    arb_dot(h, NULL, 0, s->w + j * p->d * s->length + k, (slong)s->length, p->x + i * p->d, 1, (slong)p->d,
            p->bits);
    arb_mul(h, h, p->s1, p->bits);
}

/* I at order 0: erf(h), or Phi(h) = (1 + erf(h / sqrt 2)) / 2. */
static void integral(const tube_problem *p, arb_t out, const arb_t h) {
    if (!p->gelu) {
        arb_hypgeom_erf(out, h, p->bits);
        return;
    }
    arb_sqrt_ui(out, 2, p->bits);
    arb_div(out, h, out, p->bits);
    arb_hypgeom_erf(out, out, p->bits);
    arb_add_ui(out, out, 1, p->bits);
    arb_mul_2exp_si(out, out, -1);
}

void ntk_tube_series_neurons(const tube_problem *p, tube_series *s, const mag_t widen) {
    mag_t radius;
    mag_init(radius);
    for (size_t j = 0; j < p->m; j++) {
        for (size_t i = 0; i < p->n; i++) {
            const size_t at = (j * p->n + i) * s->length;
            preactivation(p, s, j, i, 0);
            /* |h - h'| <= s_1 |x_i| |W_j - W_j'| */
            mag_mul(radius, p->size + i, widen);
            mag_add(arb_radref(s->h + at), arb_radref(s->h + at), radius);
            exponent(p, s->e + at, s->h + at, 0);
            arb_exp(s->g + at, s->e + at, p->bits);
            arb_mul(s->g + at, s->g + at, p->peak, p->bits);
            integral(p, s->i + at, s->h + at);
            activate(p, s, at, 0);
        }
        arb_ptr a = s->a + j * s->length;
        mag_add(arb_radref(a), arb_radref(a), widen);
        for (size_t c = 0; c < p->d; c++) {
            arb_ptr w = s->w + (j * p->d + c) * s->length;
            mag_add(arb_radref(w), arb_radref(w), widen);
        }
    }
    mag_clear(radius);
}

static void extend_neurons(const tube_problem *p, tube_series *s, size_t k) {
    for (size_t j = 0; j < p->m; j++)
        for (size_t i = 0; i < p->n; i++) {
            const size_t at = (j * p->n + i) * s->length;
            preactivation(p, s, j, i, k);
            differentiate(s->dh + at, s->h + at, k, p->bits);
            exponent(p, s->e + at, s->h + at, k);
            differentiate(s->de + at, s->e + at, k, p->bits);
            integrate(s->g + at, s->de + at, s->g + at, k, p->bits);
            integrate(s->i + at, s->dh + at, s->g + at, k, p->bits);
            activate(p, s, at, k);
        }
}

/* ---- margins and weights --------------------------------------------------------------------- */

void ntk_tube_series_margins(const tube_problem *p, tube_series *s, size_t k) {
    for (size_t i = 0; i < p->n; i++) {
        arb_ptr z = s->z + i * s->length;
        arb_zero(z + k);
        for (size_t j = 0; j < p->m; j++)
            add_product(z + k, s->a + j * s->length, s->phi + (j * p->n + i) * s->length, k, p->bits);
        arb_mul(z + k, z + k, p->s2, p->bits);
        if (!p->timed && p->sign[i] < 0) arb_neg(z + k, z + k);
        if (k > 0) differentiate(s->dz + i * s->length, z, k, p->bits);
    }
}

/* b at an exact z. */
static void sigmoid_at(arb_t b, const arf_t z, slong bits) {
    arb_set_arf(b, z);
    arb_exp(b, b, bits);
    arb_add_ui(b, b, 1, bits);
    arb_inv(b, b, bits);
}

/* b and l = log(1 + e^{-z}) at an exact z. */
static void loss_at(arb_t b, arb_t l, const arf_t z, slong bits) {
    arb_t t;
    arb_init(t);
    sigmoid_at(b, z, bits);
    arb_set_arf(t, z);
    arb_neg(t, t);
    arb_exp(t, t, bits);
    arb_log1p(l, t, bits);
    arb_clear(t);
}

/* b falls and rho = b / l rises with z (l - b > 0 gives rho' > 0 by the equation above: rho - 1 + b
 * = (b - (1 - b) l) / l, and (1 - b) l < b since log(1 + v) < v). l falls. */
static void loss_over(arb_t b, arb_t rho, arb_t l, const arb_t z, slong bits) {
    arf_t end;
    arb_t b_end, l_end, rho_end;
    arf_init(end);
    arb_init(b_end);
    arb_init(l_end);
    arb_init(rho_end);
    arb_get_lbound_arf(end, z, bits);
    loss_at(b, l, end, bits);
    arb_div(rho, b, l, bits);
    arb_get_ubound_arf(end, z, bits);
    loss_at(b_end, l_end, end, bits);
    arb_div(rho_end, b_end, l_end, bits);
    arb_union(b, b, b_end, bits);
    arb_union(rho, rho, rho_end, bits);
    arb_union(l, l, l_end, bits);
    arb_clear(b_end);
    arb_clear(l_end);
    arb_clear(rho_end);
    arf_clear(end);
}

/* b, which falls with z, alone. */
static void sigmoid_over(arb_t b, const arb_t z, slong bits) {
    arf_t end;
    arb_t other;
    arf_init(end);
    arb_init(other);
    arb_get_lbound_arf(end, z, bits);
    sigmoid_at(b, end, bits);
    arb_get_ubound_arf(end, z, bits);
    sigmoid_at(other, end, bits);
    arb_union(b, b, other, bits);
    arb_clear(other);
    arf_clear(end);
}

/* omega_i = 1 / (1 + sum of the others / l_i): each l once, so that the quotient is sharp. */
static void share(arb_t out, arb_srcptr l, size_t i, size_t n, slong bits) {
    arb_zero(out);
    for (size_t k = 0; k < n; k++)
        if (k != i) arb_add(out, out, l + k, bits);
    arb_div(out, out, l + i, bits);
    arb_add_ui(out, out, 1, bits);
    arb_inv(out, out, bits);
}

static void weigh(const tube_problem *p, tube_series *s) {
    arb_ptr l = _arb_vec_init((slong)p->n);
    for (size_t i = 0; i < p->n; i++) {
        const size_t at = i * s->length;
        loss_over(s->b + at, s->rho + at, l + i, s->z + at, p->bits);
    }
    arb_zero(s->q);
    for (size_t i = 0; i < p->n; i++) {
        share(s->omega + i * s->length, l, i, p->n, p->bits);
        arb_add(s->q, s->q, l + i, p->bits);
    }
    arb_inv(s->q, s->q, p->bits);
    _arb_vec_clear(l, (slong)p->n);
}

void ntk_tube_series_weights(const tube_problem *p, tube_series *s) {
    if (!p->timed) weigh(p, s);
    for (size_t i = 0; p->timed && !p->squared && i < p->n; i++)
        sigmoid_over(s->b + i * s->length, s->z + i * s->length, p->bits);
}

void ntk_tube_series_paces(const tube_problem *p, tube_series *s, size_t k) {
    arb_zero(s->total + k);
    for (size_t i = 0; i < p->n; i++) {
        const size_t at = i * s->length;
        product(s->pace + at + k, s->rho + at, s->dz + at, k, p->bits);
        add_product(s->total + k, s->omega + at, s->pace + at, k, p->bits);
    }
    for (size_t i = 0; i < p->n; i++)
        arb_sub(s->excess + i * s->length + k, s->total + k, s->pace + i * s->length + k, p->bits);
}

/* b_k for every point */
static void extend_sigmoids(const tube_problem *p, tube_series *s, size_t k) {
    const slong bits = p->bits;
    for (size_t i = 0; i < p->n; i++) {
        const size_t at = i * s->length;
        product(s->bc + at + k - 1, s->b + at, s->b + at, k - 1, bits);
        arb_sub(s->bc + at + k - 1, s->b + at + k - 1, s->bc + at + k - 1, bits);
        integrate(s->b + at, s->dz + at, s->bc + at, k, bits);
        arb_neg(s->b + at + k, s->b + at + k);
    }
}

void ntk_tube_series_extend_weights(const tube_problem *p, tube_series *s, size_t k) {
    const slong bits = p->bits;
    extend_sigmoids(p, s, k);
    for (size_t i = 0; i < p->n; i++) {
        const size_t at = i * s->length;
        /* rho (rho - 1 + b) = rho^2 + rho b - rho */
        product(s->rhoc + at + k - 1, s->rho + at, s->rho + at, k - 1, bits);
        add_product(s->rhoc + at + k - 1, s->rho + at, s->b + at, k - 1, bits);
        arb_sub(s->rhoc + at + k - 1, s->rhoc + at + k - 1, s->rho + at + k - 1, bits);
        integrate(s->rho + at, s->dz + at, s->rhoc + at, k, bits);
    }
    ntk_tube_series_paces(p, s, k - 1);
    for (size_t i = 0; i < p->n; i++)
        integrate(s->omega + i * s->length, s->omega + i * s->length, s->excess + i * s->length, k, bits);
    integrate(s->q, s->q, s->total, k, bits);
}

/* ---- the field ------------------------------------------------------------------------------- */

void ntk_tube_series_forces(const tube_problem *p, tube_series *s, size_t k) {
    for (size_t i = 0; i < p->n; i++) {
        const size_t at = i * s->length;
        arb_ptr g = s->force + at + k;
        if (p->squared) {
            arb_neg(g, s->z + at + k);
            if (k == 0) arb_add(g, g, p->goal + i, p->bits);
            arb_div_ui(g, g, p->n, p->bits);
        } else if (p->timed) {
            if (k == 0) {
                arb_sub_ui(g, p->goal + i, 1, p->bits);
                arb_add(g, g, s->b + at, p->bits);
            } else
                arb_set(g, s->b + at + k);
            arb_div_ui(g, g, p->n, p->bits);
        } else {
            product(g, s->rho + at, s->omega + at, k, p->bits);
            if (p->sign[i] < 0) arb_neg(g, g);
        }
    }
}

static void field_of_neuron(const tube_problem *p, tube_series *s, size_t j, size_t k) {
    const size_t l = s->length, row = j * p->n * l;
    arb_ptr fa = s->fa + j * l + k;
    arb_zero(fa);
    for (size_t i = 0; i < p->n; i++) {
        add_product(fa, s->force + i * l, s->phi + row + i * l, k, p->bits);
        product(s->pull + row + i * l + k, s->force + i * l, s->slope + row + i * l, k, p->bits);
    }
    arb_mul(fa, fa, p->s2, p->bits);
    for (size_t c = 0; c < p->d; c++) {
        const size_t at = (j * p->d + c) * l;
        arb_dot(s->back + at + k, NULL, 0, s->pull + row + k, (slong)l, p->x + c, (slong)p->d, (slong)p->n,
                p->bits);
        product(s->fw + at + k, s->a + j * l, s->back + at, k, p->bits);
        arb_mul(s->fw + at + k, s->fw + at + k, p->s1, p->bits);
        arb_mul(s->fw + at + k, s->fw + at + k, p->s2, p->bits);
    }
}

/* f_k <- f_k - lambda (theta - c)_k */
static void pull_back(const tube_problem *p, arb_ptr f, arb_srcptr theta, arb_srcptr centre, size_t k) {
    arb_t lambda, away;
    arb_init(lambda);
    arb_init(away);
    arb_set_d(lambda, p->lambda);
    arb_set(away, theta + k);
    if (k == 0) arb_sub(away, away, centre, p->bits);
    arb_submul(f + k, lambda, away, p->bits);
    arb_clear(lambda);
    arb_clear(away);
}

void ntk_tube_series_field(const tube_problem *p, tube_series *s, size_t k) {
    const size_t l = s->length, weights = p->m * p->d;
    ntk_tube_series_forces(p, s, k);
    for (size_t j = 0; j < p->m; j++) field_of_neuron(p, s, j, k);
    if (!(p->lambda > 0)) return;
    for (size_t c = 0; c < weights; c++) pull_back(p, s->fw + c * l, s->w + c * l, p->centre + c, k);
    for (size_t j = 0; j < p->m; j++) pull_back(p, s->fa + j * l, s->a + j * l, p->centre + weights + j, k);
}

/* ---- all of it ------------------------------------------------------------------------------- */

void ntk_tube_series_start(const tube_problem *p, tube_series *s, const mag_t widen) {
    ntk_tube_series_neurons(p, s, widen);
    ntk_tube_series_margins(p, s, 0);
    ntk_tube_series_weights(p, s);
    ntk_tube_series_field(p, s, 0);
}

void ntk_tube_series_extend_margins(const tube_problem *p, tube_series *s, size_t k) {
    extend_neurons(p, s, k);
    ntk_tube_series_margins(p, s, k);
}

void ntk_tube_series_extend(const tube_problem *p, tube_series *s, size_t k) {
    ntk_tube_series_extend_margins(p, s, k);
    if (!p->timed)
        ntk_tube_series_extend_weights(p, s, k);
    else if (!p->squared)
        extend_sigmoids(p, s, k);
    ntk_tube_series_field(p, s, k);
}
