/* Enclosures of eigenvalues on the sphere, from both sides: each holds an independent 50-digit
 * integral (tests/zonal.c) and is no wider than its accuracy is stated. */
#include <float.h>
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/ball_sphere.h>
#include <ntk/sphere.h>

#include "certify/ball_sphere.h"
#include "start.h"
#include "zonal.h"

TestSuite(ball_sphere, .init = start_linalg);

enum { DEGREES = 20 };

/* e^{-g r}, r = 2 sin(theta / 2), g a double. */
static int laplace(acb_ptr out, const acb_t theta, void *scale, slong order, slong bits) {
    (void)order;
    acb_t factor;
    acb_init(factor);
    acb_mul_2exp_si(out, theta, -1);
    acb_sin(out, out, bits);
    arb_set_d(acb_realref(factor), -2 * *(double *)scale);
    acb_mul(out, out, factor, bits);
    acb_exp(out, out, bits);
    acb_clear(factor);
    return 0;
}

static void expect_tight(ntk_interval mu, const arb_t exact, double width, const char *what, size_t p,
                         size_t k) {
    cr_expect(zonal_holds(mu.low, mu.high, exact), "%s, p = %zu, k = %zu: [%.17g, %.17g]", what, p, k, mu.low,
              mu.high);
    cr_expect(mu.high - mu.low <= width + 4 * DBL_EPSILON * fabs(mu.high), "%s, p = %zu, k = %zu: width %g",
              what, p, k, mu.high - mu.low);
}

Test(ball_sphere, laplace_kernel) {
    static const size_t dimensions[] = {2, 3, 5};
    double scales[] = {0.5, 7.25};
    arb_t exact;
    arb_init(exact);
    for (size_t d = 0; d < 3; d++)
        for (size_t s = 0; s < 2; s++) {
            ntk_interval mu[DEGREES];
            assert_ok(ntk_ball_sphere_laplace(dimensions[d], scales[s], DEGREES, mu));
            for (size_t k = 0; k < DEGREES; k += k < 2 ? 1 : 8) {
                zonal_coefficient(exact, laplace, &scales[s], dimensions[d], k, 166);
                expect_tight(mu[k], exact, 0, "Laplace", dimensions[d], k);
            }
        }
    arb_clear(exact);
}

/* Two hidden layers with or without bias, from the definition in terms of the arccosine, whose
 * branch point is at an end of the range: fewer digits. */
typedef struct two_layers {
    double bias;
} two_layers;

/* psi = pi - arccos(c / v), E[phi phi] and E[phi' phi'] of a layer with both variances v and
 * covariance c. */
static void layer(acb_t value, acb_t slope, const acb_t c, const acb_t v, slong bits) {
    acb_t root, pi;
    acb_init(root);
    acb_init(pi);
    acb_div(slope, c, v, bits);
    acb_acos(slope, slope, bits);
    acb_const_pi(pi, bits);
    acb_sub(slope, pi, slope, bits);
    acb_mul(root, v, v, bits);
    acb_submul(root, c, c, bits);
    acb_sqrt(root, root, bits);
    acb_mul(value, c, slope, bits);
    acb_add(value, value, root, bits);
    acb_mul_2exp_si(pi, pi, 1);
    acb_div(value, value, pi, bits);
    acb_div(slope, slope, pi, bits);
    acb_clear(root);
    acb_clear(pi);
}

/* w^2 = 2, so v' = v + b^2; divided by nothing. */
static int network(acb_ptr out, const acb_t theta, void *parameters, slong order, slong bits) {
    const two_layers *self = parameters;
    (void)order;
    acb_t s, v, value, slope, bias;
    acb_init(s);
    acb_init(v);
    acb_init(value);
    acb_init(slope);
    acb_init(bias);
    arb_set_d(acb_realref(bias), self->bias);
    acb_cos(s, theta, bits);
    acb_mul_2exp_si(s, s, 1);
    acb_add(s, s, bias, bits);
    acb_set_ui(v, 2);
    acb_add(v, v, bias, bits);
    acb_set(out, s);
    for (int l = 0; l < 2; l++) {
        layer(value, slope, s, v, bits);
        acb_mul_2exp_si(slope, slope, 1);
        acb_mul_2exp_si(value, value, 1);
        acb_add(s, value, bias, bits);
        acb_add(v, v, bias, bits);
        acb_mul(out, out, slope, bits);
        acb_add(out, out, s, bits);
    }
    acb_clear(s);
    acb_clear(v);
    acb_clear(value);
    acb_clear(slope);
    acb_clear(bias);
    return 0;
}

