/* What moved between two runs: by the bits, by the tolerance, by the verdict. */
#include "toy.h"

#include <string.h>

#include <criterion/criterion.h>
#include <jansson.h>

TestSuite(compare, .init = toy_begin, .fini = toy_end, .timeout = 60);

/* Two runs of toy/holds, of which the second then says another `constant` (abs 1e-9, stored 3). */
static void run_twice(void) {
    cr_assert_eq(toy_ntk("verify toy/holds --no-figures --out a"), 0, "%s", toy_output());
    cr_assert_eq(toy_ntk("verify toy/holds --no-figures --out b"), 0, "%s", toy_output());
}

static int compare_with(const char *constant) {
    cr_assert_eq(toy_shell("sed -i 's/^constant\\t[^\\t]*/constant\\t%s/' b/toy/holds/metrics.tsv", constant),
                 0);
    return toy_ntk("compare a b");
}

Test(compare, equal_runs_are_equal_to_the_last_bit) {
    run_twice();
    cr_expect_eq(toy_ntk("compare a b"), 0, "%s", toy_output());
    cr_expect(toy_said("8 metrics of 1 claims: 8 equal to the last bit\n"), "%s", toy_output());
    cr_expect_eq(toy_ntk("compare b"), 0, "against the stored results: %s", toy_output());
    cr_expect(toy_said("1 metrics of 1 claims: 1 equal"), "%s", toy_output());
}

Test(compare, a_metric_is_judged_by_its_own_tolerance) {
    run_twice();
    cr_expect_eq(compare_with("3.000000000001"), 0, "%s", toy_output());
    cr_expect(toy_said("within     toy/holds: constant"), "%s", toy_output());
    cr_expect_eq(compare_with("3.0000000002"), 1, "%s", toy_output());
    cr_expect(toy_said("MOVED      toy/holds: constant"), "%s", toy_output());
    cr_expect(toy_said("0.2 of its tolerance (abs); 4.5e+05 ulp"), "%s", toy_output());
    cr_expect_eq(toy_ntk("compare a b --moved 0.5"), 0, "%s", toy_output());
    cr_expect_eq(compare_with("3.5"), 2, "%s", toy_output());
    cr_expect(toy_said("REGRESSED  toy/holds: constant"), "%s", toy_output());
    cr_expect_eq(toy_ntk("compare b"), 2, "against the stored results: %s", toy_output());
    cr_expect_eq(compare_with("nan"), 2, "%s", toy_output());
    cr_expect(toy_said("the metric is not finite"), "%s", toy_output());
}

/* A metric that its claim does not store decides nothing, as long as it is a number. */
Test(compare, what_has_no_tolerance_is_shown) {
    run_twice();
    cr_assert_eq(toy_shell("sed -i 's/^value\\t2/value\\t2.5/' b/toy/holds/controls/large/metrics.tsv"), 0);
    cr_expect_eq(toy_ntk("compare a b"), 0, "%s", toy_output());
    cr_expect(toy_said("unjudged   toy/holds/large: value"), "%s", toy_output());
    cr_assert_eq(toy_shell("sed -i '/^value\\t/d' b/toy/holds/controls/large/metrics.tsv"), 0);
    cr_expect_eq(toy_ntk("compare a b"), 1, "%s", toy_output());
    cr_expect(toy_said("2 -> nan; is gone"), "%s", toy_output());
}

/* The twin of toy/false-twin has a process of its own. */
Test(compare, twins_are_compared_and_followed) {
    cr_assert_eq(toy_ntk("verify toy/false-twin --no-figures"), 3);
    cr_assert_eq(
        toy_shell("cp -R results/latest/. a; cp -R a b; "
                  "sed -i 's/^value\\t2/value\\t2.5/' b/toy/false-twin/controls/large/twin/metrics.tsv"),
        0, "%s", toy_output());
    cr_expect_eq(toy_ntk("compare a b"), 0, "%s", toy_output());
    cr_expect(toy_said("unjudged   toy/false-twin/large/twin: value"), "%s", toy_output());
    cr_assert_eq(toy_shell("rm b/toy/false-twin/controls/large/twin/metrics.tsv"), 0);
    cr_expect_eq(toy_ntk("compare a b"), 1, "%s", toy_output());
    cr_expect_eq(toy_ntk("history toy/false-twin/large/twin:value"), 0, "%s", toy_output());
    cr_expect(toy_said("toy/false-twin/large/twin                2 "), "%s", toy_output());
    cr_expect_eq(toy_ntk("history toy/false-twin/large:value"), 0, "%s", toy_output());
    cr_expect_eq(toy_ntk("history toy/false-twin/large/tw:value"), 64);
    cr_expect_eq(toy_ntk("history toy/false-twi:value"), 64);
}

Test(compare, another_seed_moves_only_what_does_not_depend_on_it) {
    run_twice();
    cr_assert_eq(toy_ntk("verify toy/holds --seed 7 --no-figures --out c"), 0, "%s", toy_output());
    cr_expect_eq(toy_ntk("compare a c"), 0, "%s", toy_output());
    cr_expect(toy_said("seed          20250422 -> 7"), "%s", toy_output());
    cr_assert_eq(toy_shell("sed -i 's/^constant\\t3/constant\\t4/' c/toy/holds/metrics.tsv"), 0);
    cr_expect_eq(toy_ntk("compare a c"), 2, "it does not depend on the seed: %s", toy_output());
}

