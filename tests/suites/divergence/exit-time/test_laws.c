/* Laws of the exit time: fits to cells that are made up, and the two clocks on a small network. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/lab/context.h>
#include <ntk/lab/parameters.h>
#include <ntk/status.h>

#include "fixture.h"
#include "suites/divergence/exit-time/exits.h"
#include "suites/divergence/exit-time/laws.h"

TestSuite(exit_laws, .fini = fixture_remove);

enum { SEEDS = 3, WIDTHS = 5, THRESHOLDS = 2, CELLS = 2 * SEEDS * WIDTHS * THRESHOLDS };

static const ntk_parameter *const parameters[] = {ntk_sphere_parameters, ntk_exit_sweep_parameters, NULL};
static const fixture_setting tiny[] = {{"activations", "erf"},
                                       {"thresholds", "0.05 0.1"},
                                       {"widths", "16 32"},
                                       {"first-widths", "16 16"},
                                       {"last-widths", "32 32"},
                                       {"seeds", "2"},
                                       {"points", "3"},
                                       {"inputs", "3"},
                                       {0}};

static const char *const names[] = {"relu"};
static const double thresholds[] = {0.1, 0.5}, widths[] = {4, 16, 64, 256, 1024}, first[] = {16, 16},
                    last[] = {1024, 1024};

/* Seed s: G(T) = s / 10 + (0.2 + s / 10) m^0.5 and log T = 2 + G(T); with twice the step m^0.6. Width 4
 * belongs to no law, and what stands there would spoil each. */
static ntk_exit_sweep made_up(ntk_context *context, ntk_exit_cell *cells) {
    for (size_t i = 0; i < CELLS; i++) {
        const size_t threshold = i % THRESHOLDS, width = i / THRESHOLDS % WIDTHS;
        const double s = (double)(i / THRESHOLDS / WIDTHS % SEEDS);
        const bool twice = i >= CELLS / 2;
        const double gain =
            width == 0 ? 1000 : s / 10 + (0.2 + s / 10) * pow(widths[width], twice ? 0.6 : 0.5);
        cells[i] = (ntk_exit_cell){.runs = 2,
                                   .exits = 2,
                                   .log_time = gain + 2,
                                   .high = gain + 3,
                                   .lazy_gain = gain,
                                   .largest_drift = thresholds[threshold] + (double)i / 1000,
                                   .predicted = width + 1 == WIDTHS ? 8 : NAN};
    }
    return (ntk_exit_sweep){.context = context,
                            .depth = 1,
                            .activation_count = 1,
                            .threshold_count = THRESHOLDS,
                            .width_count = WIDTHS,
                            .seeds = SEEDS,
                            .activations = names,
                            .thresholds = thresholds,
                            .widths = widths,
                            .first = first,
                            .last = last,
                            .cells = cells};
}

Test(exit_laws, of_one_seed) {
    ntk_exit_cell cells[CELLS];
    const ntk_exit_sweep sweep = made_up(NULL, cells);
    ntk_exit_law law;
    assert_ok(ntk_exit_law_fit(&sweep, (ntk_exit_place){0, 1, 3, true}, 1, &law));
    cr_expect_float_eq(law.root.offset, 0.1, 1e-9);
    cr_expect_float_eq(law.root.factor, 0.3, 1e-9);
    cr_expect_float_eq(law.free.exponent, 0.5, 1e-6);
    cr_expect_float_eq(law.time.offset, 2.1, 1e-9, "log T, not the gain");
    cr_expect_float_eq(law.plain_gamma, 0.5, 1e-6);
    cr_expect_float_eq(law.step_effect, 0.1, 1e-6);
    cr_expect_float_eq(law.predicted_slope, 8 / 32.0, 1e-12);
    cr_expect_float_eq(law.slope_ratio, 0.3 / 0.25, 1e-9);
    cr_expect(law.pure.exponent < 0.45 && law.pure_bend > 0.1, "an offset bends: %g, %g", law.pure.exponent,
              law.pure_bend);
}

