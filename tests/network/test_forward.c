/* The forward against the definition, the shapes, and what is refused. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include <ntk/network.h>

#include "network/network.h"
#include "reference.h"
#include "status.h"

/* A few dozen rounded operations a layer, each of relative size 1e-16, through at most four
 * layers. */
#define ROUNDING 1e-13

Test(network_forward, matches_the_definition) {
    for (size_t t = 0; t < reference_case_count; t++) {
        const reference_case *shape = &reference_cases[t];
        reference_draw draw = reference_draw_create(shape);
        long double exact[64];
        double wanted[64], f[64];
        reference_forward(shape, draw.theta, draw.x, exact);
        for (size_t i = 0; i < draw.rows; i++) wanted[i] = (double)exact[i];
        assert_ok(ntk_network_forward(draw.network, draw.theta, shape->n, draw.x, f));
        const double error = reference_relative_error(draw.rows, f, wanted);
        cr_assert(error <= ROUNDING, "case %zu: error %g", t, error);
        reference_draw_destroy(&draw);
    }
}

Test(network_forward, rows_do_not_depend_on_the_batch) {
    const reference_case *shape = &reference_cases[6];
    reference_draw draw = reference_draw_create(shape);
    double single[64], batch[64];
    /* Small batches first, so that the scratch grows, then a small one within the larger
     * scratch. */
    for (size_t i = 0; i < shape->n; i++)
        assert_ok(ntk_network_forward(draw.network, draw.theta, 1, draw.x + i * shape->inputs,
                                      single + i * shape->outputs));
    assert_ok(ntk_network_forward(draw.network, draw.theta, shape->n, draw.x, batch));
    cr_assert(reference_relative_error(draw.rows, single, batch) <= ROUNDING);
    assert_ok(ntk_network_forward(draw.network, draw.theta, 2, draw.x, single));
    cr_assert(reference_relative_error(2 * shape->outputs, single, batch) <= ROUNDING);
    reference_draw_destroy(&draw);
}

/* By hand, in the order of the cases: weights and biases of each layer, then those of the readout.
 * A patch of the second layer on one position is 1 x 1 (the fourth). */
static size_t convolutional_count(const reference_case *shape) {
    static const size_t counts[] = {3 * 5 + 6 * 5,
                                    (18 + 3) + (18 + 3) + (45 + 3),
                                    (27 + 3) + (36 + 3) + (6 + 2),
                                    (36 + 4) + (16 + 4) + (8 + 2),
                                    54 + 36 + 9 + 3,
                                    (48 + 12) + (12 + 1)};
    size_t before = 0;
    for (const reference_case *c = reference_cases; c < shape; c++)
        before += c->architecture.family == NTK_CONVOLUTIONAL;
    return counts[before];
}

Test(network_forward, counts_its_parameters) {
    for (size_t t = 0; t < reference_case_count; t++) {
        const reference_case *shape = &reference_cases[t];
        reference_draw draw = reference_draw_create(shape);
        const size_t L = shape->architecture.depth, m = shape->width, K = shape->outputs;
        const double *each = shape->architecture.bias_variances, all = shape->architecture.bias_variance;
        size_t wanted = L == 0 ? K * shape->inputs : m * shape->inputs + (L - 1) * m * m + K * m;
        for (size_t l = 0; l <= L; l++)
            if ((each != NULL ? each[l] : all) > 0) wanted += l < L ? m : K;
        if (shape->architecture.family == NTK_CONVOLUTIONAL) wanted = convolutional_count(shape);
        if (shape->architecture.family == NTK_RESIDUAL) wanted = m * shape->inputs + 2 * L * m * m + K * m;
        if (shape->architecture.family == NTK_RESIDUAL && all > 0) wanted += m + 2 * L * m;
        cr_assert_eq(draw.parameters, wanted, "case %zu", t);
        cr_assert_eq(draw.network->inputs, shape->inputs);
        cr_assert_eq(draw.network->width, m);
        cr_assert_eq(ntk_network_outputs(draw.network), K);
        reference_draw_destroy(&draw);
    }
}

