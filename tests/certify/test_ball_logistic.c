/* Dual activations of tanh, sigmoid and softplus: against 24-digit values by quadrature of the
 * definition, against themselves at other precisions and in one dimension, and in their limits. */
#include <math.h>

#include <criterion/criterion.h>

#include "base/arb.h"
#include "certify/ball_logistic.h"
#include "pseudo_random.h"

enum { ACTIVATIONS = 3, BITS = 192 };
static const ntk_activation activations[ACTIVATIONS] = {NTK_TANH, NTK_SIGMOID, NTK_SOFTPLUS};

static ball_dual found; /* what `compute` leaves */

static void start(void) {
    arb_init(found.value);
    arb_init(found.derivative);
}
static void stop(void) {
    arb_clear(found.value);
    arb_clear(found.derivative);
}
TestSuite(ball_logistic, .init = start, .fini = stop, .timeout = 60);

static void compute_into(ball_dual *out, ntk_activation activation, double a, double b, double c,
                         slong bits) {
    arb_t p, q, s;
    arb_init(p);
    arb_init(q);
    arb_init(s);
    arb_set_d(p, a);
    arb_set_d(q, b);
    arb_set_d(s, c);
    ball_dual_logistic(activation, out, p, q, s, bits);
    arb_clear(p);
    arb_clear(q);
    arb_clear(s);
}

static void compute(ntk_activation activation, double a, double b, double c) {
    compute_into(&found, activation, a, b, c, BITS);
}

/* A point with itself: the sums of one dimension, but for E[phi phi] of softplus. */
static void compute_self(ball_dual *out, ntk_activation activation, double a) {
    arb_t p;
    arb_init(p);
    arb_set_d(p, a);
    ball_dual_logistic(activation, out, p, p, p, BITS);
    arb_clear(p);
}

/* Narrow, and holds the number of 24 digits. */
static void expect_digits(const arb_t ball, const char *digits, const char *what) {
    arb_t wanted, half;
    arb_init(wanted);
    arb_init(half);
    arb_set_str(wanted, digits, BITS);
    arb_set_d(half, 1e-23);
    arb_mul(half, half, wanted, BITS);
    arb_add_error(wanted, half);
    cr_expect(arb_overlaps(ball, wanted), "%s", what);
    cr_expect(arb_rel_accuracy_bits(ball) >= 80, "%s: %ld bits", what, (long)arb_rel_accuracy_bits(ball));
    arb_clear(wanted);
    arb_clear(half);
}

/* In Python, mpmath: the trapezoidal rule in two independent normals, step 0.09, of the definition
 * of phi and phi'. */
Test(ball_logistic, agrees_with_quadrature_of_the_definition) {
    static const double covariances[][3] = {
        {1, 2, 0.75}, {4, 0.5, -1.25}, {0.0625, 0.125, 0.0625}, {1, 1, 0.9990234375}};
    static const char *const wanted[][2 * ACTIVATIONS] = {
        {"0.222884844049161617883531", "0.310896903441002849075302", "0.278320741286199780983091",
         "0.0382568584060604561940095", "0.925684840249712763683684", "0.278320741286199780983091"},
        {"-0.350374352872230107395434", "0.317316320466214782027842", "0.20683158743011952329774",
         "0.0356338513343472082175479", "0.517475235505074534494223", "0.20683158743011952329774"},
        {"0.0531088516715553187695309", "0.852568784260069052405973", "0.253734270061249512963228",
         "0.0597653776653958371709936", "0.512355598567973851670833", "0.253734270061249512963228"},
        {"0.393841114926184052281479", "0.464110227698963863091194", "0.293335252725948449363777",
         "0.044831614367528830466639", "0.920959427273445321740478", "0.293335252725948449363777"}};
    for (size_t k = 0; k < 4; k++)
        for (size_t a = 0; a < ACTIVATIONS; a++) {
            compute(activations[a], covariances[k][0], covariances[k][1], covariances[k][2]);
            expect_digits(found.value, wanted[k][2 * a], "value");
            expect_digits(found.derivative, wanted[k][2 * a + 1], "derivative");
        }
}

/* The bounds hold, and say something: at 48 to 128 bits the error of the sums is visible beside
 * the result of 256. Variances over ten decades, all angles. */
Test(ball_logistic, errors_of_few_terms_are_covered) {
    unsigned state = 20;
    ball_dual exact;
    arb_init(exact.value);
    arb_init(exact.derivative);
    for (size_t run = 0; run < 60; run++) {
        const double a = pow(10, 4 * pseudo_random(&state));
        const double b = pow(10, 4 * pseudo_random(&state));
        const double near = pow(10, -3 - 3 * pseudo_random(&state)), sign = run % 3 ? 1 : -1;
        const double c = sign * (1 - near) * sqrt(a) * sqrt(b);
        const ntk_activation activation = activations[run % ACTIVATIONS];
        const slong bits = 48 + 16 * (slong)(run % 6);
        compute_into(&exact, activation, a, b, c, 256);
        compute_into(&found, activation, a, b, c, bits);
        cr_expect(arb_contains(found.value, exact.value), "%zu: %g %g %g", run, a, b, c);
        cr_expect(arb_contains(found.derivative, exact.derivative), "%zu: %g %g %g", run, a, b, c);
        cr_expect(arb_rel_accuracy_bits(exact.derivative) >= 80);
    }
    arb_clear(exact.value);
    arb_clear(exact.derivative);
}

