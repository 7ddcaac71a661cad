#include "experiment/metrics.h"

#include <math.h>
#include <string.h>

#include <ntk/file.h>
#include <ntk/memory.h>

#include "experiment/support.h"
#include "experiment/tsv.h"

/* The columns behind the name, in the order of estimate_fields(). */
static const char header[] =
    "metric\tvalue\tlow\thigh\tlevel\tstandard-error\tdegrees\tminimum-detectable-effect";
enum { FIELD_COUNT = 7 };

static void estimate_fields(ntk_estimate *estimate, double *fields[FIELD_COUNT]) {
    fields[0] = &estimate->value;
    fields[1] = &estimate->low;
    fields[2] = &estimate->high;
    fields[3] = &estimate->level;
    fields[4] = &estimate->standard_error;
    fields[5] = &estimate->degrees;
    fields[6] = &estimate->minimum_detectable_effect;
}

ntk_estimate ntk_metric_breakdown(double level) {
    return (ntk_estimate){.value = NAN,
                          .low = -INFINITY,
                          .high = INFINITY,
                          .level = level,
                          .standard_error = NAN,
                          .degrees = NAN,
                          .minimum_detectable_effect = NAN};
}

bool ntk_metric_broke_down(const ntk_metric *metric) {
    const ntk_estimate *e = &metric->estimate;
    return metric->is_estimate && isnan(e->value) && e->low == -INFINITY && e->high == INFINITY;
}

const ntk_metric *ntk_metrics_find(const ntk_metrics *metrics, const char *name) {
    for (size_t i = 0; i < metrics->count; i++)
        if (strcmp(metrics->items[i].name, name) == 0) return &metrics->items[i];
    return NULL;
}

ntk_status ntk_metrics_append(ntk_metrics *metrics, const char *name, bool is_estimate,
                              const ntk_estimate *estimate) {
    if (!ntk_text_is_name(name))
        return ntk_fail(NTK_ERROR_ARGUMENT, "metric '%s': a name consists of " NTK_NAME_RULE,
                        name == NULL ? "(null)" : name);
    if (ntk_metrics_find(metrics, name) != NULL)
        return ntk_fail(NTK_ERROR_ARGUMENT, "metric '%s' is given twice", name);

    ntk_metric metric = {.is_estimate = is_estimate, .estimate = {.value = estimate->value}};
    if (is_estimate) metric.estimate = *estimate;
    void *items = metrics->items;
    NTK_TRY(ntk_array_grow(&items, metrics->count, sizeof metric));
    metrics->items = items;
    NTK_TRY(ntk_text_copy(name, &metric.name));
    metrics->items[metrics->count++] = metric;
    return NTK_OK;
}

void ntk_metrics_release(ntk_metrics *metrics) {
    for (size_t i = 0; i < metrics->count; i++) ntk_release(metrics->items[i].name);
    ntk_release(metrics->items);
    *metrics = (ntk_metrics){0};
}

/* ---- the file -------------------------------------------------------------------------------- */

static void write_row(FILE *stream, const ntk_metric *metric) {
    ntk_estimate estimate = metric->estimate;
    double *fields[FIELD_COUNT];
    estimate_fields(&estimate, fields);
    fputs(metric->name, stream);
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        char buffer[NTK_NUMBER_SIZE];
        const bool filled = i == 0 || metric->is_estimate;
        fprintf(stream, "\t%s", filled ? ntk_text_number(*fields[i], buffer) : "");
    }
    fputc('\n', stream);
}

ntk_status ntk_metrics_write(const char *path, const ntk_metrics *metrics) {
    ntk_file *file = NULL;
    NTK_TRY(ntk_file_create(path, &file));
    FILE *stream = ntk_file_stream(file);
    fprintf(stream, "%s\n", header);
    for (size_t i = 0; i < metrics->count; i++) write_row(stream, &metrics->items[i]);
    return ntk_file_commit(file);
}

/* A scalar fills the value alone, an estimate every field; anything between is malformed. */
static ntk_status read_row(const ntk_tsv *tsv, size_t row, ntk_metrics *metrics) {
    const char *name = ntk_tsv_field(tsv, row, 0);
    if (!ntk_text_is_name(name)) return ntk_tsv_fail(tsv, row, 0, "a metric's name");
    if (ntk_metrics_find(metrics, name) != NULL) return ntk_tsv_fail(tsv, row, 0, "given once only");

    const bool is_estimate = *ntk_tsv_field(tsv, row, 2) != '\0';
    ntk_estimate estimate = {0};
    double *fields[FIELD_COUNT];
    estimate_fields(&estimate, fields);
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        const char *text = ntk_tsv_field(tsv, row, i + 1);
        const bool filled = i == 0 || is_estimate;
        if (!filled && *text != '\0') return ntk_tsv_fail(tsv, row, i + 1, "empty, as field 'low' is");
        if (filled && !ntk_tsv_number(text, fields[i])) return ntk_tsv_fail(tsv, row, i + 1, "a number");
    }
    return ntk_metrics_append(metrics, name, is_estimate, &estimate);
}

ntk_status ntk_metrics_read(const char *path, ntk_metrics *out) {
    *out = (ntk_metrics){0};
    ntk_tsv tsv;
    NTK_TRY(ntk_tsv_read(path, header, &tsv));
    ntk_status status = NTK_OK;
    for (size_t row = 0; status == NTK_OK && row < tsv.rows; row++) status = read_row(&tsv, row, out);
    ntk_tsv_release(&tsv);
    if (status != NTK_OK) ntk_metrics_release(out);
    return status;
}
