/* Each point is a run of its own, with controls, journal and report: what a scan shows of a point
 * is what `ntk verify --set` says of it. */
#include "run/scan.h"

#include <stdio.h>
#include <string.h>

#include <ntk/file.h>
#include <ntk/lab/context.h>
#include <ntk/lab/experiment.h>
#include <ntk/memory.h>

#include "base/nearest.h"
#include "experiment/parameters.h"
#include "experiment/support.h"
#include "run/runner.h"
#include "run/series.h"

/* ---- the grid -------------------------------------------------------------------------------- */

/* That the last value is none of those before it, however they are spelt: 1 and 01 are one
 * point. */
static ntk_status require_new(const ntk_scan *scan, const ntk_scan_axis *axis) {
    const size_t last = axis->count - 1;
    const ntk_parameter *parameter;
    ntk_value value, other;
    bool twice = false;
    NTK_TRY(ntk_parameter_find(scan->claim.experiment, axis->name, &parameter));
    NTK_TRY(ntk_value_parse(parameter, axis->values[last], &value));
    ntk_status status = NTK_OK;
    for (size_t i = 0; i < last && status == NTK_OK && !twice; i++) {
        status = ntk_value_parse(parameter, axis->values[i], &other);
        if (status != NTK_OK) break;
        twice = strcmp(value.text, other.text) == 0;
        ntk_value_release(&other);
    }
    ntk_value_release(&value);
    NTK_TRY(status);
    return twice
               ? ntk_fail(NTK_ERROR_ARGUMENT, "--over %s: %s is given twice", axis->name, axis->values[last])
               : NTK_OK;
}

static ntk_status add_value(ntk_scan *scan, ntk_scan_axis *axis, const char *text, size_t length) {
    void *values = axis->values;
    NTK_TRY(ntk_array_grow(&values, axis->count, sizeof(char *)));
    axis->values = values;
    NTK_TRY(ntk_text_format(&axis->values[axis->count], "%.*s", (int)length, text));
    axis->count++;
    if (length == 0) return ntk_fail(NTK_ERROR_ARGUMENT, "--over %s: a value is empty", axis->name);
    return require_new(scan, axis);
}

static ntk_status plan_axis(ntk_scan *scan, const ntk_setting *given) {
    const ntk_run_options *options = &scan->options;
    for (size_t i = 0; i < options->override_count; i++)
        if (strcmp(options->overrides[i].name, given->name) == 0)
            return ntk_fail(NTK_ERROR_ARGUMENT, "%s is given to --set and to --over", given->name);
    ntk_scan_axis *axis = &scan->axes[scan->axis_count++];
    NTK_TRY(ntk_text_copy(given->name, &axis->name));
    const char *const separator = strchr(given->value, '/') != NULL ? "/" : ",";
    for (const char *rest = given->value;; rest++) {
        const size_t length = strcspn(rest, separator);
        NTK_TRY(add_value(scan, axis, rest, length));
        rest += length;
        if (*rest == '\0') return NTK_OK;
    }
}

static ntk_status plan_points(ntk_scan *scan) {
    size_t count = 1;
    for (size_t a = 0; a < scan->axis_count; a++) {
        count *= scan->axes[a].count;
        if (count > NTK_SCAN_MOST_POINTS)
            return ntk_fail(NTK_ERROR_ARGUMENT, "a scan has at most %d points", NTK_SCAN_MOST_POINTS);
    }
    void *memory;
    NTK_TRY(ntk_allocate(count, sizeof *scan->points, &memory));
    scan->points = memory;
    scan->point_count = count;
    for (size_t p = 0; p < count; p++) {
        size_t rest = p;
        for (size_t a = scan->axis_count; a-- > 0;) {
            const ntk_scan_axis *axis = &scan->axes[a];
            scan->points[p].settings[a] =
                (ntk_setting){.name = axis->name, .value = axis->values[rest % axis->count]};
            rest /= axis->count;
        }
        NTK_TRY(ntk_text_format(&scan->points[p].folder, "%s/points/%03zu", scan->folder, p + 1));
    }
    return NTK_OK;
}

static ntk_status plan(ntk_scan *scan, const char *claim, const ntk_setting *axes, size_t axis_count) {
    NTK_TRY(ntk_suite_claim(scan->suite, claim, &scan->claim));
    NTK_TRY(ntk_series_name(scan->options.out, scan->claim.id, &scan->folder));
    if (axis_count == 0 || axis_count > NTK_SCAN_MOST_AXES)
        return ntk_fail(NTK_ERROR_ARGUMENT, "a scan needs --over NAME=VALUE,VALUE,..., at most %d of them",
                        NTK_SCAN_MOST_AXES);
    for (size_t a = 0; a < axis_count; a++) NTK_TRY(plan_axis(scan, &axes[a]));
    return plan_points(scan);
}

