/* Tubes against an integration in 77 digits that shares nothing with them, against the network in
 * doubles, and from both sides: an enclosure holds what it should, and is not idly wide. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/data.h>
#include <ntk/exit.h>
#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/network.h>
#include <ntk/random.h>
#include <ntk/tube.h>

#include "certify/tube.h"
#include "reference_flow.h"
#include "status.h"

enum { MOST_WIDTH = 16, D = 2, MOST_POINTS = 4, MOST_THETA = MOST_WIDTH * (D + 1) };

typedef struct setting {
    ntk_architecture architecture;
    size_t m, n;
    double theta[MOST_THETA], x[MOST_POINTS * D], targets[MOST_POINTS], centre[MOST_THETA];
    ntk_tube_problem problem;
} setting;

static void make(setting *s, ntk_activation activation, ntk_loss loss, size_t m, size_t n, uint64_t seed) {
    s->architecture = ntk_architecture_default();
    s->architecture.activation = activation;
    s->architecture.weight_variance = 1.5;
    s->m = m;
    s->n = n;
    ntk_stream stream = ntk_stream_create(seed, "tests/tube", 0);
    ntk_stream_normal(&stream, m * (D + 1), s->theta);
    ntk_stream_normal(&stream, n * D, s->x);
    for (size_t i = 0; i < n; i++) s->targets[i] = i % 2 == 0 ? 1 : loss == NTK_LOSS_SQUARED ? -1 : 0;
    s->problem = (ntk_tube_problem){.architecture = &s->architecture,
                                    .loss = loss,
                                    .inputs = D,
                                    .width = m,
                                    .theta = s->theta,
                                    .points = n,
                                    .x = s->x,
                                    .targets = s->targets};
}

/* A regulariser towards a place of its own, and soft targets. */
static void change(setting *s, double lambda, double epsilon) {
    ntk_stream stream = ntk_stream_create(7, "tests/tube-centre", 0);
    ntk_stream_normal(&stream, s->m * (D + 1), s->centre);
    s->problem.lambda = lambda;
    s->problem.centre = s->centre;
    for (size_t i = 0; i < s->n; i++) s->targets[i] += s->targets[i] > 0.5 ? -epsilon : epsilon;
}

static ntk_tube *tube_of(const setting *s, size_t bits, double start_error) {
    ntk_tube_options options = ntk_tube_options_default();
    options.bits = bits;
    options.order = bits < 100 ? 12 : 20;
    options.start_error = start_error;
    ntk_tube *tube = NULL;
    assert_ok(ntk_tube_create(&s->problem, &options, &tube));
    return tube;
}

/* ---- against another integrator -------------------------------------------------------------- */

static void check_against_integration(ntk_loss loss, double lambda, double epsilon) {
    setting s;
    make(&s, NTK_ERF, loss, 2, 2, 1);
    change(&s, lambda, epsilon);
    ntk_tube *tube = tube_of(&s, 128, 0);
    for (int k = 0; k < 3; k++) assert_ok(ntk_tube_step(tube));
    const size_t p = s.m * (D + 1);
    arb_ptr coarse = _arb_vec_init((slong)p), fine = _arb_vec_init((slong)p);
    const double t = arf_get_d(arb_midref(tube->t), ARF_RND_NEAR);
    cr_assert(t > 0.3 && t < 5, "%g", t);
    reference_flow(&s.problem, tube->t, (ulong)(5 * t) + 1, coarse);
    reference_flow(&s.problem, tube->t, (ulong)(6 * t) + 2, fine);
    const double own = reference_distance(coarse, fine, p);
    cr_assert(own < 1e-24, "the reference is good to %g only", own);
    const double apart = reference_distance(tube->next, fine, p), error = mag_get_d(tube->error);
    cr_expect(apart <= error + own, "%g > %g", apart, error);
    /* In doubles: the distance covers the rounding too. */
    double theta[MOST_THETA], within;
    assert_ok(ntk_tube_centre(tube, theta, &within));
    for (size_t k = 0; k < p; k++) arb_set_d(coarse + k, theta[k]);
    cr_expect(reference_distance(coarse, fine, p) <= within + own && within < 1e-14, "%g", within);
    cr_expect(error < 1e-15, "%g", error);
    _arb_vec_clear(coarse, (slong)p), _arb_vec_clear(fine, (slong)p);
    ntk_tube_destroy(tube);
}

