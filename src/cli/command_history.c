/* ntk history: the runs in results/, or a metric through them. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ntk/file.h>

#include "claim/describe.h"
#include "claim/expected.h"
#include "cli/cli.h"
#include "run/json.h"
#include "run/record.h"

static const cli_option options[] = {{"results", 0, "DIR", "the folder of the runs (default: results)"},
                                     {"json", 0, NULL, "print JSON: an array with an object for each line"},
                                     {NULL, 0, NULL, NULL}};

/* ---- runs ------------------------------------------------------------------------------------ */

static void print_run(const ntk_record *record) {
    const char *verdict;
    json_t *count;
    printf("%s  %-12s %-5s", ntk_record_text(record, NULL, "started"),
           ntk_record_text(record, "build", "commit"), ntk_tier_text(record->tier));
    json_object_foreach(json_object_get(record->summary, "counts"), verdict,
                        count) if (json_integer_value(count) > 0)
        printf("  %" JSON_INTEGER_FORMAT " %s", json_integer_value(count), verdict);
    printf("  %.0f s  %s%s\n", json_number_value(json_object_get(record->summary, "wall_seconds")),
           record->folder, ntk_record_has_overrides(record) ? " (--set)" : "");
}

static json_t *run_object(const ntk_record *record) {
    json_t *object = json_object();
    ntk_json_set_text(object, "folder", record->folder);
    ntk_json_set_text(object, "started", ntk_record_text(record, NULL, "started"));
    ntk_json_set_text(object, "commit", ntk_record_text(record, "build", "commit"));
    ntk_json_set_text(object, "tier", ntk_tier_text(record->tier));
    json_object_set(object, "overrides", json_object_get(record->manifest, "overrides"));
    return object;
}

/* ---- a metric -------------------------------------------------------------------------------- */

/* What is asked for: a metric, of one process or of any claim. */
typedef struct question {
    const char *metric;
    char process[256]; /* "suite/claim[/control[/twin]]"; "": any claim */
    json_t *lines;     /* of --json; NULL: print */
    size_t found;
} question;

/* "suite/claim[/control[/twin]]:metric" or "metric". */
static void read_question(const char *text, question *out) {
    const char *colon = strrchr(text, ':');
    out->metric = colon != NULL ? colon + 1 : text;
    if (colon != NULL) snprintf(out->process, sizeof out->process, "%.*s", (int)(colon - text), text);
}

/* All digits of a plain number, so that what moved can be seen. */
static const char *describe_value(const ntk_metric *metric, ntk_description text) {
    if (metric->is_estimate) return ntk_describe_metric(metric, text);
    snprintf(text, NTK_DESCRIPTION_SIZE, "%.17g", metric->estimate.value);
    return text;
}

static void tell_metric(question *self, const ntk_record *record, const char *process,
                        const ntk_metric *metric, double before) {
    ntk_description value;
    const double x = metric->estimate.value, ulp = isnan(before) ? (double)NAN : ntk_ulp_distance(before, x);
    self->found++;
    if (self->lines != NULL) {
        json_t *object = run_object(record);
        ntk_json_set_text(object, "claim", process);
        ntk_json_set_text(object, "metric", self->metric);
        ntk_json_set_number(object, "value", x);
        if (metric->is_estimate) ntk_json_set_number(object, "low", metric->estimate.low);
        if (metric->is_estimate) ntk_json_set_number(object, "high", metric->estimate.high);
        ntk_json_set_number(object, "ulp", ulp);
        json_array_append_new(self->lines, object);
        return;
    }
    printf("%s  %-12s %-5s %-12s %-40s %-24s", ntk_record_text(record, NULL, "started"),
           ntk_record_text(record, "build", "commit"), ntk_tier_text(record->tier),
           ntk_record_text(record, "machine", "blas_core"), process, describe_value(metric, value));
    if (!isnan(before)) printf(x == before ? "  =" : "  %.3g ulp", ulp);
    printf("%s\n", ntk_record_has_overrides(record) ? "  (--set)" : "");
}

/* Of a process that belongs to this claim, what stands behind the claim's name: "" for itself,
 * "/control/twin" say; NULL for a process of another claim. */
static const char *variant_of(const char *process, const char *claim) {
    const size_t length = strlen(claim);
    const bool belongs = strncmp(process, claim, length) == 0 && strchr("/", process[length]) != NULL;
    return belongs ? process + length : NULL;
}

