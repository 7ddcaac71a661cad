/* What the files of a sweep share (ntk/sweep.h). */
#ifndef NTK_STUDY_SWEEP_H
#define NTK_STUDY_SWEEP_H

#include <ntk/lab/context.h>
#include <ntk/lab/sweep.h>
#include <ntk/status.h>

/* Position of a run among those of the sweep: activations x widths x seeds, the last fastest. */
size_t sweep_run_index(const ntk_sweep *sweep, size_t activation, size_t width, size_t seed);

/* Table `trajectories`: of each width and time the mean over seeds and the two ends of the
 * range. */
ntk_status sweep_emit_trajectories(ntk_context *context, const ntk_sweep *sweep);

#endif
