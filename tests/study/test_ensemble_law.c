/* Laws of ensembles: estimates against their definition, on ensembles made by hand whose deviations
 * from the law are known; points, kernels and untrained networks of a study. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/kernel.h>
#include <ntk/lab/context.h>
#include <ntk/lab/ensemble.h>
#include <ntk/lab/ensemble_law.h>
#include <ntk/lab/ensemble_study.h>
#include <ntk/lab/parameters.h>
#include <ntk/linalg.h>
#include <ntk/loss.h>
#include <ntk/memory.h>
#include <ntk/random.h>
#include <ntk/stats.h>

#include "fixture.h"

TestSuite(ensemble_law, .fini = fixture_remove);

enum { N = 3, Q = 2, C = 4, ALL = N + Q + C, D = 5, K = 2, NARROW = 30, WIDE = 20, MORE = 50 };

static const ntk_parameter *const parameters[] = {ntk_sphere_parameters, ntk_ensemble_parameters, NULL};
static const fixture_setting tiny[] = {
    {"widths", "8 32"},    {"members", "30 20"},  {"initialisations", "50 50"},
    {"points", "3"},       {"test-points", "2"},  {"circle-points", "4"},
    {"inputs", "5"},       {"outputs", "2"},      {"max-cosine", "0.8"},
    {"tolerance", "1e-3"}, {"log-horizon", "-3"}, {0}};

static ntk_ensemble_study study_of(ntk_context *context) {
    ntk_ensemble_study study;
    assert_ok(ntk_ensemble_study_create(context, NTK_LOSS_SQUARED, &study));
    return study;
}

static double angle_between(const double *a, const double *b) { return acos(ntk_dot(D, a, b)); }

Test(ensemble_law, points_are_where_they_should_be) {
    ntk_ensemble_study a = study_of(fixture_context(parameters, tiny, "near-angle", "0.2", NULL));
    ntk_ensemble_study b = study_of(fixture_context(parameters, tiny, NULL));
    for (size_t i = 0; i < ALL; i++) cr_assert_float_eq(ntk_norm(D, a.x + i * D), 1, 1e-14);
    cr_assert_arr_eq(a.x, b.x, N * D * sizeof(double));
    for (size_t j = 0; j < Q; j++) {
        cr_assert_float_eq(angle_between(a.x + j * D, a.x + (N + j) * D), 0.2, 1e-12);
        cr_assert_gt(angle_between(b.x + j * D, b.x + (N + j) * D), 0.6);
    }
    const double *circle =
        a.x + (N + Q) * D; /* quarter turns from the first point, in the plane of the second */
    const double angle = angle_between(a.x, a.x + D);
    cr_assert_float_eq(ntk_dot(D, circle, a.x), 1, 1e-14);
    cr_assert_float_eq(ntk_dot(D, circle + D, a.x), 0, 1e-14);
    cr_assert_float_eq(ntk_dot(D, circle + D, a.x + D), sin(angle), 1e-14);
    double theta[ALL * ALL];
    assert_ok(ntk_kernel_gram(&a.problem.architecture, NTK_KERNEL_NTK, ALL, D, a.x, D, theta, ALL));
    for (size_t i = 0; i < ALL * ALL; i++) cr_assert_float_eq(a.theta[i], theta[i], 1e-14);
    ntk_ensemble_study_release(&a);
    ntk_ensemble_study_release(&b);
}

/* Untrained networks are further members, with their starts at training and test points. */
Test(ensemble_law, trains_and_initialises) {
    ntk_ensemble_study a =
        study_of(fixture_context(parameters, tiny, "members", "3 2", "initialisations", "4 4", NULL));
    ntk_ensemble_study b =
        study_of(fixture_context(parameters, tiny, "members", "5 2", "initialisations", "2 4", NULL));
    assert_ok(ntk_ensemble_study_train(&a, 0, NULL, NULL));
    assert_ok(ntk_ensemble_study_train(&b, 0, NULL, NULL));
    cr_assert_eq(a.ensembles[1].width, 32);
    cr_assert_eq(a.initial[0].all_points, N + Q);
    for (size_t i = 0; i < (N + Q) * K; i++)
        cr_assert_float_eq(a.initial[0].start[i], b.ensembles[0].start[3 * ALL * K + i], 1e-13);
    cr_assert_null(a.initial[0].end);
    ntk_ensemble_study_release(&a);
    ntk_ensemble_study_release(&b);
}

