/* manifest.json: where the numbers come from. */
#include "run/manifest.h"

#include <inttypes.h>
#include <stdio.h>

#include <ntk/status.h>

#include "claim/claim.h"
#include "run/catalogue.h"
#include "run/identity.h"
#include "run/json.h"
#include "run/state.h"

static void set_time(json_t *object, const char *key, time_t time) {
    char text[32];
    struct tm utc;
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&time, &utc));
    ntk_json_set_text(object, key, text);
}

static void set_digest(json_t *object, const char *key, ntk_digest digest) {
    char text[24];
    snprintf(text, sizeof text, "%016" PRIx64, digest);
    ntk_json_set_text(object, key, text);
}

static json_t *build_object(const ntk_run *run) {
    json_t *build = json_object();
    ntk_json_set_text(build, "commit", ntk_build_commit);
    ntk_json_set_text(build, "compiler", ntk_build_compiler);
    ntk_json_set_text(build, "flags", ntk_build_flags);
    set_digest(build, "code", run->provenance.code);
    set_digest(build, "binary", run->provenance.binary);
    return build;
}

/* The file and the build of every BLAS and LAPACK function that is used. */
static json_t *libraries_array(const ntk_blas_info *blas) {
    json_t *libraries = json_array();
    for (size_t k = 0; k < blas->library_count; k++) {
        json_t *library = json_object();
        ntk_json_set_text(library, "file", blas->libraries[k].path);
        ntk_json_set_text(library, "build", blas->libraries[k].build);
        ntk_json_set_text(library, "symbols", blas->libraries[k].symbols);
        json_array_append_new(libraries, library);
    }
    return libraries;
}

static json_t *machine_object(const ntk_run *run) {
    const ntk_provenance *origin = &run->provenance;
    json_t *machine = json_object();
    ntk_json_set_text(machine, "cpu", origin->cpu);
    ntk_json_set_text(machine, "system", origin->system);
    ntk_json_set_text(machine, "vector_code", origin->vector_isa);
    ntk_json_set_text(machine, "blas", origin->blas.name);
    ntk_json_set_text(machine, "blas_version", origin->blas.version);
    ntk_json_set_text(machine, "blas_core", origin->blas.core);
    json_object_set_new(machine, "blas_threads", json_integer(origin->blas.threads));
    json_object_set_new(machine, "blas_libraries", libraries_array(&origin->blas));
    json_object_set_new(machine, "processors", json_integer((json_int_t)ntk_processor_count()));
    return machine;
}

static json_t *given_file(const char *path, ntk_digest digest) {
    json_t *file = json_object();
    ntk_json_set_text(file, "file", path);
    set_digest(file, "content", digest);
    return file;
}

static json_t *given_object(const ntk_given *given) {
    json_t *object = json_object();
    json_object_set_new(object, "x", given_file(given->x_path, given->x_file));
    if (given->y_path != NULL) json_object_set_new(object, "y", given_file(given->y_path, given->y_file));
    return object;
}

/* The data and the claims as they were when the run was planned; of claims outside this program
 * also what computes them, and where they lie. */
static json_t *inputs_object(const ntk_run *run) {
    json_t *inputs = json_object(), *claims = json_object();
    set_digest(inputs, "data", run->data.content);
    for (size_t i = 0; i < run->claim_count; i++)
        set_digest(claims, run->claims[i].claim.id, run->claims[i].claim.content);
    json_object_set_new(inputs, "claims", claims);
    if (run->given.x_path != NULL) json_object_set_new(inputs, "given", given_object(&run->given));
    if (run->suite->outside == NULL) return inputs;
    json_t *code = json_object();
    for (size_t i = 0; i < run->claim_count; i++)
        set_digest(code, run->claims[i].claim.id, run->claims[i].claim.code);
    json_object_set_new(inputs, "code", code);
    ntk_json_set_text(inputs, "suites", run->suite->suites);
    return inputs;
}

static const char *state_of(const ntk_task *task) {
    static const char *const states[] = {"waiting", "running", "done", "failed"};
    if (task->state != NTK_TASK_FAILED) return states[task->state];
    return task->skipped ? "skipped" : task->changed ? "changed" : "failed";
}

