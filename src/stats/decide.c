/* An interval against a bound. Every comparison is written so that NaN fails, and what is not a
 * proper interval cannot hold. */
#include <math.h>

#include <ntk/stats.h>

static bool is_interval(const ntk_estimate *e) {
    return isfinite(e->value) && isfinite(e->low) && isfinite(e->high) && e->low <= e->value &&
           e->value <= e->high;
}

/* HOLDS when [low, high] lies inside [from, to], VIOLATED when the two are disjoint. */
static ntk_decision decide_inside(const ntk_estimate *estimate, double from, double to) {
    if (estimate->low >= from && estimate->high <= to) return NTK_DECISION_HOLDS;
    if (estimate->high >= from && estimate->low <= to) return NTK_DECISION_INCONCLUSIVE;
    return NTK_DECISION_VIOLATED;
}

ntk_decision ntk_decide_at_most(const ntk_estimate *estimate, double bound) {
    if (!is_interval(estimate) || !isfinite(bound)) return NTK_DECISION_VIOLATED;
    return decide_inside(estimate, -INFINITY, bound);
}

ntk_decision ntk_decide_at_least(const ntk_estimate *estimate, double bound) {
    if (!is_interval(estimate) || !isfinite(bound)) return NTK_DECISION_VIOLATED;
    return decide_inside(estimate, bound, INFINITY);
}

ntk_decision ntk_decide_equivalent(const ntk_estimate *estimate, double bound, double margin) {
    if (!is_interval(estimate) || !isfinite(bound) || !(isfinite(margin) && margin >= 0))
        return NTK_DECISION_VIOLATED;
    return decide_inside(estimate, bound - margin, bound + margin);
}
