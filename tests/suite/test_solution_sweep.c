/* Sweeps trained to the end: what is compared with which solution, and what becomes of the columns. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/solution_sweep.h>

#include "fixture.h"
#include "suite/context.h"

TestSuite(solution_sweep, .fini = fixture_remove);

static const ntk_parameter parameters[] = {NTK_SOLUTION_SWEEP_PARAMETERS, {0}};
static const ntk_experiment experiment = {parameters, NULL};
static ntk_setting tiny[] = {
    {"widths", "4 9", 1},    {"seeds", "3", 1},      {"points", "2", 1},
    {"inputs", "3", 1},      {"lambda", "0.5", 1},   {"activations", "erf-k3 gelu", 1},
    {"test-points", "2", 1}, {"max-cosine", "1", 1}, {"log-horizon", "4", 1}};
static const ntk_claim claim = {
    .id = "a/b", .settings = {tiny, NULL}, .setting_count = {9, 0}, .experiment = &experiment};

static ntk_context *create(const ntk_setting *overrides, size_t count) {
    cr_assert_eq(ntk_linalg_start(), NTK_OK, "%s", ntk_error_detail());
    ntk_context *context = NULL;
    cr_assert_eq(ntk_context_create(&claim, NTK_TIER_QUICK, NULL, overrides, count, 5, "data", &context),
                 NTK_OK, "%s", ntk_error_detail());
    return context;
}

static ntk_status reduce_nothing(ntk_context *context, const ntk_sweep *sweep, size_t activation) {
    (void)context, (void)sweep, (void)activation;
    return NTK_OK;
}

/* ---- a run beside its solutions ------------------------------------------------------------------------ */

/* Largest |f - f*| over all outputs, f* the solution for lambda = 0.05, a tenth of the flow's. */
static double error_of(const ntk_sweep_run *run, ntk_training_kernel kernel, const double *f) {
    const ntk_solution_formula formula = {.kernel = kernel, .loss = run->flow->loss, .lambda = 0.05};
    double solution[4 * 3], largest = 0;
    cr_assert_eq(ntk_solution_predict(run->training, &formula, solution), NTK_OK, "%s", ntk_error_detail());
    for (size_t i = 0; i < 4 * run->training->outputs; i++) largest = fmax(largest, fabs(f[i] - solution[i]));
    return largest;
}

static ntk_status measure_wrong(const ntk_sweep_run *run, double *values, ntk_context *context) {
    const ntk_trajectory *path = run->trajectory;
    const double *end = path->followed + (path->count - 1) * path->followed_size;
    ntk_solution_comparison found;
    NTK_TRY(ntk_solution_sweep_compare(run, context, values, &found));
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
    ntk_context *context = create(&(const ntk_setting){"lambda-factor", "0.1", 0}, 1);
    cr_expect_eq(
        ntk_solution_sweep_conduct(context, NTK_SOLUTION_SWEEP_COLUMNS, measure_wrong, reduce_nothing),
        NTK_OK, "%s", ntk_error_detail());
    ntk_context_destroy(context);
}

/* What a control removes is in the table: with the flow's own lambda the bound holds. */
static ntk_status measure_right(const ntk_sweep_run *run, double *values, ntk_context *context) {
    ntk_solution_comparison found;
    NTK_TRY(ntk_solution_sweep_compare(run, context, values, &found));
    cr_expect_leq(values[NTK_SOLUTION_BOUND_RATIO], 1);
    ntk_solution_comparison_release(&found);
    return NTK_OK;
}

Test(solution_sweep, the_bound_holds_at_the_flows_own_lambda) {
    ntk_context *context = create(NULL, 0);
    cr_expect_eq(
        ntk_solution_sweep_conduct(context, NTK_SOLUTION_SWEEP_COLUMNS, measure_right, reduce_nothing),
        NTK_OK, "%s", ntk_error_detail());
    ntk_context_destroy(context);
}

Test(solution_sweep, there_is_none_without_l2_or_test_points) {
    const ntk_setting refused[] = {{"lambda", "0", 0}, {"test-points", "0", 0}};
    for (size_t i = 0; i < 2; i++) {
        ntk_context *context = create(&refused[i], 1);
        cr_expect_eq(
            ntk_solution_sweep_conduct(context, NTK_SOLUTION_SWEEP_COLUMNS, measure_right, reduce_nothing),
            NTK_ERROR_ARGUMENT, "%s", refused[i].name);
        ntk_context_destroy(context);
    }
}

/* ---- the reduction ------------------------------------------------------------------------------------- */

/* The errors are powers of the width; the other columns name themselves. */
static ntk_status measure_law(const ntk_sweep_run *run, double *values, ntk_context *context) {
    (void)context;
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
    ntk_context *context = create(NULL, 0);
    cr_assert_eq(ntk_solution_sweep_conduct(context, NTK_SOLUTION_SWEEP_COLUMNS " own", measure_law,
                                            ntk_solution_sweep_reduce),
                 NTK_OK, "%s", ntk_error_detail());
    const struct {
        const char *name;
        double value;
    } wanted[] = {{"rate-empirical-erf-k3", -1},  {"rate-empirical-gelu", -1},
                  {"rate-empirical-smooth", -1},  {"rate-limit-gelu", -0.5},
                  {"rate-limit-smooth", -1. / 3}, {"bound-ratio-smooth", 11},
                  {"unfinished-smooth", 29},      {"relative-residual-smooth", 49}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        const ntk_metric *found = ntk_metrics_find(ntk_context_metrics(context), wanted[i].name);
        cr_assert_not_null(found, "%s", wanted[i].name);
        cr_expect_float_eq(found->estimate.value, wanted[i].value, 1e-12, "%s", wanted[i].name);
    }
    const fixture_path folder = fixture_folder();
    cr_assert_eq(ntk_context_write(context, folder.text), NTK_OK, "%s", ntk_error_detail());
    char *runs = fixture_read(fixture_join(folder.text, "runs.tsv").text);
    cr_expect_eq(fixture_count(runs, "gelu\t9\t2\t0.1111111111111111\t0.33333333333333331\t11\t29\t49\t60\n"),
                 1);
    ntk_release(runs);
    ntk_context_destroy(context);
}
