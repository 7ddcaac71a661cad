/* ntk enclose: intervals that are certain to hold the exact kernels of the points in a file. */
#include <stdio.h>

#include <ntk/data.h>
#include <ntk/enclosure.h>
#include <ntk/file.h>
#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/parallel.h>

#include "cli/cli.h"
#include "cli/files.h"
#include "cli/network_options.h"
#include "run/catalogue.h"

static const cli_option options[] = {
    CLI_NETWORK_OPTIONS,
    {"output", 'o', "FILE", "the enclosures, JSON (required); - for standard output"},
    {"jobs", 'j', "N", "workers (default: all processors)"},
    {NULL, 0, NULL, NULL}};

/* Both kernels of n points: intervals (n, n) and of the smallest eigenvalue, by ntk_kernel_type. */
typedef struct {
    size_t n;
    ntk_interval *entries[2], lambda_min[2];
} enclosures;

/* ---- computing ------------------------------------------------------------------------------- */

/* Lower triangle by rows. */
static ntk_status enclose_pairs(const ntk_architecture *architecture, const ntk_array *x, size_t count,
                                size_t *pairs, ntk_interval *nngp, ntk_interval *ntk) {
    for (size_t i = 0, k = 0; i < x->rows; i++)
        for (size_t j = 0; j <= i; j++, k++) {
            pairs[2 * k] = i;
            pairs[2 * k + 1] = j;
        }
    return ntk_enclosure_entries(architecture, x->rows, x->columns, x->values, x->columns, count, pairs, nngp,
                                 ntk);
}

/* From the front part of the room (n, n), where the triangle lies, to the full matrix. */
static void spread(size_t n, ntk_interval *a) {
    for (size_t i = n; i-- > 0;)
        for (size_t j = i + 1; j-- > 0;) a[i * n + j] = a[i * (i + 1) / 2 + j];
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) a[i * n + j] = a[j * n + i];
}

static ntk_status enclose(const ntk_architecture *architecture, const ntk_array *x, enclosures *out) {
    const size_t n = x->rows, count = n * (n + 1) / 2;
    void *memory[3] = {NULL};
    out->n = n;
    if (n > 30000) return ntk_fail(NTK_ERROR_SHAPE, "enclosures of %zu points are too many", n);
    ntk_status status = ntk_allocate(n * n, sizeof(ntk_interval), &memory[0]);
    if (status == NTK_OK) status = ntk_allocate(n * n, sizeof(ntk_interval), &memory[1]);
    if (status == NTK_OK) status = ntk_allocate(count, 2 * sizeof(size_t), &memory[2]);
    for (size_t k = 0; k < 2; k++) out->entries[k] = memory[k];
    if (status == NTK_OK)
        status = enclose_pairs(architecture, x, count, memory[2], out->entries[NTK_KERNEL_NNGP],
                               out->entries[NTK_KERNEL_NTK]);
    ntk_release(memory[2]);
    for (int k = 0; k < 2 && status == NTK_OK; k++) {
        spread(n, out->entries[k]);
        if (n <= NTK_ENCLOSURE_MOST_POINTS)
            status = ntk_enclosure_lambda_min(architecture, (ntk_kernel_type)k, n, x->columns, x->values,
                                              x->columns, &out->lambda_min[k]);
    }
    return status;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void write_ends(FILE *stream, size_t n, const ntk_interval *a, bool high) {
    fprintf(stream, "    \"%s\": [\n", high ? "high" : "low");
    for (size_t i = 0; i < n; i++) {
        fprintf(stream, "      [");
        for (size_t j = 0; j < n; j++)
            fprintf(stream, "%s%.17g", j > 0 ? ", " : "", high ? a[i * n + j].high : a[i * n + j].low);
        fprintf(stream, "]%s\n", i + 1 < n ? "," : "");
    }
    fprintf(stream, "    ]%s\n", high ? "" : ",");
}

static void write_kernel(FILE *stream, const enclosures *e, ntk_kernel_type type) {
    fprintf(stream, "  \"%s\": {\n    \"lambda_min\": ", type == NTK_KERNEL_NTK ? "ntk" : "nngp");
    if (e->n <= NTK_ENCLOSURE_MOST_POINTS)
        fprintf(stream, "[%.17g, %.17g],\n", e->lambda_min[type].low, e->lambda_min[type].high);
    else
        fprintf(stream, "null,\n");
    write_ends(stream, e->n, e->entries[type], false);
    write_ends(stream, e->n, e->entries[type], true);
    fprintf(stream, "  }");
}

static ntk_status write_enclosures(const enclosures *e, const char *path) {
    ntk_file *file;
    NTK_TRY(ntk_file_create(path, &file));
    FILE *stream = ntk_file_stream(file);
    fprintf(stream, "{\n  \"points\": %zu,\n", e->n);
    write_kernel(stream, e, NTK_KERNEL_NTK);
    fprintf(stream, ",\n");
    write_kernel(stream, e, NTK_KERNEL_NNGP);
    fprintf(stream, "\n}\n");
    return ntk_file_commit(file);
}

/* ---- the command ----------------------------------------------------------------------------- */

static ntk_status read_and_enclose(const cli_arguments *arguments, ntk_architecture *architecture,
                                   size_t jobs) {
    ntk_array x;
    enclosures e = {0};
    NTK_TRY(ntk_set_workers(jobs));
    NTK_TRY(ntk_linalg_start());
    NTK_TRY(cli_read_points(architecture, arguments->names[0], &x));
    ntk_status status = enclose(architecture, &x, &e);
    if (status == NTK_OK) status = write_enclosures(&e, cli_value(arguments, "output"));
    ntk_release(e.entries[0]);
    ntk_release(e.entries[1]);
    ntk_array_release(&x);
    return status;
}

static int run(const cli_arguments *arguments) {
    ntk_architecture architecture;
    size_t jobs = ntk_processor_count();
    int usage = cli_network(arguments, &architecture);
    if (usage == CLI_OK) usage = cli_size(arguments, "jobs", 1, 4096, &jobs);
    if (usage != CLI_OK) return usage;
    if (cli_value(arguments, "output") == NULL)
        return cli_usage_error(arguments->command, "-o FILE is required");
    usage = cli_check_files(arguments, 1, &(const char *){"output"}, arguments->name_count, arguments->names);
    if (usage != CLI_OK) return usage;
    const ntk_status status = read_and_enclose(arguments, &architecture, jobs);
    return status == NTK_OK ? CLI_OK : cli_fail(status);
}

const cli_command cli_enclose = {
    .name = "enclose",
    .synopsis = "[OPTION ...] X -o FILE.json",
    .summary = "intervals that are certain to hold the exact kernel matrix",
    .details =
        "Encloses NTK and NNGP of the points in the rows of X, entry by entry, and for up to 64 points the "
        "smallest eigenvalue of each: two doubles between which the exact number lies. They are computed in "
        "ball arithmetic from the stored numbers, with as many bits as it takes, and are one or two units "
        "in the last place apart. Options and files are those of `ntk kernel`; see there.\n\n"
        "The output has the members points, and for ntk and nngp lambda_min [low, high] (null for more than "
        "64 points), low and high (n rows of n numbers, of 17 digits, which is what a double needs).\n\n"
        "Networks: all of `ntk kernel`. tanh, sigmoid and softplus, which have no closed form, take some "
        "20 ms an entry and layer, the others microseconds.",
    .exit_status = "0 when the file is written, 5 for files that cannot be used, 64 wrong usage.",
    .options = options,
    .least_names = 1,
    .most_names = 1,
    .run = run,
};
