/* Eight pairs of images at once through all layers of a convolutional kernel. */
#ifndef NTK_KERNEL_CONVOLUTION_PAIRS_H
#define NTK_KERNEL_CONVOLUTION_PAIRS_H

#include "kernel/convolution_constants.h"
#include "kernel/convolution_images.h"

/* Room for all segments, which one group of pairs after the other uses; one thread at a time. */
typedef struct ntk_pairs_room ntk_pairs_room;

/* Of a kernel, which is kept. Errors: NTK_ERROR_MEMORY. */
ntk_status ntk_pairs_room_create(const ntk_convolution_kernel *kernel, ntk_pairs_room **out);
void ntk_pairs_room_destroy(ntk_pairs_room *room);

/* Images rows[row[k]] and columns[column[k]], k < NTK_LANES: their variances and the kernel's
 * expansions are known, and both kernels are written to nngp and ntk (ntk: NULL where no tangent
 * kernel is asked for). Errors: NTK_ERROR_MEMORY; NTK_ERROR_UNSUPPORTED for a variance that no
 * expansion serves. */
ntk_status ntk_convolution_pairs(ntk_pairs_room *room, const ntk_images *rows, const size_t *row,
                                 const ntk_images *columns, const size_t *column, double *nngp, double *ntk);

/* Images image[k] with themselves: fills their variances and kernels too. */
ntk_status ntk_convolution_selves(ntk_pairs_room *room, ntk_images *images, const size_t *image);

#endif
