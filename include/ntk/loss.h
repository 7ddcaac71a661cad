/* Losses over n points, f the (n, K) outputs and Q the (n, K) targets:
 *
 *     squared    (1 / 2n) sum_ik (f_ik - q_ik)^2
 *     logistic   (1 / n)  sum_i  log(1 + e^{f_i}) - q_i f_i,              K = 1, q_i in [0, 1]
 *     softmax    (1 / n)  sum_ik q_ik (logsumexp_j f_ij - f_ik),  K >= 2, rows of Q probabilities
 *     brier      (1 / n)  sum_i  (sigma(f_i) - q_i)^2,            K = 1, q_i in [0, 1]
 *                (1 / n)  sum_ik (p_ik - q_ik)^2, p = softmax f,  K >= 2, rows of Q probabilities
 *     poisson    (2 / n)  sum_ik q_ik log(q_ik / e^{f_ik}) - q_ik + e^{f_ik},           q_ik >= 0
 *
 * The last two are the Brier score, which is not convex in f, and the deviance of Poisson counts
 * with log link.
 *
 * A row of Q that is one of probabilities is taken to sum to 1: its largest entry counts as 1 minus
 * the others where a residual would cancel.
 *
 * The infimum over f (the entropy of the targets; 0 for hard targets) is part of the loss, not
 * subtracted. */
#ifndef NTK_LOSS_H
#define NTK_LOSS_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

typedef enum ntk_loss {
    NTK_LOSS_SQUARED,
    NTK_LOSS_LOGISTIC,
    NTK_LOSS_SOFTMAX,
    NTK_LOSS_BRIER,
    NTK_LOSS_POISSON
} ntk_loss;

/* Errors: NTK_ERROR_ARGUMENT / NTK_ERROR_NOT_FINITE naming the row: K = 1 for logistic, K >= 2 for
 * softmax, targets in range, rows of targets that are probabilities of K >= 2 classes sum to 1
 * within 1e-12. targets: (n, K). */
ntk_status ntk_loss_check(ntk_loss loss, size_t n, size_t outputs, const double *targets);

/* *value = L (may be NULL); cotangent = dL/df, (n, K) (may be NULL). f, targets: (n, K).
 * Overflow-safe, but for poisson, whose value is itself of the size e^f: finite for every f below
 * 709, however small the target. */
void ntk_loss_evaluate(ntk_loss loss, size_t n, size_t outputs, const double *f, const double *targets,
                       double *value, double *cotangent);

/* *log_value = log L and cotangent = (dL/df) / L (may be NULL), accurate for every margin, L =
 * e^{-10000} included; brier up to margins of 700, where its residuals begin to underflow, poisson
 * as far as it does not overflow. Slopes have the error of an exponent of the size of f, relative
 * to the largest of the row; or, of soft targets, that of p and q, whose difference they are. */
void ntk_loss_evaluate_log(ntk_loss loss, size_t n, size_t outputs, const double *f, const double *targets,
                           double *log_value, double *cotangent);

/* Largest curvature of the loss: an upper bound of the largest eigenvalue of d2L/df2 over all f
 * (squared 1/n, logistic 1/(4n), softmax 1/(2n), brier 7/(2n), poisson infinity). */
double ntk_loss_curvature(ntk_loss loss, size_t n);

/* Margin of point i: logistic (2q-1) f; softmax f_true - max of the others, true = argmax of the
 * target; brier like one of them, by K; NaN for squared and poisson. margins: (n). */
void ntk_loss_margins(ntk_loss loss, size_t n, size_t outputs, const double *f, const double *targets,
                      double *margins);

NTK_END_DECLS

#endif
