/* Merging: the tables of the parts are copied and their journals put behind each other. A process
 * counts as done by its name and the digest of its tables, and keeps the key of the machine that
 * computed it; one that failed there has failed here. */
#include "run/merge.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ntk/file.h>
#include <ntk/lab/metrics.h>
#include <ntk/memory.h>

#include "experiment/support.h"
#include "run/identity.h"
#include "run/journal.h"
#include "run/json.h"
#include "run/record.h"
#include "run/runner.h"

/* ---- whether the parts fit ------------------------------------------------------------------- */

static bool same_text(const ntk_record *a, const ntk_record *b, const char *section, const char *key) {
    return strcmp(ntk_record_text(a, section, key), ntk_record_text(b, section, key)) == 0;
}

/* The first thing in which two parts differ and must not; NULL where they fit. */
static const char *misfit(const ntk_record *a, const ntk_record *b) {
    if (a->tier != b->tier) return "of another tier";
    if (!same_text(a, b, NULL, "seed")) return "of another seed";
    if (!same_text(a, b, NULL, "rounding")) return "of another rounding";
    if (!same_text(a, b, "build", "code")) return "computed by another program";
    if (!same_text(a, b, "inputs", "data")) return "of other data";
    if (!json_equal(json_object_get(a->manifest, "overrides"), json_object_get(b->manifest, "overrides")))
        return "of other parameters (--set)";
    const json_t *left = json_object_get(a->manifest, "shard"),
                 *right = json_object_get(b->manifest, "shard");
    if (left == NULL && right == NULL) return NULL;
    if (!json_equal(json_object_get(left, "of"), json_object_get(right, "of")) ||
        !json_equal(json_object_get(left, "count"), json_object_get(right, "count")))
        return "a shard of another split";
    return NULL;
}

static bool is_part_of(const ntk_record *parts, size_t count, const char *id) {
    for (size_t p = 0; p < count; p++)
        if (ntk_record_claim(&parts[p], id) != NULL) return true;
    return false;
}

/* Of shards, that every claim of the whole has been run. */
static ntk_status require_whole(const ntk_record *parts, size_t count) {
    size_t index;
    const json_t *item;
    json_array_foreach(
        json_object_get(json_object_get(parts[0].manifest, "shard"), "of"), index,
        item) if (!is_part_of(parts, count,
                              json_string_value(
                                  item))) return ntk_fail(NTK_ERROR_UNSUPPORTED,
                                                          "none of the folders holds %s: a shard is missing",
                                                          json_string_value(item));
    return NTK_OK;
}

static ntk_status require_fit(const ntk_record *parts, size_t count) {
    for (size_t p = 0; p < count; p++) {
        if (json_object_get(json_object_get(parts[p].manifest, "inputs"), "given") != NULL)
            return ntk_fail(NTK_ERROR_UNSUPPORTED,
                            "%s was run on data of its own (--data-x); it stands alone", parts[p].folder);
        const char *reason = misfit(&parts[0], &parts[p]);
        if (reason != NULL)
            return ntk_fail(NTK_ERROR_UNSUPPORTED, "%s is %s than %s", parts[p].folder, reason,
                            parts[0].folder);
        size_t index;
        const json_t *claim;
        json_array_foreach(json_object_get(parts[p].summary, "claims"), index, claim) {
            const char *id = json_string_value(json_object_get(claim, "id"));
            if (id != NULL && is_part_of(parts, p, id))
                return ntk_fail(NTK_ERROR_UNSUPPORTED, "%s holds %s, and so does an earlier folder",
                                parts[p].folder, id);
        }
    }
    return require_whole(parts, count);
}

/* ---- whether they are of this program -------------------------------------------------------- */

static bool is_digest(const char *text, ntk_digest digest) {
    char own[24];
    snprintf(own, sizeof own, "%016" PRIx64, digest);
    return strcmp(text, own) == 0;
}

static const ntk_record *part_of(const ntk_record *parts, size_t count, const char *id) {
    for (size_t p = 0; p < count; p++)
        if (ntk_record_claim(&parts[p], id) != NULL) return &parts[p];
    return NULL;
}

/* The digest that a part's manifest has of a claim. */
static const char *input_of(const ntk_record *part, const char *what, const char *id) {
    return json_string_value(
        json_object_get(json_object_get(json_object_get(part->manifest, "inputs"), what), id));
}

