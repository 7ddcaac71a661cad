/* What each unit of a process has taken: for simulations of how it scales (ci/scaling). */
#ifndef NTK_EXPERIMENT_UNIT_TIMES_H
#define NTK_EXPERIMENT_UNIT_TIMES_H

#include <stddef.h>

#include <ntk/status.h>

/* From now on the times of maps are noted; before, they are not. From the main thread. */
void ntk_unit_times_begin(void);

/* CPU seconds of the units of a map that has ended. Errors: NTK_ERROR_MEMORY. */
ntk_status ntk_unit_times_note(size_t units, const double *seconds);

/* Write what was noted, a line "map seconds" for each unit in the order in which units begin, and
 * forget it. A process without maps writes nothing. Errors: NTK_ERROR_IO, NTK_ERROR_MEMORY. */
ntk_status ntk_unit_times_write(const char *path);

#endif
