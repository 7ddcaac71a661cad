/* Kernels of many networks against those of one at a time, and the readout's part against the
 * explicit Jacobian. */
#include <stdlib.h>

#include <criterion/criterion.h>

#include <ntk/architecture.h>
#include <ntk/network.h>

#include "reference.h"
#include "status.h"

/* As in test_tangent_kernel.c. */
#define ROUNDING 1e-13

enum { COUNT = 11 }; /* no multiple of what is packed together */

/* Parameters of COUNT networks of a case, as they come from one stream. */
static double *draw_all(const reference_draw *draw, uint64_t index) {
    double *theta = reference_doubles(COUNT * draw->parameters);
    ntk_stream stream = ntk_stream_create(9, "side by side", index);
    for (size_t k = 0; k < COUNT; k++)
        ntk_network_initialise(draw->network, &stream, theta + k * draw->parameters);
    return theta;
}

static void check_case(const reference_case *shape, size_t t, bool equal) {
    reference_draw draw = reference_draw_create(shape);
    const size_t size = draw.rows * draw.rows;
    double *theta = draw_all(&draw, t), *kernels = reference_doubles(COUNT * size);
    double *wanted = reference_doubles(size), *alone = reference_doubles(size);
    assert_ok(ntk_network_tangent_kernels(draw.network, COUNT, theta, shape->n, draw.x, kernels, NULL));
    for (size_t k = 0; k < COUNT; k++) {
        const double *own = theta + k * draw.parameters, *kernel = kernels + k * size;
        assert_ok(ntk_network_tangent_kernel(draw.network, own, shape->n, draw.x, wanted, draw.rows));
        const double error = reference_relative_error(size, kernel, wanted);
        cr_assert(error <= (equal ? 0 : ROUNDING), "case %zu, network %zu: error %g", t, k, error);
        assert_ok(ntk_network_tangent_kernels(draw.network, 1, own, shape->n, draw.x, alone, NULL));
        for (size_t e = 0; e < size; e++)
            cr_assert_eq(kernel[e], alone[e], "case %zu, network %zu depends on the others", t, k);
        for (size_t i = 0; i < draw.rows; i++)
            for (size_t j = 0; j < i; j++)
                cr_assert_eq(kernel[i * draw.rows + j], kernel[j * draw.rows + i], "case %zu: asymmetric", t);
    }
    free(theta), free(kernels), free(wanted), free(alone);
    reference_draw_destroy(&draw);
}

Test(network_side_by_side, has_the_kernels_of_its_networks) {
    for (size_t t = 0; t < reference_case_count; t++) check_case(&reference_cases[t], t, false);
}

static reference_case dense(ntk_activation activation, size_t depth, size_t width, size_t n) {
    reference_case shape = {.inputs = 3, .width = width, .outputs = 1, .n = n};
    shape.architecture = ntk_architecture_default();
    shape.architecture.activation = activation;
    shape.architecture.depth = depth;
    shape.architecture.bias_variance = 0.3;
    return shape;
}

/* Every activation and depth with one output and with biases, and every number of rows of a block
 * of sums. */
Test(network_side_by_side, has_the_kernels_of_narrow_networks) {
    for (size_t activation = 0; activation < NTK_ACTIVATION_COUNT; activation++)
        for (size_t depth = 0; depth <= 3; depth++) {
            reference_case shape = dense((ntk_activation)activation, depth, 5 + 2 * depth, 1 + activation);
            if (shape.architecture.activation == NTK_LEAKY_RELU) shape.architecture.leaky_slope = 0.2;
            check_case(&shape, 100 * activation + depth, false);
        }
}

/* The widest that are packed, and networks that are not. */
Test(network_side_by_side, has_the_kernels_on_both_sides_of_the_widths_that_are_packed) {
    const struct {
        size_t depth, width, n;
        bool equal;
    } size[] = {{1, 64, 16, false}, {2, 32, 3, false}, {1, 65, 3, true}, {2, 33, 3, true}, {1, 8, 17, true}};
    for (size_t t = 0; t < sizeof size / sizeof *size; t++) {
        const reference_case shape = dense(NTK_ERF, size[t].depth, size[t].width, size[t].n);
        check_case(&shape, t, size[t].equal);
    }
}

/* The sum over the parameters of the last layer, which stand last, of products of derivatives. */
static double readout_of(const reference_case *shape, const reference_draw *draw, const double *jacobian,
                         size_t i, size_t j) {
    const ntk_architecture *architecture = &shape->architecture;
    const size_t fan_in = architecture->depth == 0 ? shape->inputs : shape->width, K = shape->outputs;
    const bool bias = architecture->family == NTK_DENSE &&
                      ntk_architecture_bias_variance(architecture, architecture->depth + 1) > 0;
    const size_t first = draw->parameters - K * fan_in - (bias ? K : 0);
    double sum = 0;
    for (size_t p = first; p < draw->parameters; p++)
        sum += jacobian[i * K * draw->parameters + p] * jacobian[j * K * draw->parameters + p];
    return sum;
}

static void check_readout(const reference_case *shape, size_t t) {
    reference_draw draw = reference_draw_create(shape);
    const size_t n = shape->n;
    double *theta = draw_all(&draw, t), *kernels = reference_doubles(COUNT * draw.rows * draw.rows);
    double *readout = reference_doubles(COUNT * n * n), *wanted = reference_doubles(n * n);
    double *jacobian = reference_doubles(draw.rows * draw.parameters);
    assert_ok(ntk_network_tangent_kernels(draw.network, COUNT, theta, n, draw.x, kernels, readout));
    for (size_t k = 0; k < COUNT; k++) {
        assert_ok(ntk_network_jacobian(draw.network, theta + k * draw.parameters, n, draw.x, jacobian));
        for (size_t e = 0; e < n * n; e++) wanted[e] = readout_of(shape, &draw, jacobian, e / n, e % n);
        const double error = reference_relative_error(n * n, readout + k * n * n, wanted);
        cr_assert(error <= ROUNDING, "case %zu, network %zu: error %g", t, k, error);
    }
    free(theta), free(kernels), free(readout), free(wanted), free(jacobian);
    reference_draw_destroy(&draw);
}

Test(network_side_by_side, tells_the_part_of_the_last_layer) {
    for (size_t t = 0; t < reference_case_count; t++)
        if (reference_cases[t].architecture.family != NTK_CONVOLUTIONAL)
            check_readout(&reference_cases[t], t);
}

Test(network_side_by_side, refuses_what_it_cannot_do) {
    const reference_case shape = dense(NTK_RELU, 2, 8, 2);
    reference_draw draw = reference_draw_create(&shape);
    double kernel[4];
    assert_ok(ntk_network_tangent_kernels(draw.network, 0, draw.theta, 2, draw.x, kernel, NULL));
    cr_assert_eq(ntk_network_tangent_kernels(draw.network, 1, draw.theta, 0, draw.x, kernel, NULL),
                 NTK_ERROR_SHAPE);
    reference_draw_destroy(&draw);
    size_t convolutional = 0;
    while (reference_cases[convolutional].architecture.family != NTK_CONVOLUTIONAL) convolutional++;
    draw = reference_draw_create(&reference_cases[convolutional]);
    cr_assert_eq(ntk_network_tangent_kernels(draw.network, 1, draw.theta, 1, draw.x, kernel, kernel),
                 NTK_ERROR_ARGUMENT);
    reference_draw_destroy(&draw);
}
