#include "temporary.h"

#include <criterion/criterion.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];

void temporary_create(void) {
    strcpy(folder, "/tmp/ntk-test-data-XXXXXX");
    cr_assert(mkdtemp(folder), "no temporary folder");
}

/* Call `visit` (may be NULL) for each file; their number. */
static size_t for_each_file(void (*visit)(const char *name)) {
    DIR *entries = opendir(folder);
    cr_assert(entries);
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(entries));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        count++;
        if (visit) visit(entry->d_name);
    }
    closedir(entries);
    return count;
}

static void remove_file(const char *name) { remove(temporary_path(name)); }

void temporary_remove(void) {
    for_each_file(remove_file);
    rmdir(folder);
}

const char *temporary_folder(void) { return folder; }

const char *temporary_path(const char *name) {
    static char paths[4][512];
    static size_t next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

const char *temporary_write(const char *name, const void *bytes, size_t size) {
    const char *path = temporary_path(name);
    FILE *file = fopen(path, "wb");
    cr_assert(file);
    cr_assert_eq(fwrite(bytes, 1, size, file), size);
    cr_assert_eq(fclose(file), 0);
    return path;
}

size_t temporary_count(void) { return for_each_file(NULL); }
