/* The structured tangent kernel against J J^T, against itself on parts of a batch, and its mean
 * over networks against the infinite-width formula. */
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include <ntk/network.h>

#include "reference.h"
#include "status.h"

/* Sums of at most a few hundred products, compared relative to the largest entry. */
#define ROUNDING 1e-13

/* J J^T, plain sums over the explicit Jacobian. */
static double *jacobian_kernel(const reference_case *shape, reference_draw *draw) {
    const size_t rows = draw->rows, p = draw->parameters;
    double *jacobian = reference_doubles(rows * p), *kernel = reference_doubles(rows * rows);
    assert_ok(ntk_network_jacobian(draw->network, draw->theta, shape->n, draw->x, jacobian));
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < rows; j++) {
            kernel[i * rows + j] = 0.0;
            for (size_t k = 0; k < p; k++) kernel[i * rows + j] += jacobian[i * p + k] * jacobian[j * p + k];
        }
    free(jacobian);
    return kernel;
}

Test(network_tangent_kernel, is_the_gram_matrix_of_the_jacobian) {
    for (size_t t = 0; t < reference_case_count; t++) {
        const reference_case *shape = &reference_cases[t];
        reference_draw draw = reference_draw_create(shape);
        double *wanted = jacobian_kernel(shape, &draw), *kernel = reference_doubles(draw.rows * draw.rows);
        assert_ok(ntk_network_tangent_kernel(draw.network, draw.theta, shape->n, draw.x, kernel, draw.rows));
        const double error = reference_relative_error(draw.rows * draw.rows, kernel, wanted);
        cr_assert(error <= ROUNDING, "case %zu: error %g", t, error);
        for (size_t i = 0; i < draw.rows; i++)
            for (size_t j = 0; j < i; j++)
                cr_assert_eq(kernel[i * draw.rows + j], kernel[j * draw.rows + i], "case %zu: asymmetric", t);
        free(wanted), free(kernel);
        reference_draw_destroy(&draw);
    }
}

/* After a forward and a pullback, from their activations: the same bits. */
Test(network_tangent_kernel, of_the_last_forward_is_that_of_its_parameters) {
    for (size_t t = 0; t < reference_case_count; t++) {
        const reference_case *shape = &reference_cases[t];
        reference_draw draw = reference_draw_create(shape);
        const size_t square = draw.rows * draw.rows;
        double *wanted = reference_doubles(square), *kernel = reference_doubles(square);
        double *f = reference_doubles(draw.rows), *gradient = reference_doubles(draw.parameters);
        assert_ok(ntk_network_tangent_kernel(draw.network, draw.theta, shape->n, draw.x, wanted, draw.rows));
        assert_ok(ntk_network_forward(draw.network, draw.theta, shape->n, draw.x, f));
        assert_ok(ntk_network_pullback(draw.network, draw.theta, shape->n, draw.x, f, gradient));
        assert_ok(
            ntk_network_last_tangent_kernel(draw.network, draw.theta, shape->n, draw.x, kernel, draw.rows));
        for (size_t i = 0; i < square; i++) cr_assert_eq(kernel[i], wanted[i], "case %zu: entry %zu", t, i);
        cr_assert_eq(ntk_network_last_tangent_kernel(draw.network, draw.theta, shape->n + 1, draw.x, kernel,
                                                     draw.rows + shape->outputs),
                     NTK_ERROR_ARGUMENT, "another batch");
        free(wanted), free(kernel), free(f), free(gradient);
        reference_draw_destroy(&draw);
    }
}

/* The first `split` inputs against all: the same rows of the symmetric kernel; written into a wider
 * matrix. */
