#include "run/state.h"

#include <stdarg.h>
#include <stdio.h>

#include <ntk/memory.h>

#include "claim/expected.h"
#include "experiment/support.h"

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

bool ntk_run_is_unchanged(const ntk_run *run) {
    return run->options.override_count == 0 && run->options.data_x == NULL &&
           run->options.rounding == NTK_ROUNDING_NEAREST;
}

/* ---- stored results -------------------------------------------------------------------------- */

static ntk_status read_expected(const ntk_run *run, ntk_claim_run *claim) {
    char *path;
    NTK_TRY(ntk_text_format(&path, "%s/%s.tsv", run->suite->stored, claim->claim.id));
    const ntk_status status = ntk_expected_read(path, &claim->expected);
    ntk_release(path);
    return status == NTK_ERROR_NOT_FOUND ? NTK_OK : status;
}

ntk_status ntk_run_read_expected(ntk_run *run) {
    char *path;
    for (size_t i = 0; i < run->claim_count; i++) NTK_TRY(read_expected(run, &run->claims[i]));
    NTK_TRY(ntk_text_format(&path, "%s/envelopes.tsv", run->suite->stored));
    const ntk_status status = ntk_envelopes_read(path, &run->envelopes);
    ntk_release(path);
    return status;
}

/* ---- judging --------------------------------------------------------------------------------- */

static const ntk_metrics *metrics_of(const ntk_task *task) {
    return task->state == NTK_TASK_DONE ? &task->metrics : NULL;
}

static ntk_status find_outcome(ntk_run *run, ntk_claim_run *claim, bool compare) {
    void *memory;
    NTK_TRY(ntk_allocate(claim->claim.control_count, sizeof(ntk_control_findings), &memory));
    ntk_control_findings *controls = memory;
    for (size_t i = 0; i < claim->claim.control_count; i++)
        controls[i] = (ntk_control_findings){metrics_of(&claim->tasks[1 + i]), metrics_of(claim->twins[i]),
                                             claim->twins[i] == &claim->tasks[0]};
    const ntk_claim_findings findings = {.tier = run->options.tier,
                                         .metrics = metrics_of(&claim->tasks[0]),
                                         .controls = controls,
                                         .expected = claim->expected,
                                         .envelopes = &run->envelopes,
                                         .compare = compare,
                                         .stored_seed = run->options.seed == NTK_STORED_SEED};
    const ntk_status status = ntk_claim_judge(&claim->claim, &findings, &claim->outcome);
    claim->judged = status == NTK_OK;
    ntk_release(memory);
    return status;
}

/* A claim of which one process saw other inputs has no result, whichever process that was. */
static ntk_status discard_changed(ntk_claim_run *claim) {
    ntk_task *own = &claim->tasks[0];
    for (size_t t = 1; t < claim->task_count; t++)
        if (claim->tasks[t].changed && own->state == NTK_TASK_DONE) {
            own->state = NTK_TASK_FAILED;
            NTK_TRY(ntk_text_copy(claim->tasks[t].cause, &own->cause));
        }
    return NTK_OK;
}

ntk_status ntk_run_judge(ntk_run *run, ntk_claim_run *claim, bool compare) {
    NTK_TRY(discard_changed(claim));
    NTK_TRY(find_outcome(run, claim, compare));
    double seconds = 0;
    for (size_t t = 0; t < claim->task_count; t++) seconds += claim->tasks[t].process.seconds;
    for (size_t i = 0; i < claim->claim.control_count; i++) {
        claim->control_causes[i] = claim->tasks[1 + i].cause;
        claim->twin_causes[i] = claim->twins[i]->cause;
    }
    const bool skipped = claim->tasks[0].skipped;
    claim->result = (ntk_claim_result){.claim = &claim->claim,
                                       .verdict = skipped ? NTK_VERDICT_SKIPPED : claim->outcome.verdict,
                                       .outcome = skipped ? NULL : &claim->outcome,
                                       .cause = claim->tasks[0].cause,
                                       .control_causes = claim->control_causes,
                                       .twin_causes = claim->twin_causes,
                                       .seconds = seconds,
                                       .folder = claim->figure.folder};
    return NTK_OK;
}

/* ---- results --------------------------------------------------------------------------------- */

const char *ntk_run_folder(const ntk_run *run) { return run->folder; }

size_t ntk_run_count(const ntk_run *run, ntk_verdict verdict) {
    size_t count = 0;
    for (size_t i = 0; i < run->claim_count; i++)
        count += run->claims[i].judged && run->claims[i].result.verdict == verdict;
    return count;
}

size_t ntk_run_count_moved(const ntk_run *run) {
    size_t count = 0;
    for (size_t i = 0; i < run->claim_count; i++)
        for (size_t k = 0; run->claims[i].judged && k < run->claims[i].claim.regression_count; k++)
            if (run->claims[i].outcome.regressions[k].moved) count++;
    return count;
}

int ntk_run_exit_status(const ntk_run *run) {
    if (run->claim_count == 0) return ntk_verdict_exit_status(NTK_VERDICT_SKIPPED);
    for (int verdict = NTK_VERDICT_COUNT - 1; verdict > NTK_VERDICT_HOLDS; verdict--)
        if (ntk_run_count(run, (ntk_verdict)verdict) > 0)
            return ntk_verdict_exit_status((ntk_verdict)verdict);
    return 0;
}
