/* The series of arccos and of the root are FLINT's; nothing here knows their coefficients. */
#include <ntk/maclaurin.h>

#include "base/arb.h"
#include "base/guard.h"
#include "certify/interval.h"

enum { PRECISION = 256 };

/* out <- (pi - arccos u) / pi */
static void series_of_kappa_0(arb_poly_t out, slong count) {
    arb_poly_t u;
    arb_t pi;
    arb_poly_init(u);
    arb_init(pi);
    arb_poly_set_coeff_si(u, 1, 1);
    arb_const_pi(pi, PRECISION);
    arb_poly_acos_series(out, u, count, PRECISION);
    arb_poly_neg(out, out);
    arb_poly_scalar_div(out, out, pi, PRECISION);
    arb_poly_set_si(u, 1);
    arb_poly_add(out, out, u, PRECISION);
    arb_clear(pi);
    arb_poly_clear(u);
}

/* out <- u kappa_0 + sqrt(1 - u^2) / pi */
static void series_of_kappa_1(arb_poly_t out, const arb_poly_t kappa_0, slong count) {
    arb_poly_t root;
    arb_t pi;
    arb_poly_init(root);
    arb_init(pi);
    arb_const_pi(pi, PRECISION);
    arb_poly_set_coeff_si(root, 0, 1);
    arb_poly_set_coeff_si(root, 2, -1);
    arb_poly_sqrt_series(root, root, count, PRECISION);
    arb_poly_scalar_div(root, root, pi, PRECISION);
    arb_poly_shift_left(out, kappa_0, 1);
    arb_poly_add(out, out, root, PRECISION);
    arb_poly_truncate(out, count);
    arb_clear(pi);
    arb_poly_clear(root);
}

static void take(const arb_poly_t series, size_t count, ntk_interval *out) {
    arb_t coefficient;
    arb_init(coefficient);
    for (size_t k = 0; k < count && out != NULL; k++) {
        arb_poly_get_coeff_arb(coefficient, series, (slong)k);
        out[k] = certify_interval_of(coefficient);
    }
    arb_clear(coefficient);
}

ntk_status ntk_maclaurin_kappas(size_t count, ntk_interval *kappa_0, ntk_interval *kappa_1) {
    NTK_BALL_GUARD;
    if (count == 0 || count > (size_t)1 << 16)
        return ntk_fail(NTK_ERROR_SHAPE, "maclaurin: %zu coefficients; want 1 to 2^16", count);
    arb_poly_t zero, one;
    arb_poly_init(zero);
    arb_poly_init(one);
    series_of_kappa_0(zero, (slong)count);
    series_of_kappa_1(one, zero, (slong)count);
    take(zero, count, kappa_0);
    take(one, count, kappa_1);
    arb_poly_clear(zero);
    arb_poly_clear(one);
    return NTK_OK;
}
