/* claim.yaml: the documented example is read as documented, and every fault is told with its
 * line. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "claim/claim.h"
#include "fixture.h"

TestSuite(claim_read, .fini = fixture_remove);

static const ntk_parameter parameters[] = {
    NTK_INTEGERS("widths", "64 256", 1, 1e6, "hidden widths"),
    NTK_INTEGER("seeds", 8, 2, 1000, "networks per width"),
    NTK_INTEGER("points", 8, 2, 1000, "training points"),
    NTK_INTEGER("inputs", 10, 2, 1000, "input dimension"),
    NTK_REAL("lambda", 0.7, 0, 1e3, "strength of the regulariser"),
    {0},
};
/* Those of the documented example, and those of the claims below. */
static const ntk_metric_declaration documented[] = {
    NTK_METRIC("{displacement-ratio,loss-at-end}-{erf,relu}", "of two networks"),
    NTK_METRIC("drift-exponent", "an estimate"),
    {0},
};

static bool has_lambda(const ntk_context *context, const char *const *words) {
    (void)words;
    return ntk_context_real(context, "lambda") > 0.5;
}

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("{a,b,x,y}", "numbers"),
    NTK_METRIC("{r,m,x}-{x,y,1,2,3}", "more of them"),
    NTK_METRIC("m-{p,q-s,r-s}", "the last ones"),
    NTK_METRIC("at-{widths}", "of each width"),
    NTK_METRIC_WHEN("under-l2", "of a regulariser that does something", has_lambda),
    {0},
};
static const ntk_experiment experiment = {.parameters = {parameters}, .metrics = {documented, metrics}};

/* ---- the documented example ------------------------------------------------------------------ */

/* The first fenced block of YAML in the documentation. */
static char *documented_example(void) {
    char *page = fixture_read("docs/claim-format.md");
    char *start = strstr(page, "```yaml\n");
    cr_assert_not_null(start);
    start += strlen("```yaml\n");
    *strstr(start, "```") = '\0';
    memmove(page, start, strlen(start) + 1);
    return page;
}

static ntk_status read_text(const char *text, ntk_claim *claim) {
    const char *root = fixture_folder();
    fixture_write(root, "lazy-classification/l2-bounded/claim.yaml", text);
    return ntk_claim_read(fixture_join(root, "lazy-classification/l2-bounded"), &experiment, claim);
}

Test(claim_read, the_documented_example_is_read_as_documented) {
    char *text = documented_example();
    ntk_claim claim;
    assert_ok(read_text(text, &claim));
    cr_expect_str_eq(claim.id, "lazy-classification/l2-bounded");
    cr_expect_eq(claim.revision, 1);
    cr_expect_eq(claim.statement[strlen(claim.statement) - 1], '.', "folded text ends without a line break");
    cr_assert_eq(claim.hypothesis_count, 2);
    cr_expect_str_eq(claim.paper, "plenk-2026");
    cr_expect_str_eq(claim.result, "boundedness under L2");
    cr_expect(claim.time_limit[NTK_TIER_QUICK] == 600 && claim.time_limit[NTK_TIER_FULL] == 900);
    cr_expect_eq(claim.memory_limit, 4096);
    cr_expect_null(claim.no_control);

    cr_expect_eq(claim.wording, NTK_WORDING_RECONSTRUCTED);

    cr_assert_eq(claim.common_count, 1);
    cr_expect_str_eq(claim.common[0].name, "lambda");
    cr_assert_eq(claim.setting_count[NTK_TIER_FULL], 2);
    cr_expect_str_eq(claim.settings[NTK_TIER_FULL][0].name, "widths");
    cr_expect_str_eq(claim.settings[NTK_TIER_FULL][0].value, "64 256 1024");
    cr_expect_eq(claim.settings[NTK_TIER_FULL][0].line, 15);

    cr_assert_eq(claim.check_count, 5);
    cr_expect_str_eq(claim.checks[0].name, "displacement-ratio-erf");
    cr_expect_str_eq(claim.checks[0].metric, "displacement-ratio-erf");
    cr_expect_eq(claim.checks[0].kind, NTK_CHECK_AT_MOST);
    cr_expect_eq(claim.checks[0].bound, 1.0000001);
    cr_expect(isnan(claim.checks[0].bound_high) && isnan(claim.checks[0].margin));
    cr_expect_str_eq(claim.checks[1].name, "displacement-ratio-relu");
    cr_expect_str_eq(claim.checks[1].why, claim.checks[0].why);
    cr_expect(claim.checks[2].bound == -0.5 && claim.checks[2].margin == 0.05);
    cr_expect(!claim.checks[2].trend && claim.checks[3].trend);
    cr_expect(claim.checks[3].bound == 0.01 && claim.checks[3].bound_high == 0.7);
    cr_expect_str_eq(claim.checks[4].name, "final-loss-relu");
    cr_expect_str_eq(claim.checks[4].metric, "loss-at-end-relu");

    cr_assert_eq(claim.control_count, 1);
    cr_assert_eq(claim.controls[0].break_count, 2);
    cr_expect_str_eq(claim.controls[0].breaks[1], "displacement-ratio-relu");
    cr_expect_str_eq(claim.controls[0].settings[0].value, "0");

    cr_assert_eq(claim.regression_count, 4);
    cr_expect_str_eq(claim.regressions[1].metric, "displacement-ratio-relu");
    cr_expect(claim.regressions[1].depends_on_seed && claim.regressions[1].tolerance == 1e-6);
    cr_expect_eq(claim.regressions[2].kind, NTK_TOLERANCE_STATISTICAL);
    cr_expect_str_eq(claim.regressions[3].why, "between machines nothing but rounding differs");
    ntk_claim_release(&claim);
}

