/* NumPy's .npy format (numpy.lib.format, versions 1.0, 2.0 and 3.0), two-dimensional and in C order:
 *
 *     "\x93NUMPY"  major  minor                                 8 bytes
 *     length of the header, least significant byte first        2 bytes in version 1, 4 in versions 2 and 3
 *     the header: a Python dictionary, blanks, a newline        its keys: descr, fortran_order, shape
 *     the elements, row-major, IEEE 754                         rows * columns * (8 or 4) bytes
 *
 * Bytes are put together by arithmetic, so that the byte order of the machine does not matter. */
#include <ntk/data.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <ntk/file.h>
#include <ntk/memory.h>

#include "data/npy_header.h"

/* What the writer's header is padded to, so that the elements are aligned in a mapped file. */
#define HEADER_ALIGNMENT 64

/* ---- reading ---- */

static double load_element(const char *bytes, size_t item_size) {
    if (item_size == 8) {
        const uint64_t bits = ntk_npy_load_bytes(bytes, 8);
        double value;
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    const uint32_t bits = (uint32_t)ntk_npy_load_bytes(bytes, 4);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static ntk_status load_elements(const char *path, const ntk_npy_header *header, const char *bytes,
                                double *out) {
    for (size_t i = 0; i < header->rows; i++) {
        for (size_t j = 0; j < header->columns; j++) {
            const size_t k = i * header->columns + j;
            out[k] = load_element(bytes + k * header->item_size, header->item_size);
            if (!isfinite(out[k])) {
                return ntk_fail(NTK_ERROR_NOT_FINITE, "%s: row %zu, column %zu (from 0) is %g", path, i, j,
                                out[k]);
            }
        }
    }
    return NTK_OK;
}

static ntk_status load_array(const char *path, const char *content, size_t size, ntk_npy_header *header,
                             double **out) {
    NTK_TRY(ntk_npy_header_parse(path, content, size, header));
    const size_t rows = header->rows, columns = header->columns, available = size - header->data_offset;
    if (columns > SIZE_MAX / header->item_size / rows || available != rows * columns * header->item_size) {
        return ntk_fail(NTK_ERROR_FORMAT,
                        "%s: %zu bytes of elements; %zu x %zu elements of %zu bytes were wanted", path,
                        available, rows, columns, header->item_size);
    }
    double *elements;
    NTK_TRY(ntk_allocate_doubles(rows * columns, &elements));
    const ntk_status status = load_elements(path, header, content + header->data_offset, elements);
    if (status == NTK_OK) {
        *out = elements;
    } else {
        ntk_release(elements);
    }
    return status;
}

ntk_status ntk_npy_read(const char *path, size_t *rows, size_t *columns, double **out) {
    char *content;
    size_t size;
    NTK_TRY(ntk_file_read(path, &content, &size));
    ntk_npy_header header;
    const ntk_status status = load_array(path, content, size, &header, out);
    ntk_release(content);
    if (status == NTK_OK) {
        *rows = header.rows;
        *columns = header.columns;
    }
    return status;
}

/* ---- writing ---- */

static ntk_status check_writable(const char *path, ntk_npy_type type, size_t rows, size_t columns,
                                 const double *a) {
    if (rows == 0 || columns == 0) {
        return ntk_fail(NTK_ERROR_SHAPE, "%s: a %zu x %zu array is empty", path, rows, columns);
    }
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < columns; j++) {
            const double value = a[i * columns + j];
            if (!isfinite(value) || (type == NTK_NPY_FLOAT32 && !isfinite((float)value))) {
                return ntk_fail(NTK_ERROR_NOT_FINITE,
                                "%s: row %zu, column %zu (from 0) is %g: not a finite %s", path, i, j, value,
                                type == NTK_NPY_FLOAT32 ? "float32" : "float64");
            }
        }
    }
    return NTK_OK;
}

static void store_bytes(uint64_t value, size_t count, uint8_t *out) {
    for (size_t k = 0; k < count; k++) out[k] = (uint8_t)(value >> (8 * k));
}

/* Version 1.0, as numpy.save writes it. */
static void write_header(FILE *stream, ntk_npy_type type, size_t rows, size_t columns) {
    uint8_t bytes[4 * HEADER_ALIGNMENT];
    memset(bytes, ' ', sizeof bytes);
    memcpy(bytes, NTK_NPY_MAGIC "\x01", NTK_NPY_MAGIC_LENGTH + 2);
    const size_t start = NTK_NPY_MAGIC_LENGTH + 4;
    const int length = snprintf((char *)bytes + start, sizeof bytes - start,
                                "{'descr': '%s', 'fortran_order': False, 'shape': (%zu, %zu), }",
                                type == NTK_NPY_FLOAT32 ? "<f4" : "<f8", rows, columns);
    const size_t used = start + (size_t)length + 1; /* with the newline */
    const size_t total = (used + HEADER_ALIGNMENT - 1) / HEADER_ALIGNMENT * HEADER_ALIGNMENT;
    bytes[start + (size_t)length] = ' ';
    bytes[total - 1] = '\n';
    store_bytes(total - start, 2, bytes + NTK_NPY_MAGIC_LENGTH + 2);
    fwrite(bytes, 1, total, stream);
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

static void write_elements(FILE *stream, ntk_npy_type type, size_t count, const double *a) {
    uint8_t buffer[4096];
    size_t used = 0;
    for (size_t k = 0; k < count; k++) {
        used += store_element(a[k], type, buffer + used);
        if (used == sizeof buffer || k + 1 == count) {
            fwrite(buffer, 1, used, stream);
            used = 0;
        }
    }
}

/* Errors of fwrite are found by ntk_file_commit, which then leaves nothing behind. */
ntk_status ntk_npy_write(const char *path, ntk_npy_type type, size_t rows, size_t columns, const double *a) {
    NTK_TRY(check_writable(path, type, rows, columns, a));
    ntk_file *file;
    NTK_TRY(ntk_file_create(path, &file));
    write_header(ntk_file_stream(file), type, rows, columns);
    write_elements(ntk_file_stream(file), type, rows * columns, a);
    return ntk_file_commit(file);
}