Test(tube, contains_an_integration_in_77_digits) { check_against_integration(NTK_LOSS_LOGISTIC, 0, 0); }
Test(tube, contains_one_of_the_squared_loss) { check_against_integration(NTK_LOSS_SQUARED, 0, 0); }
Test(tube, contains_one_of_soft_targets) { check_against_integration(NTK_LOSS_LOGISTIC, 0, 0.2); }
Test(tube, contains_one_under_a_regulariser) {
    check_against_integration(NTK_LOSS_LOGISTIC, 0.3, 0);
    check_against_integration(NTK_LOSS_SQUARED, 0.3, 0.2);
}

/* ---- each enclosure from both sides ---------------------------------------------------------- */

/* Coefficients at a random tau of the step, for parameters shifted by a random vector within the
 * radius: whole holds them all. */
static void check_coefficients(ntk_tube *tube, tube_series *at, ntk_stream *stream, double *slack) {
    const tube_problem *p = &tube->p;
    double u, shift[MOST_THETA], norm = 0;
    ntk_stream_uniform(stream, 1, &u);
    ntk_stream_normal(stream, tube->parameters, shift);
    for (size_t k = 0; k < tube->parameters; k++) norm += shift[k] * shift[k];
    arb_t tau, step;
    mag_t zero;
    arb_init(tau), arb_init(step);
    mag_init(zero);
    arb_set_d(tau, u * tube->length);
    for (size_t c = 0; c < tube->parameters; c++) {
        const size_t w = p->m * p->d, l = at->length;
        arb_ptr to = c < w ? at->w + c * l : at->a + (c - w) * l;
        _arb_vec_set(to, c < w ? tube->taylor.w + c * l : tube->taylor.a + (c - w) * l, (slong)l);
        _arb_poly_taylor_shift(to, tau, (slong)l, p->bits);
        arb_set_d(step, 0.999 * shift[c] / sqrt(norm));
        arb_t radius;
        arb_init(radius);
        arf_set_mag(arb_midref(radius), tube->radius);
        arb_addmul(to, step, radius, p->bits);
        arb_clear(radius);
    }
    ntk_tube_series_start(p, at, zero);
    for (size_t k = 1; k <= p->order; k++) ntk_tube_series_extend(p, at, k);
    for (size_t k = 0; k < at->stored; k++)
        if (arb_is_finite(tube->whole.all + k))
            cr_assert(arb_overlaps(tube->whole.all + k, at->all + k), "number %zu", k);
    double wide = 0, size = 0;
    for (size_t c = 0; c < p->m; c++) {
        wide = hypot(wide, mag_get_d(arb_radref(tube->whole.fa + c * at->length + p->order)));
        size = hypot(size, arf_get_d(arb_midref(at->fa + c * at->length + p->order), ARF_RND_NEAR));
    }
    *slack = fmax(*slack, wide / size);
    arb_clear(tau), arb_clear(step);
    mag_clear(zero);
}

static void check_whole(ntk_activation activation, ntk_loss loss, double lambda, double epsilon) {
    setting s;
    make(&s, activation, loss, 5, 3, 2);
    change(&s, lambda, epsilon);
    ntk_tube *tube = tube_of(&s, 64, 0);
    ntk_stream stream = ntk_stream_create(3, "tests/tube", 1);
    tube_series at;
    double slack = 0;
    for (int step = 0; step < 4; step++) {
        assert_ok(ntk_tube_step(tube));
        ntk_tube_series_init(&tube->p, &at);
        for (int k = 0; k < 10; k++) check_coefficients(tube, &at, &stream, &slack);
        ntk_tube_series_clear(&at);
    }
    cr_expect(slack < 1e6, "the remainder is %g times the coefficient", slack);
    ntk_tube_destroy(tube);
}

