/* Sweeps: what a run is given, what becomes of its values, and that nothing passes a NaN over. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/architecture.h>
#include <ntk/flow.h>
#include <ntk/lab/context.h>
#include <ntk/lab/grid.h>
#include <ntk/lab/metrics.h>
#include <ntk/lab/parameters.h>
#include <ntk/lab/problem.h>
#include <ntk/lab/sweep.h>
#include <ntk/linalg.h>
#include <ntk/loss.h>
#include <ntk/stats.h>
#include <ntk/status.h>
#include <ntk/trajectory.h>

#include "fixture.h"

TestSuite(sweep, .fini = fixture_remove);

static const ntk_parameter *const parameters[] = {ntk_sphere_parameters, ntk_digits_parameters,
                                                  ntk_sweep_parameters, NULL};

/* Tiny flows: 2 widths, 3 seeds, up to t = e^-1. */
static const fixture_setting tiny[] = {{"widths", "4 9"}, {"seeds", "3"},        {"points", "2"},
                                       {"inputs", "3"},   {"log-horizon", "-1"}, {0}};

/* Called for each network, to emit or to assert. */
typedef ntk_status (*reduce_function)(ntk_context *context, const ntk_grid *grid, size_t which);

static ntk_status conduct_status(ntk_context *context, const char *columns, ntk_sweep_measure measure,
                                 reduce_function reduce) {
    const ntk_reduction metrics[] = {{.prefix = "own", .kind = NTK_REDUCE_OWN, .own = reduce}, {0}};
    ntk_sweep_options options;
    NTK_TRY(ntk_sweep_read(context, &options));
    return ntk_sweep_conduct(context, &options, columns, measure, context, metrics);
}

static void conduct(ntk_context *context, ntk_sweep_measure measure, reduce_function reduce,
                    const char *columns) {
    assert_ok(conduct_status(context, columns, measure, reduce));
}

static ntk_status reduce_nothing(ntk_context *context, const ntk_grid *grid, size_t which) {
    (void)context, (void)grid, (void)which;
    return NTK_OK;
}

static ntk_status measure_nothing(const ntk_sweep_run *run, double *values, const void *own) {
    (void)run, (void)own;
    values[0] = 0;
    return NTK_OK;
}

/* The measurement asserts what its run is given. */
static void show(ntk_context *context, ntk_sweep_measure measure) {
    conduct(context, measure, reduce_nothing, "nothing");
}

/* ---- reducing -------------------------------------------------------------------------------- */

/* Two columns: a power law whose slope is -1/2 -+ 1/10 by seed, and 10 * width + seed; erf:
 * negated. */
static ntk_status measure_law(const ntk_sweep_run *run, double *values, const void *own) {
    (void)own;
    const double m = (double)run->width, s = (double)run->seed;
    values[0] = pow(m, -0.5 + 0.1 * (s - 1));
    values[1] = run->activation == NTK_ERF ? -(10 * m + s) : 10 * m + s;
    return NTK_OK;
}

static ntk_status reduce_law(ntk_context *context, const ntk_grid *grid, size_t which) {
    static const ntk_reduction list[] = {{.prefix = "rate", .kind = NTK_REDUCE_RATE, .column = 0},
                                         {.prefix = "worst", .kind = NTK_REDUCE_WORST, .column = 1},
                                         {0}};
    const double sign = which == 0 ? 1 : -1; /* relu stands first */
    const ntk_place all = ntk_grid_case(which);
    cr_expect_eq(ntk_grid_row(grid, (ntk_place){{which, 1, 2}})[1], sign * 92);
    cr_expect_eq(ntk_grid_mean(grid, (ntk_place){{which, 1, NTK_ALL}}, 1), sign * 91,
                 "over seeds 0 to 2, at the second width");
    cr_expect_eq(ntk_grid_largest(grid, all, 1).value, sign > 0 ? 92 : -40);
    cr_expect_eq(ntk_grid_smallest(grid, all, 1).value, sign > 0 ? 40 : -92);
    ntk_estimate estimate;
    NTK_TRY(ntk_grid_rate(grid, all, NTK_SWEEP_WIDTH, 0, &estimate));
    cr_expect_float_eq(estimate.value, -0.5, 1e-12);
    cr_expect_float_eq(estimate.standard_error, 0.1 / sqrt(3), 1e-12, "one slope a seed");
    cr_expect_eq(estimate.level, ntk_context_level(context));
    /* the worst width of seed s: 40 + s, or -(90 + s) */
    NTK_TRY(ntk_grid_worst(grid, all, NTK_SWEEP_WIDTH, 1, &estimate));
    cr_expect_float_eq(estimate.value, sign > 0 ? 41 : -91, 1e-12);
    return which > 0 ? NTK_OK : ntk_grid_emit(context, grid, list);
}

