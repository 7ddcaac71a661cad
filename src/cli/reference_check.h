/* `ntk check --reference`: the list of cases, and a folder of answers. */
#ifndef NTK_CLI_REFERENCE_CHECK_H
#define NTK_CLI_REFERENCE_CHECK_H

#include <stdbool.h>

/* What is to be computed, on stdout. Returns the exit status. */
int reference_print_cases(bool json);

/* Judge folder/K_CASE.npy of every case. Returns the exit status: CLI_OK where there is an answer
 * and every answer has as many digits. */
int reference_judge(const char *folder, double digits, bool json);

#endif
