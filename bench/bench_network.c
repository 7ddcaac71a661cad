/* Networks of finite width: how much of the speed of their own matrix products they reach, in one
 * run.
 *
 * `product` is the rate of one square product by ntk_gemm, the hardware's limit; `share` is what
 * the work reaches of it, counting the operations of its matrix products alone (2 a b c for a
 * general one, n^2 k for a symmetric one), activations and Hadamard products as nothing. Few rows
 * cannot reach it: n rows do 2 n operations with each weight that is read. So what is judged is
 * `ratio`, the time of the work over that of the yardstick: the same products, of the same shapes,
 * by ntk_gemm and ntk_syrk with nothing but the activations' pass and the Hadamard products between
 * them. The work does more: it scales, checks and sums Gram matrices, which is a twentieth here.
 * Wanted: at most 1.1.
 *
 * CPU time of one worker, in turns, medians of REPEATS. Time on the wall, of one network on two
 * workers, is judged where the machine is quiet: the products, 95 % of the operations, are shared,
 * which gives at most 1.9. Wanted: at least 1.7. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/network.h>
#include <ntk/parallel.h>

#include "base/vector.h"
#include "timing.h"

#define REPEATS 7
static const double wanted = 1.1, wanted_of_two = 1.7;

/* CPU time of this thread, the only one: what else the machine does is not counted. */
static double now(void) { return seconds(CLOCK_THREAD_CPUTIME_ID); }

/* A network with its parameters, inputs and outputs. */
typedef struct subject {
    ntk_network *network;
    ntk_activation activation;
    size_t n, d, m, L, K, p;
    double *theta, *x, *f, *out;
    double *hidden, *slopes, *signal, *other; /* the yardstick's: (L, n, m) twice, (n K, m) twice */
} subject;

static subject subject_create(ntk_activation activation, size_t n, size_t d, size_t m, size_t L, size_t K,
                              size_t out_count) {
    ntk_architecture architecture = ntk_architecture_default();
    architecture.activation = activation;
    architecture.depth = L;
    subject s = {.activation = activation, .n = n, .d = d, .m = m, .L = L, .K = K};
    must(ntk_network_create(&architecture, d, m, K, &s.network));
    s.p = ntk_network_parameters(s.network);
    s.theta = doubles(s.p);
    s.x = doubles(n * d);
    s.f = doubles(n * K);
    s.out = doubles(out_count > s.p ? out_count : s.p);
    s.hidden = doubles(L * n * m);
    s.slopes = doubles(L * n * m);
    s.signal = doubles(n * K * m);
    s.other = doubles(n * K * m);
    ntk_stream stream = ntk_stream_create(1, "bench/network", 0);
    ntk_network_initialise(s.network, &stream, s.theta);
    ntk_stream_normal(&stream, n * d, s.x);
    return s;
}

static void subject_destroy(subject *s) {
    ntk_network_destroy(s->network);
    double *const memory[] = {s->theta, s->x, s->f, s->out, s->hidden, s->slopes, s->signal, s->other};
    for (size_t k = 0; k < sizeof memory / sizeof *memory; k++) ntk_release(memory[k]);
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

/* --- yardsticks ------------------------------------------------------------------------------- */

static double *weights_of(const subject *s, size_t layer) {
    return s->theta + (layer == 0 ? 0 : s->m * s->d + (layer - 1) * s->m * s->m);
}

static void multiply(size_t rows, size_t columns, size_t terms, const double *a, ntk_transpose transpose,
                     const double *b, double *c) {
    must(ntk_gemm(NTK_NO_TRANSPOSE, transpose, rows, columns, terms, 1, a, terms, b,
                  transpose == NTK_TRANSPOSE ? terms : columns, 0, c, columns));
}

/* With the slopes, which a forward pass keeps for what follows it. */
static void hidden_layers(subject *s) {
    const size_t count = s->n * s->m;
    for (size_t l = 0; l < s->L; l++) {
        double *out = s->hidden + l * count;
        multiply(s->n, s->m, l == 0 ? s->d : s->m, l == 0 ? s->x : out - count, NTK_TRANSPOSE,
                 weights_of(s, l), out);
        double *slopes = s->slopes + l * count;
        (s->activation == NTK_RELU ? ntk_vector_relu : ntk_vector_erf)(count, out, out, slopes);
    }
}

/* Of each of K outputs, or of one cotangent: the signal at the last hidden layer. */
static void start_signals(subject *s, size_t outputs) {
    const double *slope = s->slopes + (s->L - 1) * s->n * s->m, *w = weights_of(s, s->L);
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < outputs; k++)
            for (size_t j = 0; j < s->m; j++)
                s->signal[(i * outputs + k) * s->m + j] = w[k * s->m + j] * slope[i * s->m + j];
}