Test(sweep, values_are_reduced_per_activation) {
    ntk_context *context = fixture_context(parameters, tiny, "activations", "relu erf", NULL);
    conduct(context, measure_law, reduce_law, "law number");
    const ntk_metrics *metrics = ntk_context_metrics(context);
    cr_expect_eq(metrics->count, 4);
    cr_expect_float_eq(ntk_metrics_find(metrics, "rate-relu")->estimate.value, -0.5, 1e-12);
    cr_expect_eq(ntk_metrics_find(metrics, "worst-erf")->estimate.value, -91);
}

/* A NaN in the unit that stands at `broken` of (width, seed). */
static size_t broken;

static ntk_status measure_broken(const ntk_sweep_run *run, double *values, const void *own) {
    (void)own;
    const size_t unit = (run->width == 4 ? 0 : 3) + run->seed;
    values[0] = unit == broken ? NAN : 1 + (double)unit;
    run->curve[8] = values[0];
    return NTK_OK;
}

static ntk_status reduce_broken(ntk_context *context, const ntk_grid *grid, size_t which) {
    (void)context;
    const ntk_place all = ntk_grid_case(which);
    cr_expect(isnan(ntk_grid_largest(grid, all, 0).value), "unit %zu", broken);
    cr_expect(isnan(ntk_grid_mean(grid, (ntk_place){{which, broken / 3, NTK_ALL}}, 0)), "unit %zu", broken);
    cr_expect(isnan(ntk_grid_smallest(grid, all, 0).value), "unit %zu", broken);
    ntk_estimate estimate;
    cr_expect_eq(ntk_grid_worst(grid, all, NTK_SWEEP_WIDTH, 0, &estimate), NTK_ERROR_NOT_FINITE);
    cr_expect_eq(ntk_grid_rate(grid, all, NTK_SWEEP_WIDTH, 0, &estimate), NTK_ERROR_NOT_FINITE);
    return NTK_OK;
}

/* The last line of a table that begins with `start`. */
static const char *last_line(const ntk_context *context, const char *table, const char *start) {
    const char *found = NULL;
    for (char *line = strtok(fixture_table(context, table), "\n"); line; line = strtok(NULL, "\n"))
        if (strncmp(line, start, strlen(start)) == 0) found = line;
    cr_assert_not_null(found, "%s: no line begins with %s", table, start);
    return found;
}

Test(sweep, a_nan_is_never_passed_over) {
    for (broken = 0; broken < 6; broken++) {
        ntk_context *context = fixture_context(parameters, tiny, NULL);
        conduct(context, measure_broken, reduce_broken, "value");
        /* time 8 of 0 .. 60 in log t = -4 .. -1 is -3.6 */
        const char *line = last_line(context, "trajectories", broken < 3 ? "erf\t4\t-3.6" : "erf\t9\t-3.6");
        cr_expect_not_null(strstr(line, "\tnan\tnan\tnan"), "unit %zu: %s", broken, line);
    }
}

/* ---- tables and times ------------------------------------------------------------------------ */

