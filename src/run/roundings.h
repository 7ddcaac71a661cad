/* The same claims under several rounding modes: how many digits of each metric survive. */
#ifndef NTK_RUN_ROUNDINGS_H
#define NTK_RUN_ROUNDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/lab/metrics.h>
#include <ntk/status.h>

#include "base/rounding.h"
#include "run/catalogue.h"
#include "run/state.h"

/* A metric of a claim: found under rounding to nearest, and under the other modes. */
typedef struct ntk_roundings_metric {
    char *claim;
    ntk_metric nearest;
    double values[NTK_ROUNDING_COUNT]; /* NaN where a mode gave none or was not run */
    bool lost;                         /* a mode gave no finite value: refused, say, or failed */
    double part; /* of the claim's tolerance that the largest difference takes; NaN: it has none */
} ntk_roundings_metric;

/* The largest difference from the value under nearest; NaN where a mode gave none. */
double ntk_roundings_spread(const ntk_roundings_metric *metric);

/* Decimal digits that all modes share with nearest: -log10(spread / |value|), at least 0; infinite
 * where no mode moved it, NaN where a mode gave none. A metric that is itself a rounding error has
 * none by nature. */
double ntk_roundings_digits(const ntk_roundings_metric *metric);

typedef struct ntk_roundings {
    ntk_run_options options;         /* of each run */
    bool wanted[NTK_ROUNDING_COUNT]; /* modes; nearest always */
    ntk_roundings_metric *metrics;   /* by claim, in its order; at the end the weakest first */
    size_t count;
    ntk_verdict worst; /* of all runs; a claim that only directed modes skip does not count */
    char *folder;
} ntk_roundings;

/* "up,zero", "all". wanted: (NTK_ROUNDING_COUNT). Errors: NTK_ERROR_ARGUMENT. */
ntk_status ntk_roundings_parse(const char *text, bool *wanted);

/* Called after each run, which is still there. */
typedef void ntk_roundings_observer(const ntk_run *run, void *context);

/* Run the selected claims (none: all) under nearest and each wanted mode, one run each in <mode>/,
 * without figures; at the end write digits.tsv, a row for each metric, and report.html. The rest as
 * of ntk_seeds_execute. */
ntk_status ntk_roundings_execute(const ntk_suite *suite, const char *const *names, size_t count,
                                 const ntk_run_options *options, const bool *wanted,
                                 ntk_roundings_observer *observer, void *context, ntk_roundings **out);
void ntk_roundings_destroy(ntk_roundings *roundings);

#endif