ntk_status ntk_scan_create(const ntk_suite *suite, const char *claim, const ntk_setting *axes,
                           size_t axis_count, const ntk_run_options *options, ntk_scan **out) {
    void *memory;
    *out = NULL;
    NTK_TRY(ntk_allocate(1, sizeof **out, &memory));
    ntk_scan *scan = memory;
    scan->suite = suite;
    scan->options = *options;
    const ntk_status status = plan(scan, claim, axes, axis_count);
    if (status == NTK_OK)
        *out = scan;
    else
        ntk_scan_destroy(scan);
    return status;
}

void ntk_scan_destroy(ntk_scan *scan) {
    for (size_t p = 0; p < scan->point_count; p++) {
        ntk_scan_point *point = &scan->points[p];
        ntk_release(point->folder);
        ntk_release(point->cause);
        ntk_metrics_release(&point->metrics);
        ntk_release(point->judged);
    }
    ntk_release(scan->points);
    for (size_t a = 0; a < scan->axis_count; a++) {
        ntk_release(scan->axes[a].name);
        ntk_texts_release(scan->axes[a].values, scan->axes[a].count);
    }
    ntk_claim_release(&scan->claim);
    ntk_release(scan->folder);
    ntk_release(scan);
}

/* ---- the table ------------------------------------------------------------------------------- */

static const char *judged_text(const ntk_scan_point *point, size_t metric) {
    return point->judged[metric] == NTK_VERDICT_COUNT ? "-" : ntk_verdict_text(point->judged[metric]);
}

static void write_row(const ntk_scan *scan, const ntk_scan_point *point, size_t m, FILE *stream) {
    for (size_t a = 0; a < scan->axis_count; a++) fprintf(stream, "%s\t", point->settings[a].value);
    fprintf(stream, "%s\t", ntk_verdict_text(point->verdict));
    if (m >= point->metrics.count) {
        fputs("-\tnan\tnan\tnan\t-\n", stream); /* its process failed */
        return;
    }
    const ntk_metric *metric = &point->metrics.items[m];
    const ntk_estimate *e = &metric->estimate;
    char value[NTK_NUMBER_SIZE], low[NTK_NUMBER_SIZE], high[NTK_NUMBER_SIZE];
    fprintf(stream, "%s\t%s\t%s\t%s\t%s\n", metric->name, ntk_text_number(e->value, value),
            ntk_text_number(metric->is_estimate ? e->low : e->value, low),
            ntk_text_number(metric->is_estimate ? e->high : e->value, high), judged_text(point, m));
}

static ntk_status write_table(const ntk_scan *scan) {
    char *path;
    ntk_file *file;
    NTK_TRY(ntk_text_format(&path, "%s/scan.tsv", scan->folder));
    const ntk_status status = ntk_file_create(path, &file);
    ntk_release(path);
    NTK_TRY(status);
    FILE *stream = ntk_file_stream(file);
    for (size_t a = 0; a < scan->axis_count; a++) fprintf(stream, "%s\t", scan->axes[a].name);
    fputs("verdict\tmetric\tvalue\tlow\thigh\tjudged\n", stream);
    for (size_t p = 0; p < scan->point_count; p++) {
        const ntk_scan_point *point = &scan->points[p];
        const size_t rows = point->metrics.count > 0 ? point->metrics.count : 1;
        for (size_t m = 0; point->done && m < rows; m++) write_row(scan, point, m, stream);
    }
    return ntk_file_commit(file);
}

/* ---- running --------------------------------------------------------------------------------- */

static ntk_verdict worst_of(const ntk_claim_outcome *outcome, const ntk_claim *claim, const char *metric) {
    ntk_verdict worst = NTK_VERDICT_COUNT;
    for (size_t i = 0; i < claim->check_count; i++) {
        if (strcmp(claim->checks[i].metric, metric) != 0) continue;
        const ntk_verdict one = outcome->checks[i].verdict;
        if (worst == NTK_VERDICT_COUNT || one > worst) worst = one;
    }
    return worst;
}

