#include "run/compare_write.h"

#include <math.h>
#include <string.h>

#include "claim/describe.h"
#include "run/json.h"

/* ---- words ----------------------------------------------------------------------------------- */

static const char *or_none(const char *text) { return text[0] != '\0' ? text : "(none)"; }

static const char *name_of(const ntk_record *record) {
    return record->stored ? "the stored results" : record->folder;
}

/* "3.2e-05 of its tolerance (rel)", "has no tolerance". */
static const char *describe_part(const ntk_move *move, ntk_description text) {
    if (move->reason != NULL)
        snprintf(text, NTK_DESCRIPTION_SIZE, "%.200s", move->reason);
    else if (isinf(move->part))
        snprintf(text, NTK_DESCRIPTION_SIZE, "beyond its tolerance (%s)", move->kind);
    else if (isnan(move->envelopes))
        snprintf(text, NTK_DESCRIPTION_SIZE, "%.2g of its tolerance (%s)", move->part, move->kind);
    else
        snprintf(text, NTK_DESCRIPTION_SIZE, "%.2g of its tolerance (%s), %.2g times its envelope",
                 move->part, move->kind, move->envelopes);
    return text;
}

static const char *describe_ulp(const ntk_move *move, ntk_description text) {
    if (isnan(move->ulp)) return "-";
    snprintf(text, NTK_DESCRIPTION_SIZE, "%.3g", move->ulp);
    return text;
}

static void print_sum(const ntk_run_comparison *c, FILE *stream) {
    fprintf(stream, "%zu metrics of %zu claims: %zu equal to the last bit", c->metrics, c->claims,
            c->counts[NTK_MOVE_NONE]);
    for (int level = NTK_MOVE_UNJUDGED; level < NTK_MOVE_COUNT; level++)
        if (c->counts[level] > 0)
            fprintf(stream, ", %zu %s", c->counts[level], ntk_move_text((ntk_move_level)level));
    fputc('\n', stream);
}

/* ---- text ------------------------------------------------------------------------------------ */

static void print_claims(const char *where, char *const *claims, size_t count, FILE *stream) {
    if (count == 0) return;
    fprintf(stream, "only in %s:", where);
    for (size_t i = 0; i < count; i++) fprintf(stream, "%s %s", i > 0 ? "," : "", claims[i]);
    fputc('\n', stream);
}

static void print_move(const ntk_move *move, FILE *stream) {
    ntk_description before, after, part, ulp;
    fprintf(stream, "%-9s  %s: %s\n           %s -> %s; %s; %s ulp\n", ntk_move_text(move->level),
            move->process, move->metric, ntk_describe_number(move->before, move->after, before),
            ntk_describe_number(move->after, move->before, after), describe_part(move, part),
            describe_ulp(move, ulp));
}

void ntk_run_comparison_print(const ntk_run_comparison *c, const ntk_record *before, const ntk_record *after,
                              FILE *stream) {
    fprintf(stream, "%s -> %s, %s tier\n", name_of(before), name_of(after), ntk_tier_text(after->tier));
    for (size_t i = 0; i < c->origin_count; i++)
        fprintf(stream, "%-12s  %s -> %s\n", c->origins[i].what, or_none(c->origins[i].before),
                or_none(c->origins[i].after));
    print_claims(name_of(before), c->only_before, c->only_before_count, stream);
    print_claims(name_of(after), c->only_after, c->only_after_count, stream);
    for (size_t i = 0; i < c->verdict_count; i++)
        fprintf(stream, "verdict of %s: %s -> %s\n", c->verdicts[i].claim,
                ntk_verdict_text(c->verdicts[i].before), ntk_verdict_text(c->verdicts[i].after));
    for (size_t i = 0; i < c->move_count; i++) print_move(&c->moves[i], stream);
    print_sum(c, stream);
}

/* ---- Markdown -------------------------------------------------------------------------------- */

static void print_origins_markdown(const ntk_run_comparison *c, FILE *stream) {
    if (c->origin_count == 0) return;
    fputs("\n| differs | before | after |\n|---|---|---|\n", stream);
    for (size_t i = 0; i < c->origin_count; i++)
        fprintf(stream, "| %s | %s | %s |\n", c->origins[i].what, or_none(c->origins[i].before),
                or_none(c->origins[i].after));
}

static void print_moves_markdown(const ntk_run_comparison *c, FILE *stream) {
    if (c->move_count == 0) return;
    fputs("\n| | metric | before | after | moved by | ulp |\n|---|---|---|---|---|---|\n", stream);
    for (size_t i = 0; i < c->move_count; i++) {
        ntk_description before, after, part, ulp;
        const ntk_move *move = &c->moves[i];
        fprintf(stream, "| %s | `%s` `%s` | %s | %s | %s | %s |\n", ntk_move_text(move->level), move->process,
                move->metric, ntk_describe_number(move->before, move->after, before),
                ntk_describe_number(move->after, move->before, after), describe_part(move, part),
                describe_ulp(move, ulp));
    }
}

