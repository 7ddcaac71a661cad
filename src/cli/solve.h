/* Kernel regression and kernel logistic regression in bounded memory, for `ntk solve`. */
#ifndef NTK_CLI_SOLVE_H
#define NTK_CLI_SOLVE_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/architecture.h>
#include <ntk/data.h>
#include <ntk/iterative.h>
#include <ntk/kernel.h>
#include <ntk/status.h>

#include "cli/meter.h"

/* Where products take the matrix from. */
typedef enum cli_solve_source { CLI_SOLVE_MEMORY, CLI_SOLVE_POINTS, CLI_SOLVE_FILE } cli_solve_source;

typedef struct cli_solve_problem {
    /* What is asked: files, NULL where there is none; x or kernel is there, x for `fresh`. */
    const char *x_path, *y_path, *kernel_path, *fresh_path;
    ntk_architecture *architecture;
    ntk_kernel_type type;
    ntk_loss loss;
    double lambda, lambda_min;
    ntk_iterative_options options;
    size_t memory;   /* bytes */
    bool rank_given; /* then it is not lowered to what fits into the memory */

    /* What is found. */
    size_t n, outputs;
    cli_solve_source source;
    ntk_array x, y, fresh;
    double *gram;  /* of CLI_SOLVE_MEMORY */
    double *a, *f; /* (n, K) */
    double *g;     /* (fresh, K): predictions */
    double radius; /* of them, the largest */
    ntk_iterative_result result;

    /* What is shown meanwhile. */
    cli_meter meter;
    const char *phase;
    double first; /* excess */
    ntk_iterative_progress progress;
} cli_solve_problem;

/* Reads, solves and predicts; to be released, after an error too. Errors: those of reading;
 * NTK_ERROR_SHAPE where files do not match; NTK_ERROR_ARGUMENT where the memory is too little;
 * those of the solvers. */
ntk_status cli_solve_run(cli_solve_problem *problem);
void cli_solve_release(cli_solve_problem *problem);

#endif
