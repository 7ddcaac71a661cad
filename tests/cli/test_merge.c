/* A suite in shards, merged: the same bytes and verdicts as in one piece, and nothing missing. */
#include "toy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <jansson.h>

TestSuite(merge, .init = toy_begin, .fini = toy_end, .timeout = 60);

#define CLAIMS "toy/holds toy/violated toy/slow toy/crash toy/skipped toy/vacuous"
#define TABLES "(cd %s && find . -name '*.tsv' | LC_ALL=C sort | xargs sha256sum)"

static void run_shards(int count) {
    for (int k = 1; k <= count; k++)
        toy_ntk("verify " CLAIMS " --no-figures --shard %d/%d --out part%d", k, count, k);
}

Test(merge, shards_merge_to_the_run_in_one_piece) {
    cr_assert_eq(toy_ntk("verify " CLAIMS " --no-figures --out whole"), 5);
    run_shards(3);
    cr_expect_eq(toy_ntk("merge part2 part1 part3 --no-figures --out merged"), 5, "%s", toy_output());
    cr_expect_str_eq(toy_last_line(), "2 passed, 3 failed, 1 skipped");
    cr_expect(toy_said("its process ended by signal 9 (Killed)"), "%s", toy_output());
    cr_expect_eq(toy_shell(TABLES " >a; " TABLES " >b; cmp a b && grep -c tsv a", "whole", "merged"), 0, "%s",
                 toy_output());
    cr_expect_eq(toy_shell("for d in whole merged; do grep -e '\"id\"' -e '\"verdict\"' -e '\"cause\"' "
                           "$d/summary.json >$d.txt; done; cmp whole.txt merged.txt"),
                 0, "%s", toy_output());
    cr_expect_eq(toy_ntk("compare whole merged"), 0, "%s", toy_output());
    json_t *manifest = json_load_file(toy_path("merged/manifest.json"), 0, NULL);
    cr_expect_eq(json_array_size(json_object_get(manifest, "parts")), 3);
    json_decref(manifest);
}

/* The longest goes alone; every claim is in one shard. */
Test(merge, a_suite_is_split_by_cost) {
    toy_write("expected/costs.tsv", "tier\tclaim\tseconds\nquick\ttoy/slow\t10\nquick\ttoy/holds\t1\n"
                                    "quick\ttoy/violated\t2\nquick\ttoy/vacuous\t3\n");
    toy_ntk("verify toy/holds toy/violated toy/vacuous toy/slow --no-figures --shard 1/2 --out one");
    cr_expect_str_eq(toy_last_line(), "1 passed, 0 failed, 0 skipped");
    cr_expect_eq(toy_shell("test -d one/toy/slow"), 0);
    toy_ntk("verify toy/holds toy/violated toy/vacuous toy/slow --no-figures --shard 2/2 --out two");
    cr_expect_str_eq(toy_last_line(), "1 passed, 2 failed, 0 skipped");
    toy_write("expected/costs.tsv", "tier\tclaim\tseconds\nquick\ttoy/slow\tlong\n");
    cr_expect_eq(toy_ntk("verify toy/holds toy/slow --shard 1/2 --out three"), 5);
    cr_expect(toy_said("costs.tsv:2: "), "%s", toy_output());
}

Test(merge, parts_that_do_not_fit_are_refused) {
    run_shards(3);
    cr_expect_eq(toy_ntk("merge part1 part3 --out merged"), 5);
    cr_expect(toy_said("a shard is missing"), "%s", toy_output());
    cr_expect_eq(toy_ntk("merge part1 part2 part2 --out merged"), 5);
    cr_expect(toy_said("and so does an earlier folder"), "%s", toy_output());
    toy_ntk("verify toy/slow --no-figures --seed 7 --out seven");
    toy_ntk("verify toy/holds --no-figures --out holds");
    cr_expect_eq(toy_ntk("merge holds seven --out merged"), 5);
    cr_expect(toy_said("seven is of another seed than holds"), "%s", toy_output());
    cr_expect_eq(toy_ntk("merge holds nowhere --out merged"), 64);
    cr_assert_eq(toy_shell("echo >>holds/toy/holds/draws.tsv"), 0);
    cr_expect_eq(toy_ntk("merge holds --out altered"), 5);
    cr_expect(toy_said("are not those that its process left"), "%s", toy_output());
    cr_assert_eq(toy_shell("echo '# other' >>suites/toy/holds/claim.yaml"), 0);
    cr_expect_eq(toy_ntk("merge holds --out merged"), 5);
    cr_expect(toy_said("its claim.yaml has changed"), "%s", toy_output());
    cr_expect_eq(toy_shell("ls -d merged"), 2, "nothing is left behind: %s", toy_output());
}

Test(merge, runs_with_set_merge_under_the_same_set) {
    cr_assert_eq(toy_ntk("verify toy/violated --set value=0.25 --no-figures --out a"), 0);
    cr_assert_eq(toy_ntk("verify toy/slow --set value=0.25 --no-figures --out b"), 0);
    cr_expect_eq(toy_ntk("merge a b --no-figures --out merged"), 0, "%s", toy_output());
    json_t *manifest = json_load_file(toy_path("merged/manifest.json"), 0, NULL);
    cr_expect_str_eq(json_string_value(json_object_get(json_object_get(manifest, "overrides"), "value")),
                     "0.25");
    json_decref(manifest);
    cr_assert_eq(toy_ntk("verify toy/holds --no-figures --out c"), 0);
    cr_expect_eq(toy_ntk("merge a c --out merged2"), 5);
    cr_expect(toy_said("of other parameters (--set)"), "%s", toy_output());
}

Test(merge, a_shard_is_written_as_one_number_of_another) {
    static const char *const wrong[] = {"0/2", "3/2", "1", "1/2/3", "a/b", "1/0", "-1/2", "1/ 2"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_eq(toy_ntk("verify toy/holds --shard '%s'", wrong[i]), 64, "%s: %s", wrong[i],
                     toy_output());
    cr_expect_eq(toy_ntk("verify toy/holds --shard 1/2"), 64);
    cr_expect(toy_said("1 claims are selected: too few for 2 shards"), "%s", toy_output());
}
