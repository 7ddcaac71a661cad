/* Figures: gnuplot as a process; claim_folder holds the tables and receives figure.svg and
 * figure.png. */
#ifndef NTK_RUN_FIGURE_H
#define NTK_RUN_FIGURE_H

#include <stdbool.h>

#include "run/catalogue.h"
#include "run/process.h"

ntk_status ntk_figure_start(const ntk_suite *suite, const char *id, const char *claim_folder, ntk_tier tier,
                            ntk_process *out);
/* After its end: put the drawings in place. *warning: what went wrong, NULL where nothing did. */
ntk_status ntk_figure_finish(const char *claim_folder, const ntk_process *process, bool *drawn,
                             char **warning);
bool ntk_figure_exists(const ntk_suite *suite, const char *id);

#endif
