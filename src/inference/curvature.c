/* For a row whose top probability is almost 1, p_top - p_top^2 cancels. With d_k = v_k - v_top and
 * the mean taken over the others, mu = sum_{j != top} p_j d_j,
 *
 *     (n / m) (H v)_k = p_k (v_k - sum_j p_j v_j) = p_k (d_k - mu),
 *     (n / m) (H v)_top = -p_top mu,
 *
 * in which nothing cancels that v does not bring along. The eigenvalues of diag p - p p^T are at
 * most
 * 2 max_k p_k (1 - p_k) (Gershgorin) <= 2 min(1/4, 1 - p_top); 1 - p_top is the sum of the
 * others. */
#include "inference/curvature.h"

#include <math.h>

static size_t top_of(size_t outputs, const double *row) {
    size_t top = 0;
    for (size_t k = 1; k < outputs; ++k)
        if (row[k] > row[top]) top = k;
    return top;
}

void ntk_curvature_softmax(size_t outputs, const double *f, double *p) {
    const double high = f[top_of(outputs, f)];
    double sum = 0;
    for (size_t k = 0; k < outputs; ++k) sum += p[k] = exp(f[k] - high);
    for (size_t k = 0; k < outputs; ++k) p[k] /= sum;
}

/* sigma(f) sigma(-f), even in f. */
static double logistic_weight(double f) {
    const double e = exp(-fabs(f));
    return e / ((1 + e) * (1 + e));
}

void ntk_curvature_weights(const ntk_inference_problem *problem, const double *f, double *weight) {
    const size_t outputs = problem->outputs;
    for (size_t i = 0; i < problem->points; ++i) {
        if (problem->loss == NTK_LOSS_LOGISTIC)
            weight[i] = logistic_weight(f[i]);
        else
            ntk_curvature_softmax(outputs, f + i * outputs, weight + i * outputs);
    }
}

static void apply_softmax_row(size_t outputs, double scale, const double *p, const double *v, double *out) {
    const size_t top = top_of(outputs, p);
    double mean = 0;
    for (size_t k = 0; k < outputs; ++k)
        if (k != top) mean += p[k] * (v[k] - v[top]);
    for (size_t k = 0; k < outputs; ++k) out[k] = scale * p[k] * ((v[k] - v[top]) - mean);
}

void ntk_curvature_apply(const ntk_distinct *distinct, const double *weight, const double *v, double *out) {
    const ntk_inference_problem *problem = &distinct->problem;
    const size_t outputs = problem->outputs;
    for (size_t i = 0; i < problem->points; ++i) {
        const size_t at = i * outputs;
        const double share = ntk_distinct_share(distinct, i);
        if (problem->loss == NTK_LOSS_LOGISTIC)
            out[i] = share * weight[i] * v[i];
        else
            apply_softmax_row(outputs, share, weight + at, v + at, out + at);
    }
}

double ntk_curvature_bound(const ntk_distinct *distinct, const double *weight, size_t i) {
    const ntk_inference_problem *problem = &distinct->problem;
    const double share = ntk_distinct_share(distinct, i);
    if (problem->loss == NTK_LOSS_LOGISTIC) return weight[i] * share;
    const double *p = weight + i * problem->outputs;
    const size_t top = top_of(problem->outputs, p);
    double others = 0;
    for (size_t k = 0; k < problem->outputs; ++k)
        if (k != top) others += p[k];
    return 2 * fmin(0.25, others) * share;
}
