/* ntk kernel: the Gram matrix of an infinitely wide network, from .npy to .npy. */
#include <stdio.h>

#include <ntk/data.h>
#include <ntk/kernel.h>
#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/parallel.h>

#include "cli/cli.h"
#include "cli/network_options.h"
#include "run/catalogue.h"

static const cli_option options[] = {
    CLI_NETWORK_OPTIONS,
    CLI_TYPE_OPTION,
    {"output", 'o', "FILE", "the kernel matrix, .npy, float64 (required); - for standard output"},
    {"jobs", 'j', "N", "workers (default: all processors)"},
    {NULL, 0, NULL, NULL}};

static ntk_status compute(const ntk_architecture *architecture, ntk_kernel_type type, const ntk_array *x,
                          const ntk_array *y, const char *output) {
    if (y->values != NULL && y->columns != x->columns)
        return ntk_fail(NTK_ERROR_SHAPE, "the points have %zu and %zu coordinates", x->columns, y->columns);
    const size_t n = x->rows, d = x->columns, m = y->values != NULL ? y->rows : n;
    /* Two factors at a time: the product of sizes is checked by the allocation. */
    if (m != 0 && n > (size_t)-1 / m)
        return ntk_fail(NTK_ERROR_SHAPE, "a kernel of %zu x %zu is too large", n, m);
    double *kernel;
    NTK_TRY(ntk_allocate_doubles(n * m, &kernel));
    ntk_status status =
        y->values != NULL
            ? ntk_kernel_cross(architecture, type, n, m, d, x->values, d, y->values, d, kernel, m)
            : ntk_kernel_gram(architecture, type, n, d, x->values, d, kernel, n);
    if (status == NTK_OK) status = ntk_npy_write(output, NTK_NPY_FLOAT64, n, m, kernel);
    ntk_release(kernel);
    return status;
}

static ntk_status read_and_compute(const cli_arguments *arguments, ntk_architecture *architecture,
                                   ntk_kernel_type type, size_t jobs) {
    ntk_array x = {0}, y = {0};
    NTK_TRY(ntk_set_workers(jobs));
    NTK_TRY(ntk_linalg_start());
    ntk_status status = cli_read_points(architecture, arguments->names[0], &x);
    if (status == NTK_OK && arguments->name_count > 1)
        status = cli_read_points(architecture, arguments->names[1], &y);
    if (status == NTK_OK) status = compute(architecture, type, &x, &y, cli_value(arguments, "output"));
    ntk_array_release(&x);
    ntk_array_release(&y);
    return status;
}

static int run(const cli_arguments *arguments) {
    ntk_architecture architecture;
    ntk_kernel_type type;
    size_t jobs = ntk_processor_count();
    int usage = cli_network(arguments, &architecture);
    if (usage == CLI_OK) usage = cli_kernel_type(arguments, &type);
    if (usage == CLI_OK) usage = cli_size(arguments, "jobs", 1, 4096, &jobs);
    if (usage != CLI_OK) return usage;
    if (cli_value(arguments, "output") == NULL)
        return cli_usage_error(arguments->command, "-o FILE is required");
    const ntk_status status = read_and_compute(arguments, &architecture, type, jobs);
    return status == NTK_OK ? CLI_OK : cli_fail(status);
}

const cli_command cli_kernel = {
    .name = "kernel",
    .synopsis = "[OPTION ...] X [Y] -o K.npy",
    .summary = "the kernel matrix of an infinitely wide network",
    .details =
        "Computes the NTK (or NNGP) of the points in the rows of X, or between the points of X and Y, for a "
        "network of infinite width in the NTK parametrisation. For several outputs the NTK is this matrix "
        "times the identity.\n\n"
        "X and Y are .npy files of any real type, or IDX files (MNIST's), plain or gzip. Their first axis "
        "counts the points, the others are joined, and numbers are taken as they are. A name - stands for "
        "standard input, -o - for standard output.\n\n"
        "Each block of a residual network adds alpha sqrt(1/m) V relu(sqrt(2/m) W h) to h; its activation, "
        "weight variance and biases are fixed.\n\n"
        "A convolutional network takes images (n, H, W, C) or (n, H*W*C); a signal is an image of height 1. "
        "Without --image points have the shape that their file tells, and rows are signals. "
        "Its layers are a list between commas: 'conv P' for patches of P x P and, in any order, 'stride T' "
        "(default 1), 'zero' (default) or 'circular' for what lies outside, 'mean' (default) or 'sum' for "
        "the scale of a patch. Behind a convolution stands 'pool KIND S', where the images are averaged and "
        "every S-th position is kept: box, gauss (weights exp(-i^2/S^2), whole windows), gauss-same or "
        "gauss-circular.",
    .exit_status = "0 when the matrix is written, 5 for files that cannot be used, 64 wrong usage.",
    .options = options,
    .least_names = 1,
    .most_names = 2,
    .run = run,
};
