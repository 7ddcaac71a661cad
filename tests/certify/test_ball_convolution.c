/* Stored kernels of convolutional networks against the exact ones, in balls: by hand, against the
 * kernel's own accuracy, and with errors planted. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/certify.h>
#include <ntk/kernel.h>
#include <ntk/linalg.h>
#include <ntk/random.h>

#include "status.h"

enum { N = 3, MOST = 60 };

static ntk_architecture network(size_t height, size_t width, size_t channels, const char *layers,
                                ntk_readout readout) {
    ntk_architecture a;
    assert_ok(ntk_architecture_convolutional(height, width, channels, layers, &a));
    a.convolution.readout = readout;
    return a;
}

static size_t dimension(const ntk_architecture *a) {
    return a->convolution.height * a->convolution.width * a->convolution.channels;
}

static double error_of(const ntk_architecture *a, size_t n, const double *x, const double *gram) {
    double bound = NAN;
    assert_ok(ntk_certify_kernel_error(a, n, dimension(a), x, dimension(a), gram, n, &bound));
    return bound;
}

/* "conv 1", flatten, w^2 = 2, w_0^2 = 1 without input scale: position by position the dense kernel
 * u kappa_0 + kappa_1 of one number, |x y| 2 for equal signs and 0 for others; times w^2 w_0^2 / 2
 * = 1. */
Test(ball_convolution, one_offset_by_hand) {
    ntk_architecture a = network(1, 3, 1, "conv 1", NTK_READOUT_FLATTEN);
    a.convolution.first_weight_variance = 1;
    const double x[] = {1, -2, 0, 3, 4, 5};
    const double gram[] = {10, 6, 6, 100};
    const double bound = error_of(&a, 2, x, gram);
    cr_expect(bound >= 0 && bound < 1e-25, "%g", bound);
    const double shifted[] = {10, 6, 6 + 1e-6, 100};
    cr_expect_float_eq(error_of(&a, 2, x, shifted), 1e-6 * sqrt(2.0), 1e-14);
    /* average: all pairs of positions over 9, (1 (1 + 3) + 2 (2 ...)): 2 |x y| for equal signs,
     * else 0 */
    a.convolution.readout = NTK_READOUT_AVERAGE;
    const double mean[] = {(2 * (1 + 4)) / 9.0, 2 * (1 * 12) / 9.0, 2 * (1 * 12) / 9.0, 2 * 144 / 9.0};
    cr_expect(error_of(&a, 2, x, mean) < 1e-14);
}

/* The window of displacements, circular borders, strides and every filter: the kernel, which is
 * another program, lies within its own accuracy, 1e-13 of the trace; and a kernel of another
 * network does not. */
Test(ball_convolution, encloses_the_kernel) {
    static const struct {
        size_t height, width, channels;
        const char *layers;
    } cases[] = {
        {1, 7, 2, "conv 3, pool gauss 2, conv 3"},
        {5, 4, 1, "conv 3 circular, pool gauss-circular 2, conv 2 circular"},
        {5, 4, 1, "conv 2 stride 2, conv 3"},
        {4, 6, 1, "conv 3 stride 2 circular, conv 3 sum"},
        {6, 4, 1, "conv 3, conv 3, pool gauss-same 3"},
        {5, 6, 2, "conv 3, pool box 2, conv 3, pool box 2"},
    };
    double x[N * MOST], gram[N * N];
    assert_ok(ntk_linalg_start());
    for (size_t t = 0; t < sizeof cases / sizeof *cases; t++)
        for (size_t k = 0; k < 4; k++) {
            ntk_architecture a = network(cases[t].height, cases[t].width, cases[t].channels, cases[t].layers,
                                         k % 2 ? NTK_READOUT_AVERAGE : NTK_READOUT_FLATTEN);
            a.activation = k < 2 ? NTK_RELU : NTK_ERF;
            a.bias_variance = k % 2 ? 0 : 0.25;
            ntk_stream stream = ntk_stream_create(11, "tests of balls", t);
            ntk_stream_normal(&stream, N * dimension(&a), x);
            for (size_t p = 0; p < 3; p++) x[p] = 0; /* and a zero patch */
            assert_ok(ntk_kernel_gram(&a, NTK_KERNEL_NTK, N, dimension(&a), x, dimension(&a), gram, N));
            const double trace = gram[0] + gram[4] + gram[8], bound = error_of(&a, N, x, gram);
            cr_expect(bound <= 1e-13 * trace, "%s, %zu: %g of %g", cases[t].layers, k, bound, trace);
            a.convolution.first_weight_variance = a.weight_variance * 1.001;
            cr_expect(error_of(&a, N, x, gram) > 1e-5 * trace, "%s, %zu: another network", cases[t].layers,
                      k);
        }
}

