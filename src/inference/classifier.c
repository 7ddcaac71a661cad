/* Probabilities of a classifier, at latent values and averaged over a Gaussian of them.
 *
 * Logistic: E sigma(mu + s z), z ~ N(0, 1), by the trapezium rule. The integrand sigma(mu + s z)
 * e^{-z^2/2} is analytic for |Im z| < pi / s, so a step h errs by about e^{-2 pi^2 / (s h)}
 * (Trefethen and Weideman 2014), and by e^{-2 pi^2 / h^2} for the normal density itself: h =
 * min(1/2, 2 pi^2 / (36 s)) leaves 1e-15, and |z| <= 8.5 leaves 1e-16 of the mass. A Gauss-Hermite
 * rule sees the same poles and needs more nodes the larger s is. */
#include "inference/classifier.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <ntk/classifier.h>
#include <ntk/inference_problem.h>
#include <ntk/linalg.h>
#include <ntk/loss.h>
#include <ntk/memory.h>
#include <ntk/random.h>
#include <ntk/status.h>

#include "inference/curvature.h"
#include "inference/inference_problem.h"
#include "inference/range.h"

ntk_status ntk_classifier_check(const ntk_inference_problem *problem) {
    ntk_gram_facts facts;
    NTK_TRY(ntk_inference_check(problem, &facts));
    if (problem->loss != NTK_LOSS_LOGISTIC && problem->loss != NTK_LOSS_SOFTMAX)
        return ntk_fail(NTK_ERROR_ARGUMENT, "a classifier needs the logistic or softmax loss");
    if (!ntk_inference_is_shared(problem))
        return ntk_fail(NTK_ERROR_SHAPE, "a classifier's kernel is shared by its outputs: order %zu, not %zu",
                        problem->points, problem->order);
    if (problem->lambda > 0) return NTK_OK;
    return ntk_fail(NTK_ERROR_ARGUMENT,
                    "a classifier's prior covariance Theta / (n lambda) needs lambda > 0");
}

double ntk_classifier_prior_scale(const ntk_inference_problem *problem) {
    return 1 / ((double)problem->points * problem->lambda);
}

/* ---- probabilities --------------------------------------------------------------------------- */

static double sigmoid(double f) {
    const double e = exp(-fabs(f));
    return (f >= 0 ? 1 : e) / (1 + e);
}

void ntk_bayes_probabilities(ntk_loss loss, size_t q, size_t outputs, const double *f,
                             double *probabilities) {
    for (size_t i = 0; i < q; ++i) {
        if (loss == NTK_LOSS_LOGISTIC)
            probabilities[i] = sigmoid(f[i]);
        else
            ntk_curvature_softmax(outputs, f + i * outputs, probabilities + i * outputs);
    }
}

/* ---- averages over a Gaussian ---------------------------------------------------------------- */

static double average_sigmoid(double mean, double deviation) {
    const double pi = acos(-1.0), reach = 8.5;
    const double step = fmin(0.5, 2 * pi * pi / (36 * deviation));
    const long nodes = (long)ceil(reach / step);
    double sum = 0, mass = 0;
    for (long i = -nodes; i <= nodes; ++i) {
        const double z = (double)i * step, weight = exp(-0.5 * z * z);
        sum += weight * sigmoid(mean + deviation * z);
        mass += weight;
    }
    return sum / mass;
}

/* One point: the mean of softmax(mean +- L z) over the vectors z (draws, K). shift, row: (K),
 * scratch. */
static void average_softmax(size_t outputs, bool triangular, const double *mean, const double *factor,
                            size_t draws, const double *normal, double *shift, double *row,
                            double *probabilities) {
    for (size_t k = 0; k < outputs; ++k) probabilities[k] = 0;
    for (size_t draw = 0; draw < draws; ++draw) {
        for (size_t k = 0; k < outputs; ++k)
            shift[k] = ntk_dot(triangular ? k + 1 : outputs, factor + k * outputs, normal + draw * outputs);
        for (int sign = -1; sign <= 1; sign += 2) {
            for (size_t k = 0; k < outputs; ++k) row[k] = mean[k] + sign * shift[k];
            ntk_curvature_softmax(outputs, row, row);
            for (size_t k = 0; k < outputs; ++k) probabilities[k] += row[k];
        }
    }
    for (size_t k = 0; k < outputs; ++k) probabilities[k] /= 2 * (double)draws;
}

/* factor (K, K) <- a root of a covariance, which may be singular. */
static ntk_status find_root(size_t outputs, const double *covariance, double *factor, bool *triangular) {
    memcpy(factor, covariance, outputs * outputs * sizeof *factor);
    ntk_status status = ntk_cholesky(outputs, factor, outputs);
    *triangular = status == NTK_OK;
    if (status != NTK_ERROR_NOT_POSITIVE_DEFINITE) return status;
    ntk_range range;
    NTK_TRY(ntk_range_create(outputs, covariance, &range));
    status = NTK_OK;
    if (ntk_range_is_indefinite(&range))
        status =
            ntk_fail(NTK_ERROR_NOT_POSITIVE_DEFINITE, "average probabilities: a covariance is indefinite");
    else
        ntk_range_root(&range, factor);
    ntk_range_release(&range);
    return status;
}

static ntk_status average_classes(size_t q, size_t outputs, const double *mean, const double *covariance,
                                  size_t draws, const ntk_stream *stream, double *probabilities) {
    const size_t square = outputs * outputs;
    ntk_stream copy = *stream;
    double *memory = NULL;
    NTK_TRY(ntk_allocate_doubles(square + 2 * outputs + draws * outputs, &memory));
    double *factor = memory, *shift = factor + square, *row = shift + outputs, *normal = row + outputs;
    ntk_stream_normal(&copy, draws * outputs, normal);
    ntk_status status = NTK_OK;
    for (size_t i = 0; i < q && status == NTK_OK; ++i) {
        bool triangular;
        status = find_root(outputs, covariance + i * square, factor, &triangular);
        if (status == NTK_OK)
            average_softmax(outputs, triangular, mean + i * outputs, factor, draws, normal, shift, row,
                            probabilities + i * outputs);
    }
    ntk_release(memory);
    return status;
}

ntk_status ntk_bayes_average(ntk_loss loss, size_t q, size_t outputs, const double *mean,
                             const double *covariance, size_t draws, const ntk_stream *stream,
                             double *probabilities) {
    if (loss == NTK_LOSS_SOFTMAX && draws > 0)
        return average_classes(q, outputs, mean, covariance, draws, stream, probabilities);
    if (loss != NTK_LOSS_LOGISTIC || outputs != 1)
        return ntk_fail(NTK_ERROR_ARGUMENT,
                        "average probabilities: one logistic output, or softmax and draws");
    for (size_t i = 0; i < q; ++i) {
        if (!(isfinite(mean[i]) && isfinite(covariance[i]) && covariance[i] >= 0))
            return ntk_fail(NTK_ERROR_NOT_FINITE, "average probabilities: mean %g, variance %g at point %zu",
                            mean[i], covariance[i], i);
        probabilities[i] = average_sigmoid(mean[i], sqrt(covariance[i]));
    }
    return NTK_OK;
}
