/* experiment.yaml: what an executable `experiment` takes and emits, as experiment.c declares it in
 * its tables. */
#ifndef NTK_RUN_PROGRAM_FILE_H
#define NTK_RUN_PROGRAM_FILE_H

#include <ntk/lab/experiment.h>
#include <ntk/status.h>

/* The version of what the two files say to each other, experiment.yaml and the request; see
 * docs/own-claims.md. A program says for which one it was written. */
enum { NTK_PROTOCOL_VERSION = 1 };

typedef struct ntk_declarations ntk_declarations;

/* Read folder/experiment.yaml. Errors: NTK_ERROR_IO; NTK_ERROR_FORMAT with path and line, also for
 * another version. */
ntk_status ntk_declarations_read(const char *folder, ntk_declarations **out);
void ntk_declarations_destroy(ntk_declarations *declarations);

/* They as an experiment without a function `run`; borrowed. */
const ntk_experiment *ntk_declarations_experiment(const ntk_declarations *declarations);

#endif
