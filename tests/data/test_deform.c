#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/data.h>
#include <ntk/deform.h>

#include "status.h"

static ntk_stream stream(uint64_t unit) { return ntk_stream_create(12, "tests/data/deform", unit); }

/* ---- fields ---------------------------------------------------------------------------------- */

enum { ROWS = 9, COLUMNS = 7, CELLS = ROWS * COLUMNS, FIELDS = 6000 };

/* Two positions, (row, column) each. */
typedef struct {
    size_t from[2], to[2];
} lag;

/* Of products of normals of correlation c the variance is 1 + c^2; five standard errors. At the
 * corners as in the middle: the fields know no border. Length 2, where sampling changes 1e-8. */
Test(deform, fields_have_the_stated_covariance) {
    static double field[2 * CELLS];
    const lag lags[] = {{{0, 0}, {0, 0}}, {{8, 6}, {8, 6}}, {{4, 3}, {5, 3}},
                        {{0, 0}, {0, 1}}, {{0, 6}, {3, 4}}, {{2, 1}, {4, 4}}};
    enum { LAGS = sizeof lags / sizeof *lags };
    double product[LAGS] = {0}, mean = 0, crossed = 0;
    ntk_stream s = stream(0);
    for (size_t k = 0; k < FIELDS; k++) {
        assert_ok(ntk_deform_field(&s, 2, ROWS, COLUMNS, 2, field));
        mean += field[4 * COLUMNS + 3] / FIELDS;
        crossed += field[4 * COLUMNS + 3] * field[CELLS + 4 * COLUMNS + 3] / FIELDS;
        for (size_t l = 0; l < LAGS; l++)
            product[l] += field[lags[l].from[0] * COLUMNS + lags[l].from[1]] *
                          field[lags[l].to[0] * COLUMNS + lags[l].to[1]] / FIELDS;
    }
    cr_expect(fabs(mean) <= 5 / sqrt(FIELDS), "mean %g", mean);
    cr_expect(fabs(crossed) <= 5 / sqrt(FIELDS), "two fields: %g", crossed);
    for (size_t l = 0; l < LAGS; l++) {
        const double down = (double)lags[l].from[0] - (double)lags[l].to[0],
                     right = (double)lags[l].from[1] - (double)lags[l].to[1],
                     expected = exp(-(down * down + right * right) / 8);
        cr_expect(fabs(product[l] - expected) <= 5 * sqrt((1 + expected * expected) / FIELDS),
                  "lag (%g, %g): %g, expected %g", down, right, product[l], expected);
    }
}

Test(deform, the_first_field_does_not_depend_on_how_many_there_are) {
    double one[CELLS], three[3 * CELLS];
    ntk_stream s = stream(1), t = stream(1);
    assert_ok(ntk_deform_field(&s, 1, ROWS, COLUMNS, 3, one));
    assert_ok(ntk_deform_field(&t, 3, ROWS, COLUMNS, 3, three));
    cr_expect_eq(memcmp(one, three, sizeof one), 0);
    cr_expect_neq(memcmp(one, three + CELLS, sizeof one), 0);
}

/* ---- the size of a displacement -------------------------------------------------------------- */

/* tau(u) = M u: the largest |M v| over unit v, looked for, beside the spectral norm. */
Test(deform, the_size_of_a_linear_displacement) {
    const double matrices[][4] = {
        {0, -0.3, 0.3, 0}, {0.1, 0.4, 0, 0}, {-0.2, 0.1, 0.05, 0.3}, {0, 0, 0, 0.5}};
    for (size_t k = 0; k < 4; k++) {
        const double *m = matrices[k];
        double tau[2 * CELLS], largest, gradient, seen = 0, farthest = 0;
        for (size_t u = 0; u < CELLS; u++) {
            const double i = (double)(u / COLUMNS), j = (double)(u % COLUMNS);
            tau[u] = m[0] * i + m[1] * j;
            tau[CELLS + u] = m[2] * i + m[3] * j;
            farthest = fmax(farthest, hypot(tau[u], tau[CELLS + u]));
        }
        for (double angle = 0; angle < M_PI; angle += 1e-4)
            seen = fmax(seen,
                        hypot(m[0] * cos(angle) + m[1] * sin(angle), m[2] * cos(angle) + m[3] * sin(angle)));
        assert_ok(ntk_deform_size(ROWS, COLUMNS, tau, &largest, &gradient));
        cr_expect_float_eq(largest, farthest, 1e-14);
        cr_expect_float_eq(gradient, seen, 1e-8, "matrix %zu: %.12g, seen %.12g", k, gradient, seen);
    }
}

Test(deform, the_size_of_nan_is_nan) {
    double tau[2 * CELLS] = {0}, largest, gradient;
    tau[10] = NAN;
    assert_ok(ntk_deform_size(ROWS, COLUMNS, tau, &largest, &gradient));
    cr_expect(isnan(largest) && isnan(gradient));
}

