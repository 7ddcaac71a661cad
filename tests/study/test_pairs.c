/* Pairs at chosen distances: where they stand, and feature distances against kernels known by
 * hand. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/kernel.h>
#include <ntk/lab/context.h>
#include <ntk/lab/grid.h>
#include <ntk/lab/pairs.h>

#include "fixture.h"
#include "start.h"

TestSuite(pairs, .init = start_linalg, .fini = fixture_remove);

static const ntk_parameter *const tables[] = {ntk_pairs_parameters, NULL};

static double plain(const void *argument, size_t kernel, const ntk_pair *pair) {
    return (1 + (double)kernel) * *(const double *)argument * pair->feature;
}

static ntk_pairs_kernel kernel_of(ntk_activation activation) {
    ntk_pairs_kernel out = {ntk_architecture_default(), 1};
    out.architecture.input_scale = NTK_INPUT_SCALE_NONE;
    out.architecture.activation = activation;
    return out;
}

static const char *const labels[] = {"linear", "relu"};

static ntk_pairs_study study_of(const ntk_context *context, const ntk_pairs_kernel *kernels,
                                const double *factor) {
    return (ntk_pairs_study){.context = context,
                             .count = 2,
                             .labels = labels,
                             .kernels = kernels,
                             .ratio = plain,
                             .argument = factor};
}

/* A linear network has Theta = 2 w^2 ... = c <x, x'>, so a feature distance is sqrt(c) times the
 * distance; ReLU with w^2 = 2 has 2 (2 cos + (sin - 2 theta cos) / pi) on unit vectors. */
Test(pairs, feature_distances_by_hand) {
    const ntk_pairs_kernel kernels[] = {kernel_of(NTK_LINEAR), kernel_of(NTK_RELU)};
    const double factor = 3;
    ntk_context *context = fixture_context(tables, NULL, "distances", "0.01 0.5 2", "pairs", "5", NULL);
    ntk_pairs_study study = study_of(context, kernels, &factor);
    ntk_grid grid;
    study.sphere = true;
    assert_ok(ntk_pairs_run(&study, &grid));
    const double distances[] = {0.01, 0.5, 2};
    for (size_t k = 0; k < 2; k++)
        for (size_t r = 0; r < 3; r++)
            for (size_t p = 0; p < 5; p++) {
                const double *row = ntk_grid_row(&grid, (ntk_place){{k, r, p}});
                const double theta = 2 * asin(distances[r] / 2), linear = sqrt(8) * distances[r];
                const double relu =
                    sqrt(2 * (4 - 2 * (2 * cos(theta) + (sin(theta) - 2 * theta * cos(theta)) / M_PI)));
                cr_expect(fabs(row[NTK_PAIRS_DISTANCE] - distances[r]) <= 1e-13);
                cr_expect(fabs(row[NTK_PAIRS_NORM] - 1) <= 1e-14);
                cr_expect(fabs(row[NTK_PAIRS_FEATURE] - (k ? relu : linear)) <= 1e-10, "%s, %g: %.15g",
                          labels[k], distances[r], row[NTK_PAIRS_FEATURE]);
                cr_expect_eq(row[NTK_PAIRS_RATIO], (k ? 2 : 1) * factor * row[NTK_PAIRS_FEATURE]);
            }
    ntk_grid_release(&grid);
}

/* Off the sphere the first pair stands at a right angle to the shorter point, the second on its
 * ray; all lengths are in units of the smaller norm, and every kernel sees the same pairs. */
