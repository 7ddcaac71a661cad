/* beta bounds ||L L^T - (A - sI)||_2 for any factor L, not only for good ones; the norm is enclosed
 * in balls. */
#include <float.h>
#include <math.h>

#include <criterion/criterion.h>

#include "ball.h"
#include "certify/cholesky.h"
#include "matrices.h"
#include "start.h"

TestSuite(certify_residual, .init = start_linalg);

enum { ORDER = 12 };

static double bound_of(const double *l, const double *a, double shift) {
    certify_workspace workspace;
    double bound = NAN;
    assert_ok(certify_workspace_create(ORDER, &workspace));
    for (size_t i = 0; i < ORDER; i++)
        for (size_t j = 0; j <= i; j++) {
            workspace.matrix[i * ORDER + j] = a[i * ORDER + j];
            workspace.factor[i * ORDER + j] = l[i * ORDER + j];
        }
    assert_ok(certify_residual_bound(ORDER, shift, &workspace, &bound));
    certify_workspace_release(&workspace);
    return bound;
}

static void draw_lower(uint64_t seed, double scale, double *l) {
    const double ones[ORDER] = {0.3, 1, 1, 1, 1, 1, 0.2, 1, 1, 1, 1, 0.1};
    matrix_householder(ORDER, ones, seed, l);
    for (size_t k = 0; k < ORDER * ORDER; k++) l[k] *= scale;
}

/* A factor that has nothing to do with A: the residual is of order 1. */
Test(certify_residual, unrelated_factor) {
    double l[ORDER * ORDER], a[ORDER * ORDER], lower, upper;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        draw_lower(seed, 1, l);
        draw_lower(seed + 1000, 0.5, a);
        ball_residual_norm(ORDER, l, a, 0.25, &lower, &upper);
        const double bound = bound_of(l, a, 0.25);
        cr_expect(bound >= lower && bound <= upper * (1 + 1e-12), "seed %zu: %g not in [%g, %g]",
                  (size_t)seed, bound, lower, upper);
    }
}

/* A residual that rounds to zero is not zero: A is fl(L L^T) by the same product, so that the
 * computed residual vanishes, and the true one is the rounding of that product. */
Test(certify_residual, residual_that_rounds_to_zero) {
    double l[ORDER * ORDER], a[ORDER * ORDER], lower, upper;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        draw_lower(seed, 0.7, l);
        for (size_t i = 0; i < ORDER; i++)
            for (size_t j = i + 1; j < ORDER; j++) l[i * ORDER + j] = 0;
        assert_ok(ntk_syrk(ORDER, ORDER, 1, l, ORDER, 0, a, ORDER));
        ball_residual_norm(ORDER, l, a, 0, &lower, &upper);
        const double bound = bound_of(l, a, 0);
        cr_assert(upper > 0);
        cr_expect(bound >= upper, "seed %zu: %g below %g", (size_t)seed, bound, upper);
        cr_expect(bound <= 0.5 * (ORDER + 4) * DBL_EPSILON * ORDER, "seed %zu: %g", (size_t)seed, bound);
    }
}

/* The term of rounding in full, where nothing else is left: for A = fl(L L^T) the bound is the norm
 * of j u (|L| |L|^T)_ij, here summed up by plain loops, and hardly more. The factor has signs, so
 * that |L| |L|^T is not |L L^T|. */
