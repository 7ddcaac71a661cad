/* Eigenvalues on a cube against its Gram matrices: the products of coordinates are eigenvectors. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/kernel.h>
#include <ntk/lab/cube.h>
#include <ntk/linalg.h>

#include "start.h"
#include "status.h"

TestSuite(cube, .init = start_linalg);

enum { K = 5, N = 1 << K };

static ntk_architecture architecture_of(ntk_activation activation, size_t depth, double bias_variance) {
    ntk_architecture out = ntk_architecture_default();
    out.activation = activation;
    out.depth = depth;
    out.bias_variance = bias_variance;
    return out;
}

static void expect_eigenvectors(const ntk_architecture *architecture) {
    double x[N * K], gram[N * N], chi[N], image[N];
    ntk_formula *f;
    ntk_cube_points(K, x);
    assert_ok(ntk_kernel_gram(architecture, NTK_KERNEL_NTK, N, K, x, K, gram, N));
    assert_ok(ntk_formula_create(&f));
    assert_ok(ntk_cube_define(f, architecture, K));
    for (size_t j = 0; j <= K; j++) {
        ntk_interval lambda;
        const char name[] = {'l', 'a', 'm', 'b', 'd', 'a', (char)('0' + j), '\0'};
        assert_ok(ntk_formula_evaluate(f, name, 0, &lambda));
        cr_expect(lambda.high - lambda.low <= 1e-15 * (fabs(lambda.high) + 1e-15), "%zu", j);
        ntk_cube_character(K, j, chi);
        assert_ok(ntk_gemv(NTK_NO_TRANSPOSE, N, N, 1, gram, N, chi, 0, image));
        for (size_t i = 0; i < N; i++)
            cr_expect_float_eq(image[i], lambda.low * chi[i], 1e-13 * N, "%zu, %zu: %g", j, i, image[i]);
    }
    ntk_formula_destroy(f);
}

Test(cube, products_of_coordinates_are_eigenvectors) {
    const ntk_architecture cases[] = {architecture_of(NTK_RELU, 1, 0), architecture_of(NTK_RELU, 2, 0),
                                      architecture_of(NTK_RELU, 3, 0), architecture_of(NTK_ERF, 1, 0),
                                      architecture_of(NTK_ERF, 1, 0.25)};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) expect_eigenvectors(&cases[k]);
}

/* Their sum is the trace, and the smallest comes first. */
Test(cube, as_many_as_points) {
    const ntk_architecture a = architecture_of(NTK_RELU, 2, 0);
    double low[N], high[N], sum = 0;
    assert_ok(ntk_cube_eigenvalues(&a, K, low, high));
    for (size_t i = 0; i < N; i++) {
        cr_expect(low[i] <= high[i] && (i == 0 || low[i - 1] <= low[i]));
        sum += low[i];
    }
    cr_expect_float_eq(sum, N * 6.0, 1e-12); /* Theta(x, x) = 2 (L + 1) */
    cr_expect_eq(ntk_cube_eigenvalues(&a, 13, low, high), NTK_ERROR_ARGUMENT);
}
