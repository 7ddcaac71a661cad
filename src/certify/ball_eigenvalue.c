/* Enclosure of the smallest eigenvalue of a symmetric matrix A of balls.
 *
 * An approximate eigenvector v, by Jacobi's method on the midpoints and without rigour, gives both
 * ends:
 *
 *     above   lambda_min <= v^T A v / v^T v, in balls (Rayleigh);
 *     below   lambda_min > s where Cholesky's method, in balls, factors A - s I: each matrix in the
 *             balls then has a Cholesky factor, hence is positive definite.
 *
 * s begins just below the Rayleigh quotient and goes down until a factorisation succeeds. Neither
 * end supposes that the eigenvalue is simple or that Jacobi's method has converged. */
#include "certify/ball_eigenvalue.h"

#include <stdbool.h>

/* x <- x 2^e. The function of that name is an inline one of FLINT 2 that calls GMP, which is not
 * linked. */
static void scale(arf_t x, slong e) {
    arb_t ball;
    arb_init(ball);
    arf_swap(arb_midref(ball), x);
    arb_mul_2exp_si(ball, ball, e);
    arf_swap(arb_midref(ball), x);
    arb_clear(ball);
}

/* ---- an approximate eigenvector -------------------------------------------------------------- */

/* Rotations of one sweep double the digits; this many are not needed at 10^4 bits. */
enum { MOST_SWEEPS = 40 };

typedef struct {
    slong n, precision;
    arf_struct *a, *v; /* (n, n), symmetric and orthogonal; row k of v: vector k */
    arf_t c, s, t, u;
} jacobi;

static arf_struct *create_matrix(slong n) {
    arf_struct *a = flint_malloc((size_t)(n * n) * sizeof *a);
    for (slong k = 0; k < n * n; k++) arf_init(a + k);
    return a;
}

static void destroy_matrix(slong n, arf_struct *a) {
    for (slong k = 0; k < n * n; k++) arf_clear(a + k);
    flint_free(a);
}

static jacobi jacobi_create(const arb_mat_t a, slong precision) {
    const slong n = arb_mat_nrows(a);
    jacobi j = {.n = n, .precision = precision, .a = create_matrix(n), .v = create_matrix(n)};
    for (slong i = 0; i < n; i++) {
        arf_one(j.v + i * n + i);
        for (slong k = 0; k < n; k++)
            arf_set_round(j.a + i * n + k,
                          arb_midref(k <= i ? arb_mat_entry(a, i, k) : arb_mat_entry(a, k, i)), precision,
                          ARF_RND_NEAR);
    }
    arf_init(j.c);
    arf_init(j.s);
    arf_init(j.t);
    arf_init(j.u);
    return j;
}

static void jacobi_destroy(jacobi *j) {
    destroy_matrix(j->n, j->a);
    destroy_matrix(j->n, j->v);
    arf_clear(j->c);
    arf_clear(j->s);
    arf_clear(j->t);
    arf_clear(j->u);
}

/* |a_pq| <= 2^-precision sqrt|a_pp a_qq|: rounding, even for the small eigenvalues of a badly
 * scaled matrix. */
static bool negligible(jacobi *j, slong p, slong q) {
    const slong n = j->n;
    if (arf_is_zero(j->a + p * n + q)) return true;
    arf_mul(j->t, j->a + p * n + q, j->a + p * n + q, 53, ARF_RND_NEAR);
    arf_mul(j->u, j->a + p * n + p, j->a + q * n + q, 53, ARF_RND_NEAR);
    scale(j->u, -2 * j->precision);
    return arf_cmpabs(j->t, j->u) <= 0;
}

/* The angle that annihilates a_pq: theta = (a_qq - a_pp) / (2 a_pq), t = sgn theta / (|theta| +
 * sqrt(theta^2 + 1)), c = 1 / sqrt(t^2 + 1), s = t c. */
