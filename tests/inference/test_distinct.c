/* Points that are given more than once, Gram matrices that are singular, asymmetric or at the ends
 * of the range: the right value, or a status whose words are true. */
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/hard_margin.h>
#include <ntk/regression.h>

#include "classifiers.h"
#include "exact.h"
#include "start.h"

TestSuite(distinct, .init = start_linalg);

static ntk_logistic_result solve(const ntk_inference_problem *problem, double *a, double *f) {
    ntk_logistic_result result;
    assert_ok(ntk_inference_logistic(problem, NULL, a, f, &result));
    return result;
}

/* ---- copies of points ------------------------------------------------------------------------ */

static const double three[] = {1, 1, 0.5, 1, 1, 0.5, 0.5, 0.5, 1}; /* the first two are the same */

/* Two copies with opposite labels and one more point. By 60 digits, lambda = 1e-14: f = 1.10138e-12
 * at the copies and 27.5345 at the other, ||w|| = 31.7941. */
Test(distinct, contradicting_copies) {
    const double targets[] = {1, 0, 1};
    double a[3], f[3], exact[3];
    for (double lambda = 1e-2; lambda > 1e-19; lambda /= 100) {
        const ntk_inference_problem problem =
            problem_of(NTK_LOSS_LOGISTIC, 3, 1, three, NULL, targets, lambda);
        const ntk_logistic_result result = solve(&problem, a, f);
        const exact_solution truth = exact_logistic(&problem, (exact_gram){.gram = three}, exact);
        for (size_t i = 0; i < 3; i++)
            cr_expect_float_eq(f[i], exact[i], 1e-8 * (1 + exact[2]), "lambda %g: %g", lambda,
                               f[i] - exact[i]);
        cr_expect_float_eq(result.norm, truth.norm, 1e-8 * truth.norm, "lambda %g: %g", lambda,
                           result.norm - truth.norm);
        cr_expect(f[0] == f[1] && a[0] == a[1], "the copies have equal shares");
        if (fabs(lambda - 1e-14) > 1e-15) continue;
        cr_expect_float_eq(exact[2], 27.5345, 1e-4);
        cr_expect_float_eq(truth.norm, 31.7941, 1e-4);
        cr_expect_float_eq(exact[0], 1.10138e-12, 1e-17);
    }
}

/* The same for three classes, a shared and a full kernel: f is that of the mean target. */
Test(distinct, contradicting_copies_of_several_classes) {
    const double targets[] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    double full[81], a[9], f[9], exact[9];
    for (size_t i = 0; i < 9; i++)
        for (size_t j = 0; j < 9; j++) full[i * 9 + j] = i % 3 == j % 3 ? three[i / 3 * 3 + j / 3] : 0;
    for (double lambda = 1e-4; lambda > 1e-15; lambda /= 1000) {
        ntk_inference_problem problem = problem_of(NTK_LOSS_SOFTMAX, 3, 3, three, NULL, targets, lambda);
        exact_logistic(&problem, (exact_gram){.gram = three}, exact);
        for (int written_out = 0; written_out < 2; written_out++) {
            problem.gram = written_out ? full : three;
            problem.order = written_out ? 9 : 3;
            solve(&problem, a, f);
            for (size_t i = 0; i < 9; i++) cr_expect_float_eq(f[i], exact[i], 1e-8, "lambda %g", lambda);
        }
    }
}

/* Initial outputs that differ keep points apart: f differs by as much. */
Test(distinct, copies_that_start_apart_are_not_merged) {
    const double targets[] = {1, 0, 1}, f0[] = {0.3, -0.2, 0};
    double a[3], f[3], exact[3];
    const ntk_inference_problem problem = problem_of(NTK_LOSS_LOGISTIC, 3, 1, three, f0, targets, 1e-4);
    solve(&problem, a, f);
    exact_logistic(&problem, (exact_gram){.gram = three}, exact);
    for (size_t i = 0; i < 3; i++) cr_expect_float_eq(f[i], exact[i], 1e-9);
    cr_expect_float_eq(f[0] - f[1], 0.5, 1e-10);
}

