/* Figures: gnuplot as a process; claim_folder holds the tables and receives figure.svg and
 * figure.png, or figure-single.pdf and the like. */
#ifndef NTK_RUN_FIGURE_H
#define NTK_RUN_FIGURE_H

#include <stdbool.h>

#include "run/catalogue.h"
#include "run/process.h"

enum { NTK_FIGURE_FORMATS = 2 };

typedef struct ntk_figure_look {
    const char *formats[NTK_FIGURE_FORMATS]; /* "svg", "png", "pdf"; NULL after the last */
    const char *width;                       /* "screen", "single", "double" */
} ntk_figure_look;

/* What a run draws: SVG for its report and PNG, as wide as a screen's window. */
extern const ntk_figure_look ntk_figure_of_a_run;

/* What the name of its files has after "figure": "" for a screen, "-single", "-double". */
const char *ntk_figure_suffix(const ntk_figure_look *look);

ntk_status ntk_figure_start(const ntk_suite *suite, const char *id, const char *claim_folder, ntk_tier tier,
                            const ntk_figure_look *look, ntk_process *out);
/* After its end: put the drawings in place. *warning: what went wrong, NULL where nothing did. */
ntk_status ntk_figure_finish(const char *claim_folder, const ntk_figure_look *look,
                             const ntk_process *process, bool *drawn, char **warning);
bool ntk_figure_exists(const ntk_suite *suite, const char *id);

#endif
