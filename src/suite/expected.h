/* Stored results: their rows, and accepting new ones with a ledger. */
#ifndef NTK_SUITE_EXPECTED_H
#define NTK_SUITE_EXPECTED_H

#include <ntk/claim.h>

typedef struct ntk_expected_row {
    ntk_tier tier;
    ntk_metric metric; /* of an estimate, value, low, high and level */
} ntk_expected_row;

struct ntk_expected {
    ntk_expected_row *rows; /* grown by ntk_array_grow */
    size_t count;
};

/* The row, or NULL. */
const ntk_expected_row *ntk_expected_find(const ntk_expected *expected, ntk_tier tier, const char *metric);

/* Append a copy. Errors: NTK_ERROR_MEMORY. */
ntk_status ntk_expected_append(ntk_expected *expected, const ntk_expected_row *row);

/* Write the rows as they stand, atomically. */
ntk_status ntk_expected_write(const char *path, const ntk_expected *expected);

/* Rewrite the rows of `tier` in expected/<id>.tsv under `root` from the metrics that the claim's regression
 * entries name, and append one line per changed value to expected/ledger.tsv: time, id, tier, metric, old,
 * new, commit, machine, why ("-" for what was not, or is no longer, stored). The rows of other tiers are
 * kept; rows stand by tier, then by name. Each file is replaced atomically, the ledger first: a line too many
 * does no harm, a change without its line would. Two accepts at once wait for each other. Where nothing
 * changed, nothing is written. *changed: how many values were new, moved or dropped. The caller has made sure
 * that every check holds. Errors: NTK_ERROR_ARGUMENT for an empty `why`, or a text with a tab or newline;
 * NTK_ERROR_NOT_FOUND for a metric that was not emitted; NTK_ERROR_NOT_FINITE for one that is not finite;
 * NTK_ERROR_IO; NTK_ERROR_FORMAT for a malformed file, which is left as it is. */
ntk_status ntk_expected_accept(const char *root, const ntk_claim *claim, ntk_tier tier,
                               const ntk_metrics *metrics, const char *commit, const char *machine,
                               const char *why, size_t *changed);

#endif
