/* Finished units of a long map, kept on disk: a process that was stopped and is started again with
 * the same key goes on from there, to the same bytes. */
#ifndef NTK_EXPERIMENT_KEPT_H
#define NTK_EXPERIMENT_KEPT_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/status.h>

#include "experiment/rows.h"

/* From now on the maps below keep their units in files `prefix`-1, `prefix`-2, ... in the order in
 * which they are opened; the prefix holds the digest of all that decides the process's result.
 * NULL, the state at the start: nothing is kept. From the main thread, outside a map. Errors:
 * NTK_ERROR_MEMORY. */
ntk_status ntk_kept_begin(const char *prefix);

/* What is kept of one map. */
typedef struct ntk_kept ntk_kept;

/* The store of the next map, whose units that were kept are read back into their slots: done and
 * seconds (units) tell which they are and what they had taken. A file that is torn, altered, or of
 * another map counts for as much of it as is whole. *out is NULL where nothing is kept. rows and
 * its slots are borrowed. Errors: NTK_ERROR_MEMORY. */
ntk_status ntk_kept_open(const ntk_rows *rows, bool *done, double *seconds, ntk_kept **out);

/* A unit has left its results in its slots. From any thread. Units are written some time apart, so
 * that short maps write nothing; a file that cannot be written costs the kept units, not the
 * result. */
void ntk_kept_add(ntk_kept *kept, size_t unit, double seconds);

/* Units that have not been written are not. NULL is allowed. */
void ntk_kept_close(ntk_kept *kept);

#endif
