/* Reading claim.yaml: the schema, and what must hold between its parts. docs/claim-format.md shows a claim
 * with every key. */
#include <math.h>
#include <string.h>

#include <ntk/lab/context.h>
#include <ntk/lab/parameters.h>
#include <ntk/memory.h>
#include <ntk/status.h>

#include "claim/claim.h"
#include "claim/schema.h"
#include "experiment/parameters.h"
#include "experiment/support.h"

/* ---- the schema ---------------------------------------------------------------------------------------- */

enum { CLAIM, SOURCE, PARAMETERS, RESOURCES, CHECK, CONTROL, REGRESSION, FIGURE };

static const char *const section_names[] = {
    [CLAIM] = "a claim",
    [SOURCE] = "source",
    [PARAMETERS] = "parameters",
    [RESOURCES] = "resources",
    [CHECK] = "a check",
    [CONTROL] = "a control",
    [REGRESSION] = "a regression entry",
    [FIGURE] = "figure",
};

static ntk_parser parse_id, parse_part, parse_hypotheses, parse_tier_settings;
static ntk_parser parse_checks, parse_check_kind, parse_bound;
static ntk_parser parse_controls, parse_control_settings, parse_breaks;
static ntk_parser parse_regressions, parse_tolerance_kind;

#define NAME             "a name: " NTK_NAME_RULE
#define AT(type, member) offsetof(type, member)

enum { OPTIONAL = false, REQUIRED = true };

/* The offset of a parser of several members (parse_checks, say) is that of the first one. */
static const ntk_schema_field fields[] = {
    {CLAIM, "id", REQUIRED, "suite/claim, the folder's last two parts", parse_id, AT(ntk_claim, id)},
    {CLAIM, "revision", REQUIRED, "a whole number from 1", ntk_parse_count, AT(ntk_claim, revision)},
    {CLAIM, "title", REQUIRED, "text", ntk_parse_text, AT(ntk_claim, title)},
    {CLAIM, "statement", REQUIRED, "text", ntk_parse_text, AT(ntk_claim, statement)},
    {CLAIM, "hypotheses", REQUIRED, "a list of texts", parse_hypotheses, AT(ntk_claim, hypotheses)},
    {CLAIM, "source", REQUIRED, "a mapping", parse_part, 0},
    {CLAIM, "parameters", REQUIRED, "a mapping", parse_part, 0},
    {CLAIM, "resources", REQUIRED, "a mapping", parse_part, 0},
    {CLAIM, "checks", REQUIRED, "a list of checks", parse_checks, AT(ntk_claim, checks)},
    {CLAIM, "controls", OPTIONAL, "a list of controls", parse_controls, AT(ntk_claim, controls)},
    {CLAIM, "no-control", OPTIONAL, "why there can be no control", ntk_parse_text, AT(ntk_claim, no_control)},
    {CLAIM, "regression", REQUIRED, "a list of metrics", parse_regressions, AT(ntk_claim, regressions)},
    {CLAIM, "figure", REQUIRED, "a mapping", parse_part, 0},
    {CLAIM, "measured", OPTIONAL, "text", ntk_parse_text, AT(ntk_claim, measured)},
    {CLAIM, "limits", REQUIRED, "text", ntk_parse_text, AT(ntk_claim, limits)},

    {SOURCE, "paper", REQUIRED, NAME, ntk_parse_name, AT(ntk_claim, paper)},
    {SOURCE, "result", REQUIRED, "text", ntk_parse_text, AT(ntk_claim, result)},

    {PARAMETERS, "quick", REQUIRED, "a mapping", parse_tier_settings,
     AT(ntk_claim, settings[NTK_TIER_QUICK])},
    {PARAMETERS, "full", REQUIRED, "a mapping", parse_tier_settings, AT(ntk_claim, settings[NTK_TIER_FULL])},

    {RESOURCES, "quick-seconds", REQUIRED, "a positive number", ntk_parse_positive,
     AT(ntk_claim, time_limit[NTK_TIER_QUICK])},
    {RESOURCES, "full-seconds", REQUIRED, "a positive number", ntk_parse_positive,
     AT(ntk_claim, time_limit[NTK_TIER_FULL])},
    {RESOURCES, "megabytes", REQUIRED, "a positive number", ntk_parse_positive, AT(ntk_claim, memory_limit)},

    {CHECK, "name", REQUIRED, NAME, ntk_parse_name, AT(ntk_check, name)},
    {CHECK, "metric", REQUIRED, NAME, ntk_parse_name, AT(ntk_check, metric)},
    {CHECK, "kind", REQUIRED, "a kind of check", parse_check_kind, AT(ntk_check, kind)},
    {CHECK, "bound", REQUIRED, "a finite number, or [low, high]", parse_bound, AT(ntk_check, bound)},
    {CHECK, "margin", OPTIONAL, "a positive number", ntk_parse_positive, AT(ntk_check, margin)},
    {CHECK, "trend", OPTIONAL, "true or false", ntk_parse_flag, AT(ntk_check, trend)},
    {CHECK, "why", REQUIRED, "text", ntk_parse_text, AT(ntk_check, why)},

    {CONTROL, "name", REQUIRED, NAME, ntk_parse_name, AT(ntk_control, name)},
    {CONTROL, "removes", REQUIRED, "text", ntk_parse_text, AT(ntk_control, removes)},
    {CONTROL, "set", REQUIRED, "a mapping", parse_control_settings, AT(ntk_control, settings)},
    {CONTROL, "breaks", REQUIRED, "a list of checks' names", parse_breaks, AT(ntk_control, breaks)},
    {CONTROL, "why", REQUIRED, "text", ntk_parse_text, AT(ntk_control, why)},

    {REGRESSION, "metric", REQUIRED, NAME, ntk_parse_name, AT(ntk_regression, metric)},
    {REGRESSION, "depends-on-seed", REQUIRED, "true or false", ntk_parse_flag,
     AT(ntk_regression, depends_on_seed)},
    {REGRESSION, "kind", REQUIRED, "a kind of tolerance", parse_tolerance_kind, AT(ntk_regression, kind)},
    {REGRESSION, "tolerance", OPTIONAL, "a finite number", ntk_parse_real, AT(ntk_regression, tolerance)},
    {REGRESSION, "why", REQUIRED, "text", ntk_parse_text, AT(ntk_regression, why)},

    {FIGURE, "caption", REQUIRED, "text", ntk_parse_text, AT(ntk_claim, caption)},
};