Test(claim_read, settings_of_both_tiers_reach_each_before_its_own) {
    ntk_claim claim;
    ntk_context *context = NULL;
    assert_ok(read_text(documented_example(), &claim));
    assert_ok(ntk_claim_context(&claim, NTK_TIER_FULL, (ntk_variant){0}, NULL, 0, 5, "data", &context));
    cr_expect(ntk_context_real(context, "lambda") == 0.1 && ntk_context_integer(context, "seeds") == 16);
    ntk_context_destroy(context);
    const ntk_variant control = {&claim.controls[0], false}, twin = {&claim.controls[0], true};
    assert_ok(ntk_claim_context(&claim, NTK_TIER_QUICK, control, NULL, 0, 5, "data", &context));
    cr_expect(ntk_context_real(context, "lambda") == 0 && ntk_context_integer(context, "seeds") == 3);
    ntk_context_destroy(context);
    assert_ok(ntk_claim_context(&claim, NTK_TIER_QUICK, twin, NULL, 0, 5, "data", &context));
    cr_expect(ntk_context_real(context, "lambda") == 0.1 && ntk_context_integer(context, "seeds") == 3,
              "the control's settings with the hypothesis put back");
    ntk_context_destroy(context);
    ntk_claim_release(&claim);
}

/* What one setting removes is put back by leaving it out. */
Test(claim_read, a_control_of_one_setting_has_the_claim_for_its_twin) {
    ntk_claim claim;
    ntk_context *context = NULL;
    assert_ok(read_text(documented_example(), &claim));
    ntk_control plain = claim.controls[0];
    plain.restore_count = 0;
    assert_ok(
        ntk_claim_context(&claim, NTK_TIER_QUICK, (ntk_variant){&plain, true}, NULL, 0, 5, "data", &context));
    cr_expect(ntk_context_real(context, "lambda") == 0.1 && ntk_context_integer(context, "seeds") == 8);
    ntk_context_destroy(context);
    ntk_claim_release(&claim);
}

/* ---- faults ---------------------------------------------------------------------------------- */

/* A minimal claim, line by line. */
static const char *const lines[] = {
    [1] = "id: lazy-classification/l2-bounded",
    [2] = "revision: 1",
    [3] = "title: t",
    [4] = "statement: s",
    [5] = "hypotheses: [h]",
    [6] = "source: {paper: p, result: r, wording: ours}",
    [7] = "parameters:",
    [8] = "  quick: {seeds: 4}",
    [9] = "  full: {}",
    [10] = "resources: {quick-seconds: 1, full-seconds: 2, megabytes: 3}",
    [11] = "checks:",
    [12] = "  - {a: at-most 1, metric: x, why: w}",
    [13] = "  - {b: equivalent 1 +- 0.1, why: w}",
    [14] = "controls:",
    [15] = "  - {name: c, removes: h, set: {lambda: 0}, breaks: a, why: w}",
    [16] = "regression:",
    [17] = "  - {x: rel 1e-9, depends-on-seed: false}",
    [18] = "figure: c",
    [19] = "limits: l",
};
enum { LINE_COUNT = sizeof lines / sizeof *lines };

