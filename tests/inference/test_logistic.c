/* Kernel logistic regression with lambda > 0, against formulas that do not call it: the
 * stationarity condition, a Newton iteration on an explicit Hessian, problems in one unknown, and
 * identities between problems. */
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include "classifiers.h"
#include "eliminate.h"

/* ---- conditions of optimality ---------------------------------------------------------------- */

/* a = -(1 / (n lambda)) (softmax f - Q) at f = f_0 + Theta a, both recomputed. ||w - w*|| <= 1e-10
 * ||w|| says |f
 * - f*| <= 1e-10 sqrt(Theta_ii) ||w||, and c has curvature at most 1 / (2n): that, and the rounding
 * of c and of f. */
static void assert_stationary(const drawn *d, const ntk_logistic_result *result) {
    const double n = (double)d->problem.points;
    double f[MAX_UNKNOWNS], cotangent[MAX_UNKNOWNS], largest = 0, diagonal = 0;
    const long double objective = naive_objective(&d->problem, d->a, f);
    naive_cotangent(&d->problem, f, cotangent);
    for (size_t i = 0; i < d->problem.order; ++i)
        diagonal = fmax(diagonal, d->problem.gram[i * d->problem.order + i]);
    /* Coefficients of a singular kernel cancel in Theta a and in the norm. */
    double mass = 0;
    for (size_t i = 0; i < d->unknowns; ++i) mass += sqrt(diagonal) * fabs(d->a[i]);
    for (size_t i = 0; i < d->unknowns; ++i) {
        cr_assert_float_eq(d->f[i], f[i], 1e-14 * (1 + fabs(f[i])) + 1e-15 * sqrt(diagonal) * mass, "f %zu",
                           i);
        largest = fmax(largest, fabs(cotangent[i] + d->problem.lambda * d->a[i]));
    }
    const double bound = 1e-10 * result->norm * (sqrt(diagonal) / n + d->problem.lambda / sqrt(diagonal));
    const double noise = (4e-16 + 1e-15 * sqrt(diagonal) * mass) / n;
    cr_assert(largest <= bound + noise, "residual %g, bound %g, rounding %g, gradient %g", largest, bound,
              result->rounding, result->gradient_norm);
    cr_assert_float_eq(result->objective, (double)objective, 1e-12 * (1 + fabs((double)objective)));
    const double norm = (double)sqrtl(naive_product(&d->problem, d->a, d->a));
    cr_assert_float_eq(result->norm, norm, 1e-12 * (1 + norm) + 1e-16 * mass * mass / (norm + 1e-8),
                       "%g, mass %g", result->norm - norm, mass);
    cr_assert(result->relative_residual <= 1e-10 || result->gradient_norm <= result->rounding);
}

static const double lambdas[] = {10, 1e-1, 1e-3, 1e-5, 1e-8};
enum { LAMBDAS = sizeof lambdas / sizeof lambdas[0] };

Test(logistic, solution_is_stationary) {
    for (unsigned seed = 0; seed < 6; ++seed)
        for (size_t l = 0; l < LAMBDAS; ++l)
            for (int kind = HARD; kind <= MIXED; ++kind)
                for (int full = 0; full < 2; ++full) {
                    drawn d = draw_problem(NTK_LOSS_SOFTMAX, 12, 2 + seed % 3, full, 60, (target_kind)kind,
                                           lambdas[l], seed);
                    const ntk_logistic_result result = solve_logistic(&d);
                    assert_stationary(&d, &result);
                    d = draw_problem(NTK_LOSS_LOGISTIC, 12, 1, full, 60, (target_kind)kind, lambdas[l], seed);
                    const ntk_logistic_result binary = solve_logistic(&d);
                    assert_stationary(&d, &binary);
                }
}

/* More points than features: Theta is singular, and the data are not separable. */
Test(logistic, singular_kernel) {
    for (unsigned seed = 0; seed < 6; ++seed)
        for (size_t l = 0; l < LAMBDAS - 1; ++l)
            for (int full = 0; full < 2; ++full) {
                drawn d = draw_problem(NTK_LOSS_SOFTMAX, 20, 3, full, full ? 7 : 2, HARD, lambdas[l], seed);
                ntk_logistic_result result = solve_logistic(&d);
                assert_stationary(&d, &result);
                d = draw_problem(NTK_LOSS_LOGISTIC, 20, 1, full, 2, MIXED, lambdas[l], seed);
                result = solve_logistic(&d);
                assert_stationary(&d, &result);
            }
}

