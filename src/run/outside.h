/* Claims outside this program: folders SUITE/CLAIM below one that the user names, each with
 * claim.yaml and either experiment.c, which is built against the lab and loaded, or an executable
 * `experiment` beside experiment.yaml, which says what it takes and emits (docs/own-claims.md). */
#ifndef NTK_RUN_OUTSIDE_H
#define NTK_RUN_OUTSIDE_H

#include <stddef.h>

#include <ntk/lab/experiment.h>
#include <ntk/status.h>

#include "base/digest.h"

typedef struct ntk_outside ntk_outside;

/* Find the claims of a folder, an absolute path; nothing is built yet. executable: this program.
 * Errors: NTK_ERROR_FORMAT for a folder with claim.yaml
 * whose name, or whose suite's, is no name; NTK_ERROR_IO. */
ntk_status ntk_outside_open(const char *suites, const char *executable, ntk_outside **out);
void ntk_outside_close(ntk_outside *outside);

/* Their number, and the id of one, in the order of their names. */
size_t ntk_outside_count(const ntk_outside *outside);
const char *ntk_outside_id(const ntk_outside *outside, size_t index);

/* What computes a claim; borrowed. */
typedef struct ntk_outside_claim {
    const ntk_experiment *experiment; /* of a program without a function `run` */
    const char *program;              /* the executable; NULL for a C source */
    ntk_digest code;                  /* of the sources or, of C, what was built of them */
} ntk_outside_claim;

/* Build and load, or read, what computes one of the claims, when it is first asked for. Errors:
 * NTK_ERROR_FORMAT where there is no experiment, or more than one; those of ntk_compiled_load and
 * ntk_declarations_read. */
ntk_status ntk_outside_load(ntk_outside *outside, const char *id, ntk_outside_claim *out);

#endif
