/* The catalogue: where the suite's files are, and which claims a list of names means. */
#include "run/catalogue.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ntk/memory.h>
#include <ntk/status.h>

#include "base/nearest.h"
#include "claim/claim.h"
#include "experiment/support.h"
#include "run/outside.h"
#include "run/shell.h"

uint64_t ntk_suite_stored_seed(void) { return NTK_STORED_SEED; }

size_t ntk_processor_count(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return (size_t)CPU_COUNT(&set);
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (size_t)online : 1;
}

/* ---- the root -------------------------------------------------------------------------------- */

/* A claim of the registry is there: a folder of objects, build/suites say, is none of claims. */
static bool holds_suites(const ntk_registry_entry *registry, const char *folder) {
    bool found = false;
    for (const ntk_registry_entry *entry = registry; entry->id != NULL && !found; entry++) {
        char *path;
        if (ntk_text_format(&path, "%s/suites/%s/claim.yaml", folder, entry->id) != NTK_OK) return false;
        found = access(path, F_OK) == 0;
        ntk_release(path);
    }
    return found;
}

static void cut_last_component(char *path) {
    char *slash = strrchr(path, '/');
    if (slash != NULL) slash[slash == path ? 1 : 0] = '\0';
}

/* folder: (PATH_MAX + 64), holds the program's own folder and is changed. */
static bool find_root(const ntk_registry_entry *registry, char *folder) {
    char share[PATH_MAX + 64];
    snprintf(share, sizeof share, "%.*s/../share/ntk-verify", PATH_MAX, folder);
    for (int level = 0; level < 3; level++) {
        cut_last_component(folder);
        if (holds_suites(registry, folder)) return true;
    }
    memcpy(folder, share, sizeof share);
    return holds_suites(registry, folder);
}

static ntk_status locate_root(const ntk_registry_entry *registry, const char *executable, char **out) {
    char folder[PATH_MAX + 64], resolved[PATH_MAX];
    const char *named = getenv("NTK_ROOT");
    if (named != NULL && named[0] != '\0') {
        if (!holds_suites(registry, named))
            return ntk_fail(NTK_ERROR_NOT_FOUND, "NTK_ROOT=%s contains no claims in a folder suites/", named);
        snprintf(folder, sizeof folder, "%s", named);
    } else {
        snprintf(folder, sizeof folder, "%s", executable);
        cut_last_component(folder);
        if (!find_root(registry, folder))
            return ntk_fail(
                NTK_ERROR_NOT_FOUND,
                "no folder suites/ of claims above %s nor in ../share/ntk-verify beside it; set NTK_ROOT",
                executable);
    }
    if (realpath(folder, resolved) == NULL) return ntk_fail(NTK_ERROR_IO, "%s: %s", folder, strerror(errno));
    return ntk_text_copy(resolved, out);
}

/* A variable before a command. */
static void print_variable(const char *name, const char *value, FILE *stream) {
    fprintf(stream, "%s=", name);
    ntk_print_shell_word(value, stream);
    fputc(' ', stream);
}

void ntk_suite_print_command(const ntk_suite *suite, FILE *stream) {
    const char *name = strrchr(suite->executable, '/') + 1, *given = getenv("NTK_ROOT");
    char here[PATH_MAX];
    const size_t length = getcwd(here, sizeof here) != NULL ? strlen(here) : 0;
    const bool below =
        length > 1 && strncmp(suite->executable, here, length) == 0 && suite->executable[length] == '/';
    if (given != NULL && given[0] != '\0') print_variable("NTK_ROOT", suite->root, stream);
    if (suite->outside != NULL) print_variable(NTK_SUITES_VARIABLE, suite->suites, stream);
    if (ntk_shell_finds(name, suite->executable)) {
        fputs(name, stream);
        return;
    }
    if (below && strchr(suite->executable + length + 1, '/') == NULL) fputs("./", stream);
    ntk_print_shell_word(below ? suite->executable + length + 1 : suite->executable, stream);
}

