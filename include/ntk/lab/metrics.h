/* Metrics: the named numbers that an experiment emits, and the file that keeps them. */
#ifndef NTK_LAB_METRICS_H
#define NTK_LAB_METRICS_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/api.h>
#include <ntk/stats.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

typedef struct ntk_metric {
    char *name;
    bool is_estimate;
    ntk_estimate estimate; /* a scalar has only .value */
} ntk_metric;

/* What a reduction emits that meets a number which is not finite, since the computation under it
 * broke down: NaN in [-infinity, infinity]. A check of such a metric is VIOLATED, with the
 * reason. */
ntk_estimate ntk_metric_breakdown(double level);
bool ntk_metric_broke_down(const ntk_metric *metric);

typedef struct ntk_metrics {
    ntk_metric *items;
    size_t count;
} ntk_metrics;

/* metrics.tsv: a header line, then a row per metric; floats with %.17g, non-finite ones as nan,
 * inf, -inf; a scalar's interval fields are empty. Written atomically; reading is strict: another
 * header, a truncated last line, a repeated metric or a field that is no number is NTK_ERROR_FORMAT
 * with path and line. */
ntk_status ntk_metrics_write(const char *path, const ntk_metrics *metrics);
ntk_status ntk_metrics_read(const char *path, ntk_metrics *out);
void ntk_metrics_release(ntk_metrics *metrics);
const ntk_metric *ntk_metrics_find(const ntk_metrics *metrics, const char *name);

NTK_END_DECLS

#endif
