/* A verified lower bound of the smallest eigenvalue of a stored symmetric matrix.
 *
 * Symbols. A: the stored matrix, symmetric, (n, n). s: the shift, a double. B = fl(A - sI), which
 * differs from A - sI by one rounding of each diagonal entry. L: lower triangular, nominally the
 * Cholesky factor of B (R = L^T in the literature). u = 2^-53. gamma_k = ku / (1 - ku). |M|:
 * entrywise. eta = 2^-1022, the smallest normal number. Indices run from 1.
 *
 * Theorem. For every lower triangular L, every s and every beta >= ||L L^T - (A - sI)||_2,
 *
 *     lambda_min(A) >= s - beta.
 *
 * Proof. For ||x|| = 1: x^T A x = s + ||L^T x||^2 - x^T (L L^T - (A - sI)) x >= s - beta.
 *
 * Nothing is assumed of L, so it does not matter who computed it, nor how well; only beta has to be
 * rigorous.
 *
 * Lemma 1 (the residual). Let P = |L| |L|^T, Z = fl(L L^T) evaluated conventionally, that is, z_ij
 * is a sum of the products l_ik l_jk in any order, blocked in any way, with or without fused
 * multiply-add, and c_ij = fl(z_ij - b_ij). Then for i >= j
 *
 *     |(L L^T - (A - sI))_ij| <= (1 + u) |c_ij| + gamma_j p_ij + [i = j] u |b_jj| + 4(n+1) eta.
 *
 * Proof. For k > j the product is an exact zero, and adding it is exact; j products remain. Each
 * passes through at most one rounded multiplication and j - 1 rounded additions, so that z_ij is
 * off by at most gamma_j p_ij (Higham, Accuracy and Stability of Numerical Algorithms, section
 * 3.1). The subtraction is off by at most u |c_ij|, and b_jj by u |b_jj|. Each of the 2j + 1
 * operations that underflows adds an absolute error of at most eta, gradually or flushed to zero;
 * later roundings multiply it by less than 2.
 *
 * Subtracting B inside the product instead would put |b_ij| under gamma_j and double the bound. P
 * is computed the same way from |L|. The Cauchy-Schwarz bound p_ij <= ||l_i|| ||l_j|| would save
 * that second product, but it loses a factor of up to n where L is nearly diagonal.
 *
 * Lemma 2 (the norm). If |X_ij| <= e_ij for a symmetric X, then ||X||_2 <= ||E||_2 <= min(max_i
 * sum_j e_ij, ||E||_F). The row sums win for nearly diagonal L, the Frobenius norm for dense ones:
 * min(i,j), which is what gamma_j p_ij amounts to for equal p_ij, has row sums up to n^2 / 2,
 * Frobenius norm n^2 / sqrt(6) and 2-norm 4 n^2 / pi^2.
 *
 * Lemma 3 (rounding of the bound itself). All that follows C is sums, products, quotients and
 * square roots of non-negative numbers. If each input of such an expression passes through at most
 * k roundings, its exact value is at most (1 - u)^-k times the computed one, and for (k + 1)u <=
 * 1/2
 *
 *     (1 - u)^-k x <= fl(x (1 + 2(k + 1)u)),
 *
 * because (1 - u)^-(k+1) <= 1 / (1 - (k+1)u) <= 1 + 2(k+1)u; the factor is a double.
 *
 * What is presupposed: IEEE binary64 rounded to nearest (which is verified), a conventional matrix
 * product (no Strassen-like recursion, as OpenBLAS and the reference BLAS have none), and memory
 * that does not lie.
 *
 * The range is made harmless first: A is multiplied by the power of two that brings its largest
 * entry into [1/2, 1), which is exact but for entries that become subnormal (an error below eta,
 * counted). Hence nothing overflows for any finite A, and 2^k A has 2^k times the bound of A.
 *
 * What can be certified. The bound loses the distance of s from lambda_min, a small multiple of u
 * ||A||_2 that the factorisation needs in order to succeed, and beta <= n u trace(A), nearly; about
 * 0.4 n u ||P||_2 where the p_ij are alike, ||A||_2 <= ||P||_2 <= trace(A). So a positive bound
 * exists as soon as lambda_min exceeds a few u ||A||_2 plus n u trace(A). Where A itself is an
 * approximation of Theta, lambda_min(Theta) >= bound - ||A - Theta||_2.
 *
 * Bad scaling. Where rows have different units, u trace(A) hides a lambda_min that the entries
 * determine well: diag(1e-20, 1). Let D = diag(2^k_i), such that the diagonal of D A D lies in
 * [1/2, 2): this too is exact but for entries that become subnormal. With y = D^{-1} x,
 *
 *     x^T (A - t I) x = y^T (D A D - t D^2) y,     lambda_min(A) >= t  <=>  D A D - t D^2 >= 0.
 *
 * So the theorem, applied to D A D - t D^2, speaks of A. Only its diagonal is computed anew, t
 * 4^k_i being exact but for underflow: one rounding of a number below 2 each, and the bound found
 * must exceed 2 u + eta. The t tried are parts of 1 / ||A^{-1}||_2, A^{-1} = D (D A D)^{-1} D; and
 * any positive bound b of lambda_min(D A D) gives
 *
 *     lambda_min(A) >= b min_i 4^-k_i,
 *
 * since y^T D A D y >= b ||y||^2 and ||y||^2 >= ||x||^2 min_i 4^-k_i.
 *
 * An entry of D A D beyond 2 belongs to a negative minor. What remains refused is a lambda_min(D A
 * D) below some n^2 u: a matrix that is singular to rounding in whatever units. */
