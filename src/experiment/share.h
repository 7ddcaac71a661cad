/* Maps shared out over ranks. Every rank runs the same program, makes the same calls in the same
 * order, and has the same results after each. */
#ifndef NTK_EXPERIMENT_SHARE_H
#define NTK_EXPERIMENT_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ntk/parallel.h>
#include <ntk/status.h>

#include "experiment/rows.h"
#include "experiment/transport.h"

/* From now on maps are shared; NULL, the state at the start: by nobody. transport is borrowed. From
 * the main thread, outside a map. */
void ntk_share_begin(const ntk_transport *transport);

/* Collective, before any map. what: a digest of something that decides results. Errors:
 * NTK_ERROR_LIBRARY on all ranks where it is not the same on all, "ranks 0 and 2 " and then what it
 * is that `otherwise` says, "compute other claims". */
ntk_status ntk_share_agree(uint64_t what, const char *otherwise);

/* 0 and 1 where nothing is shared. */
size_t ntk_share_rank(void);
size_t ntk_share_ranks(void);

/* The end of this rank's work. Collective, and the last such call, whatever came before: the status
 * and the detail of the lowest rank that failed, on all of them. *lost: the ranks cannot be
 * reached, so that those that still run have to be ended. */
ntk_status ntk_share_end(ntk_status status, bool *lost);

/* CPU seconds of the calling thread. */
double ntk_unit_clock(void);

typedef struct ntk_shared_map {
    const ntk_rows *rows; /* where units leave their results, and where those of others arrive */
    ntk_unit unit;
    void *context;
    bool *done; /* (units) not to be run: on rank 0 as the caller says, elsewhere overwritten */
    void (*arrived)(size_t unit, double seconds, void *keeper); /* on rank 0: the results of a unit
                                                                 * that some rank has run are in
                                                                 * their slots. From one thread */
    void *keeper;
} ntk_shared_map;

/* ntk_map on the threads of all ranks. Collective. prepared: how this rank's preparations have
 * ended; where one has failed no rank runs anything, and all return the failure of the lowest rank.
 * Errors: those; that of the lowest failing unit, on all ranks; NTK_ERROR_LIBRARY where ranks do
 * not make the same calls, or cannot be reached. */
ntk_status ntk_share_map(const ntk_shared_map *map, ntk_status prepared);

#endif
