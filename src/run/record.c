#include "run/record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <dirent.h>
#include <unistd.h>

#include <ntk/memory.h>

#include "claim/expected.h"
#include "experiment/metrics.h"
#include "experiment/support.h"

/* ---- opening --------------------------------------------------------------------------------- */

static ntk_status read_json(const char *folder, const char *name, const char *missing, json_t **out) {
    char *path;
    json_error_t error;
    NTK_TRY(ntk_text_format(&path, "%s/%s", folder, name));
    ntk_status status = NTK_OK;
    if (access(path, F_OK) != 0)
        status = ntk_fail(NTK_ERROR_NOT_FOUND, "%s %s", folder, missing);
    else if ((*out = json_load_file(path, 0, &error)) == NULL)
        status = ntk_fail(NTK_ERROR_FORMAT, "%s:%d: %s", path, error.line, error.text);
    ntk_release(path);
    return status;
}

/* A path as it stands, or else a name in results/. */
static ntk_status locate(const char *folder, char **out) {
    if (access(folder, F_OK) == 0 || strchr(folder, '/') != NULL) return ntk_text_copy(folder, out);
    char *below;
    NTK_TRY(ntk_text_format(&below, "results/%s", folder));
    if (access(below, F_OK) == 0) {
        *out = below;
        return NTK_OK;
    }
    ntk_release(below);
    return ntk_text_copy(folder, out);
}

static ntk_status read_record(ntk_record *record) {
    NTK_TRY(read_json(record->folder, "manifest.json", "is no folder of a run", &record->manifest));
    NTK_TRY(read_json(record->folder, "summary.json",
                      "holds a run that has not ended; `ntk verify --resume` goes on with it",
                      &record->summary));
    const ntk_status status = ntk_tier_parse(ntk_record_text(record, NULL, "tier"), &record->tier);
    if (status == NTK_OK && json_is_array(json_object_get(record->summary, "claims"))) return NTK_OK;
    return ntk_fail(NTK_ERROR_FORMAT, "%s: its manifest or summary is not what a run writes", record->folder);
}

ntk_status ntk_record_open(const char *folder, ntk_record *out) {
    *out = (ntk_record){0};
    ntk_status status = locate(folder, &out->folder);
    if (status == NTK_OK) status = read_record(out);
    if (status != NTK_OK) ntk_record_close(out);
    return status;
}

ntk_status ntk_record_open_stored(const char *expected, ntk_tier tier, ntk_record *out) {
    *out = (ntk_record){.stored = true, .tier = tier};
    return ntk_text_copy(expected, &out->folder);
}

void ntk_record_close(ntk_record *record) {
    ntk_release(record->folder);
    json_decref(record->manifest);
    json_decref(record->summary);
    *record = (ntk_record){0};
}

/* ---- what they say --------------------------------------------------------------------------- */

const json_t *ntk_record_claim(const ntk_record *record, const char *id) {
    size_t index;
    const json_t *claim;
    json_array_foreach(json_object_get(record->summary, "claims"), index, claim) {
        const char *name = json_string_value(json_object_get(claim, "id"));
        if (name != NULL && strcmp(name, id) == 0) return claim;
    }
    return NULL;
}

