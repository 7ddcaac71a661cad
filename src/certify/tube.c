/* A gradient flow enclosed: theorem, proof, and the computation that meets the hypotheses.
 *
 * Let theta' = -grad L(theta), theta(0) = theta_0, L the mean logistic loss, hard targets. On [s_k,
 * s_{k+1}] let y(s) = Y_k(s - s_k) with a polynomial Y_k, Y_0(0) within E_0 of theta_0, |Y_k(0) -
 * Y_{k-1}(s_k - s_{k-1})| <= J_k, and t(s) the integral of 1 / L(y(s)). With radii r_k > 0, let on
 * every step
 *
 *     (a) D_k >= the integral of |d|, d = y' + grad log L(y),
 *     (b) mu_k(tau) >= lambda_max(sum_i g_i(theta') Hess f_i(theta')) for |theta' - Y_k(tau)| <=
 *         r_k, g_i = y_i sigma(-y_i f_i) / (n L),
 *     (c) G_k >= |grad log L| on the same set, A_k = e^{G_k r_k} times the integral of mu_k,
 *     (d) E_{k+1} = e^{A_k} (E_k + J_k + D_k) < r_k.
 *
 * Theorem. |theta(t(s)) - y(s)| <= E_{k+1} for all s of step k.
 *
 * Proof. In physical time Y(t) = y(s(t)) obeys Y' = -grad L(Y) + L(Y) d. With e = Y - theta,
 *
 *     <e, e>' / 2 = -<e, integral_0^1 Hess L(theta + u e) du e> + L(Y) <e, d>,
 *     Hess L = (1/n) sum_i l_i'' grad f_i grad f_i^T - L sum_i g_i Hess f_i.
 *
 * The first term of Hess L is positive semi-definite. While |e| <= r_k, each theta + u e lies
 * within r_k of Y, where L <= e^{G r} L(Y) by (c). So |e|' <= e^{G r} L(Y) mu |e| + L(Y) |d|, and
 * with ds = L(Y) dt,
 *
 *     d|e| / ds <= e^{G r} mu |e| + |d|.
 *
 * By Gronwall |e| <= e^{A_k} (E_k + J_k + D_k) = E_{k+1} < r_k at the first s at which |e| = r_k: a
 * contradiction, so there is none on the step, and the bound holds on all of it. QED
 *
 * Other objectives, P = L + (lambda / 2) |theta - c|^2, L squared or logistic with targets q_i in
 * [0, 1]: the same with s = t, g_i = (q_i - f_i) / n or (q_i - sigma(f_i)) / n, d = y' + grad P(y),
 * and without the factor e^{G r}, for
 *
 *     Hess P = (1/n) sum_i l_i'' grad f_i grad f_i^T - sum_i g_i Hess f_i + lambda I,
 *
 * so d|e| / dt <= (mu - lambda) |e| + |d|. A_k is the integral of max(mu - lambda, 0): what the
 * regulariser contracts beyond that is given away as well.
 *
 * (The positive part of the curvature, which contracts, is given away; what expands is small, since
 * it is a block per neuron. Two points are compared at equal physical time: in s itself the flow
 * expands along its own direction too.)
 *
 * The computation. One step:
 *
 *   1. Coefficients c_k of F(y) = -grad log L(y), or -grad P(y), come order by order from those of
 *   y up to k
 *      (tube_series.c); y_{k+1} is the midpoint of c_k / (k + 1), an exact number. So y is a
 *      polynomial of order N with exact coefficients, and d has the coefficients (k+1) y_{k+1} -
 *      c_k below N, nothing but rounding.
 *   2. The remainder: the same recursion with the coefficients of y re-expanded at every tau of the
 *      step at once (balls), whose N-th one therefore holds the N-th Taylor coefficient of F(y) at
 *      every tau, and with it Lagrange's remainder. The coefficient 0 is widened by r: at a fixed
 *      time the error is one vector e, and theta' = Y(tau) + e, as a function of tau, is a path
 *      whose other coefficients are those of Y. So every coefficient is right for each such path,
 *      and coefficient 0 of F gives (c).
 *   3. Where a value over the step is wanted, it is that in the middle plus the derivative over the
 *      step times half its length: natural enclosures would blow up the N-th coefficient by 10^4
 *      and more.
 *   4. mu: tube_curvature.c.
 *
 * E, A, D, G are carried as upper bounds, in arithmetic that rounds up (mag_t). */
