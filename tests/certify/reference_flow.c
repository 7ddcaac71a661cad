/* Midpoints of balls of 256 bits as plain numbers; theta' = -grad P in physical time, P from its
 * definition; Gragg's method, extrapolated (Hairer, Norsett, Wanner 1993, section II.9). */
#include "reference_flow.h"

enum { COLUMNS = 12 };

typedef struct reference {
    const ntk_tube_problem *problem;
    size_t parameters;
    arb_t s1, s2;
} reference;

static void round_off(arb_ptr v, size_t count) {
    for (size_t k = 0; k < count; k++) mag_zero(arb_radref(v + k));
}

/* h_ij = s_1 <W_j, x_i> */
static void preactivation(const reference *r, arb_srcptr theta, size_t i, size_t j, arb_t h) {
    const size_t d = r->problem->inputs;
    arb_t t;
    arb_init(t);
    arb_zero(h);
    for (size_t c = 0; c < d; c++) {
        arb_set_d(t, r->problem->x[i * d + c]);
        arb_addmul(h, theta + j * d + c, t, REFERENCE_BITS);
    }
    arb_mul(h, h, r->s1, REFERENCE_BITS);
    arb_clear(t);
}

/* f_i = s_2 sum_j a_j erf(h_ij) */
static void output(const reference *r, arb_srcptr theta, size_t i, arb_t f) {
    const size_t m = r->problem->width, w = m * r->problem->inputs;
    arb_t e;
    arb_init(e);
    arb_zero(f);
    for (size_t j = 0; j < m; j++) {
        preactivation(r, theta, i, j, e);
        arb_hypgeom_erf(e, e, REFERENCE_BITS);
        arb_addmul(f, e, theta + w + j, REFERENCE_BITS);
    }
    arb_mul(f, f, r->s2, REFERENCE_BITS);
    arb_clear(e);
}

/* (q - f) / n; or, with sigma = e^f / (1 + e^f) and y = 1 for q = 1, -1 for q = 0, (q - sigma) / n
 * = y sigma(-y f) / n, which does not cancel. */
static void force(const reference *r, size_t i, arb_srcptr f, arb_t out) {
    const double q = r->problem->targets[i];
    arb_t t;
    arb_init(t);
    arb_set_d(out, q);
    if (r->problem->loss == NTK_LOSS_SQUARED)
        arb_sub(out, out, f, REFERENCE_BITS);
    else if (q == 0 || q == 1) {
        arb_mul_si(t, f, q > 0 ? 1 : -1, REFERENCE_BITS);
        arb_exp(t, t, REFERENCE_BITS);
        arb_add_ui(t, t, 1, REFERENCE_BITS);
        arb_inv(out, t, REFERENCE_BITS);
        if (!(q > 0)) arb_neg(out, out);
    } else {
        arb_exp(t, f, REFERENCE_BITS);
        arb_inv(t, t, REFERENCE_BITS);
        arb_add_ui(t, t, 1, REFERENCE_BITS);
        arb_inv(t, t, REFERENCE_BITS);
        arb_sub(out, out, t, REFERENCE_BITS);
    }
    arb_div_ui(out, out, r->problem->points, REFERENCE_BITS);
    arb_clear(t);
}

/* out += g grad f_i, the part of neuron j. */
static void add_gradient(const reference *r, arb_srcptr theta, size_t i, size_t j, arb_srcptr g,
                         arb_ptr out) {
    const size_t d = r->problem->inputs, w = r->problem->width * d;
    arb_t h, e, t;
    arb_init(h), arb_init(e), arb_init(t);
    preactivation(r, theta, i, j, h);
    arb_hypgeom_erf(e, h, REFERENCE_BITS);
    arb_mul(e, e, r->s2, REFERENCE_BITS);
    arb_addmul(out + w + j, e, g, REFERENCE_BITS);
    arb_sqr(h, h, REFERENCE_BITS); /* erf'(h) = 2 e^{-h^2} / sqrt(pi) */
    arb_neg(h, h);
    arb_exp(h, h, REFERENCE_BITS);
    arb_mul_2exp_si(h, h, 1);
    arb_const_sqrt_pi(t, REFERENCE_BITS);
    arb_div(h, h, t, REFERENCE_BITS);
    arb_mul(h, h, r->s1, REFERENCE_BITS);
    arb_mul(h, h, r->s2, REFERENCE_BITS);
    arb_mul(h, h, theta + w + j, REFERENCE_BITS);
    arb_mul(h, h, g, REFERENCE_BITS);
    for (size_t c = 0; c < d; c++) {
        arb_set_d(t, r->problem->x[i * d + c]);
        arb_addmul(out + j * d + c, h, t, REFERENCE_BITS);
    }
    arb_clear(h), arb_clear(e), arb_clear(t);
}

/* lambda (c - theta) */
static void pull(const reference *r, arb_srcptr theta, arb_ptr out) {
    const ntk_tube_problem *p = r->problem;
    arb_t lambda;
    arb_init(lambda);
    arb_set_d(lambda, p->lambda);
    for (size_t k = 0; k < r->parameters; k++) {
        arb_set_d(out + k, p->centre ? p->centre[k] : 0);
        arb_sub(out + k, out + k, theta + k, REFERENCE_BITS);
        arb_mul(out + k, out + k, lambda, REFERENCE_BITS);
    }
    arb_clear(lambda);
}