static const ntk_schema schema = {fields, sizeof fields / sizeof *fields, section_names};

/* ---- names of kinds ------------------------------------------------------------------------------------ */

static const char *check_kind(size_t i) { return ntk_check_kind_text((ntk_check_kind)i); }
static const char *tolerance_kind(size_t i) { return ntk_tolerance_kind_text((ntk_tolerance_kind)i); }

/* The position of the node's text among the `count` names. */
static ntk_status parse_kind(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                             const char *(*name)(size_t), size_t count, size_t *out) {
    const char *text = ntk_reader_scalar(node);
    char names[256] = "";
    for (size_t i = 0; i < count; i++) {
        if (text != NULL && strcmp(text, name(i)) == 0) {
            *out = i;
            return NTK_OK;
        }
        ntk_text_append(names, sizeof names, i == 0 ? "" : ", ");
        ntk_text_append(names, sizeof names, name(i));
    }
    return ntk_reader_fail(reader, node, "'%s' is '%s' and should be one of %s", field->key,
                           text == NULL ? "(no word)" : text, names);
}

static ntk_status parse_check_kind(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                                   void *record) {
    size_t kind = 0;
    NTK_TRY(parse_kind(reader, field, node, check_kind, NTK_CHECK_COUNT, &kind));
    ((ntk_check *)record)->kind = (ntk_check_kind)kind;
    return NTK_OK;
}

