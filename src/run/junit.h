/* The file junit.xml of a run. */
#ifndef NTK_RUN_JUNIT_H
#define NTK_RUN_JUNIT_H

#include "run/state.h"

ntk_status ntk_junit_write(const ntk_run *run, const char *path);

#endif
