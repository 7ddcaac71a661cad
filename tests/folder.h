/* Folders of a test's own under /tmp, for the tests of every folder. */
#ifndef NTK_TESTS_FOLDER_H
#define NTK_TESTS_FOLDER_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include <criterion/criterion.h>

enum { FOLDER_SIZE = 64 };

/* Make /tmp/ntk-<name>-XXXXXX. */
static inline void folder_make(const char *name, char path[FOLDER_SIZE]) {
    snprintf(path, FOLDER_SIZE, "/tmp/ntk-%s-XXXXXX", name);
    cr_assert_not_null(mkdtemp(path));
}

static inline int folder_remove_entry(const char *path, const struct stat *info, int type,
                                      struct FTW *position) {
    (void)info, (void)type, (void)position;
    return remove(path);
}

/* Remove it with all that is in it. */
static inline void folder_remove(const char *path) {
    nftw(path, folder_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
