/* What a check found and what it wanted, in words: one wording for the terminal, JUnit and the
 * report. */
#ifndef NTK_CLAIM_DESCRIBE_H
#define NTK_CLAIM_DESCRIBE_H

#include <ntk/lab/metrics.h>

#include "claim/claim.h"
#include "claim/judge.h"

#define NTK_DESCRIPTION_SIZE 256
typedef char ntk_description[NTK_DESCRIPTION_SIZE];

/* "chen-2025, Theorem 1; the rates are ours (restated)": the source, and how the statement stands
 * to it. */
const char *ntk_describe_source(const ntk_claim *claim, ntk_description text);

/* "-0.499 in [-0.52, -0.48] (99.9998 % confidence)", "0.7", or why there is nothing. */
const char *ntk_describe_found(const ntk_check_outcome *outcome, ntk_description text);

/* "-0.499 ± 0.021", with the half-width of its interval, or "0.7": a metric within a sentence. */
const char *ntk_describe_metric(const ntk_metric *metric, ntk_description text);

/* Of what is INCONCLUSIVE, how many samples would settle it; "" of anything else. */
const char *ntk_describe_sample_size(const ntk_check_outcome *outcome, ntk_description text);

/* "at most 1", "the whole interval inside -0.5 +- 0.05". */
const char *ntk_describe_wanted(const ntk_check *check, ntk_description text);

/* "found 1.25, stored 1.2: differs by 0.04 rel, allowed 1e-06", or why they cannot be compared. */
const char *ntk_describe_comparison(const ntk_regression_outcome *outcome, ntk_description text);

/* "1.2 -> 1.25, 4e+05 times what was seen between BLAS libraries, processors and compilers". */
const char *ntk_describe_move(const ntk_regression_outcome *outcome, ntk_description text);

/* What else is wrong with a claim, beside the verdict that is the worst of all: "2 checks VIOLATED,
 * 1 stored result REGRESSED"; "" for nothing. */
const char *ntk_describe_beside(const ntk_claim *claim, const ntk_claim_outcome *outcome,
                                ntk_description text);

/* A number at six digits, or at all of its own where six would show it equal to `other`. */
const char *ntk_describe_number(double x, double other, ntk_description text);

#endif
