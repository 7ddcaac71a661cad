/* Read by position and not through a mapping: a file that becomes shorter is an error with a line,
 * where a mapping ends the program with SIGBUS. */
#include "data/npy_blocks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ntk/memory.h>

#include "data/npy_header.h"

enum {
    MOST_HEADER = 1 << 16, /* far beyond that of a matrix */
    BATCH = 2048,          /* elements decoded at a time */
    MOST_ELEMENT = 16
};

struct ntk_npy_blocks {
    char *path;
    int descriptor;
    ntk_layout layout;
    size_t header_size;
    struct stat opened;
};

static ntk_status fail_io(const ntk_npy_blocks *file, const char *action) {
    return ntk_fail(NTK_ERROR_IO, "%s: cannot %s: %s", file->path, action, strerror(errno));
}

/* *found: bytes read, fewer than wanted only at the end of the file. */
static ntk_status get(const ntk_npy_blocks *file, size_t count, off_t offset, char *out, size_t *found) {
    *found = 0;
    while (*found < count) {
        const ssize_t got = pread(file->descriptor, out + *found, count - *found, offset + (off_t)*found);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_io(file, "read it");
        if (got == 0) return NTK_OK;
        *found += (size_t)got;
    }
    return NTK_OK;
}

/* ---- opening --------------------------------------------------------------------------------- */

static ntk_status check_layout(const ntk_npy_blocks *file) {
    const ntk_layout *layout = &file->layout;
    const size_t wanted = ntk_layout_bytes(layout), size = (size_t)file->opened.st_size;
    if (layout->axes != 2)
        return ntk_fail(NTK_ERROR_FORMAT, "%s: %zu axes, where a matrix has 2", file->path, layout->axes);
    if (layout->fortran_order && layout->shape[0] > 1 && layout->shape[1] > 1)
        return ntk_fail(NTK_ERROR_FORMAT, "%s: in Fortran order; save numpy.ascontiguousarray(K)",
                        file->path);
    if (size - file->header_size != wanted)
        return ntk_fail(NTK_ERROR_FORMAT, "%s: %zu bytes of elements, where %zu x %zu of them have %zu",
                        file->path, size - file->header_size, layout->shape[0], layout->shape[1], wanted);
    return NTK_OK;
}

static ntk_status read_header(ntk_npy_blocks *file) {
    char *content;
    void *memory = NULL;
    size_t found = 0;
    NTK_TRY(ntk_allocate(MOST_HEADER + 1, 1, &memory)); /* followed by a NUL */
    content = memory;
    ntk_status status = get(file, MOST_HEADER, 0, content, &found);
    if (status == NTK_OK)
        status = ntk_npy_header_parse(file->path, content, found, &file->layout, &file->header_size);
    ntk_release(memory);
    return status == NTK_OK ? check_layout(file) : status;
}

static ntk_status open_file(ntk_npy_blocks *file) {
    /* without O_NONBLOCK a pipe that nobody writes to would be waited for */
    file->descriptor = open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file->descriptor < 0) return fail_io(file, "open it");
    if (fstat(file->descriptor, &file->opened) != 0) return fail_io(file, "examine it");
    if (!S_ISREG(file->opened.st_mode))
        return ntk_fail(NTK_ERROR_IO, "%s: not a regular file, and blocks are read by position", file->path);
    return read_header(file);
}

ntk_status ntk_npy_blocks_open(const char *path, ntk_npy_blocks **out) {
    void *memory = NULL, *name = NULL;
    *out = NULL;
    NTK_TRY(ntk_allocate(1, sizeof(ntk_npy_blocks), &memory));
    ntk_npy_blocks *file = memory;
    file->descriptor = -1;
    ntk_status status = ntk_allocate(strlen(path) + 1, 1, &name);
    if (status == NTK_OK) {
        file->path = memcpy(name, path, strlen(path) + 1);
        status = open_file(file);
    }
    if (status == NTK_OK)
        *out = file;
    else
        ntk_npy_blocks_close(file);
    return status;
}

void ntk_npy_blocks_close(ntk_npy_blocks *file) {
    if (file == NULL) return;
    if (file->descriptor >= 0) close(file->descriptor);
    ntk_release(file->path);
    ntk_release(file);
}

const char *ntk_npy_blocks_path(const ntk_npy_blocks *file) { return file->path; }
size_t ntk_npy_blocks_rows(const ntk_npy_blocks *file) { return file->layout.shape[0]; }
size_t ntk_npy_blocks_columns(const ntk_npy_blocks *file) { return file->layout.shape[1]; }

/* ---- reading --------------------------------------------------------------------------------- */

static ntk_status check_unchanged(const ntk_npy_blocks *file) {
    struct stat now;
    if (fstat(file->descriptor, &now) != 0) return fail_io(file, "examine it");
    if (now.st_size == file->opened.st_size && now.st_mtim.tv_sec == file->opened.st_mtim.tv_sec &&
        now.st_mtim.tv_nsec == file->opened.st_mtim.tv_nsec)
        return NTK_OK;
    return ntk_fail(NTK_ERROR_IO, "%s: has changed since it was opened", file->path);
}

static ntk_status get_all(const ntk_npy_blocks *file, size_t count, off_t offset, char *out) {
    size_t found;
    NTK_TRY(get(file, count, offset, out, &found));
    return found == count ? NTK_OK
                          : ntk_fail(NTK_ERROR_IO, "%s: ends at byte %jd", file->path,
                                     (intmax_t)offset + (intmax_t)found);
}

static bool is_native(ntk_element_type type) {
    return type.kind == NTK_ELEMENT_FLOAT && type.size == sizeof(double) &&
           type.big_endian == (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
}

static ntk_status read_row(const ntk_npy_blocks *file, size_t row, size_t column, size_t columns,
                           double *out) {
    const ntk_element_type type = file->layout.type;
    char bytes[BATCH * MOST_ELEMENT];
    off_t offset = (off_t)(file->header_size + (row * file->layout.shape[1] + column) * type.size);
    if (is_native(type)) return get_all(file, columns * sizeof *out, offset, (char *)out);
    for (size_t k = 0; k < columns; k += BATCH) {
        const size_t some = columns - k < BATCH ? columns - k : BATCH;
        NTK_TRY(get_all(file, some * type.size, offset, bytes));
        for (size_t j = 0; j < some; j++) out[k + j] = ntk_element_load(type, bytes + j * type.size);
        offset += (off_t)(some * type.size);
    }
    return NTK_OK;
}

ntk_status ntk_npy_blocks_read(const ntk_npy_blocks *file, size_t row, size_t rows, size_t column,
                               size_t columns, double *out, size_t ldo) {
    NTK_TRY(check_unchanged(file)); /* before, for what an error of reading means */
    for (size_t i = 0; i < rows; i++) NTK_TRY(read_row(file, row + i, column, columns, out + i * ldo));
    return check_unchanged(file); /* after: a write sets the time before it moves a byte */
}
