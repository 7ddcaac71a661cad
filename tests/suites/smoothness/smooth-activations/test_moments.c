/* Moments of softplus against Simpson's rule in doubles, and against what the paper prints. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/kernel.h>

#include "start.h"
#include "status.h"
#include "suites/smoothness/smooth-activations/moments.h"

TestSuite(moments, .init = start_linalg);

static double derivative(int j, double x) {
    const double s = 1 / (1 + exp(-x));
    return j == 0 ? log1p(exp(x)) : j == 1 ? s : s * (1 - s);
}

Test(moments, are_the_integrals) {
    ntk_interval gamma[3];
    assert_ok(softplus_moments(gamma));
    for (int j = 0; j < 3; j++) {
        enum { STEPS = 4000 };
        const double h = 24.0 / STEPS;
        double sum = 0;
        for (int i = 0; i <= STEPS; i++) {
            const double x = -12 + i * h, weight = i == 0 || i == STEPS ? 1 : i % 2 ? 4 : 2;
            sum += weight * pow(derivative(j, x), 2) * exp(-x * x / 2);
        }
        sum *= h / 3 / sqrt(2 * M_PI);
        cr_expect(gamma[j].low <= sum * (1 + 1e-12) && sum * (1 - 1e-12) <= gamma[j].high, "%d: %.17g", j,
                  sum);
        cr_expect(gamma[j].high - gamma[j].low <= 1e-12 && gamma[j].high > gamma[j].low);
    }
}

/* kappa(1) = gamma_0 + gamma_1 is the diagonal of the library's kernel. */
Test(moments, add_up_to_the_kernel) {
    ntk_interval gamma[3];
    ntk_architecture network = ntk_architecture_default();
    const double x = 1;
    double diagonal;
    network.activation = NTK_SOFTPLUS;
    network.weight_variance = 1;
    assert_ok(softplus_moments(gamma));
    assert_ok(ntk_kernel_gram(&network, NTK_KERNEL_NTK, 1, 1, &x, 1, &diagonal, 1));
    cr_expect(fabs(gamma[0].low + gamma[1].low - diagonal) <= 1e-12, "%.17g", diagonal);
}

/* The first version of bietti-2019 prints (2.31, 0.74, 0.11): sqrt(2 pi) times the moments.
 * docs/errata.md. */
Test(moments, printed_ones_lack_the_density) {
    static const double printed[] = {2.31, 0.74, 0.11};
    ntk_interval gamma[3];
    assert_ok(softplus_moments(gamma));
    for (int j = 0; j < 3; j++) {
        cr_expect(fabs(sqrt(2 * M_PI) * gamma[j].low - printed[j]) <= 0.005);
        cr_expect(fabs(gamma[j].low - printed[j]) >= 0.05);
    }
}
