#include "run/inputs.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ntk/memory.h>

#include "experiment/support.h"

/* ---- one entry ------------------------------------------------------------------------------- */

static ntk_digest digest_attributes(ntk_digest digest, const struct stat *file) {
    const uint64_t parts[] = {(uint64_t)file->st_size,        (uint64_t)file->st_ino,
                              (uint64_t)file->st_mtim.tv_sec, (uint64_t)file->st_mtim.tv_nsec,
                              (uint64_t)file->st_ctim.tv_sec, (uint64_t)file->st_ctim.tv_nsec};
    return ntk_digest_bytes(digest, parts, sizeof parts);
}

/* A link to a folder counts as its text: it may lead anywhere, in a circle too. */
static ntk_status digest_link(const char *path, ntk_digest *digest) {
    char target[PATH_MAX];
    const ssize_t length = readlink(path, target, sizeof target - 1);
    if (length < 0) return ntk_fail(NTK_ERROR_IO, "%s: %s", path, strerror(errno));
    *digest = ntk_digest_bytes(*digest, target, (size_t)length);
    return NTK_OK;
}

/* What cannot be read here can be no input either; a FIFO would wait for ever. */
static ntk_status digest_entry(const char *path, const struct stat *file, bool contents, ntk_digest *digest) {
    if (!contents) {
        *digest = digest_attributes(*digest, file);
        return NTK_OK;
    }
    if (!S_ISREG(file->st_mode) || access(path, R_OK) != 0) return NTK_OK;
    return ntk_digest_file(path, digest);
}

/* ---- folders --------------------------------------------------------------------------------- */

/* Which entries of a folder count. */
typedef int entry_filter(const struct dirent *entry);

static int is_visible(const struct dirent *entry) { return entry->d_name[0] != '.'; }

/* Python leaves the compiled form of what it imports beside it. */
static int is_source(const struct dirent *entry) {
    static const char *const others[] = {"claim.yaml", "figure.gp", "__pycache__"};
    bool other = false;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        other = other || strcmp(entry->d_name, others[i]) == 0;
    return is_visible(entry) && !other;
}

/* alphasort follows the locale; the digest must not. */
static int by_bytes(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static ntk_status digest_folder(const char *folder, entry_filter *counts, bool contents, ntk_digest *digest);

static ntk_status digest_path(const char *path, entry_filter *counts, bool contents, ntk_digest *digest) {
    struct stat here, target;
    if (lstat(path, &here) != 0) return ntk_fail(NTK_ERROR_IO, "%s: %s", path, strerror(errno));
    if (S_ISDIR(here.st_mode)) return digest_folder(path, counts, contents, digest);
    if (S_ISLNK(here.st_mode) && (stat(path, &target) != 0 || S_ISDIR(target.st_mode)))
        return digest_link(path, digest);
    return digest_entry(path, S_ISLNK(here.st_mode) ? &target : &here, contents, digest);
}

static ntk_status digest_folder(const char *folder, entry_filter *counts, bool contents, ntk_digest *digest) {
    struct dirent **entries;
    const int count = scandir(folder, &entries, counts, by_bytes);
    if (count < 0) return ntk_fail(NTK_ERROR_IO, "%s: %s", folder, strerror(errno));
    ntk_status status = NTK_OK;
    for (int i = 0; i < count; i++) {
        char *path = NULL;
        if (status == NTK_OK) status = ntk_text_format(&path, "%s/%s", folder, entries[i]->d_name);
        if (status == NTK_OK) {
            *digest = ntk_digest_text(*digest, entries[i]->d_name);
            status = digest_path(path, counts, contents, digest);
        }
        ntk_release(path);
        free(entries[i]);
    }
    free(entries);
    *digest = ntk_digest_text(*digest, ""); /* the end of the folder */
    return status;
}

/* ---- the state of a data folder -------------------------------------------------------------- */

static ntk_status digest_data(const char *folder, bool contents, ntk_digest *digest) {
    struct stat info;
    *digest = NTK_DIGEST_START;
    if (stat(folder, &info) != 0 && errno == ENOENT) return NTK_OK;
    return digest_folder(folder, is_visible, contents, digest);
}

/* Attributes are taken before and after the contents, which were then all there at once. */
ntk_status ntk_data_freeze(const char *folder, ntk_data_state *out) {
    enum { MOST_TRIALS = 3 };
    for (int trial = 0; trial < MOST_TRIALS; trial++) {
        ntk_digest before;
        NTK_TRY(digest_data(folder, false, &before));
        NTK_TRY(digest_data(folder, true, &out->content));
        NTK_TRY(digest_data(folder, false, &out->attributes));
        if (before == out->attributes) return NTK_OK;
    }
    return ntk_fail(NTK_ERROR_IO, "%s: changes while it is read", folder);
}

ntk_status ntk_data_check(const char *folder, const ntk_data_state *planned) {
    ntk_digest attributes;
    NTK_TRY(digest_data(folder, false, &attributes));
    if (attributes == planned->attributes) return NTK_OK;
    ntk_data_state now;
    NTK_TRY(ntk_data_freeze(folder, &now));
    if (now.content == planned->content) return NTK_OK;
    return ntk_fail(NTK_ERROR_CANCELLED, "%s: the data were changed during the run; start again", folder);
}

ntk_status ntk_sources_digest(const char *folder, ntk_digest *out) {
    *out = NTK_DIGEST_START;
    return digest_folder(folder, is_source, true, out);
}

/* ---- between processes ----------------------------------------------------------------------- */

void ntk_inputs_print(const ntk_inputs *inputs, char *text) {
    snprintf(text, NTK_INPUTS_SIZE,
             NTK_INPUTS_VARIABLE "=%016" PRIx64 ",%016" PRIx64 ",%016" PRIx64 ",%016" PRIx64 ",%016" PRIx64,
             inputs->claim, inputs->code, inputs->given, inputs->data.content, inputs->data.attributes);
}

ntk_status ntk_inputs_parse(const char *value, ntk_inputs *out) {
    int used = 0;
    const int fields =
        sscanf(value, "%16" SCNx64 ",%16" SCNx64 ",%16" SCNx64 ",%16" SCNx64 ",%16" SCNx64 "%n", &out->claim,
               &out->code, &out->given, &out->data.content, &out->data.attributes, &used);
    if (fields == 5 && value[used] == '\0') return NTK_OK;
    return ntk_fail(NTK_ERROR_FORMAT, NTK_INPUTS_VARIABLE ": '%s' is not what a runner says", value);
}
