/* A scan: the table has every point of the grid, with what `ntk verify --set` says of it. */
#include "toy.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

TestSuite(scan, .init = toy_begin, .fini = toy_end, .timeout = 60);

/* The toy's `value` is at most 1 where it holds, `units` says how many draws `exponent` has. */
Test(scan, the_table_has_every_point_with_its_verdict) {
    cr_expect_eq(toy_ntk("scan toy/holds --over value=0.5,1.25 --over units=2,3 --seed 7 --out s"), 0, "%s",
                 toy_output());
    cr_expect(toy_said("1/4  HOLDS         value=0.5  units=2  value: 0.5\n"), "%s", toy_output());
    cr_expect(toy_said("4/4  VIOLATED      value=1.25  units=3  value: 1.25\n"), "%s", toy_output());
    const char *table = toy_read("s/scan.tsv");
    cr_expect_eq(strncmp(table, "value\tunits\tverdict\tmetric\tvalue\tlow\thigh\tjudged\n", 47), 0, "%s",
                 table);
    cr_expect_not_null(strstr(table, "\n0.5\t3\tHOLDS\tvalue\t0.5\t0.5\t0.5\tHOLDS\n"), "%s", table);
    cr_expect_not_null(strstr(table, "\n1.25\t2\tVIOLATED\tvalue\t1.25\t1.25\t1.25\tVIOLATED\n"), "%s",
                       table);
    cr_expect_not_null(strstr(table, "\n1.25\t2\tVIOLATED\tconstant\t3\t3\t3\t-\n"), "%s", table);
    /* The same numbers as of one run with these settings. */
    cr_expect_eq(toy_ntk("verify toy/holds --set value=1.25 --set units=3 --seed 7 --no-figures --out one"),
                 1);
    cr_expect_eq(toy_shell("cmp one/toy/holds/metrics.tsv s/points/004/toy/holds/metrics.tsv"), 0, "%s",
                 toy_output());
}

Test(scan, slashes_separate_values_that_are_lists) {
    cr_expect_eq(toy_ntk("scan toy/holds --over value=0.5/0.25 --no-figures --out s"), 0, "%s", toy_output());
    cr_expect(toy_said("2/2  HOLDS         value=0.25  value: 0.25\n"), "%s", toy_output());
    cr_expect_eq(toy_ntk("scan toy/holds --over value=0.5,1/2 --no-figures --out t"), 64);
    cr_expect(toy_said("'0.5,1'"), "%s", toy_output());
}

Test(scan, it_goes_on_from_where_it_was_stopped) {
    cr_expect_eq(toy_ntk("scan toy/holds --over value=0.5,0.75 --no-figures --out s"), 0);
    toy_shell("cp s/scan.tsv before");
    cr_expect_eq(toy_ntk("scan toy/holds --over value=0.5,0.75 --no-figures --out s"), 64);
    cr_expect(toy_said("s is not empty; --resume goes on"), "%s", toy_output());
    cr_expect_eq(toy_shell("rm -r s/points/002 && \"$NTK_FIXTURE\" scan toy/holds --over value=0.5,0.75,1.5 "
                           "--no-figures --out s --resume"),
                 0, "%s", toy_output());
    cr_expect_not_null(strstr(toy_read("s/points/001/manifest.json"), "\"from_journal\": true"));
    cr_expect_null(strstr(toy_read("s/points/002/manifest.json"), "\"from_journal\": true"));
    cr_expect_eq(toy_shell("head -n $(wc -l <before) s/scan.tsv | cmp - before"), 0, "%s", toy_output());
    cr_expect_eq(toy_ntk("scan toy/holds --over value=0.5 --out typo --resume"), 64, "%s", toy_output());
    cr_expect_eq(toy_shell("mkdir -p t/points/001 && \"$NTK_FIXTURE\" scan toy/holds --over value=0.5 "
                           "--no-figures --out t --resume"),
                 0, "a folder that was made and never used: %s", toy_output());
}

