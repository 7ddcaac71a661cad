/* Enclosures: intervals that are certain to hold the exact kernel of stored points, and its
 * smallest eigenvalue.
 *
 * Everything is computed in ball arithmetic from the stored doubles (certify/ball_gram.c), with as
 * many bits as it takes: an interval of a kernel's entry is one or two units in the last place
 * wide, whatever the angle of its pair and the depth of the network. Dense and convolutional
 * networks with any activation, and residual ones. tanh, sigmoid and softplus have no closed form;
 * their lattice sums (certify/ball_logistic.c) take some 20 ms a layer, and grow with the root of
 * the variance where points are nearly parallel, for softplus everywhere: beyond variances of about
 * 10^6 there their intervals reach from -infinity to infinity.
 *
 * x: (n, d), leading dimension ldx. Common errors: those of ntk_architecture_check;
 * NTK_ERROR_UNSUPPORTED for the mean-field parametrisation; NTK_ERROR_SHAPE; NTK_ERROR_NOT_FINITE
 * for a NaN or an infinity among x; NTK_ERROR_MEMORY. */
#ifndef NTK_ENCLOSURE_H
#define NTK_ENCLOSURE_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/architecture.h>
#include <ntk/interval.h>
#include <ntk/kernel.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* Entries of both kernels: pairs (count, 2), indices i, j of points; nngp, ntk: (count), either may
 * be NULL. Pairs in parallel. A few us a layer, closed form, and 50 ns a coordinate; more where a
 * pair needs more bits. Rows that are equal bit for bit are one point. */
ntk_status ntk_enclosure_entries(const ntk_architecture *architecture, size_t n, size_t d, const double *x,
                                 size_t ldx, size_t count, const size_t *pairs, ntk_interval *nngp,
                                 ntk_interval *ntk);

/* Smallest eigenvalues are enclosed narrowly of at most so many points. */
enum { NTK_ENCLOSURE_MOST_POINTS = 64 };

/* The smallest eigenvalue of the exact Gram matrix, both ends rigorous: an interval of a few units
 * in the last place; where the matrix is singular, one that holds 0 and is 10^-71 of the largest
 * K_ii wide (more for many layers at points on one line, each of which halves the bits). Errors:
 * also NTK_ERROR_SHAPE for too many points. */
ntk_status ntk_enclosure_lambda_min(const ntk_architecture *architecture, ntk_kernel_type type, size_t n,
                                    size_t d, const double *x, size_t ldx, ntk_interval *out);

/* The same of a stored symmetric matrix a (n, n), of which the lower triangle is read. Of more
 * points: from the certificate of certify.h, which is as narrow as double precision allows, to a
 * Rayleigh quotient. */
ntk_status ntk_enclosure_matrix_lambda_min(size_t n, const double *a, size_t lda, ntk_interval *out);

NTK_END_DECLS

#endif
