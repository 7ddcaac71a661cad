/* One computation on several threads, as against many of them (parallel.h).
 *
 * Its parts write to places of their own and depend on nothing but its sizes: not on ntk_workers(),
 * so that the bits do not. Inside a unit of a map, where other units have the threads, they run one
 * after the other. */
#ifndef NTK_BASE_SPLIT_H
#define NTK_BASE_SPLIT_H

#include <stddef.h>

#include <ntk/parallel.h>

/* As ntk_map, on the threads of this process, and silent about progress. */
ntk_status ntk_split(size_t parts, ntk_unit part, void *context);

#endif
