/* The axes along which this machine can vary how a metric is computed: BLAS kernels, vector widths,
 * other builds of the program. */
#ifndef NTK_RUN_AXES_H
#define NTK_RUN_AXES_H

#include <stddef.h>

#include <ntk/status.h>

#include "run/identity.h"

typedef struct ntk_axis_of_machine {
    char *name;     /* "openblas-Haswell", "vector-scalar", "clang" */
    char *program;  /* that computes under it */
    char *variable; /* "OPENBLAS_CORETYPE=Haswell", set for it; NULL: none */
} ntk_axis_of_machine;

typedef struct ntk_axes {
    ntk_axis_of_machine *items;
    size_t count;
} ntk_axes;

/* First what the program does by itself, named after its BLAS kernel; then OpenBLAS's other kernels
 * that the processor can run, narrower vectors, and the builds: "clang=build/clang/ntk,...", or
 * NULL. only: names that are kept, separated by commas, or NULL for all. Errors:
 * NTK_ERROR_ARGUMENT for a name that is none of them; NTK_ERROR_IO for a build that is not
 * there. */
ntk_status ntk_axes_list(const char *program, const ntk_provenance *origin, const char *builds,
                         const char *only, ntk_axes *out);
void ntk_axes_release(ntk_axes *axes);

#endif