/* A (Theta_XX + ridge I) = Theta_xX, and the mean A y u in the one direction u. */
Test(ensemble_law, law_of_a_linear_model) {
    ntk_context *context = fixture_context(parameters, tiny, NULL);
    ntk_ensemble_study study = study_of(context);
    const double ridge = 0.3, direction[K] = {0.6, -0.8}, y[N * K] = {1, 2, -1, 0.5, 3, -2};
    assert_ok(ntk_ensemble_study_name_law(&study, "first", K, NULL));
    assert_ok(ntk_ensemble_study_name_law(&study, "second", 1, direction));
    assert_ok(ntk_ensemble_study_solve_law(&study, ridge, y));
    for (size_t i = 0; i < Q + C; i++) {
        const double *row = study.law.map + i * N;
        double mean = 0;
        for (size_t j = 0; j < N; j++) {
            double product = ridge * row[j];
            for (size_t l = 0; l < N; l++) product += row[l] * study.theta[l * ALL + j];
            cr_expect_float_eq(product, study.theta[(N + i) * ALL + j], 1e-12);
            for (size_t k = 0; k < K; k++) mean += row[j] * y[j * K + k] * direction[k];
        }
        cr_expect_float_eq(study.law.mean[i], mean, 1e-12);
    }
    ntk_ensemble_study_release(&study);
}

/* ---- ensembles made by hand ------------------------------------------------------------------ */

static const double mean[(Q + C) * K] = {1, -2, 0.5, 3};
static const double covariance_root[4] = {2, 0, 1, 0.5}; /* L */

static void make(ntk_ensemble *out, size_t width, size_t members, bool trained, ntk_stream *stream,
                 double *xi) {
    *out = (ntk_ensemble){.width = width, .members = members, .points = N, .outputs = K};
    out->all_points = trained ? ALL : N + Q;
    const size_t all = members * out->all_points * K;
    assert_ok(ntk_allocate_doubles(all, &out->start));
    assert_ok(ntk_allocate_doubles(members * N * K, &out->targets));
    ntk_stream_normal(stream, members * Q * K, xi);
    ntk_stream_normal(stream, members * N * K, out->targets);
    if (!trained) return;
    assert_ok(ntk_allocate_doubles(all, &out->end));
    assert_ok(ntk_allocate_doubles(members, &out->gradient_norms));
    out->gradient_norms[members / 2] = 0.125;
}

/* What training adds: z = shift / width + sqrt(1 + spread / width) xi. */
typedef struct bias {
    double shift, spread;
} bias;

/* Starts whose linear partners have z' = xi: L xi at the test points, less A (y + noise - f_0(X))
 * with f_0(X) = 1. Ends: mean + L z. */
static void fill(const ntk_ensemble_study *study, const double *map, bias b, const double *xi,
                 ntk_ensemble *out) {
    const double width = (double)out->width;
    for (size_t m = 0; m < out->members; m++) {
        double *start = out->start + m * out->all_points * K;
        const double *targets = out->targets + m * N * K;
        for (size_t i = 0; i < N * K; i++) start[i] = 1;
        for (size_t i = 0; i < Q; i++)
            for (size_t k = 0; k < K; k++) {
                double *at = &start[(N + i) * K + k], moved = mean[i * K + k];
                *at = 0;
                for (size_t j = 0; j < Q; j++) {
                    const double e = xi[(m * Q + j) * K + k];
                    *at += covariance_root[i * Q + j] * e;
                    moved += covariance_root[i * Q + j] * (b.shift / width + sqrt(1 + b.spread / width) * e);
                }
                for (size_t j = 0; j < N; j++)
                    *at -= map[i * N + j] * (targets[j * K + k] - study->targets[j * K + k] - 1);
                if (out->end) out->end[(m * out->all_points + N + i) * K + k] = moved;
            }
    }
}

