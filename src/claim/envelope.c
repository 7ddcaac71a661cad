#include "claim/envelope.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ntk/file.h>
#include <ntk/lab/context.h>
#include <ntk/memory.h>

#include "experiment/support.h"
#include "experiment/tsv.h"

static const char header[] =
    "claim\ttier\tmetric\tleast\tgreatest\ttolerance\taxes\tfarthest\tmachines\tdate";
enum { CLAIM, TIER, METRIC, LEAST, GREATEST, TOLERANCE, AXES, FARTHEST, MACHINES, DATE };

/* ---- rows ------------------------------------------------------------------------------------ */

static void release(ntk_envelope *envelope) {
    ntk_release(envelope->claim);
    ntk_release(envelope->metric);
    ntk_release(envelope->axes);
    ntk_release(envelope->farthest);
    ntk_release(envelope->machines);
    ntk_release(envelope->date);
    *envelope = (ntk_envelope){0};
}

void ntk_envelopes_release(ntk_envelopes *envelopes) {
    for (size_t i = 0; i < envelopes->count; i++) release(&envelopes->items[i]);
    ntk_release(envelopes->items);
    *envelopes = (ntk_envelopes){0};
}

static ntk_envelope *find(const ntk_envelopes *envelopes, const char *claim, ntk_tier tier,
                          const char *metric) {
    for (size_t i = 0; i < envelopes->count; i++) {
        ntk_envelope *e = &envelopes->items[i];
        if (e->tier == tier && strcmp(e->metric, metric) == 0 && strcmp(e->claim, claim) == 0) return e;
    }
    return NULL;
}

const ntk_envelope *ntk_envelopes_find(const ntk_envelopes *envelopes, const char *claim, ntk_tier tier,
                                       const char *metric) {
    return find(envelopes, claim, tier, metric);
}

static ntk_status append(ntk_envelopes *envelopes, const ntk_envelope *row) {
    void *items = envelopes->items;
    NTK_TRY(ntk_array_grow(&items, envelopes->count, sizeof *row));
    envelopes->items = items;
    ntk_envelope *copy = &envelopes->items[envelopes->count++];
    *copy = (ntk_envelope){
        .tier = row->tier, .least = row->least, .greatest = row->greatest, .tolerance = row->tolerance};
    NTK_TRY(ntk_text_copy(row->claim, &copy->claim));
    NTK_TRY(ntk_text_copy(row->metric, &copy->metric));
    NTK_TRY(ntk_text_copy(row->axes, &copy->axes));
    NTK_TRY(ntk_text_copy(row->farthest, &copy->farthest));
    NTK_TRY(ntk_text_copy(row->machines, &copy->machines));
    return ntk_text_copy(row->date, &copy->date);
}

/* ---- the file -------------------------------------------------------------------------------- */

static bool is_date(const char *text) {
    static const char form[] = "dddd-dd-dd";
    for (size_t i = 0; i < sizeof form - 1; i++)
        if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i]) return false;
    return text[sizeof form - 1] == '\0';
}

/* Where it was measured. */
static ntk_status check_origin(const ntk_tsv *tsv, size_t index, const ntk_envelope *row) {
    if (*row->axes == '\0') return ntk_tsv_fail(tsv, index, AXES, "one axis or more");
    if (*row->machines == '\0') return ntk_tsv_fail(tsv, index, MACHINES, "one machine or more");
    return is_date(row->date) ? NTK_OK : ntk_tsv_fail(tsv, index, DATE, "a date, 2026-11-29");
}