Test(pairs, first_pairs_are_orthogonal_and_radial) {
    const ntk_pairs_kernel kernels[] = {kernel_of(NTK_LINEAR), kernel_of(NTK_RELU)};
    const double factor = 1;
    ntk_context *context = fixture_context(tables, NULL, "distances", "0.5", "pairs", "7", NULL);
    const ntk_pairs_study study = study_of(context, kernels, &factor);
    ntk_grid grid;
    assert_ok(ntk_pairs_run(&study, &grid));
    for (size_t p = 0; p < 7; p++) {
        const double *linear = ntk_grid_row(&grid, (ntk_place){{0, 0, p}});
        const double *relu = ntk_grid_row(&grid, (ntk_place){{1, 0, p}});
        cr_expect_eq(linear[NTK_PAIRS_DISTANCE], relu[NTK_PAIRS_DISTANCE]);
        cr_expect_eq(linear[NTK_PAIRS_NORM], relu[NTK_PAIRS_NORM]);
        cr_expect(relu[NTK_PAIRS_NORM] >= 1 && linear[NTK_PAIRS_DISTANCE] >= 0.5 - 1e-12);
        cr_expect(fabs(linear[NTK_PAIRS_FEATURE] - sqrt(8) * linear[NTK_PAIRS_DISTANCE]) <= 1e-12);
    }
    const double *first = ntk_grid_row(&grid, (ntk_place){{1, 0, 0}});
    const double *second = ntk_grid_row(&grid, (ntk_place){{1, 0, 1}});
    cr_expect(fabs(first[NTK_PAIRS_NORM] - sqrt(1.25)) <= 1e-13);
    cr_expect(fabs(second[NTK_PAIRS_NORM] - 1.5) <= 1e-13);
    cr_expect(fabs(second[NTK_PAIRS_FEATURE] - 2 * 0.5) <= 1e-13, "K(x, x) = 4 |x|^2");
    ntk_grid_release(&grid);
}

/* |x| |y| K(x / |x|, y / |y|): for a radial pair sqrt(K(1)) times the distance, whatever the
 * activation. */
Test(pairs, homogenised_kernels) {
    ntk_pairs_kernel kernels[] = {kernel_of(NTK_ERF), kernel_of(NTK_ERF)};
    const double factor = 1, x[] = {1, 0, 0, 0, 0};
    double diagonal;
    kernels[1].factor = 4;
    assert_ok(ntk_kernel_gram(&kernels[0].architecture, NTK_KERNEL_NTK, 1, 5, x, 5, &diagonal, 1));
    ntk_context *context = fixture_context(tables, NULL, "distances", "0.5", "pairs", "3", NULL);
    ntk_pairs_study study = study_of(context, kernels, &factor);
    ntk_grid grid;
    study.homogenised = true;
    assert_ok(ntk_pairs_run(&study, &grid));
    for (size_t k = 0; k < 2; k++) {
        const double *row = ntk_grid_row(&grid, (ntk_place){{k, 0, 1}});
        cr_expect(fabs(row[NTK_PAIRS_FEATURE] - (k ? 2 : 1) * sqrt(diagonal) * 0.5) <= 1e-13);
    }
    ntk_grid_release(&grid);
}

/* The emitted rows are those of the largest ratio at each distance. */
Test(pairs, emits_the_worst) {
    const ntk_pairs_kernel kernels[] = {kernel_of(NTK_LINEAR), kernel_of(NTK_RELU)};
    const double factor = 1;
    double worst[2], largest = 0, found[5];
    char label[16];
    ntk_context *context = fixture_context(tables, NULL, "distances", "0.3 0.1", "pairs", "9", NULL);
    const ntk_pairs_study study = study_of(context, kernels, &factor);
    ntk_grid grid;
    assert_ok(ntk_pairs_run(&study, &grid));
    for (size_t p = 0; p < 9; p++)
        largest = fmax(largest, ntk_grid_row(&grid, (ntk_place){{1, 1, p}})[NTK_PAIRS_RATIO]);
    assert_ok(ntk_pairs_emit(context, &grid, "pairs", worst));
    const char *line = fixture_table(context, "pairs");
    for (int row = 0; row < 4; row++) line = strchr(line, '\n') + 1; /* header and three rows */
    cr_assert_eq(sscanf(line, "%15s %lf %lf %lf %lf", label, &found[0], &found[1], &found[2], &found[3]), 5);
    cr_expect_str_eq(label, "relu");
    cr_expect_eq(found[3], largest);
    cr_expect(worst[1] >= largest &&
              worst[1] == ntk_grid_largest(&grid, ntk_grid_case(1), NTK_PAIRS_RATIO).value);
    ntk_grid_release(&grid);
}
