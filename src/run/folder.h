/* The folder of a run, its lock, results/latest. */
#ifndef NTK_RUN_FOLDER_H
#define NTK_RUN_FOLDER_H

#include "run/state.h"

ntk_status ntk_run_open_folder(ntk_run *run);
void ntk_run_close_folder(ntk_run *run);

/* The folder below the run's in which a process keeps its finished units (experiment/kept.h), and
 * the variable that says so: "NTK_KEPT=<run>/.kept/<key>". */
#define NTK_KEPT_FOLDER   ".kept"
#define NTK_KEPT_VARIABLE "NTK_KEPT"

/* Remove the units of a task that has ended well. */
ntk_status ntk_run_forget_units(const ntk_run *run, const ntk_task *task);

/* Remove what an earlier part of the run said of it as a whole, and what it had half written. */
ntk_status ntk_run_clear_reports(const ntk_run *run);

#endif
