/* Sums in a fixed order, and what else passes over arrays once.
 *
 * Eight running sums s_j = sum of the terms i = j mod 8, folded as
 * ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7)): an order that a vector unit of 2, 4 or 8
 * doubles can follow exactly, unlike cblas_ddot, whose order depends on the CPU. */
#include <ntk/linalg.h>

#include <math.h>

enum { SUMS = 8 };

static double fold(const double *sum /* (SUMS) */) {
    return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

double ntk_dot(size_t n, const double *x, const double *y) {
    double sum[SUMS] = {0};
    const size_t whole = n - n % SUMS;
    for (size_t i = 0; i < whole; i += SUMS)
        for (size_t j = 0; j < SUMS; j++) sum[j] += x[i + j] * y[i + j];
    for (size_t i = whole; i < n; i++) sum[i - whole] += x[i] * y[i];
    return fold(sum);
}

double ntk_norm(size_t n, const double *x) { return sqrt(ntk_dot(n, x, x)); }

double ntk_distance(size_t n, const double *x, const double *y) {
    double sum[SUMS] = {0};
    const size_t whole = n - n % SUMS;
    for (size_t i = 0; i < whole; i += SUMS)
        for (size_t j = 0; j < SUMS; j++) {
            const double difference = x[i + j] - y[i + j];
            sum[j] += difference * difference;
        }
    for (size_t i = whole; i < n; i++) sum[i - whole] += (x[i] - y[i]) * (x[i] - y[i]);
    return sqrt(fold(sum));
}

/* x - x is 0 for a finite x and NaN otherwise; the sum is not finite if any term is not, and the
 * loop has no branch. */
bool ntk_all_finite(size_t n, const double *x) {
    double sum[SUMS] = {0};
    const size_t whole = n - n % SUMS;
    for (size_t i = 0; i < whole; i += SUMS)
        for (size_t j = 0; j < SUMS; j++) sum[j] += x[i + j] - x[i + j];
    for (size_t i = whole; i < n; i++) sum[i - whole] += x[i] - x[i];
    return isfinite(fold(sum));
}

double ntk_larger(double a, double b) { return isnan(a) || a >= b ? a : b; }

double ntk_smaller(double a, double b) { return isnan(a) || a <= b ? a : b; }

double ntk_largest_difference(size_t n, const double *x, const double *y) {
    double largest = 0;
    for (size_t i = 0; i < n; i++) largest = ntk_larger(largest, fabs(x[i] - y[i]));
    return largest;
}

void ntk_symmetrise(size_t n, double *a, size_t lda) {
    enum {
        TILE = 32
    }; /* 32 rows of 32 doubles and their mirror image: 16 kB, half a first-level
                         * cache */
    for (size_t i0 = 0; i0 < n; i0 += TILE)
        for (size_t j0 = 0; j0 <= i0; j0 += TILE)
            for (size_t i = i0; i < n && i < i0 + TILE; i++)
                for (size_t j = j0; j < i && j < j0 + TILE; j++) a[j * lda + i] = a[i * lda + j];
}
