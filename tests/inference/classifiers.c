#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/linalg.h>

#include "classifiers.h"

/* Arrays live as long as the process; the list keeps them reachable for leak checkers. */
static double *keep(size_t count) {
    enum { MAX_KEPT = 16384 };
    static double *kept[MAX_KEPT];
    static size_t used;
    cr_assert(used < MAX_KEPT);
    return kept[used++] = calloc(count, sizeof(double));
}

/* ---- drawing --------------------------------------------------------------------------------- */

static double *draw_gram(size_t order, size_t rank, unsigned *state) {
    double *features = keep(order * rank), *gram = keep(order * order);
    for (size_t i = 0; i < order * rank; ++i)
        features[i] = pseudo_random(state) + pseudo_random(state) + pseudo_random(state);
    for (size_t i = 0; i < order; ++i)
        for (size_t j = 0; j < order; ++j) {
            double sum = 0;
            for (size_t r = 0; r < rank; ++r) sum += features[i * rank + r] * features[j * rank + r];
            gram[i * order + j] = sum / (double)rank;
        }
    return gram;
}

static double *draw_targets(ntk_loss loss, size_t n, size_t outputs, target_kind kind, unsigned *state) {
    double *targets = keep(n * outputs);
    for (size_t i = 0; i < n; ++i) {
        double *q = targets + i * outputs;
        const bool soft = kind == SOFT || (kind == MIXED && i % 2);
        if (loss != NTK_LOSS_SOFTMAX) {
            for (size_t k = 0; k < outputs; ++k)
                q[k] = soft ? 0.5 + 0.45 * pseudo_random(state) : (double)((i + k) % 2);
            continue;
        }
        double sum = 0;
        for (size_t k = 0; k < outputs; ++k) {
            q[k] = (k == i % outputs) + (soft ? 0.3 + 0.25 * pseudo_random(state) : 0);
            sum += q[k];
        }
        for (size_t k = 0; k < outputs; ++k) q[k] /= sum;
    }
    return targets;
}

static void attach(drawn *d) {
    d->problem.gram = d->gram;
    d->problem.f0 = d->f0;
    d->problem.targets = d->targets;
}

drawn draw_problem(ntk_loss loss, size_t n, size_t outputs, bool full, size_t rank, target_kind kind,
                   double lambda, unsigned seed) {
    assert_ok(ntk_linalg_start());
    unsigned state = seed * 7919u + 17u;
    drawn d = {.unknowns = n * outputs};
    cr_assert(d.unknowns <= MAX_UNKNOWNS);
    d.problem = (ntk_inference_problem){.loss = loss, .points = n, .outputs = outputs, .lambda = lambda};
    d.problem.order = full ? n * outputs : n;
    d.gram = draw_gram(d.problem.order, rank, &state);
    d.targets = draw_targets(loss, n, outputs, kind, &state);
    d.f0 = keep(d.unknowns);
    for (size_t i = 0; i < d.unknowns; ++i) d.f0[i] = pseudo_random(&state);
    attach(&d);
    return d;
}

drawn written_out(const drawn *shared) {
    drawn d = *shared;
    const size_t order = d.unknowns, outputs = d.problem.outputs;
    d.gram = keep(order * order);
    for (size_t i = 0; i < order; ++i)
        for (size_t j = 0; j < order; ++j)
            d.gram[i * order + j] =
                kernel_entry(&shared->problem, i / outputs, i % outputs, j / outputs, j % outputs);
    d.problem.order = order;
    attach(&d);
    return d;
}

split draw_split(ntk_loss loss, size_t n, size_t all, size_t outputs, target_kind kind, double lambda,
                 unsigned seed) {
    split s = {.whole = draw_problem(loss, all, outputs, false, 30, kind, lambda, seed)};
    const double *gram = s.whole.gram;
    s.trained = s.whole;
    s.trained.gram = keep(n * n);
    s.trained.problem.points = s.trained.problem.order = n;
    s.trained.unknowns = n * outputs;
    attach(&s.trained);
    s.cross = keep((all - n) * n);
    s.diagonal = keep(all - n);
    for (size_t i = 0; i < n; ++i) memcpy(s.trained.gram + i * n, gram + i * all, n * sizeof *gram);
    for (size_t i = n; i < all; ++i) {
        memcpy(s.cross + (i - n) * n, gram + i * all, n * sizeof *gram);
        s.diagonal[i - n] = gram[i * (all + 1)];
    }
    return s;
}

ntk_inference_problem problem_of(ntk_loss loss, size_t n, size_t outputs, const double *gram,
                                 const double *f0, const double *targets, double lambda) {
    return (ntk_inference_problem){.loss = loss,
                                   .points = n,
                                   .outputs = outputs,
                                   .order = n,
                                   .gram = gram,
                                   .f0 = f0,
                                   .targets = targets,
                                   .lambda = lambda};
}

/* ---- naive formulas -------------------------------------------------------------------------- */

