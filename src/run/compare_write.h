/* A comparison of runs for people, for a pull request and for programs. */
#ifndef NTK_RUN_COMPARE_WRITE_H
#define NTK_RUN_COMPARE_WRITE_H

#include <stdio.h>

#include "run/compare.h"

void ntk_run_comparison_print(const ntk_run_comparison *comparison, const ntk_record *before,
                              const ntk_record *after, FILE *stream);
void ntk_run_comparison_print_markdown(const ntk_run_comparison *comparison, const ntk_record *before,
                                       const ntk_record *after, FILE *stream);
ntk_status ntk_run_comparison_print_json(const ntk_run_comparison *comparison, const ntk_record *before,
                                         const ntk_record *after, FILE *stream);

#endif
