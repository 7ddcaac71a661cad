/* ntk run: one claim or control, computed in this process. The runner of `ntk verify` starts it for
 * every process of a run. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <ntk/linalg.h>
#include <ntk/log.h>
#include <ntk/parallel.h>

#include "claim/describe.h"
#include "cli/cli.h"
#include "experiment/kept.h"
#include "experiment/share.h"
#include "run/catalogue.h"
#include "run/compute.h"
#include "run/folder.h"
#include "run/identity.h"
#include "run/inputs.h"
#include "run/process.h"
#include "run/ranks.h"

static const cli_option options[] = {
    {"control", 0, "NAME", "compute this control of the claim"},
    {"twin", 0, NULL, "compute the control's twin: its settings with the hypothesis put back"},
    {"tier", 0, "TIER", "quick (default), full or large"},
    {"seed", 0, "N", "base seed of all random streams (default: that of the stored results)"},
    {"rounding", 0, "MODE", "nearest (default), up, down, zero, or random: each unit under one drawn"},
    {"set", 0, "NAME=VALUE", "change a parameter; may be repeated (`ntk show CLAIM` lists them)"},
    {"out", 0, "DIR", "write metrics.tsv and the tables there (default: nothing is written)"},
    {"jobs", 'j', "N", "workers (default: all processors)"},
    {"data", 0, "DIR", "folder of the data sets (default: data/ of the suite)"},
    CLI_GIVEN_OPTIONS,
    CLI_SUITES_OPTION,
    {NULL, 0, NULL, NULL}};

/* ---- the runner above ------------------------------------------------------------------------ */

/* A process whose runner has died must not go on writing into a folder that a resumed run may be
 * using. */
static void end_with_runner(const char *runner) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if ((long)getppid() != strtol(runner, NULL, 10)) _Exit(CLI_ERROR);
}

static void send_progress(double fraction, void *context) {
    double *last = context;
    const double now = ntk_process_clock();
    if (now - *last < 0.1 && fraction < 1) return;
    *last = now;
    char line[32];
    const int length = snprintf(line, sizeof line, "%.4f\n", fraction);
    /* Progress is a courtesy: where nobody reads it any more, nothing is lost. */
    if (write(NTK_PROGRESS_DESCRIPTOR, line, (size_t)length) < 0) return;
}

/* The same from the ranks of a process that was launched, into a file. */
static void write_progress(double fraction, void *context) {
    static double last;
    const double now = ntk_process_clock();
    if (now - last < 0.5 && fraction < 1) return;
    last = now;
    char line[32];
    const int length = snprintf(line, sizeof line, "%.4f\n", fraction);
    if (pwrite(*(int *)context, line, (size_t)length, 0) < 0) return;
}

/* Else each of them would compute everything, into the same folder. */
static ntk_status refuse_tasks_apart(const ntk_transport *ranks) {
    if (ranks != NULL || !ntk_ranks_apart()) return NTK_OK;
    return ntk_fail(NTK_ERROR_LIBRARY,
                    "srun's tasks know nothing of one another: add --mpi=pmix to srun; or, "
                    "where each is a run of its own, unset SLURM_STEP_NUM_TASKS");
}

static ntk_status obey_launcher(const char *progress, const ntk_transport *ranks) {
    static int file;
    NTK_TRY(refuse_tasks_apart(ranks));
    file = ranks == NULL || ranks->rank == 0 ? open(progress, O_WRONLY | O_CLOEXEC) : -1;
    if (file >= 0) ntk_progress_set_sink(write_progress, &file);
    return ntk_ranks_end_with_launcher();
}

/* ---- printing -------------------------------------------------------------------------------- */

static void print_metrics(const ntk_metrics *metrics) {
    for (size_t i = 0; i < metrics->count; i++) {
        const ntk_metric *metric = &metrics->items[i];
        printf("%-32s %.17g", metric->name, metric->estimate.value);
        if (metric->is_estimate)
            printf("  in [%.6g, %.6g] at %.6g %%", metric->estimate.low, metric->estimate.high,
                   100 * metric->estimate.level);
        printf("\n");
    }
}

static void print_checks(const ntk_claim *claim, const ntk_metrics *metrics) {
    ntk_description found, wanted;
    printf("\n");
    for (size_t i = 0; i < claim->check_count; i++) {
        const ntk_check_outcome outcome = ntk_check_judge(&claim->checks[i], metrics);
        printf("check %s is %s: found %s, wanted %s\n", claim->checks[i].name,
               ntk_verdict_text(outcome.verdict), ntk_describe_found(&outcome, found),
               ntk_describe_wanted(&claim->checks[i], wanted));
    }
}

/* ---- running --------------------------------------------------------------------------------- */

/* The ranks must come to the same last digits. */
static ntk_status agree_on_code(const ntk_suite *suite) {
    ntk_provenance origin;
    if (ntk_share_ranks() == 1) return NTK_OK;
    NTK_TRY(ntk_provenance_read(suite->executable, &origin));
    const ntk_digest code = ntk_digest_text(ntk_digest_blas(origin.code, &origin.blas), origin.vector_isa);
    return ntk_share_agree(code,
                           "would compute different last digits: another program, processor or BLAS kernel");
}

