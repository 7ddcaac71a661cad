/* Taylor coefficients of a formula in ball arithmetic.
 *
 * Each operation takes the series of its operands to the series of its result, coefficient by
 * coefficient in balls. Starting from x + e, x a ball, the j-th coefficient of the result
 * encloses f^(j)(xi) / j! for every xi in the ball.
 *
 * The angle of the next layer, A(t) = arccos kappa_1(cos t), kappa_1(cos t) = (cos t (pi - t) +
 * sin t) / pi. The arccosine has a branch point where kappa_1 = 1, at t = 0, but A has none. Let
 *
 *     q(t) = (1 - kappa_1(cos t)) / t^2 = [pi (1 - cos t) - (sin t - t cos t)] / (pi t^2),
 *
 * an entire function with q(0) = 1/2. As 1 - cos A = 2 sin^2(A/2),
 *
 *     A(t) = 2 arcsin(t sqrt(q(t) / 2)),
 *
 * analytic where q > 0 and the argument is below 1; on [0, pi] it grows to sqrt(1/2). In powers
 * of t,
 *
 *     q(t) = sum_{j >= 1} (-1)^{j+1} [ t^{2j-2} / (2j)! - t^{2j-1} 2j / (pi (2j+1)!) ],
 *
 * whose n-th coefficient is at most 1 / (n+1)!. Cut off before t^N the rest is at most 5^N /
 * (N+1)! / (1 - 5/(N+2)) for |t| <= 5, and so, by Cauchy's estimate on circles of radius 1, is
 * each Taylor coefficient of the rest about a point of |t| <= 4. */
#include "base/guard.h"
#include "certify/formula.h"

#include <math.h>

#include <ntk/memory.h>

#include "certify/interval.h"

enum { TERMS = 90, ANGLE_MAX = 4, REST = -250, NARROW = -60 }; /* 5^90 / 91! < 2^-255 */

/* ---- the angle of the next layer ------------------------------------------------------------- */

/* q as a polynomial of TERMS coefficients, without its rest. */
static void set_quotient(arb_poly_t q) {
    arb_t coefficient, pi;
    arb_init(coefficient);
    arb_init(pi);
    arb_const_pi(pi, FORMULA_BITS);
    for (slong n = 0; n < TERMS; n++) {
        arb_fac_ui(coefficient, (ulong)n + 2, FORMULA_BITS);
        if (n % 2 == 0) {
            arb_inv(coefficient, coefficient, FORMULA_BITS);
        } else {
            arb_mul(coefficient, coefficient, pi, FORMULA_BITS);
            arb_ui_div(coefficient, (ulong)n + 1, coefficient, FORMULA_BITS);
            arb_neg(coefficient, coefficient);
        }
        if (n / 2 % 2) arb_neg(coefficient, coefficient);
        arb_poly_set_coeff_arb(q, n, coefficient);
    }
    arb_clear(coefficient);
    arb_clear(pi);
}

/* The expansion of a polynomial about the ball t, by Horner's rule. */
static void expand_polynomial(arb_poly_t out, const arb_poly_t polynomial, const arb_t t, slong order) {
    arb_poly_t variable;
    arb_t constant;
    arb_poly_init(variable);
    arb_init(constant);
    arb_poly_set_coeff_arb(variable, 0, t);
    arb_poly_set_coeff_si(variable, 1, 1);
    arb_poly_zero(out);
    for (slong n = arb_poly_length(polynomial); n-- > 0;) {
        arb_poly_mullow(out, out, variable, order, FORMULA_BITS);
        arb_poly_get_coeff_arb(constant, out, 0);
        arb_add(constant, constant, arb_poly_get_coeff_ptr(polynomial, n), FORMULA_BITS);
        arb_poly_set_coeff_arb(out, 0, constant);
    }
    arb_poly_clear(variable);
    arb_clear(constant);
}

/* The expansion of q about the ball t; for a wide one through that about its midpoint: powers of
 * a wide ball would lose the cancellation between the terms, whereas about a point the
 * coefficients fall like 1 / n!. */