/* ---- images ---------------------------------------------------------------------------------- */

/* Keys' kernel as he gives it, a function of the distance to a pixel, and the hat. */
static double kernel(ntk_interpolation interpolation, double s) {
    s = fabs(s);
    if (interpolation == NTK_INTERPOLATION_LINEAR) return fmax(0, 1 - s);
    if (s <= 1) return (1.5 * s - 2.5) * s * s + 1;
    return s < 2 ? ((-0.5 * s + 2.5) * s - 4) * s + 2 : 0;
}

static void draw(uint64_t unit, size_t n, double scale, double *out) {
    ntk_stream s = stream(unit);
    ntk_stream_normal(&s, n, out);
    for (size_t k = 0; k < n; k++) out[k] *= scale;
}

/* Against the sum over all pixels, times the kernel of their distance; displacements of up to a
 * few pixels, beyond the border too. */
Test(deform, images_are_sums_of_kernels) {
    double x[CELLS], tau[2 * CELLS], out[CELLS];
    draw(2, CELLS, 1, x);
    draw(3, 2 * CELLS, 2, tau);
    for (int kind = 0; kind < NTK_INTERPOLATION_COUNT; kind++) {
        assert_ok(ntk_deform_image(ROWS, COLUMNS, x, tau, (ntk_interpolation)kind, out));
        for (size_t u = 0; u < CELLS; u++) {
            const double row = (double)(u / COLUMNS) - tau[u],
                         column = (double)(u % COLUMNS) - tau[CELLS + u];
            double sum = 0;
            for (size_t v = 0; v < CELLS; v++)
                sum += x[v] * kernel((ntk_interpolation)kind, row - (double)(v / COLUMNS)) *
                       kernel((ntk_interpolation)kind, column - (double)(v % COLUMNS));
            cr_expect_float_eq(out[u], sum, 1e-13, "%d, %zu: %.17g, %.17g", kind, u, out[u], sum);
        }
    }
}

/* Inside, linear images are exact for both, quadratic ones for the cubic one. */
Test(deform, polynomials_are_resampled_exactly) {
    double x[CELLS], tau[2 * CELLS], out[CELLS];
    for (int degree = 1; degree <= 2; degree++) {
        for (size_t u = 0; u < CELLS; u++) {
            x[u] = pow((double)(u / COLUMNS), degree) - 2 * (double)(u % COLUMNS);
            tau[u] = 0.37, tau[CELLS + u] = -0.81;
        }
        assert_ok(ntk_deform_image(ROWS, COLUMNS, x, tau,
                                   degree == 1 ? NTK_INTERPOLATION_LINEAR : NTK_INTERPOLATION_CUBIC, out));
        for (size_t i = 3; i < 6; i++)
            for (size_t j = 2; j < 4; j++)
                cr_expect_float_eq(out[i * COLUMNS + j],
                                   pow((double)i - 0.37, degree) - 2 * ((double)j + 0.81), 1e-12);
    }
}

/* Moved down by 2 and to the left by 1, every way. */
Test(deform, whole_pixels) {
    double x[CELLS], tau[2 * CELLS], moved[CELLS], shifted[CELLS], wrapped[CELLS];
    draw(4, CELLS, 1, x);
    for (size_t u = 0; u < CELLS; u++) tau[u] = 2, tau[CELLS + u] = -1;
    assert_ok(ntk_deform_shift(ROWS, COLUMNS, x, 2, -1, false, shifted));
    assert_ok(ntk_deform_shift(ROWS, COLUMNS, x, 2 - 3 * ROWS, -1 + 2 * COLUMNS, true, wrapped));
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < COLUMNS; j++) {
            const size_t u = i * COLUMNS + j;
            cr_expect_eq(shifted[u], i >= 2 && j + 1 < COLUMNS ? x[(i - 2) * COLUMNS + j + 1] : 0);
            cr_expect_eq(wrapped[u], x[(i + ROWS - 2) % ROWS * COLUMNS + (j + 1) % COLUMNS]);
        }
    for (int kind = 0; kind < NTK_INTERPOLATION_COUNT; kind++) {
        assert_ok(ntk_deform_image(ROWS, COLUMNS, x, tau, (ntk_interpolation)kind, moved));
        for (size_t u = 0; u < CELLS; u++) cr_expect_eq(moved[u], shifted[u]);
    }
}