/* From hidden layer l, counted from 0, to the one below it. */
static void signals_below(subject *s, size_t l, size_t outputs) {
    const double *slope = s->slopes + (l - 1) * s->n * s->m;
    multiply(s->n * outputs, s->m, s->m, s->signal, NTK_NO_TRANSPOSE, weights_of(s, l), s->other);
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < outputs; k++)
            for (size_t j = 0; j < s->m; j++)
                s->signal[(i * outputs + k) * s->m + j] =
                    s->other[(i * outputs + k) * s->m + j] * slope[i * s->m + j];
}

static void forward_products(subject *s) {
    hidden_layers(s);
    multiply(s->n, s->K, s->m, s->hidden + (s->L - 1) * s->n * s->m, NTK_TRANSPOSE, weights_of(s, s->L),
             s->f);
}

/* Of layer l from the signals behind it, (n, rows), and what it was given. */
static void gradient_product(subject *s, size_t l, size_t rows, const double *signal) {
    const size_t inputs = l == 0 ? s->d : s->m;
    const double *given = l == 0 ? s->x : s->hidden + (l - 1) * s->n * s->m;
    double *out = s->out + (weights_of(s, l) - s->theta);
    must(ntk_gemm(NTK_TRANSPOSE, NTK_NO_TRANSPOSE, rows, inputs, s->n, 1, signal, rows, given, inputs, 0, out,
                  inputs));
}

static void gradient_products(subject *s) {
    forward_products(s);
    gradient_product(s, s->L, s->K, s->f);
    start_signals(s, 1);
    for (size_t l = s->L; l-- > 0;) {
        gradient_product(s, l, s->m, s->signal);
        if (l > 0) signals_below(s, l, 1);
    }
}

static void tangent_kernel_products(subject *s) {
    const size_t rows = s->n * s->K;
    hidden_layers(s);
    must(ntk_syrk(s->n, s->d, 1, s->x, s->d, 0, s->out, rows));
    for (size_t l = 0; l < s->L; l++)
        must(ntk_syrk(s->n, s->m, 1, s->hidden + l * s->n * s->m, s->m, 0, s->out, rows));
    start_signals(s, s->K);
    for (size_t l = s->L; l-- > 0;) {
        must(ntk_syrk(rows, s->m, 1, s->signal, s->m, 0, s->out, rows));
        if (l > 0) signals_below(s, l, s->K);
    }
}

/* --- reports ---------------------------------------------------------------------------------- */

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

/* Median times of one call of each, in turns. */
static void time_in_turns(void (*first)(subject *), void (*second)(subject *), subject *s, double *of_first,
                          double *of_second) {
    double times[2][REPEATS];
    const size_t first_calls = calls_for(first, s), second_calls = calls_for(second, s);
    for (int r = 0; r < REPEATS; r++) {
        const double start = now();
        for (size_t i = 0; i < first_calls; i++) first(s);
        const double middle = now();
        for (size_t i = 0; i < second_calls; i++) second(s);
        times[0][r] = (middle - start) / (double)first_calls;
        times[1][r] = (now() - middle) / (double)second_calls;
    }
    *of_first = median(REPEATS, times[0]);
    *of_second = median(REPEATS, times[1]);
}

/* The square product is of the size of the weights, 2048 at most. Returns whether the ratio is what
 * is wanted. */
