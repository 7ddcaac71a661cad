#include "run/program_file.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include <ntk/lab/context.h>
#include <ntk/memory.h>

#include "claim/schema.h"
#include "experiment/support.h"

typedef struct declared_parameter {
    char *name, *type, *value, *choices, *meaning;
    double low, high;
} declared_parameter;

typedef struct declared_metric {
    char *name, *meaning;
} declared_metric;

struct ntk_declarations {
    long protocol;
    declared_parameter *parameters; /* (parameter_count) */
    declared_metric *metrics;       /* (metric_count) */
    size_t parameter_count, metric_count;
    ntk_parameter *parameter_table; /* the same, as an experiment has them */
    ntk_metric_declaration *metric_table;
    ntk_experiment experiment;
};

/* ---- the file -------------------------------------------------------------------------------- */

enum { FILE_SECTION, PARAMETER };

static const ntk_schema_section sections[] = {
    [FILE_SECTION] = {"experiment.yaml", NULL}, [PARAMETER] = {"a parameter", NULL}};

static ntk_parser parse_protocol, parse_parameters, parse_metrics, parse_type, parse_value, parse_choices;

enum { OPTIONAL = false, REQUIRED = true };

#define OF(member)           offsetof(ntk_declarations, member)
#define OF_PARAMETER(member) offsetof(declared_parameter, member)

#define TYPES "integer, real, flag, choice, integers, reals or choices"

static const ntk_schema_field fields[] = {
    {FILE_SECTION, "protocol", REQUIRED, "a whole number from 1", parse_protocol, OF(protocol)},
    {FILE_SECTION, "parameters", OPTIONAL, "a mapping of names to parameters", parse_parameters, 0},
    {FILE_SECTION, "metrics", REQUIRED, "a mapping of names to meanings", parse_metrics, 0},

    {PARAMETER, "type", REQUIRED, TYPES, parse_type, OF_PARAMETER(type)},
    {PARAMETER, "default", REQUIRED, "a single value or a list of them", parse_value, OF_PARAMETER(value)},
    {PARAMETER, "from", OPTIONAL, "a number", ntk_parse_real, OF_PARAMETER(low)},
    {PARAMETER, "to", OPTIONAL, "a number", ntk_parse_real, OF_PARAMETER(high)},
    {PARAMETER, "choices", OPTIONAL, "a list of words", parse_choices, OF_PARAMETER(choices)},
    {PARAMETER, "meaning", REQUIRED, "text", ntk_parse_text, OF_PARAMETER(meaning)},
};

static const ntk_schema schema = {fields, sizeof fields / sizeof *fields, sections};

static const struct {
    const char *text;
    ntk_parameter_type type;
    bool numbers;
} types[] = {{"integer", NTK_PARAMETER_INTEGER, true},
             {"real", NTK_PARAMETER_REAL, true},
             {"flag", NTK_PARAMETER_FLAG, false},
             {"choice", NTK_PARAMETER_CHOICE, false},
             {"integers", NTK_PARAMETER_INTEGER_LIST, true},
             {"reals", NTK_PARAMETER_REAL_LIST, true},
             {"choices", NTK_PARAMETER_CHOICE_LIST, false}};
enum { TYPE_COUNT = sizeof types / sizeof *types };

static size_t type_of(const char *text) {
    size_t i = 0;
    while (i < TYPE_COUNT && strcmp(types[i].text, text) != 0) i++;
    return i;
}

/* Before all else: what another version means by the rest is not known here. */
static ntk_status parse_protocol(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                                 void *record) {
    ntk_declarations *self = record;
    NTK_TRY(ntk_parse_count(reader, field, node, record));
    if (self->protocol == NTK_PROTOCOL_VERSION) return NTK_OK;
    return ntk_reader_fail(reader, node, "protocol %ld is not known here; this program speaks protocol %d",
                           self->protocol, NTK_PROTOCOL_VERSION);
}

static ntk_status parse_type(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                             void *record) {
    declared_parameter *parameter = record;
    const char *text = ntk_reader_scalar(node);
    if (text == NULL || type_of(text) == TYPE_COUNT) return ntk_reader_fail_type(reader, field, node);
    return ntk_text_copy(text, &parameter->type);
}

