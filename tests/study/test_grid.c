/* Grids: where rows and units stand, what a failure names, and the reductions against sums done
 * here. */
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/lab/context.h>
#include <ntk/lab/grid.h>
#include <ntk/lab/metrics.h>
#include <ntk/parallel.h>
#include <ntk/stats.h>
#include <ntk/status.h>

#include "fixture.h"

TestSuite(grid, .fini = fixture_remove);

enum { CASES = 3, WIDTHS = 2, SEEDS = 3 };
enum { LAW, NUMBER, OTHER };

static const char *const names[CASES] = {"relu", "erf", "relu-2"};
static bool is_smooth(const char *label) { return label[0] == 'e'; }
/* Those of relu-2 are its own. */
static const double widths[CASES * WIDTHS] = {4, 9, 4, 9, 2, 3};

/* Cases x widths x seeds, a unit each; it keeps two numbers. */
static ntk_grid networks(void) {
    return (ntk_grid){.axes = {{.name = "network", .count = CASES, .labels = names, .is_smooth = is_smooth},
                               {.name = "width", .count = WIDTHS, .numbers = widths, .by = "network"},
                               {.name = "seed", .count = SEEDS}},
                      .columns = "law number other",
                      .kept = 2,
                      .level = 0.99};
}

/* A power law in the width of slope -c - 1 -+ 1/10 by seed; 10 width + seed, negative for erf; and
 * kept, what names the unit. `study` is the grid. */
static ntk_status fill(const void *study, ntk_slot *slot) {
    const ntk_grid *grid = study;
    const double m = ntk_grid_number(grid, slot->at, 1), s = ntk_grid_number(grid, slot->at, 2);
    const double c = (double)slot->at.at[0];
    cr_expect(isnan(slot->values[LAW]) && isnan(slot->kept[1]), "nothing is there before");
    slot->values[LAW] = pow(m, -c - 1 + 0.1 * (s - 1));
    slot->values[NUMBER] = (c == 1 ? -1 : 1) * (10 * m + s);
    slot->kept[0] = 100 * c + 10 * (double)slot->at.at[1] + s;
    return NTK_OK;
}

static ntk_grid run(ntk_grid grid, ntk_grid_unit unit) {
    assert_ok(ntk_grid_run(&grid, unit, &grid));
    return grid;
}

/* ---- places ---------------------------------------------------------------------------------- */

Test(grid, rows_stand_at_their_places) {
    ntk_grid grid = run(networks(), fill);
    cr_expect_eq(ntk_grid_count(&grid, ntk_grid_whole()), CASES * WIDTHS * SEEDS);
    cr_expect_eq(ntk_grid_slot_size(&grid), 5);
    for (size_t k = 0; k < CASES * WIDTHS * SEEDS; k++) {
        const size_t c = k / SEEDS / WIDTHS, w = k / SEEDS % WIDTHS, s = k % SEEDS;
        const ntk_place at = ntk_grid_place(&grid, ntk_grid_whole(), k);
        cr_expect(at.at[0] == c && at.at[1] == w && at.at[2] == s && at.at[3] == 0, "place %zu", k);
        cr_expect_eq(ntk_grid_number(&grid, at, 1), widths[c * WIDTHS + w], "a width by its network");
        cr_expect_str_eq(ntk_grid_label(&grid, at, 0), names[c]);
        cr_expect_eq(fabs(ntk_grid_row(&grid, at)[NUMBER]), 10 * widths[c * WIDTHS + w] + (double)s);
        cr_expect(isnan(ntk_grid_row(&grid, at)[OTHER]), "not filled in");
        cr_expect_eq(ntk_grid_kept(&grid, at)[0], (double)(100 * c + 10 * w + s));
    }
    const ntk_place seeds_of = {{2, 1, NTK_ALL}};
    cr_expect_eq(ntk_grid_count(&grid, seeds_of), SEEDS);
    cr_expect_eq(ntk_grid_place(&grid, seeds_of, 2).at[2], 2);
    ntk_grid_release(&grid);
    cr_expect_null(grid.slots);
}

