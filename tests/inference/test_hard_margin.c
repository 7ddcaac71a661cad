/* The maximum-margin solution: by hand, by trying every active set, and by its own conditions. */
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/hard_margin.h>

#include "classifiers.h"
#include "eliminate.h"

static ntk_hard_margin_result solve_margin(drawn *d) {
    ntk_hard_margin_result result;
    assert_ok(ntk_inference_hard_margin(&d->problem, d->a, d->f, &result));
    return result;
}

static ntk_hard_margin_result binary(size_t n, double *gram, double *targets, double *a) {
    const ntk_inference_problem problem = {
        .loss = NTK_LOSS_LOGISTIC, .points = n, .outputs = 1, .order = n, .gram = gram, .targets = targets};
    ntk_hard_margin_result result;
    assert_ok(ntk_inference_hard_margin(&problem, a, NULL, &result));
    return result;
}

/* ---- by hand --------------------------------------------------------------------------------- */

Test(hard_margin, two_points) {
    double gram[4] = {2, 1, 1, 2}, a[2];
    /* Opposite labels: Q = [2 -1; -1 2], alpha = (1, 1). */
    ntk_hard_margin_result r = binary(2, gram, (double[]){1, 0}, a);
    cr_assert_float_eq(r.norm, sqrt(2), 1e-15);
    cr_assert_float_eq(a[0], 1, 1e-15);
    cr_assert_float_eq(a[1], -1, 1e-15);
    /* The same label: Q = [2 1; 1 2], alpha = (1/3, 1/3). */
    r = binary(2, gram, (double[]){1, 1}, a);
    cr_assert_float_eq(r.norm, sqrt(2.0 / 3), 1e-15);
    /* The second point lies behind the first: one support vector, and a margin of 2. */
    double behind[4] = {1, 2, 2, 5};
    r = binary(2, behind, (double[]){0, 0}, a);
    cr_assert(r.norm == 1 && r.support_vectors == 1 && a[0] == -1 && a[1] == 0);
}

Test(hard_margin, one_point_of_three_classes) {
    /* f_0 - f_k >= 1 for k = 1, 2 at the least norm: f = (2/3, -1/3, -1/3), w = f / Theta^{1/2}. */
    double gram = 6, targets[3] = {1, 0, 0}, a[3], f[3];
    const ntk_inference_problem problem = {
        .loss = NTK_LOSS_SOFTMAX, .points = 1, .outputs = 3, .order = 1, .gram = &gram, .targets = targets};
    ntk_hard_margin_result result;
    assert_ok(ntk_inference_hard_margin(&problem, a, f, &result));
    cr_assert_float_eq(f[0], 2.0 / 3, 1e-15);
    cr_assert_float_eq(f[1], -1.0 / 3, 1e-15);
    cr_assert_float_eq(f[2], -1.0 / 3, 1e-15);
    cr_assert_float_eq(result.norm, sqrt(6.0 / 9 / 6), 1e-15);
}

/* ---- every active set ------------------------------------------------------------------------ */

enum { MAX_CONSTRAINTS = 12 };

/* Rows of the constraints: g_c = sum of +-J over unknowns; E (constraints, nK). */
static size_t constraint_rows(const drawn *d, double rows[][MAX_UNKNOWNS]) {
    size_t count = 0;
    const size_t outputs = d->problem.outputs;
    for (size_t i = 0; i < d->problem.points; ++i) {
        if (outputs == 1) {
            memset(rows[count], 0, sizeof rows[count]);
            rows[count++][i] = d->targets[i] == 1 ? 1 : -1;
            continue;
        }
        size_t truth = 0;
        while (d->targets[i * outputs + truth] != 1) ++truth;
        for (size_t k = 0; k < outputs; ++k) {
            if (k == truth) continue;
            memset(rows[count], 0, sizeof rows[count]);
            rows[count][i * outputs + truth] = 1;
            rows[count++][i * outputs + k] = -1;
        }
    }
    return count;
}

/* ||w_hat||^2: an active set whose equalities have non-negative multipliers and violate nothing is
 * optimal. -1 where there is none. */
