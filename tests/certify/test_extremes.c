/* Extreme eigenvalues in tiles: against enclosures of the dense spectrum, closed forms on the cube,
 * and matrices of which they are known exactly. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/ntk.h>

#include "folder.h"
#include "pseudo_random.h"
#include "start.h"

static char folder[FOLDER_SIZE];

static void begin(void) {
    start_linalg();
    folder_make("extremes", folder);
}

static void end(void) { folder_remove(folder); }

TestSuite(extremes, .init = begin, .fini = end);

enum { N = 600, D = 4 }; /* three panels */
static double x[N * D], gram[N * N], values[N];
static double radius, trace;

static ntk_architecture network(void) {
    ntk_architecture a = ntk_architecture_default();
    a.depth = 2;
    return a;
}

/* The kernel of random points, and an enclosure of its spectrum. */
static ntk_tiles *draw(void) {
    unsigned state = 5;
    ntk_tiles *tiles;
    const ntk_architecture a = network();
    for (size_t k = 0; k < (size_t)N * D; k++) x[k] = pseudo_random(&state);
    assert_ok(ntk_kernel_gram(&a, NTK_KERNEL_NTK, N, D, x, D, gram, N));
    assert_ok(ntk_certify_eigenvalues(N, gram, N, values, &radius));
    trace = 0;
    for (size_t i = 0; i < N; i++) trace += gram[i * N + i];
    assert_ok(ntk_tiles_of_matrix(N, gram, N, &tiles));
    return tiles;
}

Test(extremes, proved_bounds_hold_the_spectrum) {
    ntk_tiles *tiles = draw();
    for (size_t steps = 1; steps <= N; steps = steps < 40 ? 4 * steps : steps < N ? N : N + 1) {
        ntk_extremes e;
        assert_ok(ntk_extremes_find(tiles, steps, 1, &e));
        cr_assert(e.steps <= steps);
        cr_assert(e.min_upper >= values[0] - radius);
        cr_assert(e.max_lower <= values[N - 1] + radius && e.max_upper >= values[N - 1] - radius);
        for (int top = 0; top < 2; top++) {
            double nearest = INFINITY;
            for (size_t i = 0; i < N; i++)
                nearest = fmin(nearest, fabs(values[i] - (top ? e.lambda_max : e.lambda_min)));
            cr_assert(nearest <= (top ? e.max_radius : e.min_radius) + radius);
        }
        if (steps < 16) continue; /* and they are sharp */
        cr_assert(e.max_upper <= values[N - 1] * (1 + 1e-3), "%g %g", e.max_upper, values[N - 1]);
        cr_assert(e.max_lower >= values[N - 1] * (1 - 1e-10) && e.max_radius < 1e-3 * values[N - 1]);
        if (steps == N) cr_assert(e.min_upper <= values[0] * (1 + 1e-6), "%g %g", e.min_upper, values[0]);
    }
    ntk_tiles_destroy(tiles);
}

/* Eigenvalues of a kernel of the inner product on the cube are sums over one row; Lanczos's method
 * is at its end after as many steps as there are different ones. */
Test(extremes, the_cube) {
    enum { BITS = 9, CUBE = 1 << BITS };
    static double points[CUBE * BITS], row[CUBE];
    const ntk_architecture a = network();
    ntk_tiles *tiles;
    ntk_extremes e;
    for (size_t i = 0; i < CUBE; i++)
        for (size_t b = 0; b < BITS; b++) points[i * BITS + b] = i >> b & 1 ? -1 : 1;
    assert_ok(ntk_tiles_of_kernel(&a, NTK_KERNEL_NTK, CUBE, BITS, points, BITS, &tiles));
    assert_ok(ntk_kernel_cross(&a, NTK_KERNEL_NTK, 1, CUBE, BITS, points, BITS, points, BITS, row, CUBE));
    long double least = INFINITY, most = 0;
    for (size_t degree = 0; degree <= BITS; degree++) {
        const size_t set = ((size_t)1 << degree) - 1;
        long double sum = 0;
        for (size_t i = 0; i < CUBE; i++) sum += __builtin_popcountll(i & set) % 2 ? -row[i] : row[i];
        least = fminl(least, sum), most = fmaxl(most, sum);
    }
    assert_ok(ntk_extremes_find(tiles, 60, 1, &e));
    cr_assert_float_eq(e.lambda_min, (double)least, 1e-10);
    cr_assert_float_eq(e.lambda_max, (double)most, 1e-10 * (double)most);
    cr_assert(e.min_upper < (double)least + 1e-9 && e.max_upper < (double)most * (1 + 1e-9));
    double bound;
    assert_ok(ntk_extremes_certify(tiles, (double)least - 1e-9, folder, &bound));
    cr_assert(bound <= (double)least && bound > (double)least - 2e-9, "%g", bound - (double)least);
    assert_fails(ntk_extremes_certify(tiles, (double)least + 1e-6, folder, &bound),
                 NTK_ERROR_NOT_POSITIVE_DEFINITE, "no Cholesky factor");
    cr_assert_eq(bound, -INFINITY);
    ntk_tiles_destroy(tiles);
}

