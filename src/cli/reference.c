#include "cli/reference.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include <ntk/file.h>
#include <ntk/memory.h>

#include "experiment/support.h"

/* ---- cases.tsv ------------------------------------------------------------------------------- */

enum { MOST_COLUMNS = 32, OPTIONS = 2, OPTIONS_SIZE = 512 };

/* Cuts a line at its tabs; returns how many fields there are, at most MOST_COLUMNS + 1. */
static size_t cut_fields(char *line, char *fields[MOST_COLUMNS]) {
    size_t count = 0;
    for (char *field = line; field != NULL; count++) {
        char *tab = strchr(field, '\t');
        if (tab != NULL) *tab++ = '\0';
        if (count == MOST_COLUMNS) return count + 1;
        fields[count] = field;
        field = tab;
    }
    return count;
}

/* " --depth 3 --layers 'conv 3, conv 3'" without the first blank. */
static ntk_status join_options(size_t count, char *const *names, char *const *fields, char **out) {
    void *memory;
    NTK_TRY(ntk_allocate(OPTIONS_SIZE, 1, &memory));
    char *text = *out = memory;
    size_t used = 0;
    for (size_t k = OPTIONS; k < count; k++) {
        if (strcmp(fields[k], "-") == 0) continue;
        const char *quote = strpbrk(fields[k], " ,") != NULL ? "'" : "";
        const int length = snprintf(text + used, OPTIONS_SIZE - used, "%s--%s %s%s%s", used > 0 ? " " : "",
                                    names[k], quote, fields[k], quote);
        used += (size_t)length;
        if (used >= OPTIONS_SIZE) return ntk_fail(NTK_ERROR_FORMAT, "too many options");
    }
    return NTK_OK;
}

static ntk_status add_case(reference_list *list, size_t columns, char *const *names, char *line) {
    char *fields[MOST_COLUMNS];
    if (cut_fields(line, fields) != columns) return ntk_fail(NTK_ERROR_FORMAT, "not %zu columns", columns);
    reference_case *added = &list->cases[list->count++];
    added->name = fields[0];
    added->points = fields[1];
    return join_options(columns, names, fields, &added->options);
}

static size_t count_lines(const char *text) {
    size_t lines = 0;
    for (; *text != '\0'; text++) lines += *text == '\n';
    return lines;
}

static ntk_status parse(reference_list *list) {
    char *names[MOST_COLUMNS];
    size_t columns = 0, number = 0;
    void *memory;
    NTK_TRY(ntk_allocate(count_lines(list->text) + 1, sizeof *list->cases, &memory));
    list->cases = memory;
    for (char *line = list->text, *next; *line != '\0'; line = next) {
        char *end = strchr(line, '\n');
        next = end != NULL ? end + 1 : line + strlen(line);
        if (end != NULL) *end = '\0';
        number++;
        ntk_status status = NTK_OK;
        if (number == 1) {
            columns = cut_fields(line, names);
            if (columns <= OPTIONS || columns > MOST_COLUMNS)
                status = ntk_fail(NTK_ERROR_FORMAT, "columns name, points and options are wanted");
        } else {
            status = add_case(list, columns, names, line);
        }
        if (status == NTK_ERROR_FORMAT) {
            char detail[256];
            snprintf(detail, sizeof detail, "%s", ntk_error_detail());
            return ntk_fail(status, "cases.tsv, line %zu: %s", number, detail);
        }
        NTK_TRY(status);
    }
    return NTK_OK;
}

ntk_status reference_read(const char *folder, reference_list *out) {
    char *path;
    size_t size;
    *out = (reference_list){0};
    NTK_TRY(ntk_text_format(&path, "%s/cases.tsv", folder));
    ntk_status status = ntk_file_read(path, &out->text, &size);
    ntk_release(path);
    if (status == NTK_OK) status = parse(out);
    if (status != NTK_OK) reference_release(out);
    return status;
}

void reference_release(reference_list *list) {
    for (size_t k = 0; k < list->count; k++) ntk_release(list->cases[k].options);
    ntk_release(list->cases);
    ntk_release(list->text);
    *list = (reference_list){0};
}

/* ---- enclosures ------------------------------------------------------------------------------ */

static bool read_interval(const json_t *low, const json_t *high, ntk_interval *out) {
    if (!json_is_number(low) || !json_is_number(high)) return false;
    *out = (ntk_interval){json_number_value(low), json_number_value(high)};
    return out->low <= out->high;
}

static bool read_entries(const json_t *kernel, size_t n, ntk_interval *out) {
    const json_t *low = json_object_get(kernel, "low"), *high = json_object_get(kernel, "high");
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            if (!read_interval(json_array_get(json_array_get(low, i), j),
                               json_array_get(json_array_get(high, i), j), &out[i * n + j]))
                return false;
    return json_array_size(low) == n && json_array_size(high) == n;
}

static ntk_status take(const json_t *content, ntk_kernel_type type, reference_enclosure *out) {
    const json_t *kernel = json_object_get(content, type == NTK_KERNEL_NTK ? "ntk" : "nngp");
    const json_t *lambda = json_object_get(kernel, "lambda_min");
    const json_int_t points = json_integer_value(json_object_get(content, "points"));
    if (points < 1 || points > 4096) return ntk_fail(NTK_ERROR_FORMAT, "no number of points");
    out->points = (size_t)points;
    void *memory;
    NTK_TRY(ntk_allocate(out->points * out->points, sizeof *out->entries, &memory));
    out->entries = memory;
    if (!read_interval(json_array_get(lambda, 0), json_array_get(lambda, 1), &out->lambda_min) ||
        !read_entries(kernel, out->points, out->entries))
        return ntk_fail(NTK_ERROR_FORMAT, "no enclosures of %zu points", out->points);
    return NTK_OK;
}

ntk_status reference_enclosure_read(const char *folder, const char *name, ntk_kernel_type type,
                                    reference_enclosure *out) {
    char *path, detail[256];
    json_error_t error;
    *out = (reference_enclosure){0};
    NTK_TRY(ntk_text_format(&path, "%s/%s.json", folder, name));
    json_t *content = json_load_file(path, 0, &error);
    ntk_status status = content != NULL ? take(content, type, out)
                                        : ntk_fail(NTK_ERROR_FORMAT, "line %d: %s", error.line, error.text);
    if (status == NTK_ERROR_FORMAT) {
        snprintf(detail, sizeof detail, "%s", ntk_error_detail());
        status = ntk_fail(status, "%s: %s", path, detail);
    }
    json_decref(content);
    ntk_release(path);
    if (status != NTK_OK) reference_enclosure_release(out);
    return status;
}

void reference_enclosure_release(reference_enclosure *enclosure) {
    ntk_release(enclosure->entries);
    *enclosure = (reference_enclosure){0};
}