/* The minimal claim with one line replaced (0: none). */
static ntk_status read_with(size_t line, const char *text, ntk_claim *claim) {
    char content[4096] = "";
    for (size_t i = 1; i < LINE_COUNT; i++) {
        strcat(content, i == line ? text : lines[i]);
        strcat(content, "\n");
    }
    return read_text(content, claim);
}

static void expect_fault(size_t line, const char *text, size_t told_line, const char *message) {
    ntk_claim claim;
    char wanted[64];
    snprintf(wanted, sizeof wanted, "/claim.yaml:%zu: ", told_line);
    assert_fails(read_with(line, text, &claim), NTK_ERROR_FORMAT, message);
    assert_says(wanted);
    cr_expect(claim.checks == NULL && claim.folder == NULL, "nothing is left behind");
}

Test(claim_read, the_minimal_claim_is_read) {
    ntk_claim claim;
    assert_ok(read_with(0, "", &claim));
    cr_expect_eq(claim.setting_count[NTK_TIER_FULL], 0);
    cr_expect_eq(claim.wording, NTK_WORDING_OURS);
    cr_expect(claim.checks[1].bound == 1 && claim.checks[1].margin == 0.1, "+- is as good as ±");
    cr_expect_not(claim.regressions[0].depends_on_seed);
    ntk_claim_release(&claim);
    assert_ok(
        read_with(15, "  - {name: c, removes: h, set: {widths: [1, 2]}, breaks: [a, b], why: w}", &claim));
    cr_expect_str_eq(claim.controls[0].settings[0].value, "1 2");
    cr_expect_eq(claim.controls[0].break_count, 2);
    ntk_claim_release(&claim);
}

Test(claim_read, what_nearly_always_holds_need_not_be_said) {
    ntk_claim claim;
    char content[2048] = "parameters: {}\n";
    for (size_t i = 1; i < LINE_COUNT; i++)
        if (i < 7 || i > 10) strcat(strcat(content, lines[i]), "\n");
    assert_ok(read_text(content, &claim));
    cr_expect(claim.setting_count[NTK_TIER_QUICK] == 0 && claim.common_count == 0);
    cr_expect(claim.time_limit[NTK_TIER_QUICK] == 600 && claim.time_limit[NTK_TIER_FULL] == 3600);
    cr_expect_eq(claim.memory_limit, 4096);
    ntk_claim_release(&claim);
    assert_ok(read_with(10, "resources: {megabytes: 64}", &claim));
    cr_expect(claim.memory_limit == 64 && claim.time_limit[NTK_TIER_QUICK] == 600);
    ntk_claim_release(&claim);
}

/* It stands on the full tier, and does not have to be there. */
Test(claim_read, a_large_tier_says_what_it_changes) {
    ntk_claim claim;
    ntk_context *context;
    size_t count;
    assert_ok(read_with(9, "  full: {widths: [64, 512], seeds: 5}\n  large: {widths: [4096]}", &claim));
    cr_expect(ntk_claim_has_tier(&claim, NTK_TIER_LARGE));
    assert_ok(ntk_claim_context(&claim, NTK_TIER_LARGE, (ntk_variant){0}, NULL, 0, 0, "", &context));
    cr_expect(ntk_context_integers(context, "widths", &count)[0] == 4096 && count == 1);
    cr_expect_eq(ntk_context_integer(context, "seeds"), 5);
    ntk_context_destroy(context);
    assert_ok(ntk_claim_context(&claim, NTK_TIER_FULL, (ntk_variant){0}, NULL, 0, 0, "", &context));
    cr_expect(ntk_context_integers(context, "widths", &count)[1] == 512 && count == 2);
    ntk_context_destroy(context);
    cr_expect_eq(ntk_claim_memory(&claim, NTK_TIER_LARGE), 65536);
    ntk_claim_release(&claim);
    assert_ok(read_with(9, "  full: {widths: [64, 512]}", &claim));
    cr_expect_not(ntk_claim_has_tier(&claim, NTK_TIER_LARGE));
    cr_expect_eq(ntk_claim_context(&claim, NTK_TIER_LARGE, (ntk_variant){0}, NULL, 0, 0, "", &context),
                 NTK_ERROR_NOT_FOUND);
    ntk_claim_release(&claim);
}