/* The bend of b m^g is that of the residuals of the fit, whose ends lie above what is between. */
Test(exit_laws, a_pure_power_law_has_no_bend) {
    ntk_exit_cell cells[CELLS];
    const ntk_exit_sweep sweep = made_up(NULL, cells);
    for (size_t i = 0; i < CELLS; i++) cells[i].log_time = 0.7 * pow(widths[i / THRESHOLDS % WIDTHS], 0.35);
    ntk_exit_law law;
    assert_ok(ntk_exit_law_fit(&sweep, (ntk_exit_place){0, 0, 0, false}, 0, &law));
    cr_expect_float_eq(law.pure.exponent, 0.35, 1e-6);
    cr_expect_float_eq(law.pure_bend, 0, 1e-6);
    cells[(4 * THRESHOLDS)].log_time += 0.4; /* seed 0, width 1024, threshold 0 */
    assert_ok(ntk_exit_law_fit(&sweep, (ntk_exit_place){0, 0, 0, false}, 0, &law));
    cr_expect_gt(law.pure_bend, 0.01);
}

Test(exit_laws, need_three_widths_with_an_exit) {
    ntk_exit_cell cells[CELLS];
    const ntk_exit_sweep sweep = made_up(NULL, cells);
    ntk_exit_law law;
    cells[1 * THRESHOLDS].exits = 0;
    cells[1 * THRESHOLDS].log_time = cells[1 * THRESHOLDS].lazy_gain = NAN;
    assert_ok(ntk_exit_law_fit(&sweep, (ntk_exit_place){0, 0, 0, false}, 0, &law));
    cr_expect_float_eq(law.free.exponent, 0.5, 1e-6);
    cells[2 * THRESHOLDS].exits = 0;
    cr_expect_eq(ntk_exit_law_fit(&sweep, (ntk_exit_place){0, 0, 0, false}, 0, &law), NTK_ERROR_ARGUMENT);
}

/* The higher threshold's law, emitted into the context's tables. */
static ntk_exit_summary summarise(ntk_context *context) {
    ntk_exit_cell cells[CELLS];
    const ntk_exit_sweep sweep = made_up(context, cells);
    ntk_exit_tables tables;
    ntk_exit_summary law;
    assert_ok(ntk_exit_tables_create(context, &tables));
    assert_ok(ntk_exit_law_summarise(&sweep, 0, 1, &tables, &law));
    return law;
}

Test(exit_laws, of_all_seeds) {
    const ntk_exit_summary law = summarise(fixture_context(parameters, tiny, NULL));
    cr_expect_float_eq(law.gamma.value, 0.5, 1e-6);
    cr_expect_float_eq(law.gamma.high, 0.6, 1e-4, "all seeds agree: what is left is the step");
    cr_expect_float_eq(law.gamma.low, 0.4, 1e-4);
    cr_expect_float_eq(law.slope.value, 0.3, 1e-9);
    cr_expect_float_eq(law.slope.standard_error, 0.1 / sqrt(3), 1e-9);
    cr_expect_float_eq(law.slope_ratio.value, 1.2, 1e-9);
    cr_expect(law.pure_gamma.value < 0.5 && law.pure_bend.value > 0);
}

/* Twice the step moves gamma by 0.1 where it was run; a seed where it was not says nothing. */
Test(exit_laws, the_step_effect_is_a_mean_over_the_seeds_that_have_one) {
    ntk_context *context = fixture_context(parameters, tiny, NULL);
    ntk_exit_cell cells[CELLS];
    const ntk_exit_sweep sweep = made_up(context, cells);
    for (size_t i = CELLS / 2 + WIDTHS * THRESHOLDS; i < CELLS; i++) cells[i] = (ntk_exit_cell){.runs = 0};
    ntk_exit_tables tables;
    ntk_exit_summary law;
    assert_ok(ntk_exit_tables_create(context, &tables));
    assert_ok(ntk_exit_law_summarise(&sweep, 0, 1, &tables, &law));
    cr_expect_float_eq(law.gamma.high, 0.6, 1e-4, "%g", law.gamma.high);
}

/* The number below a column's name in a table's last line. */
static double last_in_column(const char *table, const char *name) {
    const char *line = table + strlen(table) - 1; /* its end */
    while (line[-1] != '\n') line--;
    size_t column = 0;
    const char *at = table;
    for (; strncmp(at, name, strlen(name)) != 0 || !strchr("\t\n", at[strlen(name)]); column++) {
        at += strcspn(at, "\t\n");
        cr_assert_eq(*at++, '\t', "no column %s", name);
    }
    for (; column > 0; column--) line = strchr(line, '\t') + 1;
    return strtod(line, NULL);
}

