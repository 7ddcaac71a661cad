/* Tests of a Gaussian law: closed forms, uniform p-values under the law, and what each one
 * finds. */
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/stats.h>

#include "status.h"

enum { Q = 3, N_MAX = 4000 };

static double samples[N_MAX * Q];

static ntk_gaussian_test test_of(size_t n, size_t q) {
    ntk_gaussian_test out;
    assert_ok(ntk_stats_gaussian_test(n, q, samples, &out));
    return out;
}

/* One coordinate, samples -a, 0, a about a mean b: 3 b^2 against chi-square with 1 degree, the
 * scatter 2 a^2 against chi-square with 2, whose upper tail is e^{-a^2}. */
Test(gaussian_law, closed_forms) {
    const double a = 1.5, b = 0.25;
    const double values[] = {b - a, b, b + a};
    memcpy(samples, values, sizeof values);
    const ntk_gaussian_test found = test_of(3, 1);
    cr_expect_float_eq(found.mean, erfc(sqrt(3 * b * b / 2)), 1e-14);
    cr_expect_float_eq(found.covariance, 2 * exp(-a * a), 1e-14);
    const double distance = 0.5 * erfc(-(b - a) / sqrt(2)), at = 0.5 * erfc(-b / sqrt(2));
    const double steps[] = {1.0 / 3 - distance, at - 1.0 / 3, 2.0 / 3 - at,
                            0.5 * erfc(-(b + a) / sqrt(2)) - 2.0 / 3};
    double largest = 0;
    for (size_t k = 0; k < 4; k++) largest = fmax(largest, steps[k]);
    cr_expect_float_eq(found.normality, fmin(1, 2 * exp(-6 * largest * largest)), 1e-14);
}

/* Two orthogonal coordinates of 4 samples: T_00^2 = 2.4, near the median of chi-square with 3
 * degrees, T_10 = 0, and T_11^2 = 16 against chi-square with 2 degrees, one less than T_00 has: 2
 * e^{-8} for each of 3 comparisons. */
Test(gaussian_law, each_row_of_the_scatter_has_a_degree_less) {
    const double a = sqrt(1.2), b = sqrt(8);
    const double values[] = {a, 0, -a, 0, 0, b, 0, -b};
    memcpy(samples, values, sizeof values);
    cr_expect_float_eq(test_of(4, 2).covariance, 6 * exp(-8), 1e-15);
}

/* Samples of the law, few and in several coordinates: P(p <= a) is a for the mean and at most a for
 * the others, and not far below it for the covariance, whose comparisons are independent: 1 - (1 -
 * a/6)^6 = 0.096 at a = 0.1. Of 2,000 runs; five standard errors are 0.034. */
Test(gaussian_law, p_values_hold_in_small_samples) {
    enum { RUNS = 2000, N = 12 };
    ntk_stream stream = ntk_stream_create(11, "law", 0);
    size_t mean = 0, covariance = 0, normality = 0;
    for (int run = 0; run < RUNS; run++) {
        ntk_stream_normal(&stream, N * Q, samples);
        const ntk_gaussian_test found = test_of(N, Q);
        mean += found.mean <= 0.1;
        covariance += found.covariance <= 0.1;
        normality += found.normality <= 0.1;
    }
    cr_expect_float_eq((double)mean / RUNS, 0.1, 0.034, "%zu", mean);
    cr_expect_float_eq((double)covariance / RUNS, 0.096, 0.034, "%zu", covariance);
    cr_expect_leq((double)normality / RUNS, 0.1, "%zu", normality);
}

