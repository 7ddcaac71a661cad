/* The committed enclosures of data/reference/ against a second program: this folder's recursion in
 * 1200-bit balls, which shares nothing with the one that made them. Dense and residual cases, every
 * entry of both kernels; convolutional ones against the kernel in double precision. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <jansson.h>

#include <ntk/data.h>
#include <ntk/kernel.h>
#include <ntk/linalg.h>

#include "ball_kernel.h"
#include "status.h"

enum { COLUMNS = 13, LINE = 1024, MOST = 16 };

TestSuite(reference, .timeout = 120);

/* A line of cases.tsv, cut at its tabs: name, points, arch, depth, activation, w^2, b^2, alpha,
 * input scale, image, layers, readout, leaky slope. */
static size_t cut(char *line, char *fields[COLUMNS]) {
    size_t count = 0;
    for (char *field = strtok(line, "\t\n"); field != NULL && count < COLUMNS; field = strtok(NULL, "\t\n"))
        fields[count++] = field;
    return count;
}

static void set_number(double *number, const char *text) {
    if (strcmp(text, "-") != 0) *number = strtod(text, NULL);
}

/* One number into *all, or one for each layer, to which *each then points until the next call. */
static void set_variances(const char *text, double *layers, double *all, const double **each) {
    size_t count = 0;
    if (strcmp(text, "-") == 0) return;
    assert_ok(ntk_architecture_parse_variances(text, layers, &count));
    if (count == 1)
        *all = layers[0];
    else
        *each = layers;
}

static ntk_architecture read_architecture(char *fields[COLUMNS]) {
    ntk_architecture a = ntk_architecture_default();
    if (strcmp(fields[2], "residual") == 0) a.family = NTK_RESIDUAL;
    if (strcmp(fields[2], "convolutional") == 0) {
        a.family = NTK_CONVOLUTIONAL;
        assert_ok(ntk_architecture_parse_image(fields[9], &a));
        assert_ok(ntk_architecture_parse_layers(fields[10], &a));
        if (strcmp(fields[11], "average") == 0) a.convolution.readout = NTK_READOUT_AVERAGE;
    }
    if (strcmp(fields[3], "-") != 0) a.depth = (size_t)strtoul(fields[3], NULL, 10);
    if (strcmp(fields[4], "-") != 0) assert_ok(ntk_activation_parse(fields[4], &a.activation));
    static double weights[NTK_DEPTH_MAX + 1], biases[NTK_DEPTH_MAX + 1];
    set_variances(fields[5], weights, &a.weight_variance, &a.weight_variances);
    set_variances(fields[6], biases, &a.bias_variance, &a.bias_variances);
    set_number(&a.residual_scale, fields[7]);
    set_number(&a.leaky_slope, fields[12]);
    a.input_scale = strcmp(fields[8], "none") == 0 ? NTK_INPUT_SCALE_NONE : NTK_INPUT_SCALE_DIMENSION;
    return a;
}

static double end_of(const json_t *kernel, const char *end, size_t i, size_t j) {
    const json_t *number = json_array_get(json_array_get(json_object_get(kernel, end), i), j);
    cr_assert(json_is_number(number));
    return json_number_value(number);
}

/* The interval and the ball share a number, and the interval is a few ulps wide. */
static void expect_encloses(const json_t *kernel, size_t i, size_t j, const arb_t exact, const char *where) {
    const double low = end_of(kernel, "low", i, j), high = end_of(kernel, "high", i, j);
    arb_t interval;
    arf_t a, b;
    arb_init(interval);
    arf_init(a);
    arf_init(b);
    arf_set_d(a, low);
    arf_set_d(b, high);
    arb_set_interval_arf(interval, a, b, BALL_BITS);
    cr_expect(arb_rel_accuracy_bits(exact) > 60 || arb_contains_zero(exact), "%s: a wide ball", where);
    cr_expect(arb_overlaps(interval, exact), "%s [%zu, %zu]: [%.17g, %.17g]", where, i, j, low, high);
    cr_expect(high - low <= 8 * 0x1p-53 * fmax(fabs(low), fabs(high)) + 1e-300, "%s: wide", where);
    arb_clear(interval);
    arf_clear(a);
    arf_clear(b);
}

