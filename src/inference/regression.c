/* Kernel regression. P(a) = (1/2n) ||f_0 + Theta a - Y||^2 + (lambda/2) a^T Theta a is stationary
 * where Theta ((Theta + n lambda I) a - (Y - f_0)) = 0. Over the distinct points, of which m were
 * given each, with the means y of their targets (distinct.h),
 *
 *     (Theta + n lambda M^{-1}) a = y - f_0,     M = diag(m).
 *
 * A step of iterative refinement follows the solve: it costs a product and removes what an
 * ill-conditioned Theta does to the residual.
 *
 * What OK means. Let rho = y - f_0 - (Theta + n lambda M^{-1}) a be what is left and f* the exact
 * solution. In the norm weighed by m,
 *
 *     f* - (f_0 + Theta a) = Theta (Theta + n lambda M^{-1})^{-1} rho,
 *     ||f* - f||_M <= ||rho||_M,
 *
 * since M^{1/2} times that matrix times M^{-1/2} is K (K + n lambda I)^{-1} with K = M^{1/2} Theta
 * M^{1/2}. So the residual bounds the error of f, whatever the condition of Theta, up to the
 * rounding of the products. For lambda = 0, f* = y and the error is seen as it is. Where it is too
 * large the residual is evaluated as if in twice the precision, and refinement goes on; where the
 * matrix is singular to rounding, its pseudo-inverse (range.c) takes the place of the
 * factorisation. Of the part of y - f_0 outside the range f has all, where the eigenvalues that
 * rounding hides are large beside n lambda, or nothing, where they are 0: it remains in rho. */
#include <ntk/regression.h>

#include <float.h>
#include <math.h>
#include <string.h>

#include <ntk/inference_problem.h>
#include <ntk/linalg.h>
#include <ntk/loss.h>
#include <ntk/memory.h>

#include "inference/compensated.h"
#include "inference/distinct.h"
#include "inference/error_bound.h"
#include "inference/inference_problem.h"
#include "inference/range.h"

/* The error of f with which a solution is returned, relative to the size of y - f_0 (both max
 * norms). */
static const double accepted_error = 1e-6;

/* Arrays of (n, K) of the distinct points, but for the matrix. */
typedef struct regression {
    const ntk_distinct *distinct;
    const ntk_inference_problem *problem; /* that of the distinct points */
    size_t unknowns, columns;             /* columns of a as the kernel sees it */
    double *matrix;                       /* (order, order), Theta + n lambda M^{-1}, or its
                                           * factor */
    double *a, *f, *image, *residual, *step;
    double size; /* max |y - f_0| */
} regression;

/* n lambda / m of an unknown. */
static double ridge(const regression *s, size_t unknown) {
    const double *copies = s->distinct->copies;
    const double all = (double)s->distinct->all * s->problem->lambda;
    return copies ? all / copies[unknown / s->problem->outputs] : all;
}

static double wanted(const regression *s, size_t unknown) {
    return s->problem->targets[unknown] - (s->problem->f0 ? s->problem->f0[unknown] : 0);
}

/* residual = y - f_0 - (Theta + n lambda M^{-1}) a, and the image Theta a. */
static ntk_status evaluate_residual(regression *s, bool compensated) {
    NTK_TRY(compensated ? ntk_inference_apply_compensated(s->problem, s->a, s->image)
                        : ntk_inference_apply(s->problem, s->a, s->image));
    for (size_t i = 0; i < s->unknowns; ++i)
        s->residual[i] = wanted(s, i) - (s->image[i] + ridge(s, i) * s->a[i]);
    return NTK_OK;
}

static double largest(size_t n, const double *v) {
    double found = 0;
    for (size_t i = 0; i < n; ++i) found = ntk_larger(found, fabs(v[i]));
    return found;
}

/* An upper bound of |f* - f| at every output, f computed from the image. Each copy of a point
 * counts once in ||rho||_M. */
static double bound_error(const regression *s, bool compensated) {
    const ntk_inference_problem *problem = s->problem;
    const double *copies = s->distinct->copies, mass = ntk_inference_mass(problem, s->a);
    const double product =
        (compensated ? ntk_compensated_error(problem->order) : ntk_product_error(problem->order)) +
        s->distinct->gram_error;
    double square = 0, rounding = 0, root = 0;
    if (problem->lambda == 0) return largest(s->unknowns, s->residual) + DBL_EPSILON * s->size;
    for (size_t i = 0; i < s->unknowns; ++i) root = fmax(root, sqrt(ntk_inference_diagonal(problem, i)));
    for (size_t i = 0; i < s->unknowns; ++i) {
        const double own = product * sqrt(ntk_inference_diagonal(problem, i)) * mass;
        const double sum =
            DBL_EPSILON * (fabs(s->image[i]) + fabs(ridge(s, i) * s->a[i]) + fabs(wanted(s, i)));
        const double rho = (fabs(s->residual[i]) + own + sum) / s->size;
        square += (copies ? copies[i / problem->outputs] : 1) * rho * rho;
        rounding = fmax(rounding, own + sum);
    }
    return s->size * sqrt(square) + rounding;
}

/* Refine with the factor in `matrix`. */
static ntk_status refine(regression *s, int passes, bool compensated) {
    const size_t order = s->problem->order;
    for (int pass = 0; pass < passes; ++pass) {
        NTK_TRY(ntk_cholesky_solve(order, s->columns, s->matrix, order, s->residual, s->columns));
        for (size_t i = 0; i < s->unknowns; ++i) s->a[i] += s->residual[i];
        NTK_TRY(evaluate_residual(s, compensated));
    }
    return NTK_OK;
}