static void find_angle(jacobi *j, slong p, slong q) {
    const slong n = j->n, bits = j->precision;
    arf_sub(j->t, j->a + q * n + q, j->a + p * n + p, bits, ARF_RND_NEAR);
    arf_div(j->t, j->t, j->a + p * n + q, bits, ARF_RND_NEAR);
    scale(j->t, -1);
    const bool negative = arf_sgn(j->t) < 0;
    arf_abs(j->t, j->t);
    arf_mul(j->u, j->t, j->t, bits, ARF_RND_NEAR);
    arf_add_ui(j->u, j->u, 1, bits, ARF_RND_NEAR);
    arf_sqrt(j->u, j->u, bits, ARF_RND_NEAR);
    arf_add(j->t, j->t, j->u, bits, ARF_RND_NEAR);
    arf_ui_div(j->t, 1, j->t, bits, ARF_RND_NEAR);
    if (negative) arf_neg(j->t, j->t);
    arf_mul(j->u, j->t, j->t, bits, ARF_RND_NEAR);
    arf_add_ui(j->u, j->u, 1, bits, ARF_RND_NEAR);
    arf_rsqrt(j->c, j->u, bits, ARF_RND_NEAR);
    arf_mul(j->s, j->t, j->c, bits, ARF_RND_NEAR);
}

/* (x, y) <- (c x - s y, s x + c y) */
static void turn(jacobi *j, arf_struct *x, arf_struct *y) {
    const slong bits = j->precision;
    arf_mul(j->t, j->c, x, bits, ARF_RND_NEAR);
    arf_submul(j->t, j->s, y, bits, ARF_RND_NEAR);
    arf_mul(j->u, j->s, x, bits, ARF_RND_NEAR);
    arf_addmul(j->u, j->c, y, bits, ARF_RND_NEAR);
    arf_swap(j->t, x);
    arf_swap(j->u, y);
}

static void rotate(jacobi *j, slong p, slong q) {
    const slong n = j->n;
    find_angle(j, p, q);
    for (slong k = 0; k < n; k++) turn(j, j->a + p * n + k, j->a + q * n + k);
    for (slong k = 0; k < n; k++) turn(j, j->a + k * n + p, j->a + k * n + q);
    for (slong k = 0; k < n; k++) turn(j, j->v + p * n + k, j->v + q * n + k);
    arf_zero(j->a + p * n + q);
    arf_zero(j->a + q * n + p);
}

/* v: (n), a vector that is about the one of the smallest eigenvalue. */
static void approximate_eigenvector(const arb_mat_t a, slong precision, arb_ptr v) {
    jacobi j = jacobi_create(a, precision);
    const slong n = j.n;
    bool turned = true;
    for (int sweep = 0; turned && sweep < MOST_SWEEPS; sweep++) {
        turned = false;
        for (slong p = 0; p < n; p++)
            for (slong q = p + 1; q < n; q++) {
                if (negligible(&j, p, q)) continue;
                rotate(&j, p, q);
                turned = true;
            }
    }
    slong least = 0;
    for (slong k = 1; k < n; k++)
        if (arf_cmp(j.a + k * n + k, j.a + least * n + least) < 0) least = k;
    for (slong k = 0; k < n; k++) arb_set_arf(v + k, j.v + least * n + k);
    jacobi_destroy(&j);
}

/* ---- the two ends ---------------------------------------------------------------------------- */

static void rayleigh_quotient(const arb_mat_t a, arb_srcptr v, slong precision, arb_t out) {
    const slong n = arb_mat_nrows(a);
    arb_t sum, square;
    arb_init(sum);
    arb_init(square);
    arb_zero(out);
    for (slong i = 0; i < n; i++) {
        arb_zero(sum);
        for (slong k = 0; k < n; k++)
            arb_addmul(sum, k <= i ? arb_mat_entry(a, i, k) : arb_mat_entry(a, k, i), v + k, precision);
        arb_addmul(out, sum, v + i, precision);
    }
    arb_dot(square, NULL, 0, v, 1, v, 1, n, precision);
    arb_div(out, out, square, precision);
    arb_clear(sum);
    arb_clear(square);
}

