/* The results of a unit as one row, to be kept or sent. */
#ifndef NTK_EXPERIMENT_ROWS_H
#define NTK_EXPERIMENT_ROWS_H

#include <stddef.h>

#include <ntk/lab/map.h>

typedef struct ntk_rows {
    size_t units;
    const ntk_slots *slots;
    size_t count; /* kinds of slots */
    size_t size;  /* doubles of one unit, all kinds */
} ntk_rows;

ntk_rows ntk_rows_of(size_t units, const ntk_slots *slots, size_t count);

/* row: (size) */
void ntk_rows_pack(const ntk_rows *rows, size_t unit, double *row);
void ntk_rows_unpack(const ntk_rows *rows, size_t unit, const double *row);

#endif
