/* Kernel regression. P(a) = (1/2n) ||f_0 + Theta a - Y||^2 + (lambda/2) a^T Theta a is stationary where
 * Theta ((Theta + n lambda I) a - (Y - f_0)) = 0. One step of iterative refinement follows the solve: it
 * costs a product and removes what an ill-conditioned Theta does to the residual. */
#include <ntk/regression.h>

#include <math.h>
#include <string.h>

#include <ntk/inference_problem.h>
#include <ntk/linalg.h>
#include <ntk/loss.h>
#include <ntk/memory.h>
#include <ntk/status.h>

#include "inference/inference_problem.h"

/* residual = Y - f_0 - (Theta + ridge I) a. */
static ntk_status evaluate_residual(const ntk_inference_problem *problem, double ridge, const double *a,
                                    double *residual) {
    NTK_TRY(ntk_inference_apply(problem, a, residual));
    const size_t unknowns = ntk_inference_unknowns(problem);
    for (size_t i = 0; i < unknowns; ++i) {
        const double wanted = problem->targets[i] - (problem->f0 ? problem->f0[i] : 0);
        residual[i] = wanted - (residual[i] + ridge * a[i]);
    }
    return NTK_OK;
}

/* matrix: (order, order), residual: (n, K), scratch. */
static ntk_status solve(const ntk_inference_problem *problem, double *matrix, double *residual, double *a,
                        double *relative_residual) {
    const size_t unknowns = ntk_inference_unknowns(problem), order = problem->order;
    const size_t columns = unknowns / order;
    const double ridge = (double)problem->points * problem->lambda;
    memcpy(matrix, problem->gram, order * order * sizeof *matrix);
    for (size_t i = 0; i < order; ++i) matrix[i * order + i] += ridge;
    NTK_TRY(ntk_cholesky(order, matrix, order));
    memset(a, 0, unknowns * sizeof *a);
    NTK_TRY(evaluate_residual(problem, ridge, a, residual));
    const double size = ntk_norm(unknowns, residual);
    for (int pass = 0; pass < 2; ++pass) {
        NTK_TRY(ntk_cholesky_solve(order, columns, matrix, order, residual, columns));
        for (size_t i = 0; i < unknowns; ++i) a[i] += residual[i];
        NTK_TRY(evaluate_residual(problem, ridge, a, residual));
    }
    if (!ntk_all_finite(unknowns, a))
        return ntk_fail(NTK_ERROR_NOT_FINITE, "kernel regression: the coefficients are not finite");
    if (relative_residual) *relative_residual = size > 0 ? ntk_norm(unknowns, residual) / size : 0;
    return NTK_OK;
}

ntk_status ntk_inference_regression(const ntk_inference_problem *problem, double *a, double *f,
                                    double *relative_residual) {
    NTK_TRY(ntk_inference_check(problem));
    if (problem->loss != NTK_LOSS_SQUARED)
        return ntk_fail(NTK_ERROR_ARGUMENT, "kernel regression needs the squared loss");
    double *matrix = NULL, *residual = NULL;
    ntk_status status = ntk_allocate_doubles(problem->order * problem->order, &matrix);
    if (status == NTK_OK) status = ntk_allocate_doubles(ntk_inference_unknowns(problem), &residual);
    if (status == NTK_OK) status = solve(problem, matrix, residual, a, relative_residual);
    if (status == NTK_OK && f) status = ntk_inference_outputs(problem, a, residual, f);
    ntk_release(residual);
    ntk_release(matrix);
    return status;
}
