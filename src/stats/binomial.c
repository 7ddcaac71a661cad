/* Tails of the binomial law.
 *
 * For X successes in n trials of probability p, and q = 1 - p, neighbouring terms have the ratio
 *
 *     P(X = j + 1) / P(X = j) = (n - j) p / ((j + 1) q),
 *
 * which falls with j and is 1 next to the mean. So the tail on the far side of the mean is its
 * first term times a sum of products of ratios below 1: the further out the faster it converges,
 * and what
 * is left behind term t of ratio r < 1 is at most t r / (1 - r). The other tail is one less it. The
 * first term comes from the logarithm of the Gamma function. All in ball arithmetic, at a precision
 * that is doubled until both tails are known to a double. */
#include <math.h>
#include <stdbool.h>

#include <ntk/stats.h>

#include "base/arb.h"
#include "base/guard.h"

enum { PRECISION_MIN = 128, PRECISION_MAX = 1 << 12, DOUBLE_BITS = 60 };

typedef struct binomial {
    size_t trials;
    arb_t p, q;
} binomial;

/* out <- P(X = j). */
static void point(arb_t out, const binomial *law, size_t j, slong precision) {
    const ulong n = law->trials, parts[] = {j, n - j};
    const arb_struct *const bases[] = {law->p, law->q};
    arb_t term;
    arb_init(term);
    arb_set_ui(out, n + 1);
    arb_lgamma(out, out, precision);
    for (size_t i = 0; i < 2; i++) {
        arb_set_ui(term, parts[i] + 1);
        arb_lgamma(term, term, precision);
        arb_sub(out, out, term, precision);
        arb_log(term, bases[i], precision);
        arb_mul_ui(term, term, parts[i], precision);
        arb_add(out, out, term, precision);
    }
    arb_exp(out, out, precision);
    arb_clear(term);
}

/* ratio <- P(X = j + 1) / P(X = j), or upside down for steps to the left of j. */
static void next_ratio(arb_t ratio, const binomial *law, size_t j, bool up, slong precision) {
    const ulong n = law->trials;
    arb_t divisor;
    arb_init(divisor);
    arb_mul_ui(ratio, up ? law->p : law->q, up ? n - j : j, precision);
    arb_mul_ui(divisor, up ? law->q : law->p, up ? j + 1 : n - j + 1, precision);
    arb_div(ratio, ratio, divisor, precision);
    arb_clear(divisor);
}

/* out <- P(X >= from), or P(X <= from), `from` on that side of the mean. */
static void far_tail(arb_t out, const binomial *law, size_t from, bool up, slong precision) {
    arb_t term, ratio, rest;
    arb_init(term);
    arb_init(ratio);
    arb_init(rest);
    arb_one(term);
    arb_one(out);
    for (size_t j = from; j != (up ? law->trials : 0); j += up ? 1 : SIZE_MAX) {
        next_ratio(ratio, law, j, up, precision);
        arb_mul(term, term, ratio, precision);
        arb_add(out, out, term, precision);
        arb_sub_ui(rest, ratio, 1, precision);
        arb_neg(rest, rest);
        arb_div(rest, ratio, rest, precision);
        arb_mul(rest, rest, term, precision); /* finite and positive once the ratio is below 1 */
        if (arb_is_positive(rest) && arf_cmpabs_2exp_si(arb_midref(rest), -precision) < 0) {
            arb_add_error(out, rest);
            break;
        }
    }
    point(term, law, from, precision);
    arb_mul(out, out, term, precision);
    arb_clear(term);
    arb_clear(ratio);
    arb_clear(rest);
}

static bool is_accurate(const arb_t value) {
    return arb_is_finite(value) && arb_rel_accuracy_bits(value) >= DOUBLE_BITS;
}

/* below <- P(X <= k), above <- P(X > k), k < trials. */
static void both_tails(arb_t below, arb_t above, const binomial *law, size_t k, double mean,
                       slong precision) {
    const bool up = (double)k >= mean;
    far_tail(up ? above : below, law, up ? k + 1 : k, up, precision);
    arb_sub_ui(up ? below : above, up ? above : below, 1, precision);
    arb_neg(up ? below : above, up ? below : above);
}

ntk_status ntk_stats_binomial(size_t successes, size_t trials, double p, double *lower, double *upper) {
    NTK_BALL_GUARD;
    *lower = *upper = NAN;
    if (!(p > 0 && p < 1)) return ntk_fail(NTK_ERROR_ARGUMENT, "binomial: p = %g is not in (0, 1)", p);
    if (trials == 0 || trials > (size_t)1 << 40)
        return ntk_fail(NTK_ERROR_ARGUMENT, "binomial: %zu trials, not 1 to 2^40", trials);
    if (successes >= trials) {
        *lower = 1;
        *upper = 0;
        return NTK_OK;
    }
    binomial law = {.trials = trials};
    arb_t below, above;
    arb_init(law.p);
    arb_init(law.q);
    arb_init(below);
    arb_init(above);
    arb_set_d(law.p, p);
    arb_sub_ui(law.q, law.p, 1, PRECISION_MAX);
    arb_neg(law.q, law.q);
    bool found = false;
    for (slong precision = PRECISION_MIN; precision <= PRECISION_MAX && !found; precision *= 2) {
        both_tails(below, above, &law, successes, (double)trials * p, precision);
        found = is_accurate(below) && is_accurate(above);
    }
    if (found) {
        *lower = arf_get_d(arb_midref(below), ARF_RND_NEAR);
        *upper = arf_get_d(arb_midref(above), ARF_RND_NEAR);
    }
    arb_clear(law.p);
    arb_clear(law.q);
    arb_clear(below);
    arb_clear(above);
    if (found) return NTK_OK;
    return ntk_fail(NTK_ERROR_NO_CONVERGENCE, "binomial: the tails at %zu of %zu, p = %g", successes, trials,
                    p);
}
