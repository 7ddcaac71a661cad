/* Diagonal networks against the polynomial that they are, by hand and by differences. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/lab/diagonal.h>

#include "status.h"

enum { POINTS = 2, INPUTS = 3 };

static const double x[] = {1, -2, 0.5, 0, 3, -1};

Test(diagonal, is_a_difference_of_squares) {
    const ntk_diagonal network = {POINTS, INPUTS, x};
    const ntk_model model = ntk_diagonal_model(&network);
    const double theta[] = {1, 2, -3, 2, 1, 1};
    double f[POINTS], beta[INPUTS];
    assert_ok(model.evaluate(model.context, theta, f));
    ntk_diagonal_vector(&network, theta, beta);
    /* u^2 - v^2 = (-3, 3, 8) */
    cr_expect(beta[0] == -3 && beta[1] == 3 && beta[2] == 8);
    cr_expect(f[0] == -3 - 6 + 4 && f[1] == 9 - 8);
    cr_expect_eq(model.dimension, 2 * INPUTS);
}

/* f is quadratic: central differences are exact. */
Test(diagonal, pulls_back_the_gradient) {
    const ntk_diagonal network = {POINTS, INPUTS, x};
    const ntk_model model = ntk_diagonal_model(&network);
    const double cotangent[] = {0.7, -1.3};
    double theta[] = {0.3, -0.2, 1.1, 0.9, -0.4, 0.6}, gradient[2 * INPUTS], f[2][POINTS];
    assert_ok(model.evaluate(model.context, theta, f[0]));
    assert_ok(model.pullback(model.context, theta, cotangent, gradient));
    for (size_t k = 0; k < 2 * INPUTS; k++) {
        const double at = theta[k];
        for (int side = 0; side < 2; side++) {
            theta[k] = at + (side ? 0.5 : -0.5);
            assert_ok(model.evaluate(model.context, theta, f[side]));
        }
        theta[k] = at;
        const double slope = cotangent[0] * (f[1][0] - f[0][0]) + cotangent[1] * (f[1][1] - f[0][1]);
        cr_expect(fabs(gradient[k] - slope) <= 1e-13, "%zu: %g, %g", k, gradient[k], slope);
    }
}
