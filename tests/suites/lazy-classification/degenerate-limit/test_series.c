/* Series of targets: what a run is given, that every flow begins at the same start, and what
 * becomes of the values. */
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/kernel.h>
#include <ntk/lab/context.h>
#include <ntk/lab/grid.h>
#include <ntk/lab/parameters.h>
#include <ntk/lab/problem.h>
#include <ntk/linalg.h>
#include <ntk/loss.h>
#include <ntk/network.h>
#include <ntk/stats.h>
#include <ntk/status.h>

#include "fixture.h"
#include "suites/lazy-classification/degenerate-limit/series.h"

TestSuite(target_series, .fini = fixture_remove);

static const ntk_parameter *const parameters[] = {ntk_sphere_parameters, ntk_target_series_parameters, NULL};
static const fixture_setting tiny[] = {{"epsilons", "0.2 0.05"},
                                       {"seeds", "3"},
                                       {"points", "3"},
                                       {"inputs", "4"},
                                       {"max-cosine", "0.8"},
                                       {"width", "20"},
                                       {0}};

static const ntk_reduction nothing[] = {{0}};

/* ---- what a run is given --------------------------------------------------------------------- */

static ntk_status measure_kernel(const ntk_target_run *run, double *values, const void *own) {
    (void)own;
    const ntk_training *problem = run->problem;
    double gram[9], image[9];
    cr_expect(run->is_kernel);
    cr_expect_eq(run->loss, NTK_LOSS_LOGISTIC);
    cr_expect_eq(problem->targets[0], run->epsilon, "label 0");
    cr_expect_eq(problem->targets[1], 1 - run->epsilon, "label 1");
    NTK_TRY(ntk_kernel_gram(&problem->architecture, NTK_KERNEL_NTK, 3, 4, problem->x, 4, gram, 3));
    for (size_t i = 0; i < 9; i++) cr_expect_float_eq(run->gram[i], gram[i], 1e-14);
    memcpy(image, gram, sizeof gram);
    NTK_TRY(ntk_eigen_symmetric(3, image, 3, false, gram));
    cr_expect_float_eq(run->smallest, gram[0], 1e-13);
    cr_expect_float_eq(run->largest, gram[2], 1e-13);
    /* Soft targets are interpolated; one-hot targets are not. */
    for (size_t i = 0; i < 3; i++)
        cr_expect_float_eq(run->soft->outputs[i], (i == 1 ? 1 : -1) * log(1 / run->epsilon - 1), 1e-4);
    cr_expect_gt(run->hard->max_spread, 5);
    cr_expect_lt(run->hard->min_log_loss, -5);
    values[0] = 0;
    return NTK_OK;
}

/* What counts as stationary is relative to epsilon. */
Test(target_series, a_kernel_is_trained_with_each_epsilon) {
    ntk_context *context = fixture_context(parameters, tiny, "epsilons", "0.2 1e-9", NULL);
    assert_ok(ntk_target_series_conduct(context, "nothing", measure_kernel, NULL, nothing));
}

/* Soft and one-hot flow part from the network's own initial outputs; and the order of the epsilons
 * does not matter, for the parameters are reset. */
static ntk_status measure_network(const ntk_target_run *run, double *values, const void *own) {
    (void)own;
    const ntk_training *problem = run->problem;
    double f0[9];
    cr_expect_not(run->is_kernel);
    cr_expect_eq(run->loss, NTK_LOSS_SOFTMAX);
    cr_expect_eq(problem->outputs, 3);
    NTK_TRY(ntk_network_forward(problem->network, problem->theta0, 3, problem->x, f0));
    for (size_t i = 0; i < 9; i++) {
        cr_expect_float_eq(run->soft->followed[i], f0[i], 0.05, "at t = e^-4");
        cr_expect_float_eq(run->hard->followed[i], f0[i], 0.05, "at t = e^-4");
        cr_expect_neq(run->soft->followed[i], f0[i]);
    }
    values[0] = run->soft->outputs[0];
    return NTK_OK;
}

static ntk_status expect_repeated(ntk_context *context, const ntk_grid *grid, size_t which) {
    (void)context;
    for (size_t s = 0; s < 3; s++)
        cr_expect_eq(ntk_grid_row(grid, (ntk_place){{which, 0, s}})[0],
                     ntk_grid_row(grid, (ntk_place){{which, 2, s}})[0], "seed %zu", s);
    return NTK_OK;
}

Test(target_series, every_flow_begins_at_the_initialisation) {
    ntk_context *context =
        fixture_context(parameters, tiny, "cases", "network-k3", "epsilons", "0.2 0.1 0.2", NULL);
    const ntk_reduction list[] = {{.prefix = "own", .kind = NTK_REDUCE_OWN, .own = expect_repeated}, {0}};
    assert_ok(ntk_target_series_conduct(context, "output", measure_network, NULL, list));
}

