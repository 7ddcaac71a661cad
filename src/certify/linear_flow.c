/* The flow of a linear model, enclosed: theorem, proof, and the computation.
 *
 * Let g_i(f) = -n dL/df_i = y_i sigma(-y_i f_i), so that f' = (1/n) Theta g(f), f(0) = f_0. G is
 * the stored kernel, ||G - Theta||_2 <= eps < lambda <= lambda_min(G); both are positive definite.
 * On
 * [s_k, s_{k+1}] let a(s) be a polynomial, a(0) = 0, y = f_0 + G a, t(s) the integral of 1 /
 * L(y(s)), and
 *
 *     J_k >= |a(s_k+) - a(s_k-)|_G,
 *     D_k >= the integral of |d|_G, d = a' - g(y) / (n L(y)),              |v|_G^2 = v^T G v.
 *
 * Theorem. For all s until the end of step k
 *
 *     |f(t(s)) - y(s)|_{Theta^{-1}} <= E = (sum_{l <= k} J_l + D_l) / sqrt(1 - eps / lambda)
 *                                          + eps s / sqrt(lambda - eps),
 *
 * and |f_i - y_i| <= sqrt(G_ii + eps) E.
 *
 * Proof. Y(t) = y(s(t)), with ds = L(Y) dt, obeys Y' = L G a' = (1/n) Theta g(Y) + L G d + (1/n)
 * (G - Theta) g(Y). With e = Y - f in the norm of Theta^{-1},
 *
 *     <e, Theta^{-1} e'> = (1/n) <e, g(Y) - g(f)> + <e, Theta^{-1} (L G d + (1/n) (G - Theta)
 *     g(Y))>.
 *
 * The first term is <= 0, since each g_i falls with f_i: the flow contracts. By Cauchy and Schwarz
 * |e|' <= L |G d|_{Theta^{-1}} + (1/n) |(G - Theta) g|_{Theta^{-1}}. Theta >= G - eps I >= (1 -
 * eps / lambda) G, so |G d|_{Theta^{-1}} <= |d|_G / sqrt(1 - eps / lambda), and the same for jumps.
 * The
 * last term is at most eps |g|_2 / (n sqrt(lambda - eps)), and |g|_2 <= sum |g_i| <= n L since
 * sigma(-z) = 1 - e^{-l} <= l = log(1 + e^{-z}). Integrated with L dt = ds this is E. At last e_i =
 * <Theta^{1/2} unit_i, Theta^{-1/2} e>, and Theta_ii <= G_ii + eps. QED
 *
 * No step has to be short for this, and no radius chosen beforehand: nothing expands.
 *
 * The computation is that of certify/tube.c with the margins z_i = y_i f_i in place of a network.
 * One step:
 *
 *   1. Coefficients c_k of g / (n L) at y come order by order from those of z up to k
 *      (tube_series.c), z_k = y G a_k; a_{k+1} is the midpoint of c_k / (k + 1), an exact number.
 *      So
 *      d has the coefficients (k+1) a_{k+1} - c_k below N, nothing but rounding.
 *   2. The remainder: the same recursion from the coefficients of z re-expanded at every tau of the
 *      step at once; its N-th coefficient holds the N-th Taylor coefficient of g / (n L) at every
 *      tau, and with it Lagrange's remainder. Coefficients 0 of the weights by the mean-value form.
 *   3. t(s) likewise, from the coefficients of 1 / L and their remainder. The output at a given t
 *   is
 *      y on a bracket of tau at whose ends t(s) is certain to lie on either side.
 *
 * Errors are carried as upper bounds, in arithmetic that rounds up (mag_t). */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include <ntk/certify.h>
#include <ntk/linear_flow.h>
#include <ntk/memory.h>

#include "base/guard.h"
#include "certify/interval.h"
#include "certify/taylor.h"
#include "certify/tube_series.h"

enum { BITS_MIN = 64, BITS_MAX = 4096, ORDER_MIN = 4, ORDER_MAX = 64, POINTS_MAX = 4096, LOG_TIME_MAX = 700 };

