/* ntk solve: kernel regression and kernel logistic regression. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <ntk/linalg.h>
#include <ntk/parallel.h>

#include "base/file_lasting.h"
#include "cli/cli.h"
#include "cli/files.h"
#include "cli/network_options.h"
#include "cli/solve.h"
#include "data/npy_write.h"
#include "run/catalogue.h"
#include "run/json.h"

static const cli_option options[] = {
    CLI_NETWORK_OPTIONS,
    CLI_TYPE_OPTION,
    {"kernel", 0, "K.npy", "the Gram matrix, read in tiles; X may then be left out"},
    {"loss", 0, "LOSS", "squared (default), logistic or softmax"},
    {"lambda", 0, "L", "the regulariser (required): >= 0, > 0 but for the squared loss"},
    {"output", 'o', "FILE", "the coefficients, .npy of (n, K) (required); - for standard output"},
    {"fitted", 0, "FILE", "the outputs f at the n points, .npy of (n, K)"},
    {"predict", 0, "POINTS", "new points"},
    {"predictions", 0, "FILE", "the outputs f there, .npy of (points, K)"},
    {"tolerance", 0, "T", "what the residual may be (default 1e-10; 1e-8 for logistic and softmax)"},
    {"absolute-tolerance", 0, "T", "logistic and softmax, for w next to nothing (default 1e-10)"},
    {"rank", 0, "R", "of the preconditioner (default 500, or what fits into the memory)"},
    {"max-iterations", 0, "N", "products with the matrix, in all (default 2000)"},
    {"entry-error", 0, "E", "what entries may be off by, relative to sqrt(K_ii K_jj) (default 2^-51)"},
    {"lambda-min", 0, "M", "a proved lower bound of the smallest eigenvalue, of `ntk certify` say"},
    {"memory", 0, "SIZE", "in all, 512M or 4G say (default 1G)"},
    {"json", 0, NULL, "print JSON"},
    {"jobs", 'j', "N", "workers (default: all processors)"},
    {NULL, 0, NULL, NULL}};

/* ---- options --------------------------------------------------------------------------------- */

static int read_loss(const cli_arguments *arguments, ntk_loss *loss) {
    static const char *const names[] = {
        [NTK_LOSS_SQUARED] = "squared", [NTK_LOSS_LOGISTIC] = "logistic", [NTK_LOSS_SOFTMAX] = "softmax"};
    const char *value = cli_value(arguments, "loss");
    *loss = NTK_LOSS_SQUARED;
    for (size_t k = 0; k < sizeof names / sizeof *names && value != NULL; k++)
        if (strcmp(value, names[k]) == 0) *loss = (ntk_loss)k;
    if (value == NULL || strcmp(value, names[*loss]) == 0) return CLI_OK;
    return cli_usage_error(arguments->command, "--loss takes squared, logistic or softmax, not '%s'", value);
}

/* A number that is not negative. */
static int read_size(const cli_arguments *arguments, const char *name, double *out) {
    const int usage = cli_real(arguments, name, out);
    if (usage != CLI_OK || *out >= 0) return usage;
    return cli_usage_error(arguments->command, "--%s takes a number >= 0, not '%s'", name,
                           cli_value(arguments, name));
}

static int read_lambda(const cli_arguments *arguments, cli_solve_problem *p) {
    if (cli_value(arguments, "lambda") == NULL)
        return cli_usage_error(arguments->command, "--lambda L is required");
    int usage = read_size(arguments, "lambda", &p->lambda);
    if (usage == CLI_OK) usage = read_size(arguments, "lambda-min", &p->lambda_min);
    if (usage == CLI_OK && p->lambda == 0 && p->loss != NTK_LOSS_SQUARED)
        return cli_usage_error(arguments->command, "--lambda must be > 0 for the %s loss",
                               cli_value(arguments, "loss"));
    return usage;
}

