/* The accuracy of stored kernels: errors that are planted are found, where they are and as large as
 * they are. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/accuracy.h>
#include <ntk/enclosure.h>
#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/random.h>

#include "status.h"

enum { D = 3, MANY = 250 };

static void begin(void) { assert_ok(ntk_linalg_start()); }

TestSuite(accuracy, .init = begin);

static ntk_architecture erf_network(void) {
    ntk_architecture out = ntk_architecture_default();
    out.activation = NTK_ERF;
    out.depth = 2;
    out.bias_variance = 0.25;
    return out;
}

/* (n, D) */
static double *draw(size_t n) {
    double *x;
    assert_ok(ntk_allocate_doubles(n * D, &x));
    ntk_stream stream = ntk_stream_create(3, "tests of accuracy", 0);
    ntk_stream_normal(&stream, n * D, x);
    return x;
}

/* Kernel, planted relative error 1e-7 in one entry alone or in both of its pair, and what is said
 * of it. */
static ntk_accuracy judge(size_t n, ntk_kernel_type type, size_t i, size_t j, double error, bool both) {
    const ntk_architecture a = erf_network();
    double *x = draw(n), *gram;
    ntk_accuracy out;
    assert_ok(ntk_allocate_doubles(n * n, &gram));
    assert_ok(ntk_kernel_gram(&a, type, n, D, x, D, gram, n));
    const double scale = sqrt(gram[i * n + i]) * sqrt(gram[j * n + j]);
    gram[i * n + j] += error * scale;
    if (both) gram[j * n + i] = gram[i * n + j];
    assert_ok(ntk_accuracy_gram(&a, type, n, D, x, D, gram, n, &out));
    ntk_release(x);
    ntk_release(gram);
    return out;
}

Test(accuracy, this_library_has_fifteen_digits) {
    for (int type = 0; type < 2; type++) {
        const ntk_accuracy found = judge(7, (ntk_kernel_type)type, 0, 0, 0, true);
        cr_expect(found.judged == 49 && found.square && found.asymmetry == 0);
        cr_expect(found.error > 0 && ntk_accuracy_digits(&found) > 14, "%g", found.error);
        cr_expect(found.lambda_min.low > 0 && found.exact_lambda_min.low > 0);
        cr_expect_float_eq(found.lambda_min.low, found.exact_lambda_min.low, 1e-14);
        cr_expect(nextafter(found.exact_lambda_min.low, INFINITY) >= found.exact_lambda_min.high);
    }
}

Test(accuracy, a_planted_error_is_found) {
    const ntk_accuracy pair = judge(7, NTK_KERNEL_NTK, 5, 2, 1e-7, true);
    cr_expect_float_eq(pair.error, 1e-7, 1e-14);
    cr_expect((pair.row == 5 && pair.column == 2) || (pair.row == 2 && pair.column == 5));
    cr_expect(pair.asymmetry == 0 && floor(ntk_accuracy_digits(&pair)) == 6);
    const ntk_accuracy upper = judge(7, NTK_KERNEL_NNGP, 2, 5, -1e-7, false);
    cr_expect_float_eq(upper.error, 1e-7, 1e-14);
    cr_expect(upper.row == 2 && upper.column == 5, "the upper triangle is judged too");
    cr_expect_float_eq(upper.asymmetry, 1e-7, 1e-14);
    cr_expect(upper.asymmetry_row == 5 && upper.asymmetry_column == 2);
    cr_expect(judge(7, NTK_KERNEL_NTK, 3, 3, 1e-7, true).row == 3, "the diagonal");
}

/* 31375 pairs: a third of them are judged, and the one that is wrong among them. */
Test(accuracy, of_many_entries_the_suspicious_ones_are_judged) {
    const ntk_accuracy sound = judge(MANY, NTK_KERNEL_NTK, 0, 0, 0, true);
    cr_expect(sound.judged > 2 * NTK_ACCURACY_SAMPLE * 9 / 10 && sound.judged < MANY * MANY / 2, "%zu",
              sound.judged);
    cr_expect(sound.error < 1e-14 && isinf(sound.exact_lambda_min.low));
    cr_expect(sound.lambda_min.low <= sound.lambda_min.high);
    for (size_t t = 0; t < 3; t++) {
        const size_t i = 249 - 31 * t, j = 17 + 3 * t;
        const ntk_accuracy wrong = judge(MANY, NTK_KERNEL_NTK, i, j, 1e-13, false);
        cr_expect_float_eq(wrong.error, 1e-13, 5e-15);
        cr_expect(wrong.row == i && wrong.column == j, "%zu %zu", wrong.row, wrong.column);
    }
}