#include "certify/tube.h"

#include <math.h>
#include <stdint.h>

#include <ntk/memory.h>

#include "base/guard.h"
#include "certify/interval.h"
#include "certify/taylor.h"

enum {
    BITS_MIN = 64,
    BITS_MAX = 4096,
    ORDER_MIN = 4,
    ORDER_MAX = 64,
    SIZE_MAX_MN = 1 << 24,
    LAMBDA_MAX = 1000000
};

ntk_tube_options ntk_tube_options_default(void) { return (ntk_tube_options){.bits = 128, .order = 22}; }

/* ---- creation -------------------------------------------------------------------------------- */

static ntk_status check_network(const ntk_tube_problem *problem) {
    const ntk_architecture *a = problem->architecture;
    NTK_TRY(ntk_architecture_check(a));
    if (a->family != NTK_DENSE || a->depth != 1 || a->bias_variance != 0 || a->weight_variances != NULL ||
        a->bias_variances != NULL || a->parametrisation != NTK_PARAMETRISATION_NTK ||
        (a->activation != NTK_ERF && a->activation != NTK_GELU))
        return ntk_fail(NTK_ERROR_UNSUPPORTED,
                        "tube: the flows of dense networks of one hidden layer, with erf or GELU and without "
                        "biases, one weight variance for both layers, can be enclosed, and of no others");
    if (problem->loss != NTK_LOSS_LOGISTIC && problem->loss != NTK_LOSS_SQUARED)
        return ntk_fail(NTK_ERROR_UNSUPPORTED, "tube: the logistic and the squared loss, no other");
    const size_t most = SIZE_MAX_MN;
    if (problem->inputs == 0 || problem->width == 0 || problem->points == 0 || problem->inputs > most ||
        problem->width > most / problem->inputs || problem->points > most / problem->width)
        return ntk_fail(NTK_ERROR_SHAPE, "tube: %zu inputs, width %zu, %zu points", problem->inputs,
                        problem->width, problem->points);
    return NTK_OK;
}

static ntk_status check_numbers(const char *what, size_t count, const double *values) {
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return ntk_fail(NTK_ERROR_NOT_FINITE, "tube: %s, entry %zu is not finite", what, i);
    return NTK_OK;
}

static ntk_status check(const ntk_tube_problem *problem, const ntk_tube_options *options) {
    NTK_TRY(check_network(problem));
    const size_t m = problem->width, d = problem->inputs, n = problem->points;
    NTK_TRY(check_numbers("theta", m * d + m, problem->theta));
    NTK_TRY(check_numbers("x", n * d, problem->x));
    NTK_TRY(check_numbers("targets", n, problem->targets));
    for (size_t i = 0; problem->loss == NTK_LOSS_LOGISTIC && i < n; i++)
        if (!(problem->targets[i] >= 0 && problem->targets[i] <= 1))
            return ntk_fail(NTK_ERROR_ARGUMENT, "tube: target %zu is %g, not in [0, 1]", i,
                            problem->targets[i]);
    if (!(problem->lambda >= 0 && problem->lambda <= LAMBDA_MAX))
        return ntk_fail(NTK_ERROR_ARGUMENT, "tube: lambda is %g, not 0 .. %d", problem->lambda,
                        (int)LAMBDA_MAX);
    if (problem->centre) NTK_TRY(check_numbers("centre", m * d + m, problem->centre));
    if (options->bits < BITS_MIN || options->bits > BITS_MAX || options->order < ORDER_MIN ||
        options->order > ORDER_MAX)
        return ntk_fail(NTK_ERROR_ARGUMENT, "tube: %zu bits, not %d .. %d, or order %zu, not %d .. %d",
                        options->bits, (int)BITS_MIN, (int)BITS_MAX, options->order, (int)ORDER_MIN,
                        (int)ORDER_MAX);
    if (!(options->defect >= 0 && options->defect < 1) ||
        !(options->start_error >= 0 && options->start_error < 1))
        return ntk_fail(NTK_ERROR_ARGUMENT, "tube: defect and start_error are at least 0 and below 1");
    return NTK_OK;
}