static double exact_low(const arb_t ball) {
    arf_t end;
    arf_init(end);
    arb_get_lbound_arf(end, ball, 100);
    const double out = arf_get_d(end, ARF_RND_FLOOR);
    arf_clear(end);
    return out;
}

static double exact_high(const arb_t ball) {
    arf_t end;
    arf_init(end);
    arb_get_ubound_arf(end, ball, 100);
    const double out = arf_get_d(end, ARF_RND_CEIL);
    arf_clear(end);
    return out;
}

static ntk_architecture relu(size_t depth, double bias) {
    ntk_architecture out = ntk_architecture_default();
    out.depth = depth;
    out.bias_variance = bias;
    out.input_scale = NTK_INPUT_SCALE_NONE;
    return out;
}

Test(ball_sphere, deep_networks_are_the_integrals) {
    two_layers cases[] = {{0}, {0.3}};
    static const size_t dimensions[] = {3, 4};
    arb_t exact;
    arb_init(exact);
    for (size_t c = 0; c < 2; c++)
        for (size_t d = 0; d < 2; d++) {
            ntk_interval mu[DEGREES];
            const ntk_architecture architecture = relu(2, cases[c].bias);
            assert_ok(ntk_ball_sphere_network(&architecture, NTK_KERNEL_NTK, dimensions[d], DEGREES, mu));
            for (size_t k = 0; k < DEGREES; k += k < 2 ? 1 : 8) {
                zonal_coefficient_between(exact, network, &cases[c], dimensions[d], k);
                arb_add_error_2exp_si(exact, -80); /* what is not known of the integral */
                const double missed = fmax(mu[k].low - exact_high(exact), exact_low(exact) - mu[k].high);
                cr_expect(missed <= 0, "case %zu, p = %zu, k = %zu: [%.17g, %.17g]", c, dimensions[d], k,
                          mu[k].low, mu[k].high);
                cr_expect(mu[k].high - mu[k].low <= 1e-25 + 4 * DBL_EPSILON * fabs(mu[k].high));
            }
        }
    arb_clear(exact);
}

/* The quadrature knows nothing of parity: what the closed form says to vanish it finds below
 * 10^-30, and the rest in the closed form's intervals. */
Test(ball_sphere, quadrature_finds_the_closed_form) {
    static const size_t dimensions[] = {2, 3, 4, 9};
    for (size_t d = 0; d < 4; d++) {
        ntk_interval closed[DEGREES], found[DEGREES];
        const ntk_architecture architecture = relu(1, 0);
        assert_ok(ntk_ball_sphere_shallow(dimensions[d], DEGREES, closed));
        assert_ok(ntk_ball_sphere_network(&architecture, NTK_KERNEL_NTK, dimensions[d], DEGREES, found));
        for (size_t k = 0; k < DEGREES; k++) {
            cr_expect(found[k].low <= 2 * closed[k].high && 2 * closed[k].low <= found[k].high,
                      "p = %zu, k = %zu", dimensions[d], k);
            cr_expect(found[k].high - found[k].low <= 1e-30 + 4 * DBL_EPSILON * found[k].high);
            cr_expect_eq(k % 2 && k > 1, closed[k].low == 0 && closed[k].high == 0);
        }
    }
}

/* With so few panels the rule errs by more than rounding, and its bound has to cover it: the
 * truth is inside, though not at the middle, of an interval that is not absurdly wide. */
Test(ball_sphere, bound_of_the_quadrature_covers_its_error) {
    enum { MANY = 60, P = 3 };
    ntk_interval closed[MANY], found[MANY];
    ntk_formula *f;
    assert_ok(ntk_formula_create(&f));
    assert_ok(ntk_formula_define(f, "kernel", "2*cos(x)*(1 - x/pi) + sin(x)/pi"));
    assert_ok(ntk_ball_sphere_shallow(P, MANY, closed));
    for (size_t panels = 4; panels <= 6; panels++) {
        double missed = 0, width = 0;
        assert_ok(ball_sphere_integrate(f, "kernel", P, MANY, panels, found));
        for (size_t k = 0; k < MANY; k++) {
            cr_expect(found[k].low <= closed[k].low && closed[k].high <= found[k].high, "%zu panels, k = %zu",
                      panels, k);
            missed = fmax(missed, fabs(found[k].low / 2 + found[k].high / 2 - closed[k].low));
            width = fmax(width, found[k].high - found[k].low);
        }
        cr_expect(missed > 1e-15, "%zu panels show nothing: %g", panels, missed);
        cr_expect(width <= 1e5 * missed, "%zu panels: width %g for %g", panels, width, missed);
    }
    ntk_formula_destroy(f);
}