struct ntk_linear_flow {
    tube_problem p;       /* without neurons: n, order, bits, sign */
    double target;        /* of a step's defect */
    double lambda, eps;   /* lambda_min(G) >= lambda; ||G - Theta|| <= eps */
    arb_ptr kernel;       /* (n, n): G, exact */
    arb_ptr outputs;      /* (n): f_0, exact */
    arb_ptr next;         /* (n): a where the next step begins, exact */
    arb_ptr a;            /* (n) series: the last step, exact */
    tube_series taylor;   /* of the margins and weights along it */
    tube_series whole;    /* re-expanded at every tau of it */
    tube_series point;    /* in its middle */
    mag_ptr missed, last; /* (N): |(k+1) a_{k+1} - c_k|_G; one: |c_N|_G over the step */
    mag_ptr entries;      /* (n): a vector's absolute values */
    double length;        /* of the last step */
    size_t steps;
    bool failed;               /* a step could not be bounded: its series stand where the last one's
                                * stood */
    arb_t from, t;             /* t at the beginning and at the end of the last step */
    mag_t s;                   /* at the end of the last step, at least */
    mag_t remainder, rounding; /* sums of the parts of J and D over all steps */
    mag_t stretch, per_s;      /* 1 / sqrt(1 - eps / lambda), eps / sqrt(lambda - eps) */
    double slack;              /* what a remainder was larger than its guess */
};

ntk_linear_flow_options ntk_linear_flow_options_default(void) {
    return (ntk_linear_flow_options){.bits = 128, .order = 22};
}

/* ---- creation -------------------------------------------------------------------------------- */

static ntk_status check_numbers(const ntk_linear_flow_problem *problem) {
    const size_t n = problem->points;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(problem->outputs[i]))
            return ntk_fail(NTK_ERROR_NOT_FINITE, "linear flow: output %zu is not finite", i);
        if (problem->targets[i] != 0 && problem->targets[i] != 1)
            return ntk_fail(NTK_ERROR_ARGUMENT, "linear flow: target %zu is %g, not 0 or 1", i,
                            problem->targets[i]);
    }
    return NTK_OK;
}

static ntk_status check(const ntk_linear_flow_problem *problem, const ntk_linear_flow_options *options) {
    if (problem->points == 0 || problem->points > POINTS_MAX)
        return ntk_fail(NTK_ERROR_SHAPE, "linear flow: %zu points, not 1 .. %d", problem->points,
                        (int)POINTS_MAX);
    NTK_TRY(check_numbers(problem));
    if (options->bits < BITS_MIN || options->bits > BITS_MAX || options->order < ORDER_MIN ||
        options->order > ORDER_MAX)
        return ntk_fail(NTK_ERROR_ARGUMENT, "linear flow: %zu bits, not %d .. %d, or order %zu, not %d .. %d",
                        options->bits, (int)BITS_MIN, (int)BITS_MAX, options->order, (int)ORDER_MIN,
                        (int)ORDER_MAX);
    if (!(options->defect >= 0 && options->defect < 1))
        return ntk_fail(NTK_ERROR_ARGUMENT, "linear flow: defect is at least 0 and below 1");
    if (!(problem->kernel_error >= 0 && isfinite(problem->kernel_error)))
        return ntk_fail(NTK_ERROR_ARGUMENT, "linear flow: kernel_error is %g", problem->kernel_error);
    return NTK_OK;
}

/* lambda, and that Theta is positive definite. */
static ntk_status certify(const ntk_linear_flow_problem *problem, double *lambda) {
    ntk_certificate certificate;
    NTK_TRY(ntk_certify_positive_definite(problem->points, problem->kernel, problem->points, &certificate));
    *lambda = certificate.lambda_min_bound;
    if (*lambda > problem->kernel_error) return NTK_OK;
    return ntk_fail(NTK_ERROR_NOT_POSITIVE_DEFINITE,
                    "linear flow: the smallest eigenvalue is at least %g, within the kernel's error of %g",
                    *lambda, problem->kernel_error);
}

static void set_factors(ntk_linear_flow *self) {
    arb_t lambda, eps, gap;
    arb_init(lambda);
    arb_init(eps);
    arb_init(gap);
    arb_set_d(lambda, self->lambda);
    arb_set_d(eps, self->eps);
    arb_sub(gap, lambda, eps, self->p.bits);
    arb_rsqrt(gap, gap, self->p.bits);
    arb_mul(eps, eps, gap, self->p.bits);
    arb_get_mag(self->per_s, eps);
    arb_sqrt(lambda, lambda, self->p.bits);
    arb_mul(gap, gap, lambda, self->p.bits);
    arb_get_mag(self->stretch, gap);
    arb_clear(lambda);
    arb_clear(eps);
    arb_clear(gap);
}

