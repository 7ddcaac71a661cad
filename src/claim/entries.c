#include "claim/entries.h"

#include <math.h>
#include <string.h>

#include <ntk/memory.h>

#include "claim/judgement.h"
#include "claim/pattern.h"
#include "experiment/support.h"

/* ---- an entry as it is written --------------------------------------------------------------- */

/* "exponent-{erf,relu}: equivalent -0.5 ± 0.05". Borrowed from the reader. */
typedef struct entry_line {
    const char *names, *judgement;
    const yaml_node_t *node;
} entry_line;

typedef struct entry {
    void *lines; /* entry_line [line_count] */
    size_t line_count;
    char *metric, *why; /* NULL: not given */
    bool trend, depends_on_seed;
} entry;

enum { CHECK, REGRESSION };

static ntk_pair_parser add_line;

static const ntk_schema_section sections[] = {
    [CHECK] = {"a check", add_line},
    [REGRESSION] = {"a regression entry", add_line},
};

enum { OPTIONAL = false, REQUIRED = true };

static const ntk_schema_field fields[] = {
    {CHECK, "metric", OPTIONAL, "a pattern of metrics", ntk_parse_text, offsetof(entry, metric)},
    {CHECK, "trend", OPTIONAL, "true or false", ntk_parse_flag, offsetof(entry, trend)},
    {CHECK, "why", REQUIRED, "text", ntk_parse_text, offsetof(entry, why)},
    {REGRESSION, "depends-on-seed", OPTIONAL, "true or false", ntk_parse_flag,
     offsetof(entry, depends_on_seed)},
    {REGRESSION, "why", OPTIONAL, "text", ntk_parse_text, offsetof(entry, why)},
};

static const ntk_schema schema = {fields, sizeof fields / sizeof *fields, sections};
static const char *const list_names[] = {[CHECK] = "checks", [REGRESSION] = "regression"};
static const char *const examples[] = {[CHECK] = "names: at-most 1", [REGRESSION] = "metrics: abs 1e-9"};

static ntk_status add_line(ntk_reader *reader, const char *key, yaml_node_t *value, void *record) {
    entry *entry = record;
    const entry_line line = {.names = key, .judgement = ntk_reader_scalar(value), .node = value};
    if (line.judgement == NULL)
        return ntk_reader_fail(reader, value, "'%s' is no key here, and no judgement in one line", key);
    NTK_TRY(ntk_array_grow(&entry->lines, entry->line_count, sizeof line));
    ((entry_line *)entry->lines)[entry->line_count++] = line;
    return NTK_OK;
}

static void release_entry(entry *entry) {
    ntk_release(entry->lines);
    ntk_release(entry->metric);
    ntk_release(entry->why);
}

/* ---- the names of a line --------------------------------------------------------------------- */

typedef struct line_names {
    char **names, **metrics; /* (count) each; the same array where the names are the metrics' */
    size_t count;
} line_names;

static void release_names(line_names *names) {
    if (names->metrics != names->names) ntk_texts_release(names->metrics, names->count);
    ntk_texts_release(names->names, names->count);
}

static ntk_status expand_metric(const entry *entry, line_names *names) {
    names->metrics = names->names;
    if (entry->metric == NULL) return NTK_OK;
    char **metrics = NULL;
    size_t count = 0;
    NTK_TRY(ntk_pattern_expand(entry->metric, &metrics, &count));
    if (count != names->count) {
        ntk_texts_release(metrics, count);
        return ntk_fail(NTK_ERROR_FORMAT, "'metric' stands for %zu names and the check for %zu", count,
                        names->count);
    }
    names->metrics = metrics;
    return NTK_OK;
}

static ntk_status expand_line(const entry *entry, const entry_line *line, line_names *out) {
    *out = (line_names){0};
    if (entry->metric != NULL && entry->line_count > 1)
        return ntk_fail(NTK_ERROR_FORMAT, "'metric' goes with one line of names, and here are %zu",
                        entry->line_count);
    NTK_TRY(ntk_pattern_expand(line->names, &out->names, &out->count));
    const ntk_status status = expand_metric(entry, out);
    if (status != NTK_OK) release_names(out);
    return status;
}

/* ---- checks ---------------------------------------------------------------------------------- */

static ntk_status require_new_check(const ntk_claim *claim, const char *name) {
    for (size_t i = 0; i < claim->check_count; i++)
        if (strcmp(claim->checks[i].name, name) == 0)
            return ntk_fail(NTK_ERROR_FORMAT, "'%s' is given twice (first on line %zu)", name,
                            claim->checks[i].line);
    return NTK_OK;
}

/* The model's numbers under this name. */
static ntk_status add_check(ntk_claim *claim, const ntk_check *model, const char *name, const char *metric,
                            const char *why) {
    NTK_TRY(require_new_check(claim, name));
    void *items = claim->checks;
    const ntk_status status = ntk_array_grow(&items, claim->check_count, sizeof *model);
    claim->checks = items;
    if (status != NTK_OK) return status;
    ntk_check *check = &claim->checks[claim->check_count++];
    *check = *model;
    NTK_TRY(ntk_text_copy(name, &check->name));
    NTK_TRY(ntk_text_copy(metric, &check->metric));
    return ntk_text_copy(why, &check->why);
}

