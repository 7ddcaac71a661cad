/* junit.xml: the verdicts, for CI. A claim is a suite, and each of its checks, controls and stored
 * results a test case, whose failure says what was found, what was wanted and why. */
#include "run/junit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ntk/file.h>
#include <ntk/status.h>

#include "claim/judge.h"
#include "run/cases.h"
#include "run/explain.h"
#include "run/identity.h"
#include "run/markup.h"
#include "run/state.h"

typedef struct counts {
    size_t tests, failures, errors, skipped;
} counts;

static void count_case(const ntk_case *one, void *context) {
    counts *sum = context;
    sum->tests++;
    sum->skipped += one->verdict == NTK_VERDICT_SKIPPED;
    sum->errors += one->verdict == NTK_VERDICT_ERROR;
    sum->failures += one->verdict != NTK_VERDICT_SKIPPED && one->verdict != NTK_VERDICT_ERROR &&
                     one->verdict != NTK_VERDICT_HOLDS;
}

/* ---- one case -------------------------------------------------------------------------------- */

typedef struct writer {
    const ntk_run *run;
    const ntk_claim_run *claim;
    const ntk_task *told; /* whose time has been given to a case */
    FILE *stream;
} writer;

static void attribute(FILE *stream, const char *name, const char *value) {
    fprintf(stream, " %s=\"", name);
    ntk_markup_text(stream, value);
    fputc('"', stream);
}

static void write_fault(const writer *self, const ntk_case *one) {
    const char *element = one->verdict == NTK_VERDICT_ERROR ? "error" : "failure";
    fprintf(self->stream, "      <%s type=\"%s\" message=\"found ", element, ntk_verdict_text(one->verdict));
    ntk_markup_text(self->stream, one->found);
    fputs("; wanted ", self->stream);
    ntk_markup_text(self->stream, one->wanted);
    fputs("\">", self->stream);
    ntk_markup_text(self->stream, one->why);
    fputs("\nrerun: ", self->stream);
    char *command = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&command, &size);
    if (memory != NULL) {
        ntk_run_print_rerun(self->run, one->task, memory);
        fclose(memory);
        if (command != NULL) ntk_markup_text(self->stream, command);
        free(command);
    }
    fprintf(self->stream, "</%s>\n", element);
}

/* A process's time is that of the first case that rests on it, and of twins that share one, of the
 * first twin: the times of a suite add up. */
static double seconds_of(writer *self, const ntk_case *one) {
    const ntk_control *owner = one->task->variant.control;
    const bool told = self->told == one->task || (owner != NULL && strcmp(owner->name, one->name) != 0);
    self->told = one->task;
    return told || strcmp(one->kind, "stored result") == 0 ? 0 : one->task->process.seconds;
}

static void write_case(const ntk_case *one, void *context) {
    writer *self = context;
    char id[160];
    snprintf(id, sizeof id, "%s", self->claim->claim.id);
    for (char *slash = id; (slash = strchr(slash, '/')) != NULL;) *slash = '.';
    fputs("    <testcase", self->stream);
    attribute(self->stream, "classname", id);
    fprintf(self->stream, " name=\"%s %s\"", one->kind, one->name);
    fprintf(self->stream, " file=\"suites/%s/claim.yaml\" line=\"%zu\" time=\"%.3f\">\n",
            self->claim->claim.id, one->line, seconds_of(self, one));
    if (one->verdict == NTK_VERDICT_SKIPPED) {
        fputs("      <skipped", self->stream);
        attribute(self->stream, "message", one->found);
        fputs("/>\n", self->stream);
    } else if (one->verdict != NTK_VERDICT_HOLDS)
        write_fault(self, one);
    fputs("    </testcase>\n", self->stream);
}

/* ---- the file -------------------------------------------------------------------------------- */

static void property(FILE *stream, const char *name, const char *value) {
    fprintf(stream, "      <property name=\"%s\"", name);
    attribute(stream, "value", value);
    fputs("/>\n", stream);
}

static void write_properties(const writer *self) {
    const ntk_run *run = self->run;
    const ntk_claim_result *result = &self->claim->result;
    char seed[24];
    ntk_description source;
    snprintf(seed, sizeof seed, "%" PRIu64, run->options.seed);
    fputs("    <properties>\n", self->stream);
    property(self->stream, "verdict", ntk_verdict_text(result->verdict));
    property(self->stream, "evidence", result->outcome != NULL ? result->outcome->evidence : "none");
    property(self->stream, "title", result->claim->title);
    property(self->stream, "source", ntk_describe_source(result->claim, source));
    property(self->stream, "tier", ntk_tier_text(run->options.tier));
    property(self->stream, "seed", seed);
    property(self->stream, "parameters", self->claim->tasks[0].settings);
    property(self->stream, "commit", ntk_build_commit);
    property(self->stream, "cpu", run->provenance.cpu);
    property(self->stream, "blas", run->provenance.blas_label);
    property(self->stream, "folder", result->folder);
    fputs("    </properties>\n", self->stream);
}

static void write_claim(const ntk_run *run, const ntk_claim_run *claim, FILE *stream) {
    counts sum = {0};
    writer self = {.run = run, .claim = claim, .stream = stream};
    ntk_visit_cases(claim, count_case, &sum);
    fprintf(stream,
            "  <testsuite name=\"%s\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" "
            "time=\"%.3f\">\n",
            claim->claim.id, sum.tests, sum.failures, sum.errors, sum.skipped, claim->result.seconds);
    write_properties(&self);
    ntk_visit_cases(claim, write_case, &self);
    fputs("  </testsuite>\n", stream);
}

ntk_status ntk_junit_write(const ntk_run *run, const char *path) {
    counts sum = {0};
    for (size_t i = 0; i < run->claim_count; i++) ntk_visit_cases(&run->claims[i], count_case, &sum);
    ntk_file *file;
    NTK_TRY(ntk_file_create(path, &file));
    FILE *stream = ntk_file_stream(file);
    fprintf(stream,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"ntk-verify\" tests=\"%zu\" "
            "failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\">\n",
            sum.tests, sum.failures, sum.errors, sum.skipped, run->wall_seconds);
    for (size_t i = 0; i < run->claim_count; i++) write_claim(run, &run->claims[i], stream);
    fputs("</testsuites>\n", stream);
    return ntk_file_commit(file);
}
