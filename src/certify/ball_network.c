/* The distance between a stored empirical NTK and the exact one of the stored parameters, in ball
 * arithmetic.
 *
 * Theta_hat = J J^T, J the Jacobian of the network of architecture.h at the stored doubles theta.
 * With delta^l_i = d f(x_i) / d h^l,
 *
 *     a^0 = x,        h^l = s_l W^l a^{l-1} + b_l beta^l,      a^l = phi(h^l),
 *     delta^L = s_{L+1} (W^{L+1})^T o phi'(h^L),
 *     delta^l = s_{l+1} (W^{l+1})^T delta^{l+1} o phi'(h^l),
 *     Theta_hat_ij = s_{L+1}^2 <a^L_i, a^L_j> + b_{L+1}^2
 *                    + sum_{l <= L} (s_l^2 <a^{l-1}_i, a^{l-1}_j> + b_l^2) <delta^l_i, delta^l_j>,
 *
 * s_l = w_l / sqrt(fan-in). Every operation encloses the exact result, the roots in s_l included,
 * so the sums enclose Theta_hat_ij, whatever rounding did to the stored entry: the accumulated
 * error of a forward and a backward pass in doubles is covered without an analysis of either. Where
 * the ball of a ReLU's argument contains 0 without being 0, its slope is the ball [0, 1]: wide, but
 * still an enclosure. The bound is the Frobenius norm of the entrywise distances, which is at least
 * the 2-norm.
 *
 * The code shares nothing with the network's: it is written from these equations. */
#include <ntk/certify.h>

#include <math.h>

#include "base/arb.h"
#include "base/guard.h"

/* Bits: a sum of 10^4 terms keeps far more than a double's, and no pre-activation of a random
 * network comes so close to 0 that its sign is in doubt. */
enum { PRECISION = 128 };

typedef struct model {
    const ntk_architecture *architecture;
    size_t n, d, m;
    const double *theta;
    arb_ptr activation[NTK_DEPTH_MAX + 1]; /* a^l: (n, d) for l = 0, (n, m) above */
    arb_ptr slope[NTK_DEPTH_MAX + 1];      /* phi'(h^l), (n, m), l >= 1 */
    arb_ptr signal[2];                     /* delta^l in [l % 2], (n, m) */
    arb_ptr line;                          /* a row or a column of a weight matrix, (max(d, m)) */
    arb_ptr gram;                          /* Theta_hat, lower triangle, (n, n) */
} model;

/* ---- the layout of theta (network.h) --------------------------------------------------------- */

static size_t fan_in(const model *self, size_t l) { return l == 1 ? self->d : self->m; }

static size_t fan_out(const model *self, size_t l) {
    return l == self->architecture->depth + 1 ? 1 : self->m;
}

static size_t biases(const model *self, size_t l) {
    return ntk_architecture_bias_variance(self->architecture, l) > 0 ? fan_out(self, l) : 0;
}

/* W^l, followed by beta^l where there are biases. */
static const double *weights(const model *self, size_t l) {
    size_t start = 0;
    for (size_t k = 1; k < l; k++) start += fan_in(self, k) * fan_out(self, k) + biases(self, k);
    return self->theta + start;
}

/* s_l^2 */
static void squared_scale(arb_t out, const model *self, size_t l) {
    arb_set_d(out, ntk_architecture_weight_variance(self->architecture, l));
    if (l > 1 || self->architecture->input_scale == NTK_INPUT_SCALE_DIMENSION)
        arb_div_ui(out, out, fan_in(self, l), PRECISION);
}

static void load(arb_ptr out, size_t count, const double *values, size_t stride) {
    for (size_t k = 0; k < count; k++) arb_set_d(out + k, values[k * stride]);
}

/* ---- forward --------------------------------------------------------------------------------- */

