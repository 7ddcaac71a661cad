/* Enclosures of all eigenvalues of a stored symmetric matrix.
 *
 * Symbols. A: the stored matrix, symmetric, (n, n). V: the computed eigenvectors, in columns; D:
 * the diagonal matrix of the computed eigenvalues d_1 <= ... <= d_n. u = 2^-53, gamma_k = ku / (1 -
 * ku), eta = 2^-1022. |M|: entrywise.
 *
 * Theorem. Let delta >= ||V^T V - I||_2, delta < 1, and rho >= ||A V - V D||_2. Then for every i
 *
 *     |lambda_i(A) - d_i| <= (rho + 2 ||D||_2 delta) / (1 - delta).
 *
 * Proof. V = Q H with Q orthogonal and H = (V^T V)^{1/2}; V has full rank since delta < 1, and
 * ||V - Q|| = ||H - I|| <= max |sqrt(1 + t) - 1| over |t| <= delta, which is at most delta. Let E =
 * A - Q D Q^T. Then ||E|| = ||A Q - Q D|| = ||(A V - V D) + A (Q - V) - (Q - V) D|| <= rho +
 * (||A|| + ||D||) delta, and ||A|| <= ||D|| + ||E||, so ||E|| (1 - delta) <= rho + 2 ||D|| delta.
 * By Weyl's inequality the i-th eigenvalues of A and of Q D Q^T, which are the d_i, differ by at
 * most ||E||.
 * QED
 *
 * Of V and D nothing is assumed but d_1 <= ... <= d_n, which is looked at: it does not matter who
 * computed them, nor how well.
 *
 * Lemma (the residuals). Let Z = fl(A V) be evaluated conventionally (cholesky.c) and r_ij =
 * fl(z_ij
 * - fl(v_ij d_j)). Then
 *
 *     |(A V - V D)_ij| <= |r_ij| (1 + u) + gamma_n (|A| |V|)_ij + u |v_ij d_j| + 4(n + 1) eta,
 *
 * and for S = fl(V^T V), with s_ij = fl(S_ij - [i = j]) likewise |(V^T V - I)_ij| <= |s_ij| (1 + u)
 * + gamma_n (|V|^T |V|)_ij + 4(n + 1) eta. The products of absolute values are computed in the same
 * way; each of their entries, a sum of n non-negative numbers, is at most (1 - u)^{-n} times the
 * computed one. Norms: ||X||_2 <= min(||X||_F, sqrt(||X||_1 ||X||_inf)).
 *
 * As in cholesky.c A is first scaled by a power of two to a largest entry in [1/2, 1), and the
 * bound itself is inflated for its own roundings (its Lemma 3). The radius is some n u ||A||_2, the
 * same for all eigenvalues: small ones are known less well, relative to themselves. */
#include <fenv.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <ntk/certify.h>
#include <ntk/linalg.h>
#include <ntk/memory.h>

#include "certify/cholesky.h"

static const double unit_roundoff = DBL_EPSILON / 2;

enum { ORDER_MAX = 1 << 20 }; /* (3 n + 32) u stays far below 1 */

typedef struct workspace {
    double *matrix;    /* A / 2^exponent, full; then |A| */
    double *vectors;   /* V */
    double *absolute;  /* |V| */
    double *residual;  /* fl(A V - V D), or fl(V^T V - I) */
    double *magnitude; /* fl(|A| |V|), or fl(|V|^T |V|) */
    double *columns;   /* (n), sums of the columns of a bound */
} workspace;

static void release(workspace *w) {
    ntk_release(w->matrix);
    ntk_release(w->vectors);
    ntk_release(w->absolute);
    ntk_release(w->residual);
    ntk_release(w->magnitude);
    ntk_release(w->columns);
}

static ntk_status create(size_t n, workspace *w) {
    *w = (workspace){0};
    double **const squares[] = {&w->matrix, &w->vectors, &w->absolute, &w->residual, &w->magnitude};
    ntk_status status = ntk_allocate_doubles(n, &w->columns);
    for (size_t k = 0; k < sizeof squares / sizeof *squares && status == NTK_OK; k++)
        status = ntk_allocate_doubles(n * n, squares[k]);
    if (status != NTK_OK) release(w);
    return status;
}

/* The lower triangle of a / 2^exponent, in both triangles; the largest entry in [1/2, 1). */
static ntk_status load_scaled(size_t n, const double *a, size_t lda, double *matrix, int *exponent) {
    double largest = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            if (!isfinite(a[i * lda + j]))
                return ntk_fail(NTK_ERROR_NOT_FINITE, "ntk_certify_eigenvalues: entry (%zu, %zu) is %g", i, j,
                                a[i * lda + j]);
            largest = fmax(largest, fabs(a[i * lda + j]));
        }
    (void)frexp(largest, exponent);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++)
            matrix[i * n + j] = matrix[j * n + i] = ldexp(a[i * lda + j], -*exponent);
    return NTK_OK;
}

static void absolute_of(size_t count, const double *from, double *to) {
    for (size_t k = 0; k < count; k++) to[k] = fabs(from[k]);
}

/* An upper bound of ||X||_2 where |X_ij| <= (1 + u) |residual_ij| + gamma_n magnitude_ij + u |v_ij|
 * scales_j + underflow; scales: (n), or NULL for none. */
