/* Proofs of inequalities in one variable: not sampled, but certified over the whole range. */
#ifndef NTK_PROVE_H
#define NTK_PROVE_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/formula.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* From low to high, texts of constants ("0", "pi/2"). zero_low, zero_high: the order of the zero
 * that the formula has at that end, 0 for none: a lemma of the caller, without which no
 * arithmetic can tell a zero from a small number. That it is not refuted is verified. */
typedef struct ntk_range {
    const char *low, *high;
    unsigned zero_low, zero_high;
} ntk_range;

typedef enum ntk_proof_result {
    NTK_PROOF_UNDECIDED, /* the limits of the subdivision were reached */
    NTK_PROOF_PROVED,
    NTK_PROOF_REFUTED
} ntk_proof_result;

typedef struct ntk_proof {
    ntk_proof_result result;
    /* Proved: > 0. The formula is at least this, but at an end with a zero of order m, near
     * which it is at least this times the m-th power of the distance. Refuted: < 0, the value at
     * the witness is at most this. Undecided: 0. */
    double margin;
    double witness; /* refuted: a point of the range at which the formula is negative; NaN
                     * otherwise */
    size_t pieces;  /* of the subdivision that were looked at */
} ntk_proof;

/* Is the formula `name` positive on the open range, and at those ends where it has no zero? By
 * adaptive subdivision in ball arithmetic (certify/prove.c). Whatever the answer, the status is
 * NTK_OK. Errors: NTK_ERROR_ARGUMENT for an unknown name, a text that is no constant, low >=
 * high, an order above 8, or a zero that is none. */
ntk_status ntk_prove_positive(ntk_formula *formula, const char *name, const ntk_range *range, ntk_proof *out);

NTK_END_DECLS

#endif
