/* The journal of a run: one line per process that finished well, so that a run that was killed
 * redoes only the others. A process that crashed or exceeded a limit is not in it and is run
 * again. */
#ifndef NTK_RUN_JOURNAL_H
#define NTK_RUN_JOURNAL_H

#include <stddef.h>

#include <ntk/status.h>

#include "run/identity.h"

typedef struct ntk_journal_entry {
    ntk_digest key;                           /* of everything that decides the result */
    ntk_digest tables;                        /* of the result tables that it left */
    double seconds, cpu_seconds, peak_memory; /* wall-clock, user + system, MiB */
    double elapsed;                           /* seconds of the whole run up to here, all slices */
    char unit[192];                           /* "suite/claim/control quick": for readers, and for
                                               * times */
} ntk_journal_entry;

/* The unit under which the end of a slice is entered, a part of a run between its start, or a
 * --resume, and its end or an interruption; its key and tables are 0, its CPU time is that of what
 * was not finished. */
#define NTK_JOURNAL_SLICE "(end of a slice)"

typedef struct ntk_journal ntk_journal;

/* Open for appending, after reading what is there; a torn last line is cut off, a line that cannot
 * be read counts for nothing. Errors: NTK_ERROR_IO, NTK_ERROR_MEMORY. */
ntk_status ntk_journal_open(const char *path, ntk_journal **out);

/* Read without the right to append; a journal that does not exist is empty. */
ntk_status ntk_journal_read(const char *path, ntk_journal **out);

void ntk_journal_close(ntk_journal *journal);

/* The latest entry with this key; NULL where there is none. */
const ntk_journal_entry *ntk_journal_find(const ntk_journal *journal, ntk_digest key);

/* The latest entry of this unit; NULL where there is none. */
const ntk_journal_entry *ntk_journal_find_unit(const ntk_journal *journal, const char *unit);

/* The latest wall-clock time of a unit; a negative number where it is unknown. */
double ntk_journal_seconds(const ntk_journal *journal, const char *unit);

/* What an earlier slice, or several, took: wall-clock time up to the last line, CPU time of all. */
void ntk_journal_times(const ntk_journal *journal, double *elapsed, double *cpu_seconds);

/* Append one line and sync it to the disk. On failure the file is as it was. Errors:
 * NTK_ERROR_IO. */
ntk_status ntk_journal_append(ntk_journal *journal, const ntk_journal_entry *entry);

#endif
