/* Two runs, or a run and the stored results, beside each other: what moved, and what may have moved
 * it. */
#ifndef NTK_RUN_COMPARE_H
#define NTK_RUN_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/status.h>

#include "claim/judge.h"
#include "run/record.h"

/* name, text; the worst stands last. */
#define NTK_MOVE_TABLE(X)                                                                                    \
    X(NTK_MOVE_NONE, "equal")          /* the same bits */                                                   \
    X(NTK_MOVE_UNJUDGED, "unjudged")   /* no tolerance, another seed or other parameters */                  \
    X(NTK_MOVE_WITHIN, "within")       /* differs by less than is worth a look */                            \
    X(NTK_MOVE_MOVED, "MOVED")         /* by more than that, within its tolerance */                         \
    X(NTK_MOVE_REGRESSED, "REGRESSED") /* by more than its tolerance */

typedef enum ntk_move_level {
#define NTK_MOVE_ENUM(name, text) name,
    NTK_MOVE_TABLE(NTK_MOVE_ENUM)
#undef NTK_MOVE_ENUM
        NTK_MOVE_COUNT
} ntk_move_level;

const char *ntk_move_text(ntk_move_level level);

/* The part of a tolerance from which a metric counts as MOVED that has no envelope; one that has is
 * MOVED beyond NTK_ENVELOPE_MOVED of them. A change of the whole BLAS moved no
 * metric by as much as 0.7 % of its tolerance: what moves by more was changed by something else. */
#define NTK_MOVED_PART 0.01

/* A metric that differs. */
typedef struct ntk_move {
    char *process, *metric; /* "suite/claim", "suite/claim/control" or
                            * "suite/claim/control/twin" */
    ntk_move_level level;
    double before, after, ulp;
    double part;        /* of its tolerance; infinite where that is 0, NaN where there is none */
    double envelopes;   /* |after - before| over its envelope; NaN: it has none, or another seed */
    const char *kind;   /* of the tolerance; NULL where there is none */
    const char *reason; /* why it is not judged, or cannot be; NULL otherwise */
} ntk_move;

typedef struct ntk_verdict_change {
    char *claim;
    ntk_verdict before, after;
} ntk_verdict_change;

/* "CPU", "BLAS core". */
typedef struct ntk_origin_change {
    const char *what;
    char *before, *after;
} ntk_origin_change;

typedef struct ntk_run_comparison {
    ntk_origin_change *origins;
    ntk_verdict_change *verdicts;
    ntk_move *moves; /* the worst first */
    size_t origin_count, verdict_count, move_count;
    char **only_before, **only_after; /* claims that the other has not */
    size_t only_before_count, only_after_count;
    size_t claims, metrics; /* that both have */
    size_t counts[NTK_MOVE_COUNT];
    ntk_move_level level; /* the worst of the moves; a verdict that got worse is REGRESSED, one that
                           * got better MOVED */
} ntk_run_comparison;

/* Tolerances are those that `after`, which is a run, was judged with; moved: the part of one from
 * which a metric without an envelope is MOVED. To be released. Errors: NTK_ERROR_ARGUMENT for runs
 * of two tiers; NTK_ERROR_FORMAT for a file of metrics that cannot be read; NTK_ERROR_MEMORY. */
ntk_status ntk_run_compare(const ntk_record *before, const ntk_record *after, double moved,
                           ntk_run_comparison *out);
void ntk_run_comparison_release(ntk_run_comparison *comparison);

#endif
