/* Data of the user's own in the place of a claim's: the program's own claims, on a copy of nothing
 * but two files. */
#include "toy.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

TestSuite(own_data, .init = toy_begin, .fini = toy_end, .timeout = 120);

static int ntk(const char *arguments) { return toy_shell("env -u NTK_ROOT \"$NTK_BINARY\" %s", arguments); }

/* A .npy of version 1.0 with these numbers, in printf's %g. */
static void write_npy(const char *name, size_t rows, size_t columns, const double *values) {
    char path[512], header[128];
    snprintf(path, sizeof path, "%s", toy_path(name));
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    const int length =
        columns > 0
            ? snprintf(header, sizeof header,
                       "{'descr': '<f8', 'fortran_order': False, 'shape': (%zu, %zu), }", rows, columns)
            : snprintf(header, sizeof header, "{'descr': '<f8', 'fortran_order': False, 'shape': (%zu,), }",
                       rows);
    fprintf(file, "\x93NUMPY%c%c%c%c%-117s\n", 1, 0, 118, 0, header);
    cr_assert_lt(length, 118);
    fwrite(values, sizeof *values, rows * (columns > 0 ? columns : 1), file);
    fclose(file);
}

/* Five points of the unit circle by Pythagorean triples, whose norms are one to rounding. */
static const double points[] = {1, 0, 0, 1, 0.6, 0.8, -0.6, 0.8, 0.28, -0.96};
static const double labels[] = {0, 1, 1, 0, 1}, signs[] = {-1, 1, 1, -1, 1};

static void write_points(void) {
    write_npy("x.npy", 5, 2, points);
    write_npy("y.npy", 5, 0, labels);
}

Test(own_data, a_certificate_is_given_for_the_points_of_a_file) {
    write_points();
    cr_expect_eq(ntk("verify positive-definiteness/dense --data-x x.npy --out run"), 0, "%s", toy_output());
    const char *cases = toy_read("run/positive-definiteness/dense/cases.tsv");
    cr_expect_not_null(strstr(cases, "\ngiven\tdepth-2\t5\t"), "%s", cases);
    cr_expect_null(strstr(cases, "sphere"), "%s", cases);
    cr_expect_not_null(strstr(toy_read("run/manifest.json"), "/x.npy\""));
    /* The same number as of the matrix by itself, to eight digits. */
    cr_expect_eq(ntk("kernel --depth 2 --input-scale none x.npy -o k.npy"), 0, "%s", toy_output());
    cr_expect_eq(
        ntk("certify k.npy >said; sed -n 's/^computed, without rigour: //p' said | cut -c 1-10 >wanted; "
            "grep -q '^[0-9][.][0-9]*$' wanted && "
            "grep \"^given.depth-2.*$(cat wanted)\" run/positive-definiteness/dense/cases.tsv"),
        0, "%s", toy_read("said"));
    /* What a control broke it breaks still, and other data are another result. */
    cr_expect_eq(toy_shell("grep -c '\"broke\": true' run/summary.json"), 0);
    double moved[10];
    memcpy(moved, points, sizeof moved);
    moved[8] = -0.28;
    write_npy("x.npy", 5, 2, moved);
    cr_expect_eq(ntk("verify positive-definiteness/dense --data-x x.npy --no-figures --resume --out run"), 0,
                 "%s", toy_output());
    cr_expect_not_null(strstr(toy_read("run/manifest.json"), "\"from_journal\": false"));
}