const char *ntk_record_text(const ntk_record *record, const char *section, const char *key) {
    const json_t *object = section != NULL ? json_object_get(record->manifest, section) : record->manifest;
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

bool ntk_record_has_overrides(const ntk_record *record) {
    const json_t *inputs = json_object_get(record->manifest, "inputs");
    return json_object_size(json_object_get(record->manifest, "overrides")) > 0 ||
           json_object_get(inputs, "given") != NULL;
}

const char *ntk_record_settings(const ntk_record *record, const char *process) {
    size_t index;
    const json_t *item;
    json_array_foreach(json_object_get(record->manifest, "processes"), index, item) {
        const char *name = json_string_value(json_object_get(item, "name"));
        if (name != NULL && strcmp(name, process) == 0)
            return json_string_value(json_object_get(item, "parameters"));
    }
    return NULL;
}

/* ---- metrics --------------------------------------------------------------------------------- */

static ntk_status stored_metrics(const ntk_record *record, const char *id, ntk_metrics *out) {
    char *path;
    ntk_expected *expected;
    NTK_TRY(ntk_text_format(&path, "%s/%s.tsv", record->folder, id));
    ntk_status status = ntk_expected_read(path, &expected);
    ntk_release(path);
    if (status == NTK_ERROR_NOT_FOUND) return NTK_OK;
    NTK_TRY(status);
    for (size_t i = 0; i < expected->count && status == NTK_OK; i++) {
        const ntk_metric *metric = &expected->rows[i].metric;
        if (expected->rows[i].tier == record->tier)
            status = ntk_metrics_append(out, metric->name, metric->is_estimate, &metric->estimate);
    }
    ntk_expected_destroy(expected);
    if (status != NTK_OK) ntk_metrics_release(out);
    return status;
}

ntk_status ntk_record_metrics(const ntk_record *record, const char *id, const char *control,
                              ntk_metrics *out) {
    *out = (ntk_metrics){0};
    if (record->stored) return control == NULL ? stored_metrics(record, id, out) : NTK_OK;
    char *path;
    NTK_TRY(control == NULL
                ? ntk_text_format(&path, "%s/%s/metrics.tsv", record->folder, id)
                : ntk_text_format(&path, "%s/%s/controls/%s/metrics.tsv", record->folder, id, control));
    const ntk_status status = access(path, F_OK) == 0 ? ntk_metrics_read(path, out) : NTK_OK;
    ntk_release(path);
    return status;
}

/* ---- all runs -------------------------------------------------------------------------------- */

/* Folders that are no links, as results/latest is one. */
static bool is_run(const char *results, const char *name) {
    char *path;
    struct stat info;
    if (name[0] == '.' || ntk_text_format(&path, "%s/%s/summary.json", results, name) != NTK_OK) return false;
    const bool ended = access(path, R_OK) == 0;
    path[strlen(path) - strlen("/summary.json")] = '\0';
    const bool folder = lstat(path, &info) == 0 && S_ISDIR(info.st_mode);
    ntk_release(path);
    return ended && folder;
}

static ntk_status add_record(const char *results, const char *name, void **records, size_t *count) {
    char *path;
    ntk_record record;
    NTK_TRY(ntk_text_format(&path, "%s/%s", results, name));
    ntk_status status = ntk_record_open(path, &record);
    ntk_release(path);
    if (status != NTK_OK) return status == NTK_ERROR_MEMORY ? status : NTK_OK;
    status = ntk_array_grow(records, *count, sizeof record);
    if (status == NTK_OK)
        ((ntk_record *)*records)[(*count)++] = record;
    else
        ntk_record_close(&record);
    return status;
}

/* By their beginning, which is written so that it sorts as a text. */
static int by_time(const void *a, const void *b) {
    const int order = strcmp(ntk_record_text(a, NULL, "started"), ntk_record_text(b, NULL, "started"));
    return order != 0 ? order : strcmp(((const ntk_record *)a)->folder, ((const ntk_record *)b)->folder);
}

ntk_status ntk_records_read(const char *results, ntk_record **records, size_t *count) {
    void *found = NULL;
    *count = 0;
    *records = NULL;
    DIR *folder = opendir(results);
    if (folder == NULL && errno == ENOENT) return NTK_OK;
    if (folder == NULL) return ntk_fail(NTK_ERROR_IO, "%s: %s", results, strerror(errno));
    ntk_status status = NTK_OK;
    for (const struct dirent *entry; status == NTK_OK && (entry = readdir(folder)) != NULL;)
        if (is_run(results, entry->d_name)) status = add_record(results, entry->d_name, &found, count);
    closedir(folder);
    *records = found;
    if (status == NTK_OK && *count > 0) qsort(found, *count, sizeof **records, by_time);
    if (status != NTK_OK) {
        ntk_records_release(*records, *count);
        *records = NULL;
        *count = 0;
    }
    return status;
}

void ntk_records_release(ntk_record *records, size_t count) {
    for (size_t i = 0; i < count; i++) ntk_record_close(&records[i]);
    ntk_release(records);
}
