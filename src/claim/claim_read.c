/* Reading claim.yaml: the schema, and what must hold between its parts. docs/claim-format.md shows
 * a claim with every key. */
#include <string.h>

#include <ntk/file.h>
#include <ntk/lab/context.h>
#include <ntk/lab/parameters.h>
#include <ntk/memory.h>
#include <ntk/status.h>

#include "claim/claim.h"
#include "claim/declared.h"
#include "claim/entries.h"
#include "claim/pattern.h"
#include "claim/schema.h"
#include "experiment/parameters.h"
#include "experiment/support.h"

/* ---- the schema ------------------------------------------------------------------------------ */

enum { CLAIM, SOURCE, PARAMETERS, RESOURCES, CONTROL, DATA };

static const ntk_schema_section sections[] = {
    [CLAIM] = {"a claim", NULL},       [SOURCE] = {"source", NULL},     [PARAMETERS] = {"parameters", NULL},
    [RESOURCES] = {"resources", NULL}, [CONTROL] = {"a control", NULL}, [DATA] = {"data", NULL},
};

static ntk_parser parse_id, parse_part, parse_wording, parse_hypotheses, parse_tier_settings, parse_common;
static ntk_parser parse_takes, parse_requires, parse_data_settings, parse_parameter_name;
static ntk_parser parse_checks, parse_controls, parse_control_settings, parse_restores, parse_breaks,
    parse_regressions;

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
    {CLAIM, "resources", OPTIONAL, "a mapping", parse_part, 0},
    {CLAIM, "data", OPTIONAL, "a mapping", parse_part, 0},
    {CLAIM, "checks", REQUIRED, "a list of checks", parse_checks, AT(ntk_claim, checks)},
    {CLAIM, "controls", OPTIONAL, "a list of controls", parse_controls, AT(ntk_claim, controls)},
    {CLAIM, "no-control", OPTIONAL, "why there can be no control", ntk_parse_text, AT(ntk_claim, no_control)},
    {CLAIM, "regression", REQUIRED, "a list of metrics", parse_regressions, AT(ntk_claim, regressions)},
    {CLAIM, "figure", REQUIRED, "the caption", ntk_parse_text, AT(ntk_claim, caption)},
    {CLAIM, "measured", OPTIONAL, "text", ntk_parse_text, AT(ntk_claim, measured)},
    {CLAIM, "limits", REQUIRED, "text", ntk_parse_text, AT(ntk_claim, limits)},

    {SOURCE, "paper", REQUIRED, NAME, ntk_parse_name, AT(ntk_claim, paper)},
    {SOURCE, "result", REQUIRED, "text", ntk_parse_text, AT(ntk_claim, result)},
    {SOURCE, "wording", REQUIRED, "restated, reconstructed or ours", parse_wording, AT(ntk_claim, wording)},

    {PARAMETERS, "both", OPTIONAL, "a mapping", parse_common, AT(ntk_claim, common)},
    {PARAMETERS, "quick", OPTIONAL, "a mapping", parse_tier_settings,
     AT(ntk_claim, settings[NTK_TIER_QUICK])},
    {PARAMETERS, "full", OPTIONAL, "a mapping", parse_tier_settings, AT(ntk_claim, settings[NTK_TIER_FULL])},
    {PARAMETERS, "large", OPTIONAL, "a mapping", parse_tier_settings,
     AT(ntk_claim, settings[NTK_TIER_LARGE])},

    {RESOURCES, "quick-seconds", OPTIONAL, "a positive number", ntk_parse_positive,
     AT(ntk_claim, time_limit[NTK_TIER_QUICK])},
    {RESOURCES, "full-seconds", OPTIONAL, "a positive number", ntk_parse_positive,
     AT(ntk_claim, time_limit[NTK_TIER_FULL])},
    {RESOURCES, "large-seconds", OPTIONAL, "a positive number", ntk_parse_positive,
     AT(ntk_claim, time_limit[NTK_TIER_LARGE])},
    {RESOURCES, "large-megabytes", OPTIONAL, "a positive number", ntk_parse_positive,
     AT(ntk_claim, large_memory)},
    {RESOURCES, "megabytes", OPTIONAL, "a positive number", ntk_parse_positive, AT(ntk_claim, memory_limit)},

    {DATA, "takes", REQUIRED, "points, or [points, labels]", parse_takes, 0},
    {DATA, "requires", OPTIONAL, "a list of distinct and unit-norm", parse_requires, 0},
    {DATA, "set", OPTIONAL, "a mapping", parse_data_settings, AT(ntk_claim, data.settings)},
    {DATA, "count", OPTIONAL, "a parameter", parse_parameter_name, AT(ntk_claim, data.count)},
    {DATA, "inputs", OPTIONAL, "a parameter", parse_parameter_name, AT(ntk_claim, data.inputs)},

    {CONTROL, "name", REQUIRED, NAME, ntk_parse_name, AT(ntk_control, name)},
    {CONTROL, "removes", REQUIRED, "text", ntk_parse_text, AT(ntk_control, removes)},
    {CONTROL, "why", REQUIRED, "text", ntk_parse_text, AT(ntk_control, why)},
    {CONTROL, "set", REQUIRED, "a mapping", parse_control_settings, AT(ntk_control, settings)},
    {CONTROL, "restores", OPTIONAL, "a mapping", parse_restores, AT(ntk_control, restores)},
    {CONTROL, "breaks", REQUIRED, "a pattern of checks' names, or a list of them", parse_breaks,
     AT(ntk_control, breaks)},
};

