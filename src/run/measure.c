#include "run/measure.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <ntk/file.h>
#include <ntk/lab/context.h>
#include <ntk/lab/metrics.h>
#include <ntk/memory.h>

#include "claim/claim.h"
#include "claim/expected.h"
#include "experiment/context.h"
#include "experiment/support.h"
#include "run/process.h"
#include "run/series.h"

typedef struct measuring {
    const ntk_suite *suite;
    const ntk_measure_options *options;
    ntk_provenance origin;
    ntk_axes axes;
    ntk_measurement *out;
} measuring;

/* ---- processes ------------------------------------------------------------------------------- */

static bool is_interrupted(const measuring *self) {
    return self->options->interrupted != NULL && *self->options->interrupted;
}

/* Run it to its end; *words: NULL, or why it failed. */
static ntk_status run_process(const measuring *self, const ntk_axis_of_machine *axis,
                              const char *const *arguments, const char *log, double time_limit,
                              double memory_limit, double *seconds, char **words) {
    char *root, *errors;
    *words = NULL;
    NTK_TRY(ntk_text_format(&root, "NTK_ROOT=%s", self->suite->root));
    ntk_status status = ntk_text_format(&errors, "%s.err", log);
    ntk_process process;
    if (status == NTK_OK) {
        const char *const environment[] = {root, "OMP_NUM_THREADS=1", axis->variable, NULL};
        status = ntk_process_start(
            &(ntk_process_options){arguments, environment, log, errors, time_limit, memory_limit, NULL},
            &process);
    }
    ntk_release(root);
    ntk_process *const processes[] = {&process};
    while (status == NTK_OK && process.ending == NTK_ENDING_NONE) {
        ntk_process_wait(processes, 1, 0.5);
        if (!is_interrupted(self) || process.ending != NTK_ENDING_NONE) continue;
        ntk_process_kill(&process, NTK_ENDING_CANCELLED);
        status = ntk_fail(NTK_ERROR_CANCELLED, "interrupted");
    }
    if (status == NTK_OK) *seconds = process.seconds;
    const bool well = status == NTK_OK && process.ending == NTK_ENDING_EXIT && process.code == 0;
    if (status == NTK_OK && !well) status = ntk_process_last_words(errors, words);
    ntk_release(errors);
    return status;
}

/* OpenBLAS takes a kernel that it was built without for the processor's own, and `ntk doctor` says
 * so. */
static ntk_status check_kernel(const measuring *self, const ntk_axis_of_machine *axis, bool *offered) {
    char *log, *words, *said = NULL;
    size_t size;
    double seconds;
    *offered = true;
    if (axis->variable == NULL || strncmp(axis->variable, "OPENBLAS", 8) != 0) return NTK_OK;
    NTK_TRY(ntk_text_format(&log, "%s/doctor-%s.txt", self->out->folder, axis->name));
    const char *const arguments[] = {axis->program, "doctor", NULL};
    ntk_status status = run_process(self, axis, arguments, log, 120, 4096, &seconds, &words);
    ntk_release(words);
    if (status == NTK_OK) status = ntk_file_read(log, &said, &size);
    if (status == NTK_OK) *offered = strstr(said, "FAIL  OPENBLAS_CORETYPE") == NULL;
    ntk_release(said);
    ntk_release(log);
    return status;
}

static ntk_status check_kernels(measuring *self) {
    size_t kept = 0;
    for (size_t i = 0; i < self->axes.count; i++) {
        bool offered;
        NTK_TRY(check_kernel(self, &self->axes.items[i], &offered));
        const ntk_axis_of_machine axis = self->axes.items[i];
        self->axes.items[i] = self->axes.items[kept];
        self->axes.items[kept] = axis;
        kept += offered;
    }
    for (size_t i = kept; i < self->axes.count; i++)
        if (self->options->observer != NULL)
            self->options->observer(NULL, self->axes.items[i].name, 0, "this OpenBLAS was built without it",
                                    self->options->context);
    while (self->axes.count > kept) {
        const ntk_axis_of_machine *last = &self->axes.items[--self->axes.count];
        ntk_release(last->name);
        ntk_release(last->program);
        ntk_release(last->variable);
    }
    return NTK_OK;
}

