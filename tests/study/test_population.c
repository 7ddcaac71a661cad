/* Populations of networks: their streams, block means, intervals, and the products of pairs of
 * blocks, against draws that are repeated here one by one. */
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/architecture.h>
#include <ntk/data.h>
#include <ntk/kernel.h>
#include <ntk/lab/context.h>
#include <ntk/lab/definiteness.h>
#include <ntk/lab/parameters.h>
#include <ntk/lab/population.h>
#include <ntk/network.h>
#include <ntk/random.h>
#include <ntk/stats.h>
#include <ntk/status.h>

#include "fixture.h"

TestSuite(population, .fini = fixture_remove);

enum { N = 2, D = 3, GRAM = N * N, EXTRA = 1, COLUMNS = GRAM + EXTRA, BLOCKS = 4 };

static const ntk_parameter *const parameters[] = {ntk_sphere_parameters, ntk_population_parameters, NULL};
/* Networks of depth 1, held against the kernel of depth 2. */
static const fixture_setting tiny[] = {{"widths", "4 16"},
                                       {"networks", "3 2"},
                                       {"blocks", "4"},
                                       {"points", "2"},
                                       {"inputs", "3"},
                                       {"max-cosine", "0.9"},
                                       {"bias-variance", "0.25"},
                                       {"extra-layers", "1"},
                                       {"kernel-weight-variance", "3"},
                                       {0}};

static ntk_architecture erf_of_depth(size_t depth) {
    ntk_architecture out = ntk_architecture_default();
    out.activation = NTK_ERF;
    out.depth = depth;
    out.bias_variance = 0.25;
    out.input_scale = NTK_INPUT_SCALE_NONE;
    return out;
}

/* What is emitted of the one group of `describe`, both widths. */
static ntk_population_emit expectation;

static ntk_status describe(const ntk_context *context, ntk_population_study *study) {
    if (study->x == NULL) NTK_TRY(ntk_population_sphere(context, study));
    return ntk_population_add(study, "erf", 1, 0, 2, expectation);
}

static ntk_status conduct(ntk_context *context, ntk_population_study *study, ntk_population_emit emit) {
    expectation = emit;
    return ntk_population_conduct(context, study, describe);
}

/* D falls like 1/m, but for 1 % of noise; then the first weight. */
static double deviation(const double *theta, double width, size_t k) { return (1 + 0.01 * theta[k]) / width; }

static ntk_status measure(const ntk_population_study *study, const ntk_population *population,
                          const ntk_population_draw *draw, double *sample) {
    (void)study;
    for (size_t k = 0; k < GRAM; k++) sample[k] = deviation(draw->theta, (double)population->width, k);
    sample[GRAM] = draw->theta[0];
    return NTK_OK;
}

static ntk_population_study study_of(ntk_population_measure by) {
    return (ntk_population_study){.outputs = 1, .kernel = NTK_KERNEL_NNGP, .extra = EXTRA, .measure = by};
}

/* The means of one block, by drawing its networks again. */
static void repeat(const ntk_context *context, uint64_t block, const char *purpose, size_t width,
                   size_t networks, double means[COLUMNS]) {
    const ntk_architecture architecture = erf_of_depth(1);
    const ntk_stream root = ntk_context_stream(context, block);
    ntk_stream stream = ntk_stream_fork(&root, purpose);
    double theta[16 * D + 16 + 16 + 1];
    ntk_network *network;
    assert_ok(ntk_network_create(&architecture, D, width, 1, &network));
    memset(means, 0, COLUMNS * sizeof *means);
    for (size_t i = 0; i < networks; i++) {
        ntk_network_initialise(network, &stream, theta);
        for (size_t k = 0; k < GRAM; k++) means[k] += deviation(theta, (double)width, k) / (double)networks;
        means[GRAM] += theta[0] / (double)networks;
    }
    ntk_network_destroy(network);
}

/* (widths, BLOCKS, COLUMNS) */
typedef double both_means[2][BLOCKS][COLUMNS];

static void repeat_all(const ntk_context *context, both_means out) {
    for (uint64_t b = 0; b < BLOCKS; b++) {
        repeat(context, b, "erf depth 1 width 4", 4, 3, out[0][b]);
        repeat(context, b, "erf depth 1 width 16", 16, 2, out[1][b]);
    }
}

static double inner(const double *a, const double *b) {
    double sum = 0;
    for (size_t k = 0; k < GRAM; k++) sum += a[k] * b[k];
    return sum;
}

