/* The schedule of a run. */
#ifndef NTK_RUN_SCHEDULE_H
#define NTK_RUN_SCHEDULE_H

#include "run/state.h"

/* Run whatever is not done. */
ntk_status ntk_run_schedule(ntk_run *run);

#endif
