/* The curve of least norms: optimality at its knots, its ends, and a problem solved by hand. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/linalg.h>
#include <ntk/random.h>

#include "start.h"
#include "status.h"
#include "suites/spectrum/approximation/homotopy.h"

TestSuite(homotopy, .init = start_linalg);

/* n = 1: beta = (f - e) / K, norm (f - e) / sqrt(K). */
Test(homotopy, one_point_by_hand) {
    const double gram = 4, f = -3;
    approximation curve[8];
    size_t count;
    double beta;
    assert_ok(approximation_curve(1, &gram, &f, 0.5, 8, curve, &count, &beta));
    cr_expect_eq(count, 2);
    cr_expect(curve[0].error == 3 && curve[0].norm == 0);
    cr_expect(curve[1].error == 0.5 && fabs(curve[1].norm - 1.25) <= 1e-15 && fabs(beta + 0.625) <= 1e-15);
}

enum { N = 40 };

/* exp(-|s - t|^2 / 0.02), well enough conditioned on this grid. */
static void example(double *gram, double *f) {
    ntk_stream stream = ntk_stream_create(8, "homotopy", 0);
    ntk_stream_normal(&stream, N, f);
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++) {
            const double d = ((double)i - (double)j) / N;
            gram[i * N + j] = exp(-d * d / 0.002) + (i == j ? 0.01 : 0);
        }
}

/* The optimality conditions, which are sufficient: |r| <= e everywhere, and r_i = e sign(beta_i)
 * where beta_i != 0. */
Test(homotopy, ends_are_optimal) {
    static double gram[N * N], f[N], beta[N];
    static approximation curve[2000];
    example(gram, f);
    for (double error = 1.5; error > 0.01; error *= 0.7) {
        size_t count, active = 0;
        assert_ok(approximation_curve(N, gram, f, error, 2000, curve, &count, beta));
        double square = 0;
        for (size_t i = 0; i < N; i++) {
            double g = 0;
            for (size_t j = 0; j < N; j++) g += gram[i * N + j] * beta[j];
            square += beta[i] * g;
            const double r = f[i] - g;
            cr_expect(fabs(r) <= error * (1 + 1e-9), "error %g, point %zu: %g", error, i, r);
            if (beta[i] == 0) continue;
            active++;
            cr_expect(fabs(r - copysign(error, beta[i])) <= 1e-9 * error, "error %g, point %zu: %g", error, i,
                      r);
        }
        cr_expect(active > 0 && fabs(curve[count - 1].norm - sqrt(square)) <= 1e-9 * sqrt(square));
        cr_expect(fabs(curve[count - 1].error - error) <= 1e-15);
    }
}

/* Norms grow as errors fall, and points do leave on the way: the path is not a greedy one. */
Test(homotopy, curve_is_monotone_and_convex) {
    static double gram[N * N], f[N], beta[N];
    static approximation curve[2000];
    size_t count, active = 0;
    example(gram, f);
    assert_ok(approximation_curve(N, gram, f, 0.01, 2000, curve, &count, beta));
    for (size_t i = 0; i < N; i++) active += beta[i] != 0;
    cr_expect(count > active + 2, "%zu knots, %zu active: some have left", count, active);
    for (size_t i = 1; i < count; i++)
        cr_expect(curve[i].error <= curve[i - 1].error && curve[i].norm >= curve[i - 1].norm * (1 - 1e-9));
    for (size_t i = 1; i + 1 < count; i++) { /* the norm is a convex function of the error */
        const double left = curve[i - 1].error - curve[i].error, right = curve[i].error - curve[i + 1].error;
        if (left < 1e-9 || right < 1e-9) continue;
        cr_expect((curve[i + 1].norm - curve[i].norm) / right >=
                  (curve[i].norm - curve[i - 1].norm) / left - 1e-6);
    }
}

Test(homotopy, refuses) {
    const double gram[] = {1, 1, 1, 1}, f[] = {1, -1}; /* singular: both cannot be met */
    approximation curve[8];
    size_t count;
    double beta[2];
    assert_fails(approximation_curve(2, gram, f, 2, 8, curve, &count, beta), NTK_ERROR_ARGUMENT,
                 "an error of 2");
    assert_fails(approximation_curve(2, gram, f, 0, 8, curve, &count, beta), NTK_ERROR_ARGUMENT,
                 "an error of 0");
    assert_fails(approximation_curve(0, gram, f, 0.5, 8, curve, &count, beta), NTK_ERROR_ARGUMENT,
                 "0 points");
    cr_expect_eq(approximation_curve(2, gram, f, 0.5, 8, curve, &count, beta),
                 NTK_ERROR_NOT_POSITIVE_DEFINITE);
}
