/* Inference: the solutions that kernels predict, computed from a Gram matrix.
 *
 * A linear model f(x) = f_0(x) + <J(x), w> with tangent kernel Theta = J J^T, trained on n points
 * with K outputs, has its solutions in the span of the data: w = J^T a, so
 *
 *     f(X) = f_0(X) + Theta a,      f(x) = f_0(x) + Theta(x, X) a,      ||w||^2 = a^T Theta a.
 *
 * w is theta - theta_0 of a linearised network and the distance that the regulariser penalises;
 * every function here returns the coefficients a (n, K). With m the loss of loss.h (a mean over
 * points) and lambda >= 0
 *
 *     minimise  P(w) = m(f(X)) + (lambda / 2) ||w||^2
 *
 * is kernel regression (squared loss) or kernel logistic regression (logistic and softmax loss);
 * its limit for one-hot targets as lambda -> 0, or as the time of the flow grows, has the direction
 * of the hard margin. */
#ifndef NTK_INFERENCE_PROBLEM_H
#define NTK_INFERENCE_PROBLEM_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/loss.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* What is solved. The arrays stay the caller's. */
typedef struct ntk_inference_problem {
    ntk_loss loss;
    size_t points;  /* n > 0 */
    size_t outputs; /* K: 1 for logistic, >= 2 for softmax, >= 1 for squared loss */
    /* Order of gram: n for a scalar kernel Theta, which stands for Theta (x) I_K, or n K for a full
     * tangent kernel, whose row i K + k is output k at point i (ntk_network_tangent_kernel). */
    size_t order;
    const double *gram;    /* (order, order), full symmetric, positive semi-definite up to
                            * rounding */
    const double *f0;      /* (n, K), initial outputs; NULL for 0 */
    const double *targets; /* (n, K), as of ntk_loss_check */
    double lambda;         /* >= 0 */
} ntk_inference_problem;

/* Equal points. Where rows of gram are equal entry by entry (K of them for a full kernel), and
 * initial outputs too, the points are the same point, seen several times: they share its f, count
 * with the mean of their targets, and have equal parts of its coefficients.
 *
 * Errors of every function that is given a problem: NTK_ERROR_ARGUMENT, NTK_ERROR_SHAPE,
 * NTK_ERROR_NOT_FINITE for a problem that is none, NTK_ERROR_ARGUMENT also for a Gram matrix that
 * is not symmetric, with where (a difference below 2e-13 sqrt(Theta_ii Theta_jj) is rounding, and
 * the lower triangle counts); NTK_ERROR_MEMORY; NTK_ERROR_NOT_POSITIVE_DEFINITE where a diagonal is
 * negative, an entry is larger than its diagonals allow, or the matrix has another direction that
 * is negative by more than rounding (found where it matters, not searched for). After an error the
 * outputs are undefined. */

/* f(x) = f_0(x) + Theta(x, X) a at q new points. cross: (q, n) where problem->order is n, (q K, n
 * K) where it is n K; f0_new: (q, K), NULL for 0; f: (q, K). Of the problem only points, outputs
 * and order are read. */
ntk_status ntk_inference_predict(const ntk_inference_problem *problem, size_t q, const double *cross,
                                 const double *f0_new, const double *a, double *f);

NTK_END_DECLS

#endif