static json_t *process_object(const ntk_task *task) {
    json_t *process = json_object();
    ntk_json_set_text(process, "name", task->name);
    ntk_json_set_text(process, "state", state_of(task));
    ntk_json_set_text(process, "parameters", task->settings);
    if (task->cause != NULL) ntk_json_set_text(process, "cause", task->cause);
    ntk_json_set_number(process, "seconds", task->process.seconds);
    ntk_json_set_number(process, "cpu_seconds", task->process.cpu_seconds);
    ntk_json_set_number(process, "peak_megabytes", task->process.peak_memory);
    json_object_set_new(process, "from_journal", json_boolean(task->reused));
    return process;
}

static json_t *processes_array(const ntk_run *run) {
    json_t *processes = json_array();
    for (size_t i = 0; i < run->claim_count; i++)
        for (size_t t = 0; t < run->claims[i].task_count; t++)
            json_array_append_new(processes, process_object(&run->claims[i].tasks[t]));
    return processes;
}

/* Which part of which whole this run is. */
static json_t *shard_object(const ntk_run *run) {
    json_t *shard = json_object(), *of = json_array();
    json_object_set_new(shard, "index", json_integer((json_int_t)run->options.shard.index));
    json_object_set_new(shard, "count", json_integer((json_int_t)run->options.shard.count));
    for (size_t i = 0; i < run->shard_of_count; i++)
        json_array_append_new(of, ntk_json_text(run->shard_of[i]));
    json_object_set_new(shard, "of", of);
    return shard;
}

/* Of a merged run: its first part's, with what the parts say together. */
static json_t *merged_machine(const ntk_run *run) {
    const ntk_provenance *origin = &run->provenance;
    json_t *machine = json_deep_copy(json_object_get(json_array_get(run->parts, 0), "machine"));
    ntk_json_set_text(machine, "cpu", origin->cpu);
    ntk_json_set_text(machine, "system", origin->system);
    ntk_json_set_text(machine, "blas_version", origin->blas_label);
    return machine;
}

static json_t *overrides_object(const ntk_run *run) {
    json_t *overrides = json_object();
    for (size_t i = 0; i < run->options.override_count; i++)
        ntk_json_set_text(overrides, run->options.overrides[i].name, run->options.overrides[i].value);
    return overrides;
}

ntk_status ntk_manifest_write(const ntk_run *run, const char *path) {
    json_t *manifest = json_object();
    json_object_set_new(manifest, "version", json_integer(NTK_MANIFEST_VERSION));
    set_time(manifest, "started", run->started);
    ntk_json_set_text(manifest, "tier", ntk_tier_text(run->options.tier));
    /* A string: JSON readers take integers beyond 2^53 for doubles. */
    char seed[24];
    snprintf(seed, sizeof seed, "%" PRIu64, run->options.seed);
    ntk_json_set_text(manifest, "seed", seed);
    if (run->options.rounding != NTK_ROUNDING_NEAREST)
        ntk_json_set_text(manifest, "rounding", ntk_rounding_text(run->options.rounding));
    json_object_set_new(manifest, "overrides", overrides_object(run));
    json_object_set_new(manifest, "workers", json_integer((json_int_t)run->options.jobs));
    ntk_json_set_text(manifest, "data", run->suite->data);
    json_object_set_new(manifest, "inputs", inputs_object(run));
    json_object_set_new(manifest, "build", build_object(run));
    json_object_set_new(manifest, "machine", run->parts != NULL ? merged_machine(run) : machine_object(run));
    if (run->options.shard.count > 0) json_object_set_new(manifest, "shard", shard_object(run));
    if (run->parts != NULL) json_object_set(manifest, "parts", run->parts);
    ntk_json_set_number(manifest, "wall_seconds", run->wall_seconds);
    ntk_json_set_number(manifest, "cpu_seconds", run->cpu_seconds);
    if (run->wall_seconds > 0)
        ntk_json_set_number(manifest, "processors_busy",
                            run->cpu_seconds / run->wall_seconds / (double)ntk_processor_count());
    json_object_set_new(manifest, "processes", processes_array(run));
    return ntk_json_write(manifest, path);
}
