/* ntk kernel, certify, doctor and the help: the command outside the suite. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/data.h>
#include <ntk/memory.h>

#include "array.h"
#include "convolution_reference.h"
#include "status.h"
#include "toy.h"

TestSuite(computing, .init = toy_begin, .fini = toy_end, .timeout = 60);

static void write_matrix(const char *name, size_t rows, size_t columns, const double *a) {
    assert_ok(ntk_npy_write(toy_path(name), NTK_NPY_FLOAT64, rows, columns, a));
}

/* One hidden ReLU layer, w^2 = 2, no bias, inner products not divided: S^1 = 2 <x, x'>, and at
 * orthogonal unit vectors Theta = 2 * (2 kappa_1(0)/2) + 0 = 2/pi; on the diagonal S^2 = 2, Theta^1
 * Sd^2 = 2. */
Test(computing, kernel_of_known_value) {
    const double x[] = {1, 0, 0, 1};
    write_matrix("x.npy", 2, 2, x);
    cr_assert_eq(toy_ntk("kernel --input-scale none x.npy -o k.npy"), 0, "%s", toy_output());
    size_t rows, columns;
    double *k;
    assert_ok(array_read(toy_path("k.npy"), &rows, &columns, &k));
    cr_assert(rows == 2 && columns == 2);
    cr_expect_float_eq(k[0], 4.0, 1e-15);
    cr_expect_float_eq(k[1], 2 / 3.14159265358979324, 1e-15);
    cr_expect_eq(k[1], k[2]);
    ntk_release(k);
}

/* Linear activations: S = w_1^2 .. w_l^2 <x, x'> + ..., Theta = the sum over layers. x = (1, 2),
 * d = 2, so S^1 = 5/2 w_1^2 + b_1^2. Depth 0: Theta = S^1. Depth 1: S^2 = w_2^2 S^1 + b_2^2,
 * Theta = S^2 + w_2^2 S^1. */
Test(computing, kernel_of_layers_that_differ) {
    const double x[] = {1, 2};
    const struct {
        const char *options;
        double wanted;
    } cases[] = {{"--depth 0", 5},
                 {"--depth 0 --weight-variance 3 --bias-variance 0.5", 8},
                 {"--weight-variance 1,4", 20},
                 {"--weight-variance 1,4 --bias-variance 0.5,0", 24},
                 {"--weight-variance 1,4 --bias-variance 0,0.5", 20.5},
                 {"--activation leaky-relu --leaky-slope 1 --weight-variance 1,4", 20},
                 {"--activation abs --weight-variance 1,4", 20}};
    write_matrix("x.npy", 1, 2, x);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_assert_eq(toy_ntk("kernel --activation linear %s x.npy -o k.npy", cases[i].options), 0, "%s",
                     toy_output());
        size_t rows, columns;
        double *k;
        assert_ok(array_read(toy_path("k.npy"), &rows, &columns, &k));
        cr_expect_float_eq(k[0], cases[i].wanted, 1e-14, "%s: %.17g", cases[i].options, k[0]);
        ntk_release(k);
    }
}

/* One block of scale 1 at orthogonal unit vectors: Theta = 2 kappa_1(0) = 2/pi, on the diagonal 2 +
 * 4; times 1/d without --input-scale none. Scale 0: 2 <x, x'> / d. With biases S^0 is 2 and 1, and
 * Theta = 2 S^0 + (4 S^0 + 5) on the diagonal, 2 S^0 + (4 S^0 + 2) where those of the block begin
 * at
 * 0; off it 2 S^0 + 2 (S^0 + z) kappa_1 + (S^0 + U + b^2) kappa_0 + 1 + z without the z that W and
 * beta do not have, rho = (1 + z) / (2 + z): 60 degrees for z = 0, kappa_0 = 2/3, kappa_1 = 1/3 +
 * sqrt(3) / (2 pi). */
