/* ntk figures: redraw what a run has computed. */
#include <stdio.h>

#include "cli/cli.h"
#include "run/catalogue.h"
#include "run/finished.h"
#include "run/state.h"

static const cli_option options[] = {
    {"run", 0, "DIR", "folder of the run (default: results/latest)"},
    {"plots", 0, "DIR", "copy the figures there, as <suite>-<claim>.svg and .png"},
    {NULL, 0, NULL, NULL}};

static void show_warning(const char *line, void *context) {
    (void)context;
    fprintf(stderr, "ntk: warning: %s\n", line);
}

static int run(const cli_arguments *arguments) {
    const char *folder = cli_value(arguments, "run"), *plots = cli_value(arguments, "plots");
    const ntk_run_observer observer = {.warning = show_warning};
    ntk_suite suite;
    size_t drawn = 0;
    ntk_status status = ntk_suite_open(ntk_registry, NULL, &suite);
    if (status != NTK_OK) return cli_fail(status);
    if (folder == NULL) folder = "results/latest";
    status =
        ntk_suite_draw(&suite, arguments->names, arguments->name_count, folder, plots, &observer, &drawn);
    ntk_suite_release(&suite);
    if (status != NTK_OK) return cli_fail_naming(arguments->command, status);
    printf("%zu figures drawn in %s%s%s\n", drawn, folder, plots ? " and copied to " : "",
           plots ? plots : "");
    return CLI_OK;
}

const cli_command cli_figures = {
    .name = "figures",
    .synopsis = "[CLAIM or SUITE ...] [--run DIR] [--plots DIR]",
    .summary = "redraw the figures of a run",
    .details =
        "Draws the figures of a run again from its tables, after a change of a figure.gp or of "
        "suites/style.gp. It computes nothing. The report keeps the old ones until `ntk verify --resume` "
        "rewrites it.",
    .exit_status = "0 when all are drawn, 5 an error, 64 wrong usage.",
    .options = options,
    .least_names = 0,
    .most_names = (size_t)-1,
    .run = run,
};
