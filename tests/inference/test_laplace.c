/* The Laplace approximation and averages over a Gaussian: against inverses of numerical Hessians,
 * quadrature, and limits. */
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/classifier.h>
#include <ntk/inference_problem.h>
#include <ntk/laplace.h>
#include <ntk/loss.h>
#include <ntk/random.h>
#include <ntk/status.h>

#include "classifiers.h"
#include "eliminate.h"

enum { N = 4, Q = 2, ALL = N + Q, SIZE_MAX_ = ALL * 3 };

static ntk_loss loss_of(size_t outputs) { return outputs == 1 ? NTK_LOSS_LOGISTIC : NTK_LOSS_SOFTMAX; }

static split draw(ntk_loss loss, size_t outputs, double lambda, unsigned seed) {
    return draw_split(loss, N, ALL, outputs, MIXED, lambda, seed);
}

static void invert(size_t order, const double *matrix, double *inverse) {
    for (size_t c = 0; c < order; ++c) {
        double copy[SIZE_MAX_ * SIZE_MAX_], b[SIZE_MAX_] = {0};
        memcpy(copy, matrix, order * order * sizeof *copy);
        b[c] = 1;
        cr_assert(eliminate(order, copy, b));
        for (size_t i = 0; i < order; ++i) inverse[i * order + c] = b[i];
    }
}

/* W at f (N, K) by central differences of n times the naive gradient of the mean loss. W: (N K, N
 * K). */
static void difference_curvature(const ntk_inference_problem *problem, const double *f, double *w) {
    const size_t size = N * problem->outputs;
    const double h = 1e-4;
    for (size_t j = 0; j < size; ++j) {
        double moved[SIZE_MAX_], up[SIZE_MAX_], down[SIZE_MAX_];
        memcpy(moved, f, size * sizeof *f);
        moved[j] = f[j] + h;
        naive_cotangent(problem, moved, up);
        moved[j] = f[j] - h;
        naive_cotangent(problem, moved, down);
        for (size_t i = 0; i < size; ++i) w[i * size + j] = N * (up[i] - down[i]) / (2 * h);
    }
}

/* (C^{-1} (x) I + W)^{-1} on all points, of which only the first N bear on W. out: (ALL K, ALL
 * K). */
static void naive_covariance(const split *s, const double *f, double *out) {
    const ntk_inference_problem *problem = &s->trained.problem;
    const size_t outputs = problem->outputs, size = N * outputs, all = ALL * outputs;
    double prior[ALL * ALL], precision[ALL * ALL], w[SIZE_MAX_ * SIZE_MAX_], sum[SIZE_MAX_ * SIZE_MAX_] = {0};
    for (size_t i = 0; i < ALL * ALL; ++i) prior[i] = s->whole.gram[i] / (N * problem->lambda);
    invert(ALL, prior, precision);
    difference_curvature(problem, f, w);
    for (size_t i = 0; i < all; ++i)
        for (size_t j = 0; j < all; ++j) {
            if (i % outputs == j % outputs) sum[i * all + j] = precision[i / outputs * ALL + j / outputs];
            if (i < size && j < size) sum[i * all + j] += w[i * size + j];
        }
    invert(all, sum, out);
}

static void expect_covariance(ntk_loss loss, size_t outputs, double lambda, unsigned seed) {
    const split s = draw(loss, outputs, lambda, seed);
    const size_t all = ALL * outputs;
    double wanted[SIZE_MAX_ * SIZE_MAX_], found[Q * 9], at_points[N * 9], diagonal[N];
    ntk_laplace *laplace;
    /* f_0 is as good an f as any. */
    naive_covariance(&s, s.trained.f0, wanted);
    assert_ok(ntk_laplace_create(&s.trained.problem, s.trained.f0, &laplace));
    assert_ok(ntk_laplace_covariance(laplace, Q, s.cross, s.diagonal, found));
    for (size_t i = 0; i < N; ++i) diagonal[i] = s.trained.gram[i * (N + 1)];
    assert_ok(ntk_laplace_covariance(laplace, N, s.trained.gram, diagonal, at_points));
    const double scale = wanted[0];
    for (size_t x = 0; x < ALL; ++x)
        for (size_t k = 0; k < outputs; ++k)
            for (size_t l = 0; l < outputs; ++l) {
                const double *block =
                    x < N ? at_points + x * outputs * outputs : found + (x - N) * outputs * outputs;
                cr_assert_float_eq(block[k * outputs + l], wanted[(x * outputs + k) * all + x * outputs + l],
                                   1e-7 * scale, "point %zu, %zu %zu", x, k, l);
            }
    ntk_laplace_destroy(laplace);
}

