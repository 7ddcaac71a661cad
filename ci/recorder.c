/* What the library is asked for while a claim runs: every kernel, network, flow and solution of a
 * kind of its own becomes a line of the file that NTK_RECORD names. ci/configurations links it into
 * a program that is `ntk` otherwise, whose calls of these functions come here first (ld --wrap).
 *
 *     kernel    family activation depth scale bias variances rows matrix
 *     network   family activation depth scale bias variances outputs parametrisation
 *     flow, descent, solution    loss lambda */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ntk/architecture.h>
#include <ntk/descent.h>
#include <ntk/flow.h>
#include <ntk/inference_problem.h>
#include <ntk/kernel.h>
#include <ntk/logistic.h>
#include <ntk/network.h>
#include <ntk/regression.h>

enum { LINES = 4096, LENGTH = 160 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char lines[LINES][LENGTH];
static size_t count;

static void record(const char *line) {
    const char *path = getenv("NTK_RECORD");
    if (path == NULL) return;
    pthread_mutex_lock(&lock);
    size_t i = 0;
    while (i < count && strcmp(lines[i], line) != 0) i++;
    if (i == count && count < LINES) {
        snprintf(lines[count++], LENGTH, "%s", line);
        FILE *file = fopen(path, "a");
        if (file == NULL || fprintf(file, "%s\n", line) < 0 || fclose(file) != 0) abort();
    }
    pthread_mutex_unlock(&lock);
}

/* ---- architectures --------------------------------------------------------------------------- */

static const char *family_of(const ntk_architecture *a) {
    static const char *const names[] = {"dense", "residual", "convolutional"};
    return names[a->family];
}

/* Whether any layer has biases; whether the variances are the default's. */
static void describe(const ntk_architecture *a, char out[LENGTH]) {
    const bool each = a->weight_variances != NULL || a->bias_variances != NULL;
    const char *bias = a->bias_variances != NULL || a->bias_variance > 0 ? "bias" : "no-bias";
    const bool usual = !each && a->weight_variance == 2 && a->residual_scale == 1 &&
                       (a->family != NTK_CONVOLUTIONAL || a->convolution.first_weight_variance == 0);
    snprintf(out, LENGTH, "%s\t%s\t%zu\t%s\t%s\t%s", family_of(a), ntk_activation_name(a->activation),
             a->depth, a->input_scale == NTK_INPUT_SCALE_NONE ? "none" : "dimension", bias,
             usual ? "default" : "other");
}

static const char *rows_of(size_t n, size_t d, const double *x, size_t ldx) {
    for (size_t i = 0; i < n; i++) {
        double square = 0;
        for (size_t k = 0; k < d; k++) square += x[i * ldx + k] * x[i * ldx + k];
        if (!(fabs(square - 1) <= 1e-6)) return "any";
    }
    return "unit";
}

static void record_kernel(const ntk_architecture *a, size_t n, size_t d, const double *x, size_t ldx,
                          const char *matrix) {
    char what[LENGTH], line[2 * LENGTH];
    describe(a, what);
    snprintf(line, sizeof line, "kernel\t%s\t%s\t%s", what, rows_of(n, d, x, ldx), matrix);
    record(line);
}

static void record_loss(const char *what, ntk_loss loss, double lambda) {
    static const char *const names[] = {"squared", "logistic", "softmax", "brier", "poisson"};
    char line[LENGTH];
    snprintf(line, sizeof line, "%s\t%s\t%s", what, names[loss], lambda > 0 ? "lambda" : "no-lambda");
    record(line);
}

/* ---- the functions --------------------------------------------------------------------------- */

#define WRAPPED(name, parameters)                                                                            \
    ntk_status __real_##name parameters;                                                                     \
    ntk_status __wrap_##name parameters;                                                                     \
    ntk_status __wrap_##name parameters

WRAPPED(ntk_kernel_gram, (const ntk_architecture *a, ntk_kernel_type type, size_t n, size_t d,
                          const double *x, size_t ldx, double *gram, size_t ldg)) {
    record_kernel(a, n, d, x, ldx, type == NTK_KERNEL_NTK ? "gram" : "gram-nngp");
    return __real_ntk_kernel_gram(a, type, n, d, x, ldx, gram, ldg);
}

WRAPPED(ntk_kernel_gram_both, (const ntk_architecture *a, size_t n, size_t d, const double *x, size_t ldx,
                               double *nngp, double *ntk, size_t ldg)) {
    if (ntk != NULL) record_kernel(a, n, d, x, ldx, "gram");
    if (nngp != NULL) record_kernel(a, n, d, x, ldx, "gram-nngp");
    return __real_ntk_kernel_gram_both(a, n, d, x, ldx, nngp, ntk, ldg);
}

WRAPPED(ntk_kernel_cross,
        (const ntk_architecture *a, ntk_kernel_type type, size_t n, size_t m, size_t d, const double *x,
         size_t ldx, const double *y, size_t ldy, double *cross, size_t ldk)) {
    record_kernel(a, n, d, x, ldx, type == NTK_KERNEL_NTK ? "cross" : "cross-nngp");
    return __real_ntk_kernel_cross(a, type, n, m, d, x, ldx, y, ldy, cross, ldk);
}

WRAPPED(ntk_network_create,
        (const ntk_architecture *a, size_t inputs, size_t width, size_t outputs, ntk_network **out)) {
    char what[LENGTH], line[2 * LENGTH];
    describe(a, what);
    snprintf(line, sizeof line, "network\t%s\t%s\t%s", what, outputs > 1 ? "many" : "one",
             a->parametrisation == NTK_PARAMETRISATION_NTK ? "ntk" : "mean-field");
    record(line);
    return __real_ntk_network_create(a, inputs, width, outputs, out);
}

WRAPPED(ntk_flow_run, (const ntk_model *model, const double *targets, const ntk_flow_options *options,
                       double *theta, ntk_flow_result *result)) {
    record_loss("flow", options->loss, options->lambda);
    return __real_ntk_flow_run(model, targets, options, theta, result);
}

WRAPPED(ntk_descent_run, (const ntk_model *model, const double *targets, const ntk_descent_options *options,
                          double *theta, size_t *steps)) {
    record_loss("descent", options->loss, options->lambda);
    return __real_ntk_descent_run(model, targets, options, theta, steps);
}

WRAPPED(ntk_inference_logistic, (const ntk_inference_problem *problem, const ntk_logistic_options *options,
                                 double *a, double *f, ntk_logistic_result *out)) {
    record_loss("solution", problem->loss, problem->lambda);
    return __real_ntk_inference_logistic(problem, options, a, f, out);
}

WRAPPED(ntk_inference_regression,
        (const ntk_inference_problem *problem, double *a, double *f, double *residual)) {
    record_loss("solution", NTK_LOSS_SQUARED, problem->lambda);
    return __real_ntk_inference_regression(problem, a, f, residual);
}
