#include "inference/distinct.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <ntk/inference_problem.h>
#include <ntk/loss.h>
#include <ntk/memory.h>

#include "inference/inference_problem.h"

/* Beyond 2^EXTREME squares of norms may leave the range. */
enum { EXTREME = 256 };

/* What is granted to whoever computed Theta, in units of eps sqrt(Theta_ii Theta_jj). */
static const double few_roundings = 2 * DBL_EPSILON;

/* ---- which points are the same --------------------------------------------------------------- */

static bool equal(size_t count, const double *x, const double *y) {
    for (size_t i = 0; i < count; i++)
        if (x[i] != y[i]) return false;
    return true;
}

/* Equal rows of Theta, K of them for a full kernel, and equal initial outputs. */
static bool are_same(const ntk_inference_problem *problem, size_t i, size_t j) {
    const size_t order = problem->order, outputs = problem->outputs, rows = order / problem->points;
    const double *x = problem->gram + i * rows * order, *y = problem->gram + j * rows * order;
    /* Quickly: the three entries in which J_i - J_j is 0 or not. */
    if (x[j * rows] != x[i * rows] || y[j * rows] != x[i * rows]) return false;
    if (problem->f0 && !equal(outputs, problem->f0 + i * outputs, problem->f0 + j * outputs)) return false;
    return equal(rows * order, x, y);
}

/* group (n), and the first point of each group. Returns how many groups there are. */
static size_t find_groups(const ntk_inference_problem *problem, size_t *group, size_t *first) {
    size_t count = 0;
    for (size_t i = 0; i < problem->points; i++) {
        size_t x = 0;
        while (x < count && !are_same(problem, i, first[x])) x++;
        group[i] = x;
        if (x == count) first[count++] = i;
    }
    return count;
}

/* ---- the smaller problem --------------------------------------------------------------------- */

/* The rows and columns of the first copies. Only the lower triangle of what was given is read. */
static ntk_status copy_gram(ntk_distinct *d, const ntk_inference_problem *given, const size_t *first) {
    const size_t rows = given->order / given->points, order = d->problem.points * rows;
    double *gram = NULL;
    NTK_TRY(ntk_allocate_doubles(order * order, &gram));
    d->memory[1] = gram;
    for (size_t i = 0; i < order; i++)
        for (size_t j = 0; j <= i; j++) {
            const size_t r = first ? first[i / rows] * rows + i % rows : i;
            const size_t c = first ? first[j / rows] * rows + j % rows : j;
            gram[i * order + j] = gram[j * order + i] =
                ldexp(given->gram[r * given->order + c], -d->exponent);
        }
    d->problem.gram = gram;
    d->problem.order = order;
    return NTK_OK;
}

static void add_targets(const ntk_distinct *d, const ntk_inference_problem *given, double *copies,
                        double *targets) {
    const size_t outputs = given->outputs;
    for (size_t i = 0; i < given->points; i++) {
        copies[d->group[i]] += 1;
        for (size_t k = 0; k < outputs; k++)
            targets[d->group[i] * outputs + k] += given->targets[i * outputs + k];
    }
    for (size_t x = 0; x < d->problem.points; x++)
        for (size_t k = 0; k < outputs; k++) targets[x * outputs + k] /= copies[x];
}

static ntk_status merge(ntk_distinct *d, const ntk_inference_problem *given, const size_t *first,
                        size_t count) {
    const size_t outputs = given->outputs;
    double *values = NULL;
    NTK_TRY(ntk_allocate_doubles(count * (1 + 2 * outputs), &values));
    d->memory[2] = values;
    double *targets = values + count, *f0 = targets + count * outputs;
    d->problem.points = count;
    add_targets(d, given, values, targets);
    for (size_t x = 0; given->f0 && x < count; x++)
        memcpy(f0 + x * outputs, given->f0 + first[x] * outputs, outputs * sizeof *f0);
    d->copies = values;
    d->problem.targets = targets;
    d->problem.f0 = given->f0 ? f0 : NULL;
    return NTK_OK;
}

