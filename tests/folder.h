/* Folders of a test's own under /tmp, and a disk that is full, for the tests of every folder. */
#ifndef NTK_TESTS_FOLDER_H
#define NTK_TESTS_FOLDER_H

#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <criterion/criterion.h>

enum { FOLDER_SIZE = 32 };

/* Make "/tmp/ntk <name>-XXXXXX": there are folders with blanks in their names. */
static inline void folder_make(const char *name, char path[FOLDER_SIZE]) {
    snprintf(path, FOLDER_SIZE, "/tmp/ntk %s-XXXXXX", name);
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

/* To a process a file-size limit looks like a full disk: the write comes back short, then fails.
 * With RLIM_INFINITY there is room again. */
static inline void fill_the_disk_at(rlim_t bytes) {
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

#endif
