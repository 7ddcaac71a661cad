/* The folder of a run, its lock, results/latest. */
#ifndef NTK_RUN_FOLDER_H
#define NTK_RUN_FOLDER_H

#include "run/state.h"

ntk_status ntk_run_open_folder(ntk_run *run);
void ntk_run_close_folder(ntk_run *run);

/* Remove what an earlier part of the run said of it as a whole, and what it had half written. */
ntk_status ntk_run_clear_reports(const ntk_run *run);

#endif
