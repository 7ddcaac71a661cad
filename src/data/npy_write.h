/* What writers of .npy files share: version 1.0, two axes, C order, least significant byte
 * first. */
#ifndef NTK_DATA_NPY_WRITE_H
#define NTK_DATA_NPY_WRITE_H

#include <stddef.h>
#include <stdint.h>

#include <ntk/data.h>
#include <ntk/file.h>
#include <ntk/status.h>

enum { NTK_NPY_MOST_HEADER = 256 };

/* The header, as numpy.save writes it. Returns its length, a multiple of 64. */
size_t ntk_npy_header_print(ntk_npy_type type, size_t rows, size_t columns,
                            uint8_t bytes[NTK_NPY_MOST_HEADER]);

/* NTK_ERROR_NOT_FINITE naming the first of a row's elements, the first of them in `column`, that is
 * not finite or overflows float32. a: (count). */
ntk_status ntk_npy_check(const char *path, ntk_npy_type type, size_t row, size_t column, size_t count,
                         const double *a);

/* Elements as they stand in the file; out: 4 or 8 bytes each. Returns how many bytes. */
size_t ntk_npy_encode(ntk_npy_type type, size_t count, const double *a, uint8_t *out);

/* As ntk_npy_write, which commits the file too. *out: NULL where it fails. */
ntk_status ntk_npy_prepare(const char *path, ntk_npy_type type, size_t rows, size_t columns, const double *a,
                           ntk_file **out);

#endif
