#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/data.h>

#include "status.h"

static ntk_stream stream(void) { return ntk_stream_create(20240607, "tests/data", 3); }

/* Plain sums in long double: an independent path. */
static double dot(size_t d, const double *x, const double *y) {
    long double sum = 0;
    for (size_t k = 0; k < d; k++) sum += (long double)x[k] * y[k];
    return (double)sum;
}

/* The computed norm is off by at most d/2 + 1 units of rounding (a sum of d squares, a root), a
 * quotient by one more; the square doubles that. */
static void check_unit_norms(size_t n, size_t d, const double *x) {
    const double bound = ((double)d + 4) * 0x1p-53;
    for (size_t i = 0; i < n; i++) {
        const double square = dot(d, x + i * d, x + i * d);
        cr_assert(fabs(square - 1) <= bound, "|x_%zu|^2 - 1 = %g in dimension %zu", i, square - 1, d);
    }
}

Test(points, sphere_has_unit_norms) {
    const size_t dimensions[] = {1, 2, 3, 10, 784};
    for (size_t k = 0; k < 5; k++) {
        double x[20 * 784];
        ntk_stream s = stream();
        assert_ok(ntk_data_sphere(&s, 20, dimensions[k], x));
        check_unit_norms(20, dimensions[k], x);
    }
}

/* Inner products are kept, in as many numbers as there are points; more points than numbers stay as
 * they are. Sums over d and n err by some units of rounding. */
Test(points, coordinates_keep_inner_products) {
    double x[6 * 50], c[6 * 6], wide[6 * 50];
    ntk_stream s = stream();
    assert_ok(ntk_data_sphere(&s, 6, 50, x));
    memcpy(x + 5 * 50, x + 4 * 50, 50 * sizeof *x); /* and of lower rank */
    assert_ok(ntk_data_coordinates(6, 50, x, c));
    for (size_t i = 0; i < 6; i++)
        for (size_t j = 0; j <= i; j++)
            cr_expect_float_eq(dot(6, c + i * 6, c + j * 6), dot(50, x + i * 50, x + j * 50), 1e-14,
                               "%zu, %zu", i, j);
    for (size_t i = 0; i < 6; i++)
        for (size_t j = i + 1; j < 6; j++) cr_expect_eq(c[i * 6 + j], 0, "lower triangular");
    cr_expect(c[0] > 0 && c[5 * 6 + 5] == 0, "five directions");
    assert_ok(ntk_data_coordinates(50, 6, x, wide));
    cr_expect_eq(memcmp(wide, x, sizeof wide), 0);
    cr_expect_eq(ntk_data_coordinates(0, 6, x, wide), NTK_ERROR_ARGUMENT);
}

#define N 20000
#define D 5

/* Mean of n terms of variance v: five standard errors, 6e-7 per comparison for a Gaussian. */
static void check_mean(const char *what, double mean, double expected, double variance) {
    cr_assert(fabs(mean - expected) <= 5 * sqrt(variance / N), "%s: %g, expected %g", what, mean, expected);
}

/* Moments of the uniform law: E x_i = 0, E x_i x_j = delta_ij / d, E x_i^4 = 3 / (d (d + 2)), E
 * x_i^8 = 105 / (d (d + 2) (d + 4) (d + 6)), E x_i^2 x_j^2 = 1 / (d (d + 2)). The fourth moment
 * tells a normalised cube. */
Test(points, sphere_is_uniform) {
    static double x[N * D];
    ntk_stream s = stream();
    assert_ok(ntk_data_sphere(&s, N, D, x));
    const double fourth = 3.0 / (D * (D + 2)), eighth = 105.0 / (D * (D + 2) * (D + 4) * (D + 6));
    for (size_t i = 0; i < D; i++) {
        double mean = 0, mean_fourth = 0, products[D] = {0};
        for (size_t p = 0; p < N; p++) {
            const double *point = x + p * D;
            mean += point[i] / N;
            mean_fourth += pow(point[i], 4) / N;
            for (size_t j = 0; j < D; j++) products[j] += point[i] * point[j] / N;
        }
        check_mean("mean", mean, 0, 1.0 / D);
        check_mean("fourth moment", mean_fourth, fourth, eighth - fourth * fourth);
        for (size_t j = 0; j < D; j++) {
            if (i == j)
                check_mean("variance", products[j], 1.0 / D, fourth - 1.0 / (D * D));
            else
                check_mean("covariance", products[j], 0, 1.0 / (D * (D + 2)));
        }
    }
}

/* In one dimension the sphere is {-1, 1}: exactly, and both. */
Test(points, sphere_in_one_dimension) {
    double x[64], sum = 0;
    ntk_stream s = stream();
    assert_ok(ntk_data_sphere(&s, 64, 1, x));
    for (size_t i = 0; i < 64; i++) {
        cr_assert(fabs(x[i]) == 1);
        sum += x[i];
    }
    cr_assert(fabs(sum) < 5 * 8, "sum of 64 signs: %g", sum);
}

Test(points, more_points_begin_with_the_same_points) {
    double few[5 * 7], many[9 * 7];
    ntk_stream s = stream(), t = stream();
    assert_ok(ntk_data_sphere(&s, 5, 7, few));
    assert_ok(ntk_data_sphere(&t, 9, 7, many));
    cr_assert_eq(memcmp(few, many, sizeof few), 0);
    double next[7];
    assert_ok(ntk_data_sphere(&s, 1, 7, next));
    cr_assert_eq(memcmp(next, many + 35, sizeof next), 0, "a second call goes on where the first ended");
}

