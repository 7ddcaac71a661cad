/* What a convolutional kernel has to compute, and in which order: it depends on the architecture
 * alone.
 *
 * Layers are grouped into segments. Within a segment a plane, all pairs (u, u + delta) of one
 * displacement, goes through the layers by itself; a segment ends where planes mix, with a table of
 * all pairs of positions that the next one needs (a pooling; or a convolution whose border does not
 * map planes to planes), or with the readout. A plane is "wrapped" where u + delta is meant modulo
 * the grid: in a segment of circular layers whose strides divide their grids; else pairs beyond the
 * border do not exist.
 *
 * What is needed is found from the readout back: of positions an interval on each axis, of
 * displacements a set on each axis (those of an image are pairs of both). */
#ifndef NTK_KERNEL_CONVOLUTION_PLAN_H
#define NTK_KERNEL_CONVOLUTION_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/architecture.h>
#include <ntk/status.h>

#include "architecture/geometry.h"

typedef struct ntk_bounds {
    ptrdiff_t low, high; /* low <= i < high */
} ntk_bounds;

/* The linear map of one axis from positions to pooled positions, row by row and column by column.
 */
typedef struct ntk_axis_filter {
    size_t inputs, outputs;
    size_t *start;    /* (outputs + 1): the taps of output j are start[j] .. start[j + 1] */
    size_t *position; /* of each tap */
    double *weight;
    size_t *input_start; /* (inputs + 1): the same by inputs */
    size_t *output;      /* of each of these */
    double *input_weight;
} ntk_axis_filter;

/* One axis of one layer. */
typedef struct ntk_axis_plan {
    ntk_image_axis shape;
    ntk_bounds positions;      /* needed of the convolution's output */
    bool *displacement;        /* (2 out - 1): [delta + out - 1]: needed; wrapped: delta >= 0 */
    ntk_bounds pooled;         /* positions needed after pooling */
    bool *pooled_displacement; /* (2 pooled - 1) */
    ntk_axis_filter filter;    /* at the end of a segment that ends in a table */
} ntk_axis_plan;

enum { NTK_VERTICAL, NTK_HORIZONTAL, NTK_AXES };

typedef struct ntk_layer_plan {
    ntk_axis_plan axis[NTK_AXES];
    double divisor;   /* s of architecture.h */
    size_t positions; /* of the convolution's output: the grid's */
    size_t first;     /* where this layer stands among the positions of all layers */
} ntk_layer_plan;

typedef struct ntk_segment {
    size_t first, last; /* layers, both included */
    bool wrapped;
    bool table; /* ends in a table; else in the readout */
} ntk_segment;

typedef struct ntk_convolution_plan {
    const ntk_architecture *architecture;
    size_t depth, positions; /* of all layers together */
    ntk_layer_plan layer[NTK_CONVOLUTION_DEPTH_MAX];
    size_t segments;
    ntk_segment segment[NTK_CONVOLUTION_DEPTH_MAX];
} ntk_convolution_plan;

/* Of a checked architecture, which is kept. Errors: NTK_ERROR_MEMORY. *out is to be destroyed in
 * either case.
 */
ntk_status ntk_convolution_plan_create(const ntk_architecture *architecture, ntk_convolution_plan *out);
void ntk_convolution_plan_destroy(ntk_convolution_plan *plan);

static inline size_t ntk_bounds_length(ntk_bounds i) { return i.high > i.low ? (size_t)(i.high - i.low) : 0; }

static inline ntk_bounds ntk_bounds_meet(ntk_bounds a, ntk_bounds b) {
    return (ntk_bounds){a.low > b.low ? a.low : b.low, a.high < b.high ? a.high : b.high};
}

#endif
