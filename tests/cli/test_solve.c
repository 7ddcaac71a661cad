/* ntk solve: its answers against the systems that they solve, the files that it takes and writes,
 * and what it refuses. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <jansson.h>

#include <ntk/data.h>
#include <ntk/memory.h>

#include "array.h"
#include "status.h"
#include "toy.h"

TestSuite(solve, .init = toy_begin, .fini = toy_end, .timeout = 120);

enum { N = 300, D = 3, NEW = 40, MOST = 3 };
static const double lambda = 1e-3;
#define LAMBDA "--lambda 1e-3 "

static double x[N * D], fresh[NEW * D], y[N * MOST];

static void write_array(const char *name, size_t rows, size_t columns, const double *a) {
    assert_ok(ntk_npy_write(toy_path(name), NTK_NPY_FLOAT64, rows, columns, a));
}

static void read_array(const char *name, size_t wanted_rows, size_t wanted_columns, double **out) {
    size_t rows, columns;
    assert_ok(array_read(toy_path(name), &rows, &columns, out));
    cr_assert(rows == wanted_rows && columns == wanted_columns, "%s: %zu x %zu", name, rows, columns);
}

static double next(unsigned long *state) {
    *state = *state * 6364136223846793005UL + 1442695040888963407UL;
    return (double)(*state >> 11) * 0x1p-52 - 1;
}

static void write_points(void) {
    unsigned long state = 1;
    for (size_t i = 0; i < N * D; i++) x[i] = next(&state);
    for (size_t i = 0; i < NEW * D; i++) fresh[i] = next(&state);
    write_array("x.npy", N, D, x);
    write_array("new.npy", NEW, D, fresh);
}

/* Three functions, one of them noise. */
static void write_targets(void) {
    unsigned long state = 7;
    for (size_t i = 0; i < N; i++) {
        y[MOST * i] = sin(3 * x[D * i]) + x[D * i + 1];
        y[MOST * i + 1] = 1000 * x[D * i + 2] * x[D * i];
        y[MOST * i + 2] = next(&state);
    }
    write_array("y.npy", N, MOST, y);
}

/* out = K a, in the precision that the machine has beyond double. */
static void multiply(size_t rows, const double *k, size_t columns, const double *a, long double *out) {
    memset(out, 0, rows * columns * sizeof *out);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < N; j++)
            for (size_t c = 0; c < columns; c++)
                out[i * columns + c] += (long double)k[i * N + j] * a[j * columns + c];
}

static double number(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    cr_assert(json_is_number(value), "%s", key);
    return json_number_value(value);
}

/* ---- regression ------------------------------------------------------------------------------ */

/* The largest ||Y - (K + n lambda I) a|| / ||Y||, and |K a - fitted|. */
static void judge_regression(const double *k, double *residual, double *off) {
    static long double image[N * MOST];
    double *a, *f;
    read_array("a.npy", N, MOST, &a);
    read_array("f.npy", N, MOST, &f);
    multiply(N, k, MOST, a, image);
    *residual = *off = 0;
    for (size_t c = 0; c < MOST; c++) {
        long double rest = 0, size = 0;
        for (size_t i = c; i < N * MOST; i += MOST) {
            rest += powl(y[i] - image[i] - (long double)N * lambda * a[i], 2);
            size += (long double)y[i] * y[i];
            *off = fmax(*off, (double)fabsl(f[i] - image[i]));
        }
        *residual = fmax(*residual, (double)sqrtl(rest / size));
    }
    ntk_release(a);
    ntk_release(f);
}

/* Of the new points: predictions and K(new, x) a. */
static double judge_predictions(const double *cross) {
    static long double image[NEW * MOST];
    double *a, *p, off = 0;
    read_array("a.npy", N, MOST, &a);
    read_array("p.npy", NEW, MOST, &p);
    multiply(NEW, cross, MOST, a, image);
    for (size_t i = 0; i < NEW * MOST; i++) off = fmax(off, (double)fabsl(p[i] - image[i]));
    ntk_release(a);
    ntk_release(p);
    return off;
}