/* Units count themselves; one worker runs them in their order. */
static size_t ran;

static ntk_status count_units(const void *study, ntk_slot *slot) {
    (void)study;
    const double order = (double)ran++;
    cr_expect_eq(slot->at.at[1], NTK_ALL, "the unit runs through the epsilons");
    for (size_t e = 0; e < 2; e++) {
        slot->values[2 * e] = order;
        slot->values[2 * e + 1] = (double)e;
    }
    slot->kept[0] = 10 * (double)slot->at.at[2] + (double)slot->at.at[0];
    return NTK_OK;
}

/* seeds x epsilons x widths; the widest run first, epsilons within a unit. */
Test(grid, costly_units_run_first_and_rows_of_a_unit_stand_together) {
    static const double epsilons[] = {0.1, 0.01}, wide[] = {8, 16, 32};
    ran = 0;
    ntk_grid grid =
        run((ntk_grid){.axes = {{.name = "seed", .count = 2},
                                {.name = "epsilon", .count = 2, .numbers = epsilons, .inside = true},
                                {.name = "width", .count = 3, .numbers = wide, .costly = true}},
                       .columns = "order epsilon",
                       .kept = 1},
            count_units);
    cr_expect_eq(ran, 6, "a unit for each seed and width");
    cr_expect_eq(ntk_grid_slot_size(&grid), 2 * 2 + 1);
    for (size_t k = 0; k < 12; k++) {
        const ntk_place at = ntk_grid_place(&grid, ntk_grid_whole(), k);
        const double order = (double)((2 - at.at[2]) * 2 + at.at[0]);
        cr_expect_eq(ntk_grid_row(&grid, at)[0], order, "widths from the last on, then seeds");
        cr_expect_eq(ntk_grid_row(&grid, at)[1], (double)at.at[1]);
        cr_expect_eq(ntk_grid_kept(&grid, at)[0], 10 * (double)at.at[2] + (double)at.at[0]);
    }
    ntk_grid_release(&grid);
}

Test(grid, workers_change_nothing) {
    ntk_grid one = run(networks(), fill);
    assert_ok(ntk_set_workers(4));
    ntk_grid four = run(networks(), fill);
    for (size_t k = 0; k < CASES * WIDTHS * SEEDS; k++) {
        const ntk_place at = ntk_grid_place(&one, ntk_grid_whole(), k);
        cr_expect_arr_eq(ntk_grid_row(&one, at), ntk_grid_row(&four, at), 2 * sizeof(double));
    }
    ntk_grid_release(&one);
    ntk_grid_release(&four);
}

static ntk_status forbid(const void *study, ntk_slot *slot) {
    (void)study, (void)slot;
    return ntk_fail(NTK_ERROR_ARGUMENT, "no unit should run");
}

Test(grid, an_axis_without_levels_has_no_units) {
    ntk_grid grid = run(
        (ntk_grid){.axes = {{.name = "seed", .count = 2}, {.name = "threshold", .count = 0, .inside = true}},
                   .columns = "time"},
        forbid);
    cr_expect_eq(ntk_grid_count(&grid, ntk_grid_whole()), 0);
    ntk_grid_release(&grid);
}

/* ---- failures -------------------------------------------------------------------------------- */

static ntk_status fail_late(const void *study, ntk_slot *slot) {
    (void)study;
    const bool fails = slot->at.at[0] == 2 && slot->at.at[1] == 1;
    return fails ? ntk_fail(NTK_ERROR_DIVERGED, "the flow blew up") : NTK_OK;
}

Test(grid, a_failure_is_put_into_its_place) {
    ntk_grid grid = networks();
    assert_fails(ntk_grid_run(&grid, fail_late, &grid), NTK_ERROR_DIVERGED,
                 "relu-2, width 3, seed 0: the flow blew up");
    cr_expect_null(grid.slots);
}