Test(computing, residual_kernel_of_known_value) {
    const double x[] = {1, 0, 0, 1};
    const struct {
        const char *options;
        double same, other;
    } cases[] = {{"--input-scale none", 6, 2 / 3.14159265358979324},
                 {"", 3, 1 / 3.14159265358979324},
                 {"--residual-scale 0 --depth 3", 1, 0},
                 {"--input-scale none --bias-variance 1 --bias-start zero", 14,
                  3 + 4 * (1 / 3.0 + 0.27566444771089604) + 2}};
    write_matrix("x.npy", 2, 2, x);
    for (size_t i = 0; i < 4; i++) {
        cr_assert_eq(toy_ntk("kernel --arch residual %s x.npy -o k.npy", cases[i].options), 0, "%s",
                     toy_output());
        size_t rows, columns;
        double *k;
        assert_ok(array_read(toy_path("k.npy"), &rows, &columns, &k));
        cr_expect_float_eq(k[0], cases[i].same, 1e-14);
        cr_expect_float_eq(k[1], cases[i].other, 1e-14);
        ntk_release(k);
    }
}

/* The same numbers from standard input to standard output, through a FIFO, and as an IDX file of
 * bytes. */
Test(computing, kernel_reads_and_writes_whatever_holds_points) {
    const double x[] = {1, 0, 0, 3};
    write_matrix("x.npy", 2, 2, x);
    cr_assert_eq(toy_ntk("kernel x.npy -o k.npy"), 0, "%s", toy_output());
    cr_expect_eq(toy_shell("\"$NTK_FIXTURE\" kernel - -o - <x.npy | cmp - k.npy"), 0, "%s", toy_output());
    cr_expect_eq(toy_shell("mkfifo f && { cmp f k.npy & } && \"$NTK_FIXTURE\" kernel x.npy -o f && wait $! "
                           "&& test -p f"),
                 0, "%s", toy_output());
    cr_expect_eq(toy_shell("printf '\\0\\0\\10\\3\\0\\0\\0\\2\\0\\0\\0\\2\\0\\0\\0\\1\\1\\0\\0\\3' >i && "
                           "\"$NTK_FIXTURE\" kernel i -o j.npy && cmp j.npy k.npy"),
                 0, "%s", toy_output());
    cr_expect_eq(toy_shell("gzip i && \"$NTK_FIXTURE\" kernel i.gz x.npy -o j.npy && cmp j.npy k.npy"), 0,
                 "%s", toy_output());
    cr_expect_eq(toy_shell("\"$NTK_FIXTURE\" certify - <k.npy"), 0, "%s", toy_output());
    cr_expect_eq(toy_shell("\"$NTK_FIXTURE\" certify i.gz"), 5);
    cr_expect(toy_said("an array of 3 axes is no matrix"), "%s", toy_output());
}

Test(computing, residual_kernel_refuses_what_it_fixes) {
    const double x[] = {1, 0, 0, 1};
    write_matrix("x.npy", 2, 2, x);
    cr_expect_eq(toy_ntk("kernel --arch resnet x.npy -o k.npy"), 64);
    cr_expect(toy_said("dense, residual or convolutional, not 'resnet'"), "%s", toy_output());
    cr_expect_eq(toy_ntk("kernel --residual-scale 1 x.npy -o k.npy"), 64);
    cr_expect(toy_said("belongs to --arch residual"), "%s", toy_output());
    cr_expect_eq(toy_ntk("kernel --arch residual --residual-scale -1 x.npy -o k.npy"), 64);
    cr_expect_eq(toy_ntk("kernel --arch residual --bias-start half x.npy -o k.npy"), 64);
    cr_expect(toy_said("random or zero, not 'half'"), "%s", toy_output());
    cr_expect_eq(toy_ntk("kernel --bias-start zero x.npy -o k.npy"), 64);
    cr_expect(toy_said("belongs to --arch residual"), "%s", toy_output());
    cr_expect_str_empty(toy_read("k.npy"), "nothing is written by a run that fails");
}

