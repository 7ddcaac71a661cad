/* Tables that an experiment emits. */
#ifndef NTK_EXPERIMENT_TABLE_H
#define NTK_EXPERIMENT_TABLE_H

#include <ntk/lab/context.h>
#include <ntk/lab/table.h>
#include <ntk/status.h>

/* Errors: NTK_ERROR_ARGUMENT for a bad name, a repeated column, or a text column behind a numeric
 * one. */
ntk_status ntk_table_create(const char *name, const char *columns, ntk_table **out);
void ntk_table_destroy(ntk_table *table);

const char *ntk_table_name(const ntk_table *table);

/* Tab-separated, below a header of the column names, atomically. Errors: NTK_ERROR_IO. */
ntk_status ntk_table_write(const ntk_table *table, const char *path);

#endif