/* The same input under two labels: f is the same at both, and the best it can do is their mean. */
Test(logistic, contradicting_points_meet_half_way) {
    double gram[4] = {2, 2, 2, 2}, targets[2] = {0, 1}, f0[2] = {0.7, 0.7}, a[2], f[2];
    for (size_t l = 0; l < LAMBDAS; ++l) {
        const ntk_inference_problem problem =
            problem_of(NTK_LOSS_LOGISTIC, 2, 1, gram, f0, targets, lambdas[l]);
        ntk_logistic_result result;
        assert_ok(ntk_inference_logistic(&problem, NULL, a, f, &result));
        cr_assert_float_eq(f[0], f[1], 1e-15 + 1e-15 / lambdas[l]);
        /* f = 0.7 + 2 (a_0 + a_1), lambda (a_0 + a_1) = -(sigma(f) - 1/2): by its residual. */
        const double residual = lambdas[l] * (f[0] - 0.7) / 2 + 1 / (1 + exp(-f[0])) - 0.5;
        /* The coefficients are +-1 / (4 lambda) and cancel in f. */
        cr_assert_float_eq(residual, 0, 1e-9 * (1 + lambdas[l]) + 1e-16 / lambdas[l], "%g", residual);
    }
}

/* ---- one unknown ----------------------------------------------------------------------------- */

/* n = 1: lambda (f - f_0) / Theta = q - sigma(f), by bisection. */
Test(logistic, one_point) {
    const double theta = 3, f0 = -0.4;
    for (size_t l = 0; l < LAMBDAS; ++l)
        for (double q = 0; q <= 1; q += 0.25) {
            double low = -100, high = 100, a, f;
            for (int i = 0; i < 200; ++i) {
                const double middle = (low + high) / 2;
                const double excess = lambdas[l] * (middle - f0) / theta - q + 1 / (1 + exp(-middle));
                *(excess > 0 ? &high : &low) = middle;
            }
            const ntk_inference_problem problem =
                problem_of(NTK_LOSS_LOGISTIC, 1, 1, &theta, &f0, &q, lambdas[l]);
            ntk_logistic_result result;
            assert_ok(ntk_inference_logistic(&problem, NULL, &a, &f, &result));
            /* q - sigma(f) is known to 1e-16 only, and the curvature there is about lambda. */
            cr_assert_float_eq(f, low, 1e-9 + 1e-15 / lambdas[l], "lambda %g, q %g: %.17g, not %.17g",
                               lambdas[l], q, f, low);
        }
}

Test(logistic, a_start_that_is_optimal_is_kept) {
    drawn d = draw_problem(NTK_LOSS_SOFTMAX, 9, 3, false, 20, SOFT, 1e-3, 3);
    for (size_t i = 0; i < d.unknowns; ++i) d.f0[i] = log(d.targets[i]) + 2;
    const ntk_logistic_result result = solve_logistic(&d);
    cr_assert_eq(result.iterations, 0);
    cr_assert(result.norm == 0 && result.gradient_norm <= result.rounding);
}

/* Margins of hundreds at the start: weights underflow, and the answer is what a lambda of 1
 * wants. */
Test(logistic, a_start_far_away) {
    for (int full = 0; full < 2; ++full) {
        drawn d = draw_problem(NTK_LOSS_SOFTMAX, 9, 3, full, 40, HARD, 1, 4);
        for (size_t i = 0; i < d.unknowns; ++i) d.f0[i] *= 900;
        const ntk_logistic_result result = solve_logistic(&d);
        assert_stationary(&d, &result);
    }
}

/* ---- brute force ----------------------------------------------------------------------------- */

/* Naive Hessian of P in a, by central differences of the naive gradient Theta (c + lambda a),
 * itself compared with central differences of P. */
static void naive_gradient(const drawn *d, const double *a, double *gradient) {
    double f[MAX_UNKNOWNS], residual[MAX_UNKNOWNS];
    naive_objective(&d->problem, a, f);
    naive_cotangent(&d->problem, f, residual);
    for (size_t i = 0; i < d->unknowns; ++i) residual[i] += d->problem.lambda * a[i];
    for (size_t i = 0; i < d->unknowns; ++i) {
        double unit[MAX_UNKNOWNS] = {0};
        unit[i] = 1;
        gradient[i] = (double)naive_product(&d->problem, residual, unit);
    }
}

static void assert_gradient_of_objective(const drawn *d, const double *at) {
    double a[MAX_UNKNOWNS], gradient[MAX_UNKNOWNS];
    naive_gradient(d, at, gradient);
    memcpy(a, at, sizeof a);
    for (size_t i = 0; i < d->unknowns; ++i) {
        const double h = 1e-4;
        a[i] = at[i] + h;
        const long double above = naive_objective(&d->problem, a, NULL);
        a[i] = at[i] - h;
        const long double below = naive_objective(&d->problem, a, NULL);
        a[i] = at[i];
        cr_assert_float_eq((double)((above - below) / (2 * h)), gradient[i], 1e-6 * (1 + fabs(gradient[i])));
    }
}