static ntk_status read_metrics(const ntk_record *record, const char *claim, const char *variant,
                               ntk_metrics *out) {
    return ntk_record_metrics(record, claim, variant[0] == '/' ? variant + 1 : NULL, out);
}

/* The value in the newest earlier run of the same tier, seed and parameters; NaN for none. */
static double value_before(const question *self, const ntk_record *records, size_t index, const char *claim,
                           const char *variant) {
    char process[256];
    snprintf(process, sizeof process, "%s%s", claim, variant);
    const ntk_record *now = &records[index];
    const char *settings = ntk_record_settings(now, process);
    for (size_t i = index; i-- > 0;) {
        const ntk_record *then = &records[i];
        const char *others = ntk_record_settings(then, process);
        if (then->tier != now->tier || settings == NULL || others == NULL || strcmp(settings, others) != 0 ||
            strcmp(ntk_record_text(then, NULL, "seed"), ntk_record_text(now, NULL, "seed")) != 0)
            continue;
        ntk_metrics metrics;
        if (read_metrics(then, claim, variant, &metrics) != NTK_OK) continue;
        const ntk_metric *metric = ntk_metrics_find(&metrics, self->metric);
        const double value = metric != NULL ? metric->estimate.value : (double)NAN;
        ntk_metrics_release(&metrics);
        if (!isnan(value)) return value;
    }
    return NAN;
}

static ntk_status search_run(question *self, const ntk_record *records, size_t index) {
    size_t i;
    const json_t *claim;
    json_array_foreach(json_object_get(records[index].summary, "claims"), i, claim) {
        const char *id = json_string_value(json_object_get(claim, "id"));
        const char *process = self->process[0] == '\0' ? id : self->process;
        const char *variant = id != NULL ? variant_of(process, id) : NULL;
        if (variant == NULL) continue;
        ntk_metrics metrics;
        NTK_TRY(read_metrics(&records[index], id, variant, &metrics));
        const ntk_metric *metric = ntk_metrics_find(&metrics, self->metric);
        if (metric != NULL)
            tell_metric(self, &records[index], process, metric,
                        value_before(self, records, index, id, variant));
        ntk_metrics_release(&metrics);
    }
    return NTK_OK;
}

static int tell(const cli_arguments *arguments, const ntk_record *records, size_t count, json_t *lines) {
    if (arguments->name_count == 0) {
        for (size_t i = 0; i < count; i++)
            if (lines != NULL)
                json_array_append_new(lines, run_object(&records[i]));
            else
                print_run(&records[i]);
        return CLI_OK;
    }
    question asked = {.lines = lines};
    read_question(arguments->names[0], &asked);
    for (size_t i = 0; i < count; i++) {
        const ntk_status status = search_run(&asked, records, i);
        if (status != NTK_OK) return cli_fail(status);
    }
    if (asked.found > 0) return CLI_OK;
    return cli_usage_error(arguments->command, "no run holds a metric %s", arguments->names[0]);
}

static int run(const cli_arguments *arguments) {
    const char *results = cli_value(arguments, "results");
    ntk_record *records;
    size_t count;
    if (results != NULL && access(results, F_OK) != 0)
        return cli_fail(ntk_fail(NTK_ERROR_NOT_FOUND, "there is no folder %s", results));
    const ntk_status status = ntk_records_read(results != NULL ? results : "results", &records, &count);
    if (status != NTK_OK) return cli_fail(status);
    json_t *lines = cli_flag(arguments, "json") ? json_array() : NULL;
    const int result = tell(arguments, records, count, lines);
    if (lines != NULL && result == CLI_OK) {
        json_dumpf(lines, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
        printf("\n");
    }
    json_decref(lines);
    ntk_records_release(records, count);
    return result;
}

const cli_command cli_history = {
    .name = "history",
    .synopsis = "[[CLAIM:]METRIC] [--results DIR] [--json]",
    .summary = "the runs in results/, or a metric through them",
    .details =
        "Without a metric: a line for each run in results/ that has ended, the oldest first, with commit, "
        "tier "
        "and verdicts. With one: its value in each run that has it, of one claim (\"suite/claim:metric\"), "
        "of a control "
        "(\"suite/claim/control:metric\") or its twin (\"suite/claim/control/twin:metric\"), or of all "
        "claims that emit it, and by how many representable numbers (ulp) it differs from the run before of "
        "the "
        "same tier, seed and parameters (= where it does not).",
    .exit_status = "0; 5 an error; 64 wrong usage, also a metric that no run holds.",
    .options = options,
    .least_names = 0,
    .most_names = 1,
    .run = run,
};
