/* What a claim says of metrics, against what its experiment declares. */
#ifndef NTK_CLAIM_DECLARED_H
#define NTK_CLAIM_DECLARED_H

#include <ntk/status.h>

#include "claim/claim.h"
#include "claim/schema.h"

/* Whether the experiment declares every metric that the claim names, in both tiers: those of checks
 * and of stored results; under a control's settings and its twin's, those of the checks that it
 * breaks; and each {metric} of `measured`. Errors: NTK_ERROR_FORMAT with path and line, suggesting
 * the name that is meant; those of ntk_claim_context and ntk_experiment_metrics. */
ntk_status ntk_claim_require_metrics(ntk_reader *reader, const ntk_claim *claim);

#endif
