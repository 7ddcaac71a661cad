/* The numbers that a convolutional kernel multiplies and adds, layer by layer. */
#ifndef NTK_KERNEL_CONVOLUTION_CONSTANTS_H
#define NTK_KERNEL_CONVOLUTION_CONSTANTS_H

#include "kernel/convolution_images.h"
#include "kernel/convolution_plan.h"
#include "kernel/convolution_planes.h"
#include "kernel/mehler.h"

/* The numbers of a kernel, for all pairs. */
typedef struct ntk_convolution_kernel {
    const ntk_convolution_plan *plan;
    const ntk_planes *planes;
    bool tangent;
    bool plain;                                       /* ReLU without biases */
    ntk_plane_layer layer[NTK_CONVOLUTION_DEPTH_MAX]; /* factor, shift, limit */
    double scale;                                     /* of the readout's sums, before the images'
                                                       * units */
    double bias;                                      /* what the readout adds */
    double squared_unit;                              /* of all images where they share one; else
                                                       * 1 */
    ntk_mehler *mehler[NTK_CONVOLUTION_DEPTH_MAX];    /* expansions for all variances, where there
                                                       * are any */
} ntk_convolution_kernel;

/* Of an architecture whose plan this is. squared_unit: the images' common one. */
ntk_convolution_kernel ntk_convolution_kernel_create(const ntk_convolution_plan *plan, bool tangent,
                                                     double squared_unit);

/* The expansions that pairs of these images need (images with themselves make their own), once
 * their variances are known; nothing for an activation with a closed form. Errors:
 * NTK_ERROR_MEMORY, NTK_ERROR_UNSUPPORTED. */
ntk_status ntk_convolution_kernel_expand(ntk_convolution_kernel *kernel, const ntk_images *rows,
                                         const ntk_images *columns);

/* A zeroed kernel is allowed. */
void ntk_convolution_kernel_destroy(ntk_convolution_kernel *kernel);

#endif