/* Each power stated, at p <= 1e-6, in 60 runs: nine out of ten are stated, eight are asked for. */
Test(gaussian_law, finds_what_it_says_it_finds) {
    enum { RUNS = 60, N = 500 };
    ntk_stream stream = ntk_stream_create(12, "law", 0);
    size_t shifted = 0, spread = 0, others = 0;
    for (int run = 0; run < RUNS; run++) {
        ntk_stream_normal(&stream, N * Q, samples);
        const ntk_gaussian_test plain = test_of(N, Q);
        others += plain.mean < 1e-6 || plain.covariance < 1e-6 || plain.normality < 1e-6;
        for (size_t t = 0; t < N; t++) samples[t * Q + 1] += plain.detectable_shift;
        const ntk_gaussian_test moved = test_of(N, Q);
        shifted += moved.mean <= 1e-6;
        others += moved.covariance < 1e-6;
        for (size_t t = 0; t < N; t++)
            samples[t * Q + 1] =
                (samples[t * Q + 1] - plain.detectable_shift) * (1 + plain.detectable_spread);
        spread += test_of(N, Q).covariance <= 1e-6;
    }
    cr_expect_geq(shifted, 48, "%zu of 60", shifted);
    cr_expect_geq(spread, 48, "%zu of 60", spread);
    cr_expect_eq(others, 0);
}

/* A correlation of 0.4 between coordinates of variance 1, and uniform coordinates of variance 1:
 * moments that the other tests do not see. */
Test(gaussian_law, finds_correlation_and_shape) {
    ntk_stream stream = ntk_stream_create(13, "law", 0);
    ntk_stream_normal(&stream, 1000 * Q, samples);
    for (size_t t = 0; t < 1000; t++)
        samples[t * Q + 2] = 0.4 * samples[t * Q] + sqrt(1 - 0.16) * samples[t * Q + 2];
    const ntk_gaussian_test correlated = test_of(1000, Q);
    cr_expect_lt(correlated.covariance, 1e-9);
    cr_expect_gt(correlated.mean, 1e-3);
    cr_expect_gt(correlated.normality, 1e-3);
    ntk_stream_uniform(&stream, N_MAX * Q, samples);
    for (size_t k = 0; k < N_MAX * Q; k++) samples[k] = (samples[k] - 0.5) * sqrt(12);
    const ntk_gaussian_test uniform = test_of(N_MAX, Q);
    cr_expect_lt(uniform.normality, 1e-6);
    cr_expect_gt(uniform.covariance, 1e-3);
    cr_expect_gt(uniform.mean, 1e-3);
}

/* So far from the law that no double holds the tail, p is 0 and no error. */
Test(gaussian_law, tails_below_all_doubles) {
    enum { N = 4000, Q = 2 };
    static double z[N * Q], w[N * Q];
    ntk_gaussian_test found;
    ntk_stream stream = ntk_stream_create(3, "far", 0);
    ntk_stream_normal(&stream, N * Q, z);
    for (size_t k = 0; k < N * Q; k++) w[k] = z[k] + 1e6;
    cr_assert_eq(ntk_stats_gaussian_test(N, Q, w, &found), NTK_OK);
    cr_expect_eq(found.mean, 0);
    cr_expect_gt(found.covariance, 1e-6);
    for (size_t k = 0; k < N * Q; k++) w[k] = 3 * z[k];
    cr_assert_eq(ntk_stats_gaussian_test(N, Q, w, &found), NTK_OK);
    cr_expect_eq(found.covariance, 0);
    for (size_t k = 0; k < N; k++) w[2 * k + 1] = 0.6 * z[2 * k + 1] + 0.8 * z[2 * k];
    for (size_t k = 0; k < N; k++) w[2 * k] = z[2 * k];
    cr_assert_eq(ntk_stats_gaussian_test(N, Q, w, &found), NTK_OK);
    cr_expect_lt(found.covariance, 1e-300);
}

Test(gaussian_law, refusals) {
    ntk_gaussian_test out;
    memset(samples, 0, sizeof samples);
    cr_expect_eq(ntk_stats_gaussian_test(Q, Q, samples, &out), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_stats_gaussian_test(5, 0, samples, &out), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_stats_gaussian_test(5, Q, samples, &out), NTK_ERROR_NOT_POSITIVE_DEFINITE);
    samples[3] = NAN;
    cr_expect_eq(ntk_stats_gaussian_test(5, Q, samples, &out), NTK_ERROR_NOT_FINITE);
    cr_expect(isnan(out.mean));
}