/* Whether A - s I is certain to be positive definite. */
static bool certain_above(const arb_mat_t a, const arf_t s, slong precision) {
    const slong n = arb_mat_nrows(a);
    arb_mat_t shifted, factor;
    arb_mat_init(shifted, n, n);
    arb_mat_init(factor, n, n);
    for (slong i = 0; i < n; i++) {
        for (slong k = 0; k < i; k++) {
            arb_set(arb_mat_entry(shifted, i, k), arb_mat_entry(a, i, k));
            arb_set(arb_mat_entry(shifted, k, i), arb_mat_entry(a, i, k));
        }
        arb_sub_arf(arb_mat_entry(shifted, i, i), arb_mat_entry(a, i, i), s, precision);
    }
    const bool certain = arb_mat_cho(factor, shifted, precision) != 0;
    arb_mat_clear(shifted);
    arb_mat_clear(factor);
    return certain;
}

/* n 2^(4 - precision) sum |a_ii|: about what rounding moves an eigenvalue by. */
static void rounding_of(const arb_mat_t a, slong precision, arf_t out) {
    const slong n = arb_mat_nrows(a);
    arf_t part;
    arf_init(part);
    arf_zero(out);
    for (slong i = 0; i < n; i++) {
        arb_get_abs_ubound_arf(part, arb_mat_entry(a, i, i), 53);
        arf_add(out, out, part, 53, ARF_RND_UP);
    }
    arf_mul_ui(out, out, (ulong)n, 53, ARF_RND_UP);
    if (arf_is_zero(out)) arf_one(out); /* the zero matrix: any gap will do */
    scale(out, 4 - precision);
    arf_clear(part);
}

/* Bits that a first gap relative to the quotient leaves unsaid. */
enum { SLACK_BITS = 72 };

/* First a gap that is small beside the quotient itself, which serves small eigenvalues of badly
 * scaled matrices (diag(1e-300, 1)); then rounding's size, and growing. The last one leaves s far
 * below every eigenvalue. */
static bool find_lower_end(const arb_mat_t a, const arb_t quotient, slong precision, arf_t s) {
    arf_t gap, radius;
    arf_init(gap);
    arf_init(radius);
    arf_set_mag(radius, arb_radref(quotient));
    arf_abs(gap, arb_midref(quotient));
    scale(gap, SLACK_BITS - precision);
    bool certain = false;
    for (slong grown = -1; !certain && grown * 8 <= precision + 64; grown++) {
        arf_add(gap, gap, radius, 53, ARF_RND_UP);
        arf_sub(s, arb_midref(quotient), gap, precision, ARF_RND_FLOOR);
        certain = certain_above(a, s, precision);
        if (grown < 0)
            rounding_of(a, precision, gap);
        else
            scale(gap, 8);
    }
    arf_clear(gap);
    arf_clear(radius);
    return certain;
}

ntk_status ball_smallest_eigenvalue(const arb_mat_t a, slong precision, arb_t out) {
    const slong n = arb_mat_nrows(a);
    arb_ptr v = _arb_vec_init(n);
    arb_t quotient;
    arf_t low, high;
    arb_init(quotient);
    arf_init(low);
    arf_init(high);
    approximate_eigenvector(a, precision, v);
    rayleigh_quotient(a, v, precision, quotient);
    const bool found = find_lower_end(a, quotient, precision, low);
    arb_get_ubound_arf(high, quotient, precision);
    if (found) arb_set_interval_arf(out, low, high, precision);
    arb_clear(quotient);
    arf_clear(low);
    arf_clear(high);
    _arb_vec_clear(v, n);
    if (found) return NTK_OK;
    return ntk_fail(NTK_ERROR_NO_CONVERGENCE, "enclosure: entries too wide for a bound of the eigenvalues");
}
