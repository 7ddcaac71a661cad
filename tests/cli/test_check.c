/* ntk enclose, ntk check, and the reference cases in data/reference. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <jansson.h>

#include <ntk/data.h>

#include "status.h"
#include "toy.h"

/* $REFERENCE for the shell: the folder itself, which the tests are started beside. */
static void begin(void) {
    char *path = realpath("data/reference", NULL);
    cr_assert_not_null(path, "tests are run from the root of the tree");
    setenv("REFERENCE", path, 1);
    free(path);
    toy_begin();
}

TestSuite(check, .init = begin, .fini = toy_end, .timeout = 120);

static void write_matrix(const char *name, size_t rows, size_t columns, const double *a) {
    assert_ok(ntk_npy_write(toy_path(name), NTK_NPY_FLOAT64, rows, columns, a));
}

/* Two orthogonal unit vectors, one hidden ReLU layer, w^2 = 2: 4 and 2 / pi. */
static const double points[] = {1, 0, 0, 1}, off = 0.63661977236758138;

static void write_problem(double k01, double k10) {
    const double k[] = {4, k01, k10, 4};
    write_matrix("x.npy", 2, 2, points);
    write_matrix("k.npy", 2, 2, k);
}

Test(check, digits_of_a_matrix) {
    write_problem(off, off);
    cr_expect_eq(toy_ntk("check --input-scale none x.npy k.npy"), 0, "%s", toy_output());
    cr_expect(toy_said("symmetric    yes") && toy_said("4 of 4 entries"), "%s", toy_output());
    cr_expect(toy_said("positive definite, certified") && toy_said("exact kernel: from 3.36338"));
    write_problem(off + 4e-9, off);
    cr_expect_eq(toy_ntk("check --input-scale none x.npy k.npy"), 1, "%s", toy_output());
    cr_expect(toy_said("digits       9.0 (12 wanted: too few)"), "%s", toy_output());
    cr_expect(toy_said("[0, 1] is 0.636619776") && toy_said("off by at most 1e-09"), "%s", toy_output());
    cr_expect(toy_said("no: [1, 0] and [0, 1] differ by 1e-09"), "%s", toy_output());
    cr_expect_eq(toy_ntk("check --digits 8 --input-scale none x.npy k.npy"), 0);
    write_problem(5, 5);
    cr_expect_eq(toy_ntk("check --digits 0 --input-scale none x.npy k.npy"), 1, "5 for 2 / pi");
    cr_expect(toy_said("not positive definite, certified"), "%s", toy_output());
}

Test(check, json_says_the_same) {
    write_problem(off + 4e-9, off);
    cr_expect_eq(toy_ntk("check --json --input-scale none x.npy k.npy"), 1);
    json_t *said = json_loads(toy_output(), 0, NULL);
    cr_assert_not_null(said, "%s", toy_output());
    cr_expect_float_eq(json_real_value(json_object_get(said, "error")), 1e-9, 1e-15);
    cr_expect_eq(json_integer_value(json_array_get(json_object_get(said, "worst_entry"), 1)), 1);
    cr_expect(json_is_false(json_object_get(said, "symmetric")));
    cr_expect_str_eq(json_string_value(json_object_get(said, "positive_definite")), "certified");
    json_decref(said);
}

Test(check, kernels_between_two_sets) {
    const double k[] = {4, off};
    write_matrix("x.npy", 1, 2, points);
    write_matrix("y.npy", 2, 2, points);
    write_matrix("k.npy", 1, 2, k);
    cr_expect_eq(toy_ntk("check --input-scale none x.npy y.npy k.npy"), 0, "%s", toy_output());
    cr_expect(!toy_said("lambda_min"), "%s", toy_output());
    cr_expect_eq(toy_ntk("check --input-scale none y.npy x.npy k.npy"), 5);
    cr_expect(toy_said("the matrix is 1 x 2, and the points want 2 x 1"), "%s", toy_output());
}

