#include "ball.h"

#include <math.h>

#include "base/arb.h"

enum { PRECISION = 512 }; /* bits: enough for any condition number met here */

static void load(arb_mat_t matrix, size_t n, const double *a, size_t lda) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            arb_set_d(arb_mat_entry(matrix, i, j), a[i * lda + j]);
            arb_set_d(arb_mat_entry(matrix, j, i), a[i * lda + j]);
        }
}

static void subtract_shift(arb_mat_t matrix, size_t n, double shift) {
    arb_t s;
    arb_init(s);
    arb_set_d(s, shift);
    for (size_t i = 0; i < n; i++)
        arb_sub(arb_mat_entry(matrix, i, i), arb_mat_entry(matrix, i, i), s, ARF_PREC_EXACT);
    arb_clear(s);
}

bool ball_lambda_min_exceeds(size_t n, const double *a, size_t lda, double bound) {
    arb_mat_t shifted, factor;
    arb_mat_init(shifted, (slong)n, (slong)n);
    arb_mat_init(factor, (slong)n, (slong)n);
    load(shifted, n, a, lda);
    subtract_shift(shifted, n, bound);
    const bool proved = arb_mat_cho(factor, shifted, PRECISION) != 0;
    arb_mat_clear(shifted);
    arb_mat_clear(factor);
    return proved;
}

double ball_lambda_min(size_t n, const double *a, size_t lda) {
    double radius = 0; /* of Gershgorin's discs: the spectrum lies in [-radius, radius] */
    for (size_t i = 0; i < n; i++) {
        double row = 0;
        for (size_t j = 0; j < n; j++) row += fabs(j <= i ? a[i * lda + j] : a[j * lda + i]);
        radius = fmax(radius, row);
    }
    double low = -2 * radius, high = 2 * radius;
    for (int step = 0; step < 104 && low < high; step++) {
        const double middle = low / 2 + high / 2;
        if (middle == low || middle == high) break;
        if (ball_lambda_min_exceeds(n, a, lda, middle))
            low = middle;
        else
            high = middle;
    }
    return low;
}

void ball_residual_norm(size_t n, const double *l, const double *a, double shift, double *lower,
                        double *upper) {
    arb_mat_t matrix, factor, transposed, product;
    arb_mat_init(matrix, (slong)n, (slong)n);
    arb_mat_init(factor, (slong)n, (slong)n);
    arb_mat_init(transposed, (slong)n, (slong)n);
    arb_mat_init(product, (slong)n, (slong)n);
    load(matrix, n, a, n);
    subtract_shift(matrix, n, shift);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) arb_set_d(arb_mat_entry(factor, i, j), l[i * n + j]);
    arb_mat_transpose(transposed, factor);
    arb_mat_mul(product, factor, transposed, PRECISION);
    arb_mat_sub(product, product, matrix, PRECISION);

    double squares = 0;
    *lower = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            const double entry = fabs(arf_get_d(arb_midref(arb_mat_entry(product, i, j)), ARF_RND_NEAR));
            *lower = fmax(*lower, entry);
            squares += entry * entry;
        }
    *upper = sqrt(squares);
    arb_mat_clear(matrix);
    arb_mat_clear(factor);
    arb_mat_clear(transposed);
    arb_mat_clear(product);
}
