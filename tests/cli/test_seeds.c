/* ntk verify --seeds: many base seeds, and what they say of each judgement. */
#include "toy.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

TestSuite(seeds, .init = toy_begin, .fini = toy_end, .timeout = 60);

/* The seeds that follow; every judgement of the claim, its control and the twin; the same numbers
 * as of one run. */
Test(seeds, a_row_for_each_judgement_and_seed) {
    cr_expect_eq(toy_ntk("verify toy/holds --seeds 3 --seed 7 --out s"), 0, "%s", toy_output());
    cr_expect(toy_said("1/3  seed 8  HOLDS\n2/3  seed 9  HOLDS\n3/3  seed 10  HOLDS\n"), "%s", toy_output());
    cr_expect(toy_said("0 of 3 runs did not hold: the rate is at most 0.632 (95 % confidence)"), "%s",
              toy_output());
    const char *table = toy_read("s/judgements.tsv");
    cr_expect_not_null(strstr(table, "\ntoy/holds\t-\t-\tsmall\t3\t0\tnan\t"), "%s", table);
    cr_expect_eq(toy_shell("tail -n +2 s/values.tsv | awk -F'\\t' '$1 == 9' | wc -l | grep -qx "
                           "$(($(wc -l <s/judgements.tsv) - 1))"),
                 0, "%s", toy_read("s/values.tsv"));
    cr_expect_eq(toy_ntk("verify toy/holds --seed 9 --no-figures --out one"), 0);
    cr_expect_eq(toy_shell("cmp one/toy/holds/metrics.tsv s/seeds/9/toy/holds/metrics.tsv"), 0, "%s",
                 toy_output());
}

/* A check that fails is counted, told first, and decides the exit status. */
Test(seeds, what_comes_out_otherwise_is_counted) {
    cr_expect_eq(toy_ntk("verify toy/holds --seeds 2 --set value=1.25 --out s"), 1, "%s", toy_output());
    cr_expect(toy_said("2 of 2  toy/holds, small\n"), "%s", toy_output());
    cr_expect(toy_said("2 of 2 runs did not hold: the rate is at most 1 "), "%s", toy_output());
    cr_expect_not_null(strstr(toy_read("s/judgements.tsv"), "\ntoy/holds\t-\t-\tsmall\t2\t2\t"));
}

Test(seeds, they_go_on_from_where_they_were_stopped) {
    cr_expect_eq(toy_ntk("verify toy/holds --seeds 2 --out s"), 0, "%s", toy_output());
    toy_shell("cp s/judgements.tsv before; cp s/values.tsv values");
    cr_expect_eq(toy_ntk("verify toy/holds --seeds 2 --out s"), 64, "%s", toy_output());
    cr_expect(toy_said("s is not empty; --resume goes on"), "%s", toy_output());
    cr_expect_eq(
        toy_shell("rm -r s/seeds/*3 s/values.tsv; \"$NTK_FIXTURE\" verify toy/holds --seeds 2 --out s "
                  "--resume && cmp s/judgements.tsv before && cmp s/values.tsv values"),
        0, "%s", toy_output());
    cr_expect_eq(toy_ntk("verify toy/holds --seeds 2 --out typo --resume"), 64, "%s", toy_output());
    cr_expect_eq(toy_ntk("verify toy/holds --seeds 0"), 64);
    cr_expect_eq(toy_ntk("verify toy/holds --seeds 2 --seed 18446744073709551615 --out t"), 64);
    cr_expect(toy_said("do not fit 64 bits"), "%s", toy_output());
    /* What is wrong is found before anything is written. */
    cr_expect_eq(toy_ntk("verify nosuch/claim --seeds 2 --out t"), 64);
    cr_expect_eq(toy_ntk("verify toy/holds --seeds 2 --set nope=1 --out t"), 64);
    cr_expect_eq(toy_shell("test ! -e t"), 0);
    /* A folder without a run in it is begun. */
    cr_expect_eq(
        toy_shell("rm -r s/seeds/*3/*; \"$NTK_FIXTURE\" verify toy/holds --seeds 2 --out s --resume"), 0,
        "%s", toy_output());
    cr_expect_eq(toy_ntk("verify toy/holds --seeds 2 --github --out t"), 64);
}
