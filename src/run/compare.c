/* Metric by metric: bits first, then the claim's own tolerance. A metric without one, a control's
 * say, is shown and decides nothing, unless it is there on one side only or not finite on one. */
#include "run/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ntk/memory.h>

#include "claim/expected.h"
#include "experiment/support.h"
#include "run/catalogue.h"

const char *ntk_move_text(ntk_move_level level) {
#define TEXT(name, text) [name] = (text),
    static const char *const texts[] = {NTK_MOVE_TABLE(TEXT)};
#undef TEXT
    return (size_t)level < NTK_MOVE_COUNT ? texts[level] : "unknown";
}

typedef struct work {
    const ntk_record *before, *after;
    double moved;
    bool same_seed;
    ntk_run_comparison *out;
} work;

static void note_level(const work *self, ntk_move_level level) {
    if (level > self->out->level) self->out->level = level;
}

/* ---- provenance ------------------------------------------------------------------------------ */

static const struct {
    const char *what, *section, *key;
} origins[] = {
    {"seed", NULL, "seed"},
    {"rounding", NULL, "rounding"},
    {"commit", "build", "commit"},
    {"code", "build", "code"},
    {"compiler", "build", "compiler"},
    {"flags", "build", "flags"},
    {"BLAS", "machine", "blas"},
    {"BLAS version", "machine", "blas_version"},
    {"BLAS core", "machine", "blas_core"},
    {"vector code", "machine", "vector_code"},
    {"CPU", "machine", "cpu"},
    {"system", "machine", "system"},
    {"data", "inputs", "data"},
};

static ntk_status add_origin(const work *self, const char *what, const char *before, const char *after) {
    ntk_run_comparison *out = self->out;
    if (strcmp(before, after) == 0) return NTK_OK;
    void *items = out->origins;
    const ntk_status status = ntk_array_grow(&items, out->origin_count, sizeof *out->origins);
    out->origins = items;
    NTK_TRY(status);
    ntk_origin_change *change = &out->origins[out->origin_count++];
    *change = (ntk_origin_change){.what = what};
    NTK_TRY(ntk_text_copy(before, &change->before));
    return ntk_text_copy(after, &change->after);
}

static ntk_status settings_text(const ntk_record *record, char **out) {
    const char *key;
    json_t *value;
    char text[1024] = "";
    json_object_foreach(json_object_get(record->manifest, "overrides"), key, value) {
        ntk_text_append(text, sizeof text, text[0] != '\0' ? "; " : "");
        ntk_text_append(text, sizeof text, key);
        ntk_text_append(text, sizeof text, " = ");
        ntk_text_append(text, sizeof text, json_string_value(value) ? json_string_value(value) : "");
    }
    return ntk_text_copy(text, out);
}

static ntk_status compare_origins(const work *self) {
    if (self->before->stored) return NTK_OK;
    for (size_t i = 0; i < sizeof origins / sizeof *origins; i++)
        NTK_TRY(add_origin(self, origins[i].what,
                           ntk_record_text(self->before, origins[i].section, origins[i].key),
                           ntk_record_text(self->after, origins[i].section, origins[i].key)));
    char *before, *after = NULL;
    NTK_TRY(settings_text(self->before, &before));
    ntk_status status = settings_text(self->after, &after);
    if (status == NTK_OK) status = add_origin(self, "--set", before, after);
    ntk_release(before);
    ntk_release(after);
    return status;
}

/* ---- metrics --------------------------------------------------------------------------------- */

/* One process on both sides. */
typedef struct process {
    const char *name;
    const json_t *stored; /* the summary's "regression" of the claim; NULL for a control */
    bool same_parameters;
    ntk_metrics before, after;
} process;

/* The tolerance of a metric, as the summary says it; false where it has none. */
static bool find_tolerance(const process *p, const char *metric, ntk_regression *out) {
    size_t index;
    const json_t *item;
    json_array_foreach(p->stored, index, item) {
        const char *name = json_string_value(json_object_get(item, "metric"));
        const char *kind = json_string_value(json_object_get(item, "kind"));
        if (name == NULL || kind == NULL || strcmp(name, metric) != 0) continue;
        const json_t *tolerance = json_object_get(item, "tolerance");
        *out = (ntk_regression){.depends_on_seed = json_is_true(json_object_get(item, "depends_on_seed")),
                                .tolerance = json_is_number(tolerance) ? json_number_value(tolerance) : NAN};
        for (int k = 0; k < NTK_TOLERANCE_COUNT; k++)
            if (strcmp(kind, ntk_tolerance_kind_text((ntk_tolerance_kind)k)) == 0) {
                out->kind = (ntk_tolerance_kind)k;
                return true;
            }
    }
    return false;
}