static ntk_status take_results(ntk_run *run, ntk_scan_point *point) {
    ntk_claim_run *claim = &run->claims[0];
    void *memory;
    point->verdict = claim->result.verdict;
    if (claim->tasks[0].cause != NULL) NTK_TRY(ntk_text_copy(claim->tasks[0].cause, &point->cause));
    point->metrics = claim->tasks[0].metrics;
    claim->tasks[0].metrics = (ntk_metrics){0};
    NTK_TRY(ntk_allocate(point->metrics.count, sizeof *point->judged, &memory));
    point->judged = memory;
    for (size_t m = 0; m < point->metrics.count; m++)
        point->judged[m] = claim->result.outcome != NULL
                               ? worst_of(claim->result.outcome, &claim->claim, point->metrics.items[m].name)
                               : NTK_VERDICT_COUNT;
    point->done = true;
    return NTK_OK;
}

/* Those of --set and of the point; to be released. */
static ntk_status collect_settings(const ntk_scan *scan, const ntk_scan_point *point, ntk_setting **out,
                                   size_t *count) {
    const size_t given = scan->options.override_count;
    void *memory;
    NTK_TRY(ntk_allocate(given + scan->axis_count, sizeof(ntk_setting), &memory));
    *out = memory;
    *count = given + scan->axis_count;
    for (size_t i = 0; i < given; i++) (*out)[i] = scan->options.overrides[i];
    memcpy(*out + given, point->settings, scan->axis_count * sizeof(ntk_setting));
    return NTK_OK;
}

static ntk_status run_point(ntk_scan *scan, ntk_scan_point *point) {
    ntk_run_options options;
    ntk_setting *settings;
    NTK_TRY(ntk_series_run_options(&scan->options, point->folder, &options));
    NTK_TRY(collect_settings(scan, point, &settings, &options.override_count));
    options.overrides = settings;
    ntk_run *run = NULL;
    const char *names[] = {scan->claim.id};
    ntk_status status = ntk_run_create(scan->suite, names, 1, &options, &run);
    if (status == NTK_OK) status = ntk_run_execute(run);
    if (status == NTK_OK) status = take_results(run, point);
    ntk_run_destroy(run);
    ntk_release(settings);
    return status;
}

ntk_status ntk_scan_execute(ntk_scan *scan, ntk_scan_observer *observer, void *context) {
    NTK_TRY(ntk_series_open(scan->folder, &scan->options, "the scan", "a scan that has begun"));
    for (size_t p = 0; p < scan->point_count; p++) {
        NTK_TRY(run_point(scan, &scan->points[p]));
        NTK_TRY(write_table(scan));
        if (observer != NULL) observer(scan, p, context);
    }
    return NTK_OK;
}

/* ---- metrics --------------------------------------------------------------------------------- */

static ntk_status list_metrics(const ntk_scan *scan, const ntk_scan_point *point, char ***names,
                               size_t *count) {
    const ntk_run_options *options = &scan->options;
    ntk_setting *settings;
    size_t setting_count;
    ntk_context *context;
    *names = NULL;
    *count = 0;
    NTK_TRY(collect_settings(scan, point, &settings, &setting_count));
    ntk_status status = ntk_claim_context(&scan->claim, options->tier, (ntk_variant){0}, settings,
                                          setting_count, options->seed, scan->suite->data, &context);
    ntk_release(settings);
    NTK_TRY(status);
    status = ntk_experiment_metrics(context, names, count);
    ntk_context_destroy(context);
    return status;
}

ntk_status ntk_scan_require_metric(const ntk_scan *scan, const char *metric) {
    char suggestion[128] = "";
    for (size_t p = 0; p < scan->point_count; p++) {
        char **names;
        size_t count;
        bool found = false;
        const ntk_status status = list_metrics(scan, &scan->points[p], &names, &count);
        for (size_t i = 0; i < count && status == NTK_OK; i++) found = found || strcmp(names[i], metric) == 0;
        const char *meant =
            p == 0 && count > 0 ? ntk_nearest_name(metric, (const char *const *)names, count) : NULL;
        if (meant != NULL) snprintf(suggestion, sizeof suggestion, "; did you mean %.80s?", meant);
        ntk_texts_release(names, count);
        NTK_TRY(status);
        if (found) return NTK_OK;
    }
    return ntk_fail(NTK_ERROR_NOT_FOUND, "no point has a metric %s%s", metric, suggestion);
}

bool ntk_scan_has_metric(const ntk_scan *scan, const char *metric) {
    for (size_t p = 0; p < scan->point_count; p++)
        if (ntk_metrics_find(&scan->points[p].metrics, metric) != NULL) return true;
    return false;
}

const char *ntk_scan_first_metric(const ntk_scan *scan) { return scan->claim.checks[0].metric; }
