/* What a run says to machines: JUnit, GitHub, and files that are what their schemas say. */
#include "toy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <jansson.h>

TestSuite(ci, .init = toy_begin, .fini = toy_end, .timeout = 60);

static void expect_in(const char *file, const char *text) {
    cr_expect_not_null(strstr(toy_read(file), text), "%s does not say '%s':\n%s", file, text, toy_read(file));
}

/* ---- JUnit ----------------------------------------------------------------------------------- */

Test(ci, junit_has_a_case_for_each_check_control_and_stored_result) {
    cr_assert_eq(toy_ntk("verify toy/violated toy/vacuous toy/crash --no-figures --out run"), 5);
    expect_in("run/junit.xml", "tests=\"13\" failures=\"2\" errors=\"3\" skipped=\"0\"");
    expect_in("run/junit.xml", "<testsuite name=\"toy/violated\" tests=\"4\" failures=\"1\" errors=\"0\"");
    expect_in(
        "run/junit.xml",
        "<testcase classname=\"toy.violated\" name=\"check small\" file=\"suites/toy/violated/claim.yaml\"");
    expect_in("run/junit.xml",
              "<failure type=\"VIOLATED\" message=\"found 1.25; wanted at most 1\">toys are small\n");
    expect_in("run/junit.xml", "<testcase classname=\"toy.vacuous\" name=\"control large\"");
    expect_in("run/junit.xml",
              "<failure type=\"VACUOUS\" message=\"found small is HOLDS: 0.75; wanted a violation, "
              "without: smallness\">it is large");
    expect_in("run/junit.xml",
              "<error type=\"ERROR\" message=\"found nothing: its process ended by signal 9");
    expect_in("run/junit.xml", "<property name=\"seed\" value=\"20250422\"/>");
    cr_expect_eq(toy_shell("! command -v xmllint || xmllint --noout run/junit.xml"), 0, "%s", toy_output());
}

/* A twin that has a process of its own is a case of its own; an undecided one is no failure. */
Test(ci, twins_are_cases_in_junit) {
    cr_assert_eq(toy_ntk("verify toy/false-twin toy/undecided-twin --no-figures --out run"), 3);
    expect_in("run/junit.xml", "tests=\"10\" failures=\"1\" errors=\"0\" skipped=\"0\"");
    expect_in("run/junit.xml", "name=\"twin of control large\"");
    expect_in("run/junit.xml", "<failure type=\"VACUOUS\" message=\"found small is VIOLATED: 2; wanted no "
                               "violation, with: smallness\">");
}

Test(ci, what_is_not_compared_is_skipped_in_junit) {
    cr_assert_eq(toy_ntk("verify toy/holds toy/skipped --set units=3 --no-figures --out run"), 6, "%s",
                 toy_output());
    expect_in("run/junit.xml", "<skipped message=\"not compared: another seed or other parameters\"/>");
    expect_in("run/junit.xml",
              "<testsuite name=\"toy/skipped\" tests=\"4\" failures=\"0\" errors=\"0\" skipped=\"4\"");
    expect_in("run/junit.xml", "this machine has no abacus");
}

/* ---- GitHub ---------------------------------------------------------------------------------- */