static void check_cross(const reference_case *shape, reference_draw *draw, const double *whole,
                        size_t split) {
    const size_t K = shape->outputs, rows = split * K, ld = draw->rows + 2;
    double *kernel = reference_doubles(rows * ld), *wanted = reference_doubles(rows * ld);
    for (size_t i = 0; i < rows * ld; i++) kernel[i] = wanted[i] = 0.5;
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < draw->rows; j++) wanted[i * ld + j] = whole[i * draw->rows + j];
    assert_ok(ntk_network_tangent_kernel_cross(draw->network, draw->theta, split, draw->x, shape->n, draw->x,
                                               kernel, ld));
    cr_assert(reference_relative_error(rows * ld, kernel, wanted) <= ROUNDING);
    for (size_t i = 0; i < rows; i++)
        cr_assert(kernel[i * ld + ld - 1] == 0.5 && kernel[i * ld + ld - 2] == 0.5);
    free(kernel), free(wanted);
}

Test(network_tangent_kernel, of_two_batches_is_a_block_of_the_kernel_of_both) {
    for (size_t t = 0; t < reference_case_count; t++) {
        const reference_case *shape = &reference_cases[t];
        reference_draw draw = reference_draw_create(shape);
        double *whole = reference_doubles(draw.rows * draw.rows);
        assert_ok(ntk_network_tangent_kernel(draw.network, draw.theta, shape->n, draw.x, whole, draw.rows));
        for (size_t split = 1; split <= shape->n; split++) check_cross(shape, &draw, whole, split);
        free(whole);
        reference_draw_destroy(&draw);
    }
}

/* wanted <- J (J^T v) with J by finite differences of the reference, away from kinks. */
static void multiply_differences(const reference_case *shape, const reference_draw *draw, const double *v,
                                 double *wanted) {
    double column[64];
    for (size_t i = 0; i < draw->rows; i++) wanted[i] = 0.0;
    for (size_t p = 0; p < draw->parameters; p++) {
        double slope = 0.0;
        reference_difference(shape, draw->theta, p, 1e-6, draw->x, column);
        for (size_t i = 0; i < draw->rows; i++) slope += column[i] * v[i];
        for (size_t i = 0; i < draw->rows; i++) wanted[i] += column[i] * slope;
    }
}

/* Against the matrix that is formed, and against differences, whose truncation and rounding are
 * some 1e-12 of an entry of J (1e-6 where long double is double); once into a vector of its own and
 * once in place. */
static void check_apply(size_t t) {
    const reference_case *shape = &reference_cases[t];
    const double difference = LDBL_EPSILON < 1e-18 ? 1e-10 : 1e-6;
    reference_draw draw = reference_draw_create(shape);
    double *kernel = reference_doubles(draw.rows * draw.rows), v[64], image[64], wanted[64];
    ntk_stream stream = ntk_stream_create(4, "vector", t);
    ntk_stream_normal(&stream, draw.rows, v);
    assert_ok(ntk_network_tangent_kernel(draw.network, draw.theta, shape->n, draw.x, kernel, draw.rows));
    for (size_t i = 0; i < draw.rows; i++) {
        wanted[i] = 0.0;
        for (size_t j = 0; j < draw.rows; j++) wanted[i] += kernel[i * draw.rows + j] * v[j];
    }
    assert_ok(ntk_network_tangent_apply(draw.network, draw.theta, shape->n, draw.x, v, image));
    double error = reference_relative_error(draw.rows, image, wanted);
    cr_assert(error <= ROUNDING, "case %zu: operator and matrix: %g", t, error);
    multiply_differences(shape, &draw, v, wanted);
    error = reference_relative_error(draw.rows, image, wanted);
    cr_assert(error <= difference, "case %zu: operator and differences: %g", t, error);
    assert_ok(ntk_network_tangent_apply(draw.network, draw.theta, shape->n, draw.x, v, v));
    for (size_t i = 0; i < draw.rows; i++) cr_assert_eq(v[i], image[i], "case %zu: in place", t);
    free(kernel);
    reference_draw_destroy(&draw);
}

Test(network_tangent_kernel, is_applied_without_being_formed) {
    for (size_t t = 0; t < reference_case_count; t++) check_apply(t);
}

/* The operator runs its own forward: what was evaluated before does not matter, and it needs an
 * input. */
