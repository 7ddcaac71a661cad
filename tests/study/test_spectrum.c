/* Spectra by names, and steps of closed forms. */
#include <math.h>
#include <stdio.h>

#include <criterion/criterion.h>

#include <ntk/lab/spectrum.h>
#include <ntk/sphere.h>

#include "start.h"
#include "status.h"

TestSuite(spectrum, .init = start_linalg);

enum { COUNT = 12 };

Test(spectrum, names_are_kernels) {
    static const char *const names[] = {"kappa-0", "kappa-1", "depth-1", "depth-2", "bias-1", "laplace"};
    ntk_architecture networks[2] = {ntk_architecture_default(), ntk_architecture_default()};
    double mu[6][COUNT];
    for (size_t i = 0; i < 2; i++) networks[i].input_scale = NTK_INPUT_SCALE_NONE;
    networks[0].depth = 2;
    networks[1].bias_variance = 0.1;
    assert_ok(ntk_sphere_arc_cosine(4, 0, COUNT, mu[0]));
    assert_ok(ntk_sphere_arc_cosine(4, 1, COUNT, mu[1]));
    assert_ok(ntk_sphere_shallow(4, COUNT, mu[2]));
    assert_ok(ntk_sphere_network(&networks[0], NTK_KERNEL_NTK, 4, COUNT, mu[3], NULL));
    assert_ok(ntk_sphere_network(&networks[1], NTK_KERNEL_NTK, 4, COUNT, mu[4], NULL));
    assert_ok(ntk_sphere_laplace(4, 1.5, COUNT, mu[5], NULL));
    for (size_t i = 0; i < 6; i++)
        for (int quadrature = 0; quadrature < 2; quadrature++) {
            ntk_interval found[COUNT];
            const ntk_spectrum_options options = {4, COUNT, quadrature, 1.5};
            assert_ok(ntk_spectrum_enclose(names[i], &options, found));
            for (size_t k = 0; k < COUNT; k++) {
                const double wanted = i == 3 || i == 4 ? mu[i][k] / 2 : mu[i][k];
                cr_expect(fabs(found[k].low - wanted) <= 1e-14, "%s, k = %zu: %g, not %g", names[i], k,
                          found[k].low, wanted);
            }
            cr_expect_eq(found[3].low == 0 && found[3].high == 0, i == 1 || (i == 2 && !quadrature), "%s",
                         names[i]);
        }
}

Test(spectrum, constant_of_the_law) {
    for (size_t p = 2; p <= 30; p++) {
        ntk_interval c;
        assert_ok(ntk_spectrum_constant(p, &c));
        const double wanted = exp((double)(p - 1) * log(2) + 2 * lgamma((double)p / 2)) / (M_PI * M_PI);
        cr_expect(fabs(c.low / wanted - 1) <= 1e-12 && c.high >= c.low, "p = %zu: %g, not %g", p, c.low,
                  wanted);
    }
}

/* log(mu_{k+2} / mu_k) at x = 1 / nu is that of the eigenvalues. */
Test(spectrum, steps_are_those_of_the_eigenvalues) {
    static const char *const names[] = {"kappa-0", "kappa-1", "depth-1"};
    for (size_t p = 3; p <= 11; p += 4)
        for (size_t i = 0; i < 3; i++) {
            ntk_formula *f;
            ntk_interval mu[COUNT], step;
            const ntk_spectrum_options options = {p, COUNT, false, 1};
            assert_ok(ntk_formula_create(&f));
            assert_ok(ntk_spectrum_define_step(f, "step", names[i], p));
            assert_ok(ntk_spectrum_enclose(names[i], &options, mu));
            for (size_t k = i == 0 ? 1 : 2; k + 2 < COUNT; k += 2) {
                assert_ok(ntk_formula_evaluate(f, "step", 1 / ntk_spectrum_variable(p, k), &step));
                const double wanted = log(mu[k + 2].low / mu[k].low);
                cr_expect(fabs(step.low - wanted) <= 1e-13 * (1 + (double)p),
                          "%s, p = %zu, k = %zu: %g, not %g", names[i], p, k, step.low, wanted);
            }
            ntk_formula_destroy(f);
        }
    ntk_formula *f;
    assert_ok(ntk_formula_create(&f));
    assert_fails(ntk_spectrum_define_step(f, "step", "depth-2", 3), NTK_ERROR_ARGUMENT,
                 "no closed form of 'depth-2'");
    ntk_formula_destroy(f);
}
