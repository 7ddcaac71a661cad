/* ntk merge: one run of several machines' parts. */
#include <ntk/linalg.h>

#include "cli/cli.h"
#include "cli/display.h"
#include "run/catalogue.h"
#include "run/merge.h"

static const cli_option options[] = {
    {"out", 0, "DIR", "folder of the merged run, new or empty (default: results/<time>-<commit>)"},
    {"data", 0, "DIR", "folder of the data sets (default: data/ of the suite)"},
    {"no-figures", 0, NULL, "draw no figures"},
    {"github", 0, NULL, "in a GitHub workflow: annotate what failed, and write the step's summary"},
    CLI_SUITES_OPTION,
    {NULL, 0, NULL, NULL}};

static int merge(const ntk_suite *suite, const cli_arguments *arguments) {
    cli_display screen;
    ntk_run *run;
    ntk_run_options run_options = {.jobs = ntk_processor_count(),
                                   .out = cli_value(arguments, "out"),
                                   .figures = !cli_flag(arguments, "no-figures"),
                                   .interrupted = &cli_interrupted};
    cli_display_observe(&screen, &run_options.observer);
    const ntk_status status =
        ntk_run_merge(suite, arguments->names, arguments->name_count, &run_options, &run);
    if (status != NTK_OK) return cli_fail_naming(arguments->command, status);
    return cli_display_run(&screen, run, cli_flag(arguments, "github"));
}

static int run(const cli_arguments *arguments) {
    ntk_status status = ntk_linalg_start();
    ntk_suite suite;
    if (status == NTK_OK) status = ntk_suite_open(ntk_registry, cli_value(arguments, "data"), &suite);
    if (status != NTK_OK) return cli_fail(status);
    cli_catch_interrupts();
    const int result = merge(&suite, arguments);
    ntk_suite_release(&suite);
    return result;
}

const cli_command cli_merge = {
    .name = "merge",
    .synopsis = "DIR ... [--out DIR] [--no-figures] [--github]",
    .summary = "make one run of those of several machines",
    .details =
        "Merges ended runs of different claims, the shards of `ntk verify --shard K/N` say, into one: tables "
        "and journals are copied, all claims are judged together, figures and the report are written anew. "
        "The "
        "tables are the bytes of a run in one piece. The parts must be of this program, the claims and the "
        "data "
        "as they are now, and of one tier, seed and --set; of shards, all must be there. The machines may "
        "differ: manifest.json says which part comes from where.",
    .exit_status = "As of `ntk verify`; 5 also where the parts do not fit together, 64 wrong usage.",
    .options = options,
    .least_names = 1,
    .most_names = (size_t)-1,
    .run = run,
};
