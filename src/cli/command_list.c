/* ntk list: the catalogue. */
#include <stdio.h>
#include <string.h>
#include <jansson.h>

#include "claim/describe.h"
#include "cli/cli.h"
#include "run/catalogue.h"

static const cli_option options[] = {
    {"source", 0, "PAPER", "only the claims about this paper, \"chen-2025\" say"},
    {"format", 0, "FORMAT", "text (default), or markdown: the table of docs/theorems.md"},
    {NULL, 0, NULL, NULL}};

/* What results/latest has for a claim under "verdict" or "evidence"; `otherwise` where it has
 * nothing. */
static const char *latest(const json_t *summary, const char *id, const char *key, const char *otherwise) {
    size_t index;
    const json_t *claim;
    json_array_foreach(json_object_get(summary, "claims"), index, claim) {
        const char *name = json_string_value(json_object_get(claim, "id"));
        const char *value = json_string_value(json_object_get(claim, key));
        if (name != NULL && value != NULL && strcmp(name, id) == 0) return value;
    }
    return otherwise;
}

static void print_claim(const ntk_claim *claim, const json_t *summary, bool markdown) {
    if (markdown) {
        printf("| [`%s`](../suites/%s/) | %s | %s | %s | %zu | %zu |\n", claim->id, claim->id, claim->title,
               claim->result, ntk_wording_text(claim->wording), claim->check_count, claim->control_count);
        return;
    }
    ntk_description source;
    const char *evidence = latest(summary, claim->id, "evidence", "");
    printf("%-13s %-40s %s; %s%s%s\n", latest(summary, claim->id, "verdict", "-"), claim->id, claim->title,
           ntk_describe_source(claim, source), *evidence ? "; evidence: " : "", evidence);
}

static int list(const ntk_suite *suite, const char *source, bool markdown, const json_t *summary) {
    size_t printed = 0;
    if (markdown)
        printf("| claim | theorem | result in the paper | wording | checks | controls |\n"
               "|---|---|---|---|---|---|\n");
    for (const ntk_registry_entry *entry = suite->registry; entry->id != NULL; entry++) {
        ntk_claim claim;
        const ntk_status status = ntk_suite_claim(suite, entry->id, &claim);
        if (status != NTK_OK) return cli_fail(status);
        if (source == NULL || strcmp(claim.paper, source) == 0) {
            print_claim(&claim, summary, markdown);
            printed++;
        }
        ntk_claim_release(&claim);
    }
    if (source != NULL && printed == 0) return cli_usage_error(&cli_list, "no claim is about %s", source);
    return CLI_OK;
}

static int run(const cli_arguments *arguments) {
    const char *format = cli_value(arguments, "format");
    const bool markdown = format != NULL && strcmp(format, "markdown") == 0;
    if (format != NULL && !markdown && strcmp(format, "text") != 0)
        return cli_usage_error(arguments->command, "--format takes text or markdown, not '%s'", format);
    ntk_suite suite;
    const ntk_status status = ntk_suite_open(ntk_registry, NULL, &suite);
    if (status != NTK_OK) return cli_fail(status);
    json_t *summary = json_load_file("results/latest/summary.json", 0, NULL);
    const int result = list(&suite, cli_value(arguments, "source"), markdown, summary);
    json_decref(summary);
    ntk_suite_release(&suite);
    return result;
}

const cli_command cli_list = {
    .name = "list",
    .synopsis = "[--source PAPER] [--format text|markdown]",
    .summary = "the claims, with their sources and latest verdicts",
    .details =
        "Lists the claims. The first column is the verdict in results/latest (in the current folder), \"-\" "
        "where there is none; the kinds of evidence that it rests on stand last. Behind the source: whether "
        "the "
        "statement restates a printed result, was reconstructed because the text was not at hand, or is "
        "ours.",
    .exit_status = "0; 5 an error; 64 wrong usage, also a paper that no claim cites.",
    .options = options,
    .least_names = 0,
    .most_names = 0,
    .run = run,
};
