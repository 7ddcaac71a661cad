/* ntk figures: redraw what a run has computed. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <ntk/status.h>

#include "cli/cli.h"
#include "run/catalogue.h"
#include "run/redraw.h"
#include "run/state.h"

static const cli_option options[] = {
    {"run", 0, "DIR", "folder of the run (default: results/latest)"},
    {"plots", 0, "DIR",
     "copy the figures there, as <suite>-<claim>.svg and .png; those of claims that hold, of a run "
     "without --set, and never one of the quick tier over one of the full"},
    {"format", 0, "FORMAT", "svg, png or pdf (default: svg and png)"},
    {"width", 0, "WIDTH", "screen (default), or single or double: one or two columns of a paper"},
    CLI_SUITES_OPTION,
    {NULL, 0, NULL, NULL}};

static void show_warning(const char *line, void *context) {
    (void)context;
    fprintf(stderr, "ntk: warning: %s\n", line);
}

static bool is_one_of(const char *value, const char *const *words) {
    while (*words != NULL && strcmp(value, *words) != 0) words++;
    return *words != NULL;
}

/* CLI_OK, or a usage error. */
static int read_look(const cli_arguments *arguments, ntk_figure_look *look) {
    static const char *const formats[] = {"svg", "png", "pdf", NULL}, *const widths[] = {"screen", "single",
                                                                                         "double", NULL};
    const char *format = cli_value(arguments, "format"), *width = cli_value(arguments, "width");
    *look = ntk_figure_of_a_run;
    if (format != NULL && !is_one_of(format, formats))
        return cli_usage_error(arguments->command, "--format takes svg, png or pdf, not '%s'", format);
    if (width != NULL && !is_one_of(width, widths))
        return cli_usage_error(arguments->command, "--width takes screen, single or double, not '%s'", width);
    if (format != NULL) *look = (ntk_figure_look){{format}, look->width};
    if (width != NULL) look->width = width;
    return CLI_OK;
}

static int run(const cli_arguments *arguments) {
    const ntk_run_observer observer = {.warning = show_warning};
    ntk_redrawing redrawing = {
        .folder = cli_value(arguments, "run"), .plots = cli_value(arguments, "plots"), .observer = &observer};
    ntk_suite suite;
    size_t drawn, taken;
    const int understood = read_look(arguments, &redrawing.look);
    if (understood != CLI_OK) return understood;
    ntk_status status = ntk_suite_open(ntk_registry, NULL, &suite);
    if (status != NTK_OK) return cli_fail(status);
    if (redrawing.folder == NULL) redrawing.folder = "results/latest";
    status = ntk_suite_redraw(&suite, arguments->names, arguments->name_count, &redrawing, &drawn, &taken);
    ntk_suite_release(&suite);
    if (status != NTK_OK) return cli_fail_naming(arguments->command, status);
    printf("%zu figures drawn in %s\n", drawn, redrawing.folder);
    if (redrawing.plots != NULL)
        printf("%zu of them copied to %s, %zu left as they were\n", taken, redrawing.plots, drawn - taken);
    return CLI_OK;
}

const cli_command cli_figures = {
    .name = "figures",
    .synopsis = "[CLAIM or SUITE ...] [OPTION ...]",
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