double kernel_entry(const ntk_inference_problem *problem, size_t i, size_t k, size_t j, size_t l) {
    const size_t n = problem->points, outputs = problem->outputs;
    if (problem->order == n) return k == l ? problem->gram[i * n + j] : 0;
    return problem->gram[(i * outputs + k) * n * outputs + j * outputs + l];
}

static long double image_at(const ntk_inference_problem *problem, const double *a, size_t i, size_t k) {
    long double sum = 0;
    for (size_t j = 0; j < problem->points; ++j)
        for (size_t l = 0; l < problem->outputs; ++l)
            sum += (long double)kernel_entry(problem, i, k, j, l) * a[j * problem->outputs + l];
    return sum;
}

long double naive_product(const ntk_inference_problem *problem, const double *a, const double *b) {
    long double sum = 0;
    for (size_t i = 0; i < problem->points; ++i)
        for (size_t k = 0; k < problem->outputs; ++k)
            sum += b[i * problem->outputs + k] * image_at(problem, a, i, k);
    return sum;
}

/* -log sigma(f), and logsumexp of a row. */
static long double softplus(long double x) { return fmaxl(x, 0) + log1pl(expl(-fabsl(x))); }

static long double log_partition(size_t outputs, const long double *f) {
    long double high = -INFINITY, sum = 0;
    for (size_t k = 0; k < outputs; ++k) high = fmaxl(high, f[k]);
    for (size_t k = 0; k < outputs; ++k) sum += expl(f[k] - high);
    return high + logl(sum);
}

static long double naive_row_loss(ntk_loss loss, size_t outputs, const long double *f, const double *q) {
    long double sum = 0;
    if (loss == NTK_LOSS_LOGISTIC) return q[0] * softplus(-f[0]) + (1 - (long double)q[0]) * softplus(f[0]);
    for (size_t k = 0; k < outputs; ++k)
        sum += loss == NTK_LOSS_SOFTMAX ? q[k] * (log_partition(outputs, f) - f[k])
                                        : (f[k] - q[k]) * (f[k] - q[k]) / 2;
    return sum;
}

long double naive_objective(const ntk_inference_problem *problem, const double *a, double *f) {
    const size_t outputs = problem->outputs;
    long double sum = 0, row[MAX_UNKNOWNS];
    for (size_t i = 0; i < problem->points; ++i) {
        for (size_t k = 0; k < outputs; ++k) {
            row[k] = image_at(problem, a, i, k) + (problem->f0 ? problem->f0[i * outputs + k] : 0);
            if (f) f[i * outputs + k] = (double)row[k];
        }
        sum += naive_row_loss(problem->loss, outputs, row, problem->targets + i * outputs);
    }
    return sum / (long double)problem->points + problem->lambda / 2 * naive_product(problem, a, a);
}

void naive_cotangent(const ntk_inference_problem *problem, const double *f, double *cotangent) {
    const size_t outputs = problem->outputs;
    for (size_t i = 0; i < problem->points; ++i) {
        long double row[MAX_UNKNOWNS];
        for (size_t k = 0; k < outputs; ++k) row[k] = f[i * outputs + k];
        for (size_t k = 0; k < outputs; ++k) {
            const long double p = problem->loss == NTK_LOSS_LOGISTIC
                                      ? 1 / (1 + expl(-row[0]))
                                      : expl(row[k] - log_partition(outputs, row));
            const size_t at = i * outputs + k;
            cotangent[at] = (double)((p - problem->targets[at]) / (long double)problem->points);
        }
    }
}

ntk_logistic_result solve_logistic(drawn *d) {
    ntk_logistic_result result;
    assert_ok(ntk_inference_logistic(&d->problem, NULL, d->a, d->f, &result));
    return result;
}

ntk_flow_result run_linear_flow(const ntk_inference_problem *problem, ntk_flow_options options, double *f) {
    ntk_model model;
    ntk_flow_result result;
    double a[MAX_UNKNOWNS] = {0};
    options.loss = problem->loss;
    options.lambda = problem->lambda;
    assert_ok(ntk_model_linear(problem->points, problem->outputs, problem->gram, problem->f0, &model));
    assert_ok(ntk_flow_run(&model, problem->targets, &options, a, &result));
    assert_ok(model.evaluate(model.context, a, f));
    ntk_model_release(&model);
    return result;
}

void expect_mean(size_t batches, const double *means, size_t stride, double wanted, double largest) {
    double sum = 0, squares = 0;
    for (size_t b = 0; b < batches; ++b) sum += means[b * stride] / (double)batches;
    for (size_t b = 0; b < batches; ++b) squares += pow(means[b * stride] - sum, 2);
    const double error = sqrt(squares / (double)(batches - 1) / (double)batches);
    cr_expect(fabs(sum - wanted) <= 6 * error, "%g, not %g, error %g", sum, wanted, error);
    cr_expect_lt(error, largest);
}