/* Into a folder of another name, which gets its own once all is there. */
static ntk_status compute(const measuring *self, const ntk_claim *claim, const ntk_axis_of_machine *axis,
                          const char *folder, const char *part) {
    char jobs[32], *log, *words;
    double seconds = 0;
    NTK_TRY(ntk_text_format(&log, "%s.log", folder));
    snprintf(jobs, sizeof jobs, "%zu", self->options->jobs);
    const ntk_tier tier = self->options->tier;
    const char *const arguments[] = {
        axis->program,       "run",    claim->id,         "--jobs", jobs, "--tier",
        ntk_tier_text(tier), "--data", self->suite->data, "--out",  part, NULL};
    const ntk_status status = run_process(self, axis, arguments, log, 20 * claim->time_limit[tier],
                                          claim->memory_limit, &seconds, &words);
    ntk_release(log);
    NTK_TRY(status);
    const bool moved = words == NULL && rename(part, folder) == 0;
    if (!moved) self->out->failed++;
    if (self->options->observer != NULL)
        self->options->observer(claim->id, axis->name, seconds,
                                moved           ? NULL
                                : words == NULL ? "its folder cannot be renamed"
                                                : words,
                                self->options->context);
    ntk_release(words);
    return NTK_OK;
}

/* ---- envelopes ------------------------------------------------------------------------------- */

/* The integrator's tolerance, where the claim has one: below it an accepted step may flip. */
static ntk_status find_tolerance(const measuring *self, const ntk_claim *claim, double *out) {
    ntk_context *context;
    const ntk_setting *settings;
    *out = 0;
    NTK_TRY(ntk_claim_context(claim, self->options->tier, (ntk_variant){0}, NULL, 0, ntk_suite_stored_seed(),
                              self->suite->data, &context));
    const size_t count = ntk_context_settings(context, &settings);
    for (size_t i = 0; i < count; i++)
        if (strcmp(settings[i].name, "tolerance") == 0) ntk_text_real(settings[i].value, out);
    ntk_context_destroy(context);
    return NTK_OK;
}

static void print_date(char date[16]) {
    const time_t now = time(NULL);
    struct tm utc;
    strftime(date, 16, "%Y-%m-%d", gmtime_r(&now, &utc));
}

static ntk_status widen(const measuring *self, const ntk_claim *claim, const ntk_axis_of_machine *axis,
                        const ntk_metrics *metrics, const ntk_expected *expected, ntk_envelopes *envelopes) {
    char date[16];
    double tolerance;
    print_date(date);
    NTK_TRY(find_tolerance(self, claim, &tolerance));
    for (size_t i = 0; i < claim->regression_count; i++) {
        const char *name = claim->regressions[i].metric;
        const ntk_expected_row *row = ntk_expected_find(expected, self->options->tier, name);
        const ntk_metric *found = ntk_metrics_find(metrics, name);
        bool taken;
        if (row == NULL || found == NULL) continue;
        const ntk_envelope one = {.claim = claim->id,
                                  .tier = self->options->tier,
                                  .metric = claim->regressions[i].metric,
                                  .least = found->estimate.value,
                                  .greatest = found->estimate.value,
                                  .tolerance = tolerance,
                                  .axes = axis->name,
                                  .farthest = axis->name,
                                  .machines = (char *)self->origin.cpu,
                                  .date = date};
        NTK_TRY(ntk_envelopes_widen(envelopes, row->metric.estimate.value, &one, false, &taken));
    }
    return NTK_OK;
}

static ntk_status widen_by(const measuring *self, const ntk_claim *claim, const ntk_axis_of_machine *axis,
                           const ntk_expected *expected, ntk_envelopes *envelopes) {
    char *path;
    ntk_metrics metrics;
    NTK_TRY(ntk_text_format(&path, "%s/%s/%s/metrics.tsv", self->out->folder, axis->name, claim->id));
    ntk_status status = access(path, F_OK) == 0 ? ntk_metrics_read(path, &metrics) : NTK_ERROR_NOT_FOUND;
    ntk_release(path);
    if (status == NTK_ERROR_NOT_FOUND) return NTK_OK;
    NTK_TRY(status);
    status = widen(self, claim, axis, &metrics, expected, envelopes);
    ntk_metrics_release(&metrics);
    return status;
}