/* value <- phi(value), slope <- phi'(value). */
static void activate(ntk_activation activation, arb_t value, arb_t slope) {
    if (activation == NTK_RELU) {
        if (arb_is_positive(value))
            arb_one(slope);
        else if (arb_is_nonpositive(value))
            arb_zero(slope); /* 0 included, as architecture.h has it */
        else
            arb_unit_interval(slope);
        arb_nonnegative_part(value, value);
        return;
    }
    arb_t root_pi; /* erf: phi'(h) = 2 exp(-h^2) / sqrt(pi) */
    arb_init(root_pi);
    arb_const_sqrt_pi(root_pi, PRECISION);
    arb_mul(slope, value, value, PRECISION);
    arb_neg(slope, slope);
    arb_exp(slope, slope, PRECISION);
    arb_mul_2exp_si(slope, slope, 1);
    arb_div(slope, slope, root_pi, PRECISION);
    arb_hypgeom_erf(value, value, PRECISION);
    arb_clear(root_pi);
}

/* a^l and phi'(h^l), 1 <= l <= L. */
static void forward_layer(model *self, size_t l) {
    const size_t k = fan_in(self, l), m = self->m;
    const double *weight = weights(self, l);
    arb_t scale, bias, shift;
    arb_init(scale);
    arb_init(bias);
    arb_init(shift);
    squared_scale(scale, self, l);
    arb_sqrt(scale, scale, PRECISION);
    arb_set_d(bias, ntk_architecture_bias_variance(self->architecture, l));
    arb_sqrt(bias, bias, PRECISION);
    for (size_t r = 0; r < m; r++) {
        load(self->line, k, weight + r * k, 1);
        if (biases(self, l) > 0) {
            arb_set_d(shift, weight[m * k + r]);
            arb_mul(shift, shift, bias, PRECISION);
        }
        for (size_t i = 0; i < self->n; i++) {
            arb_ptr h = self->activation[l] + i * m + r;
            arb_dot(h, NULL, 0, self->line, 1, self->activation[l - 1] + i * k, 1, (slong)k, PRECISION);
            arb_mul(h, h, scale, PRECISION);
            arb_add(h, h, shift, PRECISION);
            activate(self->architecture->activation, h, self->slope[l] + i * m + r);
        }
    }
    arb_clear(scale);
    arb_clear(bias);
    arb_clear(shift);
}

/* ---- backward -------------------------------------------------------------------------------- */

/* delta^l from delta^{l+1}, l <= L; delta^{L+1} = 1 is not stored. */
static void backward_layer(model *self, size_t l) {
    const size_t rows = fan_out(self, l + 1), m = self->m;
    const double *weight = weights(self, l + 1);
    arb_t scale;
    arb_init(scale);
    squared_scale(scale, self, l + 1);
    arb_sqrt(scale, scale, PRECISION);
    for (size_t c = 0; c < m; c++) {
        load(self->line, rows, weight + c, m);
        for (size_t i = 0; i < self->n; i++) {
            arb_ptr out = self->signal[l % 2] + i * m + c;
            if (l == self->architecture->depth)
                arb_set(out, self->line);
            else
                arb_dot(out, NULL, 0, self->line, 1, self->signal[(l + 1) % 2] + i * m, 1, (slong)rows,
                        PRECISION);
            arb_mul(out, out, scale, PRECISION);
            arb_mul(out, out, self->slope[l] + i * m + c, PRECISION);
        }
    }
    arb_clear(scale);
}

/* gram += the term of layer l; l = L + 1 has no signals. */
static void add_layer(model *self, size_t l) {
    const size_t k = fan_in(self, l), m = self->m;
    arb_srcptr a = self->activation[l - 1], delta = self->signal[l % 2];
    arb_t scale, bias, product, signals;
    arb_init(scale);
    arb_init(bias);
    arb_init(product);
    arb_init(signals);
    squared_scale(scale, self, l);
    arb_set_d(bias, ntk_architecture_bias_variance(self->architecture, l));
    arb_one(signals);
    for (size_t i = 0; i < self->n; i++)
        for (size_t j = 0; j <= i; j++) {
            arb_dot(product, NULL, 0, a + i * k, 1, a + j * k, 1, (slong)k, PRECISION);
            arb_mul(product, product, scale, PRECISION);
            arb_add(product, product, bias, PRECISION);
            if (l <= self->architecture->depth)
                arb_dot(signals, NULL, 0, delta + i * m, 1, delta + j * m, 1, (slong)m, PRECISION);
            arb_addmul(self->gram + i * self->n + j, product, signals, PRECISION);
        }
    arb_clear(scale);
    arb_clear(bias);
    arb_clear(product);
    arb_clear(signals);
}

