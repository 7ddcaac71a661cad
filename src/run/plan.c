/* The plan of a run: which processes it consists of, and a key for each, the digest of everything
 * that decides its result. Two processes with equal keys leave equal bytes. */
#include "run/plan.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ntk/lab/context.h>
#include <ntk/lab/metrics.h>
#include <ntk/lab/parameters.h>
#include <ntk/memory.h>
#include <ntk/status.h>

#include "claim/claim.h"
#include "claim/expected.h"
#include "claim/judge.h"
#include "experiment/support.h"
#include "run/catalogue.h"
#include "run/identity.h"
#include "run/inputs.h"
#include "run/journal.h"
#include "run/state.h"

/* ---- settings -------------------------------------------------------------------------------- */

/* Of a claim without an experiment nobody knows. */
static bool declares(const ntk_experiment *experiment, const char *name) {
    const ntk_parameter *p;
    if (experiment == NULL) return true;
    for (size_t i = 0; (p = ntk_experiment_parameter(experiment, i)) != NULL; i++)
        if (strcmp(p->name, name) == 0) return true;
    return false;
}

/* A control is defined by what it sets: --set does not put the hypothesis back. Nor does it change
 * what a twin shares with its control. */
static bool applies(const ntk_claim *claim, ntk_variant variant, const char *name) {
    const ntk_control *control = variant.control;
    if (!declares(claim->experiment, name)) return false;
    if (control == NULL || (variant.twin && control->restore_count == 0)) return true;
    for (size_t i = 0; i < control->setting_count; i++)
        if (strcmp(control->settings[i].name, name) == 0) return false;
    return true;
}

size_t ntk_task_overrides(const ntk_run *run, const ntk_task *task, ntk_setting *out) {
    const ntk_claim *claim = &run->claims[task->claim].claim;
    size_t count = 0;
    for (size_t i = 0; i < run->options.override_count; i++)
        if (applies(claim, task->variant, run->options.overrides[i].name))
            out[count++] = run->options.overrides[i];
    return count;
}

static ntk_status check_overrides(const ntk_run *run) {
    for (size_t i = 0; i < run->options.override_count; i++) {
        bool declared = false;
        for (size_t k = 0; k < run->claim_count; k++)
            declared = declared || declares(run->claims[k].claim.experiment, run->options.overrides[i].name);
        if (!declared)
            return ntk_fail(NTK_ERROR_NOT_FOUND,
                            "--set %s: %s has no such parameter; `ntk show CLAIM` lists them",
                            run->options.overrides[i].name,
                            run->claim_count == 1 ? run->claims[0].claim.id : "any of the selected claims");
    }
    return NTK_OK;
}

/* ---- keys ------------------------------------------------------------------------------------ */

static ntk_digest digest_settings(const ntk_setting *settings, size_t count) {
    ntk_digest digest = NTK_DIGEST_START;
    for (size_t i = 0; i < count; i++) {
        digest = ntk_digest_text(digest, settings[i].name);
        digest = ntk_digest_text(digest, settings[i].value);
    }
    return digest;
}

static ntk_digest key_of(const ntk_run *run, const ntk_task *task, const ntk_claim *claim) {
    const ntk_provenance *origin = &run->provenance;
    char text[256];
    snprintf(text, sizeof text, "seed %llu, code %llx, claim %llx, data %llx, settings %llx",
             (unsigned long long)run->options.seed, (unsigned long long)origin->code,
             (unsigned long long)claim->content, (unsigned long long)run->data.content,
             (unsigned long long)task->setting_digest);
    ntk_digest key = ntk_digest_text(NTK_DIGEST_START, text);
    key = ntk_digest_text(key, task->unit);
    if (run->options.rounding != NTK_ROUNDING_NEAREST)
        key = ntk_digest_text(key, ntk_rounding_text(run->options.rounding));
    if (claim->code != 0) key = ntk_digest_bytes(key, &claim->code, sizeof claim->code);
    const ntk_digest given = ntk_given_applies(task->variant) ? ntk_given_digest(&run->given) : 0;
    if (given != 0) key = ntk_digest_bytes(key, &given, sizeof given);
    key = ntk_digest_blas(key, &origin->blas);
    return ntk_digest_text(key, origin->vector_isa);
}

