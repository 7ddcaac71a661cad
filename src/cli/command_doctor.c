/* ntk doctor: what machine and libraries these are, and whether their numbers can be trusted. */
#include <dirent.h>
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
#include <ntk/memory.h>
#include <ntk/parallel.h>
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

/* ---- machine and libraries ------------------------------------------------------------------- */

/* Threads of this process. */
static size_t count_threads(void) {
    size_t count = 0;
    DIR *tasks = opendir("/proc/self/task");
    if (tasks == NULL) return 0;
    for (const struct dirent *entry; (entry = readdir(tasks)) != NULL;) count += entry->d_name[0] != '.';
    closedir(tasks);
    return count;
}

/* What a library says of its threads, or else what can be seen of them: a product that is large
 * enough for any library to start some. */
static int examine_threads(const ntk_blas_info *blas) {
    enum { N = 512 };
    if (blas->threads > 0)
        return judge(blas->threads == 1, "BLAS threads", "%d (results need 1: its sums depend on it)",
                     blas->threads);
    double *a, *c;
    if (ntk_allocate_doubles(N * N, &a) != NTK_OK)
        return judge(false, "BLAS threads", "%s", ntk_error_detail());
    if (ntk_allocate_doubles(N * N, &c) != NTK_OK) {
        ntk_release(a);
        return judge(false, "BLAS threads", "%s", ntk_error_detail());
    }
    const size_t before = count_threads();
    ntk_gemm(NTK_NO_TRANSPOSE, NTK_TRANSPOSE, N, N, N, 1, a, N, a, N, 0, c, N);
    const size_t more = count_threads() - before;
    ntk_release(a);
    ntk_release(c);
    return judge(more == 0, "BLAS threads", "%s does not say; %zu were started for a product", blas->name,
                 more);
}

static void show_libraries(const ntk_blas_info *blas) {
    for (size_t k = 0; k < blas->library_count; k++) {
        inform(k == 0 ? "BLAS and LAPACK from" : "", blas->libraries[k].path);
        printf("%-5s %-*s   build %s\n", "", NAME_WIDTH, "", blas->libraries[k].build);
        printf("%-5s %-*s   %s\n", "", NAME_WIDTH, "", blas->libraries[k].symbols);
    }
}

/* *usable: BLAS may be called. */
static int examine_blas(ntk_blas_info *blas, bool *usable) {
    *usable = ntk_linalg_start() == NTK_OK;
    int faults = judge(*usable, "linear algebra starts", "%s", *usable ? "as it should" : ntk_error_detail());
    if (!*usable) return faults;
    ntk_blas_describe(blas);
    faults += examine_threads(blas);
    inform("BLAS", blas->version[0] != '\0' ? blas->version : blas->name);
    inform("BLAS kernel in use", blas->core[0] != '\0' ? blas->core : "(it does not say)");
    show_libraries(blas);
    const char *asked = getenv("OPENBLAS_CORETYPE");
    if (asked != NULL &&
        strcmp(blas->name, "OpenBLAS") == 0) /* a name that OpenBLAS does not know is ignored in
                                              * silence */
        faults += judge(strcasecmp(asked, blas->core) == 0, "OPENBLAS_CORETYPE", "asked for %s, got %s",
                        asked, blas->core);
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

/* ---- known answers --------------------------------------------------------------------------- */

/* Random123's published answer of Philox4x64-10 for counter 0 and key 0; a draw keeps its 52
 * leading bits. */
static int test_random(void) {
    ntk_stream stream = {0};
    double draw;
    ntk_stream_uniform(&stream, 1, &draw);
    const double expected = (double)0x16554d9eca36314cu * 0x1p-64;
    return judge(fabs(draw - expected) <= 0x1p-52, "random streams",
                 "Philox4x64-10 gives %.16f, published %.16f", draw, expected);
}

/* Eigenvalues 1 and 3, and -1 and 3: the first has the exact smallest eigenvalue 1, which no
 * certificate may exceed; the second must be refused. */
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

/* For orthogonal arguments of variance 1 and ReLU: E[phi(u) phi(v)] = 1 / (2 pi), E[phi'(u)
 * phi'(v)] = 1/4. */
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

/* The second difference: 2 on the diagonal, -1 beside it. Its eigenvalues are 2 - 2 cos(k pi / (n +
 * 1)), in (0, 4), and a backward stable method errs by a small multiple of n eps times the norm. */
static int test_eigenvalues(void) {
    enum { N = 61 };
    double a[N * N] = {0}, values[N], worst = 0;
    for (int i = 0; i < N; i++) {
        a[i * N + i] = 2;
        if (i > 0) a[i * N + i - 1] = a[(i - 1) * N + i] = -1;
    }
    const ntk_status status = ntk_eigen_symmetric(N, a, N, true, values);
    for (int k = 0; k < N && status == NTK_OK; k++) {
        const double half = sin((k + 1) * 1.57079632679489662 / (N + 1));
        worst = ntk_larger(worst, fabs(values[k] - 4 * half * half));
    }
    return judge(status == NTK_OK && worst <= 4 * N * 0x1p-52, "eigenvalues",
                 "largest error %.1f eps of norm 4", worst / 0x1p-52);
}

/* A = I + B B^T for a B of small integers: A is exact, and the product of the factor with itself
 * may miss it by (n + 1) eps times the norms of the rows. */
static int test_cholesky(void) {
    enum { N = 33 };
    double a[N * N], exact[N * N], b[N * N], worst = 0, norm = 0;
    for (int i = 0; i < N * N; i++) b[i] = (i * 31) % 7 - 3;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) exact[i * N + j] = ntk_dot(N, b + i * N, b + j * N) + (i == j);
    memcpy(a, exact, sizeof a);
    const ntk_status status = ntk_cholesky(N, a, N);
    for (int i = 0; i < N && status == NTK_OK; i++)
        for (int j = 0; j <= i; j++) {
            double product = 0;
            for (int k = 0; k <= j; k++) product += a[i * N + k] * a[j * N + k];
            worst = ntk_larger(worst, fabs(product - exact[i * N + j]));
            norm = ntk_larger(norm, exact[i * N + i]);
        }
    return judge(status == NTK_OK && worst <= (N + 1) * 0x1p-52 * norm, "Cholesky factors",
                 "largest backward error %.1f eps of norm %g", worst / 0x1p-52, norm);
}