/* The envelope of a metric, as the summary says it; NaN where it has none. */
static double find_envelope(const process *p, const char *metric) {
    size_t index;
    const json_t *item;
    json_array_foreach(p->stored, index, item) {
        const char *name = json_string_value(json_object_get(item, "metric"));
        const json_t *envelope = json_object_get(item, "envelope");
        if (name != NULL && strcmp(name, metric) == 0 && json_is_number(envelope))
            return json_number_value(envelope);
    }
    return NAN;
}

static bool same_number(double a, double b) {
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

static bool same_metric(const ntk_metric *a, const ntk_metric *b) {
    if (a == NULL || b == NULL || a->is_estimate != b->is_estimate) return false;
    return same_number(a->estimate.value, b->estimate.value) &&
           (!a->is_estimate || (same_number(a->estimate.low, b->estimate.low) &&
                                same_number(a->estimate.high, b->estimate.high)));
}

/* By the tolerance; `before` takes the place of a stored result. */
static ntk_status judge_by_tolerance(const work *self, const ntk_regression *tolerance,
                                     const ntk_metric *before, const process *p, ntk_move *move) {
    ntk_expected_row row = {.tier = self->after->tier};
    ntk_expected expected = {.rows = &row, .count = 1};
    if (before != NULL) row.metric = *before;
    ntk_regression regression = *tolerance;
    regression.metric = move->metric;
    const ntk_comparison comparison = ntk_regression_compare(&regression, before != NULL ? &expected : NULL,
                                                             self->after->tier, self->same_seed, &p->after);
    move->kind = ntk_tolerance_kind_text(tolerance->kind);
    if (!comparison.compared) {
        move->level = NTK_MOVE_UNJUDGED;
        move->reason = "another seed";
        return NTK_OK;
    }
    move->reason = comparison.reason;
    if (comparison.reason == NULL) move->part = comparison.part;
    if (self->same_seed && comparison.reason == NULL)
        move->envelopes = ntk_envelope_distance(before, ntk_metrics_find(&p->after, move->metric)) /
                          find_envelope(p, move->metric);
    const bool moved =
        isnan(move->envelopes) ? !(move->part <= self->moved) : move->envelopes > NTK_ENVELOPE_MOVED;
    move->level = !comparison.agrees ? NTK_MOVE_REGRESSED : moved ? NTK_MOVE_MOVED : NTK_MOVE_WITHIN;
    return NTK_OK;
}

static ntk_status judge_move(const work *self, const process *p, const ntk_metric *before,
                             const ntk_metric *after, ntk_move *move) {
    ntk_regression tolerance;
    const bool finite = isfinite(move->before) && isfinite(move->after);
    move->level = NTK_MOVE_UNJUDGED;
    if (!p->same_parameters)
        move->reason = "other parameters";
    else if (find_tolerance(p, move->metric, &tolerance))
        return judge_by_tolerance(self, &tolerance, before, p, move);
    else if (before == NULL || after == NULL) {
        move->reason = before == NULL ? "is new" : "is gone";
        move->level = NTK_MOVE_MOVED;
    } else if (!finite) {
        move->reason = "is not finite";
        move->level = NTK_MOVE_MOVED;
    } else
        move->reason = self->same_seed ? "has no tolerance" : "another seed";
    return NTK_OK;
}

static ntk_status compare_metric(const work *self, const process *p, const char *name) {
    const ntk_metric *before = ntk_metrics_find(&p->before, name), *after = ntk_metrics_find(&p->after, name);
    ntk_run_comparison *out = self->out;
    out->metrics++;
    if (same_metric(before, after)) {
        out->counts[NTK_MOVE_NONE]++;
        return NTK_OK;
    }
    void *items = out->moves;
    const ntk_status status = ntk_array_grow(&items, out->move_count, sizeof *out->moves);
    out->moves = items;
    NTK_TRY(status);
    ntk_move *move = &out->moves[out->move_count++];
    *move = (ntk_move){.before = before != NULL ? before->estimate.value : NAN,
                       .after = after != NULL ? after->estimate.value : NAN,
                       .ulp = NAN,
                       .part = NAN,
                       .envelopes = NAN};
    if (isfinite(move->before) && isfinite(move->after))
        move->ulp = ntk_ulp_distance(move->before, move->after);
    NTK_TRY(ntk_text_copy(p->name, &move->process));
    NTK_TRY(ntk_text_copy(name, &move->metric));
    NTK_TRY(judge_move(self, p, before, after, move));
    out->counts[move->level]++;
    note_level(self, move->level);
    return NTK_OK;
}

/* Of the stored results there are only those that the claim stores. */
static ntk_status compare_metrics(const work *self, const process *p) {
    for (size_t i = 0; i < p->after.count; i++) {
        ntk_regression ignored;
        if (!self->before->stored || find_tolerance(p, p->after.items[i].name, &ignored))
            NTK_TRY(compare_metric(self, p, p->after.items[i].name));
    }
    for (size_t i = 0; i < p->before.count; i++)
        if (ntk_metrics_find(&p->after, p->before.items[i].name) == NULL)
            NTK_TRY(compare_metric(self, p, p->before.items[i].name));
    return NTK_OK;
}

static ntk_status compare_process(const work *self, const char *id, const char *control,
                                  const json_t *claim) {
    char *name;
    NTK_TRY(control == NULL ? ntk_text_copy(id, &name) : ntk_text_format(&name, "%s/%s", id, control));
    process p = {.name = name, .stored = control == NULL ? json_object_get(claim, "regression") : NULL};
    const char *before = ntk_record_settings(self->before, name),
               *after = ntk_record_settings(self->after, name);
    p.same_parameters = self->before->stored ? !ntk_record_has_overrides(self->after)
                                             : before != NULL && after != NULL && strcmp(before, after) == 0;
    ntk_status status = ntk_record_metrics(self->before, id, control, &p.before);
    if (status == NTK_OK) status = ntk_record_metrics(self->after, id, control, &p.after);
    if (status == NTK_OK) status = compare_metrics(self, &p);
    ntk_metrics_release(&p.before);
    ntk_metrics_release(&p.after);
    ntk_release(name);
    return status;
}

/* ---- claims ---------------------------------------------------------------------------------- */

static bool parse_verdict(const json_t *claim, ntk_verdict *out) {
    const char *text = json_string_value(json_object_get(claim, "verdict"));
    for (int v = 0; text != NULL && v < NTK_VERDICT_COUNT; v++)
        if (strcmp(text, ntk_verdict_text((ntk_verdict)v)) == 0) {
            *out = (ntk_verdict)v;
            return true;
        }
    return false;
}

static ntk_status compare_verdicts(const work *self, const char *id, const json_t *before,
                                   const json_t *after) {
    ntk_verdict old, new;
    ntk_run_comparison *out = self->out;
    if (!parse_verdict(before, &old) || !parse_verdict(after, &new) || old == new) return NTK_OK;
    void *items = out->verdicts;
    const ntk_status status = ntk_array_grow(&items, out->verdict_count, sizeof *out->verdicts);
    out->verdicts = items;
    NTK_TRY(status);
    out->verdicts[out->verdict_count] = (ntk_verdict_change){.before = old, .after = new};
    NTK_TRY(ntk_text_copy(id, &out->verdicts[out->verdict_count++].claim));
    note_level(self, new > old ? NTK_MOVE_REGRESSED : NTK_MOVE_MOVED);
    return NTK_OK;
}

/* A control, and its twin where that has a process of its own: without one neither side has
 * metrics of it. */
static ntk_status compare_control(const work *self, const char *id, const char *name, const json_t *claim) {
    char *twin;
    NTK_TRY(compare_process(self, id, name, claim));
    NTK_TRY(ntk_text_format(&twin, "%s/twin", name));
    const ntk_status status = compare_process(self, id, twin, claim);
    ntk_release(twin);
    return status;
}

static ntk_status compare_claim(const work *self, const char *id, const json_t *before, const json_t *after) {
    size_t index;
    const json_t *control;
    self->out->claims++;
    NTK_TRY(compare_verdicts(self, id, before, after));
    NTK_TRY(compare_process(self, id, NULL, after));
    json_array_foreach(json_object_get(after, "controls"), index, control) {
        const char *name = json_string_value(json_object_get(control, "name"));
        if (name != NULL && !self->before->stored) NTK_TRY(compare_control(self, id, name, after));
    }
    return NTK_OK;
}

static ntk_status add_only(const char *id, char ***texts, size_t *count) {
    void *items = *texts;
    const ntk_status status = ntk_array_grow(&items, *count, sizeof **texts);
    *texts = items;
    NTK_TRY(status);
    NTK_TRY(ntk_text_copy(id, &(*texts)[*count]));
    (*count)++;
    return NTK_OK;
}

static ntk_status compare_claims(const work *self) {
    ntk_run_comparison *out = self->out;
    size_t index;
    const json_t *claim;
    json_array_foreach(json_object_get(self->after->summary, "claims"), index, claim) {
        const char *id = json_string_value(json_object_get(claim, "id"));
        if (id == NULL) continue;
        const json_t *before = ntk_record_claim(self->before, id);
        if (before == NULL && !self->before->stored)
            NTK_TRY(add_only(id, &out->only_after, &out->only_after_count));
        else
            NTK_TRY(compare_claim(self, id, before, claim));
    }
    json_array_foreach(json_object_get(self->before->summary, "claims"), index, claim) {
        const char *id = json_string_value(json_object_get(claim, "id"));
        if (id != NULL && ntk_record_claim(self->after, id) == NULL)
            NTK_TRY(add_only(id, &out->only_before, &out->only_before_count));
    }
    return NTK_OK;
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* What has no number cannot be placed and comes first. */
static double weight(double x) { return isnan(x) ? INFINITY : x; }

/* The worst level first, then the largest part of a tolerance, then the most ulp. */
static int by_weight(const void *left, const void *right) {
    const ntk_move *a = left, *b = right;
    if (a->level != b->level) return a->level > b->level ? -1 : 1;
    if (weight(a->part) != weight(b->part)) return weight(a->part) > weight(b->part) ? -1 : 1;
    if (weight(a->ulp) != weight(b->ulp)) return weight(a->ulp) > weight(b->ulp) ? -1 : 1;
    const int order = strcmp(a->process, b->process);
    return order != 0 ? order : strcmp(a->metric, b->metric);
}

ntk_status ntk_run_compare(const ntk_record *before, const ntk_record *after, double moved,
                           ntk_run_comparison *out) {
    *out = (ntk_run_comparison){0};
    if (before->tier != after->tier)
        return ntk_fail(NTK_ERROR_ARGUMENT, "%s is of the %s tier, %s of the %s tier", before->folder,
                        ntk_tier_text(before->tier), after->folder, ntk_tier_text(after->tier));
    const char *seed = ntk_record_text(after, NULL, "seed");
    char stored[24];
    snprintf(stored, sizeof stored, "%u", NTK_STORED_SEED);
    const work self = {before, after, moved,
                       strcmp(before->stored ? stored : ntk_record_text(before, NULL, "seed"), seed) == 0,
                       out};
    ntk_status status = compare_origins(&self);
    if (status == NTK_OK) status = compare_claims(&self);
    if (status == NTK_OK && out->move_count > 0)
        qsort(out->moves, out->move_count, sizeof *out->moves, by_weight);
    if (status != NTK_OK) ntk_run_comparison_release(out);
    return status;
}

void ntk_run_comparison_release(ntk_run_comparison *comparison) {
    for (size_t i = 0; i < comparison->origin_count; i++) {
        ntk_release(comparison->origins[i].before);
        ntk_release(comparison->origins[i].after);
    }
    for (size_t i = 0; i < comparison->verdict_count; i++) ntk_release(comparison->verdicts[i].claim);
    for (size_t i = 0; i < comparison->move_count; i++) {
        ntk_release(comparison->moves[i].process);
        ntk_release(comparison->moves[i].metric);
    }
    ntk_release(comparison->origins);
    ntk_release(comparison->verdicts);
    ntk_release(comparison->moves);
    ntk_texts_release(comparison->only_before, comparison->only_before_count);
    ntk_texts_release(comparison->only_after, comparison->only_after_count);
    *comparison = (ntk_run_comparison){0};
}
