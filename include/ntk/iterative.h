/* Kernel regression and kernel logistic regression where the Gram matrix does not fit into memory:
 * preconditioned conjugate gradients on tiles (tiles.h), and answers whose error is bounded.
 *
 * The problems are those of inference_problem.h with a scalar kernel Theta, n points and K outputs,
 * solved in the coefficients a (n, K): f = f_0 + Theta a. Equal points need no care here: with
 * lambda > 0 the formulas for a hold as they stand, each point having its own coefficients.
 *
 * What is proved. Theta is any positive semi-definite matrix whose entries lie within entry_error
 * sqrt(Theta_ii Theta_jj) of the numbers that the tiles (the reference, where there is one) hold.
 * At the end the residual is computed anew from these numbers, as if in twice the working
 * precision, by other code than that which iterated, and with its own rounding bounded
 * (ntk_tiles_apply_compensated); whatever conjugate gradients, the preconditioner or the library of
 * BLAS did wrong remains in it. Let rho be that residual of Theta, R >= ||rho|| the bound. Since
 * Theta is positive semi-definite, the shift gives the rest for free:
 *
 *     ||a - a*|| <= R / (n lambda + lambda_min),     ||f - f*|| <= R        (regression),
 *     ||w - w*|| <= R / (2 sqrt(n lambda)),          w = J^T a
 *     ||w - w*|| <= N / lambda,  |f_i - f*_i| <= sqrt(Theta_ii) N / lambda      (logistic),
 *
 * a* = (Theta + n lambda I)^{-1} (Y - f_0), lambda_min <= the smallest eigenvalue of Theta, and N
 * >= ||J^T r||, r = dm/df + lambda a, as in logistic.h. Derived in inference/iterative_residual.c
 * and inference/iterative_logistic.c. What is presupposed is what certify/cholesky.c presupposes,
 * and of exp and log an error of at most two units in the last place. NTK_OK means that the bound
 * meets the tolerance asked for, nothing less.
 *
 * That there is such a Theta is presupposed, and not shown: pairs of points are looked at
 * (ntk_tiles_check), pivots and directions that turn out negative are errors, but a matrix with a
 * negative eigenvalue above -n lambda may pass. Of the kernel of points it is a theorem. Of a
 * matrix
 * of unknown origin only the bound R of the residual stands without it; a proved lambda_min
 * (ntk_extremes_certify) shows it, or does without it where it is negative.
 *
 * Work. An iteration is one product with Theta, a pass over the tiles of its lower triangle, for
 * all outputs together; the preconditioner (inference/pivoted.c) costs n rank^2 once and 4 n rank K
 * an iteration. Memory: n (rank + 64 + 20 K) doubles and a tile for each worker. The bits of the
 * result do not depend on the number of workers. */
#ifndef NTK_ITERATIVE_H
#define NTK_ITERATIVE_H

#include <stddef.h>
#include <stdint.h>

#include <ntk/api.h>
#include <ntk/architecture.h>
#include <ntk/kernel.h>
#include <ntk/loss.h>
#include <ntk/status.h>
#include <ntk/tiles.h>

NTK_BEGIN_DECLS

typedef struct ntk_iterative_problem {
    ntk_loss loss;          /* squared; logistic, softmax */
    size_t outputs;         /* K */
    const ntk_tiles *tiles; /* Theta, for the iterations: float32 from a file may do */
    /* Theta for residuals, of the same order; NULL: tiles. With the points at hand their kernel,
     * computed anew: then the answer is that of the points, whatever the file holds. */
    const ntk_tiles *reference;
    const double *f0;      /* (n, K), NULL for 0 */
    const double *targets; /* (n, K), as of ntk_loss_check */
    double lambda;         /* >= 0; > 0 for logistic and softmax */
    /* A lower bound of the smallest eigenvalue of the numbers that the reference (tiles, without
     * one) holds, proved by ntk_extremes_certify, say. The lambda_min above is this less
     * entry_error trace(Theta), or 0 where that is negative. 0: nothing is known. Regression: may
     * be negative;
     * then Theta is any symmetric matrix as near as that, definite or not, lambda_min that
     * difference, ||f - f*|| <= R max(1, |lambda_min| / (n lambda + lambda_min)), and there is no
     * bound of w, nor of a and f where n lambda + lambda_min is not positive. */
    double lambda_min;
} ntk_iterative_problem;

/* Where the work is, as it goes on. */
typedef struct ntk_iterative_progress {
    size_t iterations, steps; /* as of the result */
    double excess;            /* the residual over what is aimed at, without rigour: at the end
                               * about 1 or less */
} ntk_iterative_progress;

/* Any other status than NTK_OK ends the work and is returned: NTK_ERROR_CANCELLED, say. */
typedef ntk_status (*ntk_iterative_watch)(const ntk_iterative_progress *progress, void *context);

