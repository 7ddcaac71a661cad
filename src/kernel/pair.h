/* Single pairs, slowly and with care: those that the vectorised recursion flags. */
#ifndef NTK_KERNEL_PAIR_H
#define NTK_KERNEL_PAIR_H

#include "kernel/kernel_points.h"

/* S^{L+1} and Theta^{L+1} of the inputs i of rows and j of columns. Errors: NTK_ERROR_NOT_FINITE,
 * naming the pair; NTK_ERROR_NO_CONVERGENCE. */
ntk_status ntk_pair_kernel(const ntk_architecture *architecture, const ntk_points *rows, size_t i,
                           const ntk_points *columns, size_t j, double *nngp, double *ntk);

#endif