static int read_numbers(const cli_arguments *arguments, cli_solve_problem *p) {
    ntk_iterative_options *o = &p->options;
    *o = ntk_iterative_options_default(p->loss);
    int usage = read_size(arguments, "tolerance", &o->tolerance);
    if (usage == CLI_OK) usage = read_size(arguments, "absolute-tolerance", &o->absolute_tolerance);
    if (usage == CLI_OK && p->loss == NTK_LOSS_SQUARED && cli_value(arguments, "absolute-tolerance") != NULL)
        return cli_usage_error(arguments->command,
                               "--absolute-tolerance goes with --loss logistic or softmax");
    if (usage == CLI_OK) usage = read_size(arguments, "entry-error", &o->entry_error);
    if (usage == CLI_OK && !(o->entry_error <= 1e-3))
        usage = cli_usage_error(arguments->command, "--entry-error takes a number up to 1e-3");
    if (usage == CLI_OK) usage = cli_size(arguments, "rank", 0, 1000000, &o->rank);
    if (usage == CLI_OK) usage = cli_size(arguments, "max-iterations", 1, 1000000000, &o->max_iterations);
    p->rank_given = cli_value(arguments, "rank") != NULL;
    return usage;
}

/* A network says what the kernel of points is. Its options stand first in the table. */
static int refuse_network(const cli_arguments *arguments) {
    for (size_t i = 0; strcmp(options[i].name, "kernel") != 0; i++)
        if (arguments->values[i] != NULL)
            return cli_usage_error(arguments->command,
                                   "--%s says what the kernel of points is, and X was not given",
                                   options[i].name);
    return CLI_OK;
}

static int read_names(const cli_arguments *arguments, cli_solve_problem *p) {
    const bool points = arguments->name_count == 2;
    p->kernel_path = cli_value(arguments, "kernel");
    p->fresh_path = cli_value(arguments, "predict");
    p->x_path = points ? arguments->names[0] : NULL;
    p->y_path = arguments->names[arguments->name_count - 1];
    if (!points && p->kernel_path == NULL)
        return cli_usage_error(arguments->command, "points X and targets Y are wanted, or --kernel K.npy "
                                                   "and Y");
    if ((p->fresh_path == NULL) != (cli_value(arguments, "predictions") == NULL))
        return cli_usage_error(arguments->command, "--predict POINTS and --predictions FILE go together");
    if (!points && p->fresh_path != NULL)
        return cli_usage_error(arguments->command, "--predict wants the points X too");
    return points ? CLI_OK : refuse_network(arguments);
}

/* ---- outputs --------------------------------------------------------------------------------- */

static const char *const output_names[] = {"output", "fitted", "predictions"};
enum { OUTPUTS = sizeof output_names / sizeof *output_names };

static int check_outputs(const cli_arguments *arguments, const cli_solve_problem *p) {
    const char *const inputs[] = {p->x_path, p->y_path, p->kernel_path, p->fresh_path};
    if (cli_value(arguments, "output") == NULL)
        return cli_usage_error(arguments->command, "-o FILE is required");
    if (p->kernel_path != NULL && strcmp(p->kernel_path, "-") == 0)
        return cli_usage_error(arguments->command, "--kernel wants a file, not standard input");
    for (size_t i = 0; i < OUTPUTS; i++) {
        const char *path = cli_value(arguments, output_names[i]);
        if (path != NULL && cli_flag(arguments, "json") && strcmp(path, "-") == 0)
            return cli_usage_error(arguments->command, "--json and --%s - both write to standard output",
                                   output_names[i]);
    }
    return cli_check_files(arguments, OUTPUTS, output_names, sizeof inputs / sizeof *inputs, inputs);
}

/* Before the work, so that a folder that is missing or cannot be written to is told at once. */
static ntk_status try_output(const char *path) {
    bool replaceable = false;
    ntk_file *file = NULL;
    NTK_TRY(ntk_file_examine(path, &replaceable));
    if (replaceable) NTK_TRY(ntk_file_create(path, &file));
    ntk_file_abandon(file);
    return NTK_OK;
}

static ntk_status try_outputs(const cli_arguments *arguments) {
    for (size_t i = 0; i < OUTPUTS; i++) {
        const char *path = cli_value(arguments, output_names[i]);
        if (path != NULL) NTK_TRY(try_output(path));
    }
    return NTK_OK;
}

