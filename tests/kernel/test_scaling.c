/* Rows of extreme size under homogeneous kernels: against enclosures in ball arithmetic, which have
 * no exponents to run out of, and bit for bit against the same rows times powers of two. */
#include <float.h>
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/enclosure.h>
#include <ntk/ntk.h>

#include "arrays.h"
#include "start.h"

TestSuite(scaling, .init = start_linalg, .timeout = 120);

enum { N = 3, D = 5, SCALES = 8 };

static const double scales[SCALES] = {1e-160, 1e-155, 1e-121, 1e-70, 1, 1e100, 1e155, 1e160};

/* Cosines above 1/2, the first two rows `gap` from each other: so entries are at least a third of
 * sqrt(K_xx K_x'x'), and a bound may be relative to the entry. */
static double *points(double gap) {
    double *x = zeros(N * D);
    const double *z = normals(31, "scaling", N * D);
    for (size_t i = 0; i < N * D; i++) x[i] = 1 + 0.3 * tanh(z[i]);
    for (size_t k = 0; k < D; k++) x[D + k] = x[k] * (1 + gap * z[k]);
    return x;
}

/* Networks: dense of all homogeneous activations and depths, gains that overflow or vanish by
 * themselves, residual ones, convolutional ones. */
enum { NETWORKS = 16 };

static const double gains[4] = {1e200, 1e-150, 3e-40, 7e20};

static ntk_architecture network(size_t k) {
    static const struct {
        ntk_activation activation;
        size_t depth;
        double w2;
    } dense[11] = {{NTK_RELU, 0, 2},      {NTK_RELU, 1, 2},     {NTK_RELU, 3, 1.3},   {NTK_LEAKY_RELU, 2, 2},
                   {NTK_ABS, 3, 1},       {NTK_LINEAR, 2, 1.5}, {NTK_RELU, 200, 0.5}, {NTK_RELU, 100, 100},
                   {NTK_LINEAR, 60, 1e3}, {NTK_ABS, 60, 1e-3},  {NTK_RELU, 3, 2}};
    ntk_architecture out = ntk_architecture_default();
    if (k < 11) {
        out.activation = dense[k].activation;
        out.depth = dense[k].depth;
        out.weight_variance = dense[k].w2;
        if (k == 10) out.weight_variances = gains;
        out.input_scale = k % 2 ? NTK_INPUT_SCALE_NONE : NTK_INPUT_SCALE_DIMENSION;
    } else if (k < 14) {
        out.family = NTK_RESIDUAL;
        out.depth = (size_t[]){2, 4, 150}[k - 11];
        out.residual_scale = (double[]){0.5, 1, 20}[k - 11];
    } else {
        assert_ok(
            ntk_architecture_convolutional(1, D, 1, k == 14 ? "conv 3" : "conv 3, pool box 2, conv 2", &out));
    }
    return out;
}

/* Of patches that are near each other convolutional kernels do not promise as much. */
static double *points_for(const ntk_architecture *a) {
    return points(a->family == NTK_CONVOLUTIONAL ? 0.1 : 1e-10);
}

static const char *name(const ntk_architecture *a) {
    return a->family == NTK_CONVOLUTIONAL ? "convolutional"
           : a->family == NTK_RESIDUAL    ? "residual"
                                          : ntk_activation_name(a->activation);
}

/* A quarter of the bound of kernel.h, times 3 since it is relative to the entry; two units of the
 * least subnormal. */
static bool is_near(const ntk_architecture *a, ntk_interval exact, double value) {
    const double depth = (double)a->depth;
    const double bound =
        0.75 * DBL_EPSILON * (sqrt(D) + 9 * (depth + 1)) * (1 + (depth < 10 ? depth : 10) * 32 / M_PI);
    const double allowed = bound * fabs(value) + 2 * 0x1p-1074;
    return value >= exact.low - allowed && value <= exact.high + allowed;
}

static bool overflows(const ntk_interval *exact, size_t count) {
    for (size_t k = 0; k < count; k++)
        if (exact[k].high > DBL_MAX) return true;
    return false;
}