static void velocity(const reference *r, arb_srcptr theta, arb_ptr out) {
    arb_t f, g;
    arb_init(f), arb_init(g);
    pull(r, theta, out);
    for (size_t i = 0; i < r->problem->points; i++) {
        output(r, theta, i, f);
        force(r, i, f, g);
        for (size_t j = 0; j < r->problem->width; j++) add_gradient(r, theta, i, j, g, out);
    }
    arb_clear(f), arb_clear(g);
}

/* Gragg's midpoint rule with `parts` substeps of a step `length`. */
static void midpoint_rule(const reference *r, arb_srcptr from, const arb_t length, ulong parts, arb_ptr out) {
    const size_t p = r->parameters;
    arb_ptr last = _arb_vec_init((slong)p), here = _arb_vec_init((slong)p), v = _arb_vec_init((slong)p);
    arb_t h, twice;
    arb_init(h), arb_init(twice);
    arb_div_ui(h, length, parts, REFERENCE_BITS);
    arb_mul_2exp_si(twice, h, 1);
    _arb_vec_set(last, from, (slong)p);
    velocity(r, from, v);
    for (size_t k = 0; k < p; k++) {
        arb_set(here + k, from + k);
        arb_addmul(here + k, v + k, h, REFERENCE_BITS);
    }
    for (ulong part = 1; part < parts; part++) {
        velocity(r, here, v);
        for (size_t k = 0; k < p; k++) {
            arb_addmul(last + k, v + k, twice, REFERENCE_BITS);
            arb_swap(last + k, here + k);
        }
        round_off(here, p);
    }
    _arb_vec_set(out, here, (slong)p);
    _arb_vec_clear(last, (slong)p), _arb_vec_clear(here, (slong)p), _arb_vec_clear(v, (slong)p);
    arb_clear(h), arb_clear(twice);
}

/* The table of Aitken and Neville in the squares of the substeps. */
static void extrapolated_step(const reference *r, const arb_t length, arb_ptr theta) {
    const size_t p = r->parameters;
    arb_ptr table[COLUMNS];
    arb_t factor, difference;
    arb_init(factor), arb_init(difference);
    for (ulong j = 0; j < COLUMNS; j++) {
        table[j] = _arb_vec_init((slong)p);
        midpoint_rule(r, theta, length, 2 * (j + 1), table[j]);
        for (ulong k = j; k-- > 0;) {
            /* n_j^2 / n_k^2 - 1 */
            arb_set_ui(factor, (j + 1) * (j + 1));
            arb_div_ui(factor, factor, (k + 1) * (k + 1), REFERENCE_BITS);
            arb_sub_ui(factor, factor, 1, REFERENCE_BITS);
            for (size_t c = 0; c < p; c++) {
                arb_sub(difference, table[k + 1] + c, table[k] + c, REFERENCE_BITS);
                arb_div(difference, difference, factor, REFERENCE_BITS);
                arb_add(table[k] + c, table[k + 1] + c, difference, REFERENCE_BITS);
            }
            round_off(table[k], p);
        }
    }
    _arb_vec_set(theta, table[0], (slong)p);
    for (size_t j = 0; j < COLUMNS; j++) _arb_vec_clear(table[j], (slong)p);
    arb_clear(factor), arb_clear(difference);
}

void reference_flow(const ntk_tube_problem *problem, arb_srcptr t, ulong steps, arb_ptr theta) {
    reference r = {.problem = problem, .parameters = problem->width * (problem->inputs + 1)};
    arb_t length;
    arb_init(r.s1), arb_init(r.s2), arb_init(length);
    arb_set_d(r.s1, problem->architecture->weight_variance);
    arb_div_ui(r.s2, r.s1, problem->width, REFERENCE_BITS);
    if (problem->architecture->input_scale == NTK_INPUT_SCALE_DIMENSION)
        arb_div_ui(r.s1, r.s1, problem->inputs, REFERENCE_BITS);
    arb_sqrt(r.s1, r.s1, REFERENCE_BITS);
    arb_sqrt(r.s2, r.s2, REFERENCE_BITS);
    arb_div_ui(length, t, steps, REFERENCE_BITS);
    mag_zero(arb_radref(length));
    for (size_t k = 0; k < r.parameters; k++) arb_set_d(theta + k, problem->theta[k]);
    for (ulong k = 0; k < steps; k++) extrapolated_step(&r, length, theta);
    arb_clear(r.s1), arb_clear(r.s2), arb_clear(length);
}

double reference_distance(arb_srcptr a, arb_srcptr b, size_t count) {
    arb_t sum, one;
    arb_init(sum), arb_init(one);
    for (size_t k = 0; k < count; k++) {
        arb_sub(one, a + k, b + k, REFERENCE_BITS);
        arb_addmul(sum, one, one, REFERENCE_BITS);
    }
    arb_sqrt(sum, sum, REFERENCE_BITS);
    const double out = arf_get_d(arb_midref(sum), ARF_RND_UP);
    arb_clear(sum), arb_clear(one);
    return out;
}
