/* Pairs of points at chosen distances, and how far apart a kernel's feature map puts them: what the
 * claims about smoothness have in common. */
#ifndef NTK_LAB_PAIRS_H
#define NTK_LAB_PAIRS_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/api.h>
#include <ntk/architecture.h>
#include <ntk/lab/context.h>
#include <ntk/lab/grid.h>
#include <ntk/lab/parameters.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* `inputs`, `distances`, `pairs`. */
extern const ntk_parameter ntk_pairs_parameters[];

/* All lengths are divided by the smaller of the two norms: for a homogeneous kernel nothing else
 * matters. */
typedef struct ntk_pair {
    double distance; /* |x - y| */
    double norm;     /* the larger norm, >= 1 */
    double feature;  /* |Phi(x) - Phi(y)|, Phi(x)^T Phi(y) = K(x, y) */
} ntk_pair;

/* The kernel of a label: that of an architecture times a factor. */
typedef struct ntk_pairs_kernel {
    ntk_architecture architecture;
    double factor;
} ntk_pairs_kernel;

typedef struct ntk_pairs_study {
    const ntk_context *context;
    size_t count; /* of kernels */
    const char *const *labels;
    const ntk_pairs_kernel *kernels;
    bool sphere;      /* both points have norm 1; otherwise norms differ, and scale by powers of
                       * 10 */
    bool homogenised; /* K(x, y) = |x| |y| K(x / |x|, y / |y|), whatever the activation */
    /* What a column of the grid holds beside distance, norm and feature: the feature distance over
     * the claim's bound, say. */
    double (*ratio)(const void *argument, size_t kernel, const ntk_pair *pair);
    const void *argument;
} ntk_pairs_study;

enum { NTK_PAIRS_DISTANCE, NTK_PAIRS_NORM, NTK_PAIRS_FEATURE, NTK_PAIRS_RATIO, NTK_PAIRS_COLUMNS };

/* The grid kernel x distance x pair, computed; every kernel sees the same pairs. Of the pairs at
 * one distance the first is the one whose difference is orthogonal to the shorter point, the second
 * is radial (not on the sphere), the others are random. To be released. Errors: those of kernels.
 */
ntk_status ntk_pairs_run(const ntk_pairs_study *study, ntk_grid *out);

/* For each kernel and distance the largest ratio, with the feature distance that it belongs to: the
 * table `name`, with the columns kernel, distance, norm, feature, ratio. *worst: (kernels), the
 * largest ratio of each; may be NULL. */
ntk_status ntk_pairs_emit(ntk_context *context, const ntk_grid *grid, const char *name, double *worst);

NTK_END_DECLS

#endif