Test(computing, kernel_refuses_what_it_cannot_use) {
    const double x[] = {1, 0, 0, 1, 2, 3};
    write_matrix("x.npy", 3, 2, x);
    write_matrix("y.npy", 2, 3, x);
    cr_expect_eq(toy_ntk("kernel x.npy"), 64, "no -o: %s", toy_output());
    cr_expect_eq(toy_ntk("kernel nowhere.npy -o k.npy"), 5);
    cr_expect_eq(toy_ntk("kernel x.npy y.npy -o k.npy"), 5, "2 and 3 coordinates: %s", toy_output());
    cr_expect_eq(toy_ntk("kernel x.npy -o nowhere/k.npy"), 5);
    cr_expect_eq(toy_ntk("kernel --activation rleu x.npy -o k.npy"), 64);
    cr_expect_eq(toy_ntk("kernel --leaky-slope 0.1 x.npy -o k.npy"), 64);
    cr_expect_eq(toy_ntk("kernel --depth 257 x.npy -o k.npy"), 64);
    cr_expect_eq(toy_ntk("kernel --arch residual --depth 0 x.npy -o k.npy"), 64);
    cr_expect_eq(toy_ntk("kernel --weight-variance 1,4 --depth 2 x.npy -o k.npy"), 64);
    cr_expect(toy_said("2 numbers, where there are 3 layers"), "%s", toy_output());
    cr_expect_eq(toy_ntk("kernel --bias-variance 1,-4 x.npy -o k.npy"), 64);
    cr_expect_eq(toy_ntk("kernel --bias-variance 1, x.npy -o k.npy"), 64);
    cr_expect_eq(toy_ntk("kernel --weight-variance -1 x.npy -o k.npy"), 64);
    cr_expect_eq(toy_ntk("kernel --weight-variance nan x.npy -o k.npy"), 64);
    cr_expect_eq(toy_ntk("kernel --type gp x.npy -o k.npy"), 64);
    cr_expect_eq(toy_shell("head -c 100 x.npy >cut.npy; \"$NTK_FIXTURE\" kernel cut.npy -o k.npy"), 5);
    cr_expect(toy_said("ntk: "), "%s", toy_output());
    cr_expect_str_empty(toy_read("k.npy"), "nothing is written by a run that fails");
}

Test(computing, certify_tells_definite_from_not) {
    const double definite[] = {2, 1, 1, 2}, singular[] = {1, 1, 1, 1}, skew[] = {1, 2, 3, 4};
    write_matrix("definite.npy", 2, 2, definite);
    write_matrix("singular.npy", 2, 2, singular);
    write_matrix("skew.npy", 2, 2, skew);
    write_matrix("long.npy", 1, 4, skew);
    cr_expect_eq(toy_ntk("certify definite.npy"), 0, "%s", toy_output());
    double bound = NAN;
    cr_assert_eq(sscanf(toy_after("certified: lambda_min >= "), "%lf", &bound), 1, "%s", toy_output());
    cr_expect(bound <= 1 && bound > 1 - 1e-12, "the smallest eigenvalue is 1 exactly");
    const double scaled[] = {1e-300, 0, 0, 1};
    write_matrix("scaled.npy", 2, 2, scaled);
    cr_expect_eq(toy_ntk("certify scaled.npy"), 0, "%s", toy_output());
    cr_assert_eq(sscanf(toy_after("certified: lambda_min >= "), "%lf", &bound), 1, "%s", toy_output());
    cr_expect(bound <= 1e-300 && bound > 0.999e-300, "%g", bound);
    cr_expect_eq(toy_ntk("certify singular.npy"), 1);
    cr_expect(toy_said("no certificate"), "%s", toy_output());
    cr_expect_eq(toy_ntk("certify skew.npy"), 5);
    cr_expect(toy_said("not symmetric: [1, 0] is 3 and [0, 1] is 2"), "%s", toy_output());
    cr_expect_eq(toy_ntk("certify long.npy"), 5);
    cr_expect(toy_said("1 x 4 is not square"), "%s", toy_output());
    cr_expect_eq(toy_ntk("certify nowhere.npy"), 5);
    cr_expect_eq(toy_ntk("certify"), 64);
}

Test(computing, doctor_recomputes_known_answers) {
    cr_expect_eq(toy_ntk("doctor"), 0, "%s", toy_output());
    cr_expect(toy_said("random streams") && toy_said("certificates") && toy_said("BLAS kernel in use"), "%s",
              toy_output());
}

Test(computing, a_blas_kernel_that_does_not_exist_is_seen) {
    cr_expect_eq(toy_shell("OPENBLAS_CORETYPE=Quantum \"$NTK_FIXTURE\" doctor"), 1, "%s", toy_output());
    cr_expect(toy_said("FAIL  OPENBLAS_CORETYPE"), "%s", toy_output());
}

static size_t longest_line(const char *text) {
    size_t longest = 0;
    for (size_t length; *text != '\0'; text += length + (text[length] == '\n')) {
        length = strcspn(text, "\n");
        if (length > longest) longest = length;
    }
    return longest;
}