static ntk_status compute(const cli_arguments *arguments, ntk_process_request *request, size_t jobs,
                          ntk_claim *claim, ntk_metrics *metrics) {
    ntk_suite suite;
    NTK_TRY(ntk_set_workers(jobs));
    NTK_TRY(ntk_linalg_start());
    NTK_TRY(ntk_suite_open(ntk_registry, cli_value(arguments, "data"), &suite));
    ntk_status status = agree_on_code(&suite);
    if (status == NTK_OK) status = ntk_suite_compute(&suite, request, claim, metrics);
    ntk_suite_release(&suite);
    return status;
}

static int exit_status(const cli_arguments *arguments, ntk_status status) {
    if (status == NTK_OK) return CLI_OK;
    const int result =
        status == NTK_ERROR_NOT_FOUND ? cli_fail_naming(arguments->command, status) : cli_fail(status);
    if (status == NTK_ERROR_CANCELLED) return NTK_EXIT_CHANGED;
    return status == NTK_ERROR_UNSUPPORTED ? NTK_EXIT_SKIPPED : result;
}

/* All ranks compute, and the first one speaks for them. */
static int compute_on_ranks(const cli_arguments *arguments, ntk_process_request *request, size_t jobs) {
    const bool speaks = ntk_share_rank() == 0;
    bool lost;
    ntk_claim claim = {0};
    ntk_metrics metrics = {0};
    const ntk_status status = ntk_share_end(compute(arguments, request, jobs, &claim, &metrics), &lost);
    if (status == NTK_OK && speaks) {
        print_metrics(&metrics);
        print_checks(&claim, &metrics);
    }
    ntk_metrics_release(&metrics);
    ntk_claim_release(&claim);
    const int result = speaks || lost ? exit_status(arguments, status) : CLI_OK;
    ntk_ranks_stop(lost, result);
    return result;
}

/* Under a runner: what it has told this process of its inputs and of units to be kept. */
static ntk_status obey_runner(const char *runner, const ntk_transport *ranks, ntk_process_request *request) {
    static ntk_inputs inputs;
    static double last_progress;
    const char *seen = getenv(NTK_INPUTS_VARIABLE);
    if (runner == NULL) return refuse_tasks_apart(ranks);
    if (seen != NULL) {
        NTK_TRY(ntk_inputs_parse(seen, &inputs));
        request->inputs = &inputs;
    }
    NTK_TRY(ntk_kept_begin(getenv(NTK_KEPT_VARIABLE)));
    signal(SIGPIPE, SIG_IGN);
    const char *launched = getenv(NTK_PROGRESS_VARIABLE);
    if (launched != NULL) return obey_launcher(launched, ranks);
    end_with_runner(runner);
    ntk_progress_set_sink(send_progress, &last_progress);
    return NTK_OK;
}

static int read_rounding(const cli_arguments *arguments, ntk_rounding *out) {
    const char *text = cli_value(arguments, "rounding");
    if (text == NULL || ntk_rounding_parse(text, out) == NTK_OK) return CLI_OK;
    return cli_usage_error(arguments->command, "--rounding: %s", ntk_error_detail());
}

static int run(const cli_arguments *arguments) {
    size_t jobs = 0;
    ntk_process_request request = {.claim = arguments->names[0],
                                   .control = cli_value(arguments, "control"),
                                   .twin = cli_flag(arguments, "twin"),
                                   .seed = ntk_suite_stored_seed(),
                                   .overrides = arguments->settings,
                                   .override_count = arguments->setting_count,
                                   .out = cli_value(arguments, "out")};
    int usage = cli_tier(arguments, &request.tier);
    if (usage == CLI_OK) usage = cli_seed(arguments, &request.seed);
    if (usage == CLI_OK) usage = read_rounding(arguments, &request.rounding);
    if (usage == CLI_OK) usage = cli_size(arguments, "jobs", 1, 4096, &jobs);
    if (usage == CLI_OK) usage = cli_given(arguments, &request.data_x, &request.data_y);
    if (usage != CLI_OK) return usage;
    if (request.twin && request.control == NULL)
        return cli_usage_error(arguments->command, "--twin is of a control: add --control NAME");
    const ntk_transport *ranks = NULL;
    ntk_status status = ntk_ranks_start(&ranks);
    if (status == NTK_OK) status = obey_runner(getenv("NTK_RUNNER"), ranks, &request);
    if (status != NTK_OK) {
        const int result = cli_fail(status);
        ntk_ranks_stop(true, result);
        return result;
    }
    ntk_share_begin(ranks);
    return compute_on_ranks(arguments, &request, jobs > 0 ? jobs : ntk_ranks_processors());
}

const cli_command cli_run = {
    .name = "run",
    .synopsis = "CLAIM [OPTION ...]",
    .summary = "compute one claim or one of its controls, and print what it finds",
    .details = "Computes a claim (or, with --control, one of its controls, and with --twin the control's "
               "settings with "
               "the hypothesis put back) in this process, prints its metrics and "
               "how each check comes out. It compares nothing with stored results; `ntk verify` does.",
    .exit_status = "0 when the computation ended well, whatever the checks say; 5 an error; 64 wrong usage; "
                   "77 where the "
                   "claim has to be skipped here; 130 interrupted.",
    .options = options,
    .least_names = 1,
    .most_names = 1,
    .run = run,
};