/* Through the epsilons, to the second one of the second case. */
static ntk_status fail_inside(const void *study, ntk_slot *slot) {
    if (study) return ntk_fail(NTK_ERROR_ARGUMENT, "nothing is drawn");
    for (size_t e = 0; e < 2; e++) {
        slot->at.at[1] = e;
        if (e == 1 && slot->at.at[0] == 1) return ntk_fail(NTK_ERROR_ARGUMENT, "no start");
    }
    return NTK_OK;
}

Test(grid, a_failure_names_the_levels_that_its_unit_has_reached) {
    static const double epsilons[] = {0.1, 1e-9};
    ntk_grid grid = {.axes = {{.name = "case", .count = 2, .labels = names},
                              {.name = "epsilon", .count = 2, .numbers = epsilons, .inside = true},
                              {.name = "seed", .count = 2}},
                     .columns = "time"};
    assert_fails(ntk_grid_run(&grid, fail_inside, NULL), NTK_ERROR_ARGUMENT,
                 "erf, epsilon 1e-09, seed 0: no start");
    assert_fails(ntk_grid_run(&grid, fail_inside, &grid), NTK_ERROR_ARGUMENT,
                 "relu, seed 0: nothing is drawn");
}

/* ---- reductions ------------------------------------------------------------------------------ */

Test(grid, numbers_of_a_part) {
    ntk_grid grid = run(networks(), fill);
    const ntk_place relu = ntk_grid_case(0), erf_wide = {{1, 1, NTK_ALL}};
    cr_expect_eq(ntk_grid_mean(&grid, erf_wide, NUMBER), -91);
    cr_expect_eq(ntk_grid_mean(&grid, relu, NUMBER), (41 + 91) / 2.0);
    ntk_extreme extreme = ntk_grid_largest(&grid, relu, NUMBER);
    cr_expect(extreme.value == 92 && extreme.at.at[0] == 0 && extreme.at.at[1] == 1 && extreme.at.at[2] == 2);
    extreme = ntk_grid_smallest(&grid, ntk_grid_whole(), NUMBER);
    cr_expect(extreme.value == -92 && extreme.at.at[0] == 1);
    extreme = ntk_grid_largest(&grid, ntk_grid_case(2), NUMBER);
    cr_expect_eq(extreme.value, 32, "3 is the larger width of relu-2");
    ntk_grid_row(&grid, (ntk_place){{0, 0, 1}})[NUMBER] = INFINITY;
    cr_expect_float_eq(ntk_grid_share_finite(&grid, relu, NUMBER), 5. / 6, 1e-15);
    cr_expect(ntk_grid_has(&grid, 0, NUMBER) && !ntk_grid_has(&grid, 0, OTHER));
    ntk_grid_row(&grid, (ntk_place){{0, 1, 2}})[OTHER] = 1;
    cr_expect(ntk_grid_has(&grid, 0, OTHER) && !ntk_grid_has(&grid, 1, OTHER));
    ntk_grid_release(&grid);
}

Test(grid, the_first_of_equals_is_the_extreme) {
    ntk_grid grid = run(networks(), fill);
    for (size_t k = 0; k < WIDTHS * SEEDS; k++)
        ntk_grid_row(&grid, ntk_grid_place(&grid, ntk_grid_case(0), k))[NUMBER] = k % 2 == 0 ? 1 : 7;
    const ntk_extreme largest = ntk_grid_largest(&grid, ntk_grid_case(0), NUMBER);
    cr_expect(largest.value == 7 && largest.at.at[1] == 0 && largest.at.at[2] == 1);
    ntk_grid_release(&grid);
}