Test(tube, coefficients_over_a_step_hold_those_at_each_place_erf) {
    check_whole(NTK_ERF, NTK_LOSS_LOGISTIC, 0, 0);
}
Test(tube, coefficients_over_a_step_hold_those_at_each_place_gelu) {
    check_whole(NTK_GELU, NTK_LOSS_LOGISTIC, 0, 0);
}
Test(tube, coefficients_over_a_step_hold_those_of_the_squared_loss) {
    check_whole(NTK_ERF, NTK_LOSS_SQUARED, 0, 0);
}
Test(tube, coefficients_over_a_step_hold_those_of_soft_targets) {
    check_whole(NTK_GELU, NTK_LOSS_LOGISTIC, 0, 0.2);
}
Test(tube, coefficients_over_a_step_hold_those_under_a_regulariser) {
    check_whole(NTK_ERF, NTK_LOSS_LOGISTIC, 0.3, 0);
}

/* The field, the loss and the kernel at the start are those of the network in doubles. */
static void check_start(ntk_activation activation, double lambda, double epsilon) {
    setting s;
    make(&s, activation, NTK_LOSS_LOGISTIC, 7, 3, 4);
    change(&s, lambda, epsilon);
    ntk_tube *tube = tube_of(&s, 64, 0);
    ntk_tube_state start;
    assert_ok(ntk_tube_describe(tube, &start));
    assert_ok(ntk_tube_step(tube));
    ntk_network *network = NULL;
    assert_ok(ntk_network_create(&s.architecture, D, s.m, 1, &network));
    double f[3], c[3], gradient[7 * (D + 1)], gram[9], value;
    assert_ok(ntk_network_forward(network, s.theta, 3, s.x, f));
    ntk_loss_evaluate(NTK_LOSS_LOGISTIC, 3, 1, f, s.targets, &value, c);
    assert_ok(ntk_network_pullback(network, s.theta, 3, s.x, c, gradient));
    assert_ok(ntk_network_tangent_kernel(network, s.theta, 3, s.x, gram, 3));
    const bool timed = lambda > 0 || epsilon > 0;
    for (size_t k = 0; k < 7 * (D + 1); k++) {
        const size_t l = tube->p.order + 1;
        arb_srcptr to = k < 14 ? tube->taylor.fw + k * l : tube->taylor.fa + (k - 14) * l;
        const double wanted =
            timed ? -gradient[k] - lambda * (s.theta[k] - s.centre[k]) : -gradient[k] / value;
        cr_expect_float_eq(arf_get_d(arb_midref(to), ARF_RND_NEAR), wanted, 1e-13, "%zu", k);
    }
    cr_expect(start.log_loss.low < log(value) + 1e-14 && start.log_loss.high > log(value) - 1e-14 &&
              start.log_loss.high - start.log_loss.low < 1e-13 && isinf(start.rest));
    for (size_t k = 0; k < 9; k++)
        cr_expect_float_eq(arf_get_d(arb_midref(tube->gram0 + k), ARF_RND_NEAR), gram[k], 1e-13);
    ntk_network_destroy(network);
    ntk_tube_destroy(tube);
}

Test(tube, starts_with_the_networks_field_and_kernel) {
    check_start(NTK_ERF, 0, 0);
    check_start(NTK_GELU, 0, 0);
    check_start(NTK_ERF, 0.4, 0);
    check_start(NTK_GELU, 0, 0.2);
}

/* By central differences of the network's gradients, the largest eigenvalue by an eigensolver, its
 * vector in direction (may be NULL): of sum_i g_i Hess f_i; of -Hess L / L where `all`, the terms
 * that contract included. */
static double curvature_at(const setting *s, const double *theta, bool all, double *direction) {
    const size_t p = s->m * (D + 1);
    ntk_network *network = NULL;
    assert_ok(ntk_network_create(&s->architecture, D, s->m, 1, &network));
    double f[MOST_POINTS], c[MOST_POINTS], scale, moved[MOST_THETA], side[2][MOST_THETA], *hessian = NULL,
                                                                                          values[MOST_THETA];
    assert_ok(ntk_allocate_doubles(p * p, &hessian));
    assert_ok(ntk_network_forward(network, theta, s->n, s->x, f));
    ntk_loss_evaluate(NTK_LOSS_LOGISTIC, s->n, 1, f, s->targets, &scale, c);
    for (size_t k = 0; k < p; k++) {
        const double h = 1e-5;
        for (int up = 0; up < 2; up++) {
            for (size_t l = 0; l < p; l++) moved[l] = theta[l] + (l == k ? (up ? h : -h) : 0);
            assert_ok(ntk_network_forward(network, moved, s->n, s->x, f));
            if (all) ntk_loss_evaluate(NTK_LOSS_LOGISTIC, s->n, 1, f, s->targets, NULL, c);
            assert_ok(ntk_network_pullback(network, moved, s->n, s->x, c, side[up]));
        }
        for (size_t l = 0; l < p; l++) hessian[k * p + l] = (side[0][l] - side[1][l]) / (2 * h * scale);
    }
    assert_ok(ntk_eigen_symmetric(p, hessian, p, direction != NULL, values));
    for (size_t l = 0; direction && l < p; l++) direction[l] = hessian[l * p + p - 1];
    ntk_release(hessian);
    ntk_network_destroy(network);
    return values[p - 1];
}

