/* The matrices: symmetric, rectangular, tiled, parallel, vectorised, all the same thing. */
#include <float.h>
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/ntk.h>

#include "arrays.h"
#include "base/vector_table.h"
#include "kernel/kernel_points.h"
#include "kernel/recursion.h"
#include "start.h"

TestSuite(gram, .init = start_linalg);

/* Every dense network, told by its activation, the plain residual one, and every residual network
 * with biases. */
enum { NETWORKS = 2 * NTK_ACTIVATION_COUNT + 1 };

/* Weight variance 2, but 1 where that would send pairs of expanded activations to the slow
 * quadrature. */
static ntk_architecture biased(ntk_activation activation, size_t depth) {
    ntk_architecture architecture = ntk_architecture_default();
    architecture.activation = activation;
    architecture.depth = depth;
    architecture.bias_variance = 0.1;
    if (activation >= NTK_TANH && activation <= NTK_SIGMOID) architecture.weight_variance = 1;
    return architecture;
}

static ntk_architecture network(size_t kind, size_t depth) {
    if (kind < NTK_ACTIVATION_COUNT) return biased((ntk_activation)kind, depth);
    ntk_architecture architecture = ntk_architecture_default();
    if (kind > NTK_ACTIVATION_COUNT)
        architecture = biased((ntk_activation)(kind - NTK_ACTIVATION_COUNT - 1), depth);
    architecture.family = NTK_RESIDUAL;
    architecture.depth = depth;
    architecture.residual_scale = 0.7;
    return architecture;
}

static const char *network_name(size_t kind) {
    if (kind > NTK_ACTIVATION_COUNT) return "residual with biases";
    return kind < NTK_ACTIVATION_COUNT ? ntk_activation_name((ntk_activation)kind) : "residual";
}

/* More than one tile and no multiple of any block; both triangles, a wide leading dimension,
 * nothing written outside; against the rectangular kernel, whose tiles come from another BLAS
 * routine. */
Test(gram, symmetric_and_rectangular_agree) {
    enum { N = 271, D = 7, LDX = 9, LDG = 280 };
    double *x = normals(7, "symmetric", N * LDX), *gram = zeros(N * LDG), *cross = zeros(N * N);
    for (size_t kind = 0; kind < NETWORKS; kind++) {
        const ntk_architecture architecture = network(kind, 2);
        for (size_t i = 0; i < N * LDG; i++) gram[i] = -777;
        assert_ok(ntk_kernel_gram(&architecture, NTK_KERNEL_NTK, N, D, x, LDX, gram, LDG));
        assert_ok(ntk_kernel_cross(&architecture, NTK_KERNEL_NTK, N, N, D, x, LDX, x, LDX, cross, N));
        for (size_t i = 0; i < N; i++) {
            for (size_t j = 0; j < N; j++) {
                cr_assert_eq(gram[i * LDG + j], gram[j * LDG + i]);
                /* 1e-12: the accuracy that either has; see test_accuracy.c for the sharp bounds. */
                cr_assert(fabs(gram[i * LDG + j] - cross[i * N + j]) <=
                              1e-12 * sqrt(gram[i * LDG + i] * gram[j * LDG + j]),
                          "%s (%zu, %zu): %g and %g", network_name(kind), i, j, gram[i * LDG + j],
                          cross[i * N + j]);
            }
            for (size_t j = N; j < LDG; j++) cr_assert_eq(gram[i * LDG + j], -777);
        }
    }
}

/* Two sets of as many points: row i belongs to x_i. Against the Gram matrix of both sets together,
 * whose off-diagonal block is not symmetric. */
Test(gram, a_square_block_is_not_its_transpose) {
    enum { N = 12, D = 5, ALL = 2 * N };
    double *x = normals(7, "block", ALL * D), *gram = zeros(ALL * ALL), cross[N * N];
    const ntk_kernel_type types[] = {NTK_KERNEL_NNGP, NTK_KERNEL_NTK};
    for (size_t kind = 0; kind < NETWORKS; kind++)
        for (size_t t = 0; t < 2; t++) {
            const ntk_architecture architecture = network(kind, 2);
            assert_ok(ntk_kernel_gram(&architecture, types[t], ALL, D, x, D, gram, ALL));
            assert_ok(ntk_kernel_cross(&architecture, types[t], N, N, D, x, D, x + N * D, D, cross, N));
            for (size_t i = 0; i < N; i++)
                for (size_t j = 0; j < N; j++)
                    cr_expect(fabs(cross[i * N + j] - gram[i * ALL + N + j]) <=
                                  1e-12 * sqrt(gram[i * ALL + i] * gram[(N + j) * ALL + N + j]),
                              "%s (%zu, %zu): %g and %g", network_name(kind), i, j, cross[i * N + j],
                              gram[i * ALL + N + j]);
        }
}

