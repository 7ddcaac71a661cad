/* A file: a head that says of which map it is, then records, each a unit's number, its seconds, its
 * doubles and a checksum of these. Bytes are those of this machine: the key, which is in the file's
 * name, holds its BLAS core and vector code. */
#include "experiment/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <ntk/file.h>
#include <ntk/log.h>
#include <ntk/memory.h>

#include "experiment/support.h"

static const double write_every = 0.5; /* seconds */

static char *prefix;
static size_t maps; /* that have been kept so far */

ntk_status ntk_kept_begin(const char *where) {
    ntk_release(prefix);
    prefix = NULL;
    maps = 0;
    return where == NULL ? NTK_OK : ntk_text_copy(where, &prefix);
}

/* ---- records --------------------------------------------------------------------------------- */

typedef struct head {
    char magic[8];
    uint64_t map, units, size;
} head;

struct ntk_kept {
    const ntk_rows *rows;
    head head;
    char *path;
    int descriptor;  /* -1: there is no file yet */
    bool failed;     /* to write */
    bool *waiting;   /* (units) run, and not on disk yet */
    double *record;  /* (1 + size) seconds and row */
    double *seconds; /* (units), the caller's */
    double written;  /* when */
    pthread_mutex_t lock;
};

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* FNV-1a by words, against torn and altered records. */
static uint64_t checksum(uint64_t unit, const double *values, size_t size) {
    uint64_t sum = UINT64_C(0xcbf29ce484222325) ^ unit;
    for (size_t i = 0; i < size; i++) {
        uint64_t word;
        memcpy(&word, &values[i], sizeof word);
        sum = (sum ^ word) * UINT64_C(0x100000001b3);
        sum ^= sum >> 29;
    }
    return sum;
}

static bool write_whole(int descriptor, const void *bytes, size_t size) {
    for (const char *at = bytes; size > 0;) {
        const ssize_t written = write(descriptor, at, size);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        at += written;
        size -= (size_t)written;
    }
    return true;
}

static bool read_whole(int descriptor, void *bytes, size_t size) {
    for (char *at = bytes; size > 0;) {
        const ssize_t got = read(descriptor, at, size);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        at += got;
        size -= (size_t)got;
    }
    return true;
}

/* ---- reading back ---------------------------------------------------------------------------- */

/* One record into its place; false at the end of what is whole. */
static bool read_record(ntk_kept *self, bool *done) {
    uint64_t unit, sum;
    const size_t size = 1 + self->rows->size;
    if (!read_whole(self->descriptor, &unit, sizeof unit) || unit >= self->rows->units) return false;
    if (!read_whole(self->descriptor, self->record, size * sizeof *self->record)) return false;
    if (!read_whole(self->descriptor, &sum, sizeof sum) || sum != checksum(unit, self->record, size))
        return false;
    ntk_rows_unpack(self->rows, unit, self->record + 1);
    self->seconds[unit] = self->record[0];
    done[unit] = true;
    return true;
}

/* What follows the last whole record, a torn one, is cut off. */
static void read_back(ntk_kept *self, bool *done) {
    head found;
    off_t end = 0;
    if (read_whole(self->descriptor, &found, sizeof found) && memcmp(&found, &self->head, sizeof found) == 0)
        do end = lseek(self->descriptor, 0, SEEK_CUR);
        while (read_record(self, done));
    if (end > 0 && ftruncate(self->descriptor, end) == 0 && lseek(self->descriptor, end, SEEK_SET) == end)
        return;
    close(self->descriptor);
    self->descriptor = -1;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Whether there is a file to append to: one that is not, or is another map's, begins with the
 * head. */
static bool has_file(ntk_kept *self) {
    if (self->descriptor >= 0) return true;
    self->descriptor = open(self->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    return self->descriptor >= 0 && write_whole(self->descriptor, &self->head, sizeof self->head);
}

static bool write_record(ntk_kept *self, uint64_t unit) {
    const size_t size = 1 + self->rows->size;
    self->record[0] = self->seconds[unit];
    ntk_rows_pack(self->rows, unit, self->record + 1);
    const uint64_t sum = checksum(unit, self->record, size);
    return write_whole(self->descriptor, &unit, sizeof unit) &&
           write_whole(self->descriptor, self->record, size * sizeof *self->record) &&
           write_whole(self->descriptor, &sum, sizeof sum);
}

/* Under the lock. A disk that is full ends the keeping, not the map. */
static void write_waiting(ntk_kept *self) {
    bool good = has_file(self);
    for (size_t unit = 0; unit < self->rows->units && good; unit++) {
        if (!self->waiting[unit]) continue;
        good = write_record(self, unit);
        self->waiting[unit] = false;
    }
    self->written = seconds_now();
    if (good && fdatasync(self->descriptor) == 0) return;
    ntk_log(NTK_LOG_WARNING, "%s: finished units cannot be kept: %s", self->path, strerror(errno));
    self->failed = true;
}

void ntk_kept_add(ntk_kept *kept, size_t unit, double seconds) {
    pthread_mutex_lock(&kept->lock);
    kept->seconds[unit] = seconds;
    kept->waiting[unit] = true;
    if (!kept->failed && seconds_now() - kept->written >= write_every) write_waiting(kept);
    pthread_mutex_unlock(&kept->lock);
}

/* ---- opening and closing --------------------------------------------------------------------- */

static ntk_status prepare(ntk_kept *self) {
    void *flags;
    NTK_TRY(ntk_text_format(&self->path, "%s-%zu", prefix, (size_t)self->head.map));
    NTK_TRY(ntk_allocate_doubles(1 + self->rows->size, &self->record));
    NTK_TRY(ntk_allocate(self->rows->units, sizeof(bool), &flags));
    self->waiting = flags;
    return NTK_OK;
}

ntk_status ntk_kept_open(const ntk_rows *rows, bool *done, double *seconds, ntk_kept **out) {
    *out = NULL;
    if (prefix == NULL || rows->size == 0) return NTK_OK;
    void *memory;
    NTK_TRY(ntk_allocate(1, sizeof **out, &memory));
    ntk_kept *self = memory;
    *self = (ntk_kept){.rows = rows, .descriptor = -1, .seconds = seconds};
    self->head = (head){.magic = "ntkkep2", .map = ++maps, .units = rows->units, .size = rows->size};
    pthread_mutex_init(&self->lock, NULL);
    const ntk_status status = prepare(self);
    if (status != NTK_OK) {
        ntk_kept_close(self);
        return status;
    }
    self->descriptor = open(self->path, O_RDWR | O_CLOEXEC);
    if (self->descriptor >= 0) read_back(self, done);
    self->written = seconds_now();
    *out = self;
    return NTK_OK;
}

void ntk_kept_close(ntk_kept *kept) {
    if (kept == NULL) return;
    if (kept->descriptor >= 0) close(kept->descriptor);
    pthread_mutex_destroy(&kept->lock);
    ntk_release(kept->waiting);
    ntk_release(kept->record);
    ntk_release(kept->path);
    ntk_release(kept);
}