static ntk_status read_row(const ntk_tsv *tsv, size_t index, ntk_envelopes *out) {
    char *const *fields = tsv->fields + index * tsv->columns;
    ntk_envelope row = {.claim = fields[CLAIM],
                        .metric = fields[METRIC],
                        .axes = fields[AXES],
                        .farthest = fields[FARTHEST],
                        .machines = fields[MACHINES],
                        .date = fields[DATE]};
    if (ntk_tier_parse(fields[TIER], &row.tier) != NTK_OK)
        return ntk_tsv_fail(tsv, index, TIER, "quick or full");
    if (!ntk_text_is_name(row.metric)) return ntk_tsv_fail(tsv, index, METRIC, "a metric's name");
    if (find(out, row.claim, row.tier, row.metric) != NULL)
        return ntk_tsv_fail(tsv, index, METRIC, "given once only for a claim and tier");
    if (!ntk_text_real(fields[LEAST], &row.least)) return ntk_tsv_fail(tsv, index, LEAST, "a finite number");
    if (!ntk_text_real(fields[GREATEST], &row.greatest) || !(row.greatest >= row.least))
        return ntk_tsv_fail(tsv, index, GREATEST, "a finite number, not below the least");
    if (!isfinite(row.greatest - row.least))
        return ntk_tsv_fail(tsv, index, GREATEST, "a number at a finite distance from the least");
    if (!ntk_text_real(fields[TOLERANCE], &row.tolerance) || !(row.tolerance >= 0 && row.tolerance < 1))
        return ntk_tsv_fail(tsv, index, TOLERANCE, "a tolerance below 1, or 0");
    NTK_TRY(check_origin(tsv, index, &row));
    return append(out, &row);
}

ntk_status ntk_envelopes_read(const char *path, ntk_envelopes *out) {
    *out = (ntk_envelopes){0};
    if (access(path, F_OK) != 0 && errno == ENOENT) return NTK_OK;
    ntk_tsv tsv = {0};
    ntk_status status = ntk_tsv_read(path, header, &tsv);
    for (size_t row = 0; status == NTK_OK && row < tsv.rows; row++) status = read_row(&tsv, row, out);
    ntk_tsv_release(&tsv);
    if (status != NTK_OK) ntk_envelopes_release(out);
    return status;
}

static int by_place(const void *left, const void *right) {
    const ntk_envelope *a = left, *b = right;
    if (a->tier != b->tier) return a->tier < b->tier ? -1 : 1;
    const int order = strcmp(a->claim, b->claim);
    return order != 0 ? order : strcmp(a->metric, b->metric);
}

ntk_status ntk_envelopes_write(const char *path, ntk_envelopes *envelopes) {
    ntk_file *file;
    NTK_TRY(ntk_file_create(path, &file));
    FILE *stream = ntk_file_stream(file);
    if (envelopes->count > 0) qsort(envelopes->items, envelopes->count, sizeof *envelopes->items, by_place);
    fprintf(stream, "%s\n", header);
    for (size_t i = 0; i < envelopes->count; i++) {
        const ntk_envelope *e = &envelopes->items[i];
        char least[NTK_NUMBER_SIZE], greatest[NTK_NUMBER_SIZE];
        fprintf(stream, "%s\t%s\t%s\t%s\t%s\t%g\t%s\t%s\t%s\t%s\n", e->claim, ntk_tier_text(e->tier),
                e->metric, ntk_text_number(e->least, least), ntk_text_number(e->greatest, greatest),
                e->tolerance, e->axes, e->farthest, e->machines, e->date);
    }
    return ntk_file_commit(file);
}

/* ---- widening -------------------------------------------------------------------------------- */

/* Whether a list has a word, its separators being those of `separator`. */
static bool lists(const char *list, const char *separator, const char *word, size_t length) {
    for (const char *at = list; *at != '\0';) {
        const char *end = strstr(at, separator);
        const size_t size = end != NULL ? (size_t)(end - at) : strlen(at);
        if (size == length && strncmp(at, word, length) == 0) return true;
        at += size + (end != NULL ? strlen(separator) : 0);
    }
    return false;
}

/* Add the words of `other` that the list has not. */
static ntk_status unite(char **list, const char *separator, const char *other) {
    for (const char *at = other; *at != '\0';) {
        const char *end = strstr(at, separator);
        const size_t size = end != NULL ? (size_t)(end - at) : strlen(at);
        if (!lists(*list, separator, at, size)) {
            char *longer;
            NTK_TRY(ntk_text_format(&longer, "%s%s%.*s", *list, separator, (int)size, at));
            ntk_release(*list);
            *list = longer;
        }
        at += size + (end != NULL ? strlen(separator) : 0);
    }
    return NTK_OK;
}

