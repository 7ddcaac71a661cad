/* ntk list: the catalogue. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <jansson.h>

#include <ntk/memory.h>

#include "claim/describe.h"
#include "cli/cli.h"
#include "run/catalogue.h"
#include "run/markdown.h"
#include "run/papers.h"
#include "run/record.h"

static const cli_option options[] = {
    {"tier", 0, "TIER", "only the claims that have this tier: all have quick and full, few large"},
    {"source", 0, "PAPER", "only the claims about this paper, \"chen-2025\" say, and what else it states"},
    {"format", 0, "FORMAT", "text (default), or markdown: the table of docs/theorems.md"},
    CLI_SUITES_OPTION,
    {NULL, 0, NULL, NULL}};

/* The newest run that has the claim with the parameters of its own file; NULL for none. */
static const ntk_record *newest(const ntk_record *records, size_t count, const char *id) {
    while (count-- > 0)
        if (!ntk_record_has_overrides(&records[count]) && ntk_record_claim(&records[count], id) != NULL)
            return &records[count];
    return NULL;
}

typedef struct listing {
    const ntk_record *records; /* (count), the oldest first */
    size_t count;
    const char *source;
    ntk_tier tier;
    bool markdown;
    const bool *selected; /* (registry entries) */
} listing;

static const char *text_of(const json_t *object, const char *key, const char *otherwise) {
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : otherwise;
}

/* On a terminal that is too narrow for a line of each claim. */
static bool two_lines;

static void print_claim(const ntk_claim *claim, const listing *self) {
    if (self->markdown) {
        printf("| [`%s`](../suites/%s/) | ", claim->id, claim->id);
        ntk_markdown_cell(claim->title, stdout);
        printf(" | ");
        ntk_markdown_cell(claim->result, stdout);
        printf(" | %s | %zu | %zu |\n", ntk_wording_text(claim->wording), claim->check_count,
               claim->control_count);
        return;
    }
    ntk_description source;
    const ntk_record *record = newest(self->records, self->count, claim->id);
    const json_t *found = record != NULL ? ntk_record_claim(record, claim->id) : NULL;
    printf(two_lines ? "%-13s %s\n              %s; %s" : "%-13s %-40s %s; %s",
           text_of(found, "verdict", "-"), claim->id, claim->title, ntk_describe_source(claim, source));
    if (record != NULL)
        printf("; evidence: %s; %s tier, %.10s", text_of(found, "evidence", "none"),
               ntk_tier_text(record->tier), ntk_record_text(record, NULL, "started"));
    printf("\n");
}

/* A claim that cannot be read or built is told and left out; the others are listed. */
static int list(const ntk_suite *suite, const listing *self) {
    size_t printed = 0;
    int result = CLI_OK;
    if (self->markdown)
        printf("| claim | theorem | result in the paper | wording | checks | controls |\n"
               "|---|---|---|---|---|---|\n");
    for (const ntk_registry_entry *entry = suite->registry; entry->id != NULL; entry++) {
        ntk_claim claim;
        if (!self->selected[entry - suite->registry]) continue;
        const ntk_status status = ntk_suite_claim(suite, entry->id, &claim);
        if (status != NTK_OK) {
            result = cli_fail(status);
            continue;
        }
        if ((self->source == NULL || strcmp(claim.paper, self->source) == 0) &&
            ntk_claim_has_tier(&claim, self->tier)) {
            print_claim(&claim, self);
            printed++;
        }
        ntk_claim_release(&claim);
    }
    if (self->source != NULL && printed == 0 && result == CLI_OK)
        return cli_usage_error(&cli_list, "no claim is about %s", self->source);
    return result;
}

/* ---- what the paper states besides ----------------------------------------------------------- */

/* claimed: (results of the paper), whether a claim names it. */
static ntk_status find_claimed(const ntk_suite *suite, const ntk_paper *paper, bool *claimed) {
    for (const ntk_registry_entry *entry = suite->registry; entry->id != NULL; entry++) {
        ntk_claim claim;
        NTK_TRY(ntk_suite_claim(suite, entry->id, &claim));
        for (size_t r = 0; r < paper->result_count; r++)
            claimed[r] = claimed[r] || ntk_paper_result_is_claimed(paper, &paper->results[r], &claim);
        ntk_claim_release(&claim);
    }
    return NTK_OK;
}

