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
    {"arch", 0, "FAMILY", "dense (default), residual: ReLU blocks without biases, or convolutional"},
    {"depth", 0, "L", "hidden layers, or blocks (default 1)"},
    {"residual-scale", 0, "A", "factor alpha >= 0 of each block (default 1), residual only"},
    {"image", 0, "HxWxC", "height, width and channels of an image; convolutional only (required)"},
    {"layers", 0, "LIST", "'conv 3, pool gauss 2, conv 3' say; convolutional only (required)"},
    {"readout", 0, "KIND", "flatten (default) or average: weights at each position, or the mean over all"},
    {"first-weight-variance", 0, "W2", "w^2 of the first convolution (default: that of the others)"},
    {"activation", 0, "NAME", "relu (default), erf, gelu, tanh, softplus, sigmoid, sin, linear"},
    {"weight-variance", 0, "W2", "w^2 > 0 (default 2)"},
    {"bias-variance", 0, "B2", "b^2 >= 0 (default 0: no biases)"},
    {"input-scale", 0, "SCALE",
     "dimension (default: inner products divided by d; convolutional: by C), or none"},
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

static int read_family(const cli_arguments *arguments, ntk_family *family) {
    static const char *const names[] = {
        [NTK_DENSE] = "dense", [NTK_RESIDUAL] = "residual", [NTK_CONVOLUTIONAL] = "convolutional"};
    const char *value = cli_value(arguments, "arch");
    *family = NTK_DENSE;
    for (size_t k = 0; k < sizeof names / sizeof *names && value != NULL; k++)
        if (strcmp(value, names[k]) == 0) *family = (ntk_family)k;
    if (value == NULL || strcmp(value, names[*family]) == 0) return CLI_OK;
    return cli_usage_error(arguments->command, "--arch takes dense, residual or convolutional, not '%s'",
                           value);
}

/* Options that another family has are refused, not ignored. */
static int check_family_options(const cli_arguments *arguments, ntk_family family) {
    static const struct {
        const char *option, *text;
        bool allowed[3];
    } owners[] = {
        {"residual-scale", "--arch residual", {[NTK_RESIDUAL] = true}},
        {"image", "--arch convolutional", {[NTK_CONVOLUTIONAL] = true}},
        {"layers", "--arch convolutional", {[NTK_CONVOLUTIONAL] = true}},
        {"readout", "--arch convolutional", {[NTK_CONVOLUTIONAL] = true}},
        {"first-weight-variance", "--arch convolutional", {[NTK_CONVOLUTIONAL] = true}},
        {"depth",
         "the other families; --layers says how many there are",
         {[NTK_DENSE] = true, [NTK_RESIDUAL] = true}},
    };
    for (size_t k = 0; k < sizeof owners / sizeof *owners; k++)
        if (!owners[k].allowed[family] && cli_value(arguments, owners[k].option) != NULL)
            return cli_usage_error(arguments->command, "--%s belongs to %s", owners[k].option,
                                   owners[k].text);
    return CLI_OK;
}

/* --image, --layers, --readout and --first-weight-variance. */
static int read_convolution(const cli_arguments *arguments, ntk_architecture *architecture) {
    const char *image = cli_value(arguments, "image"), *layers = cli_value(arguments, "layers");
    bool average = false;
    if (image == NULL || layers == NULL)
        return cli_usage_error(arguments->command,
                               "--arch convolutional needs --image HxWxC and --layers LIST");
    if (ntk_architecture_parse_image(image, architecture) != NTK_OK)
        return cli_usage_error(arguments->command, "--image: %s", ntk_error_detail());
    if (ntk_architecture_parse_layers(layers, architecture) != NTK_OK)
        return cli_usage_error(arguments->command, "--layers: %s", ntk_error_detail());
    int usage = choose(arguments, "readout", "flatten", "average", &average);
    architecture->convolution.readout = average ? NTK_READOUT_AVERAGE : NTK_READOUT_FLATTEN;
    double first = architecture->convolution.first_weight_variance;
    if (usage == CLI_OK) usage = cli_real(arguments, "first-weight-variance", &first);
    if (usage == CLI_OK && cli_value(arguments, "first-weight-variance") != NULL && !(first > 0))
        return cli_usage_error(arguments->command, "--first-weight-variance takes a positive number");
    architecture->convolution.first_weight_variance = first;
    return usage;
}

static int read_architecture(const cli_arguments *arguments, ntk_architecture *architecture,
                             ntk_kernel_type *type) {
    const char *activation = cli_value(arguments, "activation");
    bool no_scale = false, nngp = false;
    int usage = read_family(arguments, &architecture->family);
    if (usage == CLI_OK) usage = check_family_options(arguments, architecture->family);
    if (usage == CLI_OK && architecture->family == NTK_CONVOLUTIONAL)
        usage = read_convolution(arguments, architecture);
    if (usage != CLI_OK) return usage;
    if (activation != NULL && ntk_activation_parse(activation, &architecture->activation) != NTK_OK)
        return cli_usage_error(arguments->command, "--activation: %s", ntk_error_detail());
    usage = cli_size(arguments, "depth", 1, 64, &architecture->depth);
    if (usage == CLI_OK) usage = cli_real(arguments, "residual-scale", &architecture->residual_scale);
    if (usage == CLI_OK) usage = cli_real(arguments, "weight-variance", &architecture->weight_variance);
    if (usage == CLI_OK) usage = cli_real(arguments, "bias-variance", &architecture->bias_variance);
    if (usage == CLI_OK) usage = choose(arguments, "input-scale", "dimension", "none", &no_scale);
    if (usage == CLI_OK) usage = choose(arguments, "type", "ntk", "nngp", &nngp);
    if (usage != CLI_OK) return usage;

    architecture->input_scale = no_scale ? NTK_INPUT_SCALE_NONE : NTK_INPUT_SCALE_DIMENSION;
    *type = nngp ? NTK_KERNEL_NNGP : NTK_KERNEL_NTK;
    if (ntk_architecture_check(architecture) != NTK_OK)
        return cli_usage_error(arguments->command, "%s", ntk_error_detail());
    return CLI_OK;
}

/* ---- computing ------------------------------------------------------------------------------- */

/* Images that come with a shape have the one that --image says: (n, height, width, channels), or
 * without the last where that is 1. Any other shape is taken by its numbers alone. */
static ntk_status check_images(const ntk_architecture *architecture, const ntk_array *x) {
    const ntk_convolution *c = &architecture->convolution;
    if (architecture->family != NTK_CONVOLUTIONAL || x->values == NULL) return NTK_OK;
    const bool as_images = x->axes == 4 || (x->axes == 3 && c->channels == 1);
    const size_t channels = x->axes == 4 ? x->shape[3] : 1;
    if (!as_images || (x->shape[1] == c->height && x->shape[2] == c->width && channels == c->channels))
        return NTK_OK;
    return ntk_fail(NTK_ERROR_SHAPE, "images of %zu x %zu x %zu, where --image says %zu x %zu x %zu",
                    x->shape[1], x->shape[2], channels, c->height, c->width, c->channels);
}

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
    if (status == NTK_OK) status = check_images(architecture, &x);
    if (status == NTK_OK) status = check_images(architecture, &y);
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
        "weight variance and biases are fixed.\n\n"
        "A convolutional network takes images (n, H, W, C) or (n, H*W*C); a signal is an image of height 1. "
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
