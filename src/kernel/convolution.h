/* Kernels of convolutional networks; ntk/kernel.h dispatches here. */
#ifndef NTK_KERNEL_CONVOLUTION_H
#define NTK_KERNEL_CONVOLUTION_H

#include <stddef.h>

#include <ntk/architecture.h>
#include <ntk/status.h>

/* As ntk_kernel_gram_both and as ntk_kernel_cross for both kernels, for a checked convolutional
 * architecture and checked leading dimensions; either output may be NULL, not both. y: (m, d);
 * NULL: x, and the result is symmetric, with its diagonal from the images with themselves. Errors:
 * NTK_ERROR_SHAPE where d is not height
 * * width * channels. */
ntk_status ntk_convolution_matrix(const ntk_architecture *architecture, size_t d, size_t n, const double *x,
                                  size_t ldx, size_t m, const double *y, size_t ldy, double *nngp,
                                  double *ntk, size_t ld);

#endif
