/* Tables that an experiment emits. */
#ifndef NTK_SUITE_TABLE_H
#define NTK_SUITE_TABLE_H

#include <ntk/experiment.h>

/* Errors: NTK_ERROR_ARGUMENT for a bad name, a repeated column, or a text column behind a numeric one. */
ntk_status ntk_table_create(const char *name, const char *columns, ntk_table **out);
void ntk_table_destroy(ntk_table *table);

/* How many names a blank-separated list of columns holds. */
size_t ntk_table_count_columns(const char *columns);

const char *ntk_table_name(const ntk_table *table);

/* Emit the table `runs`: per run a label and two numbers that say which it is, then its values. places: the
 * names of these three columns; values: (runs, as many as `columns` names). Errors: those of ntk_emit_table.
 */
typedef struct ntk_table_place {
    const char *label;
    double first, second;
} ntk_table_place;
ntk_status ntk_table_emit_runs(ntk_context *context, const char *places, const char *columns, size_t runs,
                               const double *values,
                               ntk_table_place (*place_of)(const void *owner, size_t run), const void *owner);

/* Tab-separated, below a header of the column names, atomically. Errors: NTK_ERROR_IO. */
ntk_status ntk_table_write(const ntk_table *table, const char *path);

#endif
