/* ntk certify of a matrix in tiles: bounds of eigenvalues that are known, and what it refuses. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/data.h>
#include <ntk/memory.h>

#include "status.h"
#include "toy.h"

TestSuite(certify_file, .init = toy_begin, .fini = toy_end, .timeout = 120);

enum { N = 700 };
static const double pi = 3.14159265358979323846;

/* Second differences less `less` I; their eigenvalues are 4 sin^2(k pi / (2 (n + 1))) - less, of
 * which Lanczos's method sees the smallest, 2e-5, badly. Above the diagonal `above` is added. */
static void write_differences(const char *name, double less, double above) {
    double *a = NULL;
    assert_ok(ntk_allocate_doubles((size_t)N * N, &a));
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++)
            a[i * N + j] = (i == j ? 2 - less : i == j + 1 || j == i + 1 ? -1 : 0) + (j > i ? above : 0);
    assert_ok(ntk_npy_write(toy_path(name), NTK_NPY_FLOAT64, N, N, a));
    ntk_release(a);
}

static double eigenvalue(int k) { return 4 * pow(sin(k * pi / (2 * (N + 1))), 2); }

static double number_after(const char *text) {
    double value = NAN;
    cr_expect_eq(sscanf(toy_after(text), "%lf", &value), 1, "%s: %s", text, toy_output());
    return value;
}

/* top: what the upper bound of lambda_max, which is nearly 4, may be. */
static void expect_bounds(double at_least, double at_most, double top) {
    const double least = eigenvalue(1), largest = eigenvalue(N),
                 bound = number_after("certified: lambda_min >= ");
    cr_expect(bound >= at_least && bound <= at_most, "%g is not in %g to %g", bound, at_least, at_most);
    cr_expect(number_after("proved: lambda_min <= ") >= least * (1 - 1e-12), "%s", toy_output());
    cr_expect(toy_said("\nproved: 3.99"), "%s", toy_output());
    cr_expect(number_after("<= lambda_max <= ") >= largest * (1 - 1e-15), "%s", toy_output());
    cr_expect(number_after("<= lambda_max <= ") <= top, "%s", toy_output());
}

/* A certificate in memory takes 23.5 MB. */
Test(certify_file, bounds_of_known_eigenvalues) {
    const double least = eigenvalue(1);
    write_differences("k.npy", 0, 0);
    cr_assert_eq(toy_ntk("certify k.npy --memory 20M --jobs 1"), 0, "%s", toy_output());
    expect_bounds(least / 2.01, least, 6);
    cr_assert_eq(toy_ntk("certify k.npy --memory 20M --jobs 1 --steps 700"), 0, "%s", toy_output());
    expect_bounds(0.89 * least, least, 4.0001);
    char command[64];
    snprintf(command, sizeof command, "certify k.npy --shift %.17g", 0.999 * least);
    cr_assert_eq(toy_ntk("%s", command), 0, "%s", toy_output());
    expect_bounds(0.998 * least, 0.999 * least, 6);
    snprintf(command, sizeof command, "certify k.npy --shift %.17g", 1.001 * least);
    cr_assert_eq(toy_ntk("%s", command), 1, "%s", toy_output());
    cr_expect(toy_said("no certificate: ") && !toy_said("certified:"), "%s", toy_output());
    cr_expect_eq(toy_shell("ls | grep -v -e k.npy -e suites -e output -e expected"), 1, "%s", toy_output());
}

Test(certify_file, what_fits_is_certified_in_memory) {
    write_differences("k.npy", 0, 0);
    cr_expect_eq(toy_shell("\"$NTK_FIXTURE\" certify k.npy --memory 24M >a && \"$NTK_FIXTURE\" certify k.npy "
                           "| cmp - a && grep -c . a"),
                 0);
    cr_expect_str_eq(toy_output(), "2\n");
}

Test(certify_file, the_lower_triangle_and_the_upper) {
    write_differences("skew.npy", 0, 1e-9);
    cr_expect_eq(toy_ntk("certify skew.npy --memory 20M --jobs 1"), 5);
    cr_expect(toy_said("ntk: skew.npy: not symmetric: [1, 0] is -1 and [0, 1] is -0.99"), "%s", toy_output());
    cr_expect_eq(toy_ntk("certify skew.npy --memory 20M --jobs 1 --lower"), 0, "%s", toy_output());
    expect_bounds(eigenvalue(1) / 2.01, eigenvalue(1), 6);
    cr_assert_eq(toy_shell("{ head -c 136 skew.npy; printf '\\0\\0\\0\\0\\0\\0\\370\\177'; "
                           "tail -c +145 skew.npy; } >nan.npy"),
                 0);
    cr_expect_eq(toy_ntk("certify nan.npy --shift 0"), 5);
    cr_expect(toy_said("ntk: nan.npy: row 0, column 1 (from 0) is nan\n"), "%s", toy_output());
}

Test(certify_file, what_is_not_positive_has_no_certificate) {
    write_differences("k.npy", 0.001, 0);
    cr_expect_eq(toy_ntk("certify k.npy --memory 20M --jobs 1"), 1, "%s", toy_output());
    cr_expect(toy_said("no certificate: no positive lower bound"), "%s", toy_output());
    cr_expect_eq(toy_ntk("certify k.npy --memory 20M --jobs 1 --steps 700"), 1, "%s", toy_output());
    cr_expect(number_after("proved: lambda_min <= ") < -0.00097, "certain not to be: %s", toy_output());
    static const double small[] = {2, 1, 1, 2};
    assert_ok(ntk_npy_write(toy_path("small.npy"), NTK_NPY_FLOAT64, 2, 2, small));
    cr_expect_eq(toy_ntk("certify small.npy --shift 1e-301"), 1, "%s", toy_output());
    cr_expect(toy_said("no positive bound: the shift 1e-301 proves lambda_min >= -") &&
                  !toy_said("certified:"),
              "%s", toy_output());
    cr_expect_eq(toy_ntk("certify k.npy --shift -0.001"), 1, "%s", toy_output());
    cr_expect(fabs(number_after("certified: lambda_min >= ") + 0.001) < 1e-9, "%s", toy_output());
}

Test(certify_file, refuses_what_it_cannot_do) {
    static const struct {
        const char *arguments;
        int status;
        const char *line;
    } cases[] = {
        {"k.npy --memory 1M --jobs 1", 5, "k.npy: order 700 and 1 workers need 9811 kB of memory at least"},
        {"k.npy --shift 0 --folder nowhere", 5, "k.npy: nowhere: cannot make a file for the factor"},
        {"none.npy --shift 0", 5, "ntk: none.npy: cannot open it"},
        {"- --shift 0 <k.npy", 64, "--memory and --shift want a file, not standard input"},
        {"k.npy --steps 10", 64, "--steps and --folder go with --memory or --shift"},
        {"k.npy --shift much", 64, "--shift takes a finite number, not 'much'"},
    };
    write_differences("k.npy", 0, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect_eq(toy_ntk("certify %s", cases[i].arguments), cases[i].status, "%s", cases[i].arguments);
        cr_expect(toy_said(cases[i].line), "%s: %s", cases[i].arguments, toy_output());
    }
}
