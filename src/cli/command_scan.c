/* ntk scan: one claim over a grid of settings. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <jansson.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>

#include "claim/describe.h"
#include "cli/cli.h"
#include "cli/display.h"
#include "run/catalogue.h"
#include "run/json.h"
#include "run/markdown.h"
#include "run/ranks.h"
#include "run/scan.h"
#include "run/scan_figure.h"

static const cli_option options[] = {
    {"over", 0, "NAME=VALUES", "an axis of the grid: 1,2,4; of lists, 64,256/128,512; may be repeated"},
    {"metric", 0, "NAME", "what is shown and drawn (default: that of the first check)"},
    {"tier", 0, "TIER", "quick (default), full or large: the sizes of the experiments"},
    {"seed", 0, "N", "base seed of all random streams (default: that of the stored results)"},
    {"jobs", 'j', "N", "workers (default: all processors)"},
    {"set", 0, "NAME=VALUE", "change a parameter at all points; may be repeated"},
    {"out", 0, "DIR", "folder of the scan, new or empty (default: scans/<time>-<claim>)"},
    {"resume", 0, NULL, "go on with the scan in --out"},
    {"data", 0, "DIR", "folder of the data sets (default: data/ of the suite)"},
    {"no-figures", 0, NULL, "draw no figure"},
    {"json", 0, NULL, "print JSON: an array with an object for each point"},
    {"markdown", 0, NULL, "print a Markdown table"},
    CLI_SUITES_OPTION,
    {NULL, 0, NULL, NULL}};

/* ---- what is printed ------------------------------------------------------------------------- */

/* Of a point: the metric, or why there is none. */
static const char *describe_point(const ntk_scan_point *point, const char *metric, ntk_description text) {
    const ntk_metric *found = ntk_metrics_find(&point->metrics, metric);
    if (found != NULL) return ntk_describe_metric(found, text);
    snprintf(text, NTK_DESCRIPTION_SIZE, "%s", point->cause != NULL ? point->cause : "not emitted");
    return text;
}

/* While it goes on, on standard error where standard output is for a program. */
typedef struct teller {
    FILE *stream;
    const char *metric;
} teller;

static void tell_point(const ntk_scan *scan, size_t p, void *context) {
    const teller *self = context;
    const ntk_scan_point *point = &scan->points[p];
    ntk_description text;
    fprintf(self->stream, "%zu/%zu  %-12s", p + 1, scan->point_count, ntk_verdict_text(point->verdict));
    for (size_t a = 0; a < scan->axis_count; a++)
        fprintf(self->stream, "  %s=%s", point->settings[a].name, point->settings[a].value);
    fprintf(self->stream, "  %s: %s\n", self->metric, describe_point(point, self->metric, text));
    fflush(self->stream);
}

static void print_markdown(const ntk_scan *scan, const char *metric) {
    ntk_description text;
    for (size_t a = 0; a < scan->axis_count; a++) printf("| %s ", scan->axes[a].name);
    printf("| verdict | %s |\n", metric);
    for (size_t a = 0; a < scan->axis_count + 2; a++) printf("|---");
    printf("|\n");
    for (size_t p = 0; p < scan->point_count; p++) {
        const ntk_scan_point *point = &scan->points[p];
        for (size_t a = 0; a < scan->axis_count; a++) {
            printf("| ");
            ntk_markdown_cell(point->settings[a].value, stdout);
            printf(" ");
        }
        printf("| %s | ", ntk_verdict_text(point->verdict));
        ntk_markdown_cell(describe_point(point, metric, text), stdout);
        printf(" |\n");
    }
}

static json_t *metrics_object(const ntk_scan_point *point) {
    json_t *metrics = json_object();
    for (size_t m = 0; m < point->metrics.count; m++) {
        const ntk_metric *metric = &point->metrics.items[m];
        json_t *one = json_object();
        ntk_json_set_number(one, "value", metric->estimate.value);
        if (metric->is_estimate) ntk_json_set_number(one, "low", metric->estimate.low);
        if (metric->is_estimate) ntk_json_set_number(one, "high", metric->estimate.high);
        if (point->judged[m] != NTK_VERDICT_COUNT)
            ntk_json_set_text(one, "verdict", ntk_verdict_text(point->judged[m]));
        json_object_set_new(metrics, metric->name, one);
    }
    return metrics;
}

