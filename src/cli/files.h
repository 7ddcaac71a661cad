/* Files named on a command line: none is lost by being named twice, whatever the spelling. */
#ifndef NTK_CLI_FILES_H
#define NTK_CLI_FILES_H

#include <stddef.h>

#include "cli/cli.h"

/* outputs: options whose values are written; inputs: paths that are read, NULL for none. CLI_OK, or
 * CLI_USAGE after one line where two outputs are the same file, or an output and an input are, by
 * any links, or where two inputs are "-". Devices may be named as often as one likes. */
int cli_check_files(const cli_arguments *arguments, size_t output_count, const char *const *outputs,
                    size_t input_count, const char *const *inputs);

#endif
