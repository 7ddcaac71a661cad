/* NTK_OK means right: solutions and their bounds against 100 digits, over scales, copies of points,
 * ranks and lambda. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/hard_margin.h>
#include <ntk/regression.h>

#include "classifiers.h"
#include "exact.h"
#include "start.h"

TestSuite(certified, .init = start_linalg);

enum { MAX_POINTS = 8, MAX_CLASSES = 3, MAX_RANK = 3, MAX = MAX_POINTS * MAX_CLASSES };

/* A random problem of features, whose exact products are the truth; the library sees them
 * rounded. */
typedef struct trial {
    ntk_inference_problem problem;
    exact_gram truth;
    double features[MAX * MAX_RANK], gram[MAX * MAX], targets[MAX], f0[MAX], a[MAX], f[MAX];
    double exact[MAX];
} trial;

static double uniform(unsigned *state) { return 0.5 + 0.5 * pseudo_random(state); }

static size_t below(unsigned *state, size_t count) {
    const size_t drawn = (size_t)(uniform(state) * (double)count);
    return drawn < count ? drawn : count - 1;
}

static void draw_features(trial *t, unsigned *state, double copies, double near) {
    const size_t rank = t->truth.rank, order = t->problem.order, rows = order / t->problem.points;
    for (size_t i = 0; i < t->problem.points; i++) {
        double *x = t->features + i * rows * rank;
        const size_t twin = below(state, i + 1);
        for (size_t r = 0; r < rows * rank; r++) x[r] = pseudo_random(state);
        if (twin == i || uniform(state) >= copies) continue;
        for (size_t r = 0; r < rows * rank; r++) x[r] = t->features[twin * rows * rank + r] + near * x[r];
        memcpy(t->f0 + i * t->problem.outputs, t->f0 + twin * t->problem.outputs,
               t->problem.outputs * sizeof *t->f0);
    }
    for (size_t i = 0; i < order; i++)
        for (size_t j = 0; j < order; j++) {
            long double dot = 0;
            for (size_t r = 0; r < rank; r++)
                dot += (long double)t->features[i * rank + r] * t->features[j * rank + r];
            t->gram[i * order + j] = (double)dot;
        }
}

static void draw_targets(trial *t, unsigned *state, double soft) {
    const size_t outputs = t->problem.outputs;
    for (size_t i = 0; i < t->problem.points; i++) {
        double *q = t->targets + i * outputs;
        const bool is_soft = uniform(state) < soft;
        if (outputs == 1) {
            *q = is_soft ? 0.01 + 0.98 * uniform(state) : (double)below(state, 2);
            continue;
        }
        for (size_t k = 0; k < outputs; k++) q[k] = 0;
        q[below(state, outputs)] = 1;
        /* Multiples of 1/64: rows that sum to 1 exactly. */
        for (size_t k = 0; k < outputs && is_soft; k++) {
            q[k] = (q[k] > 0 ? 50.0 : 7.0) / 64;
            if (outputs == 2 && q[k] < 0.5) q[k] = 14.0 / 64;
        }
    }
}

static void draw(trial *t, unsigned *state) {
    static const double lambdas[] = {10, 1, 1e-2, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12, 1e-14, 1e-16, 1e-20};
    static const double nears[] = {0, 0, 0, 1e-12, 1e-9, 1e-6, 1e-3};
    memset(t, 0, sizeof *t);
    const size_t outputs = 1 + below(state, MAX_CLASSES), n = 1 + below(state, outputs > 1 ? 4 : MAX_POINTS);
    const bool full = outputs > 1 && uniform(state) < 0.4;
    t->problem = (ntk_inference_problem){.loss = outputs > 1 ? NTK_LOSS_SOFTMAX : NTK_LOSS_LOGISTIC,
                                         .points = n,
                                         .outputs = outputs,
                                         .order = full ? n * outputs : n,
                                         .gram = t->gram,
                                         .targets = t->targets,
                                         .f0 = uniform(state) < 0.5 ? t->f0 : NULL,
                                         .lambda = lambdas[below(state, sizeof lambdas / sizeof *lambdas)]};
    t->truth = (exact_gram){.features = t->features, .rank = 1 + below(state, MAX_RANK)};
    for (size_t i = 0; i < n * outputs; i++) t->f0[i] = pseudo_random(state);
    draw_features(t, state, uniform(state) < 0.5 ? 0.6 : 0,
                  nears[below(state, sizeof nears / sizeof *nears)]);
    draw_targets(t, state, uniform(state) < 0.3 ? 0.5 : 0);
    const int scale = (int)(20 * pseudo_random(state) * (uniform(state) < 0.5 ? 0 : 1));
    for (size_t i = 0; i < MAX * MAX_RANK; i++) t->features[i] = ldexp(t->features[i], scale);
    for (size_t i = 0; i < MAX * MAX; i++) t->gram[i] = ldexp(t->gram[i], 2 * scale);
}

static double largest(size_t n, const double *x) {
    double found = 0;
    for (size_t i = 0; i < n; i++) found = fmax(found, fabs(x[i]));
    return found;
}

static double largest_distance(size_t n, const double *x, const double *y) {
    double found = 0;
    for (size_t i = 0; i < n; i++) found = fmax(found, fabs(x[i] - y[i]));
    return found;
}

/* ---- kernel logistic regression -------------------------------------------------------------- */