/* Kernels of the rows of x (N) and of y (N): what the balls say, or refused where they overflow. */
static size_t check_cross(const ntk_architecture *a, const double *x, const double *y, double s, double t) {
    double both[2 * N * D], kernel[N * N];
    size_t pairs[2 * N * N], computed = 0;
    ntk_interval exact[2][N * N];
    for (size_t i = 0; i < 2 * N * D; i++) both[i] = i < N * D ? x[i] : y[i - N * D];
    for (size_t i = 0; i < N * N; i++) {
        pairs[2 * i] = i / N;
        pairs[2 * i + 1] = N + i % N;
    }
    assert_ok(ntk_enclosure_entries(a, 2 * N, D, both, D, N * N, pairs, exact[NTK_KERNEL_NNGP],
                                    exact[NTK_KERNEL_NTK]));
    for (int type = 0; type < 2; type++) {
        const ntk_status status = ntk_kernel_cross(a, (ntk_kernel_type)type, N, N, D, x, D, y, D, kernel, N);
        if (overflows(exact[type], N * N)) {
            cr_expect_eq(status, NTK_ERROR_NOT_FINITE, "%s at %g and %g", name(a), s, t);
            continue;
        }
        cr_expect_eq(status, NTK_OK, "%s, L = %zu, at %g and %g: %s", name(a), a->depth, s, t,
                     ntk_error_detail());
        for (size_t i = 0; i < N * N; i++, computed++)
            cr_expect(is_near(a, exact[type][i], kernel[i]),
                      "%s, L = %zu, at %g and %g, entry %zu: %.17g, not [%.17g, %.17g]", name(a), a->depth, s,
                      t, i, kernel[i], exact[type][i].low, exact[type][i].high);
    }
    return computed;
}

static void times(const double *x, double scale, double *out) {
    for (size_t i = 0; i < N * D; i++) out[i] = scale * x[i];
}

Test(scaling, cross_kernels_at_every_pair_of_scales) {
    double y[N * D], z[N * D];
    for (size_t k = 0; k < NETWORKS; k++) {
        const ntk_architecture a = network(k);
        const double *x = points_for(&a);
        size_t computed = 0;
        for (size_t s = 0; s < SCALES; s++)
            for (size_t t = s % 2; t<SCALES; t += a.depth> 10 ? 2 : 1) {
                times(x, scales[s], y);
                times(x, scales[t], z);
                computed += check_cross(&a, y, z, scales[s], scales[t]);
            }
        cr_expect(computed > 100, "%s, L = %zu: %zu", name(&a), a.depth, computed);
    }
}

/* Rows of several scales in one Gram matrix; the same bits in both triangles. */
static void check_gram(const ntk_architecture *a, const double *x, const char *what) {
    double kernel[2][N * N];
    size_t pairs[2 * N * N];
    ntk_interval exact[2][N * N];
    for (size_t i = 0; i < N * N; i++) {
        pairs[2 * i] = i / N;
        pairs[2 * i + 1] = i % N;
    }
    assert_ok(
        ntk_enclosure_entries(a, N, D, x, D, N * N, pairs, exact[NTK_KERNEL_NNGP], exact[NTK_KERNEL_NTK]));
    const ntk_status status =
        ntk_kernel_gram_both(a, N, D, x, D, kernel[NTK_KERNEL_NNGP], kernel[NTK_KERNEL_NTK], N);
    if (overflows(exact[0], N * N) || overflows(exact[1], N * N)) {
        cr_expect_eq(status, NTK_ERROR_NOT_FINITE, "%s, %s", name(a), what);
        return;
    }
    cr_expect_eq(status, NTK_OK, "%s, L = %zu, %s: %s", name(a), a->depth, what, ntk_error_detail());
    for (size_t i = 0; i < 2 * N * N; i++) {
        const double *k = kernel[i / (N * N)], value = k[i % (N * N)];
        cr_expect(is_near(a, exact[i / (N * N)][i % (N * N)], value), "%s, L = %zu, %s, entry %zu: %.17g",
                  name(a), a->depth, what, i, value);
        cr_expect_eq(value, k[i % N * N + i / N % N], "symmetric");
    }
}

Test(scaling, gram_matrices_of_rows_of_several_scales) {
    static const double mixed[][N] = {
        {1e-160, 1e-160, 1e-160}, {1e-160, 1, 1e140}, {1e130, 1e-150, 0}, {1e160, 1, 1}, {1e-300, 1e150, 1}};
    double y[N * D];
    for (size_t k = 0; k < NETWORKS; k++) {
        const ntk_architecture a = network(k);
        const double *x = points_for(&a);
        for (size_t m = 0; m < 5; m++) {
            char what[32];
            snprintf(what, sizeof what, "mixture %zu", m);
            for (size_t i = 0; i < N * D; i++) y[i] = mixed[m][i / D] * x[i];
            check_gram(&a, y, what);
        }
    }
}

