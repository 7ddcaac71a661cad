/* The sampled classifier: prior and conditional laws against elimination, draw by draw; posteriors
 * of one and two points against quadrature; Laplace's error against its order. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/classifier.h>
#include <ntk/inference_problem.h>
#include <ntk/laplace.h>
#include <ntk/logistic.h>
#include <ntk/loss.h>
#include <ntk/posterior.h>
#include <ntk/random.h>
#include <ntk/slice.h>
#include <ntk/status.h>

#include "classifiers.h"
#include "eliminate.h"
#include "start.h"

TestSuite(posterior, .init = start_linalg);

enum { N = 4, Q = 2, ALL = N + Q, K = 2 };

/* The posterior keeps the problem's address. */
static ntk_posterior *create(split *s) {
    ntk_posterior *posterior;
    *s = draw_split(NTK_LOSS_SOFTMAX, N, ALL, K, HARD, 0.07, 4);
    assert_ok(ntk_posterior_create(&s->trained.problem, Q, s->cross, s->diagonal, &posterior));
    return posterior;
}

/* C^{-1} b for one output, C = gram / (n lambda). */
static void solve_prior(const split *s, double *b) {
    double prior[N * N];
    for (size_t i = 0; i < N * N; ++i) prior[i] = s->trained.gram[i] / (N * 0.07);
    cr_assert(eliminate(N, prior, b));
}

/* A draw is f_0 + L z: (f - f_0)^T C^{-1} (f - f_0) = |z|^2 for every z, and so is the square. */
Test(posterior, prior_is_whitened_by_its_covariance) {
    split s;
    ntk_posterior *posterior = create(&s);
    for (uint64_t unit = 0; unit < 5; ++unit) {
        ntk_stream stream = ntk_stream_create(1, "prior", unit), copy = stream;
        double f[N * K], z[N * K], form = 0, square = 0;
        assert_ok(ntk_posterior_prior(posterior, &stream, f));
        assert_ok(ntk_posterior_square(posterior, f, &square));
        ntk_stream_normal(&copy, N * K, z);
        for (size_t k = 0; k < K; ++k) {
            double b[N];
            for (size_t i = 0; i < N; ++i) b[i] = f[i * K + k] - s.trained.f0[i * K + k];
            solve_prior(&s, b);
            for (size_t i = 0; i < N; ++i) form += b[i] * (f[i * K + k] - s.trained.f0[i * K + k]);
        }
        double length = 0;
        for (size_t i = 0; i < N * K; ++i) length += z[i] * z[i];
        cr_assert_float_eq(form, length, 1e-9 * length);
        cr_assert_float_eq(square, length, 1e-9 * length);
    }
    ntk_posterior_destroy(posterior);
}

/* f_new = C_xX C^{-1} (f - f_0) + sqrt(C_xx - C_xX C^{-1} C_Xx) z, with the stream's own z. */
Test(posterior, extension_is_the_conditional_law) {
    split s;
    ntk_posterior *posterior = create(&s);
    ntk_stream stream = ntk_stream_create(2, "extend", 0), copy = stream;
    double f[N * K], f_new[Q * K], z[Q * K];
    unsigned state = 5;
    for (size_t i = 0; i < N * K; ++i) f[i] = 2 * pseudo_random(&state);
    assert_ok(ntk_posterior_extend(posterior, &stream, f, f_new));
    ntk_stream_normal(&copy, Q * K, z);
    for (size_t x = 0; x < Q; ++x) {
        double c[N], variance = s.diagonal[x] / (N * 0.07);
        for (size_t i = 0; i < N; ++i) c[i] = s.cross[x * N + i] / (N * 0.07);
        solve_prior(&s, c);
        for (size_t i = 0; i < N; ++i) variance -= c[i] * s.cross[x * N + i] / (N * 0.07);
        for (size_t k = 0; k < K; ++k) {
            double wanted = sqrt(variance) * z[x * K + k];
            for (size_t i = 0; i < N; ++i) wanted += c[i] * (f[i * K + k] - s.trained.f0[i * K + k]);
            cr_assert_float_eq(f_new[x * K + k], wanted, 1e-9);
        }
    }
    ntk_posterior_destroy(posterior);
}