static mag_ptr create_mags(size_t count) {
    mag_ptr out = flint_malloc(count * sizeof *out);
    for (size_t k = 0; k < count; k++) mag_init(out + k);
    return out;
}

static void destroy_mags(mag_ptr mags, size_t count) {
    for (size_t k = 0; k < count; k++) mag_clear(mags + k);
    flint_free(mags);
}

static void set_problem(ntk_linear_flow *self, const ntk_linear_flow_problem *problem) {
    const size_t n = self->p.n;
    self->kernel = _arb_vec_init((slong)(n * n));
    self->outputs = _arb_vec_init((slong)n);
    self->p.sign = flint_malloc(n * sizeof *self->p.sign);
    for (size_t i = 0; i < n; i++) {
        arb_set_d(self->outputs + i, problem->outputs[i]);
        self->p.sign[i] = problem->targets[i] > 0.5 ? 1 : -1;
        for (size_t j = 0; j < n; j++)
            arb_set_d(self->kernel + i * n + j, problem->kernel[j <= i ? i * n + j : j * n + i]);
    }
}

static ntk_status fill(ntk_linear_flow *self, const ntk_linear_flow_problem *problem) {
    NTK_BALL_GUARD;
    const size_t n = self->p.n, order = self->p.order;
    set_problem(self, problem);
    self->next = _arb_vec_init((slong)n);
    self->a = _arb_vec_init((slong)(n * (order + 1)));
    ntk_tube_series_init(&self->p, &self->taylor);
    ntk_tube_series_init(&self->p, &self->whole);
    ntk_tube_series_init(&self->p, &self->point);
    self->missed = create_mags(order);
    self->last = create_mags(1);
    self->entries = create_mags(n);
    arb_init(self->from);
    arb_init(self->t);
    mag_init(self->s);
    mag_init(self->remainder);
    mag_init(self->rounding);
    mag_init(self->stretch);
    mag_init(self->per_s);
    set_factors(self);
    self->slack = 100;
    return NTK_OK;
}

ntk_status ntk_linear_flow_create(const ntk_linear_flow_problem *problem,
                                  const ntk_linear_flow_options *options, ntk_linear_flow **out) {
    *out = NULL;
    double lambda;
    void *memory = NULL;
    NTK_TRY(check(problem, options));
    NTK_TRY(certify(problem, &lambda));
    NTK_TRY(ntk_allocate(1, sizeof(ntk_linear_flow), &memory));
    ntk_linear_flow *self = memory;
    self->p = (tube_problem){.n = problem->points, .order = options->order, .bits = (slong)options->bits};
    self->target = options->defect > 0 ? options->defect : ldexp(1, -(int)options->bits / 2);
    self->lambda = lambda;
    self->eps = problem->kernel_error;
    const ntk_status status = fill(self, problem);
    if (status == NTK_OK)
        *out = self;
    else
        ntk_release(self); /* what FLINT had allocated is lost (guard.h) */
    return status;
}

void ntk_linear_flow_destroy(ntk_linear_flow *self) {
    if (!self) return;
    const size_t n = self->p.n, order = self->p.order;
    _arb_vec_clear(self->kernel, (slong)(n * n));
    _arb_vec_clear(self->outputs, (slong)n);
    flint_free(self->p.sign);
    _arb_vec_clear(self->next, (slong)n);
    _arb_vec_clear(self->a, (slong)(n * (order + 1)));
    ntk_tube_series_clear(&self->taylor);
    ntk_tube_series_clear(&self->whole);
    ntk_tube_series_clear(&self->point);
    destroy_mags(self->missed, order);
    destroy_mags(self->last, 1);
    destroy_mags(self->entries, n);
    arb_clear(self->from);
    arb_clear(self->t);
    mag_clear(self->s);
    mag_clear(self->remainder);
    mag_clear(self->rounding);
    mag_clear(self->stretch);
    mag_clear(self->per_s);
    ntk_release(self);
}

