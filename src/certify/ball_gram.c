/* Entries of kernels in ball arithmetic. Symbols as in kernel.h; dual activations in ball_dual.c,
 * convolutional kernels in ball_convolution.c.
 *
 * A residual network (ReLU) goes from block to block by (derived in kernel/residual.c; written here
 * with E of the covariance S^{l-1}, of which the block's own pre-activations have twice as much)
 *
 *     S^l     = S^{l-1} + 2 alpha^2 E[phi phi],
 *     Theta^l = Theta^{l-1} + 2 alpha^2 (E[phi' phi'] Theta^{l-1} + 2 E[phi phi]), Theta^0 = 2 S^0.
 *
 * Any activation, w^2 and biases (same place): with U = Theta - S, E and D of the pre-activations,
 * whose covariance is w^2 (S^{l-1} + z b^2),
 *
 *     U^l = U^{l-1} + alpha^2 [w^2 D (U^{l-1} + S^{l-1} + b^2) + E + b^2], U^0 = S^0,
 *     S^l = S^{l-1} + alpha^2 (E + z b^2).
 *
 * Every operation encloses the exact result, the inputs are the stored doubles, so the recursion
 * encloses S_ij and Theta_ij. */
#include "certify/ball_gram.h"

#include <stdbool.h>

#include <ntk/memory.h>

#include "base/guard.h"
#include "certify/ball_convolution.h"
#include "certify/ball_dual.h"

struct ball_gram {
    const ntk_architecture *architecture;
    size_t n, d, ldx;
    const double *x;
    slong precision;
    arb_ptr variance;              /* (n), first layer; not of a convolutional architecture */
    ball_convolution *convolution; /* of a convolutional architecture, else NULL */
};

/* ---- the recursion for one pair -------------------------------------------------------------- */

static void load_point(arb_ptr out, const ball_gram *self, size_t i) {
    for (size_t k = 0; k < self->d; k++) arb_set_d(out + k, self->x[i * self->ldx + k]);
}

/* S^1, or S^0 of a residual network. */
static void input_covariance(arb_t out, const ball_gram *self, arb_srcptr x, arb_srcptr y) {
    const ntk_architecture *arch = self->architecture;
    arb_dot(out, NULL, 0, x, 1, y, 1, (slong)self->d, self->precision);
    if (arch->input_scale == NTK_INPUT_SCALE_DIMENSION) arb_div_ui(out, out, self->d, self->precision);
    arb_t number;
    arb_init(number);
    arb_set_d(number, arch->family == NTK_RESIDUAL ? 1 : ntk_architecture_weight_variance(arch, 1));
    arb_mul(out, out, number, self->precision);
    arb_set_d(number, ntk_architecture_bias_variance(arch, 1));
    arb_add(out, out, number, self->precision);
    arb_clear(number);
}

typedef struct pair {
    arb_t sii, sjj, sij, theta;
    arb_t weight; /* w^2 of the layer that comes next; residual: 2 alpha^2 */
    arb_t bias;   /* b^2 likewise */
    ball_dual dual;
    bool diagonal; /* i = j */
    slong precision;
} pair;

/* x, y: (d), the points i and j. */
static void pair_init(pair *self, const ball_gram *gram, size_t i, size_t j, arb_srcptr x, arb_srcptr y) {
    const ntk_architecture *arch = gram->architecture;
    arb_init(self->sii);
    arb_init(self->sjj);
    arb_init(self->sij);
    arb_init(self->theta);
    arb_init(self->weight);
    arb_init(self->bias);
    arb_init(self->dual.value);
    arb_init(self->dual.derivative);
    arb_set(self->sii, gram->variance + i);
    arb_set(self->sjj, gram->variance + j);
    input_covariance(self->sij, gram, x, y);
    self->diagonal = i == j;
    self->precision = gram->precision;
    arb_set(self->theta, self->sij);
    if (arch->family == NTK_DENSE) return;
    arb_mul_2exp_si(self->theta, self->theta, 1);
    arb_set_d(self->weight, arch->residual_scale);
    arb_mul(self->weight, self->weight, self->weight, self->precision);
    arb_mul_2exp_si(self->weight, self->weight, 1);
}

static void pair_clear(pair *self) {
    arb_clear(self->sii);
    arb_clear(self->sjj);
    arb_clear(self->sij);
    arb_clear(self->theta);
    arb_clear(self->weight);
    arb_clear(self->bias);
    arb_clear(self->dual.value);
    arb_clear(self->dual.derivative);
}

/* S <- w^2 E[phi phi] + b^2 */
static void next_covariance(arb_t s, pair *self, const ntk_architecture *architecture, const arb_t p,
                            const arb_t q, const arb_t c) {
    ball_dual_compute(architecture, &self->dual, p, q, c, self->precision);
    arb_mul(s, self->dual.value, self->weight, self->precision);
    arb_add(s, s, self->bias, self->precision);
}

