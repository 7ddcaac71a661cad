/* Residual networks of infinite width: their constants and what single points bring to the
 * recursion. */
#ifndef NTK_KERNEL_RESIDUAL_H
#define NTK_KERNEL_RESIDUAL_H

#include <stdbool.h>

#include "kernel/kernel_points.h"

/* ReLU, w^2 = 2 and no biases; false for another family. */
bool ntk_residual_is_plain(const ntk_architecture *architecture);

/* z b^2 of residual.c; 0 for another family. */
double ntk_residual_started(const ntk_architecture *architecture);

/* For inputs of dimension d; zeros for another family. */
ntk_skips ntk_residual_skips(const ntk_architecture *architecture, size_t d);

/* q = alpha^2 / (1 + alpha^2); 0 for another family. */
double ntk_residual_share(const ntk_architecture *architecture);

/* Plain networks: from S^0_xx, which ntk_points_create has computed, to the variances of all
 * blocks, Theta_xx and the fields, which stand in points->field[0]. Errors: NTK_ERROR_MEMORY. */
ntk_status ntk_residual_points(const ntk_architecture *architecture, ntk_points *points);

#endif
