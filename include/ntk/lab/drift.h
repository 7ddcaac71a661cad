/* The drift of the tangent kernel over all time: what the claims of the lazy regime read off their
 * runs.
 *
 * A run sees sup over t <= T of ||Theta_t - Theta_0||_F / ||Theta_0||_F. Between theta_T and what
 * the flow tends to, the kernel changes by a function of the distance between them: the supremum
 * over all time is that up to T, to the accuracy to which the parameters have arrived. Each
 * function here gives what they may still travel, in the units of theta. */
#ifndef NTK_LAB_DRIFT_H
#define NTK_LAB_DRIFT_H

#include <ntk/api.h>
#include <ntk/lab/context.h>
#include <ntk/lab/grid.h>
#include <ntk/lab/sweep.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* What the parameters travel after the end of a run with L2: an estimate, from the curvature of the
 * objective along its gradient there (smooth activations; flow.h, ntk_flow_measure_rest), or
 * from its decay over the last two units of log t (kinked ones, whose gradient never vanishes):
 * study/drift.c. Infinite where the run does not show that it comes to rest. Errors: those of
 * ntk_flow_measure_rest. */
ntk_status ntk_drift_left_under_l2(const ntk_sweep_run *run, double *left);

/* What they travel after the end of a run without regulariser whose targets are all at least
 * epsilon > 0, at most, if lambda_min of the tangent kernel stays above what was observed: derived
 * in study/drift.c. Infinite where the run does not show that the targets are near. Errors:
 * NTK_ERROR_MEMORY. */
ntk_status ntk_drift_left_under_soft_targets(const ntk_sweep_run *run, double *left);

/* Columns of a sweep: the largest drift of a run, and what is left relative to what the parameters
 * have travelled; and what reads them off a run (ntk_sweep_measure). */
#define NTK_DRIFT_COLUMNS "drift travel-left"
enum { NTK_DRIFT_LARGEST, NTK_DRIFT_TRAVEL_LEFT };
ntk_status ntk_drift_measure_under_l2(const ntk_sweep_run *run, double *values, const void *own);
ntk_status ntk_drift_measure_under_soft_targets(const ntk_sweep_run *run, double *values, const void *own);

/* The metrics of a sweep with these columns: exponents of the drift in the width, "rate"; the
 * largest of what is left, "travel-left", by kind; and of kinked networks the mean over seeds,
 * where a run of which nothing is known counts as 1, at the worst width,
 * "mean-travel-left-kinked". */
extern const ntk_reduction ntk_drift_reductions[];
extern const ntk_metric_declaration ntk_drift_metrics[];

/* ntk_sweep_conduct with these columns. Errors: also NTK_ERROR_ARGUMENT where the parameters ask
 * for no L2 (lambda = 0) or for targets that are not soft (epsilon = 0). */
ntk_status ntk_drift_conduct_under_l2(ntk_context *context);
ntk_status ntk_drift_conduct_under_soft_targets(ntk_context *context);

NTK_END_DECLS

#endif
