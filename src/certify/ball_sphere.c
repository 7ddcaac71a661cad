/* Eigenvalues on the sphere in ball arithmetic. Notation and closed forms are those of
 * kernel/sphere.c, equations (1) to (6); what is added here is the Laplace kernel and deep
 * networks.
 *
 * Laplace kernel. With r = |x - y| = sqrt(2 - 2u), e^{-g r} = sum_j (-g)^j r^j / j!, and
 * Rodrigues' formula, integrated by parts k times against r^{2s}, gives
 *
 *     mu_0(r^{2s}) = Gamma(p/2) 2^{2s+p-2} Gamma(s + (p-1)/2) / (sqrt(pi) Gamma(s+p-1)),
 *     mu_{k+1}(r^{2s}) / mu_k(r^{2s}) = (k - s) / (k + s + p - 1).
 *
 * As |mu_k(r^j)| <= 2^j, what is cut off after the power J is at most sum_{j > J} (2g)^j / j! <=
 * (2g)^{J+1} / (J+1)! / (1 - 2g / (J+2)). The terms alternate, the sum loses at most the factor
 * e^{2g}, 3g bits; 6g more are carried.
 *
 * Deep networks. In the angle t_l between the pre-activations of layer l, of variance v_l, a
 * dense ReLU network is
 *
 *     v_1 = w^2 c + b^2 (c = 1 or 1/p),   sin(t_1 / 2) = sqrt(w^2 c / v_1) sin(theta / 2),
 *     v_{l+1} = w^2 v_l / 2 + b^2,  sin(t_{l+1} / 2) = sqrt(w^2 v_l / (2 v_{l+1})) sin(A(t_l) / 2),
 *     S_l = v_l cos t_l,            Theta_{l+1} = S_{l+1} + Theta_l (w^2 / 2) (1 - t_l / pi),
 *
 * A the angle of formula.h; for 1 - cos t_{l+1} = (w^2 v_l / 2) (1 - kappa_1(cos t_l)) /
 * v_{l+1}. Without biases the roots are 1, t_1 = theta and t_{l+1} = A(t_l). Everything is
 * analytic on [0, pi], ends included: with a bias the roots are below 1, without one A <= pi /
 * 2.
 *
 * Quadrature. mu_k is the integral over theta of F = g T, g the kernel, T = P_k(cos theta)
 * sin^{p-2} theta, divided by that of sin^{p-2}. On a panel of width h Gauss-Legendre quadrature
 * with n nodes misses
 *
 *     h^{2n+1} (n!)^4 / ((2n+1) (2n)!^2) F_{2n},   F_{2n} = F^(2n)(xi) / (2n)!, xi in the panel.
 *
 * T is a trigonometric polynomial of degree D = k+p-2 and |T| <= 1, so by Bernstein's inequality
 * |T^(i)| <= D^i, and with enclosures g_j of the Taylor coefficients of g over the panel,
 * |F_{2n}| <= sum_j |g_j| D^{2n-j} / (2n-j)!. That bound is evaluated once, with the largest D:
 * it serves all k, and the panels are so narrow that it does not matter. P_k at a node comes
 * from the three-term recurrence in balls, whose radii grow by up to 1 + sqrt 2 a step: two bits
 * a degree are carried for them. */
#include <ntk/ball_sphere.h>

#include <math.h>
#include <stdio.h>

#include <ntk/memory.h>
#include <ntk/parallel.h>

#include "base/guard.h"
#include "certify/ball_sphere.h"
#include "certify/formula.h"
#include "certify/interval.h"

enum {
    BITS = 192,
    DIMENSION_MAX = 10000,
    COUNT_MAX = 1000000,
    NETWORK_MAX = 1024, /* of p and count */
    NODES = 20,
    PANELS_MIN = 32,
    PANEL_FREQUENCY = 3 /* a panel for so many units of D */
};

