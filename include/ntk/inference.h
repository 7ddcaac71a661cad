/* Inference: the solutions that kernels predict, computed from a Gram matrix.
 *
 * A linear model f(x) = f_0(x) + <J(x), w> with tangent kernel Theta = J J^T, trained on n points with K
 * outputs, has its solutions in the span of the data: w = J^T a, so
 *
 *     f(X) = f_0(X) + Theta a,      f(x) = f_0(x) + Theta(x, X) a,      ||w||^2 = a^T Theta a.
 *
 * w is theta - theta_0 of a linearised network and the distance that the regulariser penalises; every
 * function here returns the coefficients a (n, K). With m the loss of dynamics.h (a mean over points) and
 * lambda >= 0
 *
 *     minimise  P(w) = m(f(X)) + (lambda / 2) ||w||^2
 *
 * is kernel regression (squared loss) or kernel logistic regression (logistic and softmax loss); its limit
 * for one-hot targets as lambda -> 0, or as the time of the flow grows, has the direction of the hard margin.
 */
#ifndef NTK_INFERENCE_H
#define NTK_INFERENCE_H

#include <stddef.h>

#include <ntk/dynamics.h>
#include <ntk/status.h>

/* What is solved. The arrays stay the caller's. */
typedef struct ntk_inference_problem {
    ntk_loss loss;
    size_t points;  /* n > 0 */
    size_t outputs; /* K: 1 for logistic, >= 2 for softmax, >= 1 for squared loss */
    /* Order of gram: n for a scalar kernel Theta, which stands for Theta (x) I_K, or n K for a full tangent
     * kernel, whose row i K + k is output k at point i (ntk_network_tangent_kernel). */
    size_t order;
    const double *gram;    /* (order, order), full symmetric, positive semi-definite up to rounding */
    const double *f0;      /* (n, K), initial outputs; NULL for 0 */
    const double *targets; /* (n, K), as of ntk_loss_check */
    double lambda;         /* >= 0 */
} ntk_inference_problem;

/* Errors of every function here: NTK_ERROR_ARGUMENT, NTK_ERROR_SHAPE, NTK_ERROR_NOT_FINITE for a problem that
 * is none, NTK_ERROR_MEMORY; NTK_ERROR_NOT_POSITIVE_DEFINITE where the Gram matrix has a direction that is
 * negative by more than rounding (found where it matters, not searched for). After an error the outputs are
 * undefined. */

/* ---- kernel logistic regression ---- */

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

/* ---- the hard margin ---- */

/* The certificate: norm_lower <= ||w_hat|| <= norm_upper, from a dual and a primal feasible point, up to the
 * rounding of one product with the Gram matrix. */
typedef struct ntk_hard_margin_result {
    double norm; /* ||w_hat||; the margin is 1 / norm */
    double norm_lower, norm_upper;
    double kkt_residual;    /* largest violation: margin below 1, or margin of a support vector not 1 */
    size_t support_vectors; /* constraints with a positive multiplier */
    size_t iterations;
} ntk_hard_margin_result;

/* The maximum-margin solution in the feature space of Theta,
 *
 *     minimise ||w||   s.t.   (2 q_i - 1) <J_i, w> >= 1                         logistic
 *                             <J_{i,y_i} - J_{i,k}, w> >= 1,   all k != y_i     softmax, y_i the true class.
 *
 * targets must be hard (a single class per row); f0 and lambda play no part. With the multipliers alpha >= 0
 * of these constraints, a_i = (2 q_i - 1) alpha_i, or a_{i,k} = -alpha_{i,k} for k != y_i and a_{i,y_i} = the
 * sum of the others: <J(x), w_hat> = Theta(x, X) a. f: (n, K), Theta a, may be NULL.
 *
 * The flow of the mean loss over these points in a linear model has, for one-hot targets and t -> infinity,
 *
 *     ||theta_t - theta_0|| / log t -> ||w_hat||,      t L(t) -> ||w_hat||^2
 *
 * whatever n and f_0 (Soudry et al. 2018; derived in inference/hard_margin.c). Meant for up to about a
 * thousand constraints (n, or n (K - 1)): their matrix is stored. Errors: NTK_ERROR_ARGUMENT for soft targets
 * or squared loss, and where the data are not separable by this kernel; NTK_ERROR_NO_CONVERGENCE where a
 * violation larger than rounding remains. */
ntk_status ntk_inference_hard_margin(const ntk_inference_problem *problem, double *a, double *f,
                                     ntk_hard_margin_result *result);

/* ---- kernel regression and Gaussian processes ---- */

/* Squared loss: a = (Theta + n lambda I)^{-1} (Y - f_0(X)), the minimiser of P and, as f_0(x) + Theta(x, X)
 * a, the posterior mean of a Gaussian process with prior mean f_0, covariance Theta and noise variance n
 * lambda. f: (n, K), may be NULL. relative_residual (may be NULL): ||Y - f_0 - (Theta + n lambda I) a|| / ||Y
 * - f_0||. Errors: NTK_ERROR_NOT_POSITIVE_DEFINITE where Theta + n lambda I is singular to rounding. */
ntk_status ntk_inference_regression(const ntk_inference_problem *problem, double *a, double *f,
                                    double *relative_residual);

/* ---- prediction ---- */

/* f(x) = f_0(x) + Theta(x, X) a at q new points. cross: (q, n) where problem->order is n, (q K, n K) where it
 * is n K; f0_new: (q, K), NULL for 0; f: (q, K). Of the problem only points, outputs and order are read. */
ntk_status ntk_inference_predict(const ntk_inference_problem *problem, size_t q, const double *cross,
                                 const double *f0_new, const double *a, double *f);

#endif
