#include "run/outside.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ntk/memory.h>

#include "experiment/support.h"
#include "run/compiled.h"
#include "run/inputs.h"
#include "run/program_file.h"

typedef struct outside_claim {
    char *id, *folder, *program;
    ntk_declarations *declarations; /* of a program */
    ntk_outside_claim loaded;       /* experiment: NULL until it is asked for */
} outside_claim;

struct ntk_outside {
    char *suites, *executable;
    void *claims; /* outside_claim[count] */
    size_t count;
};

static outside_claim *claim_at(const ntk_outside *outside, size_t index) {
    return &((outside_claim *)outside->claims)[index];
}

/* ---- finding --------------------------------------------------------------------------------- */

static int is_visible(const struct dirent *entry) { return entry->d_name[0] != '.'; }

static int by_bytes(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool exists(const char *folder, const char *name) {
    char *path;
    if (ntk_text_format(&path, "%s/%s", folder, name) != NTK_OK) return false;
    const bool found = access(path, F_OK) == 0;
    ntk_release(path);
    return found;
}

static ntk_status add_claim(ntk_outside *outside, const char *suite, const char *name) {
    char *folder;
    NTK_TRY(ntk_text_format(&folder, "%s/%s/%s", outside->suites, suite, name));
    if (!exists(folder, "claim.yaml")) {
        ntk_release(folder);
        return NTK_OK;
    }
    ntk_status status = ntk_array_grow(&outside->claims, outside->count, sizeof(outside_claim));
    if (status != NTK_OK) {
        ntk_release(folder);
        return status;
    }
    outside_claim *claim = claim_at(outside, outside->count++);
    claim->folder = folder;
    if (!ntk_text_is_name(suite) || !ntk_text_is_name(name))
        return ntk_fail(NTK_ERROR_FORMAT, "%s: the names of a claim and its suite consist of " NTK_NAME_RULE,
                        folder);
    return ntk_text_format(&claim->id, "%s/%s", suite, name);
}

/* What is found in a folder, in the order of the names. What is no folder holds nothing. */
typedef ntk_status entry_visitor(ntk_outside *outside, const char *parent, const char *name);

static ntk_status visit(ntk_outside *outside, const char *path, const char *parent, entry_visitor *visitor) {
    struct dirent **entries;
    const int count = scandir(path, &entries, is_visible, by_bytes);
    if (count < 0 && errno == ENOTDIR) return NTK_OK;
    if (count < 0) return ntk_fail(NTK_ERROR_IO, "%s: %s", path, strerror(errno));
    ntk_status status = NTK_OK;
    for (int i = 0; i < count; i++) {
        if (status == NTK_OK) status = visitor(outside, parent, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return status;
}

static ntk_status visit_suite(ntk_outside *outside, const char *parent, const char *name) {
    (void)parent;
    char *path;
    struct stat info;
    NTK_TRY(ntk_text_format(&path, "%s/%s", outside->suites, name));
    const bool is_folder = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
    const ntk_status status = is_folder ? visit(outside, path, name, add_claim) : NTK_OK;
    ntk_release(path);
    return status;
}

ntk_status ntk_outside_open(const char *suites, const char *executable, ntk_outside **out) {
    void *memory;
    NTK_TRY(ntk_allocate(1, sizeof(ntk_outside), &memory));
    ntk_outside *outside = memory;
    ntk_status status = ntk_text_copy(suites, &outside->suites);
    if (status == NTK_OK) status = ntk_text_copy(executable, &outside->executable);
    if (status == NTK_OK) status = visit(outside, outside->suites, "", visit_suite);
    *out = status == NTK_OK ? outside : NULL;
    if (status != NTK_OK) ntk_outside_close(outside);
    return status;
}

void ntk_outside_close(ntk_outside *outside) {
    for (size_t i = 0; i < outside->count; i++) {
        outside_claim *claim = claim_at(outside, i);
        ntk_release(claim->id);
        ntk_release(claim->folder);
        ntk_release(claim->program);
        ntk_declarations_destroy(claim->declarations);
    }
    ntk_release(outside->claims);
    ntk_release(outside->suites);
    ntk_release(outside->executable);
    ntk_release(outside);
}

size_t ntk_outside_count(const ntk_outside *outside) { return outside->count; }

const char *ntk_outside_id(const ntk_outside *outside, size_t index) { return claim_at(outside, index)->id; }

/* ---- loading --------------------------------------------------------------------------------- */

static ntk_status load_program(outside_claim *claim) {
    NTK_TRY(ntk_text_format(&claim->program, "%s/experiment", claim->folder));
    struct stat info;
    if (stat(claim->program, &info) == 0 && !S_ISREG(info.st_mode))
        return ntk_fail(NTK_ERROR_FORMAT, "%s is no executable file: %s", claim->program,
                        S_ISDIR(info.st_mode) ? "it is a folder" : "it is no regular file");
    if (access(claim->program, X_OK) != 0)
        return ntk_fail(NTK_ERROR_FORMAT, "%s is no executable file: %s (chmod +x?)", claim->program,
                        strerror(errno));
    NTK_TRY(ntk_declarations_read(claim->folder, &claim->declarations));
    NTK_TRY(ntk_sources_digest(claim->folder, &claim->loaded.code));
    claim->loaded.program = claim->program;
    claim->loaded.experiment = ntk_declarations_experiment(claim->declarations);
    return NTK_OK;
}

static ntk_status load(const ntk_outside *outside, outside_claim *claim) {
    const bool source = exists(claim->folder, "experiment.c"), program = exists(claim->folder, "experiment");
    if (source && program)
        return ntk_fail(NTK_ERROR_FORMAT, "%s has an experiment.c and an executable experiment: one of them",
                        claim->folder);
    if (program) return load_program(claim);
    if (source)
        return ntk_compiled_load(outside->suites, claim->folder, outside->executable,
                                 &claim->loaded.experiment, &claim->loaded.code);
    return ntk_fail(NTK_ERROR_FORMAT, "%s has neither experiment.c nor an executable file experiment",
                    claim->folder);
}

ntk_status ntk_outside_load(ntk_outside *outside, const char *id, ntk_outside_claim *out) {
    for (size_t i = 0; i < outside->count; i++) {
        outside_claim *claim = claim_at(outside, i);
        if (strcmp(claim->id, id) != 0) continue;
        if (claim->loaded.experiment == NULL) NTK_TRY(load(outside, claim));
        *out = claim->loaded;
        return NTK_OK;
    }
    return ntk_fail(NTK_ERROR_NOT_FOUND, "%s: no claim %s", outside->suites, id);
}
