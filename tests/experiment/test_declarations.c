/* Declared metrics: which names a declaration stands for, and that nothing else is emitted, or
 * less. */
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/lab/context.h>
#include <ntk/lab/experiment.h>

#include "experiment/support.h"
#include "fixture.h"

static const ntk_parameter parameters[] = {
    NTK_NETWORKS("networks", "relu erf-2-k3", NULL, "by name"),
    NTK_INTEGERS("widths", "64, 256", 1, 1e6, "hidden widths"),
    NTK_REALS("thresholds", "0.1 0.25 1", 0, 10, "relative drifts"),
    NTK_CHOICE("loss", "logistic", "logistic|squared", "of a flow"),
    {0},
};

static ntk_context *context;

static void make(const ntk_metric_declaration *first, const ntk_metric_declaration *second,
                 const ntk_setting *settings, size_t count) {
    static ntk_experiment experiment;
    experiment = (ntk_experiment){.parameters = {parameters}, .metrics = {first, second}};
    assert_ok(ntk_context_create("a/b", &experiment, settings, count, 5, "data", &context));
}

static void destroy(void) { ntk_context_destroy(context); }

TestSuite(declarations, .fini = destroy);

/* The names, each followed by a blank. */
static void expect_names(const char *wanted) {
    char text[1024] = "", **names;
    size_t count;
    assert_ok(ntk_experiment_metrics(context, &names, &count));
    for (size_t i = 0; i < count; i++) strcat(strcat(text, names[i]), " ");
    cr_expect_str_eq(text, wanted);
    ntk_texts_release(names, count);
}

/* ---- names ----------------------------------------------------------------------------------- */

Test(declarations, braces_stand_for_alternatives_and_for_parameters_in_effect) {
    static const ntk_metric_declaration study[] = {
        NTK_METRIC("left", "a number"),
        NTK_METRIC("rate-{networks}", "by network"),
        {0},
    };
    static const ntk_metric_declaration own[] = {
        NTK_METRIC("{a,b}-{widths}{,-at-seed}", "several braces, the last fastest"),
        NTK_METRIC("gamma-{thresholds%}-{loss}", "percent, and what is no list"),
        {0},
    };
    make(study, own, NULL, 0);
    expect_names("left rate-relu rate-erf-2-k3 a-64 a-64-at-seed a-256 a-256-at-seed b-64 b-64-at-seed "
                 "b-256 b-256-at-seed gamma-10-logistic gamma-25-logistic gamma-100-logistic ");
    destroy();
    const ntk_setting other[] = {{"networks", "gelu-l2-k3", 0}, {"widths", "8", 0}, {"thresholds", "0.5", 0}};
    make(study, own, other, 3);
    expect_names("left rate-gelu-k3-l2 a-8 a-8-at-seed b-8 b-8-at-seed gamma-50-logistic ");
}

Test(declarations, nothing_is_declared_by_no_table) {
    make(NULL, NULL, NULL, 0);
    expect_names("");
}

/* Words in the order of the braces. */
static bool is_wanted(const ntk_context *asked, const char *const *words) {
    cr_assert_null(words[2]);
    if (strcmp(words[0], "b") == 0) return ntk_context_is(asked, "loss", "squared");
    return strcmp(words[1], "256") == 0;
}

Test(declarations, a_condition_knows_the_words_and_the_settings) {
    static const ntk_metric_declaration table[] = {
        NTK_METRIC_WHEN("{a,b}-{widths}", "some of them", is_wanted),
        {0},
    };
    const ntk_setting squared = {"loss", "squared", 0};
    make(table, NULL, NULL, 0);
    expect_names("a-256 ");
    destroy();
    make(table, NULL, &squared, 1);
    expect_names("a-256 b-64 b-256 ");
}

Test(declarations, malformed_ones_are_told) {
    static const struct {
        const char *name, *message;
    } cases[] = {
        {"rate-{depths}", "the declared metric 'rate-{depths}': braces hold a parameter, or alternatives"},
        {"rate-{networks", "a brace has no counterpart"},
        {"Rate", "its names should have lower-case"},
        {"rate-{thresholds}", "its names should have lower-case"},
        {"a{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", "too many braces"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const ntk_metric_declaration table[] = {NTK_METRIC(cases[i].name, "wrong"), {0}};
        char **names;
        size_t count;
        make(table, NULL, NULL, 0);
        assert_fails(ntk_experiment_metrics(context, &names, &count), NTK_ERROR_ARGUMENT, cases[i].message);
        cr_expect(names == NULL && count == 0);
        destroy();
    }
    make(NULL, NULL, NULL, 0);
}

/* ---- whether they were kept ------------------------------------------------------------------ */

/* Known only when the experiment has run. */
static bool has_exited(const ntk_context *asked, const char *const *words) {
    const ntk_metric *exited = ntk_context_metric(asked, "exited-%s", words[0]);
    return exited == NULL || exited->estimate.value == 1;
}

static const ntk_metric_declaration exits[] = {
    NTK_METRIC("exited-{widths}", "part of the runs"),
    NTK_METRIC_WHEN("slope-{widths}", "if all did", has_exited),
    {0},
};

Test(declarations, the_first_metric_is_looked_at_too) {
    make(NULL, NULL, NULL, 0);
    assert_ok(ntk_experiment_check_metrics(context));
    assert_ok(ntk_emit_scalar(context, "surprise", 1));
    assert_fails(ntk_experiment_check_metrics(context), NTK_ERROR_ARGUMENT,
                 "metric 'surprise' was emitted and is not declared");
}

Test(declarations, what_is_declared_is_emitted_and_nothing_else) {
    make(exits, NULL, NULL, 0);
    expect_names("exited-64 exited-256 slope-64 slope-256 "); /* these can be */
    assert_ok(ntk_emit_scalar(context, "exited-64", 1));
    assert_fails(ntk_experiment_check_metrics(context), NTK_ERROR_ARGUMENT,
                 "metric 'exited-256' is declared and was not emitted");
    assert_ok(ntk_emit_scalar(context, "exited-256", 0.5));
    assert_fails(ntk_experiment_check_metrics(context), NTK_ERROR_ARGUMENT,
                 "metric 'slope-64' is declared and was not emitted");
    assert_ok(ntk_emit_scalar(context, "slope-64", 2));
    assert_ok(ntk_experiment_check_metrics(context));
    assert_ok(ntk_emit_scalar(context, "slope-256", 2));
    assert_fails(ntk_experiment_check_metrics(context), NTK_ERROR_ARGUMENT,
                 "metric 'slope-256' was emitted and is not declared");
}