Test(compare, a_verdict_that_gets_worse_is_a_regression) {
    cr_assert_eq(toy_ntk("verify toy/violated --set value=0.25 --no-figures --out good"), 0);
    cr_assert_eq(toy_ntk("verify toy/violated --no-figures --out bad"), 1);
    cr_expect_eq(toy_ntk("compare good bad"), 2, "%s", toy_output());
    cr_expect(toy_said("verdict of toy/violated: HOLDS -> VIOLATED"), "%s", toy_output());
    cr_expect(toy_said("other parameters"), "%s", toy_output());
    cr_expect_eq(toy_ntk("compare bad good"), 1, "%s", toy_output());
}

Test(compare, differences_of_provenance_are_told) {
    run_twice();
    cr_assert_eq(toy_shell("sed -i 's/\"blas_core\": \"[^\"]*\"/\"blas_core\": \"Abacus\"/' b/manifest.json"),
                 0);
    cr_expect_eq(toy_ntk("compare a b"), 0, "%s", toy_output());
    cr_expect(toy_said("-> Abacus\n"), "%s", toy_output());
    cr_assert_eq(toy_ntk("verify toy/slow --no-figures --out c"), 0);
    cr_expect_eq(toy_ntk("compare a c"), 6, "%s", toy_output());
    cr_expect(toy_said("only in a: toy/holds\nonly in c: toy/slow\n"), "%s", toy_output());
}

Test(compare, for_programs_and_for_pull_requests) {
    run_twice();
    cr_assert_eq(compare_with("3.5"), 2);
    cr_assert_eq(toy_ntk("compare a b --json >b.json"), 2, "%s", toy_output());
    json_t *object = json_load_file(toy_path("b.json"), 0, NULL);
    cr_assert_not_null(object, "not JSON:\n%s", toy_read("b.json"));
    const json_t *move = json_array_get(json_object_get(object, "moves"), 0);
    cr_expect_str_eq(json_string_value(json_object_get(object, "level")), "REGRESSED");
    cr_expect_str_eq(json_string_value(json_object_get(move, "metric")), "constant");
    cr_expect_float_eq(json_real_value(json_object_get(move, "part")), 5e8, 1);
    json_decref(object);
    cr_expect_eq(toy_ntk("compare a b --markdown"), 2);
    cr_expect(toy_said("| REGRESSED | `toy/holds` `constant` | 3 | 3.5 |"), "%s", toy_output());
}

Test(compare, what_is_no_ended_run_is_wrong_usage) {
    run_twice();
    cr_expect_eq(toy_ntk("compare a nowhere"), 64);
    cr_expect(toy_said("nowhere is no folder of a run"), "%s", toy_output());
    cr_assert_eq(toy_shell("rm b/summary.json"), 0);
    cr_expect_eq(toy_ntk("compare a b"), 64);
    cr_expect(toy_said("b holds a run that has not ended"), "%s", toy_output());
    cr_assert_eq(toy_ntk("verify toy/holds --tier full --no-figures --out full; true"), 0);
    cr_expect_eq(toy_ntk("compare a full"), 64, "%s", toy_output());
    cr_assert_eq(toy_shell("echo '{' >a/summary.json"), 0);
    cr_expect_eq(toy_ntk("compare a"), 5, "%s", toy_output());
}

/* ---- all runs -------------------------------------------------------------------------------- */

Test(compare, history_follows_a_metric_through_the_runs) {
    cr_assert_eq(toy_ntk("verify toy/holds toy/slow --no-figures"), 0, "%s", toy_output());
    cr_assert_eq(toy_shell("sleep 1; mv results/latest/toy/slow/metrics.tsv m; "
                           "sed 's/^constant\\t3/constant\\t3.5/' m >results/latest/toy/slow/metrics.tsv"),
                 0);
    cr_assert_eq(toy_ntk("verify toy/slow --no-figures"), 0, "%s", toy_output());
    cr_expect_eq(toy_ntk("history"), 0);
    cr_expect(toy_said("2 HOLDS") && toy_said("1 HOLDS"), "%s", toy_output());
    cr_expect_eq(toy_ntk("history toy/slow:constant"), 0, "%s", toy_output());
    cr_expect(strstr(toy_after(" 3.5"), "1.13e+15 ulp") != NULL, "%s", toy_output());
    cr_expect_eq(toy_ntk("history constant | wc -l"), 0);
    cr_expect_str_eq(toy_output(), "3\n");
    cr_expect_eq(toy_ntk("history nothing-such"), 64);
}

/* The newest run that has the claim, though a later run has others; never one with --set. */
Test(compare, list_shows_the_newest_verdict_of_each_claim) {
    cr_assert_eq(toy_ntk("verify toy/violated toy/slow --no-figures"), 1);
    cr_assert_eq(toy_shell("sleep 1; \"$NTK_FIXTURE\" verify toy/holds --no-figures"), 0);
    cr_assert_eq(toy_shell("sleep 1; \"$NTK_FIXTURE\" verify toy/slow --set value=3 --no-figures; true"), 0);
    cr_expect_eq(
        toy_ntk("list | grep -c -e '^VIOLATED *toy/violated' -e '^HOLDS *toy/holds' -e '^HOLDS *toy/slow'"),
        0, "%s", toy_output());
    cr_expect_str_eq(toy_output(), "3\n");
}
