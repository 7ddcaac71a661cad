/* ntk envelope: how far metrics lie apart between the ways in which this machine can compute
 * them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>

#include "claim/envelope.h"
#include "claim/expected.h"
#include "cli/cli.h"
#include "cli/display.h"
#include "experiment/support.h"
#include "run/axes.h"
#include "run/catalogue.h"
#include "run/identity.h"
#include "run/measure.h"
#include "run/ranks.h"

static const cli_option options[] = {
    {"tier", 0, "TIER", "quick (default) or full"},
    {"jobs", 'j', "N", "workers (default: all processors)"},
    {"builds", 0, "NAME=PROGRAM,...", "other builds of this program, an axis each"},
    {"axes", 0, "NAME,...", "these axes (default: all that --list shows)"},
    {"list", 0, NULL, "show the axes of this machine and measure nothing"},
    {"out", 0, "DIR", "folder of the tables, new or empty (default: scans/<time>-envelope)"},
    {"resume", 0, NULL, "go on with the measurement in --out"},
    {"merge", 0, "FILE", "measure nothing: widen by the envelopes.tsv of another machine"},
    {NULL, 0, NULL, NULL}};

static void tell(const char *claim, const char *axis, double seconds, const char *cause, void *context) {
    (void)context;
    if (claim == NULL)
        printf("%s: left out: %s\n", axis, cause);
    else if (cause != NULL)
        printf("%-42s %-22s failed: %s\n", claim, axis, cause);
    else
        printf("%-42s %-22s %6.1f s\n", claim, axis, seconds);
    fflush(stdout);
}

static int list(const cli_arguments *arguments, const ntk_suite *suite) {
    ntk_provenance origin;
    ntk_axes axes;
    ntk_status status = ntk_provenance_read(suite->executable, &origin);
    if (status == NTK_OK)
        status = ntk_axes_list(suite->executable, &origin, cli_value(arguments, "builds"),
                               cli_value(arguments, "axes"), &axes);
    if (status != NTK_OK) return cli_fail_naming(arguments->command, status);
    for (size_t i = 0; i < axes.count; i++)
        printf("%-22s %s\n", axes.items[i].name,
               axes.items[i].variable != NULL ? axes.items[i].variable : axes.items[i].program);
    ntk_axes_release(&axes);
    return CLI_OK;
}

static int merge(const cli_arguments *arguments, const ntk_suite *suite, const char *file) {
    size_t taken, left;
    if (arguments->name_count > 0)
        return cli_usage_error(arguments->command, "--merge takes all claims of its file");
    const ntk_status status = ntk_measure_merge(suite, file, &taken, &left);
    if (status != NTK_OK) return cli_fail(status);
    printf("%zu envelopes taken, %zu left out: they hold other stored values or none\n", taken, left);
    return CLI_OK;
}

static int measure(const cli_arguments *arguments, const ntk_suite *suite, ntk_measure_options *measured) {
    ntk_measurement found;
    const ntk_status status = ntk_measure(suite, arguments->names, arguments->name_count, measured, &found);
    int result = CLI_OK;
    if (status == NTK_ERROR_CANCELLED)
        result = cli_display_interrupted("the same command with --resume", found.folder, "");
    else if (status != NTK_OK)
        result = cli_fail_naming(arguments->command, status);
    else
        printf("%zu metrics of %zu claims have an envelope in %s/envelopes.tsv; the last bits of %zu of them "
               "moved; %zu processes failed\n",
               found.metrics, found.claims, suite->stored, found.moved, found.failed);
    if (status == NTK_OK && found.failed > 0) result = CLI_NO;
    ntk_measurement_release(&found);
    return result;
}

static int check_usage(const cli_arguments *arguments, ntk_tier tier) {
    const char *file = cli_value(arguments, "merge");
    if (tier == NTK_TIER_LARGE)
        return cli_usage_error(arguments->command, "--tier large has no envelope: quick or full");
    if (file != NULL && *file == '\0')
        return cli_usage_error(arguments->command, "--merge takes the name of a file");
    if (file != NULL && cli_flag(arguments, "list"))
        return cli_usage_error(arguments->command, "--list and --merge exclude each other");
    return CLI_OK;
}

static int run(const cli_arguments *arguments) {
    ntk_measure_options measured = {.jobs = ntk_processor_count(),
                                    .out = cli_value(arguments, "out"),
                                    .resume = cli_flag(arguments, "resume"),
                                    .builds = cli_value(arguments, "builds"),
                                    .only = cli_value(arguments, "axes"),
                                    .interrupted = &cli_interrupted,
                                    .observer = tell};
    if (ntk_ranks_launched()) return cli_launched(arguments->command);
    int usage = cli_tier(arguments, &measured.tier);
    if (usage == CLI_OK) usage = cli_size(arguments, "jobs", 1, 4096, &measured.jobs);
    if (usage == CLI_OK) usage = check_usage(arguments, measured.tier);
    if (usage != CLI_OK) return usage;
    ntk_suite suite;
    ntk_status status = ntk_linalg_start();
    if (status == NTK_OK) status = ntk_suite_open(ntk_registry, NULL, &suite);
    if (status != NTK_OK) return cli_fail(status);
    cli_catch_interrupts();
    const char *file = cli_value(arguments, "merge");
    const int result = file != NULL                  ? merge(arguments, &suite, file)
                       : cli_flag(arguments, "list") ? list(arguments, &suite)
                                                     : measure(arguments, &suite, &measured);
    ntk_suite_release(&suite);
    return result;
}

const cli_command cli_envelope = {
    .name = "envelope",
    .synopsis = "[CLAIM or SUITE ...] [OPTION ...]",
    .summary = "measure how far metrics lie apart between BLAS kernels, vector widths and builds",
    .details =
        "Computes the named claims, or all of them, with the stored seed and without controls, under every "
        "axis of this machine: OpenBLAS's kernels that the processor can run, vector widths, and the builds "
        "of --builds. The smallest and the largest value of each stored metric are kept in "
        "expected/envelopes.tsv, with the axes, the one that moved it most, the processor and the date; "
        "what is there already is widened, unless it was measured about another stored value. "
        "`make envelope` builds with other compilers and BLAS libraries first.\n\n"
        "`ntk verify` and `ntk compare` call a metric MOVED that differs from its stored value by more than "
        "a "
        "thousand times its envelope. An envelope is at least four units in the last place, and at least the "
        "tolerance of the integrator where the claim has one: a step that is accepted here may be refused "
        "there, which a few axes need not show. A measurement that was stopped goes on with --resume "
        "--out DIR.",
    .exit_status = "0 when all was computed, 1 when a process failed, 5 an error, 64 wrong usage, 130 "
                   "interrupted.",
    .options = options,
    .least_names = 0,
    .most_names = (size_t)-1,
    .run = run,
};