/* s_1 = w / sqrt(d) or w, s_2 = w / sqrt(m). */
static void set_scales(tube_problem *p, const ntk_architecture *architecture) {
    arb_set_d(p->s1, architecture->weight_variance);
    arb_set(p->s2, p->s1);
    if (architecture->input_scale == NTK_INPUT_SCALE_DIMENSION) arb_div_ui(p->s1, p->s1, p->d, p->bits);
    arb_div_ui(p->s2, p->s2, p->m, p->bits);
    arb_sqrt(p->s1, p->s1, p->bits);
    arb_sqrt(p->s2, p->s2, p->bits);
    arb_const_pi(p->peak, p->bits);
    if (p->gelu) { /* 1 / sqrt(2 pi) */
        arb_mul_2exp_si(p->peak, p->peak, 1);
        arb_rsqrt(p->peak, p->peak, p->bits);
    } else { /* 2 / sqrt(pi) */
        arb_rsqrt(p->peak, p->peak, p->bits);
        arb_mul_2exp_si(p->peak, p->peak, 1);
    }
}

/* <x_i, x_l> s_1^2, and upper bounds of s_1 |x_i|. */
static void set_products(tube_problem *p) {
    arb_t square, norm;
    arb_init(square);
    arb_init(norm);
    arb_mul(square, p->s1, p->s1, p->bits);
    for (size_t i = 0; i < p->n; i++) {
        for (size_t l = 0; l < p->n; l++) {
            arb_ptr out = p->dots + i * p->n + l;
            arb_dot(out, NULL, 0, p->x + i * p->d, 1, p->x + l * p->d, 1, (slong)p->d, p->bits);
            arb_mul(out, out, square, p->bits);
        }
        arb_sqrt(norm, p->dots + i * p->n + i, p->bits);
        arb_get_mag(p->size + i, norm);
    }
    arb_clear(square);
    arb_clear(norm);
}

/* Does the flow have an end? Not that of the logistic loss alone, whose hard targets are at
 * infinity. */
static bool is_timed(const ntk_tube_problem *problem) {
    if (problem->loss == NTK_LOSS_SQUARED || problem->lambda > 0) return true;
    for (size_t i = 0; i < problem->points; i++)
        if (problem->targets[i] > 0 && problem->targets[i] < 1) return true;
    return false;
}

static void set_problem(tube_problem *p, const ntk_tube_problem *problem) {
    const size_t parameters = p->m * p->d + p->m;
    p->x = _arb_vec_init((slong)(p->n * p->d));
    p->dots = _arb_vec_init((slong)(p->n * p->n));
    p->goal = _arb_vec_init((slong)p->n);
    p->centre = _arb_vec_init((slong)parameters);
    for (size_t k = 0; problem->centre && k < parameters; k++) arb_set_d(p->centre + k, problem->centre[k]);
    p->size = flint_malloc(p->n * sizeof *p->size);
    p->sign = flint_malloc(p->n * sizeof *p->sign);
    arb_init(p->s1);
    arb_init(p->s2);
    arb_init(p->peak);
    for (size_t i = 0; i < p->n; i++) {
        mag_init(p->size + i);
        p->sign[i] = problem->targets[i] > 0.5 ? 1 : -1;
        arb_set_d(p->goal + i, problem->targets[i]);
        for (size_t c = 0; c < p->d; c++) arb_set_d(p->x + i * p->d + c, problem->x[i * p->d + c]);
    }
    set_scales(p, problem->architecture);
    set_products(p);
}

/* theta of network.h is W (m, d), then a (m): the order of `begin` and `next`. */
static void set_start(ntk_tube *self, const ntk_tube_problem *problem, const ntk_tube_options *options) {
    const tube_problem *p = &self->p;
    self->begin = _arb_vec_init((slong)self->parameters);
    self->next = _arb_vec_init((slong)self->parameters);
    self->gram0 = _arb_vec_init((slong)(p->n * p->n));
    arb_init(self->gram0_square);
    for (size_t k = 0; k < self->parameters; k++) arb_set_d(self->begin + k, problem->theta[k]);
    _arb_vec_set(self->next, self->begin, (slong)self->parameters);
    ntk_tube_series_init(p, &self->taylor);
    ntk_tube_series_init(p, &self->whole);
    ntk_tube_series_init(p, &self->point);
    arb_init(self->drift_square);
    arb_init(self->from);
    arb_init(self->t);
    mag_init(self->radius);
    mag_init(self->error);
    mag_init(self->jump);
    mag_init(self->expansion);
    mag_init(self->defect);
    mag_init(self->last_defect);
    mag_init(self->last_expansion);
    mag_init(self->rest);
    mag_inf(self->rest);
    arf_init(self->largest_low);
    arf_init(self->largest_high);
    mag_set_d(self->error, options->start_error);
    mag_set_d(self->last_defect, self->target);
    mag_one(self->last_expansion);
    self->slack = 100;
}

