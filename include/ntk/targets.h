/* Targets of classification problems. */
#ifndef NTK_TARGETS_H
#define NTK_TARGETS_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/loss.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* Targets of a classification problem from labels 0 .. K-1: q = 1 - (K - 1) epsilon for the true
 * class and epsilon for each other; epsilon = 0 is one-hot. targets: (n, K); with one output (two
 * classes; logistic or squared loss) (n), the probability of class 1. Errors: NTK_ERROR_ARGUMENT
 * for a label out of range or epsilon outside [0, 1/classes). */
ntk_status ntk_targets_from_labels(ntk_loss loss, size_t n, size_t outputs, const size_t *labels,
                                   double epsilon, double *targets);

/* The logits at which softmax gives the targets q, all in (0, 1): log q, which a row may exceed by
 * a constant; log q - log(1 - q) for one output. targets, logits: (n, K). */
void ntk_targets_logits(size_t n, size_t outputs, const double *targets, double *logits);

NTK_END_DECLS

#endif