static ntk_status parse_tolerance_kind(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                                       void *record) {
    size_t kind = 0;
    NTK_TRY(parse_kind(reader, field, node, tolerance_kind, NTK_TOLERANCE_COUNT, &kind));
    ((ntk_regression *)record)->kind = (ntk_tolerance_kind)kind;
    return NTK_OK;
}

/* ---- lists --------------------------------------------------------------------------------------------- */

/* Zeroed items for a list that is not empty. They are the record's at once, so that a failure half-way leaves
 * nothing behind. */
static ntk_status allocate_items(const ntk_reader *reader, const ntk_schema_field *field,
                                 const yaml_node_t *node, size_t size, void **items, size_t *count) {
    if (node->type != YAML_SEQUENCE_NODE || ntk_reader_count(node) == 0)
        return ntk_reader_fail(reader, node, "'%s' should be %s, and not empty", field->key, field->type);
    NTK_TRY(ntk_allocate(ntk_reader_count(node), size, items));
    *count = ntk_reader_count(node);
    return NTK_OK;
}

static ntk_status parse_texts(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                              ntk_parser *parse, char ***out, size_t *count) {
    void *items = NULL;
    NTK_TRY(allocate_items(reader, field, node, sizeof **out, &items, count));
    *out = items;
    ntk_schema_field element = *field;
    element.offset = 0;
    for (size_t i = 0; i < *count; i++)
        NTK_TRY(parse(reader, &element, ntk_reader_item(reader, node, i), &(*out)[i]));
    return NTK_OK;
}

static ntk_status parse_hypotheses(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                                   void *record) {
    ntk_claim *claim = record;
    return parse_texts(reader, field, node, ntk_parse_text, &claim->hypotheses, &claim->hypothesis_count);
}

static ntk_status parse_breaks(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                               void *record) {
    ntk_control *control = record;
    return parse_texts(reader, field, node, ntk_parse_name, &control->breaks, &control->break_count);
}

/* ---- parts of the claim -------------------------------------------------------------------------------- */

/* The last two components of a path: "suites/a/b" gives "a/b". NULL where there are no two. */
static const char *last_two(const char *path) {
    const char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path) return NULL;
    while (slash > path && slash[-1] != '/') slash--;
    return slash;
}

static ntk_status parse_id(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                           void *record) {
    ntk_claim *claim = record;
    NTK_TRY(ntk_parse_text(reader, field, node, record));
    const char *wanted = last_two(claim->folder);
    if (wanted == NULL || strcmp(claim->id, wanted) != 0)
        return ntk_reader_fail(reader, node, "'id' is '%s' and should be '%s', the folder's last two parts",
                               claim->id, wanted == NULL ? "suite/claim" : wanted);
    char *slash = strchr(claim->id, '/');
    *slash = '\0';
    const bool named = ntk_text_is_name(claim->id) && ntk_text_is_name(slash + 1);
    *slash = '/';
    if (!named)
        return ntk_reader_fail(reader, node, "'id' is '%s': both its names consist of " NTK_NAME_RULE,
                               claim->id);
    return NTK_OK;
}

/* A part that is a mapping of its own; its section has the name of its key. */
static ntk_status parse_part(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                             void *record) {
    int part = 0;
    while (strcmp(section_names[part], field->key) != 0) part++;
    return ntk_reader_mapping(reader, &schema, part, node, record);
}

/* ---- settings ------------------------------------------------------------------------------------------ */

/* A sequence becomes what would be written after --set: [64, 256] gives "64 256". */
static ntk_status join(ntk_reader *reader, const char *key, yaml_node_t *node, char **out) {
    const size_t count = ntk_reader_count(node);
    char buffer[4096] = "";
    for (size_t i = 0; i < count; i++) {
        const char *text = ntk_reader_scalar(ntk_reader_item(reader, node, i));
        if (text == NULL || strlen(buffer) + strlen(text) + 2 > sizeof buffer)
            return ntk_reader_fail(reader, node, "'%s' should be a list of single values (at most 4 kB)",
                                   key);
        ntk_text_append(buffer, sizeof buffer, i == 0 ? "" : " ");
        ntk_text_append(buffer, sizeof buffer, text);
    }
    return ntk_text_copy(buffer, out);
}

