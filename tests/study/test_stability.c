/* Feature distances of images against the recursion on all pairs of positions in long double. */
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/lab/parameters.h>
#include <ntk/lab/problem.h>
#include <ntk/lab/stability.h>
#include <ntk/memory.h>

#include "fixture.h"
#include "start.h"

TestSuite(stability, .init = start_linalg, .fini = fixture_remove);

enum { ROWS = 7, COLUMNS = 6, PIXELS = ROWS * COLUMNS, COUNT = 10 };

/* A kernel between all positions u of one image and u' of another. */
typedef struct {
    long double s[PIXELS][PIXELS], t[PIXELS][PIXELS];
} pairs;

/* The sum over 3 x 3 patches, zero outside, times scale. */
static void patches(int rows, int columns, long double scale, long double (*c)[PIXELS]) {
    static long double out[PIXELS][PIXELS];
    memset(out, 0, sizeof out);
    for (int u = 0; u < rows * columns; u++)
        for (int v = 0; v < rows * columns; v++)
            for (int a = -1; a <= 1; a++)
                for (int b = -1; b <= 1; b++) {
                    const int i = u / columns + a, j = u % columns + b, k = v / columns + a,
                              l = v % columns + b;
                    if (i < 0 || j < 0 || k < 0 || l < 0 || i >= rows || k >= rows || j >= columns ||
                        l >= columns)
                        continue;
                    out[u][v] += scale * c[i * columns + j][k * columns + l];
                }
    memcpy(c, out, sizeof out);
}

/* kappa_1 and kappa_0; self_x, self_y: variances of the positions. */
static void activate(int positions, const long double *self_x, const long double *self_y, pairs *p) {
    for (int u = 0; u < positions; u++)
        for (int v = 0; v < positions; v++) {
            const long double norm = sqrtl(self_x[u] * self_y[v]),
                              rho = fmaxl(-1, fminl(1, p->s[u][v] / norm)), angle = acosl(rho),
                              value = norm * (sqrtl(1 - rho * rho) + (M_PIl - angle) * rho) / M_PIl;
            p->t[u][v] = value + p->t[u][v] * (M_PIl - angle) / M_PIl;
            p->s[u][v] = value;
        }
}

/* Gaussian pooling by 2 of 7 x 6 positions to 2 x 2, around 2 and 4. */
static void pool(long double (*c)[PIXELS]) {
    static long double out[PIXELS][PIXELS];
    long double weight[5], sum = 0;
    for (int i = 0; i < 5; i++) sum += weight[i] = expl(-(long double)((i - 2) * (i - 2)) / 4);
    memset(out, 0, sizeof out);
    for (int u = 0; u < 4; u++)
        for (int v = 0; v < 4; v++)
            for (int taps = 0; taps < 625; taps++) {
                const int a = taps % 5, b = taps / 5 % 5, e = taps / 25 % 5, f = taps / 125;
                const int i = 2 * (u / 2 + 1) + a - 2, j = 2 * (u % 2 + 1) + b - 2,
                          k = 2 * (v / 2 + 1) + e - 2, l = 2 * (v % 2 + 1) + f - 2;
                if (i >= ROWS || k >= ROWS || j >= COLUMNS || l >= COLUMNS) continue;
                out[u][v] += weight[a] * weight[b] * weight[e] * weight[f] / (sum * sum * sum * sum) *
                             c[i * COLUMNS + j][k * COLUMNS + l];
            }
    memcpy(c, out, sizeof out);
}

/* "conv 3, pool gauss 2, conv 3": the kernels of three pairs, (x, x), (y, y) and (x, y), go
 * through the layers together. */
static void layer(int rows, int columns, bool first, pairs *xx, pairs *yy, pairs *xy) {
    pairs *all[] = {xx, yy, xy};
    long double self_x[PIXELS], self_y[PIXELS];
    for (int k = 0; k < 3; k++) {
        patches(rows, columns, 1 / 9.0L, all[k]->s);
        if (first)
            memcpy(all[k]->t, all[k]->s, sizeof all[k]->s);
        else
            patches(rows, columns, 1 / 9.0L, all[k]->t);
    }
    for (int u = 0; u < rows * columns; u++) {
        self_x[u] = xx->s[u][u];
        self_y[u] = yy->s[u][u];
    }
    activate(rows * columns, self_x, self_x, xx);
    activate(rows * columns, self_y, self_y, yy);
    activate(rows * columns, self_x, self_y, xy);
}

static void products(const double *x, const double *y, pairs *out) {
    for (int u = 0; u < PIXELS; u++)
        for (int v = 0; v < PIXELS; v++) out->s[u][v] = (long double)x[u] * y[v];
}

/* Squares of the distances, and of the norms of x. */
static void reference(const double *x, const double *y, long double *distance, long double *norm) {
    static pairs xx, yy, xy;
    products(x, x, &xx);
    products(y, y, &yy);
    products(x, y, &xy);
    layer(ROWS, COLUMNS, true, &xx, &yy, &xy);
    pairs *all[] = {&xx, &yy, &xy};
    for (int k = 0; k < 3; k++) {
        pool(all[k]->s);
        pool(all[k]->t);
    }
    layer(2, 2, false, &xx, &yy, &xy);
    memset(distance, 0, 2 * sizeof *distance);
    memset(norm, 0, 2 * sizeof *norm);
    for (int u = 0; u < 4; u++) {
        distance[0] += xx.s[u][u] + yy.s[u][u] - 2 * xy.s[u][u];
        distance[1] += xx.t[u][u] + yy.t[u][u] - 2 * xy.t[u][u];
        norm[0] += xx.s[u][u];
        norm[1] += xx.t[u][u];
    }
}

