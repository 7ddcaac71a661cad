/* Kernel logistic regression. */
#ifndef NTK_LOGISTIC_H
#define NTK_LOGISTIC_H

#include <ntk/api.h>
#include <ntk/inference_problem.h>

NTK_BEGIN_DECLS

typedef struct ntk_logistic_options {
    double tolerance;      /* of the relative residual; 1e-10 */
    size_t max_iterations; /* Newton steps; 200 */
} ntk_logistic_options;

ntk_logistic_options ntk_logistic_options_default(void);

/* The certificate. With g = grad P at the w returned and lambda > 0 (derived in inference/logistic.c):
 *
 *     P(w) - min P <= duality gap = ||g||^2 / (2 lambda),     ||w - w*|| <= ||g|| / lambda,
 *     |f(x) - f*(x)| <= sqrt(Theta(x, x)) ||g|| / lambda      at every x.
 *
 * lambda = 0: the gap is an upper bound of L - inf L, and the residual that of the interpolation conditions,
 * in maximum norm relative to the largest of them. All are recomputed from a by a fresh product with Theta.
 */
typedef struct ntk_logistic_result {
    double objective;         /* P */
    double norm;              /* ||w|| */
    double gradient_norm;     /* ||g|| */
    double relative_residual; /* ||g|| / (lambda ||w||), a bound of the relative error of w */
    double rounding;          /* the ||g|| that rounding in the evaluation of g explains */
    double duality_gap;
    size_t iterations;       /* Newton steps */
    size_t inner_iterations; /* conjugate gradients, all Newton steps together */
} ntk_logistic_result;

/* Kernel logistic regression, binary (logistic loss) or multinomial (softmax), for lambda > 0: the minimiser
 * of P (Plenk et al. 2026, the limit of the flow with L2), whose f is unique whatever Theta,
 *
 *     a = -(1 / (n lambda)) (softmax f(X) - Q),        f*(x) = f_0(x) + Theta(x, X) a.
 *
 * Newton's method is run until relative_residual <= tolerance, or until gradient_norm <= rounding: then f
 * satisfies its equation up to the rounding of Theta a. Where that is the larger of the two - a tiny lambda
 * with soft targets, or with a singular kernel and data that contradict each other, whose coefficients of
 * size 1 / (n lambda) cancel in Theta a - relative_residual says what is left of the bound on w.
 *
 * For lambda = 0 and targets 0 < q < 1 (Plenk et al. 2026, the limit of the flow with soft targets): the
 * interpolating solution, centred logits = centred log q, with row sums of a zero, as the flow from f_0 finds
 * it.
 *
 * f: (n, K), f*(X), may be NULL; options: NULL for the defaults. Memory: one more matrix like gram. Errors:
 * NTK_ERROR_ARGUMENT for lambda = 0 with a target that is 0 or 1: there is no minimiser;
 * NTK_ERROR_NOT_POSITIVE_DEFINITE for lambda = 0 with a singular kernel; NTK_ERROR_NO_CONVERGENCE, with the
 * residual reached. */
ntk_status ntk_inference_logistic(const ntk_inference_problem *problem, const ntk_logistic_options *options,
                                  double *a, double *f, ntk_logistic_result *result);

NTK_END_DECLS

#endif
