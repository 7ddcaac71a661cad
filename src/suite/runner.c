/* A run from its plan to its report. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <ntk/memory.h>

#include "suite/run.h"
#include "suite/support.h"

/* ---- creating ------------------------------------------------------------------------------------------ */

ntk_status ntk_run_create(const ntk_suite *suite, const char *const *names, size_t count,
                          const ntk_run_options *options, ntk_run **out) {
    *out = NULL;
    void *memory;
    NTK_TRY(ntk_allocate(1, sizeof **out, &memory));
    ntk_run *run = memory;
    *run = (ntk_run){
        .suite = suite, .options = *options, .lock = -1, .started = time(NULL), .begun = ntk_clock()};
    ntk_status status = ntk_run_plan(run, names, count);
    if (status == NTK_OK) status = ntk_run_open_folder(run);
    if (status == NTK_OK) status = ntk_run_locate_tasks(run);
    if (status == NTK_OK)
        *out = run;
    else
        ntk_run_destroy(run);
    return status;
}

void ntk_run_destroy(ntk_run *run) {
    if (run == NULL) return;
    ntk_run_release_plan(run);
    ntk_run_close_folder(run);
    ntk_texts_release(run->warnings, run->warning_count);
    ntk_release(run);
}

ntk_status ntk_run_warn(ntk_run *run, const char *format, ...) {
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    void *warnings = run->warnings;
    const ntk_status status = ntk_array_grow(&warnings, run->warning_count, sizeof(char *));
    run->warnings = warnings;
    NTK_TRY(status);
    NTK_TRY(ntk_text_copy(line, &run->warnings[run->warning_count]));
    run->warning_count++;
    if (run->options.observer.warning != NULL)
        run->options.observer.warning(line, run->options.observer.context);
    return NTK_OK;
}

/* ---- judging ------------------------------------------------------------------------------------------- */

static const ntk_metrics *metrics_of(const ntk_task *task) {
    return task->state == NTK_TASK_DONE ? &task->metrics : NULL;
}

static ntk_status read_expected(const ntk_run *run, ntk_claim_run *claim) {
    char *path;
    NTK_TRY(ntk_text_format(&path, "%s/expected/%s.tsv", run->suite->root, claim->claim.id));
    const ntk_status status = ntk_expected_read(path, &claim->expected);
    ntk_release(path);
    return status == NTK_ERROR_NOT_FOUND ? NTK_OK : status;
}

static ntk_status find_outcome(ntk_run *run, ntk_claim_run *claim, bool compare) {
    void *memory;
    NTK_TRY(ntk_allocate(claim->claim.control_count, sizeof(ntk_metrics *), &memory));
    const ntk_metrics **controls = memory;
    for (size_t i = 0; i < claim->claim.control_count; i++) controls[i] = metrics_of(&claim->tasks[1 + i]);
    const ntk_claim_findings findings = {.tier = run->options.tier,
                                         .metrics = metrics_of(&claim->tasks[0]),
                                         .controls = controls,
                                         .expected = claim->expected,
                                         .compare = compare,
                                         .stored_seed = run->options.seed == NTK_STORED_SEED};
    const ntk_status status = ntk_claim_judge(&claim->claim, &findings, &claim->outcome);
    claim->judged = status == NTK_OK;
    ntk_release(memory);
    return status;
}

ntk_status ntk_run_judge(ntk_run *run, ntk_claim_run *claim, bool compare) {
    if (compare) NTK_TRY(read_expected(run, claim));
    NTK_TRY(find_outcome(run, claim, compare));
    double seconds = 0;
    for (size_t t = 0; t < ntk_claim_run_task_count(claim); t++) {
        seconds += claim->tasks[t].process.seconds;
        if (t > 0) claim->control_causes[t - 1] = claim->tasks[t].cause;
    }
    const bool skipped = claim->tasks[0].skipped;
    claim->result = (ntk_claim_result){.claim = &claim->claim,
                                       .verdict = skipped ? NTK_VERDICT_SKIPPED : claim->outcome.verdict,
                                       .outcome = skipped ? NULL : &claim->outcome,
                                       .cause = claim->tasks[0].cause,
                                       .control_causes = claim->control_causes,
                                       .seconds = seconds,
                                       .folder = claim->figure.folder};
    return NTK_OK;
}

/* ---- executing ----------------------------------------------------------------------------------------- */

static ntk_status write_file(const ntk_run *run, const char *name,
                             ntk_status (*writer)(const ntk_run *run, const char *path)) {
    char *path;
    NTK_TRY(ntk_text_format(&path, "%s/%s", run->folder, name));
    const ntk_status status = writer(run, path);
    ntk_release(path);
    return status;
}

ntk_status ntk_run_execute(ntk_run *run) {
    char detail[256];
    if (run->options.figures && !ntk_gnuplot_probe(detail, sizeof detail)) {
        run->options.figures = false;
        NTK_TRY(ntk_run_warn(run, "no figures are drawn: %s", detail));
    }
    NTK_TRY(ntk_run_clear_reports(run));
    NTK_TRY(ntk_run_recall(run));
    NTK_TRY(write_file(run, "manifest.json", ntk_manifest_write));
    NTK_TRY(ntk_run_schedule(run));
    run->wall_seconds = ntk_clock() - run->begun;
    NTK_TRY(write_file(run, "manifest.json", ntk_manifest_write));
    NTK_TRY(write_file(run, "junit.xml", ntk_junit_write));
    NTK_TRY(write_file(run, "report.html", ntk_report_write));
    return write_file(run, "summary.json", ntk_summary_write);
}

/* ---- results ------------------------------------------------------------------------------------------- */

const char *ntk_run_folder(const ntk_run *run) { return run->folder; }

size_t ntk_run_count(const ntk_run *run, ntk_verdict verdict) {
    size_t count = 0;
    for (size_t i = 0; i < run->claim_count; i++)
        count += run->claims[i].judged && run->claims[i].result.verdict == verdict;
    return count;
}

int ntk_run_exit_status(const ntk_run *run) {
    if (run->claim_count == 0) return ntk_verdict_exit_status(NTK_VERDICT_SKIPPED);
    for (int verdict = NTK_VERDICT_COUNT - 1; verdict > NTK_VERDICT_HOLDS; verdict--)
        if (ntk_run_count(run, (ntk_verdict)verdict) > 0)
            return ntk_verdict_exit_status((ntk_verdict)verdict);
    return 0;
}