/* The doubles of sphere.h lie within their stated error of the intervals. */
Test(ball_sphere, doubles_are_within_their_error) {
    enum { P = 7, MANY = 301 };
    static ntk_interval mu[MANY];
    static double found[MANY];
    for (int which = 0; which < 4; which++) {
        switch (which) {
        case 0:
        case 1:
            assert_ok(ntk_ball_sphere_arc_cosine(P, (unsigned)which, MANY, mu));
            assert_ok(ntk_sphere_arc_cosine(P, (unsigned)which, MANY, found));
            break;
        case 2:
            assert_ok(ntk_ball_sphere_shallow(P, MANY, mu));
            assert_ok(ntk_sphere_shallow(P, MANY, found));
            break;
        default:
            assert_ok(ntk_ball_sphere_power(P, 2.75, MANY, mu));
            assert_ok(ntk_sphere_power(P, 2.75, MANY, found));
        }
        for (size_t k = 0; k < MANY; k++) {
            const double allowed = (double)(2 * k + P + 16) * DBL_EPSILON * fabs(mu[k].low);
            cr_expect(fabs(found[k] - mu[k].low) <= allowed, "function %d, k = %zu", which, k);
            cr_expect(mu[k].high - mu[k].low <= 2 * DBL_EPSILON * fabs(mu[k].low));
        }
    }
}

Test(ball_sphere, quadrature_in_doubles_is_within_its_error) {
    enum { P = 5 };
    ntk_interval mu[DEGREES];
    double found[DEGREES], error;
    ntk_architecture architecture = relu(3, 0.1);
    architecture.input_scale = NTK_INPUT_SCALE_DIMENSION;
    for (int type = 0; type < 2; type++) {
        assert_ok(ntk_ball_sphere_network(&architecture, (ntk_kernel_type)type, P, DEGREES, mu));
        assert_ok(ntk_sphere_network(&architecture, (ntk_kernel_type)type, P, DEGREES, found, &error));
        for (size_t k = 0; k < DEGREES; k++)
            cr_expect(fabs(found[k] - mu[k].low) <= error, "type %d, k = %zu", type, k);
    }
    assert_ok(ntk_ball_sphere_laplace(P, 1.5, DEGREES, mu));
    assert_ok(ntk_sphere_laplace(P, 1.5, DEGREES, found, &error));
    for (size_t k = 0; k < DEGREES; k++)
        cr_expect(fabs(found[k] - mu[k].low) <= error, "Laplace, k = %zu", k);
}

/* Deep or biased, no degree vanishes. */
Test(ball_sphere, odd_degrees_do_not_vanish_when_deep_or_biased) {
    const ntk_architecture cases[] = {relu(2, 0), relu(1, 0.1)};
    for (size_t c = 0; c < 2; c++) {
        ntk_interval mu[DEGREES];
        assert_ok(ntk_ball_sphere_network(&cases[c], NTK_KERNEL_NTK, 3, DEGREES, mu));
        for (size_t k = 0; k < DEGREES; k++)
            cr_expect(mu[k].low > 0, "case %zu, k = %zu: %g", c, k, mu[k].low);
    }
}

Test(ball_sphere, refuses) {
    ntk_interval mu[4];
    ntk_architecture architecture = relu(1, 0);
    assert_fails(ntk_ball_sphere_shallow(1, 4, mu), NTK_ERROR_ARGUMENT, "p = 1");
    assert_fails(ntk_ball_sphere_shallow(3, 0, mu), NTK_ERROR_ARGUMENT, "0 degrees");
    assert_fails(ntk_ball_sphere_laplace(3, NAN, 4, mu), NTK_ERROR_ARGUMENT, "scale nan");
    assert_fails(ntk_ball_sphere_power(3, -2, 4, mu), NTK_ERROR_ARGUMENT, "exponent -2");
    assert_fails(ntk_ball_sphere_arc_cosine(3, 2, 4, mu), NTK_ERROR_ARGUMENT, "degree 2");
    assert_fails(ntk_ball_sphere_network(&architecture, NTK_KERNEL_NTK, 3, 2000, mu), NTK_ERROR_ARGUMENT,
                 "2000");
    architecture.activation = NTK_ERF;
    assert_fails(ntk_ball_sphere_network(&architecture, NTK_KERNEL_NTK, 3, 4, mu), NTK_ERROR_UNSUPPORTED,
                 "ReLU");
}
