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

/* ---- files ----------------------------------------------------------------------------------- */

static int is_table(const struct dirent *entry) {
    const size_t length = strlen(entry->d_name);
    return length > 4 && strcmp(entry->d_name + length - 4, ".tsv") == 0;
}

/* alphasort follows the locale; the digest must not. */
static int by_bytes(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

ntk_status ntk_digest_tables(const char *folder, ntk_digest *digest) {
    struct dirent **entries;
    const int count = scandir(folder, &entries, is_table, by_bytes);
    if (count < 0) return ntk_fail(NTK_ERROR_IO, "%s: %s", folder, strerror(errno));
    ntk_status status = NTK_OK;
    *digest = NTK_DIGEST_START;
    for (int i = 0; i < count; i++) {
        char *path = NULL;
        if (status == NTK_OK) status = ntk_text_format(&path, "%s/%s", folder, entries[i]->d_name);
        if (status == NTK_OK) {
            *digest = ntk_digest_text(*digest, entries[i]->d_name);
            status = ntk_digest_file(path, digest);
        }
        ntk_release(path);
        free(entries[i]);
    }
    free(entries);
    return status;
}

ntk_status ntk_digest_attributes(const char *path, ntk_digest *digest) {
    struct stat file;
    if (stat(path, &file) != 0) return ntk_fail(NTK_ERROR_IO, "%s: %s", path, strerror(errno));
    *digest = ntk_digest_bytes(*digest, &file.st_size, sizeof file.st_size);
    *digest = ntk_digest_bytes(*digest, &file.st_mtim.tv_sec, sizeof file.st_mtim.tv_sec);
    *digest = ntk_digest_bytes(*digest, &file.st_mtim.tv_nsec, sizeof file.st_mtim.tv_nsec);
    return NTK_OK;
}

/* ---- provenance ------------------------------------------------------------------------------ */

ntk_digest ntk_digest_blas(ntk_digest digest, const ntk_blas_info *blas) {
    digest = ntk_digest_text(digest, blas->name);
    digest = ntk_digest_text(digest, blas->version);
    digest = ntk_digest_text(digest, blas->core);
    for (size_t k = 0; k < blas->library_count; k++) {
        digest = ntk_digest_text(digest, blas->libraries[k].build);
        digest = ntk_digest_text(digest, blas->libraries[k].symbols);
    }
    return digest;
}

/* The library that serves a symbol; NULL for none. */
static const ntk_blas_library *server_of(const ntk_blas_info *blas, const char *symbol) {
    for (size_t k = 0; k < blas->library_count; k++)
        if (strstr(blas->libraries[k].symbols, symbol) != NULL) return &blas->libraries[k];
    return NULL;
}

static void label_blas(const ntk_blas_info *blas, char *text, size_t size) {
    const ntk_blas_library *product = server_of(blas, "cblas_dgemm"), *factor = server_of(blas, "dpotrf_");
    snprintf(text, size, "%s%s%s%s", blas->version[0] != '\0' ? blas->version : blas->name,
             blas->core[0] != '\0' ? " (" : "", blas->core, blas->core[0] != '\0' ? ")" : "");
    if (factor == NULL || factor == product) return;
    const char *slash = strrchr(factor->path, '/');
    ntk_text_append(text, size, ", LAPACK of ");
    ntk_text_append(text, size, slash != NULL ? slash + 1 : factor->path);
}

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
    label_blas(&out->blas, out->blas_label, sizeof out->blas_label);
    read_cpu(out->cpu, sizeof out->cpu);
    struct utsname name;
    if (uname(&name) == 0)
        snprintf(out->system, sizeof out->system, "%s %s, %s", name.sysname, name.release, name.nodename);
    NTK_TRY(ntk_digest_attributes(executable, &out->binary_attributes));
    NTK_TRY(ntk_digest_file(executable, &out->binary));
    out->code = &ntk_build_code != NULL ? ntk_digest_text(NTK_DIGEST_START, ntk_build_code) : out->binary;
    return NTK_OK;
}