Test(extremes, certified_from_below) {
    ntk_tiles *tiles = draw(), *computed;
    const ntk_architecture a = network();
    double bound, again;
    for (double part = 0; part < 1; part += 0.45) {
        const double shift = part * values[0];
        assert_ok(ntk_extremes_certify(tiles, shift, folder, &bound));
        cr_assert(bound < shift && bound >= shift - 300 * DBL_EPSILON / 2 * trace, "%g", shift - bound);
    }
    assert_ok(ntk_set_workers(3));
    assert_ok(ntk_tiles_of_kernel(&a, NTK_KERNEL_NTK, N, D, x, D, &computed));
    assert_ok(ntk_extremes_certify(computed, 0.9 * values[0], folder, &again));
    cr_assert_eq(bound, again);
    ntk_tiles_destroy(computed);
    ntk_tiles_destroy(tiles);
}

/* 2 I + 1 1^T: lambda_min = 2, exactly. What is certified may come near, never beyond. */
Test(extremes, nothing_is_certified_beyond) {
    ntk_tiles *tiles;
    size_t certified = 0;
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++) gram[i * N + j] = i == j ? 3 : 1;
    assert_ok(ntk_tiles_of_matrix(N, gram, N, &tiles));
    for (double gap = 1e-15; gap < 1e-6; gap *= 10)
        for (int side = -1; side <= 1; side += 2) {
            double bound;
            if (ntk_extremes_certify(tiles, 2 + side * gap, folder, &bound) != NTK_OK) continue;
            cr_assert(bound <= 2, "%g", bound - 2);
            certified += bound > 2 - 2e-6;
        }
    cr_assert(certified > 3);
    ntk_tiles_destroy(tiles);
}

/* A row of zeros, blocks that stand apart, negative entries. */
Test(extremes, upper_bounds_of_unusual_matrices) {
    ntk_tiles *tiles;
    ntk_extremes e;
    memset(gram, 0, sizeof gram);
    for (size_t i = 1; i < N; i++) gram[i * N + i] = (double)i;
    gram[5 * N + 2] = gram[2 * N + 5] = -1;
    assert_ok(ntk_tiles_of_matrix(N, gram, N, &tiles));
    for (size_t steps = 1; steps < 50; steps += 8) {
        assert_ok(ntk_extremes_find(tiles, steps, 3, &e));
        cr_assert(e.max_upper >= N - 1 && e.min_upper >= 0 && e.max_lower <= N - 1);
    }
    ntk_tiles_destroy(tiles);
}

/* Products of numbers this small or large underflow or overflow. */
Test(extremes, upper_bounds_hold_at_any_scale) {
    static const double scales[] = {1e-320, 1e-255, 1e-170, 1e-100, 1e100};
    for (size_t k = 0; k < sizeof scales / sizeof *scales; k++) {
        const double s = scales[k], coupled[4] = {s, s / 2, s / 2, s};
        ntk_tiles *tiles;
        ntk_extremes e;
        assert_ok(ntk_tiles_of_matrix(2, coupled, 2, &tiles));
        assert_ok(ntk_extremes_find(tiles, 2, 1, &e));
        cr_assert(e.max_upper >= 1.5 * s, "%g: %g", s, e.max_upper);
        cr_assert(s < 1e-150 || e.max_upper < 1.5 * s * (1 + 1e-12), "%g: %g", s, e.max_upper);
        ntk_tiles_destroy(tiles);
    }
}

