/* ntk compare: what moved between two runs. */
#include <stdio.h>
#include <string.h>

#include <ntk/memory.h>

#include "cli/cli.h"
#include "experiment/support.h"
#include "run/catalogue.h"
#include "run/compare.h"
#include "run/compare_write.h"
#include "run/record.h"

static const cli_option options[] = {
    {"json", 0, NULL, "print JSON"},
    {"markdown", 0, NULL, "print Markdown tables, for a pull request"},
    {"moved", 0, "PART",
     "the part of its tolerance from which a metric without an envelope is MOVED (default 0.01)"},
    CLI_SUITES_OPTION,
    {NULL, 0, NULL, NULL}};

enum { CLI_MOVED = 1, CLI_REGRESSED = 2, CLI_NOTHING = 6 };

static ntk_status open_stored(ntk_tier tier, ntk_record *out) {
    ntk_suite suite;
    char *expected;
    *out = (ntk_record){0};
    NTK_TRY(ntk_suite_open(ntk_registry, NULL, &suite));
    ntk_status status = ntk_text_copy(suite.stored, &expected);
    ntk_suite_release(&suite);
    NTK_TRY(status);
    status = ntk_record_open_stored(expected, tier, out);
    ntk_release(expected);
    return status;
}

/* One name: a run against the stored results. */
static ntk_status open_both(const cli_arguments *arguments, ntk_record *before, ntk_record *after) {
    const bool stored = arguments->name_count == 1 || strcmp(arguments->names[0], "stored") == 0;
    *before = (ntk_record){0};
    NTK_TRY(ntk_record_open(arguments->names[arguments->name_count - 1], after));
    const ntk_status status =
        stored ? open_stored(after->tier, before) : ntk_record_open(arguments->names[0], before);
    if (status != NTK_OK) ntk_record_close(after);
    return status;
}

static int exit_status(const ntk_run_comparison *comparison) {
    if (comparison->metrics == 0) return CLI_NOTHING;
    if (comparison->level == NTK_MOVE_REGRESSED) return CLI_REGRESSED;
    return comparison->level == NTK_MOVE_MOVED ? CLI_MOVED : CLI_OK;
}

static int compare(const cli_arguments *arguments, const ntk_record *before, const ntk_record *after,
                   double moved) {
    ntk_run_comparison comparison;
    ntk_status status = ntk_run_compare(before, after, moved, &comparison);
    if (status != NTK_OK) return cli_fail_naming(arguments->command, status);
    if (cli_flag(arguments, "json"))
        status = ntk_run_comparison_print_json(&comparison, before, after, stdout);
    else if (cli_flag(arguments, "markdown"))
        ntk_run_comparison_print_markdown(&comparison, before, after, stdout);
    else
        ntk_run_comparison_print(&comparison, before, after, stdout);
    const int result = status == NTK_OK ? exit_status(&comparison) : cli_fail(status);
    ntk_run_comparison_release(&comparison);
    return result;
}

static int run(const cli_arguments *arguments) {
    double moved = NTK_MOVED_PART;
    const int usage = cli_real(arguments, "moved", &moved);
    if (usage != CLI_OK) return usage;
    if (!(moved >= 0 && moved <= 1))
        return cli_usage_error(arguments->command, "--moved takes a part from 0 to 1");
    ntk_record before, after;
    const ntk_status status = open_both(arguments, &before, &after);
    if (status != NTK_OK) return cli_fail_naming(arguments->command, status);
    const int result = compare(arguments, &before, &after, moved);
    ntk_record_close(&before);
    ntk_record_close(&after);
    return result;
}

const cli_command cli_compare = {
    .name = "compare",
    .synopsis = "[A] B [--json | --markdown] [--moved PART]",
    .summary = "what moved between two runs, or from the stored results to a run",
    .details = "Compares run B with run A metric by metric, controls and their twins included. A and B are "
               "folders of runs, or names of folders in results/; without A, or with \"stored\" for it, B is "
               "compared with the stored results. Shown are differences of provenance, verdicts that "
               "changed, and every metric that differs in a bit: by how much of its tolerance, and by how "
               "many representable numbers (ulp).\n\nA metric is REGRESSED beyond its tolerance, which is "
               "the one that B was judged with, and MOVED beyond a thousand times its envelope, what other "
               "machines were seen to make of it (`ntk envelope`); without an envelope, from a hundredth of "
               "its tolerance (--moved): a change of the whole BLAS was never seen to move one so far. A "
               "metric without a tolerance is shown as unjudged, and is MOVED where it is new, gone or not "
               "finite. With another seed only those are judged that do not depend on it or are "
               "statistical.",
    .exit_status =
        "0 when nothing moved beyond that, 1 MOVED or a verdict got better, 2 REGRESSED or a verdict "
        "got worse, 6 when the two have no metric in common, 5 an error, 64 wrong usage.",
    .options = options,
    .least_names = 1,
    .most_names = 2,
    .run = run,
};
