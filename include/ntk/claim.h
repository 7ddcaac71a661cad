/* Claims: a theorem's statement and what is needed to judge it, read from claim.yaml; and the judgement. */
#ifndef NTK_CLAIM_H
#define NTK_CLAIM_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/experiment.h>
#include <ntk/status.h>

typedef enum ntk_tier { NTK_TIER_QUICK, NTK_TIER_FULL, NTK_TIER_COUNT } ntk_tier;

/* "quick", "full"; parse is the inverse. Errors: NTK_ERROR_ARGUMENT, listing the tiers. */
const char *ntk_tier_text(ntk_tier tier);
ntk_status ntk_tier_parse(const char *text, ntk_tier *out);

/* How a check judges its metric. The last column is the kind of evidence it gives. */
#define NTK_CHECK_TABLE(X)                                                                                   \
    X(NTK_CHECK_CERTIFIED, "certified", "certified") /* a verified bound: value >= bound */                  \
    X(NTK_CHECK_AT_MOST, "at-most", "numerical")     /* value (or interval) <= bound */                      \
    X(NTK_CHECK_AT_LEAST, "at-least", "numerical")                                                           \
    X(NTK_CHECK_BETWEEN, "between", "numerical")             /* bound: [low, high] */                        \
    X(NTK_CHECK_RATE_AT_MOST, "rate-at-most", "statistical") /* estimate; interval below bound */            \
    X(NTK_CHECK_RATE_AT_LEAST, "rate-at-least", "statistical")                                               \
    X(NTK_CHECK_EQUIVALENT, "equivalent", "statistical") /* interval inside bound +- margin */               \
    X(NTK_CHECK_IDENTITY, "identity", "numerical")       /* |residual| <= bound, from error analysis */

typedef enum ntk_check_kind {
#define NTK_CHECK_ENUM(name, text, evidence) name,
    NTK_CHECK_TABLE(NTK_CHECK_ENUM)
#undef NTK_CHECK_ENUM
        NTK_CHECK_COUNT
} ntk_check_kind;

const char *ntk_check_kind_text(ntk_check_kind kind);

typedef struct ntk_check {
    char *name, *metric, *why;
    ntk_check_kind kind;
    double bound;      /* the only one, or the lower one of `between` */
    double bound_high; /* of `between`; NaN elsewhere */
    double margin;     /* of `equivalent`; NaN elsewhere */
} ntk_check;

typedef struct ntk_setting {
    char *name, *value; /* value as after --set */
    size_t line;
} ntk_setting;

typedef struct ntk_control {
    char *name;
    char *removes; /* the hypothesis that is taken away */
    char *why;     /* why the check must then break */
    ntk_setting *settings;
    size_t setting_count;
    char **breaks; /* names of checks, each of which must come out VIOLATED */
    size_t break_count;
} ntk_control;

/* How far a metric may lie from its stored value. Of an estimate, all but the last compare its value. */
#define NTK_TOLERANCE_TABLE(X)                                                                               \
    X(NTK_TOLERANCE_EXACT, "exact")             /* equal bits; has no tolerance */                           \
    X(NTK_TOLERANCE_ULP, "ulp")                 /* representable numbers between the two */                  \
    X(NTK_TOLERANCE_REL, "rel")                 /* |found - stored| / |stored| */                            \
    X(NTK_TOLERANCE_ABS, "abs")                 /* |found - stored| */                                       \
    X(NTK_TOLERANCE_STATISTICAL, "statistical") /* the intervals, widened by the factor, overlap */

typedef enum ntk_tolerance_kind {
#define NTK_TOLERANCE_ENUM(name, text) name,
    NTK_TOLERANCE_TABLE(NTK_TOLERANCE_ENUM)
#undef NTK_TOLERANCE_ENUM
        NTK_TOLERANCE_COUNT
} ntk_tolerance_kind;

const char *ntk_tolerance_kind_text(ntk_tolerance_kind kind);

typedef struct ntk_regression {
    char *metric, *why;
    bool depends_on_seed;
    ntk_tolerance_kind kind;
    double tolerance;
} ntk_regression;

typedef struct ntk_claim {
    char *folder, *id, *title, *statement, *paper, *result, *caption, *limits;
    char *measured;   /* what was found, with {metric} where a number belongs; NULL for none */
    char *no_control; /* why there can be no control; NULL where there are controls */
    long revision;
    char **hypotheses;
    size_t hypothesis_count;
    ntk_setting *settings[NTK_TIER_COUNT];
    size_t setting_count[NTK_TIER_COUNT];
    double time_limit[NTK_TIER_COUNT]; /* seconds for one process */
    double memory_limit;               /* MiB for one process */
    ntk_check *checks;
    size_t check_count;
    ntk_control *controls;
    size_t control_count;
    ntk_regression *regressions;
    size_t regression_count;
    const ntk_experiment *experiment; /* from the registry */
} ntk_claim;

/* Read and validate folder/claim.yaml against the schema, and its settings against the experiment's
 * parameters. Errors: NTK_ERROR_IO; NTK_ERROR_FORMAT, "path:line: what is wrong and what is allowed". */
ntk_status ntk_claim_read(const char *folder, const ntk_experiment *experiment, ntk_claim *out);
/* Release and zero; a zeroed value is allowed. */
void ntk_claim_release(ntk_claim *claim);

