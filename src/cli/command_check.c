/* ntk check: how many digits a kernel matrix has that anybody has computed. */
#include <stdio.h>
#include <string.h>

#include <ntk/accuracy.h>
#include <ntk/data.h>
#include <ntk/linalg.h>
#include <ntk/parallel.h>

#include "cli/accuracy_report.h"
#include "cli/cli.h"
#include "cli/files.h"
#include "cli/network_options.h"
#include "cli/reference_check.h"
#include "run/catalogue.h"
#include "run/json.h"

/* What double precision leaves after a careful computation of a few layers. */
static const double default_digits = 12;

static const cli_option options[] = {
    CLI_NETWORK_OPTIONS,
    CLI_TYPE_OPTION,
    {"digits", 0, "N", "digits that every entry has to have (default 12)"},
    {"reference", 0, NULL, "the cases of data/reference: list them, or judge the answers in DIR"},
    {"json", 0, NULL, "print JSON"},
    {"jobs", 'j', "N", "workers (default: all processors)"},
    {NULL, 0, NULL, NULL}};

/* ---- one matrix ------------------------------------------------------------------------------ */

typedef struct {
    ntk_architecture architecture;
    ntk_kernel_type type;
    ntk_array x, y, k; /* y: none for a Gram matrix */
} problem;

static ntk_status check_shape(const problem *p) {
    const size_t columns = p->y.values != NULL ? p->y.rows : p->x.rows;
    if (p->y.values != NULL && p->y.columns != p->x.columns)
        return ntk_fail(NTK_ERROR_SHAPE, "the points have %zu and %zu coordinates", p->x.columns,
                        p->y.columns);
    if (p->k.axes <= 2 && p->k.rows == p->x.rows && p->k.columns == columns) return NTK_OK;
    return ntk_fail(NTK_ERROR_SHAPE, "the matrix is %zu x %zu%s, and the points want %zu x %zu", p->k.rows,
                    p->k.columns, p->k.axes > 2 ? " (of more than two axes)" : "", p->x.rows, columns);
}

static ntk_status read(const cli_arguments *arguments, problem *p) {
    const size_t last = arguments->name_count - 1;
    NTK_TRY(cli_read_points(&p->architecture, arguments->names[0], &p->x));
    if (last == 2) NTK_TRY(cli_read_points(&p->architecture, arguments->names[1], &p->y));
    NTK_TRY(ntk_array_read(arguments->names[last], &p->k));
    return check_shape(p);
}

static ntk_status judge(const problem *p, ntk_accuracy *out) {
    const ntk_array *x = &p->x, *y = &p->y, *k = &p->k;
    if (y->values == NULL)
        return ntk_accuracy_gram(&p->architecture, p->type, x->rows, x->columns, x->values, x->columns,
                                 k->values, k->columns, out);
    return ntk_accuracy_cross(&p->architecture, p->type, x->rows, y->rows, x->columns, x->values, x->columns,
                              y->values, y->columns, k->values, k->columns, out);
}

static int report(const ntk_accuracy *accuracy, double digits, bool json) {
    if (!json) {
        accuracy_print(accuracy, digits);
    } else {
        json_t *out = accuracy_to_json(accuracy);
        ntk_json_set_number(out, "digits_wanted", digits);
        const ntk_status status = ntk_json_write(out, "-");
        if (status != NTK_OK) return cli_fail(status);
    }
    return accuracy_is_enough(accuracy, digits) ? CLI_OK : CLI_NO;
}

static int check_matrix(const cli_arguments *arguments, problem *p, double digits) {
    ntk_accuracy accuracy;
    ntk_status status = ntk_linalg_start();
    if (status == NTK_OK) status = read(arguments, p);
    if (status == NTK_OK) status = judge(p, &accuracy);
    ntk_array_release(&p->x);
    ntk_array_release(&p->y);
    ntk_array_release(&p->k);
    return status == NTK_OK ? report(&accuracy, digits, cli_flag(arguments, "json")) : cli_fail(status);
}

/* ---- the command ----------------------------------------------------------------------------- */

