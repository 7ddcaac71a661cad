/* Gaussian moments of softplus and its derivatives, enclosed. */
#ifndef SMOOTH_ACTIVATIONS_MOMENTS_H
#define SMOOTH_ACTIVATIONS_MOMENTS_H

#include <ntk/formula.h>
#include <ntk/interval.h>
#include <ntk/status.h>

/* gamma_j = E[(phi^(j)(Z))^2], Z ~ N(0, 1), phi(x) = log(1 + e^x), j = 0, 1, 2. out: (3). Errors:
 * those of formulas. */
ntk_status softplus_moments(ntk_interval *out);

#endif
