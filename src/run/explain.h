/* What is wrong with a claim, in words. */
#ifndef NTK_RUN_EXPLAIN_H
#define NTK_RUN_EXPLAIN_H

#include <stdio.h>

#include "run/state.h"

/* The lines that say what is wrong with a claim: check, found with its interval, wanted and why,
 * the command that reruns it, the figure. Nothing for a claim that holds. */
void ntk_run_explain(const ntk_run *run, const ntk_claim_result *result, FILE *stream);

/* The command that computes one process of the run again, as it can be pasted into a shell; without
 * a line's end. */
void ntk_run_print_rerun(const ntk_run *run, const ntk_task *task, FILE *stream);

/* Likewise that which judges a whole claim again. */
void ntk_run_print_again(const ntk_run *run, const ntk_claim_run *claim, FILE *stream);

#endif