Test(gram, both_kernels_in_one_pass) {
    enum { N = 20, D = 5 };
    double *x = normals(7, "both", N * D), nngp[N * N], ntk[N * N], one[N * N];
    const size_t kinds[] = {NTK_RELU, NTK_ACTIVATION_COUNT};
    for (size_t k = 0; k < 2; k++) {
        const ntk_architecture architecture = network(kinds[k], 3);
        assert_ok(ntk_kernel_gram_both(&architecture, N, D, x, D, nngp, ntk, N));
        ntk_kernel_gram(&architecture, NTK_KERNEL_NNGP, N, D, x, D, one, N);
        cr_expect_arr_eq(nngp, one, sizeof one);
        ntk_kernel_gram(&architecture, NTK_KERNEL_NTK, N, D, x, D, one, N);
        cr_expect_arr_eq(ntk, one, sizeof one);
    }
}

Test(gram, same_bits_for_any_number_of_workers) {
    enum { N = 600, D = 5 };
    double *x = normals(7, "workers", N * D), *one = zeros(N * N), *two = zeros(N * N);
    const size_t kinds[] = {NTK_RELU, NTK_SIGMOID, NTK_ACTIVATION_COUNT};
    for (size_t k = 0; k < 3; k++) {
        const ntk_architecture architecture = network(kinds[k], 2);
        ntk_set_workers(1);
        assert_ok(ntk_kernel_gram(&architecture, NTK_KERNEL_NTK, N, D, x, D, one, N));
        ntk_set_workers(2);
        assert_ok(ntk_kernel_gram(&architecture, NTK_KERNEL_NTK, N, D, x, D, two, N));
        cr_expect_eq(memcmp(one, two, N * N * sizeof *one), 0);
    }
}

/* From the same inner products every instruction set gives the same bits, for every count of
 * columns. */
Test(gram, same_bits_on_every_instruction_set) {
    enum { N = 21, D = 6 };
    const ntk_recursion_table *tables[4] = {&ntk_recursion_scalar};
    size_t available = 1;
#ifdef NTK_SIMD_X86
    size_t count = 0;
    const ntk_vector_table *const *isa = ntk_vector_available(&count);
    const ntk_recursion_table *const wide[] = {&ntk_recursion_sse2, &ntk_recursion_avx2,
                                               &ntk_recursion_avx512};
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < count; j++)
            if (strcmp(wide[i]->isa, isa[j]->isa) == 0) tables[available++] = wide[i];
#endif
    double *x = normals(7, "isa", N * D), product[N], want[2 * N], got[2 * N];
    size_t flagged[N];
    for (size_t kind = 0; kind < NETWORKS; kind++) {
        const ntk_architecture architecture = network(kind, 3);
        ntk_points points;
        ntk_recursion_layer layer[3];
        ntk_recursion recursion = ntk_recursion_create(&architecture, D, layer);
        assert_ok(ntk_points_create(&architecture, N, D, x, D, &points));
        assert_ok(ntk_points_recurse(&architecture, &points, &points, &recursion));
        for (size_t row = 0; row < N; row++) {
            for (size_t j = 0; j < N; j++) product[j] = ntk_dot(D, x + row * D, x + j * D);
            ntk_recursion_find(tables[0], &architecture)(&recursion, row, 0, row + 1, product, want, want + N,
                                                         flagged);
            for (size_t t = 1; t < available; t++) {
                memset(got, 0, sizeof got);
                ntk_recursion_find(tables[t], &architecture)(&recursion, row, 0, row + 1, product, got,
                                                             got + N, flagged);
                for (size_t j = 0; j <= row; j++) {
                    cr_assert_eq(got[j], want[j], "%s, %s", network_name(kind), tables[t]->isa);
                    cr_assert_eq(got[N + j], want[N + j], "%s, %s", network_name(kind), tables[t]->isa);
                }
                cr_assert(row + 1 == N || got[row + 1] == 0, "wrote beyond the columns asked for");
            }
        }
        ntk_points_destroy(&points);
    }
}

/* Depth L + 1 from depth L: one more step of the definition, with the dual activations of the
 * public API. */
