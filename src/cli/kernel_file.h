/* A kernel matrix straight into its file, in bounded memory, for `ntk kernel`. */
#ifndef NTK_CLI_KERNEL_FILE_H
#define NTK_CLI_KERNEL_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/architecture.h>
#include <ntk/data.h>
#include <ntk/kernel.h>
#include <ntk/status.h>

#include "base/digest.h"
#include "run/shard.h"

typedef struct cli_kernel_file {
    const ntk_architecture *architecture;
    ntk_kernel_type type;
    const ntk_array *x, *y; /* y without values: the Gram matrix of x */
    const char *output;
    ntk_npy_type number;
    size_t memory;      /* bytes for blocks; what belongs to points is not counted */
    ntk_digest options; /* of all that the result depends on besides the points and the program */
    bool resume;
    ntk_shard shard; /* this part of the entries is made, and the file by whoever ends last; count
                      * 0: all */
} cli_kernel_file;

/* True where the matrix would be a single block: nothing is gained by a file in parts. */
bool cli_kernel_is_one_block(const cli_kernel_file *request);

/* Progress goes to a terminal on stderr; of a shard a line on stdout tells which are to come.
 * Errors: those of the kernel and of ntk_npy_part_open; NTK_ERROR_ARGUMENT where the memory is too
 * little for a tile, and for more shards than stripes of rows. */
ntk_status cli_kernel_write(const cli_kernel_file *request);

#endif
