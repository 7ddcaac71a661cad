/* Enclosures of eigenvalues: matrices whose spectrum is known, from both sides, and misuse. */
#include <fenv.h>
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/certify.h>
#include <ntk/kernel.h>
#include <ntk/linalg.h>
#include <ntk/random.h>

#include "status.h"

enum { N = 40 };

/* The second difference matrix: 2 - 2 cos(k pi / (n + 1)), entries and so A exact. */
Test(eigenvalues, second_differences) {
    double a[N * N] = {0}, values[N], radius;
    for (size_t i = 0; i < N; i++) {
        a[i * N + i] = 2;
        if (i > 0) a[i * N + i - 1] = -1; /* the lower triangle alone */
    }
    assert_ok(ntk_certify_eigenvalues(N, a, N, values, &radius));
    cr_expect(radius > 1e-16 && radius < 1e-11, "%g", radius);
    for (size_t k = 0; k < N; k++) {
        const double exact = 2 - 2 * cos((double)(k + 1) * 3.14159265358979323846 / (N + 1));
        cr_expect(fabs(values[k] - exact) <= radius + 1e-15, "%zu: %g", k, values[k] - exact);
    }
}

/* Circulant: the eigenvalues of a kernel matrix of points evenly spaced on the circle are the
 * discrete Fourier transform of a row, in long double. */
Test(eigenvalues, kernel_on_the_circle) {
    enum { M = 32 };
    double x[2 * M], gram[M * M], values[M], radius;
    const long double pi = 3.14159265358979323846264338327950288L;
    for (size_t i = 0; i < M; i++) {
        x[2 * i] = (double)cosl(2 * pi * (long double)i / M);
        x[2 * i + 1] = (double)sinl(2 * pi * (long double)i / M);
    }
    ntk_architecture a = ntk_architecture_default();
    a.depth = 2;
    assert_ok(ntk_kernel_gram(&a, NTK_KERNEL_NTK, M, 2, x, 2, gram, M));
    assert_ok(ntk_certify_eigenvalues(M, gram, M, values, &radius));
    double expected[M];
    for (size_t k = 0; k < M; k++) {
        long double sum = 0;
        for (size_t j = 0; j < M; j++) sum += gram[j] * cosl(2 * pi * (long double)(j * k % M) / M);
        expected[k] = (double)sum;
    }
    for (size_t i = 1; i < M; i++) /* ascending */
        for (size_t j = i; j > 0 && expected[j] < expected[j - 1]; j--) {
            const double kept = expected[j];
            expected[j] = expected[j - 1];
            expected[j - 1] = kept;
        }
    for (size_t k = 0; k < M; k++)
        cr_expect_float_eq(values[k], expected[k], radius + 1e-14, "%zu: %.17g %.17g", k, values[k],
                           expected[k]);
}

/* Scale by powers of two: the same numbers, however extreme. */
Test(eigenvalues, any_scale) {
    double a[4] = {2, 0, 1, 2}, values[2], radius, scaled[4], there[2], wide;
    assert_ok(ntk_certify_eigenvalues(2, a, 2, values, &radius));
    cr_expect_float_eq(values[0], 1, radius);
    cr_expect_float_eq(values[1], 3, radius);
    for (int e = -1000; e <= 1000; e += 500) {
        for (size_t k = 0; k < 4; k++) scaled[k] = ldexp(a[k], e);
        assert_ok(ntk_certify_eigenvalues(2, scaled, 2, there, &wide));
        cr_expect_eq(there[0], ldexp(values[0], e));
        cr_expect(wide >= ldexp(radius, e) && wide <= ldexp(radius, e) * 1.01 + 1e-300);
    }
}

/* The bound is rigorous for whatever vectors there are; with a random matrix it is not idly wide:
 * below n^2 u ||A||. And it agrees with the certificate of the smallest eigenvalue. */
Test(eigenvalues, agrees_with_the_certificate) {
    double g[N * N], a[N * N], values[N], radius;
    ntk_stream stream = ntk_stream_create(1, "tests/eigenvalues", 0);
    ntk_stream_normal(&stream, N * N, g);
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++) {
            a[i * N + j] = i == j ? 1 : 0;
            for (size_t k = 0; k < N; k++) a[i * N + j] += g[i * N + k] * g[j * N + k];
        }
    ntk_certificate certificate;
    assert_ok(ntk_certify_eigenvalues(N, a, N, values, &radius));
    assert_ok(ntk_certify_positive_definite(N, a, N, &certificate));
    cr_expect(certificate.lambda_min_bound <= values[0] + radius);
    cr_expect(radius < N * N * 0x1p-53 * values[N - 1] * 4, "%g of %g", radius, values[N - 1]);
    cr_expect(radius > 0x1p-53 * values[N - 1]);
}

Test(eigenvalues, misuse) {
    double a[4] = {1, 0, NAN, 1}, values[2], radius;
    cr_expect_eq(ntk_certify_eigenvalues(2, a, 2, values, &radius), NTK_ERROR_NOT_FINITE);
    a[2] = 0;
    cr_expect_eq(ntk_certify_eigenvalues(0, a, 2, values, &radius), NTK_ERROR_SHAPE);
    cr_expect_eq(ntk_certify_eigenvalues(2, a, 1, values, &radius), NTK_ERROR_SHAPE);
    fesetround(FE_UPWARD);
    const ntk_status status = ntk_certify_eigenvalues(2, a, 2, values, &radius);
    fesetround(FE_TONEAREST);
    cr_expect_eq(status, NTK_ERROR_UNSUPPORTED);
}