Test(ci, github_is_told_what_failed_and_where) {
    toy_write("summary.md", "before\n");
    cr_assert_eq(
        toy_shell("GITHUB_WORKSPACE=$PWD GITHUB_STEP_SUMMARY=$PWD/summary.md \"$NTK_FIXTURE\" verify "
                  "toy/violated toy/inconclusive toy/holds --github --no-figures --out run"),
        1, "%s", toy_output());
    cr_expect(
        toy_said("::error file=suites/toy/violated/claim.yaml,line=12,title=VIOLATED toy/violated::check "
                 "small: found 1.25; wanted at most 1%0Atoys are small\n"),
        "%s", toy_output());
    cr_expect(toy_said("::warning file=suites/toy/inconclusive/claim.yaml,line=13,title=INCONCLUSIVE"), "%s",
              toy_output());
    cr_expect(!toy_said("toy/holds::"), "%s", toy_output());
    cr_expect_str_eq(toy_last_line(), "1 passed, 2 failed, 0 skipped");
    expect_in("summary.md", "before\n### ntk verify, quick tier\n\n1 HOLDS, 1 INCONCLUSIVE, 1 VIOLATED. ");
    expect_in("summary.md", "| VIOLATED | `toy/violated` | Toy of violated |");
    expect_in("summary.md", "**VIOLATED** `toy/violated`, check `small`: found 1.25; wanted at most 1.");
    cr_expect_eq(toy_shell("GITHUB_STEP_SUMMARY=/nowhere/x \"$NTK_FIXTURE\" verify toy/holds --github "
                           "--no-figures --out run2"),
                 5, "%s", toy_output());
}

/* ---- schemas --------------------------------------------------------------------------------- */

/* What the schemas of docs/schema/ use of JSON Schema, and nothing else: whatever else they say
 * would go unchecked. */
typedef struct validator {
    json_t *root;
    char fault[512]; /* the first one; "" for none */
    char path[256];
} validator;

static void fault(validator *self, const char *what, const char *of) {
    if (self->fault[0] == '\0') snprintf(self->fault, sizeof self->fault, "%s: %s %s", self->path, what, of);
}

static bool has_type(const json_t *value, const char *type) {
    if (strcmp(type, "object") == 0) return json_is_object(value);
    if (strcmp(type, "array") == 0) return json_is_array(value);
    if (strcmp(type, "string") == 0) return json_is_string(value);
    if (strcmp(type, "number") == 0) return json_is_number(value);
    if (strcmp(type, "integer") == 0) return json_is_integer(value);
    if (strcmp(type, "boolean") == 0) return json_is_boolean(value);
    return strcmp(type, "null") == 0 && json_is_null(value);
}

static bool has_one_type(const json_t *value, const json_t *types) {
    if (json_is_string(types)) return has_type(value, json_string_value(types));
    bool any = false;
    for (size_t i = 0; i < json_array_size(types); i++)
        any = any || has_type(value, json_string_value(json_array_get(types, i)));
    return any;
}

static bool is_among(const json_t *value, const json_t *list) {
    for (size_t i = 0; i < json_array_size(list); i++)
        if (json_equal(value, json_array_get(list, i))) return true;
    return false;
}

static void validate(validator *self, const json_t *schema, const json_t *value);

static void validate_object(validator *self, const json_t *schema, json_t *value) {
    const json_t *required = json_object_get(schema, "required"),
                 *rest = json_object_get(schema, "additionalProperties");
    for (size_t i = 0; i < json_array_size(required); i++)
        if (json_object_get(value, json_string_value(json_array_get(required, i))) == NULL)
            fault(self, "lacks", json_string_value(json_array_get(required, i)));
    const char *key;
    json_t *item;
    json_object_foreach(value, key, item) {
        const json_t *property = json_object_get(json_object_get(schema, "properties"), key);
        if (property == NULL && json_is_false(rest)) fault(self, "is not in the schema:", key);
        char outer[256];
        snprintf(outer, sizeof outer, "%s", self->path);
        snprintf(self->path, sizeof self->path, "%.150s.%.100s", outer, key);
        if (property != NULL || json_is_object(rest))
            validate(self, property != NULL ? property : rest, item);
        snprintf(self->path, sizeof self->path, "%s", outer);
    }
}

