/* Expansions on the sphere against rigorous integrals (tests/zonal.c), Monte Carlo and known
 * numbers. */
#include <float.h>
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/ntk.h>

#include "start.h"
#include "zonal.h"

TestSuite(sphere, .init = start_linalg);

enum { DEGREES = 24 };

static const size_t dimensions[] = {2, 3, 4, 10, 17};
enum { DIMENSIONS = sizeof dimensions / sizeof *dimensions };

/* ---- harmonics ------------------------------------------------------------------------------- */

/* The harmonics up to degree K span the polynomials of degree K and K - 1 on the sphere, of
 * which there are (K+p-1 over p-1) + (K+p-2 over p-1). */
Test(sphere, multiplicities_add_up_to_the_polynomials) {
    for (size_t d = 0; d < DIMENSIONS; d++) {
        const size_t p = dimensions[d];
        double n[DEGREES], sum = 0, higher = 1, lower = 0;
        assert_ok(ntk_sphere_multiplicities(p, DEGREES, n));
        for (size_t k = 0; k < DEGREES; k++) {
            sum += n[k];
            cr_assert_eq(sum, higher + lower, "p = %zu, k = %zu: %.17g, not %.17g", p, k, sum,
                         higher + lower);
            lower = higher;
            higher = rint(higher * (double)(k + p) / (double)(k + 1));
        }
    }
}

Test(sphere, legendre_polynomials_by_hand) {
    const double angle = 0.7, u = cos(angle);
    double circle[DEGREES], space[DEGREES], four[DEGREES];
    assert_ok(ntk_sphere_legendre(2, DEGREES, u, circle));
    assert_ok(ntk_sphere_legendre(3, DEGREES, u, space));
    assert_ok(ntk_sphere_legendre(4, DEGREES, u, four));
    for (size_t k = 0; k < DEGREES; k++) {
        const double n = (double)k;
        cr_expect(fabs(circle[k] - cos(n * angle)) <= 1e-14);
        cr_expect(fabs(four[k] - sin((n + 1) * angle) / ((n + 1) * sin(angle))) <= 1e-14);
    }
    cr_expect(fabs(space[2] - (3 * u * u - 1) / 2) <= 1e-15);
    cr_expect(fabs(space[5] - (63 * pow(u, 5) - 70 * pow(u, 3) + 15 * u) / 8) <= 1e-15);
}

/* ---- closed forms against integrals ---------------------------------------------------------- */

/* kappa_0, kappa_1, u kappa_0 + kappa_1, |u|^3 by the number that is pointed to. */
static int known(acb_ptr out, const acb_t theta, void *which, slong order, slong bits) {
    acb_t cosine, sine, psi;
    acb_init(cosine);
    acb_init(sine);
    acb_init(psi);
    acb_sin_cos(sine, cosine, theta, bits);
    acb_const_pi(psi, bits);
    acb_sub(psi, psi, theta, bits);
    switch (*(int *)which) {
    case 0:
        acb_set(out, psi);
        break;
    case 1:
        acb_mul(out, psi, cosine, bits);
        acb_add(out, out, sine, bits);
        break;
    case 2:
        acb_mul(out, psi, cosine, bits);
        acb_mul_2exp_si(out, out, 1);
        acb_add(out, out, sine, bits);
        break;
    default:
        acb_real_abs(out, cosine, order != 0, bits);
        acb_pow_ui(out, out, 3, bits);
    }
    if (*(int *)which < 3) {
        acb_const_pi(psi, bits);
        acb_div(out, out, psi, bits);
    }
    acb_clear(cosine);
    acb_clear(sine);
    acb_clear(psi);
    return 0;
}