static ntk_status expect_means(ntk_context *context, const ntk_population_study *study,
                               const ntk_population *populations, size_t count) {
    both_means means;
    repeat_all(context, means);
    cr_assert_eq(count, 2);
    for (size_t p = 0; p < 2; p++) {
        const ntk_population *population = &populations[p];
        cr_expect_eq(population->width, p == 0 ? 4 : 16);
        double average = 0;
        for (size_t b = 0; b < BLOCKS; b++) {
            average += means[p][b][GRAM] / BLOCKS;
            for (size_t c = 0; c < COLUMNS; c++)
                cr_expect_float_eq(population->means[b * COLUMNS + c], means[p][b][c], 1e-15);
        }
        ntk_estimate tripled;
        assert_ok(ntk_population_mean(context, study, population, GRAM, 3, &tripled));
        cr_expect_float_eq(tripled.value, 3 * average, 1e-14);
        cr_expect_eq(tripled.degrees, BLOCKS - 1);
        cr_expect_eq(tripled.level, ntk_context_level(context));
        cr_expect_float_eq(ntk_population_average(study, population, GRAM), average, 1e-14);
    }
    return NTK_OK;
}

Test(population, blocks_are_means_over_their_own_streams) {
    ntk_context *context = fixture_context(parameters, tiny, NULL);
    ntk_population_study study = study_of(measure);
    assert_ok(conduct(context, &study, expect_means));
    cr_expect_null(study.populations, "released");
}

/* With noise, <D, D> of one block, or the products of neighbours 1 and 2, would differ. */
static ntk_status expect_products_of_pairs(ntk_context *context, const ntk_population_study *study,
                                           const ntk_population *populations, size_t count) {
    both_means means;
    repeat_all(context, means);
    ntk_estimate bias, rate;
    double slope = 0;
    for (size_t p = 0; p < 2; p++) {
        const double first = inner(means[p][0], means[p][1]), second = inner(means[p][2], means[p][3]);
        assert_ok(ntk_population_bias(context, study, &populations[p], 2, &bias));
        cr_expect_float_eq(bias.value, first + second, 1e-14);
        cr_expect_eq(bias.degrees, 1, "two pairs");
        slope += (p == 0 ? -1 : 1) * 0.25 * (log(first) + log(second)) / log(4);
    }
    assert_ok(ntk_population_rate(context, study, populations, count, &rate));
    cr_expect_float_eq(rate.value, slope, 1e-12);
    cr_expect_float_eq(rate.value, -1, 0.05);
    return NTK_OK;
}

Test(population, a_bias_is_read_off_products_of_disjoint_blocks) {
    ntk_context *context = fixture_context(parameters, tiny, NULL);
    ntk_population_study study = study_of(measure);
    assert_ok(conduct(context, &study, expect_products_of_pairs));
}

static ntk_status expect_points_and_limit(ntk_context *context, const ntk_population_study *study,
                                          const ntk_population *populations, size_t count) {
    const ntk_stream root = ntk_context_stream(context, 0);
    ntk_stream points = ntk_stream_fork(&root, "points");
    double x[N * D], kernel[GRAM];
    ntk_architecture limit = erf_of_depth(2);
    limit.weight_variance = 3;
    cr_assert_eq(count, 2);
    assert_ok(ntk_data_sphere_separated(&points, N, D, 0.9, x));
    assert_ok(ntk_kernel_gram(&limit, NTK_KERNEL_NNGP, N, D, x, D, kernel, N));
    cr_expect_arr_eq(study->x, x, sizeof x);
    for (size_t p = 0; p < 2; p++)
        cr_expect_arr_eq(populations[p].kernel, kernel, sizeof kernel, "the limit's, of its kind");
    return NTK_OK;
}

Test(population, kernels_are_the_limits_on_the_points) {
    ntk_context *context = fixture_context(parameters, tiny, NULL);
    ntk_population_study study = study_of(measure);
    assert_ok(conduct(context, &study, expect_points_and_limit));
}

/* D of one network by another way: J J^T from the Jacobian; outputs point by point. */
static ntk_status expect_deviation(const ntk_population_study *study, const ntk_population *population,
                                   const ntk_population_draw *draw, double *sample) {
    const size_t K = study->outputs, size = ntk_network_parameters(draw->network);
    double jacobian[N * 200], f[N * 2];
    cr_assert_leq(size, 200);
    if (study->kernel == NTK_KERNEL_NTK)
        assert_ok(ntk_network_jacobian(draw->network, draw->theta, N, study->x, jacobian));
    for (size_t i = 0; i < N; i++)
        assert_ok(ntk_network_forward(draw->network, draw->theta, 1, study->x + i * D, f + i * K));
    for (size_t k = 0; k < GRAM; k++) {
        const size_t i = k / N, j = k % N;
        double entry = 0;
        if (study->kernel == NTK_KERNEL_NTK)
            for (size_t t = 0; t < size; t++) entry += jacobian[i * size + t] * jacobian[j * size + t];
        else
            for (size_t o = 0; o < K; o++) entry += f[i * K + o] * f[j * K + o] / (double)K;
        cr_expect_float_eq(sample[k], entry - population->kernel[k], 1e-12);
        if (study->kernel == NTK_KERNEL_NNGP)
            for (size_t o = 0; o < K; o++) cr_expect_float_eq(draw->f[i * K + o], f[i * K + o], 1e-13);
    }
    return NTK_OK;
}

