/* Soft targets without a regulariser: interpolation of the centred log-probabilities.
 *
 * The mean cross-entropy is smallest, at the entropy of the targets, where softmax f = q, that is
 * where
 *
 *     P f = P log q,   P = I - 1 1^T / K on each row              (softmax)
 *     f = log q - log(1 - q)                                      (logistic; P = I).
 *
 * Rows of dm/df sum to zero, so the flow a' = -dm/df from a = 0 keeps P a = a and ends where
 *
 *     P Theta P a = b,   b = P (log q - f_0),   P a = a,
 *
 * whatever f_0's row means, which never change for a scalar kernel. For Theta (x) I_K this is Theta
 * A = B by columns. For a full kernel P Theta P is singular; P Theta P + tau (I - P), tau > 0, has
 * the same solution on the range of P, where b lies, and is positive definite wherever P Theta P is
 * on that range; tau = the mean diagonal of Theta keeps its condition.
 *
 * The excess. With e = b - P Theta a the centred f differs from its target by e, and a
 * cross-entropy whose curvature at the point i is at most h m_i / n, h = 1/4 (logistic) or 1/2
 * (softmax), exceeds its minimum by at most h sum_i (m_i / n) ||e_i||^2 / 2. e itself is known: it
 * is the difference of arrays that are there, but for the rounding of logarithms.
 *
 * Singular kernels. Copies of a point have been merged, and with them their targets into a mean, at
 * which their part of the loss is smallest. Where the matrix is singular to rounding all the same,
 * b may yet lie in its range; then its pseudo-inverse (range.c) gives the solution, and e shows
 * whether it does. If not, no f within reach has the targets' probabilities. */
#include "inference/interpolate.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include <ntk/inference_problem.h>
#include <ntk/linalg.h>
#include <ntk/logistic.h>
#include <ntk/loss.h>
#include <ntk/memory.h>
#include <ntk/status.h>
#include <ntk/targets.h>

#include "inference/inference_problem.h"
#include "inference/range.h"

/* The largest |e| with which a solution is returned, relative to max(1, |f|), and the error of a
 * logarithm relative to its size, one ulp of it and some of the operations on it. */
static const double accepted_error = 1e-6, logarithm_error = 8 * DBL_EPSILON;

/* Rows made to sum to zero; nothing for one output. */
static void centre(const ntk_inference_problem *problem, size_t rows, double *v) {
    const size_t outputs = problem->outputs;
    if (outputs == 1) return;
    for (size_t i = 0; i < rows; ++i) {
        double mean = 0;
        for (size_t k = 0; k < outputs; ++k) mean += v[i * outputs + k] / (double)outputs;
        for (size_t k = 0; k < outputs; ++k) v[i * outputs + k] -= mean;
    }
}

/* The first of the points given that is the distinct point x. */
static size_t first_of(const ntk_distinct *distinct, size_t x) {
    size_t i = 0;
    while (distinct->group && distinct->group[i] != x) ++i;
    return distinct->group ? i : x;
}

static ntk_status conditions(const ntk_distinct *distinct, double *b) {
    const ntk_inference_problem *problem = &distinct->problem;
    const size_t unknowns = ntk_inference_unknowns(problem);
    for (size_t i = 0; i < unknowns; ++i) {
        const double q = problem->targets[i];
        if (!(q > 0 && q < 1))
            return ntk_fail(
                NTK_ERROR_ARGUMENT,
                "kernel logistic regression without lambda: target (%zu, %zu) is %g and has no "
                "logit (on separable data the loss has no minimiser, its limit is the hard margin)",
                first_of(distinct, i / problem->outputs), i % problem->outputs, q);
    }
    ntk_targets_logits(problem->points, problem->outputs, problem->targets, b);
    for (size_t i = 0; problem->f0 && i < unknowns; ++i) b[i] -= problem->f0[i];
    centre(problem, problem->points, b);
    return NTK_OK;
}

/* What the rounding of means of targets does to their logits: log(1 - q) where q is close to 1. */
static double mean_error(const ntk_distinct *distinct) {
    double found = 0;
    for (size_t x = 0; distinct->copies && x < distinct->problem.points; ++x) {
        const bool logistic = distinct->problem.outputs == 1;
        const double rest = logistic ? 1 - distinct->problem.targets[x] : 1;
        if (distinct->copies[x] > 1) found = fmax(found, (distinct->copies[x] + 1) * DBL_EPSILON / rest);
    }
    return found;
}

/* (P Theta P + tau (I - P)) of a full kernel, or Theta itself. */
static void centred_kernel(const ntk_inference_problem *problem, double *matrix) {
    const size_t order = problem->order, outputs = problem->outputs, n = problem->points;
    memcpy(matrix, problem->gram, order * order * sizeof *matrix);
    if (ntk_inference_is_shared(problem)) return;
    double trace = 0;
    for (size_t i = 0; i < order; ++i) trace += matrix[i * order + i];
    const double share = trace / (double)order / (double)outputs;
    centre(problem, order * n, matrix);
    for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j < order; ++j) {
            double mean = 0;
            for (size_t k = 0; k < outputs; ++k)
                mean += matrix[(i * outputs + k) * order + j] / (double)outputs;
            const double spread = j / outputs == i ? share : 0;
            for (size_t k = 0; k < outputs; ++k) matrix[(i * outputs + k) * order + j] += spread - mean;
        }
}