/* ---- the polynomial -------------------------------------------------------------------------- */

/* An upper bound of |v|_G, from those of |v_i| in `entries`. */
static void kernel_norm(const ntk_linear_flow *self, mag_t out) {
    const size_t n = self->p.n;
    mag_t row, entry;
    mag_init(row);
    mag_init(entry);
    mag_zero(out);
    for (size_t i = 0; i < n; i++) {
        mag_zero(row);
        for (size_t j = 0; j < n; j++) {
            arb_get_mag(entry, self->kernel + i * n + j);
            mag_addmul(row, entry, self->entries + j);
        }
        mag_addmul(out, row, self->entries + i);
    }
    mag_sqrt(out, out);
    mag_clear(row);
    mag_clear(entry);
}

/* |c_k|_G of the forces of a series, at most. */
static void force_norm(const ntk_linear_flow *self, const tube_series *s, size_t k, mag_t out) {
    for (size_t i = 0; i < self->p.n; i++) arb_get_mag(self->entries + i, s->force + i * s->length + k);
    kernel_norm(self, out);
}

/* z_k = y (f_0 + G a)_k, and z' at order k - 1. */
static void margins(ntk_linear_flow *self, size_t k) {
    const size_t n = self->p.n, length = self->taylor.length;
    for (size_t i = 0; i < n; i++) {
        arb_ptr z = self->taylor.z + i * length + k;
        arb_dot(z, k == 0 ? self->outputs + i : NULL, 0, self->kernel + i * n, 1, self->a + k, (slong)length,
                (slong)n, self->p.bits);
        if (self->p.sign[i] < 0) arb_neg(z, z);
        if (k > 0) arb_mul_ui(self->taylor.dz + i * length + k - 1, z, k, self->p.bits);
    }
}

/* Weights and forces at order k from the margins. */
static void weigh(const ntk_linear_flow *self, tube_series *s, size_t k) {
    if (k == 0)
        ntk_tube_series_weights(&self->p, s);
    else
        ntk_tube_series_extend_weights(&self->p, s, k);
    ntk_tube_series_forces(&self->p, s, k);
}

/* a_{k+1} = the midpoint of c_k / (k + 1) */
static void next_coefficient(ntk_linear_flow *self, size_t k) {
    arb_t difference;
    arb_init(difference);
    for (size_t i = 0; i < self->p.n; i++) {
        arb_srcptr c = self->taylor.force + i * self->taylor.length + k;
        arb_ptr a = self->a + i * self->taylor.length + k + 1;
        arb_div_ui(a, c, k + 1, self->p.bits);
        mag_zero(arb_radref(a));
        arb_mul_ui(difference, a, k + 1, self->p.bits);
        arb_sub(difference, difference, c, self->p.bits);
        arb_get_mag(self->entries + i, difference);
    }
    kernel_norm(self, self->missed + k);
    arb_clear(difference);
}

static void generate(ntk_linear_flow *self) {
    for (size_t i = 0; i < self->p.n; i++) arb_set(self->a + i * self->taylor.length, self->next + i);
    margins(self, 0);
    for (size_t k = 0; k < self->p.order; k++) {
        weigh(self, &self->taylor, k);
        next_coefficient(self, k);
        margins(self, k + 1);
    }
}

/* ---- over the whole step --------------------------------------------------------------------- */

/* Margins re-expanded over the step, z' of all orders from them; their middle. */
static void expand(ntk_linear_flow *self, double length, const mag_t eta) {
    const size_t n = self->p.n, count = self->taylor.length;
    arb_t half;
    arb_init(half);
    arb_set_d(half, length / 2);
    for (size_t i = 0; i < n; i++) {
        arb_ptr z = self->whole.z + i * count;
        _arb_vec_set(z, self->taylor.z + i * count, (slong)count);
        certify_taylor_cover(z, count, half, eta, self->point.z + i * count, self->p.bits);
        for (size_t k = 1; k < count; k++)
            arb_mul_ui(self->whole.dz + i * count + k - 1, z + k, k, self->p.bits);
    }
    arb_clear(half);
}

