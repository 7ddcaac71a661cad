/* Speed of the kernels of convolutional networks.
 *
 * What a ReLU kernel cannot do without is one arccosine and one square root for each pair of
 * positions and each layer. The yardstick is just that, over arrays in memory (streams.h). Ratio =
 * time of an entry of a symmetric Gram matrix, its diagonal included, over the yardstick of all
 * pairs of positions of all layers, both on one worker and taken one after the other; medians over
 * the repetitions. Wanted:
 *
 *     (i)   28 x 28 x 1, 3 x 3 patches, Gaussian pooling by 2 then by 5, flatten:  at most 2.0
 *     (ii)  32 x 32 x 3, 21 layers of 3 x 3 patches, global average:               at most 1.5
 *
 * once with bytes / 255, whose patches are computed as integers, and once with normal pixels.
 *
 *     bench_convolution [n [m]]      n = 32 images for (i), m = 16 for (ii)
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ntk/ntk.h>

#include "streams.h"
#include "timing.h"

enum { REPETITIONS = 5, STREAM = 1 << 20 };

/* Seconds of an arccosine and a square root, one of each. */
static double time_streams(const double *in, double *out) {
    stream acos_stream, sqrt_stream;
    choose_streams(&acos_stream, &sqrt_stream);
    const double start = seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (size_t r = 0; r < 4; r++) {
        acos_stream(STREAM, in, out);
        sqrt_stream(STREAM, in, out);
    }
    return (seconds(CLOCK_PROCESS_CPUTIME_ID) - start) / (4.0 * STREAM);
}

/* Pairs of positions of all layers, after their convolutions: strides are 1 here. */
static double position_pairs(const ntk_architecture *a) {
    double pairs = 0;
    for (size_t l = 0; l < a->depth; l++) {
        size_t height = 0, width = 0;
        ntk_architecture_grid(a, l, &height, &width);
        pairs += (double)(height * width) * (double)(height * width);
    }
    return pairs;
}

static void fill(size_t count, bool bytes, double *x) {
    ntk_stream stream = ntk_stream_create(1, "bench_convolution", bytes);
    ntk_stream_normal(&stream, count, x);
    for (size_t k = 0; k < count && bytes; k++) x[k] = nearbyint(fmin(255, fabs(100 * x[k]))) / 255;
}

static double time_entry(const ntk_architecture *a, size_t n, const double *x, double *gram) {
    const size_t d = a->convolution.height * a->convolution.width * a->convolution.channels;
    const double start = seconds(CLOCK_PROCESS_CPUTIME_ID);
    must(ntk_kernel_gram(a, NTK_KERNEL_NTK, n, d, x, d, gram, n));
    return (seconds(CLOCK_PROCESS_CPUTIME_ID) - start) / (0.5 * (double)n * (double)(n + 1));
}

/* Returns whether the ratio is what is wanted. */
static bool compare(const char *name, const ntk_architecture *a, size_t n, bool bytes, double wanted) {
    const size_t d = a->convolution.height * a->convolution.width * a->convolution.channels;
    double *x, *gram, *in, *out, entry[REPETITIONS], yardstick[REPETITIONS], ratio[REPETITIONS];
    must(ntk_allocate_doubles(n * d, &x));
    must(ntk_allocate_doubles(n * n, &gram));
    must(ntk_allocate_doubles(STREAM, &in));
    must(ntk_allocate_doubles(STREAM, &out));
    fill(n * d, bytes, x);
    ntk_stream stream = ntk_stream_create(1, "bench_convolution", 2);
    ntk_stream_uniform(&stream, STREAM, in); /* as cosines and under the root alike */
    time_streams(in, out);
    for (size_t r = 0; r < REPETITIONS; r++) {
        yardstick[r] = position_pairs(a) * time_streams(in, out);
        entry[r] = time_entry(a, n, x, gram);
        ratio[r] = entry[r] / yardstick[r];
    }
    const double found = median(REPETITIONS, ratio);
    printf("  %-5s %-7s %4zu %10.3f %10.3f %8.2f %8.1f\n", name, bytes ? "bytes" : "normal", n,
           1e3 * median(REPETITIONS, yardstick), 1e3 * median(REPETITIONS, entry), found, wanted);
    ntk_release(x);
    ntk_release(gram);
    ntk_release(in);
    ntk_release(out);
    return at_most(found, wanted);
}

int main(int argc, char **argv) {
    ntk_linalg_restart(argv);
    const size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 32,
                 m = argc > 2 ? strtoul(argv[2], NULL, 10) : 16;
    ntk_architecture pooled, deep;
    char layers[512] = "conv 3";
    for (size_t l = 1; l < 21; l++) strcat(layers, ", conv 3");
    must(ntk_linalg_start());
    must(ntk_architecture_convolutional(28, 28, 1, "conv 3, pool gauss 2, conv 3, pool gauss 5", &pooled));
    must(ntk_architecture_convolutional(32, 32, 3, layers, &deep));
    deep.convolution.readout = NTK_READOUT_AVERAGE;
    const watch start = watch_now();
    printf("convolutional NTK, ReLU, one worker; milliseconds an entry, medians of %d\n", REPETITIONS);
    printf("  %-5s %-7s %4s %10s %10s %8s %8s\n", "", "pixels", "n", "acos+sqrt", "entry", "ratio", "wanted");
    bool reached = true;
    for (int bytes = 1; bytes >= 0; bytes--) reached &= compare("(i)", &pooled, n, bytes, 2.0);
    for (int bytes = 1; bytes >= 0; bytes--) reached &= compare("(ii)", &deep, m, bytes, 1.5);
    return verdict("ratio = entry / (acos + sqrt), at most what is wanted", reached, start);
}