static ntk_status measure_l2(const ntk_target_run *run, double *values, const void *own) {
    (void)own;
    /* (lambda / 2) ||w||^2 <= L_0 binds the soft flow only. */
    const double radius = sqrt(2 * run->soft->initial_loss / 0.5);
    cr_expect_leq(run->soft->max_displacement, radius);
    cr_expect_gt(run->hard->max_displacement, radius);
    values[0] = 0;
    return NTK_OK;
}

Test(target_series, l2_is_for_soft_targets) {
    ntk_context *context = fixture_context(parameters, tiny, "lambda", "0.5", NULL);
    assert_ok(ntk_target_series_conduct(context, "nothing", measure_l2, NULL, nothing));
}

static ntk_status fail_at_the_second(const ntk_target_run *run, double *values, const void *own) {
    (void)values, (void)own;
    return run->epsilon == 0.05 ? ntk_fail(NTK_ERROR_DIVERGED, "as it must") : NTK_OK;
}

Test(target_series, an_error_names_case_epsilon_and_seed) {
    /* nine points of R^4 are never orthogonal to one another */
    ntk_context *context = fixture_context(parameters, tiny, "max-cosine", "0.01", "points", "9", NULL);
    assert_fails(ntk_target_series_conduct(context, "nothing", measure_kernel, NULL, nothing),
                 NTK_ERROR_NO_CONVERGENCE, "kernel, seed 0: ");
    context = fixture_context(parameters, tiny, NULL);
    assert_fails(ntk_target_series_conduct(context, "nothing", fail_at_the_second, NULL, nothing),
                 NTK_ERROR_DIVERGED, "kernel, epsilon 0.05, seed 0: as it must");
}

/* ---- reducing -------------------------------------------------------------------------------- */

/* Column 1 is a line in column 0, of slope 2, 3, 4 for seeds 0, 1, 2, but for the largest epsilon.
 * Cases and seeds are told apart by the loss and the points. */
static ntk_status measure_line(const ntk_target_run *run, double *values, const void *own) {
    (void)own;
    static double first[3]; /* a coordinate that names the seed */
    static size_t known;
    size_t seed = 0;
    while (seed < known && first[seed] != run->problem->x[0]) seed++;
    if (seed == known) first[known++] = run->problem->x[0];
    values[0] = -log(run->epsilon);
    values[1] = run->epsilon > 0.1 ? 100 : 7 + (2 + (double)seed) * values[0];
    values[2] = run->epsilon < 0.02 && seed == 1 ? NAN : values[1];
    return NTK_OK;
}

static ntk_status expect_line(ntk_context *context, const ntk_grid *grid, size_t which) {
    ntk_estimate slope;
    const ntk_place part = ntk_grid_case(which);
    NTK_TRY(ntk_grid_slope(grid, part, 1, 0, 0.1, 1, &slope));
    cr_expect_float_eq(slope.value, 3, 1e-12);
    cr_expect_float_eq(slope.standard_error, 1 / sqrt(3), 1e-12, "one slope a seed");
    cr_expect_eq(slope.level, ntk_context_level(context));
    cr_expect_eq(ntk_grid_largest(grid, part, 1).value, 100);
    cr_expect(isnan(ntk_grid_largest(grid, part, 2).value));
    cr_expect_eq(ntk_grid_slope(grid, part, 1, 0, 0.1, 2, &slope), NTK_ERROR_NOT_FINITE);
    cr_expect_eq(ntk_grid_slope(grid, part, 1, 0, 0.01, 1, &slope), NTK_ERROR_ARGUMENT, "one epsilon");
    return NTK_OK;
}

static const ntk_reduction line[] = {
    {.prefix = "own", .kind = NTK_REDUCE_OWN, .own = expect_line},
    {.prefix = "slope", .kind = NTK_REDUCE_SLOPE, .column = 1, .against = 0, .most = 0.1},
    {.prefix = "most", .kind = NTK_REDUCE_LARGEST, .column = 1},
    {0}};

Test(target_series, slopes_are_one_a_seed) {
    ntk_context *context = fixture_context(parameters, tiny, "epsilons", "0.2 0.1 0.05 0.01", NULL);
    assert_ok(ntk_target_series_conduct(context, "x y z", measure_line, NULL, line));
    cr_expect_float_eq(fixture_metric(context, "slope-kernel")->value, 3, 1e-12);
    cr_expect_eq(fixture_metric(context, "most-kernel")->value, 100);
    const char *runs = fixture_table(context, "runs"), *paths = fixture_table(context, "paths");
    cr_expect_not_null(strstr(runs, "case\tepsilon\tseed\tx\ty\tz\n"));
    cr_expect_eq(fixture_count(runs, "\nkernel\t"), 4 * 3);
    cr_expect_eq(fixture_count(runs, "\nkernel\t0.2"), 3);
    cr_expect_not_null(strstr(runs, "\nkernel\t0.20000000000000001\t2\t1.6094379124341003\t100\t"));
    cr_expect_eq(fixture_count(paths, "\nkernel\t"), 5 * NTK_TARGET_SERIES_TIMES);
    cr_expect_eq(fixture_count(paths, "\nkernel\t0\t"), NTK_TARGET_SERIES_TIMES, "one-hot");
}
