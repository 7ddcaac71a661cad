/* Matrices in tiles: the same products whatever they are made of and whoever computes them; only
 * the lower triangle counts; compensated products are as good as they say; what is no Gram matrix
 * is refused. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include <ntk/ntk.h>

#include "arrays.h"
#include "folder.h"
#include "kernel/tiles.h"
#include "pseudo_random.h"
#include "start.h"

static char folder[FOLDER_SIZE], path[FOLDER_SIZE + 8];

static void begin(void) {
    start_linalg();
    folder_make("tiles", folder);
    snprintf(path, sizeof path, "%s/k.npy", folder);
}

static void end(void) { folder_remove(folder); }

TestSuite(tiles, .init = begin, .fini = end);

enum { N = 600, D = 4, COLUMNS = 3 }; /* two whole bands and a part of one */

static double *points, *gram;

static ntk_architecture network(void) {
    ntk_architecture a = ntk_architecture_default();
    a.depth = 2;
    return a;
}

static void draw(void) {
    const ntk_architecture a = network();
    points = normals(1, "tiles", (size_t)N * D);
    gram = zeros((size_t)N * N);
    assert_ok(ntk_kernel_gram(&a, NTK_KERNEL_NTK, N, D, points, D, gram, N));
}

static ntk_tiles *in_memory(void) {
    ntk_tiles *tiles;
    assert_ok(ntk_tiles_of_matrix(N, gram, N, &tiles));
    return tiles;
}

static ntk_tiles *in_file(ntk_npy_type type) {
    ntk_tiles *tiles;
    assert_ok(ntk_npy_write(path, type, N, N, gram));
    assert_ok(ntk_tiles_of_file(path, &tiles));
    return tiles;
}

static ntk_tiles *computed(void) {
    static ntk_architecture a;
    ntk_tiles *tiles;
    a = network();
    assert_ok(ntk_tiles_of_kernel(&a, NTK_KERNEL_NTK, N, D, points, D, &tiles));
    return tiles;
}

/* ---- products -------------------------------------------------------------------------------- */

/* Each entry to rounding, in long double; `noise`: of the entries. */
static void expect_product(ntk_tiles *tiles, size_t columns, double noise) {
    double *v = normals(2, "v", N * columns), *image = zeros(N * columns), *again = zeros(N * columns);
    assert_ok(ntk_tiles_apply(tiles, columns, v, image));
    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < columns; k++) {
            long double sum = 0, size = 0;
            for (size_t j = 0; j < N; j++) {
                const long double p = (long double)gram[i * N + j] * v[j * columns + k];
                sum += p;
                size += fabsl(p);
            }
            const double allowed = (double)size * ((N + 4) * DBL_EPSILON / 2 + noise);
            cr_assert_float_eq(image[i * columns + k], (double)sum, allowed, "%zu %zu", i, k);
        }
    assert_ok(ntk_set_workers(3));
    assert_ok(ntk_tiles_apply(tiles, columns, v, again));
    cr_assert_eq(memcmp(image, again, N * columns * sizeof *v), 0);
    assert_ok(ntk_set_workers(1));
    ntk_tiles_destroy(tiles);
}

Test(tiles, products_of_a_matrix_in_memory) {
    draw();
    expect_product(in_memory(), 1, 0);
    expect_product(in_memory(), COLUMNS, 0);
}

Test(tiles, products_of_a_kernel_that_is_computed) {
    draw();
    expect_product(computed(), 1, 0);
    expect_product(computed(), COLUMNS, 0);
}

Test(tiles, products_of_a_file) {
    draw();
    expect_product(in_file(NTK_NPY_FLOAT64), 1, 0);
    expect_product(in_file(NTK_NPY_FLOAT64), COLUMNS, 0);
    expect_product(in_file(NTK_NPY_FLOAT32), COLUMNS, 0x1p-24);
}

/* The entries of S G S, S a diagonal of signs, have both. */
Test(tiles, absolute_products) {
    draw();
    double *v = normals(4, "v", N * COLUMNS), *image = zeros(N * COLUMNS);
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++)
            if ((i % 3 == 0) != (j % 3 == 0)) gram[i * N + j] = -gram[i * N + j];
    ntk_tiles *tiles = in_memory();
    assert_ok(ntk_tiles_apply_absolute(tiles, COLUMNS, v, image));
    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < COLUMNS; k++) {
            long double sum = 0, size = 0;
            for (size_t j = 0; j < N; j++) {
                sum += fabsl((long double)gram[i * N + j]) * v[j * COLUMNS + k];
                size += fabsl((long double)gram[i * N + j] * v[j * COLUMNS + k]);
            }
            const double allowed = (double)size * (N + 4) * DBL_EPSILON / 2;
            cr_assert_float_eq(image[i * COLUMNS + k], (double)sum, allowed, "%zu %zu", i, k);
        }
    ntk_tiles_destroy(tiles);
}

