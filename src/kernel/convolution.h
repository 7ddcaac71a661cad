/* Kernels of convolutional networks; ntk/kernel.h dispatches here. */
#ifndef NTK_KERNEL_CONVOLUTION_H
#define NTK_KERNEL_CONVOLUTION_H

#include <stdbool.h>
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

/* The same in blocks (ntk_kernel_blocks of kernel.h). tangent: the NTK will be wanted. The
 * architecture must stay until they are destroyed; x and y need not. */
typedef struct ntk_convolution_blocks ntk_convolution_blocks;
ntk_status ntk_convolution_blocks_create(const ntk_architecture *architecture, bool tangent, size_t d,
                                         size_t n, const double *x, size_t ldx, size_t m, const double *y,
                                         size_t ldy, ntk_convolution_blocks **out);
ntk_status ntk_convolution_block(const ntk_convolution_blocks *blocks, size_t row, size_t rows, size_t column,
                                 size_t columns, double *nngp, double *ntk, size_t ld);
void ntk_convolution_blocks_destroy(ntk_convolution_blocks *blocks);

#endif