static ntk_status require_same_claim(const ntk_claim *claim, const ntk_record *part) {
    const char *content = input_of(part, "claims", claim->id), *code = input_of(part, "code", claim->id);
    if (content == NULL || !is_digest(content, claim->content))
        return ntk_fail(NTK_ERROR_UNSUPPORTED, "%s: its claim.yaml has changed since %s was computed",
                        claim->id, part->folder);
    if (claim->code != 0 && (code == NULL || !is_digest(code, claim->code)))
        return ntk_fail(NTK_ERROR_UNSUPPORTED, "%s: its experiment has changed since %s was computed",
                        claim->id, part->folder);
    return NTK_OK;
}

static ntk_status require_same_inputs(const ntk_run *run, const ntk_record *parts, size_t count) {
    if (!is_digest(ntk_record_text(&parts[0], "build", "code"), run->provenance.code))
        return ntk_fail(NTK_ERROR_UNSUPPORTED,
                        "%s was computed by another program (commit %s); merge with that one",
                        parts[0].folder, ntk_record_text(&parts[0], "build", "commit"));
    if (!is_digest(ntk_record_text(&parts[0], "inputs", "data"), run->data.content))
        return ntk_fail(NTK_ERROR_UNSUPPORTED, "%s was computed from other data than %s holds now",
                        parts[0].folder, run->suite->data);
    for (size_t i = 0; i < run->claim_count; i++) {
        const ntk_claim *claim = &run->claims[i].claim;
        NTK_TRY(require_same_claim(claim, part_of(parts, count, claim->id)));
    }
    return NTK_OK;
}

/* ---- copying --------------------------------------------------------------------------------- */

/* Figures are drawn anew. */
static bool is_copied(const char *name) {
    return name[0] != '.' && strncmp(name, "figure.", 7) != 0 && strncmp(name, "gnuplot-", 8) != 0;
}

static ntk_status copy_folder(const char *from, const char *to);

static ntk_status copy_entry(const char *from, const char *to) {
    struct stat info;
    char *content = NULL;
    size_t size;
    if (lstat(from, &info) != 0) return ntk_fail(NTK_ERROR_IO, "%s: %s", from, strerror(errno));
    if (S_ISDIR(info.st_mode)) return copy_folder(from, to);
    if (!S_ISREG(info.st_mode)) return NTK_OK;
    ntk_status status = ntk_file_read(from, &content, &size);
    if (status == NTK_OK) status = ntk_file_write(to, content, size);
    ntk_release(content);
    return status;
}

static ntk_status copy_folder(const char *from, const char *to) {
    NTK_TRY(ntk_folder_create(to));
    DIR *folder = opendir(from);
    if (folder == NULL) return ntk_fail(NTK_ERROR_IO, "%s: %s", from, strerror(errno));
    ntk_status status = NTK_OK;
    for (const struct dirent *entry; status == NTK_OK && (entry = readdir(folder)) != NULL;) {
        char *source = NULL, *target = NULL;
        if (!is_copied(entry->d_name)) continue;
        status = ntk_text_format(&source, "%s/%s", from, entry->d_name);
        if (status == NTK_OK) status = ntk_text_format(&target, "%s/%s", to, entry->d_name);
        if (status == NTK_OK) status = copy_entry(source, target);
        ntk_release(source);
        ntk_release(target);
    }
    closedir(folder);
    return status;
}

static ntk_status copy_claims(const ntk_run *run, const ntk_record *parts, size_t count) {
    for (size_t i = 0; i < run->claim_count; i++) {
        const char *id = run->claims[i].claim.id;
        char *from = NULL;
        NTK_TRY(ntk_text_format(&from, "%s/%s", part_of(parts, count, id)->folder, id));
        const ntk_status status =
            access(from, F_OK) == 0 ? copy_folder(from, run->claims[i].figure.folder) : NTK_OK;
        ntk_release(from);
        NTK_TRY(status);
    }
    return NTK_OK;
}

/* ---- what the parts have done ---------------------------------------------------------------- */

static const json_t *process_of(const ntk_record *part, const char *name) {
    size_t index;
    const json_t *process;
    json_array_foreach(json_object_get(part->manifest, "processes"), index, process) {
        const char *own = json_string_value(json_object_get(process, "name"));
        if (own != NULL && strcmp(own, name) == 0) return process;
    }
    return NULL;
}

static double number_of(const json_t *object, const char *key) {
    return json_number_value(json_object_get(object, key));
}

static ntk_status take_failure(ntk_task *task, const json_t *process) {
    const char *state = json_string_value(json_object_get(process, "state"));
    const char *cause = json_string_value(json_object_get(process, "cause"));
    task->state = NTK_TASK_FAILED;
    task->skipped = state != NULL && strcmp(state, "skipped") == 0;
    task->changed = state != NULL && strcmp(state, "changed") == 0;
    ntk_release(task->cause);
    task->cause = NULL;
    return ntk_text_copy(cause != NULL ? cause : "failed", &task->cause);
}