/* Without lambda: copies have the mean of their targets, in logits or as they are. */
Test(distinct, copies_are_interpolated_at_the_mean_of_their_targets) {
    double a[3], f[3];
    const double same[] = {0.2, 0.2, 0.8}, apart[] = {0.1, 0.3, 0.8};
    for (int i = 0; i < 2; i++) {
        ntk_inference_problem problem = problem_of(NTK_LOSS_LOGISTIC, 3, 1, three, NULL, i ? apart : same, 0);
        const ntk_logistic_result result = solve(&problem, a, f);
        cr_expect_float_eq(f[0], log(0.25), 4e-15);
        cr_expect_float_eq(f[1], log(0.25), 4e-15);
        cr_expect_float_eq(f[2], log(4), 4e-15);
        cr_expect(a[0] == a[1] && result.output_error < 1e-13);
        problem.loss = NTK_LOSS_SQUARED;
        assert_ok(ntk_inference_regression(&problem, a, f, NULL));
        cr_expect_float_eq(f[0], 0.2, 1e-15);
        cr_expect_float_eq(f[1], 0.2, 1e-15);
        cr_expect_float_eq(f[2], 0.8, 1e-15);
    }
    /* A single class beside its opposite has a logit too. */
    const ntk_inference_problem hard =
        problem_of(NTK_LOSS_LOGISTIC, 3, 1, three, NULL, (const double[]){1, 0, 0.8}, 0);
    solve(&hard, a, f);
    cr_expect_float_eq(f[0], 0, 1e-15);
    cr_expect_float_eq(f[2], log(4), 4e-15);
}

/* Contradicting copies and a tiny ridge: a of size 1 / (n lambda) would lose f. */
Test(distinct, regression_with_contradicting_copies) {
    const double targets[] = {1, 0, 1};
    double a[3], f[3], exact[3];
    for (double lambda = 1; lambda > 1e-110; lambda *= 1e-20) {
        const ntk_inference_problem problem =
            problem_of(NTK_LOSS_SQUARED, 3, 1, three, NULL, targets, lambda);
        assert_ok(ntk_inference_regression(&problem, a, f, NULL));
        exact_regression(&problem, (exact_gram){.gram = three}, exact);
        for (size_t i = 0; i < 3; i++) cr_expect_float_eq(f[i], exact[i], 1e-14, "lambda %g", lambda);
    }
}

/* Predictions at a copy of a point are its outputs. */
Test(distinct, predictions_at_copies) {
    const double targets[] = {1, 0, 1};
    double a[3], f[3], again[3];
    const ntk_inference_problem problem = problem_of(NTK_LOSS_LOGISTIC, 3, 1, three, NULL, targets, 1e-14);
    solve(&problem, a, f);
    assert_ok(ntk_inference_predict(&problem, 3, three, NULL, a, again));
    for (size_t i = 0; i < 3; i++) cr_expect_float_eq(again[i], f[i], 1e-13);
}

Test(distinct, hard_margin_of_copies) {
    double a[3], f[3];
    ntk_hard_margin_result result;
    ntk_inference_problem problem =
        problem_of(NTK_LOSS_LOGISTIC, 3, 1, three, NULL, (const double[]){1, 1, 0}, 0);
    assert_ok(ntk_inference_hard_margin(&problem, a, f, &result));
    cr_expect_float_eq(result.norm, 2, 1e-14); /* alpha = (1, 1): Q = [1, -1/2; -1/2, 1] gives
                                                * alpha = 2, 2 */
    cr_expect(a[0] == a[1] && result.support_vectors == 2);
    cr_expect_float_eq(f[1], 1, 1e-14);
    problem.targets = (const double[]){1, 0, 0};
    assert_fails(ntk_inference_hard_margin(&problem, a, f, &result), NTK_ERROR_ARGUMENT,
                 "points 0 and 1 are the same");
}

/* ---- singular kernels ------------------------------------------------------------------------ */

/* Rank 3 at ten points, two of which contradict copies of themselves. OK comes with a norm, and
 * with f as the features have it. */
