/* What the outputs of `ntk solve` are to be, from a file. */
#ifndef NTK_CLI_SOLVE_TARGETS_H
#define NTK_CLI_SOLVE_TARGETS_H

#include <stddef.h>

#include <ntk/data.h>
#include <ntk/loss.h>
#include <ntk/status.h>

/* *out: (n, K), as ntk_loss_check wants them. Of one axis, or of two:
 *
 *     squared    any real numbers, (n) or (n, K)
 *     logistic   (n) or (n, 1): probabilities of class 1, labels 0 and 1 among them; or labels -1
 *                and 1
 *     softmax    (n) or (n, 1): classes 0 .. K - 1, each of which occurs; or (n, K), probabilities
 *
 * Errors: those of ntk_array_read; NTK_ERROR_SHAPE, NTK_ERROR_ARGUMENT, with the file and the
 * row. */
ntk_status cli_read_targets(ntk_loss loss, const char *path, size_t n, ntk_array *out);

#endif