#include "certify/cholesky.h"

#include <fenv.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <ntk/certify.h>
#include <ntk/linalg.h>
#include <ntk/memory.h>

static const double unit_roundoff = DBL_EPSILON / 2;

enum {
    ORDER_MAX = 1 << 24, /* keeps every gamma_k and Lemma 3's k far from 1/u */
    RETREATS_MAX = 13    /* up to 4^12 u ||A||, 2e-9 ||A||: beyond that the eigensolver has
                          * failed */
};

ntk_status certify_workspace_create(size_t n, certify_workspace *out) {
    *out = (certify_workspace){0};
    double **const squares[] = {&out->matrix, &out->factor, &out->residual, &out->magnitude};
    ntk_status status = ntk_allocate_doubles(n, &out->row_sums);
    for (size_t k = 0; k < sizeof squares / sizeof *squares && status == NTK_OK; k++)
        status = ntk_allocate_doubles(n * n, squares[k]);
    if (status != NTK_OK) certify_workspace_release(out);
    return status;
}

void certify_workspace_release(certify_workspace *workspace) {
    ntk_release(workspace->matrix);
    ntk_release(workspace->factor);
    ntk_release(workspace->residual);
    ntk_release(workspace->magnitude);
    ntk_release(workspace->row_sums);
    *workspace = (certify_workspace){0};
}

/* --- the bound -------------------------------------------------------------------------------- */

/* residual <- Z = fl(L L^T), magnitude <- fl(P), factor <- |L|; lower triangles. */
static ntk_status form_products(size_t n, const certify_workspace *w) {
    NTK_TRY(ntk_syrk(n, n, 1, w->factor, n, 0, w->residual, n));
    for (size_t k = 0; k < n * n; k++) w->factor[k] = fabs(w->factor[k]);
    return ntk_syrk(n, n, 1, w->factor, n, 0, w->magnitude, n);
}