static void count(const measuring *self, const ntk_claim *claim, const ntk_expected *expected,
                  const ntk_envelopes *envelopes) {
    size_t metrics = 0;
    for (size_t i = 0; i < claim->regression_count; i++) {
        const char *name = claim->regressions[i].metric;
        const ntk_expected_row *row = ntk_expected_find(expected, self->options->tier, name);
        const ntk_envelope *e = ntk_envelopes_find(envelopes, claim->id, self->options->tier, name);
        if (row == NULL || e == NULL || !(ntk_envelope_width(e, row->metric.estimate.value) > 0)) continue;
        metrics++;
        self->out->moved += e->least < e->greatest;
    }
    self->out->metrics += metrics;
    self->out->claims += metrics > 0;
}

static ntk_status envelopes_path(const ntk_suite *suite, char **out) {
    return ntk_text_format(out, "%s/envelopes.tsv", suite->stored);
}

/* Read again for each claim: another measurement may write them meanwhile. */
static ntk_status store(const measuring *self, const ntk_claim *claim, const ntk_expected *expected) {
    char *path;
    ntk_envelopes envelopes = {0};
    NTK_TRY(envelopes_path(self->suite, &path));
    ntk_status status = ntk_envelopes_read(path, &envelopes);
    for (size_t i = 0; i < self->axes.count && status == NTK_OK; i++)
        status = widen_by(self, claim, &self->axes.items[i], expected, &envelopes);
    if (status == NTK_OK) status = ntk_envelopes_write(path, &envelopes);
    if (status == NTK_OK) count(self, claim, expected, &envelopes);
    ntk_envelopes_release(&envelopes);
    ntk_release(path);
    return status;
}

/* ---- claims ---------------------------------------------------------------------------------- */

static ntk_status prepare_folder(const char *folder) {
    char *above;
    NTK_TRY(ntk_text_copy(folder, &above));
    *strrchr(above, '/') = '\0';
    const ntk_status status = ntk_folder_create(above);
    ntk_release(above);
    return status;
}

static ntk_status measure_under(const measuring *self, const ntk_claim *claim,
                                const ntk_axis_of_machine *axis) {
    char *folder, *part = NULL;
    NTK_TRY(ntk_text_format(&folder, "%s/%s/%s", self->out->folder, axis->name, claim->id));
    ntk_status status = ntk_text_format(&part, "%s.part", folder);
    if (status == NTK_OK && access(folder, F_OK) != 0) {
        status = prepare_folder(folder);
        if (status == NTK_OK) status = compute(self, claim, axis, folder, part);
    }
    ntk_release(part);
    ntk_release(folder);
    return status;
}

static ntk_status measure_with(const measuring *self, const ntk_claim *claim, const ntk_expected *expected) {
    for (size_t i = 0; i < self->axes.count; i++) NTK_TRY(measure_under(self, claim, &self->axes.items[i]));
    return store(self, claim, expected);
}

/* Of a tier without stored results there is nothing to be beside. */
static ntk_status measure_claim(const measuring *self, const char *id) {
    ntk_claim claim;
    ntk_expected *expected = NULL;
    char *path = NULL;
    NTK_TRY(ntk_suite_claim(self->suite, id, &claim));
    ntk_status status = ntk_text_format(&path, "%s/%s.tsv", self->suite->stored, id);
    if (status == NTK_OK) status = ntk_expected_read(path, &expected);
    bool stored = false;
    for (size_t i = 0; status == NTK_OK && i < expected->count; i++)
        stored = stored || expected->rows[i].tier == self->options->tier;
    if (stored) status = measure_with(self, &claim, expected);
    if (status == NTK_ERROR_NOT_FOUND && expected == NULL) status = NTK_OK;
    ntk_expected_destroy(expected);
    ntk_release(path);
    ntk_claim_release(&claim);
    return status;
}

/* ---- the folder ------------------------------------------------------------------------------ */

/* Tables of another program are not these. */
static ntk_status check_program(const measuring *self) {
    char *path, *held = NULL, now[24];
    size_t size;
    snprintf(now, sizeof now, "%016" PRIx64 "\n", self->origin.code);
    NTK_TRY(ntk_text_format(&path, "%s/program.txt", self->out->folder));
    ntk_status status = NTK_OK;
    if (access(path, F_OK) != 0)
        status = ntk_file_write(path, now, strlen(now));
    else {
        status = ntk_file_read(path, &held, &size);
        if (status == NTK_OK && strcmp(held, now) != 0)
            status = ntk_fail(NTK_ERROR_ARGUMENT, "%s was measured by another program: choose another folder",
                              self->out->folder);
    }
    ntk_release(held);
    ntk_release(path);
    return status;
}