/* NaN above the diagonal is not looked at. */
Test(tiles, only_the_lower_triangle_counts) {
    draw();
    double *v = normals(3, "v", N), *whole = zeros(N), *half = zeros(N), *diagonal = zeros(N);
    ntk_tiles *tiles = in_memory();
    assert_ok(ntk_tiles_apply(tiles, 1, v, whole));
    for (size_t i = 0; i < N; i++)
        for (size_t j = i + 1; j < N; j++) gram[i * N + j] = NAN;
    assert_ok(ntk_tiles_apply(tiles, 1, v, half));
    cr_assert_eq(memcmp(whole, half, N * sizeof *v), 0);
    assert_ok(ntk_tiles_diagonal(tiles, diagonal));
    for (size_t i = 0; i < N; i++) cr_assert_eq(diagonal[i], gram[i * N + i]);
    ntk_tiles_destroy(tiles);
}

Test(tiles, rows) {
    const size_t index[] = {599, 0, 256};
    draw();
    ntk_tiles *const all[] = {in_memory(), computed(), in_file(NTK_NPY_FLOAT64)};
    double *rows = zeros((size_t)3 * N);
    for (size_t t = 0; t < 3; t++) {
        assert_ok(ntk_tiles_rows(all[t], 3, index, rows));
        for (size_t r = 0; r < 3; r++)
            for (size_t j = 0; j < N; j++) cr_assert_float_eq(rows[r * N + j], gram[index[r] * N + j], 1e-12);
        ntk_tiles_destroy(all[t]);
    }
}

/* ---- compensated products -------------------------------------------------------------------- */

/* Integers of 40 bits, so that products need 80 and plain sums lose 27 of them; 128-bit integers
 * know the answer. */
Test(tiles, compensated_products_are_within_their_bound) {
    unsigned state = 7;
    double *v = zeros((size_t)N * COLUMNS), *high = zeros((size_t)N * COLUMNS), *row_sums = zeros(N);
    double *low = zeros((size_t)N * COLUMNS), *error = zeros((size_t)N * COLUMNS);
    gram = zeros((size_t)N * N);
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j <= i; j++)
            gram[i * N + j] = gram[j * N + i] = rint(0x1p40 * pseudo_random(&state));
    for (size_t k = 0; k < (size_t)N * COLUMNS; k++) v[k] = rint(0x1p40 * pseudo_random(&state));
    double most = 0, plain_most = 0;
    double *plain = zeros((size_t)N * COLUMNS);
    ntk_tiles *const all[] = {in_memory(), in_file(NTK_NPY_FLOAT64)};
    for (size_t t = 0; t < 2; t++) {
        assert_ok(ntk_tiles_apply(all[t], COLUMNS, v, plain));
        assert_ok(ntk_tiles_apply_compensated(all[t], COLUMNS, v, high, low, error, row_sums));
        for (size_t i = 0; i < N; i++) {
            long double absolute = 0;
            for (size_t j = 0; j < N; j++) absolute += fabsl((long double)gram[i * N + j]);
            cr_assert(row_sums[i] >= absolute && row_sums[i] <= absolute * (1 + 1e-12L));
            for (size_t k = 0; k < COLUMNS; k++) {
                const size_t at = i * COLUMNS + k;
                __int128 sum = 0;
                for (size_t j = 0; j < N; j++)
                    sum += (__int128)(int64_t)gram[i * N + j] * (int64_t)v[j * COLUMNS + k];
                const double off = fabs((double)(sum - (__int128)high[at] - (__int128)low[at]));
                cr_assert(off <= error[at], "%g of %g", off, error[at]);
                most = fmax(most, error[at]);
                plain_most = fmax(plain_most, fabs((double)(sum - (__int128)plain[at])));
            }
        }
        ntk_tiles_destroy(all[t]);
    }
    cr_assert(most < 1e-6 * plain_most && plain_most > 0x1p30, "%g %g", most, plain_most);
}

Test(tiles, compensated_products_do_not_depend_on_workers) {
    draw();
    double *v = normals(2, "v", N), *first = zeros((size_t)4 * N), *second = zeros((size_t)4 * N);
    ntk_tiles *tiles = computed();
    assert_ok(ntk_tiles_apply_compensated(tiles, 1, v, first, first + N, first + 2 * N, first + 3 * N));
    assert_ok(ntk_set_workers(3));
    assert_ok(ntk_tiles_apply_compensated(tiles, 1, v, second, second + N, second + 2 * N, second + 3 * N));
    cr_assert_eq(memcmp(first, second, 4 * N * sizeof *first), 0);
    ntk_tiles_destroy(tiles);
}

/* ---- what is refused ------------------------------------------------------------------------- */