static ntk_status check(const char *caller, size_t p, size_t count) {
    if (p >= 2 && p <= DIMENSION_MAX && count > 0 && count <= COUNT_MAX) return NTK_OK;
    return ntk_fail(NTK_ERROR_ARGUMENT, "%s: p = %zu, not 2 .. %d, or %zu degrees, not 1 .. %d", caller, p,
                    (int)DIMENSION_MAX, count, (int)COUNT_MAX);
}

/* ---- closed forms ---------------------------------------------------------------------------- */

/* out <- out a / b */
static void scale(arb_t out, size_t a, size_t b) {
    arb_mul_ui(out, out, a, BITS);
    arb_div_ui(out, out, b, BITS);
}

/* Gamma(a) / Gamma(b) of halves. */
static void gamma_ratio(arb_t out, const arb_t a, const arb_t b, slong bits) {
    arb_t other;
    arb_init(other);
    arb_rgamma(other, b, bits);
    arb_gamma(out, a, bits);
    arb_mul(out, out, other, bits);
    arb_clear(other);
}

/* E|t|^alpha = Gamma(p/2) Gamma((alpha+1)/2) / (sqrt(pi) Gamma((alpha+p)/2)) */
static void moment(arb_t out, size_t p, double alpha) {
    arb_t a, b;
    arb_init(a);
    arb_init(b);
    arb_set_d(b, alpha);
    arb_add_ui(b, b, p, BITS);
    arb_mul_2exp_si(b, b, -1);
    arb_set_ui(a, p);
    arb_mul_2exp_si(a, a, -1);
    gamma_ratio(out, a, b, BITS);
    arb_set_d(a, alpha);
    arb_add_ui(a, a, 1, BITS);
    arb_mul_2exp_si(a, a, -1);
    arb_gamma(a, a, BITS);
    arb_mul(out, out, a, BITS);
    arb_const_sqrt_pi(a, BITS);
    arb_div(out, out, a, BITS);
    arb_clear(a);
    arb_clear(b);
}

/* c_1 = 2 a_1^2, a_1 = E|t| / 2 */
static void first_step(arb_t out, size_t p) {
    moment(out, p, 1);
    arb_mul(out, out, out, BITS);
    arb_mul_2exp_si(out, out, -1);
}

/* c_{k+2} from c_k, odd k: (2) */
static void next_step(arb_t c, size_t p, size_t k) {
    scale(c, k, k + p);
    scale(c, k, k + p);
}

static ntk_interval reciprocal(size_t n) {
    arb_t one;
    arb_init(one);
    arb_set_ui(one, 1);
    arb_div_ui(one, one, n, BITS);
    const ntk_interval out = certify_interval_of(one);
    arb_clear(one);
    return out;
}

static void arc_cosine_0(size_t p, size_t count, ntk_interval *mu) {
    arb_t c;
    arb_init(c);
    first_step(c, p);
    for (size_t k = 0; k < count; k++) {
        mu[k] = k == 0 ? (ntk_interval){0.5, 0.5} : (ntk_interval){0, 0};
        if (k % 2 == 0) continue;
        mu[k] = certify_interval_of(c);
        next_step(c, p, k);
    }
    arb_clear(c);
}

/* mu_k = p c_{k-1} / (k+p-1)^2, mu_0 = p c_1 */
static void arc_cosine_1(size_t p, size_t count, ntk_interval *mu) {
    arb_t c, value;
    arb_init(c);
    arb_init(value);
    first_step(c, p);
    for (size_t k = 0; k < count; k++) {
        mu[k] = k == 1 ? reciprocal(2 * p) : (ntk_interval){0, 0};
        if (k % 2) continue;
        arb_mul_ui(value, c, p, BITS);
        if (k > 0) {
            arb_div_ui(value, value, k + p - 1, BITS);
            arb_div_ui(value, value, k + p - 1, BITS);
            next_step(c, p, k - 1);
        }
        mu[k] = certify_interval_of(value);
    }
    arb_clear(c);
    arb_clear(value);
}

