#include "run/redraw.h"

#include <string.h>
#include <unistd.h>
#include <jansson.h>

#include <ntk/file.h>
#include <ntk/memory.h>
#include <ntk/status.h>

#include "claim/claim.h"
#include "experiment/support.h"
#include "run/catalogue.h"
#include "run/gallery.h"
#include "run/process.h"
#include "run/record.h"

typedef struct drawing {
    const ntk_suite *suite;
    const ntk_redrawing *asked;
    ntk_gallery *gallery; /* NULL: none */
    ntk_tier tier;
    size_t drawn, taken, failed;
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

static ntk_status run_gnuplot(const drawing *work, const char *id, const char *folder, bool *drawn,
                              char **warning) {
    ntk_process process, *const processes[] = {&process};
    NTK_TRY(ntk_figure_start(work->suite, id, folder, work->tier, &work->asked->look, &process));
    while (process.ending == NTK_ENDING_NONE) ntk_process_wait(processes, 1, 1.0);
    return ntk_figure_finish(folder, &work->asked->look, &process, drawn, warning);
}

static void tell(const drawing *work, const char *id, const char *what) {
    const ntk_run_observer *observer = work->asked->observer;
    char *line;
    if (what == NULL || observer->warning == NULL) return;
    if (ntk_text_format(&line, "%s figure: %s", id, what) != NTK_OK) return;
    observer->warning(line, observer->context);
    ntk_release(line);
}

/* A warning has said why a figure failed; the others are drawn all the same. */
static ntk_status draw_claim(drawing *work, const char *id, const char *folder) {
    char *warning;
    const char *refusal = NULL;
    bool drawn;
    NTK_TRY(run_gnuplot(work, id, folder, &drawn, &warning));
    tell(work, id, warning);
    ntk_release(warning);
    work->drawn += drawn;
    work->failed += !drawn;
    if (!drawn || work->gallery == NULL) return NTK_OK;
    NTK_TRY(ntk_gallery_take(work->gallery, id, &work->asked->look, &refusal));
    tell(work, id, refusal);
    work->taken += refusal == NULL;
    return NTK_OK;
}

static ntk_status draw_if_present(drawing *work, const char *id, bool named) {
    char *folder, *metrics = NULL;
    NTK_TRY(ntk_text_format(&folder, "%s/%s", work->asked->folder, id));
    ntk_status status = ntk_text_format(&metrics, "%s/metrics.tsv", folder);
    const bool present = status == NTK_OK && access(metrics, R_OK) == 0;
    if (status == NTK_OK && named && !present)
        status = ntk_fail(NTK_ERROR_NOT_FOUND, "%s holds no results of %s", work->asked->folder, id);
    if (status == NTK_OK && present && ntk_figure_exists(work->suite, id))
        status = draw_claim(work, id, folder);
    ntk_release(folder);
    ntk_release(metrics);
    return status;
}

static ntk_status draw_selection(drawing *work, const char *const *names, size_t count) {
    size_t available = 0;
    while (work->suite->registry[available].id != NULL) available++;
    void *memory;
    NTK_TRY(ntk_allocate(available, sizeof(bool), &memory));
    const bool *selected = memory;
    ntk_status status = ntk_suite_select(work->suite, names, count, memory);
    for (size_t i = 0; i < available && status == NTK_OK; i++)
        if (selected[i]) status = draw_if_present(work, work->suite->registry[i].id, count > 0);
    ntk_release(memory);
    if (status == NTK_OK && work->failed > 0)
        return ntk_fail(NTK_ERROR_LIBRARY, "gnuplot failed on %zu of %zu figures", work->failed,
                        work->failed + work->drawn);
    return status;
}

static ntk_status draw_for_gallery(drawing *work, const char *const *names, size_t count) {
    ntk_record run;
    ntk_gallery gallery;
    NTK_TRY(ntk_record_open(work->asked->folder, &run));
    ntk_status status = ntk_gallery_open(work->asked->plots, &run, &gallery);
    work->gallery = &gallery;
    if (status == NTK_OK) status = draw_selection(work, names, count);
    ntk_gallery_close(&gallery);
    ntk_record_close(&run);
    return status;
}

ntk_status ntk_suite_redraw(const ntk_suite *suite, const char *const *names, size_t count,
                            const ntk_redrawing *redrawing, size_t *drawn, size_t *taken) {
    drawing work = {.suite = suite, .asked = redrawing};
    *drawn = *taken = 0;
    NTK_TRY(read_tier(redrawing->folder, &work.tier));
    const ntk_status status = redrawing->plots != NULL ? draw_for_gallery(&work, names, count)
                                                       : draw_selection(&work, names, count);
    *drawn = work.drawn;
    *taken = work.taken;
    return status;
}
