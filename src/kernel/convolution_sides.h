/* The images of eight pairs, interleaved: their pixels, and what duals need of each position of
 * each layer.
 */
#ifndef NTK_KERNEL_CONVOLUTION_SIDES_H
#define NTK_KERNEL_CONVOLUTION_SIDES_H

#include "kernel/convolution_plane.h"

/* Pixels of images image[0 .. NTK_LANES), which are kept; no fields yet, and no position is known
 * to be 0. may_share: its fields may be single doubles where all lanes have one image (ReLU does
 * that). *side: zeroed, or of an earlier group, whose memory it takes over. Errors:
 * NTK_ERROR_MEMORY. */
ntk_status ntk_side_load(const ntk_convolution_kernel *kernel, const ntk_images *images, const size_t *image,
                         bool may_share, ntk_side *side);
void ntk_side_destroy(ntk_side *side);

/* The fields of a layer from its variances, the sums p of the images with themselves; variance:
 * (positions of the layer) elements. The layer's plan of fields is set in `layer` where it is an
 * expansion's. Errors: NTK_ERROR_MEMORY; NTK_ERROR_UNSUPPORTED. */
ntk_status ntk_side_fill(const ntk_convolution_kernel *kernel, size_t l, const double *variance,
                         ntk_plane_layer *layer, ntk_side *side);

/* The same from what the images know. */
ntk_status ntk_side_recall(const ntk_convolution_kernel *kernel, size_t l, ntk_plane_layer *layer,
                           ntk_side *side);

#endif