Test(sweep, tables_have_a_row_per_run_and_per_time) {
    ntk_context *context = fixture_context(parameters, tiny, "activations", "relu erf", NULL);
    conduct(context, measure_law, reduce_nothing, "law number");
    const char *runs = fixture_table(context, "runs"), *paths = fixture_table(context, "trajectories");
    cr_expect_eq(fixture_count(runs, "\n"), 1 + 2 * 2 * 3);
    cr_expect_eq(fixture_count(runs, "\nerf\t9\t"), 3);
    cr_expect_not_null(strstr(runs, "activation\twidth\tseed\tlaw\tnumber\n"));
    cr_expect_not_null(strstr(runs, "\nerf\t9\t2\t"));
    cr_expect_not_null(strstr(runs, "\t-92\n"));
    cr_expect_eq(fixture_count(paths, "\n"), 1 + 2 * 2 * NTK_SWEEP_TIMES);
    cr_expect_eq(fixture_count(paths, "\t-1\t"), 4, "each path is observed at its end");
}

/* The curve of seed s is s at every time; the column is the displacement at the last one. */
static ntk_status measure_curve(const ntk_sweep_run *run, double *values, const void *own) {
    (void)own;
    for (size_t t = 0; t < run->trajectory->count; t++) run->curve[t] = (double)run->seed;
    values[0] = run->trajectory->points[run->trajectory->count - 1].displacement;
    return NTK_OK;
}

/* displacement: of the widest networks at the last time. */
static ntk_status expect_means(ntk_context *context, const ntk_grid *grid, size_t which) {
    const ntk_place widest = {{which, 1, NTK_ALL}};
    double mean, low, high, curve, curve_low, curve_high;
    const char *line = last_line(context, "trajectories", "erf\t9\t-1\t");
    cr_assert_eq(sscanf(line, "erf 9 -1 %lf %lf %lf %*f %*f %*f %*f %*f %*f %*f %*f %*f %lf %lf %lf", &mean,
                        &low, &high, &curve, &curve_low, &curve_high),
                 6, "%s", line);
    cr_expect_float_eq(mean, ntk_grid_mean(grid, widest, 0), 1e-12);
    cr_expect_eq(low, ntk_grid_smallest(grid, widest, 0).value);
    cr_expect_eq(high, ntk_grid_largest(grid, widest, 0).value);
    cr_expect(curve == 1 && curve_low == 0 && curve_high == 2, "%s", line);
    return NTK_OK;
}

Test(sweep, trajectories_are_means_and_ranges_over_the_seeds) {
    conduct(fixture_context(parameters, tiny, NULL), measure_curve, expect_means, "displacement");
}

static ntk_status measure_times(const ntk_sweep_run *run, double *values, const void *own) {
    const double fixed = ntk_context_real(own, "log-horizon");
    const double end = fixed + ntk_context_real(own, "horizon-growth") * sqrt((double)run->width);
    const ntk_trajectory_point *points = run->trajectory->points;
    cr_expect_eq(run->trajectory->count, NTK_SWEEP_TIMES);
    cr_expect_float_eq(points[0].log_time, -4, 1e-9);
    cr_expect_float_eq(points[NTK_SWEEP_FIXED_TIMES - 1].log_time, fixed, 1e-9);
    cr_expect_float_eq(points[NTK_SWEEP_TIMES - 1].log_time, end, 1e-9);
    for (size_t i = 1; i < NTK_SWEEP_TIMES; i++)
        cr_expect_gt(points[i].log_time, points[i - 1].log_time, "time %zu", i);
    values[0] = 0;
    return NTK_OK;
}

Test(sweep, a_growing_horizon_keeps_the_fixed_times) {
    show(fixture_context(parameters, tiny, "horizon-growth", "0.5", NULL), measure_times);
}

/* Four networks: the deep ones have widths of their own. */
static ntk_status measure_width(const ntk_sweep_run *run, double *values, const void *own) {
    (void)own;
    const bool deep = run->training->architecture.depth > 1;
    cr_expect(run->width == (deep ? 3 : 4) || run->width == (deep ? 5 : 9), "%zu", run->width);
    values[0] = pow((double)run->width, deep ? -2 : -1) * (1 + 0.01 * (double)run->seed);
    cr_expect_eq(run->trajectory->count, 5);
    return NTK_OK;
}

