/* The header of a .npy file; the format stands at the top of npy.c. */
#ifndef NTK_DATA_NPY_HEADER_H
#define NTK_DATA_NPY_HEADER_H

#include <stddef.h>
#include <stdint.h>

#include <ntk/status.h>

#define NTK_NPY_MAGIC        "\x93NUMPY"
#define NTK_NPY_MAGIC_LENGTH 6

typedef struct ntk_npy_header {
    size_t item_size; /* 8 or 4: '<f8' or '<f4' */
    size_t rows, columns;
    size_t data_offset; /* where the elements start in the file */
} ntk_npy_header;

/* Parse the header of a file's content (size bytes, followed by a NUL). Strict: every key once and no other,
 * two positive sizes, C order. Errors: NTK_ERROR_FORMAT with `path` and what was found. */
ntk_status ntk_npy_header_parse(const char *path, const char *content, size_t size, ntk_npy_header *out);

/* The little-endian unsigned integer of `count` <= 8 bytes. */
uint64_t ntk_npy_load_bytes(const char *bytes, size_t count);

#endif