static void expand_quotient(arb_poly_t out, const arb_poly_t quotient, const arb_t t, slong order) {
    arb_t part;
    arb_init(part);
    if (mag_cmp_2exp_si(arb_radref(t), NARROW) < 0) {
        expand_polynomial(out, quotient, t, order);
    } else {
        arb_poly_t shifted;
        arb_poly_init(shifted);
        arb_set_arf(part, arb_midref(t));
        arb_poly_taylor_shift(shifted, quotient, part, FORMULA_BITS);
        arb_sub(part, t, part, FORMULA_BITS);
        expand_polynomial(out, shifted, part, order);
        arb_poly_clear(shifted);
    }
    for (slong j = 0; j < order; j++) {
        arb_poly_get_coeff_arb(part, out, j);
        arb_add_error_2exp_si(part, REST);
        arb_poly_set_coeff_arb(out, j, part);
    }
    arb_clear(part);
}

static void indeterminate(arb_poly_t out, slong order) {
    arb_t nothing;
    arb_init(nothing);
    arb_indeterminate(nothing);
    for (slong j = 0; j < order; j++) arb_poly_set_coeff_arb(out, j, nothing);
    arb_clear(nothing);
}

/* The condition is on the whole ball: -4 <= t <= 4. */
static bool within_angles(const arb_t t) {
    arb_t size;
    arb_init(size);
    arb_abs(size, t);
    arb_sub_ui(size, size, ANGLE_MAX, FORMULA_BITS);
    const bool within = arb_is_finite(t) && arb_is_nonpositive(size);
    arb_clear(size);
    return within;
}

static void expand_angle(arb_poly_t out, const arb_poly_t quotient, const arb_poly_t t, slong order) {
    arb_poly_t q, inner;
    arb_t value;
    arb_poly_init(q);
    arb_poly_init(inner);
    arb_init(value);
    arb_poly_get_coeff_arb(value, t, 0);
    if (!within_angles(value)) {
        indeterminate(out, order);
    } else {
        expand_quotient(q, quotient, value, order);
        arb_poly_set(inner, t);
        arb_poly_set_coeff_si(inner, 0, 0);
        arb_poly_compose_series(q, q, inner, order, FORMULA_BITS);
        arb_poly_scalar_mul_2exp_si(q, q, -1);
        arb_poly_sqrt_series(q, q, order, FORMULA_BITS);
        arb_poly_mullow(q, q, t, order, FORMULA_BITS);
        arb_poly_asin_series(q, q, order, FORMULA_BITS);
        arb_poly_scalar_mul_2exp_si(out, q, 1);
    }
    arb_poly_clear(q);
    arb_poly_clear(inner);
    arb_clear(value);
}

/* ---- evaluation ------------------------------------------------------------------------------ */

ntk_status formula_workspace_create(const ntk_formula *formula, size_t step, formula_workspace *out) {
    *out = (formula_workspace){.formula = formula};
    NTK_TRY(ntk_allocate(step + 1, sizeof *out->needed, (void **)&out->needed));
    const ntk_status status = ntk_allocate(step + 1, sizeof *out->series, (void **)&out->series);
    if (status != NTK_OK) {
        ntk_release(out->needed);
        return status;
    }
    out->needed[step] = true;
    for (size_t i = step + 1; i-- > 0;) {
        const formula_step *s = &formula->steps[i];
        arb_poly_init(out->series + i);
        if (!out->needed[i] || s->operation == FORMULA_X || s->operation == FORMULA_CONSTANT) continue;
        out->needed[s->a] = out->needed[s->b] = true;
    }
    out->step = step;
    arb_poly_init(out->quotient);
    set_quotient(out->quotient);
    return NTK_OK;
}