static ntk_status reduce_kinds(ntk_context *context, const ntk_grid *grid, size_t which) {
    static const ntk_reduction list[] = {{.prefix = "rate", .kind = NTK_REDUCE_RATES, .column = 0},
                                         {.prefix = "value", .kind = NTK_REDUCE_LARGEST_BY_KIND, .column = 0},
                                         {0}};
    cr_expect_eq(ntk_grid_is_smooth(grid, which), which < 2);
    cr_expect_eq(ntk_grid_number(grid, (ntk_place){{which, 1, 0}}, NTK_SWEEP_WIDTH), which % 2 == 1 ? 5 : 9);
    return which > 0 ? NTK_OK : ntk_grid_emit(context, grid, list);
}

Test(sweep, networks_are_reduced_by_kind_and_deep_ones_have_widths_of_their_own) {
    ntk_context *context =
        fixture_context(parameters, tiny, "activations", "gelu erf-2 relu relu-3", "deep-widths", "3 5",
                        "observations", "5", "observe-lambda-min", "false", NULL);
    conduct(context, measure_width, reduce_kinds, "value");
    cr_expect_float_eq(fixture_metric(context, "rate-gelu")->value, -1, 1e-12);
    cr_expect_float_eq(fixture_metric(context, "rate-relu-3")->value, -2, 1e-12, "its own widths");
    cr_expect_float_eq(fixture_metric(context, "rate-smooth")->value, -1, 1e-12, "the highest of both");
    cr_expect_float_eq(fixture_metric(context, "rate-kinked")->value, -1, 1e-12);
    cr_expect_float_eq(fixture_metric(context, "value-smooth")->value, 0.25 * 1.02, 1e-12);
    cr_expect_eq(fixture_metric(context, "value-smooth-at-width")->value, 4);
    cr_expect_eq(fixture_metric(context, "value-kinked-at-seed")->value, 2);
    last_line(context, "runs", "relu-3\t5\t2");
    last_line(context, "trajectories", "erf-2\t5\t-1\t");
}

Test(sweep, deep_widths_stand_beside_as_many_widths) {
    char *bad[] = {"3", "3 5 7", "0 5"};
    for (size_t i = 0; i < 3; i++) {
        ntk_context *context = fixture_context(parameters, tiny, "deep-widths", bad[i], NULL);
        cr_expect_eq(conduct_status(context, "nothing", measure_nothing, reduce_nothing), NTK_ERROR_ARGUMENT,
                     "%s", bad[i]);
    }
}

static ntk_status measure_coordinates(const ntk_sweep_run *run, double *values, const void *own) {
    cr_expect_eq(run->training->inputs, 2, "as many as points");
    cr_expect(isnan(run->trajectory->min_lambda_min));
    return measure_nothing(run, values, own);
}

Test(sweep, few_points_may_be_given_by_their_coordinates) {
    show(fixture_context(parameters, tiny, "coordinates", "true", "observe-lambda-min", "false", NULL),
         measure_coordinates);
}

static ntk_status measure_gelu_broken(const ntk_sweep_run *run, double *values, const void *own) {
    (void)own;
    values[0] = run->activation == NTK_GELU && run->seed == 1 ? NAN : 1;
    return NTK_OK;
}

/* A kind that the sweep does not hold is not emitted; a NaN is the worst of its kind. */
static ntk_status reduce_one_kind(ntk_context *context, const ntk_grid *grid, size_t which) {
    static const ntk_reduction list[] = {{.prefix = "value", .kind = NTK_REDUCE_LARGEST_BY_KIND, .column = 0},
                                         {0}};
    return which > 0 ? NTK_OK : ntk_grid_emit(context, grid, list);
}

