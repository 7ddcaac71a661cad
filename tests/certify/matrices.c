#include "matrices.h"

#include <math.h>

static void fill(size_t n, double *a, double value) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) a[i * n + j] = j <= i ? value : NAN;
}

void matrix_second_difference(size_t n, double *a) {
    fill(n, a, 0);
    for (size_t i = 0; i < n; i++) {
        a[i * n + i] = 2;
        if (i > 0) a[i * n + i - 1] = -1;
    }
}

void matrix_path_laplacian(size_t n, double *a) {
    matrix_second_difference(n, a);
    a[0] -= 1;
    a[n * n - 1] -= 1;
}

void matrix_pascal(size_t n, double *a) {
    fill(n, a, 1);
    for (size_t i = 1; i < n; i++)
        for (size_t j = 1; j <= i; j++)
            a[i * n + j] = a[i * n + j - 1] + (j < i ? a[(i - 1) * n + j] : a[i * n + j - 1]);
}

void matrix_hilbert(size_t n, double *a) {
    fill(n, a, 0);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) a[i * n + j] = 1 / (double)(i + j + 1);
}

/* SplitMix64, mapped to (-1, 1): these tests draw without the library. */
static double draw(uint64_t *state) {
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-52 - 1;
}

void matrix_householder(size_t n, const double *d, uint64_t seed, double *a) {
    double v[n], square = 0, weighted = 0;
    for (size_t i = 0; i < n; i++) {
        v[i] = draw(&seed);
        square += v[i] * v[i];
    }
    for (size_t i = 0; i < n; i++) weighted += d[i] * v[i] * v[i];
    const double c = 2 / square;
    fill(n, a, 0);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++)
            a[i * n + j] =
                (i == j ? d[i] : 0) - c * v[i] * v[j] * (d[i] + d[j]) + c * c * weighted * v[i] * v[j];
}