static ntk_status open_folder(const measuring *self) {
    const ntk_run_options options = {.out = self->options->out, .resume = self->options->resume};
    NTK_TRY(ntk_series_name(self->options->out, "envelope", &self->out->folder));
    NTK_TRY(ntk_series_open(self->out->folder, &options, "the envelopes", "envelopes that have begun"));
    return check_program(self);
}

static ntk_status measure_selected(measuring *self, const bool *selected) {
    NTK_TRY(open_folder(self));
    NTK_TRY(check_kernels(self));
    for (size_t i = 0; self->suite->registry[i].id != NULL; i++)
        if (selected[i]) NTK_TRY(measure_claim(self, self->suite->registry[i].id));
    return NTK_OK;
}

ntk_status ntk_measure(const ntk_suite *suite, const char *const *names, size_t count,
                       const ntk_measure_options *options, ntk_measurement *out) {
    measuring self = {.suite = suite, .options = options, .out = out};
    size_t available = 0;
    void *selected;
    *out = (ntk_measurement){0};
    while (suite->registry[available].id != NULL) available++;
    NTK_TRY(ntk_provenance_read(suite->executable, &self.origin));
    NTK_TRY(ntk_allocate(available, sizeof(bool), &selected));
    ntk_status status = ntk_suite_select(suite, names, count, selected);
    if (status == NTK_OK)
        status = ntk_axes_list(suite->executable, &self.origin, options->builds, options->only, &self.axes);
    if (status == NTK_OK) status = measure_selected(&self, selected);
    ntk_axes_release(&self.axes);
    ntk_release(selected);
    return status;
}

void ntk_measurement_release(ntk_measurement *measurement) {
    ntk_release(measurement->folder);
    *measurement = (ntk_measurement){0};
}

/* ---- another machine's ----------------------------------------------------------------------- */

static ntk_status stored_value(const ntk_suite *suite, const ntk_envelope *envelope, bool *has, double *out) {
    char *path;
    ntk_expected *expected;
    *has = false;
    NTK_TRY(ntk_text_format(&path, "%s/%s.tsv", suite->stored, envelope->claim));
    const ntk_status status = ntk_expected_read(path, &expected);
    ntk_release(path);
    if (status == NTK_ERROR_NOT_FOUND) return NTK_OK;
    NTK_TRY(status);
    const ntk_expected_row *row = ntk_expected_find(expected, envelope->tier, envelope->metric);
    *has = row != NULL;
    if (row != NULL) *out = row->metric.estimate.value;
    ntk_expected_destroy(expected);
    return NTK_OK;
}

static ntk_status merge(const ntk_suite *suite, const ntk_envelopes *others, ntk_envelopes *own,
                        size_t *taken, size_t *left) {
    for (size_t i = 0; i < others->count; i++) {
        bool has, took = false;
        double stored;
        NTK_TRY(stored_value(suite, &others->items[i], &has, &stored));
        if (has) NTK_TRY(ntk_envelopes_widen(own, stored, &others->items[i], true, &took));
        *taken += took;
        *left += !took;
    }
    return NTK_OK;
}

ntk_status ntk_measure_merge(const ntk_suite *suite, const char *file, size_t *taken, size_t *left) {
    ntk_envelopes own = {0}, others = {0};
    char *path;
    *taken = *left = 0;
    if (access(file, R_OK) != 0) return ntk_fail(NTK_ERROR_IO, "%s: cannot be read", file);
    NTK_TRY(envelopes_path(suite, &path));
    ntk_status status = ntk_envelopes_read(path, &own);
    if (status == NTK_OK) status = ntk_envelopes_read(file, &others);
    if (status == NTK_OK) status = merge(suite, &others, &own, taken, left);
    if (status == NTK_OK) status = ntk_envelopes_write(path, &own);
    ntk_envelopes_release(&own);
    ntk_envelopes_release(&others);
    ntk_release(path);
    return status;
}