static double by_enumeration(const drawn *d) {
    double rows[MAX_CONSTRAINTS][MAX_UNKNOWNS], q[MAX_CONSTRAINTS][MAX_CONSTRAINTS];
    const size_t count = constraint_rows(d, rows);
    cr_assert(count <= MAX_CONSTRAINTS);
    for (size_t c = 0; c < count; ++c)
        for (size_t e = 0; e < count; ++e) q[c][e] = (double)naive_product(&d->problem, rows[c], rows[e]);
    for (unsigned set = 1; set < 1u << count; ++set) {
        size_t member[MAX_CONSTRAINTS], size = 0;
        for (size_t c = 0; c < count; ++c)
            if (set >> c & 1) member[size++] = c;
        double matrix[MAX_CONSTRAINTS * MAX_CONSTRAINTS], alpha[MAX_CONSTRAINTS], sum = 0;
        for (size_t r = 0; r < size; ++r) {
            alpha[r] = 1;
            for (size_t s = 0; s < size; ++s) matrix[r * size + s] = q[member[r]][member[s]];
        }
        if (!eliminate(size, matrix, alpha)) continue;
        bool optimal = true;
        for (size_t r = 0; r < size; ++r) {
            optimal = optimal && alpha[r] >= -1e-12;
            sum += alpha[r];
        }
        for (size_t c = 0; c < count && optimal; ++c) {
            double margin = 0;
            for (size_t r = 0; r < size; ++r) margin += q[c][member[r]] * alpha[r];
            optimal = margin >= 1 - 1e-9;
        }
        if (optimal) return sum;
    }
    return -1;
}

/* Ranks from far below the number of constraints (singular, and often not separable) to far above
 * it. */
Test(hard_margin, agrees_with_enumeration) {
    size_t separable = 0, inseparable = 0;
    for (unsigned seed = 0; seed < 40; ++seed)
        for (int shape = 0; shape < 3; ++shape) {
            const size_t n = shape == 0 ? 9 : 4, outputs = shape == 0 ? 1 : 3, rank = 2 + seed % 12;
            drawn d = draw_problem(shape == 0 ? NTK_LOSS_LOGISTIC : NTK_LOSS_SOFTMAX, n, outputs, shape == 2,
                                   rank, HARD, 0, seed);
            const double expected = by_enumeration(&d);
            ntk_hard_margin_result result;
            const ntk_status status = ntk_inference_hard_margin(&d.problem, d.a, d.f, &result);
            if (expected < 0) {
                cr_assert(status == NTK_ERROR_ARGUMENT && strstr(ntk_error_detail(), "not separable"),
                          "seed %u shape %d: %s", seed, shape, ntk_error_detail());
                inseparable++;
                continue;
            }
            cr_assert(status == NTK_OK, "seed %u shape %d: %s", seed, shape, ntk_error_detail());
            cr_assert_float_eq(result.norm * result.norm, expected, 1e-9 * expected);
            separable++;
        }
    cr_assert(separable > 10 && inseparable > 10, "both happen: %zu, %zu", separable, inseparable);
}

/* ---- its own conditions ---------------------------------------------------------------------- */

/* Recomputed from the coefficients a: margins at least 1, and 1 where the multiplier is
 * positive. */
static void assert_optimal(const drawn *d, const ntk_hard_margin_result *result) {
    double f[MAX_UNKNOWNS], sum = 0, least = INFINITY;
    const size_t outputs = d->problem.outputs;
    ntk_inference_problem plain = d->problem;
    plain.f0 = NULL;
    naive_objective(&plain, d->a, f);
    size_t support = 0;
    for (size_t i = 0; i < d->unknowns; ++i) {
        size_t truth = i - i % outputs;
        while (outputs > 1 && d->targets[truth] != 1) ++truth;
        if (outputs > 1 && i == truth) continue;
        const double sign = d->targets[i] == 1 ? 1 : -1;
        const double alpha = sign * d->a[i], margin = outputs == 1 ? sign * f[i] : f[truth] - f[i];
        cr_assert(alpha >= 0);
        cr_assert(margin >= 1 - 1e-11, "%g", margin - 1);
        if (alpha > 0) cr_assert_float_eq(margin, 1, 1e-11, "%g", margin - 1);
        support += alpha > 0;
        sum += alpha;
        least = fmin(least, margin);
    }
    cr_assert_eq(support, result->support_vectors);
    cr_assert(result->kkt_residual <= 1e-12, "%g", result->kkt_residual);
    cr_assert_float_eq(sum, result->norm * result->norm, 1e-11 * sum);
    const double norm = (double)sqrtl(naive_product(&d->problem, d->a, d->a));
    cr_assert_float_eq(result->norm, norm, 1e-11 * norm);
    cr_assert_float_eq(result->norm_lower, sum / norm, 1e-11 * norm);
    cr_assert_float_eq(result->norm_upper, norm / least, 1e-11 * norm);
    cr_assert(result->norm_upper - result->norm_lower <= 1e-11 * norm);
}

