/* beta bounds ||L L^T - (A - sI)||_2 for any factor L, not only for good ones; the norm is enclosed in balls.
 */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <ntk/linalg.h>

#include "ball.h"
#include "certify/cholesky.h"
#include "matrices.h"

enum { ORDER = 12 };

static double bound_of(const double *l, const double *a, double shift) {
    certify_workspace workspace;
    double bound = NAN;
    cr_assert_eq(ntk_linalg_start(), NTK_OK);
    cr_assert_eq(certify_workspace_create(ORDER, &workspace), NTK_OK);
    for (size_t i = 0; i < ORDER; i++)
        for (size_t j = 0; j <= i; j++) {
            workspace.matrix[i * ORDER + j] = a[i * ORDER + j];
            workspace.factor[i * ORDER + j] = l[i * ORDER + j];
        }
    cr_assert_eq(certify_residual_bound(ORDER, shift, &workspace, &bound), NTK_OK);
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

/* A residual that rounds to zero is not zero: A is fl(L L^T) by the same product, so that the computed
 * residual vanishes, and the true one is the rounding of that product. */
Test(certify_residual, residual_that_rounds_to_zero) {
    double l[ORDER * ORDER], a[ORDER * ORDER], lower, upper;
    cr_assert_eq(ntk_linalg_start(), NTK_OK);
    for (uint64_t seed = 1; seed <= 50; seed++) {
        draw_lower(seed, 0.7, l);
        for (size_t i = 0; i < ORDER; i++)
            for (size_t j = i + 1; j < ORDER; j++) l[i * ORDER + j] = 0;
        cr_assert_eq(ntk_syrk(ORDER, ORDER, 1, l, ORDER, 0, a, ORDER), NTK_OK);
        ball_residual_norm(ORDER, l, a, 0, &lower, &upper);
        const double bound = bound_of(l, a, 0);
        cr_assert(upper > 0);
        cr_expect(bound >= upper, "seed %zu: %g below %g", (size_t)seed, bound, upper);
        cr_expect(bound <= 0.5 * (ORDER + 4) * DBL_EPSILON * ORDER, "seed %zu: %g", (size_t)seed, bound);
    }
}

/* A - sI rounds: with A = L = I and s = 2^-54 the shift is lost altogether. */
Test(certify_residual, shift_that_is_lost) {
    double identity[ORDER * ORDER] = {0};
    for (size_t i = 0; i < ORDER; i++) identity[i * ORDER + i] = 1;
    cr_expect(bound_of(identity, identity, 0x1p-54) >= 0x1p-54);
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
