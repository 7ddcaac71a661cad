/* Proved trajectories of linear models under the logistic loss.
 *
 * The outputs f of a linear model with the tangent kernel Theta move by
 *
 *     f' = -Theta grad_f L,   L = (1/n) sum_i log(1 + e^{-y_i f_i}),   y_i = 1 or -1:
 *
 * a linearised network, or the limit of infinite width; kernel logistic regression without a
 * regulariser. The flow contracts in the norm of Theta^{-1}, so that what a numerical path misses
 * of it adds up and is never amplified: outputs are enclosed at any time, log t = 30 or more
 * included. Theorem, proof and computation: certify/linear_flow.c. What is assumed is that Arb's
 * balls enclose and that the compiler and the processor compute what they are told. */
#ifndef NTK_LINEAR_FLOW_H
#define NTK_LINEAR_FLOW_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/interval.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

typedef struct ntk_linear_flow_problem {
    size_t points;         /* n, up to 4096 */
    const double *kernel;  /* (n, n), symmetric; the lower triangle is read: a stored matrix,
                            * exact */
    double kernel_error;   /* Theta is any matrix within this of it in the 2-norm (certify.h); 0 */
    const double *outputs; /* (n): f at t = 0, exact */
    const double *targets; /* (n): 0 or 1, y = 2 target - 1 */
} ntk_linear_flow_problem;

typedef struct ntk_linear_flow_options {
    size_t bits;   /* of the balls, 64 .. 4096; 128 */
    size_t order;  /* N of the polynomials, 4 .. 64; 22 */
    double defect; /* what a step may add to the error, about; 0: 2^(-bits/2) */
} ntk_linear_flow_options;

ntk_linear_flow_options ntk_linear_flow_options_default(void);

typedef struct ntk_linear_flow ntk_linear_flow;

/* The flow at t = 0. What the problem points to is copied. Errors: NTK_ERROR_NOT_POSITIVE_DEFINITE
 * where the kernel is not certain to be, with kernel_error off its smallest eigenvalue;
 * NTK_ERROR_ARGUMENT, NTK_ERROR_NOT_FINITE, NTK_ERROR_SHAPE, NTK_ERROR_MEMORY. */
ntk_status ntk_linear_flow_create(const ntk_linear_flow_problem *problem,
                                  const ntk_linear_flow_options *options, ntk_linear_flow **out);
void ntk_linear_flow_destroy(ntk_linear_flow *flow);

/* Enclosures of the outputs, (n), at t = e^log_time, for every Theta of the problem. The flow runs
 * there from where it stands; times are to be asked for in ascending order, until log t = 700.
 * Errors: NTK_ERROR_NO_CONVERGENCE where a step cannot be bounded, and from then on always;
 * NTK_ERROR_ARGUMENT for an
 * earlier time than the last step's; NTK_ERROR_MEMORY. */
ntk_status ntk_linear_flow_outputs(ntk_linear_flow *flow, double log_time, ntk_interval *outputs);

/* What is proved at the end of the last step, which is behind the time that was asked for last:
 * upper bounds. |f(t) - path(t)| <= error in the norm of Theta^{-1}, for all times until there. */
typedef struct ntk_linear_flow_state {
    size_t steps;
    ntk_interval log_time;
    double lambda_min; /* a lower bound of that of Theta */
    double error;      /* remainder, rounding and kernel, the first two in the same norm */
    double remainder;  /* of the Taylor polynomials */
    double rounding;   /* of their coefficients, and at the ends of steps */
    double kernel;     /* of the kernel's entries */
} ntk_linear_flow_state;

void ntk_linear_flow_describe(const ntk_linear_flow *flow, ntk_linear_flow_state *out);

NTK_END_DECLS

#endif
