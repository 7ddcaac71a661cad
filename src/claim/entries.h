/* The lists `checks` and `regression` of claim.yaml, in which one entry stands for several
 * names. */
#ifndef NTK_CLAIM_ENTRIES_H
#define NTK_CLAIM_ENTRIES_H

#include <ntk/status.h>

#include "claim/claim.h"
#include "claim/schema.h"

/* Read a list's entries into checks, or regressions, of *claim, which owns what was read also after
 * a failure. An entry has a line "names: judgement" for each judgement that its `why` explains;
 * names is a pattern (pattern.h), the judgement one line (judgement.h). Errors: NTK_ERROR_FORMAT
 * with path and line, also for a name that is given twice; NTK_ERROR_MEMORY. */
ntk_status ntk_entries_read_checks(ntk_reader *reader, yaml_node_t *list, ntk_claim *claim);
ntk_status ntk_entries_read_regressions(ntk_reader *reader, yaml_node_t *list, ntk_claim *claim);

#endif
