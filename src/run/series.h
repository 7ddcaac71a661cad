/* A folder of several runs: the points of a scan, the seeds of a study. */
#ifndef NTK_RUN_SERIES_H
#define NTK_RUN_SERIES_H

#include <ntk/status.h>

#include "run/state.h"

/* Where it lies: `out`, or where that is NULL scans/<UTC time>-<name>, a '/' in the name as '-'. */
ntk_status ntk_series_name(const char *out, const char *name, char **folder);

/* Make the folder, which must be new or empty, or with options->resume be named by options->out and
 * hold something. held: what it holds, "the scan"; begun: the same with its verb, "a scan that has
 * begun". Errors: NTK_ERROR_ARGUMENT, NTK_ERROR_NOT_FOUND; NTK_ERROR_IO. */
ntk_status ntk_series_open(const char *folder, const ntk_run_options *options, const char *held,
                           const char *begun);

/* The options of one run of it: in `folder`, without figures, and resumed with the series where it
 * has begun: a folder that was made and never used is no run to go on with. */
ntk_status ntk_series_run_options(const ntk_run_options *options, const char *folder, ntk_run_options *out);

#endif