/* An array on the disk, which a commit puts in its place. */
static ntk_status prepare_output(const char *path, size_t rows, size_t columns, const double *values,
                                 ntk_file **out) {
    NTK_TRY(ntk_npy_prepare(path, NTK_NPY_FLOAT64, rows, columns, values, out));
    return ntk_file_finish(*out);
}

/* All or none: each is on the disk before the first is put in its place. What cannot be taken back,
 * a pipe's, comes last. */
static ntk_status prepare_outputs(const cli_arguments *arguments, const cli_solve_problem *p,
                                  ntk_file *files[OUTPUTS]) {
    const double *const values[OUTPUTS] = {p->a, p->f, p->g};
    const size_t rows[OUTPUTS] = {p->n, p->n, p->fresh.rows};
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < OUTPUTS; i++) {
            const char *path = cli_value(arguments, output_names[i]);
            bool replaceable = false;
            if (path == NULL) continue;
            NTK_TRY(ntk_file_examine(path, &replaceable));
            if (replaceable == (pass == 0))
                NTK_TRY(prepare_output(path, rows[i], p->outputs, values[i], &files[i]));
        }
    return NTK_OK;
}

/* A pipe without a reader is an error like others, and not a signal that leaves temporary files. */
static ntk_status write_outputs(const cli_arguments *arguments, const cli_solve_problem *p) {
    ntk_file *files[OUTPUTS] = {NULL};
    void (*const before)(int) = signal(SIGPIPE, SIG_IGN);
    ntk_status status = prepare_outputs(arguments, p, files);
    for (size_t i = 0; i < OUTPUTS; i++) {
        if (status == NTK_OK && files[i] != NULL)
            status = ntk_file_commit(files[i]);
        else
            ntk_file_abandon(files[i]);
    }
    signal(SIGPIPE, before);
    return status;
}

/* ---- the report ------------------------------------------------------------------------------ */

/* The most that was resident, in MiB. */
static double peak_memory(void) {
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (double)usage.ru_maxrss / 1024 : NAN;
}

static const char *source_text(const cli_solve_problem *p) {
    static const char *const texts[] = {[CLI_SOLVE_MEMORY] = "kernel in memory",
                                        [CLI_SOLVE_POINTS] = "kernel computed anew for each product",
                                        [CLI_SOLVE_FILE] = "kernel read in tiles"};
    return texts[p->source];
}

/* Where the bound is infinite, what would make it finite. */
static void print_bound(FILE *stream, double bound, const char *of, const char *end) {
    if (isfinite(bound))
        fprintf(stream, "    %s <= %.3g%s\n", of, bound, end);
    else
        fprintf(stream,
                "    %s: no bound; it takes --lambda or --lambda-min above 0, and an A that is not 0\n", of);
}

static void print_bounds(FILE *stream, const cli_solve_problem *p) {
    const ntk_iterative_result *r = &p->result;
    const bool least = p->loss == NTK_LOSS_SQUARED;
    /* The kernel of points is positive semi-definite by theorem, a file alone if it is what it is
     * taken for. */
    const bool presupposed = p->x_path == NULL && !(p->lambda_min > 0);
    fprintf(stream, "proved for every Gram matrix within %.3g sqrt(Theta_ii Theta_jj) of these entries%s:\n",
            p->options.entry_error,
            presupposed ? ",\npresupposed that the file holds one, up to that (`ntk certify` tells)" : "");
    if (least)
        fprintf(stream, "    ||Y - (Theta + n lambda I) A|| <= %.3g ||Y||, of which %.3g is rounding\n",
                r->residual, r->rounding);
    else
        fprintf(stream, "    ||w - w*|| <= %.3g, which is %.3g ||w||, of which %.3g is rounding\n",
                r->weight_error, r->residual, r->rounding);
    print_bound(stream, r->output_error, "|f - f*|", " at each of the points X");
    if (least) print_bound(stream, r->coefficient_error, "||A - A*||", " ||A||");
    if (p->g != NULL) print_bound(stream, p->radius, "|f - f*| at each new point", "");
}

