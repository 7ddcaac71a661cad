/* The hard margin: the direction in which a linear model diverges on separable data. */
#ifndef NTK_HARD_MARGIN_H
#define NTK_HARD_MARGIN_H

#include <ntk/api.h>
#include <ntk/inference_problem.h>

NTK_BEGIN_DECLS

/* The certificate: norm_lower <= ||w_hat|| <= norm_upper, from a dual and a primal feasible point,
 * rounding included, for each positive semi-definite Theta whose entries lie within 4 u
 * sqrt(Theta_ii Theta_jj), u = 2^-53, of those given (and within what the two triangles differ by).
 * The interval contains norm. */
typedef struct ntk_hard_margin_result {
    double norm; /* ||w_hat||; the margin is 1 / norm */
    double norm_lower, norm_upper;
    double kkt_residual;    /* largest violation: margin below 1, or margin of a support vector not
                             * 1 */
    size_t support_vectors; /* constraints with a positive multiplier */
    size_t iterations;
} ntk_hard_margin_result;

/* The maximum-margin solution in the feature space of Theta,
 *
 *     minimise ||w||   s.t.   (2 q_i - 1) <J_i, w> >= 1                        logistic
 *                             <J_{i,y_i} - J_{i,k}, w> >= 1,   all k != y_i    softmax, y_i true
 *
 * targets must be hard (a single class per row); f0 and lambda play no part. With the multipliers
 * alpha >= 0 of these constraints, a_i = (2 q_i - 1) alpha_i, or a_{i,k} = -alpha_{i,k} for k !=
 * y_i and a_{i,y_i} = the sum of the others: <J(x), w_hat> = Theta(x, X) a. f: (n, K), Theta a, may
 * be NULL.
 *
 * The flow of the mean loss over these points in a linear model has, for one-hot targets and t ->
 * infinity,
 *
 *     ||theta_t - theta_0|| / log t -> ||w_hat||,      t L(t) -> ||w_hat||^2
 *
 * whatever n and f_0 (Soudry et al. 2018; derived in inference/hard_margin.c). Meant for up to
 * about a thousand constraints (n, or n (K - 1)): their matrix is stored. Points with equal rows
 * are one point; each of them has the same share of its multipliers, and they count as one support
 * vector.
 *
 * NTK_OK means that the interval of ||w_hat|| is no wider than 1e-6 of it. Errors:
 *
 *     NTK_ERROR_ARGUMENT        soft targets or squared loss; data that this kernel does not
 *                               separate, or only with a norm that rounding does not let be told
 *                               from infinity, which is named
 *     NTK_ERROR_NO_CONVERGENCE  the interval is wider, and named */
ntk_status ntk_inference_hard_margin(const ntk_inference_problem *problem, double *a, double *f,
                                     ntk_hard_margin_result *result);

NTK_END_DECLS

#endif
