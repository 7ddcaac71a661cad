/* ntk verify: run, judge, compare, draw, report. */
#include <ntk/linalg.h>

#include "cli/cli.h"
#include "cli/display.h"
#include "cli/verify_roundings.h"
#include "cli/verify_seeds.h"
#include "experiment/support.h"
#include "run/catalogue.h"
#include "run/ranks.h"
#include "run/roundings.h"
#include "run/runner.h"
#include "run/seeds.h"
#include "run/shard.h"
#include "run/shell.h"

static const cli_option options[] = {
    {"tier", 0, "TIER", "quick (default), full or large: the sizes of the experiments"},
    {"seed", 0, "N", "base seed of all random streams (default: that of the stored results)"},
    {"seeds", 0, "N",
     "N runs instead of one, under the base seeds that follow: how often each interval fails"},
    {"rounding", 0, "MODES",
     "also under these rounding modes, \"up,down,zero,random\" or \"all\": the digits that survive"},
    {"jobs", 'j', "N", "workers (default: all processors)"},
    {"set", 0, "NAME=VALUE", "change a parameter of the claims that have it; may be repeated"},
    {"out", 0, "DIR", "folder of the run, new or empty (default: results/<time>-<commit>)"},
    {"resume", 0, NULL, "go on with the run in --out (default: in results/latest)"},
    {"shard", 0, "K/N", "run the K-th of N parts of about equal cost (`ntk merge` makes one run of all)"},
    {"launcher", 0, "WORDS",
     "start each process through this command, \"mpirun -np 4\" (docs/scaling.md); one at a time, unless "
     "--jobs says otherwise"},
    {"data", 0, "DIR", "folder of the data sets (default: data/ of the suite)"},
    {"no-figures", 0, NULL, "draw no figures"},
    {"github", 0, NULL, "in a GitHub workflow: annotate what failed, and write the step's summary"},
    CLI_GIVEN_OPTIONS,
    CLI_SUITES_OPTION,
    {NULL, 0, NULL, NULL}};

static int execute(const ntk_suite *suite, const cli_arguments *arguments, ntk_run_options *run_options) {
    cli_display screen;
    ntk_run *run;
    cli_display_observe(&screen, &run_options->observer);
    const ntk_status status =
        ntk_run_create(suite, arguments->names, arguments->name_count, run_options, &run);
    if (status != NTK_OK) return cli_fail_naming(arguments->command, status);
    return cli_display_run(&screen, run, cli_flag(arguments, "github"));
}

static int read_shard(const cli_arguments *arguments, ntk_shard *out) {
    const char *text = cli_value(arguments, "shard");
    if (text == NULL || ntk_shard_parse(text, out) == NTK_OK) return CLI_OK;
    return cli_usage_error(arguments->command, "--shard: %s", ntk_error_detail());
}

/* *given: whether --rounding was. */
static int read_roundings(const cli_arguments *arguments, bool *given, bool *wanted) {
    const char *text = cli_value(arguments, "rounding");
    *given = text != NULL;
    if (text == NULL) return CLI_OK;
    if (ntk_roundings_parse(text, wanted) != NTK_OK)
        return cli_usage_error(arguments->command, "--rounding: %s", ntk_error_detail());
    if (cli_value(arguments, "seeds") != NULL || cli_flag(arguments, "github"))
        return cli_usage_error(arguments->command, "--rounding excludes --seeds and --github");
    return CLI_OK;
}

/* One run, or a series of them. */
static int dispatch(const cli_arguments *arguments, const ntk_suite *suite, ntk_run_options *run_options,
                    size_t seeds, const bool *roundings) {
    if (roundings != NULL) return cli_verify_roundings(arguments, suite, run_options, roundings);
    if (seeds > 0) return cli_verify_seeds(arguments, suite, run_options, seeds);
    return execute(suite, arguments, run_options);
}

/* That the launcher can be used is found out before anything runs. */
static int check_launcher(const cli_arguments *arguments, const char *launcher) {
    char **words;
    size_t count;
    if (ntk_ranks_launched()) return cli_launched(arguments->command);
    if (launcher == NULL) return CLI_OK;
    if (!ntk_ranks_built()) return cli_error("--launcher: this ntk is built without MPI: make MPI=1");
    if (ntk_shell_split(launcher, &words, &count) != NTK_OK)
        return cli_usage_error(arguments->command, "--launcher: %s", ntk_error_detail());
    ntk_texts_release(words, count);
    return CLI_OK;
}

static int run(const cli_arguments *arguments) {
    ntk_run_options run_options = {.seed = ntk_suite_stored_seed(),
                                   .jobs = ntk_processor_count(),
                                   .jobs_given = cli_value(arguments, "jobs") != NULL,
                                   .launcher = cli_value(arguments, "launcher"),
                                   .overrides = arguments->settings,
                                   .override_count = arguments->setting_count,
                                   .out = cli_value(arguments, "out"),
                                   .resume = cli_flag(arguments, "resume"),
                                   .figures = !cli_flag(arguments, "no-figures"),
                                   .interrupted = &cli_interrupted};
    int usage = cli_tier(arguments, &run_options.tier);
    if (usage == CLI_OK) usage = cli_seed(arguments, &run_options.seed);
    if (usage == CLI_OK) usage = cli_size(arguments, "jobs", 1, 4096, &run_options.jobs);
    if (usage == CLI_OK) usage = cli_given(arguments, &run_options.data_x, &run_options.data_y);
    if (usage == CLI_OK) usage = check_launcher(arguments, run_options.launcher);
    if (usage == CLI_OK) usage = read_shard(arguments, &run_options.shard);
    size_t seeds = 0;
    if (usage == CLI_OK) usage = cli_size(arguments, "seeds", 1, NTK_SEEDS_MOST, &seeds);
    if (usage == CLI_OK && seeds > 0 && cli_flag(arguments, "github"))
        usage = cli_usage_error(arguments->command, "--seeds and --github exclude each other");
    bool rounded, roundings[NTK_ROUNDING_COUNT];
    if (usage == CLI_OK) usage = read_roundings(arguments, &rounded, roundings);
    if (usage != CLI_OK) return usage;
    /* The provenance names the BLAS in use, and a BLAS that cannot be trusted ends the run before
     * it begins. */
    ntk_status status = ntk_linalg_start();
    ntk_suite suite;
    if (status == NTK_OK) status = ntk_suite_open(ntk_registry, cli_value(arguments, "data"), &suite);
    if (status != NTK_OK) return cli_fail(status);
    cli_catch_interrupts();
    const int result = dispatch(arguments, &suite, &run_options, seeds, rounded ? roundings : NULL);
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
        "compared that do not depend on it or are statistical; with --set or --data-x, none. With --seeds N "
        "the claims "
        "run under the N base seeds that follow --seed, without figures, into scans/<time>-seeds or --out: "
        "judgements.tsv has, for each check, control and twin, how often it came out otherwise, the room of "
        "its interval in standard errors, and the chance that one more seed leaves none.\n\nWith --rounding "
        "the "
        "claims run under rounding to nearest and under each mode named, without figures and compared with "
        "nothing stored, into scans/<time>-roundings or --out: digits.tsv and report.html have, for each "
        "metric, the digits on which all modes agree. random: each unit of a map under one of the four, "
        "drawn "
        "from its stream. Certificates refuse a mode other than to nearest: such a claim is then SKIPPED, "
        "which does not count here.",
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
