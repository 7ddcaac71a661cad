#include "data/npy_ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ntk/file.h>
#include <ntk/memory.h>

enum { MOST_LINE = 96 };

static ntk_status fail_io(const ntk_npy_ledger *ledger, const char *action) {
    return ntk_fail(NTK_ERROR_IO, "%s: cannot %s: %s", ledger->path, action, strerror(errno));
}

/* ---- the lock -------------------------------------------------------------------------------- */

/* Whoever waited may hold a file that was removed meanwhile. */
static bool is_current(const ntk_npy_ledger *ledger) {
    struct stat held, named;
    return fstat(ledger->descriptor, &held) == 0 && stat(ledger->path, &named) == 0 &&
           held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

static ntk_status open_locked(ntk_npy_ledger *ledger) {
    for (;;) {
        ledger->descriptor = open(ledger->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (ledger->descriptor < 0) return fail_io(ledger, "open it");
        int failed;
        do failed = flock(ledger->descriptor, LOCK_EX);
        while (failed && errno == EINTR);
        if (failed) return fail_io(ledger, "lock it");
        if (is_current(ledger)) return NTK_OK;
        close(ledger->descriptor);
        ledger->descriptor = -1;
    }
}

static void release(ntk_npy_ledger *ledger) {
    if (ledger->descriptor >= 0) close(ledger->descriptor);
    ntk_release(ledger->done);
    ntk_release(ledger->path);
    ntk_release(ledger);
}

void ntk_npy_ledger_remove(ntk_npy_ledger *ledger) {
    unlink(ledger->path);
    release(ledger);
}

void ntk_npy_ledger_unlock(ntk_npy_ledger *ledger) {
    if (ledger == NULL) return;
    if (ledger->begun)
        release(ledger);
    else
        ntk_npy_ledger_remove(ledger);
}

/* ---- its lines ------------------------------------------------------------------------------- */

static ntk_status check_first(const ntk_npy_ledger *ledger, const char *line) {
    ntk_digest key = 0;
    size_t count = 0;
    const int fields = sscanf(line, "ntk matrix 1 key %16" SCNx64 " of %zu shards", &key, &count);
    if (fields != 2 || key != ledger->key)
        return ntk_fail(NTK_ERROR_FORMAT,
                        "%s: begun by another program, or from other inputs or options; finish those shards, "
                        "or remove their files to begin again",
                        ledger->path);
    if (count != ledger->count)
        return ntk_fail(NTK_ERROR_FORMAT, "%s: begun by %zu shards, not by %zu", ledger->path, count,
                        ledger->count);
    return NTK_OK;
}

/* Only whole lines count: a crash of the machine may have torn the last. */
static ntk_status read_lines(ntk_npy_ledger *ledger, char *content) {
    for (char *line = content, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        size_t index = 0;
        *end = '\0';
        if (!ledger->begun)
            NTK_TRY(check_first(ledger, line));
        else if (sscanf(line, "done %zu", &index) != 1 || index < 1 || index > ledger->count)
            return ntk_fail(NTK_ERROR_FORMAT, "%s: a line is '%s'", ledger->path, line);
        else
            ledger->done[index - 1] = true;
        ledger->begun = true;
        ledger->length = (size_t)(end + 1 - content);
    }
    return NTK_OK;
}

static ntk_status open_ledger(ntk_npy_ledger *ledger, const char *path) {
    const size_t size = strlen(path) + 1;
    void *memory = NULL;
    NTK_TRY(ntk_allocate(size, 1, &memory));
    ledger->path = memory;
    memcpy(ledger->path, path, size);
    NTK_TRY(ntk_allocate(ledger->count, sizeof *ledger->done, &memory));
    ledger->done = memory;
    NTK_TRY(open_locked(ledger));
    char *content = NULL;
    size_t length = 0;
    NTK_TRY(ntk_file_read(path, &content, &length));
    const ntk_status status = read_lines(ledger, content);
    ntk_release(content);
    return status;
}

ntk_status ntk_npy_ledger_lock(const char *path, ntk_digest key, size_t count, ntk_npy_ledger **out) {
    *out = NULL;
    void *memory = NULL;
    NTK_TRY(ntk_allocate(1, sizeof(ntk_npy_ledger), &memory));
    ntk_npy_ledger *ledger = memory;
    *ledger = (ntk_npy_ledger){.descriptor = -1, .key = key, .count = count};
    const ntk_status status = open_ledger(ledger, path);
    if (status == NTK_OK)
        *out = ledger;
    else
        release(ledger); /* what others have left stays */
    return status;
}

/* Behind the whole lines. */
static ntk_status add_line(ntk_npy_ledger *ledger, const char *line) {
    const size_t length = strlen(line);
    if (ftruncate(ledger->descriptor, (off_t)ledger->length) != 0 ||
        pwrite(ledger->descriptor, line, length, (off_t)ledger->length) != (ssize_t)length ||
        fsync(ledger->descriptor) != 0)
        return fail_io(ledger, "write it");
    ledger->length += length;
    return NTK_OK;
}

ntk_status ntk_npy_ledger_begin(ntk_npy_ledger *ledger) {
    char line[MOST_LINE];
    snprintf(line, sizeof line, "ntk matrix 1 key %016" PRIx64 " of %zu shards\n", ledger->key,
             ledger->count);
    NTK_TRY(add_line(ledger, line));
    ledger->begun = true;
    return NTK_OK;
}

ntk_status ntk_npy_ledger_note(ntk_npy_ledger *ledger, size_t index) {
    char line[MOST_LINE];
    snprintf(line, sizeof line, "done %zu\n", index);
    NTK_TRY(add_line(ledger, line));
    ledger->done[index - 1] = true;
    return NTK_OK;
}

size_t ntk_npy_ledger_missing(const ntk_npy_ledger *ledger) {
    size_t missing = 0;
    for (size_t i = 0; i < ledger->count; i++) missing += !ledger->done[i];
    return missing;
}