static void expect_solved(const char *command, const char *source, const double *k, const double *cross) {
    const bool predicts = strstr(command, "x.npy") != NULL;
    double residual, off;
    cr_assert_eq(toy_ntk("solve %s y.npy " LAMBDA "--json -o a.npy --fitted f.npy%s", command,
                         predicts ? " --predict new.npy --predictions p.npy" : ""),
                 0, "%s: %s", command, toy_output());
    json_t *said = json_loads(toy_output(), 0, NULL);
    cr_assert_not_null(said, "%s: %s", command, toy_output());
    judge_regression(k, &residual, &off);
    cr_expect(residual <= number(said, "residual") && number(said, "residual") <= 1e-10,
              "%s: residual %g, said %g", command, residual, number(said, "residual"));
    cr_expect(off <= 1e-12 * number(said, "points") * 1e3, "%s: fitted off by %g", command, off);
    cr_expect_str_eq(json_string_value(json_object_get(said, "kernel")), source, "%s", command);
    cr_expect(number(said, "outputs") == MOST && number(said, "iterations") >= 1);
    if (predicts) {
        off = judge_predictions(cross);
        cr_expect(off <= number(said, "prediction_error") && number(said, "prediction_error") < 1e-5,
                  "%s: predictions off by %g, said %g", command, off, number(said, "prediction_error"));
    }
    json_decref(said);
}

Test(solve, regression_from_points_and_from_matrices) {
    double *k, *cross;
    write_points();
    write_targets();
    cr_assert_eq(toy_shell("for o in '' --float32; do \"$NTK_FIXTURE\" kernel --depth 2 --bias-variance 0.1 "
                           "x.npy $o -o k$o.npy || exit; done; "
                           "\"$NTK_FIXTURE\" kernel --depth 2 --bias-variance 0.1 new.npy x.npy -o c.npy"),
                 0, "%s", toy_output());
    read_array("k.npy", N, N, &k);
    read_array("c.npy", NEW, N, &cross);
    expect_solved("--depth 2 --bias-variance 0.1 x.npy", "memory", k, cross);
    expect_solved("--depth 2 --bias-variance 0.1 --jobs 1 --memory 5M x.npy", "points", k, cross);
    expect_solved("--kernel k.npy", "file", k, cross);
    expect_solved("--kernel k.npy --rank 7 --jobs 2", "file", k, cross);
    expect_solved("--depth 2 --bias-variance 0.1 --kernel k--float32.npy x.npy", "file", k, cross);
    ntk_release(k);
    ntk_release(cross);
}

/* The numbers of a float32 file alone are another matrix; the points decide where they are given.
 * A matrix that is another's altogether does not pass for theirs. */
Test(solve, the_points_decide) {
    write_points();
    write_targets();
    cr_assert_eq(toy_ntk("kernel --depth 2 x.npy -o k.npy"), 0);
    cr_expect_eq(
        toy_ntk("solve --kernel k.npy x.npy y.npy --rank 20 --max-iterations 100 " LAMBDA "-o a.npy"), 1,
        "%s", toy_output());
    cr_expect(toy_said("kernel regression: after") && toy_said("where 1e-10 was asked; no file was written"),
              "%s", toy_output());
    cr_expect_eq(toy_shell("ls a.npy"), 2);
}

/* ---- classes --------------------------------------------------------------------------------- */

static void write_labels(void) {
    static double signs[N], binary[N], classes[N], one_hot[N * 3];
    for (size_t i = 0; i < N; i++) {
        binary[i] = sin(3 * x[D * i]) + x[D * i + 1] > 0.1;
        signs[i] = 2 * binary[i] - 1;
        classes[i] = x[D * i] < -0.3 ? 0 : x[D * i + 1] < 0 ? 1 : 2;
        for (size_t c = 0; c < 3; c++) one_hot[3 * i + c] = classes[i] == (double)c;
    }
    write_array("binary.npy", N, 1, binary);
    write_array("signs.npy", N, 1, signs);
    write_array("classes.npy", N, 1, classes);
    write_array("one-hot.npy", N, 3, one_hot);
}