static void print_count(FILE *stream, size_t count, const char *of, const char *end) {
    fprintf(stream, "%zu %s%s%s", count, of, count == 1 ? "" : "s", end);
}

static void print_report(FILE *stream, const cli_solve_problem *p) {
    static const char *const names[] = {[NTK_LOSS_SQUARED] = "kernel regression",
                                        [NTK_LOSS_LOGISTIC] = "kernel logistic regression",
                                        [NTK_LOSS_SOFTMAX] = "kernel softmax regression"};
    const ntk_iterative_result *r = &p->result;
    fprintf(stream, "solved: %s, ", names[p->loss]);
    print_count(stream, p->n, "point", ", ");
    print_count(stream, p->outputs, "output", "");
    fprintf(stream, ", lambda %g\n", p->lambda);
    print_count(stream, r->iterations, "iteration", " in ");
    print_count(stream, r->steps, p->loss == NTK_LOSS_SQUARED ? "refinement" : "Newton step", ", ");
    fprintf(stream, "preconditioner of rank %zu, %.2f s, %.0f MB; %s\n", r->rank,
            cli_meter_seconds(&p->meter), peak_memory(), source_text(p));
    print_bounds(stream, p);
}

static ntk_status print_json(const cli_solve_problem *p) {
    static const char *const losses[] = {"squared", "logistic", "softmax"};
    static const char *const sources[] = {"memory", "points", "file"};
    const ntk_iterative_result *r = &p->result;
    json_t *out = json_object();
    ntk_json_set_text(out, "loss", losses[p->loss]);
    ntk_json_set_number(out, "lambda", p->lambda);
    json_object_set_new(out, "points", json_integer((json_int_t)p->n));
    json_object_set_new(out, "outputs", json_integer((json_int_t)p->outputs));
    ntk_json_set_text(out, "kernel", sources[p->source]);
    json_object_set_new(out, "iterations", json_integer((json_int_t)r->iterations));
    json_object_set_new(out, "steps", json_integer((json_int_t)r->steps));
    json_object_set_new(out, "rank", json_integer((json_int_t)r->rank));
    ntk_json_set_number(out, "entry_error", p->options.entry_error);
    ntk_json_set_number(out, "residual", r->residual);
    ntk_json_set_number(out, "rounding", r->rounding);
    ntk_json_set_number(out, "output_error", r->output_error);
    ntk_json_set_number(out, "coefficient_error", r->coefficient_error);
    ntk_json_set_number(out, "weight_error", r->weight_error);
    if (p->g != NULL) ntk_json_set_number(out, "prediction_error", p->radius);
    ntk_json_set_number(out, "seconds", cli_meter_seconds(&p->meter));
    ntk_json_set_number(out, "memory_mb", peak_memory());
    return ntk_json_write(out, "-");
}

/* An array on standard output drives the report to the other stream. */
static ntk_status report(const cli_arguments *arguments, const cli_solve_problem *p) {
    bool taken = false;
    for (size_t i = 0; i < OUTPUTS; i++) {
        const char *path = cli_value(arguments, output_names[i]);
        taken = taken || (path != NULL && strcmp(path, "-") == 0);
    }
    if (cli_flag(arguments, "json")) return print_json(p);
    print_report(taken ? stderr : stdout, p);
    return NTK_OK;
}

/* ---- the command ----------------------------------------------------------------------------- */

static ntk_status solve(const cli_arguments *arguments, cli_solve_problem *p, size_t jobs) {
    NTK_TRY(try_outputs(arguments));
    NTK_TRY(ntk_set_workers(jobs));
    NTK_TRY(ntk_linalg_start());
    NTK_TRY(cli_solve_run(p));
    NTK_TRY(write_outputs(arguments, p));
    return report(arguments, p);
}

