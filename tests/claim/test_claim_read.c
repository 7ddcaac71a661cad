/* claim.yaml: the documented example is read as documented, and every fault is told with its line. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "claim/claim.h"
#include "fixture.h"

TestSuite(claim_read, .fini = fixture_remove);

static const ntk_parameter parameters[] = {
    {"widths", NTK_PARAMETER_INTEGER_LIST, "64 256", 1, 1e6, NULL, "hidden widths"},
    {"seeds", NTK_PARAMETER_INTEGER, "8", 2, 1000, NULL, "networks per width"},
    {"lambda", NTK_PARAMETER_REAL, "0.1", 0, 1e3, NULL, "strength of the regulariser"},
    {0}};
static const ntk_experiment experiment = {parameters, NULL};

/* ---- the documented example ---------------------------------------------------------------------------- */

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
    cr_expect_str_eq(claim.result, "Theorem 3");
    cr_expect(claim.time_limit[NTK_TIER_QUICK] == 60 && claim.time_limit[NTK_TIER_FULL] == 900);
    cr_expect_eq(claim.memory_limit, 4096);
    cr_expect_null(claim.no_control);

    cr_assert_eq(claim.setting_count[NTK_TIER_FULL], 2);
    cr_expect_str_eq(claim.settings[NTK_TIER_FULL][0].name, "widths");
    cr_expect_str_eq(claim.settings[NTK_TIER_FULL][0].value, "64 256 1024");
    cr_expect_eq(claim.settings[NTK_TIER_FULL][0].line, 13);

    cr_assert_eq(claim.check_count, 3);
    cr_expect_eq(claim.checks[0].kind, NTK_CHECK_AT_MOST);
    cr_expect_eq(claim.checks[0].bound, 1.0000001);
    cr_expect(isnan(claim.checks[0].bound_high) && isnan(claim.checks[0].margin));
    cr_expect_eq(claim.checks[1].margin, 0.05);
    cr_expect(claim.checks[2].bound == 0.01 && claim.checks[2].bound_high == 0.7);
    cr_assert_eq(claim.control_count, 1);
    cr_expect_str_eq(claim.controls[0].breaks[0], "bounded");
    cr_expect_str_eq(claim.controls[0].settings[0].value, "0");
    cr_assert_eq(claim.regression_count, 2);
    cr_expect(claim.regressions[0].depends_on_seed && claim.regressions[0].tolerance == 1e-6);
    cr_expect_eq(claim.regressions[1].kind, NTK_TOLERANCE_STATISTICAL);
    ntk_claim_release(&claim);
}

/* ---- faults -------------------------------------------------------------------------------------------- */

/* A minimal claim, line by line. */
static const char *const lines[] = {
    [1] = "id: lazy-classification/l2-bounded",
    [2] = "revision: 1",
    [3] = "title: t",
    [4] = "statement: s",
    [5] = "hypotheses: [h]",
    [6] = "source: {paper: p, result: r}",
    [7] = "parameters:",
    [8] = "  quick: {seeds: 4}",
    [9] = "  full: {}",
    [10] = "resources: {quick-seconds: 1, full-seconds: 2, megabytes: 3}",
    [11] = "checks:",
    [12] = "  - {name: a, metric: x, kind: at-most, bound: 1, why: w}",
    [13] = "  - {name: b, metric: y, kind: equivalent, bound: 1, margin: 0.1, why: w}",
    [14] = "controls:",
    [15] = "  - {name: c, removes: h, set: {lambda: 0}, breaks: [a], why: w}",
    [16] = "regression:",
    [17] = "  - {metric: x, depends-on-seed: false, kind: rel, tolerance: 1e-9, why: w}",
    [18] = "figure: {caption: c}",
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
    ntk_claim_release(&claim);
    assert_ok(
        read_with(15, "  - {name: c, removes: h, set: {widths: [1, 2]}, breaks: [a, b], why: w}", &claim));
    cr_expect_str_eq(claim.controls[0].settings[0].value, "1 2");
    ntk_claim_release(&claim);
}

