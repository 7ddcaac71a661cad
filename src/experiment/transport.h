/* What ranks, the processes that share maps, need of one another; MPI is one way to give it
 * (run/ranks.h). A rank calls these functions from one thread at a time. */
#ifndef NTK_EXPERIMENT_TRANSPORT_H
#define NTK_EXPERIMENT_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ntk/status.h>

typedef struct ntk_transport {
    size_t rank, ranks;

    /* Collective. `size` bytes of every rank, in the order of ranks; all: (ranks, size). */
    ntk_status (*gather)(void *context, const void *mine, size_t size, void *all);
    /* Collective. `size` bytes of rank 0 to all. */
    ntk_status (*spread)(void *context, void *bytes, size_t size);

    /* Two cells, `next` and `lowest`. Collective: set them to 0 and UINT64_MAX. */
    ntk_status (*reset)(void *context);
    /* One-sided: add `count` to `next`. The values of both cells, of `next` that before. */
    ntk_status (*claim)(void *context, uint64_t count, uint64_t *next, uint64_t *lowest);
    /* One-sided: lowest = min(lowest, unit). */
    ntk_status (*lower)(void *context, uint64_t unit);

    /* A message to rank 0, from another one; the bytes may be changed when it returns. */
    ntk_status (*send)(void *context, const void *bytes, size_t size);
    /* On rank 0: a message that has come, if any; it has at most `capacity` bytes. Messages of one
     * rank come in the order in which they were sent. */
    ntk_status (*receive)(void *context, void *bytes, size_t capacity, bool *any);

    void *context;
} ntk_transport;

#endif