Test(check, refused) {
    write_problem(off, off);
    cr_expect_eq(toy_ntk("check x.npy"), 64);
    cr_expect(toy_said("points and a matrix are wanted, or --reference"), "%s", toy_output());
    cr_expect_eq(toy_ntk("check --digits 16 x.npy k.npy"), 64);
    cr_expect_eq(toy_ntk("check --digits nan x.npy k.npy"), 64);
    cr_expect_eq(toy_ntk("check --activation tanh x.npy k.npy"), 1, "another kernel: %s", toy_output());
    cr_expect_eq(toy_ntk("check --reference a b"), 64);
    cr_expect_eq(toy_ntk("check --reference --depth 3"), 64);
    cr_expect(toy_said("--depth does not go with --reference"), "%s", toy_output());
    cr_expect_eq(toy_ntk("check --reference a --type nngp"), 64);
    cr_expect(toy_said("--type does not go with --reference"), "%s", toy_output());
    cr_expect_eq(toy_ntk("check nowhere.npy k.npy"), 5);
    cr_expect_eq(toy_ntk("enclose x.npy"), 64);
    cr_expect_eq(toy_ntk("enclose --depth x x.npy -o k.json"), 64);
    cr_expect_eq(toy_ntk("enclose nowhere.npy -o k.json"), 5);
    cr_expect_str_empty(toy_read("k.json"), "nothing is written by a run that fails");
    cr_expect_eq(toy_shell("env -u NTK_ROOT \"$NTK_BINARY\" check --reference nowhere"), 5);
    cr_expect(toy_said("nowhere: no such folder"), "%s", toy_output());
}

/* 2 / pi lies between these neighbours, and 4 and 4 - 2 / pi = 3.363380227632418657 are what they
 * are. */
Test(check, enclosures_are_written) {
    write_problem(0, 0);
    cr_assert_eq(toy_ntk("enclose --input-scale none x.npy -o -"), 0, "%s", toy_output());
    cr_expect(toy_said("[4, 0.63661977236758127],") && toy_said("[0.63661977236758138, 4]"), "%s",
              toy_output());
    cr_expect(toy_said("\"lambda_min\": [3.3633802276324185, 3.363380227632419]"), "%s", toy_output());
}

/* A sample of data/reference/ byte for byte, of every family. */
Test(check, reference_data_can_be_made_again) {
    cr_expect_eq(toy_shell("mkdir made && \"$REFERENCE/../../ci/reference\" \"$NTK_BINARY\" made "
                           "near-relu-3-bias near-erf-10 circle-residual-6 doubled-relu-10 table-erf-1 "
                           "scales-relu-3-bias signals-conv-relu-circular images-conv-erf && "
                           "test $(ls made | wc -l) = 8 && "
                           "for f in made/*; do cmp $f \"$REFERENCE/${f#made/}\" || exit 1; done"),
                 0, "%s", toy_output());
}

/* What ntk itself answers has twelve digits everywhere; an entry that has not, a matrix of another
 * shape and what is not there are told. */
Test(check, reference_answers_are_judged) {
    const double k[] = {1, 2, 3, 4};
    cr_assert_eq(toy_shell("unset NTK_ROOT; ntk() { \"$NTK_BINARY\" \"$@\"; }; ntk check --reference >list "
                           "&& mkdir all && cd all "
                           "&& . ../list && ntk check --reference ."),
                 0, "%s", toy_output());
    cr_expect(strstr(toy_last_line(), " have 12 digits, 0 have fewer, 0 cannot be used, 0 are missing") !=
                  NULL,
              "%s", toy_last_line());
    cr_expect(toy_said("near-erf-3-bias.ntk") && toy_said("stored not definite"));
    cr_expect_eq(toy_shell("mkdir one && cp all/K_near-relu-1.ntk.npy one && env -u NTK_ROOT \"$NTK_BINARY\" "
                           "check --reference one"),
                 0);
    cr_expect(toy_said("1 have 12 digits, 0 have fewer, 0 cannot be used"), "%s", toy_output());
    cr_expect_eq(toy_shell("cp one/K_near-relu-1.ntk.npy one/K_near-relu-1.nngp.npy && "
                           "env -u NTK_ROOT \"$NTK_BINARY\" check --reference one"),
                 1, "the other kernel");
    cr_expect(toy_said("1 have 12 digits, 1 have fewer"), "%s", toy_output());
    write_matrix("one/K_near-relu-1.nngp.npy", 2, 2, k);
    cr_expect_eq(toy_shell("env -u NTK_ROOT \"$NTK_BINARY\" check --reference one --json"), 1);
    cr_expect(toy_said("2 x 2, not 4 x 4") && toy_said("\"unreadable\": 1"), "%s", toy_output());
    cr_expect_eq(toy_shell("mkdir none && env -u NTK_ROOT \"$NTK_BINARY\" check --reference none"), 1,
                 "no answer at all");
}
