/* The positions of convolutional networks, one axis at a time: what a patch and a pooling see of
 * it. Kernel and network share this and nothing else. */
#ifndef NTK_ARCHITECTURE_GEOMETRY_H
#define NTK_ARCHITECTURE_GEOMETRY_H

#include <ntk/architecture.h>

/* An axis on its way through one layer. */
typedef struct ntk_image_axis {
    size_t in;     /* positions that the patches see */
    size_t out;    /* positions after the convolution */
    size_t pooled; /* positions after pooling; `out` without it */
    size_t patch;  /* offsets on this axis: p, or 1 where there is one position */
    size_t before; /* offsets run from -before to patch - 1 - before */
    size_t stride;
    bool circular;
    ntk_pooling pooling; /* none also where there is one position */
    size_t factor;
} ntk_image_axis;

/* Layer l, 0-based, of an axis with `in` positions before it. */
ntk_image_axis ntk_image_axis_create(const ntk_convolution_layer *layer, size_t in);

/* Both axes of layer l (0-based) of a checked architecture. */
void ntk_image_axes(const ntk_architecture *architecture, size_t l, ntk_image_axis *vertical,
                    ntk_image_axis *horizontal);

/* The position that offset k, 0 <= k < patch, of output u sees; -1 for the zero outside. */
ptrdiff_t ntk_image_axis_source(const ntk_image_axis *axis, size_t u, size_t k);

/* The positions and weights of output j of the pooling, in ascending order of the offsets, those
 * outside left out; one of weight 1 without pooling. Returns how many, at most
 * ntk_image_axis_most_taps;
 * a circular filter longer than the axis meets a position more than once. position, weight: room
 * for that many. */
size_t ntk_image_axis_taps(const ntk_image_axis *axis, size_t j, size_t *position, double *weight);
size_t ntk_image_axis_most_taps(const ntk_image_axis *axis);

/* |V| for the mean of a patch, 1 for its sum: the s of architecture.h. */
double ntk_patch_divisor(const ntk_convolution_layer *layer, const ntk_image_axis *vertical,
                         const ntk_image_axis *horizontal);

#endif
