/* Envelopes: how far a metric of one seed lies apart between BLAS libraries, CPU kernels,
 * compilers, vector widths and machines. What moves by much more was moved by something else. */
#ifndef NTK_CLAIM_ENVELOPE_H
#define NTK_CLAIM_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/lab/metrics.h>
#include <ntk/status.h>

#include "claim/claim.h"

/* A metric is MOVED beyond so many times its envelope, and a regression tolerance of more than so
 * many needs a reason. */
#define NTK_ENVELOPE_MOVED 1e3
#define NTK_ENVELOPE_LOOSE 1e6

/* expected/envelopes.tsv: a row for each metric. */
typedef struct ntk_envelope {
    char *claim;
    ntk_tier tier;
    char *metric;
    double least, greatest; /* over the axes and the stored value */
    double tolerance;       /* the integrator's of its claim, relative, below which steps may flip;
                             * 0 */
    char *axes;             /* "openblas-Haswell vector-scalar" */
    char *farthest;         /* the axis farthest from the stored value; "-" where none moved it */
    char *machines;         /* processors; several are separated by "; " */
    char *date;             /* of the last measurement, "2026-11-29" */
} ntk_envelope;

typedef struct ntk_envelopes {
    ntk_envelope *items;
    size_t count;
} ntk_envelopes;

/* No file: none. Errors: NTK_ERROR_IO, NTK_ERROR_FORMAT with path and line, NTK_ERROR_MEMORY. */
ntk_status ntk_envelopes_read(const char *path, ntk_envelopes *out);
/* By claim, tier and metric; atomically. */
ntk_status ntk_envelopes_write(const char *path, ntk_envelopes *envelopes);
void ntk_envelopes_release(ntk_envelopes *envelopes);

/* NULL where it has none. */
const ntk_envelope *ntk_envelopes_find(const ntk_envelopes *envelopes, const char *claim, ntk_tier tier,
                                       const char *metric);

/* Widen the envelope of found's claim, tier and metric to hold found's and the stored value; it is
 * made where there is none, and made anew where it does not hold the stored value: it was then
 * measured about another one. found: one axis, or what another machine measured; borrowed. A found
 * that does not hold the stored value although it should - of another machine, contains: true - is
 * left out, and of two machines' tolerances the larger one is kept. *taken: whether it was taken.
 * Errors: NTK_ERROR_MEMORY. */
ntk_status ntk_envelopes_widen(ntk_envelopes *envelopes, double stored, const ntk_envelope *found,
                               bool contains, bool *taken);

/* Its width, at least four units in the last place of the stored value and its integrator's
 * tolerance; NaN for NULL and for an envelope that does not hold the stored value. */
double ntk_envelope_width(const ntk_envelope *envelope, double stored);

/* |found - stored|, of an estimate the largest of its value and the ends of its interval, which are
 * as noisy. NaN where one is an estimate and the other is not. */
double ntk_envelope_distance(const ntk_metric *stored, const ntk_metric *found);

/* That over the width; NaN where there is none. */
double ntk_envelope_move(const ntk_envelope *envelope, const ntk_metric *stored, const ntk_metric *found);

/* A regression tolerance, in units of the metric, over that width. NaN where there is none, and
 * for statistical tolerances, which are those of the draws. */
double ntk_envelope_looseness(const ntk_envelope *envelope, const ntk_regression *regression, double stored);

#endif