/* The numbered results that no claim stands for: their unit test, or why there is none. */
static ntk_status print_unclaimed(const ntk_suite *suite, const ntk_paper *paper) {
    void *memory;
    NTK_TRY(ntk_allocate(paper->result_count, sizeof(bool), &memory));
    const bool *claimed = memory;
    const ntk_status status = find_claimed(suite, paper, memory);
    for (size_t r = 0; r < paper->result_count && status == NTK_OK; r++) {
        const ntk_paper_result *result = &paper->results[r];
        if (claimed[r]) continue;
        printf(two_lines ? "%-13s %s\n              %s\n" : "%-13s %-40s %s\n",
               result->test != NULL ? "unit test" : "not covered", result->number,
               result->test != NULL      ? result->test
               : result->because != NULL ? result->because
                                         : "no claim names it");
    }
    ntk_release(memory);
    return status;
}

static ntk_status list_unclaimed(const ntk_suite *suite, const char *source) {
    ntk_papers papers;
    ntk_status status = ntk_papers_read(suite->papers, &papers);
    const ntk_paper *paper = status == NTK_OK ? ntk_papers_find(&papers, source) : NULL;
    if (paper != NULL) status = print_unclaimed(suite, paper);
    ntk_papers_release(&papers);
    return status;
}

/* The claims and suites that are named; all where none is. */
static int list_named(const ntk_suite *suite, const cli_arguments *arguments, listing self) {
    size_t available = 0;
    while (suite->registry[available].id != NULL) available++;
    void *memory;
    ntk_status status = ntk_allocate(available, sizeof(bool), &memory);
    if (status != NTK_OK) return cli_fail(status);
    self.selected = memory;
    status = ntk_suite_select(suite, arguments->names, arguments->name_count, memory);
    const int result = status == NTK_OK ? list(suite, &self) : cli_fail_naming(arguments->command, status);
    ntk_release(memory);
    return result;
}

static int print_list(const cli_arguments *arguments) {
    const char *format = cli_value(arguments, "format");
    const bool markdown = format != NULL && strcmp(format, "markdown") == 0;
    if (format != NULL && !markdown && strcmp(format, "text") != 0)
        return cli_usage_error(arguments->command, "--format takes text or markdown, not '%s'", format);
    ntk_tier tier = NTK_TIER_QUICK;
    if (cli_tier(arguments, &tier) != CLI_OK) return CLI_USAGE;
    ntk_suite suite;
    const ntk_status status = ntk_suite_open(ntk_registry, NULL, &suite);
    if (status != NTK_OK) return cli_fail(status);
    ntk_record *records = NULL;
    size_t count = 0;
    const ntk_status found = markdown ? NTK_OK : ntk_records_read("results", &records, &count);
    if (found != NTK_OK) {
        ntk_suite_release(&suite);
        return cli_fail(found);
    }
    const listing all = {records, count, cli_value(arguments, "source"), tier, markdown, NULL};
    int result = list_named(&suite, arguments, all);
    if (result == CLI_OK && all.source != NULL && !markdown && arguments->name_count == 0) {
        const ntk_status listed = list_unclaimed(&suite, all.source);
        if (listed != NTK_OK) result = cli_fail(listed);
    }
    ntk_records_release(records, count);
    ntk_suite_release(&suite);
    return result;
}

static int run(const cli_arguments *arguments) {
    two_lines = isatty(STDOUT_FILENO) && cli_columns(STDOUT_FILENO) < 140;
    return cli_fill(print_list, arguments, two_lines ? 0 : 14);
}

const cli_command cli_list = {
    .name = "list",
    .synopsis = "[CLAIM or SUITE ...] [OPTION ...]",
    .summary = "the claims, with their sources and newest verdicts",
    .details =
        "Lists the claims, or those that are named. The first column is the newest verdict among all runs in "
        "results/ (in the current "
        "folder) whose parameters were not changed by --set, \"-\" where there is none; the kinds of "
        "evidence "
        "that it rests on, the tier and the day stand last. Behind the source: whether the "
        "statement restates a printed result, was reconstructed because the text was not at hand, or is "
        "ours.",
    .exit_status =
        "0; 5 an error, also a claim that cannot be read or built (the others are listed); 64 wrong usage, "
        "also a paper that no claim cites.",
    .options = options,
    .least_names = 0,
    .most_names = (size_t)-1,
    .run = run,
};
