/* Parallel map over independent units: the one place where threads are used.
 *
 * A unit writes its results to its own slot of the context; reductions are done by the caller after
 * the map, in the order of units. Together with ntk_stream this gives the same bits for any number
 * of workers. A map inside a unit runs serially. */
#ifndef NTK_PARALLEL_H
#define NTK_PARALLEL_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/api.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* Work of one unit, 0 <= unit < units. */
typedef ntk_status (*ntk_unit)(size_t unit, void *context);

/* Run `unit` for 0 .. units - 1 on ntk_workers() threads, in no particular order. After a failure
 * the units above it that have not begun are skipped; returned are the code and (as the caller's
 * ntk_error_detail) the line of the failing unit with the lowest index, the same for any number of
 * workers. Progress of the outermost map is reported through ntk_progress (log.h). */
ntk_status ntk_map(size_t units, ntk_unit unit, void *context);

/* ntk_map without progress, for members that share out the units of a map of another kind. */
ntk_status ntk_team(size_t members, ntk_unit member, void *context);

/* Whether the calling thread runs a unit of a map. */
bool ntk_inside_map(void);

/* Threads that ntk_map uses; 1 until set. Set it from the main thread, outside a map.
 * Errors: NTK_ERROR_ARGUMENT for 0 or more than 4096. */
ntk_status ntk_set_workers(size_t workers);
size_t ntk_workers(void);

NTK_END_DECLS

#endif
