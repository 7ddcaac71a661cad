#include "cli/display.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "claim/judge.h"
#include "run/chance.h"
#include "run/explain.h"
#include "run/github.h"
#include "run/process.h"
#include "run/runner.h"
#include "run/shell.h"

/* ---- interruption ---------------------------------------------------------------------------- */

volatile sig_atomic_t cli_interrupted;

static void interrupt(int signal_number) {
    (void)signal_number;
    cli_interrupted = 1;
}

void cli_catch_interrupts(void) {
    struct sigaction action = {.sa_handler = interrupt};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

/* ---- while it goes on ------------------------------------------------------------------------ */

/* ---- what is printed ------------------------------------------------------------------------- */

static void clear_line(const cli_display *screen) {
    if (screen->live) fputs("\r\x1b[K", stderr);
}

/* "1 min 05 s". */
static const char *describe_duration(double seconds, size_t size, char *text) {
    const long whole = (long)(seconds + 0.5);
    if (whole < 60)
        snprintf(text, size, "%ld s", whole);
    else if (whole < 3600)
        snprintf(text, size, "%ld min %02ld s", whole / 60, whole % 60);
    else
        snprintf(text, size, "%ld h %02ld min", whole / 3600, whole / 60 % 60);
    return text;
}

/* One line, also on a narrow terminal: the names give way. */
static void show_progress(const ntk_run_progress *progress, void *context) {
    cli_display *screen = context;
    const double now = ntk_process_clock();
    if (!screen->live || now - screen->last < 0.2) return;
    screen->last = now;
    char elapsed[32], left[32], head[32], tail[96] = "";
    const size_t columns = cli_columns(STDERR_FILENO);
    snprintf(head, sizeof head, "%zu/%zu  ", progress->finished, progress->total);
    describe_duration(progress->elapsed, sizeof elapsed, elapsed);
    if (progress->remaining >= 0)
        snprintf(tail, sizeof tail, "%s, about %s left", elapsed,
                 describe_duration(progress->remaining, sizeof left, left));
    else
        snprintf(tail, sizeof tail, "%s", elapsed);
    const size_t taken = strlen(head) + strlen(tail) + 3;
    const size_t room = columns > taken ? columns - taken : 0, length = strlen(progress->running);
    fprintf(stderr, "\r\x1b[K%.*s%.*s%s", (int)columns - 1, head, (int)room, progress->running,
            length > room ? "\u2026 " : "  ");
    if (taken < columns) fputs(tail, stderr);
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
    cli_display *screen = context;
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
        printf("chance that another seed ends otherwise: %.1g, as %zu intervals tell it; most of it: "
               "%s%s%s%s, %s %.1g\n",
               risk.total, risk.count, first->claim->id, first->variant.control ? "/" : "",
               first->variant.control ? first->variant.control->name : "", first->variant.twin ? "/twin" : "",
               first->check->name, first->risk);
    ntk_risk_release(&risk);
}

static void print_totals(const ntk_run *run) {
    const size_t passed = ntk_run_count(run, NTK_VERDICT_HOLDS),
                 skipped = ntk_run_count(run, NTK_VERDICT_SKIPPED);
    size_t failed = 0;
    for (int v = 0; v < NTK_VERDICT_COUNT; v++)
        if (v != NTK_VERDICT_HOLDS && v != NTK_VERDICT_SKIPPED) failed += ntk_run_count(run, (ntk_verdict)v);
    print_risk(run);
    const size_t moved = ntk_run_count_moved(run);
    if (moved > 0)
        printf("%zu stored numbers MOVED by more than a thousand times what was seen between machines\n",
               moved);
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

void cli_display_observe(cli_display *screen, ntk_run_observer *out) {
    *screen = (cli_display){.live = isatty(STDERR_FILENO) && isatty(STDOUT_FILENO), .colour = cli_colour()};
    *out = (ntk_run_observer){show_progress, show_result, show_warning, screen};
}

int cli_display_interrupted(const char *command, const char *folder, const char *rest) {
    fprintf(stderr, "ntk: interrupted; %s --out ", command);
    ntk_print_shell_word(folder, stderr);
    fprintf(stderr, "%s goes on from here\n", rest);
    return CLI_INTERRUPTED;
}

int cli_display_run(cli_display *screen, ntk_run *run, bool github) {
    screen->run = run;
    const ntk_status status = ntk_run_execute(run);
    clear_line(screen);
    int result = CLI_OK;
    if (status == NTK_ERROR_CANCELLED) {
        result = cli_display_interrupted("`ntk verify` with --resume", ntk_run_folder(run),
                                         " and the same options");
    } else if (status != NTK_OK)
        result = cli_fail(status);
    else {
        result = ntk_run_exit_status(run);
        if (github && tell_github(run) != CLI_OK) result = CLI_ERROR;
        print_totals(run);
    }
    ntk_run_destroy(run);
    return result;
}