/* A new point that is a training point has its value. */
Test(posterior, extension_interpolates) {
    split s;
    ntk_posterior *whole = create(&s), *posterior;
    const double diagonal = s.trained.gram[N + 1];
    double f[N * K], f_new[K];
    ntk_stream stream = ntk_stream_create(3, "extend", 0);
    s.trained.problem.f0 = NULL;
    assert_ok(ntk_posterior_create(&s.trained.problem, 1, s.trained.gram + N, &diagonal, &posterior));
    assert_ok(ntk_posterior_prior(posterior, &stream, f));
    assert_ok(ntk_posterior_extend(posterior, &stream, f, f_new));
    for (size_t k = 0; k < K; ++k) cr_assert_float_eq(f_new[k], f[K + k], 1e-6);
    ntk_posterior_destroy(posterior);
    ntk_posterior_destroy(whole);
}

/* ---- posteriors against quadrature ----------------------------------------------------------- */

enum { BATCHES = 40, BATCH = 3000, MOMENTS = 6 };

/* Batch means of f_i, f_i f_j, and p at a new point. */
typedef struct record {
    const ntk_posterior *posterior;
    ntk_stream stream;
    ntk_loss loss;
    size_t size, outputs;
    double batch[BATCHES][MOMENTS];
} record;

static ntk_status observe(size_t draw, const double *f, void *context) {
    record *r = context;
    double f_new[3], p[3], *batch = r->batch[draw / BATCH];
    NTK_TRY(ntk_posterior_extend(r->posterior, &r->stream, f, f_new));
    ntk_bayes_probabilities(r->loss, 1, r->outputs, f_new, p);
    for (size_t i = 0; i < r->size && i < 3; ++i) batch[i] += f[i] / BATCH;
    batch[3] += f[0] * f[0] / BATCH;
    batch[4] += f[0] * f[1] / BATCH;
    batch[5] += p[0] / BATCH;
    return NTK_OK;
}

static void expect_moments(const record *r, const double *wanted) {
    for (size_t k = 0; k < MOMENTS; ++k)
        if (isfinite(wanted[k])) expect_mean(BATCHES, &r->batch[0][k], MOMENTS, wanted[k], 0.03);
}

static void sample(const ntk_inference_problem *problem, const double *cross, double diagonal, record *r) {
    const ntk_chain_options options = {.burn_in = 300, .draws = (size_t)BATCHES * BATCH, .thinning = 2};
    ntk_posterior *posterior;
    double f[3] = {0};
    assert_ok(ntk_posterior_create(problem, 1, cross, &diagonal, &posterior));
    r->posterior = posterior;
    r->loss = problem->loss;
    r->outputs = problem->outputs;
    r->size = problem->points * problem->outputs;
    r->stream = ntk_stream_create(21, "new", 0);
    ntk_stream stream = ntk_stream_create(21, "chain", r->size);
    assert_ok(ntk_posterior_chain(posterior, &options, &stream, f, observe, r));
    ntk_posterior_destroy(posterior);
}

static double sigma(double f) { return 1 / (1 + exp(-f)); }

/* Two points, logistic, C = [[4, 2.4], [2.4, 3]], targets 1 and 0.2, prior mean (0.3, -0.5),
 * against a grid on which f = mean + L z. The new point has covariances (3, 2.5) and variance 3.5,
 * and prior mean 0. */