Test(claim_read, keys_unknown_repeated_and_missing) {
    expect_fault(3, "title: t\ntitel: t", 4,
                 "unknown key 'titel' in a claim: allowed are id, revision, title");
    expect_fault(3, "title: t\ntitle: t", 4, "key 'title' is given twice (first on line 3)");
    expect_fault(3, "", 1, "a claim lacks the key 'title' (text)");
    expect_fault(12, "  - {name: a, metric: x, kind: at-most, bound: 1}", 12, "a check lacks the key 'why'");
    expect_fault(
        12, "  - {name: a, metric: x, kind: at-most, bounds: 1, why: w}", 12,
        "unknown key 'bounds' in a check: allowed are name, metric, kind, bound, margin, trend, why");
    expect_fault(12, "  - {name: a, name: b, metric: x, kind: at-most, bound: 1, why: w}", 12,
                 "key 'name' is given twice");
    expect_fault(6, "source: {paper: p}", 6, "source lacks the key 'result'");
    expect_fault(8, "  fast: {seeds: 4}", 8, "unknown key 'fast' in parameters: allowed are quick, full");
    expect_fault(10, "resources: {quick-seconds: 1, full-seconds: 2}", 10, "lacks the key 'megabytes'");
    expect_fault(17, "  - {metric: x, depends-on-seed: false, kind: rel, tolerance: 1e-9}", 17,
                 "a regression entry lacks the key 'why'");
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
    expect_fault(6, "source: p", 6, "source should be a mapping with the keys paper, result");
    expect_fault(6, "source: {paper: Some Paper, result: r}", 6,
                 "'paper' is 'Some Paper' and should be a name");
    expect_fault(10, "resources: {quick-seconds: 0, full-seconds: 2, megabytes: 3}", 10,
                 "'quick-seconds' is '0' and should be a positive number");
    expect_fault(12, "  - a", 12, "a check should be a mapping");
    expect_fault(12, "  - {name: a b, metric: x, kind: at-most, bound: 1, why: w}", 12, "'name' is 'a b'");
    expect_fault(12, "  - {name: a, metric: x, kind: below, bound: 1, why: w}", 12,
                 "'kind' is 'below' and should be one of certified, at-most, at-least, between");
    expect_fault(12, "  - {name: a, metric: x, kind: at-most, bound: 1, trend: 1, why: w}", 12,
                 "'trend' is '1' and should be true or false");
    expect_fault(12, "  - {name: a, metric: x, kind: certified, bound: 1, trend: true, why: w}", 12,
                 "check 'a': what is certified is no trend");
    expect_fault(15, "  - {name: c, removes: h, set: {lambda: 0}, breaks: [], why: w}", 15,
                 "'breaks' should be");
    expect_fault(15, "  - {name: c, removes: h, set: {}, breaks: [a], why: w}", 15, "'set' is empty");
    expect_fault(17, "  - {metric: x, depends-on-seed: no, kind: rel, tolerance: 1e-9, why: w}", 17,
                 "'depends-on-seed' is 'no' and should be true or false");
    expect_fault(17, "  - {metric: x, depends-on-seed: true, kind: near, tolerance: 1e-9, why: w}", 17,
                 "should be one of exact, ulp, rel, abs, statistical");
}

Test(claim_read, numbers_that_are_not_finite) {
    static const char *const bad[] = {".nan",  ".inf", "-.inf", "nan", "inf",
                                      "1e999", "0x1",  "1_0",   "one", "''"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char line[128];
        snprintf(line, sizeof line, "  - {name: a, metric: x, kind: at-most, bound: %s, why: w}", bad[i]);
        expect_fault(12, line, 12, "should be a finite number");
        snprintf(line, sizeof line,
                 "  - {metric: x, depends-on-seed: true, kind: abs, tolerance: %s, why: w}", bad[i]);
        expect_fault(17, line, 17, "should be a finite number");
    }
}

