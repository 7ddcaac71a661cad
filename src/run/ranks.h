/* Ranks: processes that a launcher, mpirun or srun, has started together to run one experiment.
 * With MPI=1 they reach one another through MPI; a program without it has one rank. */
#ifndef NTK_RUN_RANKS_H
#define NTK_RUN_RANKS_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/status.h>

#include "experiment/transport.h"

/* What the runner tells the ranks of a process that it has launched: where its progress is wanted,
 * a path. */
#define NTK_PROGRESS_VARIABLE "NTK_PROGRESS"

/* Whether this program was built with MPI=1. */
bool ntk_ranks_built(void);

/* Whether a launcher has started this process as one of several. */
bool ntk_ranks_launched(void);

/* Whether srun has started several tasks and told none how to reach the others, as with
 * --mpi=none. */
bool ntk_ranks_apart(void);

/* Reach the other ranks, where a launcher has started some; else *out is NULL, one rank that needs
 * nobody. From the main thread, before other threads are started. Errors: NTK_ERROR_UNSUPPORTED
 * where there are others and the program was built without MPI; NTK_ERROR_LIBRARY. */
ntk_status ntk_ranks_start(const ntk_transport **out);

/* Processors that this rank should use: those that it may run on, or its part of those that others
 * of this machine may run on as well; at least 1. Collective. */
size_t ntk_ranks_processors(void);

/* The end of MPI. lost: other ranks cannot be reached, so that all are killed; then it does not
 * return, and the process ends with this exit status. */
void ntk_ranks_stop(bool lost, int exit_status);

/* From now on this process ends within a second when the one that started it does. For a rank under
 * a runner, whose end its launcher may not tell it of. */
ntk_status ntk_ranks_end_with_launcher(void);

#endif
