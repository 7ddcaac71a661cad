/* Dual activations of tanh, sigmoid and softplus at any variance, as mixtures of arc-cosine
 * kernels. */
#ifndef NTK_KERNEL_MIXTURE_H
#define NTK_KERNEL_MIXTURE_H

#include <ntk/architecture.h>

#include "kernel/angle.h"
#include "kernel/dual.h"

/* At variances q^2 and r^2, q, r >= 0. Some ten microseconds. */
ntk_dual ntk_mixture_dual(ntk_activation activation, double q, double r, const ntk_angle *angle);

#endif
