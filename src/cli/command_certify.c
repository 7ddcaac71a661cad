/* ntk certify: a verified lower bound of the smallest eigenvalue of a matrix in a file. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ntk/certify.h>
#include <ntk/data.h>
#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/parallel.h>

#include "cli/certify_file.h"
#include "cli/cli.h"
#include "run/catalogue.h"

static const cli_option options[] = {
    {"lower", 0, NULL, "take the lower triangle for the matrix, whatever stands above it"},
    {"memory", 0, "SIZE", "512M or 4G say: read the matrix in tiles where it takes more"},
    {"shift", 0, "S", "prove lambda_min >= S or nearly so, in tiles (default: the best that is found)"},
    {"steps", 0, "N", "of Lanczos's method, in tiles (default 60)"},
    {"folder", 0, "DIR", "for the factor, 4 n^2 bytes, in tiles (default: that of the matrix)"},
    {"jobs", 'j', "N", "workers (default: all processors)"},
    {NULL, 0, NULL, NULL}};

/* ---- in memory ------------------------------------------------------------------------------- */

static ntk_status check_symmetric(size_t n, const double *a) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            if (a[i * n + j] != a[j * n + i])
                return ntk_fail(
                    NTK_ERROR_SHAPE,
                    "not symmetric: [%zu, %zu] is %.17g and [%zu, %zu] is %.17g (--lower takes the "
                    "lower triangle)",
                    i, j, a[i * n + j], j, i, a[j * n + i]);
    return NTK_OK;
}

static ntk_status certify(const cli_arguments *arguments, const ntk_array *a, ntk_certificate *certificate) {
    const size_t n = a->rows;
    if (a->axes > 2) return ntk_fail(NTK_ERROR_SHAPE, "an array of %zu axes is no matrix", a->axes);
    if (n != a->columns)
        return ntk_fail(NTK_ERROR_SHAPE, "a matrix of %zu x %zu is not square", n, a->columns);
    if (!cli_flag(arguments, "lower")) NTK_TRY(check_symmetric(n, a->values));
    return ntk_certify_positive_definite(n, a->values, n, certificate);
}

/* A way out, where there is one. */
static const char *hint(ntk_status status) {
    return status == NTK_ERROR_MEMORY ? " (--memory SIZE reads it in tiles)" : "";
}

static int certify_in_memory(const cli_arguments *arguments) {
    ntk_certificate certificate;
    ntk_array a;
    ntk_status status = ntk_array_read(arguments->names[0], &a);
    if (status != NTK_OK) return cli_error("%s%s", ntk_error_detail(), hint(status));
    status = certify(arguments, &a, &certificate);
    ntk_array_release(&a);
    if (status == NTK_OK) {
        printf("certified: lambda_min >= %.17g\ncomputed, without rigour: %.17g\n",
               certificate.lambda_min_bound, certificate.lambda_min);
        return CLI_OK;
    }
    if (status != NTK_ERROR_NOT_POSITIVE_DEFINITE)
        return cli_error("%s: %s%s", arguments->names[0], ntk_error_detail(), hint(status));
    printf("no certificate: %s\ncomputed, without rigour: %.17g\n", ntk_error_detail(),
           certificate.lambda_min);
    return CLI_NO;
}

/* ---- in tiles -------------------------------------------------------------------------------- */

/* The folder of a file, to be given to ntk_release. */
static ntk_status folder_of(const char *path, char **out) {
    const char *slash = strrchr(path, '/');
    const size_t length = slash == NULL ? 0 : (size_t)(slash - path) + (slash == path);
    void *memory = NULL;
    NTK_TRY(ntk_allocate(length + 2, 1, &memory));
    *out = memory;
    snprintf(*out, length + 2, "%.*s", (int)(length > 0 ? length : 1), length > 0 ? path : ".");
    return NTK_OK;
}

static void print_extremes(const cli_certify_file *c) {
    const ntk_extremes *e = &c->extremes;
    printf("proved: lambda_min <= %.17g\nproved: %.17g <= lambda_max <= %.17g\n", e->min_upper, e->max_lower,
           e->max_upper);
    printf("computed, without rigour: %.17g and %.17g, by %zu steps of Lanczos's method\n", e->lambda_min,
           e->lambda_max, e->steps);
}