Test(gram, depths_compose) {
    enum { N = 9, D = 4, DEPTH = 4 };
    double *x = normals(7, "depths", N * D), s[N * N], theta[N * N], next_s[N * N], next_theta[N * N];
    for (ntk_activation activation = 0; activation < NTK_ACTIVATION_COUNT; activation++) {
        if (activation >= NTK_TANH && activation <= NTK_SIGMOID)
            continue; /* test_accuracy.c; quadrature is slow */
        for (size_t depth = 1; depth < DEPTH; depth++) {
            const ntk_architecture lower = biased(activation, depth), upper = biased(activation, depth + 1);
            ntk_kernel_gram_both(&lower, N, D, x, D, s, theta, N);
            ntk_kernel_gram_both(&upper, N, D, x, D, next_s, next_theta, N);
            for (size_t i = 0; i < N; i++)
                for (size_t j = 0; j < N; j++) {
                    double value, derivative;
                    ntk_dual_activation(activation, s[i * N + i], s[j * N + j], s[i * N + j], &value,
                                        &derivative, NULL);
                    const double want = 2 * value + 0.1,
                                 scale = sqrt(next_theta[i * N + i] * next_theta[j * N + j]);
                    cr_assert(fabs(next_s[i * N + j] - want) <= 1e-12 * scale);
                    /* ReLU's derivative has a square-root singularity at rho = 1, where this path
                     * rounds rho. */
                    if (i != j || ntk_activation_is_smooth(activation))
                        cr_assert(fabs(next_theta[i * N + j] - want - theta[i * N + j] * 2 * derivative) <=
                                      1e-12 * scale,
                                  "%s L = %zu", ntk_activation_name(activation), depth);
                }
        }
    }
}

/* The diagonal of ReLU is its dual activation to the bit: stored results hang on it. */
Test(gram, diagonal_is_the_dual_activation) {
    enum { N = 100 };
    double *x = normals(7, "diagonal", N), gram[N * N], value, derivative;
    ntk_architecture architecture = ntk_architecture_default();
    architecture.weight_variance = 1;
    assert_ok(ntk_kernel_gram(&architecture, NTK_KERNEL_NNGP, N, 1, x, 1, gram, N));
    for (size_t i = 0; i < N; i++) {
        const double a = x[i] * x[i];
        assert_ok(ntk_dual_activation(NTK_RELU, a, a, a, &value, &derivative, NULL));
        cr_expect_eq(gram[i * N + i], value, "%.17g, %.17g", gram[i * N + i], value);
    }
}

/* The smallest eigenvalue of a computed Gram matrix lies above minus its rounding, n eps times the
 * largest. */
Test(gram, positive_semidefinite) {
    enum { N = 120, D = 3 };
    double *x = normals(7, "psd", N * D), *gram = zeros(N * N), values[N];
    for (size_t kind = 0; kind < NETWORKS; kind++) {
        const ntk_architecture architecture = network(kind, 2);
        assert_ok(ntk_kernel_gram(&architecture, NTK_KERNEL_NTK, N, D, x, D, gram, N));
        assert_ok(ntk_eigen_symmetric(N, gram, N, false, values));
        cr_expect(values[0] >= -N * DBL_EPSILON * values[N - 1], "%s: %g of %g", network_name(kind),
                  values[0], values[N - 1]);
        /* strictly, with a bias */
        if (kind == NTK_RELU) cr_expect(values[0] >= 1e-6 * values[N - 1]);
    }
}

/* One hidden ReLU layer without bias on n/2 > d antipodal pairs has rank n/2 + d: the singular part
 * must come out at rounding level, which it does only if kappa_0 of an antipodal pair is right to
 * the last bits. */
Test(gram, rank_on_antipodal_pairs) {
    enum { HALF = 30, N = 2 * HALF, D = 5 };
    double *x = normals(7, "antipodes", N * D), *gram = zeros(N * N), values[N];
    for (size_t i = 0; i < HALF * D; i++) x[HALF * D + i] = -x[i];
    const ntk_architecture architecture = ntk_architecture_default();
    assert_ok(ntk_kernel_gram(&architecture, NTK_KERNEL_NTK, N, D, x, D, gram, N));
    assert_ok(ntk_eigen_symmetric(N, gram, N, false, values));
    const double noise = N * DBL_EPSILON * values[N - 1];
    cr_expect(fabs(values[N - HALF - D - 1]) <= noise, "%g", values[N - HALF - D - 1]);
    cr_expect(values[N - HALF - D] >= 1e6 * noise, "%g", values[N - HALF - D]);
}

