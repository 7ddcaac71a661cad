/* Convergence at initialisation: the distance of the empirical NTK of networks of growing width to an
 * infinite-width NTK, the shape that the claims about families of networks share. */
#ifndef NTK_CONVERGENCE_H
#define NTK_CONVERGENCE_H

#include <stddef.h>

#include <ntk/architecture.h>
#include <ntk/experiment.h>

/* The parameters that every such experiment reads; claim.yaml gives the values of each tier. */
#define NTK_CONVERGENCE_PARAMETERS                                                                           \
    {"widths", NTK_PARAMETER_INTEGER_LIST, "64 128 256 512", 2, 65536, NULL, "hidden widths, ascending"},    \
        {"seeds",                                                                                            \
         NTK_PARAMETER_INTEGER,                                                                              \
         "100",                                                                                              \
         2,                                                                                                  \
         1000000,                                                                                            \
         NULL,                                                                                               \
         "initialisations, each with its own points"},                                                       \
        {"points", NTK_PARAMETER_INTEGER, "8", 1, 1000, NULL, "points on the unit sphere"},                  \
        {"inputs", NTK_PARAMETER_INTEGER, "10", 2, 10000, NULL, "input dimension"}, {                        \
        "max-cosine", NTK_PARAMETER_REAL, "0.6", 0.01, 1, NULL, "largest |cosine| between two points"        \
    }

typedef struct ntk_convergence_case {
    const char *label;        /* lower case; with the depth it names the metric: exponent-<label>-<depth> */
    ntk_architecture network; /* what is drawn */
    ntk_architecture limit;   /* whose NTK is compared with; equal to `network` by rights */
} ntk_convergence_case;

/* For each case draw `seeds` sets of points, and on each set one network (of one output) per width. Emits
 * per case the exponent of ||Theta_hat_0 - Theta||_F / ||Theta||_F in the width, the mean over seeds of one
 * log-log slope per seed with its t interval, and the table `errors` (per case and width: geometric mean over
 * seeds, the mean that the exponent is a slope of, and the extremes). A seed's points are the same in every
 * case and at every width. Errors: those of kernels, networks and statistics. */
ntk_status ntk_convergence_conduct(ntk_context *context, size_t count, const ntk_convergence_case *cases);

#endif
