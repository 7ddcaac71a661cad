/* Losses: values, logarithms of values, cotangents, curvature.
 *
 * Row i has outputs f_1 .. f_K and targets q_1 .. q_K; L = (1/n) sum_i l_i. Write softplus(x) =
 * log(1 + e^x) and sigma(x) = 1 / (1 + e^{-x}).
 *
 *     squared   l = (1/2) sum_k (f_k - q_k)^2                dl/df_k = f_k - q_k
 *     logistic  l = q softplus(-f) + (1 - q) softplus(f)     dl/df = (1 - q) sigma(f) - q sigma(-f)
 *     softmax   l = sum_k q_k ((f_top - f_k) + softplus(r))  dl/df_k = p_k - q_k
 *     brier     l = sum_k r_k^2, r = p - q                   dl/df_k = 2 p_k (r_k - sum_j p_j r_j)
 *               l = r^2, r = sigma(f) - q, for one output    dl/df = 2 r sigma(f) sigma(-f)
 *     poisson   l = 2 sum_k q_k h(f_k - log q_k)             dl/df_k = 2 (e^{f_k} - q_k)
 *
 * with top = argmax f, r = log sum_{j != top} e^{f_j - f_top} and log p_k = (f_k - f_top) -
 * softplus(r), and h(u) = e^u - 1 - u, by its series near 0. The forms of the cross-entropies are
 * sums of terms of one sign: no cancellation at any margin. The residual r_y = p_y - q_y of the
 * class y with the largest q is minus the sum of the others, because it would cancel for a single
 * true class and for soft targets close to one.
 *
 * Of the others none cancels more than p and q themselves determine it: where q_k <= 1/2 and p_k is
 * near it, a relative change of an ulp in either changes r_k by as much as rounding does. The slope
 * of brier at the top is minus the sum of the others: there r_top - sum_j p_j r_j vanishes with 1 -
 * p_top. At the others it is, with y the top, r_k + sum_{j != y} (p_y - p_j) r_j, where no term has
 * an error above rounding of the p_j + q_j, and else q_top <= 1/2, so that it is at least about 1/2
 * as p_top tends to 1.
 *
 * The smallest losses are handled through their logarithms: for a single true class with margin -x
 * the loss is softplus(x), and log softplus(x) = x - e^x / 2 + O(e^{2x}) as x -> -infinity; the
 * weights (dl/df_k) / (n L) are e^{log p_k - log(n L)}. Rows that are far from underflow are taken
 * many at a time by the vector layer (loss_rows.c); what follows here is for the others, one by
 * one.
 *
 * Curvature. d2l/df2 is 1 (squared), sigma(f) sigma(-f) (logistic) and diag(p) - p p^T (softmax),
 * whose largest eigenvalue is at most 2 max_k p_k (1 - p_k) (Gershgorin) <= 2 min(1/4, 1 - p_top).
 * For a single true class y, p_k (1 - p_k) <= 1 - p_y = S / (1 + S) <= log(1 + S) = l with S =
 * sum_{j != y} e^{f_j - f_y}. Hence the eigenvalues of (d2L/df2) / L are at most max_i 2 l_i /
 * sum_i l_i <= 2 for softmax, and in the same way at most 1 for logistic: in log-loss time the
 * stiffness is bounded, however small the loss.
 *
 * Of brier it is 2 J^2 + 2 sum_k r_k p_k ((e_k - p)(e_k - p)^T - J), J = diag(p) - p p^T, whose
 * norm j is at most min(1/2, 2 (1 - p_top)). With |r_k| <= 1 and sum_k p_k |e_k - p|^2 = 1 - |p|^2
 * it is at most 2 j^2 + 2 (1 - |p|^2) + 2 j <= 7/2; for one output, s = sigma(f) sigma(-f), at most
 * 2 s^2 + 2 s |1 - 2 sigma(f)|. Of poisson it is 2 e^{f_k}. */
#include <math.h>

#include "objective/curvature.h"
#include "objective/loss_rows.h"

double ntk_log_add(double a, double b) {
    const double high = a > b ? a : b, low = a > b ? b : a;
    if (low == -INFINITY) return high;
    return high + log1p(exp(low - high));
}