static ntk_status add_checks(const entry *entry, const entry_line *line, ntk_claim *claim) {
    ntk_check model = {.trend = entry->trend, .line = line->node->start_mark.line + 1};
    NTK_TRY(ntk_judgement_of_check(line->judgement, &model));
    if (model.kind == NTK_CHECK_CERTIFIED && model.trend)
        return ntk_fail(NTK_ERROR_FORMAT, "what is certified is no trend");
    line_names names;
    NTK_TRY(expand_line(entry, line, &names));
    ntk_status status = NTK_OK;
    for (size_t i = 0; i < names.count && status == NTK_OK; i++)
        status = add_check(claim, &model, names.names[i], names.metrics[i], entry->why);
    release_names(&names);
    return status;
}

/* ---- stored results -------------------------------------------------------------------------- */

/* What an entry without `why` may allow: rounding, and no more. */
#define ROUNDING_TOLERANCE 1e-9
#define ROUNDING_ULP       1000

static bool is_rounding(const ntk_regression *regression) {
    switch (regression->kind) {
    case NTK_TOLERANCE_EXACT:
        return true;
    case NTK_TOLERANCE_ULP:
        return regression->tolerance <= ROUNDING_ULP;
    case NTK_TOLERANCE_REL:
    case NTK_TOLERANCE_ABS:
        return regression->tolerance <= ROUNDING_TOLERANCE;
    default:
        return false;
    }
}

static const char *reason(const entry *entry, const ntk_regression *regression) {
    if (entry->why != NULL) return entry->why;
    if (regression->kind == NTK_TOLERANCE_EXACT) return "it is the same on every machine";
    return "between machines nothing but rounding differs";
}

static ntk_status add_regression(ntk_claim *claim, const ntk_regression *model, const char *metric,
                                 const char *why) {
    for (size_t i = 0; i < claim->regression_count; i++)
        if (strcmp(claim->regressions[i].metric, metric) == 0)
            return ntk_fail(NTK_ERROR_FORMAT, "'%s' is given twice (first on line %zu)", metric,
                            claim->regressions[i].line);
    void *items = claim->regressions;
    const ntk_status status = ntk_array_grow(&items, claim->regression_count, sizeof *model);
    claim->regressions = items;
    if (status != NTK_OK) return status;
    ntk_regression *regression = &claim->regressions[claim->regression_count++];
    *regression = *model;
    NTK_TRY(ntk_text_copy(metric, &regression->metric));
    return ntk_text_copy(why, &regression->why);
}

static ntk_status add_regressions(const entry *entry, const entry_line *line, ntk_claim *claim) {
    ntk_regression model = {.depends_on_seed = entry->depends_on_seed,
                            .line = line->node->start_mark.line + 1};
    NTK_TRY(ntk_judgement_of_result(line->judgement, &model));
    if (model.kind == NTK_TOLERANCE_STATISTICAL && !model.depends_on_seed)
        return ntk_fail(NTK_ERROR_FORMAT, "'statistical' is for what depends on the seed");
    if (entry->why == NULL && !is_rounding(&model))
        return ntk_fail(
            NTK_ERROR_FORMAT,
            "'%s' lacks a why: without one only rounding is allowed (exact; rel or abs up to %g; ulp "
            "up to %d)",
            line->judgement, ROUNDING_TOLERANCE, ROUNDING_ULP);
    line_names names;
    NTK_TRY(expand_line(entry, line, &names));
    ntk_status status = NTK_OK;
    for (size_t i = 0; i < names.count && status == NTK_OK; i++)
        status = add_regression(claim, &model, names.names[i], reason(entry, &model));
    release_names(&names);
    return status;
}

/* ---- lists ----------------------------------------------------------------------------------- */

typedef ntk_status line_reader(const entry *entry, const entry_line *line, ntk_claim *claim);

static ntk_status read_entry(ntk_reader *reader, int section, yaml_node_t *node, line_reader *read_line,
                             ntk_claim *claim, entry *entry) {
    NTK_TRY(ntk_reader_mapping(reader, &schema, section, node, entry));
    if (entry->line_count == 0)
        return ntk_reader_fail(reader, node, "%s says what it judges and how, '%s'", sections[section].name,
                               examples[section]);
    for (size_t i = 0; i < entry->line_count; i++) {
        const entry_line *line = &((const entry_line *)entry->lines)[i];
        const ntk_status status = read_line(entry, line, claim);
        if (status != NTK_OK) return ntk_reader_fail_again(reader, line->node, list_names[section], status);
    }
    return NTK_OK;
}

static ntk_status read_list(ntk_reader *reader, int section, yaml_node_t *list, line_reader *read_line,
                            ntk_claim *claim) {
    if (list->type != YAML_SEQUENCE_NODE || ntk_reader_count(list) == 0)
        return ntk_reader_fail(reader, list, "'%s' should be a list, '- %s', and not empty",
                               list_names[section], examples[section]);
    for (size_t i = 0; i < ntk_reader_count(list); i++) {
        entry entry = {.depends_on_seed = true};
        const ntk_status status =
            read_entry(reader, section, ntk_reader_item(reader, list, i), read_line, claim, &entry);
        release_entry(&entry);
        NTK_TRY(status);
    }
    return NTK_OK;
}

ntk_status ntk_entries_read_checks(ntk_reader *reader, yaml_node_t *list, ntk_claim *claim) {
    return read_list(reader, CHECK, list, add_checks, claim);
}

ntk_status ntk_entries_read_regressions(ntk_reader *reader, yaml_node_t *list, ntk_claim *claim) {
    return read_list(reader, REGRESSION, list, add_regressions, claim);
}