static void load(const ntk_tube *self, arb_srcptr from, tube_series *out) {
    const tube_problem *p = &self->p;
    for (size_t k = 0; k < p->m * p->d; k++) arb_set(out->w + k * out->length, from + k);
    for (size_t j = 0; j < p->m; j++) arb_set(out->a + j * out->length, from + p->m * p->d + j);
}

static void set_gram0(ntk_tube *self) {
    const tube_problem *p = &self->p;
    mag_t zero;
    mag_init(zero);
    load(self, self->begin, &self->point);
    ntk_tube_series_neurons(p, &self->point, zero);
    ntk_tube_gram(p, &self->point, self->gram0);
    arb_dot(self->gram0_square, NULL, 0, self->gram0, 1, self->gram0, 1, (slong)(p->n * p->n), p->bits);
}

static ntk_status fill(ntk_tube *self, const ntk_tube_problem *problem, const ntk_tube_options *options) {
    NTK_BALL_GUARD;
    set_problem(&self->p, problem);
    set_start(self, problem, options);
    set_gram0(self);
    return NTK_OK;
}

ntk_status ntk_tube_create(const ntk_tube_problem *problem, const ntk_tube_options *options, ntk_tube **out) {
    *out = NULL;
    NTK_TRY(check(problem, options));
    void *memory = NULL;
    NTK_TRY(ntk_allocate(1, sizeof(ntk_tube), &memory));
    ntk_tube *self = memory;
    self->p = (tube_problem){.d = problem->inputs,
                             .m = problem->width,
                             .n = problem->points,
                             .order = options->order,
                             .bits = (slong)options->bits,
                             .gelu = problem->architecture->activation == NTK_GELU,
                             .squared = problem->loss == NTK_LOSS_SQUARED,
                             .timed = is_timed(problem),
                             .lambda = problem->lambda};
    self->parameters = problem->width * problem->inputs + problem->width;
    self->target = options->defect > 0 ? options->defect : ldexp(1, -(int)options->bits / 2);
    const ntk_status status = fill(self, problem, options);
    if (status == NTK_OK)
        *out = self;
    else
        ntk_release(self); /* what FLINT had allocated is lost (guard.h) */
    return status;
}

void ntk_tube_destroy(ntk_tube *self) {
    if (!self) return;
    tube_problem *p = &self->p;
    _arb_vec_clear(p->x, (slong)(p->n * p->d));
    _arb_vec_clear(p->dots, (slong)(p->n * p->n));
    _arb_vec_clear(p->goal, (slong)p->n);
    _arb_vec_clear(p->centre, (slong)self->parameters);
    for (size_t i = 0; i < p->n; i++) mag_clear(p->size + i);
    flint_free(p->size);
    flint_free(p->sign);
    arb_clear(p->s1);
    arb_clear(p->s2);
    arb_clear(p->peak);
    _arb_vec_clear(self->begin, (slong)self->parameters);
    _arb_vec_clear(self->next, (slong)self->parameters);
    _arb_vec_clear(self->gram0, (slong)(p->n * p->n));
    arb_clear(self->gram0_square);
    ntk_tube_series_clear(&self->taylor);
    ntk_tube_series_clear(&self->whole);
    ntk_tube_series_clear(&self->point);
    arb_clear(self->drift_square);
    arb_clear(self->from);
    arb_clear(self->t);
    mag_clear(self->radius);
    mag_clear(self->error);
    mag_clear(self->jump);
    mag_clear(self->expansion);
    mag_clear(self->defect);
    mag_clear(self->last_defect);
    mag_clear(self->last_expansion);
    mag_clear(self->rest);
    arf_clear(self->largest_low);
    arf_clear(self->largest_high);
    ntk_release(self);
}