Test(sweep, the_worst_of_a_kind_is_a_nan_where_there_is_one) {
    char *orders[] = {"erf gelu", "gelu erf", "erf gelu erf-2"};
    for (size_t i = 0; i < 3; i++) {
        ntk_context *context = fixture_context(parameters, tiny, "activations", orders[i], NULL);
        conduct(context, measure_gelu_broken, reduce_one_kind, "value");
        cr_expect(isnan(fixture_metric(context, "value-smooth")->value), "%s", orders[i]);
        cr_expect_null(ntk_metrics_find(ntk_context_metrics(context), "value-kinked"));
    }
}

static ntk_status measure_end(const ntk_sweep_run *run, double *values, const void *own) {
    const double end = run->activation == NTK_RELU ? -2.5 : -1;
    cr_expect_eq(run->flow->log_horizon, end);
    cr_expect_float_eq(run->trajectory->points[run->trajectory->count - 1].log_time, end, 1e-9);
    return measure_nothing(run, values, own);
}

Test(sweep, kinked_networks_may_end_earlier) {
    show(fixture_context(parameters, tiny, "activations", "erf relu", "kinked-log-horizon", "-2.5", NULL),
         measure_end);
}

/* ---- what a run is given --------------------------------------------------------------------- */

Test(sweep, an_error_names_activation_width_and_seed) {
    /* nine points of R^3 are never orthogonal to one another */
    ntk_context *context = fixture_context(parameters, tiny, "max-cosine", "0.01", "points", "9", NULL);
    assert_fails(conduct_status(context, "nothing", measure_nothing, reduce_nothing),
                 NTK_ERROR_NO_CONVERGENCE, "erf, width 4, seed 0: ");
}

static ntk_status measure_logistic(const ntk_sweep_run *run, double *values, const void *own) {
    cr_expect_eq(run->flow->loss, NTK_LOSS_LOGISTIC);
    cr_expect_eq(run->flow->time, NTK_TIME_LOG_LOSS);
    cr_expect_eq(run->flow->time_factor, 1);
    cr_expect_null(run->trajectory->followed);
    return measure_nothing(run, values, own);
}

static ntk_status measure_squared(const ntk_sweep_run *run, double *values, const void *own) {
    cr_expect_eq(run->flow->loss, NTK_LOSS_SQUARED);
    cr_expect_eq(run->flow->time, NTK_TIME_PHYSICAL);
    cr_expect_eq(run->training->outputs, 1, "two classes have one output");
    cr_expect_eq(run->training->targets[1], 1);
    return measure_nothing(run, values, own);
}

static ntk_status measure_mean_field(const ntk_sweep_run *run, double *values, const void *own) {
    cr_expect_eq(run->training->architecture.parametrisation, NTK_PARAMETRISATION_MEAN_FIELD);
    cr_expect_eq(run->flow->time_factor, (double)run->width);
    cr_expect_eq(run->flow->lambda, 0.5 / (double)run->width);
    return measure_nothing(run, values, own);
}

Test(sweep, loss_and_scaling_are_those_asked_for) {
    show(fixture_context(parameters, tiny, NULL), measure_logistic);
    show(fixture_context(parameters, tiny, "loss", "squared", NULL), measure_squared);
    show(fixture_context(parameters, tiny, "scaling", "mean-field", "lambda", "0.5", NULL),
         measure_mean_field);
}

static ntk_status measure_residual(const ntk_sweep_run *run, double *values, const void *own) {
    cr_expect_eq(run->training->architecture.family, NTK_RESIDUAL);
    cr_expect_eq(run->training->architecture.depth, 2, "that of its name");
    cr_expect(run->flow->kinked);
    return measure_nothing(run, values, own);
}

static ntk_status measure_deep(const ntk_sweep_run *run, double *values, const void *own) {
    cr_expect_eq(run->training->architecture.family, NTK_DENSE);
    cr_expect_eq(run->training->architecture.depth, 3, "that of the parameter");
    return measure_nothing(run, values, own);
}

