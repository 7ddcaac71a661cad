/* Naive versions, written from the definitions, and matrices that are not the library's draws. */
#ifndef NTK_TESTS_LINALG_REFERENCE_H
#define NTK_TESTS_LINALG_REFERENCE_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#define EPSILON 0x1p-53 /* the unit roundoff */

/* Numbers in [-1, 1): a linear congruence (Knuth's MMIX), its upper bits. */
static inline double next_number(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(int64_t)*state * 0x1p-63;
}

/* (rows, columns) with leading dimension ld; what lies between the columns and ld is NaN, so that a
 * routine that reads there shows it. */
static inline double *make_matrix(size_t rows, size_t columns, size_t ld, uint64_t seed) {
    cr_assert(rows <= 4096 && ld <= 4096);
    double *a = malloc((rows * ld + 1) * sizeof *a);
    uint64_t state = seed;
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < ld; j++) a[i * ld + j] = j < columns ? next_number(&state) : (double)NAN;
    return a;
}

/* Element (i, j) of op(A). */
static inline double element(const double *a, size_t ld, int transposed, size_t i, size_t j) {
    return transposed ? a[j * ld + i] : a[i * ld + j];
}

static inline double naive_product(const double *a, size_t lda, int ta, const double *b, size_t ldb, int tb,
                                   size_t k, size_t i, size_t j) {
    double sum = 0;
    for (size_t l = 0; l < k; l++) sum += element(a, lda, ta, i, l) * element(b, ldb, tb, l, j);
    return sum;
}

/* Two sums of k products of numbers below 1 in any two orders, and a few more operations, differ by
 * less: 2 gamma_{k+4} k (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1). */
static inline double product_tolerance(size_t k) { return 2.0 * (double)(k + 4) * (double)(k + 1) * EPSILON; }

/* n doubles that must still be NaN. */
static inline int all_nan(size_t n, const double *x) {
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i])) return 0;
    return 1;
}

#endif
