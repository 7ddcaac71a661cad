/* Kernel regression and prediction. */
#include <criterion/criterion.h>

#include <ntk/regression.h>

#include "classifiers.h"

Test(regression, satisfies_its_equation) {
    for (unsigned seed = 0; seed < 4; ++seed)
        for (int full = 0; full < 2; ++full)
            for (double lambda = 0; lambda <= 0.1; lambda = lambda > 0 ? 10 * lambda : 1e-3) {
                drawn d = draw_problem(NTK_LOSS_SQUARED, 10, 2, full, 60, SOFT, lambda, seed);
                double residual = 1, f[MAX_UNKNOWNS];
                assert_ok(ntk_inference_regression(&d.problem, d.a, d.f, &residual));
                cr_assert(residual < 1e-13, "%g", residual);
                naive_objective(&d.problem, d.a, f);
                for (size_t i = 0; i < d.unknowns; ++i) {
                    cr_assert_float_eq(d.f[i], f[i], 1e-12);
                    cr_assert_float_eq(f[i] + 10 * lambda * d.a[i], d.targets[i], 1e-12);
                }
            }
}

/* No other coefficients are better. */
Test(regression, minimises_the_objective) {
    drawn d = draw_problem(NTK_LOSS_SQUARED, 8, 2, true, 30, SOFT, 0.01, 2);
    assert_ok(ntk_inference_regression(&d.problem, d.a, NULL, NULL));
    const long double least = naive_objective(&d.problem, d.a, NULL);
    unsigned state = 1;
    for (int trial = 0; trial < 50; ++trial) {
        double moved[MAX_UNKNOWNS];
        for (size_t i = 0; i < d.unknowns; ++i) moved[i] = d.a[i] + 1e-4 * pseudo_random(&state);
        cr_assert(naive_objective(&d.problem, moved, NULL) > least);
    }
}

Test(regression, flow_ends_at_the_solution) {
    drawn d = draw_problem(NTK_LOSS_SQUARED, 8, 2, true, 60, SOFT, 1e-2, 4);
    ntk_flow_options options = ntk_flow_options_default();
    options.gradient_tolerance = 1e-10;
    double f[MAX_UNKNOWNS];
    run_linear_flow(&d.problem, options, f);
    assert_ok(ntk_inference_regression(&d.problem, d.a, d.f, NULL));
    /* sqrt(Theta_ii) 1e-10 / lambda. */
    for (size_t i = 0; i < d.unknowns; ++i) cr_assert_float_eq(d.f[i], f[i], 5e-8);
}

Test(regression, refusals) {
    drawn d = draw_problem(NTK_LOSS_SQUARED, 8, 2, false, 3, SOFT, 0, 1);
    assert_fails(ntk_inference_regression(&d.problem, d.a, NULL, NULL), NTK_ERROR_NOT_POSITIVE_DEFINITE, "");
    d.problem.loss = NTK_LOSS_SOFTMAX;
    assert_fails(ntk_inference_regression(&d.problem, d.a, NULL, NULL), NTK_ERROR_ARGUMENT, "");
}

/* A kernel of all points, cut into training and new points. */
Test(prediction, is_the_sum_over_the_training_points) {
    for (int full = 0; full < 2; ++full) {
        drawn all = draw_problem(NTK_LOSS_SOFTMAX, 9, 3, full, 50, HARD, 1e-2, 8);
        const size_t block = full ? 3 : 1, order = 9 * block, known = 6 * block, fresh = 3 * block;
        double cross[27 * 27], f[9], a[18];
        for (size_t i = 0; i < fresh; ++i)
            for (size_t j = 0; j < known; ++j) cross[i * known + j] = all.gram[(known + i) * order + j];
        unsigned state = 5;
        for (size_t i = 0; i < 18; ++i) a[i] = pseudo_random(&state);
        const ntk_inference_problem training = {.points = 6, .outputs = 3, .order = known};
        assert_ok(ntk_inference_predict(&training, 3, cross, all.f0 + 18, a, f));
        for (size_t i = 0; i < 9; ++i) {
            double sum = all.f0[18 + i];
            for (size_t j = 0; j < 18; ++j)
                sum += kernel_entry(&all.problem, 6 + i / 3, i % 3, j / 3, j % 3) * a[j];
            cr_assert_float_eq(f[i], sum, 1e-13);
        }
        assert_ok(ntk_inference_predict(&training, 3, cross, NULL, a, f));
        double first = 0;
        for (size_t j = 0; j < 18; ++j) first += kernel_entry(&all.problem, 6, 0, j / 3, j % 3) * a[j];
        cr_assert_float_eq(f[0], first, 1e-13);
    }
}