/* Wherever it stands. */
Test(grid, a_nan_is_the_extreme) {
    for (size_t k = 0; k < WIDTHS * SEEDS; k++) {
        ntk_grid grid = run(networks(), fill);
        const ntk_place broken = ntk_grid_place(&grid, ntk_grid_case(0), k);
        ntk_grid_row(&grid, broken)[NUMBER] = NAN;
        const ntk_extreme both[] = {ntk_grid_largest(&grid, ntk_grid_whole(), NUMBER),
                                    ntk_grid_smallest(&grid, ntk_grid_case(0), NUMBER)};
        for (size_t i = 0; i < 2; i++) {
            cr_expect(isnan(both[i].value), "%zu", k);
            cr_expect_arr_eq(both[i].at.at, broken.at, sizeof broken.at, "%zu", k);
        }
        ntk_estimate estimate;
        cr_expect(isnan(ntk_grid_mean(&grid, ntk_grid_case(0), NUMBER)));
        cr_expect_eq(ntk_grid_worst(&grid, ntk_grid_case(0), 1, NUMBER, &estimate), NTK_ERROR_NOT_FINITE);
        cr_expect_eq(ntk_grid_rate(&grid, ntk_grid_case(0), 1, NUMBER, &estimate), NTK_ERROR_NOT_FINITE);
        ntk_grid_release(&grid);
    }
}

Test(grid, intervals_have_a_sample_per_seed) {
    ntk_grid grid = run(networks(), fill);
    ntk_estimate found;
    for (size_t c = 0; c < CASES; c++) {
        assert_ok(ntk_grid_rate(&grid, ntk_grid_case(c), 1, LAW, &found));
        cr_expect_float_eq(found.value, -1 - (double)c, 1e-12, "its own widths: %s", names[c]);
        cr_expect_float_eq(found.standard_error, 0.1 / sqrt(SEEDS), 1e-12);
        cr_expect(found.level == 0.99 && found.degrees == SEEDS - 1);
    }
    /* the worst width of seed s: 40 + s, or -(90 + s) */
    assert_ok(ntk_grid_worst(&grid, ntk_grid_case(0), 1, NUMBER, &found));
    cr_expect_float_eq(found.value, 41, 1e-12);
    assert_ok(ntk_grid_worst(&grid, ntk_grid_case(1), 1, NUMBER, &found));
    cr_expect_float_eq(found.value, -91, 1e-12);
    assert_ok(ntk_grid_interval(&grid, (ntk_place){{0, 1, NTK_ALL}}, NUMBER, &found));
    cr_expect_float_eq(found.value, 91, 1e-12);
    cr_expect_float_eq(found.standard_error, 1 / sqrt(SEEDS), 1e-12);
    ntk_grid_release(&grid);
}

/* number = 2 + s sqrt(width) and other = 7 + (s + 1) number, but at the largest width. */
static ntk_status fill_lines(const void *study, ntk_slot *slot) {
    const double m = ntk_grid_number(study, slot->at, 1), s = ntk_grid_number(study, slot->at, 0);
    slot->values[LAW] = NAN;
    slot->values[NUMBER] = 2 + s * sqrt(m);
    slot->values[OTHER] = m > 100 ? 1000 : 7 + (s + 1) * slot->values[NUMBER];
    return NTK_OK;
}

Test(grid, slopes_are_against_a_column_or_the_root_of_the_level) {
    static const double wide[] = {400, 4, 9, 16};
    ntk_grid grid =
        run((ntk_grid){.axes = {{.name = "seed", .count = 3}, {.name = "width", .count = 4, .numbers = wide}},
                       .columns = "law number other",
                       .level = 0.9},
            fill_lines);
    const ntk_place seeds = {{NTK_ALL, NTK_ALL}}, first_left_out = ntk_grid_whole();
    ntk_estimate slope;
    assert_ok(ntk_grid_slope(&grid, seeds, 1, NTK_ROOT, INFINITY, NUMBER, &slope));
    cr_expect_float_eq(slope.value, 1, 1e-12, "seeds 0, 1 and 2");
    cr_expect_float_eq(slope.standard_error, 1 / sqrt(3), 1e-12);
    /* seed 0 has one abscissa: its slope is none */
    cr_expect_neq(ntk_grid_slope(&grid, first_left_out, 1, NUMBER, 100, OTHER, &slope), NTK_OK);
    for (size_t w = 0; w < 4; w++) {
        double *row = ntk_grid_row(&grid, (ntk_place){{0, w}});
        row[NUMBER] = wide[w];
        row[OTHER] = wide[w] > 100 ? 1000 : 3 * wide[w];
    }
    assert_ok(ntk_grid_slope(&grid, first_left_out, 1, NUMBER, 100, OTHER, &slope));
    cr_expect_float_eq(slope.value, (3 + 2 + 3) / 3.0, 1e-12, "without the width of 400");
    cr_expect_eq(ntk_grid_slope(&grid, first_left_out, 1, NUMBER, 4, OTHER, &slope), NTK_ERROR_ARGUMENT,
                 "one level is no line");
    ntk_grid_release(&grid);
}

