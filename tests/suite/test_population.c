/* Populations of networks: their streams, block means, intervals, and the products of pairs of blocks,
 * against draws that are repeated here one by one. */
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/data.h>
#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/population.h>

#include "suite/context.h"

enum { N = 2, D = 3, GRAM = N * N, EXTRA = 1, COLUMNS = GRAM + EXTRA, BLOCKS = 4 };

static const ntk_parameter parameters[] = {
    NTK_POPULATION_PARAMETERS,
    {"points", NTK_PARAMETER_INTEGER, "2", 2, 10, NULL, "points"},
    {"inputs", NTK_PARAMETER_INTEGER, "3", 2, 10, NULL, "dimension"},
    {"max-cosine", NTK_PARAMETER_REAL, "0.9", 0.01, 1, NULL, "largest |cosine|"},
    {0}};
static const ntk_experiment experiment = {parameters, NULL};
static ntk_setting tiny[] = {{"widths", "4 16", 1}, {"networks", "3 2", 1}, {"blocks", "4", 1}};
static const ntk_claim claim = {
    .id = "a/b", .settings = {tiny, NULL}, .setting_count = {3, 0}, .experiment = &experiment};

static ntk_context *create(const ntk_setting *overrides, size_t count) {
    cr_assert_eq(ntk_linalg_start(), NTK_OK, "%s", ntk_error_detail());
    ntk_context *context = NULL;
    cr_assert_eq(ntk_context_create(&claim, NTK_TIER_QUICK, NULL, overrides, count, 5, "data", &context),
                 NTK_OK, "%s", ntk_error_detail());
    return context;
}

static ntk_architecture erf_of_depth(size_t depth) {
    ntk_architecture out = ntk_architecture_default();
    out.activation = NTK_ERF;
    out.depth = depth;
    return out;
}

/* Points on the sphere; networks of depth 1, held against the kernel of depth 2, at both widths. */
static ntk_status describe(const ntk_context *context, ntk_population_study *study) {
    const ntk_architecture network = erf_of_depth(1), limit = erf_of_depth(2);
    if (study->x == NULL) NTK_TRY(ntk_population_sphere(context, study));
    NTK_TRY(ntk_population_add(context, study, &network, &limit, 0));
    return ntk_population_add(context, study, &network, &limit, 1);
}

/* D falls like 1/m, but for 1 % of noise; then the first weight. */
static double deviation(const double *theta, double width, size_t k) { return (1 + 0.01 * theta[k]) / width; }

