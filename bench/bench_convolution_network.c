/* Empirical tangent kernels of convolutional networks: how much of the speed of a plain matrix
 * product they reach, in one run.
 *
 * The rate counts the operations of the matrix products that the kernel makes (2 a b c for a
 * general one, n^2 k for a symmetric one; of its two ways through a layer the one that it takes),
 * gathering patches, pooling and activations as nothing. The reference is one product of 1024 x
 * 1024 matrices, timed in turns with it. Medians. Wanted: at least 0.6. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <ntk/ntk.h>

#include "timing.h"

enum { REPETITIONS = 5, SIZE = 1024 };
static const double wanted = 0.6;

/* The products of one layer on `out` positions with patches of `patch` numbers: forward, signals to
 * the layer below (but for the first), and the kernel's part by the cheaper way. */
static double layer_operations(double n, double K, double m, double out, double patch, bool first) {
    const double pairs = 0.5 * n * (n + 1);
    const double by_positions = 2 * pairs * out * out * (patch + K * K * m);
    const double forming = 2 * n * K * out * m * patch, by_weights = forming + n * n * K * K * m * patch;
    const bool positions = 0.5 * by_positions < 0.5 * forming + pairs * K * K * m * patch;
    return 2 * n * out * patch * m + (first ? 0 : 2 * n * K * out * patch * m) +
           (positions ? by_positions : by_weights);
}

/* Of 3 x 3 patches without strides. */
static double operations(const ntk_architecture *a, size_t n, size_t m, size_t K) {
    double sum = 0;
    for (size_t l = 0; l < a->depth; l++) {
        size_t height = 0, width = 0;
        ntk_architecture_grid(a, l, &height, &width);
        const double offsets = (height > 1 ? 3.0 : 1.0) * (width > 1 ? 3.0 : 1.0);
        sum += layer_operations((double)n, (double)K, (double)m, (double)(height * width),
                                offsets * (double)(l == 0 ? a->convolution.channels : m), l == 0);
    }
    return sum;
}

/* Returns whether the ratio is what is wanted. */
static bool report(const char *layers, size_t side, size_t channels, ntk_readout readout, size_t n, size_t m,
                   size_t K) {
    ntk_architecture a;
    ntk_network *network;
    double *theta, *x, *kernel, *square, *product, ratios[REPETITIONS], times[REPETITIONS];
    must(ntk_architecture_convolutional(side, side, channels, layers, &a));
    a.convolution.readout = readout;
    const size_t d = side * side * channels;
    must(ntk_network_create(&a, d, m, K, &network));
    must(ntk_allocate_doubles(ntk_network_parameters(network), &theta));
    must(ntk_allocate_doubles(n * d, &x));
    must(ntk_allocate_doubles(n * K * n * K, &kernel));
    must(ntk_allocate_doubles(SIZE * SIZE, &square));
    must(ntk_allocate_doubles(SIZE * SIZE, &product));
    ntk_stream stream = ntk_stream_create(1, "bench_convolution_network", 0);
    ntk_network_initialise(network, &stream, theta);
    ntk_stream_normal(&stream, n * d, x);
    ntk_stream_normal(&stream, SIZE * SIZE, square);
    for (size_t r = 0; r < REPETITIONS; r++) {
        const double start = seconds(CLOCK_PROCESS_CPUTIME_ID);
        must(ntk_network_tangent_kernel(network, theta, n, x, kernel, n * K));
        times[r] = seconds(CLOCK_PROCESS_CPUTIME_ID) - start;
        const double middle = seconds(CLOCK_PROCESS_CPUTIME_ID);
        must(ntk_gemm(NTK_NO_TRANSPOSE, NTK_NO_TRANSPOSE, SIZE, SIZE, SIZE, 1, square, SIZE, square, SIZE, 0,
                      product, SIZE));
        const double full = 2 * pow(SIZE, 3) / (seconds(CLOCK_PROCESS_CPUTIME_ID) - middle);
        ratios[r] = operations(&a, n, m, K) / times[r] / full;
    }
    const double ratio = median(REPETITIONS, ratios);
    printf("  %-44s %3zu %4zu %4zu %3zu %10.1f %7.2f\n", layers, side, n, m, K,
           1e3 * median(REPETITIONS, times), ratio);
    double *const memory[] = {theta, x, kernel, square, product};
    for (size_t k = 0; k < sizeof memory / sizeof *memory; k++) ntk_release(memory[k]);
    ntk_network_destroy(network);
    return at_least(ratio, wanted);
}

int main(int argc, char **argv) {
    (void)argc;
    ntk_linalg_restart(argv);
    must(ntk_linalg_start());
    const watch start = watch_now();
    printf("empirical NTK of convolutional networks, ReLU; milliseconds, medians of %d\n", REPETITIONS);
    printf("  %-44s %3s %4s %4s %3s %10s %7s\n", "layers", "n_0", "n", "m", "K", "kernel", "ratio");
    bool reached = true;
    reached &= report("conv 3, pool gauss 2, conv 3, pool gauss 5", 28, 1, NTK_READOUT_FLATTEN, 32, 256, 1);
    reached &= report("conv 3, conv 3, conv 3", 16, 3, NTK_READOUT_AVERAGE, 32, 128, 1);
    reached &= report("conv 3, pool box 2, conv 3, pool box 2", 16, 3, NTK_READOUT_AVERAGE, 16, 128, 10);
    reached &= report("conv 3, conv 3", 4, 3, NTK_READOUT_FLATTEN, 64, 512, 1);
    return verdict("ratio = rate of the kernel's own products / that of a square one, at least 0.6", reached,
                   start);
}
