/* The figure of a scan: one metric over the first axis, a curve for each value of the others. */
#ifndef NTK_RUN_SCAN_FIGURE_H
#define NTK_RUN_SCAN_FIGURE_H

#include <ntk/status.h>

#include "run/scan.h"

/* Write figure.gp, which holds the numbers, into the scan's folder and draw figure.svg and
 * figure.png. *warning: what gnuplot said where it failed, to be released; else NULL. Errors:
 * NTK_ERROR_IO, NTK_ERROR_MEMORY. */
ntk_status ntk_scan_draw(const ntk_scan *scan, const char *metric, char **warning);

#endif
