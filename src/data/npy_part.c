#include "data/npy_part.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <ntk/file.h>
#include <ntk/memory.h>

#include "base/file_lasting.h"
#include "data/npy_ledger.h"
#include "data/npy_write.h"

enum {
    BATCH = 2048,      /* elements encoded at a time */
    TURN = 8,          /* rows transposed at a time: a cache line of each row read */
    SYNC_SHARE = 20,   /* of the time at most one part waits for the disk */
    JOURNAL_LINE = 64, /* more than any line has */
};

struct ntk_npy_part {
    ntk_file *file;
    char *path, *target; /* as it was given, and where its symbolic links lead */
    char *journal_path, *ledger_path;
    ntk_digest key;
    ntk_npy_shard shard;     /* count 0: the whole */
    int descriptor, journal; /* -1 for none */
    ntk_npy_type type;
    size_t rows, columns, element;
    size_t header_size;
    uint8_t header[NTK_NPY_MOST_HEADER];
    double last_sync, sync_seconds; /* when the last one ended, and what it took */
};

static ntk_status fail_io(const char *path, const char *action) {
    return ntk_fail(NTK_ERROR_IO, "%s: cannot %s: %s", path, action, strerror(errno));
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static off_t total_size(const ntk_npy_part *part) {
    return (off_t)(part->header_size + part->rows * part->columns * part->element);
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static ntk_status put(const ntk_npy_part *part, const void *bytes, size_t count, off_t offset) {
    for (const char *next = bytes; count > 0;) {
        const ssize_t written = pwrite(part->descriptor, next, count, offset);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return fail_io(part->path, "write it");
        next += written;
        offset += written;
        count -= (size_t)written;
    }
    return NTK_OK;
}

static ntk_status put_row(const ntk_npy_part *part, size_t row, size_t column, size_t count,
                          const double *a) {
    uint8_t buffer[BATCH * sizeof *a];
    NTK_TRY(ntk_npy_check(part->path, part->type, row, column, count, a));
    off_t offset = (off_t)(part->header_size + (row * part->columns + column) * part->element);
    if (part->type == NTK_NPY_FLOAT64 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
        return put(part, a, count * sizeof *a, offset);
    for (size_t k = 0; k < count; k += BATCH) {
        const size_t some = count - k < BATCH ? count - k : BATCH;
        const size_t bytes = ntk_npy_encode(part->type, some, a + k, buffer);
        NTK_TRY(put(part, buffer, bytes, offset));
        offset += (off_t)bytes;
    }
    return NTK_OK;
}

ntk_status ntk_npy_part_write(ntk_npy_part *part, size_t row, size_t column, size_t rows, size_t columns,
                              const double *a, size_t lda) {
    for (size_t i = 0; i < rows; i++) NTK_TRY(put_row(part, row + i, column, columns, a + i * lda));
    return NTK_OK;
}

ntk_status ntk_npy_part_write_transposed(ntk_npy_part *part, size_t row, size_t column, size_t rows,
                                         size_t columns, const double *a, size_t lda) {
    double *turned = NULL;
    NTK_TRY(ntk_allocate_doubles(TURN * columns, &turned));
    ntk_status status = NTK_OK;
    for (size_t first = 0; first < rows && status == NTK_OK; first += TURN) {
        const size_t some = rows - first < TURN ? rows - first : TURN;
        for (size_t j = 0; j < columns; j++)
            for (size_t i = 0; i < some; i++) turned[i * columns + j] = a[j * lda + first + i];
        status = ntk_npy_part_write(part, row + first, column, some, columns, turned, columns);
    }
    ntk_release(turned);
    return status;
}

/* ---- the journal ----------------------------------------------------------------------------- */

static ntk_status append(const ntk_npy_part *part, const char *line) {
    const size_t length = strlen(line);
    const ssize_t written = write(part->journal, line, length);
    if (written != (ssize_t)length || fsync(part->journal) != 0)
        return fail_io(part->journal_path, "write it");
    return NTK_OK;
}

static ntk_status open_journal(ntk_npy_part *part, int flags) {
    part->journal = open(part->journal_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | flags, 0666);
    return part->journal < 0 ? fail_io(part->journal_path, "open it") : NTK_OK;
}

static void print_key(ntk_digest key, char line[JOURNAL_LINE]) {
    snprintf(line, JOURNAL_LINE, "ntk matrix 1 key %016" PRIx64 "\n", key);
}

/* The last whole line counts; *length: up to its end. A line torn by a crash is cut off later. */
static ntk_status read_journal(const ntk_npy_part *part, size_t *finished, size_t *length) {
    char first[JOURNAL_LINE], *content = NULL;
    size_t size = 0;
    print_key(part->key, first);
    NTK_TRY(ntk_file_read(part->journal_path, &content, &size));
    const bool known = strncmp(content, first, strlen(first)) == 0;
    *length = known ? strlen(first) : 0;
    *finished = 0;
    for (char *end; known && (end = strchr(content + *length, '\n')) != NULL;
         *length = (size_t)(end + 1 - content)) {
        size_t rows = 0;
        if (sscanf(content + *length, "rows %zu", &rows) != 1 || rows > part->rows) break;
        *finished = rows;
    }
    ntk_release(content);
    if (known) return NTK_OK;
    return ntk_fail(NTK_ERROR_FORMAT,
                    "%s: begun by another program, or from other inputs or options; without resuming it is "
                    "begun again",
                    ntk_file_temporary(part->file));
}

/* ---- beginning and going on ------------------------------------------------------------------ */

static ntk_status begin_journal(ntk_npy_part *part) {
    char line[JOURNAL_LINE];
    print_key(part->key, line);
    return append(part, line);
}

/* The header and room for the rest. */
static ntk_status begin_matrix(const ntk_npy_part *part) {
    if (ftruncate(part->descriptor, 0) != 0) return fail_io(part->path, "empty it");
    if (fallocate(part->descriptor, 0, 0, total_size(part)) != 0) {
        if (errno != EOPNOTSUPP && errno != ENOSYS) return fail_io(part->path, "find room for it");
        if (ftruncate(part->descriptor, total_size(part)) != 0) return fail_io(part->path, "extend it");
    }
    return put(part, part->header, part->header_size, 0);
}

/* The journal first: an old one must not stand beside a new matrix. */
static ntk_status begin(ntk_npy_part *part) {
    NTK_TRY(open_journal(part, O_TRUNC));
    NTK_TRY(begin_journal(part));
    return begin_matrix(part);
}

/* *found: something was left to go on with. */
static ntk_status go_on(ntk_npy_part *part, size_t *finished, bool *found) {
    struct stat info;
    uint8_t header[NTK_NPY_MOST_HEADER] = {0};
    size_t length = 0;
    *found = false;
    if (fstat(part->descriptor, &info) != 0) return fail_io(part->path, "examine it");
    if (info.st_size == 0 || access(part->journal_path, F_OK) != 0) return NTK_OK;
    NTK_TRY(read_journal(part, finished, &length));
    if (*finished == 0) return NTK_OK;
    const ssize_t count = pread(part->descriptor, header, part->header_size, 0);
    if (info.st_size != total_size(part) || count != (ssize_t)part->header_size ||
        memcmp(header, part->header, part->header_size) != 0)
        return ntk_fail(NTK_ERROR_FORMAT, "%s: not the matrix that its journal tells of",
                        ntk_file_temporary(part->file));
    NTK_TRY(open_journal(part, 0));
    if (ftruncate(part->journal, (off_t)length) != 0) return fail_io(part->journal_path, "cut it");
    *found = true;
    return NTK_OK;
}

static ntk_status copy_name(const char *text, const char *suffix, char **out) {
    const size_t size = strlen(text) + strlen(suffix) + 1;
    void *memory = NULL;
    NTK_TRY(ntk_allocate(size, 1, &memory));
    *out = memory;
    snprintf(*out, size, "%s%s", text, suffix);
    return NTK_OK;
}

static void release(ntk_npy_part *part) {
    if (part->journal >= 0) close(part->journal);
    ntk_release(part->path);
    ntk_release(part->target);
    ntk_release(part->journal_path);
    ntk_release(part->ledger_path);
    ntk_release(part);
}

static ntk_status name_journal(const ntk_npy_part *part, size_t index, char **out) {
    char suffix[JOURNAL_LINE] = ".part.journal";
    if (index > 0) snprintf(suffix, sizeof suffix, ".part.journal-%zu-of-%zu", index, part->shard.count);
    return copy_name(part->target, suffix, out);
}

/* The names of the journal and of the ledger. *exists: a file stands under the matrix's name. */
static ntk_status name_files(ntk_npy_part *part, const char *path, bool *exists) {
    NTK_TRY(copy_name(path, "", &part->path));
    NTK_TRY(ntk_file_find_target(path, &part->target, exists));
    NTK_TRY(copy_name(part->target, ".part.shards", &part->ledger_path));
    return name_journal(part, part->shard.index, &part->journal_path);
}

static ntk_status refuse_shards(const ntk_npy_part *part) {
    if (access(part->ledger_path, F_OK) != 0) return NTK_OK;
    return ntk_fail(NTK_ERROR_IO, "%s: shards have begun the matrix; finish them, or remove their files",
                    part->ledger_path);
}

/* Asked again under the lock: shards ask for the lock when their ledger is there. */
static ntk_status open_part(ntk_npy_part *part, bool resume, size_t *finished, bool *ours) {
    bool found = false;
    NTK_TRY(refuse_shards(part));
    NTK_TRY(ntk_file_create_lasting(part->path, &part->file));
    NTK_TRY(refuse_shards(part));
    part->descriptor = fileno(ntk_file_stream(part->file));
    if (resume) NTK_TRY(go_on(part, finished, &found));
    *ours = true;
    if (found) return NTK_OK;
    *finished = 0;
    return begin(part);
}

static ntk_status create_part(ntk_npy_type type, size_t rows, size_t columns, ntk_digest key,
                              ntk_npy_part **out) {
    void *memory = NULL;
    NTK_TRY(ntk_allocate(1, sizeof(ntk_npy_part), &memory));
    ntk_npy_part *part = *out = memory;
    *part = (ntk_npy_part){.descriptor = -1, .journal = -1, .type = type, .rows = rows, .columns = columns};
    part->key = key;
    part->element = type == NTK_NPY_FLOAT32 ? 4 : 8;
    part->header_size = ntk_npy_header_print(type, rows, columns, part->header);
    return NTK_OK;
}

ntk_status ntk_npy_part_open(const char *path, ntk_npy_type type, size_t rows, size_t columns, ntk_digest key,
                             bool resume, ntk_npy_part **out, size_t *finished) {
    *out = NULL;
    *finished = 0;
    ntk_npy_part *part = NULL;
    bool ours = false, exists = false;
    NTK_TRY(create_part(type, rows, columns, key, &part));
    ntk_status status = name_files(part, path, &exists);
    if (status == NTK_OK) status = open_part(part, resume, finished, &ours);
    if (status == NTK_OK)
        *out = part;
    else if (ours)
        ntk_npy_part_discard(part);
    else {
        ntk_file_abandon(part->file); /* what others have left stays */
        release(part);
    }
    return status;
}

/* ---- shards: all of this under the lock of the ledger ---------------------------------------- */

static ntk_status join(ntk_npy_part *part) {
    NTK_TRY(ntk_file_join_lasting(part->path, &part->file));
    part->descriptor = fileno(ntk_file_stream(part->file));
    return NTK_OK;
}

/* By its size only: what is read of the file would be kept by an NFS client, and written back. */
static ntk_status join_begun(ntk_npy_part *part) {
    struct stat info;
    NTK_TRY(join(part));
    if (fstat(part->descriptor, &info) != 0) return fail_io(part->path, "examine it");
    if (info.st_size == total_size(part)) return NTK_OK;
    return ntk_fail(NTK_ERROR_FORMAT, "%s: not the matrix that its shards have begun",
                    ntk_file_temporary(part->file));
}

/* Of shares in a matrix that is no more: they would be taken for done in the new one. */
static ntk_status remove_journals(const ntk_npy_part *part) {
    for (size_t index = 1; index <= part->shard.count; index++) {
        char *name = NULL;
        NTK_TRY(name_journal(part, index, &name));
        const bool left = unlink(name) != 0 && errno != ENOENT;
        ntk_release(name);
        if (left) return fail_io(part->path, "remove an old journal of it");
    }
    return NTK_OK;
}

/* The line comes when the matrix is there: a ledger without is that of a shard that was ended. */
static ntk_status begin_shards(ntk_npy_part *part, ntk_npy_ledger *ledger) {
    NTK_TRY(join(part));
    ntk_status status = remove_journals(part);
    if (status == NTK_OK) status = begin_matrix(part);
    if (status == NTK_OK && fsync(part->descriptor) != 0) status = fail_io(part->path, "sync it to disk");
    if (status == NTK_OK) status = ntk_npy_ledger_begin(ledger);
    if (status == NTK_OK) return NTK_OK;
    ntk_file_discard(part->file);
    part->file = NULL;
    return status;
}

/* Nothing of others is overwritten: neither a matrix nor one in the making. */
static ntk_status refuse_others(const ntk_npy_part *part, bool exists) {
    char *alone = NULL;
    if (exists)
        return ntk_fail(NTK_ERROR_IO, "%s: is complete already; to make it again by shards, remove it first",
                        part->path);
    NTK_TRY(name_journal(part, 0, &alone));
    const bool begun = access(alone, F_OK) == 0;
    ntk_release(alone);
    if (!begun) return NTK_OK;
    return ntk_fail(NTK_ERROR_IO, "%s: begun by a run without shards; finish it, or remove its files",
                    part->path);
}

/* What was begun and not told of by a whole line is begun again. */
static ntk_status enter_journal(ntk_npy_part *part, bool resume, size_t *finished) {
    size_t length = 0;
    NTK_TRY(open_journal(part, 0));
    if (flock(part->journal, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? ntk_fail(NTK_ERROR_IO, "%s: another process is writing shard %zu/%zu",
                                               part->path, part->shard.index, part->shard.count)
                                    : fail_io(part->journal_path, "lock it");
    if (resume) {
        const ntk_status status = read_journal(part, finished, &length);
        if (status != NTK_OK && status != NTK_ERROR_FORMAT) return status;
    }
    if (ftruncate(part->journal, (off_t)length) != 0) return fail_io(part->journal_path, "cut it");
    return length > 0 ? NTK_OK : begin_journal(part);
}

static ntk_status complete(ntk_npy_part *part) {
    ntk_file *file = part->file;
    part->file = NULL;
    return ntk_file_commit(file);
}

/* All shares are complete, and whoever completed the last was ended before or behind the rename. */
static ntk_status complete_late(ntk_npy_part *part, bool exists) {
    char *name = NULL;
    NTK_TRY(copy_name(part->target, ".part", &name));
    const bool renamed = exists && access(name, F_OK) != 0;
    ntk_release(name);
    if (renamed) return NTK_OK;
    NTK_TRY(join_begun(part));
    return complete(part);
}

static ntk_status enter(ntk_npy_part *part, ntk_npy_ledger *ledger, bool exists, bool resume,
                        size_t *finished) {
    if (ledger->begun && ntk_npy_ledger_missing(ledger) == 0) return complete_late(part, exists);
    if (ledger->begun && ledger->done[part->shard.index - 1]) return NTK_OK;
    if (!ledger->begun) {
        NTK_TRY(refuse_others(part, exists));
        NTK_TRY(begin_shards(part, ledger));
    } else
        NTK_TRY(join_begun(part));
    return enter_journal(part, resume, finished);
}

static void leave_ledger(ntk_npy_ledger *ledger, bool completed) {
    if (completed)
        ntk_npy_ledger_remove(ledger);
    else
        ntk_npy_ledger_unlock(ledger);
}

static ntk_status open_shard(ntk_npy_part *part, const char *path, bool resume, size_t *finished,
                             size_t *missing) {
    bool exists = false;
    struct stat info;
    ntk_npy_ledger *ledger = NULL;
    NTK_TRY(name_files(part, path, &exists));
    NTK_TRY(ntk_npy_ledger_lock(part->ledger_path, part->key, part->shard.count, &ledger));
    exists = stat(path, &info) == 0; /* another may have finished while the lock was waited for */
    const ntk_status status = enter(part, ledger, exists, resume, finished);
    *missing = ntk_npy_ledger_missing(ledger);
    leave_ledger(ledger, status == NTK_OK && *missing == 0);
    return status;
}

ntk_status ntk_npy_part_open_shard(const char *path, ntk_npy_type type, size_t rows, size_t columns,
                                   ntk_digest key, ntk_npy_shard shard, bool resume, ntk_npy_part **out,
                                   size_t *finished, size_t *missing) {
    *out = NULL;
    *finished = 0;
    *missing = shard.count;
    ntk_npy_part *part = NULL;
    NTK_TRY(create_part(type, rows, columns, key, &part));
    part->shard = shard;
    const ntk_status status = open_shard(part, path, resume, finished, missing);
    if (status == NTK_OK && part->file != NULL)
        *out = part;
    else
        ntk_npy_part_discard(part);
    return status;
}

/* Somebody may have removed the files and begun again. */
static ntk_status check_current(const ntk_npy_part *part, const ntk_npy_ledger *ledger) {
    struct stat held, named;
    if (ledger->begun && fstat(part->descriptor, &held) == 0 &&
        stat(ntk_file_temporary(part->file), &named) == 0 && held.st_dev == named.st_dev &&
        held.st_ino == named.st_ino)
        return NTK_OK;
    return ntk_fail(NTK_ERROR_IO, "%s: removed or replaced while it was written",
                    ntk_file_temporary(part->file));
}

static ntk_status leave(ntk_npy_part *part, ntk_npy_ledger *ledger, size_t *missing) {
    NTK_TRY(check_current(part, ledger));
    NTK_TRY(ntk_npy_ledger_note(ledger, part->shard.index));
    unlink(part->journal_path);
    *missing = ntk_npy_ledger_missing(ledger);
    return *missing == 0 ? complete(part) : NTK_OK;
}

/* The share is on the disk before the ledger says so. */
static ntk_status commit_shard(ntk_npy_part *part, size_t *missing) {
    ntk_npy_ledger *ledger = NULL;
    if (fdatasync(part->descriptor) != 0) return fail_io(part->path, "sync it to disk");
    NTK_TRY(ntk_npy_ledger_lock(part->ledger_path, part->key, part->shard.count, &ledger));
    const ntk_status status = leave(part, ledger, missing);
    leave_ledger(ledger, status == NTK_OK && *missing == 0);
    return status;
}

ntk_status ntk_npy_part_commit_shard(ntk_npy_part *part, size_t *missing) {
    *missing = part->shard.count;
    const ntk_status status = commit_shard(part, missing);
    ntk_npy_part_discard(part);
    return status;
}

/* ---- the end --------------------------------------------------------------------------------- */

ntk_status ntk_npy_part_finish_rows(ntk_npy_part *part, size_t rows) {
    const double start = now();
    if (part->last_sync > 0 && start - part->last_sync < SYNC_SHARE * part->sync_seconds) return NTK_OK;
    if (fdatasync(part->descriptor) != 0) return fail_io(part->path, "sync it to disk");
    char line[JOURNAL_LINE];
    snprintf(line, sizeof line, "rows %zu\n", rows);
    NTK_TRY(append(part, line));
    part->last_sync = now();
    part->sync_seconds = part->last_sync - start;
    return NTK_OK;
}

ntk_status ntk_npy_part_commit(ntk_npy_part *part) {
    const ntk_status status = ntk_file_commit(part->file);
    if (status == NTK_OK) unlink(part->journal_path);
    release(part);
    return status;
}

void ntk_npy_part_discard(ntk_npy_part *part) {
    if (part == NULL) return;
    if (part->shard.count > 0) {
        ntk_file_abandon(part->file);
        release(part);
        return;
    }
    if (part->journal_path != NULL) unlink(part->journal_path);
    ntk_file_discard(part->file);
    release(part);
}
