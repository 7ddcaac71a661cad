/* ntk envelope, and what it makes of numbers in ntk verify and ntk compare. */
#include "toy.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

TestSuite(envelope, .init = toy_begin, .fini = toy_end, .timeout = 60);

#define HEADER "claim\ttier\tmetric\tleast\tgreatest\ttolerance\taxes\tfarthest\tmachines\tdate\n"

/* A claim's stored metric under two axes: the constant is three on both. */
Test(envelope, a_row_for_each_stored_metric) {
    cr_expect_eq(toy_ntk("envelope --list"), 0, "%s", toy_output());
    cr_expect(toy_said("vector-scalar          NTK_SIMD=scalar\n"), "%s", toy_output());
    cr_expect_eq(toy_ntk("envelope toy/holds --axes vector-scalar --out e"), 0, "%s", toy_output());
    cr_expect(toy_said("1 metrics of 1 claims have an envelope"), "%s", toy_output());
    const char *table = toy_read("expected/envelopes.tsv");
    cr_expect_eq(strncmp(table, HEADER "toy/holds\tquick\tconstant\t3\t3\t0\tvector-scalar\t-\t",
                         strlen(HEADER "toy/holds\tquick\tconstant\t3\t3\t0\tvector-scalar\t-\t")),
                 0, "%s", table);
    /* A build is an axis; what is there is not computed again. */
    cr_expect_eq(
        toy_ntk("envelope toy/holds --axes vector-scalar,mine --builds mine=\"$NTK_FIXTURE\" --out e "
                "--resume"),
        0, "%s", toy_output());
    cr_expect(!toy_said("toy/holds                                  vector-scalar"), "%s", toy_output());
    cr_expect(toy_said("toy/holds                                  mine "), "%s", toy_output());
    cr_expect_not_null(strstr(toy_read("expected/envelopes.tsv"), "\tvector-scalar mine\t-\t"));
    cr_expect_eq(toy_shell("test -s e/mine/toy/holds/metrics.tsv"), 0);
}

Test(envelope, what_fails_is_left_out_and_told) {
    cr_expect_eq(toy_ntk("envelope toy/fails toy/holds --axes vector-scalar --out e"), 1, "%s", toy_output());
    cr_expect(toy_said("failed: "), "%s", toy_output());
    cr_expect(toy_said("1 metrics of 1 claims have an envelope"), "%s", toy_output());
    cr_expect_eq(toy_ntk("envelope toy/holds --axes vector-scalar --out e"), 64, "%s", toy_output());
    toy_write("e/program.txt", "0\n");
    cr_expect_eq(toy_ntk("envelope toy/holds --axes vector-scalar --out e --resume"), 64);
    cr_expect(toy_said("was measured by another program"), "%s", toy_output());
    cr_expect_eq(toy_ntk("envelope toy/holds --axes neon --out f"), 64);
    cr_expect(toy_said("'neon' is no axis of this machine; it has "), "%s", toy_output());
    cr_expect_eq(toy_ntk("envelope toy/holds --builds none --out f"), 64);
    cr_expect_eq(toy_ntk("envelope nosuch/claim --out f"), 64);
}