/* Its line in the part's journal becomes one of this run's. */
static ntk_status take_result(ntk_run *run, const ntk_record *part, const ntk_journal *journal,
                              ntk_task *task) {
    char *path;
    const ntk_journal_entry *entry = ntk_journal_find_unit(journal, task->unit);
    ntk_digest tables;
    NTK_TRY(ntk_digest_tables(task->folder, &tables));
    if (entry == NULL || entry->tables != tables)
        return ntk_fail(NTK_ERROR_UNSUPPORTED, "%s: the tables of %s are not those that its process left",
                        part->folder, task->name);
    NTK_TRY(ntk_text_format(&path, "%s/metrics.tsv", task->folder));
    const ntk_status status = ntk_metrics_read(path, &task->metrics);
    ntk_release(path);
    NTK_TRY(status);
    task->key = entry->key;
    task->tables = tables;
    task->state = NTK_TASK_DONE;
    return ntk_journal_append(run->journal, entry);
}

static ntk_status take_task(ntk_run *run, const ntk_record *part, const ntk_journal *journal,
                            ntk_task *task) {
    const json_t *process = process_of(part, task->name);
    const char *state = json_string_value(json_object_get(process, "state"));
    if (state == NULL)
        return ntk_fail(NTK_ERROR_UNSUPPORTED, "%s does not say how %s ended", part->folder, task->name);
    task->reused = true;
    task->process.seconds = number_of(process, "seconds");
    task->process.cpu_seconds = number_of(process, "cpu_seconds");
    task->process.peak_memory = number_of(process, "peak_megabytes");
    return strcmp(state, "done") == 0 ? take_result(run, part, journal, task) : take_failure(task, process);
}

/* All claims of one part. */
static ntk_status take_part(ntk_run *run, const ntk_record *part) {
    char *path;
    ntk_journal *journal;
    NTK_TRY(ntk_text_format(&path, "%s/journal.log", part->folder));
    ntk_status status = ntk_journal_read(path, &journal);
    ntk_release(path);
    NTK_TRY(status);
    for (size_t i = 0; i < run->claim_count; i++) {
        ntk_claim_run *claim = &run->claims[i];
        if (ntk_record_claim(part, claim->claim.id) == NULL) continue;
        for (size_t t = 0; t < claim->task_count && status == NTK_OK; t++)
            status = take_task(run, part, journal, &claim->tasks[t]);
    }
    ntk_journal_close(journal);
    return status;
}

/* ---- provenance ------------------------------------------------------------------------------ */

/* "A; B" of what the parts say, each once. */
static void join(const ntk_record *parts, size_t count, const char *key, char *text, size_t size) {
    text[0] = '\0';
    for (size_t p = 0; p < count; p++) {
        const char *own = ntk_record_text(&parts[p], "machine", key);
        size_t said = 0;
        while (said < p && strcmp(ntk_record_text(&parts[said], "machine", key), own) != 0) said++;
        if (said < p) continue;
        if (text[0] != '\0') ntk_text_append(text, size, "; ");
        ntk_text_append(text, size, own);
    }
}

static ntk_status note_part(ntk_run *run, const ntk_record *part) {
    json_t *object = json_object();
    json_object_set_new(object, "folder", json_string(part->folder));
    static const char *const keys[] = {"started", "shard", "build", "machine", "wall_seconds", "cpu_seconds"};
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        json_t *value = json_object_get(part->manifest, keys[k]);
        if (value != NULL) json_object_set(object, keys[k], value);
    }
    return json_array_append_new(run->parts, object) == 0
               ? NTK_OK
               : ntk_fail(NTK_ERROR_MEMORY, "no memory for the parts of a run");
}

/* The machines are those of the parts; wall-clock time is that of the longest, from which this run
 * goes on. */
