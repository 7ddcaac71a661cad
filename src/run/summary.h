/* The file summary.json of a run. */
#ifndef NTK_RUN_SUMMARY_H
#define NTK_RUN_SUMMARY_H

#include "run/state.h"

ntk_status ntk_summary_write(const ntk_run *run, const char *path);

#endif