void formula_workspace_release(formula_workspace *workspace) {
    for (size_t i = 0; i <= workspace->step; i++) arb_poly_clear(workspace->series + i);
    arb_poly_clear(workspace->quotient);
    ntk_release(workspace->series);
    ntk_release(workspace->needed);
    *workspace = (formula_workspace){0};
}

static void expand_unary(arb_poly_t out, formula_operation operation, const arb_poly_t a, slong order) {
    switch (operation) {
    case FORMULA_NEGATE:
        arb_poly_neg(out, a);
        break;
    case FORMULA_SQRT:
        arb_poly_sqrt_series(out, a, order, FORMULA_BITS);
        break;
    case FORMULA_EXP:
        arb_poly_exp_series(out, a, order, FORMULA_BITS);
        break;
    case FORMULA_LOG:
        arb_poly_log_series(out, a, order, FORMULA_BITS);
        break;
    case FORMULA_SIN:
        arb_poly_sin_series(out, a, order, FORMULA_BITS);
        break;
    case FORMULA_COS:
        arb_poly_cos_series(out, a, order, FORMULA_BITS);
        break;
    case FORMULA_ASIN:
        arb_poly_asin_series(out, a, order, FORMULA_BITS);
        break;
    case FORMULA_ATAN:
        arb_poly_atan_series(out, a, order, FORMULA_BITS);
        break;
    case FORMULA_ERF:
        arb_hypgeom_erf_series(out, a, order, FORMULA_BITS);
        break;
    default:
        indeterminate(out, order);
    }
}

static void expand_step(const formula_workspace *w, size_t i, const arb_t x, slong order) {
    const formula_step *step = &w->formula->steps[i];
    arb_poly_struct *out = w->series + i, *a = w->series + step->a, *b = w->series + step->b;
    switch (step->operation) {
    case FORMULA_X:
        arb_poly_set_coeff_si(out, 1, 1);
        arb_poly_set_coeff_arb(out, 0, x);
        arb_poly_truncate(out, order);
        break;
    case FORMULA_CONSTANT:
        arb_poly_set_coeff_arb(out, 0, w->formula->values + i);
        break;
    case FORMULA_ADD:
        arb_poly_add_series(out, a, b, order, FORMULA_BITS);
        break;
    case FORMULA_SUBTRACT:
        arb_poly_sub_series(out, a, b, order, FORMULA_BITS);
        break;
    case FORMULA_MULTIPLY:
        arb_poly_mullow(out, a, b, order, FORMULA_BITS);
        break;
    case FORMULA_DIVIDE:
        arb_poly_div_series(out, a, b, order, FORMULA_BITS);
        break;
    case FORMULA_POWER:
        arb_poly_pow_ui_trunc_binexp(out, a, step->exponent, order, FORMULA_BITS);
        break;
    case FORMULA_ANGLE:
        expand_angle(out, w->quotient, a, order);
        break;
    default:
        expand_unary(out, step->operation, a, order);
    }
}

void formula_expand(const formula_workspace *workspace, const arb_t x, slong order, arb_ptr out) {
    for (size_t i = 0; i <= workspace->step; i++)
        if (workspace->needed[i]) expand_step(workspace, i, x, order);
    for (slong j = 0; j < order; j++) arb_poly_get_coeff_arb(out + j, workspace->series + workspace->step, j);
}

ntk_status ntk_formula_evaluate(const ntk_formula *formula, const char *name, double x, ntk_interval *out) {
    NTK_BALL_GUARD;
    size_t step;
    formula_workspace workspace;
    NTK_TRY(formula_find(formula, name, &step));
    if (!isfinite(x)) return ntk_fail(NTK_ERROR_ARGUMENT, "formula '%s' at %g", name, x);
    NTK_TRY(formula_workspace_create(formula, step, &workspace));
    arb_t point, value;
    arb_init(point);
    arb_init(value);
    arb_set_d(point, x);
    formula_expand(&workspace, point, 1, value);
    *out = certify_interval_of(value);
    arb_clear(point);
    arb_clear(value);
    formula_workspace_release(&workspace);
    return NTK_OK;
}