/* ---- the files beside the claims ------------------------------------------------------------- */

/* A file or folder that the claims bring along, or else this program's. */
static ntk_status choose(const ntk_suite *suite, const char *name, const char *own, char **out) {
    NTK_TRY(ntk_text_format(out, "%s/%s", suite->suites, name));
    if (suite->outside == NULL || access(*out, F_OK) == 0) return NTK_OK;
    ntk_release(*out);
    return ntk_text_format(out, "%s/%s", suite->root, own);
}

static ntk_status open_outside(const char *folder, ntk_suite *suite) {
    char resolved[PATH_MAX];
    if (realpath(folder, resolved) == NULL)
        return ntk_fail(NTK_ERROR_NOT_FOUND, "folder of claims %s: %s", folder, strerror(errno));
    NTK_TRY(ntk_text_copy(resolved, &suite->suites));
    NTK_TRY(ntk_text_format(&suite->stored, "%s/expected", resolved));
    NTK_TRY(ntk_outside_open(resolved, suite->executable, &suite->outside));
    const size_t count = ntk_outside_count(suite->outside);
    void *memory;
    NTK_TRY(ntk_allocate(count + 1, sizeof(ntk_registry_entry), &memory));
    ntk_registry_entry *entries = memory;
    for (size_t i = 0; i < count; i++) entries[i].id = ntk_outside_id(suite->outside, i);
    suite->registry = entries;
    return NTK_OK;
}

static ntk_status open_files(ntk_suite *suite, const char *data) {
    const char *folder = getenv(NTK_SUITES_VARIABLE);
    if (folder != NULL && folder[0] != '\0')
        NTK_TRY(open_outside(folder, suite));
    else {
        NTK_TRY(ntk_text_format(&suite->suites, "%s/suites", suite->root));
        NTK_TRY(ntk_text_format(&suite->stored, "%s/expected", suite->root));
    }
    NTK_TRY(choose(suite, "papers.yaml", "suites/papers.yaml", &suite->papers));
    NTK_TRY(choose(suite, "style.gp", "suites/style.gp", &suite->style));
    suite->own_data = data == NULL;
    if (data != NULL) return ntk_text_copy(data, &suite->data);
    return suite->outside != NULL ? choose(suite, "data", "data", &suite->data)
                                  : ntk_text_format(&suite->data, "%s/data", suite->root);
}

