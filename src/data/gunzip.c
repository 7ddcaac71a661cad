#include "data/gunzip.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

#include <ntk/memory.h>

/* What zlib takes for the gzip format, with the largest window. */
#define GZIP_WINDOW (16 + MAX_WBITS)

typedef struct inflation {
    const char *name;
    z_stream stream;
    const char *next; /* what of the input zlib has not been given */
    size_t left;
    char *bytes;
    size_t used, capacity, most;
} inflation;

bool ntk_is_gzip(const char *content, size_t size) {
    return size >= 2 && memcmp(content, "\x1f\x8b", 2) == 0;
}

static ntk_status grow(inflation *work) {
    const size_t twice = work->capacity > SIZE_MAX / 2 ? SIZE_MAX : 2 * work->capacity;
    const size_t capacity = twice < work->most ? twice : work->most;
    void *larger;
    NTK_TRY(ntk_allocate(capacity, 1, &larger));
    memcpy(larger, work->bytes, work->used);
    ntk_release(work->bytes);
    work->bytes = larger;
    work->capacity = capacity;
    return NTK_OK;
}

static void feed(inflation *work) {
    if (work->stream.avail_in > 0) return;
    const size_t part = work->left < UINT_MAX ? work->left : UINT_MAX;
    memcpy(&work->stream.next_in, &work->next, sizeof work->next); /* zlib reads it only */
    work->stream.avail_in = (unsigned)part;
    work->next += part;
    work->left -= part;
}

/* One call of zlib, which fills the room that there is as far as it can. */
static int inflate_some(inflation *work) {
    feed(work);
    const size_t room = work->capacity - work->used, part = room < UINT_MAX ? room : UINT_MAX;
    work->stream.next_out = (Bytef *)work->bytes + work->used;
    work->stream.avail_out = (unsigned)part;
    const int code = inflate(&work->stream, Z_NO_FLUSH);
    work->used += part - work->stream.avail_out;
    return code;
}

static ntk_status fail_inflate(const inflation *work, int code) {
    if (code == Z_MEM_ERROR) return ntk_fail(NTK_ERROR_MEMORY, "%s: zlib is out of memory", work->name);
    if (code == Z_BUF_ERROR) return ntk_fail(NTK_ERROR_FORMAT, "%s: broken gzip data: truncated", work->name);
    return ntk_fail(NTK_ERROR_FORMAT, "%s: broken gzip data: %s", work->name,
                    work->stream.msg ? work->stream.msg : zError(code));
}

/* Behind the end of a member: another one, or the end of the file. *more tells which. */
static ntk_status next_member(inflation *work, bool *more) {
    const char *rest = (const char *)work->stream.next_in;
    const size_t count = work->stream.avail_in + work->left; /* one piece of memory, wherever zlib
                                                              * stands */
    *more = count > 0;
    if (!*more) return NTK_OK;
    if (!ntk_is_gzip(rest, count))
        return ntk_fail(NTK_ERROR_FORMAT, "%s: %zu trailing bytes after the gzip data", work->name, count);
    const int code = inflateReset(&work->stream);
    return code == Z_OK ? NTK_OK : fail_inflate(work, code);
}

static ntk_status inflate_members(inflation *work) {
    for (bool more = true; more;) {
        if (work->used == work->capacity) {
            if (work->used == work->most) return NTK_OK;
            NTK_TRY(grow(work));
        }
        const int code = inflate_some(work);
        if (code == Z_STREAM_END)
            NTK_TRY(next_member(work, &more));
        else if (code != Z_OK)
            return fail_inflate(work, code);
    }
    return NTK_OK;
}

ntk_status ntk_gunzip(const char *name, const char *content, size_t size, size_t most, char **out,
                      size_t *out_size) {
    enum { FIRST_CAPACITY = 1 << 16 };
    inflation work = {.name = name, .next = content, .left = size, .most = most};
    void *memory;
    work.capacity = most < FIRST_CAPACITY ? most : FIRST_CAPACITY;
    NTK_TRY(ntk_allocate(work.capacity, 1, &memory));
    work.bytes = memory;
    const int code = inflateInit2(&work.stream, GZIP_WINDOW);
    ntk_status status = code == Z_OK ? inflate_members(&work) : fail_inflate(&work, code);
    if (code == Z_OK) inflateEnd(&work.stream);
    if (status == NTK_OK) {
        *out = work.bytes;
        *out_size = work.used;
    } else
        ntk_release(work.bytes);
    return status;
}
