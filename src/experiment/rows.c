#include "experiment/rows.h"

#include <string.h>

ntk_rows ntk_rows_of(size_t units, const ntk_slots *slots, size_t count) {
    ntk_rows rows = {.units = units, .slots = slots, .count = count};
    for (size_t k = 0; k < count; k++) rows.size += slots[k].size;
    return rows;
}

void ntk_rows_pack(const ntk_rows *rows, size_t unit, double *row) {
    for (size_t k = 0; k < rows->count; k++) {
        const size_t size = rows->slots[k].size;
        if (size > 0) memcpy(row, rows->slots[k].values + unit * size, size * sizeof *row);
        row += size;
    }
}

void ntk_rows_unpack(const ntk_rows *rows, size_t unit, const double *row) {
    for (size_t k = 0; k < rows->count; k++) {
        const size_t size = rows->slots[k].size;
        if (size > 0) memcpy(rows->slots[k].values + unit * size, row, size * sizeof *row);
        row += size;
    }
}
