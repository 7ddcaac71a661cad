/* Laws of the exit time: fits to cells that are made up, and the two clocks on a small network. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/lab/context.h>
#include <ntk/lab/grid.h>
#include <ntk/lab/parameters.h>
#include <ntk/stats.h>
#include <ntk/status.h>

#include "fixture.h"
#include "suites/divergence/exit-time/exits.h"
#include "suites/divergence/exit-time/laws.h"

TestSuite(exit_laws, .fini = fixture_remove);

enum { SEEDS = 3, WIDTHS = 5, THRESHOLDS = 2, PLACES = 2 * THRESHOLDS * SEEDS * WIDTHS };

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
static const double thresholds[] = {0.1, 0.5}, widths[] = {4, 16, 64, 256, 1024}, steps[] = {1, 2},
                    first[] = {16, 16}, last[] = {1024, 1024};

static bool is_smooth(const char *name) { return strcmp(name, "relu") != 0; }

/* Seed s: G(T) = s / 10 + (0.2 + s / 10) m^0.5 and log T = 2 + G(T); with twice the step m^0.6.
 * Width 4 belongs to no law, and what stands there would spoil each. */
static ntk_status make_up(const void *study, ntk_slot *slot) {
    (void)study;
    const size_t w = slot->at.at[NTK_EXIT_WIDTH], q = slot->at.at[NTK_EXIT_THRESHOLD];
    const double s = (double)slot->at.at[NTK_EXIT_SEED];
    const bool twice = slot->at.at[NTK_EXIT_STEP] == NTK_EXIT_TWICE_THE_STEP;
    const double gain = w == 0 ? 1000 : s / 10 + (0.2 + s / 10) * pow(widths[w], twice ? 0.6 : 0.5);
    double *row = slot->values;
    row[NTK_EXIT_NETWORKS] = row[NTK_EXIT_COUNT] = 2;
    row[NTK_EXIT_LOG_TIME] = gain + 2;
    row[NTK_EXIT_LOG_TIME_HIGH] = gain + 3;
    row[NTK_EXIT_LAZY_GAIN] = gain;
    row[NTK_EXIT_DRIFT] = thresholds[q] + 0.01 * (double)w + (twice ? 0.1 : 0);
    row[NTK_EXIT_PREDICTED] = w + 1 == WIDTHS ? 8 : NAN;
    return NTK_OK;
}

static ntk_exit_sweep made_up(void) {
    ntk_exit_sweep sweep = {
        .depth = 1,
        .first = first,
        .last = last,
        .grid = {.axes = {{.name = "activation", .count = 1, .labels = names, .is_smooth = is_smooth},
                          {.name = "step", .count = 2, .numbers = steps},
                          {.name = "threshold", .count = THRESHOLDS, .numbers = thresholds},
                          {.name = "seed", .count = SEEDS},
                          {.name = "width", .count = WIDTHS, .numbers = widths}},
                 .columns = "networks exits log-time log-time-low log-time-high lazy-gain travel "
                            "largest-drift predicted",
                 .level = 0.999}};
    assert_ok(ntk_grid_run(&sweep.grid, make_up, NULL));
    return sweep;
}

/* The row of the only activation. */
static double *row_of(const ntk_exit_sweep *sweep, size_t step, size_t threshold, size_t seed, size_t width) {
    return ntk_grid_row(&sweep->grid, (ntk_place){{0, step, threshold, seed, width}});
}

/* The law of a seed at a threshold. */
static const double *law_of(const ntk_exit_sweep *sweep, size_t threshold, size_t seed) {
    ntk_grid laws;
    assert_ok(ntk_exit_laws_fit(sweep, &laws));
    static double law[NTK_LAW_COLUMNS];
    memcpy(law, ntk_grid_row(&laws, (ntk_place){{0, threshold, seed}}), sizeof law);
    ntk_grid_release(&laws);
    return law;
}

