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

/* How good the solution is. Of the computed numbers
 *
 *     gradient_norm       ||g||, g = grad P at w = J^T a; for lambda = 0 of the loss
 *     relative_residual   ||g|| / (lambda ||w||): but for rounding, a bound of the relative error
 *                         of w; for lambda = 0 that of the interpolation conditions, in
 *                         maximum norm relative to the largest of them
 *
 * And bounds of the distance to the exact solution, w* with outputs f*, rounding included, which
 * hold for each positive semi-definite Theta whose entries lie within 4 u sqrt(Theta_ii Theta_jj),
 * u = 2^-53, of those given (and within what the two triangles differ by), points with equal rows
 * being the same point:
 *
 *     |f_ik - f*_ik| <= output_error at each of the n points,
 *     ||w - w*|| <= weight_error,  | norm - ||w*|| | <= weight_error,
 *     |f(x) - f*(x)| <= sqrt(Theta(x, x)) weight_error at every x, beside the rounding of Theta(x,
 *     X) a,
 *     |objective - min P| <= duality_gap.
 *
 * They are derived in inference/error_bound.c. output_error is the sharpest: it uses the curvature
 * of the loss where the others have lambda only. For lambda = 0, weight_error is NaN, since w is as
 * uncertain as Theta is ill-conditioned, and for softmax output_error speaks of outputs from which
 * their mean at each point has been subtracted. */
typedef struct ntk_logistic_result {
    double objective;         /* P */
    double norm;              /* ||w|| */
    double gradient_norm;     /* as above */
    double relative_residual; /* as above */
    double rounding;          /* the ||g|| that rounding in the evaluation of g explains, as a
                               * rule */
    double duality_gap;       /* bound, as above */
    size_t iterations;        /* Newton steps */
    size_t inner_iterations;  /* conjugate gradients, all Newton steps together */
    double output_error;      /* bound, as above */
    double weight_error;      /* bound, as above */
} ntk_logistic_result;

/* Kernel logistic regression, binary (logistic loss) or multinomial (softmax), for lambda > 0: the
 * minimiser of P (Plenk et al. 2026, the limit of the flow with L2), whose f is unique whatever
 * Theta,
 *
 *     a = -(1 / (n lambda)) (softmax f(X) - Q),        f*(x) = f_0(x) + Theta(x, X) a.
 *
 * Newton's method is run until relative_residual <= tolerance or gradient_norm <= rounding, and
 * from there, if need be, to what double precision allows. NTK_OK means
 *
 *     output_error <= max(1e-6 max(1, |f|), 2 tolerance max_i sqrt(Theta_ii) ||w||),
 *
 * |f| the largest output: anything else is an error. What cannot be had so is, for data that
 * contradict each other at points where Theta is singular to rounding, a lambda below some 1e-10 of
 * Theta_ii / n; there f hangs on the last bits of Theta. At equal points, in the sense of the
 * bounds, the formula for a holds with the mean of their targets, and each has the same share.
 * Where Theta is singular otherwise and data contradict each other, a is the solution of least norm
 * (weighed by about sqrt(Theta_ii)) once the formula's coefficients, of size 1 / (n lambda), would
 * cancel in Theta(x, X) a.
 *
 * For lambda = 0 and targets 0 < q < 1 (Plenk et al. 2026, the limit of the flow with soft
 * targets): the interpolating solution, centred logits = centred log q, with row sums of a zero, as
 * the flow from f_0 finds it. At equal points q is the mean of their targets, where their part of
 * the loss is least. A singular Theta is no error where the logits lie in its range: a is then the
 * solution of least norm, weighed as above.
 *
 * f: (n, K), f*(X), may be NULL; options: NULL for the defaults. Memory: one more matrix like gram,
 * and K + 2 of them for stiff problems. Errors:
 *
 *     NTK_ERROR_ARGUMENT                another loss; lambda = 0 with a target that is 0 or 1,
 *                                       which has no logit (on separable data the limit is the hard
 *                                       margin)
 *     NTK_ERROR_NOT_POSITIVE_DEFINITE   Theta has a direction that is negative by more than
 *                                       rounding; or lambda = 0, Theta is singular to rounding, and
 *                                       the logits are not in its range
 *     NTK_ERROR_NO_CONVERGENCE          f is not known as well as NTK_OK promises, or
 *                                       max_iterations were too few, with what was reached;
 *                                       lambda vanishes beside Theta
 *     NTK_ERROR_NOT_FINITE              P overflows */
ntk_status ntk_inference_logistic(const ntk_inference_problem *problem, const ntk_logistic_options *options,
                                  double *a, double *f, ntk_logistic_result *result);

NTK_END_DECLS

#endif