static const char *const commands[] = {"list",   "show",   "run",   "verify",  "figures",
                                       "accept", "kernel", "solve", "certify", "doctor"};
enum { COMMAND_COUNT = sizeof commands / sizeof *commands };

Test(computing, every_command_explains_itself) {
    cr_assert_eq(toy_ntk("--help"), 0);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        cr_expect(toy_said(commands[i]), "ntk --help leaves out %s", commands[i]);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        char usage[64];
        snprintf(usage, sizeof usage, "Usage: ntk %s", commands[i]);
        cr_expect_eq(toy_ntk("%s --help", commands[i]), 0);
        cr_expect(toy_said(usage) && toy_said("\nOptions:\n") && toy_said("\nExit status: "), "%s",
                  toy_output());
        cr_expect_leq(longest_line(toy_output()), 80, "%s", toy_output());
    }
}

/* The pages say what --help says: summary, options and exit statuses of the same tables. */
Test(computing, manual_pages_are_made_from_the_help) {
    cr_assert_eq(toy_ntk("--man"), 0);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        char name[64];
        snprintf(name, sizeof name, "\n.B ntk\\-%s(1)\n", commands[i]);
        cr_expect(toy_said(name), "ntk(1) leaves out %s", commands[i]);
    }
    cr_assert_eq(toy_ntk("--man certify"), 0);
    cr_expect_eq(strncmp(toy_output(), ".TH NTK\\-CERTIFY 1 ", 18), 0, "%s", toy_output());
    cr_expect(toy_said("\n.SH SYNOPSIS\n.B ntk certify\n[OPTION ...] K.npy\n"), "%s", toy_output());
    cr_expect(toy_said("\n.SH OPTIONS\n.TP\n.B \\-\\-lower\n") && toy_said("\n.SH EXIT STATUS\n0 with"), "%s",
              toy_output());
    cr_expect_eq(toy_ntk("--man certifies"), 64);
    cr_expect(toy_said("did you mean `ntk certify`?"), "%s", toy_output());
}

/* Also a result that no claim is about; Lemma 1 is neither Lemma 11 nor Lemma 2. */
Test(computing, find_tells_what_stands_for_a_result) {
    cr_assert_eq(toy_ntk("find toy-2026 lemma 1"), 0);
    cr_expect(
        toy_said("toy-2026, Lemma 1\n  toys are small\n  hypotheses as printed: smallness\n  claim toy/"),
        "%s", toy_output());
    cr_expect_not(toy_said("Lemma 11") || toy_said("Lemma 2"), "%s", toy_output());
    cr_assert_eq(toy_ntk("find 'Lemma 11'"), 0);
    cr_expect(toy_said("not covered, because nobody counts"), "%s", toy_output());
    cr_assert_eq(toy_ntk("find toy-2026"), 0);
    cr_expect(toy_said("toy-2026: A. Toy. On Toys. Toys 1. v1.") && toy_said("unit test tests/toy.c"), "%s",
              toy_output());
    cr_expect_eq(toy_ntk("find toy-2026 Lemma 3"), 64);
    cr_assert_eq(toy_ntk("find --format markdown"), 0);
    cr_expect(toy_said("| Lemma 11 | toys are few |  | not covered, because nobody counts |"), "%s",
              toy_output());
    cr_assert_eq(toy_ntk("find toy-2026 lemma 11 --format markdown"), 0);
    cr_expect(toy_said("## toy-2026\n") && toy_said("| Lemma 11 | toys are few |  | not covered"), "%s",
              toy_output());
    cr_expect_not(toy_said("# The papers") || toy_said("| Lemma 1 |"), "what was not asked for: %s",
                  toy_output());
    cr_expect_eq(toy_ntk("find toy-2026 Lemma 3 --format markdown"), 64);
    cr_assert_eq(toy_ntk("show toy/holds"), 0);
    cr_expect(toy_said("Reference: A. Toy. On Toys.") && toy_said("under: smallness"), "%s", toy_output());
    toy_write("suites/papers.yaml", "papers:\n  - name: toy-2026\n");
    cr_expect_eq(toy_ntk("find toy-2026"), 5);
    cr_expect(toy_said("papers.yaml:2: a paper lacks the key 'authors'"), "%s", toy_output());
}

