/* The file summary.json of a run. */
#ifndef NTK_RUN_SUMMARY_H
#define NTK_RUN_SUMMARY_H

#include "run/state.h"

/* Raised when a key of the file changes its meaning or goes; docs/schema/summary-1.json describes
 * it. */
#define NTK_SUMMARY_VERSION 1

ntk_status ntk_summary_write(const ntk_run *run, const char *path);

#endif