static ntk_status measure_three_classes(const ntk_sweep_run *run, double *values, const void *own) {
    cr_expect_eq(run->flow->loss, NTK_LOSS_SOFTMAX);
    cr_expect_eq(run->training->outputs, 3, "that of its name");
    cr_expect_eq(run->training->architecture.depth, 2, "that of its name");
    cr_expect_eq(run->flow->centre, NTK_CENTRE_ZERO);
    return measure_nothing(run, values, own);
}

Test(sweep, networks_are_those_named) {
    show(fixture_context(parameters, tiny, "activations", "residual-2", NULL), measure_residual);
    show(fixture_context(parameters, tiny, "activations", "relu", "depth", "3", NULL), measure_deep);
    show(
        fixture_context(parameters, tiny, "activations", "erf-2-k3", "centre", "zero", "lambda", "0.1", NULL),
        measure_three_classes);
}

static ntk_status measure_l2(const ntk_sweep_run *run, double *values, const void *own) {
    cr_expect_eq(run->lambda, 0.1);
    cr_expect_eq(run->flow->lambda, 0.1);
    cr_expect_eq(run->epsilon, 0);
    cr_expect_eq(run->training->targets[0], 1, "one-hot");
    cr_expect_eq(run->training->architecture.depth, 2);
    return measure_nothing(run, values, own);
}

static ntk_status measure_soft(const ntk_sweep_run *run, double *values, const void *own) {
    cr_expect_eq(run->flow->lambda, 0);
    cr_expect_eq(run->epsilon, 0.25);
    cr_expect_eq(run->training->targets[0], 0.5);
    cr_expect_eq(run->training->outputs, 3);
    cr_expect_eq(run->training->architecture.depth, 1, "that of the parameter");
    return measure_nothing(run, values, own);
}

Test(sweep, a_name_may_choose_between_l2_and_soft_targets) {
    show(fixture_context(parameters, tiny, "lambda", "0.1", "epsilon", "0.25", "activations", "erf-2-k3-l2",
                         NULL),
         measure_l2);
    show(fixture_context(parameters, tiny, "lambda", "0.1", "epsilon", "0.25", "activations", "erf-k3-soft",
                         NULL),
         measure_soft);
}

/* Seven and one, from the committed digits. */
static ntk_status measure_digits(const ntk_sweep_run *run, double *values, const void *own) {
    cr_expect_eq(run->training->inputs, 784);
    cr_expect_eq(run->training->all_points, 5);
    for (size_t i = 0; i < 5; i++) cr_expect_float_eq(ntk_norm(784, run->training->x + i * 784), 1, 1e-12);
    return measure_nothing(run, values, own);
}

Test(sweep, points_may_be_digits) {
    show(fixture_context(parameters, tiny, "data", "digits", "digits", "7 1", "test-points", "3",
                         "log-horizon", "-3", NULL),
         measure_digits);
    ntk_context *context = fixture_context(parameters, tiny, "data", "digits", "digits", "7", NULL);
    cr_expect_eq(conduct_status(context, "nothing", measure_nothing, reduce_nothing), NTK_ERROR_ARGUMENT);
}

/* ||theta - theta_0|| = 3 (log t)^{1/4}: exponent 1/4 from any start. */
Test(sweep, growth_is_fitted_in_log_log_t) {
    ntk_trajectory_point points[NTK_SWEEP_TIMES];
    for (size_t i = 0; i < NTK_SWEEP_TIMES; i++) {
        const double log_time = (double)i - 4;
        points[i] = (ntk_trajectory_point){.log_time = log_time,
                                           .displacement = log_time < 5 ? 1 : 3 * pow(log_time, 0.25)};
    }
    const ntk_trajectory path = {.count = NTK_SWEEP_TIMES, .points = points};
    double exponent, slope;
    assert_ok(ntk_sweep_fit_growth(&path, NULL, 5, &exponent, &slope));
    cr_expect_float_eq(exponent, 0.25, 1e-12);
    cr_expect_gt(slope, 0);
    double squares[NTK_SWEEP_TIMES];
    for (size_t i = 0; i < NTK_SWEEP_TIMES; i++) squares[i] = pow((double)i - 4, 2);
    assert_ok(ntk_sweep_fit_growth(&path, squares, 5, &exponent, &slope));
    cr_expect_float_eq(exponent, 2, 1e-12, "of what is given");
    cr_expect_eq(ntk_sweep_fit_growth(&path, NULL, 56, &exponent, &slope), NTK_ERROR_ARGUMENT, "one point");
}