/* Newton with full steps from near the solution found: it must stay. */
Test(logistic, brute_force_newton_agrees) {
    for (unsigned seed = 0; seed < 4; ++seed) {
        drawn d = draw_problem(NTK_LOSS_SOFTMAX, 4, 3, seed % 2, 30, HARD, 0.02, seed);
        solve_logistic(&d);
        const size_t order = d.unknowns;
        double a[MAX_UNKNOWNS] = {0}, hessian[144], gradient[MAX_UNKNOWNS], moved[MAX_UNKNOWNS];
        for (size_t i = 0; i < order; ++i) a[i] = 0.7 * d.a[i];
        for (int step = 0; step < 30; ++step) {
            assert_gradient_of_objective(&d, a);
            naive_gradient(&d, a, gradient);
            for (size_t j = 0; j < order; ++j) {
                const double kept = a[j], h = 1e-5;
                a[j] = kept + h;
                naive_gradient(&d, a, moved);
                for (size_t i = 0; i < order; ++i) hessian[i * order + j] = (moved[i] - gradient[i]) / h;
                a[j] = kept;
            }
            cr_assert(eliminate(order, hessian, gradient));
            for (size_t i = 0; i < order; ++i) a[i] -= gradient[i];
        }
        for (size_t i = 0; i < order; ++i)
            cr_assert_float_eq(d.a[i], a[i], 1e-8 * (1 + fabs(a[i])), "%g", d.a[i] - a[i]);
    }
}

/* ---- identities ------------------------------------------------------------------------------ */

Test(logistic, full_kernel_written_out_gives_the_same) {
    for (unsigned seed = 0; seed < 4; ++seed) {
        drawn shared = draw_problem(NTK_LOSS_SOFTMAX, 14, 4, false, 50, MIXED, 1e-4, seed);
        drawn full = written_out(&shared);
        const ntk_logistic_result a = solve_logistic(&shared), b = solve_logistic(&full);
        cr_assert_float_eq(a.objective, b.objective, 1e-13 * a.objective);
        for (size_t i = 0; i < full.unknowns; ++i)
            cr_assert_float_eq(shared.f[i], full.f[i], 1e-8 * (1 + fabs(full.f[i])));
    }
}

/* Two classes: f_1 - f_0 moves as a binary problem with twice the kernel. */
Test(logistic, two_classes_are_the_binary_problem) {
    drawn two = draw_problem(NTK_LOSS_SOFTMAX, 10, 2, false, 30, MIXED, 1e-3, 5);
    drawn one = draw_problem(NTK_LOSS_LOGISTIC, 10, 1, false, 30, MIXED, 1e-3, 5);
    for (size_t i = 0; i < 10; ++i) {
        one.targets[i] = two.targets[2 * i + 1];
        one.f0[i] = two.f0[2 * i + 1] - two.f0[2 * i];
        for (size_t j = 0; j < 10; ++j) one.gram[i * 10 + j] = 2 * two.gram[i * 10 + j];
    }
    const ntk_logistic_result a = solve_logistic(&two), b = solve_logistic(&one);
    cr_assert_float_eq(a.objective, b.objective, 1e-13 * a.objective);
    cr_assert_float_eq(a.norm, b.norm, 1e-9 * a.norm);
    for (size_t i = 0; i < 10; ++i)
        cr_assert_float_eq(two.f[2 * i + 1] - two.f[2 * i], one.f[i], 1e-8 * (1 + fabs(one.f[i])));
}

/* ---- the certificate ------------------------------------------------------------------------- */

/* Stopped early, the answer lies as far from the solution as the certificate says, and no
 * farther. */
Test(logistic, certificate_bounds_the_error) {
    for (unsigned seed = 0; seed < 8; ++seed) {
        drawn d = draw_problem(NTK_LOSS_SOFTMAX, 15, 3, seed % 2, 50, HARD, 1e-4, seed);
        const ntk_logistic_result exact = solve_logistic(&d);
        ntk_logistic_options options = ntk_logistic_options_default();
        options.tolerance = 0.2;
        double a[MAX_UNKNOWNS], f[MAX_UNKNOWNS];
        ntk_logistic_result early;
        assert_ok(ntk_inference_logistic(&d.problem, &options, a, f, &early));
        cr_assert(early.iterations > 0 && early.iterations < exact.iterations);
        const double excess = early.objective - exact.objective;
        cr_assert(excess > 0 && excess <= early.duality_gap, "%g %g", excess, early.duality_gap);
        for (size_t i = 0; i < d.unknowns; ++i) a[i] -= d.a[i];
        const double distance = (double)sqrtl(naive_product(&d.problem, a, a));
        cr_assert(distance > 0 && distance <= early.gradient_norm / d.problem.lambda);
        cr_assert_float_eq(early.relative_residual, early.gradient_norm / (d.problem.lambda * early.norm),
                           1e-14);
        for (size_t i = 0; i < d.unknowns; ++i) {
            const size_t row = d.problem.order == d.unknowns ? i : i / 3;
            const double reach = sqrt(d.gram[row * d.problem.order + row]) * early.gradient_norm;
            cr_assert(fabs(f[i] - d.f[i]) <= reach / d.problem.lambda);
        }
    }
}