Test(laplace, covariance_is_the_inverse_hessian) {
    for (unsigned seed = 0; seed < 3; ++seed)
        for (double lambda = 1e-2; lambda < 2; lambda *= 10) {
            expect_covariance(NTK_LOSS_LOGISTIC, 1, lambda, seed);
            expect_covariance(NTK_LOSS_SOFTMAX, 2, lambda, seed);
            expect_covariance(NTK_LOSS_SOFTMAX, 3, lambda, seed);
        }
}

static double degrees_of(const split *s) {
    ntk_laplace *laplace;
    double degrees = 0;
    assert_ok(ntk_laplace_create(&s->trained.problem, s->trained.f0, &laplace));
    assert_ok(ntk_laplace_degrees(laplace, &degrees));
    ntk_laplace_destroy(laplace);
    return degrees;
}

/* tr W Sigma from the dense matrices. */
Test(laplace, degrees_are_a_trace) {
    for (size_t outputs = 1; outputs <= 3; ++outputs) {
        const split s = draw(loss_of(outputs), outputs, 0.05, 5);
        const size_t size = N * outputs, all = ALL * outputs;
        double sigma[SIZE_MAX_ * SIZE_MAX_], w[SIZE_MAX_ * SIZE_MAX_], trace = 0;
        naive_covariance(&s, s.trained.f0, sigma);
        difference_curvature(&s.trained.problem, s.trained.f0, w);
        for (size_t i = 0; i < size; ++i)
            for (size_t j = 0; j < size; ++j) trace += w[i * size + j] * sigma[j * all + i];
        cr_assert_float_eq(degrees_of(&s), trace, 1e-7);
    }
}

/* A wide prior leaves everything to the data, n (K - 1) directions (the shift of a row means
 * nothing); a narrow one nothing. */
Test(laplace, degrees_have_limits) {
    for (size_t outputs = 1; outputs <= 3; outputs += 2)
        for (int wide = 0; wide < 2; ++wide) {
            const split s = draw(loss_of(outputs), outputs, wide ? 1e-9 : 1e9, 5);
            cr_assert_float_eq(degrees_of(&s), wide ? (double)(N * (outputs == 1 ? 1 : outputs - 1)) : 0,
                               1e-5);
        }
}

/* ---- the correspondence with kernel logistic regression -------------------------------------- */

/* -log posterior of f up to a constant: CE by naive_objective at lambda = 0, prior by
 * elimination. */
static double log_posterior(const drawn *d, const double *f) {
    const size_t n = d->problem.points, outputs = d->problem.outputs;
    drawn shifted = *d;
    double zero[SIZE_MAX_] = {0}, sum = 0;
    shifted.problem.lambda = 0;
    shifted.problem.f0 = f;
    for (size_t k = 0; k < outputs; ++k) {
        double prior[ALL * ALL], b[ALL], start[ALL];
        for (size_t i = 0; i < n * n; ++i) prior[i] = d->gram[i] / ((double)n * d->problem.lambda);
        for (size_t i = 0; i < n; ++i) start[i] = b[i] = f[i * outputs + k] - d->f0[i * outputs + k];
        cr_assert(eliminate(n, prior, b));
        for (size_t i = 0; i < n; ++i) sum -= b[i] * start[i] / 2;
    }
    return sum - (double)n * (double)naive_objective(&shifted.problem, zero, NULL);
}

Test(laplace, regression_is_the_mode) {
    for (size_t outputs = 1; outputs <= 3; outputs += 2) {
        drawn d = draw_problem(loss_of(outputs), ALL, outputs, false, 30, MIXED, 0.03, 9);
        solve_logistic(&d);
        const double best = log_posterior(&d, d.f);
        unsigned state = 3;
        for (int trial = 0; trial < 100; ++trial) {
            double moved[SIZE_MAX_];
            for (size_t i = 0; i < d.unknowns; ++i) moved[i] = d.f[i] + 1e-3 * pseudo_random(&state);
            cr_assert(log_posterior(&d, moved) < best);
        }
    }
}

/* ---- averages -------------------------------------------------------------------------------- */

/* E sigma(mean + s z) by Simpson's rule in long double on a fine grid. */
static double simpson(double mean, double s) {
    const int steps = 40000;
    const long double reach = 12, h = 2 * reach / steps;
    long double sum = 0;
    for (int i = 0; i <= steps; ++i) {
        const long double z = -reach + h * i, weight = i == 0 || i == steps ? 1 : i % 2 ? 4 : 2;
        sum += weight * expl(-z * z / 2) / (1 + expl(-(mean + s * z)));
    }
    return (double)(sum * h / 3 / sqrtl(2 * acosl(-1.0L)));
}

