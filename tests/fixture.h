/* What the tests of the suite stand on: a context to conduct a study in, what it has emitted,
 * folders and files of their own, and metrics to judge. */
#ifndef TESTS_SUITE_FIXTURE_H
#define TESTS_SUITE_FIXTURE_H

#include <ntk/lab/context.h>
#include <ntk/lab/metrics.h>
#include <ntk/lab/parameters.h>
#include <ntk/stats.h>

#include "status.h"

/* The .fini of a TestSuite: no context and no folder stays. */
void fixture_remove(void);

/* ---- contexts -------------------------------------------------------------------------------- */

typedef struct fixture_setting {
    const char *name, *value;
} fixture_setting;

/* A context of the claim a/b with the parameters of these tables (NULL behind the last), at seed 5,
 * which fixture_remove destroys. They have the values of `usual`, which ends with {0} and may be
 * NULL; then those of the further arguments: a name and its value in turns, and NULL. */
ntk_context *fixture_context(const ntk_parameter *const *tables, const fixture_setting *usual, ...)
    __attribute__((sentinel));

/* The emitted metric, which there has to be; and a table as it is written, without its ending
 * ".tsv". */
const ntk_estimate *fixture_metric(const ntk_context *context, const char *name);
char *fixture_table(const ntk_context *context, const char *name);

/* ---- files ----------------------------------------------------------------------------------- */

/* A fresh, empty folder under /tmp at every call, which fixture_remove removes. Paths and texts
 * live as long as the process of the test. */
const char *fixture_folder(void);

/* "folder/name". */
const char *fixture_join(const char *folder, const char *name);

/* Write `text` to folder/name, making folders; read a whole file. */
void fixture_write(const char *folder, const char *name, const char *text);
char *fixture_read(const char *path);

/* How often `needle` occurs in `text`. */
size_t fixture_count(const char *text, const char *needle);

/* ---- metrics --------------------------------------------------------------------------------- */

/* Scalars and estimates (at level 1 - 2^-20, above the suite's 1 - 2e-6) for the caller's array. */
ntk_metric fixture_scalar(char *name, double value);
ntk_metric fixture_estimate(char *name, double value, double low, double high);

#endif
