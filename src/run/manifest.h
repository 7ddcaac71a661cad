/* The file manifest.json of a run. */
#ifndef NTK_RUN_MANIFEST_H
#define NTK_RUN_MANIFEST_H

#include "run/state.h"

ntk_status ntk_manifest_write(const ntk_run *run, const char *path);

#endif
