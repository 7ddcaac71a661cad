/* Networks of finite width: how much of the speed of a plain matrix product they reach, in one run.
 *
 * Rates count the operations of the matrix products alone (2 a b c for a general one, n^2 k for a
 * symmetric one), activations and Hadamard products as nothing; the reference is one square product
 * by ntk_gemm, timed in turns with what it is compared to. Medians of REPEATS. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/network.h>
#include <ntk/parallel.h>

#include "timing.h"

#define REPEATS 7

/* CPU time of this thread, the only one: what else the machine does is not counted. */
static double now(void) { return seconds(CLOCK_THREAD_CPUTIME_ID); }

/* A network with its parameters, inputs and outputs. */
typedef struct subject {
    ntk_network *network;
    size_t n, d, m, L, K, p;
    double *theta, *x, *f, *out;
} subject;

static subject subject_create(ntk_activation activation, size_t n, size_t d, size_t m, size_t L, size_t K,
                              size_t out_count) {
    ntk_architecture architecture = ntk_architecture_default();
    architecture.activation = activation;
    architecture.depth = L;
    subject s = {.n = n, .d = d, .m = m, .L = L, .K = K};
    must(ntk_network_create(&architecture, d, m, K, &s.network));
    s.p = ntk_network_parameters(s.network);
    s.theta = doubles(s.p);
    s.x = doubles(n * d);
    s.f = doubles(n * K);
    s.out = doubles(out_count > s.p ? out_count : s.p);
    ntk_stream stream = ntk_stream_create(1, "bench/network", 0);
    ntk_network_initialise(s.network, &stream, s.theta);
    ntk_stream_normal(&stream, n * d, s.x);
    return s;
}

static void subject_destroy(subject *s) {
    ntk_network_destroy(s->network);
    ntk_release(s->theta);
    ntk_release(s->x);
    ntk_release(s->f);
    ntk_release(s->out);
}

static void tangent_kernel(subject *s) {
    must(ntk_network_tangent_kernel(s->network, s->theta, s->n, s->x, s->out, s->n * s->K));
}

/* The same by the explicit Jacobian, which stands behind the kernel in `out`. */
static void jacobian_kernel(subject *s) {
    const size_t rows = s->n * s->K;
    must(ntk_network_jacobian(s->network, s->theta, s->n, s->x, s->out + rows * rows));
    must(ntk_syrk(rows, s->p, 1.0, s->out + rows * rows, s->p, 0.0, s->out, rows));
}

/* One product with the kernel that is never formed. */
static void tangent_apply(subject *s) {
    must(ntk_network_tangent_apply(s->network, s->theta, s->n, s->x, s->f, s->out));
}

static void forward(subject *s) { must(ntk_network_forward(s->network, s->theta, s->n, s->x, s->f)); }

static void gradient(subject *s) {
    forward(s);
    must(ntk_network_pullback(s->network, s->theta, s->n, s->x, s->f, s->out));
}

/* Hidden layers forward and signals back, 2 n m (d + (1 + K) (L - 1) m); Gram matrices of d, m, ..,
 * m wide inputs over n rows and of L signals over n K rows. */
static double tangent_kernel_operations(const subject *s) {
    const double n = (double)s->n, d = (double)s->d, m = (double)s->m, L = (double)s->L, K = (double)s->K;
    return 2.0 * n * m * (d + (1.0 + K) * (L - 1.0) * m) + n * n * (d + L * m) + n * n * K * K * L * m;
}

/* Forward and gradient multiply by every weight once, signals by those above the first layer. */
static double gradient_operations(const subject *s) {
    const double n = (double)s->n, first = (double)(s->m * s->d), others = (double)s->p - first;
    return 2.0 * n * (2.0 * first + 3.0 * others);
}

/* Calls of `work` that take some 20 ms: what is short is timed with its data in cache, as in a
 * flow. */
static size_t calls_for(void (*work)(subject *), subject *s) {
    work(s);
    const double start = now();
    work(s);
    return 1 + (size_t)(0.02 / (now() - start));
}

