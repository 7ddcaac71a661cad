/* Accepting new stored results, with a ledger. */
#ifndef NTK_CLAIM_ACCEPT_H
#define NTK_CLAIM_ACCEPT_H

#include <stddef.h>

#include "claim/claim.h"

/* Rewrite the rows of `tier` in <id>.tsv of the folder of stored results from the metrics that the
 * claim's regression entries name, and append one line per changed value to its ledger.tsv: time,
 * id,
 * tier, metric, old, new, commit, machine, why ("-" for what was not, or is no longer, stored). The
 * rows of other tiers are kept; rows stand by tier, then by name. Each file is replaced atomically,
 * the ledger first: a line too many does no harm, a change without its line would. Two accepts at
 * once wait for each other. Where nothing changed, nothing is written. *changed: how many values
 * were new, moved or dropped. The caller has made sure that every check holds. Errors:
 * NTK_ERROR_ARGUMENT for an empty `why`, or a text with a tab or newline; NTK_ERROR_NOT_FOUND for a
 * metric that was not emitted; NTK_ERROR_NOT_FINITE for one that is not finite; NTK_ERROR_IO;
 * NTK_ERROR_FORMAT for a malformed file, which is left as it is. */
ntk_status ntk_expected_accept(const char *folder, const ntk_claim *claim, ntk_tier tier,
                               const ntk_metrics *metrics, const char *commit, const char *machine,
                               const char *why, size_t *changed);

#endif