static ntk_status parse_setting(ntk_reader *reader, const yaml_node_t *mapping, size_t i, ntk_setting *out) {
    const char *key = NULL;
    yaml_node_t *node = NULL;
    NTK_TRY(ntk_reader_pair(reader, mapping, i, &key, &node));
    out->line = node->start_mark.line + 1;
    NTK_TRY(ntk_text_copy(key, &out->name));
    const char *text = ntk_reader_scalar(node);
    if (text != NULL)
        NTK_TRY(ntk_text_copy(text, &out->value));
    else if (node->type == YAML_SEQUENCE_NODE)
        NTK_TRY(join(reader, key, node, &out->value));
    else
        return ntk_reader_fail(reader, node, "'%s' should be a single value or a list of them", key);

    if (ntk_setting_check(reader->context, out) == NTK_OK) return NTK_OK;
    char detail[512];
    *detail = '\0';
    ntk_text_append(detail, sizeof detail, ntk_error_detail());
    return ntk_reader_fail(reader, node, "%s", detail);
}

static ntk_status parse_settings(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                                 ntk_setting **out, size_t *count) {
    if (node->type != YAML_MAPPING_NODE)
        return ntk_reader_fail(reader, node, "'%s' should be a mapping of parameters to values", field->key);
    void *items = NULL;
    NTK_TRY(ntk_allocate(ntk_reader_count(node), sizeof **out, &items));
    *out = items;
    *count = ntk_reader_count(node);
    for (size_t i = 0; i < *count; i++) NTK_TRY(parse_setting(reader, node, i, &(*out)[i]));
    return NTK_OK;
}

static ntk_status parse_tier_settings(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                                      void *record) {
    ntk_claim *claim = record;
    ntk_tier tier = NTK_TIER_QUICK;
    NTK_TRY(ntk_tier_parse(field->key, &tier));
    return parse_settings(reader, field, node, &claim->settings[tier], &claim->setting_count[tier]);
}

static ntk_status parse_control_settings(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                                         void *record) {
    ntk_control *control = record;
    NTK_TRY(parse_settings(reader, field, node, &control->settings, &control->setting_count));
    if (control->setting_count == 0)
        return ntk_reader_fail(reader, node, "'set' is empty: a control changes something");
    return NTK_OK;
}

/* ---- checks -------------------------------------------------------------------------------------------- */

static ntk_status parse_bound(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                              void *record) {
    ntk_check *check = record;
    if (node->type != YAML_SEQUENCE_NODE) return ntk_parse_real(reader, field, node, record);
    if (ntk_reader_count(node) != 2) return ntk_reader_fail_type(reader, field, node);
    NTK_TRY(ntk_parse_real(reader, field, ntk_reader_item(reader, node, 0), record));
    ntk_schema_field high = *field;
    high.offset = AT(ntk_check, bound_high);
    NTK_TRY(ntk_parse_real(reader, &high, ntk_reader_item(reader, node, 1), record));
    if (!(check->bound < check->bound_high))
        return ntk_reader_fail(reader, node, "'bound' should be [low, high] with low < high");
    return NTK_OK;
}

/* What goes with which kind: `between` has two bounds, `equivalent` a margin, the others neither. */
static ntk_status check_bounds(const ntk_reader *reader, const yaml_node_t *node, const ntk_check *check) {
    const char *kind = ntk_check_kind_text(check->kind);
    if ((check->kind == NTK_CHECK_BETWEEN) != !isnan(check->bound_high))
        return ntk_reader_fail(reader, node, "check '%s': %s takes %s as its bound", check->name, kind,
                               check->kind == NTK_CHECK_BETWEEN ? "[low, high]" : "one number");
    if ((check->kind == NTK_CHECK_EQUIVALENT) != !isnan(check->margin))
        return ntk_reader_fail(reader, node, "check '%s': %s takes %s", check->name, kind,
                               check->kind == NTK_CHECK_EQUIVALENT ? "a margin" : "no margin");
    if (check->kind == NTK_CHECK_CERTIFIED && check->trend)
        return ntk_reader_fail(reader, node, "check '%s': what is certified is no trend", check->name);
    if (check->kind == NTK_CHECK_IDENTITY && !(check->bound >= 0))
        return ntk_reader_fail(reader, node, "check '%s': the bound of an identity is not negative",
                               check->name);
    return NTK_OK;
}

