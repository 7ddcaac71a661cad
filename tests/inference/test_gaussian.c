/* Gaussian laws against the weight space of explicit features, and against Monte Carlo. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/gaussian.h>

#include "classifiers.h"
#include "eliminate.h"

enum { N = 6, Q = 3, ALL = N + Q, P = 11 };

/* Theta = Phi Phi^T and S = Psi Psi^T. */
typedef struct features {
    double phi[ALL * P], psi[ALL * P], theta[ALL * ALL], s[ALL * ALL];
} features;

static features draw_features(unsigned state) {
    features out;
    for (size_t i = 0; i < ALL * P; i++) {
        out.phi[i] = pseudo_random(&state);
        out.psi[i] = pseudo_random(&state);
    }
    for (size_t i = 0; i < ALL; i++)
        for (size_t j = 0; j < ALL; j++) {
            out.theta[i * ALL + j] = out.s[i * ALL + j] = 0;
            for (size_t k = 0; k < P; k++) {
                out.theta[i * ALL + j] += out.phi[i * P + k] * out.phi[j * P + k];
                out.s[i * ALL + j] += out.psi[i * P + k] * out.psi[j * P + k];
            }
        }
    return out;
}

/* prediction (Q) of min_w ||Phi_X w - y||^2 + ridge ||w||^2, by its normal equations in weight
 * space. */
static void ridge_regression(const features *f, double ridge, const double *y, double *prediction) {
    double normal[P * P], w[P];
    for (size_t k = 0; k < P; k++) {
        w[k] = 0;
        for (size_t i = 0; i < N; i++) w[k] += f->phi[i * P + k] * y[i];
        for (size_t l = 0; l < P; l++) {
            normal[k * P + l] = k == l ? ridge : 0;
            for (size_t i = 0; i < N; i++) normal[k * P + l] += f->phi[i * P + k] * f->phi[i * P + l];
        }
    }
    cr_assert(eliminate(P, normal, w));
    for (size_t i = 0; i < Q; i++) {
        prediction[i] = 0;
        for (size_t k = 0; k < P; k++) prediction[i] += f->phi[(N + i) * P + k] * w[k];
    }
}

Test(gaussian, map_is_ridge_regression_on_the_features) {
    const features f = draw_features(1);
    double map[Q * N], y[N], wanted[Q], mean[Q];
    for (double ridge = 1e-2; ridge < 20; ridge *= 10) {
        assert_ok(ntk_gaussian_map(N, Q, f.theta, ridge, map));
        for (size_t j = 0; j < N; j++) {
            memset(y, 0, sizeof y);
            y[j] = 1;
            ridge_regression(&f, ridge, y, wanted);
            assert_ok(ntk_gaussian_mean(N, Q, 1, map, y, mean));
            for (size_t i = 0; i < Q; i++) {
                cr_assert_float_eq(map[i * N + j], wanted[i], 1e-10);
                cr_assert_float_eq(mean[i], wanted[i], 1e-10);
            }
        }
    }
}

Test(gaussian, map_interpolates_without_a_ridge) {
    const features f = draw_features(2);
    double map[Q * N];
    assert_ok(ntk_gaussian_map(N, Q, f.theta, 0, map));
    for (size_t i = 0; i < Q; i++)
        for (size_t j = 0; j < N; j++) {
            double sum = 0;
            for (size_t k = 0; k < N; k++) sum += map[i * N + k] * f.theta[k * ALL + j];
            cr_assert_float_eq(sum, f.theta[(N + i) * ALL + j], 1e-11);
        }
}

Test(gaussian, mean_takes_each_output_by_itself) {
    const double map[2 * 3] = {1, 2, 3, -1, 0, 0.5}, targets[3 * 2] = {1, 10, 0, 20, -1, 30};
    const double wanted[2 * 2] = {-2, 140, -1.5, 5};
    double mean[4];
    assert_ok(ntk_gaussian_mean(3, 2, 2, map, targets, mean));
    for (size_t i = 0; i < 4; i++) cr_assert_float_eq(mean[i], wanted[i], 1e-14);
}

/* Weights w ~ N(0, I), observations Phi_X w + noise: the posterior of w has precision I + Phi_X^T
 * Phi_X / ridge. */