static double softplus(double x) { return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)); }

/* Below -18 the neglected term 5 e^{2x} / 24 is less than half an ulp of the result. */
static double log_softplus(double x) { return x < -18 ? x - 0.5 * exp(x) : log(softplus(x)); }

/* ---- one row --------------------------------------------------------------------------------- */

typedef struct softmax_row {
    size_t top;
    double log_rest; /* r above */
} softmax_row;

static softmax_row softmax_describe(size_t outputs, const double *f) {
    softmax_row row = {0, -INFINITY};
    for (size_t k = 1; k < outputs; ++k)
        if (f[k] > f[row.top]) row.top = k;
    double second = -INFINITY;
    for (size_t k = 0; k < outputs; ++k)
        if (k != row.top) second = fmax(second, f[k]);
    double sum = 0;
    for (size_t k = 0; k < outputs; ++k)
        if (k != row.top) sum += exp(f[k] - second);
    row.log_rest = (second - f[row.top]) + log(sum);
    return row;
}

/* The class of a row with a single true class; `outputs` for a soft row. */
static size_t single_class(size_t outputs, const double *q) {
    size_t found = outputs;
    for (size_t k = 0; k < outputs; ++k) {
        if (q[k] == 0) continue;
        if (q[k] != 1 || found != outputs) return outputs;
        found = k;
    }
    return found;
}

static double sigmoid(double x) { return exp(-softplus(-x)); }

/* p of the class k. */
static double softmax_probability(const softmax_row *row, const double *f, size_t k) {
    return exp((f[k] - f[row->top]) - softplus(row->log_rest));
}

/* sigma(f) - q. */
static double sigmoid_residual(double f, double q) { return (1 - q) * sigmoid(f) - q * sigmoid(-f); }

/* Of a row of classes: y = argmax q and r_y. */
typedef struct brier_row {
    softmax_row row;
    size_t truth;
    double truth_residual;
} brier_row;

static double brier_residual(const brier_row *of, const double *f, const double *q, size_t k) {
    return k == of->truth ? of->truth_residual : softmax_probability(&of->row, f, k) - q[k];
}

static brier_row brier_describe(size_t outputs, const double *f, const double *q) {
    brier_row of = {softmax_describe(outputs, f), 0, 0};
    for (size_t k = 1; k < outputs; ++k)
        if (q[k] > q[of.truth]) of.truth = k;
    double others = 0;
    for (size_t k = 0; k < outputs; ++k)
        if (k != of.truth) others += brier_residual(&of, f, q, k);
    of.truth_residual = -others;
    return of;
}

static double brier_loss(size_t outputs, const double *f, const double *q) {
    if (outputs == 1) return pow(sigmoid_residual(f[0], q[0]), 2);
    const brier_row of = brier_describe(outputs, f, q);
    double sum = 0;
    for (size_t k = 0; k < outputs; ++k) sum += pow(brier_residual(&of, f, q, k), 2);
    return sum;
}

/* h(u) = e^u - 1 - u. */
static double exponential_beyond_tangent(double u) {
    return fabs(u) < 1 ? loss_exponential_series(u) : expm1(u) - u;
}

/* From here on q h(u) is taken from e^f, q and q u, of which e^f is far the largest: u has an error
 * of the size of that of log q, which for tiny q costs digits, and e^u overflows beyond 709.78,
 * which
 * f = 0 reaches with q = 1e-310. */
static const double poisson_far = 3;

/* q h(f - log q), half of a term of the loss. */
static double poisson_term(double f, double q) {
    if (q == 0) return exp(f);
    const double u = f - log(q);
    return u > poisson_far ? exp(f) - q * (1 + u) : q * exponential_beyond_tangent(u);
}

/* e^f - q. */
static double poisson_residual(double f, double q) {
    if (q == 0) return exp(f);
    const double u = f - log(q);
    return u > poisson_far ? exp(f) - q : q * expm1(u);
}

static double poisson_loss(size_t outputs, const double *f, const double *q) {
    double sum = 0;
    for (size_t k = 0; k < outputs; ++k) sum += poisson_term(f[k], q[k]);
    return 2 * sum;
}