static ntk_status parse_checks(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                               void *record) {
    ntk_claim *claim = record;
    void *items = NULL;
    NTK_TRY(allocate_items(reader, field, node, sizeof *claim->checks, &items, &claim->check_count));
    claim->checks = items;
    for (size_t i = 0; i < claim->check_count; i++) {
        yaml_node_t *item = ntk_reader_item(reader, node, i);
        ntk_check *check = &claim->checks[i];
        check->bound_high = check->margin = NAN;
        NTK_TRY(ntk_reader_mapping(reader, &schema, CHECK, item, check));
        NTK_TRY(check_bounds(reader, item, check));
    }
    return NTK_OK;
}

/* ---- controls and regression entries ------------------------------------------------------------------- */

static ntk_status parse_controls(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                                 void *record) {
    ntk_claim *claim = record;
    void *items = NULL;
    NTK_TRY(allocate_items(reader, field, node, sizeof *claim->controls, &items, &claim->control_count));
    claim->controls = items;
    for (size_t i = 0; i < claim->control_count; i++)
        NTK_TRY(ntk_reader_mapping(reader, &schema, CONTROL, ntk_reader_item(reader, node, i),
                                   &claim->controls[i]));
    return NTK_OK;
}

/* What a tolerance may be. Half of a number's value is no tolerance any more, and two intervals that are made
 * narrower than they are would raise false alarms. */
static ntk_status check_tolerance(const ntk_reader *reader, const yaml_node_t *node,
                                  const ntk_regression *regression) {
    static const struct {
        double low, high;
        const char *text;
    } allowed[] = {
        [NTK_TOLERANCE_ULP] = {0, 0x1p52, "a tolerance from 0 to 2^52 ulp"},
        [NTK_TOLERANCE_REL] = {0, 0.5, "a tolerance from 0 to 0.5"},
        [NTK_TOLERANCE_ABS] = {0, INFINITY, "a tolerance that is not negative"},
        [NTK_TOLERANCE_STATISTICAL] = {1, INFINITY,
                                       "a tolerance from 1: the factor on the intervals' widths"},
    };
    const char *kind = ntk_tolerance_kind_text(regression->kind);
    const double tolerance = regression->tolerance;
    if (regression->kind == NTK_TOLERANCE_EXACT) {
        if (isnan(tolerance)) return NTK_OK;
        return ntk_reader_fail(reader, node, "metric '%s': exact takes no tolerance", regression->metric);
    }
    if (!(tolerance >= allowed[regression->kind].low && tolerance <= allowed[regression->kind].high))
        return ntk_reader_fail(reader, node, "metric '%s': %s takes %s", regression->metric, kind,
                               allowed[regression->kind].text);
    if (regression->kind == NTK_TOLERANCE_STATISTICAL && !regression->depends_on_seed)
        return ntk_reader_fail(reader, node, "metric '%s': statistical is for what depends on the seed",
                               regression->metric);
    return NTK_OK;
}

static ntk_status parse_regressions(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                                    void *record) {
    ntk_claim *claim = record;
    void *items = NULL;
    NTK_TRY(
        allocate_items(reader, field, node, sizeof *claim->regressions, &items, &claim->regression_count));
    claim->regressions = items;
    for (size_t i = 0; i < claim->regression_count; i++) {
        yaml_node_t *item = ntk_reader_item(reader, node, i);
        claim->regressions[i].tolerance = NAN;
        NTK_TRY(ntk_reader_mapping(reader, &schema, REGRESSION, item, &claim->regressions[i]));
        NTK_TRY(check_tolerance(reader, item, &claim->regressions[i]));
    }
    return NTK_OK;
}