Test(accuracy, kernels_between_two_sets) {
    const ntk_architecture a = erf_network();
    for (size_t n = 4; n <= MANY; n += MANY - 4) { /* all entries, and a sample */
        const size_t m = n == 4 ? 3 : 100;
        double *x = draw(n + m), *kernel;
        ntk_accuracy out;
        assert_ok(ntk_allocate_doubles(n * m, &kernel));
        assert_ok(ntk_kernel_cross(&a, NTK_KERNEL_NTK, n, m, D, x, D, x + n * D, D, kernel, m));
        assert_ok(ntk_accuracy_cross(&a, NTK_KERNEL_NTK, n, m, D, x, D, x + n * D, D, kernel, m, &out));
        cr_expect(!out.square && out.error < 1e-14 && out.rows == n && out.columns == m);
        kernel[2 * m + 1] *= 1 + 1e-9;
        assert_ok(ntk_accuracy_cross(&a, NTK_KERNEL_NTK, n, m, D, x, D, x + n * D, D, kernel, m, &out));
        cr_expect(out.row == 2 && out.column == 1 && out.error > 1e-11, "%g", out.error);
        kernel[0] = NAN;
        assert_fails(ntk_accuracy_cross(&a, NTK_KERNEL_NTK, n, m, D, x, D, x + n * D, D, kernel, m, &out),
                     NTK_ERROR_NOT_FINITE, "row 0");
        ntk_release(x);
        ntk_release(kernel);
    }
}

/* Without bias erf of the input 0 is 0 with every input: an entry that is not has no digit. */
Test(accuracy, zero_is_exact_or_wrong) {
    ntk_architecture a = erf_network();
    a.bias_variance = 0;
    const double x[2 * D] = {0, 0, 0, 1, 2, 3};
    double gram[4];
    ntk_accuracy out;
    assert_ok(ntk_kernel_gram(&a, NTK_KERNEL_NTK, 2, D, x, D, gram, 2));
    assert_ok(ntk_accuracy_gram(&a, NTK_KERNEL_NTK, 2, D, x, D, gram, 2, &out));
    cr_expect(out.error < 1e-15, "%g at %zu %zu", out.error, out.row, out.column);
    gram[1] = 1e-30;
    assert_ok(ntk_accuracy_gram(&a, NTK_KERNEL_NTK, 2, D, x, D, gram, 2, &out));
    cr_expect(isinf(out.error) && ntk_accuracy_digits(&out) == 0);
}

Test(accuracy, against_enclosures_at_hand) {
    const ntk_interval exact[] = {{4, 4}, {1, 1.5}, {1, 1.5}, {9, 9}}, lambda = {3, 4};
    const double gram[] = {4, 1.25, 1, 9}, asymmetric[] = {4, 1.25, 1.25, NAN};
    ntk_accuracy out;
    assert_ok(ntk_accuracy_enclosed(2, exact, lambda, gram, 2, &out));
    cr_expect(out.error == 0.5 / 6 && out.row == 1 && out.column == 0, "to the far end: %g", out.error);
    cr_expect(out.judged == 4 && out.asymmetry == 0.25 / 6 && out.exact_lambda_min.high == 4);
    cr_expect_float_eq(out.lambda_min.low, 6.5 - sqrt(2.5 * 2.5 + 1), 1e-14);
    assert_fails(ntk_accuracy_enclosed(2, exact, lambda, asymmetric, 2, &out), NTK_ERROR_NOT_FINITE, "row 1");
}

/* tridiag(-1, 2, -1) of more points than are enclosed narrowly: 2 - 2 cos(pi / (n + 1)); and an
 * indefinite one, shifted by 1. */
Test(accuracy, large_matrices_of_known_spectrum) {
    enum { N = 100 };
    static double chain[N * N];
    for (int shift = 0; shift < 2; shift++) {
        for (size_t i = 0; i < N; i++) {
            chain[(N + 1) * i] = 2 - shift;
            if (i > 0) chain[N * i + i - 1] = -1;
        }
        const double s = sin(acos(-1) / (2 * (N + 1))), exact = 4 * s * s - shift;
        ntk_interval out;
        assert_ok(ntk_enclosure_matrix_lambda_min(N, chain, N, &out));
        cr_expect(out.low <= exact + 1e-15 && out.high >= exact - 1e-15 && out.high - out.low < 1e-12,
                  "%.17g in [%.17g, %.17g]", exact, out.low, out.high);
    }
}