Test(sphere, closed_forms_are_the_integrals) {
    arb_t exact;
    arb_init(exact);
    for (size_t d = 0; d < DIMENSIONS; d++) {
        const size_t p = dimensions[d];
        double mu[4][DEGREES];
        assert_ok(ntk_sphere_arc_cosine(p, 0, DEGREES, mu[0]));
        assert_ok(ntk_sphere_arc_cosine(p, 1, DEGREES, mu[1]));
        assert_ok(ntk_sphere_shallow(p, DEGREES, mu[2]));
        assert_ok(ntk_sphere_power(p, 3, DEGREES, mu[3]));
        for (int which = 0; which < 4; which++)
            for (size_t k = 0; k < DEGREES; k += k < 4 ? 1 : 6) {
                zonal_coefficient(exact, known, &which, p, k, 90);
                const double wanted = arf_get_d(arb_midref(exact), ARF_RND_NEAR);
                const double allowed = (double)(2 * k + p + 16) * DBL_EPSILON * fabs(wanted);
                cr_expect(fabs(mu[which][k] - wanted) <= fmax(allowed, 1e-22),
                          "function %d, p = %zu, k = %zu: %.17g, not %.17g", which, p, k, mu[which][k],
                          wanted);
                cr_expect_eq(mu[which][k] == 0, fabs(wanted) < 1e-18, "function %d, p = %zu, k = %zu", which,
                             p, k);
            }
    }
    arb_clear(exact);
}

Test(sphere, known_numbers_of_three_dimensions) {
    static const double shallow[] = {0.5, 1 / 3.0, 0.078125, 0, 1 / 192.0};
    double mu[5];
    assert_ok(ntk_sphere_shallow(3, 5, mu));
    for (size_t k = 0; k < 5; k++) cr_expect(fabs(mu[k] - shallow[k]) <= 4 * DBL_EPSILON * shallow[k]);
}

/* The law (5) with its constant, at a degree of 10^5; what follows it is of relative order 1 /
 * k^2, and roundings are 10^5 eps. */
Test(sphere, law_and_its_constant) {
    enum { MANY = 100001 };
    static double mu[MANY];
    for (size_t d = 1; d < DIMENSIONS; d++) {
        const double p = (double)dimensions[d];
        const double constant = exp((p - 1) * log(2) + 2 * lgamma(p / 2)) / (M_PI * M_PI);
        const double middle = MANY - 1 + (p - 2) / 2, next = pow(p, 3) / pow(middle, 2) + 1e-10;
        assert_ok(ntk_sphere_shallow(dimensions[d], MANY, mu));
        cr_expect(fabs(mu[MANY - 1] * pow(middle, p) / constant - 1) <= next, "p = %g", p);
        assert_ok(ntk_sphere_arc_cosine(dimensions[d], 1, MANY, mu));
        cr_expect(fabs(mu[MANY - 1] * pow(middle, p + 2) / (p * constant) - 1) <= next, "p = %g", p);
    }
}

/* mu_k = E kappa(<x, y>) P_k(<x, y>) over pairs of random points, with the library's own kernel. */
Test(sphere, shallow_by_monte_carlo) {
    enum { PAIRS = 40000, P = 4, K = 5 };
    static double x[PAIRS * P], y[PAIRS * P];
    double mu[K], p_k[K], sum[K] = {0}, squares[K] = {0}, theta;
    ntk_stream stream = ntk_stream_create(5, "pairs", 0);
    assert_ok(ntk_data_sphere(&stream, PAIRS, P, x));
    assert_ok(ntk_data_sphere(&stream, PAIRS, P, y));
    assert_ok(ntk_sphere_shallow(P, K, mu));
    ntk_architecture network = ntk_architecture_default();
    network.input_scale = NTK_INPUT_SCALE_NONE;
    for (size_t i = 0; i < PAIRS; i++) {
        assert_ok(ntk_kernel_cross(&network, NTK_KERNEL_NTK, 1, 1, P, x + i * P, P, y + i * P, P, &theta, 1));
        const double u = ntk_dot(P, x + i * P, y + i * P);
        assert_ok(ntk_sphere_legendre(P, K, fmax(-1, fmin(1, u)), p_k));
        for (size_t k = 0; k < K; k++) {
            sum[k] += theta / 2 * p_k[k] / PAIRS;
            squares[k] += pow(theta / 2 * p_k[k], 2) / PAIRS;
        }
    }
    for (size_t k = 0; k < K; k++) {
        const double error = sqrt((squares[k] - sum[k] * sum[k]) / PAIRS);
        cr_expect(fabs(sum[k] - mu[k]) <= 4.5 * error, "k = %zu: %g, not %g (error %g)", k, sum[k], mu[k],
                  error);
        cr_expect(error < 0.004);
    }
}

/* ---- networks by quadrature ------------------------------------------------------------------ */