Test(claim_read, data_of_a_users_own) {
    ntk_claim claim;
    assert_ok(read_with(
        10, "data: {takes: [points, labels], requires: unit-norm, set: {lambda: 1}, count: seeds}", &claim));
    cr_expect(claim.data.points && claim.data.labels && claim.data.unit_norm && !claim.data.distinct);
    cr_expect_eq(claim.data.setting_count, 1);
    cr_expect_str_eq(claim.data.settings[0].value, "1");
    cr_expect_str_eq(claim.data.count, "seeds");
    cr_expect_null(claim.data.inputs);
    ntk_claim_release(&claim);
    expect_fault(10, "data: {requires: distinct}", 10,
                 "data lacks the key 'takes' (points, or [points, labels])");
    expect_fault(10, "data: {takes: labels}", 10, "'takes' is 'labels' and should be points");
    expect_fault(10, "data: {takes: points, requires: [distinct, unit]}", 10,
                 "'requires' is 'unit' and should be a list of distinct and unit-norm");
    expect_fault(10, "data: {takes: points, count: seed}", 10,
                 "'count' is 'seed', which is no parameter of the experiment");
    expect_fault(10, "data: {takes: points, set: {lambda: x}}", 10, "lambda");
}

Test(claim_read, keys_unknown_repeated_and_missing) {
    expect_fault(3, "title: t\ntitel: t", 4,
                 "unknown key 'titel' in a claim: allowed are id, revision, title");
    expect_fault(3, "title: t\ntitle: t", 4, "key 'title' is given twice (first on line 3)");
    expect_fault(3, "", 1, "a claim lacks the key 'title' (text)");
    expect_fault(6, "source: {paper: p, wording: ours}", 6, "source lacks the key 'result'");
    expect_fault(6, "source: {paper: p, result: r}", 6,
                 "lacks the key 'wording' (restated, reconstructed or ours)");
    expect_fault(8, "  fast: {seeds: 4}", 8,
                 "unknown key 'fast' in parameters: allowed are both, quick, full, large");
    expect_fault(
        10, "resources: {seconds: 2}", 10,
        "unknown key 'seconds' in resources: allowed are quick-seconds, full-seconds, large-seconds, "
        "large-megabytes, megabytes");
    expect_fault(15, "  - {name: c, removes: h, set: {lambda: 0}, breaks: a}", 15,
                 "a control lacks the key 'why'");
    expect_fault(8, "  quick: {seeds: 4, seeds: 5}", 8, "key 'seeds' is given twice");
    expect_fault(3, "title: t\n[a]: t", 4, "a key should be a word");
}

