#include "run/identity.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include <ntk/memory.h>

#include "base/vector.h"
#include "experiment/support.h"

ntk_digest ntk_digest_bytes(ntk_digest digest, const void *bytes, size_t size) {
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < size; i++) digest = (digest ^ byte[i]) * UINT64_C(0x100000001b3);
    return digest;
}

ntk_digest ntk_digest_text(ntk_digest digest, const char *text) {
    return ntk_digest_bytes(digest, text, strlen(text) + 1);
}

ntk_status ntk_digest_file(const char *path, ntk_digest *digest) {
    FILE *file = fopen(path, "rbe");
    if (file == NULL) return ntk_fail(NTK_ERROR_IO, "%s: %s", path, strerror(errno));
    char buffer[1 << 14];
    size_t count;
    while ((count = fread(buffer, 1, sizeof buffer, file)) > 0)
        *digest = ntk_digest_bytes(*digest, buffer, count);
    const bool failed = ferror(file) != 0;
    fclose(file);
    return failed ? ntk_fail(NTK_ERROR_IO, "%s: read error", path) : NTK_OK;
}

/* ---- folders ------------------------------------------------------------------------------------------- */

typedef ntk_status (*digest_entry)(const char *path, ntk_digest *digest);

static int is_table(const struct dirent *entry) {
    const size_t length = strlen(entry->d_name);
    return length > 4 && strcmp(entry->d_name + length - 4, ".tsv") == 0;
}

static int is_visible(const struct dirent *entry) { return entry->d_name[0] != '.'; }

/* alphasort follows the locale; the digest must not. */
static int by_bytes(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static ntk_status digest_folder(const char *folder, int (*filter)(const struct dirent *),
                                digest_entry digest_one, ntk_digest *digest) {
    struct dirent **entries;
    const int count = scandir(folder, &entries, filter, by_bytes);
    if (count < 0) return ntk_fail(NTK_ERROR_IO, "%s: %s", folder, strerror(errno));
    ntk_status status = NTK_OK;
    for (int i = 0; i < count; i++) {
        char *path = NULL;
        if (status == NTK_OK) status = ntk_text_format(&path, "%s/%s", folder, entries[i]->d_name);
        if (status == NTK_OK) {
            *digest = ntk_digest_text(*digest, entries[i]->d_name);
            status = digest_one(path, digest);
        }
        ntk_release(path);
        free(entries[i]);
    }
    free(entries);
    return status;
}

ntk_status ntk_digest_tables(const char *folder, ntk_digest *digest) {
    *digest = NTK_DIGEST_START;
    return digest_folder(folder, is_table, ntk_digest_file, digest);
}

ntk_status ntk_digest_attributes(const char *path, ntk_digest *digest) {
    struct stat file;
    if (stat(path, &file) != 0) return ntk_fail(NTK_ERROR_IO, "%s: %s", path, strerror(errno));
    *digest = ntk_digest_bytes(*digest, &file.st_size, sizeof file.st_size);
    *digest = ntk_digest_bytes(*digest, &file.st_mtim.tv_sec, sizeof file.st_mtim.tv_sec);
    *digest = ntk_digest_bytes(*digest, &file.st_mtim.tv_nsec, sizeof file.st_mtim.tv_nsec);
    return NTK_OK;
}

ntk_status ntk_digest_data(const char *folder, ntk_digest *digest) {
    struct stat status;
    *digest = NTK_DIGEST_START;
    if (stat(folder, &status) != 0 && errno == ENOENT) return NTK_OK;
    return digest_folder(folder, is_visible, ntk_digest_attributes, digest);
}

/* ---- provenance ---------------------------------------------------------------------------------------- */

static void read_cpu(char *text, size_t size) {
    snprintf(text, size, "unknown");
    FILE *file = fopen("/proc/cpuinfo", "re");
    if (file == NULL) return;
    char line[256];
    while (fgets(line, sizeof line, file) != NULL) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || colon == NULL) continue;
        snprintf(text, size, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
        break;
    }
    fclose(file);
}

ntk_status ntk_provenance_read(const char *executable, ntk_provenance *out) {
    *out = (ntk_provenance){
        .vector_isa = ntk_vector_isa(), .binary = NTK_DIGEST_START, .binary_attributes = NTK_DIGEST_START};
    ntk_blas_describe(&out->blas);
    read_cpu(out->cpu, sizeof out->cpu);
    struct utsname name;
    if (uname(&name) == 0)
        snprintf(out->system, sizeof out->system, "%s %s, %s", name.sysname, name.release, name.nodename);
    NTK_TRY(ntk_digest_attributes(executable, &out->binary_attributes));
    return ntk_digest_file(executable, &out->binary);
}