static void validate(validator *self, const json_t *schema, const json_t *value) {
    static const char *const known[] = {
        "type",        "enum",  "const",   "properties", "required", "additionalProperties", "items", "$ref",
        "description", "title", "$schema", "$id",        "$defs"};
    const char *key;
    json_t *part;
    json_object_foreach((json_t *)(size_t)schema, key, part) {
        bool used = false;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) used = used || strcmp(key, known[i]) == 0;
        if (!used) fault(self, "the schema says more than is checked:", key);
    }
    const char *reference = json_string_value(json_object_get(schema, "$ref"));
    if (reference != NULL)
        schema = json_object_get(json_object_get(self->root, "$defs"), strrchr(reference, '/') + 1);
    if (schema == NULL) fault(self, "leads nowhere", reference);
    const json_t *types = json_object_get(schema, "type"), *among = json_object_get(schema, "enum"),
                 *constant = json_object_get(schema, "const");
    if (types != NULL && !has_one_type(value, types)) fault(self, "has another type", "");
    if (among != NULL && !is_among(value, among)) fault(self, "is none of the values", "");
    if (constant != NULL && !json_equal(value, constant)) fault(self, "is another constant", "");
    if (json_is_object(value)) validate_object(self, schema, (json_t *)(size_t)value);
    for (size_t i = 0; json_is_array(value) && i < json_array_size(value); i++)
        validate(self, json_object_get(schema, "items"), json_array_get(value, i));
}

static const char *fault_of(const char *schema_path, json_t *value) {
    static validator self;
    self = (validator){.root = json_load_file(schema_path, 0, NULL), .path = "$"};
    cr_assert_not_null(self.root, "%s is no JSON", schema_path);
    cr_assert_not_null(value, "the file is no JSON");
    validate(&self, self.root, value);
    json_decref(self.root);
    return self.fault;
}

static void expect_valid(const char *run) {
    char path[128];
    snprintf(path, sizeof path, "%s/summary.json", run);
    json_t *summary = json_load_file(toy_path(path), 0, NULL);
    cr_expect_str_empty(fault_of("docs/schema/summary-1.json", summary));
    snprintf(path, sizeof path, "%s/manifest.json", run);
    json_t *manifest = json_load_file(toy_path(path), 0, NULL);
    cr_expect_str_empty(fault_of("docs/schema/manifest-1.json", manifest));
    json_decref(summary);
    json_decref(manifest);
}

Test(ci, summary_and_manifest_are_what_their_schemas_say) {
    toy_ntk("verify --no-figures --out all");
    cr_expect_str_eq(toy_last_line(), "3 passed, 17 failed, 1 skipped");
    expect_valid("all");
    cr_assert_eq(
        toy_ntk("verify toy/holds toy/slow --seed 3 --set units=2 --no-figures --shard 1/2 --out one"), 0);
    expect_valid("one");
    cr_assert_eq(
        toy_ntk("verify toy/holds toy/slow --seed 3 --set units=2 --no-figures --shard 2/2 --out two"), 0);
    cr_assert_eq(toy_ntk("merge one two --no-figures --out merged"), 0);
    expect_valid("merged");
}

/* The validator itself notices what it must. */
Test(ci, a_summary_that_says_something_else_is_not_valid) {
    cr_assert_eq(toy_ntk("verify toy/holds --no-figures --out run"), 0);
    json_t *summary = json_load_file(toy_path("run/summary.json"), 0, NULL);
    json_t *claim = json_array_get(json_object_get(summary, "claims"), 0);
    json_object_set_new(claim, "verdict", json_string("PROVEN"));
    cr_expect_str_eq(fault_of("docs/schema/summary-1.json", summary),
                     "$.claims.verdict: is none of the values ");
    json_object_set_new(claim, "verdict", json_string("HOLDS"));
    json_object_set_new(claim, "extra", json_true());
    cr_expect_str_eq(fault_of("docs/schema/summary-1.json", summary),
                     "$.claims: is not in the schema: extra");
    json_object_del(claim, "extra");
    json_object_del(claim, "seconds");
    cr_expect_str_eq(fault_of("docs/schema/summary-1.json", summary), "$.claims: lacks seconds");
    json_decref(summary);
}