/* An axis has a folder of its name: two of one name would be measured as one. */
Test(envelope, a_build_has_a_name_of_its_own_and_is_a_program) {
    const struct {
        const char *options;
        int exit_status;
        const char *said;
    } cases[] = {
        {"--builds a=/bin/true,a=/bin/false", 64, "there is an axis 'a' already"},
        {"--builds vector-scalar=/bin/true", 64, "there is an axis 'vector-scalar' already"},
        {"--builds .=/bin/true", 64, "'.' is no name"},
        {"--builds ..=/bin/true", 64, "'..' is no name"},
        {"--builds a=/", 5, "/: is no program"},
        {"--builds a=/nowhere", 5, "/nowhere: No such file"},
        {"--axes ''", 64, "--axes names none"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect_eq(toy_ntk("envelope --list %s", cases[i].options), cases[i].exit_status, "%s: %s",
                     cases[i].options, toy_output());
        cr_expect(toy_said(cases[i].said), "%s: %s", cases[i].options, toy_output());
    }
}

Test(envelope, wrong_usage_is_refused_in_one_line) {
    const struct {
        const char *options, *said;
    } cases[] = {
        {"--tier large", "--tier large has no envelope"},
        {"--merge ''", "--merge takes the name of a file"},
        {"--list --merge other.tsv", "--list and --merge exclude each other"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect_eq(toy_ntk("envelope %s", cases[i].options), 64, "%s: %s", cases[i].options, toy_output());
        cr_expect(toy_said(cases[i].said), "%s: %s", cases[i].options, toy_output());
    }
}

static void measured(const char *least, const char *greatest, const char *tolerance) {
    char text[512];
    snprintf(text, sizeof text,
             HEADER "toy/holds\tquick\tconstant\t%s\t%s\t%s\tclang\tclang\tCPU\t2026-11-29\n", least,
             greatest, tolerance);
    toy_write("expected/envelopes.tsv", text);
}

/* Stored is 3 - 5e-10, within the tolerance of 1e-9; the envelope is 2e-13. */
static const char stored[] = "tier\tmetric\tvalue\tlow\thigh\tlevel\nquick\tconstant\t2.9999999995\t\t\t\n";

Test(envelope, a_number_beyond_a_thousand_of_them_has_moved) {
    toy_write("expected/toy/holds.tsv", stored);
    measured("2.9999999994999998", "2.9999999995", "0");
    cr_expect_eq(toy_ntk("verify toy/holds --out r"), 0, "%s", toy_output());
    cr_expect(toy_said("  moved: constant: 2.9999999995 -> 3, "), "%s", toy_output());
    cr_expect(toy_said("1 stored numbers MOVED by more than a thousand times"), "%s", toy_output());
    cr_expect_not_null(strstr(toy_read("r/summary.json"), "\"moved\": true"));
    cr_expect_not_null(strstr(toy_read("r/report.html"), "<b>MOVED</b>: 2.9999999995"));
    cr_expect_eq(toy_ntk("compare r"), 1, "%s", toy_output());
    cr_expect(toy_said("times its envelope"), "%s", toy_output());
    /* Half of the tolerance is far beyond a hundredth of it, and within a thousand of these. */
    measured("2.9999999995", "2.999999999502", "0");
    cr_expect_eq(toy_ntk("verify toy/holds --out s"), 0, "%s", toy_output());
    cr_expect(!toy_said("moved:") && !toy_said("MOVED"), "%s", toy_output());
    cr_expect_eq(toy_ntk("compare s"), 0, "%s", toy_output());
    /* The tolerance of an integrator counts; another seed and another stored value have none. */
    measured("2.9999999994999998", "2.9999999995", "1e-12");
    cr_expect_eq(toy_ntk("verify toy/holds --out t"), 0);
    cr_expect(!toy_said("moved:"), "%s", toy_output());
    measured("2.9999999994999998", "2.9999999995", "0");
    cr_expect_eq(toy_ntk("verify toy/holds --seed 5 --out u"), 0);
    cr_expect(!toy_said("moved:"), "%s", toy_output());
    measured("7", "8", "0");
    cr_expect_eq(toy_ntk("verify toy/holds --out v"), 0);
    cr_expect(!toy_said("moved:"), "%s", toy_output());
    cr_expect_eq(toy_ntk("compare v"), 1, "%s", toy_output());
}

Test(envelope, another_machines_file_is_merged) {
    measured("2.5", "3", "0");
    toy_shell("mv expected/envelopes.tsv other.tsv");
    cr_expect_eq(toy_ntk("envelope toy/holds --axes vector-scalar --out e"), 0, "%s", toy_output());
    cr_expect_eq(toy_ntk("envelope --merge other.tsv"), 0, "%s", toy_output());
    cr_expect(toy_said("1 envelopes taken, 0 left out"), "%s", toy_output());
    cr_expect_not_null(
        strstr(toy_read("expected/envelopes.tsv"), "\t2.5\t3\t0\tvector-scalar clang\tclang\t"), "%s",
        toy_read("expected/envelopes.tsv"));
    cr_expect_eq(toy_ntk("envelope --merge nowhere.tsv"), 5);
    cr_expect_eq(toy_ntk("envelope toy/holds --merge other.tsv"), 64);
}

Test(envelope, a_malformed_file_is_named) {
    toy_write("expected/envelopes.tsv", HEADER "toy/holds\tquick\tconstant\t3\n");
    cr_expect_eq(toy_ntk("verify toy/holds --out r"), 5);
    cr_expect(toy_said("envelopes.tsv"), "%s", toy_output());
}
