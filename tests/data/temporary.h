/* Files of one test, in a folder of their own. */
#ifndef NTK_TESTS_DATA_TEMPORARY_H
#define NTK_TESTS_DATA_TEMPORARY_H

#include <stddef.h>

/* Fixtures: make the folder; remove it with what is in it. */
void temporary_create(void);
void temporary_remove(void);

const char *temporary_folder(void);

/* The path of `name` in the folder; valid until the fourth next call. */
const char *temporary_path(const char *name);

/* Write a file in the folder and return its path. */
const char *temporary_write(const char *name, const void *bytes, size_t size);

/* Number of files in the folder. */
size_t temporary_count(void);

#endif