/* a = -(p(f) - q) / (n lambda) at the minimum, and nowhere else: f and K a are then the same. */
static double distance_from_fixed_point(size_t outputs, const char *targets) {
    static double a[N * 3];
    static long double image[N * 3];
    double *k, *f, *q, off = 0;
    read_array("k.npy", N, N, &k);
    read_array("f.npy", N, outputs, &f);
    read_array(targets, N, outputs, &q);
    for (size_t i = 0; i < N; i++) {
        double sum = outputs == 1;
        for (size_t c = 0; c < outputs; c++) sum += exp(f[i * outputs + c]);
        for (size_t c = i * outputs; c < (i + 1) * outputs; c++)
            a[c] = (q[c] - exp(f[c]) / sum) / (N * lambda);
    }
    multiply(N, k, outputs, a, image);
    for (size_t i = 0; i < N * outputs; i++) off = fmax(off, (double)fabsl(f[i] - image[i]));
    ntk_release(k);
    ntk_release(f);
    ntk_release(q);
    return off;
}

Test(solve, labels_of_two_kinds_are_the_same_problem) {
    static const struct {
        const char *loss, *one, *other;
        size_t outputs;
    } cases[] = {{"logistic", "signs.npy", "binary.npy", 1}, {"softmax", "classes.npy", "one-hot.npy", 3}};
    write_points();
    write_labels();
    cr_assert_eq(toy_ntk("kernel x.npy -o k.npy"), 0);
    for (size_t i = 0; i < 2; i++) {
        cr_expect_eq(toy_shell("s() { \"$NTK_FIXTURE\" solve --loss %s --tolerance 1e-9 " LAMBDA
                               "x.npy \"$@\"; }; "
                               "s %s -o a.npy --fitted f.npy && s %s -o b.npy && cmp a.npy b.npy",
                               cases[i].loss, cases[i].one, cases[i].other),
                     0, "%s", toy_output());
        cr_expect(toy_said("    ||w - w*|| <= ") && toy_said("Newton steps"), "%s", toy_output());
        const double off = distance_from_fixed_point(cases[i].outputs, cases[i].other);
        cr_expect(off < 1e-6, "%s: %g", cases[i].loss, off);
    }
}

/* ---- files ----------------------------------------------------------------------------------- */

Test(solve, arrays_go_where_they_are_sent) {
    write_points();
    write_targets();
    cr_expect_eq(
        toy_shell("s() { \"$NTK_FIXTURE\" solve " LAMBDA "\"$@\"; }; s x.npy y.npy -o a.npy >said && "
                  "s - y.npy -o - <x.npy 2>told | cmp - a.npy && grep -q '^solved: kernel regression, "
                  "300 points, 3 outputs, lambda 0.001$' said && grep -q '^solved' told && "
                  "s x.npy y.npy -o /dev/null && test -c /dev/null && ln -s a.npy l.npy && "
                  "s x.npy y.npy -o l.npy && test -L l.npy && ls | grep -v npy | xargs"),
        0, "%s", toy_output());
    cr_expect(toy_said("said suites told"), "no temporary files stay: %s", toy_output());
}

Test(solve, workers_do_not_matter) {
    write_points();
    write_targets();
    cr_expect_eq(toy_shell("s() { \"$NTK_FIXTURE\" solve " LAMBDA
                           "x.npy y.npy --rank 40 --predict new.npy \"$@\"; }; "
                           "\"$NTK_FIXTURE\" kernel x.npy -o k.npy; "
                           "for k in '' '--kernel k.npy'; do s $k -j 1 -o a.npy --predictions b.npy && "
                           "s $k -j 3 -o c.npy --predictions d.npy && cmp a.npy c.npy && cmp b.npy d.npy || "
                           "exit; done"),
                 0, "%s", toy_output());
}