static ntk_status describe_settings(const ntk_setting *settings, size_t count, char **out) {
    char text[4096] = "";
    for (size_t i = 0; i < count; i++) {
        if (i > 0) ntk_text_append(text, sizeof text, "; ");
        ntk_text_append(text, sizeof text, settings[i].name);
        ntk_text_append(text, sizeof text, " = ");
        ntk_text_append(text, sizeof text, settings[i].value);
    }
    return ntk_text_copy(text, out);
}

/* Creating the context validates the settings, before anything has been started. */
static ntk_status plan_settings(ntk_run *run, ntk_task *task, ntk_setting *overrides) {
    const ntk_claim *claim = &run->claims[task->claim].claim;
    size_t given = ntk_task_overrides(run, task, overrides);
    if (run->given.x_path != NULL && ntk_given_applies(task->variant))
        given += ntk_given_settings(&run->given, claim, overrides + given);
    ntk_context *context;
    NTK_TRY(ntk_claim_context(claim, run->options.tier, task->variant, overrides, given, run->options.seed,
                              run->suite->data, &context));
    const ntk_setting *settings;
    const size_t count = ntk_context_settings(context, &settings);
    task->setting_digest = digest_settings(settings, count);
    task->key = key_of(run, task, claim);
    const ntk_status status = describe_settings(settings, count, &task->settings);
    ntk_context_destroy(context);
    return status;
}

/* ---- tasks ----------------------------------------------------------------------------------- */

static void release_task(ntk_task *task) {
    ntk_release(task->name);
    ntk_release(task->unit);
    ntk_release(task->folder);
    ntk_release(task->settings);
    ntk_release(task->cause);
    ntk_metrics_release(&task->metrics);
}

static ntk_status name_task(const ntk_claim *claim, ntk_task *task) {
    const ntk_control *control = task->variant.control;
    if (control == NULL) return ntk_text_copy(claim->id, &task->name);
    return ntk_text_format(&task->name, "%s/%s%s", claim->id, control->name,
                           task->variant.twin ? "/twin" : "");
}

/* Of a claim that cannot be computed: its processes have failed before they begin, and the others
 * go on. */
static ntk_status plan_failure(const ntk_run *run, ntk_task *task) {
    task->state = NTK_TASK_FAILED;
    NTK_TRY(ntk_text_copy("", &task->settings));
    return ntk_text_format(&task->cause, "could not be started: %s", run->claims[task->claim].claim.cause);
}

static ntk_status plan_task(ntk_run *run, size_t index, ntk_variant variant, ntk_task *task) {
    *task = (ntk_task){.claim = index, .variant = variant, .expected_seconds = -1};
    NTK_TRY(name_task(&run->claims[index].claim, task));
    NTK_TRY(ntk_text_format(&task->unit, "%s %s", task->name, ntk_tier_text(run->options.tier)));
    if (run->claims[index].claim.cause != NULL) return plan_failure(run, task);
    void *memory;
    NTK_TRY(
        ntk_allocate(run->options.override_count + NTK_GIVEN_MOST_SETTINGS, sizeof(ntk_setting), &memory));
    const ntk_status status = plan_settings(run, task, memory);
    ntk_release(memory);
    return status;
}

static ntk_status plan_claim(ntk_run *run, size_t index, const char *id) {
    ntk_claim_run *claim = &run->claims[index];
    NTK_TRY(ntk_suite_claim_alone(run->suite, id, &claim->claim));
    const size_t controls = claim->claim.control_count;
    void *memory;
    NTK_TRY(ntk_allocate(1 + 2 * controls, sizeof *claim->tasks, &memory));
    claim->tasks = memory;
    NTK_TRY(ntk_allocate(controls, sizeof *claim->twins, &memory));
    claim->twins = memory;
    NTK_TRY(ntk_allocate(2 * controls, sizeof *claim->control_causes, &memory));
    claim->control_causes = memory;
    claim->twin_causes = claim->control_causes + controls;
    claim->figure = (ntk_task){.claim = index, .is_figure = true, .state = NTK_TASK_DONE};
    return ntk_text_format(&claim->figure.name, "%s figure", id);
}

