/* The smallest norm in an RKHS at which a function is approximated uniformly, for every error. */
#ifndef APPROXIMATION_HOMOTOPY_H
#define APPROXIMATION_HOMOTOPY_H

#include <stddef.h>

#include <ntk/status.h>

/* A point of the curve: g of this norm has max_i |f(x_i) - g(x_i)| equal to this error, and no g of
 * a smaller norm has. */
typedef struct approximation {
    double error, norm;
} approximation;

/* The curve from the error max |f| (norm 0) down to `error`, knot by knot; between two knots the
 * solution is linear in the error. gram: (n, n), K(x_i, x_j), positive definite; f: (n), not 0; the
 * last coefficients beta: (n), of g = sum_i beta_i K(., x_i). *count <= most. Errors:
 * NTK_ERROR_ARGUMENT, NTK_ERROR_SHAPE where the curve has more knots than `most`,
 * NTK_ERROR_NOT_POSITIVE_DEFINITE, NTK_ERROR_MEMORY. */
ntk_status approximation_curve(size_t n, const double *gram, const double *f, double error, size_t most,
                               approximation *curve, size_t *count, double *beta);

#endif