static int run(const cli_arguments *arguments) {
    ntk_architecture architecture;
    cli_solve_problem problem = {.architecture = &architecture, .memory = (size_t)1 << 30};
    size_t jobs = ntk_processor_count();
    int usage = cli_network(arguments, &architecture);
    if (usage == CLI_OK) usage = cli_kernel_type(arguments, &problem.type);
    if (usage == CLI_OK) usage = read_loss(arguments, &problem.loss);
    if (usage == CLI_OK) usage = read_lambda(arguments, &problem);
    if (usage == CLI_OK) usage = read_numbers(arguments, &problem);
    if (usage == CLI_OK) usage = cli_memory(arguments, &problem.memory);
    if (usage == CLI_OK) usage = cli_size(arguments, "jobs", 1, 4096, &jobs);
    if (usage == CLI_OK) usage = read_names(arguments, &problem);
    if (usage == CLI_OK) usage = check_outputs(arguments, &problem);
    if (usage != CLI_OK) return usage;
    const ntk_status status = solve(arguments, &problem, jobs);
    cli_solve_release(&problem);
    if (status == NTK_OK) return CLI_OK;
    if (status != NTK_ERROR_NO_CONVERGENCE) return cli_fail(status);
    cli_error("%s; no file was written", ntk_error_detail());
    return CLI_NO;
}

const cli_command cli_solve = {
    .name = "solve",
    .synopsis = "[OPTION ...] [X] Y --lambda L -o A.npy",
    .summary = "kernel regression and logistic regression, with proved bounds",
    .details =
        "Fits f(x) = Theta(x, X) A to the n targets Y at the points in the rows of X, Theta being the kernel "
        "of `ntk kernel` (its options and files), or the matrix of --kernel. A minimises\n\n"
        "(1/n) sum_i loss(f(x_i), y_i) + (L/2) ||w||^2,  ||w||^2 = A^T Theta A,\n\n"
        "for the squared loss |f - y|^2 / 2: A = (Theta + n L I)^-1 Y, the n included. `logistic` and "
        "`softmax` are the cross-entropies of two and of more classes, whose outputs f are logits.\n\n"
        "Y is a file of n rows like those of points. For the squared loss it has any real numbers, a column "
        "for each of the K outputs. For logistic, labels 0 and 1, or -1 and 1, or probabilities of class 1. "
        "For softmax, classes 0 to K - 1 in one column, or a column of probabilities for each class, one-hot "
        "say.\n\n"
        "The matrix is kept in memory where that suffices. Else its tiles are computed anew for each "
        "product; where that is slow, make K.npy first (`ntk kernel --memory`) and give --kernel: K.npy may "
        "be larger than the memory, and be float32. With X and --kernel the file serves the iterations and "
        "the points decide what is accepted, whatever the file holds; with --kernel alone its numbers "
        "decide.\n\n"
        "What is printed as proved holds for the exact solution A*, f*, w* of every Gram matrix whose "
        "entries lie within --entry-error of those computed or read, rounding included: the residual is "
        "computed anew in twice the working precision. The exact kernel of the points is one of them for an "
        "--entry-error as large as include/ntk/kernel.h tells, for ReLU and L layers up to "
        "2^-52 (sqrt(d) + 9 (L + 1)) (1 + 11 L); the bounds grow with it. --tolerance is what the residual "
        "may be relative to the targets (squared loss, each output), or to w. Where w is next to nothing, "
        "less than W / 100, --absolute-tolerance W is enough, W being the largest norm that the problem "
        "allows (include/ntk/iterative.h); 0 turns that off. Files are written only when it is met.\n\n"
        "That --kernel alone holds a Gram matrix, with no negative eigenvalue, is for the caller to know: "
        "`ntk certify` tells. --lambda-min is of the stored numbers, with X of those of the points' kernel, "
        "whatever K.npy holds: what an error of --entry-error may take from it is subtracted.\n\n"
        "--memory counts all but the program itself (some 15 MB) and what the kernel of points keeps of each "
        "point. More in docs/large-kernels.md.",
    .exit_status =
        "0 when the tolerance is met and the files are written; 1 when it is not met, with what was reached; "
        "5 for files that cannot be used, a matrix that is seen to be no Gram matrix among them; 64 wrong "
        "usage.",
    .options = options,
    .least_names = 1,
    .most_names = 2,
    .run = run,
};