/* A tolerance that no arithmetic reaches: the iteration ends at the level that rounding
 * explains. */
Test(logistic, rounding_level_is_reached) {
    const ntk_logistic_options options = {.tolerance = 0, .max_iterations = 100};
    for (unsigned seed = 0; seed < 20; ++seed)
        for (size_t l = 0; l < LAMBDAS; ++l) {
            drawn d = draw_problem(NTK_LOSS_SOFTMAX, 20, 3, seed % 2, 100, (target_kind)(seed % 3),
                                   lambdas[l], seed);
            ntk_logistic_result result;
            assert_ok(ntk_inference_logistic(&d.problem, &options, d.a, d.f, &result));
            cr_assert(result.gradient_norm <= result.rounding && result.rounding < 1e-13, "%g, %g",
                      result.gradient_norm, result.rounding);
        }
}

/* ---- refusals -------------------------------------------------------------------------------- */

static ntk_status attempt(ntk_inference_problem problem) {
    static double a[MAX_UNKNOWNS];
    ntk_logistic_result result;
    return ntk_inference_logistic(&problem, NULL, a, NULL, &result);
}

Test(logistic, refusals) {
    drawn d = draw_problem(NTK_LOSS_SOFTMAX, 6, 2, false, 20, HARD, 0.1, 1);
    ntk_inference_problem p = d.problem;
    p.lambda = -1;
    assert_fails(attempt(p), NTK_ERROR_ARGUMENT, "lambda is -1");
    p.lambda = (double)NAN;
    assert_fails(attempt(p), NTK_ERROR_ARGUMENT, "lambda");
    p.lambda = 0;
    assert_fails(attempt(p), NTK_ERROR_ARGUMENT, "no minimiser");
    p = d.problem;
    p.order = 7;
    assert_fails(attempt(p), NTK_ERROR_SHAPE, "order 7 fits neither 6 points nor their 12 outputs");
    p = d.problem;
    p.points = 0;
    assert_fails(attempt(p), NTK_ERROR_ARGUMENT, "points");
    p = d.problem;
    p.loss = NTK_LOSS_SQUARED;
    assert_fails(attempt(p), NTK_ERROR_ARGUMENT, "logistic or softmax");
    p = d.problem;
    p.loss = NTK_LOSS_LOGISTIC;
    assert_fails(attempt(p), NTK_ERROR_ARGUMENT, "one output");
    d.gram[8] = (double)NAN;
    assert_fails(attempt(d.problem), NTK_ERROR_NOT_FINITE, "Gram");
    d.gram[8] = 0;
    d.f0[3] = (double)INFINITY;
    assert_fails(attempt(d.problem), NTK_ERROR_NOT_FINITE, "initial outputs");
}

/* Diagonals that are fine, and a direction of norm -1: found where Theta + n lambda I has it still,
 * and, for a larger lambda, by the gradient. */
Test(logistic, an_indefinite_matrix_is_refused) {
    double gram[4] = {1, 2, 2, 1}, targets[2] = {0, 1}, a[2];
    ntk_inference_problem problem = problem_of(NTK_LOSS_LOGISTIC, 2, 1, gram, NULL, targets, 0);
    ntk_logistic_result result;
    for (problem.lambda = 1e-3; problem.lambda < 2; problem.lambda *= 10)
        assert_fails(ntk_inference_logistic(&problem, NULL, a, NULL, &result),
                     NTK_ERROR_NOT_POSITIVE_DEFINITE, problem.lambda < 0.5 ? "" : "quadratic form");
    gram[0] = -1;
    assert_fails(ntk_inference_logistic(&problem, NULL, a, NULL, &result), NTK_ERROR_NOT_POSITIVE_DEFINITE,
                 "diagonal 0");
}

Test(logistic, too_few_steps_are_an_error) {
    drawn d = draw_problem(NTK_LOSS_SOFTMAX, 6, 2, false, 20, HARD, 1e-6, 1);
    const ntk_logistic_options options = {.tolerance = 1e-10, .max_iterations = 2};
    ntk_logistic_result result;
    assert_fails(ntk_inference_logistic(&d.problem, &options, d.a, NULL, &result), NTK_ERROR_NO_CONVERGENCE,
                 "after 2 steps");
}