/* log T = 2 + (s / 10) sqrt(m) for seed s; in the second column the wide networks of seed 0 do not
 * exit. */
static ntk_status measure_exit(const ntk_sweep_run *run, double *values, const void *own) {
    (void)own;
    values[0] = 2 + 0.1 * (double)run->seed * sqrt((double)run->width);
    values[1] = run->seed == 0 && run->width == 9 ? INFINITY : values[0];
    return NTK_OK;
}

static ntk_status reduce_exit(ntk_context *context, const ntk_grid *grid, size_t which) {
    (void)context;
    const ntk_place all = ntk_grid_case(which);
    ntk_estimate slope;
    cr_expect_eq(ntk_grid_share_finite(grid, all, 0), 1);
    cr_expect_float_eq(ntk_grid_share_finite(grid, all, 1), 5. / 6, 1e-15);
    cr_expect(ntk_sweep_has_exit_law(grid, which, 0) && !ntk_sweep_has_exit_law(grid, which, 1));
    assert_ok(ntk_grid_slope(grid, all, NTK_SWEEP_WIDTH, NTK_ROOT, INFINITY, 0, &slope));
    cr_expect_float_eq(slope.value, 0.1, 1e-12);
    cr_expect_float_eq(slope.standard_error, 0.1 / sqrt(3), 1e-12);
    cr_expect_eq(ntk_grid_slope(grid, all, NTK_SWEEP_WIDTH, NTK_ROOT, INFINITY, 1, &slope),
                 NTK_ERROR_NOT_FINITE);
    return NTK_OK;
}

Test(sweep, exits_are_counted_and_their_slope_is_one_a_seed) {
    ntk_context *context = fixture_context(parameters, tiny, NULL);
    conduct(context, measure_exit, reduce_exit, "exit partial-exit");
}

static ntk_status expect_no_law(ntk_context *context, const ntk_grid *grid, size_t which) {
    (void)context;
    cr_expect_not(ntk_sweep_has_exit_law(grid, which, 0));
    return NTK_OK;
}

Test(sweep, one_width_or_seed_has_no_exit_law) {
    conduct(fixture_context(parameters, tiny, "widths", "9", NULL), measure_exit, expect_no_law, "exit part");
    conduct(fixture_context(parameters, tiny, "seeds", "1", NULL), measure_exit, expect_no_law, "exit part");
}

/* The linear model starts at the network's outputs and moves like it at first, on training and on
 * test points: the gap vanishes like t^2, the movement like t. */
static ntk_status measure_gap(const ntk_sweep_run *run, double *values, const void *own) {
    (void)own;
    ntk_trajectory linear;
    NTK_TRY(ntk_sweep_follow_linear(run, NTK_TRAINING_KERNEL_EMPIRICAL, &linear));
    cr_expect_eq(linear.followed_size, 5, "2 training and 3 test points");
    const double early = ntk_trajectory_largest_gap(run->trajectory, &linear, -4);
    const double late = ntk_trajectory_largest_gap(run->trajectory, &linear, -3);
    cr_expect_gt(early, 0);
    cr_expect_float_eq(log(late / early), 2, 0.1);
    values[0] = early;
    ntk_trajectory_release(&linear);
    return NTK_OK;
}

Test(sweep, a_linear_model_follows_the_run_at_first) {
    ntk_context *context = fixture_context(parameters, tiny, "test-points", "3", "log-horizon", "-2",
                                           "horizon-growth", "1", "widths", "4", "tolerance", "1e-12", NULL);
    conduct(context, measure_gap, reduce_nothing, "gap");
}
