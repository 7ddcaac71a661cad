/* The residual kernel as chen-2025 has it, with the coefficients B_l from the output backwards; the
 * library runs another recursion, forward. The expectations are those of the network's own
 * pre-activations, g = sqrt(2/m) W h, of covariance 2 S:
 *
 *     S^0 = <x, y> / d,    S^l = S^{l-1} + alpha^2 E[phi(g) phi(g')],
 *     B_L = 1,             B_{l-1} = B_l (1 + 2 alpha^2 E[phi'(g) phi'(g')]),
 *     Theta = S^L + sum_l alpha^2 B_l (E[phi(g) phi(g')] + 2 S^{l-1} E[phi'(g) phi'(g')]) + B_0
 *     S^0. */
#include "ball_kernel.h"

#include <math.h>

typedef struct {
    slong depth;
    arb_ptr covariance;        /* (depth + 1): S^0 .. S^L */
    arb_ptr value, derivative; /* (depth): E[phi(g) phi(g')], E[phi'(g) phi'(g')] */
    arb_t alpha2;
    double amplification; /* sum over blocks */
} sweep;

static void inner_product(arb_t out, const ntk_architecture *architecture, size_t d, const double *x,
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
    if (architecture->input_scale == NTK_INPUT_SCALE_DIMENSION) arb_div_ui(out, out, d, BALL_BITS);
    arb_clear(f);
    arb_clear(g);
}

/* Block l: from S^{l-1} of x with x (a), y with y (c) and x with y. On the diagonal E[phi(g)^2] = 2
 * S / 2 and E[phi'(g)^2] = 1/2. */
static void expectations(sweep *t, slong l, arb_t a, arb_t c, bool diagonal) {
    arb_ptr s = t->covariance + l, value = t->value + l, derivative = t->derivative + l;
    if (diagonal) {
        arb_set(value, s);
        arb_set_d(derivative, 0.5);
    } else {
        arb_t twice[3];
        const arb_srcptr single[] = {a, c, s};
        for (size_t i = 0; i < 3; i++) {
            arb_init(twice[i]);
            arb_mul_2exp_si(twice[i], single[i], 1);
        }
        ball_dual(NTK_RELU, twice[0], twice[1], twice[2], value, derivative);
        for (size_t i = 0; i < 3; i++) arb_clear(twice[i]);
    }
    arb_addmul(a, t->alpha2, a, BALL_BITS);
    arb_addmul(c, t->alpha2, c, BALL_BITS);
    arb_mul(s + 1, t->alpha2, value, BALL_BITS);
    arb_add(s + 1, s + 1, s, BALL_BITS);
}

static void forward(sweep *t, const ntk_architecture *architecture, size_t d, const double *x,
                    const double *y) {
    arb_t a, c;
    arb_init(a);
    arb_init(c);
    inner_product(a, architecture, d, x, x);
    inner_product(c, architecture, d, y, y);
    inner_product(t->covariance, architecture, d, x, y);
    for (slong l = 0; l < t->depth; l++) {
        t->amplification += ball_relu_amplification(a, c, t->covariance + l);
        expectations(t, l, a, c, x == y);
    }
    arb_clear(a);
    arb_clear(c);
}

static void backward(const sweep *t, arb_t theta) {
    arb_t b, term;
    arb_init(b);
    arb_init(term);
    arb_one(b);
    arb_set(theta, t->covariance + t->depth);
    for (slong l = t->depth - 1; l >= 0; l--) {
        arb_mul(term, t->covariance + l, t->derivative + l, BALL_BITS);
        arb_mul_2exp_si(term, term, 1);
        arb_add(term, term, t->value + l, BALL_BITS);
        arb_mul(term, term, b, BALL_BITS);
        arb_addmul(theta, term, t->alpha2, BALL_BITS);
        arb_mul(term, t->alpha2, t->derivative + l, BALL_BITS);
        arb_mul_2exp_si(term, term, 1);
        arb_addmul(b, b, term, BALL_BITS);
    }
    arb_addmul(theta, b, t->covariance, BALL_BITS);
    arb_clear(b);
    arb_clear(term);
}

/* Returns the sum of the blocks' amplifications. */
static double compute_pair(const ntk_architecture *architecture, size_t d, const double *x, const double *y,
                           arb_t nngp, arb_t ntk) {
    const slong depth = (slong)architecture->depth;
    sweep t = {.depth = depth,
               .covariance = _arb_vec_init(depth + 1),
               .value = _arb_vec_init(depth),
               .derivative = _arb_vec_init(depth)};
    arb_init(t.alpha2);
    arb_set_d(t.alpha2, architecture->residual_scale);
    arb_mul(t.alpha2, t.alpha2, t.alpha2, BALL_BITS);
    forward(&t, architecture, d, x, y);
    backward(&t, ntk);
    arb_set(nngp, t.covariance + depth);
    _arb_vec_clear(t.covariance, depth + 1);
    _arb_vec_clear(t.value, depth);
    _arb_vec_clear(t.derivative, depth);
    arb_clear(t.alpha2);
    return t.amplification;
}

static double root_of_product(const arb_t a, const arb_t b) {
    return sqrt(arf_get_d(arb_midref(a), ARF_RND_NEAR)) * sqrt(arf_get_d(arb_midref(b), ARF_RND_NEAR));
}

void ball_residual_compute(const ntk_architecture *architecture, size_t d, const double *x, const double *y,
                           ball_kernel *out) {
    ball_kernel of_x, of_y;
    ball_kernel_init(&of_x);
    ball_kernel_init(&of_y);
    compute_pair(architecture, d, x, x, of_x.nngp, of_x.ntk);
    compute_pair(architecture, d, y, y, of_y.nngp, of_y.ntk);
    const double square = architecture->residual_scale * architecture->residual_scale;
    out->factor = 1 + square / (1 + square) * compute_pair(architecture, d, x, y, out->nngp, out->ntk);
    out->scale = root_of_product(of_x.ntk, of_y.ntk);
    out->nngp_scale = root_of_product(of_x.nngp, of_y.nngp);
    ball_kernel_clear(&of_x);
    ball_kernel_clear(&of_y);
}