Test(deform, tangents_are_derivatives) {
    double x[CELLS], tangents[2 * CELLS];
    for (size_t u = 0; u < CELLS; u++) {
        const double i = (double)(u / COLUMNS), j = (double)(u % COLUMNS);
        x[u] = 3 * i * i - i * j + 5 * j;
    }
    assert_ok(ntk_deform_tangents(ROWS, COLUMNS, x, tangents));
    for (size_t i = 1; i + 1 < ROWS; i++)
        for (size_t j = 1; j + 1 < COLUMNS; j++) {
            cr_expect_eq(tangents[i * COLUMNS + j], 6 * (double)i - (double)j);
            cr_expect_eq(tangents[CELLS + i * COLUMNS + j], 5 - (double)i);
        }
    cr_expect_eq(tangents[3], x[COLUMNS + 3] / 2, "0 outside");
    cr_expect_eq(tangents[2 * CELLS - 1], -x[CELLS - 2] / 2);
}

/* ---- infinite MNIST -------------------------------------------------------------------------- */

/* Pixels 0 .. 255, some at both ends. */
static void draw_bytes(uint64_t unit, double *x) {
    draw(unit, CELLS, 200, x);
    for (size_t u = 0; u < CELLS; u++) x[u] = floor(fmin(255, fmax(0, x[u])));
}

/* The definition, with the fields that the same stream gives. */
Test(deform, tangent_deformations_by_their_definition) {
    double x[CELLS], out[CELLS], field[2 * CELLS], tangents[2 * CELLS];
    ntk_tangent_deformation d = ntk_tangent_deformation_default();
    d.strength = 2;
    draw_bytes(5, x);
    ntk_stream s = stream(6), t = stream(6);
    assert_ok(ntk_deform_tangent(&d, &s, ROWS, COLUMNS, x, out));
    assert_ok(ntk_deform_field(&t, 2, ROWS, COLUMNS, d.length, field));
    assert_ok(ntk_deform_tangents(ROWS, COLUMNS, x, tangents));
    size_t clipped = 0, truncated = 0;
    for (size_t u = 0; u < CELLS; u++) {
        const double moved =
            x[u] + 2 * 0.5 * (field[u] * tangents[u] - field[CELLS + u] * tangents[CELLS + u]);
        cr_expect_eq(out[u], moved < 0 ? 0 : moved > 255 ? 255 : floor(moved));
        clipped += moved < 0 || moved > 255;
        truncated += moved > 0 && moved < 255 && moved != floor(moved);
    }
    cr_expect(clipped > 3 && truncated > 3);
}

/* It is what displacements do to first order: x' = L_tau x, tau = strength amplitude (-F_1, F_2).
 * For a smooth image the difference is of the second order in the strength: it falls by 4 where
 * that is halved. */
Test(deform, tangent_deformations_are_displacements_to_first_order) {
    enum { N = 24, PIXELS = N * N };
    static double x[PIXELS], out[PIXELS], moved[PIXELS], tau[2 * PIXELS];
    double gap[2] = {0};
    for (size_t u = 0; u < PIXELS; u++) {
        const double i = ((double)(u / N) - 11) / 5, j = ((double)(u % N) - 12) / 5;
        x[u] = 255 * exp(-i * i - j * j);
    }
    for (int half = 0; half < 2; half++) {
        ntk_tangent_deformation d = {.strength = half ? 0.5 : 1, .amplitude = 0.6, .length = 5};
        ntk_stream s = stream(7), t = stream(7);
        assert_ok(ntk_deform_tangent(&d, &s, N, N, x, out));
        assert_ok(ntk_deform_field(&t, 2, N, N, d.length, tau));
        for (size_t u = 0; u < PIXELS; u++) {
            tau[u] *= -d.strength * d.amplitude;
            tau[PIXELS + u] *= d.strength * d.amplitude;
        }
        assert_ok(ntk_deform_image(N, N, x, tau, NTK_INTERPOLATION_CUBIC, moved));
        for (size_t u = 0; u < PIXELS; u++) gap[half] = fmax(gap[half], fabs(moved[u] - out[u]));
    }
    cr_expect(gap[0] < 20 && gap[0] / gap[1] > 3 && gap[0] / gap[1] < 5, "%g, %g", gap[0], gap[1]);
}

/* The draws do not depend on the strength: without bytes x' is linear in it, and at 0 it is x,
 * moved. */
Test(deform, strengths_share_their_draws) {
    double x[CELLS], out[3][CELLS];
    const double strength[] = {0, 0.25, 1};
    draw_bytes(8, x);
    for (int k = 0; k < 3; k++) {
        const ntk_tangent_deformation d = {strength[k], 1, 2, .translate = true};
        ntk_stream s = stream(9);
        assert_ok(ntk_deform_tangent(&d, &s, ROWS, COLUMNS, x, out[k]));
    }
    for (size_t u = 0; u < CELLS; u++)
        cr_expect_float_eq(out[2][u] - out[0][u], 4 * (out[1][u] - out[0][u]), 1e-11);
}

/* Each of the nine translations, as often as the others: at strength 0 the image itself is moved.
 * Counts of 1800 draws in 9 classes have the standard deviation 13.3. */
