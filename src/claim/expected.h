/* Stored results: their rows, and how a metric compares with them. */
#ifndef NTK_CLAIM_EXPECTED_H
#define NTK_CLAIM_EXPECTED_H

#include <stdbool.h>
#include <stddef.h>

#include "claim/claim.h"

/* Stored results. expected/<suite>/<claim>.tsv: rows of tier, metric, value, low, high, level,
 * degrees (the last four empty for scalars; degrees of freedom empty where they are not known, of
 * results that were stored before there was this column: files without it are read too). */
typedef struct ntk_expected ntk_expected;
/* NTK_ERROR_NOT_FOUND: no such file */
ntk_status ntk_expected_read(const char *path, ntk_expected **out);
void ntk_expected_destroy(ntk_expected *expected);

typedef struct ntk_expected_row {
    ntk_tier tier;
    ntk_metric metric; /* of an estimate, value, low, high, level and degrees; NaN: not known */
} ntk_expected_row;

struct ntk_expected {
    ntk_expected_row *rows; /* grown by ntk_array_grow */
    size_t count;
};

/* The row, or NULL. */
const ntk_expected_row *ntk_expected_find(const ntk_expected *expected, ntk_tier tier, const char *metric);

/* Append a copy. Errors: NTK_ERROR_MEMORY. */
ntk_status ntk_expected_append(ntk_expected *expected, const ntk_expected_row *row);

/* Write the rows as they stand, atomically. */
ntk_status ntk_expected_write(const char *path, const ntk_expected *expected);

typedef struct ntk_comparison {
    bool compared; /* false: depends on the seed and the seed is not the stored one, and not
                    * statistical */
    bool agrees;
    const char *reason;       /* why it cannot be compared ("not stored" say) and so does not agree;
                               * else NULL */
    const char *quantity;     /* "value"; of an estimate whose value agrees and another number does
                               * not, that one: "half-width", "degrees of freedom" */
    double expected, found;   /* of that quantity; NaN where missing */
    double distance, allowed; /* likewise; of the value in the units of the tolerance's kind, of the
                               * half-width in those of the metric, or a ratio; agrees: distance <=
                               * allowed */
    double part;              /* the largest distance over what is allowed, of all quantities; NaN
                               * where nothing was compared */
} ntk_comparison;

/* One metric against its stored value. Missing on either side or not finite: does not agree.
 * expected: NULL where nothing is stored; metrics: NULL where the process failed.
 *
 * Statistical: |found - stored| <= tolerance (sum of the halves of the two intervals that face each
 * other); with tolerance = 1 the two intervals overlap. Two intervals that both cover the true
 * value overlap, so that a false alarm needs one that misses: its probability is at most (1 -
 * level) for the fresh interval, which the suite's family error has counted already, plus (1 -
 * level) once, when the stored one was drawn.
 *
 * Of estimates the half-widths and the degrees of freedom are compared too; expected.c has the
 * rules and their reasons. */
ntk_comparison ntk_regression_compare(const ntk_regression *regression, const ntk_expected *expected,
                                      ntk_tier tier, bool stored_seed, const ntk_metrics *metrics);

/* Representable numbers between two; the two zeros lie none apart. */
double ntk_ulp_distance(double a, double b);

#endif
