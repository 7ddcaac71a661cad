/* Tables that an experiment emits: rows below named columns, of text first and then of doubles. */
#ifndef NTK_LAB_TABLE_H
#define NTK_LAB_TABLE_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

typedef struct ntk_table ntk_table;

/* values: as many as there are numeric columns; labels: as many as there are text columns (NULL for
 * none), not empty and without tabs and line breaks. Errors: NTK_ERROR_ARGUMENT. */
ntk_status ntk_table_row(ntk_table *table, const char *const *labels, const double *values);

/* How many names a blank-separated list of columns holds. */
size_t ntk_table_count_columns(const char *columns);

NTK_END_DECLS

#endif
