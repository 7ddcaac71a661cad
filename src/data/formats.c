/* Which format a file has is told by its content, whatever its name. */
#include <ntk/data.h>

#include <string.h>

#include <ntk/file.h>
#include <ntk/memory.h>

#include "data/array.h"

/* For a file that is neither: what people have instead. */
static ntk_status refuse(const char *name, const char *content, size_t size) {
    static const struct {
        const char *start, *what;
    } known[] = {
        {"PK\x03\x04", "a zip archive, as numpy.savez writes: save one array with numpy.save"},
        {"\x89HDF", "an HDF5 file"},
        {"\x80", "a Python pickle: save the array with numpy.save"},
        {"<", "a web page or XML"},
    };
    if (size == 0) return ntk_fail(NTK_ERROR_FORMAT, "%s: is empty", name);
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        const size_t length = strlen(known[k].start);
        if (size >= length && memcmp(content, known[k].start, length) == 0)
            return ntk_fail(NTK_ERROR_FORMAT, "%s: neither .npy nor IDX, but %s", name, known[k].what);
    }
    return ntk_fail(NTK_ERROR_FORMAT, "%s: neither .npy nor IDX: the magic string is missing", name);
}

static ntk_status decode(const char *name, const char *content, size_t size, ntk_array *out) {
    if (ntk_npy_is_likely(content, size)) return ntk_npy_decode(name, content, size, out);
    if (ntk_idx_is_likely(content, size)) return ntk_idx_decode(name, content, size, out);
    return refuse(name, content, size);
}

ntk_status ntk_array_read(const char *path, ntk_array *out) {
    char *content;
    size_t size;
    NTK_TRY(ntk_file_read(path, &content, &size));
    const ntk_status status = decode(strcmp(path, "-") == 0 ? "standard input" : path, content, size, out);
    ntk_release(content);
    return status;
}
