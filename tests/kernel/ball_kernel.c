/* Written from the definitions (include/ntk/kernel.h and the closed forms of Cho & Saul 2009,
 * Williams 1997; GELU in the form that Stein's lemma gives first, term by term), in balls,
 * without a thought for speed. */
#include "ball_kernel.h"

#include <math.h>
#include <stdbool.h>

slong ball_bits = 1200;
double ball_slope = 0.01;

typedef struct {
    arb_t a, c, s;    /* S_xx, S_yy, S_xy */
    arb_t ta, tc, ts; /* Theta likewise */
    arb_t value, derivative;
} state;

static void each(state *t, void (*f)(arb_t)) {
    arb_struct *all[] = {t->a, t->c, t->s, t->ta, t->tc, t->ts, t->value, t->derivative};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) f(all[i]);
}

/* arccos(s / sqrt(a c)); by arctangent, since the arccosine of a ball that crosses 1 is
 * undefined. */
static void angle_of(arb_t out, const arb_t a, const arb_t c, const arb_t s) {
    arb_t sine, minus;
    arb_init(sine);
    arb_init(minus);
    arb_mul(sine, a, c, BALL_BITS);
    arb_submul(sine, s, s, BALL_BITS);
    arb_sqrtpos(sine, sine, BALL_BITS);
    if (arb_is_negative(s)) {
        arb_neg(minus, s);
        arb_atan2(out, sine, minus, BALL_BITS);
        arb_const_pi(minus, BALL_BITS);
        arb_sub(out, minus, out, BALL_BITS);
    } else {
        arb_atan2(out, sine, s, BALL_BITS);
    }
    arb_clear(sine);
    arb_clear(minus);
}

static void dual_relu(const arb_t a, const arb_t c, const arb_t s, arb_t value, arb_t derivative) {
    arb_t two_pi, rest, sine;
    arb_init(two_pi);
    arb_init(rest);
    arb_init(sine);
    arb_const_pi(two_pi, BALL_BITS);
    angle_of(rest, a, c, s);
    arb_sub(rest, two_pi, rest, BALL_BITS); /* pi - theta */
    arb_mul_2exp_si(two_pi, two_pi, 1);
    arb_div(derivative, rest, two_pi, BALL_BITS);
    arb_mul(sine, a, c, BALL_BITS);
    arb_submul(sine, s, s, BALL_BITS);
    arb_sqrtpos(sine, sine, BALL_BITS);
    arb_mul(value, s, rest, BALL_BITS);
    arb_add(value, value, sine, BALL_BITS);
    arb_div(value, value, two_pi, BALL_BITS);
    arb_clear(two_pi);
    arb_clear(rest);
    arb_clear(sine);
}

/* p <- (1 + k a)(1 + k c) */
static void shifted_product(arb_t p, const arb_t a, const arb_t c, ulong k) {
    arb_t f;
    arb_init(f);
    arb_mul_ui(p, a, k, BALL_BITS);
    arb_add_ui(p, p, 1, BALL_BITS);
    arb_mul_ui(f, c, k, BALL_BITS);
    arb_add_ui(f, f, 1, BALL_BITS);
    arb_mul(p, p, f, BALL_BITS);
    arb_clear(f);
}

static void dual_erf(const arb_t a, const arb_t c, const arb_t s, arb_t value, arb_t derivative) {
    arb_t p, u, pi;
    arb_init(p);
    arb_init(u);
    arb_init(pi);
    arb_const_pi(pi, BALL_BITS);
    shifted_product(p, a, c, 2);
    arb_mul(u, s, s, BALL_BITS);
    arb_submul_ui(p, u, 4, BALL_BITS);
    arb_rsqrt(derivative, p, BALL_BITS);
    arb_mul(u, s, derivative, BALL_BITS);
    arb_mul_ui(u, u, 2, BALL_BITS);
    arb_atan(value, u, BALL_BITS);
    arb_mul_ui(value, value, 2, BALL_BITS);
    arb_div(value, value, pi, BALL_BITS);
    arb_mul_ui(derivative, derivative, 4, BALL_BITS);
    arb_div(derivative, derivative, pi, BALL_BITS);
    arb_clear(p);
    arb_clear(u);
    arb_clear(pi);
}

