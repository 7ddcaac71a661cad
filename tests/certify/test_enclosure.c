/* Enclosures of kernels and of smallest eigenvalues: against what is known by hand, and how narrow
 * they are. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/enclosure.h>
#include <ntk/linalg.h>

#include "status.h"

static const size_t lower[] = {0, 0, 1, 0, 1, 1, 2, 0, 2, 1, 2, 2};

static bool holds(ntk_interval enclosure, double value, double error) {
    return enclosure.low <= value + error && enclosure.high >= value - error;
}

/* Two neighbours of a double, or three. */
static bool is_narrow(ntk_interval enclosure) {
    return nextafter(nextafter(enclosure.low, INFINITY), INFINITY) >= enclosure.high;
}

static ntk_architecture network(ntk_activation activation, size_t depth) {
    ntk_architecture out = ntk_architecture_default();
    out.activation = activation;
    out.depth = depth;
    out.input_scale = NTK_INPUT_SCALE_NONE;
    return out;
}

/* Two orthogonal unit vectors and the antipode of the first; ReLU, w^2 = 2: u kappa_0 + kappa_1 and
 * kappa_1, twice. */
Test(enclosure, relu_by_hand) {
    const ntk_architecture a = network(NTK_RELU, 1);
    const double x[] = {1, 0, 0, 1, -1, 0}, off = 2 / acos(-1);
    const double theta[] = {4, off, 4, 0, off, 4}, s[] = {2, off, 2, 0, off, 2};
    ntk_interval nngp[6], ntk[6], lambda;
    assert_ok(ntk_enclosure_entries(&a, 3, 2, x, 2, 6, lower, nngp, ntk));
    for (size_t k = 0; k < 6; k++) {
        cr_expect(holds(ntk[k], theta[k], 2e-16) && is_narrow(ntk[k]), "%zu: %.17g", k, ntk[k].low);
        cr_expect(holds(nngp[k], s[k], 2e-16) && is_narrow(nngp[k]), "%zu: %.17g", k, nngp[k].low);
    }
    cr_expect(ntk[1].low <= 0x1.45f306dc9c882p-1 && ntk[1].high >= 0x1.45f306dc9c883p-1, "2 / pi");
    assert_ok(ntk_enclosure_lambda_min(&a, NTK_KERNEL_NTK, 3, 2, x, 2, &lambda));
    cr_expect(holds(lambda, 4 - sqrt(2) * off, 1e-15) && is_narrow(lambda), "%.17g", lambda.low);
    assert_ok(ntk_enclosure_lambda_min(&a, NTK_KERNEL_NNGP, 3, 2, x, 2, &lambda));
    cr_expect(holds(lambda, 2 - sqrt(2) * off, 1e-15) && is_narrow(lambda), "%.17g", lambda.low);
}

/* Pairs 10^-8 and 10^-12 apart through ten layers, and an ordered phase in which thirty layers
 * bring all points together: some thousand bits are lost on the way. Of two points of one norm
 * lambda_min is K_00 - K_01, far below the last place of K_00. */
Test(enclosure, near_points_through_many_layers) {
    for (int activation = NTK_RELU; activation <= NTK_ERF; activation++)
        for (int k = 0; k < 3; k++) {
            ntk_architecture a = network((ntk_activation)activation, k < 2 ? 10 : 30);
            if (k == 2) a.weight_variance = a.bias_variance = 0.5;
            const double distance = k == 0 ? 0x1p-27 : k == 1 ? 0x1p-40 : 0.25;
            const double x[] = {1, distance, 1, -distance};
            const size_t pairs[] = {0, 0, 0, 1, 1, 1};
            ntk_interval nngp[3], ntk[3], lambda;
            assert_ok(ntk_enclosure_entries(&a, 2, 2, x, 2, 3, pairs, nngp, ntk));
            for (size_t p = 0; p < 3; p++) cr_expect(is_narrow(nngp[p]) && is_narrow(ntk[p]));
            cr_expect_eq(ntk[0].low, ntk[2].low);
            assert_ok(ntk_enclosure_lambda_min(&a, NTK_KERNEL_NTK, 2, 2, x, 2, &lambda));
            const ntk_interval gap = ntk_interval_subtract(ntk[0], ntk[1]);
            cr_expect(is_narrow(lambda) && lambda.low > 0 && lambda.low <= gap.high && gap.low <= lambda.high,
                      "%d, %d: %.17g in [%g, %g]", activation, k, lambda.low, gap.low, gap.high);
        }
}

