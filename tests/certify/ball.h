/* The independent path of these tests: statements about stored matrices proved in ball arithmetic.
 * Nothing of the library is called. */
#ifndef NTK_TESTS_CERTIFY_BALL_H
#define NTK_TESTS_CERTIFY_BALL_H

#include <stdbool.h>
#include <stddef.h>

/* True when lambda_min(A) > bound is proved: the Cholesky factorisation of A - bound I exists in
 * balls. Lower triangle of a (n, n), leading dimension lda. */
bool ball_lambda_min_exceeds(size_t n, const double *a, size_t lda, double bound);

/* The smallest eigenvalue of a stored matrix, to 2^-100 of its norm or the double nearest to
 * that. */
double ball_lambda_min(size_t n, const double *a, size_t lda);

/* An upper bound of ||L L^T - (A - shift I)||_2, within a factor of sqrt(n): the Frobenius norm. l,
 * a: (n, n), lower triangles. And a lower bound: the largest entry. */
void ball_residual_norm(size_t n, const double *l, const double *a, double shift, double *lower,
                        double *upper);

#endif
