/* Finite convolutional networks beside the infinite-width kernel, which is computed by other code:
 * with one layer the tangent kernel is unbiased at any width. */
#include <math.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include <ntk/kernel.h>
#include <ntk/linalg.h>
#include <ntk/network.h>

#include "reference.h"
#include "status.h"

enum { N = 3, MOST = 64 };

typedef struct {
    size_t height, width, channels;
    const char *layers;
    ntk_readout readout;
    ntk_activation activation;
    double bias;
} limit_case;

static const limit_case cases[] = {
    {1, 7, 1, "conv 3", NTK_READOUT_FLATTEN, NTK_RELU, 0},
    {1, 7, 2, "conv 3 sum, pool gauss 2", NTK_READOUT_AVERAGE, NTK_RELU, 0.1},
    {4, 5, 1, "conv 3 circular, pool box 2", NTK_READOUT_FLATTEN, NTK_ERF, 0},
    {4, 5, 2, "conv 2 stride 2, pool gauss-same 2", NTK_READOUT_AVERAGE, NTK_GELU, 0.2},
};

static ntk_architecture architecture_of(const limit_case *c) {
    ntk_architecture a;
    assert_ok(ntk_architecture_convolutional(c->height, c->width, c->channels, c->layers, &a));
    a.convolution.readout = c->readout;
    a.activation = c->activation;
    a.bias_variance = c->bias;
    return a;
}

/* Mean and standard error of every entry of the tangent kernel over networks. */
static void average_kernels(const ntk_architecture *a, size_t width, size_t seeds, size_t d, const double *x,
                            double *mean, double *error) {
    ntk_network *network;
    double kernel[N * N], squares[N * N] = {0};
    assert_ok(ntk_network_create(a, d, width, 1, &network));
    double *theta = reference_doubles(ntk_network_parameters(network));
    ntk_stream stream = ntk_stream_create(3, "tests/network/limit", d);
    for (size_t k = 0; k < N * N; k++) mean[k] = 0;
    for (size_t s = 0; s < seeds; s++) {
        ntk_network_initialise(network, &stream, theta);
        assert_ok(ntk_network_tangent_kernel(network, theta, N, x, kernel, N));
        for (size_t k = 0; k < N * N; k++) {
            mean[k] += kernel[k] / (double)seeds;
            squares[k] += kernel[k] * kernel[k] / (double)seeds;
        }
    }
    for (size_t k = 0; k < N * N; k++) error[k] = sqrt((squares[k] - mean[k] * mean[k]) / (double)seeds);
    free(theta);
    ntk_network_destroy(network);
}

/* The largest distance of an entry from the kernel's, in standard errors. */
static double worst_distance(const ntk_architecture *a, size_t d, const double *x, const double *mean,
                             const double *error) {
    double kernel[N * N], worst = 0;
    assert_ok(ntk_kernel_gram(a, NTK_KERNEL_NTK, N, d, x, d, kernel, N));
    for (size_t k = 0; k < N * N; k++) worst = fmax(worst, fabs(mean[k] - kernel[k]) / error[k]);
    return worst;
}

/* Five standard errors: one draw in 10^5 at 36 entries. With patches that are summed where the
 * network takes their mean the distance is above 20. */
Test(network_convolution_limit, one_layer_is_unbiased) {
    assert_ok(ntk_linalg_start());
    for (size_t t = 0; t < sizeof cases / sizeof *cases; t++) {
        ntk_architecture a = architecture_of(&cases[t]);
        const size_t d = cases[t].height * cases[t].width * cases[t].channels;
        double x[N * MOST], mean[N * N], error[N * N];
        ntk_stream stream = ntk_stream_create(4, "tests/network/limit/x", t);
        ntk_stream_normal(&stream, N * d, x);
        average_kernels(&a, 6, 1500, d, x, mean, error);
        const double distance = worst_distance(&a, d, x, mean, error);
        cr_expect(distance <= 5, "%s: %g standard errors", cases[t].layers, distance);
        a.convolution.layer[0].scale =
            a.convolution.layer[0].scale == NTK_PATCH_SUM ? NTK_PATCH_MEAN : NTK_PATCH_SUM;
        cr_expect(worst_distance(&a, d, x, mean, error) > 20, "%s: the other scale", cases[t].layers);
    }
}

/* At depth 2 the mean differs by O(1/m), by less than 4/m of sqrt(K_xx K_x'x') where it is known
 * (dense networks, 1.5); that and five standard errors. */
Test(network_convolution_limit, two_layers_are_near) {
    enum { WIDE = 128 };
    assert_ok(ntk_linalg_start());
    ntk_architecture a;
    assert_ok(ntk_architecture_convolutional(6, 6, 1, "conv 3, pool gauss-same 2, conv 3", &a));
    double x[N * 36], limit[N * N], mean[N * N], error[N * N];
    ntk_stream stream = ntk_stream_create(5, "tests/network/limit/wide", 0);
    ntk_stream_normal(&stream, N * 36, x);
    average_kernels(&a, WIDE, 60, 36, x, mean, error);
    assert_ok(ntk_kernel_gram(&a, NTK_KERNEL_NTK, N, 36, x, 36, limit, N));
    for (size_t k = 0; k < N * N; k++) {
        const double scale = sqrt(limit[k / N * (N + 1)] * limit[k % N * (N + 1)]);
        cr_expect(fabs(mean[k] - limit[k]) <= 5 * error[k] + 4.0 / WIDE * scale, "%zu: %g (%g), %g", k,
                  mean[k], error[k], limit[k]);
        cr_expect(error[k] <= 0.05 * scale, "%zu: %g of %g", k, error[k], scale);
    }
}

Test(network_convolution_limit, inputs_must_be_images) {
    ntk_architecture a;
    ntk_network *network;
    assert_ok(ntk_architecture_convolutional(4, 5, 2, "conv 3", &a));
    assert_fails(ntk_network_create(&a, 39, 8, 1, &network), NTK_ERROR_SHAPE,
                 "39 inputs, but images of 4 x 5 x 2");
    cr_expect_null(network);
}