Test(exit_laws, of_one_seed) {
    ntk_exit_sweep sweep = made_up();
    const double *law = law_of(&sweep, 1, 1);
    cr_expect_float_eq(law[NTK_LAW_OFFSET], 0.1, 1e-9);
    cr_expect_float_eq(law[NTK_LAW_SLOPE], 0.3, 1e-9);
    cr_expect_float_eq(law[NTK_LAW_GAMMA], 0.5, 1e-6);
    cr_expect_float_eq(law[NTK_LAW_TIME_OFFSET], 2.1, 1e-9, "log T, not the gain");
    cr_expect_float_eq(law[NTK_LAW_PLAIN_GAMMA], 0.5, 1e-6);
    cr_expect_float_eq(law[NTK_LAW_STEP_EFFECT], 0.1, 1e-6);
    cr_expect_float_eq(law[NTK_LAW_PREDICTED_SLOPE], 8 / 32.0, 1e-12);
    cr_expect_float_eq(law[NTK_LAW_SLOPE_RATIO], 0.3 / 0.25, 1e-9);
    cr_expect(law[NTK_LAW_PURE_GAMMA] < 0.45 && law[NTK_LAW_PURE_BEND] > 0.1, "an offset bends: %g, %g",
              law[NTK_LAW_PURE_GAMMA], law[NTK_LAW_PURE_BEND]);
    ntk_grid_release(&sweep.grid);
}

/* The bend of b m^g is that of the residuals of the fit, whose ends lie above what is between. */
Test(exit_laws, a_pure_power_law_has_no_bend) {
    ntk_exit_sweep sweep = made_up();
    for (size_t w = 0; w < WIDTHS; w++)
        row_of(&sweep, 0, 0, 0, w)[NTK_EXIT_LOG_TIME] = 0.7 * pow(widths[w], 0.35);
    const double *law = law_of(&sweep, 0, 0);
    cr_expect_float_eq(law[NTK_LAW_PURE_GAMMA], 0.35, 1e-6);
    cr_expect_float_eq(law[NTK_LAW_PURE_BEND], 0, 1e-6);
    row_of(&sweep, 0, 0, 0, 4)[NTK_EXIT_LOG_TIME] += 0.4;
    cr_expect_gt(law_of(&sweep, 0, 0)[NTK_LAW_PURE_BEND], 0.01);
    ntk_grid_release(&sweep.grid);
}

Test(exit_laws, need_three_widths_with_an_exit) {
    ntk_exit_sweep sweep = made_up();
    ntk_grid laws;
    double *row = row_of(&sweep, 0, 0, 0, 1);
    row[NTK_EXIT_COUNT] = 0;
    row[NTK_EXIT_LOG_TIME] = row[NTK_EXIT_LAZY_GAIN] = NAN;
    cr_expect_float_eq(law_of(&sweep, 0, 0)[NTK_LAW_GAMMA], 0.5, 1e-6);
    row_of(&sweep, 0, 0, 0, 2)[NTK_EXIT_COUNT] = 0;
    assert_fails(ntk_exit_laws_fit(&sweep, &laws), NTK_ERROR_ARGUMENT, "relu, threshold 0.1, seed 0: ");
    ntk_grid_release(&sweep.grid);
}

Test(exit_laws, of_all_seeds) {
    ntk_exit_sweep sweep = made_up();
    ntk_grid laws;
    ntk_estimate found;
    const ntk_place seeds = {{0, 1, NTK_ALL}};
    assert_ok(ntk_exit_laws_fit(&sweep, &laws));
    assert_ok(ntk_exit_laws_gamma(&laws, 0, 1, &found));
    cr_expect_float_eq(found.value, 0.5, 1e-6);
    cr_expect_float_eq(found.high, 0.6, 1e-4, "all seeds agree: what is left is the step");
    cr_expect_float_eq(found.low, 0.4, 1e-4);
    assert_ok(ntk_grid_interval(&laws, seeds, NTK_LAW_SLOPE, &found));
    cr_expect_float_eq(found.value, 0.3, 1e-9);
    cr_expect_float_eq(found.standard_error, 0.1 / sqrt(3), 1e-9);
    cr_expect_eq(found.level, 0.999, "that of the sweep");
    cr_expect_float_eq(ntk_grid_mean(&laws, seeds, NTK_LAW_SLOPE_RATIO), 1.2, 1e-9);
    cr_expect_lt(ntk_grid_mean(&laws, seeds, NTK_LAW_PURE_GAMMA), 0.5);
    cr_expect_gt(ntk_grid_mean(&laws, seeds, NTK_LAW_PURE_BEND), 0);
    ntk_grid_release(&laws);
    ntk_grid_release(&sweep.grid);
}