Test(gaussian, posterior_is_that_of_bayesian_linear_regression) {
    const features f = draw_features(3);
    double covariance[Q * Q];
    for (double ridge = 1e-2; ridge < 20; ridge *= 10) {
        assert_ok(ntk_gaussian_posterior(N, Q, f.theta, ridge, covariance));
        for (size_t j = 0; j < Q; j++) {
            double precision[P * P], w[P];
            for (size_t k = 0; k < P; k++) {
                w[k] = f.phi[(N + j) * P + k];
                for (size_t l = 0; l < P; l++) {
                    precision[k * P + l] = k == l ? 1 : 0;
                    for (size_t i = 0; i < N; i++)
                        precision[k * P + l] += f.phi[i * P + k] * f.phi[i * P + l] / ridge;
                }
            }
            cr_assert(eliminate(P, precision, w));
            for (size_t i = 0; i < Q; i++) {
                double wanted = 0;
                for (size_t k = 0; k < P; k++) wanted += f.phi[(N + i) * P + k] * w[k];
                cr_assert_float_eq(covariance[i * Q + j], wanted, 1e-10);
            }
        }
    }
}

/* Trained functions f_0 + (ridge regression of y - f_0), f_0 = Psi g: their sample covariance over
 * 40,000 draws of g, each entry within five of its standard errors. */
Test(gaussian, ensemble_is_the_law_of_trained_functions) {
    enum { DRAWS = 40000 };
    const features f = draw_features(4);
    double map[Q * N], covariance[Q * Q], moments[Q * Q] = {0}, means[Q] = {0};
    const double ridge = 0.3;
    assert_ok(ntk_gaussian_map(N, Q, f.theta, ridge, map));
    assert_ok(ntk_gaussian_ensemble(N, Q, map, f.s, covariance));
    double response[N * Q], unit[N];
    for (size_t j = 0; j < N; j++) {
        memset(unit, 0, sizeof unit);
        unit[j] = 1;
        ridge_regression(&f, ridge, unit, response + j * Q);
    }
    ntk_stream stream = ntk_stream_create(1, "ensemble", 0);
    for (size_t t = 0; t < DRAWS; t++) {
        double g[P], f0[ALL], end[Q];
        ntk_stream_normal(&stream, P, g);
        for (size_t i = 0; i < ALL; i++) {
            f0[i] = 0;
            for (size_t k = 0; k < P; k++) f0[i] += f.psi[i * P + k] * g[k];
        }
        for (size_t i = 0; i < Q; i++) {
            end[i] = f0[N + i];
            for (size_t j = 0; j < N; j++) end[i] -= response[j * Q + i] * f0[j];
            means[i] += end[i] / DRAWS;
            for (size_t j = 0; j <= i; j++) moments[i * Q + j] += end[i] * end[j] / DRAWS;
        }
    }
    for (size_t i = 0; i < Q; i++) {
        cr_assert_float_eq(means[i], 0, 5 * sqrt(covariance[i * Q + i] / DRAWS));
        for (size_t j = 0; j <= i; j++) {
            const double cij = covariance[i * Q + j];
            const double error = sqrt((covariance[i * Q + i] * covariance[j * Q + j] + cij * cij) / DRAWS);
            cr_assert_float_eq(moments[i * Q + j], cij, 5 * error);
            cr_assert_eq(cij, covariance[j * Q + i]);
        }
    }
}

/* Sample-then-optimise: f_0 of covariance Theta and noisy targets give the posterior. */
Test(gaussian, ensemble_of_the_tangent_kernel_and_noise_is_the_posterior) {
    const features f = draw_features(5);
    double map[Q * N], ensemble[Q * Q], posterior[Q * Q];
    for (double ridge = 0; ridge<10; ridge = ridge> 0 ? 10 * ridge : 0.1) {
        assert_ok(ntk_gaussian_map(N, Q, f.theta, ridge, map));
        assert_ok(ntk_gaussian_ensemble(N, Q, map, f.theta, ensemble));
        assert_ok(ntk_gaussian_posterior(N, Q, f.theta, ridge, posterior));
        for (size_t i = 0; i < Q; i++)
            for (size_t j = 0; j < Q; j++) {
                double noise = 0;
                for (size_t k = 0; k < N; k++) noise += ridge * map[i * N + k] * map[j * N + k];
                cr_assert_float_eq(ensemble[i * Q + j] + noise, posterior[i * Q + j], 1e-11);
            }
    }
}

/* Moments of 20,000 draws; the third coordinate is the sum of the others, so the covariance is
 * singular. */
