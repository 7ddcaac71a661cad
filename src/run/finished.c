/* What is done with a finished run: accepting its numbers, and redrawing its figures. */
#include "run/finished.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <jansson.h>

#include <ntk/file.h>
#include <ntk/flow.h>
#include <ntk/memory.h>
#include <ntk/status.h>

#include "claim/accept.h"
#include "claim/claim.h"
#include "claim/judge.h"
#include "experiment/support.h"
#include "run/catalogue.h"
#include "run/figure.h"
#include "run/folder.h"
#include "run/identity.h"
#include "run/journal.h"
#include "run/plan.h"
#include "run/process.h"
#include "run/shard.h"
#include "run/state.h"

/* ---- accepting ------------------------------------------------------------------------------- */

/* The keys of the plan are those of this program's code and of the claims and data as they are now:
 * a run of others is not found in its journal, one of another clone of the same content is. */
static ntk_status check_acceptable(ntk_run *run, ntk_claim_run *claim) {
    for (size_t t = 0; t < ntk_claim_run_task_count(claim); t++)
        if (claim->tasks[t].state != NTK_TASK_DONE)
            return ntk_fail(
                NTK_ERROR_UNSUPPORTED,
                "%s: %s holds no finished %s run of %s by this program, with the claim and the data as "
                "they are now and the stored seed %llu; run `ntk verify %s --tier %s` first",
                claim->claim.id, run->folder, ntk_tier_text(run->options.tier), claim->tasks[t].name,
                (unsigned long long)run->options.seed, claim->claim.id, ntk_tier_text(run->options.tier));
    NTK_TRY(ntk_run_judge(run, claim, false));
    if (claim->outcome.verdict == NTK_VERDICT_HOLDS) return NTK_OK;
    return ntk_fail(NTK_ERROR_UNSUPPORTED,
                    "%s is %s: numbers are accepted only where every check holds and "
                    "every control breaks",
                    claim->claim.id, ntk_verdict_text(claim->outcome.verdict));
}

static ntk_status note_cost(const ntk_run *run, const ntk_claim_run *claim) {
    double seconds = 0;
    for (size_t t = 0; t < ntk_claim_run_task_count(claim); t++) seconds += claim->tasks[t].process.seconds;
    return ntk_shard_note_cost(run->suite, run->options.tier, claim->claim.id, seconds);
}

static ntk_status accept_claims(ntk_run *run, const char *why, size_t *changed) {
    for (size_t i = 0; i < run->claim_count; i++) NTK_TRY(check_acceptable(run, &run->claims[i]));
    const ntk_provenance *origin = &run->provenance;
    char *machine;
    NTK_TRY(ntk_text_format(&machine, "%s, %s %s, %s", origin->cpu, origin->blas.name, origin->blas.core,
                            origin->vector_isa));
    ntk_status status = NTK_OK;
    for (size_t i = 0; i < run->claim_count && status == NTK_OK; i++) {
        size_t moved = 0;
        status =
            ntk_expected_accept(run->suite->root, &run->claims[i].claim, run->options.tier,
                                &run->claims[i].tasks[0].metrics, ntk_build_commit, machine, why, &moved);
        *changed += moved;
        if (status == NTK_OK) status = note_cost(run, &run->claims[i]);
    }
    ntk_release(machine);
    return status;
}

ntk_status ntk_suite_accept(const ntk_suite *suite, const char *const *names, size_t count, ntk_tier tier,
                            const char *folder, const char *why, size_t *changed) {
    *changed = 0;
    ntk_run run = {.suite = suite, .options = {.tier = tier, .seed = NTK_STORED_SEED}, .lock = -1};
    char *journal = NULL;
    ntk_status status = ntk_text_copy(folder, &run.folder);
    if (status == NTK_OK) status = ntk_run_plan(&run, names, count);
    if (status == NTK_OK) status = ntk_run_locate_tasks(&run);
    if (status == NTK_OK) status = ntk_text_format(&journal, "%s/journal.log", folder);
    if (status == NTK_OK) status = ntk_journal_read(journal, &run.journal);
    if (status == NTK_OK) status = ntk_run_recall(&run);
    if (status == NTK_OK) status = accept_claims(&run, why, changed);
    ntk_release(journal);
    ntk_run_release_plan(&run);
    ntk_run_close_folder(&run);
    return status;
}

/* ---- drawing --------------------------------------------------------------------------------- */

typedef struct drawing {
    const ntk_suite *suite;
    const char *folder, *plots;
    const ntk_run_observer *observer;
    ntk_tier tier;
    size_t drawn, failed;
} drawing;