Test(claim_read, values_of_the_wrong_type) {
    expect_fault(2, "revision: 0", 2, "'revision' is '0' and should be a whole number from 1");
    expect_fault(2, "revision: 1.5", 2, "should be a whole number");
    expect_fault(3, "title:", 3, "'title' should be text, and not empty");
    expect_fault(3, "title: ~", 3, "'title' should be text");
    expect_fault(3, "title: '  '", 3, "'title' should be text");
    expect_fault(3, "title: [t]", 3, "'title' should be text");
    expect_fault(3, "title: !special t", 3, "'title' should be text");
    expect_fault(3, "title: \"a\\0b\"", 3, "'title' should be text");
    expect_fault(5, "hypotheses: h", 5, "'hypotheses' should be a list of texts, and not empty");
    expect_fault(5, "hypotheses: []", 5, "'hypotheses' should be a list of texts, and not empty");
    expect_fault(5, "hypotheses:\n  - h\n  -", 7, "'hypotheses' should be a list of texts");
    expect_fault(6, "source: p", 6, "source should be a mapping with the keys paper, result, wording");
    expect_fault(6, "source: {paper: Some Paper, result: r, wording: ours}", 6,
                 "'paper' is 'Some Paper' and should be a name");
    expect_fault(6, "source: {paper: p, result: r, wording: cited}", 6,
                 "'wording' is 'cited' and should be restated, reconstructed or ours");
    expect_fault(10, "resources: {quick-seconds: 0}", 10,
                 "'quick-seconds' is '0' and should be a positive number");
    expect_fault(15, "  - {name: c, removes: h, set: {lambda: 0}, breaks: [], why: w}", 15,
                 "'breaks' should be a pattern of checks' names, or a list of them");
    expect_fault(15, "  - {name: c, removes: h, set: {lambda: 0}, breaks: [[a]], why: w}", 15,
                 "'breaks' should be a pattern");
    expect_fault(15, "  - {name: c, removes: h, set: {}, breaks: a, why: w}", 15, "'set' is empty");
    expect_fault(18, "figure: {caption: c}", 18, "'figure' should be the caption, and not empty");
}

Test(claim_read, entries_that_are_none) {
    expect_fault(11, "checks: []\nunread:", 11,
                 "'checks' should be a list, '- names: at-most 1', and not empty");
    expect_fault(11, "checks: {}\nunread:", 11,
                 "'checks' should be a list, '- names: at-most 1', and not empty");
    expect_fault(12, "  - a", 12, "a check should be a mapping");
    expect_fault(12, "  - {why: w}", 12, "a check says what it judges and how, 'names: at-most 1'");
    expect_fault(12, "  - {a: at-most 1}", 12, "a check lacks the key 'why' (text)");
    expect_fault(12, "  - {a: at-most 1, a: at-most 2, why: w}", 12, "key 'a' is given twice");
    expect_fault(12, "  - {a: [at-most, 1], why: w}", 12, "'a' is no key here, and no judgement in one line");
    expect_fault(12, "  - a: at-most 1\n    wyh: some reason\n    why: w", 13,
                 "checks: 'some' is no kind of check: allowed are certified, at-most, at-least, between");
    expect_fault(12, "  - {a: at-most 1, trend: 1, why: w}", 12,
                 "'trend' is '1' and should be true or false");
    expect_fault(12, "  - {a: certified 1, trend: true, why: w}", 12,
                 "checks: what is certified is no trend");
    expect_fault(17, "  - {depends-on-seed: true}", 17,
                 "a regression entry says what it judges and how, 'metrics: abs 1e-9'");
    expect_fault(17, "  - {x: abs 1e-9, depends-on-seed: no}", 17,
                 "'depends-on-seed' is 'no' and should be true or false");
    expect_fault(17, "  - {x: abs 1e-9, trend: true}", 17, "regression: 'true' is no kind of tolerance");
}

