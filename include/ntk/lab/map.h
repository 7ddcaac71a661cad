/* Pure maps: how an experiment runs its units, so that one call serves threads and ranks alike.
 *
 * A unit reads what the context points to, writes its results into its own slots, and leaves no
 * other trace. Then it does not matter which thread of which process runs it: results are sent
 * where they are missing, and units that an earlier process has finished are read back. What
 * follows the map, in the order of units, has the same bits for any number of threads and ranks
 * (docs/scaling.md). */
#ifndef NTK_LAB_MAP_H
#define NTK_LAB_MAP_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/parallel.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* Slots of one kind: unit u leaves `size` doubles at values + u * size. A unit that adds up finds
 * there what the caller has put there. */
typedef struct ntk_slots {
    double *values; /* (units, size) */
    size_t size;
} ntk_slots;

enum { NTK_MAP_SLOTS = 8 };

/* ntk_map of units whose results are these slots, of up to NTK_MAP_SLOTS kinds, and nothing else.
 * Under `mpirun ntk run` every rank makes the same call, runs its part of the units and has all
 * results when it returns. Inside a map it is ntk_map. Errors: those of ntk_map, of the failing
 * unit with the lowest index on all ranks; NTK_ERROR_MEMORY; NTK_ERROR_ARGUMENT for too many
 * kinds; NTK_ERROR_LIBRARY where ranks cannot reach one another or do not make the same calls. */
ntk_status ntk_map_units(size_t units, ntk_unit unit, void *context, const ntk_slots *slots, size_t count);

NTK_END_DECLS

#endif