Test(own_data, a_flow_runs_on_labelled_points) {
    write_points();
    cr_expect_eq(ntk("run lazy-classification/l2-bounded --set widths=16 --set seeds=1 --set activations=erf "
                     "--set log-horizon=1 --data-x x.npy --data-y y.npy --out a"),
                 0, "%s", toy_output());
    write_npy("y.npy", 5, 0, signs);
    cr_expect_eq(ntk("run lazy-classification/l2-bounded --set widths=16 --set seeds=1 --set activations=erf "
                     "--set log-horizon=1 --data-x x.npy --data-y y.npy --out b"),
                 0, "%s", toy_output());
    cr_expect_eq(toy_shell("cmp a/metrics.tsv b/metrics.tsv && grep -q '^points.*5$' a/parameters.tsv"), 0,
                 "%s", toy_output());
    const double others[] = {1, 0, 1, 0, 1};
    write_npy("y.npy", 5, 0, others);
    cr_expect_eq(ntk("run lazy-classification/l2-bounded --set widths=16 --set seeds=1 --set activations=erf "
                     "--set log-horizon=1 --data-x x.npy --data-y y.npy --out c"),
                 0, "%s", toy_output());
    cr_expect_eq(toy_shell("cmp -s a/metrics.tsv c/metrics.tsv"), 1, "other labels give other numbers");
}

Test(own_data, what_a_hypothesis_excludes_is_refused) {
    static const struct {
        double x[6];
        const char *says;
    } cases[] = {
        {{1, 0, 0, 2, 0.6, 0.8}, "row 1 has the norm 2, and positive-definiteness/dense is about points"},
        {{1, 0, 0.6, 0.8, 1, 0}, "rows 0 and 2 are equal"},
        {{1, 0, 0, 1, 1, -0.0}, "rows 0 and 2 are equal"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_npy("x.npy", 3, 2, cases[i].x);
        cr_expect_eq(ntk("verify positive-definiteness/dense --data-x x.npy --out run"), 5, "%s",
                     toy_output());
        cr_expect(toy_said(cases[i].says), "%s", toy_output());
    }
    write_npy("x.npy", 3, 1, (const double[]){1, 2, 3});
    write_npy("y.npy", 3, 0, (const double[]){0, 1, 1});
    cr_expect_eq(ntk("verify lazy-classification/l2-bounded --data-x x.npy --data-y y.npy --out run"), 5);
    cr_expect(toy_said("/x.npy: 1 coordinates are none that lazy-classification/l2-bounded takes: "
                       "parameter 'inputs'"),
              "%s", toy_output());
    write_npy("x.npy", 3, 2, (const double[]){1, 0, 0, 1, 1, 1});
    static const struct {
        double y[3];
        const char *says;
    } wrong[] = {{{0, 1, 2}, "label 2 is 2; labels are 0 and 1, or -1 and 1"},
                 {{0, 1, -1}, "not all three"},
                 {{1, 1, 1}, "all points have one label"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        write_npy("y.npy", 3, 0, wrong[i].y);
        cr_expect_eq(ntk("run lazy-classification/l2-bounded --data-x x.npy --data-y y.npy"), 5);
        cr_expect(toy_said(wrong[i].says), "%s", toy_output());
    }
}

Test(own_data, claims_that_take_none_say_why) {
    write_points();
    static const struct {
        const char *arguments, *says;
        int status;
    } cases[] = {
        {"verify divergence/parameters --data-x x.npy --data-y y.npy", "does not take other data: its bounds",
         64},
        {"verify positive-definiteness --data-x x.npy", "does not take other data", 64},
        {"verify positive-definiteness/dense --data-x x.npy --data-y y.npy", "points without labels", 64},
        {"verify lazy-classification/l2-bounded --data-x x.npy", "add --data-y", 64},
        {"verify positive-definiteness/dense --data-y y.npy", "--data-x, which is missing", 64},
        {"run positive-definiteness/dense --set data-sets=given", "'given' are the points of --data-x", 5},
        {"verify positive-definiteness/dense --data-x nothing.npy", "nothing.npy: No such file", 5},
        {"verify positive-definiteness/dense --data-x y.npy", "rows of an array of two axes", 5},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect_eq(ntk(cases[i].arguments), cases[i].status, "%s: %s", cases[i].arguments, toy_output());
        cr_expect(toy_said(cases[i].says), "%s: %s", cases[i].arguments, toy_output());
    }
}