/* value = a D (c - s^2/(1+a)) + s O + s^2 D/(1+c),
 * derivative = O + s D/(1+a) + s D/(1+c) + s D/Delta */
static void dual_gelu(const arb_t a, const arb_t c, const arb_t s, arb_t value, arb_t derivative) {
    arb_t p, delta, density, orthant, pi, t, one_a, one_c;
    arb_struct *all[] = {p, delta, density, orthant, pi, t, one_a, one_c};
    for (size_t i = 0; i < 8; i++) arb_init(all[i]);
    arb_const_pi(pi, BALL_BITS);
    arb_mul_ui(pi, pi, 2, BALL_BITS);
    arb_add_ui(one_a, a, 1, BALL_BITS);
    arb_add_ui(one_c, c, 1, BALL_BITS);
    arb_mul(p, one_a, one_c, BALL_BITS);
    arb_set(delta, p);
    arb_submul(delta, s, s, BALL_BITS);
    arb_rsqrt(density, delta, BALL_BITS);
    arb_div(density, density, pi, BALL_BITS);
    arb_rsqrt(t, delta, BALL_BITS);
    arb_mul(t, t, s, BALL_BITS);
    arb_atan(orthant, t, BALL_BITS);
    arb_div(orthant, orthant, pi, BALL_BITS);
    arb_set_d(t, 0.25);
    arb_add(orthant, orthant, t, BALL_BITS);

    arb_mul(p, s, s, BALL_BITS);
    arb_div(t, p, one_a, BALL_BITS);
    arb_sub(t, c, t, BALL_BITS);
    arb_mul(t, t, a, BALL_BITS);
    arb_mul(value, t, density, BALL_BITS);
    arb_addmul(value, s, orthant, BALL_BITS);
    arb_div(t, p, one_c, BALL_BITS);
    arb_addmul(value, t, density, BALL_BITS);

    arb_set(derivative, orthant);
    arb_mul(p, s, density, BALL_BITS);
    arb_div(t, p, one_a, BALL_BITS);
    arb_add(derivative, derivative, t, BALL_BITS);
    arb_div(t, p, one_c, BALL_BITS);
    arb_add(derivative, derivative, t, BALL_BITS);
    arb_div(t, p, delta, BALL_BITS);
    arb_add(derivative, derivative, t, BALL_BITS);
    for (size_t i = 0; i < 8; i++) arb_clear(all[i]);
}

/* e^(-(a + c)/2) sinh s and the same with cosh. */
static void dual_sin(const arb_t a, const arb_t c, const arb_t s, arb_t value, arb_t derivative) {
    arb_t peak;
    arb_init(peak);
    arb_add(peak, a, c, BALL_BITS);
    arb_mul_2exp_si(peak, peak, -1);
    arb_neg(peak, peak);
    arb_exp(peak, peak, BALL_BITS);
    arb_sinh_cosh(value, derivative, s, BALL_BITS);
    arb_mul(value, value, peak, BALL_BITS);
    arb_mul(derivative, derivative, peak, BALL_BITS);
    arb_clear(peak);
}

/* By quadrants: phi(u) phi(v) is u v, m^2 u v, m u v, m u v on them. With R the dual of ReLU at s
 * and R' that at -s, E is R on the first, R on the third, -R' on the other two; of the derivatives
 * all signs are positive. */
static void dual_leaky(double slope, const arb_t a, const arb_t c, const arb_t s, arb_t value,
                       arb_t derivative) {
    arb_t minus, other, other_derivative, m, sum;
    arb_struct *all[] = {minus, other, other_derivative, m, sum};
    for (size_t i = 0; i < 5; i++) arb_init(all[i]);
    arb_neg(minus, s);
    dual_relu(a, c, s, value, derivative);
    dual_relu(a, c, minus, other, other_derivative);
    arb_set_d(m, slope);
    arb_mul(sum, m, m, BALL_BITS);
    arb_add_ui(sum, sum, 1, BALL_BITS);
    arb_mul_2exp_si(m, m, 1);
    arb_mul(value, value, sum, BALL_BITS);
    arb_submul(value, other, m, BALL_BITS);
    arb_mul(derivative, derivative, sum, BALL_BITS);
    arb_addmul(derivative, other_derivative, m, BALL_BITS);
    for (size_t i = 0; i < 5; i++) arb_clear(all[i]);
}

