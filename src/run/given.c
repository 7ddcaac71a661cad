#include "run/given.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ntk/lab/experiment.h>
#include <ntk/linalg.h>
#include <ntk/memory.h>

#include "experiment/support.h"

/* ---- reading --------------------------------------------------------------------------------- */

static ntk_status locate(const char *path, char **out, ntk_digest *digest) {
    char resolved[PATH_MAX];
    if (realpath(path, resolved) == NULL) return ntk_fail(NTK_ERROR_IO, "%s: %s", path, strerror(errno));
    NTK_TRY(ntk_text_copy(resolved, out));
    *digest = NTK_DIGEST_START;
    return ntk_digest_file(resolved, digest);
}

/* Two numbers, of which the smaller is class 0. */
static ntk_status take_labels(const char *path, const ntk_array *y, ntk_given *out) {
    if (y->rows * y->columns != out->x.rows)
        return ntk_fail(NTK_ERROR_SHAPE, "%s: %zu labels of %zu points", path, y->rows * y->columns,
                        out->x.rows);
    void *memory;
    NTK_TRY(ntk_allocate(out->x.rows, sizeof *out->labels, &memory));
    out->labels = memory;
    size_t ones = 0;
    bool signs = false, zeros = false;
    for (size_t i = 0; i < out->x.rows; i++) {
        const double label = y->values[i];
        signs = signs || label == -1;
        zeros = zeros || label == 0;
        if (!(label == 0 || label == 1 || label == -1))
            return ntk_fail(NTK_ERROR_FORMAT, "%s: label %zu is %g; labels are 0 and 1, or -1 and 1", path, i,
                            label);
        ones += out->labels[i] = label == 1;
    }
    if (signs && zeros)
        return ntk_fail(NTK_ERROR_FORMAT, "%s: labels are 0 and 1, or -1 and 1, not all three", path);
    if (ones == 0 || ones == out->x.rows)
        return ntk_fail(NTK_ERROR_FORMAT, "%s: all points have one label; two classes are wanted", path);
    return NTK_OK;
}

static ntk_status read_labels(const char *path, ntk_given *out) {
    ntk_array y;
    NTK_TRY(locate(path, &out->y_path, &out->y_file));
    NTK_TRY(ntk_array_read(path, &y));
    const ntk_status status = take_labels(path, &y, out);
    ntk_array_release(&y);
    return status;
}

ntk_status ntk_given_read(const char *x, const char *y, ntk_given *out) {
    *out = (ntk_given){0};
    NTK_TRY(locate(x, &out->x_path, &out->x_file));
    NTK_TRY(ntk_array_read(x, &out->x));
    if (out->x.axes != 2 || out->x.rows < 2)
        return ntk_fail(NTK_ERROR_SHAPE,
                        "%s: points are the rows of an array of two axes, two of them at least", x);
    snprintf(out->rows, sizeof out->rows, "%zu", out->x.rows);
    snprintf(out->columns, sizeof out->columns, "%zu", out->x.columns);
    return y != NULL ? read_labels(y, out) : NTK_OK;
}

void ntk_given_release(ntk_given *given) {
    ntk_release(given->x_path);
    ntk_release(given->y_path);
    ntk_array_release(&given->x);
    ntk_release(given->labels);
    *given = (ntk_given){0};
}

/* ---- hypotheses ------------------------------------------------------------------------------ */

/* Points of norm one, as far as rounding lets them be: a division by the norm leaves its square
 * within a few times (d + 4) eps of 1. */
static ntk_status require_norms(const ntk_given *given, const ntk_claim *claim) {
    const size_t d = given->x.columns;
    const double allowed = 4 * ((double)d + 4) * 2.220446049250313e-16;
    for (size_t i = 0; i < given->x.rows; i++) {
        const double norm = ntk_norm(d, given->x.values + i * d);
        if (fabs(norm - 1) <= allowed) continue;
        return ntk_fail(NTK_ERROR_FORMAT,
                        "%s: row %zu has the norm %.17g, and %s is about points of norm one", given->x_path,
                        i, norm, claim->id);
    }
    return NTK_OK;
}

typedef struct row {
    const double *values;
    size_t d, index;
} row;

/* Any order in which equal rows are neighbours; the two zeros are equal. */
static int by_values(const void *left, const void *right) {
    const row *a = left, *b = right;
    for (size_t k = 0; k < a->d; k++)
        if (a->values[k] != b->values[k]) return a->values[k] < b->values[k] ? -1 : 1;
    return 0;
}