Test(claim_read, judgements_that_are_none) {
    static const struct {
        const char *judgement, *message;
    } cases[] = {
        {"below 1", "'below' is no kind of check: allowed are certified, at-most, at-least, between"},
        {"at-most", "'at-most' needs one bound, 'at-most 1'"},
        {"at-most 1 2", "'at-most' needs one bound, 'at-most 1'"},
        {"certified 1 \u00b1 2", "'certified' needs one bound, 'certified 1'"},
        {"rate-at-most x", "'x' of 'rate-at-most' should be a finite number"},
        {"between 1", "'between' needs two bounds, the lower first, 'between 0.9 1.1'"},
        {"between 1 2 3", "'between' needs two bounds"},
        {"between 1 0", "the lower bound of 'between' comes first, 'between 0.9 1.1'"},
        {"between 1 1", "the lower bound of 'between' comes first"},
        {"between 0 .inf", "'.inf' of 'between' should be a finite number"},
        {"equivalent 1", "'equivalent' needs a bound and a margin, 'equivalent -0.5 \u00b1 0.05'"},
        {"equivalent 1 0.1", "'equivalent' needs a bound and a margin"},
        {"equivalent 1 - 0.1", "'equivalent' needs a bound and a margin"},
        {"equivalent 1 \u00b1 0.1 1", "'equivalent' needs a bound and a margin"},
        {"equivalent 1 \u00b1 0", "the margin of 'equivalent' is '0' and should be positive"},
        {"equivalent 1 \u00b1 -1", "should be positive"},
        {"identity -1", "the bound of 'identity' is '-1' and should not be negative"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[128];
        snprintf(line, sizeof line, "  - {a: %s, why: w}", cases[i].judgement);
        expect_fault(12, line, 12, cases[i].message);
        assert_says("claim.yaml:12: checks: ");
    }
    char far[256];
    snprintf(far, sizeof far, "  - a: at-most 1%130s2\n    why: w", "");
    expect_fault(12, far, 12, "'at-most' needs one bound");
}

Test(claim_read, tolerances_that_are_none) {
    static const struct {
        const char *judgement, *message;
    } cases[] = {
        {"near 1", "'near' is no kind of tolerance: allowed are exact, ulp, rel, abs, statistical"},
        {"rel", "'rel' needs a tolerance from 0 to 0.5, 'rel 1e-9'"},
        {"rel 0.6", "'rel' needs a tolerance from 0 to 0.5"},
        {"abs -1", "'abs' needs a tolerance that is not negative, 'abs 1e-9'"},
        {"abs 1 2", "'abs' needs a tolerance that is not negative"},
        {"ulp -1", "'ulp' needs a tolerance from 0 to 2^52, 'ulp 4'"},
        {"exact 0", "'exact' takes no tolerance"},
        {"statistical 0.5", "'statistical' needs a factor on the intervals' widths from 1, 'statistical 1'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[128];
        snprintf(line, sizeof line, "  - {x: %s, why: w}", cases[i].judgement);
        expect_fault(17, line, 17, cases[i].message);
        assert_says("claim.yaml:17: regression: ");
    }
    expect_fault(17, "  - {x: statistical 1, depends-on-seed: false, why: w}", 17,
                 "'statistical' is for what depends on the seed");
}

Test(claim_read, a_tolerance_beyond_rounding_has_its_reason) {
    static const char *const bad[] = {"rel 1.1e-9", "abs 1e-8", "ulp 1001", "statistical 1"};
    static const char *const good[] = {"rel 1e-9", "abs 1e-9", "ulp 1000", "exact"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ntk_claim claim;
        char line[128];
        snprintf(line, sizeof line, "  - {x: %s}", bad[i]);
        expect_fault(17, line, 17, "lacks a why: without one only rounding is allowed");
        snprintf(line, sizeof line, "  - {x: %s}", good[i]);
        assert_ok(read_with(17, line, &claim));
        ntk_claim_release(&claim);
    }
}

Test(claim_read, numbers_that_are_not_finite) {
    static const char *const bad[] = {".nan",  ".inf", "-.inf", "nan", "inf",
                                      "1e999", "0x1",  "1_0",   "one", "\u22121"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char line[128];
        snprintf(line, sizeof line, "  - {a: at-most %s, why: w}", bad[i]);
        expect_fault(12, line, 12, "should be a finite number");
        snprintf(line, sizeof line, "  - {x: abs %s, why: w}", bad[i]);
        expect_fault(17, line, 17, "should be a finite number");
    }
}

/* ---- patterns -------------------------------------------------------------------------------- */

Test(claim_read, one_entry_stands_for_several_checks) {
    ntk_claim claim;
    assert_ok(read_with(12, "  - a: at-most 1\n    r-{x,y}: at-least 2\n    why: w", &claim));
    cr_assert_eq(claim.check_count, 4);
    cr_expect_str_eq(claim.checks[0].name, "a");
    cr_expect_str_eq(claim.checks[2].name, "r-y");
    cr_expect(claim.checks[2].kind == NTK_CHECK_AT_LEAST && claim.checks[2].bound == 2);
    cr_expect_str_eq(claim.checks[2].why, "w");
    ntk_claim_release(&claim);
    assert_ok(read_with(12, "  - a{,-{x,y}}: at-most 1\n    metric: m-{p,{q,r}-s}\n    why: w", &claim));
    cr_expect_str_eq(claim.checks[0].metric, "m-p");
    cr_expect_str_eq(claim.checks[2].metric, "m-r-s");
    ntk_claim_release(&claim);
    assert_ok(read_with(17, "  - x-{1..3}: abs 1e-9\n    y: exact", &claim));
    cr_assert_eq(claim.regression_count, 4);
    cr_expect_str_eq(claim.regressions[2].metric, "x-3");
    ntk_claim_release(&claim);
}

Test(claim_read, patterns_that_do_not_fit) {
    expect_fault(12, "  - a-{x,y: at-most 1\n    why: w", 12,
                 "checks: 'a-{x,y': a brace without its counterpart");
    expect_fault(12, "  - a-{x}: at-most 1\n    why: w", 12, "checks: 'a-{x}': braces hold alternatives");
    expect_fault(12, "  - a-{2..1}: at-most 1\n    why: w", 12, "the range {2..1} is empty");
    expect_fault(12, "  - {a b: at-most 1, why: w}", 12, "checks: 'a b' gives 'a b', and a name has");
    expect_fault(12, "  - a-{x,y}: at-most 1\n    metric: m-{x,y,z}\n    why: w", 12,
                 "checks: 'metric' stands for 3 names and the check for 2");
    expect_fault(12, "  - a-x: at-most 1\n    a-y: at-most 1\n    metric: m\n    why: w", 12,
                 "checks: 'metric' goes with one line of names, and here are 2");
    expect_fault(17, "  - x-{y,Z}: exact", 17, "regression: 'x-{y,Z}' gives 'x-Z'");
    expect_fault(15, "  - name: c\n    removes: h\n    set: {lambda: 0}\n    why: w\n    breaks: a-{x", 19,
                 "breaks: 'a-{x': a brace without its counterpart");
}

Test(claim_read, settings_are_checked_against_the_experiment) {
    expect_fault(8, "  quick: {depth: 4}", 8,
                 "unknown parameter 'depth': allowed are widths, seeds, points, inputs, lambda");
    expect_fault(8, "  quick:\n    widths: [64]\n    seeds: 1", 10,
                 "'1' should be a whole number from 2 to 1000");
    expect_fault(9, "  full: {widths: []}", 9, "should be a list of whole numbers");
    expect_fault(9, "  full: {widths: [[1]]}", 9, "should be a list of single values");
    expect_fault(9, "  full: {lambda: .nan}", 9, "'.nan' should be a number from 0 to 1000");
    expect_fault(9, "  full: {lambda: {a: 1}}", 9, "should be a single value or a list");
    expect_fault(9, "  full: [64]", 9, "'full' should be a mapping");
    expect_fault(8, "  both: {seeds: 4}\n  quick: {lambda: 1, seeds: 5}", 9,
                 "'seeds' is set for both tiers already (on line 8)");
    expect_fault(8, "  quick: {}\n  both: {depth: 4}", 9, "unknown parameter 'depth'");
    expect_fault(15, "  - {name: c, removes: h, set: {lambda: -1}, breaks: a, why: w}", 15,
                 "'-1' should be a number from 0 to 1000");
}

Test(claim_read, metrics_are_checked_against_the_experiment) {
    ntk_claim claim;
    assert_ok(read_with(12, "  - {a: at-most 1, metric: at-256, why: w}", &claim));
    ntk_claim_release(&claim);
    assert_ok(read_with(19, "limits: l\nmeasured: 'it is {at-64}, or {under-l2}'", &claim));
    ntk_claim_release(&claim);
    expect_fault(12, "  - {a: at-most 1, metric: xx, why: w}", 12,
                 "check 'a': the experiment does not emit 'xx' in the quick tier; did you mean 'x'?");
    expect_fault(12, "  - {a: at-most 1, metric: quite-another-number, why: w}", 12, "in the quick tier");
    cr_expect_null(strstr(ntk_error_detail(), "mean"), "nothing is near: %s", ntk_error_detail());
    expect_fault(17, "  - {a: exact}\n  - {at-128: exact}", 18,
                 "stored result 'at-128': the experiment does not emit 'at-128' in the quick tier");
    expect_fault(19, "measured: 'it is {a} or {at-6}'\nlimits: l", 19,
                 "measured 'at-6': the experiment does not emit 'at-6' in the quick tier");
    /* What one tier has, the other may lack; and a control the claim's own run. */
    expect_fault(9, "  full: {widths: [64, 512]}\nmeasured: '{at-256}'", 10,
                 "does not emit 'at-256' in the full tier; did you mean 'at-64'?");
    expect_fault(12, "  - {a: at-most 1, metric: under-l2, why: w}", 15,
                 "control 'c': the experiment does not emit 'under-l2' in the quick tier");
}

Test(claim_read, parts_that_do_not_fit_together) {
    expect_fault(1, "id: lazy-classification/other", 1, "should be 'lazy-classification/l2-bounded'");
    expect_fault(13, "  - {a: at-most 1, why: w}", 13, "checks: 'a' is given twice (first on line 12)");
    expect_fault(13, "  - b-{x,x}: at-most 1\n    why: w", 13,
                 "checks: 'b-x' is given twice (first on line 13)");
    expect_fault(15, "  - {name: c, removes: h, set: {lambda: 0, seeds: 2}, breaks: a, why: w}", 15,
                 "control 'c' sets 2 parameters: 'restores' says which of them remove the hypothesis");
    expect_fault(15, "  - {name: c, removes: h, set: {lambda: 0}, restores: {seeds: 2}, breaks: a, why: w}",
                 15, "'restores' has 'seeds', which 'set' has not");
    expect_fault(15, "  - {name: c, removes: h, set: {lambda: 0}, restores: {lambda: 0}, breaks: a, why: w}",
                 15, "'restores' leaves 'lambda' what 'set' makes it");
    expect_fault(15, "  - {name: c, removes: h, set: {lambda: 0}, restores: {}, breaks: a, why: w}", 15,
                 "'restores' is empty");
    expect_fault(15, "  - {name: c, removes: h, set: {lambda: 0}, restores: {lambda: x}, breaks: a, why: w}",
                 15, "lambda");
    expect_fault(15, "  - {name: c, removes: h, set: {lambda: 0}, breaks: [a, z], why: w}", 15,
                 "control 'c' breaks 'z', which is no check of this claim");
    expect_fault(15, "  - {name: c, removes: h, set: {lambda: 0}, breaks: [a, b, a], why: w}", 15,
                 "control 'c' breaks 'a' twice");
    expect_fault(15,
                 "  - {name: c, removes: h, set: {lambda: 0}, breaks: a, why: w}\n"
                 "  - {name: c, removes: h, set: {lambda: 1}, breaks: b, why: w}",
                 16, "control 'c' is given twice");
    expect_fault(17, "  - {x: exact}\n  - {x: exact}", 18,
                 "regression: 'x' is given twice (first on line 17)");
    expect_fault(19, "limits: l\nno-control: w", 1, "either 'controls' or 'no-control'");
}

Test(claim_read, a_claim_may_say_why_it_has_no_control) {
    ntk_claim claim;
    char content[2048] = "no-control: it is a definition\n";
    for (size_t i = 1; i < LINE_COUNT; i++)
        if (i != 14 && i != 15) strcat(strcat(content, lines[i]), "\n");
    assert_ok(read_text(content, &claim));
    cr_expect_eq(claim.control_count, 0);
    cr_expect_str_eq(claim.no_control, "it is a definition");
    ntk_claim_release(&claim);
}

Test(claim_read, what_is_no_claim_at_all) {
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", ":1: the file is empty"},
        {"# nothing\n", ":1: the file is empty"},
        {"- a\n", ":1: the file should be a mapping"},
        {"a: 1\n---\nb: 2\n", ":3: a second document"},
        {"title: t\nb: [1\n", ":3: did not find expected"},
        {"title: t\n\tb: 1\n", ":2: found a tab character"},
        {"title: t\nid: \xff\n", ":2: invalid leading UTF-8 octet"},
        {"title: *a\n", ":1: found undefined alias"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ntk_claim claim;
        assert_fails(read_text(cases[i].text, &claim), NTK_ERROR_FORMAT, cases[i].message);
    }
    ntk_claim claim;
    cr_expect_eq(ntk_claim_read("/tmp/there-is-no-such/claim", &experiment, &claim), NTK_ERROR_IO);
}