/* omega and q over the step: their values in the middle and derivatives over the step. */
static void sharpen_weights(ntk_linear_flow *self, const mag_t eta) {
    tube_series *whole = &self->whole, *point = &self->point;
    arb_t derivative;
    arb_init(derivative);
    ntk_tube_series_paces(&self->p, whole, 0);
    for (size_t i = 0; i < self->p.n; i++) {
        const size_t at = i * whole->length;
        arb_mul(derivative, whole->omega + at, whole->excess + at, self->p.bits);
        certify_taylor_sharpen(whole->omega + at, point->omega + at, derivative, eta, self->p.bits);
    }
    arb_mul(derivative, whole->q, whole->total, self->p.bits);
    certify_taylor_sharpen(whole->q, point->q, derivative, eta, self->p.bits);
    arb_clear(derivative);
}

/* `whole` and `last` for a step of this length. */
static void cover(ntk_linear_flow *self, double length) {
    mag_t eta;
    mag_init(eta);
    mag_set_d(eta, length / 2);
    expand(self, length, eta);
    ntk_tube_series_weights(&self->p, &self->point);
    ntk_tube_series_weights(&self->p, &self->whole);
    sharpen_weights(self, eta);
    ntk_tube_series_forces(&self->p, &self->whole, 0);
    for (size_t k = 1; k <= self->p.order; k++) weigh(self, &self->whole, k);
    force_norm(self, &self->whole, self->p.order, self->last);
    mag_clear(eta);
}

/* ---- time ------------------------------------------------------------------------------------ */

/* t = from + n (sum_{k < N} q_k tau^{k+1} / (k+1) + q_N(somewhere) tau^{N+1} / (N+1)) */
static void time_at(const ntk_linear_flow *self, const arb_t tau, arb_t out) {
    arb_t term;
    arb_init(term);
    arb_zero(out);
    for (size_t k = self->p.order + 1; k-- > 0;) {
        arb_div_ui(term, (k == self->p.order ? self->whole.q : self->taylor.q) + k, k + 1, self->p.bits);
        arb_mul(out, out, tau, self->p.bits);
        arb_add(out, out, term, self->p.bits);
    }
    arb_mul(out, out, tau, self->p.bits);
    arb_mul_ui(out, out, self->p.n, self->p.bits);
    arb_add(out, out, self->from, self->p.bits);
    arb_clear(term);
}

static void polynomial_at(arb_t out, arb_srcptr u, size_t length, const arb_t tau, slong bits) {
    arb_set(out, u + length - 1);
    for (size_t k = length - 1; k-- > 0;) {
        arb_mul(out, out, tau, bits);
        arb_add(out, out, u + k, bits);
    }
}

/* ---- a step ---------------------------------------------------------------------------------- */

/* The length at which the remainder of a series with these last two coefficients is expected to be
 * the target times its unit. */
static double length_for(const ntk_linear_flow *self, double last, double before, double unit) {
    const double n = (double)self->p.order, ratio = last / before;
    const double length = pow(self->target * unit * (n + 1) / (self->slack * last * ratio), 1 / (n + 1));
    return length > 0 && length < 0.7 / ratio ? length : 0.7 / ratio;
}

static double middle_of(arb_srcptr x) { return fabs(arf_get_d(arb_midref(x), ARF_RND_NEAR)); }

/* Of a, and of t relative to t' = n q. */
static double guess_length(const ntk_linear_flow *self) {
    const size_t n = self->p.order;
    arb_srcptr q = self->taylor.q;
    mag_t a, b;
    mag_init(a);
    mag_init(b);
    force_norm(self, &self->taylor, n - 1, a);
    force_norm(self, &self->taylor, n - 2, b);
    const double for_path = length_for(self, mag_get_d(a), mag_get_d(b), 1);
    const double for_time = length_for(self, middle_of(q + n - 1), middle_of(q + n - 2), middle_of(q));
    mag_clear(a);
    mag_clear(b);
    double length = fmin(for_path, for_time);
    if (self->steps > 0 && !(length < 1.5 * self->length)) length = 1.5 * self->length;
    return isfinite(length) && length > 0 ? length : 1;
}