Test(network_tangent_kernel, is_applied_to_a_batch_of_its_own) {
    const reference_case *shape = &reference_cases[0];
    reference_draw draw = reference_draw_create(shape);
    double v[64], first[64], second[64], f[64];
    for (size_t i = 0; i < draw.rows; i++) v[i] = 1.0;
    assert_ok(ntk_network_tangent_apply(draw.network, draw.theta, shape->n, draw.x, v, first));
    const double kept = draw.theta[0];
    draw.theta[0] += 1;
    assert_ok(ntk_network_forward(draw.network, draw.theta, 1, draw.x, f));
    draw.theta[0] = kept; /* (kept + 1) - 1 is rounded */
    assert_ok(ntk_network_tangent_apply(draw.network, draw.theta, shape->n, draw.x, v, second));
    for (size_t i = 0; i < draw.rows; i++) cr_assert_eq(first[i], second[i]);
    cr_assert_eq(ntk_network_tangent_apply(draw.network, draw.theta, 0, draw.x, v, second), NTK_ERROR_SHAPE);
    reference_draw_destroy(&draw);
}

/* Sizes that BLAS cuts into blocks. */
static void check_blocks(const reference_case *shape) {
    reference_draw draw = reference_draw_create(shape);
    const size_t rows = draw.rows, first = 29 * shape->outputs;
    const double *later = draw.x + 29 * shape->inputs;
    double *whole = reference_doubles(rows * rows), *parts = reference_doubles(rows * rows);
    assert_ok(ntk_network_tangent_kernel(draw.network, draw.theta, 70, draw.x, whole, rows));
    assert_ok(ntk_network_tangent_kernel(draw.network, draw.theta, 29, draw.x, parts, rows));
    assert_ok(
        ntk_network_tangent_kernel(draw.network, draw.theta, 41, later, parts + first * rows + first, rows));
    assert_ok(ntk_network_tangent_kernel_cross(draw.network, draw.theta, 29, draw.x, 41, later, parts + first,
                                               rows));
    assert_ok(ntk_network_tangent_kernel_cross(draw.network, draw.theta, 41, later, 29, draw.x,
                                               parts + first * rows, rows));
    cr_assert(reference_relative_error(rows * rows, parts, whole) <= ROUNDING);
    free(whole), free(parts);
    reference_draw_destroy(&draw);
}

Test(network_tangent_kernel, is_put_together_from_blocks) {
    reference_case shape = {.architecture = ntk_architecture_default(), .inputs = 6, .width = 130, .n = 70};
    shape.outputs = 2;
    shape.architecture.depth = 2;
    shape.architecture.activation = NTK_TANH;
    shape.architecture.bias_variance = 0.1;
    check_blocks(&shape);
    shape.architecture = ntk_architecture_default();
    shape.architecture.family = NTK_RESIDUAL;
    shape.architecture.depth = 2;
    check_blocks(&shape);
}

Test(network_tangent_kernel, of_mean_field_scaling_is_smaller_by_the_width) {
    for (size_t t = 0; t < reference_case_count; t++) {
        reference_case shape = reference_cases[t];
        shape.architecture.parametrisation = NTK_PARAMETRISATION_NTK;
        reference_draw draw = reference_draw_create(&shape);
        ntk_architecture mean_field = shape.architecture;
        mean_field.parametrisation = NTK_PARAMETRISATION_MEAN_FIELD;
        ntk_network *scaled;
        assert_ok(ntk_network_create(&mean_field, shape.inputs, shape.width, shape.outputs, &scaled));
        const size_t size = draw.rows * draw.rows;
        double *a = reference_doubles(size), *b = reference_doubles(size);
        assert_ok(ntk_network_tangent_kernel(draw.network, draw.theta, shape.n, draw.x, a, draw.rows));
        assert_ok(ntk_network_tangent_kernel(scaled, draw.theta, shape.n, draw.x, b, draw.rows));
        for (size_t i = 0; i < size; i++) b[i] *= (double)shape.width;
        cr_assert(reference_relative_error(size, b, a) <= ROUNDING, "case %zu", t);
        free(a), free(b);
        ntk_network_destroy(scaled);
        reference_draw_destroy(&draw);
    }
}