static double row_loss(ntk_loss loss, size_t outputs, const double *f, const double *q) {
    double sum = 0;
    switch (loss) {
    case NTK_LOSS_SQUARED:
        for (size_t k = 0; k < outputs; ++k) sum += (f[k] - q[k]) * (f[k] - q[k]);
        return 0.5 * sum;
    case NTK_LOSS_LOGISTIC:
        if (q[0] > 0) sum += q[0] * softplus(-f[0]);
        if (q[0] < 1) sum += (1 - q[0]) * softplus(f[0]);
        return sum;
    case NTK_LOSS_SOFTMAX: {
        const softmax_row row = softmax_describe(outputs, f);
        const double base = softplus(row.log_rest);
        for (size_t k = 0; k < outputs; ++k)
            if (q[k] > 0) sum += q[k] * ((f[row.top] - f[k]) + base);
        return sum;
    }
    case NTK_LOSS_BRIER:
        return brier_loss(outputs, f, q);
    case NTK_LOSS_POISSON:
        return poisson_loss(outputs, f, q);
    }
    return NAN;
}

/* Residuals below 1e-154 have squares that underflow: they are scaled first. */
static double squared_log_loss(size_t outputs, const double *f, const double *q) {
    double largest = 0, sum = 0;
    for (size_t k = 0; k < outputs; ++k) largest = fmax(largest, fabs(f[k] - q[k]));
    for (size_t k = 0; k < outputs; ++k) {
        const double scaled = largest > 0 ? (f[k] - q[k]) / largest : f[k] - q[k];
        sum += scaled * scaled;
    }
    return 2 * log(largest) + log(0.5 * sum);
}

/* The same for brier, whose residuals underflow beyond margins of 708. */
static double brier_log_loss(size_t outputs, const double *f, const double *q) {
    if (outputs == 1) return 2 * log(fabs(sigmoid_residual(f[0], q[0])));
    const brier_row of = brier_describe(outputs, f, q);
    double largest = 0, sum = 0;
    for (size_t k = 0; k < outputs; ++k) largest = fmax(largest, fabs(brier_residual(&of, f, q, k)));
    for (size_t k = 0; k < outputs; ++k) {
        const double residual = brier_residual(&of, f, q, k);
        sum += pow(largest > 0 ? residual / largest : residual, 2);
    }
    return 2 * log(largest) + log(sum);
}

/* log(q h(f - log q)). Below 1e-140 h(u) is u^2 / 2 to all digits, and may underflow. */
static double poisson_log_term(double f, double q) {
    if (q == 0) return f;
    const double u = f - log(q);
    if (u > poisson_far) return f + log1p(-(1 + u) * exp(-u));
    return log(q) + (fabs(u) < 1e-140 ? 2 * log(fabs(u)) - log(2) : log(exponential_beyond_tangent(u)));
}

/* By the logarithms of the terms where the loss is so small that digits of them underflow. */
static double poisson_log_loss(size_t outputs, const double *f, const double *q) {
    const double value = poisson_loss(outputs, f, q);
    if (!(value < 1e-280)) return log(value);
    double log_sum = -INFINITY;
    for (size_t k = 0; k < outputs; ++k) log_sum = ntk_log_add(log_sum, poisson_log_term(f[k], q[k]));
    return log(2) + log_sum;
}

static double row_log_loss(ntk_loss loss, size_t outputs, const double *f, const double *q) {
    switch (loss) {
    case NTK_LOSS_SQUARED:
        return squared_log_loss(outputs, f, q);
    case NTK_LOSS_LOGISTIC:
        if (q[0] == 1) return log_softplus(-f[0]);
        if (q[0] == 0) return log_softplus(f[0]);
        break;
    case NTK_LOSS_SOFTMAX: {
        const softmax_row row = softmax_describe(outputs, f);
        if (single_class(outputs, q) == row.top) return log_softplus(row.log_rest);
        break;
    }
    case NTK_LOSS_POISSON:
        return poisson_log_loss(outputs, f, q);
    case NTK_LOSS_BRIER:
        return brier_log_loss(outputs, f, q);
    }
    return log(row_loss(loss, outputs, f, q));
}

