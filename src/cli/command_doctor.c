/* ntk doctor: what machine and libraries these are, and whether their numbers can be trusted. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sleef.h>

#include <ntk/certify.h>
#include <ntk/file.h>
#include <ntk/kernel.h>
#include <ntk/linalg.h>
#include <ntk/random.h>

#include "base/arb.h"
#include "cli/cli.h"
#include "run/catalogue.h"
#include "run/identity.h"
#include "run/probe.h"

static const cli_option options[] = {{NULL, 0, NULL, NULL}};

enum { NAME_WIDTH = 22 };

/* One line; returns how many faults it adds. */
static int judge(bool good, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));

static int judge(bool good, const char *name, const char *format, ...) {
    va_list arguments;
    printf("%-5s %-*s ", good ? "ok" : "FAIL", NAME_WIDTH, name);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    return !good;
}

static void inform(const char *name, const char *text) {
    printf("%-5s %-*s %s\n", "", NAME_WIDTH, name, text);
}

/* ---- machine and libraries ----------------------------------------------------------------------------- */

static int examine_blas(void) {
    const bool started = ntk_linalg_start() == NTK_OK;
    int faults = judge(started, "linear algebra starts", "%s", started ? "one thread" : ntk_error_detail());
    ntk_blas_info blas;
    ntk_blas_describe(&blas);
    faults +=
        judge(blas.threads == 1, "BLAS threads", "%d (results need 1: its sums depend on it)", blas.threads);
    faults += judge(blas.lapack_is_openblas, "LAPACK is OpenBLAS's", "%s", blas.lapack_path);
    inform("BLAS", blas.version);
    inform("BLAS kernel in use", blas.core);
    const char *asked = getenv("OPENBLAS_CORETYPE");
    if (asked != NULL) /* a name that OpenBLAS does not know is ignored in silence */
        faults += judge(strcasecmp(asked, blas.core) == 0, "OPENBLAS_CORETYPE", "asked for %s, got %s", asked,
                        blas.core);
    return faults;
}

static int examine_machine(void) {
    ntk_provenance origin;
    char sleef[32];
    const bool known = ntk_provenance_read("/proc/self/exe", &origin) == NTK_OK;
    int faults = judge(known, "this program", "%s, %s", ntk_build_commit, ntk_build_compiler);
    inform("processor", origin.cpu);
    inform("vector code in use", origin.vector_isa);
    snprintf(sleef, sizeof sleef, "%d.%d.%d", SLEEF_VERSION_MAJOR, SLEEF_VERSION_MINOR,
             SLEEF_VERSION_PATCHLEVEL);
    inform("SLEEF (built with)", sleef);
    inform(NTK_ARB_LIBRARY, ntk_arb_version);
    return faults;
}

static int examine_suite(void) {
    ntk_suite suite;
    const bool found = ntk_suite_open(ntk_registry, NULL, &suite) == NTK_OK;
    const int faults = judge(found, "suite", "%s", found ? suite.root : ntk_error_detail());
    if (found) ntk_suite_release(&suite);
    return faults;
}

/* Made with access(): a probe file would be left behind by a crash. */
static int examine_results(void) {
    const char *folder = access("results", F_OK) == 0 ? "results" : ".";
    const bool writable = access(folder, W_OK | X_OK) == 0;
    return judge(writable, "results folder", "%s", writable ? "results/ can be written" : strerror(errno));
}

static int examine_gnuplot(void) {
    char detail[512];
    const bool good = ntk_gnuplot_probe(detail, sizeof detail);
    return judge(good, "figures", "%s", detail);
}

/* ---- known answers ------------------------------------------------------------------------------------- */

/* Random123's published answer of Philox4x64-10 for counter 0 and key 0; a draw keeps its 52 leading bits. */
static int test_random(void) {
    ntk_stream stream = {0};
    double draw;
    ntk_stream_uniform(&stream, 1, &draw);
    const double expected = (double)0x16554d9eca36314cu * 0x1p-64;
    return judge(fabs(draw - expected) <= 0x1p-52, "random streams",
                 "Philox4x64-10 gives %.16f, published %.16f", draw, expected);
}

/* Eigenvalues 1 and 3, and -1 and 3: the first has the exact smallest eigenvalue 1, which no certificate may
 * exceed; the second must be refused. */
static int test_certificate(void) {
    const double definite[] = {2, 1, 1, 2}, indefinite[] = {1, 2, 2, 1};
    ntk_certificate good, bad;
    const ntk_status status = ntk_certify_positive_definite(2, definite, 2, &good);
    const bool tight = status == NTK_OK && good.lambda_min_bound <= 1 && good.lambda_min_bound >= 1 - 1e-12;
    const bool refused =
        ntk_certify_positive_definite(2, indefinite, 2, &bad) == NTK_ERROR_NOT_POSITIVE_DEFINITE;
    return judge(tight && refused, "certificates", "1 - lambda_min bound = %.1e; an indefinite matrix is %s",
                 1 - good.lambda_min_bound, refused ? "refused" : "ACCEPTED");
}

/* For orthogonal arguments of variance 1 and ReLU: E[phi(u) phi(v)] = 1 / (2 pi), E[phi'(u) phi'(v)] = 1/4.
 */
static int test_kernel(void) {
    double value = NAN, derivative = NAN;
    const ntk_status status = ntk_dual_activation(NTK_RELU, 1, 1, 0, &value, &derivative, NULL);
    const double error = ntk_larger(fabs(value - 0.15915494309189535), fabs(derivative - 0.25));
    return judge(status == NTK_OK && error <= 4 * 0x1p-53, "kernels", "error %.1e at a known value", error);
}

/* C = A A^T by the library and by the definition, on integers: every product and sum is exact. */
static int test_blas(void) {
    enum { N = 37 };
    double a[N * N], c[N * N] = {0}, worst = 0;
    for (int i = 0; i < N * N; i++) a[i] = (i * 7919) % 101 - 50;
    const ntk_status status = ntk_gemm(NTK_NO_TRANSPOSE, NTK_TRANSPOSE, N, N, N, 1, a, N, a, N, 0, c, N);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            double sum = 0;
            for (int k = 0; k < N; k++) sum += a[i * N + k] * a[j * N + k];
            worst = ntk_larger(worst, fabs(sum - c[i * N + j]));
        }
    return judge(status == NTK_OK && worst == 0, "matrix products", "largest error %.1e on integers", worst);
}

static int run(const cli_arguments *arguments) {
    (void)arguments;
    int faults = examine_blas();
    faults += examine_machine();
    faults += examine_suite();
    faults += examine_results();
    faults += examine_gnuplot();
    faults += test_random();
    faults += test_certificate();
    faults += test_kernel();
    faults += test_blas();
    if (faults == 0)
        printf("\nThis machine can be trusted with the suite.\n");
    else
        printf("\n%d faults: results of this machine cannot be trusted, or figures will be missing.\n",
               faults);
    return faults == 0 ? CLI_OK : CLI_NO;
}

const cli_command cli_doctor = {
    .name = "doctor",
    .synopsis = "",
    .summary = "what machine and libraries these are, and whether they can be trusted",
    .details =
        "Examines the machine, the libraries in use, the folder for results and gnuplot, and recomputes a "
        "few known answers.",
    .exit_status = "0 if all is well, 1 otherwise, 64 wrong usage.",
    .options = options,
    .least_names = 0,
    .most_names = 0,
    .run = run,
};
