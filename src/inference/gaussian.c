/* Gaussian laws over initialisations (gaussian.h).
 *
 * Forms. With L the Cholesky factor of Theta_XX + ridge I and B = L^{-1} Theta_Xx,
 *
 *     A = (L^{-T} B)^T,        Theta_xx' - A Theta_Xx' = Theta_xx' - B^T B,
 *
 * the latter symmetric by construction and as accurate as the Cholesky factor allows near the
 * training points, where the two terms cancel. Where Theta_XX + ridge I is singular to rounding,
 * L^{-1} is the whitening W of its range (range.c): A = Theta_xX (Theta_XX + ridge I)^+. The
 * ensemble's covariance is [-A I] S [-A I]^T, evaluated as that product of three matrices: f(x) - A
 * f(X) is the random variable whose covariance it is, so it is semi-definite but for rounding even
 * where A is large. */
#include <ntk/gaussian.h>

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>

#include "inference/range.h"

static ntk_status check(const char *what, size_t n, size_t q, const double *kernel, double ridge) {
    if (n == 0 || q == 0 || n > (size_t)1 << 16 || q > (size_t)1 << 16)
        return ntk_fail(NTK_ERROR_ARGUMENT, "%s: %zu training points and %zu others", what, n, q);
    if (!(ridge >= 0 && isfinite(ridge)))
        return ntk_fail(NTK_ERROR_ARGUMENT, "%s: the ridge is %g, not a number >= 0", what, ridge);
    if (!ntk_all_finite((n + q) * (n + q), kernel))
        return ntk_fail(NTK_ERROR_NOT_FINITE, "%s: the kernel is not finite", what);
    return NTK_OK;
}

/* What whitens Theta_XX + ridge I, and B. */
typedef struct whitening {
    size_t n, q;
    double *matrix, *factor; /* (n, n) */
    double *b;               /* (n, q) */
    bool singular;
    ntk_range range;
} whitening;

static void release(whitening *w) {
    ntk_range_release(&w->range);
    ntk_release(w->matrix);
}

/* Pivots at the level of rounding: the triangular factor means nothing there. */
static bool is_singular(const whitening *w) {
    for (size_t i = 0; i < w->n; i++) {
        const double pivot = w->factor[i * (w->n + 1)];
        if (!(pivot * pivot > 16 * (double)w->n * DBL_EPSILON * w->matrix[i * (w->n + 1)])) return true;
    }
    return false;
}

static ntk_status apply(const whitening *w, ntk_transpose transpose) {
    if (w->singular) return ntk_range_whiten(&w->range, transpose, w->q, w->b, w->b);
    return ntk_triangular_solve(transpose, w->n, w->q, w->factor, w->n, w->b, w->q);
}

static ntk_status find_range(const char *what, whitening *w) {
    NTK_TRY(ntk_range_create(w->n, w->matrix, &w->range));
    if (ntk_range_is_indefinite(&w->range))
        return ntk_fail(
            NTK_ERROR_NOT_POSITIVE_DEFINITE,
            "%s: the kernel is not positive semi-definite, with its diagonal brought to about 1 an "
            "eigenvalue of Theta + ridge I is %g",
            what, w->range.smallest);
    w->singular = true;
    return NTK_OK;
}

static ntk_status factorise(const char *what, const double *theta, double ridge, whitening *w) {
    const size_t n = w->n, q = w->q;
    for (size_t i = 0; i < n; i++) {
        memcpy(w->factor + i * n, theta + i * (n + q), n * sizeof *w->factor);
        memcpy(w->b + i * q, theta + i * (n + q) + n, q * sizeof *w->b);
        w->factor[i * n + i] += ridge;
    }
    memcpy(w->matrix, w->factor, n * n * sizeof *w->matrix);
    const ntk_status status = ntk_cholesky(n, w->factor, n);
    if (status == NTK_ERROR_NOT_POSITIVE_DEFINITE || (status == NTK_OK && is_singular(w)))
        NTK_TRY(find_range(what, w));
    else
        NTK_TRY(status);
    return apply(w, NTK_NO_TRANSPOSE);
}

/* To be released, unless it fails. */
static ntk_status whiten(const char *what, size_t n, size_t q, const double *theta, double ridge,
                         whitening *w) {
    *w = (whitening){.n = n, .q = q};
    NTK_TRY(check(what, n, q, theta, ridge));
    NTK_TRY(ntk_allocate_doubles(n * (2 * n + q), &w->matrix));
    w->factor = w->matrix + n * n;
    w->b = w->factor + n * n;
    const ntk_status status = factorise(what, theta, ridge, w);
    if (status != NTK_OK) release(w);
    return status;
}