/* value e^{-shift}, through the logarithm where e^{-shift} alone would overflow or vanish. */
static double scale_down(double value, double shift) {
    const double magnitude = fabs(shift) < 600 ? fabs(value) * exp(-shift)
                             : value == 0      ? 0
                                               : exp(log(fabs(value)) - shift);
    return copysign(magnitude, value);
}

/* Differences of f come first: an offset common to the row costs no digits. */
static void softmax_cotangent(size_t outputs, const double *f, const double *q, double shift, double *out) {
    const softmax_row row = softmax_describe(outputs, f);
    const double base = softplus(row.log_rest);
    size_t truth = 0;
    for (size_t k = 1; k < outputs; ++k)
        if (q[k] > q[truth]) truth = k;
    double others = 0;
    for (size_t k = 0; k < outputs; ++k) {
        if (k == truth) continue;
        const double weight = exp(((f[k] - f[row.top]) - base) - shift);
        out[k] = weight - scale_down(q[k], shift);
        others += out[k];
    }
    out[truth] = -others;
}

/* log sigma(x) = -softplus(-x). */
static double logistic_cotangent(double f, double q, double shift) {
    const double rising = q < 1 ? (1 - q) * exp(-softplus(-f) - shift) : 0;
    const double falling = q > 0 ? q * exp(-softplus(f) - shift) : 0;
    return rising - falling;
}

/* a b e^{-shift}, where the product alone would underflow. */
static double scale_product_down(double a, double b, double shift) {
    return a == 0 || b == 0 ? 0 : scale_down(a, shift / 2) * scale_down(b, shift / 2);
}

static void brier_cotangent(size_t outputs, const double *f, const double *q, double shift, double *out) {
    if (outputs == 1) {
        const double product = sigmoid(f[0]) * sigmoid(-f[0]);
        out[0] = scale_product_down(2 * sigmoid_residual(f[0], q[0]), product, shift);
        return;
    }
    const brier_row of = brier_describe(outputs, f, q);
    double mean = 0, others = 0;
    for (size_t k = 0; k < outputs; ++k)
        mean += softmax_probability(&of.row, f, k) * brier_residual(&of, f, q, k);
    for (size_t k = 0; k < outputs; ++k) {
        if (k == of.row.top) continue;
        const double p = softmax_probability(&of.row, f, k);
        out[k] = scale_product_down(2 * p, brier_residual(&of, f, q, k) - mean, shift);
        others += out[k];
    }
    out[of.row.top] = -others;
}

/* e^f or q goes into the shift where digits of their difference underflow. */
static double poisson_cotangent(double f, double q, double shift) {
    const double slope = 2 * poisson_residual(f, q);
    if (fabs(slope) >= 1e-290 || shift == 0) return scale_down(slope, shift);
    return q == 0 ? scale_down(2, shift - f) : scale_down(2 * expm1(f - log(q)), shift - log(q));
}

/* (dl/df) e^{-shift}. */
static void row_cotangent(ntk_loss loss, size_t outputs, const double *f, const double *q, double shift,
                          double *out) {
    switch (loss) {
    case NTK_LOSS_SQUARED:
        for (size_t k = 0; k < outputs; ++k) out[k] = scale_down(f[k] - q[k], shift);
        return;
    case NTK_LOSS_LOGISTIC:
        out[0] = logistic_cotangent(f[0], q[0], shift);
        return;
    case NTK_LOSS_SOFTMAX:
        softmax_cotangent(outputs, f, q, shift, out);
        return;
    case NTK_LOSS_BRIER:
        brier_cotangent(outputs, f, q, shift, out);
        return;
    case NTK_LOSS_POISSON:
        for (size_t k = 0; k < outputs; ++k) out[k] = poisson_cotangent(f[k], q[k], shift);
        return;
    }
    for (size_t k = 0; k < outputs; ++k) out[k] = NAN;
}

/* ---- all rows -------------------------------------------------------------------------------- */