static double norm_bound(size_t n, const workspace *w, const double *scales) {
    const double gamma = certify_inflate((double)n * unit_roundoff / (1 - (double)n * unit_roundoff), 3);
    const double underflow = 8 * (double)(n + 2) * DBL_MIN;
    double squares = 0, row_most = 0, column_most = 0;
    memset(w->columns, 0, n * sizeof(double));
    for (size_t i = 0; i < n; i++) {
        double row = 0, row_squares = 0;
        for (size_t j = 0; j < n; j++) {
            const size_t k = i * n + j;
            const double product = scales ? unit_roundoff * w->absolute[k] * fabs(scales[j]) : 0;
            const double e = fabs(w->residual[k]) + gamma * w->magnitude[k] + product + underflow;
            row += e;
            w->columns[j] += e;
            row_squares += e * e;
        }
        squares += row_squares;
        row_most = ntk_larger(row_most, row);
    }
    for (size_t j = 0; j < n; j++) column_most = ntk_larger(column_most, w->columns[j]);
    const double frobenius = sqrt(squares + (double)n * (double)n * DBL_MIN);
    const double mixed = sqrt(row_most) * sqrt(column_most);
    /* Roundings: a magnitude n, an entry 8 more with the 1 + u; sums n, or 2 n of squares; roots
     * and product 3. A NaN stays in the Frobenius norm, and no comparison replaces it. */
    return certify_inflate(mixed < frobenius ? mixed : frobenius, 4 * n + 32);
}

/* delta >= ||V^T V - I||_2 */
static ntk_status orthogonality(size_t n, const workspace *w, double *delta) {
    NTK_TRY(ntk_gemm(NTK_TRANSPOSE, NTK_NO_TRANSPOSE, n, n, n, 1, w->vectors, n, w->vectors, n, 0,
                     w->residual, n));
    NTK_TRY(ntk_gemm(NTK_TRANSPOSE, NTK_NO_TRANSPOSE, n, n, n, 1, w->absolute, n, w->absolute, n, 0,
                     w->magnitude, n));
    for (size_t i = 0; i < n; i++) w->residual[i * n + i] -= 1;
    *delta = norm_bound(n, w, NULL);
    return NTK_OK;
}

/* rho >= ||A V - V D||_2; the matrix becomes |A|. */
static ntk_status residual_norm(size_t n, const workspace *w, const double *values, double *rho) {
    NTK_TRY(ntk_gemm(NTK_NO_TRANSPOSE, NTK_NO_TRANSPOSE, n, n, n, 1, w->matrix, n, w->vectors, n, 0,
                     w->residual, n));
    absolute_of(n * n, w->matrix, w->matrix);
    NTK_TRY(ntk_gemm(NTK_NO_TRANSPOSE, NTK_NO_TRANSPOSE, n, n, n, 1, w->matrix, n, w->absolute, n, 0,
                     w->magnitude, n));
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) w->residual[i * n + j] -= w->vectors[i * n + j] * values[j];
    *rho = norm_bound(n, w, values);
    return NTK_OK;
}

/* values: d of the scaled matrix. */
static ntk_status enclose(size_t n, const workspace *w, double *values, double *radius) {
    memcpy(w->vectors, w->matrix, n * n * sizeof(double));
    NTK_TRY(ntk_eigen_symmetric(n, w->vectors, n, true, values));
    absolute_of(n * n, w->vectors, w->absolute);
    double delta, rho;
    NTK_TRY(orthogonality(n, w, &delta));
    NTK_TRY(residual_norm(n, w, values, &rho));
    const double norm = fmax(fabs(values[0]), fabs(values[n - 1]));
    bool ascending = true;
    for (size_t i = 1; i < n; i++) ascending = ascending && values[i - 1] <= values[i];
    *radius =
        ascending && delta < 0.5 ? certify_inflate((rho + 2 * norm * delta) / (1 - delta), 8) : INFINITY;
    return NTK_OK;
}

ntk_status ntk_certify_eigenvalues(size_t n, const double *a, size_t lda, double *values, double *radius) {
    *radius = INFINITY;
    if (n == 0 || n > ORDER_MAX || lda < n)
        return ntk_fail(NTK_ERROR_SHAPE, "ntk_certify_eigenvalues: order %zu, leading dimension %zu", n, lda);
    if (fegetround() != FE_TONEAREST)
        return ntk_fail(NTK_ERROR_UNSUPPORTED,
                        "ntk_certify_eigenvalues: the rounding mode is not to nearest");
    workspace w;
    int exponent = 0;
    NTK_TRY(create(n, &w));
    ntk_status status = load_scaled(n, a, lda, w.matrix, &exponent);
    if (status == NTK_OK) status = enclose(n, &w, values, radius);
    release(&w);
    NTK_TRY(status);
    /* Exact but for a result below the normal range, which rounds by half of its last place. */
    for (size_t i = 0; i < n; i++) values[i] = ldexp(values[i], exponent);
    *radius = nextafter(ldexp(*radius, exponent), INFINITY) + DBL_MIN;
    if (isfinite(*radius)) return NTK_OK;
    return ntk_fail(
        NTK_ERROR_NO_CONVERGENCE,
        "ntk_certify_eigenvalues: the computed eigenvectors are not orthogonal enough, or the eigenvalues "
        "not in order");
}