/* ---- emission -------------------------------------------------------------------------------- */

static ntk_context *create(void) {
    static const ntk_parameter *const none[] = {NULL};
    return fixture_context(none, NULL, NULL);
}

Test(grid, its_table_has_a_row_per_place) {
    ntk_context *context = create();
    ntk_grid grid = run(networks(), fill);
    assert_ok(ntk_grid_emit_table(context, &grid, "runs"));
    const char *table = fixture_table(context, "runs");
    cr_expect_eq(fixture_count(table, "\n"), 1 + CASES * WIDTHS * SEEDS);
    cr_expect_eq(fixture_count(table, "network\twidth\tseed\tlaw\tnumber\tother\n"), 1);
    cr_expect_eq(fixture_count(table, "\nerf\t9\t2\t"), 1);
    cr_expect_not_null(strstr(table, "\t32\tnan\n"), "relu-2, width 3, seed 2");
    ntk_grid_release(&grid);
}

static bool is_erf(const ntk_grid *grid, size_t which, size_t column) {
    cr_expect_eq(column, NUMBER);
    return strcmp(grid->axes[0].labels[which], "erf") == 0;
}

static ntk_status emit_own(ntk_context *context, const ntk_grid *grid, size_t which) {
    return ntk_emit_scalar_as(context, (double)which, "own-%s", grid->axes[0].labels[which]);
}

Test(grid, metrics_are_those_of_the_list) {
    static const ntk_reduction list[] = {
        {.prefix = "largest", .kind = NTK_REDUCE_LARGEST, .column = NUMBER},
        {.prefix = "smallest", .kind = NTK_REDUCE_SMALLEST_AT, .column = NUMBER, .when = is_erf},
        {.prefix = "finite", .kind = NTK_REDUCE_SHARE_FINITE, .column = OTHER},
        {.prefix = "wide", .kind = NTK_REDUCE_MEAN_AT_LAST, .column = NUMBER},
        {.prefix = "narrow", .kind = NTK_REDUCE_INTERVAL_AT_FIRST, .column = NUMBER},
        {.prefix = "rate", .kind = NTK_REDUCE_RATES, .column = LAW},
        {.prefix = "worst", .kind = NTK_REDUCE_WORST, .column = NUMBER},
        {.prefix = "number", .kind = NTK_REDUCE_LARGEST_BY_KIND, .column = NUMBER},
        {.prefix = "own", .kind = NTK_REDUCE_OWN, .own = emit_own},
        {.prefix = "missing", .kind = NTK_REDUCE_LARGEST, .column = OTHER, .when = ntk_grid_has},
        {0}};
    static const struct {
        const char *name;
        double value;
    } wanted[] = {{"largest-relu", 92},
                  {"finite-relu", 0},
                  {"wide-relu", 91},
                  {"narrow-relu", 41},
                  {"rate-relu", -1},
                  {"rate-erf", -2},
                  {"rate-relu-2", -3},
                  {"rate-smooth", -2},
                  {"rate-kinked", -1},
                  {"worst-relu", 41},
                  {"number-smooth", -40},
                  {"number-smooth-at-width", 4},
                  {"number-smooth-at-seed", 0},
                  {"number-kinked", 92},
                  {"number-kinked-at-width", 9},
                  {"number-kinked-at-seed", 2},
                  {"own-relu", 0},
                  {"largest-erf", -40},
                  {"smallest-erf", -92},
                  {"smallest-erf-at-width", 9},
                  {"smallest-erf-at-seed", 2},
                  {"finite-erf", 0},
                  {"wide-erf", -91},
                  {"narrow-erf", -41},
                  {"worst-erf", -91},
                  {"own-erf", 1},
                  {"largest-relu-2", 32},
                  {"finite-relu-2", 0},
                  {"wide-relu-2", 31},
                  {"narrow-relu-2", 21},
                  {"worst-relu-2", 21},
                  {"own-relu-2", 2}};
    ntk_context *context = create();
    ntk_grid grid = run(networks(), fill);
    assert_ok(ntk_grid_emit(context, &grid, list));
    const ntk_metrics *metrics = ntk_context_metrics(context);
    cr_assert_eq(metrics->count, sizeof wanted / sizeof *wanted);
    for (size_t i = 0; i < metrics->count; i++) {
        cr_expect_str_eq(metrics->items[i].name, wanted[i].name);
        cr_expect_float_eq(metrics->items[i].estimate.value, wanted[i].value, 1e-12, "%s", wanted[i].name);
    }
    cr_expect(fixture_metric(context, "rate-kinked")->high > -1 && metrics->items[8].is_estimate);
    ntk_grid_release(&grid);
}

