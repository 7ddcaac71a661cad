/* Rows of extreme size under homogeneous kernels, by exact powers of two. */
#ifndef NTK_KERNEL_SCALING_H
#define NTK_KERNEL_SCALING_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/architecture.h>
#include <ntk/status.h>

/* A kernel's network and points with powers of two taken out. */
typedef struct ntk_scaling {
    bool used;                     /* false: all is ordinary, and the rest is not set */
    ntk_architecture architecture; /* of kernels 2^exponent times smaller */
    double weights[NTK_DEPTH_MAX + 1];
    int exponent;
    int level;            /* scaled rows have a largest component of about 2^-level */
    double *x, *y;        /* (n, d), (m, d); y is NULL for a Gram matrix */
    int *row_exponent;    /* (n): row i given = 2^row_exponent[i] x_i */
    int *column_exponent; /* (m); NULL for a Gram matrix */
} ntk_scaling;

/* Scales where K(a x, b y) = a b K(x, y) for a, b > 0 - no biases, and ReLU, leaky ReLU, |x| or
 * linear activations - and where a row or the layers' gains are extreme. x: (n, d), y: (m, d), or
 * NULL for a Gram matrix. *out points into itself and must stay where it is; it is to be destroyed
 * in either case. Errors: NTK_ERROR_MEMORY. */
ntk_status ntk_scaling_create(const ntk_architecture *architecture, size_t d, size_t n, const double *x,
                              size_t ldx, size_t m, const double *y, size_t ldy, ntk_scaling *out);
void ntk_scaling_destroy(ntk_scaling *scaling);

/* Rows row .. + rows and columns column .. + columns of the scaled kernel, (rows, columns), may be
 * NULL, become those of the kernel. Errors: NTK_ERROR_NOT_FINITE where an entry overflows; one that
 * underflows is rounded. */
ntk_status ntk_scaling_undo(const ntk_scaling *scaling, size_t row, size_t rows, size_t column,
                            size_t columns, double *kernel, size_t ldk);

#endif