static const ntk_schema schema = {fields, sizeof fields / sizeof *fields, sections};

/* What one process may take, where the claim does not say. */
enum {
    QUICK_SECONDS = 600,
    FULL_SECONDS = 3600,
    LARGE_SECONDS = 604800,
    MEGABYTES = 4096,
    LARGE_MEGABYTES = 65536
};

/* ---- lists ----------------------------------------------------------------------------------- */

/* Zeroed items for a list that is not empty. They are the record's at once, so that a failure
 * half-way leaves nothing behind. */
static ntk_status allocate_items(const ntk_reader *reader, const ntk_schema_field *field,
                                 const yaml_node_t *node, size_t size, void **items, size_t *count) {
    if (node->type != YAML_SEQUENCE_NODE || ntk_reader_count(node) == 0)
        return ntk_reader_fail(reader, node, "'%s' should be %s, and not empty", field->key, field->type);
    NTK_TRY(ntk_allocate(ntk_reader_count(node), size, items));
    *count = ntk_reader_count(node);
    return NTK_OK;
}

static ntk_status parse_hypotheses(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                                   void *record) {
    ntk_claim *claim = record;
    void *items = NULL;
    NTK_TRY(allocate_items(reader, field, node, sizeof *claim->hypotheses, &items, &claim->hypothesis_count));
    claim->hypotheses = items;
    ntk_schema_field element = *field;
    element.offset = 0;
    for (size_t i = 0; i < claim->hypothesis_count; i++)
        NTK_TRY(ntk_parse_text(reader, &element, ntk_reader_item(reader, node, i), &claim->hypotheses[i]));
    return NTK_OK;
}

static ntk_status parse_checks(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                               void *record) {
    (void)field;
    return ntk_entries_read_checks(reader, node, record);
}

static ntk_status parse_regressions(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                                    void *record) {
    (void)field;
    return ntk_entries_read_regressions(reader, node, record);
}

/* ---- parts of the claim ---------------------------------------------------------------------- */

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
    while (strcmp(sections[part].name, field->key) != 0) part++;
    return ntk_reader_mapping(reader, &schema, part, node, record);
}

