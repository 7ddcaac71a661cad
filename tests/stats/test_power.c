/* Power laws with an offset. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/random.h>
#include <ntk/stats.h>

#include "status.h"

enum { POINTS = 6 };
static const double x[POINTS] = {64, 128, 256, 1024, 4096, 16384};

static void draw_law(double offset, double factor, double exponent, double *y) {
    for (size_t k = 0; k < POINTS; k++) y[k] = offset + factor * pow(x[k], exponent);
}

/* Curvature decides the exponent, and it is found to the square root of rounding. */
Test(power, exact_laws_are_recovered) {
    const double exponents[] = {0.1, 0.5, 1, 1.9};
    for (size_t i = 0; i < 4; i++) {
        double y[POINTS];
        ntk_power_fit fit;
        draw_law(2.5, 0.3, exponents[i], y);
        assert_ok(ntk_stats_power_fit(POINTS, x, y, true, 0.02, 2, &fit));
        cr_expect(fabs(fit.exponent - exponents[i]) <= 1e-6, "%.17g of %g", fit.exponent, exponents[i]);
        cr_expect(fabs(fit.offset - 2.5) <= 1e-4 && fabs(fit.factor - 0.3) <= 1e-5, "%.17g %.17g", fit.offset,
                  fit.factor);
        draw_law(0, 0.3, exponents[i], y);
        assert_ok(ntk_stats_power_fit(POINTS, x, y, false, 0.02, 2, &fit));
        cr_expect(fit.offset == 0 && fabs(fit.exponent - exponents[i]) <= 1e-7, "%.17g", fit.exponent);
    }
}

/* The conditions of a stationary point, which do not call the fit: the residual is orthogonal to
 * the derivatives 1, x^g and x^g log x of the law. */
Test(power, residuals_are_orthogonal_to_the_tangent_space) {
    double noise[POINTS], y[POINTS];
    for (uint64_t seed = 1; seed <= 50; seed++) {
        ntk_stream stream = ntk_stream_create(seed, "power", 0);
        ntk_stream_normal(&stream, POINTS, noise);
        draw_law(1.5, 0.4, 0.5, y);
        for (size_t k = 0; k < POINTS; k++) y[k] += 0.3 * noise[k];
        for (int with_offset = 0; with_offset <= 1; with_offset++) {
            ntk_power_fit fit;
            assert_ok(ntk_stats_power_fit(POINTS, x, y, with_offset, 0.02, 2, &fit));
            double sums[3] = {0}, norms[3] = {0}, squares = 0;
            for (size_t k = 0; k < POINTS; k++) {
                const double u = pow(x[k], fit.exponent), tangents[] = {with_offset, u, u * log(x[k])};
                const double residual = y[k] - fit.offset - fit.factor * u;
                squares += residual * residual;
                for (size_t i = 0; i < 3; i++) {
                    sums[i] += residual * tangents[i];
                    norms[i] += tangents[i] * tangents[i];
                }
            }
            for (size_t i = 0; i < 3; i++)
                cr_expect(fabs(sums[i]) <= 1e-6 * sqrt(norms[i] * squares + 1e-20), "seed %lu: %g of %g",
                          (unsigned long)seed, sums[i], sqrt(norms[i] * squares));
            cr_expect(fabs(fit.rms - sqrt(squares / POINTS)) <= 1e-9);
        }
    }
}

Test(power, a_fixed_exponent_is_a_straight_line) {
    const double y[POINTS] = {5, 4, 9, 11, 30, 41};
    double root[POINTS], slope, intercept;
    for (size_t k = 0; k < POINTS; k++) root[k] = sqrt(x[k]);
    assert_ok(ntk_stats_slope(POINTS, root, y, &slope, &intercept));
    ntk_power_fit fit;
    assert_ok(ntk_stats_power_fit(POINTS, x, y, true, 0.5, 0.5, &fit));
    cr_expect_eq(fit.exponent, 0.5);
    cr_expect(fabs(fit.factor - slope) <= 1e-14 && fabs(fit.offset - intercept) <= 1e-12);
}

/* A bend that no exponent of the range has. */
Test(power, an_exponent_beyond_the_range_is_its_end) {
    double y[POINTS];
    ntk_power_fit fit;
    draw_law(1, 0.1, 1.5, y);
    assert_ok(ntk_stats_power_fit(POINTS, x, y, true, 0.1, 1, &fit));
    cr_expect(fabs(fit.exponent - 1) <= 1e-9, "%.17g", fit.exponent);
    for (size_t k = 0; k < POINTS; k++) y[k] = -log(x[k]);
    assert_ok(ntk_stats_power_fit(POINTS, x, y, true, 0.1, 1, &fit));
    cr_expect(fabs(fit.exponent - 0.1) <= 1e-9, "%.17g", fit.exponent);
}

Test(power, errors) {
    double y[POINTS] = {1, 2, 3, 4, 5, 6}, same[] = {3, 3, 3}, negative[] = {1, -2, 3};
    ntk_power_fit fit;
    cr_expect_eq(ntk_stats_power_fit(1, x, y, true, 0.1, 1, &fit), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_stats_power_fit(3, same, y, true, 0.1, 1, &fit), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_stats_power_fit(3, negative, y, true, 0.1, 1, &fit), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_stats_power_fit(3, x, y, true, 0, 1, &fit), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_stats_power_fit(3, x, y, true, 1, 0.5, &fit), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_stats_power_fit(3, x, y, true, NAN, 1, &fit), NTK_ERROR_ARGUMENT);
    y[1] = NAN;
    cr_expect_eq(ntk_stats_power_fit(3, x, y, true, 0.1, 1, &fit), NTK_ERROR_NOT_FINITE);
    y[1] = INFINITY;
    cr_expect_eq(ntk_stats_power_fit(3, x, y, false, 0.1, 1, &fit), NTK_ERROR_NOT_FINITE);
}