Test(distinct, rank_deficient_and_contradicting) {
    double x[30], gram[100], targets[10], a[10], f[10], exact[10];
    unsigned state = 11;
    for (size_t i = 0; i < 8; i++) {
        for (size_t r = 0; r < 3; r++) x[3 * i + r] = pseudo_random(&state);
        targets[i] = x[3 * i] > 0;
    }
    for (size_t i = 8; i < 10; i++) {
        memcpy(x + 3 * i, x + 3 * (i - 8), 3 * sizeof *x);
        targets[i] = 1 - targets[i - 8];
    }
    for (size_t i = 0; i < 100; i++) {
        gram[i] = 0;
        for (size_t r = 0; r < 3; r++) gram[i] += x[i / 10 * 3 + r] * x[i % 10 * 3 + r];
    }
    size_t solved = 0;
    for (double lambda = 1e-2; lambda > 1e-17; lambda /= 10) {
        const ntk_inference_problem problem =
            problem_of(NTK_LOSS_LOGISTIC, 10, 1, gram, NULL, targets, lambda);
        ntk_logistic_result result;
        const ntk_status status = ntk_inference_logistic(&problem, NULL, a, f, &result);
        if (status != NTK_OK) {
            cr_expect(lambda < 1e-8 && status == NTK_ERROR_NO_CONVERGENCE, "%g: %s", lambda,
                      ntk_error_detail());
            assert_says("rank 3");
            continue;
        }
        const exact_gram features = {.features = x, .rank = 3};
        const exact_solution truth = exact_logistic(&problem, features, exact);
        for (size_t i = 0; i < 10; i++) cr_expect_float_eq(f[i], exact[i], 1e-6);
        cr_expect_float_eq(result.norm, truth.norm, 1e-5 * truth.norm, "lambda %g: %g, not %g", lambda,
                           result.norm, truth.norm);
        solved++;
    }
    cr_expect_geq(solved, 7);
}

/* Soft targets whose logits lie in the range of a kernel of rank 2 at five points, and others,
 * which do not. */
Test(distinct, interpolation_in_the_range_of_a_singular_kernel) {
    const double x[][2] = {{1, 0}, {0, 1}, {1, 1}, {2, -1}, {-1, 3}}, w[] = {0.7, -0.4};
    double gram[25], targets[5], logits[5], a[5], f[5];
    for (size_t i = 0; i < 25; i++) gram[i] = x[i / 5][0] * x[i % 5][0] + x[i / 5][1] * x[i % 5][1];
    for (size_t i = 0; i < 5; i++) {
        logits[i] = x[i][0] * w[0] + x[i][1] * w[1];
        targets[i] = 1 / (1 + exp(-logits[i]));
    }
    ntk_inference_problem problem = problem_of(NTK_LOSS_LOGISTIC, 5, 1, gram, NULL, targets, 0);
    const ntk_logistic_result result = solve(&problem, a, f);
    for (size_t i = 0; i < 5; i++) cr_expect_float_eq(f[i], logits[i], 1e-14);
    cr_expect_float_eq(result.norm, sqrt(0.49 + 0.16), 1e-13);
    problem.loss = NTK_LOSS_SQUARED;
    problem.targets = logits;
    assert_ok(ntk_inference_regression(&problem, a, f, NULL));
    for (size_t i = 0; i < 5; i++) cr_expect_float_eq(f[i], logits[i], 1e-14);
    logits[0] += 0.1;
    targets[0] = 0.9;
    ntk_logistic_result other;
    assert_fails(ntk_inference_regression(&problem, a, f, NULL), NTK_ERROR_NOT_POSITIVE_DEFINITE, "rank 2");
    problem.loss = NTK_LOSS_LOGISTIC;
    problem.targets = targets;
    assert_fails(ntk_inference_logistic(&problem, NULL, a, f, &other), NTK_ERROR_NOT_POSITIVE_DEFINITE,
                 "rank 2 at 5 distinct points");
}