static ntk_status read_tier(const char *folder, ntk_tier *out) {
    char *path;
    NTK_TRY(ntk_text_format(&path, "%s/manifest.json", folder));
    json_error_t error;
    json_t *manifest = json_load_file(path, 0, &error);
    const char *tier = json_string_value(json_object_get(manifest, "tier"));
    ntk_status status = NTK_OK;
    if (manifest == NULL)
        status = ntk_fail(NTK_ERROR_NOT_FOUND, "%s: %s; is it the folder of a run?", path, error.text);
    else if (tier == NULL)
        status = ntk_fail(NTK_ERROR_FORMAT, "%s: names no tier", path);
    else
        status = ntk_tier_parse(tier, out);
    json_decref(manifest);
    ntk_release(path);
    return status;
}

static ntk_status copy_plot(const drawing *work, const char *id, const char *format) {
    char *from = NULL, *to = NULL, *content = NULL;
    size_t size = 0;
    ntk_status status = ntk_text_format(&from, "%s/%s/figure.%s", work->folder, id, format);
    if (status == NTK_OK) status = ntk_text_format(&to, "%s/%s.%s", work->plots, id, format);
    if (status == NTK_OK) {
        to[strlen(work->plots) + 1 + (size_t)(strchr(id, '/') - id)] = '-';
        status = ntk_file_read(from, &content, &size);
    }
    if (status == NTK_OK) status = ntk_file_write(to, content, size);
    ntk_release(from);
    ntk_release(to);
    ntk_release(content);
    return status;
}

static ntk_status run_gnuplot(const drawing *work, const char *id, const char *folder, bool *drawn,
                              char **warning) {
    ntk_process process, *const processes[] = {&process};
    NTK_TRY(ntk_figure_start(work->suite, id, folder, work->tier, &ntk_figure_of_a_run, &process));
    while (process.ending == NTK_ENDING_NONE) ntk_process_wait(processes, 1, 1.0);
    return ntk_figure_finish(folder, &ntk_figure_of_a_run, &process, drawn, warning);
}

static ntk_status draw_claim(drawing *work, const char *id, const char *folder) {
    char *warning, *line;
    bool drawn;
    NTK_TRY(run_gnuplot(work, id, folder, &drawn, &warning));
    if (warning != NULL && work->observer->warning != NULL &&
        ntk_text_format(&line, "%s figure: %s", id, warning) == NTK_OK) {
        work->observer->warning(line, work->observer->context);
        ntk_release(line);
    }
    ntk_release(warning);
    if (!drawn) { /* the warning has said so; the other figures are drawn all the same */
        work->failed++;
        return NTK_OK;
    }
    work->drawn++;
    if (work->plots == NULL) return NTK_OK;
    NTK_TRY(copy_plot(work, id, "svg"));
    return copy_plot(work, id, "png");
}

static ntk_status draw_if_present(drawing *work, const char *id, bool named) {
    char *folder, *metrics = NULL;
    NTK_TRY(ntk_text_format(&folder, "%s/%s", work->folder, id));
    ntk_status status = ntk_text_format(&metrics, "%s/metrics.tsv", folder);
    const bool present = status == NTK_OK && access(metrics, R_OK) == 0;
    if (status == NTK_OK && named && !present)
        status = ntk_fail(NTK_ERROR_NOT_FOUND, "%s holds no results of %s", work->folder, id);
    if (status == NTK_OK && present && ntk_figure_exists(work->suite, id))
        status = draw_claim(work, id, folder);
    ntk_release(folder);
    ntk_release(metrics);
    return status;
}

ntk_status ntk_suite_draw(const ntk_suite *suite, const char *const *names, size_t count, const char *folder,
                          const char *plots, const ntk_run_observer *observer, size_t *drawn) {
    drawing work = {.suite = suite, .folder = folder, .plots = plots, .observer = observer};
    *drawn = 0;
    NTK_TRY(read_tier(folder, &work.tier));
    if (plots != NULL) NTK_TRY(ntk_folder_create(plots));
    size_t available = 0;
    while (suite->registry[available].id != NULL) available++;
    void *memory;
    NTK_TRY(ntk_allocate(available, sizeof(bool), &memory));
    const bool *selected = memory;
    ntk_status status = ntk_suite_select(suite, names, count, memory);
    for (size_t i = 0; i < available && status == NTK_OK; i++)
        if (selected[i]) status = draw_if_present(&work, suite->registry[i].id, count > 0);
    ntk_release(memory);
    *drawn = work.drawn;
    if (status == NTK_OK && work.failed > 0)
        return ntk_fail(NTK_ERROR_LIBRARY, "gnuplot failed on %zu of %zu figures", work.failed,
                        work.failed + work.drawn);
    return status;
}
