/* The kernel recursion in ball arithmetic: the independent path of the accuracy tests. */
#ifndef TESTS_KERNEL_BALL_KERNEL_H
#define TESTS_KERNEL_BALL_KERNEL_H

#include <ntk/architecture.h>

#include "base/arb.h"

/* 1200, enough for a dozen layers of any kind; a test of deeper ones may set more. */
extern slong ball_bits;
#define BALL_BITS ball_bits

typedef struct {
    arb_t nngp, ntk;   /* of the pair */
    double scale;      /* sqrt(Theta_xx Theta_x'x') */
    double nngp_scale; /* sqrt(S_xx S_x'x') */
    /* 1 + the sum over layers of what each may amplify, as gram.c bounds it: 1 / (pi sqrt(1 -
     * rho_l^2)), at most 32 / pi, for ReLU (of slope s: times (1 - s)^2 / (1 + s^2); residual
     * networks: times alpha^2 / (1 + alpha^2)); 1 / (1 - u_l^2), at most 64, u_l the argument of
     * the arcsine, for erf and GELU; the exponent, at
     * most 16, for sin and cos. */
    double factor;
} ball_kernel;

void ball_kernel_init(ball_kernel *kernel);
void ball_kernel_clear(ball_kernel *kernel);

/* Dense with an activation that ball_dual knows, or residual (ball_residual.c). y may be x itself:
 * the diagonal. */
void ball_kernel_compute(const ntk_architecture *architecture, size_t d, const double *x, const double *y,
                         ball_kernel *out);
void ball_residual_compute(const ntk_architecture *architecture, size_t d, const double *x, const double *y,
                           ball_kernel *out);

/* |computed - exact|, rounded up to a double: what it says includes the radius of the ball. */
double ball_distance(const arb_t exact, double computed);

/* 1 / (pi sqrt(1 - rho^2)), at most 32 / pi. */
double ball_relu_amplification(const arb_t a, const arb_t c, const arb_t s);

/* E[phi(u) phi(v)] and E[phi'(u) phi'(v)]. */
/* Of leaky ReLU with the slope `ball_slope`, 0.01 at first. */
extern double ball_slope;
void ball_dual(ntk_activation activation, const arb_t a, const arb_t c, const arb_t s, arb_t value,
               arb_t derivative);

#endif