ntk_status ntk_ball_sphere_arc_cosine(size_t p, unsigned degree, size_t count, ntk_interval *mu) {
    NTK_BALL_GUARD;
    NTK_TRY(check("ntk_ball_sphere_arc_cosine", p, count));
    if (degree > 1)
        return ntk_fail(NTK_ERROR_ARGUMENT, "ntk_ball_sphere_arc_cosine: degree %u, not 0 or 1", degree);
    (degree == 0 ? arc_cosine_0 : arc_cosine_1)(p, count, mu);
    flint_cleanup();
    return NTK_OK;
}

/* The brace of (4). */
static void shallow_factor(arb_t out, size_t p, size_t k) {
    arb_t term;
    arb_init(term);
    arb_set_ui(out, k + p - 2);
    scale(out, k - 1, k + p - 1);
    scale(out, k - 1, k + p - 1);
    arb_add_ui(out, out, k, BITS);
    arb_div_ui(out, out, 2 * k + p - 2, BITS);
    arb_set_ui(term, p);
    arb_div_ui(term, term, k + p - 1, BITS);
    arb_div_ui(term, term, k + p - 1, BITS);
    arb_add(out, out, term, BITS);
    arb_clear(term);
}

ntk_status ntk_ball_sphere_shallow(size_t p, size_t count, ntk_interval *mu) {
    NTK_BALL_GUARD;
    NTK_TRY(check("ntk_ball_sphere_shallow", p, count));
    arb_t c, value;
    arb_init(c);
    arb_init(value);
    first_step(c, p);
    for (size_t k = 0; k < count; k++) {
        mu[k] = k == 1 ? reciprocal(p) : (ntk_interval){0, 0};
        if (k % 2) continue;
        if (k == 0) {
            arb_mul_ui(value, c, 1 + p, BITS);
        } else {
            shallow_factor(value, p, k);
            arb_mul(value, value, c, BITS);
            next_step(c, p, k - 1);
        }
        mu[k] = certify_interval_of(value);
    }
    arb_clear(c);
    arb_clear(value);
    flint_cleanup();
    return NTK_OK;
}

ntk_status ntk_ball_sphere_power(size_t p, double alpha, size_t count, ntk_interval *mu) {
    NTK_BALL_GUARD;
    NTK_TRY(check("ntk_ball_sphere_power", p, count));
    if (!(alpha > -1 && alpha < HUGE_VAL))
        return ntk_fail(NTK_ERROR_ARGUMENT, "ntk_ball_sphere_power: exponent %g, not above -1", alpha);
    arb_t value, exponent, factor;
    arb_init(value);
    arb_init(exponent);
    arb_init(factor);
    moment(value, p, alpha);
    arb_set_d(exponent, alpha);
    for (size_t k = 0; k < count; k++) {
        mu[k] = (ntk_interval){0, 0};
        if (k % 2) continue;
        mu[k] = certify_interval_of(value);
        arb_sub_ui(factor, exponent, k, BITS);
        arb_mul(value, value, factor, BITS);
        arb_add_ui(factor, exponent, k + p, BITS);
        arb_div(value, value, factor, BITS);
    }
    arb_clear(value);
    arb_clear(exponent);
    arb_clear(factor);
    flint_cleanup();
    return NTK_OK;
}

/* ---- the Laplace kernel ---------------------------------------------------------------------- */

/* mu_0(r^j) */
static void chord_moment(arb_t out, size_t p, size_t j, slong bits) {
    arb_t a, b;
    arb_init(a);
    arb_init(b);
    arb_set_ui(a, j + p - 1); /* s + (p-1)/2 */
    arb_mul_2exp_si(a, a, -1);
    arb_set_ui(b, j + 2 * p - 2); /* s + p - 1 */
    arb_mul_2exp_si(b, b, -1);
    gamma_ratio(out, a, b, bits);
    arb_set_ui(a, p);
    arb_mul_2exp_si(a, a, -1);
    arb_gamma(a, a, bits);
    arb_mul(out, out, a, bits);
    arb_const_sqrt_pi(a, bits);
    arb_div(out, out, a, bits);
    arb_mul_2exp_si(out, out, (slong)(j + p - 2));
    arb_clear(a);
    arb_clear(b);
}

