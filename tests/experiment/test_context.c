/* What an experiment sees: its parameters, its stream, and what becomes of what it emits. */
#include <fenv.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include <ntk/lab/context.h>
#include <ntk/lab/metrics.h>
#include <ntk/lab/parameters.h>
#include <ntk/lab/table.h>
#include <ntk/random.h>
#include <ntk/stats.h>
#include <ntk/status.h>

#include "claim/claim.h"
#include "experiment/parameters.h"
#include "fixture.h"
#include "folder.h"

TestSuite(context, .fini = fixture_remove);

static const ntk_parameter parameters[] = {
    NTK_INTEGERS("widths", "64 256", 1, 1e6, "hidden widths"),
    NTK_REAL("lambda", 0.1, 0, 1e3, "strength of the regulariser"),
    NTK_INTEGER("seeds", 8, 2, 1000, "networks per width"),
    NTK_FLAG("bias", false, "with biases"),
    NTK_CHOICE("loss", "softmax", "softmax|logistic", "the loss"),
    NTK_CHOICES("activations", "relu", "relu|erf|gelu", "activations"),
    NTK_REALS("times", "0.5,1", 0, 1e6, "times of observation"),
    {0},
};
static const ntk_experiment experiment = {.parameters = {parameters}};

static ntk_setting quick[] = {{"widths", "32, 64", 1}, {"lambda", "0.2", 2}};
static ntk_setting removal[] = {{"lambda", "0", 3}};
static const ntk_control control = {.name = "none", .settings = removal, .setting_count = 1};
static const ntk_claim claim = {
    .id = "a/b", .settings = {quick, NULL}, .setting_count = {2, 0}, .experiment = &experiment};

static ntk_context *create(ntk_tier tier, const ntk_control *which, ntk_setting override) {
    ntk_context *context = NULL;
    const size_t count = override.name != NULL;
    assert_ok(
        ntk_claim_context(&claim, tier, (ntk_variant){which, false}, &override, count, 5, "data", &context));
    return context;
}

static ntk_context *create_plain(void) { return create(NTK_TIER_FULL, NULL, (ntk_setting){0}); }

/* ---- parameters ------------------------------------------------------------------------------ */

Test(context, values_come_from_default_tier_control_and_override_in_this_order) {
    static const struct {
        ntk_tier tier;
        const ntk_control *control;
        const char *override;
        double lambda;
    } cases[] = {{NTK_TIER_FULL, NULL, NULL, 0.1},
                 {NTK_TIER_QUICK, NULL, NULL, 0.2},
                 {NTK_TIER_QUICK, &control, NULL, 0},
                 {NTK_TIER_QUICK, &control, "7", 7}};
    for (size_t i = 0; i < 4; i++) {
        ntk_setting override = {0};
        if (cases[i].override != NULL) override = (ntk_setting){"lambda", (char *)cases[i].override, 0};
        ntk_context *context = create(cases[i].tier, cases[i].control, override);
        cr_expect_eq(ntk_context_real(context, "lambda"), cases[i].lambda, "case %zu", i);
        ntk_context_destroy(context);
    }
}

Test(context, every_type_is_read) {
    ntk_context *context = create(NTK_TIER_QUICK, NULL, (ntk_setting){"activations", "erf, relu", 0});
    size_t count = 0;
    const long *widths = ntk_context_integers(context, "widths", &count);
    cr_expect(count == 2 && widths[0] == 32 && widths[1] == 64);
    const double *reals = ntk_context_reals(context, "widths", &count);
    cr_expect(count == 2 && reals[0] == 32 && reals[1] == 64, "a list of integers as reals");
    const double *times = ntk_context_reals(context, "times", &count);
    cr_expect(count == 2 && times[0] == 0.5 && times[1] == 1);
    const char *const *names = ntk_context_choices(context, "activations", &count);
    cr_assert_eq(count, 2);
    cr_expect_str_eq(names[0], "erf");
    cr_expect_str_eq(names[1], "relu");
    cr_expect_eq(ntk_context_integer(context, "seeds"), 8);
    cr_expect_eq(ntk_context_flag(context, "bias"), false);
    cr_expect_str_eq(ntk_context_choice(context, "loss"), "softmax");
    cr_expect_str_eq(ntk_context_data(context), "data");
    ntk_context_destroy(context);
}

