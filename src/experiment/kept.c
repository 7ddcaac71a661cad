/* A file: a head that says of which map it is, then records, each a unit's number, its doubles and
 * a checksum of both. Bytes are those of this machine: the key, which is in the file's name, holds
 * its BLAS core and vector code. */
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

typedef struct store {
    ntk_unit unit;
    void *context;
    double *values;
    head head;
    char *path;
    size_t units, size;
    int descriptor; /* -1: there is no file yet */
    bool failed;    /* to write */
    bool *done;     /* (units) on disk */
    bool *waiting;  /* (units) run, and not on disk yet */
    double written;
    pthread_mutex_t lock;
} store;

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
static bool read_record(store *self, double *row) {
    uint64_t unit, sum;
    if (!read_whole(self->descriptor, &unit, sizeof unit) || unit >= self->units) return false;
    if (!read_whole(self->descriptor, row, self->size * sizeof *row)) return false;
    if (!read_whole(self->descriptor, &sum, sizeof sum) || sum != checksum(unit, row, self->size))
        return false;
    memcpy(self->values + unit * self->size, row, self->size * sizeof *row);
    self->done[unit] = true;
    return true;
}

/* What follows the last whole record, a torn one, is cut off. */
static ntk_status read_back(store *self) {
    head found;
    off_t end = 0;
    double *row;
    NTK_TRY(ntk_allocate_doubles(self->size, &row));
    if (read_whole(self->descriptor, &found, sizeof found) && memcmp(&found, &self->head, sizeof found) == 0)
        do end = lseek(self->descriptor, 0, SEEK_CUR);
        while (read_record(self, row));
    ntk_release(row);
    if (end > 0 && ftruncate(self->descriptor, end) == 0 && lseek(self->descriptor, end, SEEK_SET) == end)
        return NTK_OK;
    close(self->descriptor);
    self->descriptor = -1;
    return NTK_OK;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Whether there is a file to append to: one that is not, or is another map's, begins with the
 * head. */
static bool has_file(store *self) {
    if (self->descriptor >= 0) return true;
    self->descriptor = open(self->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    return self->descriptor >= 0 && write_whole(self->descriptor, &self->head, sizeof self->head);
}

/* Under the lock. A disk that is full ends the keeping, not the map. */
static void write_waiting(store *self) {
    bool good = has_file(self);
    for (uint64_t unit = 0; unit < self->units && good; unit++) {
        if (!self->waiting[unit]) continue;
        const double *row = self->values + unit * self->size;
        const uint64_t sum = checksum(unit, row, self->size);
        good = write_whole(self->descriptor, &unit, sizeof unit) &&
               write_whole(self->descriptor, row, self->size * sizeof *row) &&
               write_whole(self->descriptor, &sum, sizeof sum);
        self->waiting[unit] = false;
    }
    self->written = seconds_now();
    if (good && fdatasync(self->descriptor) == 0) return;
    ntk_log(NTK_LOG_WARNING, "%s: finished units cannot be kept: %s", self->path, strerror(errno));
    self->failed = true;
}

static ntk_status run_unit(size_t unit, void *context) {
    store *self = context;
    if (self->done[unit]) return NTK_OK;
    NTK_TRY(self->unit(unit, self->context));
    pthread_mutex_lock(&self->lock);
    self->waiting[unit] = true;
    if (!self->failed && seconds_now() - self->written >= write_every) write_waiting(self);
    pthread_mutex_unlock(&self->lock);
    return NTK_OK;
}

/* ---- the map --------------------------------------------------------------------------------- */

static ntk_status run_kept(store *self) {
    self->head = (head){.magic = "ntkkept", .map = ++maps, .units = self->units, .size = self->size};
    NTK_TRY(ntk_text_format(&self->path, "%s-%zu", prefix, maps));
    self->descriptor = open(self->path, O_RDWR | O_CLOEXEC);
    ntk_status status = self->descriptor >= 0 ? read_back(self) : NTK_OK;
    self->written = seconds_now();
    if (status == NTK_OK) status = ntk_map(self->units, run_unit, self);
    if (self->descriptor >= 0) close(self->descriptor);
    return status;
}

ntk_status ntk_kept_map(size_t units, ntk_unit unit, void *context, double *values, size_t size) {
    if (prefix == NULL || ntk_inside_map() || size == 0) return ntk_map(units, unit, context);
    store self = {.unit = unit, .context = context, .values = values, .units = units, .size = size};
    void *flags;
    NTK_TRY(ntk_allocate(2 * units, sizeof(bool), &flags));
    self.done = flags;
    self.waiting = self.done + units;
    pthread_mutex_init(&self.lock, NULL);
    const ntk_status status = run_kept(&self);
    pthread_mutex_destroy(&self.lock);
    ntk_release(self.path);
    ntk_release(flags);
    return status;
}
