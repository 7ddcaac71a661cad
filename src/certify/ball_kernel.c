/* The distance between a stored Gram matrix and the exact NTK of its points, in ball arithmetic.
 *
 * Symbols as in kernel.h; dual activations in ball_dual.c, convolutional kernels in
 * ball_convolution.c.
 *
 * A residual network (ReLU) goes from block to block by (derived in kernel/residual.c; written here
 * with E of the covariance S^{l-1}, of which the block's own pre-activations have twice as much)
 *
 *     S^l     = S^{l-1} + 2 alpha^2 E[phi phi],
 *     Theta^l = Theta^{l-1} + 2 alpha^2 (E[phi' phi'] Theta^{l-1} + 2 E[phi phi]), Theta^0 = 2 S^0.
 *
 * Every operation encloses the exact result, the inputs are the stored doubles, so the recursion
 * encloses Theta_ij. The bound is the Frobenius norm of the entrywise distances, which is at least
 * the 2-norm. */
#include <ntk/certify.h>

#include <math.h>
#include <stdbool.h>

#include <ntk/memory.h>
#include <ntk/parallel.h>

#include "base/arb.h"
#include "base/guard.h"
#include "certify/ball_convolution.h"
#include "certify/ball_dual.h"

enum { PRECISION = BALL_DUAL_PRECISION };

/* ---- the recursion for one pair -------------------------------------------------------------- */

typedef struct task {
    const ntk_architecture *architecture;
    size_t n, d, ldx, ldg;
    const double *x, *gram;
    arb_ptr variance;              /* (n), first layer */
    ball_convolution *convolution; /* of a convolutional architecture, else NULL */
    double *row_error;             /* (n), upper bounds of sum_j |gram_ij - Theta_ij|^2 over j <= i,
                                    * off-diagonals twice */
} task;

static void load_point(arb_ptr out, const task *self, size_t i) {
    for (size_t k = 0; k < self->d; k++) arb_set_d(out + k, self->x[i * self->ldx + k]);
}

/* S^1, or S^0 of a residual network. */
static void input_covariance(arb_t out, const task *self, arb_srcptr x, arb_srcptr y) {
    const ntk_architecture *arch = self->architecture;
    arb_dot(out, NULL, 0, x, 1, y, 1, (slong)self->d, PRECISION);
    if (arch->input_scale == NTK_INPUT_SCALE_DIMENSION) arb_div_ui(out, out, self->d, PRECISION);
    if (arch->family == NTK_RESIDUAL) return;
    arb_t number;
    arb_init(number);
    arb_set_d(number, arch->weight_variance);
    arb_mul(out, out, number, PRECISION);
    arb_set_d(number, arch->bias_variance);
    arb_add(out, out, number, PRECISION);
    arb_clear(number);
}

typedef struct pair {
    arb_t sii, sjj, sij, theta;
    arb_t weight; /* w^2; residual: 2 alpha^2 */
    arb_t bias;   /* b^2 */
    ball_dual dual;
    bool diagonal; /* i = j */
} pair;

