/* Two neighbours with Q above and not above the tail wanted: 62 evaluations, some milliseconds, and
 * nothing to tune: no starting value, no stopping rule, no case where Newton's method leaves the
 * range. */
#include "stats/quantile.h"

#include <float.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { PRECISION_MIN = 128, PRECISION_MAX = 1 << 13 }; /* bits */

/* Whether Q(x) <= tail, proved; at a tie beyond all precision it is called true. */
static ntk_status tail_at_most(const stats_law *law, double tail, double x, bool *out) {
    arb_t difference;
    arb_init(difference);
    bool finite = false;
    *out = true;
    for (slong precision = PRECISION_MIN; precision <= PRECISION_MAX; precision *= 2) {
        law->difference(difference, tail, x, law->degrees, precision);
        finite = arb_is_finite(difference);
        if (finite && !arb_contains_zero(difference)) {
            *out = arb_is_positive(difference);
            break;
        }
    }
    arb_clear(difference);
    if (!finite)
        return ntk_fail(NTK_ERROR_NO_CONVERGENCE,
                        "%s quantile: the incomplete beta function at %g with %g degrees", law->name, x,
                        law->degrees[0]);
    return NTK_OK;
}

static double double_of(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint64_t bits_of(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Non-negative doubles are ordered as their bits. */
ntk_status stats_upper_quantile(const stats_law *law, double tail, double *out) {
    uint64_t above = bits_of(0), at_most = bits_of(DBL_MAX);
    bool reached;
    NTK_TRY(tail_at_most(law, tail, DBL_MAX, &reached));
    if (!reached)
        return ntk_fail(NTK_ERROR_NO_CONVERGENCE, "%s quantile: tail %g with %g degrees overflows", law->name,
                        tail, law->degrees[0]);
    while (at_most - above > 1) {
        const uint64_t middle = above + (at_most - above) / 2;
        NTK_TRY(tail_at_most(law, tail, double_of(middle), &reached));
        *(reached ? &at_most : &above) = middle;
    }
    *out = double_of(at_most);
    return NTK_OK;
}
