/* Proved trajectories: a gradient flow of a network, enclosed over all of its path.
 *
 * The network has one hidden layer (architecture.h: dense, depth 1, erf or GELU, no bias, one
 * output, NTK parametrisation); its parameters theta_0, its inputs and targets are the stored
 * doubles, hence exact. The flow is theta' = -grad P, P = L + (lambda / 2) |theta - c|^2, L the
 * mean logistic or the mean squared loss (loss.h). A tube is a piecewise polynomial y(s) with a
 * radius
 * for each piece, such that, proved,
 *
 *     |theta(t(s)) - y(s)| <= error,     t(s) = the integral of 1 / L(y(s)) over s
 *
 * for the logistic loss with targets 0 and 1 and lambda = 0, whose flow goes on for ever; for all
 * others s is t itself. The theorem, its proof and the computation that meets its
 * hypotheses stand in certify/tube.c; what is assumed is that Arb's balls enclose and that the
 * compiler and the processor compute what they are told: no property of a rounded computation, and
 * no integrator's error estimate. */
#ifndef NTK_TUBE_H
#define NTK_TUBE_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/architecture.h>
#include <ntk/interval.h>
#include <ntk/loss.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

typedef struct ntk_tube_problem {
    const ntk_architecture *architecture;
    ntk_loss loss;         /* NTK_LOSS_LOGISTIC, targets in [0, 1]; or NTK_LOSS_SQUARED */
    size_t inputs, width;  /* d, m */
    const double *theta;   /* (m d + m), as in network.h: the flow's start */
    size_t points;         /* n */
    const double *x;       /* (n, d) */
    const double *targets; /* (n) */
    double lambda;         /* of the regulariser, 0 .. 1e6 */
    const double *centre;  /* c: (m d + m), or NULL for zero */
} ntk_tube_problem;

typedef struct ntk_tube_options {
    size_t bits;        /* of the balls, 64 .. 4096; 128 */
    size_t order;       /* N of the polynomials, 4 .. 64; 22 */
    double defect;      /* what a step may add to the error, about; 0: 2^(-bits/2) */
    double start_error; /* the flow may start anywhere within this distance of theta; 0 */
} ntk_tube_options;

ntk_tube_options ntk_tube_options_default(void);

typedef struct ntk_tube ntk_tube;

/* The tube at s = 0. What the problem points to is copied. Errors: NTK_ERROR_ARGUMENT,
 * NTK_ERROR_UNSUPPORTED for another network, NTK_ERROR_NOT_FINITE, NTK_ERROR_SHAPE,
 * NTK_ERROR_MEMORY. */
ntk_status ntk_tube_create(const ntk_tube_problem *problem, const ntk_tube_options *options, ntk_tube **out);
void ntk_tube_destroy(ntk_tube *tube);

/* One more piece. Errors: NTK_ERROR_NO_CONVERGENCE where the hypotheses cannot be met: the error
 * has grown to the size of what it disturbs (more bits help), and from then on always;
 * NTK_ERROR_MEMORY. */
ntk_status ntk_tube_step(ntk_tube *tube);

/* What is proved at the end of the last step; upper ends of intervals and errors are upper bounds.
 */
typedef struct ntk_tube_state {
    size_t steps;
    double s;
    ntk_interval log_time;      /* of t(s); -infinity at the start */
    ntk_interval drift;         /* R = ||K - K_0||_F / ||K_0||_F of the empirical NTK K at
                                 * theta(t(s)) */
    ntk_interval largest_drift; /* of sup R over all times until t(s) */
    ntk_interval log_loss;      /* of log L(theta(t(s))) */
    double error;               /* bound of |theta(t(s)) - y(s)| */
    double expansion;           /* A: until now the flow moved neighbours apart by at most e^A, up
                                 * to s */
    double rest;                /* bound of |theta(t') - y(s)| for every t' >= t(s): infinite but
                                 * where ntk_tube_never proved one */
    double defect;              /* sum of what the polynomials miss of the flow */
} ntk_tube_state;

ntk_status ntk_tube_describe(ntk_tube *tube, ntk_tube_state *out);

/* A parameter vector within *distance of theta(t(s)), proved, at the end of the last step: y(s)
 * rounded to doubles, theta: (m d + m). */
ntk_status ntk_tube_centre(ntk_tube *tube, double *theta, double *distance);

/* A proved exit: the first time T at which R = threshold lies within the interval. */
typedef struct ntk_tube_exit {
    ntk_interval log_time; /* of log T; infinite at both ends where the tube was ended before */
    double s_low, s_high;  /* T lies between t(s_low) and t(s_high) */
    double displacement;   /* a lower bound of ||theta_T - theta_0||, by rounding downwards */
} ntk_tube_exit;

/* Run the tube from where it stands until R has passed each of the thresholds (count), ascending,
 * taken as the exact doubles they are, or until log t > log_horizon. `exits`: (count). R <
 * threshold is proved for all earlier times, R > threshold for one within the interval. After an
 * error the exits before it are proved, the others infinite. Errors: those of ntk_tube_step,
 * NTK_ERROR_ARGUMENT; NTK_ERROR_NO_CONVERGENCE also where R comes so near to a threshold and leaves
 * again that "first" cannot be decided. */
ntk_status ntk_tube_exits(ntk_tube *tube, size_t count, const double *thresholds, double log_horizon,
                          ntk_tube_exit *exits);

/* A loss that can be reached, or a regulariser: is it proved that R stays below the threshold for
 * all time? Runs the tube until it is, or until t > horizon, or R passes. *margin > 0: R <=
 * threshold - *margin for ever; *margin <= 0: not proved. The theorems stand in
 * certify/tube_never.c. Errors: those of ntk_tube_step; NTK_ERROR_ARGUMENT, also for the logistic
 * loss with a target 0 or
 * 1 and lambda = 0, which has no minimum. */
ntk_status ntk_tube_never(ntk_tube *tube, double threshold, double horizon, double *margin);

/* The loss law (docs/loss-law.md) along a tube: integral_0^t ds / (n W_s^2) <= F(nL_0) - F(nL_t), L
 * the logistic loss of the outputs, W_s the norm of the hard margin of the empirical NTK at s, F(x)
 * = x + log(1 - e^{-x}) - 1 / (e^x - 1). Both sides enclosed, W by verified primal and dual vectors
 * over all of the path. */
typedef struct ntk_tube_law {
    ntk_interval log_time;    /* of the t at which it is taken */
    ntk_interval left, right; /* its sides */
    ntk_interval ratio;       /* left / right: at most 1 by the law */
    ntk_interval margin_norm; /* W_t */
} ntk_tube_law;

/* Run a tube from its start; out: (count), each at the end of the first step that is not before its
 * log_times (count), ascending. For a flow of squared loss too, for which the law is false. Errors:
 * those of ntk_tube_step; NTK_ERROR_ARGUMENT. */
ntk_status ntk_tube_loss_law(ntk_tube *tube, size_t count, const double *log_times, ntk_tube_law *out);

NTK_END_DECLS

#endif