/* One number that is not finite breaks the estimates over it, and no other: all are emitted. */
Test(grid, a_breakdown_is_told_and_stops_nothing) {
    static const ntk_reduction list[] = {
        {.prefix = "rate", .kind = NTK_REDUCE_RATE, .column = NUMBER},
        {.prefix = "worst", .kind = NTK_REDUCE_WORST, .column = NUMBER},
        {.prefix = "last", .kind = NTK_REDUCE_INTERVAL_AT_LAST, .column = NUMBER},
        {.prefix = "mean", .kind = NTK_REDUCE_MEAN_AT_LAST, .column = NUMBER},
        {0}};
    ntk_context *context = create();
    ntk_grid grid = networks();
    assert_ok(ntk_grid_run(&grid, fill, &grid));
    ntk_grid_row(&grid, (ntk_place){{1, grid.axes[1].count - 1, 0}})[NUMBER] = NAN;
    assert_ok(ntk_grid_emit(context, &grid, list));
    const ntk_metrics *metrics = ntk_context_metrics(context);
    cr_expect_eq(metrics->count, 4 * CASES);
    for (size_t k = 0; k < metrics->count; k++) {
        const bool broken = strstr(metrics->items[k].name, grid.axes[0].labels[1]) != NULL;
        cr_expect_eq(ntk_metric_broke_down(&metrics->items[k]), broken, "%s", metrics->items[k].name);
        cr_expect(broken || isfinite(metrics->items[k].estimate.value), "%s", metrics->items[k].name);
    }
    ntk_grid_release(&grid);
}

/* A NaN is the worst of its kind, in whichever case; of a kind that there is none of nothing is
 * emitted. */
Test(grid, a_nan_is_the_worst_of_its_kind) {
    static const ntk_reduction list[] = {
        {.prefix = "number", .kind = NTK_REDUCE_LARGEST_BY_KIND, .column = NUMBER}, {0}};
    for (size_t broken = 0; broken < CASES; broken++) {
        ntk_context *context = create();
        ntk_grid grid = networks();
        grid.axes[0].is_smooth = NULL;
        assert_ok(ntk_grid_run(&grid, fill, &grid));
        ntk_grid_row(&grid, (ntk_place){{broken, 1, 1}})[NUMBER] = NAN;
        assert_ok(ntk_grid_emit(context, &grid, list));
        cr_expect(isnan(fixture_metric(context, "number-smooth")->value), "case %zu", broken);
        cr_expect(ntk_metric_broke_down(ntk_metrics_find(ntk_context_metrics(context), "number-smooth")));
        cr_expect_eq(fixture_metric(context, "number-smooth-at-seed")->value, 1);
        cr_expect_null(ntk_metrics_find(ntk_context_metrics(context), "number-kinked"));
        ntk_grid_release(&grid);
    }
}