static double xi[4][100 * Q * K];

/* A study of such ensembles, judged. */
static ntk_context *judge(bias b) {
    ntk_context *context = fixture_context(parameters, tiny, NULL);
    ntk_ensemble_study study = study_of(context);
    assert_ok(ntk_ensemble_study_name_law(&study, "test", K, NULL));
    const ntk_ensemble_law law = study.law;
    for (size_t i = 0; i < (Q + C) * N; i++) law.map[i] = 0.25 * (double)i - 0.5;
    memcpy(law.mean, mean, sizeof mean);
    for (size_t i = 0; i < Q; i++)
        for (size_t j = 0; j < Q; j++)
            for (size_t l = 0; l < Q; l++)
                law.covariance[i * (Q + C) + j] += covariance_root[i * Q + l] * covariance_root[j * Q + l];
    ntk_stream stream = ntk_stream_create(9, "xi", 0);
    for (size_t i = 0; i < N * K; i++) study.targets[i] = (double)i;
    make(&study.ensembles[0], 8, NARROW, true, &stream, xi[0]);
    make(&study.ensembles[1], 32, WIDE, true, &stream, xi[1]);
    make(&study.initial[0], 8, MORE, false, &stream, xi[2]);
    make(&study.initial[1], 32, MORE, false, &stream, xi[3]);
    for (size_t w = 0; w < 2; w++) {
        fill(&study, law.map, b, xi[w], &study.ensembles[w]);
        fill(&study, law.map, b, xi[2 + w], &study.initial[w]);
    }
    assert_ok(ntk_ensemble_study_judge(&study));
    ntk_ensemble_study_release(&study);
    return context;
}

/* The networks of both widths are one sample: p-values against those of the same numbers in one
 * array. */
Test(ensemble_law, values_of_both_widths_are_tested) {
    ntk_context *context = fixture_context(parameters, tiny, NULL);
    ntk_ensemble_study study = study_of(context);
    ntk_stream stream = ntk_stream_create(4, "values", 0);
    static double values[(NARROW + WIDE) * Q];
    ntk_stream_normal(&stream, (NARROW + WIDE) * Q, values);
    for (size_t i = 0; i < WIDE * Q; i++) values[NARROW * Q + i] += 0.5;
    study.ensembles[0] = (ntk_ensemble){.members = NARROW, .columns = Q, .values = values};
    study.ensembles[1] = (ntk_ensemble){.members = WIDE, .columns = Q, .values = values + NARROW * Q};
    ntk_gaussian_test wanted;
    assert_ok(ntk_stats_gaussian_test(NARROW + WIDE, Q, values, &wanted));
    assert_ok(ntk_ensemble_study_test_values(&study, "exact"));
    cr_expect_eq(fixture_metric(context, "exact-mean-p")->value, wanted.mean);
    cr_expect_eq(fixture_metric(context, "exact-covariance-p")->value, wanted.covariance);
    cr_expect_eq(fixture_metric(context, "exact-normality-p")->value, wanted.normality);
    cr_expect_eq(fixture_metric(context, "detectable-distance")->value, wanted.detectable_distance);
    study.ensembles[0] = study.ensembles[1] = (ntk_ensemble){0};
    ntk_ensemble_study_release(&study);
}

static const size_t counts[4] = {NARROW, WIDE, MORE, MORE}; /* xi[0], xi[2] of the narrow
                                                             * networks */