Test(computing, list_and_show_tell_the_claims) {
    cr_assert_eq(toy_ntk("list --source toy-2026"), 0);
    cr_expect(toy_said("toy/holds") && toy_said("Lemma 1"), "%s", toy_output());
    /* What the paper states and no claim stands for: by its unit test. */
    cr_expect_eq(
        toy_shell("cd \"$(dirname \"$NTK_BINARY\")\" && unset NTK_ROOT && "
                  "\"$NTK_BINARY\" list --source bietti-2019 | grep -q '^unit test .*Proposition 8 *tests/'"),
        0);
    cr_expect_eq(toy_ntk("list --source nobody-1900"), 64);
    cr_assert_eq(toy_ntk("list --format markdown"), 0);
    cr_expect(toy_said("| [`toy/holds`](../suites/toy/holds/) | Toy of holds | Lemma 1 |"), "%s",
              toy_output());
    cr_assert_eq(toy_ntk("show toy/holds"), 0);
    cr_expect(toy_said("at most 1") && toy_said("half-width") && toy_said("without smallness"), "%s",
              toy_output());
    cr_expect_eq(toy_ntk("show toy/hodls"), 64);
    cr_assert_eq(toy_ntk("verify toy/violated --no-figures"), 1);
    cr_assert_eq(toy_ntk("list"), 0);
    cr_expect(toy_said("VIOLATED      toy/violated"), "%s", toy_output());
    cr_expect(toy_said("; evidence: statistical, numerical; quick tier, 20"), "%s", toy_output());
}

/* "conv 1" and flatten: positions by themselves, NTK = sum_u of dense networks of one layer; 2 and
 * 1/2 on two positions, orthogonal in one. The shapes that hold the same numbers give the same
 * kernel. */
Test(computing, convolutional_kernel_of_known_value) {
    const double x[] = {1, 0, 0, 1};
    write_matrix("x.npy", 2, 2, x);
    cr_assert_eq(toy_ntk("kernel --arch convolutional --image 1x2x1 --layers 'conv 1' x.npy -o k.npy"), 0,
                 "%s", toy_output());
    size_t rows, columns;
    double *k;
    assert_ok(array_read(toy_path("k.npy"), &rows, &columns, &k));
    cr_assert(rows == 2 && columns == 2);
    cr_expect_float_eq(k[0], 4.0, 1e-15);
    cr_expect_eq(k[1], 0);
    ntk_release(k);
    cr_assert_eq(toy_ntk("kernel --arch convolutional --image 1x2 --layers 'conv 1 stride 1 zero "
                         "mean' --readout "
                         "average --input-scale none --first-weight-variance 2 x.npy -o k.npy"),
                 0, "%s", toy_output());
    assert_ok(array_read(toy_path("k.npy"), &rows, &columns, &k));
    cr_expect_float_eq(k[0], 1.0, 1e-15); /* 4 / N^2 */
    cr_expect_float_eq(k[1], 1.0, 1e-15); /* position 0 of the one meets position 1 of the other */
    ntk_release(k);
    cr_expect_eq(toy_shell("printf '\\0\\0\\10\\3\\0\\0\\0\\2\\0\\0\\0\\1\\0\\0\\0\\2\\1\\0\\0\\1' >i && "
                           "\"$NTK_FIXTURE\" kernel --arch convolutional --image 1x2 --layers 'conv 1' i -o "
                           "j.npy && "
                           "\"$NTK_FIXTURE\" kernel --arch convolutional --image 1x2 --layers 'conv 1' "
                           "x.npy -o k.npy "
                           "&& cmp j.npy k.npy"),
                 0, "%s", toy_output());
    cr_expect_eq(toy_ntk("kernel --arch convolutional --image 2x1 --layers 'conv 1' i -o j.npy"), 5);
    cr_expect(toy_said("images of 1 x 2 x 1, where 2 x 1 x 1 are wanted"), "%s", toy_output());
}

/* Without --image the file tells the size, or else points in rows are signals; the layer is then
 * conv 3. */
