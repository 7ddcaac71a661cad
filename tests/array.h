/* An array of two axes, read from a file. */
#ifndef TESTS_ARRAY_H
#define TESTS_ARRAY_H

#include <ntk/data.h>

/* values: (rows, columns), to be given to ntk_release. An error leaves the outputs as they were. */
ntk_status array_read(const char *path, size_t *rows, size_t *columns, double **values);

#endif
