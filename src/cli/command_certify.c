/* ntk certify: a verified lower bound of the smallest eigenvalue of a matrix in a file. */
#include <stdio.h>

#include <ntk/certify.h>
#include <ntk/data.h>
#include <ntk/linalg.h>

#include "cli/cli.h"

static const cli_option options[] = {
    {"lower", 0, NULL, "take the lower triangle for the matrix, whatever stands above it"},
    {NULL, 0, NULL, NULL}};

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

static int run(const cli_arguments *arguments) {
    ntk_certificate certificate;
    ntk_array a;
    ntk_status status = ntk_linalg_start();
    if (status == NTK_OK) status = ntk_array_read(arguments->names[0], &a);
    if (status != NTK_OK) return cli_fail(status);
    status = certify(arguments, &a, &certificate);
    ntk_array_release(&a);
    if (status == NTK_OK) {
        printf("certified: lambda_min >= %.17g\ncomputed, without rigour: %.17g\n",
               certificate.lambda_min_bound, certificate.lambda_min);
        return CLI_OK;
    }
    if (status != NTK_ERROR_NOT_POSITIVE_DEFINITE)
        return cli_error("%s: %s", arguments->names[0], ntk_error_detail());
    printf("no certificate: %s\ncomputed, without rigour: %.17g\n", ntk_error_detail(),
           certificate.lambda_min);
    return CLI_NO;
}

const cli_command cli_certify = {
    .name = "certify",
    .synopsis = "[--lower] K.npy",
    .summary = "a verified lower bound of a matrix's smallest eigenvalue",
    .details =
        "Reads a symmetric matrix (.npy of any real type; - for standard input) and prints a lower bound of "
        "its smallest eigenvalue that holds whatever the rounding was. The bound speaks of the numbers as "
        "they are stored. Rows in different units do no harm: diag(1e-300, 1) is certified.",
    .exit_status =
        "0 with a positive bound; 1 where none can be certified: the matrix is singular, indefinite, or too "
        "close to it for double precision; 5 for a file that cannot be used; 64 wrong usage.",
    .options = options,
    .least_names = 1,
    .most_names = 1,
    .run = run,
};