static void expect_refused(ntk_status status, const char *text) {
    ntk_tiles *const all[] = {in_memory(), in_file(NTK_NPY_FLOAT64)};
    for (size_t t = 0; t < 2; t++) {
        assert_fails(ntk_tiles_check(all[t], 0), status, text);
        ntk_tiles_destroy(all[t]);
    }
}

Test(tiles, an_altered_entry_is_told) {
    draw();
    ntk_tiles *tiles = in_memory();
    assert_ok(ntk_tiles_check(tiles, 0));
    ntk_tiles_destroy(tiles);
    const double kept = gram[(size_t)300 * N + 40];
    gram[(size_t)300 * N + 40] *= 1 + 1e-9;
    expect_refused(NTK_ERROR_ARGUMENT, "row 300, column 40");
    gram[(size_t)300 * N + 40] = gram[(size_t)40 * N + 300] = 100;
    expect_refused(NTK_ERROR_NOT_POSITIVE_DEFINITE, "row 300, column 40");
    gram[(size_t)300 * N + 40] = gram[(size_t)40 * N + 300] = kept;
    gram[(size_t)599 * N + 599] = -1;
    expect_refused(NTK_ERROR_NOT_POSITIVE_DEFINITE, "row 599, column 599");
}

Test(tiles, a_number_that_is_not_finite_is_told) {
    draw();
    double image[N];
    gram[(size_t)300 * N + 40] = INFINITY;
    ntk_tiles *tiles = in_memory();
    assert_fails(ntk_tiles_apply(tiles, 1, points, image), NTK_ERROR_NOT_FINITE, "row 300, column 40");
    ntk_tiles_destroy(tiles);
}

Test(tiles, float32_passes_with_its_rounding) {
    draw();
    ntk_tiles *tiles = in_file(NTK_NPY_FLOAT32);
    assert_ok(ntk_tiles_check(tiles, 0x1p-24));
    ntk_tiles_destroy(tiles);
}

/* Two points on one ray: what roundings of known sizes make of 1. */
Test(tiles, what_rounding_may_have_done_is_told) {
    const struct {
        double entry;
        const char *text;
    } each[] = {{1 + 0x1p-23, "allow (entries rounded to float32 want an entry_error of 6e-8)"},
                {1 + 1e-4, "allow (entries that are off want an entry_error of 5e-05)"},
                {1.1, "1 allow"}};
    for (size_t k = 0; k < sizeof each / sizeof *each; k++) {
        const double nearly[4] = {1, each[k].entry, each[k].entry, 1};
        ntk_tiles *tiles;
        assert_ok(ntk_tiles_of_matrix(2, nearly, 2, &tiles));
        assert_fails(ntk_tiles_check(tiles, 0), NTK_ERROR_NOT_POSITIVE_DEFINITE, each[k].text);
        cr_expect_eq(ntk_tiles_check(tiles, 6e-8) == NTK_OK, k == 0);
        cr_expect_eq(ntk_tiles_check(tiles, 5.1e-5) == NTK_OK, k <= 1);
        ntk_tiles_destroy(tiles);
    }
}

Test(tiles, files_that_are_no_such_matrix) {
    ntk_tiles *tiles;
    draw();
    assert_fails(ntk_tiles_of_file("/nonexistent.npy", &tiles), NTK_ERROR_IO, "/nonexistent.npy");
    assert_fails(ntk_tiles_of_file("/dev/null", &tiles), NTK_ERROR_IO, "not a regular file");
    cr_assert_eq(mkfifo(path, 0600), 0);
    assert_fails(ntk_tiles_of_file(path, &tiles), NTK_ERROR_IO, "not a regular file");
    cr_assert_eq(unlink(path), 0);
    assert_ok(ntk_npy_write(path, NTK_NPY_FLOAT64, N, N - 1, gram));
    assert_fails(ntk_tiles_of_file(path, &tiles), NTK_ERROR_FORMAT, "600 x 599");
    assert_ok(ntk_npy_write(path, NTK_NPY_FLOAT64, N, N, gram));
    cr_assert_eq(truncate(path, 1000000), 0);
    assert_fails(ntk_tiles_of_file(path, &tiles), NTK_ERROR_FORMAT, "2880000");
    cr_assert_eq(truncate(path, 40), 0);
    assert_fails(ntk_tiles_of_file(path, &tiles), NTK_ERROR_FORMAT, "k.npy");
    cr_assert_null(tiles);
}

Test(tiles, a_file_that_changes_while_it_is_read) {
    draw();
    double image[N];
    ntk_tiles *tiles = in_file(NTK_NPY_FLOAT64);
    assert_ok(ntk_tiles_apply(tiles, 1, points, image));
    cr_assert_eq(truncate(path, 1000000), 0);
    assert_fails(ntk_tiles_apply(tiles, 1, points, image), NTK_ERROR_IO, "has changed");
    ntk_tiles_destroy(tiles);
}