static ntk_status require_distinct(const ntk_given *given, const ntk_claim *claim) {
    const size_t n = given->x.rows, d = given->x.columns;
    void *memory;
    NTK_TRY(ntk_allocate(n, sizeof(row), &memory));
    row *rows = memory;
    for (size_t i = 0; i < n; i++) rows[i] = (row){given->x.values + i * d, d, i};
    qsort(rows, n, sizeof *rows, by_values);
    ntk_status status = NTK_OK;
    for (size_t i = 0; i + 1 < n && status == NTK_OK; i++)
        if (by_values(&rows[i], &rows[i + 1]) == 0)
            status =
                ntk_fail(NTK_ERROR_FORMAT, "%s: rows %zu and %zu are equal, and %s is about distinct points",
                         given->x_path, rows[i].index < rows[i + 1].index ? rows[i].index : rows[i + 1].index,
                         rows[i].index < rows[i + 1].index ? rows[i + 1].index : rows[i].index, claim->id);
    ntk_release(memory);
    return status;
}

/* The parameter (NULL: none) that becomes the number of points or of coordinates takes it. */
static ntk_status require_size(const ntk_given *given, const ntk_claim *claim, char *parameter,
                               const char *size, const char *what) {
    if (parameter == NULL) return NTK_OK;
    char value[sizeof given->rows];
    snprintf(value, sizeof value, "%s", size);
    const ntk_setting setting = {.name = parameter, .value = value};
    if (ntk_setting_check(claim->experiment, &setting) == NTK_OK) return NTK_OK;
    return ntk_fail(NTK_ERROR_FORMAT, "%s: %s %s are none that %s takes: %s", given->x_path, size, what,
                    claim->id, ntk_error_detail());
}

ntk_status ntk_given_check(const ntk_given *given, const ntk_claim *claim) {
    if (!claim->data.points)
        return ntk_fail(
            NTK_ERROR_ARGUMENT,
            "--data-x: %s does not take other data: its bounds were derived for those that it draws "
            "(no `data` in its claim.yaml)",
            claim->id);
    if (claim->data.labels != (given->labels != NULL))
        return ntk_fail(NTK_ERROR_ARGUMENT,
                        claim->data.labels ? "--data-x: %s is about labelled points: add --data-y"
                                           : "--data-y: %s is about points without labels",
                        claim->id);
    NTK_TRY(require_size(given, claim, claim->data.count, given->rows, "points"));
    NTK_TRY(require_size(given, claim, claim->data.inputs, given->columns, "coordinates"));
    if (claim->data.unit_norm) NTK_TRY(require_norms(given, claim));
    return claim->data.distinct ? require_distinct(given, claim) : NTK_OK;
}

/* ---- what a run makes of them ---------------------------------------------------------------- */

bool ntk_given_applies(ntk_variant variant) {
    return variant.control == NULL || (variant.twin && variant.control->restore_count == 0);
}

size_t ntk_given_settings(const ntk_given *given, const ntk_claim *claim, ntk_setting *out) {
    size_t count = 0;
    ntk_given *values;
    memcpy(&values, &given, sizeof values); /* a setting's texts are not const, and are not written
                                             * to */
    for (size_t i = 0; i < claim->data.setting_count; i++) out[count++] = claim->data.settings[i];
    if (claim->data.count != NULL)
        out[count++] = (ntk_setting){.name = claim->data.count, .value = values->rows};
    if (claim->data.inputs != NULL)
        out[count++] = (ntk_setting){.name = claim->data.inputs, .value = values->columns};
    return count;
}

ntk_digest ntk_given_digest(const ntk_given *given) {
    if (given->x_path == NULL) return 0;
    const ntk_digest files[] = {given->x_file, given->y_file};
    return ntk_digest_bytes(NTK_DIGEST_START, files, sizeof files);
}

ntk_status ntk_given_digest_again(const ntk_given *given, ntk_digest *out) {
    ntk_given now = *given;
    now.x_file = NTK_DIGEST_START;
    if (given->x_path != NULL) NTK_TRY(ntk_digest_file(given->x_path, &now.x_file));
    now.y_file = given->y_path != NULL ? NTK_DIGEST_START : 0;
    if (given->y_path != NULL) NTK_TRY(ntk_digest_file(given->y_path, &now.y_file));
    *out = ntk_given_digest(&now);
    return NTK_OK;
}

ntk_given_data ntk_given_view(const ntk_given *given) {
    return (ntk_given_data){given->x.rows, given->x.columns, given->x.values, given->labels};
}
