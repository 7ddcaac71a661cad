/* Which figures of a run a gallery takes. */
#include "toy.h"

#include <string.h>

#include <criterion/criterion.h>

static void begin(void) {
    toy_begin();
    toy_write("suites/style.gp",
              "kind = format eq 'pdf' ? 'pdfcairo' : format eq 'svg' ? 'svg' : 'pngcairo'\n"
              "set terminal @kind\n"
              "set output output\n");
    for (size_t i = 0; i < 2; i++)
        toy_write(i == 0 ? "suites/toy/holds/figure.gp" : "suites/toy/violated/figure.gp",
                  "plot claim_value * x title sprintf('value %g beside %g, %s', claim_value, large_value, "
                  "width)\n");
}

TestSuite(figures, .init = begin, .fini = toy_end, .timeout = 120);

Test(figures, a_gallery_takes_what_holds_and_keeps_the_full_tier) {
    cr_assert_eq(toy_ntk("verify toy/holds toy/violated --out quick"), 1, "%s", toy_output());
    cr_assert_eq(toy_ntk("figures --run quick --plots shown"), 0, "%s", toy_output());
    cr_expect(toy_said("1 of them copied to shown, 1 left as they were"), "%s", toy_output());
    cr_expect(toy_said("toy/violated figure: the run does not say that the claim holds"), "%s", toy_output());
    cr_expect_not_null(strstr(toy_read("shown/toy-holds.svg"), "value 0.5 beside 2, screen"));
    cr_expect_not_null(strstr(toy_read("shown/origins.tsv"), "figure\ttier\tcommit\ntoy-holds\tquick\t"));

    toy_write("expected/toy/holds.tsv",
              "tier\tmetric\tvalue\tlow\thigh\tlevel\nquick\tconstant\t3\t\t\t\nfull\tconstant\t3\t\t\t\n");
    cr_assert_eq(toy_ntk("verify toy/holds --tier full --out full"), 0, "%s", toy_output());
    cr_assert_eq(toy_ntk("figures --run full --plots shown"), 0, "%s", toy_output());
    cr_expect_not_null(strstr(toy_read("shown/origins.tsv"), "toy-holds\tfull\t"));
    cr_assert_eq(toy_ntk("figures toy/holds --run quick --plots shown"), 0, "%s", toy_output());
    cr_expect(toy_said("0 of them copied to shown, 1 left as they were"), "%s", toy_output());
    cr_expect_not_null(strstr(toy_read("shown/origins.tsv"), "toy-holds\tfull\t"));
}

Test(figures, a_run_with_other_parameters_is_drawn_truly_and_shown_nowhere) {
    cr_assert_eq(toy_ntk("verify toy/holds --set value=0.75 --out run"), 0, "%s", toy_output());
    cr_expect_not_null(strstr(toy_read("run/toy/holds/figure.svg"), "value 0.75 beside 2"),
                       "the control keeps its own");
    cr_expect_eq(toy_ntk("figures --run run --plots shown"), 5);
    cr_expect(toy_said("was run with --set"), "%s", toy_output());
    cr_expect_str_empty(toy_read("shown/toy-holds.svg"));
}

Test(figures, other_formats_stand_beside) {
    cr_assert_eq(toy_ntk("verify toy/holds --no-figures --out run"), 0, "%s", toy_output());
    cr_assert_eq(toy_ntk("figures --run run --plots shown --format pdf --width single"), 0, "%s",
                 toy_output());
    cr_expect_eq(strncmp(toy_read("shown/toy-holds-single.pdf"), "%PDF", 4), 0);
    cr_expect_str_empty(toy_read("shown/origins.tsv"));
    cr_expect_neq(toy_ntk("figures --run run --format gif"), 0);
    cr_expect_neq(toy_ntk("figures --run run --width 3in"), 0);
}