void ball_dual(ntk_activation activation, const arb_t a, const arb_t c, const arb_t s, arb_t value,
               arb_t derivative) {
    if (activation == NTK_RELU) dual_relu(a, c, s, value, derivative);
    if (activation == NTK_ERF) dual_erf(a, c, s, value, derivative);
    if (activation == NTK_GELU) dual_gelu(a, c, s, value, derivative);
    if (activation == NTK_SIN) dual_sin(a, c, s, value, derivative);
    if (activation == NTK_COS) dual_sin(a, c, s, derivative, value);
    if (activation == NTK_LEAKY_RELU) dual_leaky(ball_slope, a, c, s, value, derivative);
    if (activation == NTK_ABS) dual_leaky(-1, a, c, s, value, derivative);
}

static bool is_homogeneous(ntk_activation activation) {
    return activation == NTK_RELU || activation == NTK_LEAKY_RELU || activation == NTK_ABS;
}

static double slope_of(ntk_activation activation) {
    if (activation == NTK_LEAKY_RELU) return ball_slope;
    return activation == NTK_ABS ? -1 : 0;
}

/* x = x'. For ReLU (1 + m^2)/2 of everything: a c - s^2 = 0 known to 400 bits is its root known to
 * 200, and so on. */
static void dual_diagonal(ntk_activation activation, const arb_t a, arb_t value, arb_t derivative) {
    if (!is_homogeneous(activation)) {
        ball_dual(activation, a, a, a, value, derivative);
        return;
    }
    arb_set_d(derivative, slope_of(activation));
    arb_mul(derivative, derivative, derivative, BALL_BITS);
    arb_add_ui(derivative, derivative, 1, BALL_BITS);
    arb_mul_2exp_si(derivative, derivative, -1);
    arb_mul(value, a, derivative, BALL_BITS);
}

static double midpoint(const arb_t x) { return arf_get_d(arb_midref(x), ARF_RND_NEAR); }

/* w_l^2 and b_l^2, l = 1 .. L + 1. */
static double weight_of(const ntk_architecture *a, size_t l) {
    return a->weight_variances != NULL ? a->weight_variances[l - 1] : a->weight_variance;
}
static double bias_of(const ntk_architecture *a, size_t l) {
    return a->bias_variances != NULL ? a->bias_variances[l - 1] : a->bias_variance;
}

/* w^2 <x, y> / d + b^2 */
static void first_layer(arb_t out, const ntk_architecture *architecture, size_t d, const double *x,
                        const double *y) {
    arb_t f, g;
    arb_init(f);
    arb_init(g);
    arb_zero(out);
    for (size_t k = 0; k < d; k++) {
        arb_set_d(f, x[k]);
        arb_set_d(g, y[k]);
        arb_addmul(out, f, g, BALL_BITS);
    }
    arb_set_d(f, weight_of(architecture, 1));
    arb_mul(out, out, f, BALL_BITS);
    if (architecture->input_scale == NTK_INPUT_SCALE_DIMENSION) arb_div_ui(out, out, d, BALL_BITS);
    arb_set_d(f, bias_of(architecture, 1));
    arb_add(out, out, f, BALL_BITS);
    arb_clear(f);
    arb_clear(g);
}

/* S <- w^2 value + b^2, Theta <- S + w^2 derivative Theta, of layer l. */
static void next_layer(arb_t s, arb_t theta, const ntk_architecture *architecture, size_t l,
                       const arb_t value, const arb_t derivative) {
    arb_t w2, b2;
    arb_init(w2);
    arb_init(b2);
    arb_set_d(w2, weight_of(architecture, l));
    arb_set_d(b2, bias_of(architecture, l));
    arb_mul(theta, theta, w2, BALL_BITS);
    arb_mul(theta, theta, derivative, BALL_BITS);
    arb_mul(s, value, w2, BALL_BITS);
    arb_add(s, s, b2, BALL_BITS);
    arb_add(theta, theta, s, BALL_BITS);
    arb_clear(w2);
    arb_clear(b2);
}

