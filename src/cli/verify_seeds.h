/* `ntk verify --seeds N`. */
#ifndef NTK_CLI_VERIFY_SEEDS_H
#define NTK_CLI_VERIFY_SEEDS_H

#include <stddef.h>

#include "cli/cli.h"
#include "run/catalogue.h"
#include "run/state.h"

/* Runs, tells what each seed gave, and what all of them say. Returns the exit status: that of the
 * worst run. */
int cli_verify_seeds(const cli_arguments *arguments, const ntk_suite *suite,
                     const ntk_run_options *run_options, size_t count);

#endif