/* One hidden layer has a closed form; with the input scale half of it is divided by p. */
Test(sphere, network_of_one_layer) {
    for (size_t d = 0; d < DIMENSIONS; d++) {
        double mu[DEGREES], closed[DEGREES], error;
        ntk_architecture network = ntk_architecture_default();
        assert_ok(ntk_sphere_shallow(dimensions[d], DEGREES, closed));
        assert_ok(ntk_sphere_network(&network, NTK_KERNEL_NTK, dimensions[d], DEGREES, mu, &error));
        const double factor = 0.5 * (double)dimensions[d];
        for (size_t k = 0; k < DEGREES; k++)
            cr_expect(fabs(factor * mu[k] - closed[k]) <= factor * error, "p = %zu, k = %zu: %g",
                      dimensions[d], k, factor * mu[k] - closed[k]);
        cr_expect(error < 2e-14 && error > 0);
    }
}

/* f(1) = sum_k N mu_k, which only sees all degrees together: a smooth kernel's sum has
 * converged. */
Test(sphere, network_sums_to_its_diagonal) {
    double mu[40], n[40], error, sum = 0, diagonal;
    ntk_architecture network = ntk_architecture_default();
    network.activation = NTK_ERF;
    network.depth = 3;
    network.bias_variance = 0.2;
    const double x[5] = {0.6, 0, 0.8, 0, 0};
    assert_ok(ntk_kernel_gram(&network, NTK_KERNEL_NNGP, 1, 5, x, 5, &diagonal, 1));
    assert_ok(ntk_sphere_network(&network, NTK_KERNEL_NNGP, 5, 40, mu, &error));
    assert_ok(ntk_sphere_multiplicities(5, 40, n));
    for (size_t k = 0; k < 40; k++) sum += n[k] * mu[k];
    cr_expect(fabs(sum - diagonal) <= 1e-9, "%.17g, not %.17g", sum, diagonal);
}

static ntk_status third(size_t n, const double *theta, double *values, const void *argument) {
    const double *factor = argument;
    for (size_t i = 0; i < n; i++) values[i] = *factor * (5 * pow(cos(theta[i]), 3) - 3 * cos(theta[i])) / 2;
    return NTK_OK;
}

Test(sphere, projection_of_a_polynomial) {
    double mu[6];
    const double factor = 7;
    /* P_3, which has mu_3 = 1 / N(3, 3) */
    assert_ok(ntk_sphere_project(third, &factor, 3, 6, 40, mu));
    for (size_t k = 0; k < 6; k++) cr_expect(fabs(mu[k] - (k == 3)) <= 1e-14, "k = %zu: %g", k, mu[k]);
}

Test(sphere, laplace_near_and_far) {
    double mu[8], error;
    assert_ok(ntk_sphere_laplace(3, 1, 8, mu, &error));
    /* p = 3, k = 0: int_0^2 e^{-r} r dr / 2 = (1 - 3 e^{-2}) / 2 */
    cr_expect(fabs(mu[0] - (1 - 3 * exp(-2)) / 2) <= error && error < 1e-14);
}

Test(sphere, refuses_what_is_no_sphere) {
    double out[4], error;
    const ntk_architecture network = ntk_architecture_default();
    assert_fails(ntk_sphere_multiplicities(1, 4, out), NTK_ERROR_ARGUMENT, "p = 1");
    assert_fails(ntk_sphere_shallow(3, 0, out), NTK_ERROR_ARGUMENT, "no degrees");
    assert_fails(ntk_sphere_arc_cosine(3, 2, 4, out), NTK_ERROR_ARGUMENT, "degree 2");
    assert_fails(ntk_sphere_power(3, -1, 4, out), NTK_ERROR_ARGUMENT, "exponent");
    assert_fails(ntk_sphere_power(3, NAN, 4, out), NTK_ERROR_ARGUMENT, "exponent");
    assert_fails(ntk_sphere_legendre(3, 4, 1.1, out), NTK_ERROR_ARGUMENT, "1.1");
    assert_fails(ntk_sphere_legendre(3, 4, NAN, out), NTK_ERROR_ARGUMENT, "nan");
    assert_fails(ntk_sphere_laplace(3, 0, 4, out, &error), NTK_ERROR_ARGUMENT, "scale");
    assert_fails(ntk_sphere_network(&network, NTK_KERNEL_NTK, 100000, 4, out, &error), NTK_ERROR_ARGUMENT,
                 "p =");
}