/* What a file alone is taken for is said; of points it is a theorem, and --lambda-min is a
 * proof. */
Test(solve, what_is_presupposed_is_said) {
    static const char *const matrices[] = {"--kernel k.npy", "--kernel k.npy x.npy",
                                           "--kernel k.npy --lambda-min 1e-9"};
    write_points();
    write_targets();
    cr_assert_eq(toy_ntk("kernel x.npy -o k.npy"), 0);
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(toy_ntk("solve %s y.npy " LAMBDA "-o a.npy", matrices[i]), 0, "%s", matrices[i]);
        cr_expect_eq(toy_said("presupposed that the file holds one"), i == 0, "%s: %s", matrices[i],
                     toy_output());
    }
}

/* What fails writes nothing and leaves what there was. */
Test(solve, a_failure_leaves_files_alone) {
    write_points();
    write_targets();
    toy_write("a.npy", "old");
    static const char *const failures[] = {
        "--tolerance 1e-20 --fitted f.npy", "--max-iterations 1 --rank 5", "--fitted nowhere/f.npy",
        "--predict y.npy --predictions f.npy --input-scale none --kernel y.npy", "--memory 1K"};
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        cr_expect_eq(toy_ntk("solve x.npy y.npy " LAMBDA "-o a.npy %s", failures[i]), i < 2 ? 1 : 5, "%s: %s",
                     failures[i], toy_output());
        cr_expect_str_eq(toy_read("a.npy"), "old", "%s", failures[i]);
        cr_expect_eq(toy_shell("ls | grep -v '^[axy].npy$' | grep npy"), 0, "new.npy alone");
        cr_expect_str_eq(toy_output(), "new.npy\n", "%s: %s", failures[i], toy_output());
    }
}

/* A disk that is full for one file, or a pipe that nobody reads, keeps all of them as they were. */
Test(solve, all_files_are_written_or_none) {
    write_points();
    write_targets();
    toy_write("a.npy", "old");
    toy_write("f.npy", "older");
    static const char *const failures[] = {
        "-o a.npy --fitted /dev/full", "-o /dev/full --fitted a.npy",
        "-o f.npy --fitted /dev/full --predict new.npy --predictions a.npy"};
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        cr_expect_eq(toy_ntk("solve x.npy y.npy " LAMBDA "%s", failures[i]), 5, "%s", failures[i]);
        cr_expect(toy_said("ntk: /dev/full: a write failed"), "%s", toy_output());
    }
    cr_expect_eq(toy_shell("{ \"$NTK_FIXTURE\" solve x.npy y.npy " LAMBDA "--fitted a.npy --predict new.npy "
                           "--predictions f.npy -o - 2>said; echo $? >status; } | true"),
                 0);
    cr_expect_str_eq(toy_read("status"), "5\n");
    cr_expect(strstr(toy_read("said"), "ntk: standard output: a write failed") != NULL, "%s",
              toy_read("said"));
    cr_expect_str_eq(toy_read("a.npy"), "old");
    cr_expect_str_eq(toy_read("f.npy"), "older");
    cr_expect_eq(toy_shell("ls | grep -v '^[afxy].npy$' | grep npy"), 0);
    cr_expect_str_eq(toy_output(), "new.npy\n", "no temporary files stay");
}

