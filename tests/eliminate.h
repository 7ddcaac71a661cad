/* A solver of small systems that is no part of the library, for the tests of several folders. */
#ifndef NTK_TESTS_ELIMINATE_H
#define NTK_TESTS_ELIMINATE_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

/* Solve (order, order) x = b by Gaussian elimination with partial pivoting; false where it is
 * singular to 1e-12. Overwrites both; x in b. */
static inline bool eliminate(size_t order, double *matrix, double *b) {
    for (size_t c = 0; c < order; ++c) {
        size_t pivot = c;
        for (size_t i = c; i < order; ++i)
            if (fabs(matrix[i * order + c]) > fabs(matrix[pivot * order + c])) pivot = i;
        if (!(fabs(matrix[pivot * order + c]) > 1e-12)) return false;
        for (size_t j = 0; j <= order; ++j) {
            double *x = j < order ? matrix + c * order + j : b + c;
            double *y = j < order ? matrix + pivot * order + j : b + pivot;
            const double kept = *x;
            *x = *y;
            *y = kept;
        }
        for (size_t i = 0; i < order; ++i) {
            if (i == c) continue;
            const double factor = matrix[i * order + c] / matrix[c * order + c];
            for (size_t j = c; j < order; ++j) matrix[i * order + j] -= factor * matrix[c * order + j];
            b[i] -= factor * b[c];
        }
    }
    for (size_t i = 0; i < order; ++i) b[i] /= matrix[i * order + i];
    return true;
}

#endif
