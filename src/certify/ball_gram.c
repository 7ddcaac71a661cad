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
#include <ntk/parallel.h>

#include "base/guard.h"
#include "certify/ball_convolution.h"
#include "certify/ball_dual.h"

struct ball_gram {
    const ntk_architecture *architecture;
    size_t n, d, ldx;
    const double *x;
    slong precision;
    /* Not of a convolutional architecture: */
    arb_ptr variance;              /* (n, L + 1): S_ii of all layers, first to last, which every
                                    * pair needs */
    arb_ptr points;                /* (n, d), where that is not too much memory, else NULL */
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
    arb_srcptr sii, sjj; /* (L + 1) each, of all layers */
    arb_t sij, theta;
    arb_t weight; /* w^2 of the layer that comes next; residual: 2 alpha^2 */
    arb_t bias;   /* b^2 likewise */
    ball_dual dual;
    bool diagonal; /* i = j */
    slong precision;
} pair;

/* x, y: (d), the points i and j. */
static void pair_init(pair *self, const ball_gram *gram, size_t i, size_t j, arb_srcptr x, arb_srcptr y) {
    const ntk_architecture *arch = gram->architecture;
    arb_init(self->sij);
    arb_init(self->theta);
    arb_init(self->weight);
    arb_init(self->bias);
    arb_init(self->dual.value);
    arb_init(self->dual.derivative);
    self->sii = gram->variance + i * (arch->depth + 1);
    self->sjj = gram->variance + j * (arch->depth + 1);
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
    arb_clear(self->sij);
    arb_clear(self->theta);
    arb_clear(self->weight);
    arb_clear(self->bias);
    arb_clear(self->dual.value);
    arb_clear(self->dual.derivative);
}

/* From layer l to l + 1, l = 1 .. L. */
static void next_layer(pair *self, const ntk_architecture *architecture, size_t l) {
    arb_set_d(self->weight, ntk_architecture_weight_variance(architecture, l + 1));
    arb_set_d(self->bias, ntk_architecture_bias_variance(architecture, l + 1));
    if (self->diagonal)
        ball_dual_compute(architecture, &self->dual, self->sij, self->sij, self->sij, self->precision);
    else
        ball_dual_compute(architecture, &self->dual, self->sii + l - 1, self->sjj + l - 1, self->sij,
                          self->precision);
    arb_mul(self->sij, self->dual.value, self->weight, self->precision);
    arb_add(self->sij, self->sij, self->bias, self->precision);
    arb_mul(self->dual.derivative, self->dual.derivative, self->weight, self->precision);
    arb_mul(self->theta, self->theta, self->dual.derivative, self->precision);
    arb_add(self->theta, self->theta, self->sij, self->precision);
}

