/* Matrices of known spectrum. Each fills the (n, n) row-major array a; the strict upper triangle is
 * NaN, since only the lower one may be read. */
#ifndef NTK_TESTS_CERTIFY_MATRICES_H
#define NTK_TESTS_CERTIFY_MATRICES_H

#include <stddef.h>
#include <stdint.h>

/* Tridiagonal (-1, 2, -1): integers; eigenvalues 4 sin^2(k pi / (2(n+1))). */
void matrix_second_difference(size_t n, double *a);

/* The Laplacian of a path: integers, singular (the constant vector), the other eigenvalues
 * positive. */
void matrix_path_laplacian(size_t n, double *a);

/* Binomial coefficients C(i+j, i): integers below 2^53 for n <= 28, determinant 1; eigenvalues come
 * in pairs lambda, 1/lambda. */
void matrix_pascal(size_t n, double *a);

/* 1 / (i+j+1), rounded. */
void matrix_hilbert(size_t n, double *a);

/* H diag(d) H, H = I - 2 v v^T / v^T v for a random v, computed in double: what is stored has the
 * spectrum d but for a few u max|d|. */
void matrix_householder(size_t n, const double *d, uint64_t seed, double *a);

#endif
