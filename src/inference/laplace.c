/* The Laplace approximation of a Gaussian process classifier (Rasmussen and Williams 2006,
 * sections 3.4, 3.5).
 *
 * Sigma = (C^{-1} + W)^{-1} with the prior covariance C (x) I_K and W block diagonal, one (K, K)
 * block per point. At new points, with c = C_Xx,
 *
 *     covariance(x) = C_xx I - (c (x) I)^T M (c (x) I),      M = W (I + C W)^{-1}.
 *
 * Logistic: W = D diagonal and M = E = D^{1/2} B^{-1} D^{1/2}, B = I + D^{1/2} C D^{1/2}: the
 * eigenvalues of B are at least 1 whatever D and C, which the symmetric form is for.
 *
 * Softmax: W = D - Pi Pi^T, D = diag(p_ik) and Pi (nK, n) the diagonals of p_k on top of each
 * other. D itself would give the block diagonal E = diag(E_1, ..., E_K), E_k as above with D_k.
 * Taking Pi Pi^T off by the matrix inversion lemma (R (nK, n): K identities on top of each other;
 * Pi = D R, and R^T D R = I, the probabilities' sum),
 *
 *     M = E - E R G^{-1} R^T E,     G = R^T E R = sum_k E_k = L L^T,
 *     covariance(x)_kl = delta_kl (C_xx - c^T E_k c) + u_k^T u_l,     u_k = L^{-1} E_k c:
 *
 * K + 1 factorisations of order n in place of one of order nK. The second term is what the sum of
 * the probabilities being 1 takes back: the data do not speak about a common shift of the outputs
 * at a point.
 *
 * Effective parameters: tr W (C^{-1} + W)^{-1} = sum_i tr W_i covariance(x_i), since Sigma at the
 * training points is this covariance there.
 *
 * Copies of a point with one f (distinct.h) are one point with m times the curvature, D = m diag p:
 * W = D - D R (R^T D R)^{-1} R^T D gives the same M. Unmerged, large entries of E would cancel in E
 * c.
 *
 * What OK means. C_xx - c^T E c cancels where the data know much more than the prior, lambda -> 0.
 * With v = E c the product is off by some n u |c|^T |E| |c|, and by what the error of the
 * factorisation, a change of E^{-1} = C + D^{-1} by n u times the roots of its diagonals, does: n u
 * (sum_i (C_ii + 1 / d_i)^{1/2} |v_i|)^2. Their sum must be small beside the variance, or beside 1,
 * the scale on which probabilities change. */
#include <ntk/laplace.h>

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <ntk/inference_problem.h>
#include <ntk/linalg.h>
#include <ntk/loss.h>
#include <ntk/memory.h>
#include <ntk/status.h>

#include "inference/classifier.h"
#include "inference/curvature.h"
#include "inference/distinct.h"
#include "inference/inference_problem.h"

/* The error of a variance, relative to it or to 1, with which it is returned. */
static const double accepted_error = 1e-6;

/* n: the number of distinct points. */
struct ntk_laplace {
    ntk_distinct distinct;
    const ntk_inference_problem *problem; /* that of the distinct points */
    const ntk_inference_problem *given;
    size_t *first;  /* (n): of the points given, the first that is each */
    double scale;   /* C = scale Theta */
    double *weight; /* (n, K): h or p, times the number of copies (curvature.h) */
    double *kept;   /* (K, n, n), E_k */
    double *factor; /* (n, n), lower triangular: L; NULL for logistic loss */
};

void ntk_laplace_destroy(ntk_laplace *laplace) {
    if (!laplace) return;
    ntk_distinct_release(&laplace->distinct);
    ntk_release(laplace->first);
    ntk_release(laplace->weight);
    ntk_release(laplace->kept);
    ntk_release(laplace->factor);
    ntk_release(laplace);
}