Test(gram, zero_inputs) {
    enum { N = 3, D = 2 };
    const double x[N * D] = {0, 0, 1, 2, 0, 0};
    double kernel[N * N];
    ntk_architecture architecture = ntk_architecture_default();
    architecture.depth = 3;
    assert_ok(ntk_kernel_gram(&architecture, NTK_KERNEL_NTK, N, D, x, D, kernel, N));
    for (size_t i = 0; i < N * N; i++) cr_expect(i == 4 ? kernel[i] > 0 : kernel[i] == 0, "entry %zu", i);
    /* phi(0) != 0: E[phi(0) phi(v)] = E[sigmoid(v)] / 2 = 1/4, whatever the variance of v. */
    architecture.activation = NTK_SIGMOID;
    architecture.depth = 1;
    architecture.weight_variance = 1;
    assert_ok(ntk_kernel_gram(&architecture, NTK_KERNEL_NTK, N, D, x, D, kernel, N));
    cr_expect(fabs(kernel[0] - 0.25) <= 1e-14 && fabs(kernel[1] - 0.25) <= 1e-14 &&
              fabs(kernel[2] - 0.25) <= 1e-14);
}

Test(gram, large_variances_of_expanded_activations) {
    enum { N = 3, D = 2 };
    /* tanh at a variance of 400: 512 terms do not serve these pairs, and mixtures take over. */
    const double x[N * D] = {20, 1, 20, 2, -20, 3};
    double kernel[N * N], value, derivative;
    ntk_architecture architecture = ntk_architecture_default();
    architecture.activation = NTK_TANH;
    architecture.weight_variance = 1;
    architecture.input_scale = NTK_INPUT_SCALE_NONE;
    assert_ok(ntk_kernel_gram(&architecture, NTK_KERNEL_NNGP, N, D, x, D, kernel, N));
    ntk_dual_activation(NTK_TANH, 401, 404, 402, &value, &derivative, NULL);
    cr_expect(fabs(kernel[1] - value) <= 1e-13);
    /* Beyond any expansion tanh is a sign: (2 / pi) arcsin(cos 90) and (2 / pi) arcsin(1). */
    const double huge[2 * D] = {1e150, 0, 0, 1e150};
    assert_ok(ntk_kernel_gram(&architecture, NTK_KERNEL_NNGP, 2, D, huge, D, kernel, 2));
    cr_expect(fabs(kernel[0] - 1) <= 1e-15 && fabs(kernel[1]) <= 1e-15 && fabs(kernel[3] - 1) <= 1e-15);
}

Test(gram, errors_name_what_is_wrong) {
    double x[6] = {1, 2, 3, 4, 5, 6}, kernel[9];
    ntk_architecture architecture = ntk_architecture_default();
    cr_expect_eq(ntk_kernel_gram(&architecture, NTK_KERNEL_NTK, 0, 2, x, 2, kernel, 3), NTK_ERROR_SHAPE);
    cr_expect_eq(ntk_kernel_gram(&architecture, NTK_KERNEL_NTK, 3, 2, x, 1, kernel, 3), NTK_ERROR_SHAPE);
    cr_expect_eq(ntk_kernel_gram(&architecture, NTK_KERNEL_NTK, 3, 2, x, 2, kernel, 2), NTK_ERROR_SHAPE);
    cr_expect_eq(ntk_kernel_cross(&architecture, NTK_KERNEL_NTK, 1, 2, 2, x, 2, x, 2, kernel, 1),
                 NTK_ERROR_SHAPE);
    cr_expect_eq(ntk_kernel_gram_both(&architecture, 3, 2, x, 2, NULL, NULL, 3), NTK_ERROR_ARGUMENT);
    x[3] = NAN;
    assert_fails(ntk_kernel_gram(&architecture, NTK_KERNEL_NTK, 3, 2, x, 2, kernel, 3), NTK_ERROR_NOT_FINITE,
                 "input 1: component 1");
    x[3] = 1e200;
    assert_fails(ntk_kernel_gram(&architecture, NTK_KERNEL_NTK, 3, 2, x, 2, kernel, 3), NTK_ERROR_NOT_FINITE,
                 "inputs 1 and 1 overflows");
    x[3] = 1e153; /* the norm is finite, three layers of weight variance 100 are not */
    architecture.weight_variance = 100;
    architecture.depth = 3;
    assert_fails(ntk_kernel_gram(&architecture, NTK_KERNEL_NTK, 3, 2, x, 2, kernel, 3), NTK_ERROR_NOT_FINITE,
                 "overflows");
    architecture = ntk_architecture_default();
    architecture.parametrisation = NTK_PARAMETRISATION_MEAN_FIELD;
    cr_expect_eq(ntk_kernel_gram(&architecture, NTK_KERNEL_NTK, 1, 2, x, 2, kernel, 1),
                 NTK_ERROR_UNSUPPORTED);
    architecture = ntk_architecture_default();
    architecture.depth = NTK_DEPTH_MAX + 1;
    cr_expect_eq(ntk_kernel_gram(&architecture, NTK_KERNEL_NTK, 1, 2, x, 2, kernel, 1), NTK_ERROR_ARGUMENT);
}

