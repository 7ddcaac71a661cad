/* ntk find: what stands for a result of a paper. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <ntk/memory.h>

#include "cli/cli.h"
#include "experiment/support.h"
#include "run/catalogue.h"
#include "run/papers.h"
#include "run/markdown.h"

static const cli_option options[] = {
    {"format", 0, "FORMAT",
     "text (default), or markdown: tables of what is asked for; of all, docs/papers.md"},
    CLI_SUITES_OPTION,
    {NULL, 0, NULL, NULL}};

/* The claims, and the papers that they cite. */
typedef struct library {
    ntk_papers papers;
    ntk_claim *claims; /* (count) */
    size_t count;
} library;

static void release_library(library *self) {
    for (size_t i = 0; i < self->count; i++) ntk_claim_release(&self->claims[i]);
    ntk_release(self->claims);
    ntk_papers_release(&self->papers);
}

static ntk_status read_claims(const ntk_suite *suite, library *out) {
    size_t count = 0;
    while (suite->registry[count].id != NULL) count++;
    void *memory;
    NTK_TRY(ntk_allocate(count + 1, sizeof *out->claims, &memory));
    out->claims = memory;
    for (; out->count < count; out->count++)
        NTK_TRY(ntk_suite_claim_alone(suite, suite->registry[out->count].id, &out->claims[out->count]));
    return NTK_OK;
}

static ntk_status read_library(library *out) {
    ntk_suite suite;
    *out = (library){0};
    NTK_TRY(ntk_suite_open(ntk_registry, NULL, &suite));
    ntk_status status = ntk_papers_read(suite.papers, &out->papers);
    if (status == NTK_OK) status = read_claims(&suite, out);
    ntk_suite_release(&suite);
    if (status != NTK_OK) release_library(out);
    return status;
}

/* ---- text ------------------------------------------------------------------------------------ */

static void print_result(const library *self, const ntk_paper *paper, const ntk_paper_result *result) {
    printf("%s, %s\n  %s\n", paper->name, result->number, result->says);
    if (result->hypotheses != NULL) printf("  hypotheses as printed: %s\n", result->hypotheses);
    size_t claims = 0;
    for (size_t i = 0; i < self->count; i++) {
        const ntk_claim *claim = &self->claims[i];
        if (!ntk_paper_result_is_claimed(paper, result, claim)) continue;
        claims++;
        printf("  claim %s (%s: %s)\n    %s\n", claim->id, ntk_wording_text(claim->wording), claim->result,
               claim->title);
    }
    if (result->test != NULL) printf("  unit test %s\n", result->test);
    if (claims == 0 && result->test == NULL)
        printf("  not covered, because %s\n",
               result->because != NULL ? result->because : "no claim names it");
}

static void print_paper(const ntk_paper *paper) {
    printf("%s: ", paper->name);
    ntk_paper_print_reference(paper, stdout);
    printf("\n  %s\n", paper->seen);
}

static void lower(char *text) {
    for (; *text != '\0'; text++) *text = (char)tolower((unsigned char)*text);
}

/* The query's words stand together in "chen-2025 Theorem 2", as words, in whatever case. */
static bool asks_for(const char *query, const ntk_paper *paper, const ntk_paper_result *result) {
    char entry[512];
    snprintf(entry, sizeof entry, "%.100s %.200s", paper->name, result != NULL ? result->number : "");
    lower(entry);
    return ntk_source_names(entry, query);
}

static size_t print_matches(const library *self, const char *query) {
    size_t found = 0;
    for (size_t p = 0; p < self->papers.count; p++) {
        const ntk_paper *paper = &self->papers.items[p];
        const bool whole = asks_for(query, paper, NULL);
        if (whole) print_paper(paper);
        for (size_t r = 0; r < paper->result_count; r++) {
            if (!whole && !asks_for(query, paper, &paper->results[r])) continue;
            print_result(self, paper, &paper->results[r]);
            found++;
        }
        found += whole;
    }
    return found;
}

/* ---- docs/papers.md -------------------------------------------------------------------------- */

static void print_keepers(const library *self, const ntk_paper *paper, const ntk_paper_result *result) {
    const char *separator = "";
    for (size_t i = 0; i < self->count; i++) {
        const ntk_claim *claim = &self->claims[i];
        if (!ntk_paper_result_is_claimed(paper, result, claim)) continue;
        printf("%s[%s](../suites/%s/) (%s)", separator, claim->id, claim->id,
               ntk_wording_text(claim->wording));
        separator = ", ";
    }
    if (result->test != NULL) {
        printf("%sunit test [%s](../%s)", separator, result->test, result->test);
        separator = ", ";
    }
    if (*separator == '\0')
        printf("not covered, because %s", result->because != NULL ? result->because : "no claim names it");
}