/* The elements of a list, or the one value, with a separator between them. */
static ntk_status join(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                       const char *separator, char **out) {
    const size_t count = node->type == YAML_SEQUENCE_NODE ? ntk_reader_count(node) : 1;
    char buffer[4096] = "";
    for (size_t i = 0; i < count; i++) {
        const yaml_node_t *item = node->type == YAML_SEQUENCE_NODE ? ntk_reader_item(reader, node, i) : node;
        const char *text = ntk_reader_scalar(item);
        if (text == NULL || strlen(buffer) + strlen(text) + 2 > sizeof buffer)
            return ntk_reader_fail(reader, item, "'%s' should be %s (at most 4 kB)", field->key, field->type);
        ntk_text_append(buffer, sizeof buffer, i == 0 ? "" : separator);
        ntk_text_append(buffer, sizeof buffer, text);
    }
    if (*buffer == '\0') return ntk_reader_fail_type(reader, field, node);
    return ntk_text_copy(buffer, out);
}

static ntk_status parse_value(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                              void *record) {
    return join(reader, field, node, " ", &((declared_parameter *)record)->value);
}

static ntk_status parse_choices(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                                void *record) {
    return join(reader, field, node, "|", &((declared_parameter *)record)->choices);
}

static ntk_status check_parameter(ntk_reader *reader, const yaml_node_t *node,
                                  const declared_parameter *parameter) {
    const size_t type = type_of(parameter->type);
    const bool wants_choices = strncmp(parameter->type, "choice", 6) == 0;
    if (wants_choices != (parameter->choices != NULL))
        return ntk_reader_fail(reader, node, "'%s': 'choices' belongs to the types choice and choices alone",
                               parameter->name);
    if (!types[type].numbers && (!isinf(parameter->low) || !isinf(parameter->high)))
        return ntk_reader_fail(reader, node, "'%s': 'from' and 'to' belong to numbers alone",
                               parameter->name);
    return NTK_OK;
}

static ntk_status require_mapping(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node) {
    if (node->type == YAML_MAPPING_NODE && ntk_reader_count(node) > 0) return NTK_OK;
    return ntk_reader_fail(reader, node, "'%s' should be %s, and not empty", field->key, field->type);
}

static ntk_status parse_parameters(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                                   void *record) {
    ntk_declarations *self = record;
    NTK_TRY(require_mapping(reader, field, node));
    void *items;
    NTK_TRY(ntk_allocate(ntk_reader_count(node), sizeof *self->parameters, &items));
    self->parameters = items;
    self->parameter_count = ntk_reader_count(node);
    for (size_t i = 0; i < self->parameter_count; i++) {
        declared_parameter *parameter = &self->parameters[i];
        const char *name;
        yaml_node_t *value;
        NTK_TRY(ntk_reader_pair(reader, node, i, &name, &value));
        if (!ntk_text_is_name(name))
            return ntk_reader_fail(reader, value, "parameter '%s': a name consists of " NTK_NAME_RULE, name);
        NTK_TRY(ntk_text_copy(name, &parameter->name));
        parameter->low = -INFINITY;
        parameter->high = INFINITY;
        NTK_TRY(ntk_reader_mapping(reader, &schema, PARAMETER, value, parameter));
        NTK_TRY(check_parameter(reader, value, parameter));
    }
    return NTK_OK;
}

static ntk_status parse_metrics(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                                void *record) {
    ntk_declarations *self = record;
    NTK_TRY(require_mapping(reader, field, node));
    void *items;
    NTK_TRY(ntk_allocate(ntk_reader_count(node), sizeof *self->metrics, &items));
    self->metrics = items;
    self->metric_count = ntk_reader_count(node);
    for (size_t i = 0; i < self->metric_count; i++) {
        const char *name;
        yaml_node_t *value;
        NTK_TRY(ntk_reader_pair(reader, node, i, &name, &value));
        NTK_TRY(ntk_text_copy(name, &self->metrics[i].name));
        const ntk_schema_field meaning = {FILE_SECTION,  name, true,
                                          "its meaning", NULL, offsetof(declared_metric, meaning)};
        NTK_TRY(ntk_parse_text(reader, &meaning, value, &self->metrics[i]));
    }
    return NTK_OK;
}