/* What a step of this length misses: the path in the norm of G, t relative to itself. */
static double missed_by(ntk_linear_flow *self, double length, mag_t remainder) {
    arb_t tau, t;
    mag_t most, least;
    arb_init(tau);
    arb_init(t);
    mag_init(most);
    mag_init(least);
    cover(self, length);
    certify_taylor_defect(self->p.order, length, NULL, self->last, remainder);
    arb_set_d(tau, length);
    time_at(self, tau, t);
    arb_get_mag_lower(least, t);
    mag_div(most, arb_radref(t), least);
    const double out = fmax(mag_get_d(remainder), mag_get_d(most));
    arb_clear(tau);
    arb_clear(t);
    mag_clear(most);
    mag_clear(least);
    return isfinite(mag_get_d(remainder)) ? out : INFINITY;
}

/* A length at which not much more is missed than wanted. */
static bool search_length(ntk_linear_flow *self, double *length, mag_t remainder) {
    enum { TRIES = 24 };
    *length = guess_length(self);
    for (int k = 0; k < TRIES; k++) {
        *length = certify_taylor_short_length(*length);
        const double missed = missed_by(self, *length, remainder);
        if (missed < self->target / 64) self->slack /= 4;
        if (missed <= 64 * self->target) return true;
        self->slack *= 8;
        *length *= 0.7;
    }
    return false;
}

/* The end of the step becomes the beginning of the next: a is rounded, a jump. */
static void move_on(ntk_linear_flow *self, double length) {
    arb_t tau, end;
    mag_t jump;
    arb_init(tau);
    arb_init(end);
    mag_init(jump);
    arb_set_d(tau, length);
    for (size_t i = 0; i < self->p.n; i++) {
        polynomial_at(end, self->a + i * self->taylor.length, self->taylor.length, tau, self->p.bits);
        mag_set(self->entries + i, arb_radref(end));
        arb_get_mid_arb(self->next + i, end);
    }
    kernel_norm(self, jump);
    mag_add(self->rounding, self->rounding, jump);
    arb_set(self->from, self->t);
    time_at(self, tau, self->t);
    arb_clear(tau);
    arb_clear(end);
    mag_clear(jump);
}

static void accept(ntk_linear_flow *self, double length, const mag_t remainder) {
    mag_t part;
    mag_init(part);
    mag_add(self->remainder, self->remainder, remainder);
    mag_zero(self->last);
    certify_taylor_defect(self->p.order, length, self->missed, self->last, part);
    mag_add(self->rounding, self->rounding, part);
    mag_set_d(part, length);
    mag_add(self->s, self->s, part);
    mag_clear(part);
    move_on(self, length);
    self->length = length;
    self->steps++;
}

static ntk_status step(ntk_linear_flow *self) {
    double length;
    mag_t remainder;
    mag_init(remainder);
    self->failed = true; /* also where it ends early, without memory */
    generate(self);
    const bool found = search_length(self, &length, remainder);
    if (found) accept(self, length, remainder);
    mag_clear(remainder);
    self->failed = !(found && arb_is_finite(self->t));
    if (!self->failed) return NTK_OK;
    return ntk_fail(NTK_ERROR_NO_CONVERGENCE,
                    "linear flow: after %zu steps no bound of the next one; more bits may help", self->steps);
}

/* ---- what is proved -------------------------------------------------------------------------- */

static void error_of(const ntk_linear_flow *self, mag_t out) {
    mag_add(out, self->remainder, self->rounding);
    mag_mul(out, out, self->stretch);
    mag_addmul(out, self->per_s, self->s);
}

/* tau such that t(tau) is about the time, by bisection and without rigour. */
static double find_tau(const ntk_linear_flow *self, const arb_t time) {
    double low = 0, high = self->length;
    arb_t tau, t;
    arb_init(tau);
    arb_init(t);
    for (int k = 0; k < 60; k++) {
        arb_set_d(tau, low / 2 + high / 2);
        time_at(self, tau, t);
        *(arf_cmp(arb_midref(t), arb_midref(time)) < 0 ? &low : &high) = low / 2 + high / 2;
    }
    arb_clear(tau);
    arb_clear(t);
    return low;
}

/* A ball around tau at whose ends t is certain to be before and behind the time; within the
 * step. */