static bool is_asked(const char *query, const ntk_paper *paper, const ntk_paper_result *result) {
    return query == NULL || asks_for(query, paper, NULL) || asks_for(query, paper, result);
}

/* The results that a query asks for, NULL: all. Returns how many there are. */
static size_t print_results(const library *self, const ntk_paper *paper, const char *query) {
    size_t asked = 0;
    for (size_t r = 0; r < paper->result_count; r++) asked += is_asked(query, paper, &paper->results[r]);
    if (asked == 0) return 0;
    printf("\n## %s\n\n| result | what it says | hypotheses as printed | where it is held |\n"
           "|---|---|---|---|\n",
           paper->name);
    for (size_t r = 0; r < paper->result_count; r++) {
        const ntk_paper_result *result = &paper->results[r];
        if (!is_asked(query, paper, result)) continue;
        printf("| %s | ", result->number);
        ntk_markdown_cell(result->says, stdout);
        printf(" | ");
        ntk_markdown_cell(result->hypotheses != NULL ? result->hypotheses : "", stdout);
        printf(" | ");
        print_keepers(self, paper, result);
        printf(" |\n");
    }
    return asked;
}

static size_t print_tables(const library *self, const char *query) {
    size_t asked = 0;
    for (size_t p = 0; p < self->papers.count; p++)
        asked += print_results(self, &self->papers.items[p], query);
    return asked;
}

static void print_page(const library *self) {
    printf("# The papers\n\n"
           "Made by `make docs` from [suites/papers.yaml](../suites/papers.yaml), which lists the results,\n"
           "and from the sources of the claims. `ntk find \"chen-2025 Theorem 2\"` asks for one of them.\n"
           "Statements are tested in the form in which the claims give them; the wording, in brackets,\n"
           "is explained in [claim-format.md](claim-format.md). Misprints are in [errata.md](errata.md).\n\n"
           "| name | reference | how its text was seen, or what for |\n|---|---|---|\n");
    for (size_t p = 0; p < self->papers.count; p++) {
        const ntk_paper *paper = &self->papers.items[p];
        printf("| %s | %s. *%s.* %s. %s. | %s |\n", paper->name, paper->authors, paper->title, paper->venue,
               paper->version, paper->seen);
    }
    print_tables(self, NULL);
}

/* ---- the command ----------------------------------------------------------------------------- */

static int find(const library *self, const cli_arguments *arguments, bool markdown) {
    char query[512] = "";
    for (size_t i = 0; i < arguments->name_count; i++) {
        if (i > 0) ntk_text_append(query, sizeof query, " ");
        ntk_text_append(query, sizeof query, arguments->names[i]);
    }
    lower(query);
    if ((markdown ? print_tables(self, query) : print_matches(self, query)) > 0) return CLI_OK;
    return cli_usage_error(arguments->command, "no paper and no result is called '%s'; `ntk find` lists them",
                           query);
}

static void print_names(const library *self) {
    for (size_t p = 0; p < self->papers.count; p++) {
        const ntk_paper *paper = &self->papers.items[p];
        print_paper(paper);
        for (size_t r = 0; r < paper->result_count; r++) printf("    %s\n", paper->results[r].number);
    }
}

static int run(const cli_arguments *arguments) {
    const char *format = cli_value(arguments, "format");
    const bool markdown = format != NULL && strcmp(format, "markdown") == 0;
    if (format != NULL && !markdown && strcmp(format, "text") != 0)
        return cli_usage_error(arguments->command, "--format takes text or markdown, not '%s'", format);
    library all;
    const ntk_status status = read_library(&all);
    if (status != NTK_OK) return cli_fail(status);
    int result = CLI_OK;
    if (arguments->name_count > 0)
        result = find(&all, arguments, markdown);
    else if (markdown)
        print_page(&all);
    else
        print_names(&all);
    release_library(&all);
    return result;
}

const cli_command cli_find = {
    .name = "find",
    .synopsis = "[PAPER] [RESULT]",
    .summary = "what stands for a result of a paper: `ntk find chen-2025 Theorem 2`",
    .details =
        "Says what a numbered result of a paper states, and which claims stand for it, in whose words; or "
        "which unit test holds it, or why it is not covered. PAPER alone gives all of its results, RESULT "
        "alone that of every paper, and no name the list of both.",
    .exit_status = "0; 5 an error; 64 wrong usage, also a result that no paper has.",
    .options = options,
    .least_names = 0,
    .most_names = (size_t)-1,
    .run = run,
};