Test(average, logistic) {
    const double means[] = {0, 0.7, -3, 40}, deviations[] = {0, 0.1, 1, 7, 60};
    for (size_t i = 0; i < 4; ++i)
        for (size_t j = 0; j < 5; ++j) {
            const double variance = deviations[j] * deviations[j];
            double p = 0;
            assert_ok(ntk_bayes_average(NTK_LOSS_LOGISTIC, 1, 1, &means[i], &variance, 0, NULL, &p));
            cr_assert_float_eq(p, simpson(means[i], deviations[j]), 1e-13, "%g %g", means[i], deviations[j]);
        }
}

/* Two classes are one logit, of mean mu_1 - mu_0 and variance v_00 + v_11 - 2 v_01. */
Test(average, softmax_of_two_classes) {
    const double mean[] = {0.5, -0.4, 0, 0}, covariance[] = {2, 0.7, 0.7, 1, 3, -0.5, -0.5, 1};
    const ntk_stream stream = ntk_stream_create(1, "average", 0);
    double p[4], logistic[2];
    assert_ok(ntk_bayes_average(NTK_LOSS_SOFTMAX, 2, 2, mean, covariance, 200000, &stream, p));
    for (size_t x = 0; x < 2; ++x) {
        const double difference = mean[2 * x + 1] - mean[2 * x], *v = covariance + 4 * x;
        const double variance = v[0] + v[3] - 2 * v[1];
        assert_ok(ntk_bayes_average(NTK_LOSS_LOGISTIC, 1, 1, &difference, &variance, 0, NULL, &logistic[x]));
        cr_assert_float_eq(p[2 * x] + p[2 * x + 1], 1, 1e-12);
        cr_assert_float_eq(p[2 * x + 1], logistic[x], 2e-3); /* six standard errors at least */
    }
    cr_assert_float_eq(p[2], 0.5, 1e-12); /* pairs of opposite vectors: exact by symmetry */
}

Test(average, refusals) {
    const double mean[] = {0, 0}, covariance[] = {1, 0, 0, 1}, wrong = -1;
    const ntk_stream stream = ntk_stream_create(1, "average", 0);
    double p[2];
    assert_fails(ntk_bayes_average(NTK_LOSS_SOFTMAX, 1, 2, mean, covariance, 0, &stream, p),
                 NTK_ERROR_ARGUMENT, "draws");
    assert_fails(ntk_bayes_average(NTK_LOSS_SQUARED, 1, 1, mean, covariance, 1, &stream, p),
                 NTK_ERROR_ARGUMENT, "logistic");
    assert_fails(ntk_bayes_average(NTK_LOSS_LOGISTIC, 1, 1, mean, &wrong, 1, &stream, p),
                 NTK_ERROR_NOT_FINITE, "variance -1");
}

/* Two copies of a point with opposite labels, lambda -> 0: the variance at it tends to 4/2 = 2, the
 * inverse of twice the curvature 1/4, and two other points are left to the prior. By 60 digits, for
 * lambda = 1e-6: variances 1.99998170674 and 9964.27485689, 2.8740498226 degrees. Unmerged they
 * were 174 and 89 at lambda = 1e-10. */
Test(laplace, contradicting_copies) {
    const double x[] = {0, 0, 1.5, 2.6}, targets[] = {1, 0, 1, 0}, one[] = {1, 1, 1, 1};
    double gram[16], a[4], f[4], covariance[4], degrees;
    for (size_t i = 0; i < 16; i++) gram[i] = exp(-0.5 * pow(x[i / 4] - x[i % 4], 2));
    for (double lambda = 1e-2; lambda > 1e-15; lambda /= 100) {
        const ntk_inference_problem problem =
            problem_of(NTK_LOSS_LOGISTIC, 4, 1, gram, NULL, targets, lambda);
        ntk_logistic_result result;
        ntk_laplace *laplace;
        assert_ok(ntk_inference_logistic(&problem, NULL, a, f, &result));
        assert_ok(ntk_laplace_create(&problem, f, &laplace));
        const ntk_status status = ntk_laplace_covariance(laplace, 4, gram, one, covariance);
        if (status != NTK_OK) {
            cr_expect(lambda < 1e-7 && status == NTK_ERROR_NO_CONVERGENCE, "%s", ntk_error_detail());
            ntk_laplace_destroy(laplace);
            continue;
        }
        cr_expect_eq(covariance[0], covariance[1]);
        cr_expect_float_eq(covariance[0], 2, 2 * fmax(1e-6, 20 * lambda));
        assert_ok(ntk_laplace_degrees(laplace, &degrees));
        if (fabs(lambda - 1e-6) < 1e-9) {
            cr_expect_float_eq(covariance[0], 1.99998170674, 1e-9);
            cr_expect_float_eq(covariance[2], 9964.27485689, 1e-5);
            cr_expect_float_eq(degrees, 2.8740498226, 1e-9);
        }
        ntk_laplace_destroy(laplace);
    }
}

