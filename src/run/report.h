/* The file report.html of a run. */
#ifndef NTK_RUN_REPORT_H
#define NTK_RUN_REPORT_H

#include "run/state.h"

ntk_status ntk_report_write(const ntk_run *run, const char *path);

#endif