/* E_k = T^T T with T = L_B^{-1} D^{1/2}. root: (n); b: (n, n), both scratch. */
static ntk_status build_class(ntk_laplace *laplace, size_t k, double *root, double *b) {
    const size_t n = laplace->problem->points, outputs = laplace->problem->outputs;
    double *kept = laplace->kept + k * n * n, *triangle = kept; /* T is built where E_k will be */
    for (size_t i = 0; i < n; ++i) root[i] = sqrt(laplace->weight[i * outputs + k]);
    for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j <= i; ++j)
            b[i * n + j] = root[i] * laplace->scale * laplace->problem->gram[i * n + j] * root[j] + (i == j);
    NTK_TRY(ntk_cholesky(n, b, n));
    memset(triangle, 0, n * n * sizeof *triangle);
    for (size_t i = 0; i < n; ++i) triangle[i * n + i] = root[i];
    NTK_TRY(ntk_triangular_solve(NTK_NO_TRANSPOSE, n, n, b, n, triangle, n));
    NTK_TRY(ntk_syrk_transposed(n, n, 1, triangle, n, 0, b, n));
    ntk_symmetrise(n, b, n);
    memcpy(kept, b, n * n * sizeof *kept);
    return NTK_OK;
}

static ntk_status build_common(ntk_laplace *laplace) {
    const size_t n = laplace->problem->points;
    NTK_TRY(ntk_allocate_doubles(n * n, &laplace->factor));
    for (size_t k = 0; k < laplace->problem->outputs; ++k)
        for (size_t i = 0; i < n * n; ++i) laplace->factor[i] += laplace->kept[k * n * n + i];
    return ntk_cholesky(n, laplace->factor, n);
}

/* Weights of the distinct points, at the f of the first copy of each. */
static ntk_status find_weights(ntk_laplace *laplace, const double *f) {
    const size_t n = laplace->problem->points, outputs = laplace->problem->outputs;
    double *rows = NULL;
    NTK_TRY(ntk_allocate_doubles(n * outputs, &laplace->weight));
    NTK_TRY(ntk_allocate_doubles(n * outputs, &rows));
    for (size_t i = 0; i < n; ++i)
        memcpy(rows + i * outputs, f + laplace->first[i] * outputs, outputs * sizeof *rows);
    ntk_curvature_weights(laplace->problem, rows, laplace->weight);
    const double *copies = laplace->distinct.copies;
    for (size_t i = 0; copies && i < n * outputs; ++i) laplace->weight[i] *= copies[i / outputs];
    ntk_release(rows);
    return NTK_OK;
}

static ntk_status build(ntk_laplace *laplace, const double *f) {
    const ntk_inference_problem *problem = laplace->problem;
    const size_t n = problem->points, outputs = problem->outputs;
    double *scratch = NULL;
    NTK_TRY(find_weights(laplace, f));
    NTK_TRY(ntk_allocate_doubles(outputs * n * n, &laplace->kept));
    NTK_TRY(ntk_allocate_doubles(n + n * n, &scratch));
    ntk_status status = NTK_OK;
    for (size_t k = 0; k < outputs && status == NTK_OK; ++k)
        status = build_class(laplace, k, scratch, scratch + n);
    ntk_release(scratch);
    if (status != NTK_OK || problem->loss == NTK_LOSS_LOGISTIC) return status;
    return build_common(laplace);
}

/* Copies that are given different f are different points here. */
static bool have_one_f(const ntk_laplace *laplace, const double *f) {
    const size_t outputs = laplace->given->outputs;
    for (size_t i = 0; i < laplace->given->points; ++i) {
        const double *other = f + laplace->first[laplace->distinct.group[i]] * outputs;
        for (size_t k = 0; k < outputs; ++k)
            if (f[i * outputs + k] != other[k]) return false;
    }
    return true;
}

static ntk_status find_points(ntk_laplace *laplace, const double *f) {
    const size_t all = laplace->given->points;
    void *memory = NULL;
    NTK_TRY(ntk_distinct_create(laplace->given, &laplace->distinct));
    laplace->problem = &laplace->distinct.problem;
    laplace->scale = 1 / ((double)all * laplace->problem->lambda);
    NTK_TRY(ntk_allocate(all, sizeof *laplace->first, &memory));
    laplace->first = memory;
    const size_t *group = laplace->distinct.group;
    for (size_t i = all; i-- > 0;) laplace->first[group ? group[i] : i] = i;
    if (!group || have_one_f(laplace, f)) return NTK_OK;
    ntk_distinct_release(&laplace->distinct);
    laplace->distinct = (ntk_distinct){.problem = *laplace->given, .all = all};
    laplace->scale = ntk_classifier_prior_scale(laplace->given);
    for (size_t i = 0; i < all; ++i) laplace->first[i] = i;
    return NTK_OK;
}