Test(network_forward, initialises_all_parameters_with_standard_normals) {
    const ntk_architecture architecture = ntk_architecture_default();
    ntk_network *network;
    assert_ok(ntk_network_create(&architecture, 10, 1000, 1, &network));
    const size_t p = ntk_network_parameters(network);
    double *theta = reference_doubles(p + 1), first = 0.0, second = 0.0;
    theta[p] = 7.0;
    ntk_stream stream = ntk_stream_create(1, "tests/network/initialise", 0);
    ntk_network_initialise(network, &stream, theta);
    for (size_t i = 0; i < p; i++) first += theta[i], second += theta[i] * theta[i];
    /* Five standard deviations of the mean of p normals and of p squares (variance 2). */
    cr_assert(fabs(first / (double)p) <= 5.0 / sqrt((double)p));
    cr_assert(fabs(second / (double)p - 1.0) <= 5.0 * sqrt(2.0 / (double)p));
    cr_assert_eq(theta[p], 7.0);
    /* A variance of 1.01 hides in those deviations: each number is the one that the stream
     * draws. */
    double *drawn = reference_doubles(p);
    ntk_stream again = ntk_stream_create(1, "tests/network/initialise", 0);
    ntk_stream_normal(&again, p, drawn);
    for (size_t i = 0; i < p; i++) cr_assert_eq(theta[i], drawn[i], "%zu", i);
    free(drawn);
    free(theta);
    ntk_network_destroy(network);
}

/* W^0, beta^0; W^1, beta^1, V^1, gamma^1; v: the blocks' biases begin at 0, and all else is as
 * drawn. */
Test(network_forward, begins_biases_of_blocks_at_0_where_that_is_asked_for) {
    enum { D = 2, M = 5, P = M * D + M + 2 * (M * M + M) + M };
    ntk_architecture architecture = ntk_architecture_default();
    architecture.family = NTK_RESIDUAL;
    architecture.bias_variance = 1;
    double theta[2][P];
    for (int zero = 0; zero < 2; zero++) {
        architecture.bias_start = zero ? NTK_BIAS_START_ZERO : NTK_BIAS_START_RANDOM;
        ntk_network *network;
        assert_ok(ntk_network_create(&architecture, D, M, 1, &network));
        cr_assert_eq(ntk_network_parameters(network), P);
        ntk_stream stream = ntk_stream_create(2, "tests/network/bias-start", 0);
        ntk_network_initialise(network, &stream, theta[zero]);
        ntk_network_destroy(network);
    }
    const size_t first = M * D + M + M * M, second = first + M + M * M;
    for (size_t i = 0; i < P; i++) {
        const bool in_block = (i >= first && i < first + M) || (i >= second && i < second + M);
        cr_expect_eq(theta[1][i], in_block ? 0 : theta[0][i], "%zu", i);
    }
}

Test(network_forward, returns_what_is_not_finite) {
    const reference_case *shape = &reference_cases[3];
    reference_draw draw = reference_draw_create(shape);
    double f[64];
    draw.theta[0] = NAN;
    assert_ok(ntk_network_forward(draw.network, draw.theta, shape->n, draw.x, f));
    for (size_t i = 0; i < draw.rows; i++) cr_assert(isnan(f[i]));
    reference_draw_destroy(&draw);
}

Test(network_forward, refuses_sizes_that_make_no_sense) {
    ntk_architecture architecture = ntk_architecture_default();
    ntk_network *network;
    cr_assert_eq(ntk_network_create(&architecture, 0, 4, 1, &network), NTK_ERROR_ARGUMENT);
    cr_assert_eq(ntk_network_create(&architecture, 3, 0, 1, &network), NTK_ERROR_ARGUMENT);
    cr_assert_eq(ntk_network_create(&architecture, 3, 4, 0, &network), NTK_ERROR_ARGUMENT);
    cr_assert_null(network);
    architecture.depth = NTK_DEPTH_MAX + 1;
    cr_assert_eq(ntk_network_create(&architecture, 3, 4, 1, &network), NTK_ERROR_ARGUMENT);
    architecture.depth = 2;
    assert_fails(ntk_network_create(&architecture, 3, (size_t)1 << 32, 1, &network), NTK_ERROR_SHAPE,
                 "too many parameters");
    ntk_network_destroy(NULL);
}

Test(network_forward, refuses_batches_that_do_not_fit) {
    const reference_case *shape = &reference_cases[0];
    reference_draw draw = reference_draw_create(shape);
    double f[64];
    assert_ok(ntk_network_forward(draw.network, draw.theta, shape->n, draw.x, f));
    cr_assert_eq(ntk_network_forward(draw.network, draw.theta, 0, draw.x, f), NTK_ERROR_SHAPE);
    cr_assert_eq(ntk_network_forward(draw.network, draw.theta, SIZE_MAX / 4, draw.x, f), NTK_ERROR_SHAPE);
    /* A refused batch leaves no activations behind, nor those of the one before; the handle goes on
     * to work. */
    cr_assert_eq(ntk_network_pullback(draw.network, draw.theta, shape->n, draw.x, f, f), NTK_ERROR_ARGUMENT);
    assert_ok(ntk_network_forward(draw.network, draw.theta, shape->n, draw.x, f));
    reference_draw_destroy(&draw);
}
