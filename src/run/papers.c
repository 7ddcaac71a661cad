#include "run/papers.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include <ntk/memory.h>

#include "claim/schema.h"
#include "experiment/support.h"

/* ---- the file -------------------------------------------------------------------------------- */

enum { FILE_SECTION, PAPER, RESULT };

static const ntk_schema_section sections[] = {
    [FILE_SECTION] = {"the file", NULL}, [PAPER] = {"a paper", NULL}, [RESULT] = {"a result", NULL}};

static ntk_parser parse_papers, parse_results;

enum { OPTIONAL = false, REQUIRED = true };

#define OF_PAPER(member)  offsetof(ntk_paper, member)
#define OF_RESULT(member) offsetof(ntk_paper_result, member)

static const ntk_schema_field fields[] = {
    {FILE_SECTION, "papers", REQUIRED, "a list of papers", parse_papers, 0},

    {PAPER, "name", REQUIRED, "a name: " NTK_NAME_RULE, ntk_parse_name, OF_PAPER(name)},
    {PAPER, "authors", REQUIRED, "text", ntk_parse_text, OF_PAPER(authors)},
    {PAPER, "title", REQUIRED, "text", ntk_parse_text, OF_PAPER(title)},
    {PAPER, "venue", REQUIRED, "text", ntk_parse_text, OF_PAPER(venue)},
    {PAPER, "version", REQUIRED, "text", ntk_parse_text, OF_PAPER(version)},
    {PAPER, "seen", REQUIRED, "text", ntk_parse_text, OF_PAPER(seen)},
    {PAPER, "results", OPTIONAL, "a list of results", parse_results, 0},

    {RESULT, "number", REQUIRED, "text", ntk_parse_text, OF_RESULT(number)},
    {RESULT, "says", REQUIRED, "text", ntk_parse_text, OF_RESULT(says)},
    {RESULT, "hypotheses", OPTIONAL, "text", ntk_parse_text, OF_RESULT(hypotheses)},
    {RESULT, "test", OPTIONAL, "the path of a test", ntk_parse_text, OF_RESULT(test)},
    {RESULT, "because", OPTIONAL, "text", ntk_parse_text, OF_RESULT(because)},
};

static const ntk_schema schema = {fields, sizeof fields / sizeof *fields, sections};

static ntk_status require_list(ntk_reader *reader, const ntk_schema_field *field, const yaml_node_t *node) {
    if (node->type == YAML_SEQUENCE_NODE && ntk_reader_count(node) > 0) return NTK_OK;
    return ntk_reader_fail(reader, node, "'%s' should be %s, and not empty", field->key, field->type);
}

static ntk_status parse_results(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                                void *record) {
    ntk_paper *paper = record;
    void *items;
    NTK_TRY(require_list(reader, field, node));
    NTK_TRY(ntk_allocate(ntk_reader_count(node), sizeof *paper->results, &items));
    paper->results = items;
    paper->result_count = ntk_reader_count(node);
    for (size_t i = 0; i < paper->result_count; i++) {
        yaml_node_t *item = ntk_reader_item(reader, node, i);
        NTK_TRY(ntk_reader_mapping(reader, &schema, RESULT, item, &paper->results[i]));
        for (size_t j = 0; j < i; j++)
            if (strcmp(paper->results[i].number, paper->results[j].number) == 0)
                return ntk_reader_fail(reader, item, "'%s' is listed twice", paper->results[i].number);
    }
    return NTK_OK;
}

static ntk_status parse_papers(ntk_reader *reader, const ntk_schema_field *field, yaml_node_t *node,
                               void *record) {
    ntk_papers *papers = record;
    void *items;
    NTK_TRY(require_list(reader, field, node));
    NTK_TRY(ntk_allocate(ntk_reader_count(node), sizeof *papers->items, &items));
    papers->items = items;
    papers->count = ntk_reader_count(node);
    for (size_t i = 0; i < papers->count; i++) {
        yaml_node_t *item = ntk_reader_item(reader, node, i);
        NTK_TRY(ntk_reader_mapping(reader, &schema, PAPER, item, &papers->items[i]));
        for (size_t j = 0; j < i; j++)
            if (strcmp(papers->items[i].name, papers->items[j].name) == 0)
                return ntk_reader_fail(reader, item, "'%s' is listed twice", papers->items[i].name);
    }
    return NTK_OK;
}

ntk_status ntk_papers_read(const char *path, ntk_papers *out) {
    *out = (ntk_papers){0};
    ntk_reader reader;
    if (access(path, F_OK) != 0) return NTK_OK; /* claims without a list of papers */
    ntk_status status = ntk_reader_open(path, NULL, &reader);
    if (status == NTK_OK)
        status = ntk_reader_mapping(&reader, &schema, FILE_SECTION, ntk_reader_root(&reader), out);
    ntk_reader_close(&reader);
    if (status != NTK_OK) ntk_papers_release(out);
    return status;
}

static void release_result(ntk_paper_result *result) {
    ntk_release(result->number);
    ntk_release(result->says);
    ntk_release(result->hypotheses);
    ntk_release(result->test);
    ntk_release(result->because);
}

static void release_paper(ntk_paper *paper) {
    char *const texts[] = {paper->name,  paper->authors, paper->title,
                           paper->venue, paper->version, paper->seen};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) ntk_release(texts[i]);
    for (size_t i = 0; i < paper->result_count; i++) release_result(&paper->results[i]);
    ntk_release(paper->results);
}

void ntk_papers_release(ntk_papers *papers) {
    for (size_t i = 0; i < papers->count; i++) release_paper(&papers->items[i]);
    ntk_release(papers->items);
    *papers = (ntk_papers){0};
}

/* ---- names ----------------------------------------------------------------------------------- */

const ntk_paper *ntk_papers_find(const ntk_papers *papers, const char *name) {
    for (size_t i = 0; i < papers->count; i++)
        if (strcmp(papers->items[i].name, name) == 0) return &papers->items[i];
    return NULL;
}

bool ntk_source_names(const char *text, const char *number) {
    const size_t length = strlen(number);
    for (const char *at = text; (at = strstr(at, number)) != NULL; at++) {
        const bool begins = at == text || !isalnum((unsigned char)at[-1]);
        if (begins && !isalnum((unsigned char)at[length])) return true;
    }
    return false;
}

void ntk_paper_print_reference(const ntk_paper *paper, FILE *stream) {
    fprintf(stream, "%s. %s. %s. %s.", paper->authors, paper->title, paper->venue, paper->version);
}

bool ntk_paper_result_is_claimed(const ntk_paper *paper, const ntk_paper_result *result,
                                 const ntk_claim *claim) {
    return strcmp(claim->paper, paper->name) == 0 && ntk_source_names(claim->result, result->number);
}
