/* What the flow needs to know of a loss beyond the public functions. */
#ifndef NTK_OBJECTIVE_CURVATURE_H
#define NTK_OBJECTIVE_CURVATURE_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/loss.h>

/* True where the infimum of the loss over f is 0 and only reached at infinity: every target of a
 * cross-entropy is a single class. targets: (n, K). */
bool ntk_loss_targets_are_hard(ntk_loss loss, size_t n, size_t outputs, const double *targets);

/* Logarithm of an upper bound of the largest eigenvalue of d2L/df2 at f (n, K). Never more than
 * log(ntk_loss_curvature); for hard targets never more than log L + log 2 (softmax), log L
 * (logistic). */
double ntk_loss_log_curvature_at(ntk_loss loss, size_t n, size_t outputs, const double *f);

/* log(e^a + e^b); either may be -infinity. */
double ntk_log_add(double a, double b);

#endif
