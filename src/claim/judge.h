/* The judgement of a claim: its checks and controls against what its processes brought back. */
#ifndef NTK_CLAIM_JUDGE_H
#define NTK_CLAIM_JUDGE_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/lab/metrics.h>
#include <ntk/status.h>

#include "claim/claim.h"
#include "claim/envelope.h"
#include "claim/expected.h"

/* name, text, exit status of `ntk verify`; a claim takes the worst that befell it; the worst stands
 * last. */
#define NTK_VERDICT_TABLE(X)                                                                                 \
    X(NTK_VERDICT_HOLDS, "HOLDS", 0)                                                                         \
    X(NTK_VERDICT_SKIPPED, "SKIPPED", 6)                                                                     \
    X(NTK_VERDICT_INCONCLUSIVE, "INCONCLUSIVE", 4)                                                           \
    X(NTK_VERDICT_REGRESSED, "REGRESSED", 2)                                                                 \
    X(NTK_VERDICT_VIOLATED, "VIOLATED", 1)                                                                   \
    X(NTK_VERDICT_VACUOUS, "VACUOUS", 3)                                                                     \
    X(NTK_VERDICT_ERROR, "ERROR", 5)

typedef enum ntk_verdict {
#define NTK_VERDICT_ENUM(name, text, status) name,
    NTK_VERDICT_TABLE(NTK_VERDICT_ENUM)
#undef NTK_VERDICT_ENUM
        NTK_VERDICT_COUNT
} ntk_verdict;

const char *ntk_verdict_text(ntk_verdict verdict);
int ntk_verdict_exit_status(ntk_verdict verdict);

/* How one check came out against the metrics of one process. */
typedef struct ntk_check_outcome {
    const ntk_check *check;
    ntk_verdict verdict;  /* HOLDS, VIOLATED, INCONCLUSIVE or ERROR */
    const char *evidence; /* "certified", "statistical" (an interval was judged), "numerical" or
                           * "trend" */
    const char *reason;   /* why it is an ERROR, "the metric was not emitted" say; NULL otherwise */
    bool has_metric;
    ntk_metric metric; /* where has_metric: a copy, its name is the check's */
    /* Chance that another seed ends otherwise - does not hold, in a control is not violated, in a
     * twin is - as the interval tells it (stats.h, ntk_stats_risk); NaN for a plain number, which
     * says nothing of its spread. */
    double risk;
    /* How far the nearer end of the interval is from where this verdict would be another - of a
     * check: HOLDS; in a control: VIOLATED; in a twin: not VIOLATED - in standard errors of the
     * estimate; negative where it is another. NaN for a plain number. */
    double room, margin; /* margin: in units of the metric */
    /* INCONCLUSIVE: samples, seeds mostly, that would settle it (stats.h, ntk_stats_sample_size);
     * NaN otherwise. */
    double sample_size;
} ntk_check_outcome;

/* Judge one check. ERROR: the metric is missing, is not finite, is no estimate where the kind needs
 * an interval, or its interval has a confidence below the suite's. VIOLATED therefore always rests
 * on finite numbers. metrics: NULL where the process failed. */
ntk_check_outcome ntk_check_judge(const ntk_check *check, const ntk_metrics *metrics);

/* A control, and its twin: the same settings with the hypothesis put back, which must not break. */
typedef struct ntk_control_outcome {
    const ntk_control *control;
    bool broke;                /* every check that it names came out VIOLATED */
    ntk_check_outcome *breaks; /* (control->break_count) */
    /* HOLDS; INCONCLUSIVE, which is told and does not count; VIOLATED: something else than the
     * hypothesis broke the control; ERROR. Of the claim itself where that is the twin: HOLDS here,
     * since its own checks are judged. */
    ntk_verdict twin_verdict;
    bool twin_is_claim;
    ntk_check_outcome *twin; /* (control->break_count); their risk: to come out VIOLATED */
} ntk_control_outcome;

typedef struct ntk_regression_outcome {
    const ntk_regression *regression;
    ntk_comparison comparison;
    double envelope; /* the width of its envelope; NaN where it has none */
    double move;     /* the difference in envelopes (envelope.h), of the stored seed; NaN: no
                      * envelope */
    bool moved;      /* by more than NTK_ENVELOPE_MOVED envelopes: told, and no verdict of its
                      * own */
} ntk_regression_outcome;

typedef struct ntk_control_findings {
    const ntk_metrics *metrics; /* NULL: its process failed */
    const ntk_metrics *twin;    /* the same; not looked at where twin_is_claim */
    bool twin_is_claim;         /* the twin has the claim's own settings */
} ntk_control_findings;

/* What the processes of one claim brought back. Everything is borrowed. */
typedef struct ntk_claim_findings {
    ntk_tier tier;
    const ntk_metrics *metrics;           /* of the claim itself; NULL: its process failed */
    const ntk_control_findings *controls; /* (claim->control_count) */
    const ntk_expected *expected;         /* NULL: nothing stored */
    const ntk_envelopes *envelopes;       /* NULL: nothing measured */
    bool compare;                         /* false: leave the stored results out (parameters were
                                           * overridden, or accepting) */
    bool stored_seed;                     /* the run used the seed of the stored results */
} ntk_claim_findings;

typedef struct ntk_claim_outcome {
    ntk_verdict verdict;
    const char *evidence;                /* the kinds among the checks, strongest first: "certified,
                                    * numerical" */
    ntk_check_outcome *checks;           /* (claim->check_count) */
    ntk_control_outcome *controls;       /* (claim->control_count) */
    ntk_regression_outcome *regressions; /* (claim->regression_count); see .compared */
} ntk_claim_outcome;

/* The claim's verdict, the worst of: each check; VACUOUS for a control that did not break or whose
 * twin is VIOLATED; ERROR for a twin that failed; REGRESSED for a stored result that is compared
 * and does not agree. *out borrows from the claim and is released with ntk_claim_outcome_release.
 * Errors: NTK_ERROR_MEMORY. */
ntk_status ntk_claim_judge(const ntk_claim *claim, const ntk_claim_findings *findings,
                           ntk_claim_outcome *out);
void ntk_claim_outcome_release(const ntk_claim *claim, ntk_claim_outcome *outcome);

#endif
