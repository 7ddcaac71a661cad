/* A run as GitHub Actions shows it. */
#ifndef NTK_RUN_GITHUB_H
#define NTK_RUN_GITHUB_H

#include <stdio.h>

#include "run/state.h"

/* An annotation for each case that failed, at its line of claim.yaml: workflow commands. */
void ntk_github_annotate(const ntk_run *run, FILE *stream);

/* The run as a table of Markdown, and what failed below it. */
void ntk_github_summarise(const ntk_run *run, FILE *stream);

#endif