static bool report(const char *name, void (*work)(subject *), void (*yardstick)(subject *), subject *s,
                   double operations) {
    const size_t size = s->m < 2048 ? s->m : 2048;
    double *a = doubles(size * size), *c = doubles(size * size), times[3][REPEATS], ratios[REPEATS];
    ntk_stream stream = ntk_stream_create(1, "bench/reference", 0);
    ntk_stream_normal(&stream, size * size, a);
    yardstick(s);
    const size_t calls = calls_for(work, s);
    for (int r = 0; r < REPEATS; r++) {
        const double start = now();
        for (size_t i = 0; i < calls; i++) work(s);
        const double middle = now();
        for (size_t i = 0; i < calls; i++) yardstick(s);
        const double end = now();
        must(ntk_gemm(NTK_NO_TRANSPOSE, NTK_NO_TRANSPOSE, size, size, size, 1.0, a, size, a, size, 0.0, c,
                      size));
        times[0][r] = (middle - start) / (double)calls;
        times[1][r] = (end - middle) / (double)calls;
        times[2][r] = now() - end;
        ratios[r] = times[0][r] / times[1][r];
    }
    ntk_release(a);
    ntk_release(c);
    const double ratio = median(REPEATS, ratios), time = median(REPEATS, times[0]);
    const double rate = operations / time, full = 2.0 * pow((double)size, 3.0) / median(REPEATS, times[2]);
    printf("%-27s %4zu %6zu %3zu %3zu %9.3f %9.3f %8.1f %8.1f %7.2f %7.2f\n", name, s->n, s->m, s->L, s->K,
           1e3 * time, 1e3 * median(REPEATS, times[1]), 1e-9 * rate, 1e-9 * full, rate / full, ratio);
    return at_most(ratio, wanted);
}

static bool bench_tangent_kernel(size_t n, size_t m, size_t L, size_t K, ntk_activation activation) {
    subject s = subject_create(activation, n, 10, m, L, K, n * n * K * K);
    const bool reached = report(activation == NTK_RELU ? "tangent kernel, ReLU" : "tangent kernel, erf",
                                tangent_kernel, tangent_kernel_products, &s, tangent_kernel_operations(&s));
    subject_destroy(&s);
    return reached;
}

static bool bench_gradient(size_t n, size_t d, size_t m, size_t L, ntk_activation activation) {
    subject s = subject_create(activation, n, d, m, L, 1, 0);
    const bool relu = activation == NTK_RELU;
    const bool forth = report(relu ? "forward, ReLU" : "forward, erf", forward, forward_products, &s,
                              2.0 * (double)n * (double)s.p);
    const bool back = report(relu ? "forward and gradient, ReLU" : "forward and gradient, erf", gradient,
                             gradient_products, &s, gradient_operations(&s));
    subject_destroy(&s);
    return forth && back;
}

/* Structured against explicit, where the Jacobian fits into memory. */
static void bench_explicit(void) {
    const size_t n = 64, m = 256, L = 2;
    const size_t p = m * 10 + m * m + m;
    subject s = subject_create(NTK_RELU, n, 10, m, L, 1, n * n + n * p);
    double structured, explicit_time;
    time_in_turns(tangent_kernel, jacobian_kernel, &s, &structured, &explicit_time);
    printf("\nexplicit Jacobian and its Gram matrix, n = %zu, m = %zu, L = %zu: %.2f ms, structured %.2f ms: "
           "%.0f times faster\n",
           n, m, L, 1e3 * explicit_time, 1e3 * structured, explicit_time / structured);
    subject_destroy(&s);
}

/* After how many products the formed kernel has paid for itself. */
static void bench_operator(size_t n, size_t m, size_t L, size_t K) {
    subject s = subject_create(NTK_ERF, n, 10, m, L, K, n * n * K * K);
    double formed, applied;
    forward(&s);
    time_in_turns(tangent_kernel, tangent_apply, &s, &formed, &applied);
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
    double together, alone;
    ntk_release(s.theta);
    s.theta = doubles(ENSEMBLE * s.p);
    ntk_stream stream = ntk_stream_create(1, "bench/ensemble", 0);
    ntk_stream_normal(&stream, ENSEMBLE * s.p, s.theta);
    time_in_turns(kernels_together, kernels_one_by_one, &s, &together, &alone);
    printf("kernels of %d networks, %s, n = %zu, m = %zu, L = %zu: %.0f ns a network together, %.0f one by "
           "one: %.1f times faster\n",
           (int)ENSEMBLE, ntk_activation_name(activation), n, m, L, 1e9 * together / ENSEMBLE,
           1e9 * alone / ENSEMBLE, alone / together);
    subject_destroy(&s);
}