typedef struct ntk_iterative_options {
    /* Regression: of R / ||Y - f_0|| for each output (column), a bound of the error of f too.
     * Logistic: of N / (lambda ||w||), a bound of the relative error of w, which w* = 0 never
     * meets. 1e-10; 1e-8. */
    double tolerance;
    /* Logistic, where ||w|| < W / 100, w being next to nothing: or else of N / (lambda W), W the
     * largest ||w*|| that the problem allows,
     *
     *     W = min((2 P(0) / lambda)^{1/2}, 2^{1/2} mean_i Theta_ii^{1/2} / lambda),
     *
     * for P(w*) <= P(0), and lambda w* = -J^T dm/df with ||n dm/df_i|| <= 2^{1/2}. Beyond
     * `tolerance` it counts as that. 1e-10; 0: w* = 0 is refused. */
    double absolute_tolerance;
    double coefficient_tolerance; /* regression: of ||a - a*|| / ||a||, each output; infinity:
                                   * not asked for, the default */
    double entry_error;           /* as above; 2^-51, four times the rounding of an entry */
    size_t rank;                  /* of the preconditioner; 500 */
    size_t max_iterations;        /* products by conjugate gradients, in all; 2000 */
    uint64_t seed;                /* of the preconditioner's pivots; 1 */
    ntk_iterative_watch watch;    /* called before each iteration; NULL */
    void *context;                /* of it */
} ntk_iterative_options;

ntk_iterative_options ntk_iterative_options_default(ntk_loss loss);

typedef struct ntk_iterative_result {
    double residual;          /* bound: the largest R / ||Y - f_0||; or N / (lambda ||w||), which
                               * may be infinite for w = 0 */
    double output_error;      /* bound of |f_ik - f*_ik| for all i and k */
    double coefficient_error; /* bound: the largest ||a - a*|| / ||a||; or of ||w - w*||;
                               * infinite for lambda = lambda_min = 0, and for a = 0 that is not
                               * exact */
    double weight_error;      /* bound of ||w - w*||, w = J^T a, of each output (logistic: of all
                               * together); infinite for lambda = lambda_min = 0 */
    double rounding;          /* what of `residual` is due to rounding and entry_error: no iteration
                               * can do better; infinite with it */
    size_t iterations;        /* of conjugate gradients */
    size_t steps;             /* refinements; Newton steps */
    size_t rank;              /* of the preconditioner */
} ntk_iterative_result;

/* Squared loss: a of (Theta + n lambda I) a = Y - f_0. Where the residual computed anew is too
 * large, the system is solved for it and a corrected: with a reference, a rough Theta is enough for
 * the iterations. options: NULL for the defaults; f: (n, K), may be NULL. Errors:
 *
 *     NTK_ERROR_NO_CONVERGENCE          the tolerance is not met, with what was reached and what
 *                                       of it is rounding; a, f and *result are filled
 *     NTK_ERROR_NOT_POSITIVE_DEFINITE   a direction in which Theta + n lambda I, or the
 *                                       preconditioner, is negative
 *     NTK_ERROR_NOT_FINITE              numbers or products beyond the range, with their sizes
 *     NTK_ERROR_ARGUMENT, NTK_ERROR_SHAPE, NTK_ERROR_MEMORY, and those of ntk_tiles_check and of
 *     reading tiles */
ntk_status ntk_iterative_regression(const ntk_iterative_problem *problem,
                                    const ntk_iterative_options *options, double *a, double *f,
                                    ntk_iterative_result *result);

/* Logistic and softmax loss, lambda > 0: the minimiser of P by Newton's method with a line search,
 * whose systems
 *
 *     (n lambda I + G^T Theta G) z = G^T Theta R,     G G^T = n d2m/df2,  R = n r,
 *     step = (G z - R) / (n lambda)
 *
 * are solved by conjugate gradients, to a precision that grows as r falls. Errors: as above. */
ntk_status ntk_iterative_logistic(const ntk_iterative_problem *problem, const ntk_iterative_options *options,
                                  double *a, double *f, ntk_iterative_result *result);

/* f = Theta(y, X) a at q new points y, in blocks, for a and weight_error of a solution at the
 * points x. radius (q), NULL for none, bounds the distance to what the exact solution predicts:
 *
 *     |f_jk - f*_jk| <= radius_j = sqrt(Theta(y_j, y_j)) (weight_error + max_k e_k),
 *     e_k = (entry_error + (n + 64) u) sum_i sqrt(Theta_ii) |a_ik|,
 *
 * the first by Cauchy and Schwarz, for every Theta as above that is positive semi-definite on old
 * and new points together; e_k is rounding. f_0 is for the caller to add. x: (n, d), y: (q, d), a:
 * (n, outputs), f: (q, outputs), without gaps. Memory: blocks of 4 MiB. Errors: those of
 * ntk_kernel_blocks_create; NTK_ERROR_NOT_FINITE with the position. */
ntk_status ntk_iterative_predict(const ntk_architecture *architecture, ntk_kernel_type type, size_t n,
                                 size_t q, size_t d, const double *x, const double *y, size_t outputs,
                                 const double *a, double weight_error, double entry_error, double *f,
                                 double *radius);

NTK_END_DECLS

#endif