/* Median times of one call of `work` and of the reference product, in turns. */
static void time_in_turns(void (*work)(subject *), subject *s, size_t size, double *work_time,
                          double *reference_time) {
    double *a = doubles(size * size), *c = doubles(size * size), times[2][REPEATS];
    ntk_stream stream = ntk_stream_create(1, "bench/reference", 0);
    ntk_stream_normal(&stream, size * size, a);
    const size_t calls = calls_for(work, s);
    for (int r = 0; r < REPEATS; r++) {
        const double start = now();
        for (size_t i = 0; i < calls; i++) work(s);
        const double middle = now();
        must(ntk_gemm(NTK_NO_TRANSPOSE, NTK_NO_TRANSPOSE, size, size, size, 1.0, a, size, a, size, 0.0, c,
                      size));
        times[0][r] = (middle - start) / (double)calls;
        times[1][r] = now() - middle;
    }
    *work_time = median(REPEATS, times[0]);
    *reference_time = median(REPEATS, times[1]);
    ntk_release(a);
    ntk_release(c);
}

/* The reference product is of the size of the weights, 2048 at most. */
static void report(const char *name, void (*work)(subject *), subject *s, double operations) {
    const size_t size = s->m < 2048 ? s->m : 2048;
    double seconds, reference;
    time_in_turns(work, s, size, &seconds, &reference);
    const double rate = operations / seconds, full = 2.0 * pow((double)size, 3.0) / reference;
    printf("%-34s %6zu %6zu %3zu %3zu %10.3f %8.1f %8.1f %7.2f\n", name, s->n, s->m, s->L, s->K,
           1e3 * seconds, 1e-9 * rate, 1e-9 * full, rate / full);
}

static void bench_tangent_kernel(size_t n, size_t m, size_t L, size_t K, ntk_activation activation) {
    subject s = subject_create(activation, n, 10, m, L, K, n * n * K * K);
    report(activation == NTK_RELU ? "tangent kernel, ReLU" : "tangent kernel, erf", tangent_kernel, &s,
           tangent_kernel_operations(&s));
    subject_destroy(&s);
}

static void bench_gradient(size_t n, size_t m, size_t L, ntk_activation activation) {
    subject s = subject_create(activation, n, 3, m, L, 1, 0);
    report(activation == NTK_RELU ? "forward, ReLU" : "forward, erf", forward, &s,
           2.0 * (double)n * (double)s.p);
    report(activation == NTK_RELU ? "forward and gradient, ReLU" : "forward and gradient, erf", gradient, &s,
           gradient_operations(&s));
    subject_destroy(&s);
}

/* Structured against explicit, where the Jacobian fits into memory. */
static void bench_explicit(void) {
    const size_t n = 64, m = 256, L = 2;
    const size_t p = m * 10 + m * m + m;
    subject s = subject_create(NTK_RELU, n, 10, m, L, 1, n * n + n * p);
    double structured, explicit_time, reference;
    time_in_turns(tangent_kernel, &s, m, &structured, &reference);
    time_in_turns(jacobian_kernel, &s, m, &explicit_time, &reference);
    printf("\nexplicit Jacobian and its Gram matrix, n = %zu, m = %zu, L = %zu: %.2f ms, structured %.2f ms: "
           "%.0f times faster\n",
           n, m, L, 1e3 * explicit_time, 1e3 * structured, explicit_time / structured);
    subject_destroy(&s);
}

/* After how many products the formed kernel has paid for itself. */
static void bench_operator(size_t n, size_t m, size_t L, size_t K) {
    subject s = subject_create(NTK_ERF, n, 10, m, L, K, n * n * K * K);
    double formed, applied, reference;
    time_in_turns(tangent_kernel, &s, m, &formed, &reference);
    forward(&s);
    time_in_turns(tangent_apply, &s, m, &applied, &reference);
    printf("one product with the kernel, n = %zu, m = %zu, L = %zu, K = %zu, erf: %.2f ms as an operator, "
           "%.2f ms to form the matrix, which pays from %.0f products on\n",
           n, m, L, K, 1e3 * applied, 1e3 * formed, ceil(formed / applied));
    subject_destroy(&s);
}

/* The kernels of many narrow networks, together and one by one, in turns: nanoseconds a network. */
enum { ENSEMBLE = 64 };

