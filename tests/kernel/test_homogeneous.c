/* Proposition 8 of bietti-2019: the RKHS of a homogeneous kernel K(x, y) = |x| |y| kappa(<x, y>
 * / (|x| |y|)) is { |x| g(x / |x|) : g in the RKHS of kappa on the sphere }, with equal norms.
 * On finite sets that is linear algebra: the interpolant of least norm of values v at the x_i
 * under K is |x| times that of v_i / |x_i| at the x_i / |x_i|, and v^T K^-1 v is the squared
 * norm of both. */
#include <float.h>
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/ntk.h>

#include "arrays.h"
#include "start.h"

TestSuite(homogeneous, .init = start_linalg);

enum { N = 12, D = 4 };

/* Coefficients a with K a = v, K the Gram matrix; returns v^T K^-1 v. */
static double interpolate(const ntk_architecture *network, const double *x, const double *v, double *a) {
    double gram[N * N];
    assert_ok(ntk_kernel_gram(network, NTK_KERNEL_NTK, N, D, x, D, gram, N));
    assert_ok(ntk_cholesky(N, gram, N));
    for (size_t i = 0; i < N; i++) a[i] = v[i];
    assert_ok(ntk_cholesky_solve(N, 1, gram, N, a, 1));
    return ntk_dot(N, v, a);
}

static double value(const ntk_architecture *network, const double *x, const double *a, const double *at) {
    double row[N];
    assert_ok(ntk_kernel_cross(network, NTK_KERNEL_NTK, 1, N, D, at, D, x, D, row, N));
    return ntk_dot(N, row, a);
}

Test(homogeneous, norms_and_values_of_both_spaces_agree) {
    const double *x = normals(3, "points", N * D), *v = normals(3, "values", N),
                 *y = normals(3, "elsewhere", D);
    double unit[N * D], divided[N], a[N], b[N], place[D];
    for (size_t i = 0; i < N; i++) {
        const double norm = ntk_norm(D, x + i * D);
        for (size_t k = 0; k < D; k++) unit[i * D + k] = x[i * D + k] / norm;
        divided[i] = v[i] / norm;
    }
    for (size_t k = 0; k < D; k++) place[k] = y[k] / ntk_norm(D, y);
    for (size_t depth = 1; depth <= 3; depth++) {
        ntk_architecture network = ntk_architecture_default();
        network.depth = depth;
        const double norm = interpolate(&network, x, v, a), other = interpolate(&network, unit, divided, b);
        cr_expect(fabs(norm / other - 1) <= 1e-10, "L = %zu: %.17g and %.17g", depth, norm, other);
        const double f = value(&network, x, a, y), g = ntk_norm(D, y) * value(&network, unit, b, place);
        cr_expect(fabs(f - g) <= 1e-10 * fabs(f), "L = %zu: %.17g and %.17g", depth, f, g);
        cr_expect(fabs(value(&network, x, a, x) - v[0]) <= 1e-10, "it interpolates");
    }
}

/* With a bias the kernel is not homogeneous, and the two norms differ. */
Test(homogeneous, not_with_a_bias) {
    const double *x = normals(3, "points", N * D), *v = normals(3, "values", N);
    double unit[N * D], divided[N], a[N];
    for (size_t i = 0; i < N; i++) {
        const double norm = ntk_norm(D, x + i * D);
        for (size_t k = 0; k < D; k++) unit[i * D + k] = x[i * D + k] / norm;
        divided[i] = v[i] / norm;
    }
    ntk_architecture network = ntk_architecture_default();
    network.bias_variance = 0.5;
    const double ratio = interpolate(&network, x, v, a) / interpolate(&network, unit, divided, a);
    cr_expect(fabs(ratio - 1) > 1e-3, "%g", ratio);
}
