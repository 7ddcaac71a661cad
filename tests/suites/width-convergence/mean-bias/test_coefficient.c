/* The coefficient of 1/m of the mean kernel against quadrature, and where it vanishes. */
#include <math.h>

#include <criterion/criterion.h>

#include "suites/width-convergence/mean-bias/coefficient.h"

/* By quadrature in polar coordinates and numerical derivatives, in Python (numpy): no closed moment
 * of coefficient.c enters. */
Test(coefficient, agrees_with_quadrature) {
    static const struct {
        size_t depth;
        double rho, value;
    } known[] = {{2, 0.5, 0.45764},   {3, 0.5, 1.48145},   {4, 0.5, 3.10998},
                 {2, 0, -0.05035},    {3, 0, 0.03358},     {4, 0, 0.40003},
                 {2, -0.5, -0.47785}, {3, -0.5, -0.98285}, {4, -0.5, -1.30069}};
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        const double c = mean_bias_coefficient(known[k].depth, known[k].rho);
        cr_expect(fabs(c - known[k].value) <= 1e-5, "L = %zu, rho = %g: %.10g", known[k].depth, known[k].rho,
                  c);
    }
}

/* One hidden layer has no bias, at any angle; nor has the diagonal at any depth, to which the
 * coefficient falls like the angle. */
Test(coefficient, vanishes_where_the_mean_is_exact) {
    for (double rho = -0.9; rho < 1; rho += 0.3) cr_expect_eq(mean_bias_coefficient(1, rho), 0);
    for (size_t depth = 2; depth <= 3; depth++) {
        const double ratio = mean_bias_coefficient(depth, 1 - 1e-6) / mean_bias_coefficient(depth, 1 - 1e-4);
        cr_expect(fabs(ratio - 0.1) <= 0.01, "L = %zu: %g", depth, ratio);
    }
}
