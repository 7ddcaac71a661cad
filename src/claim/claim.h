/* Claims: a theorem's statement and what is needed to judge it, read from claim.yaml. */
#ifndef NTK_CLAIM_CLAIM_H
#define NTK_CLAIM_CLAIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ntk/lab/context.h>
#include <ntk/status.h>

#include "base/digest.h"

/* Sizes of the experiments. Large is for clusters, and a claim need not have it. */
typedef enum ntk_tier { NTK_TIER_QUICK, NTK_TIER_FULL, NTK_TIER_LARGE, NTK_TIER_COUNT } ntk_tier;

/* "quick", "full", "large"; parse is the inverse. Errors: NTK_ERROR_ARGUMENT, listing the tiers. */
const char *ntk_tier_text(ntk_tier tier);
ntk_status ntk_tier_parse(const char *text, ntk_tier *out);

/* How a claim's statement stands to its source: name, text, meaning. */
#define NTK_WORDING_TABLE(X)                                                                                 \
    X(NTK_WORDING_RESTATED, "restated", "a printed result; what goes beyond it is named")                    \
    X(NTK_WORDING_RECONSTRUCTED, "reconstructed", "the paper's text was not at hand")                        \
    X(NTK_WORDING_OURS, "ours", "no paper states it; the source is what it builds on")

typedef enum ntk_wording {
#define NTK_WORDING_ENUM(name, text, meaning) name,
    NTK_WORDING_TABLE(NTK_WORDING_ENUM)
#undef NTK_WORDING_ENUM
        NTK_WORDING_COUNT
} ntk_wording;

const char *ntk_wording_text(ntk_wording wording);
const char *ntk_wording_meaning(ntk_wording wording);

/* How a check judges its metric. */
#define NTK_CHECK_TABLE(X)                                                                                   \
    X(NTK_CHECK_CERTIFIED, "certified") /* a verified bound: value >= bound */                               \
    X(NTK_CHECK_AT_MOST, "at-most")     /* value (or interval) <= bound */                                   \
    X(NTK_CHECK_AT_LEAST, "at-least")                                                                        \
    X(NTK_CHECK_BETWEEN, "between")           /* bound <= value (or interval) <= bound_high */               \
    X(NTK_CHECK_RATE_AT_MOST, "rate-at-most") /* estimate; interval below bound */                           \
    X(NTK_CHECK_RATE_AT_LEAST, "rate-at-least")                                                              \
    X(NTK_CHECK_EQUIVALENT, "equivalent") /* interval inside bound +- margin */                              \
    X(NTK_CHECK_IDENTITY, "identity")     /* |residual| <= bound, from error analysis */

typedef enum ntk_check_kind {
#define NTK_CHECK_ENUM(name, text) name,
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
    bool trend;        /* no theorem gives the bound */
    size_t line;       /* of claim.yaml */
} ntk_check;

typedef struct ntk_control {
    char *name;
    char *removes; /* the hypothesis that is taken away */
    char *why;     /* why the check must then break */
    ntk_setting *settings;
    size_t setting_count;
    /* Of what it sets, with values that put the hypothesis back; none: all that it sets removes the
     * hypothesis, and the claim itself is its twin. */
    ntk_setting *restores;
    size_t restore_count;
    char **breaks; /* names of checks, each of which must come out VIOLATED */
    size_t break_count;
    size_t line; /* of claim.yaml */
} ntk_control;

/* Which run of a claim: its own (control NULL), that of a control, or that of a control's twin, the
 * same settings with the hypothesis put back. */
typedef struct ntk_variant {
    const ntk_control *control;
    bool twin;
} ntk_variant;

/* How far a metric may lie from its stored value. Of an estimate, all but the last compare its
 * value. */
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
    size_t line; /* of claim.yaml */
} ntk_regression;

/* What data of a user's own a claim takes in the place of its own; all false where it takes
 * none. */
typedef struct ntk_claim_data {
    bool points, labels;
    bool distinct, unit_norm; /* hypotheses on the points, to be checked */
    ntk_setting *settings;    /* that go with them */
    size_t setting_count;
    char *count, *inputs; /* parameters that become the numbers of points and of coordinates; NULL:
                           * none does */
} ntk_claim_data;

typedef struct ntk_claim {
    char *folder, *id, *title, *statement, *paper, *result, *caption, *limits;
    char *measured;   /* what was found, with {metric} where a number belongs; NULL for none */
    char *no_control; /* why there can be no control; NULL where there are controls */
    long revision;
    ntk_digest content; /* of the text of claim.yaml */
    ntk_wording wording;
    char **hypotheses;
    size_t hypothesis_count;
    ntk_setting *common; /* what all tiers set */
    size_t common_count;
    ntk_setting *settings[NTK_TIER_COUNT]; /* what each sets beside; large: what it changes of the
                                            * full tier, NULL where the claim is not part of it */
    size_t setting_count[NTK_TIER_COUNT];
    double time_limit[NTK_TIER_COUNT]; /* seconds for one process */
    double memory_limit;               /* MiB for one process; of the large tier: large_memory */
    double large_memory;
    ntk_claim_data data;
    ntk_check *checks;
    size_t check_count;
    ntk_control *controls;
    size_t control_count;
    ntk_regression *regressions;
    size_t regression_count;
    const ntk_experiment *experiment; /* from the registry; NULL: `cause` says why there is none */
    char *cause;                      /* NULL for a claim that can be computed */
    /* Of a claim outside this program, borrowed: what computes in its stead, NULL for an experiment
     * with a function `run`; and its digest, else 0. */
    const char *program;
    ntk_digest code;
} ntk_claim;

/* Read and validate folder/claim.yaml against the schema, and its settings against the experiment's
 * parameters; experiment NULL: what it takes and emits is not known and not looked at. Errors:
 * NTK_ERROR_IO; NTK_ERROR_FORMAT, "path:line: what is wrong and what is
 * allowed". */
ntk_status ntk_claim_read(const char *folder, const ntk_experiment *experiment, ntk_claim *out);
/* The digest of folder/claim.yaml as it is now: `content` of a claim, unless it was changed since.
 * Errors: NTK_ERROR_IO. */
ntk_status ntk_claim_digest(const char *folder, ntk_digest *out);

bool ntk_claim_has_tier(const ntk_claim *claim, ntk_tier tier);

/* The same, as an error that says where tiers are listed: NTK_ERROR_NOT_FOUND. */
ntk_status ntk_claim_require_tier(const ntk_claim *claim, ntk_tier tier);

/* MiB for one process. */
double ntk_claim_memory(const ntk_claim *claim, ntk_tier tier);

/* Release and zero; a zeroed value is allowed. */
void ntk_claim_release(ntk_claim *claim);

/* The context for one process of a claim, which must outlive it: the settings of all tiers and of
 * this one, then those of the variant, then `overrides`, what --set gave. Errors: those of
 * ntk_context_create. */
ntk_status ntk_claim_context(const ntk_claim *claim, ntk_tier tier, ntk_variant variant,
                             const ntk_setting *overrides, size_t override_count, uint64_t seed,
                             const char *data_folder, ntk_context **out);

#endif
