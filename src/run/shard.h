/* A suite split over machines. */
#ifndef NTK_RUN_SHARD_H
#define NTK_RUN_SHARD_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/status.h>

#include "run/catalogue.h"

/* Of `count` shards the one with this index, from 1; count 0: the whole. */
typedef struct ntk_shard {
    size_t index, count;
} ntk_shard;

/* "2/4". Errors: NTK_ERROR_ARGUMENT. */
ntk_status ntk_shard_parse(const char *text, ntk_shard *out);

/* Keep of the selected claims those of one shard. Whole claims go, the costliest first, to the
 * shard that has least so far, by the seconds in expected/costs.tsv: every machine with the same
 * tree splits alike. selected: (registry entries). Errors: NTK_ERROR_ARGUMENT for more shards than
 * claims; NTK_ERROR_FORMAT, NTK_ERROR_MEMORY. */
ntk_status ntk_shard_select(const ntk_suite *suite, ntk_tier tier, ntk_shard shard, bool *selected);

/* Note in expected/costs.tsv what a claim cost, all its processes together, where that is new or
 * off by more than a factor of two. Errors: NTK_ERROR_IO, NTK_ERROR_FORMAT, NTK_ERROR_MEMORY. */
ntk_status ntk_shard_note_cost(const ntk_suite *suite, ntk_tier tier, const char *id, double seconds);

#endif
