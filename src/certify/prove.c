/* A verified prover of inequalities in one variable.
 *
 * Theorem. Let f be analytic on [a, b], with a zero of order at least m_a at a and m_b at b (0:
 * none is claimed), and let [a, b] be the union of finitely many closed pieces X such that
 *
 *     (i)   an enclosure of f on X is positive, or
 *     (ii)  X contains a, and an enclosure of f^(m)(xi) / m!, xi in X, m = m_a > 0, is positive, or
 *     (iii) X contains b, and an enclosure of (-1)^m f^(m)(xi) / m!, m = m_b > 0, is positive.
 *
 * Then f > 0 on (a, b), and at an end that needs neither (ii) nor (iii).
 *
 * Proof. (i) is plain. In (ii) Taylor's theorem about a gives f(x) = (x - a)^m f^(m)(xi) / m!
 * with xi between a and x, hence in X; (iii) is its mirror image. QED
 *
 * On a piece X with midpoint c, f is enclosed twice, by ball arithmetic on X itself and in the
 * mean value form f(c) + f'(X) (X - c), whose excess is of second order in the width; the better
 * lower bound counts. A piece on which neither succeeds is halved. Since f(c) is evaluated
 * anyway, a double c at which its enclosure is negative refutes the inequality, and is the
 * witness.
 *
 * Pieces are [a + s (b - a), a + t (b - a)], s and t dyadic, hence exact; a and b are balls (pi
 * is one), and a piece that touches an end contains all of that end's ball. The order of a zero
 * cannot be seen by arithmetic: it is the caller's lemma. What can be seen is that it is wrong,
 * when an enclosure of a coefficient that should vanish at the end does not contain 0. */
#include <ntk/prove.h>

#include <math.h>

#include "base/guard.h"
#include "certify/formula.h"
#include "certify/interval.h"

enum { ORDER_MAX = 8, DEPTH_MAX = 50, PIECES_MAX = 200000 };

typedef struct prover {
    formula_workspace workspace;
    unsigned zero_low, zero_high;
    arb_t low, width;
    arb_ptr coefficients; /* (ORDER_MAX + 1) */
    ntk_proof *proof;
} prover;

/* low + t width, t in [s, e]. */
static void place(arb_t out, const prover *p, double s, double e) {
    arf_t left, right;
    arf_init_set_ui(left, 0);
    arf_init_set_ui(right, 0);
    arf_set_d(left, s);
    arf_set_d(right, e);
    arb_set_interval_arf(out, left, right, FORMULA_BITS);
    arb_mul(out, out, p->width, FORMULA_BITS);
    arb_add(out, out, p->low, FORMULA_BITS);
    arf_clear(left);
    arf_clear(right);
}

/* A point of the piece at which f is evaluated: the double nearest to its middle, which can be
 * stated, and where no double lies in the piece the middle itself. */
static bool place_centre(arb_t out, const prover *p, double s, double e, const arb_t piece) {
    arb_t exact;
    arb_init(exact);
    place(out, p, (s + e) / 2, (s + e) / 2);
    arb_set_d(exact, arf_get_d(arb_midref(out), ARF_RND_NEAR));
    const bool stated = arb_contains(piece, exact);
    if (stated) arb_swap(out, exact);
    arb_clear(exact);
    return stated;
}

static void refute(ntk_proof *proof, const arb_t at, double value) {
    proof->result = NTK_PROOF_REFUTED;
    proof->margin = value;
    proof->witness = arf_get_d(arb_midref(at), ARF_RND_NEAR);
}

/* (i): the better of two lower bounds on the piece, or a refutation. */
static double bound_piece(const prover *p, double s, double e) {
    arb_t piece, centre, slope;
    arb_init(piece);
    arb_init(centre);
    arb_init(slope);
    place(piece, p, s, e);
    formula_expand(&p->workspace, piece, 2, p->coefficients);
    const double plain = certify_interval_of(p->coefficients).low;
    arb_set(slope, p->coefficients + 1);

    const bool stated = place_centre(centre, p, s, e, piece);
    formula_expand(&p->workspace, centre, 1, p->coefficients);
    const double value = certify_interval_of(p->coefficients).high;
    if (stated && value < 0) refute(p->proof, centre, value);

    arb_sub(piece, piece, centre, FORMULA_BITS);
    arb_addmul(p->coefficients, slope, piece, FORMULA_BITS);
    const double mean_value = certify_interval_of(p->coefficients).low;
    arb_clear(piece);
    arb_clear(centre);
    arb_clear(slope);
    return fmax(plain, mean_value);
}