#ifndef __SANITIZE_ADDRESS__
/* 2,500 points: the matrix has 50 MB. */
Test(solve, memory_is_bounded) {
    enum { MANY = 2500 };
    static double points[MANY * D], targets[MANY];
    unsigned long state = 3;
    for (size_t i = 0; i < MANY * D; i++) points[i] = next(&state);
    for (size_t i = 0; i < MANY; i++) targets[i] = points[i * D] * points[i * D + 1];
    write_array("x.npy", MANY, D, points);
    write_array("y.npy", MANY, 1, targets);
    cr_assert_eq(toy_ntk("solve x.npy y.npy --lambda 1e-4 --jobs 1 --memory 16M --json -o a.npy"), 0, "%s",
                 toy_output());
    json_t *said = json_loads(toy_output(), 0, NULL);
    cr_assert_not_null(said);
    cr_expect(number(said, "memory_mb") < 40, "%g MB", number(said, "memory_mb"));
    cr_expect(number(said, "rank") > 100 && number(said, "rank") < 500, "rank %g", number(said, "rank"));
    json_decref(said);
}
#endif

/* ---- what is refused ------------------------------------------------------------------------- */

static void write_bad_files(void) {
    static double a[N * N], labels[N];
    double *k;
    cr_assert_eq(toy_ntk("kernel x.npy -o k.npy"), 0);
    read_array("k.npy", N, N, &k);
    memcpy(a, k, sizeof a);
    a[10 * N + 20] += 1e-9;
    write_array("asymmetric.npy", N, N, a);
    memcpy(a, k, sizeof a);
    a[3 * N + 4] = a[4 * N + 3] = 100;
    write_array("large.npy", N, N, a);
    memcpy(a, k, sizeof a);
    a[7 * N + 7] = -1;
    write_array("negative.npy", N, N, a);
    write_array("oblong.npy", N, N - 1, a);
    write_array("small.npy", N - 1, N - 1, a);
    for (size_t i = 0; i < N * N; i++) a[i] = 1;
    write_array("ones.npy", N, N, a);
    for (size_t i = 0; i < N; i++) labels[i] = (double)(i % 3) + 1;
    write_array("from-1.npy", N, 1, labels);
    labels[17] = 2.5;
    write_array("half.npy", N, 1, labels);
    write_array("short.npy", N - 1, 1, labels);
    for (size_t i = 0; i < N; i++) labels[i] = 0.5;
    write_array("even.npy", N, 1, labels);
    toy_write("empty.npy", "");
    ntk_release(k);
    cr_assert_eq(toy_shell("head -c 9000 k.npy >cut.npy; { head -c 128 k.npy; printf "
                           "'\\0\\0\\0\\0\\0\\0\\370\\177'; tail -c +137 k.npy; } >nan.npy"),
                 0);
}

