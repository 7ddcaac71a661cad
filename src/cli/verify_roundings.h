/* ntk verify --rounding MODES. */
#ifndef NTK_CLI_VERIFY_ROUNDINGS_H
#define NTK_CLI_VERIFY_ROUNDINGS_H

#include "cli/cli.h"
#include "run/catalogue.h"
#include "run/state.h"

/* Run, tell, and return the exit status. */
int cli_verify_roundings(const cli_arguments *arguments, const ntk_suite *suite,
                         const ntk_run_options *run_options, const bool *wanted);

#endif
