/* ntk verify: run, judge, compare, draw, report. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ntk/linalg.h>

#include "claim/judge.h"
#include "cli/cli.h"
#include "run/catalogue.h"
#include "run/chance.h"
#include "run/explain.h"
#include "run/github.h"
#include "run/process.h"
#include "run/runner.h"
#include "run/state.h"

static const cli_option options[] = {
    {"tier", 0, "TIER", "quick (default) or full: the sizes of the experiments"},
    {"seed", 0, "N", "base seed of all random streams (default: that of the stored results)"},
    {"jobs", 'j', "N", "workers (default: all processors)"},
    {"set", 0, "NAME=VALUE", "change a parameter of the claims that have it; may be repeated"},
    {"out", 0, "DIR", "folder of the run, new or empty (default: results/<time>-<commit>)"},
    {"resume", 0, NULL, "go on with the run in --out (default: in results/latest)"},
    {"data", 0, "DIR", "folder of the data sets (default: data/ of the suite)"},
    {"no-figures", 0, NULL, "draw no figures"},
    {"github", 0, NULL, "in a GitHub workflow: annotate what failed, and write the step's summary"},
    {NULL, 0, NULL, NULL}};

/* ---- interruption ---------------------------------------------------------------------------- */

static volatile sig_atomic_t interrupted;

static void interrupt(int signal_number) {
    (void)signal_number;
    interrupted = 1;
}

