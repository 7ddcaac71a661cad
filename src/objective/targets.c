#include <ntk/targets.h>

#include <math.h>
#include <stdbool.h>

ntk_status ntk_targets_from_labels(ntk_loss loss, size_t n, size_t outputs, const size_t *labels,
                                   double epsilon, double *targets) {
    const bool one_output = outputs == 1 && loss != NTK_LOSS_SOFTMAX;
    const size_t classes = one_output ? 2 : outputs;
    if (!(epsilon >= 0 && epsilon * (double)classes < 1))
        return ntk_fail(NTK_ERROR_ARGUMENT, "targets: epsilon = %g is not in [0, 1/%zu)", epsilon, classes);
    const double high = 1 - (double)(classes - 1) * epsilon;
    for (size_t i = 0; i < n; i++) {
        if (labels[i] >= classes)
            return ntk_fail(NTK_ERROR_ARGUMENT, "targets: label %zu of point %zu is not below %zu", labels[i],
                            i, classes);
        if (one_output)
            targets[i] = labels[i] == 1 ? high : epsilon;
        else
            for (size_t k = 0; k < outputs; k++) targets[i * outputs + k] = k == labels[i] ? high : epsilon;
    }
    return NTK_OK;
}

void ntk_targets_logits(size_t n, size_t outputs, const double *targets, double *logits) {
    for (size_t i = 0; i < n * outputs; i++)
        logits[i] = log(targets[i]) - (outputs == 1 ? log1p(-targets[i]) : 0);
}
