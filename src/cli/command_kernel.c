/* ntk kernel: the Gram matrix of an infinitely wide network, from .npy to .npy. */
#include <stdio.h>
#include <string.h>

#include <ntk/data.h>
#include <ntk/kernel.h>
#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/parallel.h>

#include "cli/cli.h"
#include "run/catalogue.h"

static const cli_option options[] = {
    {"arch", 0, "FAMILY", "dense (default), or residual: ReLU blocks without biases"},
    {"depth", 0, "L", "hidden layers, or blocks (default 1)"},
    {"residual-scale", 0, "A", "factor alpha >= 0 of each block (default 1), residual only"},
    {"activation", 0, "NAME", "relu (default), erf, gelu, tanh, softplus, sigmoid, sin, linear"},
    {"weight-variance", 0, "W2", "w^2 > 0 (default 2)"},
    {"bias-variance", 0, "B2", "b^2 >= 0 (default 0: no biases)"},
    {"input-scale", 0, "SCALE", "dimension (default: inner products divided by d), or none"},
    {"type", 0, "TYPE", "ntk (default) or nngp"},
    {"output", 'o', "FILE", "the kernel matrix, .npy, float64 (required); - for standard output"},
    {"jobs", 'j', "N", "workers (default: all processors)"},
    {NULL, 0, NULL, NULL}};

/* ---- options --------------------------------------------------------------------------------- */

/* One of two names; *second tells which. */
static int choose(const cli_arguments *arguments, const char *name, const char *first, const char *other,
                  bool *second) {
    const char *value = cli_value(arguments, name);
    *second = value != NULL && strcmp(value, other) == 0;
    if (value == NULL || *second || strcmp(value, first) == 0) return CLI_OK;
    return cli_usage_error(arguments->command, "--%s takes %s or %s, not '%s'", name, first, other, value);
}

static int read_architecture(const cli_arguments *arguments, ntk_architecture *architecture,
                             ntk_kernel_type *type) {
    const char *activation = cli_value(arguments, "activation");
    bool no_scale = false, nngp = false, residual = false;
    int usage = choose(arguments, "arch", "dense", "residual", &residual);
    if (usage != CLI_OK) return usage;
    if (!residual && cli_value(arguments, "residual-scale") != NULL)
        return cli_usage_error(arguments->command, "--residual-scale belongs to --arch residual");
    if (activation != NULL && ntk_activation_parse(activation, &architecture->activation) != NTK_OK)
        return cli_usage_error(arguments->command, "--activation: %s", ntk_error_detail());
    usage = cli_size(arguments, "depth", 1, 64, &architecture->depth);
    if (usage == CLI_OK) usage = cli_real(arguments, "residual-scale", &architecture->residual_scale);
    if (usage == CLI_OK) usage = cli_real(arguments, "weight-variance", &architecture->weight_variance);
    if (usage == CLI_OK) usage = cli_real(arguments, "bias-variance", &architecture->bias_variance);
    if (usage == CLI_OK) usage = choose(arguments, "input-scale", "dimension", "none", &no_scale);
    if (usage == CLI_OK) usage = choose(arguments, "type", "ntk", "nngp", &nngp);
    if (usage != CLI_OK) return usage;
    architecture->family = residual ? NTK_RESIDUAL : NTK_DENSE;
    architecture->input_scale = no_scale ? NTK_INPUT_SCALE_NONE : NTK_INPUT_SCALE_DIMENSION;
    *type = nngp ? NTK_KERNEL_NNGP : NTK_KERNEL_NTK;
    if (ntk_architecture_check(architecture) != NTK_OK)
        return cli_usage_error(arguments->command, "%s", ntk_error_detail());
    return CLI_OK;
}

/* ---- computing ------------------------------------------------------------------------------- */

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

static ntk_status read_and_compute(const cli_arguments *arguments, const ntk_architecture *architecture,
                                   ntk_kernel_type type, size_t jobs) {
    ntk_array x = {0}, y = {0};
    NTK_TRY(ntk_set_workers(jobs));
    NTK_TRY(ntk_linalg_start());
    ntk_status status = ntk_array_read(arguments->names[0], &x);
    if (status == NTK_OK && arguments->name_count > 1) status = ntk_array_read(arguments->names[1], &y);
    if (status == NTK_OK) status = compute(architecture, type, &x, &y, cli_value(arguments, "output"));
    ntk_array_release(&x);
    ntk_array_release(&y);
    return status;
}

static int run(const cli_arguments *arguments) {
    ntk_architecture architecture = ntk_architecture_default();
    ntk_kernel_type type = NTK_KERNEL_NTK;
    size_t jobs = ntk_processor_count();
    int usage = read_architecture(arguments, &architecture, &type);
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
        "weight variance and biases are fixed.",
    .exit_status = "0 when the matrix is written, 5 for files that cannot be used, 64 wrong usage.",
    .options = options,
    .least_names = 1,
    .most_names = 2,
    .run = run,
};
