/* NumPy's .npy format (numpy.lib.format, versions 1.0, 2.0 and 3.0):
 *
 *     "\x93NUMPY"  major  minor                           8 bytes
 *     length of the header, least significant byte first  2 bytes in version 1, 4 in 2 and 3
 *     the header: a Python dictionary, blanks, a newline  its keys: descr, fortran_order, shape
 *     the elements, row-major, or column-major in Fortran order
 *
 * Read is whatever holds real numbers (npy_header.c); written are two-dimensional arrays in C
 * order, least significant byte first. */
#include <ntk/data.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <ntk/file.h>
#include <ntk/memory.h>

#include "data/array.h"
#include "data/npy_header.h"
#include "data/npy_write.h"

/* What the writer's header is padded to, so that the elements are aligned in a mapped file. */
#define HEADER_ALIGNMENT 64

/* ---- reading ---- */

bool ntk_npy_is_likely(const char *content, size_t size) {
    return size >= NTK_NPY_MAGIC_LENGTH && memcmp(content, NTK_NPY_MAGIC, NTK_NPY_MAGIC_LENGTH) == 0;
}

ntk_status ntk_npy_decode(const char *name, const char *content, size_t size, ntk_array *out) {
    ntk_layout layout;
    size_t offset;
    NTK_TRY(ntk_npy_header_parse(name, content, size, &layout, &offset));
    const size_t available = size - offset, wanted = ntk_layout_bytes(&layout);
    if (available == wanted) return ntk_layout_load(name, &layout, content + offset, out);
    if (wanted == SIZE_MAX)
        return ntk_fail(NTK_ERROR_FORMAT,
                        "%s: %zu bytes of elements; more than there are addresses were wanted", name,
                        available);
    return ntk_fail(NTK_ERROR_FORMAT,
                    "%s: %zu bytes of elements; %zu bytes, %zu of them for each element, were wanted", name,
                    available, wanted, layout.type.size);
}

/* ---- writing ---- */

static bool fits_type(ntk_npy_type type, size_t count, const double *a) {
    bool fits = true;
    if (type == NTK_NPY_FLOAT64)
        for (size_t k = 0; k < count; k++) fits = fits & (isfinite(a[k]) != 0);
    else
        for (size_t k = 0; k < count; k++) fits = fits & (isfinite((float)a[k]) != 0);
    return fits;
}

ntk_status ntk_npy_check(const char *path, ntk_npy_type type, size_t row, size_t column, size_t count,
                         const double *a) {
    size_t j = 0;
    if (fits_type(type, count, a)) return NTK_OK;
    while (fits_type(type, 1, a + j)) j++;
    return ntk_fail(NTK_ERROR_NOT_FINITE, "%s: row %zu, column %zu (from 0) is %g: not a finite %s", path,
                    row, column + j, a[j], type == NTK_NPY_FLOAT32 ? "float32" : "float64");
}

static ntk_status check_writable(const char *path, ntk_npy_type type, size_t rows, size_t columns,
                                 const double *a) {
    if (rows == 0 || columns == 0)
        return ntk_fail(NTK_ERROR_SHAPE, "%s: a %zu x %zu array is empty", path, rows, columns);
    for (size_t i = 0; i < rows; i++) NTK_TRY(ntk_npy_check(path, type, i, 0, columns, a + i * columns));
    return NTK_OK;
}

/* By arithmetic, so that the byte order of the machine does not matter. */
static void store_bytes(uint64_t value, size_t count, uint8_t *out) {
    for (size_t k = 0; k < count; k++) out[k] = (uint8_t)(value >> (8 * k));
}

size_t ntk_npy_header_print(ntk_npy_type type, size_t rows, size_t columns,
                            uint8_t bytes[NTK_NPY_MOST_HEADER]) {
    memset(bytes, ' ', NTK_NPY_MOST_HEADER);
    memcpy(bytes, NTK_NPY_MAGIC "\x01", NTK_NPY_MAGIC_LENGTH + 2);
    const size_t start = NTK_NPY_MAGIC_LENGTH + 4;
    const int length = snprintf((char *)bytes + start, NTK_NPY_MOST_HEADER - start,
                                "{'descr': '%s', 'fortran_order': False, 'shape': (%zu, %zu), }",
                                type == NTK_NPY_FLOAT32 ? "<f4" : "<f8", rows, columns);
    const size_t used = start + (size_t)length + 1; /* with the newline */
    const size_t total = (used + HEADER_ALIGNMENT - 1) / HEADER_ALIGNMENT * HEADER_ALIGNMENT;
    bytes[start + (size_t)length] = ' ';
    bytes[total - 1] = '\n';
    store_bytes(total - start, 2, bytes + NTK_NPY_MAGIC_LENGTH + 2);
    return total;
}

static size_t store_element(double value, ntk_npy_type type, uint8_t *out) {
    if (type == NTK_NPY_FLOAT32) {
        const float narrow = (float)value;
        uint32_t bits;
        memcpy(&bits, &narrow, sizeof bits);
        store_bytes(bits, 4, out);
        return 4;
    }
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    store_bytes(bits, 8, out);
    return 8;
}

size_t ntk_npy_encode(ntk_npy_type type, size_t count, const double *a, uint8_t *out) {
    if (type == NTK_NPY_FLOAT64 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) {
        memcpy(out, a, count * sizeof *a);
        return count * sizeof *a;
    }
    size_t used = 0;
    for (size_t k = 0; k < count; k++) used += store_element(a[k], type, out + used);
    return used;
}

static void write_elements(FILE *stream, ntk_npy_type type, size_t count, const double *a) {
    enum { BATCH = 4096 };
    uint8_t buffer[BATCH * sizeof *a];
    for (size_t k = 0; k < count; k += BATCH) {
        const size_t some = count - k < BATCH ? count - k : BATCH;
        fwrite(buffer, 1, ntk_npy_encode(type, some, a + k, buffer), stream);
    }
}

/* Errors of fwrite are found by ntk_file_finish and ntk_file_commit, which leave nothing behind. */
ntk_status ntk_npy_prepare(const char *path, ntk_npy_type type, size_t rows, size_t columns, const double *a,
                           ntk_file **out) {
    NTK_TRY(check_writable(path, type, rows, columns, a));
    NTK_TRY(ntk_file_create(path, out));
    uint8_t header[NTK_NPY_MOST_HEADER];
    fwrite(header, 1, ntk_npy_header_print(type, rows, columns, header), ntk_file_stream(*out));
    write_elements(ntk_file_stream(*out), type, rows * columns, a);
    return NTK_OK;
}

ntk_status ntk_npy_write(const char *path, ntk_npy_type type, size_t rows, size_t columns, const double *a) {
    ntk_file *file;
    NTK_TRY(ntk_npy_prepare(path, type, rows, columns, a, &file));
    return ntk_file_commit(file);
}
