/* What every page has: its look, and a script that filters. */
#ifndef NTK_RUN_PAGE_H
#define NTK_RUN_PAGE_H

#include <stdio.h>

/* From the declaration to the beginning of the body; one file, nothing from outside. */
void ntk_page_open(FILE *out, const char *title);

/* With the script, which shows the form of class "filters": of the elements with data-verdict only
 * those are shown whose data have the values chosen in its selects. */
void ntk_page_close(FILE *out);

#endif
