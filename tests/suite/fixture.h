/* Folders and files for the tests of the suite. */
#ifndef TESTS_SUITE_FIXTURE_H
#define TESTS_SUITE_FIXTURE_H

#include <ntk/claim.h>

#include "../status.h"

typedef struct fixture_path {
    char text[512];
} fixture_path;

/* A fresh, empty folder under /tmp at every call; fixture_remove, the .fini of a TestSuite, removes all of
 * them. */
fixture_path fixture_folder(void);
void fixture_remove(void);

/* "folder/name". */
fixture_path fixture_join(const char *folder, const char *name);

/* Write `text` to folder/name, making folders; read a whole file as a string (to be given to ntk_release). */
void fixture_write(const char *folder, const char *name, const char *text);
char *fixture_read(const char *path);

/* How often `needle` occurs in `text`. */
size_t fixture_count(const char *text, const char *needle);

/* Metrics to judge: scalars and estimates (at level 1 - 2^-20, above the suite's 1 - 2e-6) in the caller's
 * array. */
ntk_metric fixture_scalar(char *name, double value);
ntk_metric fixture_estimate(char *name, double value, double low, double high);

#endif
