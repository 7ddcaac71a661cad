/* The Gaussian process classifier sampled (classifier.h): prior N(f_0, C (x) I_K) with C = Theta /
 * (n lambda), likelihood exp(-n m(f)).
 *
 * With C = L L^T a prior draw is f_0 + L z. At a new point x, given f = f(X),
 *
 *     f(x) ~ N(A (f - f_0), v),
 *     A = C_xX C^{-1} = (L^{-T} L^{-1} C_Xx)^T,  v = C_xx - |L^{-1} C_Xx|^2,
 *
 * independently for each of the K outputs. A does not depend on lambda; v >= 0 up to rounding,
 * which is cut off: at a point of X it is 0.
 *
 * Where C is singular to rounding, as for points that are given twice, f lies in its range, and the
 * root L and the whitening L^{-1} are those of its range (range.c), root and W:
 *
 *     f = root z,     A = C_xX W^T W,     v = C_xx - |W C_Xx|^2. */
#include <ntk/posterior.h>

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <ntk/inference_problem.h>
#include <ntk/linalg.h>
#include <ntk/loss.h>
#include <ntk/memory.h>
#include <ntk/random.h>
#include <ntk/slice.h>
#include <ntk/status.h>

#include "inference/classifier.h"
#include "inference/range.h"

struct ntk_posterior {
    const ntk_inference_problem *problem;
    size_t q;
    bool singular;
    ntk_range range;   /* of C, where it is singular */
    double *factor;    /* (n, n), L or root */
    double *map;       /* (n, q), A^T */
    double *deviation; /* (q), sqrt(v) */
};

void ntk_posterior_destroy(ntk_posterior *posterior) {
    if (!posterior) return;
    ntk_range_release(&posterior->range);
    ntk_release(posterior->factor);
    ntk_release(posterior->map);
    ntk_release(posterior->deviation);
    ntk_release(posterior);
}

/* Pivots at the level of rounding: the triangular factor means nothing there. */
static bool is_singular(size_t n, const double *factor, const double *matrix) {
    for (size_t i = 0; i < n; ++i) {
        const double pivot = factor[i * (n + 1)];
        if (!(pivot * pivot > 16 * (double)n * DBL_EPSILON * matrix[i * (n + 1)])) return true;
    }
    return false;
}

static ntk_status factorise_singular(ntk_posterior *posterior, const double *prior) {
    const size_t n = posterior->problem->points;
    NTK_TRY(ntk_range_create(n, prior, &posterior->range));
    if (ntk_range_is_indefinite(&posterior->range))
        return ntk_fail(
            NTK_ERROR_NOT_POSITIVE_DEFINITE,
            "classifier: the Gram matrix is not positive semi-definite, with its diagonal brought to "
            "about 1 an eigenvalue is %g",
            posterior->range.smallest);
    posterior->singular = true;
    ntk_range_root(&posterior->range, posterior->factor);
    return NTK_OK;
}

static ntk_status factorise_prior(ntk_posterior *posterior) {
    const ntk_inference_problem *problem = posterior->problem;
    const size_t n = problem->points;
    const double scale = ntk_classifier_prior_scale(problem);
    double *prior = NULL;
    NTK_TRY(ntk_allocate_doubles(n * n, &posterior->factor));
    NTK_TRY(ntk_allocate_doubles(n * n, &prior));
    for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j <= i; ++j)
            posterior->factor[i * n + j] = prior[i * n + j] = prior[j * n + i] =
                scale * problem->gram[i * n + j];
    ntk_status status = ntk_cholesky(n, posterior->factor, n);
    if (status == NTK_ERROR_NOT_POSITIVE_DEFINITE ||
        (status == NTK_OK && is_singular(n, posterior->factor, prior)))
        status = factorise_singular(posterior, prior);
    ntk_release(prior);
    return status;
}

/* b <- L^{-1} b, or W b; or its transpose. b: (n, columns). */
static ntk_status whiten(const ntk_posterior *posterior, ntk_transpose transpose, size_t columns, double *b) {
    if (posterior->singular) return ntk_range_whiten(&posterior->range, transpose, columns, b, b);
    const size_t n = posterior->problem->points;
    return ntk_triangular_solve(transpose, n, columns, posterior->factor, n, b, columns);
}

static ntk_status condition(ntk_posterior *posterior, const double *cross, const double *diagonal) {
    const size_t n = posterior->problem->points, q = posterior->q;
    const double scale = ntk_classifier_prior_scale(posterior->problem);
    double *map = posterior->map, *deviation = posterior->deviation;
    for (size_t i = 0; i < n; ++i)
        for (size_t x = 0; x < q; ++x) map[i * q + x] = scale * cross[x * n + i];
    NTK_TRY(whiten(posterior, NTK_NO_TRANSPOSE, q, map));
    for (size_t x = 0; x < q; ++x) {
        double variance = scale * diagonal[x];
        for (size_t i = 0; i < n; ++i) variance -= map[i * q + x] * map[i * q + x];
        deviation[x] = variance < 0 ? 0 : sqrt(variance);
    }
    if (!ntk_all_finite(q, deviation))
        return ntk_fail(NTK_ERROR_NOT_FINITE, "classifier: the kernel at the new points is not finite");
    return whiten(posterior, NTK_TRANSPOSE, q, map);
}

