/* The images of a convolutional kernel: their pixels in the units in which the kernel is computed,
 * and what every pair with an image needs of it, its variances in all layers. */
#ifndef NTK_KERNEL_CONVOLUTION_IMAGES_H
#define NTK_KERNEL_CONVOLUTION_IMAGES_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/status.h>

#include "kernel/convolution_plan.h"

typedef struct ntk_images {
    size_t count, size; /* size: height * width * channels */
    double *pixel;      /* (count, size): the image is unit * pixel */
    double *unit;       /* (count) */
    bool *exact;        /* (count): sums over patches and products of those are exact */
    double *variance;   /* (count, positions of the plan): of each position of each layer the sum a
                           that p is   for   the image with itself (convolution_planes.h) */
    double *nngp, *ntk; /* (count): the kernels of each image with itself */
} ntk_images;

/* x: (n, size), leading dimension ldx. Pixels as they are, units of 1, the rest zero. Errors:
 * NTK_ERROR_NOT_FINITE with the place of the pixel; NTK_ERROR_MEMORY. *out is to be destroyed in
 * either case.
 */
ntk_status ntk_images_create(const ntk_convolution_plan *plan, size_t n, const double *x, size_t ldx,
                             ntk_images *out);
void ntk_images_destroy(ntk_images *images);

/* ReLU: the units. Without biases each image gets its own, since the kernel is homogeneous in each;
 * with them all images of both sets share one, in which the biases are expressed too (columns may
 * be rows). */
void ntk_images_choose_units(const ntk_convolution_plan *plan, ntk_images *rows, ntk_images *columns);

#endif