Test(posterior, two_points_against_quadrature) {
    const double n_lambda = 0.5, c[4] = {4, 2.4, 2.4, 3}, cross[2] = {3, 2.5}, mean[2] = {0.3, -0.5};
    const double targets[2] = {1, 0.2};
    double gram[4], scaled[2];
    for (size_t i = 0; i < 4; ++i) gram[i] = n_lambda * c[i];
    for (size_t i = 0; i < 2; ++i) scaled[i] = n_lambda * cross[i];
    const ntk_inference_problem problem =
        problem_of(NTK_LOSS_LOGISTIC, 2, 1, gram, mean, targets, n_lambda / 2);
    static record r;
    sample(&problem, scaled, n_lambda * 3.5, &r);

    const double l00 = 2, l10 = 1.2, l11 = sqrt(3 - 1.44), det = 4 * 3 - 2.4 * 2.4;
    const double a0 = (3 * cross[0] - 2.4 * cross[1]) / det, a1 = (4 * cross[1] - 2.4 * cross[0]) / det;
    const double left = 3.5 - a0 * cross[0] - a1 * cross[1];
    double mass = 0, wanted[MOMENTS] = {0, 0, NAN, 0, 0, 0};
    for (int i = -160; i <= 160; ++i)
        for (int j = -160; j <= 160; ++j) {
            const double u = 0.05 * i, v = 0.05 * j, d0 = l00 * u, d1 = l10 * u + l11 * v;
            const double f0 = mean[0] + d0, f1 = mean[1] + d1, at = a0 * d0 + a1 * d1;
            const double weight =
                exp(-(u * u + v * v) / 2) * sigma(f0) * exp(0.2 * log(sigma(f1)) + 0.8 * log(sigma(-f1)));
            double p = 0;
            assert_ok(ntk_bayes_average(NTK_LOSS_LOGISTIC, 1, 1, &at, &left, 0, NULL, &p));
            const double values[MOMENTS] = {f0, f1, 0, f0 * f0, f0 * f1, p};
            mass += weight;
            for (size_t k = 0; k < MOMENTS; ++k) wanted[k] += weight * values[k];
        }
    for (size_t k = 0; k < MOMENTS; ++k) wanted[k] /= mass;
    expect_moments(&r, wanted);
}

/* One point, three classes, variance 5, target (0.7, 0.3, 0); the new point is the old one. */
Test(posterior, three_classes_against_quadrature) {
    const double gram = 1, targets[3] = {0.7, 0.3, 0};
    const ntk_inference_problem problem = problem_of(NTK_LOSS_SOFTMAX, 1, 3, &gram, NULL, targets, 0.2);
    static record r;
    sample(&problem, &gram, gram, &r);
    double mass = 0, wanted[MOMENTS] = {0};
    const double s = sqrt(5.0);
    for (int i = -50; i <= 50; ++i)
        for (int j = -50; j <= 50; ++j)
            for (int k = -50; k <= 50; ++k) {
                const double f[3] = {0.13 * s * i, 0.13 * s * j, 0.13 * s * k};
                const double partition = log(exp(f[0]) + exp(f[1]) + exp(f[2]));
                const double form = (f[0] * f[0] + f[1] * f[1] + f[2] * f[2]) / 10;
                const double weight = exp(0.7 * f[0] + 0.3 * f[1] - partition - form);
                const double values[MOMENTS] = {f[0],        f[1],        f[2],
                                                f[0] * f[0], f[0] * f[1], exp(f[0] - partition)};
                mass += weight;
                for (size_t m = 0; m < MOMENTS; ++m) wanted[m] += weight * values[m];
            }
    for (size_t m = 0; m < MOMENTS; ++m) wanted[m] /= mass;
    expect_moments(&r, wanted);
}

/* ---- how good the Laplace approximation is --------------------------------------------------- */

/* E sigma(f) under N(f; 0, c) sigma(f) at the one point: by quadrature, and by Laplace. */
static double laplace_error(double c) {
    double mass = 0, mean = 0, mode = 0, a = 0, variance = 0, p = 0;
    for (int i = -2000; i <= 2000; ++i) {
        const double z = 0.006 * i, f = sqrt(c) * z, weight = exp(-z * z / 2) * sigma(f);
        mass += weight;
        mean += weight * sigma(f);
    }
    const double one = 1;
    const ntk_inference_problem problem = problem_of(NTK_LOSS_LOGISTIC, 1, 1, &one, NULL, &one, 1 / c);
    ntk_logistic_result result;
    ntk_laplace *laplace;
    assert_ok(ntk_inference_logistic(&problem, NULL, &a, &mode, &result));
    assert_ok(ntk_laplace_create(&problem, &mode, &laplace));
    assert_ok(ntk_laplace_covariance(laplace, 1, &one, &one, &variance));
    assert_ok(ntk_bayes_average(NTK_LOSS_LOGISTIC, 1, 1, &mode, &variance, 0, NULL, &p));
    ntk_laplace_destroy(laplace);
    return fabs(p - mean / mass);
}

