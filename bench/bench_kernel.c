/* Speed of the infinite-width kernels.
 *
 * What a Gram matrix, of dense layers or of residual blocks, cannot do without is one symmetric
 * product and, for each pair and layer, the closed form of its activation. The yardstick is just
 * that: ntk_syrk, and the closed form through all layers in registers, each number read and written
 * once, as fast as this CPU can (streams.h). That of ReLU holds an arccosine and a square root;
 * that of erf an arcsine, a square root and a quotient, which GELU holds too, beside more. The
 * kernel does more: it multiplies by norms, looks for pairs that want care, uses no fused
 * multiply-add, and writes both triangles. Ratio = CPU time of the kernel / that of the yardstick,
 * on one worker and taken in turns; the median over the repetitions. Wanted: at most 1.5.
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
    double *in, *out; /* (pairs), the yardstick's cosines and kernels */
    ntk_architecture architecture;
} problem;

/* --- measuring -------------------------------------------------------------------------------- */

static double kernel_of(const problem *p, clockid_t clock) {
    const double start = seconds(clock);
    must(ntk_kernel_gram(&p->architecture, NTK_KERNEL_NTK, p->n, p->d, p->x, p->d, p->gram, p->n));
    return seconds(clock) - start;
}

static double time_kernel(const problem *p) { return kernel_of(p, CLOCK_PROCESS_CPUTIME_ID); }

static double time_product(const problem *p) {
    const double start = seconds(CLOCK_PROCESS_CPUTIME_ID);
    must(ntk_syrk(p->n, p->d, 1, p->x, p->d, 0, p->gram, p->n));
    return seconds(CLOCK_PROCESS_CPUTIME_ID) - start;
}

static double time_closed_form(const problem *p) {
    closed_form relu, erf;
    choose_closed_forms(&relu, &erf);
    const double start = seconds(CLOCK_PROCESS_CPUTIME_ID);
    (p->architecture.activation == NTK_RELU ? relu : erf)(p->pairs, p->architecture.depth, p->in, p->out);
    return seconds(CLOCK_PROCESS_CPUTIME_ID) - start;
}

static void setup(problem *p, ntk_family family, ntk_activation activation, size_t n, size_t d) {
    p->n = n;
    p->d = d;
    p->pairs = n * (n + 1) / 2;
    p->architecture = ntk_architecture_default();
    p->architecture.family = family;
    p->architecture.activation = activation;
    p->architecture.depth = DEPTH;
    must(ntk_allocate_doubles(n * d, &p->x));
    must(ntk_allocate_doubles(n * n, &p->gram));
    must(ntk_allocate_doubles(p->pairs, &p->in));
    must(ntk_allocate_doubles(p->pairs, &p->out));
    ntk_stream stream = ntk_stream_create(1, "bench_kernel", d);
    ntk_stream_normal(&stream, n * d, p->x);
    ntk_stream_uniform(&stream, p->pairs, p->in);
}

static void teardown(problem *p) {
    ntk_release(p->x);
    ntk_release(p->gram);
    ntk_release(p->in);
    ntk_release(p->out);
}

/* Returns whether the ratio is what is wanted. */
static bool compare(ntk_family family, ntk_activation activation, size_t n, size_t d) {
    problem p;
    setup(&p, family, activation, n, d);
    time_kernel(&p); /* touch the memory, warm the caches */
    double kernel[REPETITIONS], product[REPETITIONS], closed[REPETITIONS], all[REPETITIONS],
        ratios[REPETITIONS];
    const size_t cores = (size_t)sysconf(_SC_NPROCESSORS_ONLN);
    for (size_t r = 0; r < REPETITIONS; r++) {
        must(ntk_set_workers(1));
        product[r] = time_product(&p);
        kernel[r] = time_kernel(&p);
        closed[r] = time_closed_form(&p);
        ratios[r] = kernel[r] / (product[r] + closed[r]);
        must(ntk_set_workers(cores));
        all[r] = kernel_of(&p, CLOCK_MONOTONIC);
    }
    must(ntk_set_workers(1));
    const double ratio = median(REPETITIONS, ratios);
    printf("  %-8s %-4s %5zu %5zu %9.1f %11.1f %9.1f %9.2f %12.1f (%zu)\n",
           family == NTK_RESIDUAL ? "residual" : "dense", ntk_activation_name(activation), n, d,
           1e3 * median(REPETITIONS, product), 1e3 * median(REPETITIONS, closed),
           1e3 * median(REPETITIONS, kernel), ratio, 1e3 * median(REPETITIONS, all), cores);
    teardown(&p);
    return at_most(ratio, wanted);
}

/* For information: Gram matrices of all activations, nanoseconds for each pair and layer. */
static void survey(size_t n, size_t d) {
    problem p;
    setup(&p, NTK_DENSE, NTK_RELU, n, d);
    printf("\nall activations, n = %zu, d = %zu, depth %d, one worker: ns for each pair and layer\n ", n, d,
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
    const watch start = watch_now();
    printf("analytic NTK, depth %d; milliseconds of CPU time, medians of %d; on all workers on the wall\n",
           DEPTH, REPETITIONS);
    printf("  %-8s %-4s %5s %5s %9s %11s %9s %9s %12s\n", "", "", "n", "d", "product", "closed form",
           "kernel", "ratio", "all workers");
    static const struct {
        ntk_family family;
        ntk_activation activation;
    } cases[] = {
        {NTK_DENSE, NTK_RELU}, {NTK_DENSE, NTK_ERF}, {NTK_DENSE, NTK_GELU}, {NTK_RESIDUAL, NTK_RELU}};
    bool reached = true;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const bool wide = compare(cases[c].family, cases[c].activation, n, 784);
        const bool narrow = compare(cases[c].family, cases[c].activation, n, 3);
        reached = reached && wide && narrow;
    }
    survey(n / 2, 10);
    return verdict("ratio = kernel / (product + closed form), at most 1.5", reached, start);
}