/* Largest |mean| of all partners, of each coordinate and along w = L^{-1} mean over its length. */
static double largest_mean(void) {
    double sums[Q * K] = {0}, largest = 0, along = 0, length = 0, w[Q * K];
    for (size_t k = 0; k < K; k++) {
        w[k] = mean[k] / 2; /* forward substitution with L */
        w[K + k] = (mean[K + k] - w[k]) / 0.5;
        length += w[k] * w[k] + w[K + k] * w[K + k];
    }
    for (size_t g = 0; g < 4; g++)
        for (size_t m = 0; m < counts[g]; m++)
            for (size_t i = 0; i < Q * K; i++) sums[i] += xi[g][m * Q * K + i] / (NARROW + WIDE + 2 * MORE);
    for (size_t i = 0; i < Q * K; i++) {
        largest = fmax(largest, fabs(sums[i]));
        along += sums[i] * w[i] / sqrt(length);
    }
    return fmax(largest, fabs(along));
}

/* Mean of xi_i xi_j over a group's networks and copies. */
static double moment(size_t group, size_t i, size_t j) {
    double sum = 0;
    for (size_t m = 0; m < counts[group]; m++)
        for (size_t k = 0; k < K; k++)
            sum += xi[group][(m * Q + i) * K + k] * xi[group][(m * Q + j) * K + k] / K;
    return sum / (double)counts[group];
}

/* Covariances: all partners, and (4 d_32 - d_8) / 3 with d_m = spread / m times the sample's own
 * second moment. */
static double largest_covariance(double spread) {
    double largest = 0;
    for (size_t i = 0; i < Q; i++)
        for (size_t j = 0; j <= i; j++) {
            double value = (i == j ? -1 : 0) + spread / 24 * (moment(1, i, j) - moment(0, i, j));
            for (size_t g = 0; g < 4; g++)
                value += (double)counts[g] * moment(g, i, j) / (NARROW + WIDE + 2 * MORE);
            largest = fmax(largest, fabs(value));
        }
    return largest;
}

/* Without bias: third moments of all partners; kurtosis and e^{-|z|^2/2} extrapolated, q = 2. h:
 * (Q + 2). */
static void normality(double *h) {
    memset(h, 0, (Q + 2) * sizeof *h);
    for (size_t g = 0; g < 4; g++)
        for (size_t m = 0; m < counts[g]; m++)
            for (size_t k = 0; k < K; k++) {
                const double *z = &xi[g][m * Q * K + k], square = z[0] * z[0] + z[K] * z[K];
                const double weight = (g % 2 == 0 ? -1.0 / 3 / (NARROW + MORE) : 4.0 / 3 / (WIDE + MORE)) / K;
                for (size_t i = 0; i < Q; i++)
                    h[i] += (pow(z[i * K], 3) - 3 * z[i * K]) / sqrt(6) / K / (NARROW + WIDE + 2 * MORE);
                h[Q] += weight * (square * square - 8 * square + 8) / 8;
                h[Q + 1] += weight * (exp(-square / 2) - 0.5) / sqrt(1.0 / 12);
            }
}

/* The number that follows `start` in a table. */
static double value_after(const char *table, const char *start) {
    const char *found = strstr(table, start);
    cr_assert_not_null(found, "%s in %s", start, table);
    return strtod(found + strlen(start), NULL);
}

/* A shift of the mean that is exactly c / m is extrapolated away: what is left is the mean of the
 * partners, and each network is c / m from its own. */
Test(ensemble_law, a_shift_in_one_over_m_is_removed) {
    for (double shift = 1; shift < 5; shift += 3) {
        ntk_context *context = judge((bias){shift, 0});
        const ntk_estimate *found = fixture_metric(context, "mean-deviation-test");
        cr_assert_float_eq(found->value, largest_mean(), 1e-12);
        cr_assert_gt(found->high, found->value);
        cr_assert_eq(found->level, ntk_context_level(context));
        cr_assert_eq(fixture_metric(context, "gradient-norm-test")->value, 0.125);
        cr_assert_float_eq(fixture_metric(context, "coupling-exponent-test")->value, -1, 1e-11);
    }
}