static void print_claims_markdown(const char *where, char *const *claims, size_t count, FILE *stream) {
    if (count == 0) return;
    fprintf(stream, "\nOnly in `%s`:", where);
    for (size_t i = 0; i < count; i++) fprintf(stream, "%s `%s`", i > 0 ? "," : "", claims[i]);
    fputs(".\n", stream);
}

void ntk_run_comparison_print_markdown(const ntk_run_comparison *c, const ntk_record *before,
                                       const ntk_record *after, FILE *stream) {
    fprintf(stream, "### `%s` → `%s`, %s tier\n\n", name_of(before), name_of(after),
            ntk_tier_text(after->tier));
    print_sum(c, stream);
    print_origins_markdown(c, stream);
    if (c->verdict_count > 0) fputs("\n| claim | before | after |\n|---|---|---|\n", stream);
    for (size_t i = 0; i < c->verdict_count; i++)
        fprintf(stream, "| `%s` | %s | %s |\n", c->verdicts[i].claim, ntk_verdict_text(c->verdicts[i].before),
                ntk_verdict_text(c->verdicts[i].after));
    print_moves_markdown(c, stream);
    print_claims_markdown(name_of(before), c->only_before, c->only_before_count, stream);
    print_claims_markdown(name_of(after), c->only_after, c->only_after_count, stream);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static json_t *texts_array(char *const *texts, size_t count) {
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) json_array_append_new(array, ntk_json_text(texts[i]));
    return array;
}

static json_t *origins_array(const ntk_run_comparison *c) {
    json_t *array = json_array();
    for (size_t i = 0; i < c->origin_count; i++) {
        json_t *object = json_object();
        ntk_json_set_text(object, "what", c->origins[i].what);
        ntk_json_set_text(object, "before", c->origins[i].before);
        ntk_json_set_text(object, "after", c->origins[i].after);
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *verdicts_array(const ntk_run_comparison *c) {
    json_t *array = json_array();
    for (size_t i = 0; i < c->verdict_count; i++) {
        json_t *object = json_object();
        ntk_json_set_text(object, "claim", c->verdicts[i].claim);
        ntk_json_set_text(object, "before", ntk_verdict_text(c->verdicts[i].before));
        ntk_json_set_text(object, "after", ntk_verdict_text(c->verdicts[i].after));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *move_object(const ntk_move *move) {
    json_t *object = json_object();
    ntk_json_set_text(object, "process", move->process);
    ntk_json_set_text(object, "metric", move->metric);
    ntk_json_set_text(object, "level", ntk_move_text(move->level));
    ntk_json_set_number(object, "before", move->before);
    ntk_json_set_number(object, "after", move->after);
    ntk_json_set_number(object, "ulp", move->ulp);
    ntk_json_set_text(object, "tolerance", move->kind);
    ntk_json_set_number(object, "part", move->part);
    ntk_json_set_number(object, "envelopes", move->envelopes);
    ntk_json_set_text(object, "reason", move->reason);
    return object;
}

ntk_status ntk_run_comparison_print_json(const ntk_run_comparison *c, const ntk_record *before,
                                         const ntk_record *after, FILE *stream) {
    json_t *object = json_object(), *moves = json_array(), *counts = json_object();
    for (size_t i = 0; i < c->move_count; i++) json_array_append_new(moves, move_object(&c->moves[i]));
    for (int level = 0; level < NTK_MOVE_COUNT; level++)
        json_object_set_new(counts, ntk_move_text((ntk_move_level)level),
                            json_integer((json_int_t)c->counts[level]));
    ntk_json_set_text(object, "before", name_of(before));
    ntk_json_set_text(object, "after", name_of(after));
    ntk_json_set_text(object, "tier", ntk_tier_text(after->tier));
    ntk_json_set_text(object, "level", ntk_move_text(c->level));
    json_object_set_new(object, "provenance", origins_array(c));
    json_object_set_new(object, "verdicts", verdicts_array(c));
    json_object_set_new(object, "claims", json_integer((json_int_t)c->claims));
    json_object_set_new(object, "metrics", json_integer((json_int_t)c->metrics));
    json_object_set_new(object, "counts", counts);
    json_object_set_new(object, "moves", moves);
    json_object_set_new(object, "only_before", texts_array(c->only_before, c->only_before_count));
    json_object_set_new(object, "only_after", texts_array(c->only_after, c->only_after_count));
    if (object == NULL) return ntk_fail(NTK_ERROR_MEMORY, "no memory for a comparison");
    json_dumpf(object, stream, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    fputc('\n', stream);
    json_decref(object);
    return NTK_OK;
}