/* ---- the polynomial -------------------------------------------------------------------------- */

void ntk_tube_field_norm(const tube_problem *p, const tube_series *s, size_t k, mag_t out) {
    mag_t one;
    mag_init(one);
    mag_zero(out);
    for (size_t c = 0; c < p->m * p->d + p->m; c++) {
        arb_get_mag(one, ntk_tube_component(p, s->fw, s->fa, s->length, c) + k);
        mag_addmul(out, one, one);
    }
    mag_sqrt(out, out);
    mag_clear(one);
}

/* y_{k+1} = the midpoint of c_k / (k + 1). *missed: a bound of |(k+1) y_{k+1} - c_k|. */
static void next_coefficient(const tube_problem *p, tube_series *s, size_t k, mag_t missed) {
    arb_t difference;
    mag_t one;
    arb_init(difference);
    mag_init(one);
    mag_zero(missed);
    for (size_t c = 0; c < p->m * p->d + p->m; c++) {
        arb_srcptr f = ntk_tube_component(p, s->fw, s->fa, s->length, c) + k;
        arb_ptr y = ntk_tube_component(p, s->w, s->a, s->length, c) + k + 1;
        arb_div_ui(y, f, k + 1, p->bits);
        mag_zero(arb_radref(y));
        arb_mul_ui(difference, y, k + 1, p->bits);
        arb_sub(difference, difference, f, p->bits);
        arb_get_mag(one, difference);
        mag_addmul(missed, one, one);
    }
    mag_sqrt(missed, missed);
    arb_clear(difference);
    mag_clear(one);
}

/* The coefficients of y and of F(y); missed: (N). */
static void generate(ntk_tube *self, mag_ptr missed) {
    const tube_problem *p = &self->p;
    mag_t zero;
    mag_init(zero);
    load(self, self->next, &self->taylor);
    for (size_t k = 0; k < p->order; k++) {
        if (k == 0)
            ntk_tube_series_start(p, &self->taylor, zero);
        else
            ntk_tube_series_extend(p, &self->taylor, k);
        next_coefficient(p, &self->taylor, k, missed + k);
    }
}

/* ---- over the whole step --------------------------------------------------------------------- */

/* whole.{w, a}: re-expanded over the step; point.{w, a}_0: the middle. */
static void expand(ntk_tube *self, double length) {
    const tube_problem *p = &self->p;
    const size_t count = p->order + 1;
    arb_t half;
    mag_t eta;
    arb_init(half);
    mag_init(eta);
    arb_set_d(half, length / 2);
    mag_set_d(eta, length / 2);
    for (size_t c = 0; c < self->parameters; c++) {
        arb_ptr u = ntk_tube_component(p, self->whole.w, self->whole.a, count, c);
        _arb_vec_set(u, ntk_tube_component(p, self->taylor.w, self->taylor.a, count, c), (slong)count);
        certify_taylor_cover(u, count, half, eta,
                             ntk_tube_component(p, self->point.w, self->point.a, count, c), p->bits);
    }
    arb_clear(half);
    mag_clear(eta);
}

/* Coefficient 0 of margins and weights over the step, from those in the middle (`point`). */
static void start_whole(ntk_tube *self, const mag_t eta, const mag_t radius) {
    const tube_problem *p = &self->p;
    tube_series *whole = &self->whole, *point = &self->point;
    ntk_tube_series_neurons(p, whole, radius);
    ntk_tube_series_margins(p, whole, 0);
    ntk_tube_series_extend_margins(p, whole, 1);
    for (size_t i = 0; i < p->n; i++) {
        const size_t at = i * whole->length;
        certify_taylor_sharpen(whole->z + at, point->z + at, whole->z + at + 1, eta, p->bits);
    }
    ntk_tube_series_weights(p, whole);
    if (!p->timed) {
        arb_t derivative;
        arb_init(derivative);
        ntk_tube_series_paces(p, whole, 0);
        for (size_t i = 0; i < p->n; i++) {
            const size_t at = i * whole->length;
            arb_mul(derivative, whole->omega + at, whole->excess + at, p->bits);
            certify_taylor_sharpen(whole->omega + at, point->omega + at, derivative, eta, p->bits);
        }
        arb_mul(derivative, whole->q, whole->total, p->bits);
        certify_taylor_sharpen(whole->q, point->q, derivative, eta, p->bits);
        arb_clear(derivative);
    }
    ntk_tube_series_field(p, whole, 0);
}