static ntk_status measure(const ntk_population_study *study, const ntk_population *population,
                          ntk_network *network, const double *theta, double *f, double *sample) {
    (void)study;
    (void)network;
    (void)f;
    for (size_t k = 0; k < GRAM; k++) sample[k] = deviation(theta, (double)population->width, k);
    sample[GRAM] = theta[0];
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
    double theta[16 * D + 16];
    ntk_network *network;
    cr_assert_eq(ntk_network_create(&architecture, D, width, 1, &network), NTK_OK);
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

static ntk_status expect_means(ntk_context *context, const ntk_population_study *study) {
    both_means means;
    repeat_all(context, means);
    cr_assert_eq(study->count, 2);
    for (size_t p = 0; p < 2; p++) {
        const ntk_population *population = &study->populations[p];
        cr_expect_eq(population->width, p == 0 ? 4 : 16);
        double average = 0;
        for (size_t b = 0; b < BLOCKS; b++) {
            average += means[p][b][GRAM] / BLOCKS;
            for (size_t c = 0; c < COLUMNS; c++)
                cr_expect_float_eq(population->means[b * COLUMNS + c], means[p][b][c], 1e-15);
        }
        ntk_estimate tripled;
        cr_assert_eq(ntk_population_mean(context, study, population, GRAM, 3, &tripled), NTK_OK);
        cr_expect_float_eq(tripled.value, 3 * average, 1e-14);
        cr_expect_eq(tripled.degrees, BLOCKS - 1);
        cr_expect_eq(tripled.level, ntk_context_level(context));
        cr_expect_float_eq(ntk_population_average(study, population, GRAM), average, 1e-14);
    }
    return NTK_OK;
}

Test(population, blocks_are_means_over_their_own_streams) {
    ntk_context *context = create(NULL, 0);
    ntk_population_study study = study_of(measure);
    cr_assert_eq(ntk_population_conduct(context, &study, describe, expect_means), NTK_OK, "%s",
                 ntk_error_detail());
    cr_expect_null(study.populations, "released");
    ntk_context_destroy(context);
}

/* With noise, <D, D> of one block, or the products of neighbours 1 and 2, would differ. */
static ntk_status expect_products_of_pairs(ntk_context *context, const ntk_population_study *study) {
    both_means means;
    repeat_all(context, means);
    ntk_estimate bias, rate;
    double slope = 0;
    for (size_t p = 0; p < 2; p++) {
        const double first = inner(means[p][0], means[p][1]), second = inner(means[p][2], means[p][3]);
        cr_assert_eq(ntk_population_bias(context, study, &study->populations[p], 2, &bias), NTK_OK);
        cr_expect_float_eq(bias.value, first + second, 1e-14);
        cr_expect_eq(bias.degrees, 1, "two pairs");
        slope += (p == 0 ? -1 : 1) * 0.25 * (log(first) + log(second)) / log(4);
    }
    cr_assert_eq(ntk_population_rate(context, study, study->populations, &rate), NTK_OK, "%s",
                 ntk_error_detail());
    cr_expect_float_eq(rate.value, slope, 1e-12);
    cr_expect_float_eq(rate.value, -1, 0.05);
    return NTK_OK;
}

Test(population, a_bias_is_read_off_products_of_disjoint_blocks) {
    ntk_context *context = create(NULL, 0);
    ntk_population_study study = study_of(measure);
    cr_assert_eq(ntk_population_conduct(context, &study, describe, expect_products_of_pairs), NTK_OK, "%s",
                 ntk_error_detail());
    ntk_context_destroy(context);
}

static ntk_status expect_points_and_limit(ntk_context *context, const ntk_population_study *study) {
    const ntk_stream root = ntk_context_stream(context, 0);
    ntk_stream points = ntk_stream_fork(&root, "points");
    double x[N * D], kernel[GRAM];
    const ntk_architecture limit = erf_of_depth(2);
    cr_assert_eq(ntk_data_sphere_separated(&points, N, D, 0.9, x), NTK_OK);
    cr_assert_eq(ntk_kernel_gram(&limit, NTK_KERNEL_NNGP, N, D, x, D, kernel, N), NTK_OK);
    cr_expect_arr_eq(study->x, x, sizeof x);
    for (size_t p = 0; p < 2; p++)
        cr_expect_arr_eq(study->populations[p].kernel, kernel, sizeof kernel, "the limit's, of its kind");
    return NTK_OK;
}

Test(population, kernels_are_the_limits_on_the_points) {
    ntk_context *context = create(NULL, 0);
    ntk_population_study study = study_of(measure);
    cr_assert_eq(ntk_population_conduct(context, &study, describe, expect_points_and_limit), NTK_OK, "%s",
                 ntk_error_detail());
    ntk_context_destroy(context);
}

static ntk_status must_not_run(ntk_context *context, const ntk_population_study *study) {
    (void)context;
    (void)study;
    cr_assert(false, "nothing to reduce");
    return NTK_OK;
}

Test(population, each_width_has_its_number_of_networks) {
    const ntk_setting three = {"networks", "3 2 1", 1};
    ntk_context *context = create(&three, 1);
    ntk_population_study study = study_of(measure);
    cr_expect_eq(ntk_population_conduct(context, &study, describe, must_not_run), NTK_ERROR_ARGUMENT);
    cr_expect_null(study.populations);
    ntk_context_destroy(context);
}

static ntk_status fail(const ntk_population_study *study, const ntk_population *population,
                       ntk_network *network, const double *theta, double *f, double *sample) {
    (void)study;
    (void)network;
    (void)theta;
    (void)f;
    (void)sample;
    return population->width == 16 ? ntk_fail(NTK_ERROR_STALLED, "planted") : NTK_OK;
}

Test(population, a_measurement_that_fails_ends_the_study) {
    ntk_context *context = create(NULL, 0);
    ntk_population_study study = study_of(fail);
    cr_expect_eq(ntk_population_conduct(context, &study, describe, must_not_run), NTK_ERROR_STALLED);
    ntk_context_destroy(context);
}

/* Blocks whose D point to opposite sides: sqrt of a negative number must not become a sample. */
static ntk_status measure_noise(const ntk_population_study *study, const ntk_population *population,
                                ntk_network *network, const double *theta, double *f, double *sample) {
    (void)study;
    (void)population;
    (void)network;
    (void)f;
    memcpy(sample, theta, COLUMNS * sizeof *sample);
    return NTK_OK;
}

static ntk_status expect_no_rate(ntk_context *context, const ntk_population_study *study) {
    ntk_estimate rate;
    return ntk_population_rate(context, study, study->populations, &rate);
}

Test(population, noise_has_no_rate) {
    const ntk_setting many = {"blocks", "64", 1};
    ntk_context *context = create(&many, 1);
    ntk_population_study study = study_of(measure_noise);
    cr_expect_eq(ntk_population_conduct(context, &study, describe, expect_no_rate), NTK_ERROR_NOT_FINITE);
    ntk_context_destroy(context);
}
