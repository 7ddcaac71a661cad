/* ntk verify --rounding, ntk run --rounding: what the mode of the processor decides. */
#include "toy.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

TestSuite(rounding, .init = toy_begin, .fini = toy_end, .timeout = 60);

/* 1/2 / 3 * 3 is 1/2 to nearest and one unit of its last place more, upwards; the constant is
 * one. */
Test(rounding, digits_of_each_metric) {
    cr_expect_eq(toy_ntk("verify toy/holds --set arithmetic=rounded --rounding up,down --out r"), 0, "%s",
                 toy_output());
    cr_expect(toy_said("nearest   1 HOLDS\nup        1 HOLDS\ndown      1 HOLDS\n"), "%s", toy_output());
    cr_expect(toy_said("3 metrics: 2 to the last bit in every mode, 0 that a mode gave no value of."), "%s",
              toy_output());
    cr_expect(toy_said("    15.7    1.1e-16          -  toy/holds, value = 0.5\n"), "%s", toy_output());
    const char *table = toy_read("r/digits.tsv");
    cr_expect_not_null(strstr(table, "claim\tmetric\tnearest\tup\tdown\tspread\tdigits\tpart-of-tolerance\n"
                                     "toy/holds\tvalue\t0.5\t0.50000000000000011\t0.49999999999999994\t1.11"),
                       "%s", table);
    cr_expect_not_null(strstr(table, "toy/holds\tconstant\t3\t3\t3\t0\tinf\t0\n"), "%s", table);
    cr_expect_not_null(strstr(toy_read("r/report.html"), "<a href=\"up/report.html\">up</a>"));
    cr_expect_not_null(strstr(toy_read("r/up/manifest.json"), "\"rounding\": \"up\""));
    cr_expect_null(strstr(toy_read("r/nearest/manifest.json"), "\"rounding\""));
}

/* As certificates do. A claim that does not hold under a mode still counts. */
Test(rounding, a_refusal_is_told_and_does_not_count) {
    cr_expect_eq(toy_ntk("verify toy/holds --set arithmetic=to-nearest --rounding zero --out r"), 0, "%s",
                 toy_output());
    cr_expect(toy_said("zero      1 SKIPPED\n          SKIPPED  toy/holds: "), "%s", toy_output());
    cr_expect(toy_said("3 metrics: 0 to the last bit in every mode, 3 that a mode gave no value of."), "%s",
              toy_output());
    cr_expect_eq(toy_ntk("verify toy/holds --set arithmetic=rounded --set value=1 --rounding up --out s"), 1,
                 "%s", toy_output());
    cr_expect(toy_said("nearest   1 HOLDS\nup        1 VIOLATED\n"), "%s", toy_output());
}

/* The same bytes with any number of workers, and not those to nearest. */
Test(rounding, random_modes_do_not_depend_on_workers) {
    cr_expect_eq(
        toy_ntk("run toy/holds --set arithmetic=rounded --set units=40 --rounding random --jobs 1 --out a"),
        0, "%s", toy_output());
    cr_expect_eq(
        toy_ntk("run toy/holds --set arithmetic=rounded --set units=40 --rounding random --jobs 4 --out b"),
        0);
    cr_expect_eq(toy_ntk("run toy/holds --set arithmetic=rounded --set units=40 --jobs 4 --out c"), 0);
    cr_expect_eq(toy_shell("cmp a/draws.tsv b/draws.tsv"), 0, "%s", toy_output());
    cr_expect_neq(toy_shell("cmp a/draws.tsv c/draws.tsv"), 0);
    cr_expect_neq(
        toy_shell(
            "\"$NTK_FIXTURE\" run toy/holds --set arithmetic=rounded --set units=40 --rounding random --seed "
            "5 "
            "--out d && \"$NTK_FIXTURE\" run toy/holds --set arithmetic=rounded --set units=40 --rounding "
            "random "
            "--seed 6 --out e && cmp d/draws.tsv e/draws.tsv"),
        0);
}

Test(rounding, it_goes_on_from_where_it_was_stopped) {
    cr_expect_eq(toy_ntk("verify toy/holds --rounding all --out r"), 0, "%s", toy_output());
    toy_shell("cp r/digits.tsv before; rm -r r/zero r/digits.tsv");
    cr_expect_eq(toy_ntk("verify toy/holds --rounding all --out r"), 64, "%s", toy_output());
    cr_expect_eq(toy_ntk("verify toy/holds --rounding all --out r --resume"), 0, "%s", toy_output());
    cr_expect_eq(toy_shell("cmp r/digits.tsv before"), 0, "%s", toy_output());
    /* Another mode is another computation, also in the same folder. */
    cr_expect_eq(toy_ntk("verify toy/holds --rounding sideways --out t"), 64);
    cr_expect(toy_said("'sideways' is no rounding: nearest, up, down, zero, random, and all"), "%s",
              toy_output());
    cr_expect_eq(toy_ntk("verify toy/holds --rounding all,up --out t"), 64);
    cr_expect(toy_said("--rounding: all stands alone"), "%s", toy_output());
    cr_expect_eq(toy_ntk("verify toy/holds --rounding up,towards-the-even-one --out t"), 64);
    cr_expect(toy_said("'towards-the-even-one' is no rounding"), "%s", toy_output());
    cr_expect_eq(toy_ntk("verify toy/holds --rounding to-the-even-one-of-the-two-nearest --out t"), 64);
    cr_expect(toy_said("'to-the-even-one-of-the-two-neare...' is no rounding"), "%s", toy_output());
    cr_expect_eq(toy_ntk("verify toy/holds --rounding up --out t --resume"), 64);
    cr_expect(toy_said("--resume: 't' is missing or empty"), "%s", toy_output());
    cr_expect_eq(toy_ntk("run toy/holds --control ''"), 64);
    cr_expect(toy_said("has no control called ''; it has"), "%s", toy_output());
    cr_expect_eq(toy_ntk("verify toy/holds --rounding up --seeds 2 --out t"), 64);
    cr_expect_eq(toy_ntk("verify nosuch/claim --rounding up --out t"), 64);
    cr_expect_eq(toy_ntk("run toy/holds --rounding sideways"), 64);
    cr_expect_eq(toy_shell("test ! -e t"), 0);
}
