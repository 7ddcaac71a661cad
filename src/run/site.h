/* A static site over several runs: their reports, and a page that compares their verdicts. */
#ifndef NTK_RUN_SITE_H
#define NTK_RUN_SITE_H

#include <stddef.h>

#include <ntk/status.h>

/* Write folder/index.html and a copy of each run's report as folder/<run>/report.html, run being
 * the name of its folder. The columns of the index are the runs in the order given, its rows all
 * claims that any of them has. Errors: NTK_ERROR_ARGUMENT for two runs of one name;
 * NTK_ERROR_NOT_FOUND for what is no ended run or has no report; NTK_ERROR_IO. */
ntk_status ntk_site_write(const char *folder, const char *const *runs, size_t count);

#endif
