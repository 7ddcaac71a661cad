/* Soft targets without a regulariser: interpolation of the centred log-probabilities.
 *
 * The mean cross-entropy is smallest, at the entropy of the targets, where softmax f = q, that is where
 *
 *     P f = P log q,   P = I - 1 1^T / K on each row              (softmax)
 *     f = log q - log(1 - q)                                      (logistic; P = I).
 *
 * Rows of dm/df sum to zero, so the flow a' = -dm/df from a = 0 keeps P a = a and ends where
 *
 *     P Theta P a = b,   b = P (log q - f_0),   P a = a,
 *
 * whatever f_0's row means, which never change for a scalar kernel. For Theta (x) I_K this is Theta A = B by
 * columns. For a full kernel P Theta P is singular; P Theta P + tau (I - P), tau > 0, has the same solution
 * on the range of P, where b lies, and is positive definite wherever P Theta P is on that range; tau = the
 * mean diagonal of Theta keeps its condition.
 *
 * The excess. With e = b - P Theta a the centred f differs from its target by e, and a cross-entropy whose
 * curvature is at most h (ntk_loss_curvature) exceeds its minimum by at most h ||e||^2 / 2. */
#include "inference/interpolate.h"

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

static ntk_status conditions(const ntk_inference_problem *problem, double *b) {
    const size_t unknowns = ntk_inference_unknowns(problem);
    for (size_t i = 0; i < unknowns; ++i) {
        const double q = problem->targets[i];
        if (!(q > 0 && q < 1))
            return ntk_fail(
                NTK_ERROR_ARGUMENT,
                "kernel logistic regression without lambda: target (%zu, %zu) is %g, so the loss has "
                "no minimiser (its limit is the hard margin)",
                i / problem->outputs, i % problem->outputs, q);
    }
    ntk_targets_logits(problem->points, problem->outputs, problem->targets, b);
    for (size_t i = 0; problem->f0 && i < unknowns; ++i) b[i] -= problem->f0[i];
    centre(problem, problem->points, b);
    return NTK_OK;
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

static ntk_status solve(const ntk_inference_problem *problem, const double *b, double *matrix, double *a) {
    const size_t order = problem->order, columns = ntk_inference_unknowns(problem) / order;
    centred_kernel(problem, matrix);
    if (ntk_cholesky(order, matrix, order) != NTK_OK)
        return ntk_fail(
            NTK_ERROR_NOT_POSITIVE_DEFINITE,
            "kernel logistic regression without lambda: the kernel is singular and cannot interpolate");
    memcpy(a, b, ntk_inference_unknowns(problem) * sizeof *a);
    NTK_TRY(ntk_cholesky_solve(order, columns, matrix, order, a, columns));
    centre(problem, problem->points, a);
    return NTK_OK;
}

static double largest(size_t n, const double *v) {
    double found = 0;
    for (size_t i = 0; i < n; ++i) found = ntk_larger(found, fabs(v[i]));
    return found;
}

/* error: (n, K), e of the head of this file. cotangent, image: scratch of (n, K). */
static ntk_status certify(const ntk_inference_problem *problem, const double *a, const double *f,
                          const double *b, double *error, double *cotangent, double *image,
                          ntk_logistic_result *result) {
    const size_t n = problem->points, unknowns = ntk_inference_unknowns(problem);
    NTK_TRY(ntk_inference_apply(problem, a, image));
    NTK_TRY(ntk_inference_seminorm(problem, a, image, &result->norm));
    memcpy(error, image, unknowns * sizeof *error);
    centre(problem, n, error);
    for (size_t i = 0; i < unknowns; ++i) error[i] = b[i] - error[i];
    const double size = ntk_norm(unknowns, error), target = largest(unknowns, b);
    result->duality_gap = 0.5 * ntk_loss_curvature(problem->loss, n) * size * size;
    result->relative_residual = target > 0 ? largest(unknowns, error) / target : 0;
    ntk_loss_evaluate(problem->loss, n, problem->outputs, f, problem->targets, &result->objective, cotangent);
    NTK_TRY(ntk_inference_apply(problem, cotangent, image));
    return ntk_inference_seminorm(problem, cotangent, image, &result->gradient_norm);
}

static ntk_status interpolate_with(const ntk_inference_problem *problem, double *scratch, double *matrix,
                                   double *a, double *f, ntk_logistic_result *result) {
    const size_t unknowns = ntk_inference_unknowns(problem);
    double *b = scratch, *error = b + unknowns, *cotangent = error + unknowns, *image = cotangent + unknowns;
    double *outputs = f ? f : image + unknowns;
    NTK_TRY(conditions(problem, b));
    NTK_TRY(solve(problem, b, matrix, a));
    NTK_TRY(ntk_inference_outputs(problem, a, image, outputs));
    return certify(problem, a, outputs, b, error, cotangent, image, result);
}

ntk_status ntk_interpolate(const ntk_inference_problem *problem, double *a, double *f,
                           ntk_logistic_result *result) {
    double *scratch = NULL, *matrix = NULL;
    ntk_status status = ntk_allocate_doubles(5 * ntk_inference_unknowns(problem), &scratch);
    if (status == NTK_OK) status = ntk_allocate_doubles(problem->order * problem->order, &matrix);
    if (status == NTK_OK) status = interpolate_with(problem, scratch, matrix, a, f, result);
    ntk_release(matrix);
    ntk_release(scratch);
    return status;
}