static void catch_interrupts(void) {
    struct sigaction action = {.sa_handler = interrupt};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

/* ---- what is printed ------------------------------------------------------------------------- */

typedef struct display {
    const ntk_run *run;
    bool live, colour; /* a progress line that is rewritten; colours */
    double last;       /* when it was last written */
} display;

static void clear_line(const display *screen) {
    if (screen->live) fputs("\r\x1b[K", stderr);
}

static void print_duration(FILE *stream, double seconds) {
    const long whole = (long)(seconds + 0.5);
    if (whole < 60)
        fprintf(stream, "%ld s", whole);
    else
        fprintf(stream, "%ld min %02ld s", whole / 60, whole % 60);
}

static void show_progress(const ntk_run_progress *progress, void *context) {
    display *screen = context;
    const double now = ntk_process_clock();
    if (!screen->live || now - screen->last < 0.2) return;
    screen->last = now;
    fprintf(stderr, "\r\x1b[K%zu/%zu  %.60s  ", progress->finished, progress->total, progress->running);
    print_duration(stderr, progress->elapsed);
    if (progress->remaining >= 0) {
        fputs(", about ", stderr);
        print_duration(stderr, progress->remaining);
        fputs(" left", stderr);
    }
    fflush(stderr);
}

static const char *colour_of(ntk_verdict verdict) {
    return verdict == NTK_VERDICT_HOLDS ? "\x1b[32m"
           : verdict == NTK_VERDICT_REGRESSED || verdict == NTK_VERDICT_INCONCLUSIVE ||
                   verdict == NTK_VERDICT_SKIPPED
               ? "\x1b[33m"
               : "\x1b[31m";
}

static void show_result(const ntk_claim_result *result, void *context) {
    display *screen = context;
    clear_line(screen);
    printf("%s%-12s%s  %-42s %-22s %6.1f s\n", screen->colour ? colour_of(result->verdict) : "",
           ntk_verdict_text(result->verdict), screen->colour ? "\x1b[0m" : "", result->claim->id,
           result->outcome ? result->outcome->evidence : "", result->seconds);
    ntk_run_explain(screen->run, result, stdout);
    fflush(stdout);
}

static void show_warning(const char *line, void *context) {
    clear_line(context);
    fprintf(stderr, "ntk: warning: %s\n", line);
}

/* Which interval another seed would put on the wrong side of its bound first. */
static void print_risk(const ntk_run *run) {
    ntk_risk risk;
    if (ntk_run_risk(run, &risk) != NTK_OK) return;
    const ntk_risk_share *first = risk.shares;
    if (risk.count > 0)
        printf(
            "chance that another seed ends otherwise: %.1g, as %zu intervals tell it; most of it: %s%s%s, %s "
            "%.1g\n",
            risk.total, risk.count, first->claim->id, first->control ? "/" : "",
            first->control ? first->control->name : "", first->check->name, first->risk);
    ntk_risk_release(&risk);
}

static void print_totals(const ntk_run *run) {
    const size_t passed = ntk_run_count(run, NTK_VERDICT_HOLDS),
                 skipped = ntk_run_count(run, NTK_VERDICT_SKIPPED);
    size_t failed = 0;
    for (int v = 0; v < NTK_VERDICT_COUNT; v++)
        if (v != NTK_VERDICT_HOLDS && v != NTK_VERDICT_SKIPPED) failed += ntk_run_count(run, (ntk_verdict)v);
    print_risk(run);
    printf("report: %s/report.html\n%zu passed, %zu failed, %zu skipped\n", ntk_run_folder(run), passed,
           failed, skipped);
}

/* The step's summary is a file that may hold what earlier commands have written. */
static int tell_github(const ntk_run *run) {
    const char *path = getenv("GITHUB_STEP_SUMMARY");
    ntk_github_annotate(run, stdout);
    if (path == NULL || path[0] == '\0') return CLI_OK;
    FILE *stream = fopen(path, "ae");
    if (stream == NULL) return cli_error("%s: %s", path, strerror(errno));
    ntk_github_summarise(run, stream);
    return fclose(stream) == 0 ? CLI_OK : cli_error("%s: %s", path, strerror(errno));
}

/* ---- running --------------------------------------------------------------------------------- */

static int execute(const ntk_suite *suite, const cli_arguments *arguments, ntk_run_options *run_options) {
    display screen = {.live = isatty(STDERR_FILENO) && isatty(STDOUT_FILENO), .colour = cli_colour()};
    run_options->observer = (ntk_run_observer){show_progress, show_result, show_warning, &screen};
    ntk_run *run;
    ntk_status status = ntk_run_create(suite, arguments->names, arguments->name_count, run_options, &run);
    if (status != NTK_OK) return cli_fail_naming(arguments->command, status);
    screen.run = run;
    status = ntk_run_execute(run);
    clear_line(&screen);
    int result = CLI_OK;
    if (status == NTK_ERROR_CANCELLED) {
        cli_error("interrupted; the same command with --resume --out %s goes on from here",
                  ntk_run_folder(run));
        result = CLI_INTERRUPTED;
    } else if (status != NTK_OK)
        result = cli_fail(status);
    else {
        result = ntk_run_exit_status(run);
        if (cli_flag(arguments, "github") && tell_github(run) != CLI_OK) result = CLI_ERROR;
        print_totals(run);
    }
    ntk_run_destroy(run);
    return result;
}

static int run(const cli_arguments *arguments) {
    ntk_run_options run_options = {.seed = ntk_suite_stored_seed(),
                                   .jobs = ntk_processor_count(),
                                   .overrides = arguments->settings,
                                   .override_count = arguments->setting_count,
                                   .out = cli_value(arguments, "out"),
                                   .resume = cli_flag(arguments, "resume"),
                                   .figures = !cli_flag(arguments, "no-figures"),
                                   .interrupted = &interrupted};
    int usage = cli_tier(arguments, &run_options.tier);
    if (usage == CLI_OK) usage = cli_seed(arguments, &run_options.seed);
    if (usage == CLI_OK) usage = cli_size(arguments, "jobs", 1, 4096, &run_options.jobs);
    if (usage != CLI_OK) return usage;
    /* The provenance names the BLAS in use, and a BLAS that cannot be trusted ends the run before
     * it begins. */
    ntk_status status = ntk_linalg_start();
    ntk_suite suite;
    if (status == NTK_OK) status = ntk_suite_open(ntk_registry, cli_value(arguments, "data"), &suite);
    if (status != NTK_OK) return cli_fail(status);
    catch_interrupts();
    const int result = execute(&suite, arguments, &run_options);
    ntk_suite_release(&suite);
    return result;
}

const cli_command cli_verify = {
    .name = "verify",
    .synopsis = "[CLAIM or SUITE ...] [OPTION ...]",
    .summary = "run claims with their controls, judge them, draw, report",
    .details =
        "Runs the named claims, or all of them; judges each by its checks and controls; compares with the "
        "stored results; draws the figures; writes a report. With another seed, only those stored results "
        "are "
        "compared that do not depend on it or are statistical; with --set, none.",
    .exit_status =
        "The worst first: 5 ERROR, 3 VACUOUS (a control did not break), 1 VIOLATED, 2 REGRESSED (holds, but "
        "a "
        "stored number moved), 4 INCONCLUSIVE, 6 nothing ran or a claim was skipped, 0 all hold; 64 wrong "
        "usage, 130 interrupted.",
    .options = options,
    .least_names = 0,
    .most_names = (size_t)-1,
    .run = run,
};