double ball_relu_amplification(const arb_t a, const arb_t c, const arb_t s) {
    arb_t square, product; /* of the sine; of the variances */
    arb_init(square);
    arb_init(product);
    arb_mul(product, a, c, BALL_BITS);
    arb_set(square, product);
    arb_submul(square, s, s, BALL_BITS);
    arb_div(square, square, product, BALL_BITS);
    const double sine = sqrt(fabs(midpoint(square)));
    arb_clear(square);
    arb_clear(product);
    return 1 / M_PI / fmax(sine, 0.03125);
}

/* Of the layer's own function: 1 / (1 - u^2) of the arcsine, the exponent of sin. */
static double smooth_amplification(const state *t, ntk_activation activation) {
    const double a = midpoint(t->a), c = midpoint(t->c), s = midpoint(t->s);
    if (activation == NTK_SIN || activation == NTK_COS)
        return fmin(16, 0.5 * (a + c) * exp(fmin(0, fabs(s) - 0.5 * (a + c))));
    const double k = activation == NTK_ERF ? 2 : 1;
    return fmin(64, 1 / fmax(1e-300, 1 - k * s / (1 + k * a) * (k * s / (1 + k * c))));
}

static void note_factors(const state *t, ntk_activation activation, ball_kernel *out) {
    if (!is_homogeneous(activation)) {
        out->factor += smooth_amplification(t, activation);
        return;
    }
    const double m = slope_of(activation);
    out->factor += (1 - m) * (1 - m) / (1 + m * m) * ball_relu_amplification(t->a, t->c, t->s);
}

void ball_kernel_init(ball_kernel *kernel) {
    arb_init(kernel->nngp);
    arb_init(kernel->ntk);
}

void ball_kernel_clear(ball_kernel *kernel) {
    arb_clear(kernel->nngp);
    arb_clear(kernel->ntk);
}

void ball_kernel_compute(const ntk_architecture *architecture, size_t d, const double *x, const double *y,
                         ball_kernel *out) {
    if (architecture->family == NTK_RESIDUAL) {
        ball_residual_compute(architecture, d, x, y, out);
        return;
    }
    state t;
    ball_slope = architecture->leaky_slope;
    each(&t, arb_init);
    first_layer(t.a, architecture, d, x, x);
    first_layer(t.c, architecture, d, y, y);
    first_layer(t.s, architecture, d, x, y);
    arb_set(t.ta, t.a);
    arb_set(t.tc, t.c);
    arb_set(t.ts, t.s);
    out->factor = 1;
    for (size_t l = 0; l < architecture->depth; l++) {
        note_factors(&t, architecture->activation, out);
        arb_t a, c, s;
        arb_init(a);
        arb_init(c);
        arb_init(s);
        arb_set(a, t.a);
        arb_set(c, t.c);
        arb_set(s, t.s);
        dual_diagonal(architecture->activation, a, t.value, t.derivative);
        next_layer(t.a, t.ta, architecture, l + 2, t.value, t.derivative);
        dual_diagonal(architecture->activation, c, t.value, t.derivative);
        next_layer(t.c, t.tc, architecture, l + 2, t.value, t.derivative);
        if (x == y)
            dual_diagonal(architecture->activation, a, t.value, t.derivative);
        else
            ball_dual(architecture->activation, a, c, s, t.value, t.derivative);
        next_layer(t.s, t.ts, architecture, l + 2, t.value, t.derivative);
        arb_clear(a);
        arb_clear(c);
        arb_clear(s);
    }
    arb_set(out->nngp, t.s);
    arb_set(out->ntk, t.ts);
    out->scale = sqrt(midpoint(t.ta)) * sqrt(midpoint(t.tc));
    out->nngp_scale = sqrt(midpoint(t.a)) * sqrt(midpoint(t.c));
    each(&t, arb_clear);
}

double ball_distance(const arb_t exact, double computed) {
    arb_t difference;
    arb_init(difference);
    arb_set_d(difference, computed);
    arb_sub(difference, difference, exact, BALL_BITS);
    arf_t bound;
    arf_init(bound);
    arb_get_abs_ubound_arf(bound, difference, 64);
    const double distance = arf_get_d(bound, ARF_RND_UP);
    arf_clear(bound);
    arb_clear(difference);
    return distance;
}
