/* What is done with a finished run: its numbers become the stored results. */
#ifndef NTK_RUN_FINISHED_H
#define NTK_RUN_FINISHED_H

#include <stddef.h>

#include "run/state.h"

/* Rewrite the stored results of the named claims from a finished run in `folder`. Refused unless
 * the run is of this program's code (another clone's build of it will do), of the claims and data
 * as they are now, of the stored seed and without overrides, and unless every check holds and every
 * control broke. *changed: how many values moved or are new. Errors: NTK_ERROR_UNSUPPORTED with the
 * reason of the refusal; NTK_ERROR_ARGUMENT for an empty `why`. */
ntk_status ntk_suite_accept(const ntk_suite *suite, const char *const *names, size_t count, ntk_tier tier,
                            const char *folder, const char *why, size_t *changed);

#endif
