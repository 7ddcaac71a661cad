/* Certified inequalities of a claim: each is proved over its whole range or refuted by a witness,
 * and says so in a metric and in a row of the table `proofs`. */
#ifndef NTK_LAB_PROOFS_H
#define NTK_LAB_PROOFS_H

#include <ntk/api.h>
#include <ntk/formula.h>
#include <ntk/lab/context.h>
#include <ntk/prove.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

typedef struct ntk_proofs {
    ntk_context *context;
    ntk_table *table;
    ntk_formula *formula; /* of all inequalities of the claim; the experiment defines them */
} ntk_proofs;

/* Emits the table `proofs`, with the columns inequality, margin, witness, pieces. To be
 * released. */
ntk_status ntk_proofs_begin(ntk_context *context, ntk_proofs *out);
void ntk_proofs_end(ntk_proofs *proofs);

/* Forget what the formula defines: the next inequality starts with an empty one. */
ntk_status ntk_proofs_renew(ntk_proofs *proofs);

/* Is the formula `name` positive on the range? Emits the metric: the margin of prove.h, positive
 * where it is proved, negative where it is refuted, 0 where neither. Errors: those of
 * ntk_prove_positive. */
ntk_status ntk_proofs_positive(ntk_proofs *proofs, const char *metric, const char *name, ntk_range range);

/* Is it negative somewhere? Emits minus the margin: positive where there is a witness. */
ntk_status ntk_proofs_negative(ntk_proofs *proofs, const char *metric, const char *name, ntk_range range);

/* The same of several formulas, all of which have to be proved: the metric is the smallest margin.
 * ranges: (count). */
ntk_status ntk_proofs_all_positive(ntk_proofs *proofs, const char *metric, size_t count,
                                   const char *const *names, const ntk_range *ranges);

NTK_END_DECLS

#endif
