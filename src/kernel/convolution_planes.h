/* The inner loops of convolutional kernels; one implementation per instruction set, the same bits
 * from each.
 *
 * Eight pairs of images are computed side by side: wherever an array is said to hold n elements, an
 * element is NTK_POINT_BLOCK doubles, one of each pair ("lane"). */
#ifndef NTK_KERNEL_CONVOLUTION_PLANES_H
#define NTK_KERNEL_CONVOLUTION_PLANES_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel/recursion.h"

enum { NTK_LANES = NTK_POINT_BLOCK };

/* How a layer makes covariances out of sums p over patches: S = factor p + shift. */
typedef struct ntk_plane_layer {
    double factor, shift;
    ntk_recursion_layer fields; /* what duals are told: fields, terms, limit */
} ntk_plane_layer;

/* A run of `count` pairs of positions (u, u'), neighbours on a row. x, y: what u and u' bring,
 * elements of `fields` each (recursion.h; for erf 0: S_xx; for ReLU 0: the sum a that p is for a
 * point with itself, 1: 1 / sqrt(S_xx)). p, q: sums over the patches of S and of T, the same array
 * in the first layer; q and t are NULL where no tangent kernel is asked for. Shared: the first
 * image is the same one in all lanes, and x holds one double a field in place of an element. The
 * fields of the next row are `ahead` doubles from these: they are fetched while this row is
 * computed, since those of all layers together are too many for the nearer caches. Results go to e
 * and t, `step` doubles apart: 2 pi E[phi phi] for ReLU, E[phi phi] for others; and in t this plus
 * T E[phi' phi'] likewise. determinant: S_xx S_x'x' - S^2 where it is known better than from p,
 * else NULL. */
typedef struct ntk_plane_run {
    size_t count;
    const double *x, *y, *p, *q, *determinant;
    double *e, *t;
    size_t step;
    bool shared;
    size_t ahead;
} ntk_plane_run;

typedef void (*ntk_plane_dual)(const ntk_plane_layer *layer, const ntk_plane_run *run);
typedef bool (*ntk_plane_patch_dual)(const ntk_plane_layer *layer, const ntk_plane_run *run, size_t ld,
                                     const double *near);

/* The patches of a row of positions in the images themselves: offset (v, w) of position k reads
 * pixel column[stride k + w] of row[v]; a row of NULL and a column of -1 are the zero outside. row:
 * (rows), of elements (pixels, channels). */
typedef struct ntk_patch_side {
    const double *const *row;
    const ptrdiff_t *column;
} ntk_patch_side;

typedef struct ntk_patch_rows {
    size_t rows, columns, stride, channels;
    ntk_patch_side x, y;
} ntk_patch_rows;

typedef struct ntk_planes {
    const char *isa;

    /* out[k] = sum_c x[xi[k]][c] y[yi[k]][c], 0 where an index is -1. x, y: elements (pixels,
     * channels). */
    void (*products)(size_t count, size_t channels, const double *x, const ptrdiff_t *xi, const double *y,
                     const ptrdiff_t *yi, double *out);

    /* out[k] = sum over v < rows, w < columns of in[v ld + stride k + w]: columns first. scratch:
     * (stride (count - 1) + columns). */
    void (*patches)(size_t rows, size_t columns, size_t stride, size_t count, const double *in, size_t ld,
                    double *scratch, double *out);

    /* Of the first layer with ReLU, where images are not made of small integers: a_x a_y - p^2,
     * from the difference of the patches where they are nearly parallel: in the lanes where that is
     * below near[lane] a_x a_y. Then the determinant of the covariances, factor^2 (a_x a_y - p^2) +
     * factor shift (a_x + a_y - 2 p). */
    void (*determinants)(const ntk_plane_layer *layer, const ntk_plane_run *run,
                         const ntk_patch_rows *patches, const double *near, double *out);

    /* For j < outputs, q < count: out[j out_ld + q out_step] = sum over taps of weight
     * in[(position - origin) in_ld + q in_step]; the taps of j are start[j] .. start[j + 1]. */
    void (*contract)(size_t outputs, const size_t *start, const size_t *position, const double *weight,
                     size_t origin, size_t count, const double *in, size_t in_ld, size_t in_step, double *out,
                     size_t out_ld, size_t out_step);

    /* out[q] += weight in[q] */
    void (*accumulate)(size_t count, double weight, const double *in, double *out);

    /* total += sum of in[q] */
    void (*add_up)(size_t count, const double *in, double *total);

    /* ReLU, by whether the first image is shared and whether a tangent kernel is asked for: where S
     * = p; where S = factor p + shift; and the latter with the determinant given. */
    ntk_plane_dual relu[2][2], relu_affine[2][2], relu_determinant[2][2];

    /* The same, where S = p, for patches of 3 x 3: p and q are not sums over patches but the level
     * below, from the first patch's first element on, with rows ld doubles apart. By whether the
     * first image is shared and by what is asked for: no tangent kernel, one, one where T = S.
     * `near` as for determinants, or NULL; true is returned where a pair asks for those. */
    ntk_plane_patch_dual relu_three[2][3];

    /* Other activations, by whether a tangent kernel is asked for. */
    ntk_plane_dual smooth[NTK_ACTIVATION_COUNT][2];
} ntk_planes;

extern const ntk_planes ntk_planes_scalar;
#ifdef NTK_SIMD_X86
extern const ntk_planes ntk_planes_sse2;
extern const ntk_planes ntk_planes_avx2;
extern const ntk_planes ntk_planes_avx512;
#endif

/* That of the instruction set in use (ntk_vector_isa). */
const ntk_planes *ntk_planes_chosen(void);

#endif
