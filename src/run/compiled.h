/* Experiments in C outside this program: built against the lab that pkg-config finds, loaded into
 * this process. */
#ifndef NTK_RUN_COMPILED_H
#define NTK_RUN_COMPILED_H

#include <ntk/lab/experiment.h>
#include <ntk/status.h>

#include "base/digest.h"

/* The variable that names another folder for what is built than .ntk-build in that of the
 * claims. */
#define NTK_BUILD_VARIABLE "NTK_BUILD"

/* Build the C sources of a claim's folder into a shared object and load it; what was built of the
 * same sources for the same program, by the same command, is used again. ntk-lab.pc is looked for
 * beside the program `executable`, in ../lib/pkgconfig from there, and where pkg-config looks; CC
 * (default: cc) and CFLAGS count. The experiment stays until the process ends. *code: of the object
 * that was built. Errors: NTK_ERROR_FORMAT with the compiler's first error or the name that the
 * loader misses; NTK_ERROR_LIBRARY where there is no ntk-lab, or another version's;
 * NTK_ERROR_IO. */
ntk_status ntk_compiled_load(const char *suites, const char *folder, const char *executable,
                             const ntk_experiment **experiment, ntk_digest *code);

#endif
