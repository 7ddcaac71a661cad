#include "claim/schema.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <ntk/file.h>
#include <ntk/memory.h>

#include "experiment/support.h"

/* ---- failing --------------------------------------------------------------------------------- */

static ntk_status fail_at(const ntk_reader *reader, size_t line, const char *format, va_list arguments) {
    char what[768];
    vsnprintf(what, sizeof what, format, arguments);
    return ntk_fail(NTK_ERROR_FORMAT, "%s:%zu: %s", reader->path, line, what);
}

ntk_status ntk_reader_fail(const ntk_reader *reader, const yaml_node_t *node, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const ntk_status status = fail_at(reader, node->start_mark.line + 1, format, arguments);
    va_end(arguments);
    return status;
}

ntk_status ntk_reader_fail_line(const ntk_reader *reader, size_t line, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const ntk_status status = fail_at(reader, line, format, arguments);
    va_end(arguments);
    return status;
}

ntk_status ntk_reader_fail_again(const ntk_reader *reader, const yaml_node_t *node, const char *list,
                                 ntk_status status) {
    if (status != NTK_ERROR_FORMAT) return status;
    char detail[512] = "";
    ntk_text_append(detail, sizeof detail, ntk_error_detail());
    return ntk_reader_fail(reader, node, "%s: %s", list, detail);
}

ntk_status ntk_reader_fail_type(const ntk_reader *reader, const ntk_schema_field *field,
                                const yaml_node_t *node) {
    const char *text = ntk_reader_scalar(node);
    if (text == NULL) return ntk_reader_fail(reader, node, "'%s' should be %s", field->key, field->type);
    return ntk_reader_fail(reader, node, "'%s' is '%s' and should be %s", field->key, text, field->type);
}

/* ---- the document ---------------------------------------------------------------------------- */

/* Bytes that are no UTF-8 are found by libyaml's reader, which tells their offset only. */
static size_t line_of(const ntk_reader *reader, const yaml_parser_t *parser) {
    if (parser->error != YAML_READER_ERROR) return parser->problem_mark.line + 1;
    size_t line = 1;
    for (size_t i = 0; i < parser->problem_offset; i++) line += reader->content[i] == '\n';
    return line;
}

static ntk_status fail_parser(const ntk_reader *reader, const yaml_parser_t *parser) {
    /* Without memory libyaml now and then says not even that; all else has its problem told. */
    if (parser->error == YAML_MEMORY_ERROR || parser->problem == NULL)
        return ntk_fail(NTK_ERROR_MEMORY, "%s: no memory for its content", reader->path);
    return ntk_fail(NTK_ERROR_FORMAT, "%s:%zu: %s", reader->path, line_of(reader, parser), parser->problem);
}

/* A second document would go unread: the file is to hold one. */
static ntk_status require_end(const ntk_reader *reader, yaml_parser_t *parser) {
    yaml_document_t extra;
    if (!yaml_parser_load(parser, &extra)) return fail_parser(reader, parser);
    const yaml_node_t *root = yaml_document_get_root_node(&extra);
    const ntk_status status =
        root == NULL ? NTK_OK : ntk_reader_fail(reader, root, "a second document; allowed is one");
    yaml_document_delete(&extra);
    return status;
}

static ntk_status load_document(ntk_reader *reader, yaml_parser_t *parser) {
    if (!yaml_parser_load(parser, &reader->document)) return fail_parser(reader, parser);
    const yaml_node_t *root = yaml_document_get_root_node(&reader->document);
    if (root == NULL) return ntk_fail(NTK_ERROR_FORMAT, "%s:1: the file is empty", reader->path);
    if (root->type != YAML_MAPPING_NODE)
        return ntk_reader_fail(reader, root, "the file should be a mapping of keys to values");
    return require_end(reader, parser);
}

ntk_status ntk_reader_open(const char *path, const void *context, ntk_reader *out) {
    *out = (ntk_reader){.path = path, .context = context};
    size_t size = 0;
    NTK_TRY(ntk_file_read(path, &out->content, &size));
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return ntk_fail(NTK_ERROR_MEMORY, "%s: no memory for its content", path);
    yaml_parser_set_input_string(&parser, (const unsigned char *)out->content, size);
    const ntk_status status = load_document(out, &parser);
    yaml_parser_delete(&parser);
    return status;
}