/* One network on one worker and on two, in turns: time on the wall. Judged where few others run
 * beside it and the products are large enough for two. */
static bool bench_workers(size_t n, size_t d, size_t m, size_t L, bool judged) {
    subject s = subject_create(NTK_RELU, n, d, m, L, 1, 0);
    double times[2][REPEATS];
    gradient(&s);
    const watch start = watch_now();
    for (int r = 0; r < REPEATS; r++)
        for (size_t w = 0; w < 2; w++) {
            must(ntk_set_workers(w + 1));
            const double begin = seconds(CLOCK_MONOTONIC);
            gradient(&s);
            times[w][r] = seconds(CLOCK_MONOTONIC) - begin;
        }
    must(ntk_set_workers(1));
    const bool is_quiet = others_since(start) <= quiet && sysconf(_SC_NPROCESSORS_ONLN) > 1;
    const double one = median(REPEATS, times[0]), two = median(REPEATS, times[1]);
    printf(
        "forward and gradient, ReLU, n = %zu, d = %zu, m = %zu, L = %zu: %.1f ms on one worker, %.1f ms on "
        "two: %.2f times faster%s\n",
        n, d, m, L, 1e3 * one, 1e3 * two, one / two,
        !judged    ? ""
        : is_quiet ? ", at least 1.7 is wanted"
                   : "; not judged: others ran beside it");
    subject_destroy(&s);
    return !judged || !is_quiet || at_least(one / two, wanted_of_two);
}

int main(int argc, char **argv) {
    (void)argc;
    ntk_linalg_restart(argv);
    must(ntk_linalg_start());
    ntk_blas_info blas;
    ntk_blas_describe(&blas);
    const watch start = watch_now();
    printf("Networks of finite width on BLAS kernels for %s; milliseconds, GFlop/s\n\n",
           blas.core[0] != '\0' ? blas.core : blas.name);
    printf("%-27s %4s %6s %3s %3s %9s %9s %8s %8s %7s %7s\n", "", "n", "m", "L", "K", "time", "yardstick",
           "rate", "product", "share", "ratio");
    bool reached = true;
    reached &= bench_tangent_kernel(256, 2048, 2, 1, NTK_RELU);
    reached &= bench_tangent_kernel(256, 2048, 2, 1, NTK_ERF);
    reached &= bench_tangent_kernel(100, 1024, 3, 10, NTK_RELU);
    reached &= bench_gradient(256, 784, 4096, 2, NTK_RELU);
    reached &= bench_gradient(8, 3, 16384, 1, NTK_RELU);
    reached &= bench_gradient(8, 3, 16384, 1, NTK_ERF);
    reached &= bench_gradient(8, 3, 1024, 3, NTK_RELU);
    reached &= bench_gradient(8, 3, 1024, 3, NTK_ERF);
    bench_explicit();
    bench_operator(256, 512, 2, 1);
    bench_operator(256, 512, 2, 10);
    bench_ensemble(3, 8, 1, NTK_ERF);
    bench_ensemble(3, 64, 1, NTK_GELU);
    bench_ensemble(3, 12, 2, NTK_RELU);
    bench_ensemble(3, 12, 3, NTK_RELU);
    bench_ensemble(3, 32, 2, NTK_GELU);
    bench_ensemble(8, 32, 2, NTK_RELU);
    reached &= bench_workers(256, 784, 4096, 2, true);
    reached &= bench_workers(8, 3, 2048, 3, false);
    return verdict("ratio = time / time of the same products, at most 1.1", reached, start);
}
