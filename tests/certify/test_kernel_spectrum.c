/* Enclosures of all eigenvalues of an NTK hold what Arb's own eigenvalue solver proves, to more
 * than 60 digits, of the exact matrix; and where a part of the radius is left out they do not. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/certify.h>
#include <ntk/data.h>
#include <ntk/kernel.h>
#include <ntk/linalg.h>
#include <ntk/random.h>

#include "base/arb.h"
#if __has_include(<flint/acb_mat.h>)
#include <flint/acb_mat.h>
#else
#include <acb_mat.h>
#endif

#include "start.h"
#include "status.h"

TestSuite(kernel_spectrum, .init = start_linalg);

enum { N = 14, D = 4, BITS = 320 };

/* ReLU, two hidden layers, w^2 = 2, no biases, from the angles t_1, t_2 of the first two layers:
 * Theta = k_2 (1 - t_2 / pi) + 2 kappa_1(cos t_2), k_2 = 2 cos t_1 (1 - t_1 / pi) + 2 cos t_2, cos
 * t_2 = kappa_1(cos t_1); scales: |x| |y|. */
static void kappa_1(arb_t out, const arb_t u, arb_t one_less_share) {
    arb_t root, pi;
    arb_init(root);
    arb_init(pi);
    arb_const_pi(pi, BITS);
    arb_mul(root, u, u, BITS);
    arb_sub_ui(root, root, 1, BITS);
    arb_neg(root, root);
    arb_sqrtpos(root, root, BITS);
    arb_acos(one_less_share, u, BITS);
    arb_div(one_less_share, one_less_share, pi, BITS);
    arb_sub_ui(one_less_share, one_less_share, 1, BITS);
    arb_neg(one_less_share, one_less_share);
    arb_div(root, root, pi, BITS);
    arb_mul(out, u, one_less_share, BITS);
    arb_add(out, out, root, BITS);
    arb_clear(root);
    arb_clear(pi);
}

static void exact_entry(arb_t out, const double *x, const double *y, bool diagonal) {
    arb_t a, xx, yy, xy, share, first;
    arb_init(a);
    arb_init(xx);
    arb_init(yy);
    arb_init(xy);
    arb_init(share);
    arb_init(first);
    for (size_t c = 0; c < D; c++) {
        arb_set_d(a, x[c]);
        arb_addmul(xx, a, a, BITS);
        arb_set_d(first, y[c]);
        arb_addmul(xy, a, first, BITS);
        arb_addmul(yy, first, first, BITS);
    }
    arb_mul(a, xx, yy, BITS);
    arb_sqrt(a, a, BITS); /* |x| |y| */
    if (diagonal)
        arb_mul_ui(out, xx, 6, BITS);
    else {
        arb_div(xy, xy, a, BITS);
        kappa_1(first, xy, share);
        arb_mul(out, xy, share, BITS);
        arb_add(out, out, first, BITS); /* k_2 / 2 */
        kappa_1(xx, first, share);
        arb_mul(out, out, share, BITS);
        arb_add(out, out, xx, BITS);
        arb_mul(out, out, a, BITS);
        arb_mul_2exp_si(out, out, 1);
    }
    arb_clear(a);
    arb_clear(xx);
    arb_clear(yy);
    arb_clear(xy);
    arb_clear(share);
    arb_clear(first);
}

/* Ascending eigenvalues of the exact matrix, (N). */
static void exact_eigenvalues(const double *x, acb_ptr eigenvalues) {
    acb_mat_t matrix, vectors;
    acb_ptr approximate = _acb_vec_init(N);
    acb_mat_init(matrix, N, N);
    acb_mat_init(vectors, N, N);
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++)
            exact_entry(acb_realref(acb_mat_entry(matrix, i, j)), x + i * D, x + j * D, i == j);
    cr_assert(acb_mat_approx_eig_qr(approximate, NULL, vectors, matrix, NULL, 0, BITS));
    cr_assert(acb_mat_eig_simple_rump(eigenvalues, NULL, NULL, matrix, approximate, vectors, BITS));
    for (size_t i = 1; i < N; i++)
        for (size_t j = i; j > 0 && arf_cmp(arb_midref(acb_realref(eigenvalues + j)),
                                            arb_midref(acb_realref(eigenvalues + j - 1))) < 0;
             j--)
            acb_swap(eigenvalues + j, eigenvalues + j - 1);
    acb_mat_clear(matrix);
    acb_mat_clear(vectors);
    _acb_vec_clear(approximate, N);
}

/* Whether the ball lies within `radius` of the value. */
static bool holds(double value, double radius, const acb_t exact) {
    arb_t distance, allowed;
    arb_init(distance);
    arb_init(allowed);
    arb_set_d(distance, value);
    arb_sub(distance, distance, acb_realref(exact), BITS);
    arb_abs(distance, distance);
    arb_set_d(allowed, radius);
    const bool out = arb_le(distance, allowed) != 0;
    arb_clear(distance);
    arb_clear(allowed);
    return out;
}

static size_t count_held(const double *values, double radius, acb_srcptr exact) {
    size_t count = 0;
    for (size_t i = 0; i < N; i++) count += holds(values[i], radius, exact + i);
    return count;
}

static void draw(double *x) {
    ntk_stream stream = ntk_stream_create(7, "tests/kernel-spectrum", 0);
    assert_ok(ntk_data_sphere(&stream, N, D, x));
}

Test(kernel_spectrum, holds_the_eigenvalues_that_arb_proves) {
    double x[N * D], gram[N * N], values[N], radius, entries;
    ntk_architecture a = ntk_architecture_default();
    a.depth = 2;
    a.input_scale = NTK_INPUT_SCALE_NONE;
    draw(x);
    acb_ptr exact = _acb_vec_init(N);
    exact_eigenvalues(x, exact);
    for (size_t i = 0; i < N; i++) /* the reference has 60 digits */
        cr_assert_geq(acb_rel_accuracy_bits(exact + i), 200);

    assert_ok(ntk_kernel_gram(&a, NTK_KERNEL_NTK, N, D, x, D, gram, N));
    assert_ok(ntk_certify_eigenvalues(N, gram, N, values, &radius));
    assert_ok(ntk_certify_kernel_error(&a, N, D, x, D, gram, N, &entries));
    cr_expect_eq(count_held(values, radius + entries, exact), N);
    /* From both sides: without gamma_n, the bound of rounding in a sum, it would be smaller. */
    const double unit = N * N * 0x1p-53 * values[N - 1];
    cr_expect(radius + entries <= 3 * unit && radius >= 0.5 * unit, "%g of %g", radius, unit);
    /* The digits of the eigensolver alone are no enclosures. */
    cr_expect_lt(count_held(values, 0, exact), N);

    /* A matrix stored in single precision: with the distance to the exact entries its eigenvalues
     * hold, without it they do not. */
    for (size_t i = 0; i < N * N; i++) gram[i] = (double)(float)gram[i];
    assert_ok(ntk_certify_eigenvalues(N, gram, N, values, &radius));
    assert_ok(ntk_certify_kernel_error(&a, N, D, x, D, gram, N, &entries));
    cr_expect_eq(count_held(values, radius + entries, exact), N);
    cr_expect_lt(count_held(values, radius, exact), N);
    cr_expect_lt(entries, 1e-5);
    _acb_vec_clear(exact, N);
    flint_cleanup();
}
