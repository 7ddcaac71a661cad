/* ntk kernel: the Gram matrix of an infinitely wide network, from .npy to .npy. */
#include <stdint.h>
#include <string.h>

#include <ntk/data.h>
#include <ntk/kernel.h>
#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/parallel.h>

#include "base/file_lasting.h"
#include "cli/cli.h"
#include "cli/files.h"
#include "cli/kernel_file.h"
#include "cli/network_options.h"
#include "run/catalogue.h"

static const cli_option options[] = {
    CLI_NETWORK_OPTIONS,
    CLI_TYPE_OPTION,
    {"output", 'o', "FILE", "the kernel matrix, .npy, float64 (required); - for standard output"},
    {"float32", 0, NULL, "write float32, each entry rounded once"},
    {"memory", 0, "SIZE", "for blocks in the making, 512M or 4G say (default 1G)"},
    {"resume", 0, NULL, "go on with what a run that was ended has left; else begin"},
    {"shard", 0, "K/N", "make the K-th of N shares; whoever ends last completes FILE"},
    {"jobs", 'j', "N", "workers (default: all processors)"},
    {NULL, 0, NULL, NULL}};

/* ---- the matrix ------------------------------------------------------------------------------ */

static ntk_status check_shapes(const ntk_array *x, const ntk_array *y) {
    if (y->values != NULL && y->columns != x->columns)
        return ntk_fail(NTK_ERROR_SHAPE, "the points have %zu and %zu coordinates", x->columns, y->columns);
    /* Two factors at a time: the product of sizes is checked by the allocation. */
    const size_t n = x->rows, m = y->values != NULL ? y->rows : n;
    if (m != 0 && n > PTRDIFF_MAX / sizeof(double) / m)
        return ntk_fail(NTK_ERROR_SHAPE, "a kernel of %zu x %zu is too large", n, m);
    return NTK_OK;
}

/* In memory, and written from the first byte to the last: what a pipe takes. */
static ntk_status compute_whole(const cli_kernel_file *request) {
    const ntk_array *x = request->x, *y = request->y;
    const size_t n = x->rows, d = x->columns, m = y->values != NULL ? y->rows : n;
    double *kernel;
    NTK_TRY(ntk_allocate_doubles(n * m, &kernel));
    ntk_status status = y->values != NULL ? ntk_kernel_cross(request->architecture, request->type, n, m, d,
                                                             x->values, d, y->values, d, kernel, m)
                                          : ntk_kernel_gram(request->architecture, request->type, n, d,
                                                            x->values, d, kernel, n);
    if (status == NTK_OK) status = ntk_npy_write(request->output, request->number, n, m, kernel);
    ntk_release(kernel);
    return status;
}

static ntk_status compute(const cli_kernel_file *request, bool limited) {
    bool replaceable = false;
    NTK_TRY(check_shapes(request->x, request->y));
    NTK_TRY(ntk_file_examine(request->output, &replaceable));
    const bool sharded = request->shard.count > 0;
    if (!replaceable && (limited || request->resume || sharded))
        return ntk_fail(NTK_ERROR_ARGUMENT, "%s: --%s wants a regular file to write to", request->output,
                        sharded           ? "shard"
                        : request->resume ? "resume"
                                          : "memory");
    const bool whole = !replaceable || (!request->resume && !sharded && cli_kernel_is_one_block(request));
    return whole ? compute_whole(request) : cli_kernel_write(request);
}

/* ---- the command ----------------------------------------------------------------------------- */

/* Of the options that decide the result, as they were given. */
static ntk_digest digest_options(const cli_arguments *arguments) {
    static const char *const others[] = {"output", "jobs", "memory", "resume", "shard"};
    ntk_digest digest = NTK_DIGEST_START;
    for (size_t i = 0; options[i].name != NULL; i++) {
        bool decides = arguments->values[i] != NULL;
        for (size_t k = 0; k < sizeof others / sizeof *others; k++)
            if (strcmp(options[i].name, others[k]) == 0) decides = false;
        if (decides) digest = ntk_digest_text(ntk_digest_text(digest, options[i].name), arguments->values[i]);
    }
    return digest;
}

static int read_shard(const cli_arguments *arguments, ntk_shard *out) {
    const char *text = cli_value(arguments, "shard");
    if (text == NULL || ntk_shard_parse(text, out) == NTK_OK) return CLI_OK;
    return cli_usage_error(arguments->command, "--shard: %s", ntk_error_detail());
}

static ntk_status read_and_compute(const cli_arguments *arguments, ntk_architecture *architecture,
                                   cli_kernel_file *request, size_t jobs) {
    ntk_array x = {0}, y = {0};
    NTK_TRY(ntk_set_workers(jobs));
    NTK_TRY(ntk_linalg_start());
    ntk_status status = cli_read_points(architecture, arguments->names[0], &x);
    if (status == NTK_OK && arguments->name_count > 1)
        status = cli_read_points(architecture, arguments->names[1], &y);
    request->architecture = architecture;
    request->x = &x;
    request->y = &y;
    if (status == NTK_OK) status = compute(request, cli_value(arguments, "memory") != NULL);
    ntk_array_release(&x);
    ntk_array_release(&y);
    return status;
}

static int run(const cli_arguments *arguments) {
    ntk_architecture architecture;
    cli_kernel_file request = {.output = cli_value(arguments, "output"),
                               .number = cli_flag(arguments, "float32") ? NTK_NPY_FLOAT32 : NTK_NPY_FLOAT64,
                               .memory = (size_t)1 << 30,
                               .options = digest_options(arguments),
                               .resume = cli_flag(arguments, "resume")};
    size_t jobs = ntk_processor_count();
    int usage = cli_network(arguments, &architecture);
    if (usage == CLI_OK) usage = cli_kernel_type(arguments, &request.type);
    if (usage == CLI_OK) usage = cli_size(arguments, "jobs", 1, 4096, &jobs);
    if (usage == CLI_OK) usage = cli_memory(arguments, &request.memory);
    if (usage == CLI_OK) usage = read_shard(arguments, &request.shard);
    if (usage != CLI_OK) return usage;
    if (request.output == NULL) return cli_usage_error(arguments->command, "-o FILE is required");
    usage = cli_check_files(arguments, 1, &(const char *){"output"}, arguments->name_count, arguments->names);
    if (usage != CLI_OK) return usage;
    const ntk_status status = read_and_compute(arguments, &architecture, &request, jobs);
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
        "A large matrix is written block by block into FILE.part, which becomes FILE when it is "
        "complete: the memory that it takes is that of --memory, of the points and of what is known of "
        "each. The bytes are the same for any memory and any number of workers. A run that was ended "
        "leaves FILE.part and its journal, FILE.part.journal; the same command with --resume goes on, "
        "without it begins again. Other points, options or another program are refused. Pipes and "
        "devices get a matrix that was made in memory.\n\n"
        "With --shard K/N, N processes make one matrix, at once or one after another, on machines that "
        "share a file system. Each writes its share into FILE.part, and whoever completes the last share "
        "makes it FILE, with the bytes of a run without shards. Points, options and program must be the "
        "same for all, but for --memory, --jobs and --resume. A share that was ended or has failed stays "
        "to be resumed; to begin all again, remove FILE.part*. FILE must not exist when the first "
        "begins.\n\n"
        "Each block of a residual network adds alpha (sqrt(1/m) V phi(w/sqrt(m) W h + w b beta) + b gamma) "
        "to h = W x/sqrt(d) + b beta; there are no biases at the output.\n\n"
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