/* A power of two that brings Theta into the middle of the range, where lambda may follow it. */
static ntk_status choose_scale(ntk_distinct *d, const ntk_inference_problem *given) {
    int exponent = 0;
    double largest = 0;
    for (size_t i = 0; i < given->order; i++) largest = fmax(largest, given->gram[i * (given->order + 1)]);
    (void)frexp(largest, &exponent);
    exponent -= exponent % 2;
    const double lambda = ldexp(given->lambda, -exponent);
    if (abs(exponent) <= EXTREME || !isfinite(lambda)) return NTK_OK;
    if (given->lambda > 0 && !(lambda >= DBL_MIN))
        return ntk_fail(NTK_ERROR_NO_CONVERGENCE,
                        "inference: lambda = %g vanishes beside a Gram matrix with entries of %g",
                        given->lambda, largest);
    d->exponent = exponent;
    d->problem.lambda = lambda;
    return NTK_OK;
}

static ntk_status build(ntk_distinct *d, const ntk_inference_problem *given, const ntk_gram_facts *facts) {
    const size_t n = given->points;
    const size_t *first = NULL;
    NTK_TRY(choose_scale(d, given));
    if (facts->twins) {
        void *memory = NULL;
        NTK_TRY(ntk_allocate(2 * n, sizeof(size_t), &memory));
        d->memory[0] = memory;
        size_t *group = memory;
        const size_t count = find_groups(given, group, group + n);
        if (count < n) {
            d->group = group;
            first = group + n;
            NTK_TRY(merge(d, given, first, count));
        }
    }
    if (first || d->exponent != 0 || facts->asymmetry > 0) return copy_gram(d, given, first);
    return NTK_OK;
}

ntk_status ntk_distinct_create(const ntk_inference_problem *problem, ntk_distinct *out) {
    ntk_gram_facts facts;
    NTK_TRY(ntk_inference_check(problem, &facts));
    *out = (ntk_distinct){
        .problem = *problem, .all = problem->points, .gram_error = few_roundings + facts.asymmetry};
    const ntk_status status = build(out, problem, &facts);
    if (status != NTK_OK) ntk_distinct_release(out);
    return status;
}

void ntk_distinct_release(ntk_distinct *distinct) {
    for (size_t i = 0; i < sizeof distinct->memory / sizeof *distinct->memory; i++)
        ntk_release(distinct->memory[i]);
    *distinct = (ntk_distinct){0};
}

/* ---- what is done with it -------------------------------------------------------------------- */

double ntk_distinct_share(const ntk_distinct *distinct, size_t x) {
    return (distinct->copies ? distinct->copies[x] : 1) / (double)distinct->all;
}

void ntk_distinct_loss(const ntk_distinct *distinct, const double *f, double *value, double *cotangent) {
    const ntk_inference_problem *problem = &distinct->problem;
    const size_t outputs = problem->outputs;
    if (!distinct->copies) {
        ntk_loss_evaluate(problem->loss, problem->points, outputs, f, problem->targets, value, cotangent);
        return;
    }
    *value = 0;
    for (size_t x = 0; x < problem->points; x++) {
        const double share = ntk_distinct_share(distinct, x);
        double one = 0, *c = cotangent + x * outputs;
        ntk_loss_evaluate(problem->loss, 1, outputs, f + x * outputs, problem->targets + x * outputs, &one,
                          c);
        *value += share * one;
        for (size_t k = 0; k < outputs; k++) c[k] *= share;
    }
}

static void spread(const ntk_distinct *d, const double *values, double *out) {
    const size_t outputs = d->problem.outputs;
    for (size_t i = 0; i < d->all; i++)
        memcpy(out + i * outputs, values + (d->group ? d->group[i] : i) * outputs, outputs * sizeof *out);
}

void ntk_distinct_spread_outputs(const ntk_distinct *distinct, const double *values, double *out) {
    if (values != out) spread(distinct, values, out);
}

void ntk_distinct_spread_coefficients(const ntk_distinct *distinct, const double *values, double *out) {
    const size_t outputs = distinct->problem.outputs;
    if (values != out) spread(distinct, values, out);
    if (!distinct->copies && distinct->exponent == 0) return;
    for (size_t i = 0; i < distinct->all; i++) {
        const double copies = distinct->copies ? distinct->copies[distinct->group[i]] : 1;
        for (size_t k = 0; k < outputs; k++)
            out[i * outputs + k] = ldexp(out[i * outputs + k] / copies, -distinct->exponent);
    }
}