static ntk_status expect_nothing(ntk_context *context, const ntk_population_study *study,
                                 const ntk_population *populations, size_t count) {
    (void)context, (void)study, (void)populations, (void)count;
    return NTK_OK;
}

Test(population, deviations_are_those_of_the_networks_own_kernel) {
    ntk_context *context = fixture_context(parameters, tiny, NULL);
    ntk_population_study study = study_of(expect_deviation);
    study.outputs = 2;
    assert_ok(conduct(context, &study, expect_nothing));
    study = study_of(expect_deviation);
    study.kernel = NTK_KERNEL_NTK;
    assert_ok(conduct(context, &study, expect_nothing));
}

/* Five groups; the last finds but the first of its widths. */
static const struct {
    long depth;
    size_t from, to, first;
} groups[] = {{2, 0, 1, 0}, {1, 0, 2, 1}, {1, 1, 2, 2}, {1, 0, 1, 1}, {2, 0, 2, 3}};
static size_t emitted;

static ntk_status expect_shared(ntk_context *context, const ntk_population_study *study,
                                const ntk_population *populations, size_t count) {
    (void)context;
    cr_expect_eq(study->count, 5);
    cr_expect_eq((size_t)(populations - study->populations), groups[emitted].first, "group %zu", emitted);
    cr_expect_eq(count, groups[emitted].to - groups[emitted].from);
    cr_expect_eq((long)populations->network.depth, groups[emitted].depth);
    emitted++;
    return NTK_OK;
}

static ntk_status describe_shared(const ntk_context *context, ntk_population_study *study) {
    NTK_TRY(ntk_population_sphere(context, study));
    for (size_t g = 0; g < 5; g++)
        NTK_TRY(
            ntk_population_add(study, "erf", groups[g].depth, groups[g].from, groups[g].to, expect_shared));
    return NTK_OK;
}

Test(population, groups_of_the_same_networks_share_them) {
    ntk_context *context = fixture_context(parameters, tiny, NULL);
    ntk_population_study study = study_of(measure);
    assert_ok(ntk_population_conduct(context, &study, describe_shared));
    cr_expect_eq(emitted, 5, "each of them once");
}

static ntk_status must_not_run(ntk_context *context, const ntk_population_study *study,
                               const ntk_population *populations, size_t count) {
    (void)context, (void)study, (void)populations, (void)count;
    cr_assert(false, "nothing to reduce");
    return NTK_OK;
}

Test(population, each_width_has_its_number_of_networks) {
    ntk_context *context = fixture_context(parameters, tiny, "networks", "3 2 1", NULL);
    ntk_population_study study = study_of(measure);
    cr_expect_eq(conduct(context, &study, must_not_run), NTK_ERROR_ARGUMENT);
    cr_expect_null(study.populations);
}

static ntk_status fail(const ntk_population_study *study, const ntk_population *population,
                       const ntk_population_draw *draw, double *sample) {
    (void)study, (void)draw, (void)sample;
    return population->width == 16 ? ntk_fail(NTK_ERROR_STALLED, "planted") : NTK_OK;
}

Test(population, a_measurement_that_fails_ends_the_study) {
    ntk_context *context = fixture_context(parameters, tiny, NULL);
    ntk_population_study study = study_of(fail);
    cr_expect_eq(conduct(context, &study, must_not_run), NTK_ERROR_STALLED);
}

/* Blocks whose D point to opposite sides: sqrt of a negative number must not become a sample. */
static ntk_status measure_noise(const ntk_population_study *study, const ntk_population *population,
                                const ntk_population_draw *draw, double *sample) {
    (void)study, (void)population;
    memcpy(sample, draw->theta, COLUMNS * sizeof *sample);
    return NTK_OK;
}

static ntk_status expect_no_rate(ntk_context *context, const ntk_population_study *study,
                                 const ntk_population *populations, size_t count) {
    ntk_estimate rate;
    return ntk_population_rate(context, study, populations, count, &rate);
}

Test(population, noise_has_no_rate) {
    ntk_context *context = fixture_context(parameters, tiny, "blocks", "64", NULL);
    ntk_population_study study = study_of(measure_noise);
    cr_expect_eq(conduct(context, &study, expect_no_rate), NTK_ERROR_NOT_FINITE);
}