Test(computing, convolutional_kernel_by_default) {
    const double x[] = {1, 2, 3, 4};
    write_matrix("x.npy", 1, 4, x);
    cr_expect_eq(toy_shell("\"$NTK_FIXTURE\" kernel --arch conv x.npy -o j.npy && \"$NTK_FIXTURE\" kernel "
                           "--arch convolutional --image 1x4x1 --layers 'conv 3' x.npy -o k.npy && "
                           "cmp j.npy k.npy"),
                 0, "%s", toy_output());
    cr_expect_eq(toy_shell("printf '\\0\\0\\10\\3\\0\\0\\0\\1\\0\\0\\0\\2\\0\\0\\0\\2\\1\\2\\3\\4' >i && "
                           "\"$NTK_FIXTURE\" kernel --arch conv i -o j.npy && \"$NTK_FIXTURE\" kernel "
                           "--arch conv --image 2x2 x.npy -o k.npy && cmp j.npy k.npy"),
                 0, "%s", toy_output());
    cr_expect_eq(toy_shell("\"$NTK_FIXTURE\" kernel --arch conv i x.npy -o j.npy && cmp j.npy k.npy"), 0,
                 "%s", toy_output());
    cr_expect_eq(toy_ntk("kernel --arch conv --layers 'conv 1, pool box 3' i -o j.npy"), 5);
    cr_expect(toy_said("leaves nothing of 2 positions"), "%s", toy_output());
}

/* The distance of what the command computes from numbers made elsewhere. */
static double distance_of_command(const convolution_reference *r, const char *type, const double *reference) {
    cr_assert_eq(toy_ntk("kernel --arch convolutional --image %s --layers '%s' --readout %s --activation %s "
                         "--first-weight-variance %.17g --weight-variance %.17g --bias-variance %.17g "
                         "--input-scale %s --type %s x.npy -o k.npy",
                         r->image, r->layers, r->readout, r->activation, r->first_weight_variance,
                         r->weight_variance, r->bias_variance, r->divided ? "dimension" : "none", type),
                 0, "%s", toy_output());
    size_t rows, columns;
    double *k;
    assert_ok(array_read(toy_path("k.npy"), &rows, &columns, &k));
    cr_assert(rows == CONVOLUTION_REFERENCE_IMAGES && columns == CONVOLUTION_REFERENCE_IMAGES);
    const double distance = convolution_reference_distance(reference, k);
    ntk_release(k);
    return distance;
}

Test(computing, convolutional_kernels_of_sixty_digits) {
    for (const convolution_reference *r = convolution_references; r->image != NULL; r++) {
        unsigned height, width, channels;
        cr_assert_eq(sscanf(r->image, "%ux%ux%u", &height, &width, &channels), 3);
        write_matrix("x.npy", CONVOLUTION_REFERENCE_IMAGES, height * width * channels, r->x);
        const double nngp = distance_of_command(r, "nngp", r->nngp),
                     ntk = distance_of_command(r, "ntk", r->ntk);
        cr_expect(nngp <= 1e-14 && ntk <= 1e-14, "%s, %s: %g, %g", r->image, r->layers, nngp, ntk);
    }
}

Test(computing, convolutional_kernel_misused) {
    const double x[] = {1, 0, 0, 1};
    static const char *const wrong[][2] = {
        {"--arch convolutional --image 1x2 --layers 'conv 1, pool gaus 2'", "no pooling is called 'gaus'"},
        {"--arch convolutional --image 1x2 --layers 'conv 1, pool box 3'", "leaves nothing of 2 positions"},
        {"--arch convolutional --image 2 --layers 'conv 1'", "an image is HEIGHTxWIDTHxCHANNELS"},
        {"--arch convolutional --image 1x2 --layers 'conv 1' --depth 2",
         "--depth belongs to the other families"},
        {"--arch convolutional --image 1x2 --layers 'conv 1' --readout mean",
         "--readout takes flatten or average"},
        {"--arch convolutional --image 1x2 --layers 'conv 1' --first-weight-variance 0", "positive"},
        {"--layers 'conv 1'", "--layers belongs to --arch convolutional"},
        {"--arch convolution", "--arch takes dense, residual or convolutional, not 'convolution'"},
    };
    write_matrix("x.npy", 2, 2, x);
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        cr_expect_eq(toy_ntk("kernel %s x.npy -o k.npy", wrong[k][0]), 64, "%s", wrong[k][0]);
        cr_expect(toy_said(wrong[k][1]), "%s: %s", wrong[k][0], toy_output());
    }
}