static void kernels_together(subject *s) {
    must(ntk_network_tangent_kernels(s->network, ENSEMBLE, s->theta, s->n, s->x, s->out, NULL));
}

static void kernels_one_by_one(subject *s) {
    for (size_t k = 0; k < ENSEMBLE; k++)
        must(ntk_network_tangent_kernel(s->network, s->theta + k * s->p, s->n, s->x, s->out, s->n));
}

static void bench_ensemble(size_t n, size_t m, size_t L, ntk_activation activation) {
    subject s = subject_create(activation, n, 2, m, L, 1, n * n * ENSEMBLE);
    double together, alone, reference;
    ntk_release(s.theta);
    s.theta = doubles(ENSEMBLE * s.p);
    ntk_stream stream = ntk_stream_create(1, "bench/ensemble", 0);
    ntk_stream_normal(&stream, ENSEMBLE * s.p, s.theta);
    time_in_turns(kernels_together, &s, 64, &together, &reference);
    time_in_turns(kernels_one_by_one, &s, 64, &alone, &reference);
    printf("kernels of %d networks, %s, n = %zu, m = %zu, L = %zu: %.0f ns a network together, %.0f one by "
           "one: %.1f times faster\n",
           (int)ENSEMBLE, ntk_activation_name(activation), n, m, L, 1e9 * together / ENSEMBLE,
           1e9 * alone / ENSEMBLE, alone / together);
    subject_destroy(&s);
}

/* One network on one worker and on two, in turns: time on the wall, of a machine that does little
 * else. */
static void bench_workers(size_t n, size_t d, size_t m, size_t L) {
    subject s = subject_create(NTK_RELU, n, d, m, L, 1, 0);
    double times[2][REPEATS];
    gradient(&s);
    for (int r = 0; r < REPEATS; r++)
        for (size_t w = 0; w < 2; w++) {
            must(ntk_set_workers(w + 1));
            const double start = seconds(CLOCK_MONOTONIC);
            gradient(&s);
            times[w][r] = seconds(CLOCK_MONOTONIC) - start;
        }
    must(ntk_set_workers(1));
    const double one = median(REPEATS, times[0]), two = median(REPEATS, times[1]);
    printf(
        "forward and gradient, ReLU, n = %zu, d = %zu, m = %zu, L = %zu: %.1f ms on one worker, %.1f ms on "
        "two: %.2f times faster\n",
        n, d, m, L, 1e3 * one, 1e3 * two, one / two);
    subject_destroy(&s);
}

int main(int argc, char **argv) {
    (void)argc;
    ntk_linalg_restart(argv);
    must(ntk_linalg_start());
    ntk_blas_info blas;
    ntk_blas_describe(&blas);
    printf(
        "Networks of finite width on BLAS kernels for %s; `ratio`: rate of the matrix operations over that "
        "of a square product\n\n",
        blas.core[0] != '\0' ? blas.core : blas.name);
    printf("%-34s %6s %6s %3s %3s %10s %8s %8s %7s\n", "", "n", "m", "L", "K", "ms", "GFlop/s", "product",
           "ratio");
    bench_tangent_kernel(256, 2048, 2, 1, NTK_RELU);
    bench_tangent_kernel(256, 2048, 2, 1, NTK_ERF);
    bench_tangent_kernel(100, 1024, 3, 10, NTK_RELU);
    bench_gradient(8, 16384, 1, NTK_RELU);
    bench_gradient(8, 16384, 1, NTK_ERF);
    bench_gradient(8, 1024, 3, NTK_RELU);
    bench_gradient(8, 1024, 3, NTK_ERF);
    bench_explicit();
    bench_operator(256, 512, 2, 1);
    bench_operator(256, 512, 2, 10);
    bench_ensemble(3, 8, 1, NTK_ERF);
    bench_ensemble(3, 64, 1, NTK_GELU);
    bench_ensemble(3, 12, 2, NTK_RELU);
    bench_ensemble(3, 12, 3, NTK_RELU);
    bench_ensemble(3, 32, 2, NTK_GELU);
    bench_ensemble(8, 32, 2, NTK_RELU);
    bench_workers(256, 784, 4096, 2);
    bench_workers(8, 3, 2048, 3);
    return EXIT_SUCCESS;
}