static void check_curvature(ntk_activation activation) {
    setting s;
    make(&s, activation, NTK_LOSS_LOGISTIC, 4, 3, 5);
    ntk_tube *tube = tube_of(&s, 64, 0);
    for (int step = 0; step < 5; step++) {
        assert_ok(ntk_tube_step(tube));
        mag_t bound;
        mag_init(bound);
        ntk_tube_curvature(tube, tube->length, tube->radius, bound);
        double mean = 0, theta[MOST_THETA];
        enum { PLACES = 16 };
        for (int k = 0; k < PLACES; k++) {
            ntk_tube_evaluate(tube, tube->length * (k + 0.5) / PLACES, &tube->point);
            for (size_t c = 0; c < tube->parameters; c++) {
                const size_t l = tube->point.length, w = s.m * D;
                theta[c] = arf_get_d(arb_midref(c < w ? tube->point.w + c * l : tube->point.a + (c - w) * l),
                                     ARF_RND_NEAR);
            }
            mean += curvature_at(&s, theta, false, NULL) / PLACES;
        }
        const double wanted = mean * tube->length, found = mag_get_d(bound);
        cr_expect(found >= 0.999 * wanted && found < 1.5 * wanted, "step %d: %g for %g", step, found, wanted);
        mag_clear(bound);
    }
    ntk_tube_destroy(tube);
}

Test(tube, curvature_bounds_the_hessian_of_the_network) {
    check_curvature(NTK_ERF);
    check_curvature(NTK_GELU);
}

/* ---- neighbours ------------------------------------------------------------------------------ */

/* tau of the last step of `tube` at which its physical time is `time`. */
static double place_of(ntk_tube *tube, double time, double guess) {
    arb_t t;
    mag_t zero;
    arb_init(t);
    mag_init(zero);
    for (int k = 0; k < 8; k++) { /* Newton: t' = n q */
        ntk_tube_time(tube, guess, t);
        ntk_tube_evaluate(tube, guess, &tube->point);
        ntk_tube_series_start(&tube->p, &tube->point, zero);
        guess -= (arf_get_d(arb_midref(t), ARF_RND_NEAR) - time) /
                 ((double)tube->p.n * arf_get_d(arb_midref(tube->point.q), ARF_RND_NEAR));
    }
    arb_clear(t);
    mag_clear(zero);
    return guess;
}

static double apart(ntk_tube *a, double at_a, ntk_tube *b, double at_b) {
    arb_t difference;
    arb_init(difference);
    ntk_tube_evaluate(a, at_a, &a->point);
    ntk_tube_evaluate(b, at_b, &b->point);
    double out = 0;
    for (size_t c = 0; c < a->parameters; c++) {
        const size_t l = a->point.length, w = a->p.m * D;
        arb_sub(difference, c < w ? a->point.w + c * l : a->point.a + (c - w) * l,
                c < w ? b->point.w + c * l : b->point.a + (c - w) * l, a->p.bits);
        out = hypot(out, arf_get_d(arb_midref(difference), ARF_RND_NEAR));
    }
    arb_clear(difference);
    return out;
}

/* A tube that may start anywhere within delta holds the flow that starts delta away in the
 * direction that expands most. It moves away by nearly what the tube allows for: with an expansion
 * A that is 10 % too small the tube would be refuted. */