Test(claim_read, bounds_that_do_not_go_with_their_kind) {
    expect_fault(12, "  - {name: a, metric: x, kind: at-most, bound: [0, 1], why: w}", 12, "one number");
    expect_fault(12, "  - {name: a, metric: x, kind: between, bound: 1, why: w}", 12, "[low, high]");
    expect_fault(12, "  - {name: a, metric: x, kind: between, bound: [1, 0], why: w}", 12, "low < high");
    expect_fault(12, "  - {name: a, metric: x, kind: between, bound: [1, 2, 3], why: w}", 12, "[low, high]");
    expect_fault(12, "  - {name: a, metric: x, kind: between, bound: [0, .inf], why: w}", 12,
                 "a finite number");
    expect_fault(12, "  - {name: a, metric: x, kind: at-most, bound: 1, margin: 1, why: w}", 12, "no margin");
    expect_fault(13, "  - {name: b, metric: y, kind: equivalent, bound: 1, why: w}", 13, "takes a margin");
    expect_fault(13, "  - {name: b, metric: y, kind: equivalent, bound: 1, margin: 0, why: w}", 13,
                 "'margin' is '0' and should be a positive number");
    expect_fault(12, "  - {name: a, metric: x, kind: identity, bound: -1, why: w}", 12, "not negative");
}

Test(claim_read, tolerances_that_do_not_go_with_their_kind) {
    static const struct {
        const char *entry, *message;
    } cases[] = {
        {"kind: rel", "rel takes a tolerance from 0 to 0.5"},
        {"kind: rel, tolerance: 0.6", "rel takes a tolerance from 0 to 0.5"},
        {"kind: abs, tolerance: -1", "not negative"},
        {"kind: ulp, tolerance: -1", "from 0 to 2^52 ulp"},
        {"kind: exact, tolerance: 0", "exact takes no tolerance"},
        {"kind: statistical, tolerance: 0.5", "from 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[128];
        snprintf(line, sizeof line, "  - {metric: x, depends-on-seed: true, %s, why: w}", cases[i].entry);
        expect_fault(17, line, 17, cases[i].message);
    }
    expect_fault(17, "  - {metric: x, depends-on-seed: false, kind: statistical, tolerance: 1, why: w}", 17,
                 "statistical is for what depends on the seed");
}

Test(claim_read, settings_are_checked_against_the_experiment) {
    expect_fault(8, "  quick: {depth: 4}", 8, "unknown parameter 'depth': allowed are widths, seeds, lambda");
    expect_fault(8, "  quick:\n    widths: [64]\n    seeds: 1", 10,
                 "'1' should be a whole number from 2 to 1000");
    expect_fault(9, "  full: {widths: []}", 9, "should be a list of whole numbers");
    expect_fault(9, "  full: {widths: [[1]]}", 9, "should be a list of single values");
    expect_fault(9, "  full: {lambda: .nan}", 9, "'.nan' should be a number from 0 to 1000");
    expect_fault(9, "  full: {lambda: {a: 1}}", 9, "should be a single value or a list");
    expect_fault(9, "  full: [64]", 9, "'full' should be a mapping");
    expect_fault(15, "  - {name: c, removes: h, set: {lambda: -1}, breaks: [a], why: w}", 15,
                 "'-1' should be a number from 0 to 1000");
}

Test(claim_read, parts_that_do_not_fit_together) {
    expect_fault(1, "id: lazy-classification/other", 1, "should be 'lazy-classification/l2-bounded'");
    expect_fault(13, "  - {name: a, metric: y, kind: at-most, bound: 1, why: w}", 13,
                 "check 'a' is given twice");
    expect_fault(15, "  - {name: c, removes: h, set: {lambda: 0}, breaks: [a, z], why: w}", 15,
                 "control 'c' breaks 'z', which is no check of this claim");
    expect_fault(17,
                 "  - {metric: x, depends-on-seed: false, kind: exact, why: w}\n"
                 "  - {metric: x, depends-on-seed: false, kind: exact, why: w}",
                 18, "metric 'x' is given twice");
    expect_fault(19, "limits: l\nno-control: w", 1, "either 'controls' or 'no-control'");
    expect_fault(11, "checks: []\nunread:", 11, "'checks' should be a list of checks, and not empty");
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