static ntk_status add_task(ntk_run *run, size_t index, ntk_variant variant) {
    ntk_claim_run *claim = &run->claims[index];
    return plan_task(run, index, variant, &claim->tasks[claim->task_count++]);
}

/* One process serves all twins of the same settings, and the claim's own serves those that have
 * its. */
static ntk_status plan_twin(ntk_run *run, size_t index, size_t control) {
    ntk_claim_run *claim = &run->claims[index];
    NTK_TRY(add_task(run, index, (ntk_variant){&claim->claim.controls[control], true}));
    ntk_task *twin = &claim->tasks[claim->task_count - 1];
    claim->twins[control] = twin;
    for (ntk_task *task = claim->tasks; task < twin; task++) {
        if (task->setting_digest != twin->setting_digest) continue;
        claim->twins[control] = task;
        release_task(twin);
        claim->task_count--;
        break;
    }
    return NTK_OK;
}

static ntk_status plan_tasks(ntk_run *run, size_t index) {
    const ntk_claim *claim = &run->claims[index].claim;
    NTK_TRY(add_task(run, index, (ntk_variant){0}));
    for (size_t c = 0; c < claim->control_count; c++)
        NTK_TRY(add_task(run, index, (ntk_variant){&claim->controls[c], false}));
    for (size_t c = 0; c < claim->control_count; c++) NTK_TRY(plan_twin(run, index, c));
    return NTK_OK;
}

/* Of the claims that are selected, those of the tier. One that is named by itself has to have
 * it. */
static ntk_status keep_tier(const ntk_run *run, const char *const *names, size_t count, bool *selected) {
    size_t kept = 0;
    const ntk_registry_entry *registry = run->suite->registry;
    for (size_t i = 0; registry[i].id != NULL && run->options.tier == NTK_TIER_LARGE; i++) {
        ntk_claim claim;
        if (!selected[i]) continue;
        NTK_TRY(ntk_suite_claim_alone(run->suite, registry[i].id, &claim));
        bool named = false;
        for (size_t k = 0; k < count; k++) named = named || strcmp(names[k], registry[i].id) == 0;
        const ntk_status status = named ? ntk_claim_require_tier(&claim, run->options.tier) : NTK_OK;
        selected[i] = ntk_claim_has_tier(&claim, run->options.tier);
        kept += selected[i];
        ntk_claim_release(&claim);
        NTK_TRY(status);
    }
    if (kept > 0 || run->options.tier != NTK_TIER_LARGE) return NTK_OK;
    return ntk_fail(NTK_ERROR_NOT_FOUND, "none of these claims has a large tier (`ntk list --tier large`)");
}

static ntk_status plan_selection(ntk_run *run, const bool *selected, size_t available) {
    void *memory;
    NTK_TRY(ntk_allocate(available, sizeof *run->claims, &memory));
    run->claims = memory;
    for (size_t i = 0; i < available; i++)
        if (selected[i]) {
            run->claim_count++;
            NTK_TRY(plan_claim(run, run->claim_count - 1, run->suite->registry[i].id));
        }
    NTK_TRY(check_overrides(run));
    for (size_t i = 0; i < run->claim_count && run->given.x_path != NULL; i++)
        if (run->claims[i].claim.cause == NULL) NTK_TRY(ntk_given_check(&run->given, &run->claims[i].claim));
    for (size_t i = 0; i < run->claim_count; i++) NTK_TRY(plan_tasks(run, i));
    return NTK_OK;
}

/* What all shards run is noted, so that merging them can tell whether one is missing. */
static ntk_status plan_shard(ntk_run *run, bool *selected) {
    if (run->options.shard.count == 0) return NTK_OK;
    void *ids = NULL;
    ntk_status status = NTK_OK;
    for (size_t i = 0; run->suite->registry[i].id != NULL && status == NTK_OK; i++) {
        if (!selected[i]) continue;
        status = ntk_array_grow(&ids, run->shard_of_count, sizeof(char *));
        run->shard_of = ids;
        if (status == NTK_OK)
            status = ntk_text_copy(run->suite->registry[i].id, &run->shard_of[run->shard_of_count++]);
    }
    NTK_TRY(status);
    return ntk_shard_select(run->suite, run->options.tier, run->options.shard, selected);
}

