/* junit.xml: the verdicts, for CI. A claim is a test case of its suite. */
#include "run/junit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ntk/file.h>
#include <ntk/status.h>

#include "claim/judge.h"
#include "run/explain.h"
#include "run/markup.h"
#include "run/state.h"

static void write_fault(const ntk_run *run, const ntk_claim_result *result, FILE *stream) {
    char *lines = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&lines, &size);
    if (memory != NULL) {
        ntk_run_explain(run, result, memory);
        fclose(memory);
    }
    const char *element = result->verdict == NTK_VERDICT_ERROR ? "error" : "failure";
    fprintf(stream, "    <%s type=\"%s\" message=\"%s\">", element, ntk_verdict_text(result->verdict),
            ntk_verdict_text(result->verdict));
    ntk_markup_text(stream, lines ? lines : "");
    fprintf(stream, "</%s>\n", element);
    free(lines);
}

static void write_case(const ntk_run *run, const ntk_claim_result *result, FILE *stream) {
    const char *id = result->claim->id, *slash = strchr(id, '/');
    fprintf(stream, "  <testcase classname=\"%.*s\" name=\"%s\" time=\"%.3f\">\n", (int)(slash - id), id,
            slash + 1, result->seconds);
    if (result->verdict == NTK_VERDICT_SKIPPED) {
        fputs("    <skipped message=\"", stream);
        ntk_markup_text(stream, result->cause ? result->cause : "");
        fputs("\"/>\n", stream);
    } else if (result->verdict != NTK_VERDICT_HOLDS)
        write_fault(run, result, stream);
    fputs("  </testcase>\n", stream);
}

ntk_status ntk_junit_write(const ntk_run *run, const char *path) {
    const size_t skipped = ntk_run_count(run, NTK_VERDICT_SKIPPED),
                 errors = ntk_run_count(run, NTK_VERDICT_ERROR);
    const size_t failures = run->claim_count - ntk_run_count(run, NTK_VERDICT_HOLDS) - skipped - errors;
    ntk_file *file;
    NTK_TRY(ntk_file_create(path, &file));
    FILE *stream = ntk_file_stream(file);
    fprintf(stream,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"ntk-verify\" tests=\"%zu\" "
            "failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\">\n",
            run->claim_count, failures, errors, skipped, run->wall_seconds);
    for (size_t i = 0; i < run->claim_count; i++) write_case(run, &run->claims[i].result, stream);
    fputs("</testsuite>\n", stream);
    return ntk_file_commit(file);
}