static void print_json(const ntk_scan *scan) {
    json_t *points = json_array();
    for (size_t p = 0; p < scan->point_count; p++) {
        const ntk_scan_point *point = &scan->points[p];
        json_t *one = json_object(), *settings = json_object();
        for (size_t a = 0; a < scan->axis_count; a++)
            ntk_json_set_text(settings, point->settings[a].name, point->settings[a].value);
        json_object_set_new(one, "settings", settings);
        ntk_json_set_text(one, "verdict", ntk_verdict_text(point->verdict));
        if (point->cause != NULL) ntk_json_set_text(one, "cause", point->cause);
        json_object_set_new(one, "metrics", metrics_object(point));
        ntk_json_set_text(one, "run", point->folder);
        json_array_append_new(points, one);
    }
    json_dumpf(points, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    printf("\n");
    json_decref(points);
}

/* ---- running --------------------------------------------------------------------------------- */

static int draw(const ntk_scan *scan, const char *metric, FILE *stream) {
    char *warning;
    const ntk_status status = ntk_scan_draw(scan, metric, &warning);
    if (status != NTK_OK) return cli_fail(status);
    if (warning != NULL)
        fprintf(stderr, "ntk: warning: %s\n", warning);
    else
        fprintf(stream, "figure: %s/figure.svg\n", scan->folder);
    ntk_release(warning);
    return CLI_OK;
}

/* A point that ended in ERROR is no point of the table. */
static int exit_status(const ntk_scan *scan) {
    for (size_t p = 0; p < scan->point_count; p++)
        if (scan->points[p].verdict == NTK_VERDICT_ERROR) return CLI_ERROR;
    return CLI_OK;
}

static int finish(const cli_arguments *arguments, const ntk_scan *scan, const char *metric, FILE *stream) {
    const bool known = ntk_scan_has_metric(scan, metric);
    if (cli_flag(arguments, "json")) print_json(scan);
    if (cli_flag(arguments, "markdown")) print_markdown(scan, metric);
    fprintf(stream, "table: %s/scan.tsv\n", scan->folder);
    const int drawn = known && !cli_flag(arguments, "no-figures") ? draw(scan, metric, stream) : CLI_OK;
    return drawn != CLI_OK ? drawn : exit_status(scan);
}

static int execute(const cli_arguments *arguments, ntk_scan *scan) {
    const bool for_program = cli_flag(arguments, "json") || cli_flag(arguments, "markdown");
    const char *asked = cli_value(arguments, "metric");
    teller told = {for_program ? stderr : stdout, asked != NULL ? asked : ntk_scan_first_metric(scan)};
    ntk_status status = asked != NULL ? ntk_scan_require_metric(scan, asked) : NTK_OK;
    if (status == NTK_OK) status = ntk_scan_execute(scan, tell_point, &told);
    if (status == NTK_ERROR_CANCELLED)
        return cli_display_interrupted("the same command with --resume", scan->folder, "");
    return status == NTK_OK ? finish(arguments, scan, told.metric, told.stream)
                            : cli_fail_naming(arguments->command, status);
}

static int scan_claim(const cli_arguments *arguments, const ntk_suite *suite,
                      const ntk_run_options *run_options) {
    ntk_scan *scan;
    const ntk_status status = ntk_scan_create(suite, arguments->names[0], arguments->axes,
                                              arguments->axis_count, run_options, &scan);
    if (status != NTK_OK) return cli_fail_naming(arguments->command, status);
    const int result = execute(arguments, scan);
    ntk_scan_destroy(scan);
    return result;
}

static int run(const cli_arguments *arguments) {
    ntk_run_options run_options = {.seed = ntk_suite_stored_seed(),
                                   .jobs = ntk_processor_count(),
                                   .overrides = arguments->settings,
                                   .override_count = arguments->setting_count,
                                   .out = cli_value(arguments, "out"),
                                   .resume = cli_flag(arguments, "resume"),
                                   .interrupted = &cli_interrupted};
    if (cli_flag(arguments, "json") && cli_flag(arguments, "markdown"))
        return cli_usage_error(arguments->command, "--json and --markdown exclude each other");
    if (ntk_ranks_launched()) return cli_launched(arguments->command);
    int usage = cli_tier(arguments, &run_options.tier);
    if (usage == CLI_OK) usage = cli_seed(arguments, &run_options.seed);
    if (usage == CLI_OK) usage = cli_size(arguments, "jobs", 1, 4096, &run_options.jobs);
    if (usage != CLI_OK) return usage;
    ntk_status status = ntk_linalg_start();
    ntk_suite suite;
    if (status == NTK_OK) status = ntk_suite_open(ntk_registry, cli_value(arguments, "data"), &suite);
    if (status != NTK_OK) return cli_fail(status);
    cli_catch_interrupts();
    const int result = scan_claim(arguments, &suite, &run_options);
    ntk_suite_release(&suite);
    return result;
}

const cli_command cli_scan = {
    .name = "scan",
    .synopsis = "CLAIM --over NAME=VALUES ... [OPTION ...]",
    .summary = "one claim over a grid of settings: a table and a figure",
    .details =
        "Runs a claim, with its controls, at every point of the grid that the axes span, and writes scan.tsv "
        "with a row for each point and metric: the settings, the verdict of the claim, the metric with its "
        "interval, and the verdict of the checks that read it. The figure shows one metric over the first "
        "axis, with a curve for each value of the others and the bounds of its checks. Each point is a run "
        "in points/ with its own report.",
    .exit_status = "0 when every point was computed, whatever its verdict; 5 an error, also where a point "
                   "ended in ERROR; 64 wrong usage; 130 interrupted.",
    .options = options,
    .least_names = 1,
    .most_names = 1,
    .run = run,
};