ntk_status ntk_run_plan(ntk_run *run, const char *const *names, size_t count) {
    NTK_TRY(ntk_provenance_read(run->suite->executable, &run->provenance));
    NTK_TRY(ntk_data_freeze(run->suite->data, &run->data));
    if (run->options.data_x != NULL)
        NTK_TRY(ntk_given_read(run->options.data_x, run->options.data_y, &run->given));
    size_t available = 0;
    while (run->suite->registry[available].id != NULL) available++;
    void *memory;
    NTK_TRY(ntk_allocate(available, sizeof(bool), &memory));
    ntk_status status = ntk_suite_select(run->suite, names, count, memory);
    if (status == NTK_OK) status = keep_tier(run, names, count, memory);
    if (status == NTK_OK) status = plan_shard(run, memory);
    if (status == NTK_OK) status = plan_selection(run, memory, available);
    ntk_release(memory);
    return status;
}

ntk_status ntk_run_locate_tasks(ntk_run *run) {
    for (size_t i = 0; i < run->claim_count; i++) {
        ntk_claim_run *claim = &run->claims[i];
        NTK_TRY(ntk_text_format(&claim->figure.folder, "%s/%s", run->folder, claim->claim.id));
        for (size_t t = 0; t < claim->task_count; t++) {
            ntk_task *task = &claim->tasks[t];
            const ntk_control *control = task->variant.control;
            NTK_TRY(control
                        ? ntk_text_format(&task->folder, "%s/%s/controls/%s%s", run->folder, claim->claim.id,
                                          control->name, task->variant.twin ? "/twin" : "")
                        : ntk_text_format(&task->folder, "%s/%s", run->folder, claim->claim.id));
        }
    }
    return NTK_OK;
}

/* ---- what has been done already -------------------------------------------------------------- */

/* A task counts as done where the journal has its key and its tables are the ones that it left. */
static ntk_status recall_task(ntk_run *run, ntk_task *task) {
    if (task->state != NTK_TASK_WAITING) return NTK_OK; /* of a merged run */
    const ntk_journal_entry *entry = ntk_journal_find(run->journal, task->key);
    ntk_digest tables;
    if (entry == NULL || access(task->folder, F_OK) != 0) return NTK_OK;
    NTK_TRY(ntk_digest_tables(task->folder, &tables));
    if (tables != entry->tables) return NTK_OK;
    char *path;
    NTK_TRY(ntk_text_format(&path, "%s/metrics.tsv", task->folder));
    const ntk_status status = ntk_metrics_read(path, &task->metrics);
    ntk_release(path);
    NTK_TRY(status);
    task->state = NTK_TASK_DONE;
    task->reused = true;
    task->tables = tables;
    task->process.seconds = entry->seconds;
    task->process.cpu_seconds = entry->cpu_seconds;
    task->process.peak_memory = entry->peak_memory;
    return NTK_OK;
}

ntk_status ntk_run_recall(ntk_run *run) {
    for (size_t i = 0; i < run->claim_count; i++)
        for (size_t t = 0; t < run->claims[i].task_count; t++)
            NTK_TRY(recall_task(run, &run->claims[i].tasks[t]));
    return NTK_OK;
}

/* ---- release --------------------------------------------------------------------------------- */

void ntk_run_release_plan(ntk_run *run) {
    for (size_t i = 0; i < run->claim_count; i++) {
        ntk_claim_run *claim = &run->claims[i];
        if (claim->judged) ntk_claim_outcome_release(&claim->claim, &claim->outcome);
        for (size_t t = 0; claim->tasks != NULL && t < claim->task_count; t++) release_task(&claim->tasks[t]);
        release_task(&claim->figure);
        ntk_release(claim->tasks);
        ntk_release(claim->twins);
        ntk_release(claim->control_causes);
        ntk_expected_destroy(claim->expected);
        ntk_release(claim->figure_path);
        ntk_release(claim->figure_warning);
        ntk_claim_release(&claim->claim);
    }
    ntk_texts_release(run->shard_of, run->shard_of_count);
    run->shard_of = NULL;
    ntk_release(run->claims);
    run->claims = NULL;
    run->claim_count = 0;
}
