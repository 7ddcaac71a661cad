/* A site over several runs. */
#include "toy.h"

#include <string.h>

#include <criterion/criterion.h>

TestSuite(report, .init = toy_begin, .fini = toy_end, .timeout = 120);

Test(report, a_site_has_every_report_and_compares_the_verdicts) {
    cr_assert_eq(toy_ntk("verify toy/holds --no-figures --out a"), 0, "%s", toy_output());
    cr_assert_eq(toy_ntk("verify toy/holds toy/violated --no-figures --out b"), 1, "%s", toy_output());
    cr_assert_eq(toy_ntk("report --site site a b"), 0, "%s", toy_output());
    cr_expect_eq(toy_shell("cmp a/report.html site/a/report.html && cmp b/report.html site/b/report.html"),
                 0);
    const char *index = toy_read("site/index.html");
    cr_expect_not_null(strstr(index, "<a href=\"b/report.html#toy-violated\">VIOLATED</a>"));
    cr_expect_not_null(strstr(index, "<tr><td class=\"mono\">toy/holds</td><td data-name=\"a\">"));
    cr_expect_not_null(strstr(index, "<td data-name=\"a\"></td>"),
                       "a run without the claim has an empty cell");
}

Test(report, what_is_no_run_is_named) {
    cr_expect_neq(toy_ntk("report --site site nowhere"), 0);
    cr_expect(toy_said("nowhere"), "%s", toy_output());
    cr_expect_neq(toy_ntk("report nowhere"), 0, "there is no site to write");
}
