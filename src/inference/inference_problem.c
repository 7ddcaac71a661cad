#include "inference/inference_problem.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>

size_t ntk_inference_unknowns(const ntk_inference_problem *problem) {
    return problem->points * problem->outputs;
}

bool ntk_inference_is_shared(const ntk_inference_problem *problem) {
    return problem->order == problem->points;
}

double ntk_inference_diagonal(const ntk_inference_problem *problem, size_t i) {
    const size_t row = ntk_inference_is_shared(problem) ? i / problem->outputs : i;
    return problem->gram[row * problem->order + row];
}

/* ---- what is a problem ----------------------------------------------------------------------- */

static ntk_status check_sizes(const ntk_inference_problem *problem) {
    const size_t n = problem->points, outputs = problem->outputs, order = problem->order;
    if (n == 0 || outputs == 0) return ntk_fail(NTK_ERROR_ARGUMENT, "inference needs points and outputs");
    if (outputs > (size_t)1 << 16 || n > ((size_t)1 << 31) / outputs)
        return ntk_fail(NTK_ERROR_SHAPE, "inference: %zu points with %zu outputs are too many", n, outputs);
    if (order != n && order != n * outputs)
        return ntk_fail(NTK_ERROR_SHAPE,
                        "inference: a Gram matrix of order %zu fits neither %zu points nor their %zu outputs",
                        order, n, n * outputs);
    return NTK_OK;
}

/* Gram matrices are computed with sums of many terms: this much of sqrt(Theta_ii Theta_jj) is
 * rounding. */
static const double rounding_of_entries = 1024 * DBL_EPSILON;

/* What entries [i, j] and [j, i] of a Gram matrix must be, as a line of an error where they are
 * not. */
static ntk_status refuse_pair(const ntk_inference_problem *problem, size_t i, size_t j) {
    const size_t order = problem->order;
    const double x = problem->gram[i * order + j], y = problem->gram[j * order + i];
    const double first = problem->gram[i * (order + 1)], second = problem->gram[j * (order + 1)];
    const double bound = sqrt(first) * sqrt(second);
    if (fabs(x - y) > rounding_of_entries * bound + DBL_MIN)
        return ntk_fail(
            NTK_ERROR_ARGUMENT,
            "inference: the Gram matrix is not symmetric: [%zu, %zu] is %.17g and [%zu, %zu] is %.17g", i, j,
            x, j, i, y);
    return ntk_fail(NTK_ERROR_NOT_POSITIVE_DEFINITE,
                    "inference: the Gram matrix is not positive semi-definite: [%zu, %zu] is %g beside "
                    "diagonals of %g and %g, so a quadratic form is negative",
                    i, j, x, first, second);
}

/* Both triangles in tiles of rows that stay in the cache. root: (order), of the diagonal. */
static ntk_status compare_triangles(const ntk_inference_problem *problem, const double *root,
                                    ntk_gram_facts *facts) {
    enum { TILE = 32 };
    const size_t order = problem->order;
    const double *gram = problem->gram;
    for (size_t i0 = 0; i0 < order; i0 += TILE)
        for (size_t j0 = 0; j0 <= i0; j0 += TILE)
            for (size_t i = i0; i < order && i < i0 + TILE; ++i)
                for (size_t j = j0; j < i && j < j0 + TILE; ++j) {
                    const double x = gram[i * order + j], difference = fabs(x - gram[j * order + i]);
                    const double bound = root[i] * root[j], slack = rounding_of_entries * bound + DBL_MIN;
                    if (!(fabs(x) <= bound + slack && difference <= slack)) return refuse_pair(problem, i, j);
                    if (difference > 0 && bound > 0)
                        facts->asymmetry = fmax(facts->asymmetry, difference / bound);
                    facts->twins = facts->twins || (x == gram[i * (order + 1)] && x == gram[j * (order + 1)]);
                }
    return NTK_OK;
}