/* ---- the bound ------------------------------------------------------------------------------- */

static void model_init(model *self, const double *x) {
    const size_t depth = self->architecture->depth, cells = self->n * self->m;
    self->activation[0] = _arb_vec_init((slong)(self->n * self->d));
    load(self->activation[0], self->n * self->d, x, 1);
    for (size_t l = 1; l <= depth; l++) {
        self->activation[l] = _arb_vec_init((slong)cells);
        self->slope[l] = _arb_vec_init((slong)cells);
    }
    for (size_t s = 0; s < 2; s++) self->signal[s] = _arb_vec_init((slong)cells);
    self->line = _arb_vec_init((slong)(self->d > self->m ? self->d : self->m));
    self->gram = _arb_vec_init((slong)(self->n * self->n));
}

static void model_clear(model *self) {
    const slong cells = (slong)(self->n * self->m);
    _arb_vec_clear(self->activation[0], (slong)(self->n * self->d));
    for (size_t l = 1; l <= self->architecture->depth; l++) {
        _arb_vec_clear(self->activation[l], cells);
        _arb_vec_clear(self->slope[l], cells);
    }
    for (size_t s = 0; s < 2; s++) _arb_vec_clear(self->signal[s], cells);
    _arb_vec_clear(self->line, (slong)(self->d > self->m ? self->d : self->m));
    _arb_vec_clear(self->gram, (slong)(self->n * self->n));
}

static void build(model *self) {
    const size_t depth = self->architecture->depth;
    for (size_t l = 1; l <= depth; l++) forward_layer(self, l);
    add_layer(self, depth + 1);
    for (size_t l = depth; l >= 1; l--) {
        backward_layer(self, l);
        add_layer(self, l);
    }
}

/* An upper bound of ||gram - self->gram||_F. */
static double distance(const model *self, const double *gram, size_t ldg) {
    arb_t sum, gap;
    arb_init(sum);
    arb_init(gap);
    for (size_t i = 0; i < self->n; i++)
        for (size_t j = 0; j <= i; j++) {
            arb_set_d(gap, gram[i * ldg + j]);
            arb_sub(gap, gap, self->gram + i * self->n + j, PRECISION);
            arb_mul(gap, gap, gap, PRECISION);
            arb_addmul_ui(sum, gap, i == j ? 1 : 2, PRECISION);
        }
    arb_sqrtpos(sum, sum, PRECISION);
    mag_t upper;
    mag_init(upper);
    arb_get_mag(upper, sum);
    const double bound = mag_get_d(upper);
    mag_clear(upper);
    arb_clear(sum);
    arb_clear(gap);
    return bound;
}

ntk_status ntk_certify_network_error(const ntk_architecture *architecture, size_t d, size_t m,
                                     const double *theta, size_t n, const double *x, const double *gram,
                                     size_t ldg, double *bound) {
    NTK_BALL_GUARD;
    NTK_TRY(ntk_architecture_check(architecture));
    if (architecture->family != NTK_DENSE || architecture->parametrisation != NTK_PARAMETRISATION_NTK ||
        (architecture->activation != NTK_RELU && architecture->activation != NTK_ERF))
        return ntk_fail(NTK_ERROR_UNSUPPORTED,
                        "certify: networks in ball arithmetic are dense with relu or erf in the NTK "
                        "parametrisation, not %s",
                        ntk_activation_name(architecture->activation));
    if (n == 0 || d == 0 || m == 0 || ldg < n)
        return ntk_fail(NTK_ERROR_SHAPE, "certify: n = %zu, d = %zu, m = %zu, ldg = %zu", n, d, m, ldg);
    model self = {.architecture = architecture, .n = n, .d = d, .m = m, .theta = theta};
    model_init(&self, x);
    build(&self);
    *bound = distance(&self, gram, ldg);
    model_clear(&self);
    flint_cleanup(); /* this thread's caches */
    if (isfinite(*bound)) return NTK_OK;
    return ntk_fail(NTK_ERROR_NOT_FINITE,
                    "certify: the empirical kernel's distance to the stored matrix is not finite");
}