static bool holds(const ntk_envelope *envelope, double value) {
    return envelope->least <= value && value <= envelope->greatest;
}

static double reach(const ntk_envelope *envelope, double stored) {
    return fmax(stored - envelope->least, envelope->greatest - stored);
}

static ntk_status replace(char **text, const char *by) {
    char *copy;
    NTK_TRY(ntk_text_copy(by, &copy));
    ntk_release(*text);
    *text = copy;
    return NTK_OK;
}

/* A row of the stored value alone, which no axis has moved. */
static ntk_status begin(ntk_envelopes *envelopes, double stored, const ntk_envelope *found,
                        ntk_envelope **out) {
    ntk_envelope row = *found;
    row.least = row.greatest = stored;
    row.farthest = (char[]){"-"};
    ntk_envelope *old = find(envelopes, found->claim, found->tier, found->metric);
    if (old == NULL) {
        NTK_TRY(append(envelopes, &row));
        *out = &envelopes->items[envelopes->count - 1];
        return NTK_OK;
    }
    *out = old;
    old->least = old->greatest = stored;
    NTK_TRY(replace(&old->axes, found->axes));
    NTK_TRY(replace(&old->machines, found->machines));
    return replace(&old->farthest, row.farthest);
}

ntk_status ntk_envelopes_widen(ntk_envelopes *envelopes, double stored, const ntk_envelope *found,
                               bool contains, bool *taken) {
    ntk_envelope *e = find(envelopes, found->claim, found->tier, found->metric);
    *taken = isfinite(found->least) && isfinite(found->greatest) && (!contains || holds(found, stored));
    if (!*taken) return NTK_OK;
    const bool is_known = e != NULL && holds(e, stored);
    const double before = is_known && contains ? e->tolerance : 0;
    if (!is_known) NTK_TRY(begin(envelopes, stored, found, &e));
    if (reach(found, stored) > reach(e, stored)) NTK_TRY(replace(&e->farthest, found->farthest));
    e->least = fmin(e->least, found->least);
    e->greatest = fmax(e->greatest, found->greatest);
    e->tolerance = fmax(before, found->tolerance);
    NTK_TRY(unite(&e->axes, " ", found->axes));
    NTK_TRY(unite(&e->machines, "; ", found->machines));
    return strcmp(found->date, e->date) > 0 ? replace(&e->date, found->date) : NTK_OK;
}

/* ---- judging --------------------------------------------------------------------------------- */

static double last_place(double x) { return nextafter(fabs(x), INFINITY) - fabs(x); }

double ntk_envelope_width(const ntk_envelope *envelope, double stored) {
    if (envelope == NULL || !holds(envelope, stored)) return NAN;
    const double floor = fmax(4 * last_place(stored), envelope->tolerance * fabs(stored));
    return fmax(envelope->greatest - envelope->least, floor);
}

double ntk_envelope_distance(const ntk_metric *stored, const ntk_metric *found) {
    const ntk_estimate *a = &stored->estimate, *b = &found->estimate;
    if (stored->is_estimate != found->is_estimate) return NAN;
    const double value = fabs(b->value - a->value);
    return stored->is_estimate ? fmax(value, fmax(fabs(b->low - a->low), fabs(b->high - a->high))) : value;
}

double ntk_envelope_move(const ntk_envelope *envelope, const ntk_metric *stored, const ntk_metric *found) {
    return ntk_envelope_distance(stored, found) / ntk_envelope_width(envelope, stored->estimate.value);
}

double ntk_envelope_looseness(const ntk_envelope *envelope, const ntk_regression *regression, double stored) {
    const double width = ntk_envelope_width(envelope, stored);
    switch (regression->kind) {
    case NTK_TOLERANCE_EXACT:
        return isnan(width) ? NAN : 0;
    case NTK_TOLERANCE_ULP:
        return regression->tolerance * last_place(stored) / width;
    case NTK_TOLERANCE_REL:
        return regression->tolerance * fabs(stored) / width;
    case NTK_TOLERANCE_ABS:
        return regression->tolerance / width;
    default:
        return NAN;
    }
}