static ntk_status parse_wording(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                                void *record) {
    ntk_claim *claim = record;
    const char *text = ntk_reader_scalar(node);
    for (ntk_wording wording = NTK_WORDING_RESTATED; text != NULL && wording < NTK_WORDING_COUNT; wording++) {
        if (strcmp(text, ntk_wording_text(wording)) != 0) continue;
        claim->wording = wording;
        return NTK_OK;
    }
    return ntk_reader_fail_type(reader, field, node);
}

/* ---- settings -------------------------------------------------------------------------------- */

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

    if (reader->context == NULL || ntk_setting_check(reader->context, out) == NTK_OK) return NTK_OK;
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

static ntk_status parse_common(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                               void *record) {
    ntk_claim *claim = record;
    return parse_settings(reader, field, node, &claim->common, &claim->common_count);
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

static ntk_status parse_restores(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                                 void *record) {
    ntk_control *control = record;
    NTK_TRY(parse_settings(reader, field, node, &control->restores, &control->restore_count));
    if (control->restore_count == 0)
        return ntk_reader_fail(reader, node, "'restores' is empty: it puts the hypothesis back");
    return NTK_OK;
}

/* ---- data ------------------------------------------------------------------------------------ */

/* Words, a single one or a list, each of which sets a flag. */
typedef struct word_flag {
    const char *word;
    bool *flag;
} word_flag;

static ntk_status parse_words(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                              const word_flag flags[2]) {
    const bool list = node->type == YAML_SEQUENCE_NODE;
    const size_t count = list ? ntk_reader_count(node) : 1;
    for (size_t i = 0; i < count; i++) {
        const yaml_node_t *item = list ? ntk_reader_item(reader, node, i) : node;
        const char *text = ntk_reader_scalar(item);
        size_t k = 0;
        while (k < 2 && (text == NULL || strcmp(text, flags[k].word) != 0)) k++;
        if (k == 2) return ntk_reader_fail_type(reader, field, item);
        *flags[k].flag = true;
    }
    return NTK_OK;
}

static ntk_status parse_takes(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                              void *record) {
    ntk_claim_data *data = &((ntk_claim *)record)->data;
    const word_flag flags[] = {{"points", &data->points}, {"labels", &data->labels}};
    NTK_TRY(parse_words(reader, field, node, flags));
    return data->points ? NTK_OK : ntk_reader_fail_type(reader, field, node);
}

static ntk_status parse_requires(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                                 void *record) {
    ntk_claim_data *data = &((ntk_claim *)record)->data;
    const word_flag flags[] = {{"distinct", &data->distinct}, {"unit-norm", &data->unit_norm}};
    return parse_words(reader, field, node, flags);
}

static ntk_status parse_data_settings(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                                      void *record) {
    enum { MOST = 8 };
    ntk_claim_data *data = &((ntk_claim *)record)->data;
    NTK_TRY(parse_settings(reader, field, node, &data->settings, &data->setting_count));
    return data->setting_count <= MOST ? NTK_OK
                                       : ntk_reader_fail(reader, node, "'set' has more than %d keys", MOST);
}

static ntk_status parse_parameter_name(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                                       void *record) {
    const ntk_parameter *found;
    const char *text = ntk_reader_scalar(node);
    if (text == NULL) return ntk_reader_fail_type(reader, field, node);
    const ntk_status status =
        reader->context != NULL ? ntk_parameter_find(reader->context, text, &found) : NTK_OK;
    if (status == NTK_ERROR_ARGUMENT)
        return ntk_reader_fail(reader, node, "'%s' is '%s', which is no parameter of the experiment",
                               field->key, text);
    NTK_TRY(status);
    return ntk_text_copy(text, (char **)((char *)record + field->offset));
}

/* ---- controls -------------------------------------------------------------------------------- */

/* What one pattern names, behind what the control breaks already. */
static ntk_status add_breaks(ntk_reader *reader, const ntk_schema_field *field, const yaml_node_t *node,
                             ntk_control *control) {
    const char *pattern = ntk_reader_scalar(node);
    if (pattern == NULL) return ntk_reader_fail_type(reader, field, node);
    char **names = NULL;
    size_t count = 0;
    ntk_status status = ntk_pattern_expand(pattern, &names, &count);
    if (status != NTK_OK) return ntk_reader_fail_again(reader, node, field->key, status);
    void *items = control->breaks;
    for (size_t i = 0; i < count && status == NTK_OK; i++) {
        status = ntk_array_grow(&items, control->break_count, sizeof *control->breaks);
        control->breaks = items;
        if (status == NTK_OK) status = ntk_text_copy(names[i], &control->breaks[control->break_count++]);
    }
    ntk_texts_release(names, count);
    return status;
}

static ntk_status parse_breaks(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                               void *record) {
    if (node->type != YAML_SEQUENCE_NODE) return add_breaks(reader, field, node, record);
    if (ntk_reader_count(node) == 0) return ntk_reader_fail_type(reader, field, node);
    for (size_t i = 0; i < ntk_reader_count(node); i++)
        NTK_TRY(add_breaks(reader, field, ntk_reader_item(reader, node, i), record));
    return NTK_OK;
}

static ntk_status parse_controls(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                                 void *record) {
    ntk_claim *claim = record;
    void *items = NULL;
    NTK_TRY(allocate_items(reader, field, node, sizeof *claim->controls, &items, &claim->control_count));
    claim->controls = items;
    for (size_t i = 0; i < claim->control_count; i++) {
        yaml_node_t *item = ntk_reader_item(reader, node, i);
        claim->controls[i].line = item->start_mark.line + 1;
        NTK_TRY(ntk_reader_mapping(reader, &schema, CONTROL, item, &claim->controls[i]));
    }
    return NTK_OK;
}

/* ---- what must hold between the parts -------------------------------------------------------- */

static const yaml_node_t *control_node(ntk_reader *reader, size_t i) {
    return ntk_reader_item(reader, ntk_reader_value(reader, ntk_reader_root(reader), "controls"), i);
}

static ntk_status require_unique_controls(ntk_reader *reader, const ntk_claim *claim) {
    for (size_t i = 1; i < claim->control_count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(claim->controls[i].name, claim->controls[j].name) == 0)
                return ntk_reader_fail(reader, control_node(reader, i), "control '%s' is given twice",
                                       claim->controls[i].name);
    return NTK_OK;
}

static bool has_check(const ntk_claim *claim, const char *name) {
    for (size_t i = 0; i < claim->check_count; i++)
        if (strcmp(claim->checks[i].name, name) == 0) return true;
    return false;
}

static ntk_status require_breaks(ntk_reader *reader, const ntk_claim *claim, size_t i) {
    const ntk_control *control = &claim->controls[i];
    for (size_t j = 0; j < control->break_count; j++) {
        const char *name = control->breaks[j];
        if (!has_check(claim, name))
            return ntk_reader_fail(reader, control_node(reader, i),
                                   "control '%s' breaks '%s', which is no check of this claim", control->name,
                                   name);
        for (size_t k = 0; k < j; k++)
            if (strcmp(control->breaks[k], name) == 0)
                return ntk_reader_fail(reader, control_node(reader, i), "control '%s' breaks '%s' twice",
                                       control->name, name);
    }
    return NTK_OK;
}

static const ntk_setting *find_setting(const ntk_control *control, const char *name) {
    for (size_t i = 0; i < control->setting_count; i++)
        if (strcmp(control->settings[i].name, name) == 0) return &control->settings[i];
    return NULL;
}

/* A twin differs from its control in the hypothesis alone. With one setting, that is the
 * hypothesis; with several, the claim has to say which of them are. */
static ntk_status require_twin(ntk_reader *reader, const ntk_claim *claim, size_t i) {
    const ntk_control *control = &claim->controls[i];
    if (control->restore_count == 0 && control->setting_count > 1)
        return ntk_reader_fail(reader, control_node(reader, i),
                               "control '%s' sets %zu parameters: 'restores' says which of them remove the "
                               "hypothesis, with values that put it back",
                               control->name, control->setting_count);
    for (size_t k = 0; k < control->restore_count; k++) {
        const ntk_setting *restored = &control->restores[k];
        const ntk_setting *set = find_setting(control, restored->name);
        if (set == NULL)
            return ntk_reader_fail_line(reader, restored->line, "'restores' has '%s', which 'set' has not",
                                        restored->name);
        if (strcmp(set->value, restored->value) == 0)
            return ntk_reader_fail_line(reader, restored->line, "'restores' leaves '%s' what 'set' makes it",
                                        restored->name);
    }
    return NTK_OK;
}

/* Whoever changes a setting of both tiers finds it in one place. Large says what it changes. */
static ntk_status require_one_place(ntk_reader *reader, const ntk_claim *claim, ntk_tier tier) {
    if (tier == NTK_TIER_LARGE) return NTK_OK;
    for (size_t i = 0; i < claim->setting_count[tier]; i++)
        for (size_t j = 0; j < claim->common_count; j++)
            if (strcmp(claim->settings[tier][i].name, claim->common[j].name) == 0)
                return ntk_reader_fail_line(reader, claim->settings[tier][i].line,
                                            "'%s' is set for both tiers already (on line %zu)",
                                            claim->common[j].name, claim->common[j].line);
    return NTK_OK;
}

static ntk_status check_whole(ntk_reader *reader, const ntk_claim *claim) {
    if ((claim->control_count > 0) == (claim->no_control != NULL))
        return ntk_reader_fail(reader, ntk_reader_root(reader),
                               "a claim has either 'controls' or 'no-control', which says why there is none");
    for (ntk_tier tier = NTK_TIER_QUICK; tier < NTK_TIER_COUNT; tier++)
        NTK_TRY(require_one_place(reader, claim, tier));
    NTK_TRY(require_unique_controls(reader, claim));
    for (size_t i = 0; i < claim->control_count; i++) {
        NTK_TRY(require_breaks(reader, claim, i));
        NTK_TRY(require_twin(reader, claim, i));
    }
    return claim->experiment != NULL ? ntk_claim_require_metrics(reader, claim) : NTK_OK;
}

/* ---- the claim ------------------------------------------------------------------------------- */

static ntk_status read_file(const char *path, ntk_claim *claim) {
    ntk_reader reader;
    ntk_status status = ntk_reader_open(path, claim->experiment, &reader);
    if (status == NTK_OK) claim->content = ntk_digest_text(NTK_DIGEST_START, reader.content);
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

ntk_status ntk_claim_digest(const char *folder, ntk_digest *out) {
    char *path, *content;
    size_t size;
    NTK_TRY(ntk_text_format(&path, "%s/claim.yaml", folder));
    const ntk_status status = ntk_file_read(path, &content, &size);
    ntk_release(path);
    NTK_TRY(status);
    *out = ntk_digest_text(NTK_DIGEST_START, content);
    ntk_release(content);
    return NTK_OK;
}

ntk_status ntk_claim_read(const char *folder, const ntk_experiment *experiment, ntk_claim *out) {
    *out = (ntk_claim){
        .experiment = experiment,
        .time_limit = {[NTK_TIER_QUICK] = QUICK_SECONDS,
                       [NTK_TIER_FULL] = FULL_SECONDS,
                       [NTK_TIER_LARGE] = LARGE_SECONDS},
        .memory_limit = MEGABYTES,
        .large_memory = LARGE_MEGABYTES,
    };
    const ntk_status status = read_folder(folder, out);
    if (status != NTK_OK) ntk_claim_release(out);
    return status;
}