void ntk_loss_evaluate(ntk_loss loss, size_t n, size_t outputs, const double *f, const double *targets,
                       double *value, double *cotangent) {
    double sum = 0;
    const double points = (double)n;
    if (loss_rows(loss, n, outputs, f, targets, &sum, cotangent)) {
        for (size_t i = 0; cotangent && i < n * outputs; ++i) cotangent[i] /= points;
        if (value) *value = sum / points;
        return;
    }
    sum = 0;
    for (size_t i = 0; i < n; ++i) {
        const double *fi = f + i * outputs, *qi = targets + i * outputs;
        if (value) sum += row_loss(loss, outputs, fi, qi);
        if (!cotangent) continue;
        row_cotangent(loss, outputs, fi, qi, 0, cotangent + i * outputs);
        for (size_t k = 0; k < outputs; ++k) cotangent[i * outputs + k] /= points;
    }
    if (value) *value = sum / points;
}

void ntk_loss_evaluate_log(ntk_loss loss, size_t n, size_t outputs, const double *f, const double *targets,
                           double *log_value, double *cotangent) {
    double log_sum = -INFINITY, sum;
    const double log_points = log((double)n);
    if (loss_rows(loss, n, outputs, f, targets, &sum, cotangent)) {
        for (size_t i = 0; cotangent && i < n * outputs; ++i) cotangent[i] /= sum;
        *log_value = log(sum) - log_points;
        return;
    }
    for (size_t i = 0; i < n; ++i)
        log_sum = ntk_log_add(log_sum, row_log_loss(loss, outputs, f + i * outputs, targets + i * outputs));
    *log_value = log_sum - log_points;
    if (!cotangent) return;
    for (size_t i = 0; i < n; ++i)
        row_cotangent(loss, outputs, f + i * outputs, targets + i * outputs, log_sum,
                      cotangent + i * outputs);
}

double ntk_loss_curvature(ntk_loss loss, size_t n) {
    const double points = (double)n;
    switch (loss) {
    case NTK_LOSS_SQUARED:
        return 1 / points;
    case NTK_LOSS_LOGISTIC:
        return 0.25 / points;
    case NTK_LOSS_SOFTMAX:
        return 0.5 / points;
    case NTK_LOSS_BRIER:
        return 3.5 / points;
    case NTK_LOSS_POISSON:
        return INFINITY;
    }
    return NAN;
}

static double brier_log_curvature(size_t outputs, const double *f) {
    if (outputs == 1) {
        const double high = sigmoid(f[0]), low = sigmoid(-f[0]), s = high * low;
        return log(2 * s * s + 2 * s * fabs(high - low));
    }
    const softmax_row row = softmax_describe(outputs, f);
    const double rest = sigmoid(row.log_rest), j = fmin(0.5, 2 * rest); /* rest = 1 - p_top */
    double spread = 0;                                                  /* 1 - |p|^2 */
    for (size_t k = 0; k < outputs; ++k) {
        const double p = softmax_probability(&row, f, k);
        spread += p * (k == row.top ? rest : 1 - p);
    }
    return log(2 * j * j + 2 * j + 2 * spread);
}

static double row_log_curvature(ntk_loss loss, size_t outputs, const double *f) {
    switch (loss) {
    case NTK_LOSS_SQUARED:
        return 0;
    case NTK_LOSS_LOGISTIC:
        return -softplus(f[0]) - softplus(-f[0]);
    case NTK_LOSS_SOFTMAX: {
        /* log(2 (1 - p_top)), where 1 - p_top = e^r / (1 + e^r). */
        const double log_rest = softmax_describe(outputs, f).log_rest;
        return log(2) + fmin(log_rest - softplus(log_rest), log(0.25));
    }
    case NTK_LOSS_BRIER:
        return brier_log_curvature(outputs, f);
    case NTK_LOSS_POISSON: {
        double largest = f[0];
        for (size_t k = 1; k < outputs; ++k) largest = fmax(largest, f[k]);
        return log(2) + largest;
    }
    }
    return NAN;
}

double ntk_loss_log_curvature_at(ntk_loss loss, size_t n, size_t outputs, const double *f) {
    double largest = -INFINITY;
    for (size_t i = 0; i < n; ++i) largest = fmax(largest, row_log_curvature(loss, outputs, f + i * outputs));
    return largest - log((double)n);
}

