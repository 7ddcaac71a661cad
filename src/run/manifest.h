/* The file manifest.json of a run. */
#ifndef NTK_RUN_MANIFEST_H
#define NTK_RUN_MANIFEST_H

#include "run/state.h"

/* Raised when a key of the file changes its meaning or goes; docs/schema/manifest-1.json describes
 * it. */
#define NTK_MANIFEST_VERSION 1

ntk_status ntk_manifest_write(const ntk_run *run, const char *path);

#endif