static void cover(ntk_tube *self, double length, const mag_t radius) {
    const tube_problem *p = &self->p;
    mag_t eta;
    mag_init(eta);
    mag_set_d(eta, length / 2);
    expand(self, length);
    ntk_tube_series_start(p, &self->point, radius);
    start_whole(self, eta, radius);
    for (size_t k = 1; k <= p->order; k++) ntk_tube_series_extend(p, &self->whole, k);
    mag_clear(eta);
}

/* ---- a step ---------------------------------------------------------------------------------- */

/* (d) on a step of this length with this radius; what is proved of the step. */
typedef struct step_proof {
    mag_t defect, expansion, error;
} step_proof;

static bool prove_step(ntk_tube *self, double length, const mag_t radius, mag_srcptr missed,
                       step_proof *out) {
    const tube_problem *p = &self->p;
    mag_t last, factor;
    mag_init(last);
    mag_init(factor);
    cover(self, length, radius);
    ntk_tube_field_norm(p, &self->whole, p->order, last);
    certify_taylor_defect(p->order, length, missed, last, out->defect);
    ntk_tube_curvature(self, length, radius, out->expansion);
    if (!p->timed) {
        ntk_tube_field_norm(p, &self->whole, 0, factor);
        mag_mul(factor, factor, radius);
        mag_exp(factor, factor);
        mag_mul(out->expansion, out->expansion, factor);
    }
    mag_exp(factor, out->expansion);
    mag_add(out->error, self->error, self->jump);
    mag_add(out->error, out->error, out->defect);
    mag_mul(out->error, out->error, factor);
    mag_clear(last);
    mag_clear(factor);
    return !mag_is_inf(out->error) && mag_cmp(out->error, radius) < 0;
}

/* The length at which the defect is expected to be the target. */
static double guess_length(const ntk_tube *self) {
    const size_t n = self->p.order;
    mag_t a, b;
    mag_init(a);
    mag_init(b);
    ntk_tube_field_norm(&self->p, &self->taylor, n - 1, a);
    ntk_tube_field_norm(&self->p, &self->taylor, n - 2, b);
    const double high = mag_get_d(a), ratio = high / mag_get_d(b);
    mag_clear(a);
    mag_clear(b);
    double length = pow(self->target * (double)(n + 1) / (self->slack * high * ratio), 1 / (double)(n + 1));
    if (!(length > 0 && length < 0.7 / ratio)) length = 0.7 / ratio;
    if (self->steps > 0 && !(length < 1.5 * self->length)) length = 1.5 * self->length;
    return isfinite(length) && length > 0 ? length : 1;
}

/* Four times the error to be expected at the end of the step. */
static void guess_radius(const ntk_tube *self, mag_t out) {
    mag_exp(out, self->last_expansion);
    mag_t sum;
    mag_init(sum);
    mag_add(sum, self->error, self->jump);
    mag_add(sum, sum, self->last_defect);
    mag_mul(out, out, sum);
    mag_mul_2exp_si(out, out, 2);
    mag_clear(sum);
}

/* The end of the step becomes the beginning of the next. */
static void accept(ntk_tube *self, double length, const step_proof *proof) {
    const tube_problem *p = &self->p;
    arb_set(self->from, self->t);
    self->length = length;
    self->s += length;
    self->steps++;
    mag_set(self->error, proof->error);
    mag_add(self->expansion, self->expansion, proof->expansion);
    mag_add(self->defect, self->defect, proof->defect);
    mag_set(self->last_defect, proof->defect);
    mag_set(self->last_expansion, proof->expansion);
    mag_inf(self->rest);
    ntk_tube_time(self, length, self->t);
    ntk_tube_evaluate(self, length, &self->point);
    mag_zero(self->jump);
    for (size_t c = 0; c < self->parameters; c++) {
        arb_srcptr y = ntk_tube_component(p, self->point.w, self->point.a, self->point.length, c);
        mag_addmul(self->jump, arb_radref(y), arb_radref(y));
        arb_get_mid_arb(self->next + c, y);
    }
    mag_sqrt(self->jump, self->jump);
}

