/* Intervals that are certain to hold a number, and sums, products, quotients and roots of them. */
#ifndef NTK_INTERVAL_H
#define NTK_INTERVAL_H

#include <ntk/api.h>

NTK_BEGIN_DECLS

/* low <= the number <= high; the ends may be infinite. */
typedef struct ntk_interval {
    double low, high;
} ntk_interval;

/* Each holds every result of numbers of its arguments, ends rounded outwards by one ulp; from
 * -infinity to infinity where an operation is not defined (a divisor that holds 0, the root of a
 * negative number) or an end is NaN. */
ntk_interval ntk_interval_add(ntk_interval a, ntk_interval b);
ntk_interval ntk_interval_subtract(ntk_interval a, ntk_interval b);
ntk_interval ntk_interval_multiply(ntk_interval a, ntk_interval b);
ntk_interval ntk_interval_divide(ntk_interval a, ntk_interval b);
ntk_interval ntk_interval_sqrt(ntk_interval a);

NTK_END_DECLS

#endif
