/* Misspelt names. */
#ifndef NTK_BASE_NEAREST_H
#define NTK_BASE_NEAREST_H

#include <stddef.h>

/* The candidate (candidate_count of them, NULLs skipped) nearest to a misspelt name by edit
 * distance; NULL where none is near. */
const char *ntk_nearest_name(const char *name, const char *const *candidates, size_t candidate_count);

#endif