static ntk_status check_gram(const ntk_inference_problem *problem, ntk_gram_facts *facts) {
    const size_t order = problem->order;
    *facts = (ntk_gram_facts){0};
    if (!ntk_all_finite(order * order, problem->gram))
        return ntk_fail(NTK_ERROR_NOT_FINITE, "inference: the Gram matrix is not finite");
    double *root = NULL;
    NTK_TRY(ntk_allocate_doubles(order, &root));
    ntk_status status = NTK_OK;
    for (size_t i = 0; i < order && status == NTK_OK; ++i) {
        const double diagonal = problem->gram[i * (order + 1)];
        root[i] = sqrt(diagonal);
        if (diagonal < 0)
            status = ntk_fail(NTK_ERROR_NOT_POSITIVE_DEFINITE, "inference: Gram matrix, diagonal %zu is %g",
                              i, diagonal);
    }
    if (status == NTK_OK) status = compare_triangles(problem, root, facts);
    ntk_release(root);
    return status;
}

ntk_status ntk_inference_check(const ntk_inference_problem *problem, ntk_gram_facts *facts) {
    NTK_TRY(check_sizes(problem));
    if (!isfinite(problem->lambda) || problem->lambda < 0)
        return ntk_fail(NTK_ERROR_ARGUMENT, "inference: lambda is %g, not a number >= 0", problem->lambda);
    if (problem->f0 && !ntk_all_finite(ntk_inference_unknowns(problem), problem->f0))
        return ntk_fail(NTK_ERROR_NOT_FINITE, "inference: the initial outputs are not finite");
    NTK_TRY(check_gram(problem, facts));
    return ntk_loss_check(problem->loss, problem->points, problem->outputs, problem->targets);
}

/* ---- the operator ---------------------------------------------------------------------------- */

ntk_status ntk_inference_apply(const ntk_inference_problem *problem, const double *v, double *image) {
    const size_t order = problem->order, columns = ntk_inference_unknowns(problem) / order;
    if (columns == 1) return ntk_symv(order, 1, problem->gram, order, v, 0, image);
    return ntk_gemm(NTK_NO_TRANSPOSE, NTK_NO_TRANSPOSE, order, columns, order, 1, problem->gram, order, v,
                    columns, 0, image, columns);
}

ntk_status ntk_inference_outputs(const ntk_inference_problem *problem, const double *a, double *image,
                                 double *f) {
    NTK_TRY(ntk_inference_apply(problem, a, image));
    const size_t unknowns = ntk_inference_unknowns(problem);
    for (size_t i = 0; i < unknowns; ++i) f[i] = (problem->f0 ? problem->f0[i] : 0) + image[i];
    return NTK_OK;
}

double ntk_inference_mass(const ntk_inference_problem *problem, const double *v) {
    double sum = 0;
    const size_t unknowns = ntk_inference_unknowns(problem);
    for (size_t i = 0; i < unknowns; ++i) sum += sqrt(ntk_inference_diagonal(problem, i)) * fabs(v[i]);
    return sum;
}

ntk_status ntk_inference_seminorm(const ntk_inference_problem *problem, const double *v, const double *image,
                                  double *norm) {
    const size_t unknowns = ntk_inference_unknowns(problem);
    const double square = ntk_dot(unknowns, v, image);
    if (!isfinite(square)) return ntk_fail(NTK_ERROR_NOT_FINITE, "inference: a norm is not finite");
    /* |v|^T |Theta| |v| <= mass^2 is what the error of the two products is relative to; the order
     * of the sum, which the worst case multiplies, also covers the rounding of the entries of Theta
     * themselves. */
    const double mass = ntk_inference_mass(problem, v);
    if (square < -(double)unknowns * DBL_EPSILON * mass * mass)
        return ntk_fail(NTK_ERROR_NOT_POSITIVE_DEFINITE,
                        "inference: the Gram matrix is not positive semi-definite, a quadratic form is %g",
                        square);
    *norm = square > 0 ? sqrt(square) : 0;
    return NTK_OK;
}

/* ---- prediction ------------------------------------------------------------------------------ */

ntk_status ntk_inference_predict(const ntk_inference_problem *problem, size_t q, const double *cross,
                                 const double *f0_new, const double *a, double *f) {
    NTK_TRY(check_sizes(problem));
    const size_t outputs = problem->outputs, order = problem->order;
    const size_t columns = ntk_inference_unknowns(problem) / order, rows = q * outputs / columns;
    if (f0_new)
        memcpy(f, f0_new, q * outputs * sizeof *f);
    else
        memset(f, 0, q * outputs * sizeof *f);
    return ntk_gemm(NTK_NO_TRANSPOSE, NTK_NO_TRANSPOSE, rows, columns, order, 1, cross, order, a, columns, 1,
                    f, columns);
}