enum { COPIES = 8, ORDER = 48 };

static ntk_status multiply(size_t unit, void *context) {
    double *products = context, a[ORDER * ORDER];
    for (int i = 0; i < ORDER * ORDER; i++) a[i] = sin(i);
    return ntk_gemm(NTK_NO_TRANSPOSE, NTK_TRANSPOSE, ORDER, ORDER, ORDER, 1, a, ORDER, a, ORDER, 0,
                    products + unit * ORDER * ORDER, ORDER);
}

/* Called by several threads at once, the library gives each what it gives one alone. */
static int test_threads(void) {
    static double products[COPIES * ORDER * ORDER];
    size_t different = 0;
    ntk_status status = multiply(0, products);
    if (status == NTK_OK) status = ntk_set_workers(2);
    if (status == NTK_OK) status = ntk_linalg_start();
    if (status == NTK_OK) status = ntk_map(COPIES - 1, multiply, products + ORDER * ORDER);
    for (size_t k = 1; k < COPIES; k++)
        different += memcmp(products, products + k * ORDER * ORDER, sizeof products / COPIES) != 0;
    return judge(status == NTK_OK && different == 0, "calls side by side", "%zu of %d differ in their bits",
                 different, COPIES - 1);
}

static int test_linalg(void) {
    return test_certificate() + test_kernel() + test_blas() + test_cholesky() + test_eigenvalues() +
           test_threads();
}

static void conclude(int faults, const ntk_blas_info *blas) {
    if (faults > 0)
        printf("\n%d faults: results of this machine cannot be trusted, or figures will be missing.\n",
               faults);
    else if (strcmp(blas->name, "OpenBLAS") == 0)
        printf("\nThis machine can be trusted with the suite.\n");
    else
        printf("\nThis machine can be trusted with the suite. Its BLAS is %s, not OpenBLAS, with which the "
               "stored "
               "results\nwere computed: numbers differ in their last digits.\n",
               blas->version[0] != '\0' ? blas->version : blas->name);
}

static int run(const cli_arguments *arguments) {
    (void)arguments;
    ntk_blas_info blas = {0};
    bool usable;
    int faults = examine_blas(&blas, &usable);
    faults += examine_machine();
    faults += examine_suite();
    faults += examine_results();
    faults += examine_gnuplot();
    faults += test_random();
    if (usable) faults += test_linalg();
    conclude(faults, &blas);
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