/* Copies count as often as they are given: three classes, against the same with every point written
 * once more. */
Test(laplace, copies_count) {
    split s = draw(NTK_LOSS_SOFTMAX, 3, 0.05, 3);
    const size_t n = s.trained.problem.points;
    double gram[400], targets[60], f[60], cross[40], one[3 * 9], two[3 * 9];
    cr_assert_leq(2 * n, 20);
    for (size_t i = 0; i < 2 * n; i++) {
        for (size_t j = 0; j < 2 * n; j++) gram[i * 2 * n + j] = s.trained.gram[i % n * n + j % n];
        for (size_t k = 0; k < 3; k++) {
            targets[i * 3 + k] = s.trained.targets[i % n * 3 + k];
            f[i * 3 + k] = s.trained.f0[i % n * 3 + k];
        }
        cross[i] = s.cross[i % n];
    }
    /* Twice the points and the same n lambda: the likelihood is squared. Apart, f differs by an
     * ulp. */
    const ntk_inference_problem twice = problem_of(NTK_LOSS_SOFTMAX, 2 * n, 3, gram, NULL, targets, 0.05 / 2);
    ntk_laplace *laplace;
    assert_ok(ntk_laplace_create(&twice, f, &laplace));
    assert_ok(ntk_laplace_covariance(laplace, 1, cross, s.diagonal, one));
    ntk_laplace_destroy(laplace);
    for (size_t i = 0; i < n * 3; i++) f[i] += 1e-15 * (1 + fabs(f[i]));
    assert_ok(ntk_laplace_create(&twice, f, &laplace));
    assert_ok(ntk_laplace_covariance(laplace, 1, cross, s.diagonal, two));
    ntk_laplace_destroy(laplace);
    for (size_t i = 0; i < 9; i++) cr_expect_float_eq(one[i], two[i], 1e-9, "%g %g", one[i], two[i]);
}

/* A covariance of rank 1, and none at all. */
Test(average, singular_covariances) {
    const double mean[] = {0.3, -0.1, 0}, rank1[] = {1, -1, 0, -1, 1, 0, 0, 0, 0}, none[9] = {0};
    const ntk_stream stream = ntk_stream_create(1, "singular", 0);
    double p[3], plain[3];
    ntk_bayes_probabilities(NTK_LOSS_SOFTMAX, 1, 3, mean, plain);
    assert_ok(ntk_bayes_average(NTK_LOSS_SOFTMAX, 1, 3, mean, none, 100, &stream, p));
    for (size_t k = 0; k < 3; k++) cr_expect_float_eq(p[k], plain[k], 1e-14);
    assert_ok(ntk_bayes_average(NTK_LOSS_SOFTMAX, 1, 3, mean, rank1, 20000, &stream, p));
    /* The trapezium rule along (1, -1, 0). */
    double sum[3] = {0}, mass = 0;
    for (int i = -160; i <= 160; i++) {
        const double z = 0.05 * i, weight = exp(-z * z / 2);
        const double e[] = {exp(mean[0] + z), exp(mean[1] - z), exp(mean[2])}, all = e[0] + e[1] + e[2];
        for (size_t k = 0; k < 3; k++) sum[k] += weight * e[k] / all;
        mass += weight;
    }
    for (size_t k = 0; k < 3; k++) cr_expect_float_eq(p[k], sum[k] / mass, 5e-3);
}

Test(laplace, refusals) {
    ntk_laplace *laplace;
    drawn d = draw_problem(NTK_LOSS_SOFTMAX, 3, 2, true, 20, HARD, 0.1, 1);
    assert_fails(ntk_laplace_create(&d.problem, d.f0, &laplace), NTK_ERROR_SHAPE, "shared");
    d = draw_problem(NTK_LOSS_SOFTMAX, 3, 2, false, 20, HARD, 0, 1);
    assert_fails(ntk_laplace_create(&d.problem, d.f0, &laplace), NTK_ERROR_ARGUMENT, "lambda > 0");
    d = draw_problem(NTK_LOSS_SQUARED, 3, 2, false, 20, HARD, 0.1, 1);
    assert_fails(ntk_laplace_create(&d.problem, d.f0, &laplace), NTK_ERROR_ARGUMENT, "softmax");
    d = draw_problem(NTK_LOSS_LOGISTIC, 3, 1, false, 20, HARD, 0.1, 1);
    const double f[] = {0, INFINITY, 0};
    assert_fails(ntk_laplace_create(&d.problem, f, &laplace), NTK_ERROR_NOT_FINITE, "outputs");
}
