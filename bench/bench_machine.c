/* What this machine can do: the rates by which the limits of docs/performance.md and of bench/peers
 * are stated. One core, CPU time, best of REPEATS: a limit is what can be reached, not what a busy
 * machine leaves. Lines are `name value unit`, for programs too.
 *
 *     product          a square product of 2048 rows by ntk_gemm
 *     read-L           sums over an array of L MB, which is read again and again: 8 and 16 MB come
 *                      out of the last level of the cache where it is large enough and free,
 *                      256 MB out of memory
 *     relu, erf        the closed form of a layer of the NTK for one pair, in registers
 *                      (streams.h); that of erf is a part of GELU's
 *     activation-erf   erf and its derivative of one value in the first-level cache
 *     normal           a normal that is drawn into the first-level cache */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <ntk/ntk.h>

#include "base/vector.h"
#include "streams.h"
#include "timing.h"

enum { REPEATS = 5, SIZE = 2048, COUNT = 512, CALLS = 2000, PAIRS = 1 << 17, DEPTH = 8 };

static double now(void) { return seconds(CLOCK_PROCESS_CPUTIME_ID); }

static double least(double a, double b) { return a < b ? a : b; }

static double product_seconds(void) {
    double *a = doubles((size_t)SIZE * SIZE), *c = doubles((size_t)SIZE * SIZE), best = INFINITY;
    ntk_stream stream = ntk_stream_create(1, "bench/machine", 0);
    ntk_stream_normal(&stream, (size_t)SIZE * SIZE, a);
    for (int r = 0; r < REPEATS; r++) {
        const double start = now();
        must(ntk_gemm(NTK_NO_TRANSPOSE, NTK_NO_TRANSPOSE, SIZE, SIZE, SIZE, 1, a, SIZE, a, SIZE, 0, c, SIZE));
        best = least(best, now() - start);
    }
    ntk_release(a);
    ntk_release(c);
    return best;
}

/* Sixteen running sums: more loads at once than their additions can be waited for. */
static double sum_of(size_t n, const double *x) {
    double sums[16] = {0}, sum = 0;
    for (size_t i = 0; i + 16 <= n; i += 16)
        for (size_t j = 0; j < 16; j++) sums[j] += x[i + j];
    for (size_t j = 0; j < 16; j++) sum += sums[j];
    return sum;
}

static void report_read(size_t megabytes) {
    const size_t n = megabytes * 1000000 / sizeof(double), passes = 1 + 256 / megabytes;
    double *x = doubles(n), best = INFINITY, sum = 0;
    for (size_t i = 0; i < n; i++) x[i] = 1;
    for (int r = 0; r < REPEATS; r++) {
        const double start = now();
        /* no pass is the last one's */
        for (size_t p = 0; p < passes; p++, x[p] = 2) sum += sum_of(n, x);
        best = least(best, (now() - start) / (double)passes);
    }
    if (!(sum > 0)) exit(EXIT_FAILURE); /* the sums are used */
    printf("read-%-10zu %8.1f GB/s\n", megabytes, 1e-9 * (double)(n * sizeof *x) / best);
    ntk_release(x);
}

static double closed_form_seconds(closed_form form) {
    double *in = doubles(PAIRS), *out = doubles(PAIRS), best = INFINITY;
    ntk_stream stream = ntk_stream_create(1, "bench/machine", 1);
    ntk_stream_uniform(&stream, PAIRS, in);
    for (int r = 0; r < REPEATS; r++) {
        const double start = now();
        form(PAIRS, DEPTH, in, out);
        best = least(best, (now() - start) / ((double)PAIRS * DEPTH));
    }
    ntk_release(in);
    ntk_release(out);
    return best;
}

static double x[COUNT], value[COUNT], slope[COUNT];
static ntk_stream drawn;
static void erf_pass(void) { ntk_vector_erf(COUNT, x, value, slope); }
static void normal_pass(void) { ntk_stream_normal(&drawn, COUNT, value); }

static double pass_seconds(void (*pass)(void)) {
    double best = INFINITY;
    for (int r = 0; r < REPEATS; r++) {
        const double start = now();
        for (int c = 0; c < CALLS; c++) pass();
        best = least(best, (now() - start) / ((double)CALLS * COUNT));
    }
    return best;
}

int main(int argc, char **argv) {
    (void)argc;
    ntk_linalg_restart(argv);
    must(ntk_linalg_start());
    closed_form relu, erf;
    choose_closed_forms(&relu, &erf);
    drawn = ntk_stream_create(1, "bench/machine", 2);
    ntk_stream_normal(&drawn, COUNT, x);
    printf("product         %8.1f GFlop/s\n", 2e-9 * pow(SIZE, 3) / product_seconds());
    report_read(8);
    report_read(16);
    report_read(256);
    printf("relu            %8.2f ns\n", 1e9 * closed_form_seconds(relu));
    printf("erf             %8.2f ns\n", 1e9 * closed_form_seconds(erf));
    printf("activation-erf  %8.2f ns\n", 1e9 * pass_seconds(erf_pass));
    printf("normal          %8.2f ns\n", 1e9 * pass_seconds(normal_pass));
    return EXIT_SUCCESS;
}
