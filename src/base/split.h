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

/* Items first .. first + count - 1. */
typedef ntk_status (*ntk_range)(size_t first, size_t count, void *context);

/* `count` items as so many even ranges, 1 where `ranges` is 0; one is no split. */
ntk_status ntk_split_range(size_t count, size_t ranges, ntk_range range, void *context);

/* Where range number 0 .. `ranges` begins; the last number is the end. Long ranges begin at
 * multiples of 8, where the lines of the cache do. */
size_t ntk_range_begin(size_t count, size_t ranges, size_t range);

#endif
