#include <ntk/lab/grid.h>

#include <stdio.h>
#include <string.h>

#include <ntk/memory.h>

ntk_status ntk_table_emit_runs(ntk_context *context, const char *places, const char *columns, size_t runs,
                               const double *values,
                               ntk_table_place (*place_of)(const void *owner, size_t run),
                               const void *owner) {
    char names[512];
    snprintf(names, sizeof names, "%s %s", places, columns);
    ntk_table *table;
    NTK_TRY(ntk_emit_table(context, "runs", names, &table));
    const size_t count = ntk_table_count_columns(columns);
    double *row;
    NTK_TRY(ntk_allocate_doubles(2 + count, &row));
    ntk_status status = NTK_OK;
    for (size_t run = 0; run < runs && status == NTK_OK; run++) {
        const ntk_table_place at = place_of(owner, run);
        row[0] = at.first;
        row[1] = at.second;
        memcpy(row + 2, values + run * count, count * sizeof *row);
        status = ntk_table_row(table, &at.label, row);
    }
    ntk_release(row);
    return status;
}