Test(hard_margin, larger_problems_satisfy_their_conditions) {
    for (unsigned seed = 0; seed < 6; ++seed) {
        drawn d = draw_problem(NTK_LOSS_LOGISTIC, 120, 1, false, 100 + 40 * seed, HARD, 0, seed);
        ntk_hard_margin_result result = solve_margin(&d);
        assert_optimal(&d, &result);
        d = draw_problem(NTK_LOSS_SOFTMAX, 25, 4, seed % 2, 90, HARD, 0, seed);
        result = solve_margin(&d);
        assert_optimal(&d, &result);
    }
}

/* A stretched kernel: w_hat shrinks by the root, the multipliers by the factor. */
Test(hard_margin, scales_with_the_kernel) {
    drawn d = draw_problem(NTK_LOSS_LOGISTIC, 30, 1, false, 60, HARD, 0, 3);
    const double norm = solve_margin(&d).norm;
    for (double scale = 1e-6; scale < 1e7; scale *= 1e3) {
        drawn stretched = draw_problem(NTK_LOSS_LOGISTIC, 30, 1, false, 60, HARD, 0, 3);
        for (size_t i = 0; i < 900; ++i) stretched.gram[i] *= scale;
        const ntk_hard_margin_result result = solve_margin(&stretched);
        cr_assert_float_eq(result.norm, norm / sqrt(scale), 1e-12 * result.norm);
    }
}

/* Copies of points change nothing but the multipliers, though Q is singular. */
Test(hard_margin, repeated_points) {
    drawn one = draw_problem(NTK_LOSS_LOGISTIC, 20, 1, false, 40, HARD, 0, 6);
    drawn twice = draw_problem(NTK_LOSS_LOGISTIC, 40, 1, false, 40, HARD, 0, 6);
    for (size_t i = 0; i < 40; ++i) {
        twice.targets[i] = one.targets[i % 20];
        for (size_t j = 0; j < 40; ++j) twice.gram[i * 40 + j] = one.gram[i % 20 * 20 + j % 20];
    }
    cr_assert_float_eq(solve_margin(&one).norm, solve_margin(&twice).norm, 1e-11);
}

Test(hard_margin, two_classes_are_the_binary_problem) {
    drawn two = draw_problem(NTK_LOSS_SOFTMAX, 16, 2, false, 40, HARD, 0, 5);
    drawn one = draw_problem(NTK_LOSS_LOGISTIC, 16, 1, false, 40, HARD, 0, 5);
    for (size_t i = 0; i < 16; ++i) {
        one.targets[i] = two.targets[2 * i + 1];
        for (size_t j = 0; j < 16; ++j) one.gram[i * 16 + j] = 2 * two.gram[i * 16 + j];
    }
    cr_assert_float_eq(solve_margin(&one).norm, solve_margin(&two).norm, 1e-12);
}

/* ---- refusals -------------------------------------------------------------------------------- */

Test(hard_margin, refusals) {
    ntk_hard_margin_result result;
    drawn d = draw_problem(NTK_LOSS_LOGISTIC, 6, 1, false, 20, MIXED, 0, 1);
    assert_fails(ntk_inference_hard_margin(&d.problem, d.a, NULL, &result), NTK_ERROR_ARGUMENT,
                 "single classes");
    d = draw_problem(NTK_LOSS_SQUARED, 6, 1, false, 20, HARD, 0, 1);
    assert_fails(ntk_inference_hard_margin(&d.problem, d.a, NULL, &result), NTK_ERROR_ARGUMENT,
                 "single classes");
    d = draw_problem(NTK_LOSS_LOGISTIC, 2, 1, false, 20, HARD, 0, 1);
    memcpy(d.gram, (double[]){1, 1, 1, 1}, 4 * sizeof *d.gram);
    assert_fails(ntk_inference_hard_margin(&d.problem, d.a, NULL, &result), NTK_ERROR_ARGUMENT,
                 "not separable");
    memcpy(d.gram, (double[]){0, 0, 0, 1}, 4 * sizeof *d.gram);
    assert_fails(ntk_inference_hard_margin(&d.problem, d.a, NULL, &result), NTK_ERROR_ARGUMENT,
                 "not separable");
}
