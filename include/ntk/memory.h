/* Memory: aligned, overflow-checked allocation. */
#ifndef NTK_MEMORY_H
#define NTK_MEMORY_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* Bytes; wide enough for every vector unit and a cache line. */
#define NTK_ALIGNMENT 64

/* count * size bytes, zeroed, aligned to NTK_ALIGNMENT, in *out (NULL on failure). A count of zero
 * gives a valid pointer to nothing.
 * Errors: NTK_ERROR_MEMORY, also where count * size does not fit into size_t. */
ntk_status ntk_allocate(size_t count, size_t size, void **out);

/* The same for an array of doubles, the common case. */
ntk_status ntk_allocate_doubles(size_t count, double **out);

/* Release what ntk_allocate gave; NULL is allowed. */
void ntk_release(void *memory);

NTK_END_DECLS

#endif