static void compare_balls(const json_t *content, const ntk_architecture *a, const ntk_array *x,
                          const char *where) {
    const size_t d = x->columns;
    ball_kernel exact;
    ball_kernel_init(&exact);
    for (size_t i = 0; i < x->rows; i++)
        for (size_t j = 0; j <= i; j++) {
            const double *p = x->values + i * d, *q = x->values + j * d;
            ball_kernel_compute(a, d, p, memcmp(p, q, d * sizeof *p) == 0 ? p : q, &exact);
            expect_encloses(json_object_get(content, "ntk"), i, j, exact.ntk, where);
            expect_encloses(json_object_get(content, "nngp"), i, j, exact.nngp, where);
            expect_encloses(json_object_get(content, "ntk"), j, i, exact.ntk, where);
        }
    ball_kernel_clear(&exact);
}

static void compare_doubles(const json_t *content, const ntk_architecture *a, const ntk_array *x,
                            const char *where) {
    const size_t n = x->rows, d = x->columns;
    double ntk[MOST * MOST], nngp[MOST * MOST];
    assert_ok(ntk_kernel_gram_both(a, n, d, x->values, d, nngp, ntk, n));
    for (size_t k = 0; k < n * n; k++) {
        cr_expect_float_eq(end_of(json_object_get(content, "ntk"), "low", k / n, k % n), ntk[k],
                           1e-12 * ntk[0], "%s", where);
        cr_expect_float_eq(end_of(json_object_get(content, "nngp"), "low", k / n, k % n), nngp[k],
                           1e-12 * nngp[0], "%s", where);
    }
}

/* lambda_min lies between: a smallest eigenvalue moves by no more than the matrix does, so LAPACK's
 * from midpoints is as near as rounding. */
static void compare_eigenvalues(const json_t *content, size_t n, const char *type, const char *where) {
    const json_t *kernel = json_object_get(content, type), *lambda = json_object_get(kernel, "lambda_min");
    double a[MOST * MOST], values[MOST], largest = 0;
    for (size_t k = 0; k < n * n; k++) a[k] = end_of(kernel, "low", k / n, k % n);
    assert_ok(ntk_eigen_symmetric(n, a, n, false, values));
    for (size_t k = 0; k < n; k++) largest = fmax(largest, fabs(values[k]));
    const double low = json_number_value(json_array_get(lambda, 0)),
                 high = json_number_value(json_array_get(lambda, 1));
    const double slack = (double)n * 0x1p-50 * largest;
    cr_expect(low <= high && low <= values[0] + slack && high >= values[0] - slack,
              "%s: %.17g outside [%.17g, %.17g]", where, values[0], low, high);
    cr_expect(high - low <= 8 * 0x1p-53 * fabs(high) || (low <= 0 && high >= 0), "%s: wide", where);
}

static void compare_case(char *line) {
    char *fields[COLUMNS], path[512];
    ntk_array x;
    cr_assert_eq(cut(line, fields), COLUMNS, "%s", fields[0]);
    const ntk_architecture a = read_architecture(fields);
    ball_bits = a.depth > 12 ? 8000 : 1200; /* a layer of ReLU takes the bits of 1 / theta */
    snprintf(path, sizeof path, "data/reference/points/%s.npy", fields[1]);
    assert_ok(ntk_array_read(path, &x));
    cr_assert(x.rows <= MOST);
    snprintf(path, sizeof path, "data/reference/%s.json", fields[0]);
    json_t *content = json_load_file(path, 0, NULL);
    cr_assert_not_null(content, "%s", path);
    if (a.family == NTK_CONVOLUTIONAL)
        compare_doubles(content, &a, &x, fields[0]);
    else
        compare_balls(content, &a, &x, fields[0]);
    compare_eigenvalues(content, x.rows, "ntk", fields[0]);
    compare_eigenvalues(content, x.rows, "nngp", fields[0]);
    json_decref(content);
    ntk_array_release(&x);
}

Test(reference, a_second_program_agrees) {
    char line[LINE];
    size_t cases = 0;
    FILE *file = fopen("data/reference/cases.tsv", "r");
    cr_assert_not_null(file, "tests are run from the root of the tree");
    assert_ok(ntk_linalg_start());
    cr_assert_not_null(fgets(line, sizeof line, file));
    for (; fgets(line, sizeof line, file) != NULL; cases++) compare_case(line);
    fclose(file);
    cr_expect(cases >= 79, "%zu", cases);
}
