/* The end of a run: what it is about to say is what stands on the disk. */
#ifndef NTK_RUN_CONFIRM_H
#define NTK_RUN_CONFIRM_H

#include "run/state.h"

/* Every finished process is in the journal's file, and its tables are the ones that it left.
 * Errors: NTK_ERROR_IO, saying what is gone or altered. */
ntk_status ntk_run_confirm(const ntk_run *run);

#endif
