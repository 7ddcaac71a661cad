/* Speed of the infinite-width kernels.
 *
 * What a ReLU Gram matrix, of dense layers or of residual blocks, cannot do without is one
 * symmetric product and, for each pair and layer, one arccosine and one square root. The yardstick
 * is just that: ntk_syrk, and SLEEF's arccosine and the square root over arrays of n (n + 1) / 2
 * doubles, in and out of memory, each as fast as this CPU can - the widest vectors, fused
 * multiply-add, SLEEF's fastest variant of acos (3.5 ulp). The kernel does more: it multiplies by
 * norms, accumulates two kernels, and writes both triangles. Ratio = kernel time / yardstick time,
 * both on one worker and taken one after the other; the median over the repetitions is shown.
 * Wanted: at most 1.5.
 *
 *     bench_kernel [n]         n = 2000 by default */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <ntk/ntk.h>

#include "streams.h"
#include "timing.h"

enum { DEPTH = 3, REPETITIONS = 9 };
static const double wanted = 1.5;

typedef struct {
    size_t n, d, pairs;
    double *x;        /* (n, d) */
    double *gram;     /* (n, n) */
    double *in, *out; /* (pairs), the yardstick's streams */
    ntk_architecture architecture;
} problem;

/* --- measuring -------------------------------------------------------------------------------- */

static double time_kernel(const problem *p) {
    const double start = seconds(CLOCK_MONOTONIC);
    must(ntk_kernel_gram(&p->architecture, NTK_KERNEL_NTK, p->n, p->d, p->x, p->d, p->gram, p->n));
    return seconds(CLOCK_MONOTONIC) - start;
}

static double time_product(const problem *p) {
    const double start = seconds(CLOCK_MONOTONIC);
    must(ntk_syrk(p->n, p->d, 1, p->x, p->d, 0, p->gram, p->n));
    return seconds(CLOCK_MONOTONIC) - start;
}

static double time_streams(const problem *p) {
    stream acos_stream, sqrt_stream;
    choose_streams(&acos_stream, &sqrt_stream);
    const double start = seconds(CLOCK_MONOTONIC);
    for (size_t l = 0; l < p->architecture.depth; l++) {
        acos_stream(p->pairs, p->in, p->out);
        sqrt_stream(p->pairs, p->in, p->out);
    }
    return seconds(CLOCK_MONOTONIC) - start;
}

static void setup(problem *p, ntk_family family, size_t n, size_t d) {
    p->n = n;
    p->d = d;
    p->pairs = n * (n + 1) / 2;
    p->architecture = ntk_architecture_default();
    p->architecture.family = family;
    p->architecture.depth = DEPTH;
    must(ntk_allocate_doubles(n * d, &p->x));
    must(ntk_allocate_doubles(n * n, &p->gram));
    must(ntk_allocate_doubles(p->pairs, &p->in));
    must(ntk_allocate_doubles(p->pairs, &p->out));
    ntk_stream stream = ntk_stream_create(1, "bench_kernel", d);
    ntk_stream_normal(&stream, n * d, p->x);
    ntk_stream_uniform(&stream, p->pairs, p->in); /* as cosines and under the root alike */
}

static void teardown(problem *p) {
    ntk_release(p->x);
    ntk_release(p->gram);
    ntk_release(p->in);
    ntk_release(p->out);
}

/* Returns whether the ratio is what is wanted. */
static bool compare(ntk_family family, size_t n, size_t d) {
    problem p;
    setup(&p, family, n, d);
    time_kernel(&p); /* touch the memory, warm the caches */
    double kernel[REPETITIONS], product[REPETITIONS], streams[REPETITIONS], all[REPETITIONS],
        ratios[REPETITIONS];
    const size_t cores = (size_t)sysconf(_SC_NPROCESSORS_ONLN);
    for (size_t r = 0; r < REPETITIONS; r++) {
        must(ntk_set_workers(1));
        product[r] = time_product(&p);
        kernel[r] = time_kernel(&p);
        streams[r] = time_streams(&p);
        ratios[r] = kernel[r] / (product[r] + streams[r]);
        must(ntk_set_workers(cores));
        all[r] = time_kernel(&p);
    }
    must(ntk_set_workers(1));
    const double ratio = median(REPETITIONS, ratios);
    printf("  %-8s %5zu %5zu %9.1f %9.1f %9.1f %9.2f %12.1f (%zu)\n",
           family == NTK_RESIDUAL ? "residual" : "dense", n, d, 1e3 * median(REPETITIONS, product),
           1e3 * median(REPETITIONS, streams), 1e3 * median(REPETITIONS, kernel), ratio,
           1e3 * median(REPETITIONS, all), cores);
    teardown(&p);
    return isfinite(ratio) && ratio <= wanted;
}

/* For information: Gram matrices of the other activations, nanoseconds for each pair and layer. */
static void survey(size_t n, size_t d) {
    problem p;
    setup(&p, NTK_DENSE, n, d);
    printf("\nother activations, n = %zu, d = %zu, depth %d, one worker: ns for each pair and layer\n ", n, d,
           DEPTH);
    for (ntk_activation activation = 0; activation < NTK_ACTIVATION_COUNT; activation++) {
        p.architecture.activation = activation;
        p.architecture.weight_variance = 1;
        time_kernel(&p);
        double times[REPETITIONS];
        for (size_t r = 0; r < REPETITIONS; r++) times[r] = time_kernel(&p);
        printf(" %s %.1f", ntk_activation_name(activation),
               1e9 * median(REPETITIONS, times) / (double)p.pairs / DEPTH);
    }
    printf("\n");
    teardown(&p);
}

int main(int argc, char **argv) {
    ntk_linalg_restart(argv);
    const size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 2000;
    must(ntk_linalg_start());
    printf("analytic NTK, ReLU, depth %d; milliseconds, medians of %d\n", DEPTH, REPETITIONS);
    printf("  %-8s %5s %5s %9s %9s %9s %9s %12s\n", "", "n", "d", "product", "acos+sqrt", "kernel", "ratio",
           "all workers");
    bool reached = true;
    for (int residual = 0; residual < 2; residual++) {
        const ntk_family family = residual ? NTK_RESIDUAL : NTK_DENSE;
        const bool wide = compare(family, n, 784), narrow = compare(family, n, 3);
        reached = reached && wide && narrow;
    }
    printf("ratio = kernel / (product + acos + sqrt); at most %.1f is wanted: %s\n", wanted,
           reached ? "reached" : "NOT reached");
    survey(n / 2, 10);
    return 0;
}