/* Blocks that begin and end anywhere: within a tile, across the diagonal, mirrored only in part. */
static void expect_blocks(const ntk_architecture *architecture, ntk_kernel_type type, size_t n, size_t m,
                          size_t d, const double *x, const double *y, const double *whole) {
    const size_t cuts[][4] = {{0, n, 0, m}, {0, 256, 0, 256}, {256, n - 256, 0, m}, {0, 256, 256, m - 256},
                              {1, 1, 3, 1}, {5, 260, 2, 270}, {250, 20, 3, m - 3},  {3, n - 3, 251, 10},
                              {7, 9, 7, 9}, {n - 1, 1, 0, m}, {0, n, m - 1, 1},     {270, 3, 260, 12}};
    ntk_kernel_blocks *blocks = NULL;
    assert_ok(ntk_kernel_blocks_create(architecture, type, n, m, d, x, d, y, d, &blocks));
    double *out = zeros(n * (m + 3));
    for (size_t k = 0; k < sizeof cuts / sizeof *cuts; k++) {
        const size_t *c = cuts[k], ld = c[3] + 3;
        for (size_t i = 0; i < c[1] * ld; i++) out[i] = -777;
        assert_ok(ntk_kernel_block(blocks, c[0], c[1], c[2], c[3], out, ld));
        for (size_t i = 0; i < c[1]; i++) {
            cr_expect_eq(memcmp(out + i * ld, whole + (c[0] + i) * m + c[2], c[3] * sizeof *out), 0,
                         "%s, block %zu, row %zu", ntk_activation_name(architecture->activation), k, i);
            cr_expect(out[i * ld + c[3]] == -777 && out[i * ld + c[3] + 2] == -777);
        }
    }
    cr_expect_eq(ntk_kernel_block(blocks, n, 1, 0, m, out, m), NTK_ERROR_SHAPE);
    cr_expect_eq(ntk_kernel_block(blocks, 1, n, 0, m, out, m), NTK_ERROR_SHAPE);
    cr_expect_eq(ntk_kernel_block(blocks, 0, 0, 0, m, out, m), NTK_ERROR_SHAPE);
    cr_expect_eq(ntk_kernel_block(blocks, 0, n, 1, m, out, m), NTK_ERROR_SHAPE);
    cr_expect_eq(ntk_kernel_block(blocks, 0, n, 0, m, out, m - 1), NTK_ERROR_SHAPE);
    ntk_kernel_blocks_destroy(blocks);
    ntk_release(out);
}

Test(gram, blocks_have_the_bits_of_the_whole_matrix) {
    enum { N = 523, M = 300, D = 5 };
    double *x = normals(7, "blocks", N * D), *y = normals(8, "blocks", M * D), *whole = zeros(N * N);
    assert_ok(ntk_set_workers(2));
    for (size_t kind = 0; kind < NETWORKS; kind++)
        for (int type = NTK_KERNEL_NTK; type <= NTK_KERNEL_NNGP; type++) {
            const ntk_architecture a = network(kind, 2);
            const ntk_kernel_type t = (ntk_kernel_type)type;
            assert_ok(ntk_kernel_gram(&a, t, N, D, x, D, whole, N));
            expect_blocks(&a, t, N, N, D, x, NULL, whole);
            assert_ok(ntk_kernel_cross(&a, t, N, M, D, x, D, y, D, whole, M));
            expect_blocks(&a, t, N, M, D, x, y, whole);
        }
    const ntk_architecture a = network(0, 1);
    ntk_kernel_blocks *blocks = NULL;
    cr_expect_eq(ntk_kernel_blocks_create(&a, NTK_KERNEL_NTK, N, M, D, x, D, NULL, 0, &blocks),
                 NTK_ERROR_SHAPE);
    cr_expect_null(blocks);
    ntk_release(x);
    ntk_release(y);
    ntk_release(whole);
}
