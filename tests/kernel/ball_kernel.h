/* The kernel recursion in ball arithmetic: the independent path of the accuracy tests. */
#ifndef TESTS_KERNEL_BALL_KERNEL_H
#define TESTS_KERNEL_BALL_KERNEL_H

#include <ntk/architecture.h>

#include "base/arb.h"

enum { BALL_BITS = 400 };

typedef struct {
    arb_t nngp, ntk;    /* of the pair */
    double scale;       /* sqrt(Theta_xx Theta_x'x') */
    double nngp_scale;  /* sqrt(S_xx S_x'x') */
    double relu_factor; /* 1 + sum_l 1 / (pi sqrt(1 - rho_l^2)), the first layer's capped at 32; for residual
                           networks the sum is multiplied by alpha^2 / (1 + alpha^2) */
    double smooth_factor; /* sum_l 1 + 1 / (1 - u_l^2), u_l the argument of erf's or GELU's arcsine */
} ball_kernel;

void ball_kernel_init(ball_kernel *kernel);
void ball_kernel_clear(ball_kernel *kernel);

/* Dense with ReLU, erf or GELU, or residual (ball_residual.c). y may be x itself: the diagonal. */
void ball_kernel_compute(const ntk_architecture *architecture, size_t d, const double *x, const double *y,
                         ball_kernel *out);
void ball_residual_compute(const ntk_architecture *architecture, size_t d, const double *x, const double *y,
                           ball_kernel *out);

/* |computed - exact|, rounded up to a double: what it says includes the radius of the ball. */
double ball_distance(const arb_t exact, double computed);

/* 1 / (pi sqrt(1 - rho^2)), in the first layer (0) at most 32 / pi. */
double ball_relu_amplification(const arb_t a, const arb_t c, const arb_t s, size_t layer);

/* E[phi(u) phi(v)] and E[phi'(u) phi'(v)]. */
void ball_dual(ntk_activation activation, const arb_t a, const arb_t c, const arb_t s, arb_t value,
               arb_t derivative);

#endif
