/* Workflow commands, "::error file=F,line=N,title=T::text", in which percent signs and line breaks
 * are escaped, in properties commas and colons too. */
#include "run/github.h"

#include <stdlib.h>
#include <string.h>

#include "run/cases.h"
#include "run/explain.h"
#include "run/identity.h"
#include "run/markdown.h"

static bool is_fault(const ntk_case *one) {
    return one->verdict != NTK_VERDICT_HOLDS && one->verdict != NTK_VERDICT_SKIPPED;
}

/* ---- annotations ----------------------------------------------------------------------------- */

static void print_escaped(const char *text, const char *also, FILE *stream) {
    for (; *text != '\0'; text++)
        if (strchr("%\r\n", *text) != NULL || strchr(also, *text) != NULL)
            fprintf(stream, "%%%02X", (unsigned)*text);
        else
            fputc(*text, stream);
}

static void print_text(const char *text, FILE *stream) { print_escaped(text, "", stream); }
static void print_property(const char *text, FILE *stream) { print_escaped(text, ",:", stream); }

/* Annotations are laid beside the files of the workspace. */
static const char *in_workspace(const char *path) {
    const char *workspace = getenv("GITHUB_WORKSPACE");
    const size_t length = workspace != NULL ? strlen(workspace) : 0;
    return length > 0 && strncmp(path, workspace, length) == 0 && path[length] == '/' ? path + length + 1
                                                                                      : path;
}

typedef struct place {
    const ntk_run *run;
    const ntk_claim_run *claim;
    FILE *stream;
} place;

static void annotate(const ntk_case *one, void *context) {
    const place *self = context;
    if (!is_fault(one)) return;
    fprintf(self->stream, "::%s file=", one->verdict == NTK_VERDICT_INCONCLUSIVE ? "warning" : "error");
    print_property(in_workspace(self->claim->claim.folder), self->stream);
    fprintf(self->stream, "/claim.yaml,line=%zu,title=", one->line);
    print_property(ntk_verdict_text(one->verdict), self->stream);
    fputc(' ', self->stream);
    print_property(self->claim->claim.id, self->stream);
    fprintf(self->stream, "::%s %s: found ", one->kind, one->name);
    print_text(one->found, self->stream);
    fputs("; wanted ", self->stream);
    print_text(one->wanted, self->stream);
    fputs("%0A", self->stream);
    print_text(one->why, self->stream);
    fputc('\n', self->stream);
}

void ntk_github_annotate(const ntk_run *run, FILE *stream) {
    for (size_t i = 0; i < run->claim_count; i++) {
        place self = {run, &run->claims[i], stream};
        ntk_visit_cases(self.claim, annotate, &self);
    }
}

/* ---- the step's summary ---------------------------------------------------------------------- */

typedef struct tally {
    size_t cases, faults;
} tally;

static void count_case(const ntk_case *one, void *context) {
    tally *self = context;
    self->cases++;
    self->faults += is_fault(one);
}

static void summarise_claim(const ntk_claim_run *claim, FILE *stream) {
    const ntk_claim_result *result = &claim->result;
    tally all = {0};
    ntk_visit_cases(claim, count_case, &all);
    fprintf(stream, "| %s | `%s` | ", ntk_verdict_text(result->verdict), claim->claim.id);
    ntk_markdown_cell(claim->claim.title, stream);
    fprintf(stream, " | %s | %zu of %zu | %.1f s |\n", result->outcome ? result->outcome->evidence : "none",
            all.faults, all.cases, result->seconds);
}

static void summarise_case(const ntk_case *one, void *context) {
    const place *self = context;
    if (!is_fault(one)) return;
    fprintf(self->stream, "\n**%s** `%s`, %s `%s`: found ", ntk_verdict_text(one->verdict),
            self->claim->claim.id, one->kind, one->name);
    ntk_markdown_cell(one->found, self->stream);
    fputs("; wanted ", self->stream);
    ntk_markdown_cell(one->wanted, self->stream);
    fputs(". ", self->stream);
    ntk_markdown_cell(one->why, self->stream);
    fputs("\n\n    ", self->stream);
    ntk_run_print_rerun(self->run, one->task, self->stream);
    fputc('\n', self->stream);
}

void ntk_github_summarise(const ntk_run *run, FILE *stream) {
    fprintf(stream, "### ntk verify, %s tier\n\n", ntk_tier_text(run->options.tier));
    const char *separator = "";
    for (int v = 0; v < NTK_VERDICT_COUNT; v++) {
        const size_t count = ntk_run_count(run, (ntk_verdict)v);
        if (count == 0) continue;
        fprintf(stream, "%s%zu %s", separator, count, ntk_verdict_text((ntk_verdict)v));
        separator = ", ";
    }
    fprintf(stream, ". %s; %s; %s; %.0f s.\n\n", ntk_build_commit, run->provenance.cpu,
            run->provenance.blas_label, run->wall_seconds);
    fputs("| verdict | claim | theorem | evidence | faults | time |\n|---|---|---|---|---|---|\n", stream);
    for (size_t i = 0; i < run->claim_count; i++) summarise_claim(&run->claims[i], stream);
    for (size_t i = 0; i < run->claim_count; i++) {
        place self = {run, &run->claims[i], stream};
        ntk_visit_cases(self.claim, summarise_case, &self);
    }
}
