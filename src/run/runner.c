/* A run from its plan to its report. */
#include "run/runner.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <ntk/lab/context.h>
#include <ntk/lab/metrics.h>
#include <ntk/memory.h>
#include <ntk/status.h>

#include "claim/expected.h"
#include "claim/judge.h"
#include "experiment/support.h"
#include "run/catalogue.h"
#include "run/chance.h"
#include "run/confirm.h"
#include "run/folder.h"
#include "run/junit.h"
#include "run/manifest.h"
#include "run/plan.h"
#include "run/probe.h"
#include "run/process.h"
#include "run/report.h"
#include "run/schedule.h"
#include "run/state.h"
#include "run/summary.h"

/* ---- creating -------------------------------------------------------------------------------- */

ntk_status ntk_run_prepare(const ntk_suite *suite, const char *const *names, size_t count,
                           const ntk_run_options *options, ntk_run **out) {
    *out = NULL;
    void *memory;
    NTK_TRY(ntk_allocate(1, sizeof **out, &memory));
    ntk_run *run = memory;
    *run = (ntk_run){
        .suite = suite, .options = *options, .lock = -1, .started = time(NULL), .begun = ntk_process_clock()};
    ntk_status status = ntk_run_plan(run, names, count);
    if (status == NTK_OK && ntk_run_is_unchanged(run)) status = ntk_run_read_expected(run);
    if (status == NTK_OK)
        *out = run;
    else
        ntk_run_destroy(run);
    return status;
}

ntk_status ntk_run_open(ntk_run *run) {
    NTK_TRY(ntk_run_open_folder(run));
    return ntk_run_locate_tasks(run);
}

ntk_status ntk_run_create(const ntk_suite *suite, const char *const *names, size_t count,
                          const ntk_run_options *options, ntk_run **out) {
    NTK_TRY(ntk_run_prepare(suite, names, count, options, out));
    const ntk_status status = ntk_run_open(*out);
    if (status != NTK_OK) {
        ntk_run_destroy(*out);
        *out = NULL;
    }
    return status;
}

void ntk_run_destroy(ntk_run *run) {
    if (run == NULL) return;
    ntk_run_release_plan(run);
    ntk_run_close_folder(run);
    ntk_texts_release(run->warnings, run->warning_count);
    for (size_t i = 0; run->own_overrides != NULL && i < run->options.override_count; i++) {
        ntk_release(run->own_overrides[i].name);
        ntk_release(run->own_overrides[i].value);
    }
    ntk_release(run->own_overrides);
    ntk_envelopes_release(&run->envelopes);
    ntk_given_release(&run->given);
    json_decref(run->parts);
    ntk_release(run);
}

/* ---- executing ------------------------------------------------------------------------------- */

static ntk_status write_file(const ntk_run *run, const char *name,
                             ntk_status (*writer)(const ntk_run *run, const char *path)) {
    char *path;
    NTK_TRY(ntk_text_format(&path, "%s/%s", run->folder, name));
    const ntk_status status = writer(run, path);
    ntk_release(path);
    return status;
}

/* To see what another BLAS does to the numbers is one use of a run; to have it unawares is not. */
static ntk_status label_foreign_blas(ntk_run *run) {
    if (strcmp(run->provenance.blas.name, "OpenBLAS") == 0) return NTK_OK;
    return ntk_run_warn(run,
                        "BLAS is %s; the stored results are OpenBLAS's, from which it differs in last digits",
                        run->provenance.blas_label);
}

/* The level of each interval is made for so many; how many there are, twins with theirs, is known
 * now. */
static ntk_status check_family(ntk_run *run) {
    ntk_risk risk;
    NTK_TRY(ntk_run_risk(run, &risk));
    const size_t count = risk.count;
    ntk_risk_release(&risk);
    if (count <= NTK_SUITE_INTERVALS) return NTK_OK;
    return ntk_run_warn(run, "%zu intervals were judged, and the confidence level of each is made for %d",
                        count, NTK_SUITE_INTERVALS);
}

ntk_status ntk_run_execute(ntk_run *run) {
    char detail[256];
    NTK_TRY(label_foreign_blas(run));
    if (run->options.figures && !ntk_gnuplot_probe(detail, sizeof detail)) {
        run->options.figures = false;
        NTK_TRY(ntk_run_warn(run, "no figures are drawn: %s", detail));
    }
    NTK_TRY(ntk_run_clear_reports(run));
    NTK_TRY(ntk_run_recall(run));
    NTK_TRY(write_file(run, "manifest.json", ntk_manifest_write));
    NTK_TRY(ntk_run_schedule(run));
    NTK_TRY(ntk_run_confirm(run));
    NTK_TRY(check_family(run));
    run->wall_seconds = ntk_process_clock() - run->begun;
    NTK_TRY(write_file(run, "manifest.json", ntk_manifest_write));
    NTK_TRY(write_file(run, "junit.xml", ntk_junit_write));
    NTK_TRY(write_file(run, "report.html", ntk_report_write));
    return write_file(run, "summary.json", ntk_summary_write);
}