/* Adds coefficient r^j to the sums of all degrees. */
static void add_chord_power(arb_ptr sum, size_t p, size_t count, size_t j, const arb_t coefficient,
                            slong bits) {
    arb_t term;
    arb_init(term);
    chord_moment(term, p, j, bits);
    arb_mul(term, term, coefficient, bits);
    for (size_t k = 0; k < count; k++) {
        arb_add(sum + k, sum + k, term, bits);
        arb_mul_si(term, term, 2 * (slong)k - (slong)j, bits);
        arb_div_ui(term, term, 2 * k + j + 2 * p - 2, bits);
    }
    arb_clear(term);
}

/* (2g)^(J+1) / (J+1)! / (1 - 2g / (J+2)), g <= scale an integer, J + 2 >= 4g: at most twice the
 * quotient. */
static void add_rest(arb_ptr sum, size_t count, size_t powers, unsigned long scale, slong bits) {
    arb_t rest, factorial;
    arb_init(rest);
    arb_init(factorial);
    arb_set_ui(rest, 2 * scale);
    arb_pow_ui(rest, rest, powers, bits);
    arb_fac_ui(factorial, powers, bits);
    arb_div(rest, rest, factorial, bits);
    arb_mul_2exp_si(rest, rest, 1);
    for (size_t k = 0; k < count; k++) arb_add_error(sum + k, rest);
    arb_clear(rest);
    arb_clear(factorial);
}

ntk_status ntk_ball_sphere_laplace(size_t p, double scale, size_t count, ntk_interval *mu) {
    NTK_BALL_GUARD;
    NTK_TRY(check("ntk_ball_sphere_laplace", p, count));
    if (!(scale > 0 && scale <= 100))
        return ntk_fail(NTK_ERROR_ARGUMENT, "ntk_ball_sphere_laplace: scale %g, not in (0, 100]", scale);
    const unsigned long whole = (unsigned long)ceil(scale);
    const size_t powers = 100 + 12 * whole; /* the rest is below 2^-400 */
    const slong bits = 2 * BITS + 9 * (slong)whole;
    arb_ptr sum = _arb_vec_init((slong)count);
    arb_t coefficient, base;
    arb_init(coefficient);
    arb_init(base);
    arb_set_d(base, -scale);
    arb_one(coefficient);
    for (size_t j = 0; j < powers; j++) {
        add_chord_power(sum, p, count, j, coefficient, bits);
        arb_mul(coefficient, coefficient, base, bits);
        arb_div_ui(coefficient, coefficient, j + 1, bits);
    }
    add_rest(sum, count, powers, whole, bits);
    for (size_t k = 0; k < count; k++) mu[k] = certify_interval_of(sum + k);
    arb_clear(coefficient);
    arb_clear(base);
    _arb_vec_clear(sum, (slong)count);
    flint_cleanup();
    return NTK_OK;
}

/* ---- networks -------------------------------------------------------------------------------- */

static ntk_status check_network(const ntk_architecture *architecture, size_t p) {
    NTK_TRY(ntk_architecture_check(architecture));
    if (architecture->family != NTK_DENSE || architecture->activation != NTK_RELU ||
        architecture->parametrisation != NTK_PARAMETRISATION_NTK)
        return ntk_fail(NTK_ERROR_UNSUPPORTED, "ball_sphere: dense ReLU networks in the NTK parametrisation");
    if (architecture->weight_variances != NULL || architecture->bias_variances != NULL)
        return ntk_fail(NTK_ERROR_UNSUPPORTED, "ball_sphere: layers that share their variances");
    if (p >= 2 && p <= NETWORK_MAX) return NTK_OK;
    return ntk_fail(NTK_ERROR_ARGUMENT, "ball_sphere: p = %zu, not 2 .. %d", p, (int)NETWORK_MAX);
}

/* Names of a layer's quantities, "v3" say, made unique by the name of the kernel. */
typedef struct layer_names {
    char variance[FORMULA_NAME_SIZE], angle[FORMULA_NAME_SIZE], covariance[FORMULA_NAME_SIZE],
        theta[FORMULA_NAME_SIZE];
} layer_names;