/* The last rows are those of seed 2, whose law is 0.2 + 0.4 sqrt(m). */
Test(exit_laws, tables_say_what_their_columns_promise) {
    ntk_context *context = fixture_context(parameters, tiny, NULL);
    summarise(context);
    const char *laws = fixture_table(context, "laws"), *exits = fixture_table(context, "exits");
    const struct {
        const char *name;
        double value;
    } of_laws[] = {{"depth", 1},        {"seed", 2},          {"threshold", 0.5},       {"offset", 0.2},
                   {"slope", 0.4},      {"gamma", 0.5},       {"step-effect", 0.1},     {"time-offset", 2.2},
                   {"time-slope", 0.4}, {"plain-gamma", 0.5}, {"predicted-slope", 0.25}},
      of_exits[] = {{"seed", 2},           {"width", 1024},   {"threshold", 0.5},
                    {"networks", 2},       {"exits", 2},      {"log-time", 15},
                    {"log-time-high", 16}, {"lazy-gain", 13}, {"law", 15}};
    for (size_t i = 0; i < sizeof of_laws / sizeof *of_laws; i++)
        cr_expect_float_eq(last_in_column(laws, of_laws[i].name), of_laws[i].value, 1e-5, "laws: %s is %g",
                           of_laws[i].name, last_in_column(laws, of_laws[i].name));
    for (size_t i = 0; i < sizeof of_exits / sizeof *of_exits; i++)
        cr_expect_float_eq(last_in_column(exits, of_exits[i].name), of_exits[i].value, 1e-5,
                           "exits: %s is %g", of_exits[i].name, last_in_column(exits, of_exits[i].name));
}

Test(exit_laws, explained_variance) {
    ntk_exit_cell cells[CELLS];
    ntk_exit_sweep sweep = made_up(NULL, cells);
    double explained;
    for (size_t i = 0; i < CELLS; i++) cells[i].log_time = 1 + 0.2 * sqrt(widths[i / THRESHOLDS % WIDTHS]);
    assert_ok(ntk_exit_law_explained(&sweep, 0, &explained));
    cr_expect_float_eq(explained, 1, 1e-12);
    for (size_t i = 0; i < CELLS; i++)
        if (i % THRESHOLDS == 1) cells[i].log_time = 1 - 0.2 * sqrt(widths[i / THRESHOLDS % WIDTHS]);
    assert_ok(ntk_exit_law_explained(&sweep, 0, &explained));
    cr_expect_float_eq(explained, -1, 1e-12, "the threshold whose times fall: %g", explained);
}

Test(exit_laws, departure_counts_networks_of_either_step) {
    ntk_exit_cell cells[CELLS];
    const ntk_exit_sweep sweep = made_up(NULL, cells);
    cells[3] = (ntk_exit_cell){.runs = 2, .exits = 1, .high = 5000};
    cells[5] = (ntk_exit_cell){.runs = 0, .high = NAN};
    const ntk_exit_departure all = ntk_exit_departure_of(&sweep, 0);
    cr_expect_eq(all.runs, 2 * CELLS - 2);
    cr_expect_eq(all.exits, 2 * CELLS - 3);
    cr_expect_eq(all.latest, 5000);
    cr_expect_float_eq(all.largest_drift, 0.5 + (CELLS - 1) / 1000.0, 1e-12);
}

Test(exit_laws, the_two_clocks) {
    ntk_context *context = fixture_context(parameters, tiny, NULL);
    ntk_exit_sweep sweep;
    double difference;
    assert_ok(ntk_exit_sweep_run(context, 1, &sweep));
    assert_ok(ntk_exit_clock_difference(&sweep, 0, 1e-9, 8, &difference));
    cr_expect(difference > 0 && difference < 1e-5, "%g", difference);
    assert_ok(ntk_exit_clock_difference(&sweep, 0, 1e-9, -5, &difference));
    cr_expect_eq(difference, INFINITY, "no exit so early");
    ntk_exit_sweep_release(&sweep);
}
