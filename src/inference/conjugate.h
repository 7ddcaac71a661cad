/* Preconditioned conjugate gradients for several right-hand sides. */
#ifndef NTK_INFERENCE_CONJUGATE_H
#define NTK_INFERENCE_CONJUGATE_H

#include <stddef.h>

#include <ntk/status.h>

/* A symmetric positive definite system of order n and its preconditioner, which approximates the
 * inverse: image = A v and z = P^{-1} r, arrays of (n, columns) that do not overlap. */
typedef struct ntk_conjugate {
    size_t n, columns;
    ntk_status (*apply)(void *context, const double *v, double *image);
    ntk_status (*precondition)(void *context, const double *r, double *z);
    /* Before each iteration, with the largest norm of a residual over what is wanted of it; any
     * other status than NTK_OK ends it all. NULL: nobody. */
    ntk_status (*watch)(void *context, double excess);
    void *context;
} ntk_conjugate;

/* x with A x = b, started at 0: each column on its own, though all share the products, until the
 * norm of its residual b - A x, as it is carried along, is at most wanted (columns), or `most`
 * iterations are done, or it is as small as rounding leaves it. *iterations is added to. x, b: (n,
 * columns). What was reached is for the caller to find out. Errors: NTK_ERROR_NOT_POSITIVE_DEFINITE
 * where a direction shows that A or P is not; NTK_ERROR_NOT_FINITE; those of the two functions. */
ntk_status ntk_conjugate_solve(const ntk_conjugate *system, const double *b, const double *wanted,
                               size_t most, double *x, size_t *iterations);

#endif
