/* ntk report: a site over finished runs. */
#include <stdio.h>

#include <ntk/status.h>

#include "cli/cli.h"
#include "run/site.h"

static const cli_option options[] = {{"site", 0, "DIR", "folder of the site, made where there is none"},
                                     {NULL, 0, NULL, NULL}};

static int run(const cli_arguments *arguments) {
    const char *site = cli_value(arguments, "site");
    if (site == NULL) return cli_usage_error(arguments->command, "--site DIR is missing");
    const ntk_status status = ntk_site_write(site, arguments->names, arguments->name_count);
    if (status != NTK_OK) return cli_fail_naming(arguments->command, status);
    printf("%s/index.html: %zu runs\n", site, arguments->name_count);
    return CLI_OK;
}

const cli_command cli_report = {
    .name = "report",
    .synopsis = "--site DIR RUN ...",
    .summary = "a static site over several runs: their reports, and their verdicts side by side",
    .details =
        "Copies the report of each run (a folder, or the name of one in results/) and writes an index that "
        "compares them. The site is files alone and needs no server.",
    .exit_status = "0; 5 an error; 64 wrong usage.",
    .options = options,
    .least_names = 1,
    .most_names = (size_t)-1,
    .run = run,
};