static double row_margin(ntk_loss loss, size_t outputs, const double *f, const double *q) {
    if (loss == NTK_LOSS_SQUARED || loss == NTK_LOSS_POISSON) return NAN;
    if (outputs == 1) return (2 * q[0] - 1) * f[0];
    size_t truth = 0;
    for (size_t k = 1; k < outputs; ++k)
        if (q[k] > q[truth]) truth = k;
    double rival = -INFINITY;
    for (size_t k = 0; k < outputs; ++k)
        if (k != truth) rival = fmax(rival, f[k]);
    return f[truth] - rival;
}

void ntk_loss_margins(ntk_loss loss, size_t n, size_t outputs, const double *f, const double *targets,
                      double *margins) {
    for (size_t i = 0; i < n; ++i)
        margins[i] = row_margin(loss, outputs, f + i * outputs, targets + i * outputs);
}

/* ---- targets --------------------------------------------------------------------------------- */

static ntk_status check_outputs(ntk_loss loss, size_t outputs) {
    switch (loss) {
    case NTK_LOSS_SQUARED:
        if (outputs >= 1) return NTK_OK;
        return ntk_fail(NTK_ERROR_ARGUMENT, "squared loss needs at least one output");
    case NTK_LOSS_LOGISTIC:
        if (outputs == 1) return NTK_OK;
        return ntk_fail(NTK_ERROR_ARGUMENT, "logistic loss has one output, not %zu", outputs);
    case NTK_LOSS_SOFTMAX:
        if (outputs >= 2) return NTK_OK;
        return ntk_fail(NTK_ERROR_ARGUMENT, "softmax loss needs at least two outputs, not %zu", outputs);
    case NTK_LOSS_BRIER:
    case NTK_LOSS_POISSON:
        if (outputs >= 1) return NTK_OK;
        return ntk_fail(NTK_ERROR_ARGUMENT, "a loss needs at least one output");
    }
    return ntk_fail(NTK_ERROR_ARGUMENT, "no loss has the number %d", (int)loss);
}

/* Largest target allowed, and whether they sum to 1. */
static double largest_target(ntk_loss loss) { return loss == NTK_LOSS_POISSON ? INFINITY : 1; }

static bool sums_to_one(ntk_loss loss, size_t outputs) {
    return loss == NTK_LOSS_SOFTMAX || (loss == NTK_LOSS_BRIER && outputs > 1);
}

static ntk_status check_row(ntk_loss loss, size_t row, size_t outputs, const double *q) {
    double sum = 0;
    for (size_t k = 0; k < outputs; ++k) {
        if (!isfinite(q[k])) return ntk_fail(NTK_ERROR_NOT_FINITE, "target (%zu, %zu) is not finite", row, k);
        if (loss != NTK_LOSS_SQUARED && !(q[k] >= 0 && q[k] <= largest_target(loss)))
            return ntk_fail(NTK_ERROR_ARGUMENT, "target (%zu, %zu) is %g, outside [0, %g]", row, k, q[k],
                            largest_target(loss));
        sum += q[k];
    }
    if (sums_to_one(loss, outputs) && !(fabs(sum - 1) <= 1e-12))
        return ntk_fail(NTK_ERROR_ARGUMENT, "targets of row %zu sum to %.17g, not to 1", row, sum);
    return NTK_OK;
}

ntk_status ntk_loss_check(ntk_loss loss, size_t n, size_t outputs, const double *targets) {
    NTK_TRY(check_outputs(loss, outputs));
    if (n == 0) return ntk_fail(NTK_ERROR_ARGUMENT, "a loss needs at least one point");
    for (size_t i = 0; i < n; ++i) NTK_TRY(check_row(loss, i, outputs, targets + i * outputs));
    return NTK_OK;
}

bool ntk_loss_targets_are_hard(ntk_loss loss, size_t n, size_t outputs, const double *targets) {
    if (loss != NTK_LOSS_LOGISTIC && loss != NTK_LOSS_SOFTMAX) return false;
    for (size_t i = 0; i < n; ++i) {
        const double *q = targets + i * outputs;
        const bool hard =
            loss == NTK_LOSS_LOGISTIC ? q[0] == 0 || q[0] == 1 : single_class(outputs, q) < outputs;
        if (!hard) return false;
    }
    return true;
}