/* An entry that is asked for alone is to the bit what it is among all, in either order of its
 * points; so it is where precision has to be doubled. */
Test(enclosure, an_entry_alone_is_what_it_is_among_others) {
    for (int activation = NTK_RELU; activation <= NTK_ERF; activation++)
        for (int near = 0; near < 2; near++) {
            const ntk_architecture a = network((ntk_activation)activation, near ? 10 : 2);
            const double distance = near ? 0x1p-40 : 0.5, x[] = {1, distance, 1, -distance, 2, 1};
            ntk_interval nngp[6], ntk[6], one, other;
            assert_ok(ntk_enclosure_entries(&a, 3, 2, x, 2, 6, lower, nngp, ntk));
            for (size_t k = 0; k < 6; k++)
                for (size_t turn = 0; turn < 2; turn++) {
                    const size_t pair[] = {lower[2 * k + turn], lower[2 * k + 1 - turn]};
                    assert_ok(ntk_enclosure_entries(&a, 3, 2, x, 2, 1, pair, &one, &other));
                    cr_expect(one.low == nngp[k].low && one.high == nngp[k].high, "%zu: NNGP", k);
                    cr_expect(other.low == ntk[k].low && other.high == ntk[k].high, "%zu: NTK", k);
                }
        }
}

/* Without a closed form. One point x = 1, one layer, w^2 = 1: NNGP E phi^2, NTK that plus E phi'^2;
 * 24 digits of mpmath at variance 1. Entries and lambda_min of several, as narrow as the others. */
Test(enclosure, expanded_activations) {
    static const double square[] = {0.39429449039784117, 0.29337903585809296, 0.92124590885930028};
    static const double slope[] = {0.46440290244826824, 0.04483624135019437, 0.29337903585809296};
    static const ntk_activation activations[] = {NTK_TANH, NTK_SIGMOID, NTK_SOFTPLUS};
    const double x[] = {1, 0, 0.6, 0.8, -1, 1e-7};
    for (size_t k = 0; k < 3; k++) {
        ntk_architecture a = network(activations[k], 1);
        a.weight_variance = 1;
        ntk_interval nngp[6], ntk[6], lambda;
        assert_ok(ntk_enclosure_entries(&a, 3, 2, x, 2, 6, lower, nngp, ntk));
        for (size_t p = 0; p < 6; p++) cr_expect(is_narrow(nngp[p]) && is_narrow(ntk[p]), "%zu %zu", k, p);
        cr_expect(holds(nngp[0], square[k], 2e-16), "%.17g", nngp[0].low);
        cr_expect(holds(ntk[0], square[k] + slope[k], 3e-16), "%.17g", ntk[0].low);
        assert_ok(ntk_enclosure_lambda_min(&a, NTK_KERNEL_NTK, 3, 2, x, 2, &lambda));
        cr_expect(is_narrow(lambda) && lambda.low > 0, "[%.17g, %.17g]", lambda.low, lambda.high);
    }
}

/* Doubled and, for an odd activation without bias, antipodal points: 0 exactly. */
Test(enclosure, singular_kernels_hold_zero) {
    const double doubled[] = {1, 2, 3, 4, 1, 2}, antipodal[] = {1, 2, 3, 4, -1, -2};
    for (int activation = NTK_RELU; activation <= NTK_ERF; activation++)
        for (size_t depth = 1; depth <= 4; depth++) {
            const ntk_architecture a = network((ntk_activation)activation, depth);
            ntk_interval lambda;
            assert_ok(ntk_enclosure_lambda_min(&a, NTK_KERNEL_NTK, 3, 2, doubled, 2, &lambda));
            cr_expect(lambda.low <= 0 && lambda.high >= 0 && lambda.high - lambda.low < 1e-69, "%g %g",
                      lambda.low, lambda.high);
            if (activation == NTK_RELU) continue;
            assert_ok(ntk_enclosure_lambda_min(&a, NTK_KERNEL_NNGP, 3, 2, antipodal, 2, &lambda));
            cr_expect(lambda.low <= 0 && lambda.high >= 0 && lambda.high - lambda.low < 1e-69, "%g %g",
                      lambda.low, lambda.high);
        }
}