Test(tube, holds_its_neighbours_and_hardly_more) {
    setting s;
    make(&s, NTK_ERF, NTK_LOSS_LOGISTIC, 16, 2, 6);
    const double delta = 1e-9;
    double v[MOST_THETA];
    curvature_at(&s, s.theta, true, v);
    setting near = s;
    near.problem.theta = near.theta;
    near.problem.architecture = &near.architecture;
    for (size_t k = 0; k < s.m * (D + 1); k++) near.theta[k] += delta * v[k];
    ntk_tube *tube = tube_of(&s, 128, delta), *other = tube_of(&near, 128, 0);
    assert_ok(ntk_tube_step(tube));
    assert_ok(ntk_tube_step(other));
    const double tau = fmin(tube->length, other->length) / 8;
    arb_t t;
    arb_init(t);
    ntk_tube_time(tube, tau, t);
    const double there = place_of(other, arf_get_d(arb_midref(t), ARF_RND_NEAR), tau);
    const double growth = log(apart(tube, tau, other, there) / delta);
    mag_t bound;
    mag_init(bound);
    ntk_tube_curvature(tube, tau, tube->radius, bound);
    const double allowed = mag_get_d(bound);
    cr_expect(growth <= allowed && growth > 0.9 * allowed, "grown by e^%g, allowed e^%g", growth, allowed);
    /* E of the step, without which e^A would be of no use. */
    cr_expect(delta * exp(growth) <= mag_get_d(tube->error));
    mag_clear(bound);
    arb_clear(t);
    ntk_tube_destroy(tube);
    ntk_tube_destroy(other);
}

/* ---- misuse ---------------------------------------------------------------------------------- */

Test(tube, refuses_what_it_cannot_enclose) {
    setting s;
    make(&s, NTK_ERF, NTK_LOSS_LOGISTIC, 3, 2, 8);
    ntk_tube *tube = NULL;
    ntk_tube_options options = ntk_tube_options_default();
    s.architecture.activation = NTK_RELU;
    cr_expect_eq(ntk_tube_create(&s.problem, &options, &tube), NTK_ERROR_UNSUPPORTED);
    s.architecture.activation = NTK_ERF;
    s.architecture.depth = 2;
    cr_expect_eq(ntk_tube_create(&s.problem, &options, &tube), NTK_ERROR_UNSUPPORTED);
    s.architecture.depth = 1;
    s.architecture.weight_variances = (double[]){2, 1}; /* in place of the scalar */
    cr_expect_eq(ntk_tube_create(&s.problem, &options, &tube), NTK_ERROR_UNSUPPORTED);
    s.architecture.weight_variances = NULL;
    s.targets[1] = 1.5;
    cr_expect_eq(ntk_tube_create(&s.problem, &options, &tube), NTK_ERROR_ARGUMENT);
    s.targets[1] = 0;
    s.problem.lambda = -1;
    cr_expect_eq(ntk_tube_create(&s.problem, &options, &tube), NTK_ERROR_ARGUMENT);
    s.problem.lambda = 0;
    s.problem.centre = (double[]){1, 1, 1, 1, 1, 1, 1, 1, INFINITY};
    cr_expect_eq(ntk_tube_create(&s.problem, &options, &tube), NTK_ERROR_NOT_FINITE);
    s.problem.centre = NULL;
    s.theta[4] = NAN;
    cr_expect_eq(ntk_tube_create(&s.problem, &options, &tube), NTK_ERROR_NOT_FINITE);
    s.theta[4] = 1;
    options.bits = 20;
    cr_expect_eq(ntk_tube_create(&s.problem, &options, &tube), NTK_ERROR_ARGUMENT);
    cr_expect_null(tube);
    s.problem.loss = NTK_LOSS_SOFTMAX;
    options.bits = 64;
    cr_expect_eq(ntk_tube_create(&s.problem, &options, &tube), NTK_ERROR_UNSUPPORTED);
}

/* An error as large as what it disturbs ends the tube with a status, not with a number. */
Test(tube, ends_where_it_can_prove_no_more) {
    setting s;
    make(&s, NTK_ERF, NTK_LOSS_LOGISTIC, 3, 2, 9);
    ntk_tube *tube = tube_of(&s, 64, 0.5);
    ntk_status status = NTK_OK;
    for (int k = 0; k < 200 && status == NTK_OK; k++) status = ntk_tube_step(tube);
    cr_expect_eq(status, NTK_ERROR_NO_CONVERGENCE);
    ntk_tube_state state;
    assert_ok(ntk_tube_describe(tube, &state));
    ntk_tube_destroy(tube);
}