/* s [[2, 1], [1, 2]], with the eigenvalues s and 3 s, at both ends of the range. */
Test(extremes, both_ends_of_the_range) {
    static const double scales[] = {0x1p-1073, 0x1p-1040, 1e-300, 1e-100, 1, 1e100, 1e300, 0x1p1021};
    for (size_t k = 0; k < sizeof scales / sizeof *scales; k++) {
        const double s = scales[k], coupled[4] = {2 * s, s, s, 2 * s};
        const double slack = s < 0x1p-1000 ? 1e-12 * s + 3 * DBL_TRUE_MIN : 1e-12 * s;
        ntk_tiles *tiles;
        ntk_extremes e;
        double bound;
        assert_ok(ntk_tiles_of_matrix(2, coupled, 2, &tiles));
        assert_ok(ntk_extremes_find(tiles, 2, 1, &e));
        cr_expect(e.min_upper >= s && e.min_upper - s <= slack, "%g: %g", s, e.min_upper);
        cr_expect(e.max_lower <= 3 * s && 3 * s - e.max_lower <= slack, "%g: %g", s, e.max_lower);
        cr_expect(e.max_upper >= 3 * s && e.max_upper - 3 * s <= slack, "%g: %g", s, e.max_upper);
        cr_expect(e.min_radius <= slack && e.max_radius <= slack, "%g: %g, %g", s, e.min_radius,
                  e.max_radius);
        assert_ok(ntk_extremes_certify(tiles, s / 2, folder, &bound));
        cr_expect(bound <= s && bound >= s / 2 - slack - DBL_TRUE_MIN, "%g: %g", s, bound);
        cr_expect_eq(ntk_extremes_certify(tiles, 1.6 * s, folder, &bound), NTK_ERROR_NOT_POSITIVE_DEFINITE);
        cr_expect_eq(bound, -INFINITY);
        ntk_tiles_destroy(tiles);
    }
}

/* A shift that is beyond the range beside the matrix, and entries that are next to nothing in
 * it. */
Test(extremes, ends_of_the_range_together) {
    static const double small[4] = {1e-300, 0, 0, 1e-300}, wide[4] = {1e300, 1e-20, 1e-20, 1e300};
    ntk_tiles *tiles;
    ntk_extremes e;
    double bound;
    assert_ok(ntk_tiles_of_matrix(2, small, 2, &tiles));
    assert_fails(ntk_extremes_certify(tiles, 1e300, folder, &bound), NTK_ERROR_NOT_POSITIVE_DEFINITE,
                 "1e+300");
    assert_ok(ntk_extremes_certify(tiles, -1e-300, folder, &bound));
    cr_expect(bound <= 1e-300 && bound >= -1.1e-300, "%g", bound);
    ntk_tiles_destroy(tiles);
    assert_ok(ntk_tiles_of_matrix(2, wide, 2, &tiles));
    assert_ok(ntk_extremes_find(tiles, 2, 1, &e));
    cr_expect(e.max_upper > 1e300 && e.min_upper >= 1e300 * (1 - 1e-15) && e.max_upper < 1.001e300);
    assert_ok(ntk_extremes_certify(tiles, 1e-301, folder, &bound));
    cr_expect(bound <= 0 && bound > -1e287, "%g", bound);
    ntk_tiles_destroy(tiles);
}

/* Numbers off a diagonal that does not tell them. */
Test(extremes, numbers_beyond_the_range_are_told) {
    static const double huge[4] = {0, 0x1p1000, 0x1p1000, 0};
    ntk_tiles *tiles;
    ntk_extremes e;
    assert_ok(ntk_tiles_of_matrix(2, huge, 2, &tiles));
    assert_fails(ntk_extremes_find(tiles, 2, 1, &e), NTK_ERROR_NOT_FINITE, "overflow");
    ntk_tiles_destroy(tiles);
}

Test(extremes, refusals) {
    ntk_tiles *tiles = draw();
    ntk_extremes e;
    double bound;
    assert_fails(ntk_extremes_find(tiles, 0, 1, &e), NTK_ERROR_ARGUMENT, "steps");
    assert_fails(ntk_extremes_certify(tiles, 0, "/nonexistent", &bound), NTK_ERROR_IO, "/nonexistent");
    assert_fails(ntk_extremes_certify(tiles, NAN, folder, &bound), NTK_ERROR_ARGUMENT, "shift");
    gram[(size_t)500 * N + 3] = INFINITY;
    assert_fails(ntk_extremes_certify(tiles, 0, folder, &bound), NTK_ERROR_NOT_FINITE, "columns 0 to 255");
    gram[(size_t)500 * N + 3] = 0;
    fill_the_disk_at(100000);
    assert_fails(ntk_extremes_certify(tiles, 0, folder, &bound), NTK_ERROR_IO, "the file of the factor");
    fill_the_disk_at(RLIM_INFINITY);
    ntk_tiles_destroy(tiles);
}