/* (ii) and (iii): a lower bound of the coefficient of order m on the piece at an end. */
static double bound_end(const prover *p, double s, double e, unsigned m, bool mirrored) {
    arb_t piece;
    arb_init(piece);
    place(piece, p, s, e);
    formula_expand(&p->workspace, piece, (slong)m + 1, p->coefficients);
    if (mirrored && m % 2) arb_neg(p->coefficients + m, p->coefficients + m);
    arb_clear(piece);
    return certify_interval_of(p->coefficients + m).low;
}

/* Prove f on one piece; false once the inequality is refuted or the limits are reached. */
static bool visit(prover *p, double s, double e, int depth) {
    p->proof->pieces++;
    double bound = bound_piece(p, s, e);
    if (p->proof->result == NTK_PROOF_REFUTED) return false;
    if (!(bound > 0) && s == 0 && p->zero_low) bound = bound_end(p, s, e, p->zero_low, false);
    if (!(bound > 0) && e == 1 && p->zero_high) bound = bound_end(p, s, e, p->zero_high, true);
    if (bound > 0) {
        p->proof->margin = fmin(p->proof->margin, bound);
        return true;
    }
    if (depth == DEPTH_MAX || p->proof->pieces >= PIECES_MAX) return false;
    const double middle = (s + e) / 2;
    return visit(p, s, middle, depth + 1) && visit(p, middle, e, depth + 1);
}

/* The coefficients that a zero makes vanish have enclosures that contain 0. */
static ntk_status check_zero(const prover *p, double end, unsigned order, const char *where) {
    arb_t point;
    arb_init(point);
    place(point, p, end, end);
    formula_expand(&p->workspace, point, (slong)order + 1, p->coefficients);
    arb_clear(point);
    for (unsigned j = 0; j < order; j++)
        if (!arb_contains_zero(p->coefficients + j))
            return ntk_fail(NTK_ERROR_ARGUMENT,
                            "ntk_prove_positive: no zero of order %u at the %s end: coefficient %u is not 0",
                            order, where, j);
    return NTK_OK;
}

static ntk_status prove(prover *p) {
    if (!arb_is_positive(p->width))
        return ntk_fail(NTK_ERROR_ARGUMENT, "ntk_prove_positive: the range is empty");
    NTK_TRY(check_zero(p, 0, p->zero_low, "lower"));
    NTK_TRY(check_zero(p, 1, p->zero_high, "upper"));
    p->proof->margin = INFINITY;
    if (visit(p, 0, 1, 0))
        p->proof->result = NTK_PROOF_PROVED;
    else if (p->proof->result == NTK_PROOF_UNDECIDED)
        p->proof->margin = 0;
    return NTK_OK;
}

/* The value of a constant text. */
static ntk_status read_end(ntk_formula *formula, const char *text, arb_t out) {
    size_t step;
    formula_workspace workspace;
    NTK_TRY(formula_read_constant(formula, text, &step));
    NTK_TRY(formula_workspace_create(formula, step, &workspace));
    arb_zero(out);
    formula_expand(&workspace, out, 1, out);
    formula_workspace_release(&workspace);
    return NTK_OK;
}

ntk_status ntk_prove_positive(ntk_formula *formula, const char *name, const ntk_range *range,
                              ntk_proof *out) {
    NTK_BALL_GUARD;
    size_t step;
    *out = (ntk_proof){NTK_PROOF_UNDECIDED, 0, NAN, 0};
    NTK_TRY(formula_find(formula, name, &step));
    if (range->zero_low > ORDER_MAX || range->zero_high > ORDER_MAX)
        return ntk_fail(NTK_ERROR_ARGUMENT, "ntk_prove_positive: a zero of order %u and %u, at most %d",
                        range->zero_low, range->zero_high, (int)ORDER_MAX);
    prover p = {.zero_low = range->zero_low, .zero_high = range->zero_high, .proof = out};
    arb_init(p.low);
    arb_init(p.width);
    ntk_status status = read_end(formula, range->low, p.low);
    if (status == NTK_OK) status = read_end(formula, range->high, p.width);
    arb_sub(p.width, p.width, p.low, FORMULA_BITS);
    if (status == NTK_OK) status = formula_workspace_create(formula, step, &p.workspace);
    if (status == NTK_OK) {
        p.coefficients = _arb_vec_init(ORDER_MAX + 1);
        status = prove(&p);
        _arb_vec_clear(p.coefficients, ORDER_MAX + 1);
        formula_workspace_release(&p.workspace);
    }
    arb_clear(p.low);
    arb_clear(p.width);
    return status;
}