ntk_status ntk_gaussian_map(size_t n, size_t q, const double *theta, double ridge, double *map) {
    whitening w;
    NTK_TRY(whiten("Gaussian law", n, q, theta, ridge, &w));
    const ntk_status status = apply(&w, NTK_TRANSPOSE);
    for (size_t i = 0; i < q; i++)
        for (size_t j = 0; j < n; j++) map[i * n + j] = w.b[j * q + i];
    release(&w);
    return status;
}

ntk_status ntk_gaussian_mean(size_t n, size_t q, size_t outputs, const double *map, const double *targets,
                             double *mean) {
    return ntk_gemm(NTK_NO_TRANSPOSE, NTK_NO_TRANSPOSE, q, outputs, n, 1, map, n, targets, outputs, 0, mean,
                    outputs);
}

ntk_status ntk_gaussian_ensemble(size_t n, size_t q, const double *map, const double *s, double *covariance) {
    NTK_TRY(check("ensemble law", n, q, s, 0));
    const size_t all = n + q;
    double *combine, *half; /* (q, n + q): [-A I], and its product with S */
    NTK_TRY(ntk_allocate_doubles(2 * q * all, &combine));
    half = combine + q * all;
    for (size_t i = 0; i < q; i++) {
        for (size_t j = 0; j < n; j++) combine[i * all + j] = -map[i * n + j];
        combine[i * all + n + i] = 1;
    }
    ntk_status status =
        ntk_gemm(NTK_NO_TRANSPOSE, NTK_NO_TRANSPOSE, q, all, all, 1, combine, all, s, all, 0, half, all);
    if (status == NTK_OK)
        status = ntk_gemm(NTK_NO_TRANSPOSE, NTK_TRANSPOSE, q, q, all, 1, half, all, combine, all, 0,
                          covariance, q);
    ntk_release(combine);
    if (status == NTK_OK) ntk_symmetrise(q, covariance, q);
    return status;
}

ntk_status ntk_gaussian_posterior(size_t n, size_t q, const double *theta, double ridge, double *covariance) {
    whitening w;
    NTK_TRY(whiten("posterior law", n, q, theta, ridge, &w));
    for (size_t i = 0; i < q; i++)
        memcpy(covariance + i * q, theta + (n + i) * (n + q) + n, q * sizeof *covariance);
    const ntk_status status = ntk_syrk_transposed(q, n, -1, w.b, q, 1, covariance, q);
    ntk_symmetrise(q, covariance, q);
    release(&w);
    return status;
}

/* root <- V sqrt(max(D, 0)) of covariance = V D V^T. */
static ntk_status square_root(size_t q, const double *covariance, double *root, double *values) {
    memcpy(root, covariance, q * q * sizeof *root);
    NTK_TRY(ntk_eigen_symmetric(q, root, q, true, values));
    const double rounding = (double)q * DBL_EPSILON * fmax(values[q - 1], -values[0]);
    if (values[0] < -rounding)
        return ntk_fail(NTK_ERROR_NOT_POSITIVE_DEFINITE, "draw: an eigenvalue of the covariance is %g",
                        values[0]);
    for (size_t i = 0; i < q; i++)
        for (size_t k = 0; k < q; k++) root[i * q + k] *= sqrt(fmax(values[k], 0));
    return NTK_OK;
}

ntk_status ntk_gaussian_draw(ntk_stream *stream, size_t q, size_t columns, const double *mean,
                             const double *covariance, double *draws) {
    if (q == 0 || columns == 0)
        return ntk_fail(NTK_ERROR_ARGUMENT, "draw: %zu draws in %zu dimensions", columns, q);
    if (!ntk_all_finite(q * q, covariance))
        return ntk_fail(NTK_ERROR_NOT_FINITE, "draw: the covariance is not finite");
    double *memory;
    NTK_TRY(ntk_allocate_doubles(q * q + q + q * columns, &memory));
    double *root = memory, *values = root + q * q, *normals = values + q;
    ntk_status status = square_root(q, covariance, root, values);
    if (status == NTK_OK) {
        ntk_stream_normal(stream, q * columns, normals);
        for (size_t i = 0; i < q * columns; i++) draws[i] = mean ? mean[i / columns] : 0;
        status = ntk_gemm(NTK_NO_TRANSPOSE, NTK_NO_TRANSPOSE, q, columns, q, 1, root, q, normals, columns, 1,
                          draws, columns);
    }
    ntk_release(memory);
    return status;
}
