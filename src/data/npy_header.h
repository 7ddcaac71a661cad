/* The header of a .npy file; the format stands at the top of npy.c. */
#ifndef NTK_DATA_NPY_HEADER_H
#define NTK_DATA_NPY_HEADER_H

#include <stddef.h>

#include <ntk/status.h>

#include "data/array.h"

#define NTK_NPY_MAGIC        "\x93NUMPY"
#define NTK_NPY_MAGIC_LENGTH 6

/* Parse the header of a file's content (size bytes, followed by a NUL): every key once and no
 * other, a type of real numbers, one axis at least, no size of zero. *data_offset: where the
 * elements start. Errors: NTK_ERROR_FORMAT with `name`, what was found, and what to do about it
 * where something can be done. */
ntk_status ntk_npy_header_parse(const char *name, const char *content, size_t size, ntk_layout *layout,
                                size_t *data_offset);

#endif