ntk_status certify_residual_bound(size_t n, double shift, const certify_workspace *w, double *out) {
    NTK_TRY(form_products(n, w));

    /* gamma_j <= j * gamma_unit for all j <= n. Underflows in Z and C, in P, in the product below
     * and in the scaling: 4(n+1) + 4(n+1) + 1 + 1 eta at most. */
    const double gamma_unit = certify_inflate(unit_roundoff / (1 - (double)n * unit_roundoff), 2);
    const double underflow = 8 * (double)(n + 2) * DBL_MIN;
    double squares = 0, row_sum_max = 0;
    memset(w->row_sums, 0, n * sizeof(double));
    for (size_t i = 0; i < n; i++) {
        double row_squares = 0;
        for (size_t j = 0; j <= i; j++) { /* from 0: gamma_j of the lemma is here (j + 1) *
                                           * gamma_unit */
            const size_t k = i * n + j;
            const double b = i == j ? w->matrix[k] - shift : w->matrix[k];
            const double rounded_shift = i == j ? unit_roundoff * fabs(b) : 0;
            const double e = fabs(w->residual[k] - b) + (double)(j + 1) * gamma_unit * w->magnitude[k] +
                             rounded_shift + underflow;
            w->row_sums[i] += e;
            if (j < i) w->row_sums[j] += e;
            row_squares += (j < i ? 2 : 1) * e * e;
        }
        squares += row_squares;
    }
    for (size_t i = 0; i < n; i++) row_sum_max = fmax(row_sum_max, w->row_sums[i]);
    /* underflow of the squares */
    const double frobenius = sqrt(squares + (double)n * (double)n * DBL_MIN);

    /* Roundings: p_ij n, e_ij 6 more with the 1 + u of Lemma 1; its row sums n, or its squares,
     * their sums and the root 2n + 3 at most. A NaN stays in the Frobenius norm, and no comparison
     * replaces it. */
    *out = certify_inflate(row_sum_max < frobenius ? row_sum_max : frobenius, 4 * n + 32);
    return NTK_OK;
}

/* --- the certificate -------------------------------------------------------------------------- */

/* Copy the lower triangle of a / 2^exponent, with its largest entry in [1/2, 1). */
static ntk_status load_scaled(size_t n, const double *a, size_t lda, double *matrix, int *exponent) {
    double largest = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            if (!isfinite(a[i * lda + j]))
                return ntk_fail(NTK_ERROR_NOT_FINITE, "ntk_certify_positive_definite: entry (%zu, %zu) is %g",
                                i, j, a[i * lda + j]);
            largest = fmax(largest, fabs(a[i * lda + j]));
        }
    (void)frexp(largest, exponent);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) matrix[i * n + j] = ldexp(a[i * lda + j], -*exponent);
    return NTK_OK;
}

/* Extreme eigenvalues of the scaled matrix, without rigour; the factor's memory serves as
 * scratch. */
static ntk_status estimate_spectrum(size_t n, const certify_workspace *w, double *lowest, double *norm) {
    memcpy(w->factor, w->matrix, n * n * sizeof(double));
    NTK_TRY(ntk_eigen_symmetric(n, w->factor, n, false, w->row_sums));
    *lowest = w->row_sums[0];
    /* The largest entry bounds the norm from below; the zero matrix gets a norm to retreat by. */
    *norm = fmax(0.5, fmax(fabs(w->row_sums[0]), fabs(w->row_sums[n - 1])));
    return NTK_OK;
}

/* factor <- the Cholesky factor of matrix - shift I, with zeros above the diagonal. */
static ntk_status factorise(size_t n, double shift, const certify_workspace *w) {
    memset(w->factor, 0, n * n * sizeof(double));
    for (size_t i = 0; i < n; i++) {
        memcpy(w->factor + i * n, w->matrix + i * n, (i + 1) * sizeof(double));
        w->factor[i * n + i] -= shift;
    }
    return ntk_cholesky(n, w->factor, n);
}

/* The first shift below lambda_min, on a geometric retreat from it, at which the factorisation
 * succeeds. Going on would only lose: beta hardly depends on s. */
