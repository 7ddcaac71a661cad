/* An executable `experiment` in any language: what it is told, and what it brings back
 * (docs/own-claims.md). */
#ifndef NTK_RUN_PROGRAM_H
#define NTK_RUN_PROGRAM_H

#include <stdint.h>

#include <ntk/lab/context.h>
#include <ntk/status.h>

#include "claim/claim.h"

/* Run claim->program under the settings of a context and emit into it the metrics and tables that
 * it writes. It works in a folder `program` below `out`, which stays where it fails; out NULL: in a
 * folder below $TMPDIR that does not. It ends with this process and may take the memory that the
 * claim allows. Errors: NTK_ERROR_UNSUPPORTED where it says that it cannot run here;
 * NTK_ERROR_LIBRARY, with its last words, where it fails; NTK_ERROR_FORMAT with path and line for
 * what it wrote; NTK_ERROR_IO. */
ntk_status ntk_program_run(const ntk_claim *claim, ntk_tier tier, uint64_t seed, const char *out,
                           ntk_context *context);

#endif