void ntk_reader_close(ntk_reader *reader) {
    yaml_document_delete(&reader->document); /* a zeroed document is allowed */
    ntk_release(reader->content);
    *reader = (ntk_reader){0};
}

yaml_node_t *ntk_reader_root(ntk_reader *reader) { return yaml_document_get_root_node(&reader->document); }

/* ---- nodes ----------------------------------------------------------------------------------- */

size_t ntk_reader_count(const yaml_node_t *node) {
    if (node->type == YAML_SEQUENCE_NODE)
        return (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
    if (node->type == YAML_MAPPING_NODE)
        return (size_t)(node->data.mapping.pairs.top - node->data.mapping.pairs.start);
    return 0;
}

yaml_node_t *ntk_reader_item(ntk_reader *reader, const yaml_node_t *sequence, size_t i) {
    return yaml_document_get_node(&reader->document, sequence->data.sequence.items.start[i]);
}

const char *ntk_reader_scalar(const yaml_node_t *node) {
    if (node->type != YAML_SCALAR_NODE || strcmp((const char *)node->tag, YAML_STR_TAG) != 0) return NULL;
    const char *text = (const char *)node->data.scalar.value;
    if (*text == '\0' || strlen(text) != node->data.scalar.length) return NULL;
    const bool plain = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (plain && (strcmp(text, "~") == 0 || strcmp(text, "null") == 0)) return NULL;
    return text;
}

static const char *key_of(ntk_reader *reader, const yaml_node_t *mapping, size_t i, yaml_node_t **node) {
    *node = yaml_document_get_node(&reader->document, mapping->data.mapping.pairs.start[i].key);
    return ntk_reader_scalar(*node);
}

static yaml_node_t *value_of(ntk_reader *reader, const yaml_node_t *mapping, size_t i) {
    return yaml_document_get_node(&reader->document, mapping->data.mapping.pairs.start[i].value);
}

yaml_node_t *ntk_reader_value(ntk_reader *reader, const yaml_node_t *mapping, const char *key) {
    for (size_t i = 0; i < ntk_reader_count(mapping); i++) {
        yaml_node_t *node = NULL;
        const char *text = key_of(reader, mapping, i, &node);
        if (text != NULL && strcmp(text, key) == 0) return value_of(reader, mapping, i);
    }
    return NULL;
}

ntk_status ntk_reader_pair(ntk_reader *reader, const yaml_node_t *mapping, size_t i, const char **key,
                           yaml_node_t **value) {
    yaml_node_t *node = NULL, *earlier = NULL;
    *key = key_of(reader, mapping, i, &node);
    *value = value_of(reader, mapping, i);
    if (*key == NULL) return ntk_reader_fail(reader, node, "a key should be a word");
    for (size_t j = 0; j < i; j++) {
        const char *other = key_of(reader, mapping, j, &earlier);
        if (other != NULL && strcmp(other, *key) == 0)
            return ntk_reader_fail(reader, node, "key '%s' is given twice (first on line %zu)", *key,
                                   earlier->start_mark.line + 1);
    }
    return NTK_OK;
}

/* ---- mappings -------------------------------------------------------------------------------- */

static const ntk_schema_field *find_field(const ntk_schema *schema, int section, const char *key) {
    for (size_t i = 0; i < schema->field_count; i++)
        if (schema->fields[i].section == section && strcmp(schema->fields[i].key, key) == 0)
            return &schema->fields[i];
    return NULL;
}

static void list_keys(const ntk_schema *schema, int section, char *buffer, size_t capacity) {
    *buffer = '\0';
    for (size_t i = 0; i < schema->field_count; i++) {
        if (schema->fields[i].section != section) continue;
        ntk_text_append(buffer, capacity, *buffer == '\0' ? "" : ", ");
        ntk_text_append(buffer, capacity, schema->fields[i].key);
    }
}

static ntk_status fail_unknown(ntk_reader *reader, const ntk_schema *schema, int section,
                               const yaml_node_t *mapping, size_t i) {
    char keys[512];
    list_keys(schema, section, keys, sizeof keys);
    yaml_node_t *node = NULL;
    const char *key = key_of(reader, mapping, i, &node);
    return ntk_reader_fail(reader, node, "unknown key '%s' in %s: allowed are %s", key,
                           schema->sections[section].name, keys);
}

static ntk_status require_keys(ntk_reader *reader, const ntk_schema *schema, int section,
                               const yaml_node_t *mapping) {
    for (size_t i = 0; i < schema->field_count; i++) {
        const ntk_schema_field *field = &schema->fields[i];
        if (field->section != section || !field->required) continue;
        if (ntk_reader_value(reader, mapping, field->key) == NULL)
            return ntk_reader_fail(reader, mapping, "%s lacks the key '%s' (%s)",
                                   schema->sections[section].name, field->key, field->type);
    }
    return NTK_OK;
}

ntk_status ntk_reader_mapping(ntk_reader *reader, const ntk_schema *schema, int section, yaml_node_t *node,
                              void *record) {
    if (node->type != YAML_MAPPING_NODE) {
        char keys[512];
        list_keys(schema, section, keys, sizeof keys);
        return ntk_reader_fail(reader, node, "%s should be a mapping with the keys %s",
                               schema->sections[section].name, keys);
    }
    for (size_t i = 0; i < ntk_reader_count(node); i++) {
        const char *key = NULL;
        yaml_node_t *value = NULL;
        NTK_TRY(ntk_reader_pair(reader, node, i, &key, &value));
        const ntk_schema_field *field = find_field(schema, section, key);
        ntk_pair_parser *other = schema->sections[section].other;
        if (field != NULL)
            NTK_TRY(field->parse(reader, field, value, record));
        else if (other != NULL)
            NTK_TRY(other(reader, key, value, record));
        else
            return fail_unknown(reader, schema, section, node, i);
    }
    return require_keys(reader, schema, section, node);
}

/* ---- single values --------------------------------------------------------------------------- */

static void *target(const ntk_schema_field *field, void *record) { return (char *)record + field->offset; }

/* Folded text ends with a line break, which no reader wants. */
ntk_status ntk_parse_text(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                          void *record) {
    const char *text = ntk_reader_scalar(node);
    if (text == NULL || strspn(text, " \n\t") == strlen(text))
        return ntk_reader_fail(reader, node, "'%s' should be %s, and not empty", field->key, field->type);
    char **out = target(field, record);
    NTK_TRY(ntk_text_copy(text, out));
    for (size_t end = strlen(*out); end > 0 && strchr(" \n\t", (*out)[end - 1]) != NULL; end--)
        (*out)[end - 1] = '\0';
    return NTK_OK;
}

ntk_status ntk_parse_name(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                          void *record) {
    const char *text = ntk_reader_scalar(node);
    if (!ntk_text_is_name(text)) return ntk_reader_fail_type(reader, field, node);
    return ntk_text_copy(text, target(field, record));
}

ntk_status ntk_parse_real(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                          void *record) {
    const char *text = ntk_reader_scalar(node);
    if (text == NULL || !ntk_text_real(text, target(field, record)))
        return ntk_reader_fail_type(reader, field, node);
    return NTK_OK;
}

ntk_status ntk_parse_positive(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                              void *record) {
    NTK_TRY(ntk_parse_real(reader, field, node, record));
    return *(double *)target(field, record) > 0 ? NTK_OK : ntk_reader_fail_type(reader, field, node);
}

ntk_status ntk_parse_count(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                           void *record) {
    const char *text = ntk_reader_scalar(node);
    long *out = target(field, record);
    if (text == NULL || !ntk_text_integer(text, out) || *out < 1)
        return ntk_reader_fail_type(reader, field, node);
    return NTK_OK;
}

ntk_status ntk_parse_flag(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                          void *record) {
    const char *text = ntk_reader_scalar(node);
    bool *out = target(field, record);
    *out = text != NULL && strcmp(text, "true") == 0;
    if (!*out && (text == NULL || strcmp(text, "false") != 0))
        return ntk_reader_fail_type(reader, field, node);
    return NTK_OK;
}