/* No feature at all: f is f_0, and the regulariser is 0. */
Test(distinct, zero_kernel) {
    const double gram[4] = {0}, targets[] = {1, 0}, f0[] = {0.5, -2}, soft[] = {0.5, 0.5};
    double a[2], f[2];
    ntk_inference_problem problem = problem_of(NTK_LOSS_LOGISTIC, 2, 1, gram, f0, targets, 1e-3);
    ntk_logistic_result result = solve(&problem, a, f);
    cr_expect(f[0] == 0.5 && f[1] == -2 && result.norm == 0 && result.relative_residual == 0);
    problem = problem_of(NTK_LOSS_LOGISTIC, 2, 1, gram, NULL, soft, 0);
    result = solve(&problem, a, f);
    cr_expect(f[0] == 0 && f[1] == 0 && result.norm == 0);
    problem.f0 = f0;
    assert_fails(ntk_inference_logistic(&problem, NULL, a, f, &result), NTK_ERROR_NOT_POSITIVE_DEFINITE,
                 "rank 0");
}

/* ---- units ----------------------------------------------------------------------------------- */

/* Theta and lambda times a power of two: f and P stay, ||w|| shrinks by the root. */
Test(distinct, units_of_the_kernel) {
    const double plain[] = {2, 0.5, -0.3, 0.5, 1, 0.2, -0.3, 0.2, 3}, targets[] = {1, 0, 1};
    double a[3], f[3], scaled[9], b[3], g[3];
    const ntk_inference_problem one = problem_of(NTK_LOSS_LOGISTIC, 3, 1, plain, NULL, targets, 1e-4);
    const ntk_logistic_result expected = solve(&one, a, f);
    ntk_hard_margin_result margin, other;
    assert_ok(ntk_inference_hard_margin(&one, b, NULL, &margin));
    const int exponents[] = {-1000, -600, -40, 40, 600, 1000};
    for (size_t e = 0; e < 6; e++) {
        for (size_t i = 0; i < 9; i++) scaled[i] = ldexp(plain[i], exponents[e]);
        ntk_inference_problem problem =
            problem_of(NTK_LOSS_LOGISTIC, 3, 1, scaled, NULL, targets, ldexp(1e-4, exponents[e]));
        const ntk_logistic_result found = solve(&problem, b, g);
        for (size_t i = 0; i < 3; i++) {
            cr_expect_float_eq(g[i], f[i], 1e-13, "2^%d", exponents[e]);
            cr_expect_float_eq(ldexp(b[i], exponents[e]), a[i], 1e-12 * fabs(a[i]));
        }
        const int half = exponents[e] / 2;
        cr_expect_float_eq(ldexp(found.norm, half), expected.norm, 1e-12);
        cr_expect_float_eq(found.objective, expected.objective, 1e-14);
        cr_expect(ldexp(found.weight_error, half) < 1e-8 && found.output_error < 1e-8);
        assert_ok(ntk_inference_hard_margin(&problem, b, g, &other));
        cr_expect_float_eq(ldexp(other.norm, half), margin.norm, 1e-13);
        problem.loss = NTK_LOSS_SQUARED;
        problem.lambda = 0;
        assert_ok(ntk_inference_regression(&problem, b, g, NULL));
        for (size_t i = 0; i < 3; i++) cr_expect_float_eq(g[i], targets[i], 1e-14);
    }
}

/* Rows of raw tables: one point in units of 10^6, another in units of 10^-6. */
Test(distinct, rows_in_different_units) {
    const double x[] = {1e6, 2e6, 3e-6, 1e-6, 1, 3}, targets[] = {1, 0, 1};
    double gram[9], a[3], f[3], exact[3];
    for (size_t i = 0; i < 9; i++)
        gram[i] = x[i / 3 * 2] * x[i % 3 * 2] + x[i / 3 * 2 + 1] * x[i % 3 * 2 + 1] +
                  (i % 4 == 0 ? x[i / 3 * 2] * x[i / 3 * 2] : 0);
    for (double lambda = 1; lambda > 1e-9; lambda /= 100) {
        const ntk_inference_problem problem =
            problem_of(NTK_LOSS_LOGISTIC, 3, 1, gram, NULL, targets, lambda);
        solve(&problem, a, f);
        exact_logistic(&problem, (exact_gram){.gram = gram}, exact);
        for (size_t i = 0; i < 3; i++) cr_expect_float_eq(f[i], exact[i], 1e-6 * (1 + fabs(exact[i])));
    }
}

