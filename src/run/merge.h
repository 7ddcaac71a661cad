/* Runs of several machines made one. */
#ifndef NTK_RUN_MERGE_H
#define NTK_RUN_MERGE_H

#include <stddef.h>

#include "run/state.h"

/* Make one run in the new or empty folder options->out of ended runs of different claims: all
 * shards of a suite, or any parts. They must be of this program's code, of the claims and data as
 * they are now, and of one tier, seed and --set; of options their out, figures and observer count.
 * What then remains is ntk_run_execute, which computes nothing. *out is NULL on failure. Errors:
 * NTK_ERROR_NOT_FOUND for what is no ended run; NTK_ERROR_UNSUPPORTED for parts that do not fit
 * together, or of which some are missing; those of ntk_run_create. */
ntk_status ntk_run_merge(const ntk_suite *suite, const char *const *folders, size_t count,
                         const ntk_run_options *options, ntk_run **out);

#endif
