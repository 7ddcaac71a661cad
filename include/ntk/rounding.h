/* Rounding to nearest, for a while; and the modes in which `ntk run --rounding` runs the units of a
 * map. The library is meant for rounding to nearest and works under any mode: its certificates
 * refuse under another. */
#ifndef NTK_ROUNDING_H
#define NTK_ROUNDING_H

#include <stddef.h>
#include <stdint.h>

#include <ntk/api.h>

NTK_BEGIN_DECLS

/* What counts on rounding to nearest says so by these two, whatever mode the processor is in.
 * Returns what ntk_rounding_restore takes. A few nanoseconds where the mode is to nearest. */
int ntk_rounding_nearest(void);
void ntk_rounding_restore(int before);

/* For a map other than ntk_map (parallel.h), which does this by itself: the number of the map that
 * begins; the mode of one of its units, which ntk_rounding_restore ends. */
uint64_t ntk_rounding_map(void);
int ntk_rounding_enter(uint64_t map, size_t unit);

NTK_END_DECLS

#endif
