/* A line: key, digest of the tables, seconds, CPU seconds, peak MiB, seconds of the run, unit;
 * separated by tabs. It counts once its newline is on the disk. */
#include "run/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ntk/file.h>
#include <ntk/memory.h>

#include "experiment/support.h"

struct ntk_journal {
    char *path;
    int descriptor; /* -1: reading only */
    off_t length;   /* bytes of whole lines */
    ntk_journal_entry *entries;
    size_t count, capacity;
};

static ntk_status remember(ntk_journal *journal, const ntk_journal_entry *entry) {
    if (journal->count == journal->capacity) {
        const size_t capacity = 2 * journal->capacity + 16;
        void *memory;
        NTK_TRY(ntk_allocate(capacity, sizeof *entry, &memory));
        if (journal->count > 0) memcpy(memory, journal->entries, journal->count * sizeof *entry);
        ntk_release(journal->entries);
        journal->entries = memory;
        journal->capacity = capacity;
    }
    journal->entries[journal->count++] = *entry;
    return NTK_OK;
}

static ntk_status parse(ntk_journal *journal, char *content) {
    for (char *line = content, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        ntk_journal_entry entry;
        int used = 0;
        if (sscanf(line, "%16" SCNx64 "\t%16" SCNx64 "\t%lf\t%lf\t%lf\t%lf\t%191[^\t]%n", &entry.key,
                   &entry.tables, &entry.seconds, &entry.cpu_seconds, &entry.peak_memory, &entry.elapsed,
                   entry.unit, &used) == 7 &&
            line[used] == '\0')
            NTK_TRY(remember(journal, &entry));
        journal->length = end + 1 - content;
    }
    return NTK_OK;
}

ntk_status ntk_journal_read(const char *path, ntk_journal **out) {
    *out = NULL;
    void *memory;
    NTK_TRY(ntk_allocate(1, sizeof **out, &memory));
    ntk_journal *journal = memory;
    journal->descriptor = -1;
    ntk_status status = ntk_text_format(&journal->path, "%s", path);
    if (status == NTK_OK && access(path, F_OK) == 0) {
        char *content = NULL;
        size_t size = 0;
        status = ntk_file_read(path, &content, &size);
        if (status == NTK_OK) status = parse(journal, content);
        ntk_release(content);
    }
    if (status == NTK_OK)
        *out = journal;
    else
        ntk_journal_close(journal);
    return status;
}

ntk_status ntk_journal_open(const char *path, ntk_journal **out) {
    NTK_TRY(ntk_journal_read(path, out));
    (*out)->descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if ((*out)->descriptor >= 0 && ftruncate((*out)->descriptor, (*out)->length) == 0) return NTK_OK;
    const int error = errno;
    ntk_journal_close(*out);
    *out = NULL;
    return ntk_fail(NTK_ERROR_IO, "%s: %s", path, strerror(error));
}

void ntk_journal_close(ntk_journal *journal) {
    if (journal == NULL) return;
    if (journal->descriptor >= 0) close(journal->descriptor);
    ntk_release(journal->entries);
    ntk_release(journal->path);
    ntk_release(journal);
}

const ntk_journal_entry *ntk_journal_find(const ntk_journal *journal, ntk_digest key) {
    for (size_t i = journal->count; i-- > 0;)
        if (journal->entries[i].key == key) return &journal->entries[i];
    return NULL;
}

const ntk_journal_entry *ntk_journal_find_unit(const ntk_journal *journal, const char *unit) {
    for (size_t i = journal->count; i-- > 0;)
        if (strcmp(journal->entries[i].unit, unit) == 0) return &journal->entries[i];
    return NULL;
}

double ntk_journal_seconds(const ntk_journal *journal, const char *unit) {
    const ntk_journal_entry *entry = ntk_journal_find_unit(journal, unit);
    return entry != NULL ? entry->seconds : -1;
}

void ntk_journal_times(const ntk_journal *journal, double *elapsed, double *cpu_seconds) {
    *elapsed = *cpu_seconds = 0;
    for (size_t i = 0; i < journal->count; i++) {
        *elapsed = fmax(*elapsed, journal->entries[i].elapsed);
        *cpu_seconds += journal->entries[i].cpu_seconds;
    }
}

ntk_status ntk_journal_append(ntk_journal *journal, const ntk_journal_entry *entry) {
    char line[512];
    const int length = snprintf(
        line, sizeof line, "%016" PRIx64 "\t%016" PRIx64 "\t%.3f\t%.3f\t%.1f\t%.3f\t%s\n", entry->key,
        entry->tables, entry->seconds, entry->cpu_seconds, entry->peak_memory, entry->elapsed, entry->unit);
    const ssize_t written = write(journal->descriptor, line, (size_t)length);
    if (written != length || fsync(journal->descriptor) != 0) {
        const int error = written >= 0 && written < length ? ENOSPC : errno;
        const bool cut = ftruncate(journal->descriptor, journal->length) == 0;
        return ntk_fail(NTK_ERROR_IO, "%s: %s%s", journal->path, strerror(error),
                        cut ? "" : "; its last line may be torn");
    }
    journal->length += length;
    return remember(journal, entry);
}