static ntk_status name_layer(const char *name, size_t l, layer_names *out) {
    const int length = snprintf(out->variance, sizeof out->variance, "%sv%zu", name, l);
    if (length < 0 || length >= FORMULA_NAME_SIZE)
        return ntk_fail(NTK_ERROR_ARGUMENT, "ball_sphere: the name '%s' is too long", name);
    snprintf(out->angle, sizeof out->angle, "%st%zu", name, l);
    snprintf(out->covariance, sizeof out->covariance, "%ss%zu", name, l);
    snprintf(out->theta, sizeof out->theta, "%sk%zu", name, l);
    return NTK_OK;
}

/* The first layer: v_1, t_1, S_1 = Theta_1. */
static ntk_status define_first(ntk_formula *f, const ntk_architecture *a, size_t p, const char *name,
                               const layer_names *to) {
    char weight[FORMULA_NAME_SIZE + 8], bias[FORMULA_NAME_SIZE + 8];
    snprintf(weight, sizeof weight, "%sw", name);
    snprintf(bias, sizeof bias, "%sb", name);
    NTK_TRY(ntk_formula_number(f, weight, a->weight_variance));
    NTK_TRY(ntk_formula_number(f, bias, a->bias_variance));
    const size_t divisor = a->input_scale == NTK_INPUT_SCALE_DIMENSION ? p : 1;
    NTK_TRY(ntk_formula_define_as(f, to->variance, "%s/%zu + %s", weight, divisor, bias));
    if (a->bias_variance > 0)
        NTK_TRY(ntk_formula_define_as(f, to->angle, "2*asin(sqrt(%s/(%zu*%s))*sin(x/2))", weight, divisor,
                                      to->variance));
    else
        NTK_TRY(ntk_formula_define(f, to->angle, "x"));
    NTK_TRY(ntk_formula_define_as(f, to->covariance, "%s*cos(%s)", to->variance, to->angle));
    return ntk_formula_define(f, to->theta, to->covariance);
}

static ntk_status define_next(ntk_formula *f, const ntk_architecture *a, const char *name,
                              const layer_names *from, const layer_names *to) {
    NTK_TRY(ntk_formula_define_as(f, to->variance, "%sw*%s/2 + %sb", name, from->variance, name));
    if (a->bias_variance > 0)
        NTK_TRY(ntk_formula_define_as(f, to->angle, "2*asin(sqrt(%sw*%s/(2*%s))*sin(angle(%s)/2))", name,
                                      from->variance, to->variance, from->angle));
    else
        NTK_TRY(ntk_formula_define_as(f, to->angle, "angle(%s)", from->angle));
    NTK_TRY(ntk_formula_define_as(f, to->covariance, "%s*cos(%s)", to->variance, to->angle));
    return ntk_formula_define_as(f, to->theta, "%s + %s*(%sw/2)*(1 - %s/pi)", to->covariance, from->theta,
                                 name, from->angle);
}

ntk_status ntk_ball_sphere_formula(const ntk_architecture *architecture, ntk_kernel_type type, size_t p,
                                   ntk_formula *formula, const char *name) {
    NTK_BALL_GUARD;
    layer_names layers[2];
    NTK_TRY(check_network(architecture, p));
    NTK_TRY(name_layer(name, 1, &layers[1]));
    NTK_TRY(define_first(formula, architecture, p, name, &layers[1]));
    for (size_t l = 1; l <= architecture->depth; l++) {
        NTK_TRY(name_layer(name, l + 1, &layers[(l + 1) % 2]));
        NTK_TRY(define_next(formula, architecture, name, &layers[l % 2], &layers[(l + 1) % 2]));
    }
    const layer_names *last = &layers[(architecture->depth + 1) % 2];
    return ntk_formula_define(formula, name, type == NTK_KERNEL_NTK ? last->theta : last->covariance);
}

/* ---- quadrature ------------------------------------------------------------------------------ */