/* Over a part of the step at a time: R^2 at most, and at least once. */
static void record_drift(ntk_tube *self) {
    enum { PARTS = 4 };
    arb_t square;
    arf_t end;
    arb_init(square);
    arf_init(end);
    for (int part = 0; part < PARTS; part++) {
        ntk_tube_drift_square(self, self->length * part / PARTS, self->length * (part + 1) / PARTS, square);
        arb_get_ubound_arf(end, square, self->p.bits);
        if (arf_cmp(end, self->largest_high) > 0 || arf_is_nan(end)) arf_set(self->largest_high, end);
    }
    ntk_tube_drift_square(self, self->length, self->length, self->drift_square);
    arb_get_lbound_arf(end, self->drift_square, self->p.bits);
    if (arf_cmp(end, self->largest_low) > 0) arf_set(self->largest_low, end);
    arb_clear(square);
    arf_clear(end);
}

/* Tries: a larger radius where the error outgrew it, a shorter step where the defect is larger than
 * wanted or nothing helps. */
static bool search_step(ntk_tube *self, mag_srcptr missed, step_proof *proof, double *length) {
    enum { TRIES = 24 };
    *length = guess_length(self);
    mag_t radius;
    mag_init(radius);
    guess_radius(self, radius);
    bool proved = false;
    for (int k = 0; k < TRIES && !proved; k++) {
        *length = certify_taylor_short_length(*length);
        proved = prove_step(self, *length, radius, missed, proof);
        const double defect = mag_get_d(proof->defect);
        if (!(defect <= 64 * self->target) && k + 2 < TRIES) {
            proved = false;
            self->slack *= 8;
            *length *= 0.7;
        } else if (!proved && isfinite(mag_get_d(proof->error)) && k % 4 < 3) {
            mag_mul_2exp_si(radius, proof->error, 1);
        } else if (!proved)
            *length /= 2;
    }
    mag_set(self->radius, radius);
    mag_clear(radius);
    return proved;
}

static ntk_status step(ntk_tube *self) {
    NTK_BALL_GUARD;
    const size_t order = self->p.order;
    mag_ptr missed = flint_malloc(order * sizeof *missed);
    for (size_t k = 0; k < order; k++) mag_init(missed + k);
    step_proof proof;
    mag_init(proof.defect);
    mag_init(proof.expansion);
    mag_init(proof.error);
    double length = 0;
    generate(self, missed);
    const bool proved = search_step(self, missed, &proof, &length);
    if (proved) {
        accept(self, length, &proof);
        record_drift(self);
        if (mag_get_d(proof.defect) < self->target / 64) self->slack /= 4;
    }
    for (size_t k = 0; k < order; k++) mag_clear(missed + k);
    flint_free(missed);
    mag_clear(proof.defect);
    mag_clear(proof.expansion);
    mag_clear(proof.error);
    self->failed = !proved;
    return proved ? NTK_OK
                  : ntk_fail(NTK_ERROR_NO_CONVERGENCE,
                             "tube: no step from s = %g can be proved with %ld bits; the error is %.1e",
                             self->s, (long)self->p.bits, mag_get_d(self->error));
}

ntk_status ntk_tube_usable(const ntk_tube *self) {
    if (!self->failed) return NTK_OK;
    return ntk_fail(NTK_ERROR_NO_CONVERGENCE, "tube: its step from s = %g has failed before", self->s);
}

ntk_status ntk_tube_step(ntk_tube *self) {
    NTK_TRY(ntk_tube_usable(self));
    self->failed = true; /* also where the step ends early, without memory */
    return step(self);
}

/* ---- what is proved -------------------------------------------------------------------------- */

static double upper(const mag_t x) { return nextafter(mag_get_d(x), INFINITY); }

/* log(1 + e^f) - q f = log(1 + e^{-f}) + (1 - q) f */
static void logistic_loss(arb_t out, const arb_t f, const arb_t q, slong bits) {
    arb_t part;
    arb_init(part);
    arb_neg(part, f);
    arb_exp(part, part, bits);
    arb_log1p(out, part, bits);
    arb_sub_ui(part, q, 1, bits);
    arb_submul(out, part, f, bits);
    arb_clear(part);
}