/* From layer l to l + 1. */
static void next_layer(pair *self, const ntk_architecture *architecture, size_t l) {
    arb_t sij;
    arb_init(sij);
    arb_set_d(self->weight, ntk_architecture_weight_variance(architecture, l + 1));
    arb_set_d(self->bias, ntk_architecture_bias_variance(architecture, l + 1));
    if (self->diagonal)
        next_covariance(sij, self, architecture, self->sij, self->sij, self->sij);
    else
        next_covariance(sij, self, architecture, self->sii, self->sjj, self->sij);
    arb_mul(self->dual.derivative, self->dual.derivative, self->weight, self->precision);
    arb_mul(self->theta, self->theta, self->dual.derivative, self->precision);
    arb_add(self->theta, self->theta, sij, self->precision);
    arb_swap(self->sij, sij);
    next_covariance(sij, self, architecture, self->sii, self->sii, self->sii);
    arb_swap(self->sii, sij);
    next_covariance(sij, self, architecture, self->sjj, self->sjj, self->sjj);
    arb_swap(self->sjj, sij);
    arb_clear(sij);
}

/* S <- S + 2 alpha^2 S / 2, which is what a point with itself comes to. */
static void next_variance(arb_t s, const pair *self) {
    arb_t half;
    arb_init(half);
    arb_mul_2exp_si(half, s, -1);
    arb_addmul(s, self->weight, half, self->precision);
    arb_clear(half);
}

static void next_block(pair *self) {
    arb_t gain;
    arb_init(gain);
    if (self->diagonal)
        ball_dual_relu(&self->dual, self->sij, self->sij, self->sij, self->precision);
    else
        ball_dual_relu(&self->dual, self->sii, self->sjj, self->sij, self->precision);
    arb_mul(gain, self->dual.derivative, self->theta, self->precision);
    arb_addmul_ui(gain, self->dual.value, 2, self->precision);
    arb_addmul(self->theta, self->weight, gain, self->precision);
    arb_addmul(self->sij, self->weight, self->dual.value, self->precision);
    next_variance(self->sii, self);
    next_variance(self->sjj, self);
    arb_clear(gain);
}

static bool is_plain(const ntk_architecture *architecture) {
    return architecture->activation == NTK_RELU && architecture->weight_variance == 2 &&
           architecture->bias_variance == 0;
}

/* Numbers that a block of a residual network needs: w^2, b^2, z b^2, alpha^2. */
typedef struct block {
    arb_t weight, bias, started, gain, p, q, c;
} block;

static void block_init(block *self, const ntk_architecture *architecture, slong precision) {
    arb_init(self->weight);
    arb_init(self->bias);
    arb_init(self->started);
    arb_init(self->gain);
    arb_init(self->p);
    arb_init(self->q);
    arb_init(self->c);
    arb_set_d(self->weight, architecture->weight_variance);
    arb_set_d(self->bias, architecture->bias_variance);
    if (architecture->bias_start == NTK_BIAS_START_RANDOM) arb_set(self->started, self->bias);
    arb_set_d(self->gain, architecture->residual_scale);
    arb_mul(self->gain, self->gain, self->gain, precision);
}

static void block_clear(block *self) {
    arb_clear(self->weight);
    arb_clear(self->bias);
    arb_clear(self->started);
    arb_clear(self->gain);
    arb_clear(self->p);
    arb_clear(self->q);
    arb_clear(self->c);
}

/* out <- w^2 (s + z b^2) */
static void covariance_of(arb_t out, const block *self, const arb_t s, slong precision) {
    arb_add(out, s, self->started, precision);
    arb_mul(out, out, self->weight, precision);
}

/* s <- s + alpha^2 (E + z b^2) */
static void add_block(arb_t s, const block *self, const arb_t value, slong precision) {
    arb_t sum;
    arb_init(sum);
    arb_add(sum, value, self->started, precision);
    arb_addmul(s, self->gain, sum, precision);
    arb_clear(sum);
}

static void next_variance_of(arb_t s, const ntk_architecture *architecture, block *self, ball_dual *dual,
                             slong precision) {
    covariance_of(self->p, self, s, precision);
    ball_dual_compute(architecture, dual, self->p, self->p, self->p, precision);
    add_block(s, self, dual->value, precision);
}

