/* Grids of runs. */
#ifndef NTK_LAB_GRID_H
#define NTK_LAB_GRID_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/lab/context.h>

NTK_BEGIN_DECLS

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

NTK_END_DECLS

#endif