static int certify_in_tiles(cli_certify_file *c) {
    char *folder = NULL;
    ntk_status status = c->folder == NULL ? folder_of(c->path, &folder) : NTK_OK;
    if (c->folder == NULL) c->folder = folder;
    if (status == NTK_OK) status = cli_certify_run(c);
    ntk_release(folder);
    if (status == NTK_OK && c->shift > 0 && !(c->bound > 0))
        printf("no positive bound: the shift %g proves lambda_min >= %.17g\n", c->shift, c->bound);
    else if (status == NTK_OK)
        printf("certified: lambda_min >= %.17g\n", c->bound);
    else if (status == NTK_ERROR_NOT_POSITIVE_DEFINITE)
        printf("no certificate: %s\n", ntk_error_detail());
    else if (strncmp(ntk_error_detail(), c->path, strlen(c->path)) == 0)
        return cli_fail(status);
    else
        return cli_error("%s: %s", c->path, ntk_error_detail());
    print_extremes(c);
    return status == NTK_OK && c->bound > 0 ? CLI_OK : CLI_NO;
}

/* ---- the command ----------------------------------------------------------------------------- */

static int dispatch(const cli_arguments *arguments, cli_certify_file *c, size_t jobs) {
    bool tiles = !isnan(c->shift);
    ntk_status status = ntk_set_workers(jobs);
    if (status == NTK_OK) status = ntk_linalg_start();
    if (status == NTK_OK && !tiles && c->memory > 0) status = cli_certify_exceeds(c->path, c->memory, &tiles);
    if (status != NTK_OK) return cli_fail(status);
    return tiles ? certify_in_tiles(c) : certify_in_memory(arguments);
}

static int run(const cli_arguments *arguments) {
    cli_certify_file certificate = {.path = arguments->names[0],
                                    .folder = cli_value(arguments, "folder"),
                                    .lower = cli_flag(arguments, "lower"),
                                    .shift = NAN,
                                    .steps = 60};
    size_t jobs = ntk_processor_count();
    int usage = cli_memory(arguments, &certificate.memory);
    if (usage == CLI_OK) usage = cli_real(arguments, "shift", &certificate.shift);
    if (usage == CLI_OK) usage = cli_size(arguments, "steps", 1, 100000, &certificate.steps);
    if (usage == CLI_OK) usage = cli_size(arguments, "jobs", 1, 4096, &jobs);
    if (usage != CLI_OK) return usage;
    const bool in_tiles = certificate.memory > 0 || !isnan(certificate.shift);
    if (in_tiles && strcmp(certificate.path, "-") == 0)
        return cli_usage_error(arguments->command, "--memory and --shift want a file, not standard input");
    if (!in_tiles && (cli_value(arguments, "steps") != NULL || certificate.folder != NULL))
        return cli_usage_error(arguments->command, "--steps and --folder go with --memory or --shift");
    return dispatch(arguments, &certificate, jobs);
}

const cli_command cli_certify = {
    .name = "certify",
    .synopsis = "[OPTION ...] K.npy",
    .summary = "a verified lower bound of a matrix's smallest eigenvalue",
    .details =
        "Reads a symmetric matrix (.npy of any real type; - for standard input) and prints a lower bound of "
        "its smallest eigenvalue that holds whatever the rounding was. The bound speaks of the numbers as "
        "they are stored. In memory rows in different units do no harm: diag(1e-300, 1) is certified.\n\n"
        "A certificate in memory takes six matrices. Where that is more than --memory the matrix is read in "
        "tiles, and a Cholesky factor of K - S I is kept in a file that has no name and is gone afterwards. "
        "What it proves is a little below the shift S; without --shift several are tried, each in n^3 / 3 "
        "operations, and the best is within a factor of two of what can be had. Lanczos's method adds an "
        "upper bound of lambda_min, which is not sharp where the smallest eigenvalues crowd, and both bounds "
        "of lambda_max.",
    .exit_status =
        "0 with a positive bound; 1 where none can be certified: the matrix is singular, indefinite, or too "
        "close to it for double precision; 5 for a file that cannot be used; 64 wrong usage.",
    .options = options,
    .least_names = 1,
    .most_names = 1,
    .run = run,
};