/* Powers of two change no bit, neither of ordinary rows nor of those beyond the range. */
Test(scaling, powers_of_two_are_exact) {
    size_t compared = 0;
    double y[N * D], z[N * D], plain[N * N], scaled[N * N];
    for (size_t k = 0; k < NETWORKS; k++) {
        const ntk_architecture a = network(k);
        const double *x = points_for(&a);
        if (ntk_kernel_cross(&a, NTK_KERNEL_NTK, N, N, D, x, D, x, D, plain, N) != NTK_OK) continue;
        compared++;
        for (int e = 300; e <= 900; e += 100) {
            times(x, ldexp(1, e), y);
            times(x, ldexp(1, -e), z);
            assert_ok(ntk_kernel_cross(&a, NTK_KERNEL_NTK, N, N, D, y, D, z, D, scaled, N));
            cr_expect_arr_eq(plain, scaled, sizeof plain, "%s, L = %zu, 2^%d", name(&a), a.depth, e);
        }
    }
    cr_expect(compared > 12, "%zu networks", compared);
}

/* With biases small rows vanish beside b^2; of large ones it is said truly what overflows. */
Test(scaling, with_biases) {
    const double *x = points(1e-10);
    double y[N * D], kernel[N * N];
    ntk_architecture a = ntk_architecture_default();
    a.bias_variance = 0.25;
    times(x, 1e-160, y);
    check_gram(&a, y, "bias");
    times(x, 1e160, y);
    cr_expect_eq(ntk_kernel_gram(&a, NTK_KERNEL_NTK, N, D, y, D, kernel, N), NTK_ERROR_NOT_FINITE);
    cr_expect_str_eq(ntk_error_detail(), "input 0: its squared norm overflows");
    times(x, 1e150, y);
    a.weight_variance = 1e20;
    cr_expect_eq(ntk_kernel_gram(&a, NTK_KERNEL_NTK, N, D, y, D, kernel, N), NTK_ERROR_NOT_FINITE);
    cr_expect_str_eq(ntk_error_detail(), "input 0: its variance in the first layer overflows");
}

/* What is not a number is named, beside rows that are scaled too. */
Test(scaling, components_that_are_not_finite) {
    double x[N * D], kernel[N * N];
    times(points(1e-10), 1e-160, x);
    x[D + 2] = NAN;
    const ntk_architecture a = ntk_architecture_default();
    cr_expect_eq(ntk_kernel_gram(&a, NTK_KERNEL_NTK, N, D, x, D, kernel, N), NTK_ERROR_NOT_FINITE);
    cr_expect_str_eq(ntk_error_detail(), "input 1: component 2 is nan");
    x[D + 2] = INFINITY;
    cr_expect_eq(ntk_kernel_gram(&a, NTK_KERNEL_NTK, N, D, x, D, kernel, N), NTK_ERROR_NOT_FINITE);
    cr_expect_str_eq(ntk_error_detail(), "input 1: component 2 is inf");
}

/* Blocks are those of the whole matrix. */
Test(scaling, blocks) {
    double x[N * D], y[N * D], whole[N * N], part[2];
    for (size_t k = 0; k < NETWORKS; k++) {
        const ntk_architecture a = network(k);
        const double *z = points_for(&a);
        for (size_t i = 0; i < N * D; i++) {
            x[i] = z[i] * (double[]){1e-130, 1, 1e140}[i / D];
            y[i] = z[i] * (double[]){1e160, 1, 1e-155}[i / D];
        }
        for (int gram = 0; gram < 2; gram++) {
            ntk_kernel_blocks *blocks = NULL;
            const ntk_status status =
                gram ? ntk_kernel_gram(&a, NTK_KERNEL_NTK, N, D, x, D, whole, N)
                     : ntk_kernel_cross(&a, NTK_KERNEL_NTK, N, N, D, x, D, y, D, whole, N);
            if (status != NTK_OK) continue;
            assert_ok(
                ntk_kernel_blocks_create(&a, NTK_KERNEL_NTK, N, N, D, x, D, gram ? NULL : y, D, &blocks));
            assert_ok(ntk_kernel_block(blocks, 1, 2, 2, 1, part, 1));
            cr_expect_eq(part[0], whole[N + 2], "%s", name(&a));
            cr_expect_eq(part[1], whole[2 * N + 2], "%s", name(&a));
            ntk_kernel_blocks_destroy(blocks);
        }
    }
}