static ntk_status set_up(ntk_posterior *posterior, const double *cross, const double *diagonal) {
    NTK_TRY(factorise_prior(posterior));
    if (posterior->q == 0) return NTK_OK;
    NTK_TRY(ntk_allocate_doubles(posterior->problem->points * posterior->q, &posterior->map));
    NTK_TRY(ntk_allocate_doubles(posterior->q, &posterior->deviation));
    return condition(posterior, cross, diagonal);
}

ntk_status ntk_posterior_create(const ntk_inference_problem *problem, size_t q, const double *cross,
                                const double *diagonal, ntk_posterior **out) {
    void *memory = NULL;
    NTK_TRY(ntk_classifier_check(problem));
    NTK_TRY(ntk_allocate(1, sizeof(ntk_posterior), &memory));
    ntk_posterior *posterior = memory;
    posterior->problem = problem;
    posterior->q = q;
    const ntk_status status = set_up(posterior, cross, diagonal);
    if (status == NTK_OK)
        *out = posterior;
    else
        ntk_posterior_destroy(posterior);
    return status;
}

/* ---- draws ----------------------------------------------------------------------------------- */

ntk_status ntk_posterior_prior(const ntk_posterior *posterior, ntk_stream *stream, double *f) {
    const ntk_inference_problem *problem = posterior->problem;
    const size_t n = problem->points, outputs = problem->outputs;
    double *normal = NULL;
    NTK_TRY(ntk_allocate_doubles(n * outputs, &normal));
    ntk_stream_normal(stream, n * outputs, normal);
    if (problem->f0)
        memcpy(f, problem->f0, n * outputs * sizeof *f);
    else
        memset(f, 0, n * outputs * sizeof *f);
    const ntk_status status = ntk_gemm(NTK_NO_TRANSPOSE, NTK_NO_TRANSPOSE, n, outputs, n, 1,
                                       posterior->factor, n, normal, outputs, 1, f, outputs);
    ntk_release(normal);
    return status;
}

/* out = f - f_0. */
static void subtract_mean(const ntk_inference_problem *problem, const double *f, double *out) {
    const size_t unknowns = problem->points * problem->outputs;
    for (size_t i = 0; i < unknowns; ++i) out[i] = f[i] - (problem->f0 ? problem->f0[i] : 0);
}

ntk_status ntk_posterior_extend(const ntk_posterior *posterior, ntk_stream *stream, const double *f,
                                double *f_new) {
    const size_t n = posterior->problem->points, outputs = posterior->problem->outputs, q = posterior->q;
    double *deviation = NULL;
    NTK_TRY(ntk_allocate_doubles(n * outputs, &deviation));
    subtract_mean(posterior->problem, f, deviation);
    ntk_stream_normal(stream, q * outputs, f_new);
    for (size_t i = 0; i < q * outputs; ++i) f_new[i] *= posterior->deviation[i / outputs];
    const ntk_status status = ntk_gemm(NTK_TRANSPOSE, NTK_NO_TRANSPOSE, q, outputs, n, 1, posterior->map, q,
                                       deviation, outputs, 1, f_new, outputs);
    ntk_release(deviation);
    return status;
}

static double log_likelihood(const double *f, const void *context) {
    const ntk_inference_problem *problem = context;
    double loss = 0;
    ntk_loss_evaluate(problem->loss, problem->points, problem->outputs, f, problem->targets, &loss, NULL);
    return -(double)problem->points * loss;
}

ntk_status ntk_posterior_chain(const ntk_posterior *posterior, const ntk_chain_options *options,
                               ntk_stream *stream, double *f, ntk_chain_visit visit, void *context) {
    const ntk_inference_problem *problem = posterior->problem;
    const ntk_slice_target target = {.rows = problem->points,
                                     .columns = problem->outputs,
                                     .mean = problem->f0,
                                     .factor = posterior->factor,
                                     .log_likelihood = log_likelihood,
                                     .context = problem};
    return ntk_slice_chain(&target, options, stream, f, visit, context);
}

ntk_status ntk_posterior_square(const ntk_posterior *posterior, const double *f, double *square) {
    const size_t n = posterior->problem->points, outputs = posterior->problem->outputs;
    double *deviation = NULL;
    NTK_TRY(ntk_allocate_doubles(n * outputs, &deviation));
    subtract_mean(posterior->problem, f, deviation);
    const ntk_status status = whiten(posterior, NTK_NO_TRANSPOSE, outputs, deviation);
    *square = ntk_dot(n * outputs, deviation, deviation);
    ntk_release(deviation);
    return status;
}