static void load_matrix(regression *s) {
    const size_t order = s->problem->order, rows = order / s->problem->points;
    memcpy(s->matrix, s->problem->gram, order * order * sizeof *s->matrix);
    for (size_t i = 0; i < order; ++i) s->matrix[i * order + i] += ridge(s, i / rows * s->problem->outputs);
}

static ntk_status try_factorisation(regression *s, double *error) {
    const size_t order = s->problem->order;
    *error = INFINITY;
    load_matrix(s);
    if (ntk_cholesky(order, s->matrix, order) != NTK_OK) return NTK_OK;
    memset(s->a, 0, s->unknowns * sizeof *s->a);
    NTK_TRY(evaluate_residual(s, false));
    NTK_TRY(refine(s, 2, false));
    *error = bound_error(s, false);
    if (*error <= accepted_error * s->size) return NTK_OK;
    NTK_TRY(evaluate_residual(s, true));
    NTK_TRY(refine(s, 3, true));
    *error = bound_error(s, true);
    return NTK_OK;
}

/* In the range of the matrix D (Theta + n lambda M^{-1}) D; the rest of y - f_0 is left out. */
static ntk_status try_range(regression *s, const ntk_range *range, double *error) {
    NTK_TRY(evaluate_residual(s, true));
    for (int pass = 0; pass < 3; ++pass) {
        NTK_TRY(ntk_range_solve(range, s->columns, s->residual, s->step));
        for (size_t i = 0; i < s->unknowns; ++i) s->a[i] += s->step[i];
        NTK_TRY(evaluate_residual(s, true));
    }
    *error = bound_error(s, true);
    return NTK_OK;
}

static ntk_status refuse(const regression *s, const ntk_range *range, double error) {
    if (ntk_range_is_indefinite(range))
        return ntk_fail(NTK_ERROR_NOT_POSITIVE_DEFINITE,
                        "kernel regression: the Gram matrix is not positive semi-definite, with its diagonal "
                        "brought to about 1 an eigenvalue of Theta + n lambda I is %g",
                        range->smallest);
    return ntk_fail(
        NTK_ERROR_NOT_POSITIVE_DEFINITE,
        "kernel regression: Theta + n lambda I is singular to rounding, of rank %zu at %zu distinct "
        "points, which leaves f uncertain by %g",
        range->rank, s->problem->points, error);
}

static ntk_status solve_singular(regression *s) {
    ntk_range range;
    double error = INFINITY;
    load_matrix(s);
    NTK_TRY(ntk_range_create(s->problem->order, s->matrix, &range));
    memset(s->a, 0, s->unknowns * sizeof *s->a);
    ntk_status status = ntk_range_is_indefinite(&range) ? NTK_OK : try_range(s, &range, &error);
    if (status == NTK_OK && !(error <= accepted_error * s->size)) status = refuse(s, &range, error);
    ntk_range_release(&range);
    return status;
}

static ntk_status solve(regression *s, double *relative_residual) {
    double error = INFINITY, scaled = 0, whole = 0;
    for (size_t i = 0; i < s->unknowns; ++i) s->size = ntk_larger(s->size, fabs(wanted(s, i)));
    if (!isfinite(s->size))
        return ntk_fail(NTK_ERROR_NOT_FINITE,
                        "kernel regression: targets and initial outputs lie too far apart");
    if (s->size > 0) NTK_TRY(try_factorisation(s, &error));
    if (s->size > 0 && !(error <= accepted_error * s->size)) NTK_TRY(solve_singular(s));
    for (size_t i = 0; i < s->unknowns; ++i) s->f[i] = (s->problem->f0 ? s->problem->f0[i] : 0) + s->image[i];
    if (!ntk_all_finite(s->unknowns, s->a) || !ntk_all_finite(s->unknowns, s->f))
        return ntk_fail(NTK_ERROR_NOT_FINITE, "kernel regression: the solution is not finite");
    if (!relative_residual) return NTK_OK;
    for (size_t i = 0; i < s->unknowns && s->size > 0; ++i) {
        scaled += pow(s->residual[i] / s->size, 2);
        whole += pow(wanted(s, i) / s->size, 2);
    }
    *relative_residual = s->size > 0 ? sqrt(scaled / whole) : 0;
    return NTK_OK;
}

ntk_status ntk_inference_regression(const ntk_inference_problem *problem, double *a, double *f,
                                    double *relative_residual) {
    if (problem->loss != NTK_LOSS_SQUARED)
        return ntk_fail(NTK_ERROR_ARGUMENT, "kernel regression needs the squared loss");
    ntk_distinct distinct;
    NTK_TRY(ntk_distinct_create(problem, &distinct));
    const size_t unknowns = ntk_inference_unknowns(&distinct.problem), order = distinct.problem.order;
    regression s = {.distinct = &distinct, .problem = &distinct.problem, .unknowns = unknowns};
    s.columns = unknowns / order;
    double *memory = NULL;
    ntk_status status = ntk_allocate_doubles(order * order + 5 * unknowns, &memory);
    if (status == NTK_OK) {
        double **const arrays[] = {&s.a, &s.f, &s.image, &s.residual, &s.step};
        for (size_t i = 0; i < 5; ++i) *arrays[i] = memory + order * order + i * unknowns;
        s.matrix = memory;
        status = solve(&s, relative_residual);
    }
    if (status == NTK_OK) ntk_distinct_spread_coefficients(&distinct, s.a, a);
    if (status == NTK_OK && f) ntk_distinct_spread_outputs(&distinct, s.f, f);
    ntk_release(memory);
    ntk_distinct_release(&distinct);
    return status;
}