/* log L of the network at the end: sum of losses / n. */
static void log_loss(ntk_tube *self, arb_t out) {
    const tube_problem *p = &self->p;
    tube_series *point = &self->point;
    if (p->squared) {
        arb_t r;
        arb_init(r);
        arb_zero(out);
        for (size_t i = 0; i < p->n; i++) {
            arb_sub(r, p->goal + i, point->z + i * point->length, p->bits);
            arb_addmul(out, r, r, p->bits);
        }
        arb_div_ui(out, out, 2 * p->n, p->bits);
        arb_clear(r);
    } else if (p->timed) {
        arb_t one;
        arb_init(one);
        arb_zero(out);
        for (size_t i = 0; i < p->n; i++) {
            logistic_loss(one, point->z + i * point->length, p->goal + i, p->bits);
            arb_add(out, out, one, p->bits);
        }
        arb_div_ui(out, out, p->n, p->bits);
        arb_clear(one);
    } else {
        arb_mul_ui(out, point->q, p->n, p->bits);
        arb_inv(out, out, p->bits);
    }
    arb_log(out, out, p->bits);
}

void ntk_tube_margins_at_end(ntk_tube *self) {
    mag_t widen;
    mag_init(widen);
    load(self, self->next, &self->point);
    mag_add(widen, self->error, self->jump);
    ntk_tube_series_start(&self->p, &self->point, widen);
    mag_clear(widen);
}

static ntk_interval interval_of_root(const arf_t low, const arf_t high, slong bits) {
    arb_t ball;
    arb_init(ball);
    arb_set_interval_arf(ball, low, high, bits);
    arb_sqrtpos(ball, ball, bits);
    ntk_interval out = certify_interval_of(ball);
    arb_clear(ball);
    if (out.low < 0) out.low = 0;
    return out;
}

static ntk_status describe(ntk_tube *self, ntk_tube_state *out) {
    NTK_BALL_GUARD;
    const tube_problem *p = &self->p;
    arb_t ball;
    arf_t low, high;
    arb_init(ball);
    arf_init(low);
    arf_init(high);
    *out = (ntk_tube_state){.steps = self->steps,
                            .s = self->s,
                            .error = upper(self->error),
                            .expansion = upper(self->expansion),
                            .defect = upper(self->defect),
                            .rest = mag_is_inf(self->rest) ? INFINITY : upper(self->rest)};
    if (self->steps > 0) {
        arb_get_interval_arf(low, high, self->drift_square, p->bits);
        out->drift = interval_of_root(low, high, p->bits);
        out->largest_drift = interval_of_root(self->largest_low, self->largest_high, p->bits);
        arb_log(ball, self->t, p->bits);
        out->log_time = certify_interval_of(ball);
    } else
        out->log_time = (ntk_interval){-INFINITY, -INFINITY};
    ntk_tube_margins_at_end(self);
    log_loss(self, ball);
    out->log_loss = certify_interval_of(ball);
    arb_clear(ball);
    arf_clear(low);
    arf_clear(high);
    return NTK_OK;
}

ntk_status ntk_tube_describe(ntk_tube *self, ntk_tube_state *out) { return describe(self, out); }

static ntk_status centre(ntk_tube *self, double *theta, double *distance) {
    NTK_BALL_GUARD;
    mag_t total, one;
    arb_t difference, rounded;
    mag_init(total);
    mag_init(one);
    arb_init(difference);
    arb_init(rounded);
    for (size_t c = 0; c < self->parameters; c++) {
        theta[c] = arf_get_d(arb_midref(self->next + c), ARF_RND_NEAR);
        arb_set_d(rounded, theta[c]);
        arb_sub(difference, self->next + c, rounded, self->p.bits);
        arb_get_mag(one, difference);
        mag_addmul(total, one, one);
    }
    mag_sqrt(total, total);
    mag_add(total, total, self->error);
    mag_add(total, total, self->jump);
    *distance = upper(total);
    mag_clear(total);
    mag_clear(one);
    arb_clear(difference);
    arb_clear(rounded);
    return NTK_OK;
}

ntk_status ntk_tube_centre(ntk_tube *self, double *theta, double *distance) {
    return centre(self, theta, distance);
}