/* Block l = 1 .. L of a plain residual network. */
static void next_block(pair *self, size_t l) {
    arb_t gain;
    arb_init(gain);
    if (self->diagonal)
        ball_dual_relu(&self->dual, self->sij, self->sij, self->sij, self->precision);
    else
        ball_dual_relu(&self->dual, self->sii + l - 1, self->sjj + l - 1, self->sij, self->precision);
    arb_mul(gain, self->dual.derivative, self->theta, self->precision);
    arb_addmul_ui(gain, self->dual.value, 2, self->precision);
    arb_addmul(self->theta, self->weight, gain, self->precision);
    arb_addmul(self->sij, self->weight, self->dual.value, self->precision);
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

/* Block l = 1 .. L; theta holds U. */
static void next_skip(pair *self, const ntk_architecture *architecture, block *b, size_t l) {
    const slong precision = self->precision;
    arb_t sum;
    arb_init(sum);
    covariance_of(b->c, b, self->sij, precision);
    covariance_of(b->p, b, self->sii + l - 1, precision);
    covariance_of(b->q, b, self->sjj + l - 1, precision);
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
    arb_clear(sum);
}

static void run_skips(pair *self, const ntk_architecture *architecture) {
    block b;
    block_init(&b, architecture, self->precision);
    arb_set(self->theta, self->sij);
    for (size_t l = 1; l <= architecture->depth; l++) next_skip(self, architecture, &b, l);
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
    for (size_t l = 1; l <= arch->depth && !skips; l++) {
        if (arch->family == NTK_RESIDUAL)
            next_block(&p, l);
        else
            next_layer(&p, arch, l);
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
    if (self->points != NULL) {
        run_layers(self, i, j, self->points + i * self->d, self->points + j * self->d, nngp, theta);
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

/* ---- the variances of a point ---------------------------------------------------------------- */

/* s[1] <- w^2 E[phi phi] + b^2 of s[0]: from layer l to l + 1. */
static void next_variance(arb_ptr s, const ntk_architecture *architecture, size_t l, ball_dual *dual,
                          slong precision) {
    arb_t number;
    arb_init(number);
    ball_dual_compute(architecture, dual, s, s, s, precision);
    arb_set_d(number, ntk_architecture_weight_variance(architecture, l + 1));
    arb_mul(s + 1, dual->value, number, precision);
    arb_set_d(number, ntk_architecture_bias_variance(architecture, l + 1));
    arb_add(s + 1, s + 1, number, precision);
    arb_clear(number);
}

/* Over a block. Of a plain one, E[phi phi] is half of the variance. */
static void next_block_variance(arb_ptr s, const ntk_architecture *architecture, block *b, ball_dual *dual,
                                slong precision) {
    covariance_of(b->p, b, s, precision);
    if (is_plain(architecture))
        arb_mul_2exp_si(dual->value, b->p, -1);
    else
        ball_dual_compute(architecture, dual, b->p, b->p, b->p, precision);
    arb_set(s + 1, s);
    add_block(s + 1, b, dual->value, precision);
}

/* s: (L + 1), of which the first is there. */
static void run_variances(const ball_gram *self, arb_ptr s) {
    const ntk_architecture *arch = self->architecture;
    ball_dual dual;
    block b;
    arb_init(dual.value);
    arb_init(dual.derivative);
    block_init(&b, arch, self->precision);
    for (size_t l = 1; l <= arch->depth; l++) {
        if (arch->family == NTK_RESIDUAL)
            next_block_variance(s + l - 1, arch, &b, &dual, self->precision);
        else
            next_variance(s + l - 1, arch, l, &dual, self->precision);
    }
    block_clear(&b);
    arb_clear(dual.derivative);
    arb_clear(dual.value);
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

enum { MOST_NUMBERS = 1 << 20 }; /* of points that are kept: 48 MB */

static void load_points(ball_gram *self) {
    if (self->d > MOST_NUMBERS / self->n) return;
    self->points = _arb_vec_init((slong)(self->n * self->d));
    for (size_t i = 0; i < self->n; i++) load_point(self->points + i * self->d, self, i);
}

/* Points are many and their variances dear where dual activations are sums. */
enum { POINTS_OF_A_UNIT = 16 };

typedef struct variances {
    ball_gram *gram;
    const bool *needed;
} variances;

static ntk_status compute_variances_of(size_t unit, void *context) {
    NTK_BALL_GUARD;
    const variances *of = context;
    ball_gram *self = of->gram;
    const size_t layers = self->architecture->depth + 1, first = unit * POINTS_OF_A_UNIT;
    arb_ptr x = _arb_vec_init((slong)self->d);
    for (size_t i = first; i < self->n && i < first + POINTS_OF_A_UNIT; i++) {
        if (of->needed != NULL && !of->needed[i]) continue;
        load_point(x, self, i);
        input_covariance(self->variance + i * layers, self, x, x);
        run_variances(self, self->variance + i * layers);
    }
    _arb_vec_clear(x, (slong)self->d);
    flint_cleanup(); /* this thread's caches */
    return NTK_OK;
}

static ntk_status compute_variances(ball_gram *self, const bool *needed) {
    variances of = {self, needed};
    self->variance = _arb_vec_init((slong)(self->n * (self->architecture->depth + 1)));
    return ntk_map((self->n + POINTS_OF_A_UNIT - 1) / POINTS_OF_A_UNIT, compute_variances_of, &of);
}

ntk_status ball_gram_create(const ntk_architecture *architecture, size_t n, size_t d, const double *x,
                            size_t ldx, slong precision, const bool *needed, ball_gram **out) {
    NTK_BALL_GUARD;
    void *memory = NULL;
    *out = NULL;
    NTK_TRY(check(architecture, n, d, ldx));
    NTK_TRY(ntk_allocate(1, sizeof **out, &memory));
    ball_gram *self = memory;
    *self = (ball_gram){architecture, n, d, ldx, x, precision, NULL, NULL, NULL};
    ntk_status status = NTK_OK;
    if (architecture->family == NTK_CONVOLUTIONAL)
        status = ball_convolution_create(architecture, n, x, ldx, precision, &self->convolution);
    else {
        load_points(self);
        status = compute_variances(self, needed);
    }
    if (status == NTK_OK)
        *out = self;
    else
        ball_gram_destroy(self);
    return status;
}

void ball_gram_destroy(ball_gram *self) {
    if (self == NULL) return;
    const size_t layers = self->architecture->depth + 1;
    if (self->variance != NULL) _arb_vec_clear(self->variance, (slong)(self->n * layers));
    if (self->points != NULL) _arb_vec_clear(self->points, (slong)(self->n * self->d));
    ball_convolution_destroy(self->convolution);
    ntk_release(self);
}