Test(points, separated_points_keep_their_distance) {
    enum { POINTS = 16, DIMENSION = 10 };
    double x[POINTS * DIMENSION];
    ntk_stream s = stream();
    assert_ok(ntk_data_sphere_separated(&s, POINTS, DIMENSION, 0.6, x));
    check_unit_norms(POINTS, DIMENSION, x);
    double largest = 0;
    for (size_t i = 0; i < POINTS; i++) {
        for (size_t j = 0; j < i; j++) {
            largest = fmax(largest, fabs(dot(DIMENSION, x + i * DIMENSION, x + j * DIMENSION)));
        }
    }
    /* A cosine of two unit vectors is rounded by at most d + 1 units. */
    cr_assert(largest <= 0.6 + 11 * 0x1p-53, "largest |cosine| %g", largest);
    cr_assert(largest > 0.4, "largest |cosine| %g: far below the bound, which was to bind", largest);
}

Test(points, antipodes_count_as_close) {
    double x[2];
    ntk_stream s = stream();
    cr_assert_eq(ntk_data_sphere_separated(&s, 2, 1, 0.9, x), NTK_ERROR_NO_CONVERGENCE);
    assert_ok(ntk_data_sphere_separated(&s, 2, 1, 1, x));
}

Test(points, separation_that_has_no_room_is_refused) {
    double x[4 * 2];
    ntk_stream s = stream();
    assert_fails(ntk_data_sphere_separated(&s, 4, 2, 0.1, x), NTK_ERROR_NO_CONVERGENCE, "dimension 2");
}

Test(points, antipodes_are_exact) {
    enum { POINTS = 12, DIMENSION = 3 };
    double x[POINTS * DIMENSION];
    ntk_stream s = stream();
    assert_ok(ntk_data_antipodal(&s, POINTS, DIMENSION, x));
    check_unit_norms(POINTS, DIMENSION, x);
    for (size_t i = 0; i < POINTS; i += 2) {
        for (size_t k = 0; k < DIMENSION; k++) {
            cr_assert_eq(x[(i + 1) * DIMENSION + k], -x[i * DIMENSION + k]);
        }
        if (i > 0) cr_assert_neq(x[i * DIMENSION], x[(i - 2) * DIMENSION], "a pair is repeated");
    }
}

/* |point - centre|^2 before the normalisation has mean spread^2; after it, the cosine to the centre
 * is 1 / sqrt(1 + spread^2) up to O(d^{-1/2}). Two centres in dimension 400 are orthogonal up to
 * 0.05. */
Test(points, clusters) {
    enum { POINTS = 60, DIMENSION = 400, CLASSES = 3 };
    static double x[POINTS * DIMENSION];
    size_t label[POINTS];
    /* of two points, through their centre */
    const double spread = 0.5, cosine = 1 / (1 + spread * spread);
    ntk_stream s = stream();
    assert_ok(ntk_data_clusters(&s, POINTS, DIMENSION, CLASSES, spread, x, label));
    check_unit_norms(POINTS, DIMENSION, x);
    for (size_t i = 0; i < POINTS; i++) {
        cr_assert_eq(label[i], i % CLASSES);
        for (size_t j = 0; j < i; j++) {
            const double expected = label[i] == label[j] ? cosine : 0;
            const double found = dot(DIMENSION, x + i * DIMENSION, x + j * DIMENSION);
            cr_assert(fabs(found - expected) < 6 / sqrt(DIMENSION), "points %zu, %zu: cosine %g, expected %g",
                      i, j, found, expected);
        }
    }
}

Test(points, clusters_without_spread_are_their_centres) {
    double x[6 * 4];
    size_t label[6];
    ntk_stream s = stream();
    assert_ok(ntk_data_clusters(&s, 6, 4, 2, 0, x, label));
    cr_assert_eq(memcmp(x, x + 2 * 4, 4 * sizeof *x), 0);
    cr_assert_eq(memcmp(x + 4, x + 5 * 4, 4 * sizeof *x), 0);
    cr_assert_neq(memcmp(x, x + 4, 4 * sizeof *x), 0);
}

Test(points, arguments) {
    double x[8];
    size_t label[8];
    ntk_stream s = stream();
    cr_assert_eq(ntk_data_sphere(&s, 0, 3, x), NTK_ERROR_ARGUMENT);
    cr_assert_eq(ntk_data_sphere(&s, 3, 0, x), NTK_ERROR_ARGUMENT);
    cr_assert_eq(ntk_data_antipodal(&s, 3, 2, x), NTK_ERROR_ARGUMENT);
    const double cosines[] = {0, -0.5, 1.0000001, NAN, INFINITY};
    for (size_t k = 0; k < 5; k++) {
        cr_assert_eq(ntk_data_sphere_separated(&s, 2, 2, cosines[k], x), NTK_ERROR_ARGUMENT);
    }
    cr_assert_eq(ntk_data_clusters(&s, 2, 2, 0, 0.1, x, label), NTK_ERROR_ARGUMENT);
    cr_assert_eq(ntk_data_clusters(&s, 2, 2, 2, -0.1, x, label), NTK_ERROR_ARGUMENT);
    cr_assert_eq(ntk_data_clusters(&s, 2, 2, 2, NAN, x, label), NTK_ERROR_ARGUMENT);
    cr_assert_eq(ntk_data_clusters(&s, 2, 2, 2, INFINITY, x, label), NTK_ERROR_ARGUMENT);
}