static ntk_status certify_scaled(size_t n, const certify_workspace *w, ntk_certificate *out) {
    double norm;
    NTK_TRY(estimate_spectrum(n, w, &out->lambda_min, &norm));
    double margin = unit_roundoff * norm;
    for (int retreat = 0; retreat < RETREATS_MAX; retreat++, margin *= 4) {
        out->shift = out->lambda_min - margin;
        const ntk_status status = factorise(n, out->shift, w);
        /* A is finite: a pivot that is not is a breakdown like any other. */
        if (status == NTK_ERROR_NOT_POSITIVE_DEFINITE || status == NTK_ERROR_NOT_FINITE) continue;
        NTK_TRY(status);
        NTK_TRY(certify_residual_bound(n, out->shift, w, &out->residual_bound));
        out->lambda_min_bound = out->shift - out->residual_bound;
        return NTK_OK;
    }
    return NTK_OK;
}

static bool is_positive(const ntk_certificate *certificate) {
    return isfinite(certificate->lambda_min_bound) && certificate->lambda_min_bound > 0;
}

/* Undo the scaling, rounding outwards: the difference s - beta is off by half an ulp at most, and
 * the scaling is exact but for a result below the normal range, where it in turn rounds by half an
 * ulp and the first error is far smaller. */
static void unscale(int exponent, ntk_certificate *out) {
    out->lambda_min = ldexp(out->lambda_min, exponent);
    out->shift = ldexp(out->shift, exponent);
    out->residual_bound = nextafter(ldexp(out->residual_bound, exponent), INFINITY);
    out->lambda_min_bound = nextafter(ldexp(out->lambda_min_bound, exponent), -INFINITY);
}

static ntk_status certify_as_it_stands(size_t n, const double *a, size_t lda, const certify_workspace *w,
                                       ntk_certificate *out) {
    int exponent = 0;
    NTK_TRY(load_scaled(n, a, lda, w->matrix, &exponent));
    NTK_TRY(certify_scaled(n, w, out));
    unscale(exponent, out);
    return NTK_OK;
}

/* --- matrices of bad scaling ------------------------------------------------------------------ */

/* k_i of the head of this file, in exponents (n). False where the diagonal is not positive, or no
 * row has a scale of its own. */
static bool balance(size_t n, const double *a, size_t lda, int *exponents) {
    bool differ = false;
    for (size_t i = 0; i < n; i++) {
        int exponent;
        if (!(a[i * lda + i] > 0)) return false;
        (void)frexp(a[i * lda + i], &exponent);
        exponents[i] = -(exponent >= 0 ? exponent / 2 : (exponent - 1) / 2);
        differ = differ || exponents[i] != exponents[0];
    }
    return differ;
}

/* Lower triangle of D A D - t D^2 in `matrix`. False where an entry of D A D exceeds 2. */
static bool load_balanced(size_t n, const double *a, size_t lda, const int *exponents, double t,
                          double *matrix) {
    bool bounded = true;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j <= i; j++) {
            matrix[i * n + j] = ldexp(a[i * lda + j], exponents[i] + exponents[j]);
            bounded = bounded && fabs(matrix[i * n + j]) <= 2;
        }
        matrix[i * n + i] -= ldexp(t, 2 * exponents[i]);
    }
    return bounded;
}

/* 1 / ||A^{-1}||_2 without rigour, for D A D in `matrix`; 0 where it has no Cholesky factor. With
 * the largest k_i taken out of D nothing overflows. */
static ntk_status estimate_smallest(size_t n, const certify_workspace *w, const int *exponents, int most,
                                    double *smallest) {
    double *inverse = w->residual;
    *smallest = 0;
    ntk_status status = factorise(n, 0, w);
    if (status == NTK_ERROR_NOT_POSITIVE_DEFINITE || status == NTK_ERROR_NOT_FINITE) return NTK_OK;
    memset(inverse, 0, n * n * sizeof *inverse);
    for (size_t i = 0; i < n; i++) inverse[i * n + i] = 1;
    if (status == NTK_OK) status = ntk_cholesky_solve(n, n, w->factor, n, inverse, n);
    NTK_TRY(status);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++)
            inverse[i * n + j] = ldexp(inverse[i * n + j], exponents[i] + exponents[j] - 2 * most);
    status = ntk_eigen_symmetric(n, inverse, n, false, w->row_sums);
    if (status == NTK_ERROR_NOT_FINITE) return NTK_OK;
    if (status == NTK_OK) *smallest = ldexp(1 / w->row_sums[n - 1], -2 * most);
    return status;
}

