/* Building sets of metrics. */
#ifndef NTK_EXPERIMENT_METRICS_H
#define NTK_EXPERIMENT_METRICS_H

#include <ntk/lab/metrics.h>
#include <ntk/stats.h>
#include <ntk/status.h>

/* Append a metric; estimate.value alone counts for a scalar. Errors: NTK_ERROR_ARGUMENT for a bad
 * or repeated name. */
ntk_status ntk_metrics_append(ntk_metrics *metrics, const char *name, bool is_estimate,
                              const ntk_estimate *estimate);

#endif