static double largest(size_t n, const double *v) {
    double found = 0;
    for (size_t i = 0; i < n; ++i) found = ntk_larger(found, fabs(v[i]));
    return found;
}

/* Arrays of (n, K) of the distinct points, but for the matrix. */
typedef struct interpolation {
    const ntk_distinct *distinct;
    const ntk_inference_problem *problem;
    size_t unknowns, columns; /* columns of a as the kernel sees it */
    double *matrix;           /* (order, order) */
    double *a, *f, *b, *image, *error, *cotangent;
} interpolation;

/* e of the head of this file, and f. *size = max |e|, rounding included. */
static ntk_status measure(interpolation *s, double *size) {
    NTK_TRY(ntk_inference_outputs(s->problem, s->a, s->image, s->f));
    memcpy(s->error, s->image, s->unknowns * sizeof *s->error);
    centre(s->problem, s->problem->points, s->error);
    for (size_t i = 0; i < s->unknowns; ++i) s->error[i] = s->b[i] - s->error[i];
    const double numbers = largest(s->unknowns, s->b) + largest(s->unknowns, s->f);
    *size = largest(s->unknowns, s->error) + logarithm_error * (double)s->problem->outputs * numbers +
            mean_error(s->distinct);
    return NTK_OK;
}

static bool is_accepted(const interpolation *s, double size) {
    return size <= accepted_error * fmax(1, largest(s->unknowns, s->f));
}

static ntk_status try_factorisation(interpolation *s, double *size) {
    const size_t order = s->problem->order;
    *size = INFINITY;
    if (ntk_cholesky(order, s->matrix, order) != NTK_OK) return NTK_OK;
    memcpy(s->a, s->b, s->unknowns * sizeof *s->a);
    NTK_TRY(ntk_cholesky_solve(order, s->columns, s->matrix, order, s->a, s->columns));
    centre(s->problem, s->problem->points, s->a);
    return measure(s, size);
}

static ntk_status try_range(interpolation *s, double *size) {
    ntk_range range;
    centred_kernel(s->problem, s->matrix);
    NTK_TRY(ntk_range_create(s->problem->order, s->matrix, &range));
    ntk_status status = ntk_range_solve(&range, s->columns, s->b, s->a);
    centre(s->problem, s->problem->points, s->a);
    if (status == NTK_OK) status = measure(s, size);
    if (status == NTK_OK && !is_accepted(s, *size))
        status =
            ntk_fail(NTK_ERROR_NOT_POSITIVE_DEFINITE,
                     "kernel logistic regression without lambda: the kernel is singular to rounding, of rank "
                     "%zu at %zu distinct points, and misses the targets' logits by %g",
                     range.rank, s->problem->points, *size);
    ntk_range_release(&range);
    return status;
}

/* size: max |e|. */
static ntk_status certify(interpolation *s, double size, ntk_logistic_result *result) {
    const ntk_inference_problem *problem = s->problem;
    const double curvature = ntk_loss_curvature(problem->loss, 1), target = largest(s->unknowns, s->b);
    double gap = 0;
    for (size_t i = 0; i < s->unknowns; ++i)
        gap += 0.5 * curvature * ntk_distinct_share(s->distinct, i / problem->outputs) * size * size;
    NTK_TRY(ntk_inference_seminorm(problem, s->a, s->image, &result->norm));
    ntk_distinct_loss(s->distinct, s->f, &result->objective, s->cotangent);
    result->relative_residual = target > 0 ? largest(s->unknowns, s->error) / target : 0;
    result->output_error = size;
    result->weight_error = NAN;
    /* The value is a sum of terms of one sign, n of them and K each. */
    result->duality_gap = gap + (double)(s->unknowns + 16) * DBL_EPSILON * result->objective;
    NTK_TRY(ntk_inference_apply(problem, s->cotangent, s->image));
    return ntk_inference_seminorm(problem, s->cotangent, s->image, &result->gradient_norm);
}

static ntk_status interpolate(interpolation *s, ntk_logistic_result *result) {
    double size;
    NTK_TRY(conditions(s->distinct, s->b));
    centred_kernel(s->problem, s->matrix);
    NTK_TRY(try_factorisation(s, &size));
    if (!is_accepted(s, size)) NTK_TRY(try_range(s, &size));
    return certify(s, size, result);
}

ntk_status ntk_interpolate(const ntk_distinct *distinct, double *a, double *f, ntk_logistic_result *result) {
    const ntk_inference_problem *problem = &distinct->problem;
    const size_t unknowns = ntk_inference_unknowns(problem), order = problem->order;
    interpolation s = {
        .distinct = distinct, .problem = problem, .unknowns = unknowns, .columns = unknowns / order};
    double *memory = NULL;
    NTK_TRY(ntk_allocate_doubles(order * order + 6 * unknowns, &memory));
    double **const arrays[] = {&s.a, &s.f, &s.b, &s.image, &s.error, &s.cotangent};
    for (size_t i = 0; i < 6; ++i) *arrays[i] = memory + order * order + i * unknowns;
    s.matrix = memory;
    const ntk_status status = interpolate(&s, result);
    if (status == NTK_OK) ntk_distinct_spread_coefficients(distinct, s.a, a);
    if (status == NTK_OK && f) ntk_distinct_spread_outputs(distinct, s.f, f);
    ntk_release(memory);
    result->norm = ldexp(result->norm, -distinct->exponent / 2);
    result->gradient_norm = ldexp(result->gradient_norm, distinct->exponent / 2);
    return status;
}
