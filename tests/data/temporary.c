#include <dirent.h>
#include <stdio.h>

#include <criterion/criterion.h>

#include "folder.h"
#include "temporary.h"

static char folder[FOLDER_SIZE];

void temporary_create(void) { folder_make("data", folder); }

void temporary_remove(void) { folder_remove(folder); }

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

size_t temporary_count(void) {
    DIR *entries = opendir(folder);
    cr_assert(entries);
    size_t count = 0;
    while (readdir(entries)) count++;
    closedir(entries);
    return count - 2; /* . and .. */
}