ntk_status ntk_suite_open(const ntk_registry_entry *registry, const char *data, ntk_suite *out) {
    *out = (ntk_suite){.registry = registry};
    char executable[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", executable, sizeof executable - 1);
    if (length < 0) return ntk_fail(NTK_ERROR_IO, "/proc/self/exe: %s", strerror(errno));
    executable[length] = '\0';
    ntk_status status = ntk_text_copy(executable, &out->executable);
    if (status == NTK_OK) status = locate_root(registry, executable, &out->root);
    if (status == NTK_OK) status = open_files(out, data);
    if (status != NTK_OK) ntk_suite_release(out);
    return status;
}

void ntk_suite_release(ntk_suite *suite) {
    if (suite->outside != NULL) {
        void *entries;
        memcpy(&entries, &suite->registry, sizeof entries);
        ntk_release(entries);
        ntk_outside_close(suite->outside);
    }
    ntk_release(suite->executable);
    ntk_release(suite->root);
    ntk_release(suite->suites);
    ntk_release(suite->stored);
    ntk_release(suite->papers);
    ntk_release(suite->style);
    ntk_release(suite->data);
    *suite = (ntk_suite){0};
}

/* ---- names ----------------------------------------------------------------------------------- */

/* The claim whose id, or whose name without its suite, is nearest. */
static const char *nearest_claim(const ntk_suite *suite, const char *name) {
    size_t count = 0;
    while (suite->registry[count].id != NULL) count++;
    void *memory;
    if (ntk_allocate(count, sizeof(char *), &memory) != NTK_OK) return NULL;
    const char **candidates = memory, *best = NULL;
    for (int whole = 1; whole >= 0 && best == NULL; whole--) {
        for (size_t i = 0; i < count; i++) {
            const char *slash = strchr(suite->registry[i].id, '/');
            candidates[i] = whole || slash == NULL ? suite->registry[i].id : slash + 1;
        }
        const char *nearest = ntk_nearest_name(name, candidates, count);
        for (size_t i = 0; i < count && nearest != NULL; i++)
            if (candidates[i] == nearest) best = suite->registry[i].id;
    }
    ntk_release(memory);
    return best;
}

static ntk_status unknown_claim(const ntk_suite *suite, const char *name) {
    const char *best = nearest_claim(suite, name);
    if (best == NULL)
        return ntk_fail(NTK_ERROR_NOT_FOUND, "no claim or suite is called %s; `ntk list` lists them", name);
    return ntk_fail(NTK_ERROR_NOT_FOUND, "no claim or suite is called %s; did you mean %s?", name, best);
}

/* "suite/claim" names one claim, "suite" all of its claims. */
static bool names_claim(const char *name, const char *id) {
    const size_t length = strlen(name);
    return strncmp(name, id, length) == 0 && (id[length] == '\0' || (id[length] == '/' && length > 0));
}

ntk_status ntk_suite_select(const ntk_suite *suite, const char *const *names, size_t count, bool *selected) {
    if (suite->registry[0].id == NULL)
        return ntk_fail(NTK_ERROR_NOT_FOUND, "%s holds no claims: no SUITE/CLAIM/claim.yaml", suite->suites);
    for (size_t i = 0; suite->registry[i].id != NULL; i++) selected[i] = count == 0;
    for (size_t k = 0; k < count; k++) {
        bool found = false;
        for (size_t i = 0; suite->registry[i].id != NULL; i++)
            if (names_claim(names[k], suite->registry[i].id)) selected[i] = found = true;
        if (!found) return unknown_claim(suite, names[k]);
    }
    return NTK_OK;
}

static const ntk_registry_entry *find_entry(const ntk_suite *suite, const char *id) {
    const ntk_registry_entry *entry = suite->registry;
    while (entry->id != NULL && strcmp(entry->id, id) != 0) entry++;
    return entry->id != NULL ? entry : NULL;
}

static ntk_status read_claim(const ntk_suite *suite, const char *id, const ntk_outside_claim *found,
                             ntk_claim *out) {
    char *folder;
    NTK_TRY(ntk_text_format(&folder, "%s/%s", suite->suites, id));
    const ntk_status status = ntk_claim_read(folder, found->experiment, out);
    ntk_release(folder);
    out->program = found->program;
    out->code = found->code;
    return status;
}

ntk_status ntk_suite_claim(const ntk_suite *suite, const char *id, ntk_claim *out) {
    const ntk_registry_entry *entry = find_entry(suite, id);
    if (entry == NULL) return unknown_claim(suite, id);
    ntk_outside_claim found = {.experiment = entry->experiment};
    if (suite->outside != NULL) NTK_TRY(ntk_outside_load(suite->outside, id, &found));
    return read_claim(suite, id, &found, out);
}

ntk_status ntk_suite_claim_alone(const ntk_suite *suite, const char *id, ntk_claim *out) {
    ntk_outside_claim found;
    const ntk_status loaded = suite->outside != NULL ? ntk_outside_load(suite->outside, id, &found) : NTK_OK;
    if (loaded != NTK_ERROR_FORMAT && loaded != NTK_ERROR_LIBRARY && loaded != NTK_ERROR_IO)
        return ntk_suite_claim(suite, id, out);
    char *cause;
    NTK_TRY(ntk_text_copy(ntk_error_detail(), &cause));
    const ntk_status status = read_claim(suite, id, &(ntk_outside_claim){0}, out);
    if (status == NTK_OK)
        out->cause = cause;
    else
        ntk_release(cause);
    return status;
}