/* theta holds U. */
static void next_skip(pair *self, const ntk_architecture *architecture, block *b) {
    const slong precision = self->precision;
    arb_t sum;
    arb_init(sum);
    covariance_of(b->c, b, self->sij, precision);
    covariance_of(b->p, b, self->sii, precision);
    covariance_of(b->q, b, self->sjj, precision);
    if (self->diagonal)
        ball_dual_compute(architecture, &self->dual, b->c, b->c, b->c, precision);
    else
        ball_dual_compute(architecture, &self->dual, b->p, b->q, b->c, precision);
    arb_add(sum, self->theta, self->sij, precision);
    arb_add(sum, sum, b->bias, precision);
    arb_mul(sum, sum, self->dual.derivative, precision);
    arb_mul(sum, sum, b->weight, precision);
    arb_add(sum, sum, self->dual.value, precision);
    arb_add(sum, sum, b->bias, precision);
    arb_addmul(self->theta, b->gain, sum, precision);
    add_block(self->sij, b, self->dual.value, precision);
    next_variance_of(self->sii, architecture, b, &self->dual, precision);
    next_variance_of(self->sjj, architecture, b, &self->dual, precision);
    arb_clear(sum);
}

static void run_skips(pair *self, const ntk_architecture *architecture) {
    block b;
    block_init(&b, architecture, self->precision);
    arb_set(self->theta, self->sij);
    for (size_t l = 0; l < architecture->depth; l++) next_skip(self, architecture, &b);
    arb_add(self->theta, self->theta, self->sij, self->precision);
    block_clear(&b);
}

static void run_layers(const ball_gram *self, size_t i, size_t j, arb_srcptr x, arb_srcptr y, arb_t nngp,
                       arb_t theta) {
    const ntk_architecture *arch = self->architecture;
    pair p;
    pair_init(&p, self, i, j, x, y);
    const bool skips = arch->family == NTK_RESIDUAL && !is_plain(arch);
    if (skips) run_skips(&p, arch);
    for (size_t l = 0; l < arch->depth && !skips; l++) {
        if (arch->family == NTK_RESIDUAL)
            next_block(&p);
        else
            next_layer(&p, arch, l + 1);
    }
    arb_swap(nngp, p.sij);
    arb_swap(theta, p.theta);
    pair_clear(&p);
}

void ball_gram_entry(const ball_gram *self, size_t i, size_t j, arb_t nngp, arb_t theta) {
    if (self->convolution != NULL) {
        ball_convolution_entry(self->convolution, i, j, nngp, theta);
        return;
    }
    const slong d = (slong)self->d;
    arb_ptr x = _arb_vec_init(d), y = i == j ? x : _arb_vec_init(d);
    load_point(x, self, i);
    if (i != j) load_point(y, self, j);
    run_layers(self, i, j, x, y, nngp, theta);
    if (i != j) _arb_vec_clear(y, d);
    _arb_vec_clear(x, d);
}

/* ---- creation -------------------------------------------------------------------------------- */

static ntk_status check(const ntk_architecture *architecture, size_t n, size_t d, size_t ldx) {
    NTK_TRY(ntk_architecture_check(architecture));
    if (architecture->parametrisation != NTK_PARAMETRISATION_NTK)
        return ntk_fail(NTK_ERROR_UNSUPPORTED, "certify: the mean-field parametrisation has no kernel");
    if (n == 0 || d == 0 || ldx < d)
        return ntk_fail(NTK_ERROR_SHAPE, "certify: n = %zu, d = %zu, ldx = %zu", n, d, ldx);
    const ntk_convolution *c = &architecture->convolution;
    if (architecture->family != NTK_CONVOLUTIONAL || d == c->height * c->width * c->channels) return NTK_OK;
    return ntk_fail(NTK_ERROR_SHAPE, "certify: d = %zu, but images of %zu x %zu x %zu", d, c->height,
                    c->width, c->channels);
}

static void compute_variances(ball_gram *self) {
    arb_ptr x = _arb_vec_init((slong)self->d);
    self->variance = _arb_vec_init((slong)self->n);
    for (size_t i = 0; i < self->n; i++) {
        load_point(x, self, i);
        input_covariance(self->variance + i, self, x, x);
    }
    _arb_vec_clear(x, (slong)self->d);
}

ntk_status ball_gram_create(const ntk_architecture *architecture, size_t n, size_t d, const double *x,
                            size_t ldx, slong precision, ball_gram **out) {
    NTK_BALL_GUARD;
    void *memory = NULL;
    *out = NULL;
    NTK_TRY(check(architecture, n, d, ldx));
    NTK_TRY(ntk_allocate(1, sizeof **out, &memory));
    ball_gram *self = memory;
    *self = (ball_gram){architecture, n, d, ldx, x, precision, NULL, NULL};
    ntk_status status = NTK_OK;
    if (architecture->family == NTK_CONVOLUTIONAL)
        status = ball_convolution_create(architecture, n, x, ldx, precision, &self->convolution);
    else
        compute_variances(self);
    if (status == NTK_OK)
        *out = self;
    else
        ball_gram_destroy(self);
    return status;
}

void ball_gram_destroy(ball_gram *self) {
    if (self == NULL) return;
    if (self->variance != NULL) _arb_vec_clear(self->variance, (slong)self->n);
    ball_convolution_destroy(self->convolution);
    ntk_release(self);
}
