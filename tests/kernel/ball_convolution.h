/* Convolutional kernels in ball arithmetic, over all pairs of positions: the independent path of
 * their tests.
 */
#ifndef TESTS_KERNEL_BALL_CONVOLUTION_H
#define TESTS_KERNEL_BALL_CONVOLUTION_H

#include <ntk/architecture.h>

#include "base/arb.h"

/* NNGP and NTK of two images (height, width, channels), which may be one; ReLU, erf or GELU. */
void ball_convolution_compute(const ntk_architecture *architecture, const double *x, const double *y,
                              arb_t nngp, arb_t ntk);

#endif
