#include "run/json.h"

#include <math.h>
#include <stdio.h>

#include <ntk/file.h>
#include <ntk/memory.h>

#include "run/utf8.h"

void ntk_json_set_number(json_t *object, const char *key, double value) {
    if (isfinite(value)) {
        json_object_set_new(object, key, json_real(value));
        return;
    }
    char text_key[64];
    snprintf(text_key, sizeof text_key, "%s_text", key);
    json_object_set_new(object, key, json_null());
    json_object_set_new(object, text_key, json_string(isnan(value) ? "nan" : value > 0 ? "inf" : "-inf"));
}

/* json_string() gives NULL for what is not UTF-8. */
json_t *ntk_json_text(const char *text) {
    json_t *value = text != NULL ? json_string(text) : NULL;
    char *repaired = NULL;
    if (text != NULL && value == NULL && ntk_utf8_repair(text, &repaired) == NTK_OK)
        value = json_string(repaired);
    ntk_release(repaired);
    return value != NULL ? value : json_null();
}

void ntk_json_set_text(json_t *object, const char *key, const char *text) {
    json_object_set_new(object, key, ntk_json_text(text));
}

bool ntk_json_get_time(const json_t *object, const char *key, time_t *out) {
    const char *text = json_string_value(json_object_get(object, key));
    struct tm utc = {0};
    const char *end = text != NULL ? strptime(text, "%Y-%m-%dT%H:%M:%SZ", &utc) : NULL;
    if (end == NULL || *end != '\0') return false;
    *out = timegm(&utc);
    return true;
}

ntk_status ntk_json_write(json_t *value, const char *path) {
    if (value == NULL) return ntk_fail(NTK_ERROR_MEMORY, "%s: no memory for its content", path);
    ntk_file *file;
    ntk_status status = ntk_file_create(path, &file);
    if (status == NTK_OK) {
        /* Errors of the stream are found by the commit. */
        const int flags = JSON_INDENT(2) | JSON_REAL_PRECISION(17);
        const int failed = json_dumpf(value, ntk_file_stream(file), flags);
        fputc('\n', ntk_file_stream(file));
        if (failed != 0 && ferror(ntk_file_stream(file)) == 0) {
            ntk_file_abandon(file);
            status = ntk_fail(NTK_ERROR_FORMAT, "%s: its content is no valid JSON", path);
        } else
            status = ntk_file_commit(file);
    }
    json_decref(value);
    return status;
}