/* p is off by O(c^3): the mode is, at logits of order c, where the third derivative of the
 * likelihood is O(c). */
Test(posterior, laplace_is_right_to_third_order) {
    const double coarse = laplace_error(0.1), fine = laplace_error(0.05);
    cr_assert_float_eq(log(coarse / fine) / log(2), 3, 0.2, "%g %g", coarse, fine);
}

/* Points 0 and 1 are the same, and the kernel has rank 3 at five points: draws are equal at the
 * two, lie in the range, have the covariance of the prior, and extend to a copy of point 4 without
 * an error. */
Test(posterior, singular_priors) {
    enum { POINTS = 5, DRAWS = 4000 };
    drawn d = draw_problem(NTK_LOSS_LOGISTIC, POINTS, 1, false, 3, HARD, 0.1, 1);
    for (size_t i = 0; i < POINTS; i++) d.gram[POINTS + i] = d.gram[i];
    for (size_t i = 0; i < POINTS; i++) d.gram[i * POINTS + 1] = d.gram[i * POINTS];
    d.problem.f0 = NULL;
    ntk_posterior *posterior;
    double f[POINTS], again, square, second[POINTS * POINTS] = {0}, mean = 0;
    assert_ok(ntk_posterior_create(&d.problem, 1, d.gram + 4 * POINTS, d.gram + 4 * POINTS + 4, &posterior));
    ntk_stream stream = ntk_stream_create(1, "singular", 0);
    for (size_t t = 0; t < DRAWS; t++) {
        assert_ok(ntk_posterior_prior(posterior, &stream, f));
        assert_ok(ntk_posterior_extend(posterior, &stream, f, &again));
        assert_ok(ntk_posterior_square(posterior, f, &square));
        cr_assert_float_eq(f[0], f[1], 1e-12);
        cr_assert_float_eq(again, f[4], 1e-5, "%g", again - f[4]);
        for (size_t i = 0; i < POINTS * POINTS; i++) second[i] += f[i / POINTS] * f[i % POINTS] / DRAWS;
        mean += square / DRAWS;
    }
    for (size_t i = 0; i < POINTS * POINTS; i++) {
        const double scale = 1 / (POINTS * 0.1), size = d.gram[0] + d.gram[24] + d.gram[12] + d.gram[18];
        cr_expect_float_eq(second[i], scale * d.gram[i], 0.1 * scale * size);
    }
    /* A chi-square of as many degrees as the rank, which is 3. */
    cr_expect_float_eq(mean, 3, 6 * sqrt(6.0 / DRAWS), "%g", mean);
    ntk_posterior_destroy(posterior);
}

Test(posterior, refusals) {
    ntk_posterior *posterior;
    const double c = -0.6, indefinite[] = {1, c, c, c, 1, c, c, c, 1}, targets[] = {1, 0, 1};
    const ntk_inference_problem none = problem_of(NTK_LOSS_LOGISTIC, 3, 1, indefinite, NULL, targets, 0.1);
    assert_fails(ntk_posterior_create(&none, 0, NULL, NULL, &posterior), NTK_ERROR_NOT_POSITIVE_DEFINITE,
                 "eigenvalue");
    drawn d = draw_problem(NTK_LOSS_LOGISTIC, 5, 1, false, 30, HARD, 0, 1);
    assert_fails(ntk_posterior_create(&d.problem, 0, NULL, NULL, &posterior), NTK_ERROR_ARGUMENT, "lambda");
    const double cross[5] = {0}, diagonal = NAN;
    d = draw_problem(NTK_LOSS_LOGISTIC, 5, 1, false, 30, HARD, 0.1, 1);
    assert_fails(ntk_posterior_create(&d.problem, 1, cross, &diagonal, &posterior), NTK_ERROR_NOT_FINITE,
                 "new");
}