ntk_status ntk_laplace_create(const ntk_inference_problem *problem, const double *f, ntk_laplace **out) {
    void *memory = NULL;
    NTK_TRY(ntk_classifier_check(problem));
    if (!ntk_all_finite(ntk_inference_unknowns(problem), f))
        return ntk_fail(NTK_ERROR_NOT_FINITE, "Laplace approximation: the outputs are not finite");
    NTK_TRY(ntk_allocate(1, sizeof(ntk_laplace), &memory));
    ntk_laplace *laplace = memory;
    laplace->given = problem;
    ntk_status status = find_points(laplace, f);
    if (status == NTK_OK) status = build(laplace, f);
    if (status == NTK_OK)
        *out = laplace;
    else
        ntk_laplace_destroy(laplace);
    return status;
}

/* ---- covariance ------------------------------------------------------------------------------ */

/* sum_i (C_ii + 1 / d_i)^{1/2} |v_i| of the head of this file; v = scale times a column of image
 * (n, q). */
static double factor_mass(const ntk_laplace *laplace, size_t k, size_t q, const double *image, size_t x) {
    const size_t n = laplace->problem->points, outputs = laplace->problem->outputs;
    double mass = 0;
    for (size_t i = 0; i < n; ++i) {
        const double d = laplace->weight[i * outputs + k];
        const double prior = laplace->scale * laplace->problem->gram[i * (n + 1)];
        if (d > 0) mass += sqrt(prior + 1 / d) * fabs(image[i * q + x]);
    }
    return mass;
}

/* |c|^T |E| |c|, but for the scale: a row of cross (n). */
static double product_mass(const ntk_laplace *laplace, size_t k, const double *cross) {
    const size_t n = laplace->problem->points;
    const double *kept = laplace->kept + k * n * n;
    double mass = 0;
    for (size_t i = 0; i < n; ++i) {
        double row = 0;
        for (size_t j = 0; j < n; ++j) row += fabs(kept[i * n + j] * cross[j]);
        mass += fabs(cross[i]) * row;
    }
    return mass;
}

static ntk_status check_variance(const ntk_laplace *laplace, size_t k, size_t q, const double *cross,
                                 const double *image, size_t x, double variance) {
    const size_t n = laplace->problem->points;
    const double scale = laplace->scale, factor = factor_mass(laplace, k, q, image, x);
    const double error = (double)(n + 8) * DBL_EPSILON *
                         (scale * scale * product_mass(laplace, k, cross + x * n) + factor * factor);
    if (error <= accepted_error * fmax(1, variance)) return NTK_OK;
    return ntk_fail(
        NTK_ERROR_NO_CONVERGENCE,
        "Laplace approximation: a variance of %g is uncertain by %g; rounding hides it beside a prior "
        "that is too wide",
        variance, error);
}

/* Diagonals C_xx - c^T E_k c; common (K, n, q), where there is a factor: u_k. image: (n, q),
 * scratch. */
static ntk_status reduce_class(const ntk_laplace *laplace, size_t k, size_t q, const double *cross,
                               const double *diagonal, double *image, double *covariance) {
    const size_t n = laplace->problem->points, outputs = laplace->problem->outputs;
    NTK_TRY(ntk_gemm(NTK_NO_TRANSPOSE, NTK_TRANSPOSE, n, q, n, laplace->scale, laplace->kept + k * n * n, n,
                     cross, n, 0, image, q));
    for (size_t x = 0; x < q; ++x) {
        double taken = 0;
        for (size_t i = 0; i < n; ++i) taken += cross[x * n + i] * image[i * q + x];
        const double variance = laplace->scale * (diagonal[x] - taken);
        covariance[(x * outputs + k) * outputs + k] = variance;
        NTK_TRY(check_variance(laplace, k, q, cross, image, x, variance));
    }
    if (!laplace->factor) return NTK_OK;
    return ntk_triangular_solve(NTK_NO_TRANSPOSE, n, q, laplace->factor, n, image, q);
}