/* ---- as an experiment ------------------------------------------------------------------------ */

static ntk_status build_tables(ntk_declarations *self) {
    void *memory;
    NTK_TRY(ntk_allocate(self->parameter_count + 1, sizeof *self->parameter_table, &memory));
    self->parameter_table = memory;
    NTK_TRY(ntk_allocate(self->metric_count + 1, sizeof *self->metric_table, &memory));
    self->metric_table = memory;
    for (size_t i = 0; i < self->parameter_count; i++) {
        const declared_parameter *p = &self->parameters[i];
        self->parameter_table[i] = (ntk_parameter){
            p->name, types[type_of(p->type)].type, p->value, p->low, p->high, p->choices, p->meaning};
    }
    for (size_t i = 0; i < self->metric_count; i++)
        self->metric_table[i] =
            (ntk_metric_declaration){self->metrics[i].name, self->metrics[i].meaning, NULL};
    self->experiment.parameters[0] = self->parameter_table;
    self->experiment.metrics[0] = self->metric_table;
    return NTK_OK;
}

/* Defaults and names of metrics, as a context takes them. */
static ntk_status check_declarations(const ntk_declarations *self, const char *path) {
    ntk_context *context;
    char **names = NULL, detail[512] = "";
    size_t count = 0;
    ntk_status status = ntk_context_create("", &self->experiment, NULL, 0, 0, "", &context);
    if (status == NTK_OK) {
        status = ntk_experiment_metrics(context, &names, &count);
        ntk_texts_release(names, count);
        ntk_context_destroy(context);
    }
    if (status != NTK_ERROR_ARGUMENT) return status;
    ntk_text_append(detail, sizeof detail, ntk_error_detail());
    return ntk_fail(NTK_ERROR_FORMAT, "%s: %s", path, detail);
}

static ntk_status read_file(const char *path, ntk_declarations *self) {
    ntk_reader reader;
    ntk_status status = ntk_reader_open(path, NULL, &reader);
    /* The version first, wherever it stands. */
    yaml_node_t *root = status == NTK_OK ? ntk_reader_root(&reader) : NULL,
                *protocol = root != NULL ? ntk_reader_value(&reader, root, "protocol") : NULL;
    if (protocol != NULL) status = parse_protocol(&reader, &fields[0], protocol, self);
    if (status == NTK_OK) status = ntk_reader_mapping(&reader, &schema, FILE_SECTION, root, self);
    ntk_reader_close(&reader);
    if (status == NTK_OK) status = build_tables(self);
    return status == NTK_OK ? check_declarations(self, path) : status;
}

ntk_status ntk_declarations_read(const char *folder, ntk_declarations **out) {
    void *memory;
    char *path = NULL;
    *out = NULL;
    NTK_TRY(ntk_allocate(1, sizeof(ntk_declarations), &memory));
    ntk_declarations *self = memory;
    ntk_status status = ntk_text_format(&path, "%s/experiment.yaml", folder);
    if (status == NTK_OK && access(path, F_OK) != 0)
        status = ntk_fail(NTK_ERROR_FORMAT,
                          "%s is missing: it says what the executable experiment takes "
                          "and emits (docs/own-claims.md)",
                          path);
    if (status == NTK_OK) status = read_file(path, self);
    ntk_release(path);
    if (status == NTK_OK)
        *out = self;
    else
        ntk_declarations_destroy(self);
    return status;
}

void ntk_declarations_destroy(ntk_declarations *self) {
    if (self == NULL) return;
    for (size_t i = 0; i < self->parameter_count; i++) {
        declared_parameter *p = &self->parameters[i];
        char *const texts[] = {p->name, p->type, p->value, p->choices, p->meaning};
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) ntk_release(texts[k]);
    }
    for (size_t i = 0; i < self->metric_count; i++) {
        ntk_release(self->metrics[i].name);
        ntk_release(self->metrics[i].meaning);
    }
    ntk_release(self->parameters);
    ntk_release(self->metrics);
    ntk_release(self->parameter_table);
    ntk_release(self->metric_table);
    ntk_release(self);
}

const ntk_experiment *ntk_declarations_experiment(const ntk_declarations *self) { return &self->experiment; }
