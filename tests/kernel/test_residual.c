/* The residual kernel where it is known by hand. */
#include <float.h>
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/ntk.h>

#include "arrays.h"
#include "start.h"

TestSuite(residual, .init = start_linalg);

static ntk_architecture network(size_t depth, double scale) {
    ntk_architecture out = ntk_architecture_default();
    out.family = NTK_RESIDUAL;
    out.depth = depth;
    out.residual_scale = scale;
    out.input_scale = NTK_INPUT_SCALE_NONE;
    return out;
}

/* One block on the unit sphere: S^1 = u + a kappa_1 and Theta = 2u + 2a (kappa_1 + u kappa_0), a =
 * alpha^2. At u = 1, 0, -1: kappa_1 = 1, 1/pi, 0 and kappa_0 = 1, 1/2, 0. At u = 1/2 (60 degrees)
 * kappa_0 = 2/3 and kappa_1 = 1/3 + sqrt(3) / (2 pi). */
Test(residual, one_block_by_hand) {
    enum { N = 4 };
    const double x[2 * N] = {1, 0, 0, 1, -1, 0, 0.5, sqrt(0.75)}, a = 0.49;
    double nngp[N * N], ntk[N * N];
    const ntk_architecture architecture = network(1, 0.7);
    assert_ok(ntk_kernel_gram_both(&architecture, N, 2, x, 2, nngp, ntk, N));
    const double kappa_1 = 1 / 3.0 + sqrt(3) / (2 * M_PI);
    const double s[N] = {1 + a, a / M_PI, -1, 0.5 + a * kappa_1};
    const double theta[N] = {2 + 4 * a, 2 * a / M_PI, -2, 1 + 2 * a * (kappa_1 + 1 / 3.0)};
    for (size_t j = 0; j < N; j++) {
        cr_expect(fabs(nngp[j] - s[j]) <= 4 * DBL_EPSILON, "%zu: %.17g, not %.17g", j, nngp[j], s[j]);
        cr_expect(fabs(ntk[j] - theta[j]) <= 8 * DBL_EPSILON, "%zu: %.17g, not %.17g", j, ntk[j], theta[j]);
    }
}

/* S^L_xx = (1 + a)^L |x|^2 and Theta_xx = (1 + a)^L |x|^2 (2 + 2 L a / (1 + a)). */
Test(residual, diagonal_by_hand) {
    const double x[] = {3, 4};
    double nngp, ntk;
    for (size_t depth = 1; depth <= NTK_DEPTH_MAX; depth *= 4) {
        const ntk_architecture architecture = network(depth, 0.5);
        const double variance = 25 * pow(1.25, (double)depth), theta = variance * (2 + 0.4 * (double)depth);
        assert_ok(ntk_kernel_gram_both(&architecture, 1, 2, x, 2, &nngp, &ntk, 1));
        cr_expect(fabs(nngp / variance - 1) <= (double)depth * 2 * DBL_EPSILON);
        cr_expect(fabs(ntk / theta - 1) <= (double)depth * 2 * DBL_EPSILON);
    }
}

/* Without branches the network is linear: S = <x, x'> and, from v and W^0, Theta = 2 <x, x'>. */
Test(residual, without_branches_linear) {
    enum { N = 20, D = 3 };
    double *x = normals(11, "linear", N * D), nngp[N * N], ntk[N * N];
    const ntk_architecture architecture = network(5, 0);
    assert_ok(ntk_kernel_gram_both(&architecture, N, D, x, D, nngp, ntk, N));
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++) {
            const double inner = ntk_dot(D, x + i * D, x + j * D),
                         allowed = 8 * DBL_EPSILON * ntk_norm(D, x + i * D) * ntk_norm(D, x + j * D);
            cr_expect(fabs(nngp[i * N + j] - inner) <= allowed);
            cr_expect(fabs(ntk[i * N + j] - 2 * inner) <= 2 * allowed);
        }
}

/* One block on n/2 > d antipodal pairs has rank n/2 + d, two blocks full rank; no branches have
 * rank d. */
Test(residual, rank_on_antipodal_pairs) {
    enum { HALF = 30, N = 2 * HALF, D = 5 };
    double *x = normals(11, "antipodes", N * D), gram[N * N], values[N];
    for (size_t i = 0; i < HALF * D; i++) x[HALF * D + i] = -x[i];
    const ntk_architecture architectures[] = {network(1, 1), network(2, 1), network(2, 0)};
    const size_t ranks[] = {HALF + D, N, D};
    for (size_t k = 0; k < 3; k++) {
        assert_ok(ntk_kernel_gram(&architectures[k], NTK_KERNEL_NTK, N, D, x, D, gram, N));
        assert_ok(ntk_eigen_symmetric(N, gram, N, false, values));
        const double noise = N * DBL_EPSILON * values[N - 1];
        cr_expect(ranks[k] == N || fabs(values[N - ranks[k] - 1]) <= noise, "case %zu: %g", k,
                  values[N - ranks[k] - 1]);
        cr_expect(values[N - ranks[k]] >= 1e6 * noise, "case %zu: %g", k, values[N - ranks[k]]);
    }
}

Test(residual, input_scale_is_a_factor) {
    enum { N = 6, D = 8 }; /* a power of two: the factor is exact */
    double *x = normals(11, "scale", N * D), whole[N * N], divided[N * N];
    ntk_architecture architecture = network(3, 0.9);
    assert_ok(ntk_kernel_gram(&architecture, NTK_KERNEL_NTK, N, D, x, D, whole, N));
    architecture.input_scale = NTK_INPUT_SCALE_DIMENSION;
    assert_ok(ntk_kernel_gram(&architecture, NTK_KERNEL_NTK, N, D, x, D, divided, N));
    for (size_t i = 0; i < N * N; i++)
        cr_expect(fabs(divided[i] - whole[i] / D) <= 1e-13 * whole[0], "entry %zu", i);
}

Test(residual, zero_inputs_and_errors) {
    enum { N = 3, D = 2 };
    double x[N * D] = {0, 0, 1, 2, 0, 0}, kernel[N * N];
    ntk_architecture architecture = network(3, 1);
    assert_ok(ntk_kernel_gram(&architecture, NTK_KERNEL_NTK, N, D, x, D, kernel, N));
    for (size_t i = 0; i < N * N; i++) cr_expect(i == 4 ? kernel[i] > 0 : kernel[i] == 0, "entry %zu", i);
    architecture.residual_scale = 1e100; /* (1 + alpha^2)^3 overflows */
    assert_fails(ntk_kernel_gram(&architecture, NTK_KERNEL_NTK, N, D, x, D, kernel, N), NTK_ERROR_NOT_FINITE,
                 "overflows");
    architecture = network(3, -1);
    cr_expect_eq(ntk_kernel_gram(&architecture, NTK_KERNEL_NTK, N, D, x, D, kernel, N), NTK_ERROR_ARGUMENT);
    architecture = network(3, 1);
    architecture.parametrisation = NTK_PARAMETRISATION_MEAN_FIELD;
    cr_expect_eq(ntk_kernel_gram(&architecture, NTK_KERNEL_NTK, N, D, x, D, kernel, N),
                 NTK_ERROR_UNSUPPORTED);
}