Test(context, settings_are_canonical) {
    ntk_context *context = create(NTK_TIER_QUICK, NULL, (ntk_setting){"times", "1e-1 , 2", 0});
    const ntk_setting *settings = NULL;
    cr_assert_eq(ntk_context_settings(context, &settings), 7);
    static const char *const wanted[][2] = {{"widths", "32 64"},
                                            {"lambda", "0.20000000000000001"},
                                            {"seeds", "8"},
                                            {"bias", "false"},
                                            {"loss", "softmax"},
                                            {"activations", "relu"},
                                            {"times", "0.10000000000000001 2"}};
    for (size_t i = 0; i < 7; i++) {
        cr_expect_str_eq(settings[i].name, wanted[i][0]);
        cr_expect_str_eq(settings[i].value, wanted[i][1]);
    }
    ntk_context_destroy(context);
}

Test(context, bad_overrides_are_refused_with_what_is_allowed) {
    static const struct {
        char *name, *value;
        const char *message;
    } cases[] = {
        {"width", "64", "unknown parameter 'width': allowed are widths, lambda, seeds"},
        {"widths", "", "should be a list of whole numbers"},
        {"widths", "64,,256", "should be a list of whole numbers"},
        {"widths", "64,", "should be a list of whole numbers"},
        {"widths", ",64", "should be a list of whole numbers"},
        {"widths", "64 0", "'0' should be a whole number from 1 to 1e+06"},
        {"widths", "64.5", "'64.5' should be a whole number"},
        {"lambda", "-0.1", "'-0.1' should be a number from 0 to 1000"},
        {"lambda", "nan", "'nan' should be a number"},
        {"lambda", "inf", "'inf' should be a number"},
        {"lambda", "", "'' should be a number"},
        {"lambda", "1 2", "'1 2' should be a number"},
        {"times", "1 nan", "'nan' should be a number"},
        {"seeds", "99999999999999999999", "should be a whole number from 2 to 1000"},
        {"bias", "yes", "'yes' should be true or false"},
        {"loss", "soft", "'soft' should be one of softmax|logistic"},
        {"loss", "", "'' should be one of softmax|logistic"},
        {"loss", "softmax|logistic", "should be one of softmax|logistic"},
        {"activations", "relu,tanh", "'tanh' should be one of relu|erf|gelu"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const ntk_setting override = {cases[i].name, cases[i].value, 0};
        ntk_context *context = NULL;
        assert_fails(
            ntk_claim_context(&claim, NTK_TIER_FULL, (ntk_variant){0}, &override, 1, 5, "data", &context),
            NTK_ERROR_ARGUMENT, cases[i].message);
        cr_expect_null(context);
        cr_expect_eq(ntk_setting_check(&experiment, &override), NTK_ERROR_ARGUMENT);
    }
}

Test(context, a_default_out_of_range_is_found) {
    static const ntk_parameter bad[] = {NTK_INTEGER("n", 0, 1, 9, "points"), {0}};
    static const ntk_experiment faulty = {.parameters = {bad}};
    const ntk_claim other = {.id = "a/b", .experiment = &faulty};
    ntk_context *context = NULL;
    cr_expect_eq(ntk_claim_context(&other, NTK_TIER_QUICK, (ntk_variant){0}, NULL, 0, 5, "data", &context),
                 NTK_ERROR_ARGUMENT);
}

Test(context, networks_are_read_and_spelt_in_one_way) {
    static const ntk_parameter table[] = {NTK_NETWORKS("networks", "erf-l2-k3, relu", NULL, "by name"), {0}};
    static const ntk_experiment other = {.parameters = {table}};
    ntk_context *context = NULL;
    size_t count;
    assert_ok(ntk_context_create("a/b", &other, NULL, 0, 5, "data", &context));
    const ntk_network_name *networks = ntk_context_networks(context, "networks", &count);
    cr_assert_eq(count, 2);
    cr_expect_str_eq(networks[0].text, "erf-k3-l2");
    cr_expect(networks[0].classes == 3 && networks[0].setting == NTK_SETTING_L2);
    cr_expect(networks[1].activation == NTK_RELU && networks[1].classes == 0);
    const ntk_setting *settings;
    ntk_context_settings(context, &settings);
    cr_expect_str_eq(settings[0].value, "erf-k3-l2 relu");
    ntk_context_destroy(context);
    const ntk_setting wrong = {"networks", "relu relv-2", 0};
    assert_fails(ntk_setting_check(&other, &wrong), NTK_ERROR_ARGUMENT,
                 "parameter 'networks': 'relv-2': no activation has this name");
}

/* A study's tables, then the experiment's own, which declares one of them anew. */
Test(context, a_later_table_declares_a_parameter_anew) {
    static const ntk_parameter study[] = {
        NTK_INTEGER("points", 8, 2, 10, "of the study"),
        NTK_NETWORKS("networks", "relu", NULL, "any"),
        NTK_FLAG("observe", true, "all of it"),
        {0},
    };
    static const ntk_parameter own[] = {
        NTK_INTEGER("points", 20, 2, 100, "of its own"),
        NTK_NETWORKS("networks", "erf-2", "erf|residual", "smooth, or none at all"),
        {0},
    };
    static const ntk_experiment both = {.parameters = {study, own}};
    static const char *const names[] = {"observe", "points", "networks"};
    for (size_t i = 0; i < 3; i++) cr_expect_str_eq(ntk_experiment_parameter(&both, i)->name, names[i]);
    cr_expect_null(ntk_experiment_parameter(&both, 3));

    ntk_context *context = NULL;
    const ntk_setting wide[] = {{"points", "99", 0}, {"networks", "residual-3", 0}};
    assert_ok(ntk_context_create("a/b", &both, NULL, 0, 5, "data", &context));
    cr_expect_eq(ntk_context_integer(context, "points"), 20);
    ntk_context_destroy(context);
    assert_ok(ntk_context_create("a/b", &both, wide, 2, 5, "data", &context));
    const ntk_setting *settings;
    cr_assert_eq(ntk_context_settings(context, &settings), 3);
    cr_expect_str_eq(settings[0].value, "true");
    cr_expect_str_eq(settings[1].value, "99");
    cr_expect_str_eq(settings[2].value, "residual-3");
    ntk_context_destroy(context);
    const ntk_setting other = {"networks", "erf gelu-2", 0};
    assert_fails(ntk_setting_check(&both, &other), NTK_ERROR_ARGUMENT,
                 "'gelu-2' should begin with one of erf|residual");
}

Test(context, an_undeclared_parameter_aborts, .signal = SIGABRT) {
    ntk_context_integer(create_plain(), "depth");
}

Test(context, a_parameter_of_another_type_aborts, .signal = SIGABRT) {
    ntk_context_real(create_plain(), "seeds");
}

/* ---- randomness ------------------------------------------------------------------------------ */

Test(context, the_stream_is_named_by_seed_claim_and_unit_and_shared_with_controls) {
    ntk_context *plain = create_plain(), *other = create(NTK_TIER_QUICK, &control, (ntk_setting){0});
    const ntk_stream wanted = ntk_stream_create(5, "a/b", 3);
    const ntk_stream found = ntk_context_stream(plain, 3), controlled = ntk_context_stream(other, 3);
    cr_expect_eq(memcmp(&found, &wanted, sizeof wanted), 0);
    cr_expect_eq(memcmp(&controlled, &wanted, sizeof wanted), 0);
    cr_expect_eq(ntk_context_level(plain), 1 - 1e-3 / 500);
    ntk_context_destroy(plain);
    ntk_context_destroy(other);
}

/* ---- emission -------------------------------------------------------------------------------- */

Test(context, what_is_emitted_is_written) {
    ntk_context *context = create_plain();
    const ntk_estimate estimate = fixture_estimate("r", -0.5, -1, 0).estimate;
    assert_ok(ntk_emit_scalar(context, "worst-ratio", 0.5));
    assert_ok(ntk_emit_estimate(context, "rate", &estimate));
    cr_assert_eq(ntk_emit_scalar(context, "broken", NAN), NTK_OK, "recorded; the check fails");
    ntk_table *table = NULL;
    assert_ok(ntk_emit_table(context, "drift", "$activation width drift", &table));
    for (size_t i = 0; i < 3; i++) {
        const char *labels[] = {i == 0 ? "relu" : "erf"};
        const double values[] = {(double)(64 << i), i == 2 ? INFINITY : 0.1};
        assert_ok(ntk_table_row(table, labels, values));
    }
    assert_ok(ntk_emit_table(context, "empty", "x", &table));
    cr_expect_eq(ntk_context_metrics(context)->count, 3);

    const char *folder = fixture_folder();
    assert_ok(ntk_context_write(context, folder));
    ntk_context_destroy(context);
    char *drift = fixture_read(fixture_join(folder, "drift.tsv"));
    cr_expect_str_eq(drift, "activation\twidth\tdrift\nrelu\t64\t0.10000000000000001\n"
                            "erf\t128\t0.10000000000000001\nerf\t256\tinf\n");
    char *empty = fixture_read(fixture_join(folder, "empty.tsv"));
    cr_expect_str_eq(empty, "x\n");
    ntk_metrics metrics;
    assert_ok(ntk_metrics_read(fixture_join(folder, "metrics.tsv"), &metrics));
    cr_expect_eq(ntk_metrics_find(&metrics, "rate")->estimate.low, -1);
    cr_expect(isnan(ntk_metrics_find(&metrics, "broken")->estimate.value));
    cr_expect_null(ntk_metrics_find(&metrics, "ratio"));
    ntk_metrics_release(&metrics);
    char *parameters = fixture_read(fixture_join(folder, "parameters.tsv"));
    cr_expect_eq(strncmp(parameters, "name\tkind\tvalue\n", 16), 0, "%s", parameters);
    static const char *const lines[] = {"\nseeds\tinteger\t",    "\nlambda\treal\t",
                                        "\nbias\tflag\tfalse\n", "\nloss\ttext\t",
                                        "\nactivations\tlist\t", "\ntimes\tlist\t0.5 1\n"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        cr_expect_not_null(strstr(parameters, lines[i]), "%s in\n%s", lines[i], parameters);
}

Test(context, names_are_given_once) {
    ntk_context *context = create_plain();
    const ntk_estimate estimate = {.value = 1};
    ntk_table *table = NULL;
    cr_expect_eq(ntk_emit_scalar(context, "ratio", 1), NTK_OK);
    cr_expect_eq(ntk_emit_scalar(context, "ratio", 1), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_emit_estimate(context, "ratio", &estimate), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_emit_estimate_as(context, &estimate, "rate-%s-%d", "erf", 2), NTK_OK);
    cr_expect_eq(ntk_emit_estimate(context, "rate-erf-2", &estimate), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_emit_estimate_as(context, &estimate, "rate-%0200d", 2), NTK_ERROR_ARGUMENT, "cut");
    cr_expect_eq(ntk_emit_scalar_as(context, 3.5, "loss-%s-%d", "erf", 2), NTK_OK);
    cr_expect_eq(ntk_metrics_find(ntk_context_metrics(context), "loss-erf-2")->estimate.value, 3.5);
    cr_expect_eq(ntk_emit_scalar_as(context, 1, "loss-%0200d", 2), NTK_ERROR_ARGUMENT, "cut");
    cr_expect_eq(ntk_emit_scalar(context, "worst ratio", 1), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_emit_table(context, "drift", "x", &table), NTK_OK);
    cr_expect_eq(ntk_emit_table(context, "drift", "x", &table), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_emit_table(context, "metrics", "x", &table), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_emit_table(context, "parameters", "x", &table), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_emit_table(context, "../drift", "x", &table), NTK_ERROR_ARGUMENT);
    cr_expect_null(table);
    ntk_context_destroy(context);
}

Test(context, columns_are_checked) {
    ntk_context *context = create_plain();
    static const char *const bad[] = {"", "  ", "x x", "x $label", "$x x", "x\ty", "$", "X"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ntk_table *table = NULL;
        cr_expect_eq(ntk_emit_table(context, "drift", bad[i], &table), NTK_ERROR_ARGUMENT, "'%s'", bad[i]);
    }
    ntk_context_destroy(context);
}

Test(context, rows_are_checked) {
    ntk_context *context = create_plain();
    ntk_table *texts = NULL, *numbers = NULL;
    assert_ok(ntk_emit_table(context, "texts", "$label", &texts));
    assert_ok(ntk_emit_table(context, "numbers", "x", &numbers));
    static const char *const bad[] = {"a\tb", "a\nb", "", NULL};
    for (size_t i = 0; i < 4; i++)
        cr_expect_eq(ntk_table_row(texts, &bad[i], NULL), NTK_ERROR_ARGUMENT, "label %zu", i);
    const char *good[] = {"a b"};
    const double value = 1;
    cr_expect_eq(ntk_table_row(texts, good, NULL), NTK_OK);
    cr_expect_eq(ntk_table_row(texts, NULL, NULL), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_table_row(numbers, NULL, NULL), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_table_row(numbers, good, &value), NTK_ERROR_ARGUMENT);
    ntk_context_destroy(context);
}

Test(context, writing_into_a_missing_folder_fails) {
    ntk_context *context = create_plain();
    const char *folder = fixture_join(fixture_folder(), "none");
    cr_expect_eq(ntk_context_write(context, folder), NTK_ERROR_IO);
    ntk_context_destroy(context);
}

Test(context, a_full_disk_leaves_no_part_of_a_file) {
    ntk_context *context = create_plain();
    ntk_table *table = NULL;
    assert_ok(ntk_emit_table(context, "drift", "x", &table));
    for (size_t i = 0; i < 1000; i++) assert_ok(ntk_table_row(table, NULL, &(double){0.1}));
    const char *folder = fixture_folder();
    fill_the_disk_at(4096);
    cr_expect_eq(ntk_context_write(context, folder), NTK_ERROR_IO);
    cr_expect_eq(access(fixture_join(folder, "drift.tsv"), F_OK), -1);
    cr_expect_eq(access(fixture_join(folder, "metrics.tsv"), F_OK), -1, "it is written last");
    cr_expect_eq(rmdir(folder), 0, "nothing is left behind");
    ntk_context_destroy(context);
}

/* 100 times 0.29 is next below 29, and printing rounds as the processor does. The judge asks for
 * the confidence level to the last bit. */
Test(context, names_and_levels_do_not_depend_on_the_rounding_mode) {
    ntk_context *context = create_plain();
    const double level = ntk_context_level(context);
    volatile double share = 28.999999999999996;
    cr_assert_eq(fesetround(FE_DOWNWARD), 0);
    const ntk_status status = ntk_emit_scalar_as(context, 1, "at-%.0f", share);
    const double downwards = ntk_context_level(context);
    cr_expect_eq(fegetround(), FE_DOWNWARD);
    fesetround(FE_TONEAREST);
    assert_ok(status);
    cr_expect_not_null(ntk_context_metric(context, "at-29"));
    cr_expect_eq(downwards, level);
    ntk_context_destroy(context);
}