static ntk_status take_provenance(ntk_run *run, const ntk_record *parts, size_t count) {
    ntk_provenance *origin = &run->provenance;
    double wall = 0;
    run->parts = json_array();
    for (size_t p = 0; p < count; p++) {
        NTK_TRY(note_part(run, &parts[p]));
        run->cpu_seconds += number_of(parts[p].manifest, "cpu_seconds");
        const double own = number_of(parts[p].manifest, "wall_seconds");
        if (own > wall) wall = own;
    }
    run->begun -= wall;
    join(parts, count, "cpu", origin->cpu, sizeof origin->cpu);
    join(parts, count, "system", origin->system, sizeof origin->system);
    join(parts, count, "blas_version", origin->blas_label, sizeof origin->blas_label);
    return NTK_OK;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static ntk_status list_overrides(const ntk_record *part, ntk_setting **out, size_t *count) {
    json_t *overrides = json_object_get(part->manifest, "overrides");
    const char *key;
    json_t *value;
    void *memory;
    NTK_TRY(ntk_allocate(json_object_size(overrides) + 1, sizeof **out, &memory));
    *out = memory;
    json_object_foreach(overrides, key, value) {
        ntk_setting *setting = &(*out)[(*count)++];
        NTK_TRY(ntk_text_copy(key, &setting->name));
        NTK_TRY(ntk_text_copy(json_string_value(value) ? json_string_value(value) : "", &setting->value));
    }
    return NTK_OK;
}

static ntk_status list_claims(const ntk_record *parts, size_t count, const char ***out, size_t *named) {
    void *memory;
    size_t most = 0;
    for (size_t p = 0; p < count; p++) most += json_array_size(json_object_get(parts[p].summary, "claims"));
    NTK_TRY(ntk_allocate(most + 1, sizeof **out, &memory));
    *out = memory;
    for (size_t p = 0; p < count; p++) {
        size_t index;
        const json_t *claim;
        json_array_foreach(json_object_get(parts[p].summary, "claims"), index, claim) {
            const char *id = json_string_value(json_object_get(claim, "id"));
            if (id != NULL) (*out)[(*named)++] = id;
        }
    }
    return NTK_OK;
}

static ntk_status fill(ntk_run *run, const ntk_record *parts, size_t count) {
    NTK_TRY(require_same_inputs(run, parts, count));
    NTK_TRY(ntk_run_open(run));
    NTK_TRY(copy_claims(run, parts, count));
    for (size_t p = 0; p < count; p++) NTK_TRY(take_part(run, &parts[p]));
    (void)ntk_json_get_time(parts[0].manifest, "started", &run->started);
    return take_provenance(run, parts, count);
}

static ntk_status create(const ntk_suite *suite, const ntk_record *parts, size_t count,
                         const ntk_run_options *options, ntk_run **out) {
    ntk_run_options merged = *options;
    const char **names = NULL;
    size_t named = 0;
    merged.tier = parts[0].tier;
    merged.seed = strtoull(ntk_record_text(&parts[0], NULL, "seed"), NULL, 10);
    merged.shard = (ntk_shard){0};
    const char *rounding = ntk_record_text(&parts[0], NULL, "rounding");
    if (rounding[0] != '\0') NTK_TRY(ntk_rounding_parse(rounding, &merged.rounding));
    NTK_TRY(list_claims(parts, count, &names, &named));
    ntk_status status = ntk_run_prepare(suite, names, named, &merged, out);
    ntk_release(names);
    if (status == NTK_OK) status = fill(*out, parts, count);
    if (status != NTK_OK) {
        ntk_run_destroy(*out);
        *out = NULL;
    }
    return status;
}

static ntk_status merge(const ntk_suite *suite, const ntk_record *parts, size_t count,
                        const ntk_run_options *options, ntk_run **out) {
    NTK_TRY(require_fit(parts, count));
    ntk_setting *overrides = NULL;
    ntk_run_options merged = *options;
    merged.override_count = 0;
    ntk_status status = list_overrides(&parts[0], &overrides, &merged.override_count);
    merged.overrides = overrides;
    if (status == NTK_OK) status = create(suite, parts, count, &merged, out);
    if (status == NTK_OK) {
        (*out)->own_overrides = overrides;
        return NTK_OK;
    }
    for (size_t i = 0; i < merged.override_count; i++) {
        ntk_release(overrides[i].name);
        ntk_release(overrides[i].value);
    }
    ntk_release(overrides);
    return status;
}

ntk_status ntk_run_merge(const ntk_suite *suite, const char *const *folders, size_t count,
                         const ntk_run_options *options, ntk_run **out) {
    *out = NULL;
    void *memory;
    NTK_TRY(ntk_allocate(count, sizeof(ntk_record), &memory));
    ntk_record *parts = memory;
    ntk_status status = NTK_OK;
    for (size_t p = 0; p < count && status == NTK_OK; p++) status = ntk_record_open(folders[p], &parts[p]);
    if (status == NTK_OK) status = merge(suite, parts, count, options, out);
    ntk_records_release(parts, count);
    return status;
}