Test(deform, nine_translations) {
    double x[CELLS], out[CELLS], moved[9][CELLS];
    int count[9] = {0};
    ntk_tangent_deformation d = ntk_tangent_deformation_default();
    d.strength = 0, d.length = 1, d.translate = true;
    draw_bytes(10, x);
    for (int way = 0; way < 9; way++)
        assert_ok(ntk_deform_shift(ROWS, COLUMNS, x, way / 3 - 1, way % 3 - 1, false, moved[way]));
    ntk_stream s = stream(11);
    for (int k = 0; k < 1800; k++) {
        assert_ok(ntk_deform_tangent(&d, &s, ROWS, COLUMNS, x, out));
        for (int way = 0; way < 9; way++) count[way] += memcmp(out, moved[way], sizeof out) == 0;
    }
    for (int way = 0; way < 9; way++) cr_expect(abs(count[way] - 200) < 67, "%d: %d", way, count[way]);
}

/* What the header says of digits: 300 of them, of all classes, of a standard deviation of 0.06 and
 * 0.1 each. */
Test(deform, digits_change_by_as_much_as_is_stated) {
    enum { PIXELS = 784, COUNT = 300 };
    static double x[PIXELS], out[PIXELS];
    const double strength[] = {1, 3}, expected[] = {0.26, 0.55};
    ntk_digits digits;
    assert_ok(ntk_digits_read_folder("data", NTK_DIGITS_SUBSET, &digits));
    for (int k = 0; k < 2; k++) {
        double mean = 0;
        ntk_tangent_deformation d = ntk_tangent_deformation_default();
        d.strength = strength[k];
        for (size_t i = 0; i < COUNT; i++) {
            double change = 0, norm = 0;
            ntk_stream s = stream(100 + i);
            for (size_t u = 0; u < PIXELS; u++) x[u] = digits.pixels[i * 16 * PIXELS + u];
            assert_ok(ntk_deform_tangent(&d, &s, 28, 28, x, out));
            for (size_t u = 0; u < PIXELS; u++) {
                change += (out[u] - x[u]) * (out[u] - x[u]);
                norm += x[u] * x[u];
                cr_assert(out[u] >= 0 && out[u] <= 255 && out[u] == floor(out[u]));
            }
            mean += sqrt(change / norm) / COUNT;
        }
        cr_expect_float_eq(mean, expected[k], 0.02, "strength %g: %g", strength[k], mean);
    }
    ntk_digits_release(&digits);
}

/* ---- errors ---------------------------------------------------------------------------------- */

Test(deform, errors) {
    double x[CELLS] = {0}, tau[2 * CELLS] = {0}, out[2 * CELLS], size;
    ntk_stream s = stream(12);
    ntk_tangent_deformation d = ntk_tangent_deformation_default();
    assert_fails(ntk_deform_field(&s, 1, 0, 3, 2, out), NTK_ERROR_ARGUMENT, "0 x 3");
    assert_fails(ntk_deform_field(&s, 1, 3, 3, 0.5, out), NTK_ERROR_ARGUMENT, "length is 0.5");
    assert_fails(ntk_deform_field(&s, 1, 3, 3, NAN, out), NTK_ERROR_ARGUMENT, "length is nan");
    assert_fails(ntk_deform_size(1, COLUMNS, tau, &size, &size), NTK_ERROR_ARGUMENT, "1 x 7");
    assert_fails(ntk_deform_image(ROWS, COLUMNS, x, tau, NTK_INTERPOLATION_COUNT, out), NTK_ERROR_ARGUMENT,
                 "interpolation 2");
    tau[CELLS + 2] = INFINITY;
    assert_fails(ntk_deform_image(ROWS, COLUMNS, x, tau, NTK_INTERPOLATION_LINEAR, out), NTK_ERROR_ARGUMENT,
                 "displacement 65 is not finite");
    assert_fails(ntk_deform_shift(ROWS, COLUMNS, x, 0, -20000, true, out), NTK_ERROR_ARGUMENT, "-20000");
    x[4] = 256;
    assert_fails(ntk_deform_tangent(&d, &s, ROWS, COLUMNS, x, out), NTK_ERROR_ARGUMENT, "pixel 4 is 256");
    x[4] = NAN;
    assert_fails(ntk_deform_tangent(&d, &s, ROWS, COLUMNS, x, out), NTK_ERROR_ARGUMENT, "pixel 4 is nan");
    d.strength = -1;
    assert_fails(ntk_deform_tangent(&d, &s, ROWS, COLUMNS, x, out), NTK_ERROR_ARGUMENT, "strength is -1");
    d.strength = 1, d.amplitude = NAN;
    assert_fails(ntk_deform_tangent(&d, &s, ROWS, COLUMNS, x, out), NTK_ERROR_ARGUMENT, "amplitude is nan");
}