/* Panels in parallel, each with its sums; added up in their order. */
typedef struct rule {
    const ntk_formula *formula;
    size_t step, p, count, panels;
    slong bits;          /* of nodes and Legendre polynomials */
    arb_ptr node;        /* (NODES), on [-1, 1] */
    arb_ptr weight;      /* (NODES) */
    arb_ptr sums, error; /* (panels, count), (panels) */
} rule;

/* The bound of what the rule misses on a panel of half-width h, from enclosures of g's
 * coefficients. */
static void miss(arb_t out, const rule *r, const arb_t width, arb_srcptr g) {
    arb_t term, frequency, factorial;
    arb_init(term);
    arb_init(frequency);
    arb_init(factorial);
    arb_set_ui(frequency, r->count + r->p - 3 + (r->count + r->p < 4));
    arb_zero(out);
    for (ulong j = 0; j <= 2 * NODES; j++) {
        arb_pow_ui(term, frequency, 2 * NODES - j, BITS);
        arb_fac_ui(factorial, 2 * NODES - j, BITS);
        arb_div(term, term, factorial, BITS);
        arb_abs(factorial, g + j);
        arb_addmul(out, term, factorial, BITS);
    }
    arb_pow_ui(term, width, 2 * NODES + 1, BITS);
    arb_mul(out, out, term, BITS);
    arb_fac_ui(factorial, NODES, BITS);
    arb_pow_ui(factorial, factorial, 4, BITS);
    arb_mul(out, out, factorial, BITS);
    arb_fac_ui(factorial, 2 * NODES, BITS);
    arb_mul(factorial, factorial, factorial, BITS);
    arb_mul_ui(factorial, factorial, 2 * NODES + 1, BITS);
    arb_div(out, out, factorial, BITS);
    arb_clear(term);
    arb_clear(frequency);
    arb_clear(factorial);
}

/* Adds value P_k(cos theta) to the sums of all k. */
static void add_node(const rule *r, arb_ptr sums, const arb_t theta, const arb_t value) {
    arb_t cosine, previous, current, next;
    arb_init(cosine);
    arb_init(previous);
    arb_init(current);
    arb_init(next);
    arb_cos(cosine, theta, r->bits);
    arb_one(current);
    for (size_t k = 0; k < r->count; k++) {
        arb_addmul(sums + k, value, current, r->bits);
        /* P_{k+1} = [(2k+p-2) u P_k - k P_{k-1}] / (k+p-2), and u for k = 0 */
        arb_mul(next, cosine, current, r->bits);
        if (k > 0) {
            arb_mul_ui(next, next, 2 * k + r->p - 2, r->bits);
            arb_submul_ui(next, previous, k, r->bits);
            arb_div_ui(next, next, k + r->p - 2, r->bits);
        }
        arb_swap(previous, current);
        arb_swap(current, next);
    }
    arb_clear(cosine);
    arb_clear(previous);
    arb_clear(current);
    arb_clear(next);
}

/* The nodes of a panel [centre - half, centre + half]. */
static void sum_panel(const rule *r, const formula_workspace *w, const arb_t centre, const arb_t half,
                      arb_ptr sums) {
    arb_t theta, value, sine;
    arb_init(theta);
    arb_init(value);
    arb_init(sine);
    for (size_t i = 0; i < NODES; i++) {
        arb_set(theta, centre);
        arb_addmul(theta, half, r->node + i, r->bits);
        formula_expand(w, theta, 1, value);
        arb_sin(sine, theta, r->bits);
        arb_pow_ui(sine, sine, r->p - 2, r->bits);
        arb_mul(value, value, sine, r->bits);
        arb_mul(value, value, r->weight + i, r->bits);
        arb_mul(value, value, half, r->bits);
        add_node(r, sums, theta, value);
    }
    arb_clear(theta);
    arb_clear(value);
    arb_clear(sine);
}