/* Each piece of the architecture is seen: the kernel of a neighbour is far. */
Test(ball_convolution, every_word_counts) {
    static const char *const words[] = {
        "conv 3, pool gauss-same 2, conv 3",
        "conv 3 circular, pool gauss-same 2, conv 3",
        "conv 3 sum, pool gauss-same 2, conv 3",
        "conv 2, pool gauss-same 2, conv 3",
        "conv 3 stride 2, pool gauss-same 2, conv 3",
        "conv 3, pool box 2, conv 3",
        "conv 3, pool gauss 2, conv 3",
        "conv 3, pool gauss-circular 2, conv 3",
        "conv 3, pool gauss-same 3, conv 3",
        "conv 3, conv 3",
    };
    enum { WORDS = sizeof words / sizeof *words };
    double x[N * MOST], gram[N * N];
    assert_ok(ntk_linalg_start());
    ntk_stream stream = ntk_stream_create(12, "tests of balls", 0);
    ntk_stream_normal(&stream, N * 36, x);
    const ntk_architecture a = network(6, 6, 1, words[0], NTK_READOUT_AVERAGE);
    assert_ok(ntk_kernel_gram(&a, NTK_KERNEL_NTK, N, 36, x, 36, gram, N));
    for (size_t k = 0; k < WORDS; k++) {
        const ntk_architecture other = network(6, 6, 1, words[k], NTK_READOUT_AVERAGE);
        const double bound = error_of(&other, N, x, gram);
        cr_expect(k == 0 ? bound < 1e-13 : bound > 1e-3 * gram[0], "%s: %g", words[k], bound);
    }
}

Test(ball_convolution, deep_diagonal_stays_tight) {
    /* w^2 = 2 on a constant circular image keeps S = S^1 = 8: Theta = 8 (L + 1), in flatten at each
     * of 4. */
    const ntk_architecture a = network(
        1, 4, 1, "conv 3 circular, conv 3 circular, conv 2 circular, conv 3 circular", NTK_READOUT_FLATTEN);
    const double x[] = {2, 2, 2, 2}, gram = 4 * 8 * 5;
    const double bound = error_of(&a, 1, x, &gram);
    cr_expect(bound >= 0 && bound < 1e-40, "%g", bound);
}

/* Two copies of an image, and multiples of it, through five layers: every pair of positions with
 * itself has a determinant around 0, whose roots must not pile up. In units of K(x, x) the kernel
 * is 1, 1, 3, 1, 3, 9. */
Test(ball_convolution, parallel_images_stay_tight) {
    const ntk_architecture a =
        network(3, 4, 1, "conv 3, conv 3 stride 2, conv 3, conv 2, conv 3", NTK_READOUT_AVERAGE);
    double x[3 * 12], gram[9];
    assert_ok(ntk_linalg_start());
    for (size_t k = 0; k < 12; k++) {
        x[k] = x[12 + k] = (double)((7 * k) % 5) - 1;
        x[24 + k] = 3 * x[k];
    }
    assert_ok(ntk_kernel_gram(&a, NTK_KERNEL_NTK, 3, 12, x, 12, gram, 3));
    cr_expect(error_of(&a, 3, x, gram) < 1e-14 * gram[0]);
}

Test(ball_convolution, refused) {
    const ntk_architecture a = network(2, 3, 1, "conv 3", NTK_READOUT_FLATTEN);
    ntk_architecture other = a;
    other.parametrisation = NTK_PARAMETRISATION_MEAN_FIELD;
    const double x[6] = {1}, gram = 1;
    double bound;
    assert_fails(ntk_certify_kernel_error(&a, 1, 5, x, 5, &gram, 1, &bound), NTK_ERROR_SHAPE,
                 "images of 2 x 3 x 1");
    assert_fails(ntk_certify_kernel_error(&other, 1, 6, x, 6, &gram, 1, &bound), NTK_ERROR_UNSUPPORTED,
                 "mean-field");
}

/* A patch of zeros, without biases: one 1 x 1 convolution of the image (0, 1), w^2 = 1, flatten.
 * cos:
 * S = E[1] + E[cos^2 u] = 1 + (1 + e^-2) / 2; a derivative only at the second, E sin^2 u. */
Test(ball_convolution, patches_of_zeros_where_phi_of_zero_is_not_zero) {
    ntk_architecture a = network(1, 2, 1, "conv 1", NTK_READOUT_FLATTEN);
    a.activation = NTK_COS;
    a.weight_variance = a.convolution.first_weight_variance = 1;
    const double x[] = {0, 1}, gram = 1 + (1 + exp(-2)) / 2 + (1 - exp(-2)) / 2;
    const double bound = error_of(&a, 1, x, &gram);
    cr_expect(bound < 1e-15, "%g", bound);
}