/* A case says which network it has: options that say something else would be passed over. They
 * stand first in the table. */
static int refuse_network(const cli_arguments *arguments) {
    for (size_t i = 0; strcmp(options[i].name, "digits") != 0; i++)
        if (arguments->values[i] != NULL)
            return cli_usage_error(arguments->command,
                                   "--%s does not go with --reference: each case says what its network is",
                                   options[i].name);
    return CLI_OK;
}

static int check_reference(const cli_arguments *arguments, double digits) {
    const bool json = cli_flag(arguments, "json");
    const int usage = refuse_network(arguments);
    if (usage != CLI_OK) return usage;
    if (arguments->name_count > 1)
        return cli_usage_error(arguments->command, "--reference takes one folder, or none");
    if (arguments->name_count == 0) return reference_print_cases(json);
    const ntk_status status = ntk_linalg_start();
    return status == NTK_OK ? reference_judge(arguments->names[0], digits, json) : cli_fail(status);
}

static int run(const cli_arguments *arguments) {
    problem p = {.type = NTK_KERNEL_NTK};
    double digits = default_digits;
    size_t jobs = ntk_processor_count();
    int usage = cli_network(arguments, &p.architecture);
    if (usage == CLI_OK) usage = cli_kernel_type(arguments, &p.type);
    if (usage == CLI_OK) usage = cli_real(arguments, "digits", &digits);
    if (usage == CLI_OK && !(digits >= 0 && digits <= 15))
        usage = cli_usage_error(arguments->command, "--digits takes a number from 0 to 15");
    if (usage == CLI_OK) usage = cli_size(arguments, "jobs", 1, 4096, &jobs);
    if (usage != CLI_OK) return usage;
    const ntk_status status = ntk_set_workers(jobs);
    if (status != NTK_OK) return cli_fail(status);
    if (cli_flag(arguments, "reference")) return check_reference(arguments, digits);
    if (arguments->name_count < 2)
        return cli_usage_error(arguments->command, "points and a matrix are wanted, or --reference");
    usage = cli_check_files(arguments, 0, NULL, arguments->name_count, arguments->names);
    if (usage != CLI_OK) return usage;
    return check_matrix(arguments, &p, digits);
}

const cli_command cli_check = {
    .name = "check",
    .synopsis = "[OPTION ...] X [Y] K.npy | --reference [DIR]",
    .summary = "how many digits a kernel matrix has, whoever computed it",
    .details =
        "Compares the kernel matrix K of the points in the rows of X, or between the points of X and Y, "
        "with the exact kernel: with intervals that are certain to hold its entries (`ntk enclose`), not "
        "with another computation. Options that describe the network and files are those of `ntk kernel`.\n\n"
        "Printed are the digits of the worst entry, its place, and what it should be; an error is relative "
        "to "
        "sqrt(K_ii K_jj), and at most what is said. Of a Gram matrix also whether it is symmetric, whether "
        "it is certain to be positive definite, or certain not to be, and its smallest eigenvalue beside "
        "the exact one (for up to 64 points). A matrix that is not symmetric is judged in both triangles, "
        "and "
        "its eigenvalues are those of the lower one.\n\n"
        "Every entry is judged for up to 20,000 pairs of points. Of more, 10,000 pairs that are spread over "
        "the matrix and always the same, the diagonal, and the 1,000 that lie farthest from the kernel that "
        "`ntk kernel` computes.\n\n"
        "--reference alone lists the reference cases, two kernels for each line of data/reference/cases.tsv. "
        "With a folder it judges the answers K_CASE.npy in it against the stored enclosures, a line each: "
        "digits, case, worst entry, smallest eigenvalue, the exact one. Answers that are missing are counted "
        "and not held against the others.",
    .exit_status =
        "0 when all have the digits wanted; 1 when one has fewer, or a folder holds no answer or one that "
        "cannot be used; 5 for files that cannot be used; 64 wrong usage.",
    .options = options,
    .least_names = 0,
    .most_names = 3,
    .run = run,
};