static ntk_status run_panel(size_t panel, void *argument) {
    NTK_BALL_GUARD;
    const rule *r = argument;
    formula_workspace w;
    NTK_TRY(formula_workspace_create(r->formula, r->step, &w));
    arb_t half, centre, whole;
    arb_init(half);
    arb_init(centre);
    arb_init(whole);
    arb_ptr g = _arb_vec_init(2 * NODES + 1);
    arb_const_pi(half, r->bits);
    arb_div_ui(half, half, 2 * r->panels, r->bits);
    arb_mul_ui(centre, half, 2 * panel + 1, r->bits);
    sum_panel(r, &w, centre, half, r->sums + panel * r->count);

    arb_set(whole, centre);
    arb_add_error(whole, half);
    formula_expand(&w, whole, 2 * NODES + 1, g);
    arb_mul_2exp_si(half, half, 1);
    miss(r->error + panel, r, half, g);
    _arb_vec_clear(g, 2 * NODES + 1);
    arb_clear(half);
    arb_clear(centre);
    arb_clear(whole);
    formula_workspace_release(&w);
    flint_cleanup();
    return NTK_OK;
}

/* mu_k: sums and errors of all panels, divided by int sin^{p-2} = sqrt(pi) Gamma((p-1)/2) /
 * Gamma(p/2). */
static void finish(const rule *r, ntk_interval *mu) {
    arb_t mass, value, error;
    arb_init(mass);
    arb_init(value);
    arb_init(error);
    arb_set_ui(value, r->p - 1);
    arb_mul_2exp_si(value, value, -1);
    arb_set_ui(error, r->p);
    arb_mul_2exp_si(error, error, -1);
    gamma_ratio(mass, value, error, r->bits);
    arb_const_sqrt_pi(value, r->bits);
    arb_mul(mass, mass, value, r->bits);
    arb_zero(error);
    for (size_t i = 0; i < r->panels; i++) arb_add(error, error, r->error + i, r->bits);
    for (size_t k = 0; k < r->count; k++) {
        arb_zero(value);
        for (size_t i = 0; i < r->panels; i++) arb_add(value, value, r->sums + i * r->count + k, r->bits);
        arb_add_error(value, error);
        arb_div(value, value, mass, r->bits);
        mu[k] = certify_interval_of(value);
    }
    arb_clear(mass);
    arb_clear(value);
    arb_clear(error);
}

ntk_status ball_sphere_integrate(const ntk_formula *formula, const char *name, size_t p, size_t count,
                                 size_t panels, ntk_interval *mu) {
    rule r = {.formula = formula, .p = p, .count = count, .panels = panels, .bits = BITS + 2 * (slong)count};
    NTK_TRY(formula_find(formula, name, &r.step));
    r.node = _arb_vec_init(NODES);
    r.weight = _arb_vec_init(NODES);
    r.error = _arb_vec_init((slong)r.panels);
    r.sums = _arb_vec_init((slong)(r.panels * count));
    for (ulong i = 0; i < NODES; i++)
        arb_hypgeom_legendre_p_ui_root(r.node + i, r.weight + i, NODES, i, r.bits);
    const ntk_status status = ntk_map(r.panels, run_panel, &r);
    if (status == NTK_OK) finish(&r, mu);
    _arb_vec_clear(r.node, NODES);
    _arb_vec_clear(r.weight, NODES);
    _arb_vec_clear(r.error, (slong)r.panels);
    _arb_vec_clear(r.sums, (slong)(r.panels * count));
    return status;
}

ntk_status ntk_ball_sphere_network(const ntk_architecture *architecture, ntk_kernel_type type, size_t p,
                                   size_t count, ntk_interval *mu) {
    NTK_BALL_GUARD;
    NTK_TRY(check_network(architecture, p));
    if (count == 0 || count > NETWORK_MAX)
        return ntk_fail(NTK_ERROR_ARGUMENT, "ntk_ball_sphere_network: %zu degrees, not 1 .. %d", count,
                        (int)NETWORK_MAX);
    ntk_formula *formula;
    NTK_TRY(ntk_formula_create(&formula));
    ntk_status status = ntk_ball_sphere_formula(architecture, type, p, formula, "kernel");
    const size_t panels = PANELS_MIN + (count + p) / PANEL_FREQUENCY;
    if (status == NTK_OK) status = ball_sphere_integrate(formula, "kernel", p, count, panels, mu);
    ntk_formula_destroy(formula);
    return status;
}
