/* Judgements in one line, as claim.yaml has them: "equivalent -0.5 ± 0.05", "abs 1e-9". */
#ifndef NTK_CLAIM_JUDGEMENT_H
#define NTK_CLAIM_JUDGEMENT_H

#include <ntk/status.h>

#include "claim/claim.h"

/* The kind of a check and the numbers that go with it: kind, bound, bound_high and margin of *out;
 * the rest of it is left alone. Errors: NTK_ERROR_FORMAT, naming what is wrong and the form that is
 * wanted. */
ntk_status ntk_judgement_of_check(const char *text, ntk_check *out);

/* The kind of a tolerance and its number (NaN for "exact"): kind and tolerance of *out. Errors: the
 * same. */
ntk_status ntk_judgement_of_result(const char *text, ntk_regression *out);

#endif