/* u_k^T u_l on top. */
static void add_common(const ntk_laplace *laplace, size_t q, const double *common, double *covariance) {
    const size_t n = laplace->problem->points, outputs = laplace->problem->outputs;
    for (size_t k = 0; k < outputs; ++k)
        for (size_t l = 0; l < outputs; ++l)
            for (size_t i = 0; i < n; ++i) {
                const double *u = common + (k * n + i) * q, *v = common + (l * n + i) * q;
                for (size_t x = 0; x < q; ++x) covariance[(x * outputs + k) * outputs + l] += u[x] * v[x];
            }
}

/* cross: (q, n), of the distinct points. */
static ntk_status reduce(const ntk_laplace *laplace, size_t q, const double *cross, const double *diagonal,
                         double *covariance) {
    const size_t n = laplace->problem->points, outputs = laplace->problem->outputs;
    double *common = NULL;
    NTK_TRY(ntk_allocate_doubles(outputs * n * q, &common));
    memset(covariance, 0, q * outputs * outputs * sizeof *covariance);
    ntk_status status = NTK_OK;
    for (size_t k = 0; k < outputs && status == NTK_OK; ++k)
        status = reduce_class(laplace, k, q, cross, diagonal, common + k * n * q, covariance);
    if (status == NTK_OK && laplace->factor) add_common(laplace, q, common, covariance);
    ntk_release(common);
    return status;
}

ntk_status ntk_laplace_covariance(const ntk_laplace *laplace, size_t q, const double *cross,
                                  const double *diagonal, double *covariance) {
    const size_t n = laplace->problem->points, all = laplace->given->points;
    const int exponent = -laplace->distinct.exponent;
    if (n == all && exponent == 0) return reduce(laplace, q, cross, diagonal, covariance);
    double *memory = NULL;
    NTK_TRY(ntk_allocate_doubles(q * (n + 1), &memory));
    for (size_t x = 0; x < q; ++x) {
        for (size_t i = 0; i < n; ++i)
            memory[x * n + i] = ldexp(cross[x * all + laplace->first[i]], exponent);
        memory[q * n + x] = ldexp(diagonal[x], exponent);
    }
    const ntk_status status = reduce(laplace, q, memory, memory + q * n, covariance);
    ntk_release(memory);
    return status;
}

/* ---- effective parameters -------------------------------------------------------------------- */

/* sum_i tr W_i S_i, S (n, K, K), over the distinct points. */
static double sum_traces(const ntk_laplace *laplace, const double *covariance) {
    const size_t n = laplace->problem->points, outputs = laplace->problem->outputs;
    double sum = 0;
    for (size_t i = 0; i < n; ++i) {
        const double copies = laplace->distinct.copies ? laplace->distinct.copies[i] : 1;
        const double *weight = laplace->weight + i * outputs, *s = covariance + i * outputs * outputs;
        for (size_t k = 0; k < outputs; ++k) {
            sum += weight[k] * s[k * outputs + k];
            if (!laplace->factor) continue; /* logistic */
            for (size_t l = 0; l < outputs; ++l) sum -= weight[k] * weight[l] / copies * s[k * outputs + l];
        }
    }
    return sum;
}

ntk_status ntk_laplace_degrees(const ntk_laplace *laplace, double *degrees) {
    const ntk_inference_problem *problem = laplace->problem;
    const size_t n = problem->points, square = problem->outputs * problem->outputs;
    double *memory = NULL;
    NTK_TRY(ntk_allocate_doubles(n + n * square, &memory));
    double *diagonal = memory, *covariance = memory + n;
    for (size_t i = 0; i < n; ++i) diagonal[i] = problem->gram[i * n + i];
    const ntk_status status = reduce(laplace, n, problem->gram, diagonal, covariance);
    if (status == NTK_OK) *degrees = sum_traces(laplace, covariance);
    ntk_release(memory);
    return status;
}
