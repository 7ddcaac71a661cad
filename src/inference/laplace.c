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
 * training points is this covariance there. */
#include <ntk/laplace.h>

#include <math.h>
#include <string.h>

#include <ntk/inference_problem.h>
#include <ntk/linalg.h>
#include <ntk/loss.h>
#include <ntk/memory.h>
#include <ntk/status.h>

#include "inference/classifier.h"
#include "inference/curvature.h"
#include "inference/inference_problem.h"

struct ntk_laplace {
    const ntk_inference_problem *problem;
    double scale;   /* C = scale Theta */
    double *weight; /* (n, K), of W (curvature.h) */
    double *kept;   /* (K, n, n), E_k */
    double *factor; /* (n, n), lower triangular: L; NULL for logistic loss */
};

void ntk_laplace_destroy(ntk_laplace *laplace) {
    if (!laplace) return;
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

static ntk_status build(ntk_laplace *laplace, const double *f) {
    const ntk_inference_problem *problem = laplace->problem;
    const size_t n = problem->points, outputs = problem->outputs;
    double *scratch = NULL;
    NTK_TRY(ntk_allocate_doubles(n * outputs, &laplace->weight));
    NTK_TRY(ntk_allocate_doubles(outputs * n * n, &laplace->kept));
    NTK_TRY(ntk_allocate_doubles(n + n * n, &scratch));
    ntk_curvature_weights(problem, f, laplace->weight);
    ntk_status status = NTK_OK;
    for (size_t k = 0; k < outputs && status == NTK_OK; ++k)
        status = build_class(laplace, k, scratch, scratch + n);
    ntk_release(scratch);
    if (status != NTK_OK || problem->loss == NTK_LOSS_LOGISTIC) return status;
    return build_common(laplace);
}

ntk_status ntk_laplace_create(const ntk_inference_problem *problem, const double *f, ntk_laplace **out) {
    void *memory = NULL;
    NTK_TRY(ntk_classifier_check(problem));
    if (!ntk_all_finite(ntk_inference_unknowns(problem), f))
        return ntk_fail(NTK_ERROR_NOT_FINITE, "Laplace approximation: the outputs are not finite");
    NTK_TRY(ntk_allocate(1, sizeof(ntk_laplace), &memory));
    ntk_laplace *laplace = memory;
    laplace->problem = problem;
    laplace->scale = ntk_classifier_prior_scale(problem);
    const ntk_status status = build(laplace, f);
    if (status == NTK_OK)
        *out = laplace;
    else
        ntk_laplace_destroy(laplace);
    return status;
}

/* ---- covariance ------------------------------------------------------------------------------ */

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
        covariance[(x * outputs + k) * outputs + k] = laplace->scale * (diagonal[x] - taken);
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

ntk_status ntk_laplace_covariance(const ntk_laplace *laplace, size_t q, const double *cross,
                                  const double *diagonal, double *covariance) {
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

/* ---- effective parameters -------------------------------------------------------------------- */

/* sum_i tr W_i S_i, S (n, K, K); n H = W (curvature.h) is applied to the columns of S_i = its
 * rows. */
static double sum_traces(const ntk_laplace *laplace, const double *covariance) {
    const size_t n = laplace->problem->points, outputs = laplace->problem->outputs;
    double sum = 0;
    for (size_t i = 0; i < n; ++i) {
        const double *weight = laplace->weight + i * outputs, *s = covariance + i * outputs * outputs;
        for (size_t k = 0; k < outputs; ++k) {
            sum += weight[k] * s[k * outputs + k];
            if (!laplace->factor) continue; /* logistic */
            for (size_t l = 0; l < outputs; ++l) sum -= weight[k] * weight[l] * s[k * outputs + l];
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
    const ntk_status status = ntk_laplace_covariance(laplace, n, problem->gram, diagonal, covariance);
    *degrees = sum_traces(laplace, covariance);
    ntk_release(memory);
    return status;
}