/* ---- what must hold between the parts ------------------------------------------------------------------ */

/* The texts that stand first in `count` records of `size` bytes: no two may be equal. */
static ntk_status require_unique(ntk_reader *reader, const char *list, const char *what, const void *records,
                                 size_t count, size_t size) {
    for (size_t i = 1; i < count; i++)
        for (size_t j = 0; j < i; j++) {
            const char *const *a = (const void *)((const char *)records + i * size);
            const char *const *b = (const void *)((const char *)records + j * size);
            if (strcmp(*a, *b) != 0) continue;
            const yaml_node_t *node = ntk_reader_value(reader, ntk_reader_root(reader), list);
            return ntk_reader_fail(reader, ntk_reader_item(reader, node, i), "%s '%s' is given twice", what,
                                   *a);
        }
    return NTK_OK;
}

static bool has_check(const ntk_claim *claim, const char *name) {
    for (size_t i = 0; i < claim->check_count; i++)
        if (strcmp(claim->checks[i].name, name) == 0) return true;
    return false;
}

static ntk_status require_broken_checks(ntk_reader *reader, const ntk_claim *claim) {
    for (size_t i = 0; i < claim->control_count; i++) {
        const ntk_control *control = &claim->controls[i];
        const yaml_node_t *node = ntk_reader_value(reader, ntk_reader_root(reader), "controls");
        const yaml_node_t *item = ntk_reader_item(reader, node, i);
        for (size_t j = 0; j < control->break_count; j++)
            if (!has_check(claim, control->breaks[j]))
                return ntk_reader_fail(reader, item,
                                       "control '%s' breaks '%s', which is no check of this claim",
                                       control->name, control->breaks[j]);
    }
    return NTK_OK;
}

static ntk_status check_whole(ntk_reader *reader, const ntk_claim *claim) {
    if ((claim->control_count > 0) == (claim->no_control != NULL))
        return ntk_reader_fail(reader, ntk_reader_root(reader),
                               "a claim has either 'controls' or 'no-control', which says why there is none");
    NTK_TRY(require_unique(reader, "checks", "check", claim->checks, claim->check_count, sizeof(ntk_check)));
    NTK_TRY(require_unique(reader, "controls", "control", claim->controls, claim->control_count,
                           sizeof(ntk_control)));
    NTK_TRY(require_unique(reader, "regression", "metric", claim->regressions, claim->regression_count,
                           sizeof(ntk_regression)));
    return require_broken_checks(reader, claim);
}

/* ---- the claim ----------------------------------------------------------------------------------------- */

static ntk_status read_file(const char *path, ntk_claim *claim) {
    ntk_reader reader;
    ntk_status status = ntk_reader_open(path, claim->experiment->parameters, &reader);
    if (status == NTK_OK)
        status = ntk_reader_mapping(&reader, &schema, CLAIM, ntk_reader_root(&reader), claim);
    if (status == NTK_OK) status = check_whole(&reader, claim);
    ntk_reader_close(&reader);
    return status;
}

static ntk_status read_folder(const char *folder, ntk_claim *claim) {
    NTK_TRY(ntk_text_copy(folder, &claim->folder));
    for (size_t end = strlen(folder); end > 1 && claim->folder[end - 1] == '/'; end--)
        claim->folder[end - 1] = '\0';
    char *path = NULL;
    NTK_TRY(ntk_text_format(&path, "%s/claim.yaml", claim->folder));
    const ntk_status status = read_file(path, claim);
    ntk_release(path);
    return status;
}

ntk_status ntk_claim_read(const char *folder, const ntk_experiment *experiment, ntk_claim *out) {
    *out = (ntk_claim){.experiment = experiment};
    const ntk_status status = read_folder(folder, out);
    if (status != NTK_OK) ntk_claim_release(out);
    return status;
}