Test(scan, a_point_that_fails_is_told_and_the_rest_goes_on) {
    cr_expect_eq(toy_ntk("scan toy/holds --over behaviour=fail,normal --no-figures --out s"), 5);
    cr_expect(toy_said("1/2  ERROR         behaviour=fail  value: ended with exit status"), "%s",
              toy_output());
    cr_expect(toy_said("2/2  HOLDS         behaviour=normal  value: 0.5"), "%s", toy_output());
    cr_expect_not_null(strstr(toy_read("s/scan.tsv"), "\nfail\tERROR\t-\tnan\tnan\tnan\t-\nnormal\tHOLDS\t"));
}

Test(scan, the_figure_has_the_points_and_the_bounds) {
    cr_expect_eq(toy_ntk("scan toy/holds --over units=2,3,4 --over value=0.5,0.9 --out s"), 0, "%s",
                 toy_output());
    const char *script = toy_read("s/figure.gp");
    cr_expect_not_null(strstr(script, "\n3\t0.90000000000000002\t0.90000000000000002\t0.90000000000000002\n"),
                       "%s", script);
    cr_expect_not_null(strstr(script, "title 'value = 0.9'"), "%s", script);
    cr_expect_not_null(strstr(script, "    1 with lines ls 100 title 'bound of small: 1'"), "%s", script);
    cr_expect_eq(toy_ntk("scan toy/holds --over value=0.5,0.9 --metric exponent --no-figures --out t"), 0);
    cr_expect(toy_said("value=0.9  exponent: 0.00 ± 0.10"), "%s", toy_output());
    cr_expect_eq(toy_ntk("scan toy/holds --over value=0.5 --metric exponents --out u"), 64);
    cr_expect(toy_said("no point has a metric exponents; did you mean exponent?"), "%s", toy_output());
    cr_expect_eq(toy_shell("test -e u"), 1, "it was asked for before anything ran");
}

Test(scan, programs_read_its_output) {
    cr_expect_eq(
        toy_shell("\"$NTK_FIXTURE\" scan toy/holds --over value=0.5,1.25 --no-figures --json --out s "
                  "2>said >points.json && python3 -c \"import json\n"
                  "p = json.load(open('points.json'))\n"
                  "assert [q['verdict'] for q in p] == ['HOLDS', 'VIOLATED'], p\n"
                  "assert p[1]['settings'] == {'value': '1.25'}\n"
                  "assert p[1]['metrics']['value'] == {'value': 1.25, 'verdict': 'VIOLATED'}\n"
                  "assert p[1]['metrics']['exponent']['low'] <= p[1]['metrics']['exponent']['value']\n\""),
        0, "%s", toy_output());
    cr_expect_eq(toy_shell("\"$NTK_FIXTURE\" scan toy/holds --over value=0.5 --no-figures --markdown --out t "
                           "2>said && grep -c . said"),
                 0);
    cr_expect(toy_said("| value | verdict | value |\n|---|---|---|\n| 0.5 | HOLDS | 0.5 |\n"), "%s",
              toy_output());
}

Test(scan, wrong_usage_is_64_before_anything_runs) {
    static const struct {
        const char *options, *says;
    } cases[] = {{"", "a scan needs --over"},
                 {"--over width=1", "width"},
                 {"--over value=1,nan", "value"},
                 {"--over value=1,,2", "--over value: a value is empty"},
                 {"--over value=1,2,1", "--over value: 1 is given twice"},
                 {"--over value=1,2,1.0", "--over value: 1.0 is given twice"},
                 {"--over units=2,02", "--over units: 02 is given twice"},
                 {"--over value=1 --over value=2", "--over value is given twice"},
                 {"--over value=1 --set value=2", "value is given to --set and to --over"},
                 {"--over value=1 --json --markdown", "exclude each other"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect_eq(toy_ntk("scan toy/holds %s --out s", cases[i].options), 64, "%s: %s", cases[i].options,
                     toy_output());
        cr_expect(toy_said(cases[i].says), "%s: %s", cases[i].options, toy_output());
    }
    cr_expect_eq(toy_ntk("scan toy/hold --over value=1"), 64);
    cr_expect(toy_said("did you mean toy/holds?"), "%s", toy_output());
    cr_expect_eq(toy_shell("test -e s || test -e scans"), 1);
}