/* x, y: (d), the points i and j. */
static void pair_init(pair *self, const task *task, size_t i, size_t j, arb_srcptr x, arb_srcptr y) {
    const ntk_architecture *arch = task->architecture;
    arb_init(self->sii);
    arb_init(self->sjj);
    arb_init(self->sij);
    arb_init(self->theta);
    arb_init(self->weight);
    arb_init(self->bias);
    arb_init(self->dual.value);
    arb_init(self->dual.derivative);
    arb_set(self->sii, task->variance + i);
    arb_set(self->sjj, task->variance + j);
    input_covariance(self->sij, task, x, y);
    self->diagonal = i == j;
    arb_set(self->theta, self->sij);
    arb_set_d(self->weight, arch->weight_variance);
    arb_set_d(self->bias, arch->bias_variance);
    if (arch->family == NTK_DENSE) return;
    arb_mul_2exp_si(self->theta, self->theta, 1);
    arb_set_d(self->weight, arch->residual_scale);
    arb_mul(self->weight, self->weight, self->weight, PRECISION);
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

typedef void (*dual_function)(ball_dual *out, const arb_t p, const arb_t q, const arb_t c);

/* S <- w^2 E[phi phi] + b^2 */
static void next_covariance(arb_t s, pair *self, dual_function function, const arb_t p, const arb_t q,
                            const arb_t c) {
    function(&self->dual, p, q, c);
    arb_mul(s, self->dual.value, self->weight, PRECISION);
    arb_add(s, s, self->bias, PRECISION);
}

static void next_layer(pair *self, dual_function function) {
    arb_t sij;
    arb_init(sij);
    if (self->diagonal)
        next_covariance(sij, self, function, self->sij, self->sij, self->sij);
    else
        next_covariance(sij, self, function, self->sii, self->sjj, self->sij);
    arb_mul(self->dual.derivative, self->dual.derivative, self->weight, PRECISION);
    arb_mul(self->theta, self->theta, self->dual.derivative, PRECISION);
    arb_add(self->theta, self->theta, sij, PRECISION);
    arb_swap(self->sij, sij);
    next_covariance(sij, self, function, self->sii, self->sii, self->sii);
    arb_swap(self->sii, sij);
    next_covariance(sij, self, function, self->sjj, self->sjj, self->sjj);
    arb_swap(self->sjj, sij);
    arb_clear(sij);
}

/* S <- S + 2 alpha^2 S / 2, which is what a point with itself comes to. */
static void next_variance(arb_t s, const pair *self) {
    arb_t half;
    arb_init(half);
    arb_mul_2exp_si(half, s, -1);
    arb_addmul(s, self->weight, half, PRECISION);
    arb_clear(half);
}

static void next_block(pair *self) {
    arb_t gain;
    arb_init(gain);
    if (self->diagonal)
        ball_dual_relu(&self->dual, self->sij, self->sij, self->sij);
    else
        ball_dual_relu(&self->dual, self->sii, self->sjj, self->sij);
    arb_mul(gain, self->dual.derivative, self->theta, PRECISION);
    arb_addmul_ui(gain, self->dual.value, 2, PRECISION);
    arb_addmul(self->theta, self->weight, gain, PRECISION);
    arb_addmul(self->sij, self->weight, self->dual.value, PRECISION);
    next_variance(self->sii, self);
    next_variance(self->sjj, self);
    arb_clear(gain);
}

/* x, y: (d), the points i and j. */
static void kernel_entry(const task *self, size_t i, size_t j, arb_srcptr x, arb_srcptr y, arb_t theta) {
    const ntk_architecture *arch = self->architecture;
    pair p;
    pair_init(&p, self, i, j, x, y);
    for (size_t l = 0; l < arch->depth; l++) {
        if (arch->family == NTK_RESIDUAL)
            next_block(&p);
        else
            next_layer(&p, arch->activation == NTK_RELU ? ball_dual_relu : ball_dual_erf);
    }
    arb_swap(theta, p.theta);
    pair_clear(&p);
}

/* Adds weight * |gram_ij - Theta_ij|^2 to the ball `sum`. x, y: (d), the points i and j. */
static void add_distance(arb_t sum, const task *self, size_t i, size_t j, arb_srcptr x, arb_srcptr y,
                         unsigned weight) {
    arb_t stored, theta;
    arb_init(stored);
    arb_init(theta);
    if (self->convolution != NULL)
        ball_convolution_entry(self->convolution, i, j, theta);
    else
        kernel_entry(self, i, j, x, y, theta);
    arb_set_d(stored, self->gram[i * self->ldg + j]);
    arb_sub(stored, stored, theta, PRECISION);
    arb_mul(stored, stored, stored, PRECISION);
    arb_addmul_ui(sum, stored, weight, PRECISION);
    arb_clear(stored);
    arb_clear(theta);
}

/* ---- the bound ------------------------------------------------------------------------------- */

static double upper_bound(const arb_t ball) {
    arf_t upper;
    arf_init(upper);
    arb_get_ubound_arf(upper, ball, PRECISION);
    const double bound = arf_get_d(upper, ARF_RND_UP);
    arf_clear(upper);
    return bound;
}

static ntk_status row_error(size_t i, void *argument) {
    NTK_BALL_GUARD;
    task *self = argument;
    const slong d = (slong)self->d;
    arb_ptr x = _arb_vec_init(d), y = _arb_vec_init(d);
    arb_t sum;
    arb_init(sum);
    load_point(x, self, i);
    for (size_t j = 0; j < i; j++) {
        load_point(y, self, j);
        add_distance(sum, self, i, j, x, y, 2);
    }
    add_distance(sum, self, i, i, x, x, 1);
    self->row_error[i] = upper_bound(sum);
    arb_clear(sum);
    _arb_vec_clear(x, d);
    _arb_vec_clear(y, d);
    flint_cleanup(); /* this thread's caches */
    return NTK_OK;
}

static void compute_variances(task *self) {
    arb_ptr x = _arb_vec_init((slong)self->d);
    for (size_t i = 0; i < self->n; i++) {
        load_point(x, self, i);
        input_covariance(self->variance + i, self, x, x);
    }
    _arb_vec_clear(x, (slong)self->d);
}

static double root_of_sum(size_t n, const double *terms) {
    arb_t sum, term;
    arb_init(sum);
    arb_init(term);
    for (size_t i = 0; i < n; i++) {
        arb_set_d(term, terms[i]);
        arb_add(sum, sum, term, PRECISION);
    }
    arb_sqrt(sum, sum, PRECISION);
    const double bound = upper_bound(sum);
    arb_clear(sum);
    arb_clear(term);
    return bound;
}

static ntk_status check_image_size(const ntk_architecture *architecture, size_t d) {
    const ntk_convolution *c = &architecture->convolution;
    if (architecture->family != NTK_CONVOLUTIONAL || d == c->height * c->width * c->channels) return NTK_OK;
    return ntk_fail(NTK_ERROR_SHAPE, "certify: d = %zu, but images of %zu x %zu x %zu", d, c->height,
                    c->width, c->channels);
}

/* What entries need of single points. */
static ntk_status prepare(task *self) {
    if (self->architecture->family == NTK_CONVOLUTIONAL)
        return ball_convolution_create(self->architecture, self->n, self->x, self->ldx, &self->convolution);
    compute_variances(self);
    return NTK_OK;
}

ntk_status ntk_certify_kernel_error(const ntk_architecture *architecture, size_t n, size_t d, const double *x,
                                    size_t ldx, const double *gram, size_t ldg, double *bound) {
    NTK_BALL_GUARD;
    NTK_TRY(ntk_architecture_check(architecture));
    if (architecture->activation != NTK_RELU && architecture->activation != NTK_ERF)
        return ntk_fail(NTK_ERROR_UNSUPPORTED,
                        "certify: kernels in ball arithmetic are dense or convolutional with relu or erf, or "
                        "residual, not %s",
                        ntk_activation_name(architecture->activation));
    if (n == 0 || d == 0 || ldx < d || ldg < n)
        return ntk_fail(NTK_ERROR_SHAPE, "certify: n = %zu, d = %zu, ldx = %zu, ldg = %zu", n, d, ldx, ldg);
    NTK_TRY(check_image_size(architecture, d));
    task self = {.architecture = architecture, .n = n, .d = d, .ldx = ldx, .ldg = ldg, .x = x, .gram = gram};
    NTK_TRY(ntk_allocate_doubles(n, &self.row_error));
    self.variance = _arb_vec_init((slong)n);
    ntk_status status = prepare(&self);
    if (status == NTK_OK) status = ntk_map(n, row_error, &self);
    if (status == NTK_OK) *bound = root_of_sum(n, self.row_error);
    _arb_vec_clear(self.variance, (slong)n);
    ball_convolution_destroy(self.convolution);
    ntk_release(self.row_error);
    if (status == NTK_OK && !isfinite(*bound))
        status = ntk_fail(NTK_ERROR_NOT_FINITE,
                          "certify: the kernel's distance to the stored matrix is not finite");
    return status;
}
