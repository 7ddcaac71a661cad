/* Arrays between the formats of files and the points that they stand for. */
#ifndef NTK_DATA_ARRAY_H
#define NTK_DATA_ARRAY_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/data.h>
#include <ntk/status.h>

#include "data/element.h"

/* How an array lies in a file. */
typedef struct ntk_layout {
    ntk_element_type type;
    bool fortran_order; /* the first index runs fastest, not the last */
    size_t axes;        /* 1 to NTK_ARRAY_MOST_AXES */
    size_t shape[NTK_ARRAY_MOST_AXES];
} ntk_layout;

/* The bytes of all elements; SIZE_MAX where they exceed the address space. */
size_t ntk_layout_bytes(const ntk_layout *layout);

/* The elements at `bytes`, as many as ntk_layout_bytes tells, in row-major order. `name`: of the
 * file, for messages. *out is touched on success only. Errors: NTK_ERROR_NOT_FINITE,
 * NTK_ERROR_MEMORY. */
ntk_status ntk_layout_load(const char *name, const ntk_layout *layout, const char *bytes, ntk_array *out);

/* The content of a file (size bytes) in one of the formats. Errors: NTK_ERROR_FORMAT, and those of
 * ntk_layout_load. */
ntk_status ntk_npy_decode(const char *name, const char *content, size_t size, ntk_array *out);
ntk_status ntk_idx_decode(const char *name, const char *content, size_t size, ntk_array *out);

/* True where the content begins as files of the format do; IDX also behind gzip. */
bool ntk_npy_is_likely(const char *content, size_t size);
bool ntk_idx_is_likely(const char *content, size_t size);

#endif