/* Images 10^-6 to 1 apart, in more than one group of eight. Squares of the CKN are right to 4e-15
 * of the squared norm: K to some units of rounding, three times. Those of the NTK hold kappa_0 of
 * the angles of the second layer, where an angle is known to 1e-15 over itself
 * (kernel/convolution.c):
 * r, the relative distance of the images, stands for it. (In long double it is 1e-19 over
 * itself.) */
Test(stability, distances_are_those_of_the_recursion) {
    double images[COUNT][PIXELS], noise[COUNT][PIXELS];
    ntk_architecture network;
    ntk_feature_distance found[COUNT];
    ntk_stream s = ntk_stream_create(7, "tests/study/stability", 0);
    ntk_stream_normal(&s, COUNT * PIXELS, noise[0]);
    memcpy(images[0], noise[0], sizeof images[0]);
    for (int k = 1; k < COUNT; k++)
        for (int u = 0; u < PIXELS; u++)
            images[k][u] = images[0][u] + pow(10, (k - COUNT + 1) * 0.75) * noise[k][u];
    assert_ok(ntk_stability_network(ROWS, COLUMNS, "conv 3, pool gauss 2, conv 3", &network));
    assert_ok(ntk_stability_distances(&network, COUNT, PIXELS, images[0], found));
    for (int k = 1; k < COUNT; k++) {
        long double distance[2], norm[2], image = 0, square = 0;
        reference(images[0], images[k], distance, norm);
        for (int u = 0; u < PIXELS; u++) {
            image += (images[k][u] - images[0][u]) * (images[k][u] - images[0][u]);
            square += images[0][u] * images[0][u];
        }
        const double r = (double)sqrtl(image / square);
        cr_expect_float_eq(found[0].image, (double)sqrtl(square), 1e-14);
        cr_expect_float_eq(found[0].ckn, (double)sqrtl(norm[0]), 1e-14);
        cr_expect_float_eq(found[0].ntk, (double)sqrtl(norm[1]), 1e-14);
        cr_expect_float_eq(found[k].image / (double)sqrtl(image), 1, 1e-14);
        cr_expect_float_eq(found[k].ckn * found[k].ckn, (double)distance[0], 4e-15 * (double)norm[0],
                           "%d: ckn %.17g, %.17g", k, found[k].ckn, (double)sqrtl(distance[0]));
        cr_expect_float_eq(found[k].ntk * found[k].ntk, (double)distance[1],
                           (4e-15 + 1e-15 / r) * (double)norm[1], "%d: ntk %.17g, %.17g", k, found[k].ntk,
                           (double)sqrtl(distance[1]));
    }
}

/* One image: its norms alone. None: an error. */
Test(stability, few_images) {
    double image[PIXELS] = {[10] = 3};
    ntk_architecture network;
    ntk_feature_distance found[2] = {{0}, {7, 7, 7}};
    assert_ok(ntk_stability_network(ROWS, COLUMNS, "conv 3", &network));
    assert_ok(ntk_stability_distances(&network, 1, PIXELS, image, found));
    cr_expect_float_eq(found[0].image, 3, 1e-15);
    cr_expect_float_eq(found[0].ckn, 3, 1e-14, "away from the border patches keep norms");
    cr_expect_float_eq(found[0].ntk, 3 * sqrt(2), 1e-14);
    cr_expect_eq(found[1].ckn, 7);
    assert_fails(ntk_stability_distances(&network, 0, PIXELS, image, found), NTK_ERROR_SHAPE, "no image");
    image[3] = NAN;
    cr_expect_neq(ntk_stability_distances(&network, 1, PIXELS, image, found), NTK_OK);
}

Test(stability, digits_are_drawn_in_turn) {
    const ntk_parameter *const tables[] = {ntk_digits_parameters, NULL};
    ntk_context *context = fixture_context(tables, NULL, NULL);
    ntk_stream s = ntk_context_stream(context, 0);
    double *x;
    size_t rows, columns;
    assert_ok(ntk_stability_digits(context, &s, 25, &x, &rows, &columns));
    cr_assert(rows == 28 && columns == 28);
    for (size_t i = 0; i < 25; i++) {
        double square = 0;
        for (size_t u = 0; u < 784; u++) square += x[i * 784 + u] * x[i * 784 + u];
        cr_expect_float_eq(square, 1, 1e-12);
    }
    ntk_release(x);
    ntk_digits digits;
    size_t five[12], any[20], again[20];
    double pixels[784];
    assert_ok(ntk_context_digits(context, &digits));
    assert_ok(ntk_stability_list(context, &digits, "some", 5, 12, five));
    assert_ok(ntk_stability_list(context, &digits, "some", NTK_STABILITY_ANY, 20, any));
    assert_ok(ntk_stability_list(context, &digits, "others", NTK_STABILITY_ANY, 20, again));
    for (size_t i = 0; i < 12; i++) cr_expect_eq(digits.labels[five[i]], 5);
    for (size_t i = 0; i < 20; i++) cr_expect_eq(digits.labels[any[i]], i % 10);
    cr_expect_neq(memcmp(any, again, sizeof any), 0, "a purpose has its own draws");
    ntk_stability_pixels(&digits, any[3], pixels);
    for (size_t u = 0; u < 784; u++) cr_expect_eq(pixels[u], digits.pixels[any[3] * 784 + u]);
    ntk_digits_release(&digits);
    s = ntk_context_stream(context, 0);
    assert_fails(ntk_stability_digits(context, &s, 6000, &x, &rows, &columns), NTK_ERROR_ARGUMENT, "600");
    cr_expect_null(x);
}
