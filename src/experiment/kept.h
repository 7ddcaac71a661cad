/* Finished units of a long map, kept on disk: a process that was stopped and is started again with
 * the same key goes on from there, to the same bytes. */
#ifndef NTK_EXPERIMENT_KEPT_H
#define NTK_EXPERIMENT_KEPT_H

#include <stddef.h>

#include <ntk/parallel.h>
#include <ntk/status.h>

/* From now on the maps below keep their units in files `prefix`-1, `prefix`-2, ... in the order in
 * which they are called; the prefix holds the digest of all that decides the process's result.
 * NULL, the state at the start: nothing is kept. From the main thread, outside a map. Errors:
 * NTK_ERROR_MEMORY. */
ntk_status ntk_kept_begin(const char *prefix);

/* ntk_map of units that leave all their results in `size` doubles at values + unit * size, and
 * nothing else: a unit that was kept is read back in place of being run. Units are written a few
 * seconds apart, so that short maps write nothing. A file that is torn, altered, or of another map
 * counts for as much of it as is whole; one that cannot be written costs the kept units, not the
 * result. Inside a map nothing is kept. Errors: those of ntk_map; NTK_ERROR_MEMORY. */
ntk_status ntk_kept_map(size_t units, ntk_unit unit, void *context, double *values, size_t size);

#endif