Test(ensemble_law, covariance_and_shape_are_those_of_the_definition) {
    ntk_context *plain = judge((bias){1e-9, 0}); /* not 0: a distance to the partner of 0 has no
                                                  * exponent */
    ntk_context *wide = judge((bias){0, 3});
    cr_assert_float_eq(fixture_metric(wide, "covariance-deviation-test")->value, largest_covariance(3),
                       1e-12);
    cr_assert_float_eq(fixture_metric(plain, "covariance-deviation-test")->value, largest_covariance(0),
                       1e-7);
    double h[Q + 2], largest = 0;
    normality(h);
    const char *table = fixture_table(plain, "deviations");
    cr_assert_eq(fixture_count(fixture_table(plain, "circle"), "\n"), C + 1);
    char start[64];
    for (size_t t = 0; t < Q + 1; t++) {
        snprintf(start, sizeof start, "test\tnormality\t0\t%zu\t", t);
        cr_assert_float_eq(value_after(table, start), h[t], 1e-7);
        largest = fmax(largest, fabs(h[t]));
    }
    cr_assert_float_eq(fixture_metric(plain, "normality-deviation-test")->value, largest, 1e-7);
    cr_assert_float_eq(value_after(table, "test\tshape\t0\t0\t"), h[Q + 1], 1e-7);
    cr_assert_float_eq(fixture_metric(plain, "shape-deviation-test")->value, fabs(h[Q + 1]), 1e-7);
}

Test(ensemble_law, tables_have_their_rows) {
    ntk_context *context = judge((bias){4, 0});
    const char *table = fixture_table(context, "deviations");
    cr_assert_eq(fixture_count(fixture_table(context, "circle"), "\n"), C + 1);
    const char head[] = "law\tkind\twidth\tindex\tvalue\terror\n";
    cr_assert_eq(strncmp(table, head, strlen(head)), 0, "%s", table);
    cr_assert_eq(fixture_count(table, "test\tmean\t8\t"), Q * K + 1);
    cr_assert_eq(fixture_count(table, "test\tnormality\t0\t"), Q + 1);
    cr_assert_float_eq(value_after(table, "test\tmean\t8\t0\t"), 0.5, 1e-12);
    cr_assert_float_eq(value_after(table, "test\tmean\t32\t3\t"), 0.125, 1e-12);
}

/* sqrt(sum (d - mean)^2 / (M (M - 1))) of the M numbers d = scale xi of one coordinate. */
static double standard_error(size_t group, size_t coordinate, double scale) {
    const double members = (double)counts[group];
    double average = 0, squares = 0;
    for (size_t m = 0; m < counts[group]; m++) average += scale * xi[group][m * Q * K + coordinate] / members;
    for (size_t m = 0; m < counts[group]; m++)
        squares += pow(scale * xi[group][m * Q * K + coordinate] - average, 2);
    return sqrt(squares / (members * (members - 1)));
}

/* Without a shift z - z' = (sqrt(1 + spread / width) - 1) xi, whose standard error is known. */
Test(ensemble_law, error_bars_are_standard_errors) {
    const char *table = fixture_table(judge((bias){0, 3}), "deviations");
    const unsigned widths[2] = {8, 32};
    char start[64];
    for (size_t w = 0; w < 2; w++)
        for (size_t i = 0; i < Q * K; i++) {
            snprintf(start, sizeof start, "test\tmean\t%u\t%zu\t", widths[w], i);
            const char *value = strstr(table, start);
            cr_assert_not_null(value);
            const double want = standard_error(w, i, sqrt(1 + 3 / (double)widths[w]) - 1);
            const double found = strtod(strchr(value + strlen(start), '\t'), NULL);
            cr_expect_float_eq(found / want, 1, 1e-9, "width %u, %zu: %g, not %g", widths[w], i, found, want);
        }
}
