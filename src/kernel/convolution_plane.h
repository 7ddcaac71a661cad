/* A plane of a convolutional kernel, from the first layer of a segment to its last, for eight pairs
 * of images. */
#ifndef NTK_KERNEL_CONVOLUTION_PLANE_H
#define NTK_KERNEL_CONVOLUTION_PLANE_H

#include "kernel/convolution_constants.h"
#include "kernel/convolution_images.h"

/* One image of each pair, interleaved. */
typedef struct ntk_side {
    const ntk_images *images;
    const size_t *image;                      /* (NTK_LANES) */
    double *pixel;                            /* (height * width, channels) elements */
    bool shared;                              /* one image; fields are one double each */
    double *field[NTK_CONVOLUTION_DEPTH_MAX]; /* (positions, fields) elements or doubles */
    size_t pixel_capacity, field_capacity[NTK_CONVOLUTION_DEPTH_MAX];
    ntk_bounds box[NTK_CONVOLUTION_DEPTH_MAX][NTK_AXES]; /* positions of the layer that may be other
                                                          * than 0 */
} ntk_side;

/* All pairs of positions after a pooling: (v, v', h, h') elements. */
typedef struct ntk_pair_table {
    double *e, *t;                  /* e: NULL for no table; t: as e, or NULL */
    ntk_bounds positions[NTK_AXES]; /* of v and v', of h and h' */
} ntk_pair_table;

/* A level of a plane on one axis: the positions u that are asked for, those of them that are
 * computed, and delta. */
typedef struct ntk_frame {
    ntk_bounds asked, computed;
    ptrdiff_t delta;
} ntk_frame;

typedef struct ntk_level_frame {
    ntk_frame axis[NTK_AXES];
} ntk_level_frame;

/* One plane on its way. */
typedef struct ntk_plane {
    ntk_level_frame frames[NTK_CONVOLUTION_DEPTH_MAX + 1]; /* by level */
    double total[2][NTK_LANES];                            /* sums of e and t at the readout */
} ntk_plane;

/* Room for a plane of any segment, and where it ends. */
typedef struct ntk_plane_work {
    const ntk_convolution_kernel *kernel;
    ntk_plane_layer layer[NTK_CONVOLUTION_DEPTH_MAX]; /* the kernel's; with the terms of an
                                                       * expansion, where there is one */
    ntk_side x, y;
    double near[NTK_LANES]; /* see ntk_planes.determinants */
    bool exact;             /* no lane needs those */

    const ntk_segment *segment;
    ntk_pair_table source;      /* what it reads; none: the images */
    double *slab[2];            /* its end: e and t, (row, column, column') elements; or NULL: */
    double total[2][NTK_LANES]; /* sums of e and t, added to */
    ptrdiff_t slab_row;         /* the row that stands first in the slab */

    ntk_plane plane;
    double *level[2][2];                           /* even and odd levels: S or e, T or t */
    double *scratch, *p, *q, *determinant, *e, *t; /* rows */
    const double **x_row, **y_row;                 /* of a patch in the images */
    ptrdiff_t *column;                             /* what columns -reach .. stand for */
    size_t reach;
} ntk_plane_work;

/* Errors: NTK_ERROR_MEMORY. *out is to be destroyed in either case; sides and what is set for a
 * segment are the caller's. */
ntk_status ntk_plane_work_create(const ntk_convolution_kernel *kernel, ntk_plane_work *out);
void ntk_plane_work_destroy(ntk_plane_work *work);

/* Turns to another segment, which reads `source`. */
void ntk_plane_work_begin(ntk_plane_work *work, const ntk_segment *segment);

static inline size_t ntk_levels(const ntk_segment *segment) { return segment->last - segment->first + 1; }

/* Positions u on an axis, and the displacement to u'. */
typedef struct ntk_stretch {
    ntk_bounds positions;
    ptrdiff_t delta;
} ntk_stretch;

/* Those of the positions of the segment's last level that are computed: where both exist. */
ntk_bounds ntk_plane_computed(const ntk_plane_work *work, size_t axis, ntk_stretch last);

/* The plane that ends in this rectangle. */
void ntk_plane_compute(ntk_plane_work *work, ntk_stretch rows, ntk_stretch columns);

/* The same for the images with themselves, displacement 0: before a layer's duals, the sums p of
 * all positions are written to `variance` (positions of the layer) elements, and `complete` is
 * called, which fills the fields of that layer. Ends nowhere. */
typedef ntk_status (*ntk_plane_complete)(ntk_plane_work *work, size_t layer, const double *variance,
                                         void *context);
ntk_status ntk_plane_record(ntk_plane_work *work, double *variance, ntk_plane_complete complete,
                            void *context);

#endif