Test(solve, bad_input_is_one_line) {
    static const struct {
        const char *arguments;
        int status;
        const char *line;
    } cases[] = {
        {"x.npy short.npy", 5, "short.npy: 299 rows of targets, where there are 300 points"},
        {"--kernel small.npy y.npy", 5, "y.npy: 300 rows of targets, where there are 299 points"},
        {"--kernel small.npy x.npy y.npy", 5, "small.npy: of order 299, where x.npy has 300 points"},
        {"--kernel oblong.npy y.npy", 5, "oblong.npy: 300 x 299, where a Gram matrix is square"},
        {"--kernel asymmetric.npy y.npy", 5,
         "asymmetric.npy: the Gram matrix is not symmetric: row 20, column 10 (from 0) is"},
        {"--kernel nan.npy y.npy", 5, "nan.npy: the Gram matrix: row 0, column 0 (from 0) is nan"},
        {"--kernel large.npy y.npy", 5,
         "large.npy: the Gram matrix: row 4, column 3 (from 0) is 100, more than its diagonals"},
        {"--kernel negative.npy y.npy", 5,
         "negative.npy: the Gram matrix: row 7, column 7 (from 0) is -1, and negative"},
        {"--kernel cut.npy y.npy", 5, "cut.npy: 8872 bytes of elements, where 300 x 300 of them have 720000"},
        {"--kernel empty.npy y.npy", 5, "empty.npy: not a .npy file"},
        {"--kernel none.npy y.npy", 5, "none.npy: cannot open it"},
        {"x.npy empty.npy", 5, "empty.npy: is empty"},
        {"nan.npy y.npy", 5, "nan.npy: row 0, column 0 (from 0) is nan"},
        {"--kernel ones.npy y.npy --lambda 0", 5, "lambda = 0: the Gram matrix is singular"},
        {"--loss softmax x.npy from-1.npy", 5, "from-1.npy: no row is of class 0, where classes are 0 to 3"},
        {"--loss softmax x.npy half.npy", 5, "half.npy: row 17 (from 0) is 2.5, where classes are integers"},
        {"--loss logistic x.npy from-1.npy", 5, "from-1.npy: row 1 (from 0) is 2, where the logistic loss"},
        {"--loss logistic x.npy y.npy", 5, "y.npy: 3 columns, where the logistic loss takes one"},
        {"--loss softmax x.npy y.npy", 5, "y.npy: target (0, 0) is "},
        {"x.npy y.npy --predict y.npy --predictions p.npy --arch conv --image 1x1x3", 0, "solved"},
        {"x.npy y.npy --predict k.npy --predictions p.npy", 5,
         "k.npy: points of 300 coordinates, where those of x.npy have 3"},
        {"x.npy y.npy --lambda -1", 64, "--lambda takes a number >= 0, not '-1'"},
        {"x.npy y.npy --lambda nan", 64, "--lambda takes a finite number"},
        {"x.npy y.npy --loss logistic --lambda 0", 64, "--lambda must be > 0 for the logistic loss"},
        {"x.npy y.npy --loss huber", 64, "--loss takes squared, logistic or softmax, not 'huber'"},
        {"x.npy y.npy --predict new.npy", 64, "--predict POINTS and --predictions FILE go together"},
        {"--kernel k.npy y.npy --predict new.npy --predictions p.npy", 64, "--predict wants the points X"},
        {"--kernel k.npy y.npy --depth 2", 64, "--depth says what the kernel of points is"},
        {"--kernel k.npy y.npy --fitted k.npy", 64, "--fitted would overwrite k.npy, which is read"},
        {"x.npy y.npy --fitted a.npy", 64, "--output and --fitted are the same file"},
        {"x.npy y.npy --json --fitted -", 64, "--json and --fitted - both write to standard output"},
        {"x.npy y.npy --absolute-tolerance 0", 64,
         "--absolute-tolerance goes with --loss logistic or softmax"},
        {"--loss logistic x.npy even.npy", 0, "solved"},
        {"--loss logistic x.npy even.npy --absolute-tolerance 0", 1, "no file was written"},
        {"--kernel - y.npy <k.npy", 64, "--kernel wants a file, not standard input"},
        {"y.npy", 64, "points X and targets Y are wanted, or --kernel K.npy and Y"},
    };
    write_points();
    write_targets();
    write_bad_files();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *given = strstr(cases[i].arguments, "--lambda") != NULL ? "" : LAMBDA;
        cr_expect_eq(toy_ntk("solve %s%s -o a.npy 2>said", given, cases[i].arguments), cases[i].status,
                     "%s: %s", cases[i].arguments, toy_read("said"));
        const char *text = cases[i].status == 0 ? toy_output() : toy_read("said");
        cr_expect(strstr(text, cases[i].line) != NULL, "%s: %s", cases[i].arguments, text);
        if (cases[i].status == 0) continue;
        cr_expect(strncmp(text, "ntk: ", 5) == 0 && strchr(text, '\n') == text + strlen(text) - 1,
                  "%s is not one line: %s", cases[i].arguments, text);
    }
    cr_expect_eq(toy_ntk("solve x.npy y.npy -o a.npy"), 64);
    cr_expect(toy_said("--lambda L is required"), "%s", toy_output());
    cr_expect_eq(toy_ntk("solve x.npy y.npy " LAMBDA), 64);
    cr_expect(toy_said("-o FILE is required"), "%s", toy_output());
}