/* One entry per folder of suites/; generated by the Makefile, ends with a NULL id. */
typedef struct ntk_registry_entry {
    const char *id; /* "suite/claim" */
    const ntk_experiment *experiment;
} ntk_registry_entry;
extern const ntk_registry_entry ntk_registry[];

/* ---- results of one process -------------------------------------------------------------------- */

typedef struct ntk_metric {
    char *name;
    bool is_estimate;
    ntk_estimate estimate; /* a scalar has only .value */
} ntk_metric;

typedef struct ntk_metrics {
    ntk_metric *items;
    size_t count;
} ntk_metrics;

/* metrics.tsv: a header line, then a row per metric; floats with %.17g, non-finite ones as nan, inf, -inf; a
 * scalar's interval fields are empty. Written atomically; reading is strict: another header, a truncated last
 * line, a repeated metric or a field that is no number is NTK_ERROR_FORMAT with path and line. */
ntk_status ntk_metrics_write(const char *path, const ntk_metrics *metrics);
ntk_status ntk_metrics_read(const char *path, ntk_metrics *out);
void ntk_metrics_release(ntk_metrics *metrics);
const ntk_metric *ntk_metrics_find(const ntk_metrics *metrics, const char *name);

/* ---- judgement --------------------------------------------------------------------------------- */

/* name, text, exit status of `ntk verify`; a claim takes the worst that befell it; the worst stands last. */
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
    const char *evidence; /* "certified", "statistical" (an interval was judged) or "numerical" */
    const char *reason;   /* why it is an ERROR, "the metric was not emitted" say; NULL otherwise */
    bool has_metric;
    ntk_metric metric; /* where has_metric: a copy, its name is the check's */
    /* Chance that another seed ends otherwise - does not hold, or in a control is not violated - as the
     * interval tells it (stats.h, ntk_stats_risk); NaN for a plain number, which says nothing of its spread.
     */
    double risk;
} ntk_check_outcome;

/* Judge one check. ERROR: the metric is missing, is not finite, is no estimate where the kind needs an
 * interval, or its interval has a confidence below the suite's. VIOLATED therefore always rests on finite
 * numbers. metrics: NULL where the process failed. */
ntk_check_outcome ntk_check_judge(const ntk_check *check, const ntk_metrics *metrics);

/* Stored results. expected/<suite>/<claim>.tsv: rows of tier, metric, value, low, high, level (empty for
 * scalars). */
typedef struct ntk_expected ntk_expected;
ntk_status ntk_expected_read(const char *path, ntk_expected **out); /* NTK_ERROR_NOT_FOUND: no such file */
void ntk_expected_destroy(ntk_expected *expected);

typedef struct ntk_comparison {
    bool compared; /* false: depends on the seed and the seed is not the stored one, and not statistical */
    bool agrees;
    const char *reason; /* why it cannot be compared ("not stored" say) and so does not agree; else NULL */
    double expected, found;   /* NaN where missing */
    double distance, allowed; /* in the units of the tolerance's kind; agrees: distance <= allowed */
} ntk_comparison;

/* One metric against its stored value. Missing on either side or not finite: does not agree. expected: NULL
 * where nothing is stored; metrics: NULL where the process failed.
 *
 * Statistical: |found - stored| <= tolerance (sum of the halves of the two intervals that face each other);
 * with tolerance = 1 the two intervals overlap. Two intervals that both cover the true value overlap, so that
 * a false alarm needs one that misses: its probability is at most (1 - level) for the fresh interval, which
 * the suite's family error has counted already, plus (1 - level) once, when the stored one was drawn. */
ntk_comparison ntk_regression_compare(const ntk_regression *regression, const ntk_expected *expected,
                                      ntk_tier tier, bool stored_seed, const ntk_metrics *metrics);

typedef struct ntk_control_outcome {
    const ntk_control *control;
    bool broke;                /* every check that it names came out VIOLATED */
    ntk_check_outcome *breaks; /* (control->break_count) */
} ntk_control_outcome;

typedef struct ntk_regression_outcome {
    const ntk_regression *regression;
    ntk_comparison comparison;
} ntk_regression_outcome;

/* What the processes of one claim brought back. Everything is borrowed. */
typedef struct ntk_claim_findings {
    ntk_tier tier;
    const ntk_metrics *metrics;         /* of the claim itself; NULL: its process failed */
    const ntk_metrics *const *controls; /* (claim->control_count); NULL where a process failed */
    const ntk_expected *expected;       /* NULL: nothing stored */
    bool compare;     /* false: leave the stored results out (parameters were overridden, or accepting) */
    bool stored_seed; /* the run used the seed of the stored results */
} ntk_claim_findings;

typedef struct ntk_claim_outcome {
    ntk_verdict verdict;
    const char *evidence;                /* the weakest among the checks: certified, statistical, numerical */
    ntk_check_outcome *checks;           /* (claim->check_count) */
    ntk_control_outcome *controls;       /* (claim->control_count) */
    ntk_regression_outcome *regressions; /* (claim->regression_count); see .compared */
} ntk_claim_outcome;

/* The claim's verdict, the worst of: each check; VACUOUS for a control that did not break; REGRESSED for a
 * stored result that is compared and does not agree. *out borrows from the claim and is released with
 * ntk_claim_outcome_release. Errors: NTK_ERROR_MEMORY. */
ntk_status ntk_claim_judge(const ntk_claim *claim, const ntk_claim_findings *findings,
                           ntk_claim_outcome *out);
void ntk_claim_outcome_release(const ntk_claim *claim, ntk_claim_outcome *outcome);

#endif
