/* Tangent kernels that are cut into tiles and sums, against plain sums over the explicit Jacobian,
 * which is not. */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include <ntk/network.h>

#include "reference.h"
#include "status.h"

static reference_case shape_of(size_t n, size_t width, size_t outputs, double bias_variance) {
    reference_case shape = {
        .architecture = ntk_architecture_default(), .inputs = 3, .width = width, .outputs = outputs, .n = n};
    shape.architecture.activation = NTK_TANH;
    shape.architecture.bias_variance = bias_variance;
    return shape;
}

/* The first `n` inputs beside all of them, or the symmetric kernel where n = 0. The tolerance:
 * gamma_k for sums of k = p products in any order, relative to the largest entry, which the
 * diagonal and so the sum of moduli is. */
static void check(const reference_case *shape, size_t n) {
    reference_draw draw = reference_draw_create(shape);
    const size_t columns = draw.rows, rows = n == 0 ? columns : n * shape->outputs, p = draw.parameters;
    double *jacobian = reference_doubles(columns * p), *kernel = reference_doubles(rows * columns);
    double *wanted = reference_doubles(rows * columns);
    if (n == 0)
        assert_ok(ntk_network_tangent_kernel(draw.network, draw.theta, shape->n, draw.x, kernel, columns));
    else
        assert_ok(ntk_network_tangent_kernel_cross(draw.network, draw.theta, n, draw.x, shape->n, draw.x,
                                                   kernel, columns));
    assert_ok(ntk_network_jacobian(draw.network, draw.theta, shape->n, draw.x, jacobian));
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            double sum[4] = {0};
            for (size_t k = 0; k < p; k++) sum[k % 4] += jacobian[i * p + k] * jacobian[j * p + k];
            wanted[i * columns + j] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
        }
    const double error = reference_relative_error(rows * columns, kernel, wanted);
    cr_assert(error <= 2 * (double)p * DBL_EPSILON, "%zu x %zu: error %g", rows, columns, error);
    free(jacobian), free(kernel), free(wanted);
    reference_draw_destroy(&draw);
}

Test(layer_kernel, in_tiles_is_the_gram_matrix_of_the_jacobian) {
    const reference_case one = shape_of(2060, 8, 1, 0.3), three = shape_of(690, 8, 3, 0);
    check(&one, 0);
    check(&three, 0);
}

Test(layer_kernel, in_tiles_between_two_batches) {
    const reference_case one = shape_of(2100, 128, 1, 0.3), three = shape_of(700, 16, 3, 0.3);
    check(&one, 33);
    check(&three, 690);
}

Test(layer_kernel, as_sums_of_sums) {
    const reference_case wide = shape_of(70, 4200, 1, 0.3), outputs = shape_of(30, 4100, 3, 0);
    check(&wide, 0);
    check(&outputs, 0);
    check(&outputs, 29);
}