static bool bracket(const ntk_linear_flow *self, const arb_t time, arb_t out) {
    const double tau = find_tau(self, time);
    bool before = false, behind = false;
    double low = tau, high = tau;
    arb_t at, t;
    arb_init(at);
    arb_init(t);
    for (double wide = self->length * 0x1p-60; wide < 2 * self->length; wide *= 2) {
        if (!before) low = fmax(0, tau - wide);
        if (!behind) high = fmin(self->length, tau + wide);
        arb_set_d(at, low);
        time_at(self, at, t);
        before = arb_le(t, time);
        arb_set_d(at, high);
        time_at(self, at, t);
        behind = arb_ge(t, time);
        if (before && behind) break;
    }
    arb_set_d(out, low);
    arb_set_d(at, high);
    arb_union(out, out, at, self->p.bits);
    arb_clear(at);
    arb_clear(t);
    return before && behind;
}

/* Outputs on the bracket, and the error of each: sqrt(G_ii + eps) E. */
static void evaluate(const ntk_linear_flow *self, const arb_t tau, ntk_interval *outputs) {
    arb_t f, size;
    mag_t error, one;
    arb_init(f);
    arb_init(size);
    mag_init(error);
    mag_init(one);
    error_of(self, error);
    for (size_t i = 0; i < self->p.n; i++) {
        polynomial_at(f, self->taylor.z + i * self->taylor.length, self->taylor.length, tau, self->p.bits);
        if (self->p.sign[i] < 0) arb_neg(f, f);
        arb_set_d(size, self->eps);
        arb_add(size, size, self->kernel + i * self->p.n + i, self->p.bits);
        arb_sqrt(size, size, self->p.bits);
        arb_get_mag(one, size);
        mag_mul(one, one, error);
        arb_add_error_mag(f, one);
        outputs[i] = certify_interval_of(f);
    }
    arb_clear(f);
    arb_clear(size);
    mag_clear(error);
    mag_clear(one);
}

static ntk_status run_to(ntk_linear_flow *self, double log_time, ntk_interval *outputs) {
    if (self->failed)
        return ntk_fail(NTK_ERROR_NO_CONVERGENCE, "linear flow: its step after %zu has failed before",
                        self->steps);
    NTK_BALL_GUARD;
    arb_t time, tau;
    arb_init(time);
    arb_init(tau);
    arb_set_d(time, log_time);
    arb_exp(time, time, self->p.bits);
    ntk_status status = NTK_OK;
    while (status == NTK_OK && !arb_gt(self->t, time)) status = step(self);
    if (status == NTK_OK && !bracket(self, time, tau))
        status =
            ntk_fail(NTK_ERROR_ARGUMENT,
                     "linear flow: log t = %.17g is before the last step, or at its beginning", log_time);
    if (status == NTK_OK) evaluate(self, tau, outputs);
    arb_clear(time);
    arb_clear(tau);
    return status;
}

ntk_status ntk_linear_flow_outputs(ntk_linear_flow *flow, double log_time, ntk_interval *outputs) {
    if (!(fabs(log_time) <= LOG_TIME_MAX))
        return ntk_fail(NTK_ERROR_ARGUMENT, "linear flow: log t = %g, not -%d .. %d", log_time,
                        (int)LOG_TIME_MAX, (int)LOG_TIME_MAX);
    return run_to(flow, log_time, outputs);
}

static ntk_interval log_time_of(const ntk_linear_flow *self) {
    arb_t log_time;
    arb_init(log_time);
    arb_log(log_time, self->t, self->p.bits);
    const ntk_interval out =
        self->steps > 0 ? certify_interval_of(log_time) : (ntk_interval){-INFINITY, -INFINITY};
    arb_clear(log_time);
    return out;
}

void ntk_linear_flow_describe(const ntk_linear_flow *flow, ntk_linear_flow_state *out) {
    mag_t part;
    mag_init(part);
    *out = (ntk_linear_flow_state){.steps = flow->steps, .log_time = log_time_of(flow)};
    out->lambda_min = nextafter(flow->lambda - flow->eps, -INFINITY);
    error_of(flow, part);
    out->error = mag_get_d(part);
    mag_mul(part, flow->remainder, flow->stretch);
    out->remainder = mag_get_d(part);
    mag_mul(part, flow->rounding, flow->stretch);
    out->rounding = mag_get_d(part);
    mag_mul(part, flow->per_s, flow->s);
    out->kernel = mag_get_d(part);
    mag_clear(part);
}
