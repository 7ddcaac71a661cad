/* Kernel logistic regression without a regulariser. */
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/linalg.h>

#include "classifiers.h"

static double centred(size_t outputs, const double *row, size_t k, bool logarithms) {
    double mean = 0;
    for (size_t l = 0; l < outputs; ++l) mean += (logarithms ? log(row[l]) : row[l]) / (double)outputs;
    return (logarithms ? log(row[k]) : row[k]) - mean;
}

Test(interpolate, centred_logits_are_centred_log_probabilities) {
    for (unsigned seed = 0; seed < 6; ++seed) {
        drawn d = draw_problem(NTK_LOSS_SOFTMAX, 12, 3, seed % 2, 80, SOFT, 0, seed);
        const ntk_logistic_result result = solve_logistic(&d);
        double f[MAX_UNKNOWNS];
        naive_objective(&d.problem, d.a, f);
        for (size_t i = 0; i < 12; ++i) {
            double sum = 0;
            for (size_t k = 0; k < 3; ++k) {
                cr_assert_float_eq(f[3 * i + k], d.f[3 * i + k], 1e-12);
                cr_assert_float_eq(centred(3, f + 3 * i, k, false), centred(3, d.targets + 3 * i, k, true),
                                   1e-12);
                sum += d.a[3 * i + k];
            }
            cr_assert_float_eq(sum, 0, 1e-13);
        }
        double entropy = 0;
        for (size_t i = 0; i < d.unknowns; ++i) entropy -= d.targets[i] * log(d.targets[i]) / 12;
        cr_assert_float_eq(result.objective, entropy, 1e-13);
        cr_assert(result.relative_residual < 1e-12 && result.duality_gap < 1e-13);
        cr_assert(result.gradient_norm < 1e-12);
        cr_assert_float_eq(result.norm, (double)sqrtl(naive_product(&d.problem, d.a, d.a)), 1e-12);
    }
}

/* v <- P v, P = (I - 1 1^T / K) on each of n rows, as a matrix written out: (nK, nK). */
static void project(size_t n, size_t outputs, const double *v, double *out) {
    for (size_t i = 0; i < n * outputs; ++i) {
        out[i] = 0;
        for (size_t j = 0; j < n * outputs; ++j)
            if (i / outputs == j / outputs) out[i] += ((i == j) - 1.0 / (double)outputs) * v[j];
    }
}

/* a = (P Theta P)^+ P (log Q - f_0), the pseudo-inverse from the eigenvectors of P Theta P. Returns
 * the number of eigenvalues that it leaves out. */
static size_t pseudo_solve(const drawn *d, double *a) {
    enum { UNKNOWNS = 24 };
    const size_t n = d->problem.points, outputs = d->problem.outputs, order = d->unknowns;
    double half[UNKNOWNS][UNKNOWNS] = {{0}}, kernel[UNKNOWNS * UNKNOWNS], values[UNKNOWNS], b[UNKNOWNS],
           wanted[UNKNOWNS];
    cr_assert(order == UNKNOWNS && d->problem.order == order);
    /* Theta P */
    for (size_t i = 0; i < order; ++i) project(n, outputs, d->gram + i * order, half[i]);
    for (size_t j = 0; j < order; ++j) {
        double column[UNKNOWNS], projected[UNKNOWNS];
        for (size_t i = 0; i < order; ++i) column[i] = half[i][j];
        project(n, outputs, column, projected);
        for (size_t i = 0; i < order; ++i) kernel[i * order + j] = projected[i];
    }
    for (size_t i = 0; i < order; ++i) wanted[i] = log(d->targets[i]) - d->f0[i];
    project(n, outputs, wanted, b);
    assert_ok(ntk_eigen_symmetric(order, kernel, order, true, values));
    size_t left_out = 0;
    memset(a, 0, order * sizeof *a);
    for (size_t v = 0; v < order; ++v) {
        double share = 0;
        for (size_t i = 0; i < order; ++i) share += kernel[i * order + v] * b[i];
        const bool zero = values[v] < 1e-12 * values[order - 1];
        left_out += zero ? 1 : 0;
        for (size_t i = 0; i < order && !zero; ++i) a[i] += share / values[v] * kernel[i * order + v];
    }
    return left_out;
}

Test(interpolate, pseudo_inverse_of_the_centred_kernel) {
    for (unsigned seed = 0; seed < 5; ++seed) {
        drawn d = draw_problem(NTK_LOSS_SOFTMAX, 8, 3, true, 60, SOFT, 0, seed);
        double a[MAX_UNKNOWNS], f[MAX_UNKNOWNS], means = 0;
        solve_logistic(&d);
        cr_assert_eq(pseudo_solve(&d, a), 8, "one direction a point, its mean, is left out");
        naive_objective(&d.problem, a, f);
        for (size_t i = 0; i < d.unknowns; ++i) {
            cr_assert_float_eq(d.a[i], a[i], 1e-10);
            cr_assert_float_eq(d.f[i], f[i], 1e-11);
        }
        /* The full kernel couples the classes: their mean moves. */
        for (size_t k = 0; k < 3; ++k) means += d.f[k] - d.f0[k];
        cr_assert(fabs(means) > 1e-3);
    }
}

Test(interpolate, binary_logits) {
    drawn d = draw_problem(NTK_LOSS_LOGISTIC, 10, 1, false, 40, SOFT, 0, 2);
    solve_logistic(&d);
    for (size_t i = 0; i < 10; ++i) cr_assert_float_eq(d.f[i], log(d.targets[i] / (1 - d.targets[i])), 1e-12);
}

/* Targets next to certainty: log q and log(1 - q) to full accuracy. */
Test(interpolate, extreme_targets) {
    double gram = 2, q = 1e-300, a, f;
    const ntk_inference_problem problem = problem_of(NTK_LOSS_LOGISTIC, 1, 1, &gram, NULL, &q, 0);
    ntk_logistic_result result;
    assert_ok(ntk_inference_logistic(&problem, NULL, &a, &f, &result));
    cr_assert_float_eq(f, log(1e-300), 1e-12);
}

/* lambda -> 0: the regularised solution approaches it, by O(lambda). */
Test(interpolate, limit_of_the_regularised_solution) {
    for (int full = 0; full < 2; ++full) {
        drawn d = draw_problem(NTK_LOSS_SOFTMAX, 8, 3, full, 60, SOFT, 0, 7);
        solve_logistic(&d);
        double last = INFINITY;
        for (double lambda = 1e-4; lambda > 1e-8; lambda /= 10) {
            drawn near = d;
            near.problem.lambda = lambda;
            solve_logistic(&near);
            double gap = 0;
            for (size_t i = 0; i < d.unknowns; ++i) gap = fmax(gap, fabs(near.f[i] - d.f[i]));
            cr_assert(gap < 0.15 * last, "%g after %g", gap, last);
            last = gap;
        }
        cr_assert(last < 1e-5);
    }
}

Test(interpolate, refusals) {
    drawn d = draw_problem(NTK_LOSS_SOFTMAX, 8, 2, false, 3, SOFT, 0, 1);
    ntk_logistic_result result;
    assert_fails(ntk_inference_logistic(&d.problem, NULL, d.a, NULL, &result),
                 NTK_ERROR_NOT_POSITIVE_DEFINITE, "singular");
    d = draw_problem(NTK_LOSS_SOFTMAX, 8, 2, false, 30, MIXED, 0, 1);
    assert_fails(ntk_inference_logistic(&d.problem, NULL, d.a, NULL, &result), NTK_ERROR_ARGUMENT,
                 "target (0, 0) is 1");
}