Test(gaussian, draws_have_their_moments) {
    enum { DRAWS = 20000 };
    const double mean[3] = {1, -2, 5}, c[9] = {2, 0.5, 2.5, 0.5, 1, 1.5, 2.5, 1.5, 4};
    static double draws[3 * DRAWS];
    ntk_stream stream = ntk_stream_create(2, "draws", 0);
    assert_ok(ntk_gaussian_draw(&stream, 3, DRAWS, mean, c, draws));
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j <= i; j++) {
            double first = 0, second = 0;
            for (size_t t = 0; t < DRAWS; t++) {
                first += draws[i * DRAWS + t] / DRAWS;
                second += (draws[i * DRAWS + t] - mean[i]) * (draws[j * DRAWS + t] - mean[j]) / DRAWS;
            }
            const double error = sqrt((c[4 * i] * c[4 * j] + c[3 * i + j] * c[3 * i + j]) / DRAWS);
            cr_assert_float_eq(first, mean[i], 5 * sqrt(c[4 * i] / DRAWS));
            cr_assert_float_eq(second, c[3 * i + j], 5 * error);
        }
    for (size_t t = 0; t < DRAWS; t++) /* an eigenvalue of rounding size has a root of 1e-8 */
        cr_assert_float_eq(draws[2 * DRAWS + t], draws[t] + draws[DRAWS + t] + 6, 1e-6);
}

/* Two training points are one: each has half of its weight, and the laws are those without the
 * second. */
Test(gaussian, a_training_point_given_twice) {
    features f = draw_features(6);
    double once[(ALL - 1) * (ALL - 1)], map[Q * N], single[Q * (N - 1)], covariance[Q * Q], expected[Q * Q];
    memcpy(f.theta + ALL, f.theta, ALL * sizeof(double));
    for (size_t i = 0; i < ALL; i++) f.theta[i * ALL + 1] = f.theta[i * ALL];
    for (size_t i = 0; i < ALL - 1; i++)
        for (size_t j = 0; j < ALL - 1; j++)
            once[i * (ALL - 1) + j] = f.theta[(i + (i > 0)) * ALL + j + (j > 0)];
    assert_ok(ntk_gaussian_map(N, Q, f.theta, 0, map));
    assert_ok(ntk_gaussian_map(N - 1, Q, once, 0, single));
    for (size_t x = 0; x < Q; x++) {
        cr_expect_float_eq(map[x * N], single[x * (N - 1)] / 2, 1e-10);
        cr_expect_float_eq(map[x * N + 1], single[x * (N - 1)] / 2, 1e-10);
        for (size_t i = 2; i < N; i++) cr_expect_float_eq(map[x * N + i], single[x * (N - 1) + i - 1], 1e-10);
    }
    assert_ok(ntk_gaussian_posterior(N, Q, f.theta, 0, covariance));
    assert_ok(ntk_gaussian_posterior(N - 1, Q, once, 0, expected));
    for (size_t i = 0; i < Q * Q; i++) cr_expect_float_eq(covariance[i], expected[i], 1e-10);
}

Test(gaussian, refusals) {
    features f = draw_features(6);
    double map[Q * N], draws[2];
    const double indefinite[4] = {1, 2, 2, 1};
    ntk_stream stream = ntk_stream_create(1, "x", 0);
    assert_fails(ntk_gaussian_draw(&stream, 2, 1, NULL, indefinite, draws), NTK_ERROR_NOT_POSITIVE_DEFINITE,
                 "-1");
    assert_fails(ntk_gaussian_map(0, Q, f.theta, 0, map), NTK_ERROR_ARGUMENT, "0 training");
    assert_fails(ntk_gaussian_map(N, Q, f.theta, -1, map), NTK_ERROR_ARGUMENT, "ridge");
    assert_fails(ntk_gaussian_map(N, Q, f.theta, NAN, map), NTK_ERROR_ARGUMENT, "ridge");
    f.theta[1] = f.theta[ALL] = 2 * f.theta[0] + 2 * f.theta[ALL + 1]; /* a negative minor */
    assert_fails(ntk_gaussian_map(N, Q, f.theta, 0, map), NTK_ERROR_NOT_POSITIVE_DEFINITE, "eigenvalue");
    f.theta[3] = INFINITY;
    assert_fails(ntk_gaussian_map(N, Q, f.theta, 0, map), NTK_ERROR_NOT_FINITE, "kernel");
}
