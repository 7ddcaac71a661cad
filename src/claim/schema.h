/* Reading a YAML file against a table of what it may contain.
 *
 * The file becomes libyaml's document, whose nodes know the line where they stand; every failure is
 * NTK_ERROR_FORMAT, "path:line: what is wrong and what is allowed". */
#ifndef NTK_CLAIM_SCHEMA_H
#define NTK_CLAIM_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include <ntk/status.h>

typedef struct ntk_reader {
    const char *path;
    char *content;
    yaml_document_t document;
    const void *context; /* for the caller's parsers */
} ntk_reader;

typedef struct ntk_schema_field ntk_schema_field;

/* Parse one node into a record. What it stores is the record's, also when it fails. */
typedef ntk_status ntk_parser(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                              void *record);

/* One allowed key. */
struct ntk_schema_field {
    int section; /* the mapping it belongs to: a number of the caller's */
    const char *key;
    bool required;
    const char *type; /* what is wanted, for messages: "text", "a list of checks" */
    ntk_parser *parse;
    size_t offset; /* of the target in the record */
};

/* A pair whose key is not in the table: one that the file chooses itself. */
typedef ntk_status ntk_pair_parser(ntk_reader *reader, const char *key, yaml_node_t *value, void *record);

/* A kind of mapping: its name for messages, "a check", and what becomes of other keys (NULL: an
 * error). */
typedef struct ntk_schema_section {
    const char *name;
    ntk_pair_parser *other;
} ntk_schema_section;

/* The table of a file: the keys of every kind of mapping in it. */
typedef struct ntk_schema {
    const ntk_schema_field *fields;
    size_t field_count;
    const ntk_schema_section *sections;
} ntk_schema;

/* The one document of the file, to be closed also after an error. Errors: NTK_ERROR_IO;
 * NTK_ERROR_FORMAT (no YAML, no document, several, a document that is no mapping). path and context
 * are borrowed. */
ntk_status ntk_reader_open(const char *path, const void *context, ntk_reader *out);
void ntk_reader_close(ntk_reader *reader);
yaml_node_t *ntk_reader_root(ntk_reader *reader);

/* NTK_ERROR_FORMAT with path and the line of `node`. */
ntk_status ntk_reader_fail(const ntk_reader *reader, const yaml_node_t *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with a line of its own. */
ntk_status ntk_reader_fail_line(const ntk_reader *reader, size_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* `status`, which is a failure without a place: told with this node's line and the name of its
 * list, "checks: 'equivalent' needs a margin". What is no fault of the file (NTK_ERROR_MEMORY)
 * stays as it is. */
ntk_status ntk_reader_fail_again(const ntk_reader *reader, const yaml_node_t *node, const char *list,
                                 ntk_status status);

/* The same for a node that is not what its field wants. */
ntk_status ntk_reader_fail_type(const ntk_reader *reader, const ntk_schema_field *field,
                                const yaml_node_t *node);

/* The value of a key (NULL where it is missing), an element of a sequence, their number (0 for a
 * scalar). */
yaml_node_t *ntk_reader_value(ntk_reader *reader, const yaml_node_t *mapping, const char *key);
yaml_node_t *ntk_reader_item(ntk_reader *reader, const yaml_node_t *sequence, size_t i);
size_t ntk_reader_count(const yaml_node_t *node);

/* The text of a plain or quoted scalar; NULL for anything else, an empty one, a null, or one with a
 * tag of its own or a NUL byte. Lives as long as the reader. */
const char *ntk_reader_scalar(const yaml_node_t *node);

/* A mapping's keys as scalars, each given once: keys[i] and values[i] of pair i. */
ntk_status ntk_reader_pair(ntk_reader *reader, const yaml_node_t *mapping, size_t i, const char **key,
                           yaml_node_t **value);

/* Read a mapping by the fields of its section: unknown, repeated and missing keys are errors. */
ntk_status ntk_reader_mapping(ntk_reader *reader, const ntk_schema *schema, int section, yaml_node_t *node,
                              void *record);

/* Parsers of single values: a char *, a name (support.h), a double, a positive double, a positive
 * long, a bool. */
ntk_parser ntk_parse_text, ntk_parse_name, ntk_parse_real, ntk_parse_positive, ntk_parse_count,
    ntk_parse_flag;

#endif
