/* The extreme eigenvalues of a matrix in a file that is read in tiles, for `ntk certify`. */
#ifndef NTK_CLI_CERTIFY_FILE_H
#define NTK_CLI_CERTIFY_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/extremes.h>
#include <ntk/status.h>
#include <ntk/tiles.h>

#include "cli/meter.h"

typedef struct cli_certify_file {
    /* What is asked. */
    const char *path, *folder; /* folder: for the factor */
    bool lower;                /* the upper triangle does not count */
    double shift;              /* NaN: to be found */
    size_t steps, memory;      /* bytes; 0: whatever it takes */

    /* What is found. */
    ntk_extremes extremes;
    double bound;    /* proved: lambda_min >= bound; -infinity for none */
    size_t attempts; /* factorisations */

    /* What is shown meanwhile. */
    cli_meter meter;
    const char *phase;
    size_t order, maps; /* that have ended in this phase */
    bool factorising;
    double tried; /* shift */
} cli_certify_file;

/* Whether a certificate in memory would exceed `memory`. Errors: those of ntk_tiles_of_file. */
ntk_status cli_certify_exceeds(const char *path, size_t memory, bool *exceeds);

/* Errors: those of reading; NTK_ERROR_SHAPE where the matrix is not symmetric, with the place;
 * NTK_ERROR_ARGUMENT where the memory is too little; NTK_ERROR_NOT_POSITIVE_DEFINITE where no bound
 * that is positive, or with a shift none at all, could be certified. */
ntk_status cli_certify_run(cli_certify_file *certify);

#endif