/* Twice the step moves gamma by 0.1 where it was run; a seed where it was not says nothing. */
Test(exit_laws, the_step_effect_is_a_mean_over_the_seeds_that_have_one) {
    ntk_exit_sweep sweep = made_up();
    ntk_grid laws;
    ntk_estimate found;
    for (size_t k = 0; k < (SEEDS - 1) * WIDTHS; k++)
        row_of(&sweep, 1, 1, 1 + k / WIDTHS, k % WIDTHS)[NTK_EXIT_NETWORKS] = 0;
    assert_ok(ntk_exit_laws_fit(&sweep, &laws));
    assert_ok(ntk_exit_laws_gamma(&laws, 0, 1, &found));
    cr_expect_float_eq(found.high, 0.6, 1e-4, "%g", found.high);
    ntk_grid_release(&laws);
    ntk_grid_release(&sweep.grid);
}

/* The tables of a made-up sweep. */
static void tabulate(ntk_context *context) {
    ntk_exit_sweep sweep = made_up();
    ntk_grid laws;
    ntk_exit_tables tables;
    assert_ok(ntk_exit_laws_fit(&sweep, &laws));
    assert_ok(ntk_exit_tables_create(context, &tables));
    assert_ok(ntk_exit_tables_add(&tables, &sweep, &laws, 0));
    ntk_grid_release(&laws);
    ntk_grid_release(&sweep.grid);
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
    tabulate(context);
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

Test(exit_laws, departure_counts_networks_of_either_step) {
    ntk_exit_sweep sweep = made_up();
    double *late = row_of(&sweep, 1, 0, 0, 3), *none = row_of(&sweep, 0, 0, 0, 2);
    late[NTK_EXIT_COUNT] = 1;
    late[NTK_EXIT_LOG_TIME_HIGH] = 5000;
    none[NTK_EXIT_NETWORKS] = none[NTK_EXIT_COUNT] = none[NTK_EXIT_DRIFT] = 0;
    none[NTK_EXIT_LOG_TIME_HIGH] = NAN;
    const ntk_exit_departure all = ntk_exit_departure_of(&sweep, 0);
    cr_expect_eq(all.networks, 2 * PLACES - 2);
    cr_expect_eq(all.exits, 2 * PLACES - 3);
    cr_expect_eq(all.latest, 5000);
    cr_expect_float_eq(all.largest_drift, 0.5 + 0.04 + 0.1, 1e-12);
    ntk_grid_release(&sweep.grid);
}

Test(exit_laws, the_two_clocks) {
    ntk_context *context = fixture_context(parameters, tiny, NULL);
    ntk_exit_sweep sweep;
    double difference;
    assert_ok(ntk_exit_sweep_run(context, 1, &sweep));
    assert_ok(ntk_exit_clock_difference(&sweep, 0, 1e-9, 8, 1, &difference));
    cr_expect(difference > 0 && difference < 1e-5, "%g", difference);
    assert_ok(ntk_exit_clock_difference(&sweep, 0, 1e-9, 8, 1.001, &difference));
    cr_expect_float_eq(difference, log(1.001), 1e-5, "a clock that is fast by a thousandth");
    assert_ok(ntk_exit_clock_difference(&sweep, 0, 1e-9, -5, 1, &difference));
    cr_expect_eq(difference, INFINITY, "no exit so early");
    ntk_grid_release(&sweep.grid);
}
