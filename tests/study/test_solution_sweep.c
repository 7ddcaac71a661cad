/* Sweeps trained to the end: what is compared with which solution, and what becomes of the
 * columns. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/architecture.h>
#include <ntk/lab/context.h>
#include <ntk/lab/grid.h>
#include <ntk/lab/parameters.h>
#include <ntk/lab/problem.h>
#include <ntk/lab/solution.h>
#include <ntk/lab/sweep.h>
#include <ntk/linalg.h>
#include <ntk/status.h>
#include <ntk/trajectory.h>

#include "fixture.h"

TestSuite(solution_sweep, .fini = fixture_remove);

static const ntk_parameter *const parameters[] = {ntk_sphere_parameters, ntk_digits_parameters,
                                                  ntk_sweep_parameters, ntk_solution_parameters, NULL};
static const fixture_setting tiny[] = {{"widths", "4 9"},    {"seeds", "3"},
                                       {"points", "2"},      {"inputs", "3"},
                                       {"lambda", "0.5"},    {"activations", "erf-k3 gelu"},
                                       {"test-points", "2"}, {"max-cosine", "1"},
                                       {"log-horizon", "4"}, {0}};

static const ntk_reduction nothing[] = {{0}};

/* ---- a run beside its solutions -------------------------------------------------------------- */

/* Largest |f - f*| over all outputs, f* the solution for lambda = 0.05, a tenth of the flow's. */
static double error_of(const ntk_sweep_run *run, ntk_training_kernel kernel, const double *f) {
    const ntk_solution_formula formula = {.kernel = kernel, .loss = run->flow->loss, .lambda = 0.05};
    double solution[4 * 3], largest = 0;
    assert_ok(ntk_solution_predict(run->training, &formula, solution));
    for (size_t i = 0; i < 4 * run->training->outputs; i++) largest = fmax(largest, fabs(f[i] - solution[i]));
    return largest;
}

static ntk_status measure_wrong(const ntk_sweep_run *run, double *values, const void *own) {
    const ntk_trajectory *path = run->trajectory;
    const double *end = path->followed + (path->count - 1) * path->followed_size;
    ntk_solution_comparison found;
    NTK_TRY(ntk_solution_sweep_compare(run, own, values, &found));
    cr_expect_float_eq(values[NTK_SOLUTION_ERROR_EMPIRICAL],
                       error_of(run, NTK_TRAINING_KERNEL_EMPIRICAL, end), 1e-8);
    cr_expect_float_eq(values[NTK_SOLUTION_ERROR_LIMIT], error_of(run, NTK_TRAINING_KERNEL_LIMIT, end), 1e-8);
    cr_expect_gt(values[NTK_SOLUTION_BOUND_RATIO], 0);
    cr_expect_lt(values[NTK_SOLUTION_UNFINISHED], 1e-4, "the flow is at rest");
    cr_expect_lt(values[NTK_SOLUTION_RESIDUAL], 1e-4);

    ntk_solution_sweep_draw(run, 0, false, found.empirical);
    for (size_t t = 0; t < path->count; t += 20)
        cr_expect_float_eq(
            run->curve[t],
            error_of(run, NTK_TRAINING_KERNEL_EMPIRICAL, path->followed + t * path->followed_size), 1e-8,
            "time %zu", t);
    const double *last = path->followed + 20 * path->followed_size;
    ntk_solution_sweep_draw(run, 3, true, last);
    cr_expect_eq(run->curve[20], 0);
    if (run->training->outputs == 1)
        cr_expect_float_eq(run->curve[0], fabs(path->followed[3] - last[3]), 1e-15, "the last point alone");
    ntk_solution_comparison_release(&found);
    return NTK_OK;
}

Test(solution_sweep, a_run_is_compared_at_the_chosen_lambda) {
    ntk_context *context = fixture_context(parameters, tiny, "lambda-factor", "0.1", NULL);
    assert_ok(ntk_solution_sweep_conduct(context, NTK_SOLUTION_SWEEP_COLUMNS, measure_wrong, nothing));
}

/* What a control removes is in the table: with the flow's own lambda the bound holds. */
static ntk_status measure_right(const ntk_sweep_run *run, double *values, const void *own) {
    ntk_solution_comparison found;
    NTK_TRY(ntk_solution_sweep_compare(run, own, values, &found));
    cr_expect_leq(values[NTK_SOLUTION_BOUND_RATIO], 1);
    ntk_solution_comparison_release(&found);
    return NTK_OK;
}

Test(solution_sweep, the_bound_holds_at_the_flows_own_lambda) {
    ntk_context *context = fixture_context(parameters, tiny, NULL);
    assert_ok(ntk_solution_sweep_conduct(context, NTK_SOLUTION_SWEEP_COLUMNS, measure_right, nothing));
}

Test(solution_sweep, there_is_none_without_l2_or_test_points) {
    const char *const refused[] = {"lambda", "test-points"};
    for (size_t i = 0; i < 2; i++) {
        ntk_context *context = fixture_context(parameters, tiny, refused[i], "0", NULL);
        cr_expect_eq(ntk_solution_sweep_conduct(context, NTK_SOLUTION_SWEEP_COLUMNS, measure_right, nothing),
                     NTK_ERROR_ARGUMENT, "%s", refused[i]);
    }
}

/* ---- the reduction --------------------------------------------------------------------------- */

/* The errors are powers of the width; the other columns name themselves. */
static ntk_status measure_law(const ntk_sweep_run *run, double *values, const void *own) {
    (void)own;
    const double m = (double)run->width;
    values[NTK_SOLUTION_ERROR_EMPIRICAL] = 1 / m;
    values[NTK_SOLUTION_ERROR_LIMIT] = run->activation == NTK_GELU ? 1 / sqrt(m) : 1 / cbrt(m);
    values[NTK_SOLUTION_BOUND_RATIO] = m + (double)run->seed;
    values[NTK_SOLUTION_UNFINISHED] = 20 + m;
    values[NTK_SOLUTION_RESIDUAL] = 40 + m;
    values[NTK_SOLUTION_SWEEP_OWN] = 60;
    return NTK_OK;
}

Test(solution_sweep, is_reduced_to_rates_and_largest_values) {
    ntk_context *context = fixture_context(parameters, tiny, NULL);
    static const ntk_reduction metrics[] = {
        {.prefix = "solution", .kind = NTK_REDUCE_OWN, .own = ntk_solution_sweep_reduce}, {0}};
    assert_ok(ntk_solution_sweep_conduct(context, NTK_SOLUTION_SWEEP_COLUMNS " own", measure_law, metrics));
    const struct {
        const char *name;
        double value;
    } wanted[] = {{"rate-empirical-erf-k3", -1},  {"rate-empirical-gelu", -1},
                  {"rate-empirical-smooth", -1},  {"rate-limit-gelu", -0.5},
                  {"rate-limit-smooth", -1. / 3}, {"bound-ratio-smooth", 11},
                  {"unfinished-smooth", 29},      {"relative-residual-smooth", 49}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        cr_expect_float_eq(fixture_metric(context, wanted[i].name)->value, wanted[i].value, 1e-12, "%s",
                           wanted[i].name);
    const char *runs = fixture_table(context, "runs");
    cr_expect_eq(fixture_count(runs, "gelu\t9\t2\t0.1111111111111111\t0.33333333333333331\t11\t29\t49\t60\n"),
                 1);
}
