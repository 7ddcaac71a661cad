/* ntk accept: make the numbers of a run the stored ones. */
#include <stdio.h>

#include <ntk/linalg.h>

#include "cli/cli.h"
#include "run/catalogue.h"
#include "run/finished.h"

static const cli_option options[] = {{"why", 0, "TEXT", "the reason, for the ledger (required)"},
                                     {"tier", 0, "TIER", "quick (default), full or large"},
                                     {"run", 0, "DIR", "folder of the run (default: results/latest)"},
                                     CLI_SUITES_OPTION,
                                     {NULL, 0, NULL, NULL}};

static int accept_run(const ntk_suite *suite, const cli_arguments *arguments, ntk_tier tier,
                      const char *why) {
    const char *folder = cli_value(arguments, "run");
    size_t changed = 0;
    const ntk_status status = ntk_suite_accept(suite, arguments->names, arguments->name_count, tier,
                                               folder ? folder : "results/latest", why, &changed);
    if (status != NTK_OK) return cli_fail_naming(arguments->command, status);
    printf("%zu stored values changed (see expected/ledger.tsv)\n", changed);
    return CLI_OK;
}

static int run(const cli_arguments *arguments) {
    const char *why = cli_value(arguments, "why");
    ntk_tier tier = NTK_TIER_QUICK;
    const int usage = cli_tier(arguments, &tier);
    if (usage != CLI_OK) return usage;
    if (why == NULL || why[0] == '\0')
        return cli_usage_error(arguments->command,
                               "--why is required: what moved the numbers, and why that is right");
    ntk_status status = ntk_linalg_start();
    ntk_suite suite;
    if (status == NTK_OK) status = ntk_suite_open(ntk_registry, NULL, &suite);
    if (status != NTK_OK) return cli_fail(status);
    const int result = accept_run(&suite, arguments, tier, why);
    ntk_suite_release(&suite);
    return result;
}

const cli_command cli_accept = {
    .name = "accept",
    .synopsis = "CLAIM or SUITE ... --why TEXT [--tier TIER] [--run DIR]",
    .summary = "make the numbers of a run the stored ones",
    .details =
        "Rewrites expected/ from a finished run of this program with the stored seed, and enters old "
        "value, new value and reason in expected/ledger.tsv. Refused where a check fails or a control does "
        "not break. Bounds are never touched.",
    .exit_status = "0 when the numbers are stored, 5 where that is refused or fails, 64 wrong usage.",
    .options = options,
    .least_names = 1,
    .most_names = (size_t)-1,
    .run = run,
};