/* One hidden layer: at every width the mean of Theta_hat over initialisations is Theta = S^2 + S^1
 * Sdot^2, for ReLU S^2 = w^2 sqrt(S^1_xx S^1_yy) kappa_1(rho) / 2 + b^2 and Sdot^2 = w^2
 * kappa_0(rho) / 2 (Cho and Saul 2009; Jacot et al. 2018), rho the correlation of S^1. */
static double relu_kernel(const reference_case *shape, const double *x, const double *y) {
    const double w2 = shape->architecture.weight_variance, b2 = shape->architecture.bias_variance;
    double xx = 0.0, xy = 0.0, yy = 0.0;
    for (size_t i = 0; i < shape->inputs; i++) xx += x[i] * x[i], xy += x[i] * y[i], yy += y[i] * y[i];
    const double scale = w2 / (double)shape->inputs, pi = acos(-1.0);
    const double s_xy = scale * xy + b2, norm = sqrt((scale * xx + b2) * (scale * yy + b2));
    const double rho = fmax(-1.0, fmin(1.0, s_xy / norm)), angle = pi - acos(rho);
    const double covariance = norm * (rho * angle + sqrt(1.0 - rho * rho)) / (2.0 * pi);
    return w2 * covariance + b2 + s_xy * w2 * angle / (2.0 * pi);
}

Test(network_tangent_kernel, has_the_infinite_width_mean_with_one_hidden_layer) {
    enum { SEEDS = 2000, N = 4 };
    reference_case shape = {
        .architecture = ntk_architecture_default(), .inputs = 3, .width = 32, .outputs = 1, .n = N};
    shape.architecture.weight_variance = 1.7;
    shape.architecture.bias_variance = 0.3;
    reference_draw draw = reference_draw_create(&shape);
    double first[N * N] = {0}, second[N * N] = {0}, kernel[N * N];
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        ntk_stream stream = ntk_stream_create(seed, "tests/network/mean", 0);
        ntk_network_initialise(draw.network, &stream, draw.theta);
        assert_ok(ntk_network_tangent_kernel(draw.network, draw.theta, N, draw.x, kernel, N));
        for (size_t i = 0; i < N * N; i++) first[i] += kernel[i], second[i] += kernel[i] * kernel[i];
    }
    for (size_t i = 0; i < N * N; i++) {
        const double mean = first[i] / SEEDS, variance = second[i] / SEEDS - mean * mean;
        const double wanted = relu_kernel(&shape, draw.x + i / N * 3, draw.x + i % N * 3);
        /* 4.5 standard errors: one of ten entries exceeds that with probability below 1e-4; seeds
         * are fixed. */
        cr_assert(fabs(mean - wanted) <= 4.5 * sqrt(variance / SEEDS), "entry %zu: %g, wanted %g", i, mean,
                  wanted);
        /* The test sees a factor missing: the standard error is below 1 % of the diagonal. */
        if (i / N == i % N) cr_assert(sqrt(variance / SEEDS) < 0.01 * wanted);
    }
    reference_draw_destroy(&draw);
}

Test(network_tangent_kernel, refuses_shapes_that_do_not_fit) {
    const reference_case *shape = &reference_cases[1];
    reference_draw draw = reference_draw_create(shape);
    double *kernel = reference_doubles(draw.rows * draw.rows);
    cr_assert_eq(
        ntk_network_tangent_kernel(draw.network, draw.theta, shape->n, draw.x, kernel, draw.rows - 1),
        NTK_ERROR_SHAPE);
    cr_assert_eq(ntk_network_tangent_kernel(draw.network, draw.theta, 0, draw.x, kernel, draw.rows),
                 NTK_ERROR_SHAPE);
    cr_assert_eq(ntk_network_tangent_kernel_cross(draw.network, draw.theta, 2, draw.x, shape->n, draw.x,
                                                  kernel, draw.rows - 1),
                 NTK_ERROR_SHAPE);
    cr_assert_eq(
        ntk_network_tangent_kernel_cross(draw.network, draw.theta, 2, draw.x, 0, draw.x, kernel, draw.rows),
        NTK_ERROR_SHAPE);
    free(kernel);
    reference_draw_destroy(&draw);
}
