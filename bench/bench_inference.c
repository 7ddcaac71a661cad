/* Kernel logistic regression on digits: 1,000 images, ten classes, the NTK of a ReLU network of
 * three hidden layers.
 *
 * Shown for each lambda: the objective, seconds of the processor and of the clock, Newton steps and
 * conjugate gradient iterations, and the certificate (relative residual: a bound of the relative
 * error of w; gap: a bound of the objective's error). Wanted: a relative residual of at most 1e-10.
 * bench/peers solves the same problems with public solvers.
 *
 *     bench_inference [n]              n = 1000 by default; from the root of the repository
 *     bench_inference [n] --write DIR  write gram.npy (n, n) and targets.npy (n, 10) to DIR and
 *                                      end: for the peers */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ntk/ntk.h>

#include "timing.h"

enum { CLASSES = 10 };
static const double wanted = 1e-10;
static const double lambdas[] = {1e-2, 1e-4, 1e-6, 1e-8};

typedef struct digits_problem {
    ntk_inference_problem problem; /* shared kernel, one-hot targets */
    double *gram, *targets, *a;
    size_t *labels;
} digits_problem;

/* n images of the first `classes` digits and their NTK; class i mod classes. */
static digits_problem load(size_t n, size_t classes) {
    ntk_digits digits;
    must(ntk_digits_read_folder("data", NTK_DIGITS_SUBSET, &digits));
    const size_t d = digits.rows * digits.columns;
    digits_problem p = {.gram = doubles(n * n), .targets = doubles(n * classes), .a = doubles(n * classes)};
    double *x = doubles(n * d);
    void *memory = NULL;
    must(ntk_allocate(n, sizeof *p.labels, &memory));
    p.labels = memory;
    ntk_stream stream = ntk_stream_create(1, "bench/inference", 0);
    const uint8_t names[CLASSES] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    must(ntk_digits_draw(&digits, &stream, names, classes, n, x, p.labels, NULL));
    must(ntk_targets_from_labels(NTK_LOSS_SOFTMAX, n, classes, p.labels, 0, p.targets));
    ntk_architecture architecture = ntk_architecture_default();
    architecture.depth = 3;
    architecture.input_scale = NTK_INPUT_SCALE_NONE; /* images have norm 1 */
    must(ntk_kernel_gram(&architecture, NTK_KERNEL_NTK, n, d, x, d, p.gram, n));
    p.problem = (ntk_inference_problem){.loss = NTK_LOSS_SOFTMAX,
                                        .points = n,
                                        .outputs = classes,
                                        .order = n,
                                        .gram = p.gram,
                                        .targets = p.targets};
    ntk_release(x);
    ntk_digits_release(&digits);
    return p;
}

static void release(digits_problem *p) {
    ntk_release(p->gram);
    ntk_release(p->targets);
    ntk_release(p->a);
    ntk_release(p->labels);
}

static void write_for_peers(const digits_problem *p, const char *folder) {
    const size_t n = p->problem.points;
    char path[1024];
    snprintf(path, sizeof path, "%s/gram.npy", folder);
    must(ntk_npy_write(path, NTK_NPY_FLOAT64, n, n, p->gram));
    snprintf(path, sizeof path, "%s/targets.npy", folder);
    must(ntk_npy_write(path, NTK_NPY_FLOAT64, n, p->problem.outputs, p->targets));
}

static bool solve_all(digits_problem *p) {
    bool reached = true;
    printf("  %7s %22s %7s %7s %6s %6s %9s %9s\n", "lambda", "objective", "CPU s", "wall s", "Newton",
           "inner", "residual", "gap");
    for (size_t l = 0; l < sizeof lambdas / sizeof lambdas[0]; l++) {
        ntk_logistic_result result;
        p->problem.lambda = lambdas[l];
        const double wall = seconds(CLOCK_MONOTONIC), processor = seconds(CLOCK_PROCESS_CPUTIME_ID);
        must(ntk_inference_logistic(&p->problem, NULL, p->a, NULL, &result));
        reached = reached && at_most(result.relative_residual, wanted);
        printf("  %7.0e %22.16g %7.2f %7.2f %6zu %6zu %9.1e %9.1e\n", lambdas[l], result.objective,
               seconds(CLOCK_PROCESS_CPUTIME_ID) - processor, seconds(CLOCK_MONOTONIC) - wall,
               result.iterations, result.inner_iterations, result.relative_residual, result.duality_gap);
    }
    return reached;
}

/* For information: the maximum-margin solution between classes. */
static void time_margin(size_t n, size_t classes) {
    digits_problem p = load(n, classes);
    ntk_hard_margin_result result;
    const double start = seconds(CLOCK_PROCESS_CPUTIME_ID);
    must(ntk_inference_hard_margin(&p.problem, p.a, NULL, &result));
    printf(
        "hard margin, %zu images, %zu classes: %.2f CPU s, norm %.15g, relative gap %.1e, KKT residual %.1e, "
        "%zu of "
        "%zu constraints active\n",
        n, classes, seconds(CLOCK_PROCESS_CPUTIME_ID) - start, result.norm,
        (result.norm_upper - result.norm_lower) / result.norm, result.kkt_residual, result.support_vectors,
        n * (classes - 1));
    release(&p);
}

int main(int argc, char **argv) {
    ntk_linalg_restart(argv);
    const size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
    must(ntk_linalg_start());
    digits_problem p = load(n, CLASSES);
    if (argc > 3 && strcmp(argv[2], "--write") == 0) {
        write_for_peers(&p, argv[3]);
        release(&p);
        return 0;
    }
    const watch start = watch_now();
    printf("kernel logistic regression, %zu digits, %d classes\n", n, CLASSES);
    const bool reached = solve_all(&p);
    release(&p);
    time_margin(n / 3, 2);
    time_margin(n / 10, CLASSES);
    return verdict("relative residual of logistic regression, at most 1e-10", reached, start);
}