/* One dimension and two are different sums. c = a for two objects is the plane. */
Test(ball_logistic, a_point_with_itself_agrees_with_the_plane) {
    static const double variances[] = {1e-8, 0.3, 1, 7, 900};
    ball_dual self;
    arb_init(self.value);
    arb_init(self.derivative);
    for (size_t k = 0; k < 5; k++)
        for (size_t a = 0; a < ACTIVATIONS; a++) {
            compute(activations[a], variances[k], variances[k], variances[k]);
            compute_self(&self, activations[a], variances[k]);
            cr_expect(arb_overlaps(found.value, self.value), "%zu %zu", k, a);
            cr_expect(arb_overlaps(found.derivative, self.derivative), "%zu %zu", k, a);
            cr_expect(arb_rel_accuracy_bits(self.value) >= 64 && arb_rel_accuracy_bits(found.value) >= 64);
            cr_expect(arb_rel_accuracy_bits(self.derivative) >= 64);
        }
    arb_clear(self.value);
    arb_clear(self.derivative);
}

/* Balls of covariances: the result holds that of every point of them. */
Test(ball_logistic, holds_the_results_of_all_covariances_of_a_ball) {
    arb_t p, q, s;
    arb_init(p);
    arb_init(q);
    arb_init(s);
    ball_dual wide;
    arb_init(wide.value);
    arb_init(wide.derivative);
    arb_set_str(p, "1.5 +/- 0.0009765625", BITS);
    arb_set_str(q, "2 +/- 0.0009765625", BITS);
    arb_set_str(s, "0 +/- 0.0009765625", BITS);
    for (size_t a = 0; a < ACTIVATIONS; a++) {
        ball_dual_logistic(activations[a], &wide, p, q, s, BITS);
        for (int k = 0; k < 8; k++) {
            const double e = 0x1p-11;
            compute(activations[a], 1.5 + (k & 1 ? e : -e), 2 + (k & 2 ? e : -e), k & 4 ? e : -e);
            cr_expect(arb_contains(wide.value, found.value) &&
                      arb_contains(wide.derivative, found.derivative));
        }
        cr_expect(arb_rel_accuracy_bits(wide.derivative) >= 4);
    }
    arb_clear(p);
    arb_clear(q);
    arb_clear(s);
    arb_clear(wide.value);
    arb_clear(wide.derivative);
}

static double middle(const arb_t x) { return arf_get_d(arb_midref(x), ARF_RND_NEAR); }

/* Steps and ReLU: at variance v the difference is of order 1 / sqrt(v), or 1 / v. Raw pixels have a
 * variance of 21169 = 145.5^2. */
Test(ball_logistic, limits_of_large_and_small_variances) {
    const double third = 0.5; /* correlation: an angle of pi / 3 */
    for (int k = 0; k < 2; k++) {
        const double v = k == 0 ? 21169 : 1e12;
        compute(NTK_TANH, v, v, third * v);
        cr_expect(fabs(middle(found.value) - 1.0 / 3) <= 2 / v);
        cr_expect(fabs(middle(found.derivative) * v * M_PI * sqrt(3) / 4 - 1) <= 3 / v);
        compute(NTK_SIGMOID, v, v, third * v);
        cr_expect(fabs(middle(found.value) - 1.0 / 3) <= 4 / v);
    }
    compute(NTK_SOFTPLUS, 21169, 21169, 0);
    cr_expect(fabs(middle(found.value) - 21169 / (2 * M_PI)) <= 2, "%g", middle(found.value));
    compute(NTK_TANH, 1e-12, 1e-12, 1e-13);
    cr_expect(fabs(middle(found.value) - 1e-13) <= 1e-24);
    compute(NTK_TANH, 3, 2, 0);
    cr_expect(arb_is_zero(found.value), "independent odd functions");
    compute_self(&found, NTK_TANH, 1e24);
    cr_expect(arb_rel_accuracy_bits(found.value) >= 64 && middle(found.value) > 1 - 1e-11);
}

/* Too many terms: nothing is said. */
Test(ball_logistic, beyond_its_reach_nothing_is_known) {
    compute_self(&found, NTK_SOFTPLUS, 1e16);
    cr_expect(!arb_is_finite(found.value));
    compute(NTK_TANH, 1e12, 1e12, 1e12 * (1 - 1e-15));
    cr_expect(!arb_is_finite(found.value) && !arb_is_finite(found.derivative));
}