/* A huge lambda leaves f_0, a vanishing one goes as far as it can, and says when it cannot. */
Test(distinct, extreme_lambda) {
    const double gram[] = {2, 0.5, 0.5, 1}, targets[] = {1, 0};
    double a[2], f[2], exact[2];
    const double lambdas[] = {1e300, 1e30, 1e8, 1e-20, 1e-30, 1e-60};
    for (size_t l = 0; l < 6; l++) {
        const ntk_inference_problem problem =
            problem_of(NTK_LOSS_LOGISTIC, 2, 1, gram, NULL, targets, lambdas[l]);
        solve(&problem, a, f);
        exact_logistic(&problem, (exact_gram){.gram = gram}, exact);
        for (size_t i = 0; i < 2; i++)
            cr_expect_float_eq(f[i], exact[i], 1e-10 * fabs(exact[i]), "lambda %g: %g", lambdas[l],
                               f[i] - exact[i]);
    }
    const double huge[] = {2e300, 0, 0, 1e300};
    const ntk_inference_problem vanishing = problem_of(NTK_LOSS_LOGISTIC, 2, 1, huge, NULL, targets, 1e-100);
    ntk_logistic_result result;
    assert_fails(ntk_inference_logistic(&vanishing, NULL, a, f, &result), NTK_ERROR_NO_CONVERGENCE,
                 "vanishes");
}

/* ---- matrices that are none ------------------------------------------------------------------ */

Test(distinct, asymmetric_matrices_are_refused) {
    double a[2], f[2];
    const double skew[] = {1, 0.5, 0, 1}, nearly[] = {1, 0.5, 0.5 + 1e-7, 1};
    ntk_inference_problem problem =
        problem_of(NTK_LOSS_LOGISTIC, 2, 1, skew, NULL, (const double[]){1, 0}, 1e-2);
    ntk_logistic_result result;
    ntk_hard_margin_result margin;
    assert_fails(ntk_inference_logistic(&problem, NULL, a, f, &result), NTK_ERROR_ARGUMENT,
                 "not symmetric: [1, 0] is 0 and [0, 1] is 0.5");
    assert_fails(ntk_inference_hard_margin(&problem, a, f, &margin), NTK_ERROR_ARGUMENT, "not symmetric");
    problem.gram = nearly;
    assert_fails(ntk_inference_logistic(&problem, NULL, a, f, &result), NTK_ERROR_ARGUMENT, "not symmetric");
    problem.loss = NTK_LOSS_SQUARED;
    assert_fails(ntk_inference_regression(&problem, a, f, NULL), NTK_ERROR_ARGUMENT, "not symmetric");
}

/* Two triangles that differ in their last bits are one matrix, and the bounds know. */
Test(distinct, rounding_is_no_asymmetry) {
    double a[2], f[2], g[2];
    const double gram[] = {1, 0.5, 0.5, 1}, rounded[] = {1, 0.5 + 0x1p-50, 0.5, 1};
    ntk_inference_problem problem =
        problem_of(NTK_LOSS_LOGISTIC, 2, 1, gram, NULL, (const double[]){1, 0}, 1e-2);
    const ntk_logistic_result exact = solve(&problem, a, f);
    problem.gram = rounded;
    const ntk_logistic_result found = solve(&problem, a, g);
    cr_expect(f[0] == g[0] && f[1] == g[1], "the lower triangle counts");
    cr_expect_gt(found.output_error, exact.output_error);
}

/* Indefinite, though every minor of order 2 is fine: an eigenvalue is -0.2. */
Test(distinct, indefinite_matrices_are_refused) {
    double a[3], f[3];
    const double c = -0.6, gram[] = {1, c, c, c, 1, c, c, c, 1};
    ntk_inference_problem problem =
        problem_of(NTK_LOSS_LOGISTIC, 3, 1, gram, NULL, (const double[]){1, 1, 0}, 1e-3);
    ntk_logistic_result result;
    assert_fails(ntk_inference_logistic(&problem, NULL, a, f, &result), NTK_ERROR_NOT_POSITIVE_DEFINITE,
                 "-0.2");
    problem.loss = NTK_LOSS_SQUARED;
    assert_fails(ntk_inference_regression(&problem, a, f, NULL), NTK_ERROR_NOT_POSITIVE_DEFINITE, "-0.19");
}