/* lambda_min(A) >= t? Then it is the bound; shift and residual_bound are those of D A D - t D^2. */
static ntk_status try_bound(size_t n, const double *a, size_t lda, const int *exponents,
                            const certify_workspace *w, double t, ntk_certificate *out) {
    ntk_certificate difference = {-INFINITY, NAN, NAN, INFINITY};
    (void)load_balanced(n, a, lda, exponents, t, w->matrix);
    NTK_TRY(certify_scaled(n, w, &difference));
    if (!is_positive(&difference) || difference.lambda_min_bound < 4 * unit_roundoff) return NTK_OK;
    out->lambda_min_bound = t;
    out->shift = difference.shift;
    out->residual_bound = difference.residual_bound;
    return NTK_OK;
}

/* Leaves *out as it is where nothing positive is found. */
static ntk_status certify_balanced(size_t n, const double *a, size_t lda, const int *exponents,
                                   const certify_workspace *w, ntk_certificate *out) {
    int most = exponents[0];
    for (size_t i = 1; i < n; i++) most = exponents[i] > most ? exponents[i] : most;
    ntk_certificate whole = {-INFINITY, NAN, NAN, INFINITY};
    double smallest;
    if (!load_balanced(n, a, lda, exponents, 0, w->matrix)) return NTK_OK;
    NTK_TRY(certify_scaled(n, w, &whole));
    if (!is_positive(&whole)) return NTK_OK;
    NTK_TRY(estimate_smallest(n, w, exponents, most, &smallest));
    whole.lambda_min_bound = nextafter(ldexp(whole.lambda_min_bound, -2 * most), -INFINITY);
    const double least = whole.lambda_min_bound;
    static const double parts[] = {1 - 0x1p-20, 1 - 0x1p-10, 1 - 0x1p-5, 0.5, 0.125, 0.03125};
    for (size_t k = 0; k < sizeof parts / sizeof *parts && whole.lambda_min_bound == least; k++) {
        const double t = parts[k] * smallest;
        if (t > least) NTK_TRY(try_bound(n, a, lda, exponents, w, t, &whole));
    }
    if (!is_positive(&whole)) return NTK_OK;
    *out = whole;
    out->lambda_min = fmax(smallest, whole.lambda_min_bound);
    return NTK_OK;
}

ntk_status ntk_certify_positive_definite(size_t n, const double *a, size_t lda, ntk_certificate *out) {
    *out = (ntk_certificate){-INFINITY, NAN, NAN, INFINITY};
    if (n == 0 || n > ORDER_MAX || lda < n)
        return ntk_fail(NTK_ERROR_SHAPE, "ntk_certify_positive_definite: order %zu, leading dimension %zu", n,
                        lda);
    if (fegetround() != FE_TONEAREST)
        return ntk_fail(NTK_ERROR_UNSUPPORTED,
                        "ntk_certify_positive_definite: the rounding mode is not to nearest");
    certify_workspace w;
    void *exponents = NULL;
    NTK_TRY(certify_workspace_create(n, &w));
    ntk_status status = ntk_allocate(n, sizeof(int), &exponents);
    if (status == NTK_OK) status = certify_as_it_stands(n, a, lda, &w, out);
    if (status == NTK_OK && !is_positive(out) && balance(n, a, lda, exponents))
        status = certify_balanced(n, a, lda, exponents, &w, out);
    ntk_release(exponents);
    certify_workspace_release(&w);
    NTK_TRY(status);
    if (is_positive(out)) return NTK_OK;
    return ntk_fail(
        NTK_ERROR_NOT_POSITIVE_DEFINITE,
        "no positive lower bound of lambda_min can be certified: order %zu, computed lambda_min %g, "
        "rigorous lower bound %g",
        n, out->lambda_min, out->lambda_min_bound);
}