static ntk_interval smallest(size_t n, const double *a) {
    ntk_interval out = {NAN, NAN};
    assert_ok(ntk_enclosure_matrix_lambda_min(n, a, n, &out));
    return out;
}

Test(enclosure, matrices_of_known_spectrum) {
    const double indefinite[] = {1, 9, 2, 1}, scaled[] = {1e-300, 0, 0, 1}, ones[] = {1, 1, 1, 1};
    cr_expect(holds(smallest(2, indefinite), -1, 0) && is_narrow(smallest(2, indefinite)), "lower triangle");
    cr_expect(holds(smallest(2, scaled), 1e-300, 0) && is_narrow(smallest(2, scaled)));
    cr_expect(holds(smallest(2, ones), 0, 0) && smallest(2, ones).high < 1e-70);
    /* three eigenvalues 2 and one 2 + 4 / 3 */
    double cluster[16], chain[20 * 20] = {0};
    for (size_t k = 0; k < 16; k++) cluster[k] = (k % 5 == 0 ? 2 : 0) + 0x1p-2;
    cr_expect(holds(smallest(4, cluster), 2, 0) && is_narrow(smallest(4, cluster)));
    /* tridiag(-1, 2, -1): 2 - 2 cos(pi / (n + 1)) */
    for (size_t i = 0; i < 20; i++) {
        chain[21 * i] = 2;
        if (i > 0) chain[20 * i + i - 1] = chain[20 * (i - 1) + i] = -1;
    }
    const double s = sin(acos(-1) / 42), exact = 4 * s * s;
    cr_expect(holds(smallest(20, chain), exact, 4e-16 * exact) && is_narrow(smallest(20, chain)));
}

Test(enclosure, refused) {
    ntk_architecture a = network(NTK_RELU, 1);
    const double x[] = {1, 2, NAN, 4}, wide[NTK_ENCLOSURE_MOST_POINTS + 1] = {1};
    const size_t pairs[] = {0, 2};
    ntk_interval out;
    assert_fails(ntk_enclosure_entries(&a, 2, 2, x, 2, 1, pairs, &out, NULL), NTK_ERROR_NOT_FINITE,
                 "point 1");
    assert_fails(ntk_enclosure_entries(&a, 1, 2, x, 2, 1, pairs, &out, NULL), NTK_ERROR_SHAPE,
                 "point 2 of 1");
    assert_fails(ntk_enclosure_entries(&a, 1, 2, x, 1, 1, pairs, &out, NULL), NTK_ERROR_SHAPE, "");
    assert_fails(
        ntk_enclosure_lambda_min(&a, NTK_KERNEL_NTK, NTK_ENCLOSURE_MOST_POINTS + 1, 1, wide, 1, &out),
        NTK_ERROR_SHAPE, "not 65");
    assert_fails(ntk_enclosure_matrix_lambda_min(2, x, 2, &out), NTK_ERROR_NOT_FINITE, "row 1");
    a.parametrisation = NTK_PARAMETRISATION_MEAN_FIELD;
    assert_fails(ntk_enclosure_lambda_min(&a, NTK_KERNEL_NTK, 1, 1, wide, 1, &out), NTK_ERROR_UNSUPPORTED,
                 "mean-field");
}

/* The kernel of the input 0 without biases. */
Test(enclosure, the_zero_matrix_has_the_eigenvalue_zero) {
    const double zero[9] = {0};
    ntk_interval out;
    assert_ok(ntk_enclosure_matrix_lambda_min(3, zero, 3, &out));
    cr_expect(out.low <= 0 && out.low > -1e-20 && out.high >= 0 && out.high < 1e-20, "[%g, %g]", out.low,
              out.high);
}