/* Returns true where it was solved: the bounds hold and are as good as promised. */
static bool check_logistic(trial *t, unsigned number) {
    ntk_logistic_result result;
    const ntk_status status = ntk_inference_logistic(&t->problem, NULL, t->a, t->f, &result);
    if (status != NTK_OK) {
        cr_expect_eq(status, NTK_ERROR_NO_CONVERGENCE, "%u: %s", number, ntk_error_detail());
        return false;
    }
    const exact_solution exact = exact_logistic(&t->problem, t->truth, t->exact);
    const size_t unknowns = t->problem.points * t->problem.outputs;
    const double error = largest_distance(unknowns, t->f, t->exact), size = fmax(1, largest(unknowns, t->f));
    cr_expect(error <= result.output_error, "%u: error %g, bound %g, lambda %g", number, error,
              result.output_error, t->problem.lambda);
    cr_expect(result.output_error <= 1e-6 * size * (1 + 1e-9), "%u: bound %g", number, result.output_error);
    cr_expect(fabs(result.norm - exact.norm) <= result.weight_error, "%u: norm %.17g, exact %.17g, bound %g",
              number, result.norm, exact.norm, result.weight_error);
    cr_expect(fabs(result.objective - exact.objective) <= result.duality_gap,
              "%u: P %.17g, exact %.17g, bound %g", number, result.objective, exact.objective,
              result.duality_gap);
    return true;
}

Test(certified, logistic) {
    size_t solved = 0;
    unsigned state = 2;
    for (unsigned number = 0; number < 2000; number++) {
        trial t;
        draw(&t, &state);
        solved += check_logistic(&t, number);
    }
    cr_expect_gt(solved, 1400);
}

/* Stopped early, with a tolerance that asks for little: the bounds say how little. */
Test(certified, logistic_stopped_early) {
    const ntk_logistic_options options = {.tolerance = 0.1, .max_iterations = 200};
    unsigned state = 3;
    size_t solved = 0;
    for (unsigned number = 0; number < 400; number++) {
        trial t;
        ntk_logistic_result result;
        draw(&t, &state);
        if (ntk_inference_logistic(&t.problem, &options, t.a, t.f, &result) != NTK_OK) continue;
        const exact_solution exact = exact_logistic(&t.problem, t.truth, t.exact);
        const double error = largest_distance(t.problem.points * t.problem.outputs, t.f, t.exact);
        cr_expect(error <= result.output_error, "%u: %g, bound %g", number, error, result.output_error);
        cr_expect(fabs(result.norm - exact.norm) <= result.weight_error, "%u", number);
        cr_expect(fabs(result.objective - exact.objective) <= result.duality_gap, "%u", number);
        solved++;
    }
    cr_expect_gt(solved, 250);
}

/* ---- kernel regression ----------------------------------------------------------------------- */

Test(certified, regression) {
    unsigned state = 4;
    size_t solved = 0;
    for (unsigned number = 0; number < 2000; number++) {
        trial t;
        draw(&t, &state);
        t.problem.loss = NTK_LOSS_SQUARED;
        const size_t unknowns = t.problem.points * t.problem.outputs;
        for (size_t i = 0; i < unknowns; i++) t.targets[i] = pseudo_random(&state);
        const ntk_status status = ntk_inference_regression(&t.problem, t.a, t.f, NULL);
        if (status != NTK_OK) {
            cr_expect_eq(status, NTK_ERROR_NOT_POSITIVE_DEFINITE, "%u: %s", number, ntk_error_detail());
            continue;
        }
        exact_regression(&t.problem, t.truth, t.exact);
        double size = 0;
        for (size_t i = 0; i < unknowns; i++)
            size = fmax(size, fabs(t.targets[i] - (t.problem.f0 ? t.f0[i] : 0)));
        const double error = largest_distance(unknowns, t.f, t.exact);
        cr_expect(error <= 1e-6 * size, "%u: error %g, size %g, lambda %g", number, error, size,
                  t.problem.lambda);
        solved++;
    }
    cr_expect_gt(solved, 1200);
}

/* ---- the hard margin ------------------------------------------------------------------------- */

/* What a refusal of data that are not separable says of them is true. */
static void check_refusal(const trial *t, unsigned number, double exact) {
    double least = INFINITY;
    const char *said = strstr(ntk_error_detail(), "with a norm above ");
    if (said) cr_assert_eq(sscanf(said, "with a norm above %lf", &least), 1);
    cr_expect(exact >= 0.99999 * least, "%u: %s, and it is %g, rank %zu", number, ntk_error_detail(), exact,
              t->truth.rank);
}

Test(certified, hard_margin) {
    unsigned state = 5;
    size_t solved = 0, inseparable = 0;
    for (unsigned number = 0; number < 1500; number++) {
        trial t;
        draw(&t, &state);
        draw_targets(&t, &state, 0);
        ntk_hard_margin_result result;
        const ntk_status status = ntk_inference_hard_margin(&t.problem, t.a, t.f, &result);
        const double exact = exact_hard_margin(&t.problem, t.truth);
        if (status == NTK_ERROR_ARGUMENT) {
            check_refusal(&t, number, exact);
            inseparable++;
            continue;
        }
        if (status == NTK_ERROR_NO_CONVERGENCE) continue;
        cr_assert_eq(status, NTK_OK, "%u: %s", number, ntk_error_detail());
        cr_expect(result.norm_lower <= exact && exact <= result.norm_upper, "%u: %.17g not in [%.17g, %.17g]",
                  number, exact, result.norm_lower, result.norm_upper);
        cr_expect(result.norm_lower <= result.norm && result.norm <= result.norm_upper, "%u", number);
        cr_expect(result.norm_upper - result.norm_lower <= 1e-6 * result.norm, "%u", number);
        solved++;
    }
    cr_expect(solved > 400 && inseparable > 200, "%zu, %zu", solved, inseparable);
}
