/* Quantiles by bisection over the doubles themselves. */
#ifndef NTK_STATS_QUANTILE_H
#define NTK_STATS_QUANTILE_H

#include <ntk/status.h>

#include "base/arb.h"

/* A law on [0, infinity) with a continuous upper tail Q, decreasing from a Q(0) above the tails
 * that are asked for. */
typedef struct stats_law {
    const char *name; /* "t": for messages */
    /* out <- tail - Q(x), in ball arithmetic. */
    void (*difference)(arb_t out, double tail, double x, const double *degrees, slong precision);
    double degrees[2];
} stats_law;

/* The smallest double x >= 0 with Q(x) <= tail, each comparison proved; at a tie beyond all
 * precision it is called true. Within a guard (base/guard.h). Errors: NTK_ERROR_NO_CONVERGENCE
 * where x
 * overflows or Q cannot be evaluated. */
ntk_status stats_upper_quantile(const stats_law *law, double tail, double *out);

#endif