Test(certify_residual, rounding_term) {
    double l[ORDER * ORDER], a[ORDER * ORDER], row_sums[ORDER];
    for (uint64_t seed = 1; seed <= 20; seed++) {
        draw_lower(seed, 0.7, l);
        for (size_t i = 0; i < ORDER; i++)
            for (size_t j = 0; j < ORDER; j++)
                l[i * ORDER + j] = j > i ? 0 : (j % 2 ? -1 : 1) * l[i * ORDER + j];
        assert_ok(ntk_syrk(ORDER, ORDER, 1, l, ORDER, 0, a, ORDER));
        double squares = 0, row_sum = 0, diagonal = 0;
        for (size_t i = 0; i < ORDER; i++) {
            row_sums[i] = 0;
            for (size_t j = 0; j < ORDER; j++) {
                double p = 0;
                for (size_t k = 0; k < ORDER; k++) p += fabs(l[i * ORDER + k] * l[j * ORDER + k]);
                const double e = (double)((i < j ? i : j) + 1) * DBL_EPSILON / 2 * p;
                row_sums[i] += e;
                squares += e * e;
            }
            row_sum = fmax(row_sum, row_sums[i]);
            diagonal = fmax(diagonal, a[i * ORDER + i]);
        }
        const double expected = fmin(row_sum, sqrt(squares)), bound = bound_of(l, a, 0);
        cr_expect(bound >= expected, "seed %zu: %g below %g", (size_t)seed, bound, expected);
        /* The rounding of the shift: a diagonal of at most u max b_ii in either norm but for
         * sqrt(n). */
        cr_expect(bound <= expected + sqrt(ORDER) * DBL_EPSILON / 2 * diagonal * 1.001, "seed %zu: %g, %g",
                  (size_t)seed, bound, expected);
    }
}

/* The norm, where the exact one is known. With L = 0 the residual is -A: all ones has norm n, which
 * the Frobenius norm attains; an arrow of ones, nonzero in the first column only, has norm sqrt(n -
 * 1), and the row sums of its lower triangle alone are 1. */
Test(certify_residual, norm) {
    double l[ORDER * ORDER] = {0}, a[ORDER * ORDER];
    for (size_t k = 0; k < ORDER * ORDER; k++) a[k] = 1;
    double bound = bound_of(l, a, 0);
    cr_expect(bound >= ORDER && bound <= ORDER * (1 + 1e-12), "all ones: %.17g", bound);
    for (size_t k = 0; k < ORDER * ORDER; k++) a[k] = k > 0 && k % ORDER == 0;
    bound = bound_of(l, a, 0);
    cr_expect(bound >= sqrt(ORDER - 1) && bound <= sqrt(2 * (ORDER - 1)) * (1 + 1e-12), "arrow: %.17g",
              bound);
}

/* A - sI rounds. With a_11 = fl(l^2) in [1/2, 3/5), the rest 0, a shift of almost half an ulp is
 * lost from a_11, and its error adds to that of the square, both close to u/2: gamma_1 p_11 alone
 * would cover one of them. */
Test(certify_residual, shift_that_is_lost) {
    double l[ORDER * ORDER] = {0}, a[ORDER * ORDER] = {0}, lower, upper, worst = 0;
    const double shift = 0x1.ffffp-55;
    for (size_t k = 0; k < 400; k++) {
        l[0] = 0.7072 + 0.02 * sin((double)k);
        a[0] = l[0] * l[0];
        ball_residual_norm(ORDER, l, a, shift, &lower, &upper);
        const double bound = bound_of(l, a, shift);
        cr_expect(bound >= lower, "l = %.17g: %g below %g", l[0], bound, lower);
        worst = fmax(worst, lower);
    }
    cr_assert(worst > 0.9 * 0x1p-53, "%g: the case did not occur", worst);
}

/* Squares and products that underflow must not make the bound vanish. */
Test(certify_residual, underflow) {
    double l[ORDER * ORDER] = {0}, a[ORDER * ORDER] = {0}, lower, upper;
    for (size_t i = 0; i < ORDER; i++) l[i * ORDER + i] = 0x1p-540;
    cr_expect(bound_of(l, a, 0) >= 0x1p-1074, "products l_ik l_jk underflow");
    for (size_t i = 0; i < ORDER; i++) {
        l[i * ORDER + i] = 0;
        a[i * ORDER + i] = 0x1p-600;
    }
    ball_residual_norm(ORDER, l, a, 0, &lower, &upper);
    cr_expect(bound_of(l, a, 0) >= lower, "squares e_ij^2 underflow");
}

Test(certify_residual, not_finite) {
    double l[ORDER * ORDER] = {0}, a[ORDER * ORDER] = {0};
    l[5 * ORDER + 2] = NAN;
    cr_expect(!isfinite(bound_of(l, a, 0)));
    l[5 * ORDER + 2] = INFINITY;
    cr_expect(!isfinite(bound_of(l, a, 0)));
    l[5 * ORDER + 2] = 1e200;
    cr_expect(!isfinite(bound_of(l, a, 0)));
}
