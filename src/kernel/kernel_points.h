/* What the recursion needs of single points: the diagonal of both kernels, layer by layer, and the
 * fields that pairs are computed from (recursion.h). */
#ifndef NTK_KERNEL_KERNEL_POINTS_H
#define NTK_KERNEL_KERNEL_POINTS_H

#include <math.h>
#include <stddef.h>

#include <ntk/architecture.h>
#include <ntk/status.h>

#include "kernel/recursion.h"

/* Fields of a layer whose dual activation is a closed form. */
enum { NTK_CLOSED_FORM_FIELDS = 2 };

typedef struct ntk_points {
    size_t count;     /* n */
    size_t dimension; /* d */
    const double *x;  /* (n, d), leading dimension ldx; the caller's */
    size_t ldx;
    size_t stride;    /* n rounded up to a multiple of NTK_POINT_BLOCK */
    size_t depth;     /* L */
    double *variance; /* (L + 1, stride): S^1_xx .. S^{L+1}_xx; plain residual networks S^0_xx ..
                       * S^L_xx, the others p^0_xx .. p^{L-1}_xx and S^L_xx */
    ntk_skips skips;  /* of residual networks */
    double *tangent;  /* (stride): Theta_xx */
    double **root;    /* (L), each (stride): 1 / sqrt(S_xx) of the layer, or NULL */
    double *growth;   /* (L, stride): d rho_{l+1} / d rho_l at rho = 1, what layer l does to
                           * near points; 0 for the input 0 */
    double **field;   /* (L), each (stride / NTK_POINT_BLOCK, fields of the layer,
                           * NTK_POINT_BLOCK), or NULL */
} ntk_points;

/* 1 / sqrt(variance), 0 for 0. */
static inline double ntk_inverse_root(double variance) { return variance > 0 ? 1 / sqrt(variance) : 0; }

/* The fields of a closed form (recursion.h) for a point of variance `variance`; field:
 * NTK_POINT_BLOCK doubles apart. */
void ntk_fill_fields(ntk_activation activation, double variance, double *field);

/* S^1_xx (S^0_xx); the rest is filled by ntk_points_recurse. Errors: NTK_ERROR_NOT_FINITE naming
 * row and column of the input, or the row whose norm or variance overflows; NTK_ERROR_MEMORY. *out
 * is to be destroyed in either case. */
ntk_status ntk_points_create(const ntk_architecture *architecture, size_t n, size_t d, const double *x,
                             size_t ldx, ntk_points *out);
void ntk_points_destroy(ntk_points *points);

/* All layers of one set of points, or of two that are to be paired (columns may be rows): fills
 * both and the layers of the recursion, whose limits depend on the points. recursion->layer: (L).
 * Errors: NTK_ERROR_NOT_FINITE, NTK_ERROR_UNSUPPORTED, NTK_ERROR_MEMORY. */
ntk_status ntk_points_recurse(const ntk_architecture *architecture, ntk_points *rows, ntk_points *columns,
                              ntk_recursion *recursion);

#endif
